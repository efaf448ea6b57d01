/* Fuzz target: spec files and patches. A text up to the first NUL is a spec; what follows, split by
 * the next NUL, is a path and a value to set in it. A refusal names a reason, and whatever is
 * accepted holds only ordered, finite numbers within the limits of its field. */
#include "../spec_schema.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 forgets one buffer when a long quoted text is malformed: a kilobyte of a process
 * that is about to report the error, and nothing that a caller could free. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml";
}

static void check_quantity(void *user, const char *path, const mj_spec_field *field,
                           mj_quantity *quantity)
{
    (void)user, (void)path;
    bool limited = field->min != 0 || field->max != 0;
    if (!mj_quantity_given(quantity)) {
        return;
    }
    if (!isfinite(quantity->lo) || !isfinite(quantity->hi) || !quantity->unit ||
        !(quantity->lo <= quantity->typ && quantity->typ <= quantity->hi) ||
        (limited && !(quantity->lo >= field->min && quantity->hi <= field->max))) {
        abort();
    }
}

static void check_patch(const test_machine *machine, const char *path, const char *value,
                        const mj_units *units, mj_arena *arena)
{
    mj_patch patch;
    mj_err err = {0};
    mj_status status = mj_patch_resolve(&patch, machine, &test_machine_schema, path, value,
                                        (mj_place){.file = "--set"}, units, arena, &err);
    if ((status == MJ_OK) != (err.n == 0)) {
        abort();
    }
    if (status == MJ_OK) {
        test_machine copy = *machine;
        mj_patch_apply(&copy, &patch);
        mj_spec_each_quantity(&copy, &test_machine_schema, check_quantity, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mj_units *units; /* immutable once made, and slow to make */
    units = units ? units : mj_units_new();
    mj_arena arena;
    mj_arena_init(&arena, (size_t)256 << 20);
    char *text = mj_arena_text(&arena, (const char *)data, size);
    if (units && text) {
        size_t length = strlen(text);
        const char *path = text + length + (length < size); /* the arena adds a last NUL */
        const char *end = path + strlen(path);
        const char *value = end + (end < text + size);
        test_machine machine = {0};
        mj_err err = {0};
        mj_status status = mj_spec_parse(&machine, &test_machine_schema, text, length, "fuzz.yaml",
                                         units, &arena, &err);
        if ((status == MJ_OK) != (err.n == 0)) {
            abort();
        }
        if (status == MJ_OK) {
            mj_spec_each_quantity(&machine, &test_machine_schema, check_quantity, NULL);
            check_patch(&machine, path, value, units, &arena);
        }
    }
    mj_arena_fini(&arena);
    return 0;
}
