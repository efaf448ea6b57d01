/* Bill request: the words and options that mj bill, mj explain and mj report share, and the bill
 * they ask for. */
#ifndef MJ_CLI_BILL_REQUEST_H
#define MJ_CLI_BILL_REQUEST_H

#include "mj/bill.h"
#include "mj/cost.h"
#include "mj/measured.h"
#include "mj/report.h"
#include "options.h"

typedef struct {
    const char *model_word, *chip_word;
    const char *line_word; /* of explain; NULL for bill */
    mj_model model;
    mj_chip chip;
    mj_serving serving; /* resolved, as billed */
    mj_bill bill;       /* points to model and chip above */
    mj_cost cost;       /* of mj_bill_request_view */
    mj_measured measured;
    mj_simulation simulation; /* of a model of oscillators */
    bool is_unjudged;         /* --precision made another model of one that was judged */
} mj_bill_request;

enum { MJ_BILL_MORE_MAX = 4 };

/* What differs between the commands. */
typedef struct {
    const char *command, *sentence, *about, *example;
    const mj_option *more; /* options besides those of every bill */
    int n_more;            /* at most MJ_BILL_MORE_MAX */
    const char *refuses;   /* see mj_usage */
} mj_bill_usage;

/* Reads the command line, loads model and chip, applies --set, resolves and bills. NULL when the
 * command has nothing more to do, with *exit_code set and every problem printed. In the context's
 * arena. */
mj_bill_request *mj_bill_request_read(int *exit_code, mj_context *context,
                                      const mj_bill_usage *usage, int argc, char **argv);

/* The bill with what stands beside it in a report: the machine's cost, and the measured figure of
 * the same configuration, if a table has one. The view borrows from the request. */
mj_status mj_bill_request_view(mj_bill_view *view, mj_bill_request *request, mj_context *context);

/* The same bill by the other fit of a chip that has two, text only. *has is false when there is
 * none. `other` borrows from the request. */
mj_status mj_bill_request_other(mj_bill *other, bool *has, const mj_bill_request *request,
                                mj_err *err);

#endif
