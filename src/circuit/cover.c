/* Cover: an irredundant sum of products of a truth table, by Minato and Morreale [minato1993].
 *
 *   cover(L, U) is a function f, L <= f <= U, as products; with cofactors 0 and 1 of the top variable v
 *   f0 = cover(L0 & ~U1, U0)      what only v = 0 can cover: the products get the literal ~v
 *   f1 = cover(L1 & ~U0, U1)      what only v = 1 can cover: the literal v
 *   fx = cover(what of L0, L1 is left, U0 & U1)      without v
 *
 * A table is one word of 64 bits, cofactors are repeated to fill it, so that all steps are word
 * operations. Synthesis would find the same gates from minterms: a cover keeps the Verilog of a
 * six-input table short, which is what reading and parsing cost. */
#include "cover.h"

enum { VARIABLES = 6 };

/* Bit i is bit v of i. */
static const uint64_t variable[VARIABLES] = {0xaaaaaaaaaaaaaaaa, 0xcccccccccccccccc,
                                             0xf0f0f0f0f0f0f0f0, 0xff00ff00ff00ff00,
                                             0xffff0000ffff0000, 0xffffffff00000000};

static uint64_t cofactor(uint64_t table, int v, bool one)
{
    uint64_t half = one ? table & variable[v] : table & ~variable[v];
    return one ? half | half >> (1 << v) : half | half << (1 << v);
}

/* Adds products to the cover; returns the function that they make. v variables are left. */
static uint64_t add_cubes(mj_cover *cover, uint64_t lower, uint64_t upper, int v)
{
    if (lower == 0) {
        return 0;
    }
    if (upper == UINT64_MAX) {
        cover->cube[cover->n_cubes++] = (mj_cube){0, 0};
        return UINT64_MAX;
    }
    v--; /* there is one: a bound without variables is 0 or 1 */
    uint64_t lower0 = cofactor(lower, v, false), lower1 = cofactor(lower, v, true);
    uint64_t upper0 = cofactor(upper, v, false), upper1 = cofactor(upper, v, true);
    int first0 = cover->n_cubes;
    uint64_t f0 = add_cubes(cover, lower0 & ~upper1, upper0, v);
    int first1 = cover->n_cubes;
    uint64_t f1 = add_cubes(cover, lower1 & ~upper0, upper1, v);
    for (int i = first0; i < cover->n_cubes; i++) {
        cover->cube[i].mask |= 1u << v;
        cover->cube[i].value |= i < first1 ? 0 : 1u << v;
    }
    uint64_t fx = add_cubes(cover, (lower0 & ~f0) | (lower1 & ~f1), upper0 & upper1, v);
    return fx | (f0 & ~variable[v]) | (f1 & variable[v]);
}

static int count_literals(const mj_cover *cover)
{
    int n = 0;
    for (int i = 0; i < cover->n_cubes; i++) {
        n += __builtin_popcount(cover->cube[i].mask);
    }
    return n;
}

void mj_cover_compute(mj_cover *cover, uint64_t table, int n_inputs)
{
    for (int k = n_inputs; k < VARIABLES; k++) {
        table = cofactor(table, k, false);
    }
    mj_cover of_zeros = {.complement = true};
    *cover = (mj_cover){.complement = false};
    add_cubes(cover, table, table, VARIABLES);
    add_cubes(&of_zeros, ~table, ~table, VARIABLES);
    if (count_literals(&of_zeros) < count_literals(cover)) {
        *cover = of_zeros;
    }
}
