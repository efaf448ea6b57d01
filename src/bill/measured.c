/* Measured: looks up the row of a measured table that has a bill's configuration.
 *
 * A bill must come back in milliseconds and the table has 277 kB, so the file is read whole, its
 * lines are passed over unless they contain the model's id or name, and only the header and those
 * lines are parsed as CSV. A line inside a quoted cell would break that; the tables have none.
 *
 * What counts as "the same configuration" is deliberately strict: a ratio of predicted to measured
 * is worth printing only when both are about the same thing. */
#define _GNU_SOURCE /* memmem */
#include "mj/measured.h"

#include "mj/csv.h"
#include "mj/file.h"
#include "row_tasks.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TABLE_MAX_B = 64 << 20 };

/* A row's batch, lengths and sizes may differ from the bill's by this share of the row's. */
static const double tolerance = 0.10;

/* Column indices, -1 where the table has none. */
typedef struct {
    int id, task, model, precision, machine, devices, contention;
    int batch, images, output, width, height, frames, steps;
    int expert, data, ulysses, ring;
    int joules[4], power, throughput[4];
    int cls, source, note;
} columns;

/* How well a row fits: smaller is better, in order of the members. */
typedef struct {
    int parallel, task;
    double batch;
} distance;

static int either(const mj_csv *csv, const char *name, const char *other)
{
    int column = mj_csv_column(csv, name);
    return column >= 0 ? column : mj_csv_column(csv, other);
}

static columns find_columns(const mj_csv *csv)
{
    columns c = {
        .id = mj_csv_column(csv, "id"),
        .task = mj_csv_column(csv, "task"),
        .model = mj_csv_column(csv, "model"),
        .precision = either(csv, "weight_precision", "precision"),
        .machine = either(csv, "gpu", "chip"),
        .devices = either(csv, "num_gpus", "devices"),
        .contention = mj_csv_column(csv, "host_contention"),
        .batch = either(csv, "avg_batch_size", "batch"),
        .images = mj_csv_column(csv, "batch_size"),
        .output = either(csv, "avg_output_len", "output"),
        .width = mj_csv_column(csv, "width"),
        .height = mj_csv_column(csv, "height"),
        .frames = mj_csv_column(csv, "frames"),
        .steps = mj_csv_column(csv, "steps"),
        .expert = mj_csv_column(csv, "expert_parallel"),
        .data = mj_csv_column(csv, "data_parallel"),
        .ulysses = mj_csv_column(csv, "ulysses_degree"),
        .ring = mj_csv_column(csv, "ring_degree"),
        .joules = {mj_csv_column(csv, "joules_per_output"),
                   mj_csv_column(csv, "energy_per_token_j"),
                   mj_csv_column(csv, "energy_per_image_j"),
                   mj_csv_column(csv, "energy_per_video_j")},
        .power = either(csv, "avg_power_w", "power_w"),
        .throughput = {mj_csv_column(csv, "throughput"),
                       mj_csv_column(csv, "throughput_tok_s"),
                       mj_csv_column(csv, "throughput_img_s"),
                       mj_csv_column(csv, "throughput_vid_s")},
        .cls = mj_csv_column(csv, "class"),
        .source = mj_csv_column(csv, "source"),
        .note = mj_csv_column(csv, "note"),
    };
    return c;
}

static bool line_names(const char *line, size_t length, const char *name)
{
    return name && *name && memmem(line, length, name, strlen(name)) != NULL;
}

/* Keeps the header and the lines that contain the model's id or name, in place; of the others only
 * the newline stays, so that messages name the right line. Returns the new length. */
static size_t keep_lines(char *text, size_t length, const mj_model *model)
{
    size_t kept = 0;
    for (char *line = text, *end = text + length; line < end;) {
        char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t n = newline ? (size_t)(newline - line) + 1 : (size_t)(end - line);
        if (line == text || line_names(line, n, model->id) || line_names(line, n, model->name)) {
            memmove(text + kept, line, n);
            kept += n;
        } else if (newline) {
            text[kept++] = '\n';
        }
        line += n;
    }
    return kept;
}

static bool precision_equals(const char *text, mj_format format)
{
    if (*text == '\0' || format == MJ_FORMAT_NONE) {
        return true;
    }
    if (strcasecmp(text, "bfloat16") == 0) {
        return format == MJ_FORMAT_BF16;
    }
    return mj_format_parse(text) == format;
}

/* Also the id with -FP8 appended: an 8-bit bill of the 16-bit model is a bill of its twin. */
static bool model_equals(const char *text, const mj_model *model)
{
    if (model->name && strcasecmp(text, model->name) == 0) {
        return true;
    }
    size_t n = model->id ? strlen(model->id) : 0;
    if (n == 0 || strncmp(text, model->id, n) != 0) {
        return false;
    }
    return text[n] == '\0' ||
           (strcasecmp(text + n, "-FP8") == 0 && mj_model_format(model) == MJ_FORMAT_FP8);
}

static bool machine_equals(const char *text, const mj_chip *chip)
{
    if (chip->name && strcasecmp(text, chip->name) == 0) {
        return true;
    }
    for (int i = 0; i < chip->n_aliases; i++) {
        if (strcasecmp(text, chip->alias[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* True if the cell is empty or `value` lies within the tolerance of it. */
static mj_status near_cell(bool *near, const mj_csv *csv, int row, int column, double value,
                           mj_err *err)
{
    double want;
    MJ_TRY(mj_csv_number(&want, csv, row, column, NAN, err));
    /* The last bits of 1.1 x 64 must not decide at the border. */
    *near = isnan(want) || fabs(value - want) <= tolerance * fabs(want) * (1 + 1e-12);
    return MJ_OK;
}

/* False if the row's task has another prompt length than the bill, or one that is a guess. rank:
 * among equal tasks. */
static bool task_matches(int *rank, const char *task, double prompt)
{
    *rank = 0;
    if (*task == '\0') {
        return true;
    }
    double nearest = HUGE_VAL;
    double own = HUGE_VAL;
    for (int i = 0; i < ROW_TASKS_N; i++) {
        double away = fabs(log(prompt / mj_row_tasks[i].prompt));
        nearest = fmin(nearest, away);
        if (!mj_row_tasks[i].note && strcmp(task, mj_row_tasks[i].name) == 0) {
            own = away;
            *rank = i;
        }
    }
    return own <= nearest && own <= log(2);
}

/* Parallelism is not asked for by users as a rule, so it orders the rows and refuses none. */
static mj_status parallel_distance(int *n, const mj_csv *csv, const columns *c, int row,
                                   const mj_serving *s, mj_err *err)
{
    const struct {
        int column, value;
    } want[] = {{c->expert, s->expert > 1 ? s->expert : 1},
                {c->data, s->data > 1 ? s->data : 1},
                {c->ulysses, s->ulysses > 1 ? s->ulysses : 1},
                {c->ring, s->ring > 1 ? s->ring : 1}};
    *n = 0;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        double value;
        MJ_TRY(mj_csv_number(&value, csv, row, want[i].column, want[i].value, err));
        *n += (int)value != want[i].value;
    }
    return MJ_OK;
}

/* Batch, lengths and sizes of a row that already has the model, precision, machine. */
static mj_status sizes_match(bool *match, const mj_csv *csv, const columns *c, int row,
                             const mj_bill *bill, mj_err *err)
{
    const mj_serving *s = &bill->serving;
    const mj_model *model = bill->model;
    bool text = model->output == MJ_OUTPUT_TOKEN;
    const struct {
        int column;
        double value;
    } want[] = {
        {text || c->images < 0 ? c->batch : c->images, s->batch},
        {text ? c->output : -1, s->output},
        {text ? -1 : c->width, s->width > 0 ? s->width : model->diffusion.width},
        {text ? -1 : c->height, s->height > 0 ? s->height : model->diffusion.height},
        {text ? -1 : c->frames, s->frames > 0 ? s->frames : model->diffusion.frames},
        {text ? -1 : c->steps, s->steps > 0 ? s->steps : model->diffusion.steps},
    };
    *match = true;
    for (size_t i = 0; i < sizeof want / sizeof want[0] && *match; i++) {
        MJ_TRY(near_cell(match, csv, row, want[i].column, want[i].value, err));
    }
    return MJ_OK;
}

/* Whether the row measures the bill's configuration, and how far away it is. */
static mj_status row_match(bool *match, distance *d, const mj_csv *csv, const columns *c, int row,
                           const mj_bill *bill, mj_err *err)
{
    const mj_serving *s = &bill->serving;
    *match = false;
    double contention, devices;
    MJ_TRY(mj_csv_number(&contention, csv, row, c->contention, 0, err));
    MJ_TRY(mj_csv_number(&devices, csv, row, c->devices, s->devices, err));
    const char *task = mj_csv_text(csv, row, c->task);
    bool text = bill->model->output == MJ_OUTPUT_TOKEN;
    d->task = 0;
    if (contention == 1 || devices != s->devices ||
        !model_equals(mj_csv_text(csv, row, c->model), bill->model) ||
        !machine_equals(mj_csv_text(csv, row, c->machine), bill->chip) ||
        !precision_equals(mj_csv_text(csv, row, c->precision),
                          text ? mj_model_format(bill->model) : (mj_format)s->precision) ||
        (text && !task_matches(&d->task, task, s->prompt))) {
        return MJ_OK;
    }
    MJ_TRY(sizes_match(match, csv, c, row, bill, err));
    if (*match) {
        double batch;
        MJ_TRY(mj_csv_number(&batch, csv, row, text ? c->batch : c->images, s->batch, err));
        d->batch = fabs(log(s->batch / batch));
        MJ_TRY(parallel_distance(&d->parallel, csv, c, row, s, err));
    }
    return MJ_OK;
}

static bool closer(const distance *a, const distance *b)
{
    if (a->parallel != b->parallel) {
        return a->parallel < b->parallel;
    }
    if (a->task != b->task) {
        return a->task < b->task;
    }
    return a->batch < b->batch;
}

/* The first of the four columns that the row fills. */
static mj_status first_number(double *number, const mj_csv *csv, int row, const int column[4],
                              mj_err *err)
{
    *number = 0;
    for (int i = 0; i < 4 && *number == 0; i++) {
        MJ_TRY(mj_csv_number(number, csv, row, column[i], 0, err));
    }
    return MJ_OK;
}

/* Tables without the column are measured throughout. */
static mj_class class_of(const char *text)
{
    for (int cls = MJ_CLASS_MEASURED; cls < MJ_CLASS_N; cls++) {
        if (strcmp(text, mj_class_text((mj_class)cls)) == 0) {
            return (mj_class)cls;
        }
    }
    return MJ_CLASS_MEASURED;
}

static mj_status read_row(mj_measured *m, const mj_csv *csv, const columns *c, int row,
                          const mj_bill *bill, mj_err *err)
{
    bool text = bill->model->output == MJ_OUTPUT_TOKEN;
    *m = (mj_measured){
        .cls = class_of(mj_csv_text(csv, row, c->cls)),
        .boundary = MJ_BOUNDARY_BOARD,
        .row = mj_csv_text(csv, row, c->id),
        .task = mj_csv_text(csv, row, c->task),
        .source = c->source >= 0 ? mj_csv_text(csv, row, c->source) : "zeus2025",
        .note = mj_csv_text(csv, row, c->note),
    };
    MJ_TRY(first_number(&m->joules, csv, row, c->joules, err));
    MJ_TRY(first_number(&m->throughput_ps, csv, row, c->throughput, err));
    MJ_TRY(mj_csv_number(&m->power_W, csv, row, c->power, 0, err));
    MJ_TRY(mj_csv_number(&m->output, csv, row, text ? c->output : -1, 0, err));
    return mj_csv_number(&m->batch, csv, row, text || c->images < 0 ? c->batch : c->images, 0, err);
}

static mj_status find_in(mj_measured *measured, bool *found, const mj_csv *csv,
                         const mj_bill *bill, mj_err *err)
{
    columns c = find_columns(csv);
    distance best = {0};
    int best_row = -1;
    for (int row = 0; row < csv->n_rows; row++) {
        bool match;
        distance d = {0};
        MJ_TRY(row_match(&match, &d, csv, &c, row, bill, err));
        if (match && (best_row < 0 || closer(&d, &best))) {
            best = d;
            best_row = row;
        }
    }
    if (best_row < 0) {
        return MJ_OK;
    }
    MJ_TRY(read_row(measured, csv, &c, best_row, bill, err));
    *found = measured->joules > 0;
    return MJ_OK;
}

mj_status mj_measured_find(mj_measured *measured, bool *found, const char *csv_path,
                           const mj_bill *bill, mj_arena *arena, mj_err *err)
{
    *found = false;
    *measured = (mj_measured){0};
    bool text = bill->model->output == MJ_OUTPUT_TOKEN;
    if (text && (bill->serving.context > 0 || bill->serving.no_prompt)) {
        return MJ_OK;
    }
    char *table = NULL;
    size_t length = 0;
    MJ_TRY(mj_file_read(&table, &length, csv_path, TABLE_MAX_B, err));
    length = keep_lines(table, length, bill->model);
    mj_csv csv;
    mj_status status = mj_csv_parse(&csv, table, length, csv_path, arena, err);
    free(table);
    if (status != MJ_OK) {
        return status;
    }
    return find_in(measured, found, &csv, bill, err);
}
