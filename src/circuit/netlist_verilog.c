/* Netlist as Verilog: structure for OpenSTA, functions with delays for Icarus Verilog.
 *
 * OpenSTA reads no concatenations on the left of an assignment, Icarus is slow with ports of thousands
 * of bits: everything is a single bit. Delays are picoseconds with three decimals, the resolution of the
 * simulator's femtoseconds. */
#include "netlist_verilog.h"

static void net_write(FILE *out, int net)
{
    if (net < MJ_NET_FIRST) {
        fprintf(out, "1'b%d", net == MJ_NET_ONE);
    } else {
        fprintf(out, "n%d", net);
    }
}

static void wires_write(FILE *out, const mj_netlist *netlist)
{
    for (int i = MJ_NET_FIRST; i < netlist->n_nets; i++) {
        fprintf(out, "  wire n%d;\n", i);
    }
}

static void pins_write(FILE *out, const mj_instance *x)
{
    const char *comma = "";
    for (int p = 0; p < x->cell->n_inputs; p++) {
        fprintf(out, "%s.%s(", comma, x->cell->input[p].name);
        net_write(out, x->input[p]);
        fputc(')', out);
        comma = ", ";
    }
    for (int p = 0; p < x->cell->n_outputs; p++) {
        if (x->output[p] >= 0) {
            fprintf(out, "%s.%s(n%d)", comma, x->cell->output[p].name, x->output[p]);
            comma = ", ";
        }
    }
}

void mj_netlist_write_cells(FILE *out, const mj_netlist *netlist)
{
    const char *comma = "";
    fputs("module top (", out);
    for (int i = 0; i < netlist->n_inputs; i++, comma = ", ") {
        fprintf(out, "%si%d", comma, i);
    }
    for (int i = 0; i < netlist->n_outputs; i++, comma = ", ") {
        fprintf(out, "%so%d", comma, i);
    }
    fputs(");\n", out);
    for (int i = 0; i < netlist->n_inputs; i++) {
        fprintf(out, "  input i%d;\n", i);
    }
    for (int i = 0; i < netlist->n_outputs; i++) {
        fprintf(out, "  output o%d;\n", i);
    }
    wires_write(out, netlist);
    for (int i = 0; i < netlist->n_inputs; i++) {
        fprintf(out, "  assign n%d = i%d;\n", netlist->input[i].net, i);
    }
    for (int i = 0; i < netlist->n_instances; i++) {
        fprintf(out, "  %s u%d (", netlist->instance[i].cell->name, i);
        pins_write(out, &netlist->instance[i]);
        fputs(");\n", out);
    }
    for (int i = 0; i < netlist->n_outputs; i++) {
        fprintf(out, "  assign o%d = ", i);
        net_write(out, netlist->output[i].net);
        fputs(";\n", out);
    }
    fputs("endmodule\n", out);
}

/* The truth table as a sum of products over a0, a1, ... */
static void function_write(FILE *out, uint64_t table, int n_inputs)
{
    const char *plus = "";
    for (int row = 0; row < 1 << n_inputs; row++) {
        if (table >> row & 1) {
            fprintf(out, "%s(1'b1", plus);
            for (int p = 0; p < n_inputs; p++) {
                fprintf(out, " & %sa%d", row >> p & 1 ? "" : "~", p);
            }
            fputc(')', out);
            plus = " | ";
        }
    }
    fputs(plus[0] ? "" : "1'b0", out);
}

/* The model of one instance, its own delays in it. */
static void model_write(FILE *out, const mj_netlist *netlist, const mj_timing *timing, int index)
{
    const mj_instance *x = &netlist->instance[index];
    fprintf(out, "module m%d (", index);
    for (int p = 0; p < x->cell->n_inputs; p++) {
        fprintf(out, "input a%d, ", p);
    }
    for (int p = 0; p < x->cell->n_outputs; p++) {
        fprintf(out, "%soutput y%d", p > 0 ? ", " : "", p);
    }
    fputs(");\n", out);
    for (int p = 0; p < x->cell->n_outputs; p++) {
        fprintf(out, "  assign y%d = ", p);
        function_write(out, x->cell->output[p].table, x->cell->n_inputs);
        fputs(";\n", out);
    }
    fputs("  specify\n", out);
    for (int o = 0; o < x->cell->n_outputs; o++) {
        for (int p = 0; p < x->cell->n_inputs; p++) {
            const int64_t rise = mj_timing_delay(timing, netlist, index, o, p, MJ_RISE);
            const int64_t fall = mj_timing_delay(timing, netlist, index, o, p, MJ_FALL);
            if (rise != MJ_TIMING_NO_CAUSE) {
                fprintf(out, "    (a%d => y%d) = (%lld.%03d, %lld.%03d);\n", p, o, (long long)rise / 1000,
                        (int)(rise % 1000), (long long)fall / 1000, (int)(fall % 1000));
            }
        }
    }
    fputs("  endspecify\nendmodule\n", out);
}

static void instance_write(FILE *out, const mj_instance *x, int index)
{
    fprintf(out, "  m%d u%d (", index, index);
    for (int p = 0; p < x->cell->n_inputs; p++) {
        net_write(out, x->input[p]);
        fputs(", ", out);
    }
    for (int p = 0; p < x->cell->n_outputs; p++) {
        fputs(p > 0 ? ", " : "", out);
        if (x->output[p] >= 0) {
            net_write(out, x->output[p]);
        }
    }
    fputs(");\n", out);
    for (int p = 0; p < x->cell->n_outputs; p++) {
        if (x->output[p] >= 0) {
            fprintf(out, "  always @(n%d) if (counting) toggles = toggles + 1;\n", x->output[p]);
        }
    }
}

/* Only the inputs that change are assigned. */
static void vectors_write(FILE *out, const mj_netlist *netlist, const uint64_t *input, int n_vectors)
{
    const size_t words = mj_simulate_words(n_vectors);
    for (int v = 0; v < n_vectors; v++) {
        fputs("   ", out);
        for (int i = 0; i < netlist->n_inputs; i++) {
            const uint64_t *row = &input[(size_t)i * words];
            const int bit = (int)(row[v / 64] >> (v % 64) & 1);
            if (v == 0 || bit != (int)(row[(v - 1) / 64] >> ((v - 1) % 64) & 1)) {
                fprintf(out, " i%d = %d;", i, bit);
            }
        }
        fprintf(out, " #period;%s\n", v == 0 ? " counting = 1;" : "");
    }
}

void mj_netlist_write_bench(FILE *out, const mj_netlist *netlist, const mj_timing *timing,
                            const uint64_t *input, int n_vectors)
{
    fputs("`timescale 1ps/1fs\n", out);
    for (int i = 0; i < netlist->n_instances; i++) {
        model_write(out, netlist, timing, i);
    }
    /* A glitch may outlive the longest path by no more than one delay of each stage. */
    fprintf(out, "module bench;\n  parameter period = %.0f;\n", 4e12 * timing->worst_s + 1000);
    fputs("  integer toggles; reg counting;\n", out);
    for (int i = 0; i < netlist->n_inputs; i++) {
        fprintf(out, "  reg i%d;\n", i);
    }
    wires_write(out, netlist);
    for (int i = 0; i < netlist->n_inputs; i++) {
        fprintf(out, "  assign n%d = i%d;\n", netlist->input[i].net, i);
    }
    for (int i = 0; i < netlist->n_instances; i++) {
        instance_write(out, &netlist->instance[i], i);
    }
    fputs("  initial begin\n    toggles = 0; counting = 0;\n", out);
    vectors_write(out, netlist, input, n_vectors);
    fputs("    $display(\"toggles %0d\", toggles);\n    $finish;\n  end\nendmodule\n", out);
}
