/* Crossbar file: what mj measure crossbar leaves: a substrate, from which a net of analog layers is judged,
 * and facts for bills.
 *
 *   MJ_TRY(mj_crossbar_substrate_load(&substrate, path, units, arena, err));
 *   const mj_analog machine = mj_crossbar_analog(&substrate);
 *
 * All departures are over the rms of a product's sum, of weights and inputs that are uniform up to the
 * largest: a net whose weights are mostly small has smaller sums and loses more. */
#ifndef MJ_CROSSBAR_FILE_H
#define MJ_CROSSBAR_FILE_H

#include "mj/analog.h"
#include "mj/crossbar_array.h"
#include "mj/units.h"

typedef struct {
    const char *name, *commit;
    int n_rows, n_columns, n_levels; /* 0 levels: any */
    double wire_ohm, on_S, off_S, read_V, bandwidth_Hz, temperature_K;
    double wires, levels, programming, noise; /* rms over rms, as in mj_crossbar_figures */
    double effective_bits, settling_s;
    double array_JpMAC, product_JpMAC;        /* of a product: the array alone; converters, amplifiers too */
} mj_crossbar_substrate;

/* joules: of a whole product of matrix and vector (crossbar_bill.h). */
mj_crossbar_substrate mj_crossbar_substrate_make(const mj_crossbar_array *array,
                                                 const mj_crossbar_figures *figures, double joules,
                                                 const char *commit);
/* Wires and noise before the non-linearity, programming as mismatch, levels as bits of a weight. */
mj_analog mj_crossbar_analog(const mj_crossbar_substrate *substrate);

mj_status mj_crossbar_substrate_save(const char *path, const mj_crossbar_substrate *substrate, mj_err *err);
/* Texts in the arena. */
mj_status mj_crossbar_substrate_load(mj_crossbar_substrate *substrate, const char *path,
                                     const mj_units *units, mj_arena *arena, mj_err *err);
/* Family circuit-crossbar, class simulated. */
mj_status mj_crossbar_facts_save(const char *path, const mj_crossbar_substrate *substrate, mj_err *err);

#endif
