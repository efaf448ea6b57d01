/* Windows over images: convolution and pooling of any height, width, stride and padding, forward only.
 *
 * For networks that are read and not trained. Channels last: x [B,H,W,C]; an output has
 *
 *   rows = (H + 2 pad_rows - height) / stride + 1       columns likewise
 *
 * What is written stands in rows of ldy >= channels numbers, so that branches of a network write side
 * by side into one array. Outputs and inputs must not overlap. */
#ifndef MJ_WINDOWS_H
#define MJ_WINDOWS_H

#include "mj/kernels.h"

typedef struct {
    int B, H, W, C;
    int height, width, stride;
    int pad_rows, pad_columns; /* zeros on each side */
} mj_window;

int mj_window_rows(const mj_window *window);
int mj_window_columns(const mj_window *window);

/* Reals of scratch of a convolution: the unfolded input of some output pixels. */
size_t mj_window_tmp(const mj_window *window);
/* y [B,rows,columns,N] from w [height,width,C,N]. Cost: B*rows*columns*height*width*C*N MAC. */
void mj_window_convolve(mj_real *y, const mj_real *x, const mj_real *w, mj_real *tmp,
                        const mj_window *window, int N, int ldy);
/* The definition: nested sums. */
void mj_window_convolve_reference(mj_real *y, const mj_real *x, const mj_real *w,
                                  const mj_window *window, int N, int ldy);
/* y [B,rows,columns,C]: the largest, or the mean, of what a window has inside the image. Padding is
 * narrower than the window, so that there is something. */
void mj_window_max(mj_real *y, const mj_real *x, const mj_window *window, int ldy);
void mj_window_mean(mj_real *y, const mj_real *x, const mj_window *window, int ldy);
/* y [n,N] = max(y + bias, 0), rows of ldy. */
void mj_rows_rectify(mj_real *y, const mj_real *bias, size_t n, int N, int ldy);

#endif
