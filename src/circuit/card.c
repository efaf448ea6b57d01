/* Card: the text of the models, the inverter that is compared, and the fit by simplex.
 *
 * The search is over logarithms, so that all six numbers stay positive and a step means the same for
 * each. A misfit counts delays fully and energies half: a library's internal energy has the current
 * that flows through both transistors in it, as its author's simulator saw it. */
#include "mj/card.h"

#include "mj/simplex.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LOAD_F[MJ_CARD_LOADS] = {5e-15, 25e-15, 75e-15};
static const double SLEW_S = 0.06e-9, EDGE_SHARE = 0.6; /* 20 to 80 % of a straight edge */
static const double ENERGY_WEIGHT = 0.5, FIRST_STEP = 0.2, SPREAD = 1e-5;
static const double STEP_S = 2e-12, RISE_S = 0.5e-9, FALL_S = 2.5e-9, PERIOD_S = 4e-9;
static const double THRESHOLD_N_V = 0.40, THRESHOLD_P_V = -0.42, CORNER = 0.1;
enum { NUMBERS = 6 };

mj_card mj_card_default(void)
{
    return (mj_card){0.06, 0.02, 1.2e5, 1.2e5, 0.3e-9, 1e-3};
}

/* One corner's pair; fast > 0: lower thresholds, higher mobility. */
static void write_pair(FILE *out, const mj_card *c, double fast)
{
    for (int p = 0; p < 2; p++) {
        fprintf(out,
                ".model %s level=14 version=4.8 toxe=4.1n xj=0.1u lint=0.01u vth0=%.6g u0=%.6g\n"
                "+ vsat=%.6g ndep=%s rdsw=%d cgso=%.6g cgdo=%.6g cgsl=0 cgdl=0 cjs=%.6g cjd=%.6g\n"
                "+ cjsws=0.2n cjswd=0.2n cjswgs=0.2n cjswgd=0.2n\n",
                p ? "pfet pmos" : "nfet nmos", (p ? THRESHOLD_P_V : THRESHOLD_N_V) * (1 - fast),
                (p ? c->mobility_p : c->mobility_n) * (1 + fast),
                p ? c->saturation_p : c->saturation_n, p ? "3e17" : "2.5e17", p ? 300 : 150,
                c->overlap_Fpm, c->overlap_Fpm, c->junction_Fpm2, c->junction_Fpm2);
    }
}

void mj_card_write(FILE *out, const mj_card *card, const char *origin)
{
    static const struct {
        const char *name;
        double fast;
    } corner[] = {{"tt", 0}, {"ff", 1}, {"ss", -1}};
    fprintf(out,
            "* Transistors of a generic 180 nm process at 1.8 V, for ngspice: BSIM4 with its defaults but for\n"
            "* the numbers below. A card of our own: no foundry's data went into it.\n"
            "*\n"
            "*   toxe, vth0, ndep, xj, rdsw   what a textbook says of the node\n"
            "*   u0, vsat, cgso and cgdo,     fitted as `mj measure card` does to delay and energy of\n"
            "*   cjs and cjd                  %s\n"
            "*\n"
            "* Fitted numbers carry what the card lacks: a mobility that no silicon has makes up for it.\n"
            "* Trust the card for delays and energies of gates with loads of 5 to 75 fF near 1.8 V, not for\n"
            "* currents. Corners: thresholds 10 %% lower and mobilities 10 %% higher (ff), or the other way\n"
            "* (ss): assumed, as is usual for three standard deviations of a process.\n",
            origin);
    for (int i = 0; i < 3; i++) {
        fprintf(out, ".lib %s\n", corner[i].name);
        write_pair(out, card, CORNER * corner[i].fast);
        fprintf(out, ".endl %s\n", corner[i].name);
    }
}

mj_status mj_card_target_take(mj_card_target *target, const mj_liberty *liberty, const char *cell,
                              mj_err *err)
{
    const mj_liberty_cell *found = mj_liberty_find(liberty, cell);
    if (!found) {
        const char *near = mj_liberty_nearest(liberty, cell);
        return mj_err_add(err, MJ_ENAME, liberty->path, 0, 0, "no cell '%s'%s%s%s", cell,
                          near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    }
    const mj_liberty_arc *arc = &found->output[0].arc[0];
    bool inverts = !found->refusal && found->n_inputs == 1 && found->n_outputs == 1 &&
                   (found->output[0].table & 3) == 1;
    if (!inverts || !arc->delay_s[MJ_FALL] || !arc->delay_s[MJ_RISE] || !arc->energy_J[MJ_FALL] ||
        !arc->energy_J[MJ_RISE]) {
        return mj_err_add(err, MJ_ERANGE, liberty->path, found->line, 0,
                          "'%s' is not an inverter with tables of delay and energy", cell);
    }
    *target = (mj_card_target){.vdd_V = liberty->voltage_V, .temperature_C = liberty->temperature_C,
                               .slew_s = SLEW_S};
    for (int i = 0; i < MJ_CARD_LOADS; i++) {
        double C = LOAD_F[i];
        target->point[i] = (mj_card_point){
            C, mj_liberty_look_up(arc->delay_s[MJ_FALL], C, SLEW_S),
            mj_liberty_look_up(arc->delay_s[MJ_RISE], C, SLEW_S),
            mj_liberty_look_up(arc->energy_J[MJ_FALL], C, SLEW_S) +
                mj_liberty_look_up(arc->energy_J[MJ_RISE], C, SLEW_S)};
    }
    return MJ_OK;
}

/* Three inverters, each with a supply of its own, and a load. */
static mj_status write_inverters(mj_deck *deck, const mj_spice_models *models,
                                 const mj_card_target *target, mj_err *err)
{
    double edge_s = target->slew_s / EDGE_SHARE;
    MJ_TRY(mj_deck_open(deck, "inverters at three loads", err));
    fprintf(deck->out, ".option temp=%.9g\n%s", target->temperature_C, models->text);
    fprintf(deck->out, "vin a 0 pulse(0 %.9g %.9g %.9g %.9g %.9g %.9g)\n", target->vdd_V, RISE_S, edge_s,
            edge_s, FALL_S - RISE_S - edge_s, PERIOD_S);
    for (int i = 0; i < MJ_CARD_LOADS; i++) {
        char n[8], p[8], y[8], d[8];
        snprintf(n, sizeof n, "n%d", i);
        snprintf(p, sizeof p, "p%d", i);
        snprintf(y, sizeof y, "y%d", i);
        snprintf(d, sizeof d, "d%d", i);
        const mj_transistor nmos = {n, y, "a", "0", "0", 1e-6, 0.2e-6, 0, 0, 0};
        const mj_transistor pmos = {p, y, "a", d, d, 2e-6, 0.2e-6, 0, 0, 0};
        mj_transistor_write(deck->out, models, false, &nmos);
        mj_transistor_write(deck->out, models, true, &pmos);
        fprintf(deck->out, "vd%d d%d 0 %.9g\nc%d y%d 0 %.9g\n.save v(y%d) i(vd%d)\n", i, i, target->vdd_V, i,
                i, target->point[i].load_F, i, i);
    }
    mj_deck_transient(deck, (mj_transient){STEP_S, PERIOD_S + 2 * RISE_S + 1e-9, 0, false});
    return MJ_OK;
}

static mj_status read_point(mj_card_point *point, const mj_raw *raw, const mj_card_target *target, int i,
                            mj_err *err)
{
    char name[16];
    mj_waveform y, supply;
    double half_s = target->slew_s / EDGE_SHARE / 2, rise[4] = {0}, fall[4] = {0};
    snprintf(name, sizeof name, "v(y%d)", i);
    MJ_TRY(mj_raw_find(&y, raw, name, err));
    snprintf(name, sizeof name, "i(vd%d)", i);
    MJ_TRY(mj_raw_find(&supply, raw, name, err));
    size_t rises = mj_waveform_crossings(rise, 4, &y, target->vdd_V / 2, true);
    size_t falls = mj_waveform_crossings(fall, 4, &y, target->vdd_V / 2, false);
    double load_F = target->point[i].load_F, begin_s = RISE_S - half_s;
    double drawn_J = -target->vdd_V * mj_waveform_integral(&supply, begin_s, begin_s + PERIOD_S);
    /* A card that does not switch is as bad as one that never does: a delay of a half period. */
    *point = (mj_card_point){
        load_F, falls > 1 ? fall[1] - (PERIOD_S + RISE_S + half_s) : PERIOD_S / 2,
        rises > 0 ? rise[0] - (FALL_S + half_s) : PERIOD_S / 2,
        drawn_J - load_F * target->vdd_V * target->vdd_V};
    return MJ_OK;
}

mj_status mj_card_simulate_models(mj_card_point point[MJ_CARD_LOADS], const mj_spice_models *models,
                                  const mj_card_target *target, const mj_spice_job *job, mj_err *err)
{
    mj_arena arena;
    mj_deck deck;
    mj_raw raw = {0};
    mj_status status = write_inverters(&deck, models, target, err);
    mj_arena_init(&arena, 0);
    if (status == MJ_OK) {
        status = mj_spice_run(&raw, &deck, job, &arena, err);
    }
    for (int i = 0; i < MJ_CARD_LOADS && status == MJ_OK; i++) {
        status = read_point(&point[i], &raw, target, i, err);
    }
    status = mj_spice_keep(status, &deck, &raw, job, err);
    mj_arena_fini(&arena);
    mj_deck_close(&deck);
    return status;
}

mj_status mj_card_simulate(mj_card_point point[MJ_CARD_LOADS], const mj_card *card,
                           const mj_card_target *target, const mj_spice_job *job, mj_err *err)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (out) {
        write_pair(out, card, 0);
    }
    mj_status status = out && fclose(out) == 0 ? MJ_OK
                                               : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a card");
    if (status == MJ_OK) {
        const mj_spice_models models = {.path = "", .corner = "", .text = text, .nmos = "nfet", .pmos = "pfet"};
        status = mj_card_simulate_models(point, &models, target, job, err);
    }
    free(text);
    return status;
}

typedef struct {
    const mj_card_target *target;
    const mj_card_search *search;
    const mj_spice_job *job;
    mj_err *err;
    int n_done;
    double best; /* sum of squares */
} fitting;

static double root_mean_square(double sum)
{
    return sqrt(sum / (3 * MJ_CARD_LOADS));
}

static mj_card card_of(const double x[NUMBERS])
{
    return (mj_card){exp(x[0]), exp(x[1]), exp(x[2]), exp(x[3]), exp(x[4]), exp(x[5])};
}

/* Delays and energies below these are a card's way of being absurd. */
static double log_ratio(double got, double want, double least)
{
    return log(fmax(got, least) / want);
}

static mj_status misfit_at(double *value, const double *x, int n, void *user)
{
    fitting *s = user;
    mj_card card = card_of(x);
    mj_card_point point[MJ_CARD_LOADS];
    (void)n;
    *value = 0;
    if (s->search->watch) {
        s->search->watch(s->n_done, s->n_done > 0 ? root_mean_square(s->best) : 0, s->search->user);
    }
    MJ_TRY(mj_card_simulate(point, &card, s->target, s->job, s->err));
    for (int i = 0; i < MJ_CARD_LOADS; i++) {
        const mj_card_point *want = &s->target->point[i];
        double fall = log_ratio(point[i].fall_s, want->fall_s, 1e-13);
        double rise = log_ratio(point[i].rise_s, want->rise_s, 1e-13);
        double energy = ENERGY_WEIGHT * log_ratio(point[i].energy_J, want->energy_J, 1e-16);
        *value += fall * fall + rise * rise + energy * energy;
    }
    s->best = s->n_done++ > 0 ? fmin(s->best, *value) : *value;
    return MJ_OK;
}

mj_status mj_card_fit(mj_card *card, double *misfit, const mj_card_target *target,
                      const mj_card_search *search, const mj_spice_job *job, mj_err *err)
{
    double x[NUMBERS] = {log(card->mobility_n),   log(card->mobility_p),  log(card->saturation_n),
                         log(card->saturation_p), log(card->overlap_Fpm), log(card->junction_Fpm2)};
    fitting s = {.target = target, .search = search, .job = job, .err = err};
    const mj_simplex simplex = {.n = NUMBERS, .step = FIRST_STEP, .max_evaluations = search->max_evaluations,
                                .spread = SPREAD};
    MJ_TRY(mj_simplex_minimise(x, misfit, &simplex, misfit_at, &s));
    *card = card_of(x);
    *misfit = root_mean_square(*misfit);
    return MJ_OK;
}
