/* What the tests of ladders share: the shipped catalogue, and ladders written as text. */
#ifndef MJ_LADDER_FIXTURE_H
#define MJ_LADDER_FIXTURE_H

#include "assert_rel.h"

#include "mj/ladder.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    mj_arena arena;
    mj_units *units;
    const char *dirs[1]; /* facts borrow it */
    mj_catalogue home;
    char path[64];       /* of the text last loaded */
} ladder_fixture;

static inline const char *fixture_path(ladder_fixture *f, const char *name)
{
    const char *root = getenv("MJ_SOURCE_ROOT");
    const char *path = mj_arena_printf(&f->arena, "%s/data/%s", root ? root : ".", name);
    assert_non_null(path);
    return path;
}

static inline int fixture_setup(void **state)
{
    ladder_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    mj_arena_init(&f->arena, 0);
    f->units = mj_units_new();
    f->dirs[0] = fixture_path(f, "facts");
    f->home = (mj_catalogue){
        .ladders = fixture_path(f, "ladders"), .chips = fixture_path(f, "chips"),
        .models = fixture_path(f, "models"), .units = f->units,
        .facts = mj_facts_new(f->dirs, 1, fixture_path(f, "sources.yaml"), f->units)};
    assert_non_null(f->home.facts);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    ladder_fixture *f = *state;
    mj_facts_free((mj_facts *)f->home.facts);
    mj_units_free(f->units);
    mj_arena_fini(&f->arena);
    free(f);
    return 0;
}

static inline void print_problems(const mj_err *err)
{
    for (int i = 0; i < err->n; i++) {
        const mj_diag *d = &err->diag[i];
        print_message("%s:%d:%d: %s\n", d->file, d->line, d->column, d->text);
    }
}

/* Loads a ladder from text, through a file of its own. */
static inline mj_status load_text(mj_ladder *ladder, ladder_fixture *f, const char *text,
                                  mj_err *err)
{
    snprintf(f->path, sizeof f->path, "/tmp/mj-ladder-XXXXXX.yaml");
    int file = mkstemps(f->path, 5);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    *err = (mj_err){0};
    mj_status status = mj_ladder_load(ladder, f->path, &f->home, &f->arena, err);
    unlink(f->path);
    return status;
}

static inline void load_ok(mj_ladder *ladder, ladder_fixture *f, const char *text)
{
    mj_err err;
    if (load_text(ladder, f, text, &err) != MJ_OK) {
        print_problems(&err);
        fail();
    }
}

static inline void climb_ok(mj_climb *climb, const mj_ladder *ladder, ladder_fixture *f,
                            mj_climb_options options)
{
    mj_err err = {0};
    if (mj_ladder_climb(climb, ladder, &options, &f->arena, &err) != MJ_OK) {
        print_problems(&err);
        fail();
    }
}

#endif
