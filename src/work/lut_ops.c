/* Op list of look-up-table networks.
 *
 * As gates, an evaluation takes every table once, and its read-out counts every vote. On a computer it is
 * logic on words of which every bit is another sequence (lut_program.h): at most
 *
 *   a table of k inputs   1 operation of three words up to k = 3, 2^(k-2) - 1 beyond: a tree of choices
 *   a vote                2: sum and carry of a full adder, one for every vote but the last of a group
 *   a bit of a count      2 a group, where only the largest counts: compared, and kept
 *
 * each of which reads three words and writes one. The list of operations, 12 bytes each, is read once for
 * up to 512 sequences. The encoder asks a question an input: a comparison, an element-wise operation; a
 * count becomes a chance as a logit does (counts.h). Prompts cost nothing: the network sees the last few
 * symbols, and none of them is computed. */
#include "workload.h"

#include <math.h>

enum { WORD_B = 4, OPERANDS = 4, OPERATION_B = 12, TABLE_MAX = 6 };

/* Of the mean number of inputs, rounded up. */
static double table_ops(const mj_model *m)
{
    double k = m->lut.tables > 0 ? ceil((double)m->lut.wires / m->lut.tables) : 1;
    return k <= 3 ? 1 : exp2(fmin(k, TABLE_MAX) - 2) - 1;
}

void mj_lut_ops_count(mj_ops *ops, const mj_model *m, const mj_extent *extent)
{
    (void)extent;
    bool classifies = m->output == MJ_OUTPUT_CLASS;
    double E = m->lut.evaluations, votes = m->lut.votes, groups = m->lut.groups;
    double count_bits = floor(log2(votes / groups)) + 1;
    double each = m->lut.tables * table_ops(m) + 2 * votes + (classifies ? 2 * groups * count_bits : 0);
    double pixels = (double)m->lut.width * m->lut.height;
    double sampling = classifies ? 0 : E * mj_sampling_ops(groups);
    mj_ops_add(ops, (mj_op){.kind = MJ_OP_TABLES,
                            .what = "look-up tables of bits",
                            .repeats = 1,
                            .format = (mj_format)m->precision.ffn,
                            .weights = m->lut.tables,
                            .weight_B = each * OPERATION_B,
                            .reads = E,
                            .act_B = E * m->lut.inputs / 8,
                            .vector = E * m->lut.inputs + sampling,
                            .word_ops = E * each,
                            .tables = E * m->lut.tables,
                            .votes = E * votes,
                            .inputs = E * m->lut.inputs,
                            .scores = classifies ? 0 : E * groups,
                            .evaluations = E,
                            .in_B = classifies ? pixels : 1,
                            .out_B = classifies || pixels == 0 ? 1 : pixels});
}
