/* The schema that test_spec.c, test_patch.c and the fuzzer share: a machine with a value of every
 * kind, no real chip. */
#ifndef MJ_TEST_SPEC_SCHEMA_H
#define MJ_TEST_SPEC_SCHEMA_H

#include "mj/spec.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *name, *source;
    int kind;
    unsigned holds;
    mj_quantity read_JpB, capacity_B;
} test_memory;

typedef struct {
    double idle_W;
} test_fit;

typedef struct {
    const char *name, *title;
    bool sold;
    int layers;
    double clock_Hz, share;
    mj_quantity power_W, any, utilisation;
    const char *alias[3];
    int n_aliases;
    test_memory memory[4];
    int n_memories;
    test_memory unit[2];
    int n_units;
    test_fit fit[2];
    int n_fits;
    mj_spec_pair pair[3];
    int n_pairs;
    struct {
        mj_quantity energy_JpBm;
    } wires;
} test_machine;

static const char *const test_kinds[] = {"", "hbm", "sram", "dram", NULL};
static const char *const test_holds[] = {"weights", "kv", "act", NULL};

static const mj_spec_field test_memory_fields[] = {
    {.key = "name", .kind = MJ_SPEC_TEXT, .required = true, .offset = offsetof(test_memory, name)},
    {.key = "from", .kind = MJ_SPEC_TEXT, .offset = offsetof(test_memory, source)},
    {.key = "kind", .kind = MJ_SPEC_CHOICE, .offset = offsetof(test_memory, kind),
     .choices = test_kinds},
    {.key = "holds", .kind = MJ_SPEC_FLAGS, .offset = offsetof(test_memory, holds),
     .choices = test_holds},
    {.key = "read", .kind = MJ_SPEC_QUANTITY, .unit = "J/B", .min = 0, .max = 1,
     .offset = offsetof(test_memory, read_JpB)},
    {.key = "capacity", .kind = MJ_SPEC_QUANTITY, .unit = "B", .min = 0, .max = 1e18,
     .offset = offsetof(test_memory, capacity_B)},
};
static const mj_spec_schema test_memory_schema = {
    .name = "memory", .fields = test_memory_fields, .n_fields = 6, .size = sizeof(test_memory),
    .name_key = "name"};

static const mj_spec_field test_fit_fields[] = {
    {.key = "idle", .kind = MJ_SPEC_REAL, .unit = "W", .offset = offsetof(test_fit, idle_W)},
};
static const mj_spec_schema test_fit_schema = {
    .name = "fit", .fields = test_fit_fields, .n_fields = 1, .size = sizeof(test_fit)};

static const mj_spec_field test_wires_fields[] = {
    {.key = "energy", .kind = MJ_SPEC_QUANTITY, .unit = "J/B/m", .offset = 0},
};
static const mj_spec_schema test_wires_schema = {
    .name = "wires", .fields = test_wires_fields, .n_fields = 1, .size = sizeof(mj_quantity)};

#define TEST_AT(member) .offset = offsetof(test_machine, member)
static const mj_spec_field test_machine_fields[] = {
    {.key = "machine", .kind = MJ_SPEC_TEXT, .required = true, TEST_AT(name)},
    {.key = "title", .kind = MJ_SPEC_TEXT, TEST_AT(title)},
    {.key = "sold", .kind = MJ_SPEC_BOOL, TEST_AT(sold)},
    {.key = "layers", .kind = MJ_SPEC_INT, .min = 0, .max = 4096, TEST_AT(layers)},
    {.key = "clock", .kind = MJ_SPEC_REAL, .unit = "Hz", .min = 0, .max = 1e12, TEST_AT(clock_Hz)},
    {.key = "share", .kind = MJ_SPEC_REAL, TEST_AT(share)},
    {.key = "power", .kind = MJ_SPEC_QUANTITY, .unit = "W", .min = 0, .max = 1e6,
     TEST_AT(power_W)},
    {.key = "any", .kind = MJ_SPEC_QUANTITY, TEST_AT(any)},
    {.key = "utilisation", .kind = MJ_SPEC_QUANTITY, .unit = "1", .min = 0, .max = 1,
     TEST_AT(utilisation)},
    {.key = "aliases", .kind = MJ_SPEC_TEXTS, TEST_AT(alias), .max_items = 3,
     .count_offset = offsetof(test_machine, n_aliases)},
    {.key = "memories", .kind = MJ_SPEC_LIST, TEST_AT(memory), .max_items = 4,
     .sub = &test_memory_schema, .count_offset = offsetof(test_machine, n_memories)},
    {.key = "units", .kind = MJ_SPEC_LIST, TEST_AT(unit), .max_items = 2,
     .sub = &test_memory_schema, .count_offset = offsetof(test_machine, n_units)},
    {.key = "fits", .kind = MJ_SPEC_LIST, TEST_AT(fit), .max_items = 2,
     .sub = &test_fit_schema, .count_offset = offsetof(test_machine, n_fits)},
    {.key = "set", .kind = MJ_SPEC_PAIRS, TEST_AT(pair), .max_items = 3,
     .count_offset = offsetof(test_machine, n_pairs)},
    {.key = "wires", .kind = MJ_SPEC_MAP, TEST_AT(wires), .sub = &test_wires_schema},
};
#undef TEST_AT
static const mj_spec_schema test_machine_schema = {
    .name = "machine", .fields = test_machine_fields, .n_fields = 15,
    .size = sizeof(test_machine)};

#endif
