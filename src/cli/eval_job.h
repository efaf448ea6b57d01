/* What the parts of mj eval share: what can be swept, a row of a sweep, and the job. */
#ifndef MJ_CLI_EVAL_JOB_H
#define MJ_CLI_EVAL_JOB_H

#include "context.h"
#include "fid_score.h"
#include "mj/quality.h"
#include "mj/sampler.h"
#include "ring_chip.h"

enum { VALUES_MAX = 16, ROWS_MAX = 256, CELL_TEXT = 32 };

/* What a sweep can change, in the order of the table's columns. */
enum { NOISE, BITS, MISMATCH, DETUNING, DENSITY, READOUT, START_BITS, AXES_N };
typedef struct {
    const char *option, *title, *key, *help;
    const char *plot_title, *zero_text; /* with unit; what 0 means if it is no number */
    double min, max;
} mj_eval_axis;
extern const mj_eval_axis mj_eval_axes[AXES_N];
double mj_eval_axis_value(const mj_sampling *sampling, int axis);
/* "0.1,0.2" into value [VALUES_MAX]; whole: no fractions; from_2: 1 is none of them. */
mj_status mj_eval_list_read(double *value, int *n, const char *list, const mj_eval_axis *axis, bool whole,
                            bool from_2, mj_err *err);

typedef struct {
    mj_sampling sampling;
    mj_score score;       /* mean over chips */
    double worst_frechet; /* of all chips */
    double fid;           /* mean over chips, with --inception */
    int chips;            /* judged: 1 where chips do not differ */
} mj_eval_row;

typedef struct {
    mj_context *context;
    const char *model, *data, *inception, *plot, *substrate;
    const char *path;         /* of the model */
    bool test_text;           /* of a language model, and what else it takes: */
    const char *activation_bits, *plot_joules;
    int limit_B, batch;
    double within;
    bool for_text, for_sweep; /* an option was given that is only of it; only of its sweeps */
    bool for_images;          /* an option was given that a language model has not */
    const char *by_pixels;    /* why no yardstick judges; NULL: it does */
    const char *list[AXES_N]; /* as given */
    double value[AXES_N][VALUES_MAX];
    int n_values[AXES_N];
    int n, steps, chips, threads, integrator, precision;
    mj_sampler *sampler;
    mj_ring_chip chip;   /* with --substrate */
    mj_score ideal;      /* the net as trained, beside it */
    mj_judge *judge;
    mj_fid *fid; /* NULL without --inception */
    mj_dataset train, test;
    mj_anchors anchors;
    mj_eval_row *row;
    int n_rows;
    double seconds;
} mj_eval_job;

/* The result on stdout (eval_report.c). */
void mj_eval_print_text(const mj_eval_job *j);
mj_status mj_eval_print_json(const mj_eval_job *j);

/* --plot (eval_plot.c): refuses what cannot be drawn before anything is evaluated; writes the file. */
mj_status mj_eval_plot_check(const mj_eval_job *j);
mj_status mj_eval_plot_save(const mj_eval_job *j);

#endif
