/* Verilog: the core, its adders, and the modules that join core and read-out.
 *
 *   assign n7 = (x2 & ~n3) | (~x2 & n3);     a node, by an irredundant sum of products (cover.c)
 *   assign n8 = ~(n7 & x5);                  or the complement of one, where that is shorter
 *
 * Every identifier is made here of a letter and a number, so that nothing needs escapes but the names of
 * a library's cells and pins, which are written as escaped identifiers: \NAME and a blank
 * [verilog2005]. Read-outs: verilog_readout.c. */
#include "mj/verilog.h"

#include <ctype.h>
#include <string.h>

#include "cover.h"

void mj_verilog_name(char name[MJ_VERILOG_NAME_MAX], const char *model)
{
    size_t n = 0;
    if (!isalpha((unsigned char)model[0])) {
        name[n++] = 'm';
    }
    for (; *model && n < MJ_VERILOG_NAME_MAX - 1; model++) {
        bool plain = isascii((unsigned char)*model) && isalnum((unsigned char)*model);
        name[n++] = plain ? *model : '_';
    }
    name[n] = '\0';
}

/* PREFIX0 .. PREFIX(n-1), each after `before`, a comma between. */
static void write_list(FILE *out, const char *before, char prefix, int n)
{
    for (int i = 0; i < n; i++) {
        fprintf(out, "%s\n    %s%c%d", i ? "," : "", before, prefix, i);
    }
}

static void write_signal(FILE *out, const mj_lut_net *net, int signal)
{
    if (signal < MJ_LUT_FIRST_INPUT) {
        fprintf(out, "1'b%d", signal);
    } else if (signal < MJ_LUT_FIRST_INPUT + net->n_inputs) {
        fprintf(out, "x%d", signal - MJ_LUT_FIRST_INPUT);
    } else {
        fprintf(out, "n%d", signal - MJ_LUT_FIRST_INPUT - net->n_inputs);
    }
}

static void write_product(FILE *out, const mj_lut_net *net, const mj_lut_node *node, mj_cube cube)
{
    const char *before = "";
    for (int j = 0; j < node->n_inputs; j++) {
        if (cube.mask >> j & 1) {
            fprintf(out, "%s%s", before, cube.value >> j & 1 ? "" : "~");
            write_signal(out, net, node->input[j]);
            before = " & ";
        }
    }
    if (cube.mask == 0) {
        fprintf(out, "1'b1");
    }
}

static void write_node(FILE *out, const mj_lut_net *net, int index)
{
    const mj_lut_node *node = &net->node[index];
    mj_cover cover;
    mj_cover_compute(&cover, node->table, node->n_inputs);
    fprintf(out, "    assign n%d = %s", index, cover.complement ? "~(" : "");
    for (int i = 0; i < cover.n_cubes; i++) {
        fprintf(out, "%s", i ? " | (" : "(");
        write_product(out, net, node, cover.cube[i]);
        fprintf(out, ")");
    }
    fprintf(out, "%s%s;\n", cover.n_cubes == 0 ? "1'b0" : "", cover.complement ? ")" : "");
}

void mj_verilog_write_core(FILE *out, const mj_verilog *v)
{
    const mj_lut_net *net = v->net;
    const mj_readout *readout = v->readout;
    fprintf(out, "// %d tables of at most %d inputs.\nmodule %s_core (", net->n_nodes,
            MJ_LUT_INPUTS_MAX, v->name);
    write_list(out, "input ", 'x', net->n_inputs);
    fprintf(out, ",");
    write_list(out, "output ", 'y', readout->n_signals);
    fprintf(out, "\n);\n");
    for (int i = 0; i < net->n_nodes; i++) {
        fprintf(out, "    wire n%d;\n", i);
    }
    for (int i = 0; i < net->n_nodes; i++) {
        write_node(out, net, i);
    }
    for (int k = 0; k < readout->n_signals; k++) {
        fprintf(out, "    assign y%d = ", k);
        write_signal(out, net, readout->signal[k]);
        fprintf(out, ";\n");
    }
    fprintf(out, "endmodule\n");
}

/* How the bits of the result are named in a list. */
typedef enum { AS_OUTPUT, AS_WIRE, AS_CONNECTION, AS_BITS } listing;

/* s0_0, s0_1, ..., class_0, ...; from the last to the first for a concatenation. */
static void write_result(FILE *out, const mj_readout *readout, listing how)
{
    static const char *const form[] = {",\n    output %s%.0s", "    wire %s%.0s;\n",
                                       ",\n        .%s(%s)", "%s%.0s, "};
    char name[32];
    bool falling = how == AS_BITS;
    int n_lists = readout->n_groups + 1; /* the class is the last */
    for (int i = 0; i < n_lists; i++) {
        int g = falling ? n_lists - 1 - i : i;
        bool class = g == readout->n_groups;
        int n = class ? readout->n_class_bits : readout->group[g].n_bits;
        for (int j = 0; j < n; j++) {
            int bit = falling ? n - 1 - j : j;
            if (class) {
                snprintf(name, sizeof name, "class_%d", bit);
            } else {
                snprintf(name, sizeof name, "s%d_%d", g, bit);
            }
            fprintf(out, form[how], name, name);
        }
    }
}

/* The two instances, and the wires between them. vector: the ports x and y of NAME_check. */
static void write_instances(FILE *out, const mj_verilog *v, bool vector)
{
    int n_inputs = v->net->n_inputs, n_signals = v->readout->n_signals;
    for (int k = 0; k < n_signals; k++) {
        fprintf(out, "    wire y%d;\n", k);
    }
    fprintf(out, "    %s_core core (", v->name);
    for (int i = 0; i < n_inputs; i++) {
        fprintf(out, vector ? "%s\n        .x%d(x[%d])" : "%s\n        .x%d(x%d)", i ? "," : "", i, i);
    }
    for (int k = 0; k < n_signals; k++) {
        fprintf(out, ",\n        .y%d(y%d)", k, k);
    }
    fprintf(out, "\n    );\n    %s_readout readout (", v->name);
    for (int k = 0; k < n_signals; k++) {
        fprintf(out, "%s\n        .y%d(y%d)", k ? "," : "", k, k);
    }
    write_result(out, v->readout, AS_CONNECTION);
    fprintf(out, "\n    );\n");
}

void mj_verilog_write_top(FILE *out, const mj_verilog *v)
{
    fprintf(out, "module %s_top (", v->name);
    write_list(out, "input ", 'x', v->net->n_inputs);
    write_result(out, v->readout, AS_OUTPUT);
    fprintf(out, "\n);\n");
    write_instances(out, v, false);
    fprintf(out, "endmodule\n");
}

void mj_verilog_write_check(FILE *out, const mj_verilog *v)
{
    int n = mj_readout_checked_bits(v->readout);
    fprintf(out, "module %s_check (\n    input [%d:0] x,\n    output [%d:0] y\n);\n", v->name,
            v->net->n_inputs - 1, n - 1);
    write_result(out, v->readout, AS_WIRE);
    write_instances(out, v, true);
    fprintf(out, "    assign y = {");
    write_result(out, v->readout, AS_BITS);
    for (int k = v->readout->n_signals; k-- > 0;) {
        fprintf(out, "y%d%s", k, k ? ", " : "");
    }
    fprintf(out, "};\nendmodule\n");
}

static mj_status check_name(const char *name, mj_err *err)
{
    for (const char *c = name; *c; c++) {
        if (*c <= ' ' || *c > '~') {
            return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                              "the library's name '%s' cannot be written in Verilog", name);
        }
    }
    return *name ? MJ_OK
                 : mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0, "an adder cell or pin has no name");
}

/* a, b, c of the module, n_inputs of them. */
static mj_status write_adder(FILE *out, const mj_verilog *v, const char *kind, int n_inputs,
                             const mj_adder_cell *cell, mj_err *err)
{
    static const char *const port[] = {"a", "b", "c"};
    fprintf(out, "module %s_%s_adder (\n    input a,\n    input b,\n%s    output sum,\n"
            "    output carry\n);\n", v->name, kind, n_inputs == 3 ? "    input c,\n" : "");
    if (!cell->cell) {
        fprintf(out, n_inputs == 3 ? "    assign sum = a ^ b ^ c;\n"
                                     "    assign carry = (a & b) | (b & c) | (a & c);\n"
                                   : "    assign sum = a ^ b;\n    assign carry = a & b;\n");
    } else {
        MJ_TRY(check_name(cell->cell, err));
        MJ_TRY(check_name(cell->sum, err));
        MJ_TRY(check_name(cell->carry, err));
        fprintf(out, "    \\%s cell_0 (", cell->cell);
        for (int i = 0; i < n_inputs; i++) {
            MJ_TRY(check_name(cell->in[i], err));
            fprintf(out, ".\\%s (%s), ", cell->in[i], port[i]);
        }
        fprintf(out, ".\\%s (sum), .\\%s (carry));\n", cell->sum, cell->carry);
    }
    fprintf(out, "endmodule\n");
    return MJ_OK;
}

mj_status mj_verilog_write_adders(FILE *out, const mj_verilog *v, const mj_adder_cell *full,
                                  const mj_adder_cell *half, mj_err *err)
{
    MJ_TRY(write_adder(out, v, "full", 3, full, err));
    return write_adder(out, v, "half", 2, half, err);
}
