/* Drawing a symbol: p_i = exp((z_i - max z) / temperature) / sum; the symbols in falling order of p
 * until their sum reaches top_p; one of these by its share of that sum [holtzman2020]. */
#include "mj/symbol_draw.h"

#include <stddef.h>

mj_status mj_symbol_draw_check(const mj_symbol_draw *draw, mj_err *err)
{
    if (!(draw->temperature >= 0) || isinf(draw->temperature)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "a temperature of %g", draw->temperature);
    }
    if (!(draw->top_p >= 0 && draw->top_p <= 1)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "top-p %g is not in [0, 1]", draw->top_p);
    }
    return MJ_OK;
}

static int likeliest(const mj_real *logits, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++) {
        best = logits[i] > logits[best] ? i : best;
    }
    return best;
}

/* Falling p; symbols are few and an alphabet's order is much the same from step to step. */
static void sort_falling(int *order, const double *p, int n)
{
    for (int i = 0; i < n; i++) {
        int at = i;
        for (; at > 0 && p[order[at - 1]] < p[i]; at--) {
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

int mj_symbol_draw_next(const mj_symbol_draw *draw, const mj_real *logits, double *probability,
                        int *order, int n, mj_rng *rng)
{
    int best = likeliest(logits, n);
    if (draw->temperature == 0) {
        return best;
    }
    double total = 0;
    for (int i = 0; i < n; i++) {
        probability[i] = exp((double)(logits[i] - logits[best]) / draw->temperature);
        total += probability[i];
    }
    sort_falling(order, probability, n);
    double share = draw->top_p > 0 ? draw->top_p : 1, kept = 0;
    int n_kept = 0;
    while (n_kept < n && (n_kept == 0 || kept < share * total)) {
        kept += probability[order[n_kept++]];
    }
    double left = mj_rng_uniform(rng) * kept;
    for (int i = 0; i < n_kept - 1; i++) {
        left -= probability[order[i]];
        if (left < 0) {
            return order[i];
        }
    }
    return order[n_kept - 1];
}
