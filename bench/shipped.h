/* The shipped table of measurements, predicted: what several benchmarks begin with. */
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

/* root: the source tree. */
static inline bool shipped_init(shipped *s, const char *root)
{
    *s = (shipped){.units = mj_units_new()};
    mj_arena_init(&s->arena, 0);
    s->dirs[0] = mj_arena_printf(&s->arena, "%s/data/facts", root);
    const char *sources = mj_arena_printf(&s->arena, "%s/data/sources.yaml", root);
    s->facts = s->units && sources ? mj_facts_new(s->dirs, 1, sources, s->units) : NULL;
    s->catalogue = (mj_catalogue){.chips = mj_arena_printf(&s->arena, "%s/data/chips", root),
                                  .models = mj_arena_printf(&s->arena, "%s/data/models", root),
                                  .facts = s->facts,
                                  .units = s->units};
    return s->facts && s->catalogue.models;
}

static inline bool shipped_validate(mj_validation *v, shipped *s, const char *root)
{
    const char *csv = mj_arena_printf(&s->arena, "%s/data/measured/ml-energy-v3.csv", root);
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
