/* Liberty: from the syntax tree to cells.
 *
 * A library is read in one pass over its cells; problems of several cells are reported at once. What
 * makes a cell unusable for simulation is no problem of the library but the cell's `refusal`.
 *
 * Internal energy has the unit capacitive_load_unit x voltage_unit^2 (pF V^2 = pJ), and does not hold
 * the energy of the load. Where a group states no related pin, its tables count for every input. */
#include "mj/liberty.h"

#include "liberty_table.h"
#include "mj/file.h"
#include "mj/text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const size_t library_max_B = (size_t)256 << 20;
static const double UM2_M2 = 1e-12;

/* Pins of one cell while it is read. */
typedef struct {
    const lib_node *input[MJ_LIBERTY_INPUTS_MAX], *output[MJ_LIBERTY_OUTPUTS_MAX];
} pin_nodes;

static bool is(const lib_node *node, const char *name)
{
    return strcmp(node->name, name) == 0;
}

static mj_status no_memory(const lib_reader *r)
{
    return mj_err_add(r->err, MJ_EMEM, r->text->path, 0, 0, "no memory for this library");
}

/* "1ns", "10ps", "1mW", "ff": a number (1 if there is none), an SI prefix, the unit. False if it is
 * none of these. */
static bool unit_parse(double *unit, const char *text, const char *symbol)
{
    static const struct {
        char prefix;
        double factor;
    } prefixes[] = {{'a', 1e-18}, {'f', 1e-15}, {'p', 1e-12}, {'n', 1e-9}, {'u', 1e-6}, {'m', 1e-3},
                    {'k', 1e3}};
    size_t length = mj_text_number(text, unit);
    *unit = length > 0 ? *unit : 1;
    text += length + strspn(text + length, " ");
    if (!isfinite(*unit) || !(*unit > 0)) {
        return false;
    }
    if (strcasecmp(text, symbol) == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (tolower((unsigned char)text[0]) == prefixes[i].prefix &&
            strcasecmp(text + 1, symbol) == 0) {
            *unit *= prefixes[i].factor;
            return true;
        }
    }
    return false;
}

static mj_status unit_read(double *unit, const lib_reader *r, const char *name, const char *symbol)
{
    const lib_node *node = mj_lib_child(r->root, name);
    if (!node || node->n_arguments == 0) {
        return mj_lib_problem(r->err, MJ_EUNIT, r->text, r->root, "this library states no %s", name);
    }
    if (!unit_parse(unit, node->argument[0], symbol)) {
        return mj_lib_problem(r->err, MJ_EUNIT, r->text, node,
                              "%s: '%.40s' is not a number with %s, such as 1n%s", name,
                              node->argument[0], symbol, symbol);
    }
    return MJ_OK;
}

/* capacitive_load_unit (1, pf) */
static mj_status load_unit_read(double *unit, const lib_reader *r)
{
    const lib_node *node = mj_lib_child(r->root, "capacitive_load_unit");
    double number;
    if (!node) {
        return mj_lib_problem(r->err, MJ_EUNIT, r->text, r->root,
                              "this library states no capacitive_load_unit");
    }
    if (node->n_arguments != 2 || !unit_parse(unit, node->argument[1], "f")) {
        return mj_lib_problem(r->err, MJ_EUNIT, r->text, node,
                              "expected a number and a unit, such as (1, pf)");
    }
    MJ_TRY(mj_lib_number(&number, r, node, node->argument[0]));
    *unit *= number;
    return number > 0 ? MJ_OK
                      : mj_lib_problem(r->err, MJ_ERANGE, r->text, node, "a unit is more than 0");
}

static mj_status header_read(mj_liberty *liberty, lib_reader *r)
{
    const lib_node *root = r->root;
    if (!is(root, "library") || !root->is_group) {
        return mj_lib_problem(r->err, MJ_ESYNTAX, r->text, root,
                              "a Liberty file begins with library (NAME) {");
    }
    liberty->name = root->n_arguments > 0 ? root->argument[0] : "";
    liberty->corner = mj_lib_value(root, "default_operating_conditions");
    liberty->corner = liberty->corner ? liberty->corner : "";
    MJ_TRY(unit_read(&r->second, r, "time_unit", "s"));
    MJ_TRY(unit_read(&r->volt, r, "voltage_unit", "V"));
    MJ_TRY(load_unit_read(&r->farad, r));
    MJ_TRY(unit_read(&r->watt, r, "leakage_power_unit", "W"));
    r->joule = r->farad * r->volt * r->volt;
    MJ_TRY(mj_lib_attribute(&liberty->voltage_V, r, root, "nom_voltage", r->volt, 0));
    MJ_TRY(mj_lib_attribute(&liberty->temperature_C, r, root, "nom_temperature", 1, 25));
    return liberty->voltage_V > 0 ? MJ_OK
                                  : mj_lib_problem(r->err, MJ_EKEY, r->text, root,
                                                   "this library states no nom_voltage");
}

/* Tables of an internal_power group into both edges; `power` counts for both. */
static mj_status energy_read(const mj_liberty_table *energy_J[MJ_EDGES_N], const lib_reader *r,
                             const lib_node *group)
{
    for (const lib_node *node = group->child; node; node = node->next) {
        const bool both = is(node, "power") && node->is_group;
        if (both || is(node, "fall_power")) {
            MJ_TRY(mj_lib_table_add(&energy_J[MJ_FALL], r, node, r->joule));
        }
        if (both || is(node, "rise_power")) {
            MJ_TRY(mj_lib_table_add(&energy_J[MJ_RISE], r, node, r->joule));
        }
    }
    return MJ_OK;
}

static mj_status timing_read(mj_liberty_arc *arc, const lib_reader *r, const lib_node *group)
{
    const char *sense = mj_lib_value(group, "timing_sense");
    mj_sense this_sense = !sense                                ? MJ_SENSE_NONE
                          : strcmp(sense, "positive_unate") == 0 ? MJ_SENSE_POSITIVE
                          : strcmp(sense, "negative_unate") == 0 ? MJ_SENSE_NEGATIVE
                                                                 : MJ_SENSE_NONE;
    /* An exclusive or may be written as two arcs of either sense. */
    arc->sense = !arc->delay_s[0] && !arc->delay_s[1] ? this_sense
                 : arc->sense == this_sense           ? this_sense
                                                      : MJ_SENSE_NONE;
    for (const lib_node *node = group->child; node; node = node->next) {
        const mj_liberty_table **list = is(node, "cell_rise")         ? &arc->delay_s[MJ_RISE]
                                        : is(node, "cell_fall")       ? &arc->delay_s[MJ_FALL]
                                        : is(node, "rise_transition") ? &arc->slew_s[MJ_RISE]
                                        : is(node, "fall_transition") ? &arc->slew_s[MJ_FALL]
                                                                      : NULL;
        if (list) {
            MJ_TRY(mj_lib_table_add(list, r, node, r->second));
        }
    }
    return MJ_OK;
}

/* True if `list`, names with blanks between them, has the name; true for no list at all. */
static bool names_pin(const char *list, const char *name)
{
    if (!list) {
        return true;
    }
    size_t length = strlen(name);
    while (*list != '\0') {
        list += strspn(list, " ");
        size_t n = strcspn(list, " ");
        if (n == length && memcmp(list, name, n) == 0) {
            return true;
        }
        list += n;
    }
    return false;
}

/* Timing of other types is that of flip-flops and three-state outputs. */
static bool is_combinational(const lib_node *timing)
{
    const char *type = mj_lib_value(timing, "timing_type");
    return !type || strncmp(type, "combinational", strlen("combinational")) == 0;
}

static mj_status arcs_read(mj_liberty_cell *cell, mj_liberty_output *output, const lib_reader *r,
                           const lib_node *pin)
{
    for (const lib_node *node = pin->child; node; node = node->next) {
        const char *related = mj_lib_value(node, "related_pin");
        for (int i = 0; i < cell->n_inputs; i++) {
            if (!names_pin(related, cell->input[i].name)) {
                continue;
            }
            if (is(node, "timing") && is_combinational(node)) {
                MJ_TRY(timing_read(&output->arc[i], r, node));
            } else if (is(node, "internal_power")) {
                MJ_TRY(energy_read(output->arc[i].energy_J, r, node));
            }
        }
    }
    return MJ_OK;
}

static mj_status output_read(mj_liberty_cell *cell, mj_liberty_output *output, const lib_reader *r,
                             const lib_node *pin)
{
    const char *name[MJ_LIBERTY_INPUTS_MAX], *why;
    const lib_node *function = mj_lib_child(pin, "function");
    int at;
    output->name = pin->argument[0];
    MJ_TRY(mj_lib_attribute(&output->capacitance_F, r, pin, "capacitance", r->farad, 0));
    for (int i = 0; i < cell->n_inputs; i++) {
        name[i] = cell->input[i].name;
    }
    if (mj_liberty_function(&output->table, function->argument[0], name, cell->n_inputs, &why, &at) !=
        MJ_OK) {
        return mj_lib_problem(r->err, MJ_ESYNTAX, r->text, function,
                              "function of %s, character %d: %s", output->name, at + 1, why);
    }
    return arcs_read(cell, output, r, pin);
}

/* capacitance, else the mean of rise_ and fall_capacitance, else the library's default. */
static mj_status input_read(mj_liberty_input *input, const lib_reader *r, const lib_node *pin)
{
    double rise, fall, other;
    input->name = pin->argument[0];
    MJ_TRY(mj_lib_attribute(&rise, r, pin, "rise_capacitance", r->farad, NAN));
    MJ_TRY(mj_lib_attribute(&fall, r, pin, "fall_capacitance", r->farad, NAN));
    MJ_TRY(mj_lib_attribute(&other, r, r->root, "default_input_pin_cap", r->farad, NAN));
    other = isnan(rise) || isnan(fall) ? other : (rise + fall) / 2;
    MJ_TRY(mj_lib_attribute(&input->capacitance_F, r, pin, "capacitance", r->farad, other));
    if (!(input->capacitance_F >= 0)) {
        return mj_lib_problem(r->err, MJ_EKEY, r->text, pin, "the input %s states no capacitance",
                              input->name);
    }
    for (const lib_node *node = pin->child; node; node = node->next) {
        if (is(node, "internal_power")) {
            MJ_TRY(energy_read(input->energy_J, r, node));
        }
    }
    return MJ_OK;
}

/* cell_leakage_power, else the mean of the leakage_power groups, else the library's default. */
static mj_status leakage_read(mj_liberty_cell *cell, const lib_reader *r, const lib_node *node)
{
    double sum = 0, value, other;
    int n = 0;
    for (const lib_node *group = node->child; group; group = group->next) {
        if (is(group, "leakage_power") && mj_lib_child(group, "value")) {
            MJ_TRY(mj_lib_attribute(&value, r, group, "value", r->watt, 0));
            sum += value;
            n++;
        }
    }
    MJ_TRY(mj_lib_attribute(&other, r, r->root, "default_cell_leakage_power", r->watt, NAN));
    return mj_lib_attribute(&cell->leakage_W, r, node, "cell_leakage_power", r->watt,
                            n > 0 ? sum / n : other);
}

/* Why a cell with this child cannot be simulated; NULL if the child is no reason. */
static const char *reason_of(const lib_node *child)
{
    static const struct {
        const char *name, *reason;
    } reasons[] = {{"ff", "is a flip-flop"},
                   {"ff_bank", "is a bank of flip-flops"},
                   {"latch", "is a latch"},
                   {"latch_bank", "is a bank of latches"},
                   {"statetable", "has a state table"},
                   {"bus", "has a bus"},
                   {"bundle", "has a bundle of pins"}};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (is(child, reasons[i].name)) {
            return reasons[i].reason;
        }
    }
    return NULL;
}

/* Sorts a pin into inputs or outputs; what does not fit becomes the cell's refusal. */
static void pin_sort(mj_liberty_cell *cell, pin_nodes *pins, const lib_node *pin)
{
    const char *direction = mj_lib_value(pin, "direction");
    if (direction && strcmp(direction, "input") == 0) {
        if (cell->n_inputs == MJ_LIBERTY_INPUTS_MAX) {
            cell->refusal = "has more than six inputs";
            return;
        }
        pins->input[cell->n_inputs++] = pin;
    } else if (direction && strcmp(direction, "output") == 0) {
        if (mj_lib_value(pin, "three_state")) {
            cell->refusal = "has a three-state output";
        } else if (!mj_lib_value(pin, "function")) {
            cell->refusal = "has an output without a function";
        } else if (cell->n_outputs == MJ_LIBERTY_OUTPUTS_MAX) {
            cell->refusal = "has more than four outputs";
        } else {
            pins->output[cell->n_outputs++] = pin;
        }
    } else if (!direction || strcmp(direction, "internal") != 0) {
        cell->refusal = "has a pin that is neither input nor output";
    }
}

static mj_status cell_read(mj_liberty_cell *cell, const lib_reader *r, const lib_node *node)
{
    pin_nodes pins = {{NULL}, {NULL}};
    *cell = (mj_liberty_cell){.name = node->n_arguments > 0 ? node->argument[0] : "",
                              .line = node->line};
    MJ_TRY(mj_lib_attribute(&cell->area_m2, r, node, "area", UM2_M2, NAN));
    MJ_TRY(leakage_read(cell, r, node));
    for (const lib_node *child = node->child; child; child = child->next) {
        const char *reason = reason_of(child);
        cell->refusal = reason && !cell->refusal ? reason : cell->refusal;
        if (is(child, "pin") && !cell->refusal) {
            if (child->n_arguments != 1) {
                return mj_lib_problem(r->err, MJ_ESYNTAX, r->text, child, "expected pin (NAME)");
            }
            pin_sort(cell, &pins, child);
        }
    }
    cell->refusal = !cell->refusal && cell->n_outputs == 0 ? "has no output" : cell->refusal;
    for (int i = 0; i < cell->n_inputs && !cell->refusal; i++) {
        MJ_TRY(input_read(&cell->input[i], r, pins.input[i]));
    }
    for (int i = 0; i < cell->n_outputs && !cell->refusal; i++) {
        MJ_TRY(output_read(cell, &cell->output[i], r, pins.output[i]));
    }
    return MJ_OK;
}

static int compare_cells(const void *a, const void *b)
{
    const mj_liberty_cell *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static mj_status cells_read(mj_liberty *liberty, const lib_reader *r)
{
    mj_status status = MJ_OK;
    size_t n = 0;
    for (const lib_node *node = r->root->child; node; node = node->next) {
        n += is(node, "cell") && node->is_group;
    }
    mj_liberty_cell *cell = mj_arena_array(r->arena, n, sizeof *cell);
    if (!cell) {
        return no_memory(r);
    }
    liberty->cell = cell;
    liberty->n_cells = (int)n;
    for (const lib_node *node = r->root->child; node; node = node->next) {
        if (is(node, "cell") && node->is_group) {
            lib_reader of = *r;
            of.refusal = &cell->refusal;
            mj_status one = cell_read(cell++, &of, node);
            status = status == MJ_OK ? one : status; /* goes on, to report them all */
        }
    }
    if (status == MJ_OK && n == 0) {
        return mj_lib_problem(r->err, MJ_EKEY, r->text, r->root, "this library has no cells");
    }
    qsort(cell - n, n, sizeof *cell, compare_cells);
    for (size_t i = 1; i < n && status == MJ_OK; i++) {
        if (strcmp(liberty->cell[i].name, liberty->cell[i - 1].name) == 0) {
            return mj_err_add(r->err, MJ_EKEY, r->text->path, liberty->cell[i].line, 0,
                              "two cells are called '%s'", liberty->cell[i].name);
        }
    }
    return status;
}

mj_status mj_liberty_parse(mj_liberty *liberty, const char *text, size_t length, const char *name,
                           mj_arena *arena, mj_err *err)
{
    const lib_text source = {.path = mj_arena_text(arena, name, strlen(name)), .text = text,
                             .length = length};
    lib_reader r = {.text = &source, .arena = arena, .err = err};
    *liberty = (mj_liberty){.path = source.path};
    if (!source.path) {
        return no_memory(&r);
    }
    MJ_TRY(mj_lib_tree_parse(&r.root, &source, arena, err));
    MJ_TRY(header_read(liberty, &r));
    return cells_read(liberty, &r);
}

mj_status mj_liberty_load(mj_liberty *liberty, const char *path, mj_arena *arena, mj_err *err)
{
    char *text;
    size_t length;
    *liberty = (mj_liberty){.path = path};
    MJ_TRY(mj_file_read(&text, &length, path, library_max_B, err));
    mj_status status = mj_liberty_parse(liberty, text, length, path, arena, err);
    free(text);
    return status;
}

const mj_liberty_cell *mj_liberty_find(const mj_liberty *liberty, const char *name)
{
    const mj_liberty_cell key = {.name = name};
    return bsearch(&key, liberty->cell, (size_t)liberty->n_cells, sizeof key, compare_cells);
}

const char *mj_liberty_nearest(const mj_liberty *liberty, const char *name)
{
    const char *near = NULL;
    for (int i = 0; i < liberty->n_cells; i++) {
        const char *pair[] = {near, liberty->cell[i].name};
        near = mj_text_nearest(name, pair, 2);
    }
    return near;
}
