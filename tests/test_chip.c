/* Chips: every machine that ships loads, cites known sources and keeps the rules of its closure.
 * The fitted constants are those published with the public measurements, typed here from that table
 * and not from the chip files; scaled chips are recomputed from their data sheets. */
#include "world.h"

#include <dirent.h>

enum { CHIPS_MAX = 64 };

typedef struct {
    world w;
    mj_chip *chip[CHIPS_MAX];
    char file[CHIPS_MAX][300];
    int n;
} fixture;

static int load_all(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    world_init(&f->w);
    DIR *folder = opendir(f->w.catalogue.chips);
    assert_non_null(folder);
    for (const struct dirent *e; (e = readdir(folder));) {
        if (strstr(e->d_name, ".yaml")) {
            assert_true(f->n < CHIPS_MAX);
            snprintf(f->file[f->n], sizeof f->file[0], "%s", e->d_name);
            *strstr(f->file[f->n], ".yaml") = '\0';
            f->chip[f->n++] = mj_arena_alloc(&f->w.arena, sizeof(mj_chip));
        }
    }
    closedir(folder);
    *state = f;
    return 0;
}

static int free_all(void **state)
{
    fixture *f = *state;
    world_fini(&f->w);
    free(f);
    return 0;
}

/* The chip of a name, which must load. */
static const mj_chip *get(fixture *f, const char *name)
{
    mj_chip *chip = mj_arena_alloc(&f->w.arena, sizeof *chip);
    assert_non_null(chip);
    world_chip(&f->w, chip, name);
    return chip;
}

static void assert_source(fixture *f, const char *key, const char *where)
{
    const mj_source *source = NULL;
    mj_err err = {0};
    if (!key || mj_facts_source(&source, f->w.catalogue.facts, key, &err) != MJ_OK) {
        print_error("%s: source %s is not in data/sources.yaml\n", where, key ? key : "(none)");
        fail();
    }
}

typedef struct {
    fixture *f;
    const char *chip;
} check;

static void check_quantity(void *user, const char *path, const mj_spec_field *field,
                           mj_quantity *q)
{
    const check *c = user;
    char where[300];
    snprintf(where, sizeof where, "%s: %s", c->chip, path);
    if (!mj_quantity_given(q)) {
        return;
    }
    if (!(q->lo <= q->typ && q->typ <= q->hi && isfinite(q->hi) && q->lo >= field->min)) {
        print_error("%s: %g %g %g\n", where, q->lo, q->typ, q->hi);
        fail();
    }
    assert_source(c->f, q->source, where);
}

static void test_every_chip_loads_and_cites(void **state)
{
    fixture *f = *state;
    assert_true(f->n >= 20);
    for (int i = 0; i < f->n; i++) {
        *f->chip[i] = *get(f, f->file[i]);
        mj_chip *chip = f->chip[i];
        check c = {f, chip->name};
        assert_string_equal(chip->name, f->file[i]);
        assert_in_range(chip->closure, MJ_CLOSURE_CALIBRATED, MJ_CLOSURE_ENVELOPE);
        assert_non_null(chip->title);
        assert_source(f, chip->source, chip->name);
        mj_spec_each_quantity(chip, &mj_chip_schema, check_quantity, &c);
        for (int j = 0; j < chip->n_text; j++) {
            assert_source(f, chip->text[j].source, chip->name);
        }
        if (chip->image.flop_J > 0) {
            assert_source(f, chip->image.source, chip->name);
        }
    }
}

static void test_closures_have_what_they_need(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < f->n; i++) {
        const mj_chip *chip = f->chip[i];
        if (chip->closure == MJ_CLOSURE_EVENT_SUM) {
            for (int j = 0; j < chip->n_memories; j++) {
                assert_true(mj_quantity_given(&chip->memory[j].read_JpB));
            }
            assert_true(mj_quantity_given(&chip->overhead.unexplained));
            /* HC1's 0.9 us is the fastest block that anyone claims to have built */
            assert_true(chip->overhead.block_s.typ >= 0.9e-6);
        }
        if (chip->closure == MJ_CLOSURE_ENVELOPE) { /* as the author gave it: nothing around it */
            assert_false(mj_quantity_given(&chip->system.pue));
            assert_false(mj_quantity_given(&chip->overhead.unexplained));
        } else {
            assert_true(mj_quantity_given(&chip->system.vrm));
            assert_true(mj_quantity_given(&chip->system.fleet_idle));
        }
    }
}

static void test_names_are_unique(void **state)
{
    fixture *f = *state;
    const char *name[CHIPS_MAX * 9];
    int n = 0;
    for (int i = 0; i < f->n; i++) {
        name[n++] = f->chip[i]->name;
        for (int j = 0; j < f->chip[i]->n_aliases; j++) {
            name[n++] = f->chip[i]->alias[j];
        }
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(name[i], name[j]);
        }
    }
}

/* Idle, active W; byte pJ/B; flop pJ/FLOP; experts, block experts; layer, reduce, sequence us: the
 * table published with the public rows, to its seven digits. */
static const struct {
    const char *chip, *variant;
    double idle_W, active_W, byte_pJ, flop_pJ, experts, block, layer_us, reduce_us, sequence_us;
} text_table[] = {
    {"h100", "a", 344.8774, 15.15619, 50.93815, 0.8931433, 0.7944443, 0.5022237, 48.30208, 20.17283,
     67.22294},
    {"h100", "b", 210, 86.76168, 88.68333, 1.131983, 0.7830036, 0.4783503, 46.93355, 18.68879,
     67.45767},
    {"b200", "a", 278.4949, 114.9049, 103.6056, 0.7006804, 0.6327833, 0.4559247, 78.82279, 12.43627,
     62.69796},
    {"b200", "b", 290, 157.7342, 89.66858, 0.6652234, 0.6310808, 0.4525803, 78.13766, 12.46971,
     62.55884},
};

static void test_measured_gpus_carry_the_published_fit(void **state)
{
    for (size_t i = 0; i < sizeof text_table / sizeof text_table[0]; i++) {
        const mj_chip *chip = get(*state, text_table[i].chip);
        const mj_text_fit *fit = &chip->text[text_table[i].variant[0] - 'a'];
        const double tol = 1e-9; /* digits as typed: only the unit conversion rounds */
        assert_int_equal(chip->n_text, 2);
        assert_string_equal(fit->name, text_table[i].variant);
        assert_int_equal(fit->cls, MJ_CLASS_DERIVED);
        assert_rel(fit->idle_W, text_table[i].idle_W, tol);
        assert_rel(fit->active_W, text_table[i].active_W, tol);
        assert_rel(fit->byte_JpB, text_table[i].byte_pJ * 1e-12, tol);
        assert_rel(fit->flop_J, text_table[i].flop_pJ * 1e-12, tol);
        assert_rel(fit->eta_memory, 0.9, tol);
        assert_rel(fit->eta_compute, 0.75, tol);
        assert_rel(fit->eta_experts, text_table[i].experts, tol);
        assert_rel(fit->eta_experts_block, text_table[i].block, tol);
        assert_rel(fit->layer_s, text_table[i].layer_us * 1e-6, tol);
        assert_rel(fit->reduce_s, text_table[i].reduce_us * 1e-6, tol);
        assert_rel(fit->sequence_s, text_table[i].sequence_us * 1e-6, tol);
    }
}

static void assert_image(const mj_image_fit *got, const double want[13])
{
    const double tol = 1e-9; /* as above */
    const double have[13] = {got->idle_W, got->active_W, got->byte_JpB, got->flop_J,
                             got->eta_compute, got->eta_attention, got->act_transfers, got->heavy,
                             got->eta_link, got->launch_s, got->launch_parallel_s, got->serial_s,
                             got->simple_JpFLOP};
    for (int i = 0; i < 13; i++) {
        assert_rel(have[i], want[i], tol);
    }
}

static void test_measured_gpus_carry_the_image_fit(void **state)
{
    const double h100[13] = {234.4996, 194.1957, 4.389218e-11, 8.137559e-13, 0.8714685,
                             0.3266908, 237.6603, 1.350847, 0.1201056, 0.0005,
                             0.001588069, 0.1458094, 2.53e-12};
    const double b200[13] = {328.0573, 257.5446, 1.396319e-11, 7.293375e-13, 0.9,
                             0.1786156, 443.0248, 1.370527, 0.08109718, 0.0005,
                             0.001580164, 0.09405105, 2.58e-12};
    assert_image(&get(*state, "h100")->image, h100);
    assert_image(&get(*state, "b200")->image, b200);
}

/* Data sheets: bytes/s, FLOP/s in bf16, W, bytes/s one way, bytes, devices a network joins. */
static const struct {
    const char *chip;
    double memory_Bps, peak_FLOPps, tdp_W, link_Bps, capacity_B;
    int domain;
} sheets[] = {
    {"h100", 3.35e12, 989e12, 700, 450e9, 80e9, 8},
    {"b200", 8e12, 2250e12, 1000, 900e9, 192e9, 8},
    {"a100", 2.039e12, 312e12, 400, 300e9, 80e9, 8},
    {"h200", 4.8e12, 989e12, 700, 450e9, 141e9, 8},
    {"gb200", 8e12, 2500e12, 1200, 900e9, 186e9, 72},
    {"mi300x", 5.3e12, 1307.4e12, 750, 448e9, 192e9, 8},
};

static void test_gpus_match_their_data_sheets(void **state)
{
    const double tol = 1e-12; /* exact figures: only the unit conversion rounds */
    for (size_t i = 0; i < sizeof sheets / sizeof sheets[0]; i++) {
        const mj_chip *chip = get(*state, sheets[i].chip);
        const mj_memory *m = mj_chip_memory(chip, MJ_HOLDS_WEIGHTS | MJ_HOLDS_KV | MJ_HOLDS_ACT);
        const mj_compute *c = mj_chip_compute(chip, MJ_FORMAT_BF16);
        const mj_link *link = mj_chip_link(chip, MJ_LINK_KIND_SCALEUP);
        assert_int_equal(chip->closure, MJ_CLOSURE_CALIBRATED);
        assert_rel(m->bandwidth_Bps.typ, sheets[i].memory_Bps, tol);
        assert_rel(m->capacity_B.typ, sheets[i].capacity_B, tol);
        assert_rel(m->capacity_B.lo, sheets[i].capacity_B, tol); /* exact, though class vendor */
        assert_rel(m->capacity_B.hi, sheets[i].capacity_B, tol);
        assert_rel(2 * c->rate_MACps.typ, sheets[i].peak_FLOPps, tol);
        assert_rel(link->bandwidth_Bps.typ, sheets[i].link_Bps, tol);
        assert_rel(chip->tdp_W.hi, sheets[i].tdp_W, tol);
        assert_int_equal(chip->domain, sheets[i].domain);
        assert_true(m->read_JpB.hi > m->read_JpB.lo); /* an energy keeps its interval */
    }
}

/* Unmeasured GPUs: powers and joules per FLOP follow TDP and TDP / F, efficiencies and times are
 * those of the nearest measured one. */
static void test_scaled_gpus_follow_the_rules(void **state)
{
    const mj_chip *h100 = get(*state, "h100"), *b200 = get(*state, "b200");
    const double tol = 1e-6; /* seven digits in the files */
    for (size_t i = 2; i < sizeof sheets / sizeof sheets[0]; i++) {
        const mj_chip *chip = get(*state, sheets[i].chip);
        const mj_text_fit *fit = &chip->text[0];
        const mj_text_fit *of = strcmp(chip->name, "gb200") == 0 ? &b200->text[1] : &h100->text[1];
        double tdp_W = sheets[i].tdp_W, per_FLOP = tdp_W / sheets[i].peak_FLOPps;
        double per_FLOP_h100 = 700 / 989e12;
        assert_int_equal(chip->n_text, 1);
        assert_string_equal(fit->name, "b");
        assert_int_equal(fit->cls, MJ_CLASS_DERIVED);
        assert_rel(fit->idle_W, 0.3 * tdp_W, tol);
        assert_rel(fit->active_W, 0.14 * tdp_W, tol);
        assert_rel(fit->byte_JpB, 89e-12, tol);
        assert_rel(fit->flop_J, 1.55 * per_FLOP, tol);
        assert_rel(fit->eta_experts, of->eta_experts, tol);
        assert_rel(fit->eta_experts_block, of->eta_experts_block, tol);
        assert_rel(fit->layer_s, of->layer_s, tol);
        assert_rel(fit->reduce_s, of->reduce_s, tol);
        assert_rel(fit->sequence_s, of->sequence_s, tol);
        assert_rel(chip->image.idle_W, h100->image.idle_W * tdp_W / 700, tol);
        assert_rel(chip->image.active_W, h100->image.active_W * tdp_W / 700, tol);
        assert_rel(chip->image.flop_J, h100->image.flop_J * per_FLOP / per_FLOP_h100, tol);
        assert_rel(chip->image.byte_JpB, h100->image.byte_JpB, tol);
        assert_rel(chip->image.eta_attention, h100->image.eta_attention, tol);
        assert_rel(chip->text_residual.lo, 0.6, tol);
        assert_rel(chip->text_residual.hi, 1.4, tol);
    }
}

/* The post's figures, exact and without an interval: an author's sum as given. */
static void test_envelopes_are_the_posts_figures(void **state)
{
    const mj_chip *sram = get(*state, "post-sram"), *hbm = get(*state, "post-hbm");
    const mj_chip *gpus = get(*state, "post-8gpu"), *link = get(*state, "post-transport");
    const double tol = 1e-12;
    assert_int_equal(get(*state, "post-arithmetic")->n_memories, 0);
    assert_rel(mj_chip_compute(hbm, MJ_FORMAT_INT8)->energy_JpMAC.typ, 0.07e-12, tol);
    assert_rel(mj_chip_memory(sram, MJ_HOLDS_WEIGHTS)->read_JpB.typ, 2e-12, tol);
    assert_rel(mj_chip_memory(sram, MJ_HOLDS_KV)->read_JpB.typ, 39e-12, tol);
    assert_rel(mj_chip_memory(hbm, MJ_HOLDS_WEIGHTS)->read_JpB.lo, 39e-12, tol);
    assert_rel(mj_chip_memory(hbm, MJ_HOLDS_KV)->read_JpB.hi, 39e-12, tol);
    assert_rel(mj_chip_memory(link, MJ_HOLDS_WEIGHTS)->read_JpB.typ, 2.4e-12, tol);
    assert_rel(gpus->fixed.idle_W.typ * gpus->output_s, 14, tol); /* 14 kW at 1000 tokens/s */
}

/* Facts arrive in SI at the chip's node: 0.22 pJ/bit at 7 nm stays 1.76 pJ/B on a 7 nm chip, and an
 * older chip pays more. */
static void test_facts_are_moved_to_the_node(void **state)
{
    const mj_chip *n7 = get(*state, "sram-chip"), *n14 = get(*state, "groq-lpu");
    assert_rel(n7->memory[0].read_JpB.typ, 1.76e-12, 1e-9);
    assert_string_equal(n7->memory[0].read_JpB.fact, "sram.read.1mb");
    assert_true(n14->memory[0].read_JpB.typ > 1.76e-12);
    assert_rel(n7->wires.energy_JpBm.typ, 70e-15 * 8 / 1e-3, 1e-9);
    assert_rel(n7->memory[0].leak_WpB.typ, 10e-3 / 1e6, 1e-9);
}

static void test_the_unit_for_a_format(void **state)
{
    const mj_chip *h100 = get(*state, "h100"), *tpu = get(*state, "tpu-8i");
    const mj_chip *wired = get(*state, "hardwired-chip");
    assert_string_equal(mj_chip_compute(h100, MJ_FORMAT_BF16)->name, "mac.bf16");
    assert_string_equal(mj_chip_compute(h100, MJ_FORMAT_INT8)->name, "mac.int8");
    assert_string_equal(mj_chip_compute(h100, MJ_FORMAT_MXFP4)->name, "mac.fp8"); /* next wider */
    assert_null(mj_chip_compute(h100, MJ_FORMAT_FP32));
    /* 4.5 stored bits are a 4-bit multiplier and a block scale */
    assert_string_equal(mj_chip_compute(tpu, MJ_FORMAT_NVFP4)->name, "mac.fp4");
    assert_string_equal(mj_chip_compute(wired, MJ_FORMAT_TERNARY)->name, "mac.ternary");
    assert_string_equal(mj_chip_compute(wired, MJ_FORMAT_INT3)->name, "mac.int4");
    assert_null(mj_chip_compute(wired, MJ_FORMAT_BF16));
}

static void test_the_memory_for_a_use(void **state)
{
    const mj_chip *wired = get(*state, "hardwired-chip");
    assert_string_equal(mj_chip_memory(wired, MJ_HOLDS_WEIGHTS)->name, "rom");
    assert_string_equal(mj_chip_memory(wired, MJ_HOLDS_KV)->name, "sram");
    assert_null(mj_chip_memory(wired, MJ_HOLDS_WEIGHTS | MJ_HOLDS_KV));
    assert_null(mj_chip_link(get(*state, "m2-pro"), MJ_LINK_KIND_SCALEUP));
    assert_string_equal(mj_chip_link(wired, MJ_LINK_KIND_D2D)->name, "d2d");
}

static void test_names_aliases_and_paths(void **state)
{
    fixture *f = *state;
    char path[700];
    snprintf(path, sizeof path, "%s/a100.yaml", f->w.catalogue.chips);
    assert_string_equal(get(f, "cerebras")->name, "wse-3");
    assert_string_equal(get(f, "H100-SXM")->name, "h100");
    assert_string_equal(get(f, "B200")->name, "b200");
    assert_string_equal(get(f, path)->name, "a100");
}

static mj_status try_name(fixture *f, const char *name, mj_err *err)
{
    mj_chip chip;
    const mj_catalogue *c = &f->w.catalogue;
    return mj_chip_load(&chip, name, c->chips, c->facts, c->units, &f->w.arena, err);
}

static void test_unknown_names_get_a_suggestion(void **state)
{
    mj_err err = {0};
    assert_int_equal(try_name(*state, "h1000", &err), MJ_ENAME);
    assert_non_null(strstr(err.diag[0].text, "did you mean 'h100'"));
    err.n = 0;
    assert_int_equal(try_name(*state, "cerebas", &err), MJ_ENAME); /* aliases count too */
    assert_non_null(strstr(err.diag[0].text, "did you mean 'cerebras'"));
    err.n = 0;
    assert_int_equal(try_name(*state, "abacus-of-antikythera", &err), MJ_ENAME);
    assert_null(strstr(err.diag[0].text, "did you mean"));
    assert_int_equal(try_name(*state, "./no-such-chip.yaml", &err), MJ_EFILE);
}

/* Each text lacks one thing; word is what the message must name. */
static const struct {
    const char *text, *word;
    mj_status status;
} bad[] = {
    {"closure: calibrated\n", "tdp", MJ_EKEY},
    {"closure: calibrated\ntdp: 100 W\n", "text", MJ_EKEY},
    {"closure: event-sum\n", "weights", MJ_EKEY},
    {"closure: event-sum\nmemories: [{name: m, kind: sram, holds: [weights, act]}]\n", "kv",
     MJ_EKEY},
    {"closure: event-sum\nmemories: [{name: m, kind: sram}]\n", "read", MJ_EKEY},
    {"closure: event-sum\nmemories: [{name: m, kind: sram, capacity: 1 GB, read: 1 pJ/B}]\n",
     "bandwidth", MJ_EKEY},
    {"closure: event-sum\nmemories: [{name: m, kind: sram, read: 1 pJ/B}]\n", "compute", MJ_EKEY},
    {"closure: envelope\nmemories: [{name: m, kind: sram, read: {fact: sram.nothing}}]\n",
     "sram.nothing", MJ_ENAME},
    {"closure: envelope\nmemories: [{name: m, kind: sram, read: {fact: sram.leak}}]\n",
     "sram.leak", MJ_EUNIT},
    {"title: no closure\n", "closure", MJ_EKEY},
    {"closure: envelope\ntdp: 700\n", "tdp", MJ_EUNIT},
    {"closure: envelope\ntdp: 700 GB\n", "tdp", MJ_EUNIT},
    {"closure: envelope\nsystem: {psu: 120 %}\n", "psu", MJ_ERANGE},
    {"closure: envelope\nmemory: []\n", "memory", MJ_EKEY},
    {"closure: magic\n", "magic", MJ_ENAME},
};

static void test_bad_specs_name_what_is_wrong(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mj_err err = {0};
        mj_chip chip = {0};
        char text[400];
        snprintf(text, sizeof text, "mj: 1\nchip: bad\nfrom: assumed\n%s", bad[i].text);
        mj_status status = mj_spec_parse(&chip, &mj_chip_schema, text, strlen(text), "bad.yaml",
                                         f->w.units, &f->w.arena, &err);
        if (status == MJ_OK) {
            status = mj_chip_resolve(&chip, f->w.catalogue.facts, "bad.yaml", &err);
        }
        bool named = false;
        for (int j = 0; j < err.n; j++) {
            named |= strstr(err.diag[j].text, bad[i].word) != NULL;
        }
        if (status != bad[i].status || !named) {
            print_error("%s\n%s, want %s naming %s\n", text, mj_status_text(status),
                        mj_status_text(bad[i].status), bad[i].word);
            print_problems(&err);
            fail();
        }
    }
}

/* The named chip with one value set as --set does, resolved again. */
static mj_chip patched(fixture *f, const char *name, const char *path, const char *value)
{
    mj_err err = {0};
    mj_patch patch;
    mj_chip chip = *get(f, name);
    mj_status status = mj_patch_resolve(&patch, &chip, &mj_chip_schema, path, value,
                                        (mj_place){.file = "--set"}, f->w.units, &f->w.arena, &err);
    print_problems(&err);
    assert_int_equal(status, MJ_OK);
    mj_patch_apply(&chip, &patch);
    assert_int_equal(mj_chip_resolve(&chip, f->w.catalogue.facts, name, &err), MJ_OK);
    return chip;
}

/* A set bandwidth is exact, a set energy keeps its interval, facts elsewhere still hold. */
static void test_patches_survive_resolving(void **state)
{
    const mj_chip *h100 = get(*state, "h100");
    mj_chip fast = patched(*state, "h100", "hbm.bandwidth", "5 TB/s");
    assert_rel(fast.memory[0].bandwidth_Bps.typ, 5e12, 1e-12);
    assert_rel(fast.memory[0].bandwidth_Bps.hi, 5e12, 1e-12);
    assert_rel(fast.memory[0].read_JpB.typ, h100->memory[0].read_JpB.typ, 1e-12);
    mj_chip cheap = patched(*state, "h100", "hbm.read", "2 pJ/B");
    assert_rel(cheap.memory[0].read_JpB.typ, 2e-12, 1e-12);
    assert_rel(cheap.memory[0].read_JpB.hi, 4e-12, 1e-12); /* class assumed: a factor of two */
    mj_chip linked = patched(*state, "h100", "hbm.read", "{fact: dram.post}");
    assert_rel(linked.memory[0].read_JpB.typ, 39e-12, 1e-12);
}

/* Whatever its file leaves out, an event sum has static power that does not vanish with the work. */
static void test_no_machine_is_without_static_power(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < f->n; i++) {
        const mj_chip *chip = f->chip[i];
        double stated_W = chip->fixed.idle_W.typ + chip->fixed.leak_logic_W.typ + chip->fixed.active_W.typ;
        bool is_device = chip->closure == MJ_CLOSURE_EVENT_SUM && !mj_quantity_given(&chip->lut.table_J) &&
                         !mj_quantity_given(&chip->oscillator.cycle_J);
        assert_true(!is_device || stated_W > 0 || chip->fixed.unstated_W.lo > 0);
        assert_true(!(stated_W > 0) || !mj_quantity_given(&chip->fixed.unstated_W));
    }
    /* A set limit, and a set idle power, are what counts from then on. */
    mj_chip limited = patched(f, "tpu-8i", "tdp", "1 kW");
    assert_rel(limited.fixed.unstated_W.typ, 300, 1e-12);
    mj_chip stated = patched(f, "tpu-8i", "static.idle", "200 W");
    assert_false(mj_quantity_given(&stated.fixed.unstated_W));
}

/* The rule for machines without a known limit, on GPUs whose constant power was fitted to measurements: its
 * interval holds the fits' 210-345 W of an H100 and 278-290 W of a B200. */
static void test_bandwidth_tells_the_measured_static_power(void **state)
{
    fixture *f = *state;
    static const char *const names[] = {"h100", "b200"};
    for (int i = 0; i < 2; i++) {
        mj_err err = {0};
        mj_chip chip = *get(f, names[i]);
        chip.closure = MJ_CLOSURE_EVENT_SUM;
        chip.tdp_W = (mj_quantity){0};
        assert_int_equal(mj_chip_resolve(&chip, f->w.catalogue.facts, names[i], &err), MJ_OK);
        for (int k = 0; k < chip.n_text; k++) {
            assert_true(chip.fixed.unstated_W.lo < chip.text[k].idle_W);
            assert_true(chip.fixed.unstated_W.hi > chip.text[k].idle_W);
        }
    }
}

/* An SRAM read costs more at 14 nm than at 7 nm, and returning gives the same number again. */
static void test_a_changed_node_moves_the_facts(void **state)
{
    const mj_chip *n7 = get(*state, "sram-chip");
    mj_chip n14 = patched(*state, "sram-chip", "node", "14 nm");
    assert_true(n14.memory[0].read_JpB.typ > 1.2 * n7->memory[0].read_JpB.typ);
    mj_chip same = patched(*state, "sram-chip", "node", "7 nm");
    assert_rel(same.memory[0].read_JpB.typ, n7->memory[0].read_JpB.typ, 1e-12);
    assert_rel(same.memory[0].read_JpB.hi, n7->memory[0].read_JpB.hi, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_chip_loads_and_cites),
        cmocka_unit_test(test_closures_have_what_they_need),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_measured_gpus_carry_the_published_fit),
        cmocka_unit_test(test_measured_gpus_carry_the_image_fit),
        cmocka_unit_test(test_gpus_match_their_data_sheets),
        cmocka_unit_test(test_scaled_gpus_follow_the_rules),
        cmocka_unit_test(test_envelopes_are_the_posts_figures),
        cmocka_unit_test(test_facts_are_moved_to_the_node),
        cmocka_unit_test(test_the_unit_for_a_format),
        cmocka_unit_test(test_the_memory_for_a_use),
        cmocka_unit_test(test_names_aliases_and_paths),
        cmocka_unit_test(test_unknown_names_get_a_suggestion),
        cmocka_unit_test(test_bad_specs_name_what_is_wrong),
        cmocka_unit_test(test_patches_survive_resolving),
        cmocka_unit_test(test_no_machine_is_without_static_power),
        cmocka_unit_test(test_bandwidth_tells_the_measured_static_power),
        cmocka_unit_test(test_a_changed_node_moves_the_facts),
    };
    return cmocka_run_group_tests(tests, load_all, free_all);
}
