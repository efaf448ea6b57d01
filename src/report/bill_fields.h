/* The fields of a ledger line, as bills and explanations share them in JSON. */
#ifndef MJ_REPORT_BILL_FIELDS_H
#define MJ_REPORT_BILL_FIELDS_H

#include "mj/bill.h"
#include "mj/json.h"

/* A new object; the caller's until it is added to a parent. */
mj_json *mj_line_to_json(const mj_line *line);

#endif
