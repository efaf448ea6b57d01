/* Bill speed: time of one bill in this process, and whether its lines add up.
 *
 * A bill here is mj_bill_compute: from resolved structs to the full ledger with intervals, on one
 * core. A million random configurations of all shipped models and chips (batch, prompt, output,
 * devices, boundary), resolved before the clock starts, in chunks of a thousand; the figure is the
 * median of the chunks' means. A second pass, not timed, adds up the lines.
 *
 *     bill_speed SOURCE_ROOT           prints one figure a line (bench/run bill) */
#define _GNU_SOURCE
#include "figure.h"
#include "shipped.h"

#include "mj/rng.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 256, CHUNKS = 1000, CHUNK = 1000 };

typedef struct {
    const mj_chip *chip;
    const mj_model *model;
    mj_serving serving;
} configuration;

typedef struct {
    mj_chip *chip;
    mj_model *model;
    int n_chips, n_models;
    mj_rng rng;
} pool;

/* Names of the YAML files of a folder, without their ending. */
static int list_names(const char **name, const char *dir, mj_arena *arena)
{
    DIR *folder = opendir(dir);
    int n = 0;
    for (struct dirent *d; folder && n < NAMES_MAX && (d = readdir(folder)) != NULL;) {
        char *dot = strrchr(d->d_name, '.');
        if (dot && strcmp(dot, ".yaml") == 0) {
            name[n] = mj_arena_text(arena, d->d_name, (size_t)(dot - d->d_name));
            n += name[n] != NULL;
        }
    }
    if (folder) {
        closedir(folder);
    }
    return n;
}

static bool load_all(pool *p, shipped *s)
{
    const char *name[NAMES_MAX];
    p->chip = mj_arena_array(&s->arena, NAMES_MAX, sizeof *p->chip);
    p->model = mj_arena_array(&s->arena, NAMES_MAX, sizeof *p->model);
    if (!p->chip || !p->model) {
        return false;
    }
    const mj_catalogue *c = &s->catalogue;
    int n = list_names(name, c->chips, &s->arena);
    for (int i = 0; i < n; i++) {
        if (mj_chip_load(&p->chip[p->n_chips], name[i], c->chips, c->facts, c->units, &s->arena,
                         &s->err) != MJ_OK) {
            return false;
        }
        p->n_chips++;
    }
    n = list_names(name, c->models, &s->arena);
    for (int i = 0; i < n; i++) {
        if (mj_model_load(&p->model[p->n_models], name[i], c->models, c->units, &s->arena,
                          &s->err) != MJ_OK) {
            return false;
        }
        p->n_models++;
    }
    return p->n_chips > 0 && p->n_models > 0;
}

static int below(mj_rng *rng, int n)
{
    return (int)(mj_rng_uniform(rng) * n);
}

/* Log-uniform from 1 to `most`. */
static double spread(mj_rng *rng, double most)
{
    return exp(mj_rng_uniform(rng) * log(most));
}

/* A random configuration that can be billed; one that does not fit the memory takes as long. */
static void draw(configuration *c, pool *p)
{
    for (;;) {
        c->chip = &p->chip[below(&p->rng, p->n_chips)];
        c->model = &p->model[below(&p->rng, p->n_models)];
        int devices = 1 << below(&p->rng, 4);
        int domain = c->chip->domain > 0 ? c->chip->domain : 1;
        c->serving = (mj_serving){.batch = spread(&p->rng, 1024), .prompt = spread(&p->rng, 32e3),
                                  .output = spread(&p->rng, 8e3),
                                  .devices = devices < domain ? devices : domain,
                                  .boundary = MJ_BOUNDARY_DIE +
                                              below(&p->rng, MJ_BOUNDARY_FLEET -
                                                                 MJ_BOUNDARY_DIE + 1)};
        mj_bill bill;
        mj_status status = mj_serving_resolve(&c->serving, c->chip, c->model, NULL);
        if ((status == MJ_OK || status == MJ_EFIT) &&
            mj_bill_compute(&bill, c->chip, c->model, &c->serving, NULL) == MJ_OK) {
            return;
        }
    }
}

/* Mean time of a bill over a chunk; *sink keeps the work from being optimised away. */
static double time_chunk(const configuration *c, double *sink)
{
    mj_bill bill;
    double start = seconds_now();
    for (int i = 0; i < CHUNK; i++) {
        if (mj_bill_compute(&bill, c[i].chip, c[i].model, &c[i].serving, NULL) == MJ_OK) {
            *sink += bill.joules;
        }
    }
    return (seconds_now() - start) / CHUNK;
}

/* Largest |sum of lines / total - 1| of a chunk; NaN counts as infinite. */
static double largest_gap(const configuration *c)
{
    mj_bill bill;
    double largest = 0;
    for (int i = 0; i < CHUNK; i++) {
        if (mj_bill_compute(&bill, c[i].chip, c[i].model, &c[i].serving, NULL) != MJ_OK) {
            return HUGE_VAL;
        }
        double sum = 0;
        for (int k = 0; k < bill.ledger.n; k++) {
            sum += bill.ledger.line[k].joules;
        }
        double gap = bill.joules > 0 ? fabs(sum / bill.joules - 1) : fabs(sum);
        largest = gap <= largest ? largest : isnan(gap) ? HUGE_VAL : gap;
    }
    return largest;
}

static bool measure(shipped *s)
{
    pool p = {0};
    configuration *c = mj_arena_array(&s->arena, CHUNK, sizeof *c);
    double *time = mj_arena_array(&s->arena, CHUNKS, sizeof *time);
    if (!c || !time || !load_all(&p, s)) {
        return false;
    }
    mj_rng_init(&p.rng, 1, 0);
    double gap = 0, sink = 0;
    for (int i = 0; i < CHUNKS; i++) {
        for (int k = 0; k < CHUNK; k++) {
            draw(&c[k], &p);
        }
        time[i] = time_chunk(c, &sink);
        gap = fmax(gap, largest_gap(c));
    }
    qsort(time, CHUNKS, sizeof *time, compare_doubles);
    figure_print("bill.in_process", time[CHUNKS / 2], "s", NAN, 2e-6);
    figure_print("bill.in_process_p99", time[CHUNKS * 99 / 100], "s", NAN, NAN);
    figure_print("bill.lines_add_up", gap, "1", NAN, 1e-9);
    return isfinite(sink);
}

int main(int argc, char **argv)
{
    shipped s;
    bool ok = shipped_init(&s, argc > 1 ? argv[1] : ".") && measure(&s);
    shipped_complain(&s);
    shipped_fini(&s);
    return ok ? 0 : 4;
}
