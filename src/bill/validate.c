/* Reads a table of measurements and predicts each of its rows.
 *
 * A row is a configuration (model, machine, devices, batch, lengths, parallelism) with measured
 * power, energy per output and throughput. It becomes a resolved mj_serving, goes through
 * mj_bill_compute like any other bill, and keeps both sets of figures.
 *
 * Prompt lengths are not published with the rows; the effective ones are fitted by task
 * [zeus2025]. expert_parallel = n with tensor_parallel = 1 means tensor-parallel attention with
 * spread experts, so tensor parallelism is not read: it is devices over data parallelism. */
#include "mj/validate.h"

#include "mj/csv.h"
#include "row_tasks.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include <strings.h>

const char *const mj_figure_names[MJ_FIGURES_N] = {"energy", "power", "throughput"};

static const mj_row_task unknown_task = {"", 220, "unknown task: as for chat"};

enum { NAMES_MAX = 1024 }; /* of models and chips: an unknown one costs a pass over the catalogue */

static const double LARGEST_NUMBER = 1e15; /* of any cell: keeps products finite */

typedef struct {
    int id, task, model, precision, gpu, devices, expert, data, ring, ulysses;
    int batch, images, prompt, output, spread, width, height, frames, steps;
    int power, energy[MJ_OUTPUT_VIDEO + 1], throughput[MJ_OUTPUT_VIDEO + 1]; /* by mj_output */
    int contention;
} columns;

/* Chips and models loaded so far; a name that failed keeps the reason. */
typedef struct entry {
    const char *name;
    mj_format format;
    const void *object; /* NULL: failed */
    const char *reason;
    struct entry *next;
} entry;

typedef struct {
    mj_validation *v;
    const mj_csv *csv;
    columns c;
    const mj_catalogue *catalogue;
    entry *chips, *models;
    int n_names;
    mj_arena *arena;
    mj_err *err;
} reader;

static columns find_columns(const mj_csv *csv)
{
#define FIND(name) mj_csv_column(csv, name)
    return (columns){
        .id = FIND("id"), .task = FIND("task"), .model = FIND("model"),
        .precision = FIND("weight_precision"), .gpu = FIND("gpu"), .devices = FIND("num_gpus"),
        .expert = FIND("expert_parallel"), .data = FIND("data_parallel"),
        .ring = FIND("ring_degree"), .ulysses = FIND("ulysses_degree"),
        .batch = FIND("avg_batch_size"), .images = FIND("batch_size"),
        .prompt = FIND("input_len"), .output = FIND("avg_output_len"),
        .spread = FIND("out_len_m2_ratio"), .width = FIND("width"), .height = FIND("height"),
        .frames = FIND("frames"), .steps = FIND("steps"), .power = FIND("avg_power_w"),
        .energy = {-1, FIND("energy_per_token_j"), FIND("energy_per_image_j"),
                   FIND("energy_per_video_j")},
        .throughput = {-1, FIND("throughput_tok_s"), FIND("throughput_img_s"),
                       FIND("throughput_vid_s")},
        .contention = FIND("host_contention"),
    };
#undef FIND
}

/* Reports every column without which no row can be predicted. */
static mj_status check_columns(const mj_csv *csv, const columns *c, mj_err *err)
{
    if (csv->n_columns == 1 && strpbrk(csv->header[0], ";\t|")) {
        return mj_err_add(err, MJ_ESYNTAX, csv->path, 1, 0,
                          "one column '%.80s': cells are separated by commas", csv->header[0]);
    }
    const struct {
        const char *name;
        bool there;
    } needs[] = {
        {"'model'", c->model >= 0},
        {"'gpu'", c->gpu >= 0},
        {"'num_gpus'", c->devices >= 0},
        {"'avg_batch_size' or 'batch_size'", c->batch >= 0 || c->images >= 0},
        {"'avg_power_w'", c->power >= 0},
        {"'energy_per_token_j', 'energy_per_image_j' or 'energy_per_video_j'",
         c->energy[1] >= 0 || c->energy[2] >= 0 || c->energy[3] >= 0},
    };
    mj_status status = MJ_OK;
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        if (!needs[i].there) {
            status = mj_err_add(err, MJ_EKEY, csv->path, 1, 0, "column %s is missing",
                                needs[i].name);
        }
    }
    if (status == MJ_OK && csv->n_rows == 0) {
        return mj_err_add(err, MJ_ESYNTAX, csv->path, 1, 0, "a header without rows");
    }
    return status;
}

/* A positive number; NaN where the cell is empty. */
static mj_status positive(double *value, const reader *r, int row, int column)
{
    MJ_TRY(mj_csv_number(value, r->csv, row, column, NAN, r->err));
    if (*value <= 0 || *value > LARGEST_NUMBER) {
        return mj_err_add(r->err, MJ_ERANGE, r->csv->path, r->csv->line[row], 0,
                          "column '%s': %g lies outside (0, %g]", r->csv->header[column], *value,
                          LARGEST_NUMBER);
    }
    return MJ_OK;
}

/* A whole number of at least 1; 0, which means the default, where the cell is empty. */
static mj_status whole(int *value, const reader *r, int row, int column)
{
    double number;
    MJ_TRY(mj_csv_number(&number, r->csv, row, column, 0, r->err));
    bool empty = *mj_csv_text(r->csv, row, column) == '\0';
    if (!empty && (number < 1 || number > INT_MAX || number != floor(number))) {
        return mj_err_add(r->err, MJ_ERANGE, r->csv->path, r->csv->line[row], 0,
                          "column '%s': %g is not a whole number from 1", r->csv->header[column],
                          number);
    }
    *value = (int)number;
    return MJ_OK;
}

/* Counts row n as skipped. */
static mj_status skip(const reader *r, int n, const char *reason)
{
    mj_validation *v = r->v;
    for (int i = 0; i < v->n_skips; i++) {
        if (strcmp(v->skip[i].reason, reason) == 0) {
            v->skip[i].rows++;
            return MJ_OK;
        }
    }
    if (v->n_skips == MJ_SKIPS_MAX) {
        v->skip[MJ_SKIPS_MAX - 1].reason = "other reasons";
        v->skip[MJ_SKIPS_MAX - 1].rows++;
        return MJ_OK;
    }
    v->skip[v->n_skips++] = (mj_skip){.reason = reason, .rows = 1, .line = r->csv->line[n]};
    return MJ_OK;
}

static const entry *find_entry(const entry *list, const char *name, mj_format format)
{
    while (list && (list->format != format || strcmp(list->name, name) != 0)) {
        list = list->next;
    }
    return list;
}

/* Why `name` could not be loaded, for people: a name that nobody knows, or the first problem. */
static const char *failure(const reader *r, const char *what, const char *name, mj_status status,
                           const mj_err *problems)
{
    if (status == MJ_ENAME || status == MJ_EFILE || problems->n == 0) {
        return mj_arena_printf(r->arena, "%s not known: %s", what, name);
    }
    return mj_arena_printf(r->arena, "%s %s: %s", what, name, problems->diag[0].text);
}

static mj_status load_chip(mj_chip *chip, const reader *r, const char *name, mj_err *problems)
{
    return mj_chip_load(chip, name, r->catalogue->chips, r->catalogue->facts,
                        r->catalogue->units, r->arena, problems);
}

/* The model, its weights in the format of the row where the catalogue has another one. */
static mj_status load_model(mj_model *model, const reader *r, const char *name, mj_format format,
                            mj_err *problems)
{
    MJ_TRY(mj_model_load(model, name, r->catalogue->models, r->catalogue->units, r->arena,
                         problems));
    if (format == MJ_FORMAT_NONE || model->kind == MJ_MODEL_DIFFUSION ||
        mj_model_format(model) == format) {
        return MJ_OK;
    }
    mj_model_set_precision(model, format);
    return mj_model_resolve(model, name, problems);
}

/* The chip or model of that name, loaded once. */
static mj_status look_up(const entry **found, reader *r, bool is_chip, const char *name,
                         mj_format format)
{
    entry **list = is_chip ? &r->chips : &r->models;
    *found = find_entry(*list, name, format);
    if (*found) {
        return MJ_OK;
    }
    if (r->n_names++ == NAMES_MAX) {
        return mj_err_add(r->err, MJ_ELIMIT, r->csv->path, 0, 0,
                          "columns 'model' and 'gpu': more than %d different names", NAMES_MAX);
    }
    entry *e = mj_arena_alloc(r->arena, sizeof *e);
    void *object = mj_arena_alloc(r->arena, is_chip ? sizeof(mj_chip) : sizeof(mj_model));
    if (!e || !object) {
        return mj_err_add(r->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    mj_err problems = {0};
    mj_status status = is_chip ? load_chip(object, r, name, &problems)
                               : load_model(object, r, name, format, &problems);
    *e = (entry){.name = name, .format = format, .object = object, .next = *list};
    if (status != MJ_OK) {
        e->object = NULL;
        e->reason = failure(r, is_chip ? "chip" : "model", name, status, &problems);
    }
    if (status == MJ_EMEM || (!e->object && !e->reason)) {
        return mj_err_add(r->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    *list = e;
    *found = e;
    return MJ_OK;
}

static mj_format parse_precision(const char *text)
{
    if (strcasecmp(text, "bfloat16") == 0) {
        return MJ_FORMAT_BF16;
    }
    return strcasecmp(text, "float16") == 0 ? MJ_FORMAT_FP16 : mj_format_parse(text);
}

/* Index of the row's task, added if it is new. */
static mj_status task_index(int *index, const reader *r, int row)
{
    mj_validation *v = r->v;
    const char *name = mj_csv_text(r->csv, row, r->c.task);
    for (int i = 0; i < v->n_tasks; i++) {
        if (strcmp(v->task[i].name, name) == 0) {
            *index = i;
            return MJ_OK;
        }
    }
    if (v->n_tasks == MJ_ROW_TASKS_MAX) {
        return mj_err_add(r->err, MJ_ELIMIT, r->csv->path, r->csv->line[row], 0,
                          "column 'task': more than %d different tasks", MJ_ROW_TASKS_MAX);
    }
    *index = v->n_tasks;
    v->task[v->n_tasks++] = (mj_row_task){.name = name};
    return MJ_OK;
}

/* Prompt length of a row that does not state one. */
static double task_prompt(mj_row_task *task)
{
    if (task->prompt == 0) {
        const mj_row_task *known = &unknown_task;
        for (int i = 0; i < ROW_TASKS_N; i++) {
            known = strcmp(task->name, mj_row_tasks[i].name) == 0 ? &mj_row_tasks[i] : known;
        }
        task->prompt = known->prompt;
        task->note = known->note;
    }
    return task->prompt;
}

/* Index of the chip among those of the table; the name is kept as the table writes it. */
static mj_status gpu_index(int *index, const reader *r, const mj_chip *chip, int row)
{
    mj_validation *v = r->v;
    for (int i = 0; i < v->n_gpus; i++) {
        const entry *known = find_entry(r->chips, v->gpu[i], MJ_FORMAT_NONE);
        if (strcmp(((const mj_chip *)known->object)->name, chip->name) == 0) {
            *index = i;
            return MJ_OK;
        }
    }
    if (v->n_gpus == MJ_ROW_GPUS_MAX) {
        return mj_err_add(r->err, MJ_ELIMIT, r->csv->path, r->csv->line[row], 0,
                          "column 'gpu': more than %d different chips", MJ_ROW_GPUS_MAX);
    }
    *index = v->n_gpus;
    v->gpu[v->n_gpus++] = mj_csv_text(r->csv, row, r->c.gpu);
    return MJ_OK;
}

/* What the row measured; NaN where it does not say. */
static mj_status read_measured(mj_row *row, const reader *r, int n, mj_output output)
{
    double *m = row->measured, contention;
    MJ_TRY(positive(&m[MJ_FIGURE_ENERGY], r, n, r->c.energy[output]));
    MJ_TRY(positive(&m[MJ_FIGURE_POWER], r, n, r->c.power));
    MJ_TRY(positive(&m[MJ_FIGURE_THROUGHPUT], r, n, r->c.throughput[output]));
    MJ_TRY(mj_csv_number(&contention, r->csv, n, r->c.contention, 0, r->err));
    row->contention = contention == 1;
    if (isnan(m[MJ_FIGURE_THROUGHPUT])) { /* by definition of the other two */
        m[MJ_FIGURE_THROUGHPUT] = m[MJ_FIGURE_POWER] / m[MJ_FIGURE_ENERGY];
    }
    return MJ_OK;
}

/* The configuration, before defaults. Batch and output length stay 0 where the row has none. */
static mj_status read_serving(mj_row *row, const reader *r, int n)
{
    mj_serving *s = &row->serving;
    bool text = row->model->output == MJ_OUTPUT_TOKEN;
    const struct {
        int *value;
        int column;
    } counts[] = {{&s->devices, r->c.devices}, {&s->expert, r->c.expert},
                  {&s->data, r->c.data},       {&s->ring, r->c.ring},
                  {&s->ulysses, r->c.ulysses}, {&s->width, r->c.width},
                  {&s->height, r->c.height},   {&s->frames, r->c.frames},
                  {&s->steps, r->c.steps}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        MJ_TRY(whole(counts[i].value, r, n, counts[i].column));
    }
    s->expert = s->expert > 1 ? s->devices : s->expert;
    double batch, images, prompt, output, spread;
    MJ_TRY(positive(&batch, r, n, r->c.batch));
    MJ_TRY(positive(&images, r, n, r->c.images));
    MJ_TRY(positive(&prompt, r, n, r->c.prompt));
    MJ_TRY(positive(&output, r, n, r->c.output));
    MJ_TRY(positive(&spread, r, n, r->c.spread));
    double first = text ? batch : images, second = text ? images : batch;
    s->batch = !isnan(first) ? first : !isnan(second) ? second : 0;
    s->output = isnan(output) ? 0 : output;
    s->spread = isnan(spread) ? 1 : spread;
    if (text) {
        s->prompt = isnan(prompt) ? task_prompt(&r->v->task[row->task_index]) : prompt;
    }
    return MJ_OK;
}

/* Why the row cannot be compared; NULL if it can. */
static const char *unusable(const mj_row *row)
{
    const mj_serving *s = &row->serving;
    if (isnan(row->measured[MJ_FIGURE_ENERGY])) {
        return "no measured energy";
    }
    if (isnan(row->measured[MJ_FIGURE_POWER])) {
        return "no measured power";
    }
    if (s->devices == 0) {
        return "no number of devices";
    }
    if (s->batch == 0) {
        return "no batch size";
    }
    return row->model->output == MJ_OUTPUT_TOKEN && s->output == 0 ? "no output length" : NULL;
}

/* Bills the row. *reason, if set: why it cannot be billed. */
static mj_status predict(mj_row *row, const char **reason, const reader *r)
{
    mj_err problems = {0};
    mj_bill bill;
    mj_status status = mj_serving_resolve(&row->serving, row->chip, row->model, &problems);
    if (status == MJ_EFIT) { /* it was measured, so it did fit; resolve has filled everything */
        problems = (mj_err){0};
        status = MJ_OK;
    }
    if (status == MJ_OK) {
        status = mj_bill_compute(&bill, row->chip, row->model, &row->serving, &problems);
    }
    if (status != MJ_OK) {
        *reason = mj_arena_printf(r->arena, "cannot be billed: %s",
                                  problems.n > 0 ? problems.diag[0].text : mj_status_text(status));
        return *reason ? MJ_OK : mj_err_add(r->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    bool fitted = row->chip->closure == MJ_CLOSURE_CALIBRATED;
    row->predicted[MJ_FIGURE_ENERGY] = bill.joules;
    row->predicted[MJ_FIGURE_POWER] = bill.power_W;
    row->predicted[MJ_FIGURE_THROUGHPUT] = bill.outputs_ps;
    row->lo_J = bill.lo_J;
    row->hi_J = bill.hi_J;
    row->clamped = fitted && bill.step.clamped;
    row->unclamped_W = fitted ? bill.step.unclamped_W * row->serving.devices : NAN;
    return MJ_OK;
}

/* Reads and predicts row n of the table: added to v, or counted as skipped. */
static mj_status read_row(reader *r, int n)
{
    const columns *c = &r->c;
    const char *precision = mj_csv_text(r->csv, n, c->precision);
    mj_format format = parse_precision(precision);
    if (*precision && format == MJ_FORMAT_NONE) {
        const char *reason = mj_arena_printf(r->arena, "precision not known: %s", precision);
        return reason ? skip(r, n, reason) : mj_err_add(r->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    const char *chip_name = mj_csv_text(r->csv, n, c->gpu);
    const char *model_name = mj_csv_text(r->csv, n, c->model);
    if (*chip_name == '\0' || *model_name == '\0') {
        return skip(r, n, *chip_name ? "no model named" : "no chip named");
    }
    const entry *chip, *model;
    MJ_TRY(look_up(&chip, r, true, chip_name, MJ_FORMAT_NONE));
    MJ_TRY(look_up(&model, r, false, model_name, format));
    if (!chip->object || !model->object) {
        return skip(r, n, chip->object ? model->reason : chip->reason);
    }
    mj_row row = {.id = mj_csv_text(r->csv, n, c->id),
                  .task = mj_csv_text(r->csv, n, c->task),
                  .line = r->csv->line[n],
                  .chip = chip->object,
                  .model = model->object};
    MJ_TRY(task_index(&row.task_index, r, n));
    MJ_TRY(gpu_index(&row.gpu, r, row.chip, n));
    MJ_TRY(read_serving(&row, r, n));
    MJ_TRY(read_measured(&row, r, n, (mj_output)row.model->output));
    const char *reason = unusable(&row);
    if (!reason) {
        MJ_TRY(predict(&row, &reason, r));
    }
    if (reason) {
        return skip(r, n, reason);
    }
    r->v->row[r->v->n_rows++] = row;
    return MJ_OK;
}

mj_status mj_validation_run(mj_validation *v, const char *csv_path, const mj_catalogue *catalogue,
                            mj_arena *arena, mj_err *err)
{
    *v = (mj_validation){.path = csv_path};
    mj_csv csv;
    MJ_TRY(mj_csv_load(&csv, csv_path, arena, err));
    reader r = {.v = v, .csv = &csv, .c = find_columns(&csv), .catalogue = catalogue,
                .arena = arena, .err = err};
    MJ_TRY(check_columns(&csv, &r.c, err));
    v->row = mj_arena_array(arena, (size_t)csv.n_rows, sizeof *v->row);
    if (!v->row) {
        return mj_err_add(err, MJ_EMEM, csv_path, 0, 0, "out of memory");
    }
    mj_status status = MJ_OK;
    for (int n = 0; n < csv.n_rows; n++) { /* goes on after a bad row, to report several */
        mj_status one = read_row(&r, n);
        status = status == MJ_OK ? one : status;
        if (one == MJ_EMEM || one == MJ_ELIMIT || err->n == MJ_ERR_MAX) {
            break;
        }
    }
    return status;
}
