/* mj explain: a line of a bill back to its formula, its counts, its fact and its source. */
#include "bill_request.h"
#include "commands.h"
#include "mj/report.h"
#include "style.h"

static mj_status print_explanation(mj_context *context, const mj_explain_view *view)
{
    if (context->globals.json) {
        return mj_explain_print_json(stdout, view, &context->err);
    }
    mj_style style = mj_style_of(context);
    return mj_explain_print_text(stdout, view, &style, &context->arena, &context->err);
}

int mj_cmd_explain(mj_context *context, int argc, char **argv)
{
    static const mj_bill_usage usage = {
        .command = "explain",
        .sentence = "MODEL on CHIP LINE",
        .about = "Where a line of `mj bill MODEL on CHIP` comes from: formula, counts, the fact\n"
                 "or the fit behind its unit energy, and the source. LINE is a component such\n"
                 "as dram.weights, `total`, or a part of a line's name. Options as for bill.",
        .refuses = "csv verbose",
        .example = "mj explain llama-3.1-70b on h100 dram.weights\n"
                   "mj explain llama-3.1-70b on h100 total --json",
    };
    int exit_code;
    mj_bill_request *request = mj_bill_request_read(&exit_code, context, &usage, argc, argv);
    if (request == NULL) {
        return exit_code;
    }
    mj_choice choice;
    mj_bill other;
    bool has_other;
    if (mj_choice_find(&choice, &request->bill, request->line_word, &context->err) != MJ_OK ||
        mj_bill_request_other(&other, &has_other, request, &context->err) != MJ_OK) {
        return mj_context_fail(context);
    }
    const mj_explain_view view = {.view = {.bill = &request->bill,
                                           .model = request->model_word,
                                           .chip = request->chip_word},
                                  .choice = &choice,
                                  .other = has_other ? &other : NULL,
                                  .facts = mj_context_facts(context)};
    if (print_explanation(context, &view) != MJ_OK && !ferror(stdout)) { /* main reports a failed write */
        return mj_context_fail(context);
    }
    return MJ_EXIT_OK;
}
