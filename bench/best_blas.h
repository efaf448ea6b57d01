/* Products by the kernels that mj-train gets when its user has not said otherwise (train_main.c), so
 * that a benchmark times what a training runs. */
#ifndef MJ_BENCH_BEST_BLAS_H
#define MJ_BENCH_BEST_BLAS_H

#include "mj/kernels.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Starts this program once more if OpenBLAS, which reads its variable while it is loaded, has picked
 * slow kernels; returns if there is nothing to gain or it fails. */
static inline void use_best_blas(char **argv)
{
    const char *better = mj_kernels_faster_blas(), *now = getenv("OPENBLAS_CORETYPE");
    if (better && !(now && strcmp(now, better) == 0) &&
        setenv("OPENBLAS_CORETYPE", better, 1) == 0) {
        execv("/proc/self/exe", argv);
    }
}

#endif
