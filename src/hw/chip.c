/* Chips: a machine's YAML file to a checked mj_chip.
 *
 * The schema (chip_schema.c) checks every field by itself. Here is what no field can say alone:
 * figures that stand in data/facts are fetched and moved to the chip's node, figures outside the
 * device (regulators, supplies, host, cooling) come from facts where the file is silent, and the
 * entries that the chip's closure needs must be there. What nobody published stays absent: then the
 * bill refuses, it does not guess.
 *
 * A name is a file of the folders of chips or substrates, an alias written in one of them, or a path. */
#define _GNU_SOURCE
#include "mj/chip.h"
#include "mj/text.h"

#include <dirent.h>
#include <math.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { NAMES_MAX = 1024 };
#define SUBSTRATES "../substrates" /* from the folder of chips */

/* What a data sheet or a definition states exactly: no class interval around it. */
static bool is_exact(const char *unit)
{
    static const char *const exact[] = {"B", "B/s", "MAC/s", "m2"};
    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++) {
        if (unit && strcmp(unit, exact[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* True if lo and hi are only the class's default factors, so that no one wrote an interval. */
static bool has_default_range(const mj_quantity *q)
{
    mj_quantity d = *q;
    mj_quantity_default_range(&d);
    return q->lo == d.lo && q->hi == d.hi;
}

typedef struct {
    mj_chip *chip;
    mj_facts *facts;
    const char *file;
    mj_err *err;
    mj_status status; /* of the first problem */
} resolver;

/* A fact is fetched anew each time, so that a changed node (--set chip.node) moves it. */
static void resolve_quantity(void *user, const char *path, const mj_spec_field *field,
                             mj_quantity *q)
{
    resolver *r = user;
    if (q->fact) {
        const char *key = q->fact;
        mj_status status =
            mj_facts_quantity(q, r->facts, key, field->unit, r->chip->node_m, r->err);
        if (status == MJ_OK && (q->typ < field->min || q->typ > field->max)) {
            status = MJ_ERANGE;
        }
        if (status != MJ_OK) {
            mj_err_add(r->err, status, r->file, 0, 0, "%s: cannot use the fact %s", path, key);
            r->status = r->status != MJ_OK ? r->status : status;
            return;
        }
        q->fact = key;
    }
    if (mj_quantity_given(q) && !q->fact &&
        (is_exact(field->unit) || q == &r->chip->tdp_W) && has_default_range(q)) {
        q->lo = q->hi = q->typ;
    }
}

static bool states_static(const mj_chip *chip)
{
    return mj_quantity_given(&chip->fixed.idle_W) || mj_quantity_given(&chip->fixed.active_W) ||
           mj_quantity_given(&chip->fixed.leak_logic_W) || mj_quantity_given(&chip->overhead.leak) ||
           mj_quantity_given(&chip->oscillator.leak_W) || mj_quantity_given(&chip->lut.table_leak_W);
}

/* What stands in for static power that nobody states: `fact` watts for each unit of `size`. */
static mj_status fill_unstated(mj_chip *chip, const char *fact, const char *unit, double size,
                               mj_facts *facts, mj_err *err)
{
    mj_quantity each;
    MJ_TRY(mj_facts_quantity(&each, facts, fact, unit, 0, err));
    chip->fixed.unstated_W = (mj_quantity){each.lo * size, each.typ * size, each.hi * size,
                                           each.cls, "W", each.source, fact};
    return MJ_OK;
}

/* Bytes a second from memories outside the dies; 0 where none is known. */
static double outer_bandwidth(const mj_chip *chip)
{
    double sum_Bps = 0;
    for (int i = 0; i < chip->n_memories; i++) {
        const mj_memory *m = &chip->memory[i];
        bool is_outside = m->kind == MJ_MEMORY_HBM || m->kind == MJ_MEMORY_DRAM;
        sum_Bps += is_outside && mj_quantity_given(&m->bandwidth_Bps) ? m->bandwidth_Bps.typ : 0;
    }
    return sum_Bps;
}

static double die_area(const mj_chip *chip)
{
    double sum_m2 = 0;
    for (int i = 0; i < chip->cost.n_dies; i++) {
        const mj_die *die = &chip->cost.die[i];
        sum_m2 += mj_quantity_given(&die->area_m2) ? fmax(1, die->count) * die->area_m2.typ : 0;
    }
    return sum_m2;
}

/* No machine is without static power, whatever it is given to do. One that states neither idle power
 * nor leakage gets the share of its power limit that measured GPUs show; without a limit what such
 * machines draw for their bandwidth, else for their silicon; else a flat figure and a share of what it
 * draws. A share alone would vanish with a small model, and a machine gain by being known less. */
static mj_status fill_static(mj_chip *chip, mj_facts *facts, mj_err *err)
{
    chip->fixed.unstated_W = chip->fixed.unstated_share = (mj_quantity){0};
    if (chip->closure != MJ_CLOSURE_EVENT_SUM || states_static(chip)) {
        return MJ_OK;
    }
    double bandwidth_Bps = outer_bandwidth(chip), area_m2 = die_area(chip);
    if (mj_quantity_given(&chip->tdp_W)) {
        return fill_unstated(chip, "overhead.idle", "1", chip->tdp_W.typ, facts, err);
    }
    if (bandwidth_Bps > 0) {
        return fill_unstated(chip, "overhead.idle-bandwidth", "J/B", bandwidth_Bps, facts, err);
    }
    if (area_m2 > 0) {
        return fill_unstated(chip, "overhead.idle-area", "W/m2", area_m2, facts, err);
    }
    static const char key[] = "leak.logic.default";
    MJ_TRY(mj_facts_quantity(&chip->fixed.unstated_share, facts, key, "1", 0, err));
    chip->fixed.unstated_share.fact = key;
    if (mj_quantity_given(&chip->oscillator.cycle_J) || mj_quantity_given(&chip->lut.table_J)) {
        return MJ_OK; /* a circuit, not a device on a board */
    }
    return fill_unstated(chip, "overhead.idle-device", "W", 1, facts, err);
}

static mj_status fill_one(mj_quantity *to, const char *key, const char *unit, mj_facts *facts,
                          mj_err *err)
{
    if (mj_quantity_given(to)) {
        return MJ_OK;
    }
    MJ_TRY(mj_facts_quantity(to, facts, key, unit, 0, err));
    to->fact = key;
    return MJ_OK;
}

/* A link that nobody measured is neither infinitely fast nor immediate. */
static mj_status fill_links(mj_chip *chip, mj_facts *facts, mj_err *err)
{
    if (chip->closure != MJ_CLOSURE_EVENT_SUM) {
        return MJ_OK;
    }
    for (int i = 0; i < chip->n_links; i++) {
        mj_link *link = &chip->link[i];
        MJ_TRY(fill_one(&link->bandwidth_Bps, "overhead.link-bandwidth", "B/s", facts, err));
        MJ_TRY(fill_one(&link->latency_s, "overhead.link-latency", "s", facts, err));
    }
    return MJ_OK;
}

/* Where the file may be silent because every machine has it: supplies, host and cooling; peaks that
 * are not reached; joules that no event explains. */
static mj_status fill_absent(mj_chip *chip, mj_facts *facts, mj_err *err)
{
    const struct {
        mj_quantity *to;
        const char *key, *unit;
    } fill[] = {
        {&chip->system.vrm, "power.vrm", "1"},
        {&chip->system.psu, "power.psu", "1"},
        {&chip->system.host_cpu_W, "host.cpu", "W"},
        {&chip->system.host_dram_W, "host.dram", "W"},
        {&chip->system.host_nic_W, "host.nic", "W"},
        {&chip->system.pue, "facility.pue", "1"},
        {&chip->system.fleet_idle, "fleet.idle", "1"},
        {&chip->overhead.utilisation, "overhead.utilisation", "1"},
        {&chip->overhead.unexplained, "overhead.unexplained", "1"},
        {&chip->overhead.block_s, "overhead.block", "s"},
        {&chip->overhead.vector_J, "arith.vector.default", "J/op"},
    };
    MJ_TRY(fill_static(chip, facts, err));
    MJ_TRY(fill_links(chip, facts, err));
    for (size_t i = 0; i < sizeof fill / sizeof fill[0]; i++) {
        MJ_TRY(fill_one(fill[i].to, fill[i].key, fill[i].unit, facts, err));
    }
    return MJ_OK;
}

static mj_status missing(mj_err *err, const char *path, const mj_chip *chip, const char *what)
{
    return mj_err_add(err, MJ_EKEY, path, 0, 0, "chip %s (%s): %s", chip->name,
                      mj_closure_names[chip->closure], what);
}

/* What the calibrated predictors divide by or multiply with. */
static mj_status check_calibrated(const mj_chip *chip, const char *path, mj_err *err)
{
    const mj_memory *m = mj_chip_memory(chip, MJ_HOLDS_WEIGHTS);
    const mj_compute *c = mj_chip_compute(chip, MJ_FORMAT_BF16);
    if (!mj_quantity_given(&chip->tdp_W)) {
        return missing(err, path, chip, "tdp is missing");
    }
    if (chip->n_text == 0) {
        return missing(err, path, chip, "text holds no fit");
    }
    if (!m || !mj_quantity_given(&m->capacity_B) || !mj_quantity_given(&m->bandwidth_Bps)) {
        return missing(err, path, chip, "no memory with capacity and bandwidth for the weights");
    }
    if (!c || !mj_quantity_given(&c->rate_MACps)) {
        return missing(err, path, chip, "no compute entry with a rate for bf16");
    }
    if (chip->domain > 1 && chip->n_links == 0) {
        return missing(err, path, chip, "domain joins devices but links is empty");
    }
    for (int i = 0; i < chip->n_text; i++) {
        const mj_text_fit *f = &chip->text[i];
        if (1.25 * f->idle_W > chip->tdp_W.typ) { /* clocks fall with the limit, the fit's do not */
            return missing(err, path, chip,
                           "tdp is within a quarter of the fitted idle power: no measurement says "
                           "what happens there");
        }
        if (f->eta_memory <= 0 || f->eta_compute <= 0 ||
            f->eta_experts <= 0 || f->eta_experts_block <= 0) {
            return missing(err, path, chip,
                           "a text fit needs all efficiencies above 0");
        }
    }
    if (!(chip->text_residual.lo > 0 && chip->text_residual.lo <= 1 &&
          chip->text_residual.hi >= 1)) {
        return missing(err, path, chip, "text_residual must have 0 < lo <= 1 <= hi");
    }
    return MJ_OK;
}

/* An image fit is optional, a half one is not. */
static mj_status check_image(const mj_chip *chip, const char *path, mj_err *err)
{
    const mj_image_fit *f = &chip->image;
    bool any = f->idle_W > 0 || f->flop_J > 0 || f->eta_compute > 0;
    if (!any) {
        return MJ_OK;
    }
    if (f->eta_compute <= 0 || f->eta_attention <= 0 || f->eta_link <= 0 || f->heavy <= 0 ||
        f->idle_W >= chip->tdp_W.typ) {
        return missing(err, path, chip,
                       "image needs idle below tdp, heavy and all efficiencies above 0");
    }
    if (!(chip->image_residual.lo > 0 && chip->image_residual.lo <= 1 &&
          chip->image_residual.hi >= 1)) {
        return missing(err, path, chip, "image_residual must have 0 < lo <= 1 <= hi");
    }
    return MJ_OK;
}

/* What a run of oscillators is made of. */
static mj_status check_oscillator(const mj_oscillator *o, const mj_chip *chip, const char *path,
                                  mj_err *err)
{
    const struct {
        const mj_quantity *q;
        const char *what;
    } needed[] = {{&o->frequency_Hz, "oscillator has no frequency"},
                  {&o->unit_s, "oscillator has no unit (seconds of a model time unit)"},
                  {&o->start_J, "oscillator has no start (setting a phase)"},
                  {&o->sample_J, "oscillator has no sample (reading a phase)"}};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!mj_quantity_given(needed[i].q)) {
            return missing(err, path, chip, needed[i].what);
        }
    }
    return MJ_OK;
}

/* What an evaluation is made of. */
static mj_status check_lut(const mj_lut_circuit *l, const mj_chip *chip, const char *path, mj_err *err)
{
    if (!mj_quantity_given(&l->vote_J)) {
        return missing(err, path, chip, "lut has no vote (one output counted)");
    }
    return mj_quantity_given(&l->period_s)
               ? MJ_OK
               : missing(err, path, chip, "lut has no period (seconds of an evaluation)");
}

/* Events need an energy each and a place for everything that a model keeps. */
static mj_status check_event_sum(const mj_chip *chip, const char *path, mj_err *err)
{
    static const struct {
        unsigned use;
        const char *what;
    } use[] = {
        {MJ_HOLDS_WEIGHTS, "no memory holds weights"},
        {MJ_HOLDS_KV, "no memory holds kv"},
        {MJ_HOLDS_ACT, "no memory holds act"},
    };
    if (mj_quantity_given(&chip->oscillator.cycle_J)) { /* a substrate: memories are an extra */
        return check_oscillator(&chip->oscillator, chip, path, err);
    }
    if (mj_quantity_given(&chip->lut.table_J)) {
        return check_lut(&chip->lut, chip, path, err);
    }
    for (size_t i = 0; i < sizeof use / sizeof use[0]; i++) {
        if (!mj_chip_memory(chip, use[i].use)) {
            return missing(err, path, chip, use[i].what);
        }
    }
    for (int i = 0; i < chip->n_memories; i++) {
        const mj_memory *m = &chip->memory[i];
        if (!mj_quantity_given(&m->read_JpB)) {
            return mj_err_add(err, MJ_EKEY, path, 0, 0,
                              "chip %s (event-sum): memory %s has no read", chip->name, m->name);
        }
        if (mj_quantity_given(&m->capacity_B) && !mj_quantity_given(&m->bandwidth_Bps)) {
            return mj_err_add(err, MJ_EKEY, path, 0, 0,
                              "chip %s (event-sum): memory %s has a capacity but no bandwidth",
                              chip->name, m->name);
        }
    }
    if (chip->n_compute == 0) {
        return missing(err, path, chip, "compute is empty");
    }
    return MJ_OK;
}

mj_status mj_chip_resolve(mj_chip *chip, mj_facts *facts, const char *path, mj_err *err)
{
    resolver r = {.chip = chip, .facts = facts, .file = path, .err = err};
    chip->domain = chip->domain > 0 ? chip->domain : 1;
    for (int i = 0; i < chip->n_text; i++) {
        chip->text[i].cls = chip->text[i].cls ? chip->text[i].cls : MJ_CLASS_DERIVED;
    }
    chip->image.cls = chip->image.cls ? chip->image.cls : MJ_CLASS_DERIVED;
    for (int i = 0; i < chip->cost.n_dies; i++) {
        chip->cost.die[i].count = chip->cost.die[i].count > 0 ? chip->cost.die[i].count : 1;
    }
    mj_spec_each_quantity(chip, &mj_chip_schema, resolve_quantity, &r);
    MJ_TRY(r.status);
    switch (chip->closure) {
    case MJ_CLOSURE_CALIBRATED:
        MJ_TRY(check_calibrated(chip, path, err));
        MJ_TRY(check_image(chip, path, err));
        return fill_absent(chip, facts, err);
    case MJ_CLOSURE_EVENT_SUM:
        MJ_TRY(check_event_sum(chip, path, err));
        return fill_absent(chip, facts, err);
    case MJ_CLOSURE_ENVELOPE: /* an author's sum as given: nothing is added */
        return MJ_OK;
    default:
        return mj_err_add(err, MJ_EKEY, path, 0, 0,
                          "closure must be calibrated, event-sum or envelope");
    }
}

static bool is_path(const char *name)
{
    const char *dot = strrchr(name, '.');
    return strchr(name, '/') || (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0));
}

static bool is_called(const mj_chip *chip, const char *name)
{
    if (strcasecmp(chip->name, name) == 0) {
        return true;
    }
    for (int i = 0; i < chip->n_aliases; i++) {
        if (strcasecmp(chip->alias[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Reads every chip of the folder until one is called `name`: sets *path to its file. Files that do
 * not decode are passed over, they are reported when someone asks for them. names collects what
 * could have been meant. */
static mj_status find_alias(const char **path, const char *name, const char *dir, bool is_required,
                            const char **names, size_t *n_names, const mj_units *units,
                            mj_arena *arena, mj_err *err)
{
    DIR *folder = opendir(dir);
    if (!folder) {
        return is_required
                   ? mj_err_add(err, MJ_EFILE, dir, 0, 0, "cannot open the folder of chips")
                   : MJ_OK;
    }
    const struct dirent *entry;
    mj_status status = MJ_OK;
    while (!*path && status == MJ_OK && (entry = readdir(folder))) {
        const char *dot = strrchr(entry->d_name, '.');
        if (entry->d_name[0] == '.' || !dot || strcmp(dot, ".yaml") != 0) {
            continue;
        }
        mj_err ignored = {0};
        mj_chip *chip = mj_arena_alloc(arena, sizeof *chip);
        const char *file = mj_arena_printf(arena, "%s/%s", dir, entry->d_name);
        if (!chip || !file) {
            status = mj_err_add(err, MJ_EMEM, dir, 0, 0, "out of memory while reading chips");
        } else if (mj_spec_load(chip, &mj_chip_schema, file, units, arena, &ignored) == MJ_OK) {
            if (is_called(chip, name)) {
                *path = file;
            }
            for (int i = -1; i < chip->n_aliases && *n_names < NAMES_MAX; i++) {
                names[(*n_names)++] = i < 0 ? chip->name : chip->alias[i];
            }
        }
    }
    closedir(folder);
    return status;
}

/* The file behind a name; the text lives in the arena. */
static mj_status find_file(const char **path, const char *name, const char *dir,
                           const mj_units *units, mj_arena *arena, mj_err *err)
{
    *path = is_path(name) ? mj_arena_printf(arena, "%s", name)
                          : mj_arena_printf(arena, "%s/%s.yaml", dir, name);
    if (!*path) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    if (is_path(name) || access(*path, F_OK) == 0) {
        return MJ_OK;
    }
    const char *beside = mj_arena_printf(arena, "%s/" SUBSTRATES, dir);
    const char *own = mj_arena_printf(arena, "%s/" SUBSTRATES "/%s.yaml", dir, name);
    if (own && access(own, F_OK) == 0) {
        *path = own;
        return MJ_OK;
    }
    mj_arena scratch;
    mj_arena_init(&scratch, 0);
    const char **names = mj_arena_array(&scratch, NAMES_MAX, sizeof *names);
    const char *found = NULL;
    size_t n = 0;
    mj_status status = names && beside && own
                           ? find_alias(&found, name, dir, true, names, &n, units, &scratch, err)
                           : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    if (status == MJ_OK && !found) {
        status = find_alias(&found, name, beside, false, names, &n, units, &scratch, err);
    }
    if (status == MJ_OK && found) {
        *path = mj_arena_printf(arena, "%s", found);
        status = *path ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    } else if (status == MJ_OK) {
        const char *near = mj_text_nearest(name, names, n);
        status = near ? mj_err_add(err, MJ_ENAME, NULL, 0, 0,
                                   "unknown chip '%s' (did you mean '%s'?)", name, near)
                      : mj_err_add(err, MJ_ENAME, NULL, 0, 0,
                                   "unknown chip '%s'; `mj list chips` shows all", name);
    }
    mj_arena_fini(&scratch);
    return status;
}

mj_status mj_chip_load(mj_chip *chip, const char *name, const char *dir, mj_facts *facts,
                       const mj_units *units, mj_arena *arena, mj_err *err)
{
    const char *path = NULL;
    memset(chip, 0, sizeof *chip);
    MJ_TRY(find_file(&path, name, dir, units, arena, err));
    MJ_TRY(mj_spec_load(chip, &mj_chip_schema, path, units, arena, err));
    return mj_chip_resolve(chip, facts, path, err);
}

/* Bits of a number without its share of a block scale: 4 for mxfp4 (4.25) and nvfp4 (4.5), 2 for
 * ternary (1.6), so that formats compare by the multiplier they need. */
static int width(int format)
{
    return (int)(8 * mj_format_bytes((mj_format)format) + 0.45);
}

const mj_compute *mj_chip_compute(const mj_chip *chip, mj_format format)
{
    const mj_compute *best = NULL;
    for (int i = 0; i < chip->n_compute; i++) {
        const mj_compute *c = &chip->compute[i];
        if (c->format == (int)format) {
            return c;
        }
        if (width(c->format) >= width((int)format) &&
            (!best || width(c->format) < width(best->format))) {
            best = c;
        }
    }
    return best;
}

const mj_memory *mj_chip_memory(const mj_chip *chip, unsigned holds)
{
    for (int i = 0; i < chip->n_memories; i++) {
        const mj_memory *m = &chip->memory[i];
        if (m->holds == 0 || (m->holds & holds) == holds) {
            return m;
        }
    }
    return NULL;
}

const mj_link *mj_chip_link(const mj_chip *chip, mj_link_kind kind)
{
    for (int i = 0; i < chip->n_links; i++) {
        if (chip->link[i].kind == (int)kind) {
            return &chip->link[i];
        }
    }
    return NULL;
}
