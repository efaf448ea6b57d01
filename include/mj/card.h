/* Card: our own transistor models of a 180 nm class process, and their fit to a liberty file.
 *
 * BSIM4 with its defaults, numbers that any textbook gives for the node, and six that are fitted so that an
 * inverter of the card has the delays and the energy of one in the library. The library is read, nothing
 * of it is copied: the card says what its cells do, not what its transistors are. */
#ifndef MJ_CARD_H
#define MJ_CARD_H

#include "mj/liberty.h"
#include "mj/spice.h"
#include "mj/spice_models.h"

#include <stdio.h>

typedef struct {
    double mobility_n, mobility_p;     /* u0, m2/(V s) */
    double saturation_n, saturation_p; /* vsat, m/s */
    double overlap_Fpm;                /* cgso, cgdo */
    double junction_Fpm2;              /* cjs, cjd */
} mj_card;

/* What the shipped card started from. */
mj_card mj_card_default(void);
/* Three corners as sections, with a header that says what it was fitted to. */
void mj_card_write(FILE *out, const mj_card *card, const char *origin);

/* An inverter at one load: the library's word and the card's. */
enum { MJ_CARD_LOADS = 3 };
typedef struct {
    double load_F;
    double fall_s, rise_s; /* delay of the output's edge */
    double energy_J;       /* of both edges together, without that of the load */
} mj_card_point;
typedef struct {
    double vdd_V, temperature_C, slew_s; /* of the input, 20 to 80 % */
    mj_card_point point[MJ_CARD_LOADS];
} mj_card_target;

/* From the tables of an inverter: loads of 5, 25 and 75 fF, a slew of 0.06 ns. MJ_ENAME if there is no
 * such cell, MJ_ERANGE if it is not an inverter with delays and energies. */
mj_status mj_card_target_take(mj_card_target *target, const mj_liberty *liberty, const char *cell,
                              mj_err *err);
/* The same by ngspice: 1 and 2 um over 0.2 um of these models; of a card's typical corner. */
mj_status mj_card_simulate_models(mj_card_point point[MJ_CARD_LOADS], const mj_spice_models *models,
                                  const mj_card_target *target, const mj_spice_job *job, mj_err *err);
mj_status mj_card_simulate(mj_card_point point[MJ_CARD_LOADS], const mj_card *card,
                           const mj_card_target *target, const mj_spice_job *job, mj_err *err);

/* Told before every simulation of a fit how many were done and how good the best was (0: none yet). */
typedef void mj_card_watch(int n_done, double misfit, void *user);
typedef struct {
    int max_evaluations;
    mj_card_watch *watch; /* NULL: nobody looks */
    void *user;           /* the watch's */
} mj_card_search;

/* Changes card to fit; *misfit is the root mean square of the logarithms of all ratios. */
mj_status mj_card_fit(mj_card *card, double *misfit, const mj_card_target *target,
                      const mj_card_search *search, const mj_spice_job *job, mj_err *err);

#endif
