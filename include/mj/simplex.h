/* Simplex: the smallest value of a function of a few numbers, without derivatives [nelder1965]. */
#ifndef MJ_SIMPLEX_H
#define MJ_SIMPLEX_H

#include "mj/err.h"

enum { MJ_SIMPLEX_MAX = 12 };

/* Sets *value at x [n]; anything but MJ_OK ends the search. */
typedef mj_status mj_simplex_function(double *value, const double *x, int n, void *user);

typedef struct {
    int n;              /* numbers, up to MJ_SIMPLEX_MAX */
    double step;        /* of the first simplex, along each axis */
    int max_evaluations;
    double spread;      /* done when the simplex' values differ by less */
} mj_simplex;

/* Moves x to the best point seen and sets *value there. */
mj_status mj_simplex_minimise(double *x, double *value, const mj_simplex *simplex,
                              mj_simplex_function *function, void *user);

#endif
