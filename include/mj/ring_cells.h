/* Ring cells: the circuits beside rings without which nobody starts, tunes, couples or reads them.
 *
 *   trim      p-channel transistors between the supply and a ring: one always on, and b with conductances
 *             of 1 : 2 : 4 ..; the drop at them sets the ring's supply, and so its frequency
 *   read-out  a flip-flop samples the ring at a strobe that is slower than it by one in 2^b, so that its
 *             phase walks by a step every time; a counter counts strobes until the sample rises
 *   start     a ring whose first stage is a NAND stands until a counter, set beforehand, has counted so
 *             many of the same strobes
 *   coupler   b resistors of 1 : 1/2 : 1/4 .., each from the node that listens to one of two transmission
 *             gates, at the output and at its opposite, or to none
 *   bit       the memory cell of six transistors that holds one setting of a trim or coupler
 *
 * Every cell is transistors of the same models as the ring, and its function is checked in ngspice before
 * its joules count. Without wires. What strobes are made of is not in them: a second reference ring, shared
 * by all. Energies are what the supply gives. */
#ifndef MJ_RING_CELLS_H
#define MJ_RING_CELLS_H

#include "mj/ring.h"

enum { MJ_CELL_BITS_MAX = 12 };

/* What every cell has. Areas: gates and contacts of transistors, as the wind tunnel counts rings; no
 * resistors, no wires. */
typedef struct {
    const char *name;
    bool works;       /* its function held in every check */
    int n_bits;       /* memory cells that hold its setting */
    int n_transistors; /* without them */
    double active_m2;
    double use_J;     /* of one use: a setting, a start, a sample, a bit written; 0: none of its own */
    double cycle_J;   /* while the ring runs, a cycle */
    double static_W;  /* standing still */
    double delay_s;
} mj_cell_figures;

enum { MJ_TRIM_CODES_MAX = 2 * MJ_CELL_BITS_MAX + 1 };
typedef struct {
    mj_cell_figures cell; /* cycle_J: lost in the transistors; use_J: all gates switched; delay_s: until the
                             frequency stands to a tenth of what all bits change */
    int n_codes, code[MJ_TRIM_CODES_MAX]; /* looked at: on both sides of every place where many bits change */
    double faster[MJ_TRIM_CODES_MAX];     /* frequency of a code over that of 0, less 1 */
    double range;         /* highest frequency over lowest, less 1 */
    double step_least, step_largest; /* of the frequency, relative, from a code to the next */
    double drop_V;        /* at the middle code */
} mj_trim_figures;
/* reach: of the frequency, to either side, that the sizes are made for. gap: the largest step, relative, with
 * which the cell works. The ring's energy and detuning size the transistors. */
typedef struct {
    int n_bits;
    double reach, gap;
} mj_trim_request;
mj_status mj_trim_measure(mj_trim_figures *trim, const mj_trim_request *request, const mj_ring *ring,
                          const mj_ring_figures *figures, const mj_spice_job *job, mj_err *err);

typedef struct {
    double offset_s[2];  /* how long before the strobe a fall, a rise must be there to be seen */
    double aperture_s;   /* the wider of the windows in which a decision takes over twice its time */
    double delay_s;      /* strobe to output */
} mj_sampler_figures;
/* The flip-flop alone. */
mj_status mj_sampler_measure(mj_sampler_figures *sampler, const mj_ring *ring, const mj_ring_figures *figures,
                             const mj_spice_job *job, mj_err *err);

enum { MJ_CELL_TRIALS_MAX = 8 };
typedef struct {
    mj_cell_figures cell; /* use_J: one phase read; delay_s: 2^b strobes */
    mj_sampler_figures sampler;
    double step;          /* a code, in turns */
    int n, code[MJ_CELL_TRIALS_MAX], expected[MJ_CELL_TRIALS_MAX];
    int off;              /* of every code, the same: what the sampler's offset leaves, for a calibration */
} mj_readout_figures;
/* n phases over a turn. It works if codes differ as phases do, all off by the same one at most. */
mj_status mj_readout_measure(mj_readout_figures *readout, int n_bits, int n, const mj_ring *ring,
                             const mj_ring_figures *figures, const mj_spice_job *job, mj_err *err);

typedef struct {
    mj_cell_figures cell; /* use_J: counter and NAND, one start; cycle_J: a ring's with the NAND less without;
                             delay_s: strobe to node 0 of the ring, first crossing */
    double step;          /* a code, in turns */
    double period_s;      /* of a ring with the NAND */
    double rms, largest;  /* rad, of n starts from an even staircase */
    int n;
} mj_start_figures;
mj_status mj_start_measure(mj_start_figures *start, int n_bits, int n, const mj_ring *ring,
                           const mj_ring_figures *figures, const mj_spice_job *job, mj_err *err);

typedef struct {
    mj_cell_figures cell;   /* cycle_J: of the gates, all off; static_W: all off, the supply across; delay_s:
                               a gate's resistance times what hangs on it */
    double gate_ohm;        /* of a transmission gate that is on, near the rails */
    double gate_ohm_most;   /* the most over the range of voltages */
    double unit_S;          /* of the smallest bit, fitted */
    double inl;             /* largest deviation from code times unit, in units */
    double bent;            /* largest deviation of a current from a straight line, of full scale */
    double carried_J;       /* of a split ring whose outputs carry MJ_COUPLERS_HUNG alike: each one's share of what its
                             * cycle takes more, couplers and what they ask of the outputs; 0: not measured */
    double driven_J;        /* a cycle of all bits on, between two waves a quarter apart, more than off */
} mj_coupler_figures;
enum { MJ_COUPLERS_HUNG = 4 };
/* Of a transmission gate as couplers have them, on: near the rails, and the most over the range of voltages. */
mj_status mj_coupler_measure_gate(double *ohm, double *most_ohm, const mj_ring *ring, const mj_spice_job *job,
                                  mj_err *err);
/* All bits on: conductance_S. */
mj_status mj_coupler_measure(mj_coupler_figures *coupler, int n_bits, double conductance_S,
                             const mj_ring *ring, const mj_ring_figures *figures,
                             const mj_spice_job *job, mj_err *err);

/* use_J: 0 and 1 written, mean; delay_s: the later of the two. */
mj_status mj_bit_measure(mj_cell_figures *bit, const mj_ring *ring, const mj_spice_job *job, mj_err *err);

#endif
