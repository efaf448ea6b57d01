/* Memory bit: two inverters that hold each other, and two transistors to the bit lines.
 *
 * It takes 1, 0 and 1 while its word line is high, and must not mind what the lines do while that is low. Lines
 * are driven by inverters of the ring's size with wires as between the ring's stages: what they take is in the
 * energy of a write, though a column shares them. */
#include "cell_parts.h"

#include <math.h>

static const double WEAK = 0.25, ACCESS = 0.5, SLOT_S = 1e-9, EDGE_S = 50e-12, IDLE_S = 6e-9, LOOK_S = 2e-9;
/* What a slot does: the line's value, whether the word line is high in it, and what the cell then holds. */
static const struct {
    bool line, word, holds;
} slots[] = {{true, true, true}, {false, false, true}, {false, true, false}, {true, false, false},
             {true, true, true}, {false, false, true}};
enum { SLOTS = sizeof slots / sizeof slots[0], WRITES = 3 };

/* A source that is high in the slots told, given turned over: the drivers invert. */
static void write_line(FILE *out, const char *node, double V, bool is_word)
{
    fprintf(out, "v%s %s 0 pwl(0 %.9g", node, node, is_word ? V : 0);
    for (int i = 0; i < SLOTS; i++) {
        double start_s = (i + 1) * SLOT_S;
        bool high = is_word ? slots[i].word : slots[i].line, before = !is_word && i > 0 && slots[i - 1].line;
        if (is_word && high) {
            fprintf(out, " %.9g %.9g %.9g 0 %.9g 0 %.9g %.9g", start_s + SLOT_S / 4, V, start_s + SLOT_S / 4 + EDGE_S,
                    start_s + 3 * SLOT_S / 4, start_s + 3 * SLOT_S / 4 + EDGE_S, V);
        } else if (!is_word && high != before) {
            fprintf(out, " %.9g %.9g %.9g %.9g", start_s, before ? V : 0, start_s + EDGE_S, high ? V : 0);
        }
    }
    fputs(")\n", out);
}

static mj_status write_deck(mj_deck *deck, mj_cell_figures *bit, const mj_ring *ring, mj_err *err)
{
    int serial = 0;
    double V = ring->vdd_V;
    MJ_TRY(mj_ring_deck(deck, ring, "a memory cell", err));
    FILE *out = deck->out;
    mj_parts lines = {.out = out, .ring = ring, .supply = "vdd", .prefix = "", .serial = &serial};
    mj_parts cell = {.out = out, .ring = ring, .supply = "own", .prefix = "", .serial = &serial};
    fprintf(out, "vsup vdd 0 %.9g\nvown own 0 %.9g\n.save i(vsup) i(vown) v(q) v(word)\n", V, V);
    write_line(out, "line", V, false);
    write_line(out, "noword", V, true);
    mj_parts_inverter(&lines, "line", "low", 1);
    mj_parts_inverter(&lines, "low", "high", 1);
    mj_parts_inverter(&lines, "noword", "word", 1);
    fprintf(out, "clow low 0 %.9g\nchigh high 0 %.9g\ncword word 0 %.9g\n", ring->load_F, ring->load_F,
            ring->load_F);
    mj_parts_inverter(&cell, "q", "r", WEAK);
    mj_parts_inverter(&cell, "r", "q", WEAK);
    mj_parts_transistor(&cell, false, "q", "word", "high", ACCESS * ring->width_n_m, 1);
    mj_parts_transistor(&cell, false, "r", "word", "low", ACCESS * ring->width_n_m, 1);
    bit->n_transistors = cell.n_transistors;
    bit->active_m2 = cell.active_m2;
    mj_deck_transient(deck, (mj_transient){.step_s = ring->step_s, .stop_s = (SLOTS + 1) * SLOT_S + IDLE_S});
    return MJ_OK;
}

static mj_status read_deck(mj_cell_figures *bit, const mj_raw *raw, const mj_ring *ring, mj_err *err)
{
    double V = ring->vdd_V, end_s = mj_raw_end_s(raw), own_J, lines_J, idle_J, when_s[SLOTS];
    mj_waveform q;
    bit->works = true;
    for (int i = 0; i < SLOTS; i++) {
        double volt_V;
        MJ_TRY(mj_node_at(&volt_V, raw, "q", (i + 2) * SLOT_S - EDGE_S, err));
        bit->works = bit->works && fabs(volt_V - (slots[i].holds ? V : 0)) < 0.1 * V;
    }
    MJ_TRY(mj_supply_energy(&own_J, raw, "own", V, 2 * SLOT_S, (SLOTS + 1) * SLOT_S, err));
    MJ_TRY(mj_supply_energy(&lines_J, raw, "sup", V, 2 * SLOT_S, (SLOTS + 1) * SLOT_S, err));
    MJ_TRY(mj_supply_energy(&idle_J, raw, "own", V, end_s - LOOK_S, end_s, err));
    bit->use_J = (own_J + lines_J) / (WRITES - 1);
    bit->static_W = idle_J / LOOK_S;
    MJ_TRY(mj_raw_find(&q, raw, "v(q)", err));
    for (int up = 0; up < 2; up++) {
        size_t n = mj_waveform_crossings(when_s, SLOTS, &q, V / 2, up);
        for (size_t k = 0; k < n && k < SLOTS; k++) {
            double slot_s = fmod(when_s[k], SLOT_S) - SLOT_S / 4 - EDGE_S / 2;
            bit->delay_s = when_s[k] > 2 * SLOT_S ? fmax(bit->delay_s, slot_s) : bit->delay_s;
        }
    }
    return MJ_OK;
}

mj_status mj_bit_measure(mj_cell_figures *bit, const mj_ring *ring, const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw;
    *bit = (mj_cell_figures){.name = "bit"};
    MJ_TRY(write_deck(&deck, bit, ring, err));
    mj_arena_init(&arena, 0);
    mj_status status = mj_spice_run(&raw, &deck, job, &arena, err);
    if (status == MJ_OK) {
        status = read_deck(bit, &raw, ring, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}
