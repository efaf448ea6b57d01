/* Validation: every row of a table of measurements predicted, and the errors by group.
 *
 * The table has the columns of data/measured/ml-energy-v3.csv; a user's own table needs `model`,
 * `gpu`, `num_gpus`, `avg_power_w`, an energy per token, image or video, and the batch. Nothing
 * here is fitted to the rows: a configuration is read, what it costs is billed. */
#ifndef MJ_VALIDATE_H
#define MJ_VALIDATE_H

#include "mj/bill.h"
#include "mj/catalogue.h"

/* What a row states and a bill predicts, of all devices: J per output, W, outputs per second. */
typedef enum { MJ_FIGURE_ENERGY, MJ_FIGURE_POWER, MJ_FIGURE_THROUGHPUT, MJ_FIGURES_N } mj_figure;
/* "energy", "power", "throughput". */
extern const char *const mj_figure_names[MJ_FIGURES_N];

typedef struct {
    const char *id, *task; /* of the table; "" if it has no such column */
    int line;              /* in the table */
    int gpu;               /* index in mj_validation.gpu */
    int task_index;        /* index in mj_validation.task */
    const mj_chip *chip;
    const mj_model *model;
    mj_serving serving;    /* resolved */
    bool contention;       /* host_contention = 1: jobs shared a host */
    double measured[MJ_FIGURES_N], predicted[MJ_FIGURES_N];
    double lo_J, hi_J;     /* the bill's 90 % interval */
    double unclamped_W;    /* of all devices, before the TDP clamp; NaN where nothing clamps */
    bool clamped;
} mj_row;

/* A kind of workload found in the table, and the prompt length its rows without one were given. */
typedef struct {
    const char *name;
    double prompt;      /* tokens; 0: no row needed it */
    const char *note;   /* NULL: the length was fitted; else why it is a guess */
} mj_row_task;

typedef struct {
    const char *reason; /* "model not known: acme/llm-1" */
    int rows;
    int line;           /* of the first of them */
} mj_skip;

enum { MJ_ROW_TASKS_MAX = 64, MJ_ROW_GPUS_MAX = 32, MJ_SKIPS_MAX = 64 };

typedef struct {
    const char *path;
    mj_row *row;
    int n_rows;                         /* predicted */
    mj_row_task task[MJ_ROW_TASKS_MAX]; /* in order of appearance */
    int n_tasks;
    const char *gpu[MJ_ROW_GPUS_MAX];   /* as first written in the table, one a chip */
    int n_gpus;
    mj_skip skip[MJ_SKIPS_MAX];         /* the last one collects what finds no room */
    int n_skips;
} mj_validation;

/* Reads the table and predicts every row. Rows whose model or chip is unknown, or without measured
 * energy or power, are counted in skip with the reason; a row that does not fit the memory is
 * predicted all the same, because it was measured. Prompt lengths: input_len, else by task.
 * A missing column, a cell that is no number or out of range, an empty table: an error with file,
 * line and column name. Everything lives in the arena. */
mj_status mj_validation_run(mj_validation *v, const char *csv_path, const mj_catalogue *catalogue,
                            mj_arena *arena, mj_err *err);

/* Errors of one figure over a group, as fractions. |predicted / measured - 1|: median, 90 %
 * quantile (linear interpolation between ranks), worst; bias: median of predicted / measured - 1;
 * tau: rank correlation, Kendall's tau-b (NaN below two rows or where all are tied). */
typedef struct {
    double median, p90, worst, bias, tau;
} mj_errors;

/* Rows of one task, GPU, class and number of devices; "all" where one does not matter. Task "text"
 * is gpqa, lm-arena-chat and sourcegraph-fim without rows of shared hosts and of data-parallel
 * attention; those are task "flagged". A task of the table has all its rows. */
typedef struct {
    const char *task, *gpu, *cls, *devices; /* devices: "1", ">1", "all" */
    int rows, clamped;
    double coverage; /* share of rows whose measured energy lies in the predicted interval */
    mj_errors figure[MJ_FIGURES_N];
} mj_group;

/* All groups with rows: tasks ("text", "flagged", the table's, "all") x GPUs x classes x
 * devices. */
mj_status mj_validation_groups(mj_group **group, int *n_groups, const mj_validation *v,
                               mj_arena *arena, mj_err *err);
/* NULL if it has no rows. */
const mj_group *mj_group_find(const mj_group *group, int n_groups, const char *task,
                              const char *gpu, const char *cls, const char *devices);

/* What the project promises of a group. coverage has two borders, the others one. */
typedef struct {
    const char *task, *gpu, *devices;
    const char *what; /* "median", "p90", "tau" of energy; "coverage" */
    double value, lo, hi;
    bool met;         /* lo <= value <= hi */
} mj_goal;

enum { MJ_GOALS_MAX = 8 * MJ_ROW_GPUS_MAX + 2 };

/* The goals that have rows, checked; returns how many. goal has room for MJ_GOALS_MAX. */
int mj_validation_goals(mj_goal *goal, const mj_group *group, int n_groups, const mj_validation *v);

#endif
