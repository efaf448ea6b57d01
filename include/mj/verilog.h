/* Verilog of a hard network of look-up tables: core, read-out, both together.
 *
 *   NAME_core      x0 .. -> y0 ..            one assignment a node
 *   NAME_readout   y0 .. -> s0_0 .. class_0  the scores, bits least first, and the class of a classifier
 *   NAME_top       x0 .. -> s0_0 .. class_0  the two, as instances `core` and `readout`
 *   NAME_check     x -> y                    for a simulator: all inputs, all bits that a check compares
 *
 * Ports are single bits, except in NAME_check, because simulators and timing tools are slow or at a loss
 * with wide ones. Counts are made of full and half adders that stand by themselves: a synthesiser turns
 * `+` into gates and never into the adder cells of a library, which take a third of the energy. The same
 * network gives the same text, byte for byte. */
#ifndef MJ_VERILOG_H
#define MJ_VERILOG_H

#include "mj/readout.h"

#include <stdbool.h>
#include <stdio.h>

enum { MJ_VERILOG_NAME_MAX = 48 };

typedef struct {
    const mj_lut_net *net;
    const mj_readout *readout;
    char name[MJ_VERILOG_NAME_MAX]; /* by mj_verilog_name */
    bool naive; /* counts by `+`, classes by `>`: only to compare with */
} mj_verilog;

/* An adder of a library: its cell and its pins, as they are called there. */
typedef struct {
    const char *cell; /* NULL: none, gates do */
    const char *in[3], *sum, *carry; /* in[2] NULL in a half adder */
} mj_adder_cell;

/* What remains of a model's name as the start of a module's: letters, digits and _ stay, all else becomes
 * _, cut to fit. With its ending it is never a keyword. */
void mj_verilog_name(char name[MJ_VERILOG_NAME_MAX], const char *model);

void mj_verilog_write_core(FILE *out, const mj_verilog *v);
/* Plans the adders: MJ_EMEM. */
mj_status mj_verilog_write_readout(FILE *out, const mj_verilog *v, mj_arena *arena, mj_err *err);
void mj_verilog_write_top(FILE *out, const mj_verilog *v);
void mj_verilog_write_check(FILE *out, const mj_verilog *v);
/* NAME_full_adder and NAME_half_adder: of the cells given, or of operators where a cell is NULL.
 * MJ_ESUPPORT for a name that Verilog cannot write: of white space or control characters. */
mj_status mj_verilog_write_adders(FILE *out, const mj_verilog *v, const mj_adder_cell *full,
                                  const mj_adder_cell *half, mj_err *err);

#endif
