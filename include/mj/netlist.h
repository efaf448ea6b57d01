/* Netlist: a flat combinational circuit of library cells, as yosys writes it in JSON (write_json).
 *
 * Net 0 is constant 0, net 1 constant 1; then every net that a port or a cell touches. Cells stand in an
 * order in which each one comes after those that drive it. A net has one driver: an input port or a pin
 * of a cell. Ports of several bits become one port a bit, called NAME[i] as in the file.
 *
 * Refused with the names involved: a cell that the library lacks or that cannot be simulated (a
 * flip-flop), an input pin without a net, a net with two drivers or none, undefined constants (x, z),
 * a loop. */
#ifndef MJ_NETLIST_H
#define MJ_NETLIST_H

#include "mj/arena.h"
#include "mj/err.h"
#include "mj/liberty.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MJ_NET_ZERO, MJ_NET_ONE, MJ_NET_FIRST };

typedef struct {
    const char *name;
    const mj_liberty_cell *cell;
    int input[MJ_LIBERTY_INPUTS_MAX];   /* nets, by the cell's inputs */
    int output[MJ_LIBERTY_OUTPUTS_MAX]; /* nets, by the cell's outputs; -1: nothing reads it */
} mj_instance;

typedef struct {
    const char *name;
    int net;
} mj_port;

/* A pin that reads a net. */
typedef struct {
    int instance, pin;
} mj_sink;

/* All in the arena it was loaded into; the library must live as long. */
typedef struct {
    const char *path, *name; /* of the file, of the module */
    const mj_liberty *liberty;
    int n_nets, n_instances, n_inputs, n_outputs, n_sinks;
    const char **net_name;      /* [n_nets]; "" where the file has none */
    mj_instance *instance;      /* [n_instances] */
    mj_port *input, *output;    /* in the order of the file */
    int *first_sink;            /* [n_nets + 1]: sinks of net i are sink[first_sink[i]] .. */
    mj_sink *sink;              /* [n_sinks] */
} mj_netlist;

/* Reads the module `top` of a JSON file; NULL: the module marked as top, or the only one that is no
 * black box. */
mj_status mj_netlist_load(mj_netlist *netlist, const char *path, const char *top,
                          const mj_liberty *liberty, mj_arena *arena, mj_err *err);
mj_status mj_netlist_parse(mj_netlist *netlist, const char *text, size_t length, const char *name,
                           const char *top, const mj_liberty *liberty, mj_arena *arena, mj_err *err);

/* Index of the port of that name, -1 if there is none. */
int mj_netlist_input(const mj_netlist *netlist, const char *name);
int mj_netlist_output(const mj_netlist *netlist, const char *name);

/* Evaluates a truth table on 64 rows at once: bit k of the result for bit k of every input. */
static inline uint64_t mj_table_rows(uint64_t table, const uint64_t *input, int n_inputs)
{
    uint64_t row[1 << MJ_LIBERTY_INPUTS_MAX];
    int n = 1 << n_inputs;
    for (int i = 0; i < n; i++) {
        row[i] = (uint64_t)0 - (table >> i & 1);
    }
    /* Halved once for every input, the last one first: a tree of multiplexers. */
    for (int j = n_inputs - 1; j >= 0; j--) {
        n /= 2;
        for (int i = 0; i < n; i++) {
            row[i] ^= (row[i] ^ row[i + n]) & input[j];
        }
    }
    return row[0];
}

#endif
