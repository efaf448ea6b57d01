/* Popcount: a column of bits for each power of two; full adders turn three bits of a column into one of
 * it and one of the next, a half adder the last two [wallace1964], [dadda1965].
 *
 * The three bits that an adder takes are those that arrive first, by a delay of 2 for a sum and 1 for a
 * carry (the ratio of FAX1 in osu018). So the inputs of an adder change at nearly the same time, and the
 * tree has few glitches, which are most of the energy of adders: a chain of the same adders, which takes
 * the newest bit first, makes several times as many toggles.
 *
 * n signals cost n minus the ones in n's binary form, full and half adders together, as in any tree that
 * wastes no input. A constant 1 waits for the end of its column: then it costs an inverter and
 * an OR instead of an adder. */
#include "popcount.h"

#include <assert.h>
#include <stdbool.h>

enum { SUM_DELAY = 2, CARRY_DELAY = 1 };

typedef struct {
    int bit, arrival;
} arriving;

/* The bits of a column, first to arrive first. */
typedef struct {
    arriving *bit;
    int first, end, room;
    bool one; /* a constant 1 beside them */
} column;

static void column_insert(column *to, int bit, int arrival)
{
    assert(to->end < to->room);
    int i = to->end++;
    for (; i > to->first && to->bit[i - 1].arrival > arrival; i--) {
        to->bit[i] = to->bit[i - 1];
    }
    to->bit[i] = (arriving){bit, arrival};
}

/* One adder over the n first bits of a column, and the constant 1 if `one`. */
static void add(mj_popcount *plan, int first_wire, column *from, column *to, int n, bool one)
{
    mj_adder adder = {.in = {MJ_BIT_NONE, MJ_BIT_NONE, MJ_BIT_NONE}, .carry = MJ_BIT_NONE};
    int latest = 0;
    for (int i = 0; i < n; i++) {
        arriving taken = from->bit[from->first++];
        adder.in[i] = taken.bit;
        latest = taken.arrival > latest ? taken.arrival : latest;
    }
    if (one) {
        adder.in[n] = MJ_BIT_ONE;
        from->one = false;
    }
    adder.sum = first_wire + plan->n_wires++;
    column_insert(from, adder.sum, latest + SUM_DELAY);
    if (to) {
        adder.carry = first_wire + plan->n_wires++;
        column_insert(to, adder.carry, latest + CARRY_DELAY);
    }
    plan->adder[plan->n_adders++] = adder;
}

/* Down to one bit, which is returned. `to`: the next column, NULL after the last. */
static int column_reduce(mj_popcount *plan, int first_wire, column *from, column *to)
{
    while (from->end - from->first >= 3) {
        add(plan, first_wire, from, to, 3, false);
    }
    int n = from->end - from->first;
    if (n == 2 || (n == 1 && from->one)) {
        add(plan, first_wire, from, to, n, from->one);
        n = 1;
    }
    return n == 1 ? from->bit[from->first].bit : from->one ? MJ_BIT_ONE : MJ_BIT_ZERO;
}

mj_status mj_popcount_plan(mj_popcount *plan, const int *weight, int n_signals, int ones,
                           mj_arena *arena, mj_err *err)
{
    long long largest = ones, n_bits = 0;
    for (int s = 0; s < n_signals; s++) {
        largest += weight[s];
        n_bits += __builtin_popcount((unsigned)weight[s]);
    }
    *plan = (mj_popcount){.n_bits = 1};
    while (plan->n_bits <= MJ_COUNT_BITS_MAX && largest >> plan->n_bits > 0) {
        plan->n_bits++;
    }
    if (plan->n_bits > MJ_COUNT_BITS_MAX) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0, "a count of up to %lld has too many bits",
                          largest);
    }
    /* An adder takes a bit more than it gives to its column, and gives one to the next. */
    column col[MJ_COUNT_BITS_MAX] = {{0}};
    int room = (int)(2 * n_bits) + plan->n_bits + 1;
    plan->adder = mj_arena_array(arena, (size_t)room, sizeof *plan->adder);
    arriving *bit = mj_arena_array(arena, (size_t)room * (size_t)plan->n_bits, sizeof *bit);
    if (!plan->adder || !bit) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d adders", room);
    }
    for (int k = 0; k < plan->n_bits; k++) {
        col[k] = (column){.bit = bit + (size_t)k * (size_t)room, .room = room,
                          .one = (ones >> k & 1) != 0};
        for (int s = 0; s < n_signals; s++) {
            if (weight[s] >> k & 1) {
                column_insert(&col[k], MJ_BIT_FIRST + s, 0);
            }
        }
    }
    for (int k = 0; k < plan->n_bits; k++) {
        bool last = k + 1 == plan->n_bits;
        plan->bit[k] = column_reduce(plan, MJ_BIT_FIRST + n_signals, &col[k],
                                     last ? NULL : &col[k + 1]);
    }
    return MJ_OK;
}
