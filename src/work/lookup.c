/* Op list of look-up memories: the language models that read a few rows of large tables a token.
 *
 * Of K tables one row each is read: D numbers of row_bits, whatever the tables hold. They are summed,
 * each row with its gain: K D multiply-accumulates. A head of D x V numbers, if there is one, makes the
 * logits; without it the rows are logits and D = V. State is the last symbols and a place in a
 * remembered text for each copy, which follows the text: at most a slot, a symbol, and COPY_CHECKED
 * symbols compared where a slot was asked. Prompts need no rows, only the copies read them.
 *
 * Element-wise operations, as the kernels of this program do them (lookup_contexts.c, lookup_kernels.c,
 * counts.h):
 *   hash        4 a symbol mixed: exclusive-or, product, shift, exclusive-or; 2 an address
 *   decode      1 a number: its code into the table's codebook
 *   ReLU        1 a number before the head
 *   softmax     28 a logit: largest, difference, exponential of 24, sum, share
 *   sampling    2 a logit: running sum and comparison; 15 for the random number
 * Not counted: escapes. */
#include "workload.h"

#include <math.h>

enum { HASH_OPS = 4, ADDRESS_OPS = 2 };
enum { CODE_BITS_MAX = 8 }; /* wider rows are numbers as they are, without a codebook */
enum { LEVEL_B = 4, SLOT_B = 4, PLACE_B = 8, COPY_CHECKED = 32, ACT_B = 2, HISTORY_B = 64 };

double mj_lookup_row_B(const mj_model *m)
{
    return ceil((double)m->lookup.dims * m->lookup.row_bits / 8);
}

static void count_copies(mj_ops *ops, const mj_model *m)
{
    double copies = m->lookup.copies;
    mj_ops_add(ops, (mj_op){.kind = MJ_OP_SCAN,
                            .what = "copies of a remembered text",
                            .repeats = m->lookup.copies,
                            .format = MJ_FORMAT_INT8,
                            .weight_B = m->lookup.remembered + copies * m->lookup.slots * SLOT_B,
                            .row_B = copies * (SLOT_B + 1 + COPY_CHECKED),
                            .stored_B = copies * PLACE_B});
}

void mj_lookup_rows_count(mj_ops *ops, const mj_model *m)
{
    double K = m->lookup.contexts, D = m->lookup.dims;
    bool coded = m->lookup.row_bits <= CODE_BITS_MAX;
    double codebooks = coded ? K * ldexp(1, m->lookup.row_bits) : 0;
    mj_ops_add(ops, (mj_op){.kind = MJ_OP_LOOKUP,
                            .what = "rows of tables",
                            .repeats = m->lookup.contexts,
                            .format = (mj_format)m->precision.ffn,
                            .weights = m->lookup.rows * D,
                            .weight_B = m->lookup.rows * mj_lookup_row_B(m) + codebooks * LEVEL_B,
                            .row_B = K * mj_lookup_row_B(m),
                            .mac = K * D,
                            .act_B = 2 * D * ACT_B, /* the sum, written and read */
                            .stored_B = HISTORY_B,
                            .vector = m->lookup.mixed * HASH_OPS + K * ADDRESS_OPS + K * D});
    if (m->lookup.copies > 0) {
        count_copies(ops, m);
    }
}

void mj_lookup_count(mj_ops *ops, const mj_model *m, const mj_extent *extent)
{
    (void)extent;
    double D = m->lookup.dims, V = m->lookup.symbols;
    bool head = m->lookup.head_bits > 0;
    mj_lookup_rows_count(ops, m);
    mj_ops_add(ops, (mj_op){.kind = MJ_OP_HEAD,
                            .what = head ? "head, softmax and sampling" : "softmax and sampling",
                            .repeats = 1,
                            .format = (mj_format)m->precision.ffn,
                            .weights = head ? (D + 1) * V : 0,
                            .weight_B = head ? D * V * m->lookup.head_bits / 8 + V * 4 : 0,
                            .reads = 1,
                            .mac = head ? D * V : 0,
                            .act_B = 2 * V * ACT_B,
                            .vector = (head ? D : 0) + mj_sampling_ops(V)});
}
