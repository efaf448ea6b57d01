/* Timing: one pass over the instances, drivers first. */
#include "mj/timing.h"

#include <math.h>

static const double INPUT_SLEW_S = 60e-12; /* the steepest edge of osu018's tables */
static const double FS_PER_S = 1e15;

static bool depends_on(const mj_liberty_output *output, int input)
{
    const uint64_t shifted = output->table >> (1 << input);
    /* Rows in which the input is 0, against those in which it is 1. */
    static const uint64_t zero_rows[MJ_LIBERTY_INPUTS_MAX] = {
        0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f,
        0x00ff00ff00ff00ff, 0x0000ffff0000ffff, 0x00000000ffffffff};
    return ((output->table ^ shifted) & zero_rows[input]) != 0;
}

static void loads_fill(mj_timing *timing, const mj_netlist *netlist)
{
    const double piece_F = timing->wiring.length_m * timing->wiring.capacitance_Fpm;
    for (int i = 0; i < netlist->n_instances; i++) {
        const mj_instance *x = &netlist->instance[i];
        for (int p = 0; p < x->cell->n_inputs; p++) {
            timing->load_F[x->input[p]] += x->cell->input[p].capacitance_F + piece_F;
            timing->wire_F[x->input[p]] += piece_F;
        }
        for (int p = 0; p < x->cell->n_outputs; p++) {
            if (x->output[p] >= 0) {
                timing->load_F[x->output[p]] += x->cell->output[p].capacitance_F;
            }
        }
    }
    for (int i = 0; i < netlist->n_outputs; i++) {
        timing->load_F[netlist->output[i].net] += piece_F;
        timing->wire_F[netlist->output[i].net] += piece_F;
    }
}

/* The input edge that causes an output edge; the slower one where either may. */
static double cause(const double by_edge[MJ_EDGES_N], mj_sense sense, mj_edge output_edge)
{
    if (sense == MJ_SENSE_NONE) {
        return fmax(by_edge[MJ_FALL], by_edge[MJ_RISE]);
    }
    return by_edge[sense == MJ_SENSE_POSITIVE ? output_edge : MJ_EDGES_N - 1 - output_edge];
}

double mj_timing_slew_s(const mj_timing *timing, int net, mj_sense sense, mj_edge output_edge)
{
    return cause(timing->slew_s[net], sense, output_edge);
}

static int64_t to_fs(double delay_s)
{
    return delay_s * FS_PER_S < 1 ? 1 : llround(delay_s * FS_PER_S);
}

/* Slew, arrival and delays of one output of one instance. */
static mj_status output_time(mj_timing *timing, const mj_netlist *netlist, int instance, int pin,
                             mj_err *err)
{
    const mj_instance *x = &netlist->instance[instance];
    const mj_liberty_output *output = &x->cell->output[pin];
    const int net = x->output[pin];
    for (int p = 0; p < x->cell->n_inputs; p++) {
        const mj_liberty_arc *arc = &output->arc[p];
        size_t at = (size_t)(pin * x->cell->n_inputs + p) * MJ_EDGES_N + timing->first_arc[instance];
        timing->delay_fs[at] = timing->delay_fs[at + 1] = 1;
        if (net < 0 || !depends_on(output, p)) {
            continue;
        }
        for (mj_edge edge = MJ_FALL; edge < MJ_EDGES_N; edge++) {
            if (!arc->delay_s[edge] || !arc->slew_s[edge]) {
                return mj_err_add(err, MJ_ESUPPORT, netlist->liberty->path, x->cell->line, 0,
                                  "the cell %s has no %s delay and transition from %s to %s",
                                  x->cell->name, edge == MJ_RISE ? "rise" : "fall",
                                  x->cell->input[p].name, output->name);
            }
            const double load_F = timing->load_F[net];
            const double in_s = mj_timing_slew_s(timing, x->input[p], arc->sense, edge);
            const double delay_s = mj_liberty_look_up(arc->delay_s[edge], load_F, in_s);
            const double slew_s = mj_liberty_look_up(arc->slew_s[edge], load_F, in_s);
            const double arrival_s = cause(timing->arrival_s[x->input[p]], arc->sense, edge);
            timing->delay_fs[at + edge] = to_fs(delay_s);
            timing->slew_s[net][edge] = fmax(timing->slew_s[net][edge], slew_s);
            timing->arrival_s[net][edge] = fmax(timing->arrival_s[net][edge], arrival_s + delay_s);
        }
    }
    return MJ_OK;
}

static mj_status arrays_new(mj_timing *timing, const mj_netlist *netlist, mj_arena *arena, mj_err *err)
{
    const size_t n_nets = (size_t)netlist->n_nets, n = (size_t)netlist->n_instances;
    size_t n_delays = 0;
    timing->load_F = mj_arena_array(arena, n_nets, sizeof *timing->load_F);
    timing->wire_F = mj_arena_array(arena, n_nets, sizeof *timing->wire_F);
    timing->slew_s = mj_arena_array(arena, n_nets, sizeof *timing->slew_s);
    timing->arrival_s = mj_arena_array(arena, n_nets, sizeof *timing->arrival_s);
    timing->first_arc = mj_arena_array(arena, n, sizeof *timing->first_arc);
    for (size_t i = 0; timing->first_arc && i < n; i++) {
        const mj_liberty_cell *cell = netlist->instance[i].cell;
        timing->first_arc[i] = n_delays;
        n_delays += (size_t)(cell->n_inputs * cell->n_outputs * MJ_EDGES_N);
    }
    timing->delay_fs = mj_arena_array(arena, n_delays, sizeof *timing->delay_fs);
    bool good = timing->load_F && timing->wire_F && timing->slew_s && timing->arrival_s && timing->first_arc &&
                timing->delay_fs;
    return good ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the timing");
}

mj_status mj_timing_compute(mj_timing *timing, const mj_netlist *netlist, const mj_wiring *wiring,
                            mj_arena *arena, mj_err *err)
{
    *timing = (mj_timing){.wiring = *wiring};
    timing->wiring.input_slew_s = wiring->input_slew_s > 0 ? wiring->input_slew_s : INPUT_SLEW_S;
    MJ_TRY(arrays_new(timing, netlist, arena, err));
    loads_fill(timing, netlist);
    for (int i = 0; i < netlist->n_inputs; i++) {
        for (mj_edge edge = MJ_FALL; edge < MJ_EDGES_N; edge++) {
            timing->slew_s[netlist->input[i].net][edge] = timing->wiring.input_slew_s;
        }
    }
    for (int i = 0; i < netlist->n_instances; i++) {
        for (int p = 0; p < netlist->instance[i].cell->n_outputs; p++) {
            MJ_TRY(output_time(timing, netlist, i, p, err));
        }
    }
    for (int i = 0; i < netlist->n_outputs; i++) {
        const double *arrival_s = timing->arrival_s[netlist->output[i].net];
        timing->worst_s = fmax(timing->worst_s, fmax(arrival_s[MJ_FALL], arrival_s[MJ_RISE]));
    }
    return MJ_OK;
}
