/* Proof: the same vectors through every form of a circuit, and the search for an input that tells the
 * core's netlist from its Verilog. */
#include "mj/proof.h"

#include "mj/clock.h"

#include <stdio.h>
#include <string.h>

#include "mj/simulate.h"
#include "mj/vectors.h"
#include "mj/verilator.h"

static const double LIMIT_DEFAULT_S = 600, FORMAL_DEFAULT_S = 100;
enum { NAME_ROOM = 32 };

/* What the steps share. */
typedef struct {
    const mj_manifest *manifest;
    const char *folder;
    const mj_liberty *liberty;
    mj_proof_config config;
    mj_vectors in, expected;
    mj_arena *arena;
    mj_err *err;
} job;

int mj_proof_mismatches(const mj_proof *proof)
{
    int n = proof->rtl_mismatches > proof->core_mismatches ? proof->rtl_mismatches
                                                           : proof->core_mismatches;
    return proof->gate_mismatches > n ? proof->gate_mismatches : n;
}

static mj_status no_memory(mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a comparison");
}

static int compare(mj_proof *proof, const mj_vectors *got, const job *j)
{
    int first, n = mj_vectors_differ(&first, got, &j->expected);
    if (n > 0 && (proof->first < 0 || first < proof->first)) {
        proof->first = first;
    }
    return n;
}

static mj_status check_rtl(mj_proof *proof, const job *j)
{
    mj_vectors got;
    const mj_verilator_job run = {.folder = j->folder, .name = j->manifest->name, .n = j->in.n,
                                  .n_inputs = j->in.n_bits, .n_checked = j->expected.n_bits,
                                  .limit_s = j->config.limit_s};
    double start_s = mj_clock_s();
    MJ_TRY(mj_verilator_run(&got, &run, j->arena, j->err));
    proof->rtl_s = mj_clock_s() - start_s;
    proof->rtl_mismatches = compare(proof, &got, j);
    return MJ_OK;
}

/* Rows into the words of the netlist's ports, x0 .. by their names. */
static mj_status fill_ports(uint64_t *word, const mj_netlist *netlist, const job *j)
{
    size_t n_words = mj_simulate_words(j->in.n);
    for (int i = 0; i < j->in.n_bits; i++) {
        char name[NAME_ROOM];
        snprintf(name, sizeof name, "x%d", i);
        int port = mj_netlist_input(netlist, name);
        if (port < 0) {
            return mj_err_add(j->err, MJ_ENAME, netlist->path, 0, 0, "no input %s", name);
        }
        for (int v = 0; v < j->in.n; v++) {
            word[(size_t)port * n_words + (size_t)v / 64] |=
                (uint64_t)mj_vectors_get(&j->in, v, i) << v % 64;
        }
    }
    return MJ_OK;
}

/* The name of bit `at` of a row of expected.bin. */
static void name_bit(char name[NAME_ROOM], const mj_manifest *m, int at)
{
    if (at < m->n_signals) {
        snprintf(name, NAME_ROOM, "y%d", at);
        return;
    }
    at -= m->n_signals;
    for (int g = 0; g < m->n_groups; g++) {
        if (at < m->group[g].n_bits) {
            snprintf(name, NAME_ROOM, "s%d_%d", g, at);
            return;
        }
        at -= m->group[g].n_bits;
    }
    snprintf(name, NAME_ROOM, "class_%d", at);
}

/* A netlist that has bits [first, end) of the rows as its outputs. */
typedef struct {
    const char *file, *module; /* module: how its name ends */
    int first, end;
} part;

/* The rows through a part; bits that it has not are taken as expected. */
static mj_status simulate(int *mismatches, mj_proof *proof, const job *j, const part *of)
{
    mj_netlist netlist;
    mj_vectors got;
    const char *path = mj_arena_printf(j->arena, "%s/%s", j->folder, of->file);
    const char *top = mj_arena_printf(j->arena, "%s_%s", j->manifest->name, of->module);
    if (!path || !top) {
        return no_memory(j->err);
    }
    MJ_TRY(mj_netlist_load(&netlist, path, top, j->liberty, j->arena, j->err));
    size_t n_words = mj_simulate_words(j->in.n);
    uint64_t *in = mj_arena_array(j->arena, (size_t)netlist.n_inputs * n_words, sizeof *in);
    uint64_t *out = mj_arena_array(j->arena, (size_t)netlist.n_outputs * n_words, sizeof *out);
    if (!in || !out) {
        return no_memory(j->err);
    }
    MJ_TRY(fill_ports(in, &netlist, j));
    MJ_TRY(mj_simulate_function(out, NULL, &netlist, in, j->in.n, j->arena, j->err));
    MJ_TRY(mj_vectors_new(&got, j->in.n, j->expected.n_bits, j->arena, j->err));
    memcpy(got.row, j->expected.row, (size_t)got.n * got.row_B);
    for (int bit = of->first; bit < of->end; bit++) {
        char name[NAME_ROOM];
        name_bit(name, j->manifest, bit);
        int port = mj_netlist_output(&netlist, name);
        if (port < 0) {
            return mj_err_add(j->err, MJ_ENAME, path, 0, 0, "no output %s", name);
        }
        for (int v = 0; v < j->in.n; v++) {
            mj_vectors_set(&got, v, bit, out[(size_t)port * n_words + (size_t)v / 64] >> v % 64 & 1);
        }
    }
    *mismatches = compare(proof, &got, j);
    return MJ_OK;
}

static mj_status check_gates(mj_proof *proof, const job *j)
{
    double start_s = mj_clock_s();
    int n_signals = j->manifest->n_signals;
    const part core = {"core_gate.json", "core", 0, n_signals};
    const part whole = {"gate.json", "top", n_signals, j->expected.n_bits};
    MJ_TRY(simulate(&proof->core_mismatches, proof, j, &core));
    MJ_TRY(simulate(&proof->gate_mismatches, proof, j, &whole));
    proof->gate_s = mj_clock_s() - start_s;
    return MJ_OK;
}

static mj_status check_formally(mj_proof *proof, const job *j)
{
    const mj_yosys_job run = {.folder = j->folder, .name = j->manifest->name,
                              .limit_s = j->config.formal_limit_s};
    double start_s = mj_clock_s();
    MJ_TRY(mj_yosys_prove(&proof->verdict, &run, j->arena, j->err));
    proof->formal_s = mj_clock_s() - start_s;
    return MJ_OK;
}

static mj_status load_vectors(job *j)
{
    const mj_manifest *m = j->manifest;
    const char *in = mj_arena_printf(j->arena, "%s/vectors.bin", j->folder);
    const char *expected = mj_arena_printf(j->arena, "%s/expected.bin", j->folder);
    if (!in || !expected) {
        return no_memory(j->err);
    }
    MJ_TRY(mj_vectors_load(&j->in, in, m->n_vectors, m->n_inputs, j->arena, j->err));
    return mj_vectors_load(&j->expected, expected, m->n_vectors, mj_manifest_checked_bits(m), j->arena,
                           j->err);
}

mj_status mj_proof_run(mj_proof *proof, const mj_manifest *manifest, const char *folder,
                       const mj_liberty *liberty, const mj_proof_config *config, mj_arena *arena,
                       mj_err *err)
{
    job j = {.manifest = manifest, .folder = folder, .liberty = liberty, .config = *config,
             .arena = arena, .err = err};
    *proof = (mj_proof){.n_vectors = manifest->n_vectors, .rtl_mismatches = -1, .core_mismatches = -1,
                        .gate_mismatches = -1, .first = -1, .verdict = MJ_UNDECIDED};
    j.config.limit_s = config->limit_s > 0 ? config->limit_s : LIMIT_DEFAULT_S;
    j.config.formal_limit_s = config->formal_limit_s > 0 ? config->formal_limit_s : FORMAL_DEFAULT_S;
    if (!manifest->mapped) {
        return mj_err_add(err, MJ_ETOOL, folder, 0, 0,
                          "the circuit was not mapped onto cells when it was written");
    }
    MJ_TRY(load_vectors(&j));
    MJ_TRY(check_gates(proof, &j));
    if (!config->no_formal) {
        MJ_TRY(check_formally(proof, &j));
    }
    return config->no_rtl ? MJ_OK : check_rtl(proof, &j);
}
