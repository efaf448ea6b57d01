/* Physics on the tape: the layers of src/physics, as layer.h has those of src/layer.
 *
 *   mj_var K = mj_couple(tape, M, &coupling);
 *   mj_var start = mj_phase_start_at(tape, theta0, labels, &phase_start);
 *   mj_var theta = mj_oscillate(tape, (mj_oscillate_inputs){...}, config);
 *   mj_var x = mj_phase_read(tape, theta, n_visible);
 *
 * What may change from step to step (steps, span, noise, first sample, bits, the chip) stands in
 * structs of the caller, which the tape reads at every pass: they must live as long as the tape,
 * and must not change between a forward and its backward. */
#ifndef MJ_PHYSICS_H
#define MJ_PHYSICS_H

#include "mj/coupling.h"
#include "mj/kuramoto.h"
#include "mj/phases.h"
#include "mj/tape.h"

/* All layers of this library, NULL last. */
extern const mj_layer *const mj_physics_layers[];

/* K, as coupling.h, from M [N,N] or [P,N,N]; n and n_segments follow the shape. No MAC. */
mj_var mj_couple(mj_tape *tape, mj_var M, const mj_coupling *coupling);

/* Start phases [B,N], as phases.h, from theta0 [n_class,N] and labels [B]. n and n_batch follow the
 * shapes, the noise's key is the tape's; bits, first_sample and random are the caller's. */
mj_var mj_phase_start_at(mj_tape *tape, mj_var theta0, mj_var labels, const mj_phase_start *start);

/* Phases [B,N] at read-out, as kuramoto.h. The key of the noise is the tape's, in place of run's.
 * */
typedef struct {
    mj_integrator integrator;
    mj_phase_response response;
    mj_precision precision;
    int n_steps_max;            /* memory is for so many */
    const mj_kuramoto_run *run; /* n_steps at most n_steps_max when there is a backward */
    mj_real *const *path;       /* NULL, or where it says whether the phases at all step ends are
                                 * wanted: NULL, or [n_steps+1,B,N] of the caller's */
} mj_oscillate_config;
/* theta0 [B,N], K [N,N] or [P,N,N], omega [N]; then labels [B] with tables [n_class,N], or MJ_NONE:
 * omega_class alone, or all three. */
typedef struct {
    mj_var theta0, K, omega, labels, omega_class, drive_cos, drive_sin;
} mj_oscillate_inputs;
mj_var mj_oscillate(mj_tape *tape, mj_oscillate_inputs in, mj_oscillate_config config);

/* A recurrent cell over sequences (tape.h): tokens push phases that couple, and are read as sines
 * and cosines. force [B,T,2N], W [N,N], omega [N], log_dt [N] -> [B,T,2N] = (sin, cos). A token is
 * n_substeps (0: 1) Euler steps that together span exp(log_dt) each oscillator. Starts well below
 * chaos: W of deviation 0.3/sqrt(N). */
typedef struct {
    int n_substeps;
} mj_kuramoto_cell_config;
typedef struct {
    mj_var force, W, omega, log_dt;
} mj_kuramoto_cell_inputs;
mj_var mj_kuramoto_cell(mj_tape *tape, mj_kuramoto_cell_inputs in, mj_kuramoto_cell_config config);

/* x [B,n_visible] = (1 - cos theta)/2 of the first n_visible of theta [B,N]. */
mj_var mj_phase_read(mj_tape *tape, mj_var theta, int n_visible);

#endif
