/* Trees of symbols: clusters of what is used alike.
 *
 * The information that neighbours in a text have about each other is, of counts c(a,b) with sums l(a), r(b)
 * and N in all, (sum c log c - sum l log l - sum r log r + N log N) / N. Joining two classes of symbols, on
 * both sides of the pair, can only lower it; greedily, the two that lower it least are joined until one is
 * left [brown1992]. */
#include "mj/symbol_tree.h"


#include <assert.h>
#include <math.h>
#include <string.h>

static double x_log_x(double x)
{
    return x > 0 ? x * log(x) : 0;
}

/* Classes in the making: n of them, each a node of the tree. */
typedef struct {
    int n, node[MJ_SYMBOLS_MAX];
    double pair[MJ_SYMBOLS_MAX][MJ_SYMBOLS_MAX], left[MJ_SYMBOLS_MAX], right[MJ_SYMBOLS_MAX];
} classes;

/* sum x log x after two numbers became one. */
static double joined(double a, double b)
{
    return x_log_x(a + b) - x_log_x(a) - x_log_x(b);
}

/* What joining i and j loses, times N. */
static double loss_of(const classes *c, int i, int j)
{
    double gain = 0;
    for (int k = 0; k < c->n; k++) {
        if (k != i && k != j) {
            gain += joined(c->pair[i][k], c->pair[j][k]) + joined(c->pair[k][i], c->pair[k][j]);
        }
    }
    double within = c->pair[i][i] + c->pair[i][j] + c->pair[j][i] + c->pair[j][j];
    gain += x_log_x(within) - x_log_x(c->pair[i][i]) - x_log_x(c->pair[i][j]) - x_log_x(c->pair[j][i]) -
            x_log_x(c->pair[j][j]);
    return joined(c->left[i], c->left[j]) + joined(c->right[i], c->right[j]) - gain;
}

/* i takes in j, whose place the last class gets. */
static void join(classes *c, int i, int j, int node)
{
    int last = --c->n;
    for (int k = 0; k <= last; k++) {
        c->pair[i][k] += c->pair[j][k];
    }
    for (int k = 0; k <= last; k++) {
        c->pair[k][i] += c->pair[k][j];
    }
    c->left[i] += c->left[j];
    c->right[i] += c->right[j];
    c->node[i] = node;
    for (int k = 0; k <= last; k++) {
        c->pair[j][k] = c->pair[last][k];
    }
    for (int k = 0; k <= last; k++) {
        c->pair[k][j] = c->pair[k][last];
    }
    c->left[j] = c->left[last];
    c->right[j] = c->right[last];
    c->node[j] = c->node[last];
}

void mj_symbol_tree_cluster(mj_symbol_tree *tree, const double *pair, int n_symbols)
{
    static const double NEVER = 1e-3; /* symbols that are not there join first, and no log is of 0 */
    classes c = {.n = n_symbols};
    assert(n_symbols >= 2 && n_symbols <= MJ_SYMBOLS_MAX);
    *tree = (mj_symbol_tree){.n_symbols = n_symbols};
    for (int i = 0; i < n_symbols; i++) {
        c.node[i] = ~i;
        c.left[i] += NEVER;
        c.right[i] += NEVER;
        for (int j = 0; j < n_symbols; j++) {
            c.pair[i][j] = pair[i * n_symbols + j];
            c.left[i] += c.pair[i][j];
            c.right[j] += c.pair[i][j];
        }
    }
    for (int node = 0; node < n_symbols - 1; node++) {
        int best_i = 0, best_j = 1;
        double least = HUGE_VAL;
        for (int i = 0; i < c.n; i++) {
            for (int j = i + 1; j < c.n; j++) {
                double loss = loss_of(&c, i, j);
                if (loss < least) {
                    least = loss;
                    best_i = i;
                    best_j = j;
                }
            }
        }
        tree->child[node][0] = c.node[best_i];
        tree->child[node][1] = c.node[best_j];
        join(&c, best_i, best_j, node);
    }
    mj_err none = {0};
    mj_status status = mj_symbol_tree_complete(tree, NULL, &none);
    assert(status == MJ_OK);
    (void)status;
}

/* From the root down, left before right, with a stack of what is still to visit. */
static void number_places(mj_symbol_tree *tree)
{
    int stack[MJ_SYMBOLS_MAX], depth = 0, place = 0;
    stack[depth++] = tree->n_symbols - 2;
    while (depth > 0) {
        int at = stack[--depth];
        if (at < 0) {
            tree->place[~at] = (uint8_t)place++;
            continue;
        }
        stack[depth++] = tree->child[at][1];
        stack[depth++] = tree->child[at][0];
    }
}

mj_status mj_symbol_tree_complete(mj_symbol_tree *tree, const char *path, mj_err *err)
{
    int n = tree->n_symbols, n_decisions = n - 1;
    if (n < 2 || n > MJ_SYMBOLS_MAX) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "a code of %d symbols", n);
    }
    for (int i = 0; i < n + n_decisions; i++) {
        tree->above[i] = -1;
    }
    for (int d = 0; d < n_decisions; d++) {
        for (int side = 0; side < 2; side++) {
            int to = tree->child[d][side], at = to < 0 ? ~to : n + to;
            if (to >= d || at >= (to < 0 ? n : n + n_decisions) || tree->above[at] >= 0) {
                return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                                  "code: decision %d leads to %d, which is none before it and no symbol, or "
                                  "has a way already", d, to);
            }
            tree->above[at] = d;
            tree->side[at] = (uint8_t)side;
        }
    }
    /* 2 (n - 1) ways to as many different ends leave out the root alone */
    number_places(tree);
    return MJ_OK;
}

void mj_symbol_tree_bits(double *bits, const mj_symbol_tree *tree, const double *pair)
{
    int n = tree->n_symbols;
    double all = 0;
    for (int i = 0; i < n * n; i++) {
        all += pair[i];
    }
    memset(bits, 0, (size_t)(n - 1) * sizeof *bits);
    for (int before = 0; before < n; before++) {
        double turns[MJ_SYMBOLS_MAX - 1][2] = {{0}};
        for (int symbol = 0; symbol < n; symbol++) {
            for (int at = symbol; tree->above[at] >= 0; at = n + tree->above[at]) {
                turns[tree->above[at]][tree->side[at]] += pair[before * n + symbol];
            }
        }
        for (int d = 0; d < n - 1; d++) {
            bits[d] += joined(turns[d][0], turns[d][1]) / (all * log(2));
        }
    }
}

double mj_symbol_tree_nats(const mj_symbol_tree *tree, const mj_real *z, int symbol)
{
    double nats = 0;
    for (int at = symbol; tree->above[at] >= 0; at = tree->n_symbols + tree->above[at]) {
        double turn = (double)z[tree->above[at]], against = tree->side[at] ? -turn : turn;
        /* log(1 + exp(x)), where x is large x itself */
        nats += against > 30 ? against : log1p(exp(against));
    }
    return nats;
}
