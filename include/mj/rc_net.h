/* RC net: a settling net as resistors, capacitors and cells, and what SPICE says that it does.
 *
 * Row r is a node: a neuron's, or a score's. With G the sum of its conductances, the same for all neurons,
 *
 *   C dv_r/dt = sum_j Gp_rj (vp_j - v_r) + Gm_rj (vm_j - v_r) + sum_k Gx_rk (+-input_V x_k - v_r) + ... - leak v_r
 *
 * all voltages against `middle`. Its state of rest is that of the model with unit_V volts a unit of v, if a
 * weight is S/G/unit_V times the conductance to the cell's output of its sign. An output is no perfect source:
 * what a node takes from it depends on the node, so nodes see each other through the outputs they share.
 * The mapping solves for that: with R the output's resistance and P = Gp Gp^T + Gm Gm^T,
 *
 *   S (Gp - Gm) = (diag G - R P) diag(unit_V) [W; V]         and the same for U, b, c
 *
 * Every output is loaded to output_S, every node to its G, by resistors to the middle. */
#ifndef MJ_RC_NET_H
#define MJ_RC_NET_H

#include "mj/rc_cell.h"
#include "mj/settling_net.h"

/* What is weaker is no resistor. */
static const double MJ_RC_LEAST_S = 1e-15;

/* Zero means the default in brackets. */
typedef struct {
    double input_V;   /* of an input of 1, against the middle (0.3 V) */
    double loading;   /* conductance at an output over that of its load resistor (0.25) */
    double least;     /* resistors below this share of their node's conductance are left out (1/2000): a
                       * weight of nearly nothing would be a resistor of a square millimetre */
    double node_F;    /* capacitor of a neuron; a score's is smaller, as its G is (20 fF) */
} mj_rc_config;

/* All of the defaults. */
mj_rc_config mj_rc_config_default(void);

/* In the arena; conductances in S, signed: above 0 to the output or input of the positive kind. */
typedef struct {
    const mj_settling_net *net;
    mj_rc_cell cell;
    mj_rc_transfer transfer;
    mj_rc_config config;
    int n_rows;             /* N + M */
    double *weight;         /* [N + M, N] */
    double *input;          /* [N + M, K]; scores see neurons' inputs through shared outputs */
    double *bias, *leak;    /* [N + M] */
    double *fill_plus, *fill_minus; /* [N]: from an output to the middle */
    double node_S, score_S, output_S, output_ohm;
    double swing_V, unit_V, score_V; /* S; volts a unit of v, a unit of score */
    double time_s;          /* node_F / node_S: the model's tau, without transistors' capacitances */
} mj_rc_net;

/* MJ_EFIT where a row needs more than its node can give: the text says how much. */
mj_status mj_rc_net_map(mj_rc_net *rc, const mj_settling_net *net, const mj_rc_cell *cell,
                        const mj_rc_transfer *transfer, mj_rc_config config, mj_arena *arena,
                        mj_err *err);

/* The netlist without inputs' sources and analysis. Nodes: n<row>, p<neuron>, m<neuron>, x<input>p,
 * x<input>m, one_p, one_m. */
void mj_rc_net_write(FILE *out, const mj_rc_net *rc);

/* A whole deck that settles from rest on x [K]; keeps nodes and the currents of all sources. */
mj_status mj_rc_net_deck(mj_deck *deck, const mj_rc_net *rc, const double *x, mj_err *err);

/* What one inference did. Errors against the model, as shares of the full scale: the range of the model's
 * states of rest over all neurons. */
typedef struct {
    double *v, *score;        /* [N], [M] in units of the model, in the arena */
    double rms, largest;      /* of neurons */
    double full_scale;        /* units of v */
    double score_rms;         /* of the range of scores */
    double drift;             /* change over the last tenth of the run, of the full scale */
    bool settled;             /* drift at most 0.1 %; runs that are not are made anew, longer */
    double settling_s;        /* until all neurons stay within 1 % of the full scale of where they end */
    double energy_J;          /* from all sources that give, until then */
    double power_W;           /* at rest */
    int best, model_best;     /* classes */
    double busy_s;            /* of a processor, by ngspice, of the run that counts */
} mj_rc_run;
mj_status mj_rc_net_run(mj_rc_run *run, const mj_rc_net *rc, const double *x, const mj_spice_job *job,
                        mj_arena *arena, mj_err *err);

/* What it takes: numbers of parts and their sizes. */
typedef struct {
    int n_parameters, n_resistors, n_cells;
    double resistance_ohm; /* of all resistors in a row */
    double capacitance_F;
    double gate_m2;        /* of all transistors */
} mj_rc_parts;
mj_rc_parts mj_rc_net_parts(const mj_rc_net *rc);

/* dL/dW_ij of the n weights whose implicit gradients are largest, beside central differences of the
 * circuit: the weight moved by +-step, mapped and settled anew, all resistors kept. */
typedef struct {
    int i, j;
    double implicit, circuit;
} mj_rc_slope;
mj_status mj_rc_net_slopes(mj_rc_slope *slope, int n, const mj_rc_net *rc, const double *x, int label,
                           double step, const mj_spice_job *job, mj_err *err);

#endif
