/* The kinds of workload that measured tables name, for whoever reads such rows. */
#ifndef ROW_TASKS_H
#define ROW_TASKS_H

#include "mj/validate.h"

enum { ROW_TASKS_N = 5 };

/* In order of preference where two have the same prompt length. */
extern const mj_row_task mj_row_tasks[ROW_TASKS_N];

#endif
