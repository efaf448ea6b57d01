/* Verilog of a read-out: counts by single adders, the largest by comparators written out.
 *
 *   score    a tree of adders for each group (popcount.c)
 *   class    a tournament of neighbours, the right one wins only if it is larger, so ties go to the first:
 *            right > left, from the least bit up: t_i = (r_i & ~l_i) | (~(r_i ^ l_i) & t_(i-1))
 *
 * From the least bit up because that is the order in which the counts arrive. The naive form says the
 * same with `+` and `>`. */
#include "mj/verilog.h"

#include "popcount.h"

/* Who is still in the tournament: a group, or the winner of a match. */
typedef struct {
    bool is_group;
    int index; /* of the group or of the match */
    int n_bits;
} contender;

static void write_adder_bit(FILE *out, const mj_readout_group *group, int g, int bit)
{
    if (bit < MJ_BIT_FIRST) {
        fprintf(out, "1'b%d", bit);
    } else if (bit < MJ_BIT_FIRST + group->n_terms) {
        fprintf(out, "y%d", group->term[bit - MJ_BIT_FIRST]);
    } else {
        fprintf(out, "g%d_%d", g, bit - MJ_BIT_FIRST - group->n_terms);
    }
}

/* An adder whose last input is 1: a + 1, a + b + 1 are an inverter, an XNOR and an OR. */
static void write_increment(FILE *out, const mj_readout_group *group, int g, const mj_adder *adder)
{
    bool two = adder->in[1] != MJ_BIT_ONE;
    for (int carry = 0; carry < 1 + (adder->carry != MJ_BIT_NONE); carry++) {
        fprintf(out, "    assign ");
        write_adder_bit(out, group, g, carry ? adder->carry : adder->sum);
        fprintf(out, carry ? " = " : " = ~(");
        write_adder_bit(out, group, g, adder->in[0]);
        if (two) {
            fprintf(out, carry ? " | " : " ^ ");
            write_adder_bit(out, group, g, adder->in[1]);
        }
        fprintf(out, carry ? ";\n" : ");\n");
    }
}

static void write_adder(FILE *out, const mj_verilog *v, int g, int index, const mj_adder *adder)
{
    static const char *const pin[] = {"a", "b", "c"};
    const mj_readout_group *group = &v->readout->group[g];
    bool full = adder->in[2] != MJ_BIT_NONE;
    if (adder->in[full ? 2 : 1] == MJ_BIT_ONE) {
        write_increment(out, group, g, adder);
        return;
    }
    fprintf(out, "    %s_%s_adder g%d_a%d (", v->name, full ? "full" : "half", g, index);
    for (int i = 0; i < 2 + full; i++) {
        fprintf(out, ".%s(", pin[i]);
        write_adder_bit(out, group, g, adder->in[i]);
        fprintf(out, "), ");
    }
    fprintf(out, ".sum(");
    write_adder_bit(out, group, g, adder->sum);
    fprintf(out, "), .carry(");
    if (adder->carry != MJ_BIT_NONE) {
        write_adder_bit(out, group, g, adder->carry);
    }
    fprintf(out, "));\n");
}

static mj_status write_count(FILE *out, const mj_verilog *v, int g, mj_arena *arena, mj_err *err)
{
    const mj_readout_group *group = &v->readout->group[g];
    mj_popcount plan;
    MJ_TRY(mj_popcount_plan(&plan, group->weight, group->n_terms, group->ones, arena, err));
    for (int i = 0; i < plan.n_wires; i++) {
        fprintf(out, "    wire g%d_%d;\n", g, i);
    }
    for (int i = 0; i < plan.n_adders; i++) {
        write_adder(out, v, g, i, &plan.adder[i]);
    }
    for (int i = 0; i < group->n_bits; i++) {
        fprintf(out, "    assign s%d_%d = ", g, i);
        write_adder_bit(out, group, g, plan.bit[i]);
        fprintf(out, ";\n");
    }
    return MJ_OK;
}

static void write_value_bit(FILE *out, const contender *who, int bit)
{
    if (bit >= who->n_bits) {
        fprintf(out, "1'b0");
    } else {
        fprintf(out, "%c%d_%d", who->is_group ? 's' : 'm', who->index, bit);
    }
}

static void write_class_bit(FILE *out, const contender *who, int bit)
{
    if (who->is_group) {
        fprintf(out, "1'b%d", who->index >> bit & 1);
    } else {
        fprintf(out, "k%d_%d", who->index, bit);
    }
}

/* wire tMATCH_n-1 = right > left; m and k are the winner's score and class. */
static contender write_match(FILE *out, int match, const contender *left, const contender *right,
                             int n_class_bits)
{
    int n = left->n_bits > right->n_bits ? left->n_bits : right->n_bits;
    for (int i = 0; i < n; i++) {
        fprintf(out, "    wire t%d_%d = (", match, i);
        write_value_bit(out, right, i);
        fprintf(out, " & ~");
        write_value_bit(out, left, i);
        fprintf(out, ")");
        if (i > 0) {
            fprintf(out, " | (~(");
            write_value_bit(out, right, i);
            fprintf(out, " ^ ");
            write_value_bit(out, left, i);
            fprintf(out, ") & t%d_%d)", match, i - 1);
        }
        fprintf(out, ";\n");
    }
    for (int i = 0; i < n + n_class_bits; i++) {
        bool value = i < n;
        int bit = value ? i : i - n;
        void (*write)(FILE *, const contender *, int) = value ? write_value_bit : write_class_bit;
        fprintf(out, "    wire %c%d_%d = t%d_%d ? ", value ? 'm' : 'k', match, bit, match, n - 1);
        write(out, right, bit);
        fprintf(out, " : ");
        write(out, left, bit);
        fprintf(out, ";\n");
    }
    return (contender){.index = match, .n_bits = n};
}

static mj_status write_class(FILE *out, const mj_verilog *v, mj_arena *arena, mj_err *err)
{
    int n = v->readout->n_groups, n_matches = 0;
    contender *who = mj_arena_array(arena, (size_t)n, sizeof *who);
    if (!who) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d classes", n);
    }
    for (int g = 0; g < n; g++) {
        who[g] = (contender){.is_group = true, .index = g, .n_bits = v->readout->group[g].n_bits};
    }
    while (n > 1) {
        for (int i = 0; i < n / 2; i++) {
            who[i] = write_match(out, n_matches++, &who[2 * i], &who[2 * i + 1],
                                 v->readout->n_class_bits);
        }
        if (n % 2 == 1) {
            who[n / 2] = who[n - 1];
        }
        n = (n + 1) / 2;
    }
    for (int i = 0; i < v->readout->n_class_bits; i++) {
        fprintf(out, "    assign class_%d = ", i);
        write_class_bit(out, &who[0], i);
        fprintf(out, ";\n");
    }
    return MJ_OK;
}

/* Widest score of all. */
static int widest(const mj_readout *readout)
{
    int n = 1;
    for (int g = 0; g < readout->n_groups; g++) {
        n = readout->group[g].n_bits > n ? readout->group[g].n_bits : n;
    }
    return n;
}

static void write_naive_count(FILE *out, const mj_readout_group *group, int g, int width)
{
    fprintf(out, "    wire [%d:0] v%d = %d'd%d", width - 1, g, width, group->ones);
    for (int i = 0; i < group->n_terms; i++) {
        for (int n = 0; n < group->weight[i]; n++) {
            fprintf(out, " + y%d", group->term[i]);
        }
    }
    fprintf(out, ";\n");
    for (int i = 0; i < group->n_bits; i++) {
        fprintf(out, "    assign s%d_%d = v%d[%d];\n", g, i, g, i);
    }
}

static void write_naive_class(FILE *out, const mj_readout *readout, int width)
{
    int n_bits = readout->n_class_bits;
    fprintf(out, "    wire [%d:0] m0 = v0;\n    wire [%d:0] k0 = %d'd0;\n", width - 1, n_bits - 1,
            n_bits);
    for (int g = 1; g < readout->n_groups; g++) {
        fprintf(out, "    wire t%d = v%d > m%d;\n    wire [%d:0] m%d = t%d ? v%d : m%d;\n", g, g, g - 1,
                width - 1, g, g, g, g - 1);
        fprintf(out, "    wire [%d:0] k%d = t%d ? %d'd%d : k%d;\n", n_bits - 1, g, g, n_bits, g, g - 1);
    }
    for (int i = 0; i < n_bits; i++) {
        fprintf(out, "    assign class_%d = k%d[%d];\n", i, readout->n_groups - 1, i);
    }
}

static void write_ports(FILE *out, const mj_verilog *v)
{
    const mj_readout *readout = v->readout;
    fprintf(out, "// %d counts.\nmodule %s_readout (", readout->n_groups, v->name);
    for (int k = 0; k < readout->n_signals; k++) {
        fprintf(out, "%s\n    input y%d", k ? "," : "", k);
    }
    for (int g = 0; g < readout->n_groups; g++) {
        for (int i = 0; i < readout->group[g].n_bits; i++) {
            fprintf(out, ",\n    output s%d_%d", g, i);
        }
    }
    for (int i = 0; i < readout->n_class_bits; i++) {
        fprintf(out, ",\n    output class_%d", i);
    }
    fprintf(out, "\n);\n");
}

mj_status mj_verilog_write_readout(FILE *out, const mj_verilog *v, mj_arena *arena, mj_err *err)
{
    const mj_readout *readout = v->readout;
    int width = widest(readout);
    write_ports(out, v);
    for (int g = 0; g < readout->n_groups; g++) {
        if (v->naive) {
            write_naive_count(out, &readout->group[g], g, width);
        } else {
            MJ_TRY(write_count(out, v, g, arena, err));
        }
    }
    if (readout->n_class_bits > 0 && v->naive) {
        write_naive_class(out, readout, width);
    } else if (readout->n_class_bits > 0) {
        MJ_TRY(write_class(out, v, arena, err));
    }
    fprintf(out, "endmodule\n");
    return MJ_OK;
}
