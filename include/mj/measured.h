/* Measured: the row of a table of measurements that has a bill's configuration, if there is one.
 *
 * Two tables are shipped under data/measured: ml-energy-v3.csv (columns of that benchmark) and
 * published.csv (single points). One look-up reads both. */
#ifndef MJ_MEASURED_H
#define MJ_MEASURED_H

#include "mj/arena.h"
#include "mj/bill.h"
#include "mj/err.h"

typedef struct {
    double joules;        /* per output */
    double power_W;       /* all devices; 0: not stated */
    double throughput_ps; /* outputs per second, all devices; 0: not stated */
    double batch;         /* of the row; 0: not stated */
    double output;        /* mean output length of the row, tokens; 0: not stated */
    mj_class cls;         /* measured, vendor for a claim, any other for an estimate */
    mj_boundary boundary; /* where it was measured: the board */
    const char *row;      /* the row's id, "" if it has none */
    const char *task;     /* "lm-arena-chat"; "" if it has none */
    const char *source;   /* key in data/sources.yaml */
    const char *note;     /* "" if none */
} mj_measured;

/* The row of the table at csv_path that measures what `bill` predicts. Model (id or name),
 * precision, machine and devices must be equal; batch and output length (images: batch, width,
 * height, frames, steps) within 10 % of the row's; a cell that the table leaves empty matches
 * anything. Text rows count only for the task whose prompt length is nearest to the bill's, and
 * within a factor of two of it; lm-arena-chat before gpqa. Rows with host_contention = 1 never
 * match, nor does a bill of a fixed context, which leaves out the prompts that every row includes.
 * Of several rows the one of equal parallelism wins, then the nearest in batch.
 * *found says whether there is one; a missing file is MJ_EFILE. About 0.3 ms for 1301 rows: only
 * lines that name the model are parsed. Texts are in the arena. */
mj_status mj_measured_find(mj_measured *measured, bool *found, const char *csv_path,
                           const mj_bill *bill, mj_arena *arena, mj_err *err);

#endif
