/* Measurement: vectors through the netlist with delays, toggles into joules. */
#include "mj/measurement.h"

#include "mj/simulate.h"
#include "mj/vectors.h"

#include <stdio.h>
#include <string.h>

enum { VECTORS_DEFAULT = 1000, NAME_MAX = 24 };

static const char readout_prefix[] = "readout.";

/* What the steps share. */
typedef struct {
    mj_measured_circuit *circuit;
    const mj_manifest *manifest;
    const char *folder;
    mj_arena *arena;
    mj_err *err;
} job;

static mj_status no_memory(const job *j)
{
    return mj_err_add(j->err, MJ_EMEM, NULL, 0, 0, "no memory for a measurement");
}

/* Ports x0, x1, .. as words, of the first n_vectors rows of vectors.bin. */
static mj_status inputs_load(const job *j)
{
    mj_measured_circuit *c = j->circuit;
    const mj_manifest *m = j->manifest;
    const size_t words = mj_simulate_words(c->n_vectors);
    const char *path = mj_arena_printf(j->arena, "%s/vectors.bin", j->folder);
    mj_vectors vectors;
    if (!path) {
        return no_memory(j);
    }
    MJ_TRY(mj_vectors_load(&vectors, path, m->n_vectors, m->n_inputs, j->arena, j->err));
    c->input = mj_arena_array(j->arena, (size_t)c->netlist.n_inputs * words, sizeof *c->input);
    if (!c->input) {
        return no_memory(j);
    }
    for (int i = 0; i < m->n_inputs; i++) {
        char name[NAME_MAX];
        snprintf(name, sizeof name, "x%d", i);
        const int port = mj_netlist_input(&c->netlist, name);
        if (port < 0) {
            return mj_err_add(j->err, MJ_ENAME, c->netlist.path, 0, 0, "no input %s", name);
        }
        for (int v = 0; v < c->n_vectors; v++) {
            c->input[(size_t)port * words + (size_t)v / 64] |=
                (uint64_t)mj_vectors_get(&vectors, v, i) << v % 64;
        }
    }
    return MJ_OK;
}

static mj_status circuit_load(const job *j, const mj_liberty *liberty,
                              const mj_measurement_config *config)
{
    mj_measured_circuit *c = j->circuit;
    const int most = config->n_vectors > 0 ? config->n_vectors : VECTORS_DEFAULT;
    const char *path = mj_arena_printf(j->arena, "%s/gate.json", j->folder);
    const char *top = mj_arena_printf(j->arena, "%s_top", j->manifest->name);
    c->n_vectors = j->manifest->n_vectors < most ? j->manifest->n_vectors : most;
    if (!path || !top) {
        return no_memory(j);
    }
    if (!j->manifest->mapped) {
        return mj_err_add(j->err, MJ_ETOOL, j->folder, 0, 0,
                          "the circuit was not mapped onto cells when it was written");
    }
    if (c->n_vectors < 2) {
        return mj_err_add(j->err, MJ_ERANGE, j->folder, 0, 0, "an energy needs at least two vectors");
    }
    MJ_TRY(mj_netlist_load(&c->netlist, path, top, liberty, j->arena, j->err));
    MJ_TRY(inputs_load(j));
    return mj_timing_compute(&c->timing, &c->netlist, &config->wiring, j->arena, j->err);
}

static void per_output(mj_energy *energy, double steps)
{
    energy->switching_J /= steps;
    energy->internal_J /= steps;
    energy->wires_J /= steps;
}

/* Energies of core and read-out; parts[0], parts[1]: marks of their instances. */
static mj_status parts_sum(mj_measurement *r, const job *j, const uint64_t *toggles,
                           const uint64_t *steady, bool *const parts[2])
{
    const mj_netlist *n = &j->circuit->netlist;
    const mj_timing *t = &j->circuit->timing;
    const double steps = r->n_vectors - 1;
    const struct {
        mj_energy *energy;
        const uint64_t *toggles;
        const bool *part;
    } sums[] = {{&r->core, toggles, parts[0]},
                {&r->readout, toggles, parts[1]},
                {&r->core_still, steady, parts[0]},
                {&r->readout_still, steady, parts[1]}};
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        MJ_TRY(mj_energy_compute(sums[i].energy, n, t, sums[i].toggles, sums[i].part, j->err));
        per_output(sums[i].energy, steps);
    }
    r->steady_J = mj_energy_dynamic_J(&r->core_still) + mj_energy_dynamic_J(&r->readout_still);
    r->inputs_J = mj_energy_inputs_J(n, t, toggles) / steps;
    r->leakage_J = (r->core.leakage_W + r->readout.leakage_W) * r->delay_s;
    r->total_J = mj_energy_dynamic_J(&r->core) + mj_energy_dynamic_J(&r->readout) + r->inputs_J +
                 r->leakage_J;
    for (int i = MJ_NET_FIRST; i < n->n_nets; i++) {
        r->toggles += (double)toggles[i] / steps;
    }
    return MJ_OK;
}

mj_status mj_measurement_run(mj_measurement *result, mj_measured_circuit *circuit,
                             const mj_manifest *manifest, const char *folder,
                             const mj_liberty *liberty, const mj_measurement_config *config,
                             mj_arena *arena, mj_err *err)
{
    const job j = {circuit, manifest, folder, arena, err};
    const mj_netlist *n = &circuit->netlist;
    MJ_TRY(circuit_load(&j, liberty, config));
    *result = (mj_measurement){.n_vectors = circuit->n_vectors, .wiring = circuit->timing.wiring,
                               .delay_s = circuit->timing.worst_s};
    uint64_t *toggles = mj_arena_array(arena, (size_t)n->n_nets, sizeof *toggles);
    uint64_t *steady = mj_arena_array(arena, (size_t)n->n_nets, sizeof *steady);
    bool *core = mj_arena_array(arena, (size_t)n->n_instances, sizeof *core);
    bool *readout = mj_arena_array(arena, (size_t)n->n_instances, sizeof *readout);
    if (!toggles || !steady || !core || !readout) {
        return no_memory(&j);
    }
    for (int i = 0; i < n->n_instances; i++) {
        readout[i] = strncmp(n->instance[i].name, readout_prefix, sizeof readout_prefix - 1) == 0;
        core[i] = !readout[i];
        result->n_adders += readout[i] && n->instance[i].cell->n_outputs == 2;
    }
    MJ_TRY(mj_simulate_function(NULL, steady, n, circuit->input, circuit->n_vectors, arena, err));
    MJ_TRY(mj_simulate_events(NULL, toggles, &result->settle_s, n, &circuit->timing, circuit->input,
                              circuit->n_vectors, arena, err));
    return parts_sum(result, &j, toggles, steady, (bool *const[]){core, readout});
}
