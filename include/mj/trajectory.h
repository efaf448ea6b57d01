/* Trajectory: the phases of coupled oscillators over time, as pictures to be shown one after
 * another.
 *
 * A sample is a column of two pictures: above what is read out of the visible oscillators, grey;
 * below the phases of all of them as hues, the hidden ones in rows of their own under the visible
 * ones. */
#ifndef MJ_TRAJECTORY_H
#define MJ_TRAJECTORY_H

#include "mj/arena.h"
#include "mj/png.h"

/* Zero means the default in brackets. */
typedef struct {
    int n, n_steps, n_oscillators; /* samples, steps, N */
    int width, height;             /* of a sample's picture */
    int columns;                   /* samples side by side (10) */
    int scale;                     /* pixels of a picture's pixel (3) */
    int foot;                      /* rows of pixels left empty below, for the caller's words */
} mj_trajectory;

/* frame [n_steps+1] in the arena, from path [n_steps+1,n,N], in rad. MJ_ELIMIT if all frames together
 * had more than MJ_PNG_PIXELS_MAX pixels. */
mj_status mj_trajectory_draw(mj_image **frame, const mj_real *path, const mj_trajectory *trajectory,
                             mj_arena *arena, mj_err *err);

#endif
