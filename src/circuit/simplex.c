/* Simplex: Nelder and Mead's polytope with their own coefficients: reflect 1, expand 2, contract 1/2,
 * shrink 1/2 [nelder1965]. Finds a bottom, not necessarily the lowest; meant for fits whose every value
 * is a simulation. */
#include "mj/simplex.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

typedef struct {
    double x[MJ_SIMPLEX_MAX + 1][MJ_SIMPLEX_MAX], value[MJ_SIMPLEX_MAX + 1];
    const mj_simplex *config;
    mj_simplex_function *function;
    void *user;
    int n, n_evaluations, best, worst, second; /* second: the worst but one */
} state;

static mj_status evaluate(double *value, const double *x, state *s)
{
    s->n_evaluations++;
    return s->function(value, x, s->n, s->user);
}

static void rank(state *s)
{
    s->best = s->worst = 0;
    for (int i = 1; i <= s->n; i++) {
        s->best = s->value[i] < s->value[s->best] ? i : s->best;
        s->worst = s->value[i] > s->value[s->worst] ? i : s->worst;
    }
    s->second = s->best;
    for (int i = 0; i <= s->n; i++) {
        if (i != s->worst && s->value[i] > s->value[s->second]) {
            s->second = i;
        }
    }
}

/* The point `reach` times as far from the centre of the others as the worst one, and its value. */
static mj_status try_point(double *value, double *x, double reach, state *s)
{
    for (int k = 0; k < s->n; k++) {
        double centre = 0;
        for (int i = 0; i <= s->n; i++) {
            centre += i == s->worst ? 0 : s->x[i][k] / s->n;
        }
        x[k] = centre + reach * (s->x[s->worst][k] - centre);
    }
    return evaluate(value, x, s);
}

static void replace_worst(state *s, const double *x, double value)
{
    memcpy(s->x[s->worst], x, (size_t)s->n * sizeof *x);
    s->value[s->worst] = value;
}

static mj_status shrink(state *s)
{
    for (int i = 0; i <= s->n; i++) {
        for (int k = 0; k < s->n && i != s->best; k++) {
            s->x[i][k] = 0.5 * (s->x[i][k] + s->x[s->best][k]);
        }
        if (i != s->best) {
            MJ_TRY(evaluate(&s->value[i], s->x[i], s));
        }
    }
    return MJ_OK;
}

static mj_status step(state *s)
{
    double x[MJ_SIMPLEX_MAX], far[MJ_SIMPLEX_MAX], value, far_value;
    MJ_TRY(try_point(&value, x, -1, s));
    if (value < s->value[s->best]) {
        MJ_TRY(try_point(&far_value, far, -2, s));
        bool farther = far_value < value;
        replace_worst(s, farther ? far : x, farther ? far_value : value);
        return MJ_OK;
    }
    if (value < s->value[s->second]) {
        replace_worst(s, x, value);
        return MJ_OK;
    }
    bool outside = value < s->value[s->worst];
    MJ_TRY(try_point(&far_value, far, outside ? -0.5 : 0.5, s));
    if (far_value < (outside ? value : s->value[s->worst])) {
        replace_worst(s, far, far_value);
        return MJ_OK;
    }
    return shrink(s);
}

mj_status mj_simplex_minimise(double *x, double *value, const mj_simplex *simplex,
                              mj_simplex_function *function, void *user)
{
    state s = {.config = simplex, .function = function, .user = user, .n = simplex->n};
    assert(simplex->n >= 1 && simplex->n <= MJ_SIMPLEX_MAX);
    for (int i = 0; i <= s.n; i++) {
        memcpy(s.x[i], x, (size_t)s.n * sizeof *x);
        if (i < s.n) {
            s.x[i][i] += simplex->step;
        }
        MJ_TRY(evaluate(&s.value[i], s.x[i], &s));
    }
    rank(&s);
    while (s.n_evaluations < simplex->max_evaluations &&
           s.value[s.worst] - s.value[s.best] > simplex->spread) {
        MJ_TRY(step(&s));
        rank(&s);
    }
    memcpy(x, s.x[s.best], (size_t)s.n * sizeof *x);
    *value = s.value[s.best];
    return MJ_OK;
}
