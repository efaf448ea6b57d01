/* Proof: is the circuit in a folder the network that it was made from?
 *
 *   vectors   network = Verilog (verilator) = mapped core, mapped whole (own simulator, with the functions
 *             that the library states), bit by bit: signals between core and read-out, scores, class
 *   formal    mapped core = Verilog of the core, on all inputs (yosys)
 *
 * What the network makes of the vectors was written by mj realize (expected.bin). */
#ifndef MJ_PROOF_H
#define MJ_PROOF_H

#include "mj/liberty.h"
#include "mj/manifest.h"
#include "mj/yosys.h"

typedef struct {
    double limit_s;        /* of one run of a tool; 0: 600 */
    double formal_limit_s; /* of the search; 0: 100 */
    const char *root;      /* of private folders; NULL: /tmp */
    bool no_rtl, no_formal;
} mj_proof_config;

/* Vectors on which any bit differs; -1 where that was not run. */
typedef struct {
    int n_vectors;
    int rtl_mismatches, core_mismatches, gate_mismatches;
    int first; /* vector that differs, -1: none */
    mj_verdict verdict;
    double rtl_s, gate_s, formal_s; /* wall clock, tools and all */
} mj_proof;

/* The largest of the mismatches. */
int mj_proof_mismatches(const mj_proof *proof);

/* A circuit that differs is a result, not a failure. MJ_ETOOL for a tool that is missing or failed, or a
 * circuit that was not mapped; MJ_ESYNTAX and others for files that do not belong together. What was done
 * until then is in *proof. */
mj_status mj_proof_run(mj_proof *proof, const mj_manifest *manifest, const char *folder,
                       const mj_liberty *liberty, const mj_proof_config *config, mj_arena *arena,
                       mj_err *err);

#endif
