/* Errors of predicted rows by group, and the goals they are held against.
 *
 * Quantiles interpolate linearly between ranks (rank q (n - 1), as NumPy's default), the median
 * too. Kendall's tau-b is counted in O(n log n): sort by the prediction, then the swaps of a
 * merge sort by the measurement are the discordant pairs
 * (Knight, J. Am. Stat. Assoc. 61, 1966). Groups are a cross product
 * of a few labels; rows are few, so that every group simply passes over all of them. */
#include "mj/validate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const ALL = "all";

typedef struct {
    const char *task, *gpu, *cls, *devices;
} labels;

static bool equal(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool is_text_task(const char *task)
{
    return equal(task, "gpqa") || equal(task, "lm-arena-chat") ||
           equal(task, "sourcegraph-fim") || equal(task, "text");
}

/* Data-parallel attention: prompts of one device stall all; no equation here describes that. */
static bool flagged(const mj_row *row)
{
    return row->contention || (row->model->output == MJ_OUTPUT_TOKEN && row->serving.data > 1);
}

static bool task_is(const mj_row *row, const char *task)
{
    if (equal(task, "text")) {
        return is_text_task(row->task) && !flagged(row);
    }
    if (equal(task, "flagged")) {
        return flagged(row);
    }
    return equal(task, ALL) || equal(task, row->task);
}

static bool belongs(const mj_row *row, const mj_validation *v, const labels *want)
{
    bool one = row->serving.devices == 1;
    return (equal(want->devices, ALL) || one == equal(want->devices, "1")) &&
           (equal(want->gpu, ALL) || equal(want->gpu, v->gpu[row->gpu])) &&
           (equal(want->cls, ALL) || equal(want->cls, mj_model_class(row->model))) &&
           task_is(row, want->task);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quantile of n >= 1 sorted numbers. */
static double quantile(const double *sorted, int n, double q)
{
    double rank = q * (n - 1);
    int below = (int)rank;
    int above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
}

typedef struct {
    double x, y;
} pair;

static int compare_pairs(const void *a, const void *b)
{
    const pair *p = a, *q = b;
    int by_x = (p->x > q->x) - (p->x < q->x);
    return by_x != 0 ? by_x : (p->y > q->y) - (p->y < q->y);
}

/* Sorts by y and returns how many pairs stood the wrong way round. */
static double merge_swaps(pair *p, pair *scratch, int n)
{
    if (n < 2) {
        return 0;
    }
    int half = n / 2;
    double swaps = merge_swaps(p, scratch, half) + merge_swaps(p + half, scratch, n - half);
    int i = 0, k = half, out = 0;
    while (i < half && k < n) {
        if (p[k].y < p[i].y) {
            swaps += half - i;
            scratch[out++] = p[k++];
        } else {
            scratch[out++] = p[i++];
        }
    }
    memcpy(scratch + out, p + i, (size_t)(half - i) * sizeof *p);
    memcpy(p, scratch, (size_t)(out + half - i) * sizeof *p);
    return swaps;
}

/* Pairs within runs of equal neighbours; `both` asks for equal x and y, else by_y picks one. */
static double tied_pairs(const pair *p, int n, bool both, bool by_y)
{
    double pairs = 0;
    for (int start = 0; start < n;) {
        int end = start + 1;
        while (end < n && (both ? p[end].x == p[start].x && p[end].y == p[start].y
                           : by_y ? p[end].y == p[start].y : p[end].x == p[start].x)) {
            end++;
        }
        pairs += 0.5 * (end - start) * (end - start - 1.0);
        start = end;
    }
    return pairs;
}

/* Kendall's tau-b; scratch has room for n. */
static double kendall(pair *p, pair *scratch, int n)
{
    qsort(p, (size_t)n, sizeof *p, compare_pairs);
    double all = 0.5 * n * (n - 1.0);
    double tied_x = tied_pairs(p, n, false, false), tied_both = tied_pairs(p, n, true, false);
    double swaps = merge_swaps(p, scratch, n);
    double tied_y = tied_pairs(p, n, false, true);
    double scale = sqrt((all - tied_x) * (all - tied_y));
    return scale > 0 ? (all - tied_x - tied_y + tied_both - 2 * swaps) / scale : NAN;
}

/* Room for the numbers of one group. */
typedef struct {
    const mj_row **row;
    double *error, *bias;
    pair *pair, *scratch;
} room;

static void measure(mj_errors *e, const room *m, int n, mj_figure figure)
{
    for (int i = 0; i < n; i++) {
        double predicted = m->row[i]->predicted[figure], measured = m->row[i]->measured[figure];
        m->bias[i] = predicted / measured - 1;
        m->error[i] = fabs(m->bias[i]);
        m->pair[i] = (pair){predicted, measured};
    }
    qsort(m->bias, (size_t)n, sizeof *m->bias, compare_doubles);
    qsort(m->error, (size_t)n, sizeof *m->error, compare_doubles);
    *e = (mj_errors){.median = quantile(m->error, n, 0.5), .p90 = quantile(m->error, n, 0.9),
                     .worst = m->error[n - 1], .bias = quantile(m->bias, n, 0.5),
                     .tau = kendall(m->pair, m->scratch, n)};
}

/* False if no row belongs to the group. */
static bool fill_group(mj_group *group, const mj_validation *v, const labels *want, const room *m)
{
    *group = (mj_group){.task = want->task, .gpu = want->gpu, .cls = want->cls,
                        .devices = want->devices};
    int inside = 0;
    for (int i = 0; i < v->n_rows; i++) {
        const mj_row *row = &v->row[i];
        if (belongs(row, v, want)) {
            double measured = row->measured[MJ_FIGURE_ENERGY];
            m->row[group->rows++] = row;
            group->clamped += row->clamped;
            inside += measured >= row->lo_J && measured <= row->hi_J;
        }
    }
    if (group->rows == 0) {
        return false;
    }
    group->coverage = (double)inside / group->rows;
    for (int f = 0; f < MJ_FIGURES_N; f++) {
        measure(&group->figure[f], m, group->rows, (mj_figure)f);
    }
    return true;
}

static bool make_room(room *m, int n, mj_arena *arena)
{
    size_t count = (size_t)n;
    *m = (room){mj_arena_array(arena, count, sizeof *m->row),
                mj_arena_array(arena, count, sizeof *m->error),
                mj_arena_array(arena, count, sizeof *m->bias),
                mj_arena_array(arena, count, sizeof *m->pair),
                mj_arena_array(arena, count, sizeof *m->scratch)};
    return m->row && m->error && m->bias && m->pair && m->scratch;
}

/* The task labels: the derived ones, then the table's that are not named like one of those. */
static int list_tasks(const char **task, const mj_validation *v)
{
    static const char *const derived[] = {"text", "flagged", "all"};
    int n = 0;
    for (int i = 0; i < 3; i++) {
        task[n++] = derived[i];
    }
    for (int i = 0; i < v->n_tasks; i++) {
        const char *name = v->task[i].name;
        if (!equal(name, "text") && !equal(name, "flagged") && !equal(name, "all")) {
            task[n++] = name;
        }
    }
    return n;
}

mj_status mj_validation_groups(mj_group **group, int *n_groups, const mj_validation *v,
                               mj_arena *arena, mj_err *err)
{
    static const char *const classes[] = {"all", "dense", "moe", "hybrid", "diffusion"};
    static const char *const devices[] = {"all", "1", ">1"};
    enum { N_CLASSES = 5, N_DEVICES = 3 };
    const char *task[MJ_ROW_TASKS_MAX + 3];
    int n_tasks = list_tasks(task, v);
    int n_labels = n_tasks * (v->n_gpus + 1) * N_CLASSES * N_DEVICES;
    room m;
    *n_groups = 0;
    *group = mj_arena_array(arena, (size_t)n_labels, sizeof **group);
    if (!*group || !make_room(&m, v->n_rows, arena)) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    for (int i = 0; i < n_labels; i++) { /* devices run fastest, then class, GPU, task */
        int gpu = i / (N_CLASSES * N_DEVICES) % (v->n_gpus + 1);
        labels want = {.task = task[i / (N_CLASSES * N_DEVICES * (v->n_gpus + 1))],
                       .gpu = gpu == 0 ? ALL : v->gpu[gpu - 1],
                       .cls = classes[i / N_DEVICES % N_CLASSES],
                       .devices = devices[i % N_DEVICES]};
        *n_groups += fill_group(*group + *n_groups, v, &want, &m);
    }
    return MJ_OK;
}

const mj_group *mj_group_find(const mj_group *group, int n_groups, const char *task,
                              const char *gpu, const char *cls, const char *devices)
{
    for (int i = 0; i < n_groups; i++) {
        const mj_group *g = &group[i];
        if (equal(g->task, task) && equal(g->gpu, gpu) && equal(g->cls, cls) &&
            equal(g->devices, devices)) {
            return g;
        }
    }
    return NULL;
}

static double goal_value(const mj_group *group, const char *what)
{
    const mj_errors *e = &group->figure[MJ_FIGURE_ENERGY];
    return equal(what, "median") ? e->median
           : equal(what, "p90")  ? e->p90
           : equal(what, "tau")  ? e->tau
                                 : group->coverage;
}

int mj_validation_goals(mj_goal *goal, const mj_group *group, int n_groups, const mj_validation *v)
{
    static const struct {
        const char *task, *devices, *what;
        double lo, hi;
        bool by_gpu;
    } promised[] = {
        {"text", "all", "median", 0, 0.13, true},
        {"text", "all", "p90", 0, 0.31, true},
        {"text", "all", "coverage", 0.85, 0.95, true},
        {"text", "all", "tau", 0.9, 1, false},
        {"text-to-image", "1", "median", 0, 0.12, true},
        {"text-to-image", "1", "p90", 0, 0.35, true},
        {"text-to-image", ">1", "median", 0, 0.20, true},
        {"text-to-image", "all", "coverage", 0.85, 0.95, true},
    };
    int n = 0;
    for (size_t i = 0; i < sizeof promised / sizeof promised[0]; i++) {
        int n_gpus = promised[i].by_gpu ? v->n_gpus : 1;
        for (int k = 0; k < n_gpus; k++) {
            const char *gpu = promised[i].by_gpu ? v->gpu[k] : ALL;
            const mj_group *g = mj_group_find(group, n_groups, promised[i].task, gpu, ALL,
                                              promised[i].devices);
            double value = g ? goal_value(g, promised[i].what) : NAN;
            if (!isnan(value)) {
                goal[n++] = (mj_goal){g->task, g->gpu, g->devices, promised[i].what, value,
                                      promised[i].lo, promised[i].hi,
                                      value >= promised[i].lo && value <= promised[i].hi};
            }
        }
    }
    return n;
}
