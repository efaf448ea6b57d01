/* Liberty: a library of standard cells, as .lib files describe it (table look-up delay model).
 *
 * Read are: units, nominal voltage, and of every cell area, leakage, pins with capacitance and
 * function, delay, output slew and internal energy as tables over load and input slew. A cell that
 * mj cannot simulate (a flip-flop, a latch, a three-state buffer, more than six inputs, an output
 * without function) is kept with the reason, and refused by whoever meets it in a netlist.
 *
 * Not read: constraints (set-up, hold), noise, current-source models (CCS, ECSM), operating conditions
 * other than the nominal ones. Several tables of one arc (`when` conditions) count with equal weight.
 *
 * Grammar and units: Liberty User Guide [liberty2017]. */
#ifndef MJ_LIBERTY_H
#define MJ_LIBERTY_H

#include "mj/arena.h"
#include "mj/err.h"

#include <stdint.h>

enum { MJ_LIBERTY_INPUTS_MAX = 6, MJ_LIBERTY_OUTPUTS_MAX = 4 };

/* value[i * n_slew + j] at load_F[i], slew_s[j]; an axis that a table does not have has one point.
 * Unit of the values: s, or J for internal energy. `next`: another table of the same arc. */
typedef struct mj_liberty_table {
    int n_load, n_slew;
    const double *load_F, *slew_s, *value;
    const struct mj_liberty_table *next;
} mj_liberty_table;

typedef enum { MJ_FALL, MJ_RISE, MJ_EDGES_N } mj_edge; /* of the output, unless said otherwise */
typedef enum { MJ_SENSE_NONE, MJ_SENSE_POSITIVE, MJ_SENSE_NEGATIVE } mj_sense;

/* From one input to one output; NULL where the library has no table. */
typedef struct {
    mj_sense sense; /* NONE: non_unate, either edge of the input may cause either edge of the output */
    const mj_liberty_table *delay_s[MJ_EDGES_N], *slew_s[MJ_EDGES_N], *energy_J[MJ_EDGES_N];
} mj_liberty_arc;

typedef struct {
    const char *name;
    double capacitance_F;
    const mj_liberty_table *energy_J[MJ_EDGES_N]; /* of the pin's own edges, the output at rest */
} mj_liberty_input;

typedef struct {
    const char *name;
    double capacitance_F;
    uint64_t table; /* bit i: value at input j = bit j of i; repeated to fill 64 bits */
    mj_liberty_arc arc[MJ_LIBERTY_INPUTS_MAX];
} mj_liberty_output;

typedef struct {
    const char *name;
    int line;
    double area_m2;      /* NaN: not stated */
    double leakage_W;    /* NaN: not stated */
    const char *refusal; /* NULL: combinational, all below is filled; else why it is not usable */
    int n_inputs, n_outputs;
    mj_liberty_input input[MJ_LIBERTY_INPUTS_MAX];
    mj_liberty_output output[MJ_LIBERTY_OUTPUTS_MAX];
} mj_liberty_cell;

typedef struct {
    const char *path, *name;
    double voltage_V;      /* nom_voltage */
    double temperature_C;  /* nom_temperature; 25 if not stated */
    const char *corner;    /* default_operating_conditions, "" if not stated */
    const mj_liberty_cell *cell;
    int n_cells;
} mj_liberty;

/* Reads a library; it lives in the arena. Problems have file, line and column: MJ_ESYNTAX for what is
 * no Liberty (or ends too early), MJ_EUNIT for a unit that is missing or unknown, MJ_EKEY for a missing
 * voltage, MJ_ERANGE for a table whose size is not that of its axes. Areas are in um2, by convention. */
mj_status mj_liberty_load(mj_liberty *liberty, const char *path, mj_arena *arena, mj_err *err);
mj_status mj_liberty_parse(mj_liberty *liberty, const char *text, size_t length, const char *name,
                           mj_arena *arena, mj_err *err);

/* The cell of that name, NULL if there is none. */
const mj_liberty_cell *mj_liberty_find(const mj_liberty *liberty, const char *name);
/* The cell name nearest to `name`, for messages; NULL if none is near. */
const char *mj_liberty_nearest(const mj_liberty *liberty, const char *name);

/* Mean over the tables of the list, each linear between its points and beyond its ends as OpenSTA and
 * the Liberty guide have it. 0 for an empty list. */
double mj_liberty_look_up(const mj_liberty_table *table, double load_F, double slew_s);

/* The truth table of a function over up to six named inputs, repeated to fill 64 bits. Operators by
 * falling precedence: ! and ' (not), ^ (exclusive or), * & or a blank (and), + | (or). On failure
 * *why says what (a literal), *at where in `text`. */
mj_status mj_liberty_function(uint64_t *table, const char *text, const char *const *input,
                              int n_inputs, const char **why, int *at);

#endif
