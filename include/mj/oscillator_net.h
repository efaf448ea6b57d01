/* Oscillator net: coupled phase oscillators whose phases are the image. There is no decoder.
 *
 *   visible oscillators   pixel = (1 - cos theta) / 2, one a pixel; start at a learned phase
 *   hidden, fixed         start at a learned phase
 *   hidden, random        start at a random phase: the only randomness but phase noise
 *
 * in this order. Start phases, frequencies and the injected wave are tables with a row a class. A net
 * is a few nodes on a tape: couplings as a chip has them -> start and run -> read-out. */
#ifndef MJ_OSCILLATOR_NET_H
#define MJ_OSCILLATOR_NET_H

#include "mj/physics.h"
#include "mj/tape.h"

/* Fixed when the net is recorded. */
typedef struct {
    int width, height; /* of the image: visible oscillators */
    int hidden_fixed, hidden_random;
    int n_class;
    int n_batch;
    int n_steps_max; /* of runs that will be differentiated */
    mj_integrator integrator;
    mj_precision precision;
    double lr_coupling; /* learning rate of couplings over that of the rest */
    int n_segments;     /* equal parts of the run, each with its own couplings; 0 means 1 */
    mj_phase_response response;
} mj_oscillator_net;

/* What may differ from one pass to the next: see physics.h. start.random is mj_oscillator_random's. */
typedef struct {
    mj_kuramoto_run run;
    mj_phase_start start;
    mj_coupling coupling;
    mj_real *path; /* NULL, or [n_steps+1,B,N]: receives the phases at all step ends */
} mj_oscillator_run;

typedef struct {
    mj_var theta0, K, omega, omega_class, drive_cos, drive_sin; /* parameters; K [N,N] or [P,N,N] */
    mj_var label;                                               /* [B] */
    mj_var theta;                                               /* [B,N] at read-out */
    mj_var pixel;                                               /* [B, height*width] in [0, 1] */
} mj_oscillator_vars;

/* Visible and hidden. */
int mj_oscillator_count(const mj_oscillator_net *net);
/* n_steps or the next multiple of the segments, so that all of these are equally long. */
int mj_oscillator_steps(int n_steps, int n_segments);
/* Records the net; *run is borrowed for the tape's life. Refuses sizes that are not positive. */
mj_status mj_oscillator_record(mj_oscillator_vars *vars, mj_tape *tape, const mj_oscillator_net *net,
                               const mj_oscillator_run *run, mj_err *err);
/* random [N]: 1 where an oscillator starts at a random phase. */
void mj_oscillator_random(uint8_t *random, const mj_oscillator_net *net);
/* Start of a training, after mj_tape_allocate(): weak random couplings plus positive ones between
 * neighbouring pixels, visible phases where the read-out is steepest. */
void mj_oscillator_init(mj_tape *tape, const mj_oscillator_vars *vars, const mj_oscillator_net *net,
                        uint64_t seed);

/* What can be wired; 0: no limit. */
typedef struct {
    double reach;   /* pixels between two coupled oscillators */
    int degree;     /* incoming couplings of an oscillator */
    double density; /* share of all couplings */
    bool symmetric; /* pairs, both ways or none */
} mj_oscillator_wiring;

bool mj_oscillator_is_limited(const mj_oscillator_wiring *wiring);

/* Where oscillators sit, in pixels: x, y [N]. Visible ones in the middle of their pixel. Of the hidden
 * ones, those that start at a fixed phase are spread evenly over the image and those that start at a
 * random one again: rows as long as the image's sides suggest, the last as wide as the others with
 * what is left. */
void mj_oscillator_place(double *x, double *y, const mj_oscillator_net *net);

/* What a net that nothing is known of is wired by, in place of the strength of trained couplings: each
 * oscillator prefers the four pixels beside it, then hidden ones over pixels, else it draws lots. Both
 * ways the same. strength [N,N] */
void mj_oscillator_prefer(mj_real *strength, const mj_oscillator_net *net, uint64_t seed);

/* mask [N,N] of what is wired: all within reach, of those the strongest at each oscillator, of those
 * the strongest of all. No coupling of strength 0 is. Scratch from the arena. */
mj_status mj_oscillator_wire(uint8_t *mask, const mj_real *strength, const mj_oscillator_net *net,
                             const mj_oscillator_wiring *wiring, mj_arena *arena, mj_err *err);

#endif
