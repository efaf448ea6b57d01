/* World: what tests of shipped data begin with: units, facts, the catalogue, an arena. */
#ifndef MJ_WORLD_H
#define MJ_WORLD_H

#include "assert_rel.h"

#include "mj/catalogue.h"
#include "mj/chip.h"
#include "mj/model.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    mj_arena arena;
    mj_units *units;
    const char *fact_dirs[1]; /* facts borrow it */
    mj_catalogue catalogue;
    mj_err err;
} world;

/* A file or folder below the source tree, in the arena. */
static inline const char *world_path(world *w, const char *name)
{
    const char *root = getenv("MJ_SOURCE_ROOT");
    const char *path = mj_arena_printf(&w->arena, "%s/%s", root ? root : ".", name);
    assert_non_null(path);
    return path;
}

static inline void world_init(world *w)
{
    *w = (world){.units = mj_units_new()};
    mj_arena_init(&w->arena, 0);
    w->fact_dirs[0] = world_path(w, "data/facts");
    w->catalogue = (mj_catalogue){
        .ladders = world_path(w, "data/ladders"), .chips = world_path(w, "data/chips"),
        .models = world_path(w, "data/models"), .units = w->units,
        .facts = mj_facts_new(w->fact_dirs, 1, world_path(w, "data/sources.yaml"), w->units)};
    assert_non_null(w->catalogue.facts);
}

static inline void world_fini(world *w)
{
    mj_facts_free(w->catalogue.facts);
    mj_units_free(w->units);
    mj_arena_fini(&w->arena);
}

/* For tests that need nothing else: *state is the world. */
static inline int world_setup(void **state)
{
    world *w = malloc(sizeof *w);
    assert_non_null(w);
    world_init(w);
    *state = w;
    return 0;
}

static inline int world_teardown(void **state)
{
    world_fini(*state);
    free(*state);
    return 0;
}

static inline void print_problems(const mj_err *err)
{
    for (int i = 0; i < err->n; i++) {
        const mj_diag *d = &err->diag[i];
        print_error("%s:%d:%d: %s\n", d->file, d->line, d->column, d->text);
    }
}

/* Fails the test, with what w->err says, unless the status is MJ_OK. */
static inline void world_require(world *w, mj_status status)
{
    if (status != MJ_OK) {
        print_problems(&w->err);
    }
    assert_int_equal(status, MJ_OK);
}

static inline void world_chip(world *w, mj_chip *chip, const char *name)
{
    const mj_catalogue *c = &w->catalogue;
    *chip = (mj_chip){0};
    world_require(w, mj_chip_load(chip, name, c->chips, c->facts, c->units, &w->arena, &w->err));
}

static inline void world_model(world *w, mj_model *model, const char *name)
{
    const mj_catalogue *c = &w->catalogue;
    *model = (mj_model){0};
    world_require(w, mj_model_load(model, name, c->models, c->units, &w->arena, &w->err));
}

#endif
