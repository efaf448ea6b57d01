/* Popcount: which adders count the ones of a group, and where their bits go.
 *
 * A bit is 0 or 1 for the constants, 2 .. 1 + n_signals for the signals that are counted, then one a
 * wire. Third input of an adder: MJ_BIT_NONE in a half adder. The last input may be the constant 1. */
#ifndef MJ_CIRCUIT_POPCOUNT_H
#define MJ_CIRCUIT_POPCOUNT_H

#include "mj/arena.h"
#include "mj/err.h"

enum { MJ_BIT_NONE = -1, MJ_BIT_ZERO = 0, MJ_BIT_ONE = 1, MJ_BIT_FIRST = 2, MJ_COUNT_BITS_MAX = 31 };

typedef struct {
    int in[3];
    int sum, carry; /* carry: MJ_BIT_NONE where it is always 0 */
} mj_adder;

typedef struct {
    int n_adders, n_wires, n_bits;
    mj_adder *adder; /* in the order of their dependence; adder's sum before its carry is numbered */
    int bit[MJ_COUNT_BITS_MAX]; /* of the count, least first */
} mj_popcount;

/* The sum over s of weight[s] times signal s, plus `ones`; weights >= 0, the largest sum < 2^31.
 * Arrays in the arena. MJ_EMEM, or MJ_ELIMIT for too large a sum. */
mj_status mj_popcount_plan(mj_popcount *plan, const int *weight, int n_signals, int ones,
                           mj_arena *arena, mj_err *err);

#endif
