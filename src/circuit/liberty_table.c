/* Look-up tables of a .lib.
 *
 *   cell_rise(TEMPLATE) { index_1 ("..."); index_2 ("..."); values ("row", "row", ...); }
 *
 * The template says which index is the load (total_output_net_capacitance) and which the input slew
 * (input_net_transition, input_transition_time), and has the axes where the table does not. The first
 * index is the outer one. Here the load is always the outer one, whatever the file's order. The
 * template `scalar` is a single value. */
#include "liberty_table.h"

#include "mj/text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { POINTS_MAX = 64, AXES = 2 };

typedef struct {
    int n;
    double point[POINTS_MAX];
} axis;

static mj_status no_memory(const lib_reader *r)
{
    return mj_err_add(r->err, MJ_EMEM, r->text->path, 0, 0, "no memory for a table");
}

mj_status mj_lib_number(double *number, const lib_reader *r, const lib_node *at, const char *text)
{
    text += strspn(text, " \t");
    size_t length = mj_text_number(text, number);
    if (length == 0 || text[length + strspn(text + length, " \t")] != '\0' || !isfinite(*number)) {
        return mj_lib_problem(r->err, MJ_ESYNTAX, r->text, at, "%s: '%.40s' is no number", at->name,
                              text);
    }
    return MJ_OK;
}

mj_status mj_lib_attribute(double *number, const lib_reader *r, const lib_node *group,
                           const char *name, double unit, double missing)
{
    const lib_node *child = mj_lib_child(group, name);
    *number = missing;
    if (child && child->n_arguments > 0) {
        MJ_TRY(mj_lib_number(number, r, child, child->argument[0]));
        *number *= unit;
    }
    return MJ_OK;
}

/* Appends the numbers of a text like "0.1, 0.2 0.3". */
static mj_status numbers_read(double *number, int *n, int n_max, const lib_reader *r,
                              const lib_node *at, const char *text)
{
    for (;;) {
        text += strspn(text, " \t,");
        if (*text == '\0') {
            return MJ_OK;
        }
        double value;
        size_t length = mj_text_number(text, &value);
        if (length == 0 || !isfinite(value) || (text[length] && !strchr(" \t,", text[length]))) {
            return mj_lib_problem(r->err, MJ_ESYNTAX, r->text, at, "%s: '%.40s' is no number",
                                  at->name, text);
        }
        if (*n == n_max) {
            return mj_lib_problem(r->err, MJ_ERANGE, r->text, at,
                                  "%s: more than the %d numbers of the axes", at->name, n_max);
        }
        number[(*n)++] = value;
        text += length;
    }
}

static mj_status list_read(double *number, int *n, int n_max, const lib_reader *r, const lib_node *at)
{
    *n = 0;
    for (int i = 0; i < at->n_arguments; i++) {
        MJ_TRY(numbers_read(number, n, n_max, r, at, at->argument[i]));
    }
    return MJ_OK;
}

static mj_status axis_read(axis *a, const lib_reader *r, const lib_node *at, double unit)
{
    MJ_TRY(list_read(a->point, &a->n, POINTS_MAX, r, at));
    for (int i = 0; i < a->n; i++) {
        a->point[i] *= unit;
        if (i > 0 && !(a->point[i] > a->point[i - 1])) {
            return mj_lib_problem(r->err, MJ_ERANGE, r->text, at, "%s does not rise", at->name);
        }
    }
    return a->n > 0 ? MJ_OK
                    : mj_lib_problem(r->err, MJ_ERANGE, r->text, at, "%s is empty", at->name);
}

static const lib_node *template_find(const lib_reader *r, const char *name)
{
    for (const lib_node *node = r->root->child; node; node = node->next) {
        bool is_template = strcmp(node->name, "lu_table_template") == 0 ||
                           strcmp(node->name, "power_lut_template") == 0;
        if (is_template && node->n_arguments > 0 && strcmp(node->argument[0], name) == 0) {
            return node;
        }
    }
    return NULL;
}

/* Which of the two: 0 load, 1 slew; -1 for any other variable. */
static int axis_of(const char *variable)
{
    if (strcmp(variable, "total_output_net_capacitance") == 0) {
        return 0;
    }
    bool is_slew = strcmp(variable, "input_net_transition") == 0 ||
                   strcmp(variable, "input_transition_time") == 0;
    return is_slew ? 1 : -1;
}

/* Fills place[0], place[1]: which axis the file's first and second index are, and both axes. */
static mj_status axes_read(axis axes[AXES], int place[AXES], int *n_axes, const lib_reader *r,
                           const lib_node *group, const lib_node *template)
{
    static const char *const variable[] = {"variable_1", "variable_2"};
    static const char *const index[] = {"index_1", "index_2"};
    const double unit[AXES] = {r->farad, r->second};
    *n_axes = 0;
    axes[0] = axes[1] = (axis){.n = 1};
    if (template && mj_lib_child(template, "variable_3")) {
        *r->refusal = "has a table of three axes";
        return MJ_OK;
    }
    for (int i = 0; template && i < AXES; i++) {
        const char *name = mj_lib_value(template, variable[i]);
        if (!name) {
            break;
        }
        place[i] = axis_of(name);
        if (place[i] < 0 || (i == 1 && place[0] == place[1])) {
            *r->refusal = "has a table over something else than load and slew";
            return MJ_OK;
        }
        const lib_node *own = mj_lib_child(group, index[i]);
        const lib_node *at = own ? own : mj_lib_child(template, index[i]);
        if (!at) {
            return mj_lib_problem(r->err, MJ_EKEY, r->text, group, "%s has no %s", group->name,
                                  index[i]);
        }
        MJ_TRY(axis_read(&axes[place[i]], r, at, unit[place[i]]));
        *n_axes = i + 1;
    }
    return MJ_OK;
}

static const double *numbers_keep(const lib_reader *r, const double *number, int n)
{
    double *copy = mj_arena_array(r->arena, (size_t)n, sizeof *copy);
    if (copy) {
        memcpy(copy, number, (size_t)n * sizeof *copy);
    }
    return copy;
}

/* Values in the file's order to [load][slew], times unit. */
static const double *values_keep(const lib_reader *r, const double *number, const axis axes[AXES],
                                 bool slew_first, double unit)
{
    const int n_load = axes[0].n, n_slew = axes[1].n;
    double *value = mj_arena_array(r->arena, (size_t)n_load * (size_t)n_slew, sizeof *value);
    for (int i = 0; value && i < n_load; i++) {
        for (int j = 0; j < n_slew; j++) {
            value[i * n_slew + j] = unit * number[slew_first ? j * n_load + i : i * n_slew + j];
        }
    }
    return value;
}

mj_status mj_lib_table_add(const mj_liberty_table **list, const lib_reader *r, const lib_node *group,
                           double unit)
{
    axis axes[AXES];
    int place[AXES] = {0, 1}, n_axes, n = 0;
    double number[POINTS_MAX * POINTS_MAX];
    const char *name = group->n_arguments > 0 ? group->argument[0] : "scalar";
    const lib_node *template = template_find(r, name);
    if (!template && strcmp(name, "scalar") != 0) {
        return mj_lib_problem(r->err, MJ_EKEY, r->text, group, "%s: there is no template '%s'",
                              group->name, name);
    }
    MJ_TRY(axes_read(axes, place, &n_axes, r, group, template));
    if (*r->refusal) {
        return MJ_OK;
    }
    const lib_node *values = mj_lib_child(group, "values");
    if (!values) {
        return mj_lib_problem(r->err, MJ_EKEY, r->text, group, "%s has no values", group->name);
    }
    const int want = axes[0].n * axes[1].n;
    MJ_TRY(list_read(number, &n, want, r, values));
    if (n != want) {
        return mj_lib_problem(r->err, MJ_ERANGE, r->text, values, "%d values for axes of %d x %d", n,
                              axes[0].n, axes[1].n);
    }
    mj_liberty_table *table = mj_arena_alloc(r->arena, sizeof *table);
    if (!table) {
        return no_memory(r);
    }
    *table = (mj_liberty_table){
        .n_load = axes[0].n, .n_slew = axes[1].n,
        .load_F = numbers_keep(r, axes[0].point, axes[0].n),
        .slew_s = numbers_keep(r, axes[1].point, axes[1].n),
        .value = values_keep(r, number, axes, n_axes == AXES && place[0] == 1, unit), .next = *list};
    *list = table;
    return table->load_F && table->slew_s && table->value ? MJ_OK : no_memory(r);
}

/* The interval in which x lies (or the nearest one) and how far into it, past 0 and 1 outside. */
static int interval_of(double *part, const double *point, int n, double x)
{
    int i = 0;
    *part = 0;
    if (n < 2) {
        return 0;
    }
    while (i < n - 2 && x > point[i + 1]) {
        i++;
    }
    *part = (x - point[i]) / (point[i + 1] - point[i]);
    return i;
}

double mj_liberty_look_up(const mj_liberty_table *table, double load_F, double slew_s)
{
    double sum = 0;
    int n = 0;
    for (const mj_liberty_table *t = table; t; t = t->next) {
        double u, v;
        const int i = interval_of(&u, t->load_F, t->n_load, load_F);
        const int j = interval_of(&v, t->slew_s, t->n_slew, slew_s);
        const int down = t->n_load > 1 ? t->n_slew : 0, right = t->n_slew > 1;
        const double *at = t->value + i * t->n_slew + j;
        sum += (1 - u) * ((1 - v) * at[0] + v * at[right]) +
               u * ((1 - v) * at[down] + v * at[down + right]);
        n++;
    }
    return n > 0 ? sum / n : 0;
}
