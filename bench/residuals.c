/* Leave-one-family-out residuals: where the 90 % intervals of calibrated chips come from.
 *
 * The fitted constants of a chip are fitted again with every model of one backbone left out (all
 * precisions and twins of it together), and the rows left out are predicted. Their ratios
 * measured / predicted energy say what to expect of a model that no fit has seen; the interval of
 * a prediction runs from their 5 % to their 95 % quantile:
 *
 *     text_residual: {lo: q05, hi: q95}        in data/chips/NAME.yaml, image_residual likewise
 *
 * The fit starts at the shipped constants and minimises, over the logarithms of the constants,
 *
 *     sum over rows of ln2(energy) + ln2(throughput) + ln2(power),  ln2(y) = ln(measured / y)^2
 *
 * (NLopt, Subplex). Images and videos are one fit, as their constants are; intervals are taken over
 * both. Eta of memory and of arithmetic of the text equations stay fixed, as in the published fit
 * [zeus2025].
 *
 *     residuals SOURCE_ROOT            prints one figure a line (bench/run residuals) */
#include "figure.h"
#include "shipped.h"

#include <nlopt.h>
#include <stdlib.h>
#include <string.h>

enum { CONSTANTS_MAX = 12, FAMILIES_MAX = 64, EVALUATIONS = 100000 };

/* A fitted constant and how far the fit may take it. max 0: no border but the search range. */
typedef struct {
    const char *name;
    size_t offset;
    double max;
} constant;

#define TEXT(member) {#member, offsetof(mj_text_fit, member), 0}
#define TEXT_MAX(member, max) {#member, offsetof(mj_text_fit, member), max}
#define IMAGE(member) {#member, offsetof(mj_image_fit, member), 0}
#define IMAGE_MAX(member, max) {#member, offsetof(mj_image_fit, member), max}

/* Nothing uses more than 90 % of a peak rate; a launch takes at most half a millisecond. */
static const constant text_constants[] = {
    TEXT(idle_W), TEXT(active_W), TEXT(byte_JpB), TEXT(flop_J), TEXT_MAX(eta_experts, 0.9),
    TEXT_MAX(eta_experts_block, 0.9), TEXT(layer_s), TEXT(reduce_s), TEXT(sequence_s),
};
static const constant image_constants[] = {
    IMAGE(idle_W), IMAGE(active_W), IMAGE(byte_JpB), IMAGE(flop_J), IMAGE_MAX(eta_compute, 0.9),
    IMAGE_MAX(eta_attention, 0.9), IMAGE(act_transfers), IMAGE(heavy), IMAGE_MAX(eta_link, 0.9),
    IMAGE_MAX(launch_s, 0.5e-3), IMAGE(launch_parallel_s), IMAGE(serial_s),
};
static const double SEARCH_RANGE = 1.6; /* ln 5 each way */

/* One fit: rows of one chip, of text or of images and videos. */
typedef struct {
    mj_chip chip; /* a copy whose constants the search changes */
    bool text;
    const constant *constant;
    int n_constants;
    const mj_row **row;
    mj_ops *ops; /* of each row */
    const char **family;
    int n_rows;
    const char *left_out;
} problem;

static double *constant_at(problem *p, int i)
{
    char *base = p->text ? (char *)&p->chip.text[0] : (char *)&p->chip.image;
    return (double *)(void *)(base + p->constant[i].offset);
}

/* Logarithms of measured over predicted energy and throughput. */
static void residual(double *energy, double *throughput, const problem *p, int i)
{
    const mj_row *row = p->row[i];
    const mj_serving *s = &row->serving;
    mj_step step;
    if (p->text) {
        mj_text_step(&step, &p->chip, &p->chip.text[0], row->model, &p->ops[i], s);
    } else {
        mj_image_step(&step, &p->chip, row->model, &p->ops[i], s);
    }
    double joules = step.power_W * s->devices * step.step_s / s->batch;
    *energy = log(row->measured[MJ_FIGURE_ENERGY] / joules);
    *throughput = log(row->measured[MJ_FIGURE_THROUGHPUT] * step.step_s / s->batch);
}

static double loss(unsigned n, const double *x, double *gradient, void *data)
{
    (void)gradient; /* a method without gradients */
    problem *p = data;
    for (unsigned i = 0; i < n; i++) {
        *constant_at(p, (int)i) = exp(x[i]);
    }
    double sum = 0;
    for (int i = 0; i < p->n_rows; i++) {
        if (!p->left_out || strcmp(p->family[i], p->left_out) != 0) {
            double energy, throughput;
            residual(&energy, &throughput, p, i);
            double power = energy + throughput; /* energy = power / throughput */
            sum += energy * energy + throughput * throughput + power * power;
        }
    }
    return isfinite(sum) ? sum : HUGE_VAL;
}

/* Fits p->chip to all rows but those left out, from `start`. False if the search fails. */
static bool fit(problem *p, const mj_chip *start)
{
    double x[CONSTANTS_MAX], lo[CONSTANTS_MAX], hi[CONSTANTS_MAX], value;
    p->chip = *start;
    for (int i = 0; i < p->n_constants; i++) {
        x[i] = log(*constant_at(p, i));
        lo[i] = x[i] - SEARCH_RANGE;
        hi[i] = x[i] + SEARCH_RANGE;
        if (p->constant[i].max > 0) {
            hi[i] = fmin(hi[i], fmax(x[i], log(p->constant[i].max)));
        }
        if (strcmp(p->constant[i].name, "idle_W") == 0) { /* the power limit leaves room above it */
            hi[i] = fmin(hi[i], log(0.9 * p->chip.tdp_W.typ));
        }
    }
    nlopt_opt search = nlopt_create(NLOPT_LN_SBPLX, (unsigned)p->n_constants);
    bool ok = search && nlopt_set_min_objective(search, loss, p) > 0 &&
              nlopt_set_lower_bounds(search, lo) > 0 && nlopt_set_upper_bounds(search, hi) > 0 &&
              nlopt_set_initial_step1(search, 0.1) > 0 && nlopt_set_ftol_rel(search, 1e-9) > 0 &&
              nlopt_set_maxeval(search, EVALUATIONS) > 0 && nlopt_optimize(search, x, &value) > 0;
    loss((unsigned)p->n_constants, x, NULL, p); /* leaves the best constants in the chip */
    nlopt_destroy(search);
    return ok;
}

static bool is_fitted(const mj_row *row, bool text)
{
    if (!text) {
        return row->model->kind == MJ_MODEL_DIFFUSION;
    }
    static const char *const tasks[] = {"gpqa", "lm-arena-chat", "sourcegraph-fim"};
    bool in = false;
    for (int i = 0; i < 3; i++) {
        in = in || strcmp(row->task, tasks[i]) == 0;
    }
    return in && !row->contention && row->serving.data <= 1;
}

/* Collects the rows of one chip; the chip itself is that of the rows. */
static bool collect(problem *p, const mj_validation *v, int gpu, bool text, mj_arena *arena)
{
    size_t n = (size_t)v->n_rows;
    *p = (problem){.text = text,
                   .constant = text ? text_constants : image_constants,
                   .n_constants = text ? 9 : 12,
                   .row = mj_arena_array(arena, n, sizeof *p->row),
                   .ops = mj_arena_array(arena, n, sizeof *p->ops),
                   .family = mj_arena_array(arena, n, sizeof *p->family)};
    if (!p->row || !p->ops || !p->family) {
        return false;
    }
    mj_bill bill;
    for (int i = 0; i < v->n_rows; i++) {
        const mj_row *row = &v->row[i];
        if (row->gpu == gpu && is_fitted(row, text) &&
            mj_bill_compute(&bill, row->chip, row->model, &row->serving, NULL) == MJ_OK) {
            p->chip = *row->chip;
            p->row[p->n_rows] = row;
            p->ops[p->n_rows] = bill.ops;
            p->family[p->n_rows++] = row->model->family ? row->model->family : row->model->name;
        }
    }
    return p->n_rows > 0;
}

static int list_families(const char **family, const problem *p)
{
    int n = 0;
    for (int i = 0; i < p->n_rows && n < FAMILIES_MAX; i++) {
        bool known = false;
        for (int k = 0; k < n; k++) {
            known = known || strcmp(family[k], p->family[i]) == 0;
        }
        if (!known) {
            family[n++] = p->family[i];
        }
    }
    return n;
}

static double quantile(const double *sorted, int n, double q)
{
    double rank = q * (n - 1);
    int below = (int)rank, above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
}

/* Share of the rows of that output inside [lo, hi] times what the shipped constants predict. */
static double coverage(const problem *p, mj_output output, double lo, double hi)
{
    int inside = 0, n = 0;
    for (int i = 0; i < p->n_rows; i++) {
        if (p->row[i]->model->output != (int)output) {
            continue;
        }
        double ratio = p->row[i]->measured[MJ_FIGURE_ENERGY] /
                       p->row[i]->predicted[MJ_FIGURE_ENERGY];
        inside += ratio >= lo && ratio <= hi;
        n++;
    }
    return (double)inside / n;
}

static void print(const char *gpu, const problem *p, const char *what, double value, double lo,
                  double hi)
{
    char name[96];
    snprintf(name, sizeof name, "residuals.%s.%s.%s", p->text ? "text" : "image", gpu, what);
    figure_print(name, value, "1", lo, hi);
}

/* Predicts every row by constants that were fitted without its family: measured / predicted, and
 * |predicted / measured - 1|, both sorted. */
static bool hold_out(double *ratio, double *error, problem *p, const char *const *family,
                     int n_families)
{
    const mj_chip shipped_chip = p->chip;
    for (int k = 0; k < n_families; k++) {
        p->left_out = family[k];
        if (!fit(p, &shipped_chip)) {
            return false;
        }
        for (int i = 0; i < p->n_rows; i++) {
            double energy, throughput;
            if (strcmp(p->family[i], family[k]) == 0) {
                residual(&energy, &throughput, p, i);
                ratio[i] = exp(energy);
                error[i] = fabs(exp(-energy) - 1);
            }
        }
    }
    qsort(ratio, (size_t)p->n_rows, sizeof *ratio, compare_doubles);
    qsort(error, (size_t)p->n_rows, sizeof *error, compare_doubles);
    return true;
}

static bool run(const char *gpu, problem *p, mj_arena *arena)
{
    const char *family[FAMILIES_MAX];
    int n_families = list_families(family, p);
    double *ratio = mj_arena_array(arena, (size_t)p->n_rows, sizeof *ratio);
    double *error = mj_arena_array(arena, (size_t)p->n_rows, sizeof *error);
    if (!ratio || !error || !hold_out(ratio, error, p, family, n_families)) {
        return false;
    }
    double lo = quantile(ratio, p->n_rows, 0.05), hi = quantile(ratio, p->n_rows, 0.95);
    print(gpu, p, "rows", p->n_rows, NAN, NAN);
    print(gpu, p, "families", n_families, NAN, NAN);
    print(gpu, p, "median", quantile(error, p->n_rows, 0.5), NAN, NAN);
    print(gpu, p, "p90", quantile(error, p->n_rows, 0.9), NAN, NAN);
    print(gpu, p, "lo", lo, NAN, NAN);
    print(gpu, p, "hi", hi, NAN, NAN);
    mj_output output = p->text ? MJ_OUTPUT_TOKEN : MJ_OUTPUT_IMAGE;
    print(gpu, p, "coverage", coverage(p, output, lo, hi), 0.85, 0.95);
    if (!p->text) {
        print(gpu, p, "coverage_video", coverage(p, MJ_OUTPUT_VIDEO, lo, hi), NAN, NAN);
    }
    return true;
}

int main(int argc, char **argv)
{
    const char *root = argc > 1 ? argv[1] : ".";
    shipped s;
    mj_validation v;
    bool ok = shipped_init(&s, root) && shipped_validate(&v, &s, root);
    for (int i = 0; ok && i < 2 * v.n_gpus; i++) {
        problem p;
        if (collect(&p, &v, i / 2, i % 2 == 0, &s.arena)) {
            ok = run(v.gpu[i / 2], &p, &s.arena);
        }
    }
    shipped_complain(&s);
    shipped_fini(&s);
    return ok ? 0 : 4;
}
