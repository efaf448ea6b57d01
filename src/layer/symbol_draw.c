/* Drawing a symbol: p_i = exp((z_i - max z) / temperature) / sum; with top_p below 1 the symbols in
 * falling order of p until their sum reaches it; one of these by its share of that sum
 * [holtzman2020]. */
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

/* Puts the fewest likeliest symbols of at least `enough` together first in order [n], one by one: few
 * are needed, as a rule. Returns how many they are, their sum in *kept. */
static int keep_likeliest(double *kept, int *order, const double *p, int n, double enough)
{
    int n_kept = 0;
    *kept = 0;
    while (n_kept < n && (n_kept == 0 || *kept < enough)) {
        int best = n_kept;
        for (int i = n_kept + 1; i < n; i++) {
            best = p[order[i]] > p[order[best]] ? i : best;
        }
        int symbol = order[best];
        for (int i = best; i > n_kept; i--) { /* the others stay as they stood: of equals the first */
            order[i] = order[i - 1];
        }
        order[n_kept++] = symbol;
        *kept += p[symbol];
    }
    return n_kept;
}

int mj_symbol_draw_next(const mj_symbol_draw *draw, const mj_real *logits, double *probability,
                        int *order, int n, mj_rng *rng)
{
    int best = likeliest(logits, n), n_kept = n, symbol = best;
    if (draw->temperature == 0) {
        return best;
    }
    double total = 0;
    for (int i = 0; i < n; i++) {
        probability[i] = exp((double)(logits[i] - logits[best]) / draw->temperature);
        total += probability[i];
        order[i] = i;
    }
    double kept = total;
    if (draw->top_p > 0 && draw->top_p < 1) {
        n_kept = keep_likeliest(&kept, order, probability, n, draw->top_p * total);
    }
    double left = mj_rng_uniform(rng) * kept;
    for (int i = 0; i < n_kept && left >= 0; i++) {
        if (probability[order[i]] > 0) { /* what rounding leaves goes to one that can be drawn */
            symbol = order[i];
            left -= probability[symbol];
        }
    }
    return symbol;
}
