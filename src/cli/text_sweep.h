/* What the parts of a sweep over a language model share: mj eval MODEL --noise LIST ... */
#ifndef MJ_CLI_TEXT_SWEEP_H
#define MJ_CLI_TEXT_SWEEP_H

#include "eval_job.h"
#include "mj/crossbar_file.h"
#include "mj/language.h"
#include "mj/snr_bill.h"
#include "train_commands.h"

/* Of a text that a row reads, unless --limit says otherwise. */
enum { SWEEP_BYTES = 65536 };

/* What is swept, in the order of the table's columns. */
extern const mj_eval_axis mj_text_axes[MJ_TEXT_AXES_N];

typedef struct {
    double value[MJ_TEXT_AXES_N];
    mj_snr_machine machine;
    int chips;                   /* judged: 1 where chips do not differ */
    double mean, spread, worst;  /* bits per byte: over chips, standard deviation, of all chips */
    mj_snr_bill bill;
} mj_text_row;

typedef struct {
    mj_context *context;
    const mj_text_request *request;
    mj_language model;
    mj_symbols text;
    mj_crossbar_substrate crossbar; /* with a substrate */
    bool measured;                  /* its joules count: no list says another noise, bits or mismatch */
    double formula_J;               /* of products that the formula gives in their place */
    const char *source, *part;
    double value[MJ_TEXT_AXES_N][VALUES_MAX];
    int n_values[MJ_TEXT_AXES_N];
    mj_text_row *row;
    int n_rows;
    double batch;
    double trained;  /* bits per byte as trained: with the noise of its training, if any */
    int optimum;     /* the row of least joules within `within` of that; -1: none */
    int digital, analog; /* the same of each kind */
    int least;       /* the row of least joules x bits per byte; -1: none */
    double seconds;
} mj_text_sweep;

/* True if the request asks for a sweep. */
bool mj_text_sweep_asked(const mj_text_request *request);
/* Everything: judges, bills, prints. The model was loaded to sweep. */
mj_status mj_text_sweep_run(mj_text_sweep *sweep);
/* Where a value stands first in its list; -1: nowhere. */
int mj_text_sweep_place(const mj_text_sweep *sweep, int axis, double value);
bool mj_text_row_is_digital(const mj_text_row *row);

/* The result on stdout (text_sweep_report.c). */
mj_status mj_text_sweep_print(const mj_text_sweep *sweep);
/* --plot and --plot-joules (text_sweep_plot.c): refuses what cannot be drawn; writes the files. */
mj_status mj_text_sweep_plot_check(const mj_text_sweep *sweep);
mj_status mj_text_sweep_plot_save(const mj_text_sweep *sweep);

#endif
