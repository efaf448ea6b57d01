/* mj ladder: a base machine, rungs that change it, and the bill after every rung. */
#include "commands.h"
#include "mj/ladder.h"
#include "mj/report.h"
#include "options.h"
#include "style.h"

typedef struct {
    bool orders, search, target_given;
    const char *drop;
    double target;
    int sweep;   /* index in sweep_names */
    int variant; /* index in variant_names */
} request;

static const char *const sweep_names[] = {"", "memory", NULL};
static const char *const variant_names[] = {"", "a", "b", NULL};

/* Everything a run may show; climbs are large. */
typedef struct {
    mj_ladder ladder;
    mj_climb climb, other, dropped;
    mj_search search;
    mj_memory_sweep sweep;
} result;

static int exit_after(mj_context *context, mj_status status, int exit_code)
{
    if (status != MJ_OK && !ferror(stdout)) { /* main reports a failed write */
        return mj_context_fail(context);
    }
    return exit_code;
}

static int run_sweep(mj_context *context, result *r, const mj_catalogue *home)
{
    mj_arena *arena = &context->arena;
    mj_err *err = &context->err;
    mj_status status = mj_ladder_sweep_memory(&r->sweep, &r->ladder, home, arena, err);
    if (status != MJ_OK) {
        return mj_context_fail(context);
    }
    if (context->globals.json) {
        status = mj_sweep_print_json(stdout, &r->sweep, err);
    } else if (context->globals.csv) {
        mj_sweep_print_csv(stdout, &r->sweep);
    } else {
        mj_style style = mj_style_of(context);
        status = mj_sweep_print_text(stdout, &r->sweep, &style, arena, err);
    }
    return exit_after(context, status, MJ_EXIT_OK);
}

/* The climb asked for, and beside it the other fit, the climb without a rung, the search. */
static mj_status compute(mj_ladder_view *view, result *r, const request *q, mj_context *context)
{
    mj_arena *arena = &context->arena;
    mj_err *err = &context->err;
    mj_climb_options options = {.variant = q->variant == 2, .target = q->target};
    *view = (mj_ladder_view){.climb = &r->climb, .orders = q->orders};
    MJ_TRY(mj_ladder_climb(&r->climb, &r->ladder, &options, arena, err));
    const mj_bill *base = r->climb.step[0].bill;
    bool fits_two = mj_ladder_fits(&r->ladder) > 1;
    if (q->variant == 2 && !fits_two) {
        return mj_err_add(err, MJ_ENAME, NULL, 0, 0, "the base %s has no fit 'b'",
                          base->chip->name);
    }
    if (fits_two) {
        mj_climb_options other = options;
        other.variant = 1 - options.variant;
        MJ_TRY(mj_ladder_climb(&r->other, &r->ladder, &other, arena, err));
        view->other = &r->other;
    }
    if (q->drop) {
        int rung = mj_ladder_find(&r->ladder, q->drop, err);
        if (rung < 0) {
            return MJ_ENAME;
        }
        options.without = (mj_rungs)1 << rung;
        MJ_TRY(mj_ladder_climb(&r->dropped, &r->ladder, &options, arena, err));
        view->dropped = &r->dropped;
        view->drop_rung = &r->ladder.rung[rung];
    }
    if (q->search) {
        mj_search_options search = {.variant = options.variant, .target = r->climb.target};
        MJ_TRY(mj_ladder_search(&r->search, &r->ladder, &search, err));
        view->search = &r->search;
    }
    return MJ_OK;
}

static mj_status print(mj_context *context, const mj_ladder_view *view)
{
    if (context->globals.json) {
        return mj_ladder_print_json(stdout, view, &context->err);
    }
    if (context->globals.csv) {
        mj_ladder_print_csv(stdout, view);
        return MJ_OK;
    }
    mj_style style = mj_style_of(context);
    return mj_ladder_print_text(stdout, view, &style, &context->arena, &context->err);
}

/* A target is met by the climb, or by any set of rungs if one was searched for. */
static bool is_met(const mj_ladder_view *view)
{
    return view->search ? view->search->found : view->climb->reached;
}

/* What cannot be printed together. */
static mj_status check_request(const request *q, mj_context *context)
{
    const char *more = q->search         ? "search"
                       : q->drop         ? "drop"
                       : q->orders       ? "orders"
                       : q->target_given ? "target"
                       : q->variant      ? "variant"
                                         : NULL;
    if (q->sweep != 0 && more) {
        return mj_err_add(&context->err, MJ_ESUPPORT, NULL, 0, 0,
                          "--sweep bills the base alone; --%s is about its rungs", more);
    }
    if (context->globals.csv && (q->search || q->drop || q->orders)) {
        return mj_err_add(&context->err, MJ_ESUPPORT, NULL, 0, 0,
                          "--csv is one row a rung; what --%s adds is in --json", more);
    }
    return MJ_OK;
}

int mj_cmd_ladder(mj_context *context, int argc, char **argv)
{
    request q = {0};
    const mj_option option[] = {
        {.name = "orders", .target = &q.orders,
         .help = "each rung's gain alone on the base, in the climb, and on top of all others"},
        {.name = "drop", .argument = "RUNG", .kind = MJ_OPTION_TEXT, .target = &q.drop,
         .help = "what is lost without this rung"},
        {.name = "target", .argument = "FACTOR", .kind = MJ_OPTION_REAL, .target = &q.target,
         .help = "factor to reach (the file's, 1000); exit code 1 if it is not", .min = 1,
         .max = 1e9, .given = &q.target_given},
        {.name = "search", .target = &q.search,
         .help = "the smallest set of rungs that reaches the target"},
        {.name = "sweep", .argument = "memory", .kind = MJ_OPTION_CHOICE, .target = &q.sweep,
         .choices = sweep_names, .help = "the base with its weights in other memories"},
        {.name = "variant", .argument = "a|b", .kind = MJ_OPTION_CHOICE, .target = &q.variant,
         .choices = variant_names, .help = "fit of a calibrated base whose climb is shown (a)"},
    };
    const mj_usage usage = {
        .sentence = "FILE",
        .about = "Climbs a ladder: rung by rung the machine, the model or the serving changes and\n"
                 "the whole bill is computed anew, because factors do not multiply. FILE is a\n"
                 "name from data/ladders or a path.",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .example = "mj ladder post-100b --orders\n"
                   "mj ladder post-100b --search --target 100\n"
                   "mj ladder post-100b --sweep memory",
    };
    const char *word[1];
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "ladder", &usage, word, argc, argv)) {
        return exit_code;
    }
    mj_catalogue home;
    mj_ladder_view view;
    result *r = mj_arena_alloc(&context->arena, sizeof *r);
    if (r == NULL) {
        return mj_context_fail_with(context, MJ_EMEM, "out of memory");
    }
    if (check_request(&q, context) != MJ_OK || mj_context_catalogue(context, &home) != MJ_OK ||
        mj_ladder_load(&r->ladder, word[0], &home, &context->arena, &context->err) != MJ_OK) {
        return mj_context_fail(context);
    }
    if (q.sweep != 0) {
        return run_sweep(context, r, &home);
    }
    if (compute(&view, r, &q, context) != MJ_OK) {
        return mj_context_fail(context);
    }
    exit_code = q.target_given && !is_met(&view) ? MJ_EXIT_GOAL : MJ_EXIT_OK;
    return exit_after(context, print(context, &view), exit_code);
}
