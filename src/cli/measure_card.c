/* mj measure card: our own transistor models, fitted to an inverter of a liberty file. */
#include "measure.h"
#include "mj/card.h"
#include "mj/draft.h"
#include "mj/json.h"
#include "options.h"
#include "progress.h"
#include "version.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EVALUATIONS = 250, EVALUATIONS_MAX = 100000 };
static const char *const CELL = "INVX1";

typedef struct {
    const char *liberty, *cell, *out;
    int evaluations;
} request;

typedef struct {
    mj_liberty liberty;
    mj_card_target target;
    mj_card card;
    mj_card_point point[MJ_CARD_LOADS];
    double misfit;
    mj_progress progress;
    double start_s;
    int evaluations;
} result;

/* The end comes when no point is better: so many simulations at most. */
static void show(int n_done, double misfit, void *user)
{
    result *m = user;
    char left[32] = "unknown";
    if (n_done > 0 && mj_progress_is_due(&m->progress)) {
        mj_duration_format((mj_clock_s() - m->start_s) / n_done * (m->evaluations - n_done), left, sizeof left);
        mj_progress_print(&m->progress, "simulation %d of at most %d, misfit %.3f, time left at most %s", n_done + 1,
                          m->evaluations, misfit, left);
    }
}

static mj_status fit(result *m, mj_context *context, const request *r)
{
    mj_err *err = &context->err;
    const char *root = getenv("TMPDIR");
    const mj_spice_job job = {.root = root && root[0] ? root : NULL, .limit_s = 300};
    if (!r->liberty) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0, "mj measure card needs --liberty FILE");
    }
    MJ_TRY(mj_liberty_load(&m->liberty, r->liberty, &context->arena, err));
    MJ_TRY(mj_card_target_take(&m->target, &m->liberty, r->cell, err));
    m->card = mj_card_default();
    m->evaluations = r->evaluations;
    m->start_s = mj_clock_s();
    mj_progress_init(&m->progress, context);
    const mj_card_search search = {.max_evaluations = r->evaluations, .watch = show, .user = m};
    mj_status status = mj_card_fit(&m->card, &m->misfit, &m->target, &search, &job, err);
    mj_progress_end(&m->progress);
    MJ_TRY(status);
    return mj_card_simulate(m->point, &m->card, &m->target, &job, err);
}

/* Whether the card can be written, before minutes go into it. */
static mj_status check_out(mj_context *context, const request *r)
{
    mj_draft draft;
    if (r->out) {
        MJ_TRY(mj_draft_open(&draft, r->out, &context->err));
        mj_draft_abandon(&draft);
    }
    return MJ_OK;
}

static mj_status save(const result *m, mj_context *context, const request *r)
{
    mj_draft draft;
    const char *slash = strrchr(r->liberty, '/');
    const char *origin = mj_arena_printf(&context->arena, "%s of %s", r->cell,
                                         slash ? slash + 1 : r->liberty);
    if (!origin) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    MJ_TRY(mj_draft_open(&draft, r->out, &context->err));
    mj_card_write(draft.out, &m->card, origin);
    return mj_draft_close(&draft, &context->err);
}

static void print_text(const result *m, const request *r)
{
    const mj_card *c = &m->card;
    printf("%s at %.4g V, library and card\n\n  load        fall, ps          rise, ps          energy, fJ\n",
           r->cell, m->target.vdd_V);
    for (int i = 0; i < MJ_CARD_LOADS; i++) {
        const mj_card_point *want = &m->target.point[i], *got = &m->point[i];
        printf("  %2.0f fF  %6.1f %6.1f %+4.0f %%  %6.1f %6.1f %+4.0f %%  %6.2f %6.2f %+4.0f %%\n",
               1e15 * want->load_F, 1e12 * want->fall_s, 1e12 * got->fall_s,
               100 * (got->fall_s / want->fall_s - 1), 1e12 * want->rise_s, 1e12 * got->rise_s,
               100 * (got->rise_s / want->rise_s - 1), 1e15 * want->energy_J, 1e15 * got->energy_J,
               100 * (got->energy_J / want->energy_J - 1));
    }
    printf("\nmisfit %.3g (root mean square of logarithms, energies halved)\n"
           "u0 %.4g and %.4g m2/Vs, vsat %.4g and %.4g m/s, overlap %.4g nF/m, junction %.4g mF/m2\n",
           m->misfit, c->mobility_n, c->mobility_p, c->saturation_n, c->saturation_p,
           1e9 * c->overlap_Fpm, 1e3 * c->junction_Fpm2);
    if (r->out) {
        printf("%s\n", r->out);
    }
}

static mj_status print_json(const result *m, mj_context *context)
{
    mj_json *root = mj_json_object(), *list = mj_json_array();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "kind", "card");
    mj_json_set_number(root, "misfit", m->misfit);
    mj_json_set_number(root, "mobility_n", m->card.mobility_n);
    mj_json_set_number(root, "mobility_p", m->card.mobility_p);
    mj_json_set_number(root, "saturation_n_mps", m->card.saturation_n);
    mj_json_set_number(root, "saturation_p_mps", m->card.saturation_p);
    mj_json_set_number(root, "overlap_Fpm", m->card.overlap_Fpm);
    mj_json_set_number(root, "junction_Fpm2", m->card.junction_Fpm2);
    for (int i = 0; i < MJ_CARD_LOADS; i++) {
        const mj_card_point *want = &m->target.point[i], *got = &m->point[i];
        mj_json *item = mj_json_object();
        mj_json_set_number(item, "load_F", want->load_F);
        mj_json_set_number(item, "fall_s", got->fall_s);
        mj_json_set_number(item, "fall_wanted_s", want->fall_s);
        mj_json_set_number(item, "rise_s", got->rise_s);
        mj_json_set_number(item, "rise_wanted_s", want->rise_s);
        mj_json_set_number(item, "energy_J", got->energy_J);
        mj_json_set_number(item, "energy_wanted_J", want->energy_J);
        mj_json_append(list, item);
    }
    mj_json_set(root, "points", list);
    mj_status status = mj_json_print(root, stdout, &context->err);
    mj_json_free(root);
    return status;
}

static mj_status run(mj_context *context, const request *r)
{
    result m;
    MJ_TRY(check_out(context, r));
    MJ_TRY(fit(&m, context, r));
    MJ_TRY(r->out ? save(&m, context, r) : MJ_OK);
    if (context->globals.json) {
        return print_json(&m, context);
    }
    print_text(&m, r);
    return MJ_OK;
}

int mj_measure_card(mj_context *context, int argc, char **argv)
{
    request r = {.cell = CELL, .evaluations = EVALUATIONS};
    const mj_option option[] = {
        {.name = "liberty", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r.liberty,
         .help = "library of cells (.lib)"},
        {.name = "cell", .argument = "NAME", .kind = MJ_OPTION_TEXT, .target = &r.cell,
         .help = "its inverter of 1 and 2 um (INVX1)"},
        {.name = "evaluations", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.evaluations,
         .min = 10, .max = EVALUATIONS_MAX, .help = "simulations at most (250)"},
        {.name = "out", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r.out,
         .help = "write the card, for mj measure ring --models"},
    };
    const mj_usage usage = {
        .sentence = "",
        .about = "Fits our own transistor models of a 180 nm process to delay and energy of an inverter in a\n"
                 "liberty file.",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .refuses = "csv facts",
        .example = "mj measure card --liberty osu018_stdcells.lib --out card.lib",
    };
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "measure card", &usage, NULL, argc, argv)) {
        return exit_code;
    }
    return run(context, &r) == MJ_OK ? MJ_EXIT_OK : mj_context_fail(context);
}
