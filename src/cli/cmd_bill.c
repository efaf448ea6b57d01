/* mj bill: joules per output of a model on a chip, by cause, with the measured figure beside it. */
#include "bill_request.h"
#include "commands.h"
#include "mj/report.h"
#include "style.h"

static mj_status print_bill(mj_context *context, const mj_bill_view *view)
{
    if (context->globals.json) {
        return mj_bill_print_json(stdout, view, &context->err);
    }
    if (context->globals.csv) {
        mj_bill_print_csv(stdout, view);
        return MJ_OK;
    }
    mj_style style = mj_style_of(context);
    return mj_bill_print_text(stdout, view, &style, &context->arena, &context->err);
}

int mj_cmd_bill(mj_context *context, int argc, char **argv)
{
    static const mj_bill_usage usage = {
        .command = "bill",
        .sentence = "MODEL on CHIP",
        .about = "Joules per output by cause: what each costs, how much could be gained if it\n"
                 "cost nothing (cap), and what the figure rests on. MODEL and CHIP are names\n"
                 "from `mj list`, a Hugging Face id, or paths (YAML, config.json, GGUF).",
        .example = "mj bill llama-3.1-70b on h100\n"
                   "mj bill qwen3-235b-a22b on b200 --devices 8 --batch 256 --json\n"
                   "mj bill sd-3.5-large on h100 --size 1024x1024 --steps 28\n"
                   "mj bill llama-3.1-8b on sram-chip --set chip.sram.read='2 pJ/B'",
    };
    int exit_code;
    mj_bill_request *request = mj_bill_request_read(&exit_code, context, &usage, argc, argv);
    if (request == NULL) {
        return exit_code;
    }
    mj_bill_view view;
    if (mj_bill_request_view(&view, request, context) != MJ_OK) {
        return mj_context_fail(context);
    }
    if (print_bill(context, &view) != MJ_OK && !ferror(stdout)) { /* main reports a failed write */
        return mj_context_fail(context);
    }
    return MJ_EXIT_OK;
}
