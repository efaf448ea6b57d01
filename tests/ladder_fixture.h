/* What the tests of ladders share: the shipped catalogue, and ladders written as text. */
#ifndef MJ_LADDER_FIXTURE_H
#define MJ_LADDER_FIXTURE_H

#include "world.h"

#include "mj/ladder.h"
#include <unistd.h>

typedef struct {
    world w;
    char path[64]; /* of the text last loaded */
} ladder_fixture;

static inline int fixture_setup(void **state)
{
    ladder_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    world_init(&f->w);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    ladder_fixture *f = *state;
    world_fini(&f->w);
    free(f);
    return 0;
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
    mj_status status = mj_ladder_load(ladder, f->path, &f->w.catalogue, &f->w.arena, err);
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
    if (mj_ladder_climb(climb, ladder, &options, &f->w.arena, &err) != MJ_OK) {
        print_problems(&err);
        fail();
    }
}

#endif
