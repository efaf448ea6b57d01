/* mj validate: predicted against measured rows, by task, machine, class and number of devices. */
#include "commands.h"
#include "mj/report.h"
#include "mj/validate.h"
#include "options.h"
#include "style.h"

typedef struct {
    const char *data; /* NULL: the shipped table */
    bool rows, target;
} request;

static mj_status run(mj_validation *v, mj_context *context, const char *data)
{
    const char *path = data != NULL ? data : mj_context_path(context, "measured/ml-energy-v3.csv");
    mj_catalogue catalogue;
    MJ_TRY(mj_context_catalogue(context, &catalogue));
    if (path == NULL) {
        return MJ_EFILE;
    }
    return mj_validation_run(v, path, &catalogue, &context->arena, &context->err);
}

static mj_status print(mj_context *context, const mj_validation_view *view, const request *r)
{
    if (r->rows) {
        mj_validation_print_rows(stdout, view->validation);
        return MJ_OK;
    }
    if (context->globals.json) {
        return mj_validation_print_json(stdout, view, &context->err);
    }
    if (context->globals.csv) {
        mj_validation_print_csv(stdout, view);
        return MJ_OK;
    }
    mj_style style = mj_style_of(context);
    return mj_validation_print_text(stdout, view, context->globals.verbose, &style,
                                    &context->arena, &context->err);
}

/* No goal applies to a table without text and images; that is not a success either. */
static bool all_met(const mj_validation_view *view)
{
    bool met = view->n_goals > 0;
    for (int i = 0; i < view->n_goals; i++) {
        met = met && view->goal[i].met;
    }
    return met;
}

int mj_cmd_validate(mj_context *context, int argc, char **argv)
{
    request r = {0};
    const mj_option option[] = {
        {.name = "data", .argument = "CSV", .kind = MJ_OPTION_TEXT, .target = &r.data,
         .help = "measured rows with the columns of the shipped table (the shipped table)"},
        {.name = "rows", .target = &r.rows,
         .help = "every row as CSV: configuration, measured, predicted, before the power limit"},
        {.name = "target", .target = &r.target, .help = "exit code 1 if a goal is missed"},
    };
    const mj_usage usage = {
        .sentence = "",
        .about = "Predicts every measured row and shows the errors by task, machine, class and\n"
                 "number of devices, with the goals beside them. --verbose lists the rows at\n"
                 "the power limit.",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .example = "mj validate\n"
                   "mj validate --data my-rows.csv --json\n"
                   "mj validate --rows > rows.csv",
    };
    const char *word[1];
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "validate", &usage, word, argc, argv)) {
        return exit_code;
    }
    mj_validation v;
    mj_group *group;
    int n_groups;
    if (run(&v, context, r.data) != MJ_OK ||
        mj_validation_groups(&group, &n_groups, &v, &context->arena, &context->err) != MJ_OK) {
        return mj_context_fail(context);
    }
    mj_goal goal[MJ_GOALS_MAX];
    const mj_validation_view view = {.validation = &v, .group = group, .n_groups = n_groups,
                                     .goal = goal,
                                     .n_goals = mj_validation_goals(goal, group, n_groups, &v)};
    if (print(context, &view, &r) != MJ_OK && !ferror(stdout)) { /* main reports a failed write */
        return mj_context_fail(context);
    }
    if (v.n_rows == 0) { /* the reasons stand in what was printed */
        mj_err_add(&context->err, MJ_ESUPPORT, NULL, 0, 0, "no row could be predicted");
        return mj_context_fail(context);
    }
    return r.target && !all_met(&view) ? MJ_EXIT_GOAL : MJ_EXIT_OK;
}
