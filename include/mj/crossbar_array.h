/* What a crossbar of pairs is worth as a multiplier: how far its currents are from the products, what
 * noise and settling take, what energy.
 *
 *   weight w in [-1, 1]:  G+ = G_off + max(w, 0) (G_on - G_off),  G- likewise of -w
 *   I_j = sum_i (G+_ij - G-_ij) V_i             inputs V in [-V_read, V_read]
 *
 * Two arrays as of crossbar.h, one a sign. Departures come one by one, over the rms of the ideal currents:
 * the wires; conductances at so many levels; conductances off by a share of G_on when programmed. Thermal
 * noise of all conductances at a column's foot, 4 k T G [johnson1928], in the noise bandwidth pi/2 f of a
 * read-out amplifier of one pole f. Effective bits are those of all of them together: (SNR - 1.76 dB) /
 * 6.02 dB. Settling to 1 % is ln 100 times the amplifier's time constant and the wires' (Elmore
 * [elmore1948]: half the wire's resistance times its capacitance, row and column). Energy: power of the
 * drivers times that; converters and amplifiers stand beside it (mj measure crossbar). */
#ifndef MJ_CROSSBAR_ARRAY_H
#define MJ_CROSSBAR_ARRAY_H

#include "mj/crossbar.h"

#include <stdint.h>

enum { MJ_CROSSBAR_LEVELS_MAX = 1 << 16, MJ_CROSSBAR_INPUTS_MAX = 10000 };

typedef struct {
    int n_rows, n_columns;
    double wire_ohm, wire_F;  /* of a cell, along row and column each */
    double on_S, off_S;       /* largest and smallest conductance */
    int n_levels;             /* of a conductance; 0: any */
    double programming;       /* standard deviation of a conductance, over on_S */
    double read_V, bandwidth_Hz, temperature_K;
    int n_inputs;             /* vectors tried */
    uint64_t seed;            /* of weights, inputs, programming */
} mj_crossbar_array;

typedef struct {
    double wires, levels, programming, all; /* rms departures over the ideal currents' rms */
    double noise;                           /* the same of thermal noise */
    double snr_dB, effective_bits;
    double settling_s;
    double power_W;                         /* of the drivers, mean over inputs */
    double array_J;                         /* of one product of matrix and vector */
    double rms_A, largest_A;                /* of all ideal products: what the converters see */
    double column_S, column_A;              /* of one array's column: its conductances together, mean;
                                               its largest current: what an amplifier holds and gives */
} mj_crossbar_figures;

/* MJ_ERANGE for what cannot be, with the key's name in the text. */
mj_status mj_crossbar_array_measure(mj_crossbar_figures *figures, const mj_crossbar_array *array,
                                    mj_err *err);
/* The two arrays of conductances [n_rows, n_columns] with all departures, and inputs [n_rows]: what a
 * circuit simulator is given to solve as well. */
void mj_crossbar_array_fill(double *plus_S, double *minus_S, double *input_V,
                            const mj_crossbar_array *array);

#endif
