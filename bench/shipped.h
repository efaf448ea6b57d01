/* Shipped data: what benchmarks begin with, and its table of measurements, predicted. */
#ifndef MJ_BENCH_SHIPPED_H
#define MJ_BENCH_SHIPPED_H

#include "mj/validate.h"

#include <stdio.h>

typedef struct {
    mj_arena arena;
    mj_units *units;
    const char *dirs[1]; /* facts borrow it */
    mj_facts *facts;
    mj_catalogue catalogue;
    mj_err err;
} shipped;

static inline const char *shipped_path(shipped *s, const char *root, const char *name)
{
    return mj_arena_printf(&s->arena, "%s/%s", root, name);
}

/* root: the source tree. */
static inline bool shipped_init(shipped *s, const char *root)
{
    *s = (shipped){.units = mj_units_new()};
    mj_arena_init(&s->arena, 0);
    s->dirs[0] = shipped_path(s, root, "data/facts");
    const char *sources = shipped_path(s, root, "data/sources.yaml");
    s->facts = s->units && sources ? mj_facts_new(s->dirs, 1, sources, s->units) : NULL;
    mj_catalogue *c = &s->catalogue;
    *c = (mj_catalogue){.ladders = shipped_path(s, root, "data/ladders"),
                        .chips = shipped_path(s, root, "data/chips"),
                        .models = shipped_path(s, root, "data/models"),
                        .facts = s->facts,
                        .units = s->units};
    return c->ladders && c->chips && c->models && c->facts;
}

static inline bool shipped_validate(mj_validation *v, shipped *s, const char *root)
{
    const char *csv = shipped_path(s, root, "data/measured/ml-energy-v3.csv");
    return csv && mj_validation_run(v, csv, &s->catalogue, &s->arena, &s->err) == MJ_OK;
}

static inline void shipped_complain(const shipped *s)
{
    for (int i = 0; i < s->err.n; i++) {
        fprintf(stderr, "%s:%d: %s\n", s->err.diag[i].file, s->err.diag[i].line,
                s->err.diag[i].text);
    }
}

static inline void shipped_fini(shipped *s)
{
    mj_facts_free(s->facts);
    mj_units_free(s->units);
    mj_arena_fini(&s->arena);
}

#endif
