/* RC net: from weights to conductances (rc_net.h).
 *
 * Conductances scale together until the busiest output carries output_S. The products P of the
 * correction need the conductances that they correct: a few rounds, each of which leaves a share of about
 * `loading` of the last one's error. */
#include "mj/rc_net.h"

#include <string.h>

static const double INPUT_V = 0.3, LOADING = 0.25, NODE_F = 20e-15, LEAST = 1.0 / 2000;
static const double SCORE_SHARE = 0.25;   /* conductance of a score's node over a neuron's */
static const double FULL = 0.98;          /* of a node or an output: what is left is a leak or a filling */
enum { ROUNDS = 60 };

mj_rc_config mj_rc_config_default(void)
{
    return (mj_rc_config){.input_V = INPUT_V, .loading = LOADING, .least = LEAST,
                          .node_F = NODE_F};
}

/* Scratch of a mapping. A [rows, N + K + 1]: what rows are to be, in units of the model: weights,
 * inputs, bias. D of the same shape: conductances. P [rows, rows]. */
typedef struct {
    double *A, *D, *P, *unit_V, *node_S;
    int rows, columns, N;
} mapping;

static mj_status no_memory(mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a circuit of a settling net");
}

static mj_status mapping_new(mapping *m, const mj_settling_net *net, mj_arena *arena, mj_err *err)
{
    m->rows = net->N + net->M;
    m->N = net->N;
    m->columns = net->N + net->K + 1;
    size_t n = (size_t)m->rows * (size_t)m->columns, rows = (size_t)m->rows;
    m->A = mj_arena_array(arena, n, sizeof(double));
    m->D = mj_arena_array(arena, n, sizeof(double));
    m->P = mj_arena_array(arena, rows * rows, sizeof(double));
    m->unit_V = mj_arena_array(arena, rows, sizeof(double));
    m->node_S = mj_arena_array(arena, rows, sizeof(double));
    if (!m->A || !m->D || !m->P || !m->unit_V || !m->node_S) {
        return no_memory(err);
    }
    for (int r = 0; r < m->rows; r++) {
        double *a = m->A + r * m->columns;
        bool neuron = r < net->N;
        memcpy(a, neuron ? net->W + r * net->N : net->V + (r - net->N) * net->N,
               (size_t)net->N * sizeof *a);
        if (neuron) {
            memcpy(a + net->N, net->U + r * net->K, (size_t)net->K * sizeof *a);
        }
        a[m->columns - 1] = neuron ? net->b[r] : net->c[r - net->N];
    }
    return MJ_OK;
}

/* D = (diag G - R P) diag(unit) A over the volts of what drives each column. */
static void fill_conductances(mapping *m, const mj_rc_net *rc)
{
    for (int r = 0; r < m->rows; r++) {
        for (int k = 0; k < m->columns; k++) {
            double sum = m->node_S[r] * m->unit_V[r] * m->A[r * m->columns + k];
            for (int s = 0; s < m->rows; s++) {
                sum -= rc->output_ohm * m->P[r * m->rows + s] * m->unit_V[s] * m->A[s * m->columns + k];
            }
            m->D[r * m->columns + k] = sum / (k < m->N ? rc->swing_V : rc->config.input_V);
        }
    }
}

/* Nodes meet at an output if their conductances have the same sign there. */
static void fill_products(mapping *m)
{
    for (int r = 0; r < m->rows; r++) {
        for (int s = 0; s < m->rows; s++) {
            double sum = 0;
            for (int j = 0; j < m->N; j++) {
                double a = m->D[r * m->columns + j], b = m->D[s * m->columns + j];
                sum += a * b > 0 ? a * b : 0;
            }
            m->P[r * m->rows + s] = sum;
        }
    }
}

static double busiest_output(const mapping *m)
{
    double most = 0;
    for (int j = 0; j < m->N; j++) {
        double plus = 0, minus = 0;
        for (int r = 0; r < m->rows; r++) {
            double d = m->D[r * m->columns + j];
            plus += fmax(d, 0);
            minus += fmax(-d, 0);
        }
        most = fmax(most, fmax(plus, minus));
    }
    return most;
}

static double row_sum(const mapping *m, int r)
{
    double sum = 0;
    for (int k = 0; k < m->columns; k++) {
        sum += fabs(m->D[r * m->columns + k]);
    }
    return sum;
}

/* The fullest score's node decides how many volts a unit of score is. */
static void set_score_volts(mapping *m, const mj_rc_net *rc)
{
    double most = 0;
    for (int r = m->N; r < m->rows; r++) {
        double sum = 0;
        for (int k = 0; k < m->columns; k++) {
            sum += fabs(m->A[r * m->columns + k]) / (k < m->N ? rc->swing_V : rc->config.input_V);
        }
        most = fmax(most, sum);
    }
    for (int r = 0; r < m->rows; r++) {
        m->unit_V[r] = r < m->N ? rc->unit_V : most > 0 ? 0.9 / most : 1;
    }
}

static void set_nodes(mapping *m, double node_S)
{
    for (int r = 0; r < m->rows; r++) {
        m->node_S[r] = r < m->N ? node_S : SCORE_SHARE * node_S;
    }
}

static void leave_out(mapping *m, double least)
{
    for (int r = 0; r < m->rows; r++) {
        for (int k = 0; k < m->columns; k++) {
            double *d = &m->D[r * m->columns + k];
            *d = fabs(*d) < least * m->node_S[r] ? 0 : *d;
        }
    }
}

/* Sizes all, then what is left of each node and output. */
static mj_status solve(mapping *m, mj_rc_net *rc, mj_err *err)
{
    double node_S = rc->output_S;
    set_score_volts(m, rc);
    for (int round = 0; round < ROUNDS; round++) {
        set_nodes(m, node_S);
        fill_conductances(m, rc);
        double busiest = busiest_output(m);
        if (busiest > 0) {
            node_S *= FULL * rc->output_S / busiest;
        }
        fill_products(m);
    }
    set_nodes(m, node_S);
    fill_conductances(m, rc);
    rc->node_S = node_S;
    rc->score_S = SCORE_SHARE * node_S;
    rc->score_V = m->unit_V[m->rows - 1];
    leave_out(m, rc->config.least);
    for (int r = 0; r < m->rows; r++) {
        double share = row_sum(m, r) / m->node_S[r];
        if (!(share < 1)) {
            return mj_err_add(err, MJ_EFIT, NULL, 0, 0,
                              "%s %d needs %.2f times the conductance of its node: train with a smaller "
                              "drive, or give inputs more than %.3g V", r < m->N ? "neuron" : "score",
                              r < m->N ? r : r - m->N, share, rc->config.input_V);
        }
    }
    return MJ_OK;
}

static mj_status take(mj_rc_net *rc, const mapping *m, mj_arena *arena, mj_err *err)
{
    int N = m->N, K = m->columns - N - 1;
    size_t rows = (size_t)m->rows;
    rc->n_rows = m->rows;
    rc->weight = mj_arena_array(arena, rows * (size_t)N, sizeof(double));
    rc->input = mj_arena_array(arena, rows * (size_t)K, sizeof(double));
    rc->bias = mj_arena_array(arena, rows, sizeof(double));
    rc->leak = mj_arena_array(arena, rows, sizeof(double));
    rc->fill_plus = mj_arena_array(arena, (size_t)N, sizeof(double));
    rc->fill_minus = mj_arena_array(arena, (size_t)N, sizeof(double));
    if (!rc->weight || !rc->input || !rc->bias || !rc->leak || !rc->fill_plus || !rc->fill_minus) {
        return no_memory(err);
    }
    for (int j = 0; j < N; j++) {
        rc->fill_plus[j] = rc->fill_minus[j] = rc->output_S;
    }
    for (int r = 0; r < m->rows; r++) {
        const double *d = m->D + r * m->columns;
        memcpy(rc->weight + r * N, d, (size_t)N * sizeof *d);
        memcpy(rc->input + r * K, d + N, (size_t)K * sizeof *d);
        rc->bias[r] = d[N + K];
        rc->leak[r] = m->node_S[r] - row_sum(m, r);
        for (int j = 0; j < N; j++) {
            rc->fill_plus[j] -= fmax(d[j], 0);
            rc->fill_minus[j] -= fmax(-d[j], 0);
        }
    }
    return MJ_OK;
}

mj_status mj_rc_net_map(mj_rc_net *rc, const mj_settling_net *net, const mj_rc_cell *cell,
                        const mj_rc_transfer *transfer, mj_rc_config config, mj_arena *arena,
                        mj_err *err)
{
    mapping m;
    *rc = (mj_rc_net){.net = net, .cell = *cell, .transfer = *transfer, .config = config};
    rc->config.input_V = config.input_V > 0 ? config.input_V : INPUT_V;
    rc->config.loading = config.loading > 0 ? config.loading : LOADING;
    rc->config.least = config.least > 0 ? config.least : LEAST;
    rc->config.node_F = config.node_F > 0 ? config.node_F : NODE_F;
    if (mj_rc_cell_middle(cell) + rc->config.input_V > cell->vdd_V + 1e-9) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "inputs of %.3g V above the middle of %.3g V pass the supply of %.3g V",
                          rc->config.input_V, mj_rc_cell_middle(cell), cell->vdd_V);
    }
    rc->output_S = rc->config.loading / cell->load_ohm;
    rc->output_ohm = 1 / (1 / cell->load_ohm + rc->output_S);
    rc->swing_V = transfer->current_A * rc->output_ohm / 2;
    rc->unit_V = 1 / transfer->gain_pV;
    MJ_TRY(mapping_new(&m, net, arena, err));
    MJ_TRY(solve(&m, rc, err));
    rc->time_s = rc->config.node_F / rc->node_S;
    return take(rc, &m, arena, err);
}

mj_rc_parts mj_rc_net_parts(const mj_rc_net *rc)
{
    const mj_settling_net *net = rc->net;
    mj_rc_parts parts = {.n_parameters = mj_settling_parameters(net), .n_cells = net->N};
    const struct {
        const double *conductance;
        int n;
    } kind[] = {{rc->weight, rc->n_rows * net->N}, {rc->input, rc->n_rows * net->K}, {rc->bias, rc->n_rows},
                {rc->leak, rc->n_rows}, {rc->fill_plus, net->N}, {rc->fill_minus, net->N}};
    for (size_t i = 0; i < sizeof kind / sizeof kind[0]; i++) {
        for (int k = 0; k < kind[i].n; k++) {
            double g = fabs(kind[i].conductance[k]);
            parts.n_resistors += g >= MJ_RC_LEAST_S;
            parts.resistance_ohm += g >= MJ_RC_LEAST_S ? 1 / g : 0;
        }
    }
    parts.n_resistors += 2 * net->N;
    parts.resistance_ohm += 2 * net->N * rc->cell.load_ohm;
    parts.capacitance_F = rc->config.node_F * (net->N + SCORE_SHARE * net->M);
    if (rc->cell.models) {
        parts.gate_m2 = 2 * net->N * (rc->cell.width_m * rc->cell.length_m +
                                      rc->cell.tail_width_m * rc->cell.tail_length_m);
    }
    return parts;
}
