/* The table of a bill on a terminal: a row a cause, or a row a line. */
#ifndef MJ_REPORT_BILL_TABLE_H
#define MJ_REPORT_BILL_TABLE_H

#include "bill_words.h"
#include "mj/report.h"

/* Causes by size and the total; with style->verbose every line in the ledger's order. Sources get
 * their numbers in `list`. */
mj_status mj_bill_print_table(FILE *out, const mj_bill *bill, const mj_style *style,
                              mj_citations *list, mj_arena *arena, mj_err *err);
/* The component that takes most joules, as text; NULL for an empty bill. */
const char *mj_bill_largest_cause(const mj_bill *bill);

#endif
