/* Energy: a sum over the cells.
 *
 * Rises and falls of a net alternate, so half of the toggles are each and the mean of both tables is
 * exact up to one toggle. Which input caused a toggle is not known: the mean over the arcs is weighted by
 * how often each arc's input toggled. */
#include "mj/energy.h"

static double half_CV2(double load_F, double voltage_V)
{
    return 0.5 * load_F * voltage_V * voltage_V;
}

/* Mean of an arc's two tables; false if it has none. */
static bool arc_energy(double *energy_J, const mj_timing *timing, const mj_liberty_arc *arc, int input,
                       int output)
{
    double sum_J = 0;
    int n = 0;
    for (mj_edge edge = MJ_FALL; edge < MJ_EDGES_N; edge++) {
        if (arc->energy_J[edge]) {
            sum_J += mj_liberty_look_up(arc->energy_J[edge], timing->load_F[output],
                                        mj_timing_slew_s(timing, input, arc->sense, edge));
            n++;
        }
    }
    *energy_J = n > 0 ? sum_J / n : 0;
    return n > 0;
}

static mj_status output_energy(double *energy_J, const mj_netlist *netlist, const mj_timing *timing,
                               const uint64_t *toggles, const mj_instance *x, int pin, mj_err *err)
{
    const int net = x->output[pin];
    double weighted_J = 0, weight = 0, plain_J = 0, one_J;
    int n = 0;
    for (int p = 0; p < x->cell->n_inputs; p++) {
        if (arc_energy(&one_J, timing, &x->cell->output[pin].arc[p], x->input[p], net)) {
            weighted_J += (double)toggles[x->input[p]] * one_J;
            weight += (double)toggles[x->input[p]];
            plain_J += one_J;
            n++;
        }
    }
    if (n == 0) {
        return mj_err_add(err, MJ_ESUPPORT, netlist->liberty->path, x->cell->line, 0,
                          "the cell %s has no energy tables (internal_power) at %s", x->cell->name,
                          x->cell->output[pin].name);
    }
    *energy_J = (double)toggles[net] * (weight > 0 ? weighted_J / weight : plain_J / n);
    return MJ_OK;
}

/* What toggles of the input pins cost inside the cell, where the library counts that apart. */
static double pins_energy_J(const mj_timing *timing, const uint64_t *toggles, const mj_instance *x)
{
    double sum_J = 0;
    for (int p = 0; p < x->cell->n_inputs; p++) {
        const mj_liberty_input *input = &x->cell->input[p];
        for (mj_edge edge = MJ_FALL; edge < MJ_EDGES_N; edge++) {
            sum_J += (double)toggles[x->input[p]] / MJ_EDGES_N *
                     mj_liberty_look_up(input->energy_J[edge], 0, timing->slew_s[x->input[p]][edge]);
        }
    }
    return sum_J;
}

mj_status mj_energy_compute(mj_energy *energy, const mj_netlist *netlist, const mj_timing *timing,
                            const uint64_t *toggles, const bool *marked, mj_err *err)
{
    const double voltage_V = netlist->liberty->voltage_V;
    *energy = (mj_energy){0};
    for (int i = 0; i < netlist->n_instances; i++) {
        const mj_instance *x = &netlist->instance[i];
        if (marked && !marked[i]) {
            continue;
        }
        energy->n_cells++;
        energy->leakage_W += x->cell->leakage_W;
        energy->area_m2 += x->cell->area_m2;
        energy->internal_J += pins_energy_J(timing, toggles, x);
        for (int p = 0; p < x->cell->n_outputs; p++) {
            const int net = x->output[p];
            double internal_J = 0;
            if (net >= 0 && toggles[net] > 0) {
                MJ_TRY(output_energy(&internal_J, netlist, timing, toggles, x, p, err));
                energy->internal_J += internal_J;
                energy->switching_J += (double)toggles[net] * half_CV2(timing->load_F[net], voltage_V);
                energy->wires_J += (double)toggles[net] * half_CV2(timing->wire_F[net], voltage_V);
            }
        }
    }
    return MJ_OK;
}

double mj_energy_inputs_J(const mj_netlist *netlist, const mj_timing *timing, const uint64_t *toggles)
{
    double sum_J = 0;
    for (int i = 0; i < netlist->n_inputs; i++) {
        const int net = netlist->input[i].net;
        sum_J += (double)toggles[net] * half_CV2(timing->load_F[net], netlist->liberty->voltage_V);
    }
    return sum_J;
}
