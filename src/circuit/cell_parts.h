/* Cell parts: inverters, gates and flip-flops from which the circuits beside rings are written, every
 * transistor counted. Half as wide as a ring's. */
#ifndef MJ_CIRCUIT_CELL_PARTS_H
#define MJ_CIRCUIT_CELL_PARTS_H

#include "mj/ring_cells.h"

enum { MJ_NODE_B = 32 };

typedef struct {
    FILE *out;
    const mj_ring *ring;
    const char *supply;
    const char *prefix;  /* of inner nodes, so that cells do not meet */
    int *serial;         /* the deck's transistors so far: their names */
    int n_transistors;   /* of this cell */
    double active_m2;
} mj_parts;

/* A p-channel transistor of so many fingers from the supply, counted as one. */
void mj_parts_fingers(mj_parts *parts, const char *drain, const char *gate, double wide_m, double long_, int n);
/* long_: of the ring's length. */
void mj_parts_transistor(mj_parts *parts, bool is_pmos, const char *drain, const char *gate,
                         const char *source, double wide_m, double long_);
/* wide: of the ring's inverters. */
void mj_parts_inverter(mj_parts *parts, const char *in, const char *to, double wide);
void mj_parts_nand(mj_parts *parts, const char *a, const char *b, const char *to, double wide);
/* On where `on` is high and `off` low. */
void mj_parts_gate(mj_parts *parts, const char *a, const char *b, const char *on, const char *off, double wide);

/* Master and slave of transmission gates; q takes d when clk rises. set, reset: low sets q, or resets it;
 * NULL: this flip-flop has neither. inverse: the opposite of q, except in a reset. */
typedef struct {
    const char *name, *d, *clk, *q, *inverse, *set, *reset;
} mj_flip_flop;
void mj_parts_flip_flop(mj_parts *parts, const mj_flip_flop *f);

/* n flip-flops after each other, each clocked by the fall of the one before: node <prefix>q<k>, opposite
 * <prefix>i<k>. Strobes count while `stop` is low. set [n]: names of nodes that set a bit; NULL: none. */
typedef struct {
    int n_bits;
    const char *strobe, *stop, *reset;
    const char *const *set;
} mj_counter;
void mj_parts_counter(mj_parts *parts, const mj_counter *counter);

/* Inner node <prefix><text> and number. Returns buf. */
char *mj_parts_node(char buf[MJ_NODE_B], const mj_parts *parts, const char *text, int number);

/* A source at `node` that is high `share` of every period, n times, from first_s (middle of its first edge);
 * edges take edge_s, from 0 to full. */
typedef struct {
    const char *node;
    double high_V, first_s, period_s, share, edge_s;
    int n;
} mj_pulses;
void mj_pulses_write(FILE *out, const mj_pulses *pulses);

/* Edges as a ring's node has them: half the supply over the slope at the crossing, from 0 to full. */
double mj_ring_edge_s(const mj_ring *ring, const mj_ring_figures *figures);

/* Joules that source v<name> at a constant voltage gives. */
mj_status mj_supply_energy(double *energy_J, const mj_raw *raw, const char *name, double volt_V,
                           double from_s, double to_s, mj_err *err);
/* Value of a node at a time. */
mj_status mj_node_at(double *volt_V, const mj_raw *raw, const char *node, double when_s, mj_err *err);

#endif
