/* Words about one line of a bill, for the terminal. */
#ifndef MJ_REPORT_LINE_WORDS_H
#define MJ_REPORT_LINE_WORDS_H

#include "mj/bill.h"
#include <stddef.h>

/* A count with its unit; bytes, seconds and joules with a prefix, anything else as a number. Returns
 * buf. */
char *mj_count_format(double count, const char *unit, char *buf, size_t size);
/* The energy of one `count_unit`: a power for seconds, a share for joules. Returns buf. */
char *mj_line_unit_format(const mj_line *line, char *buf, size_t size);

#endif
