/* Spice: circuits written for ngspice, run as a child process, results read from its raw file.
 *
 *     mj_deck deck;
 *     MJ_TRY(mj_deck_open(&deck, "one resistor", err));
 *     fprintf(deck.out, "v1 a 0 %.9g\n" "r1 a 0 %.9g\n", volt_V, resistance_ohm);
 *     mj_deck_save(&deck, "i(v1)");
 *     mj_deck_transient(&deck, (mj_transient){.step_s = 5e-12, .stop_s = 30e-9});
 *     status = mj_spice_run(&raw, &deck, &job, arena, err);
 *     if (status == MJ_OK) {
 *         status = read_what_is_wanted(.., &raw, err);
 *     }
 *     status = mj_spice_keep(status, &deck, &raw, &job, err);
 *     mj_deck_close(&deck);
 *
 * ngspice's own library of functions is not used: it reports success for circuits that do not parse,
 * and two threads of it crash. A run has succeeded when ngspice ends with 0, left points, and reached
 * 0.999 of the time it was to reach. Nothing is measured by ngspice: see waveform.h. */
#ifndef MJ_SPICE_H
#define MJ_SPICE_H

#include "mj/spice_raw.h"

#include <stdio.h>

/* A circuit being written; numbers by %.9g, the point whatever the locale as long as nobody sets one. */
typedef struct {
    FILE *out;
    char *text; /* once finished */
    size_t length;
    double stop_s; /* of its transient */
} mj_deck;

typedef struct {
    double step_s, stop_s;
    double start_s;  /* nothing is kept before */
    bool from_given; /* start from the deck's .ic as they are, without an operating point first */
} mj_transient;

/* The title is made harmless. MJ_EMEM. */
mj_status mj_deck_open(mj_deck *deck, const char *title, mj_err *err);
/* Keep this signal; without one, ngspice would keep all. */
void mj_deck_save(mj_deck *deck, const char *signal);
void mj_deck_transient(mj_deck *deck, mj_transient transient);
/* Ends the deck: then text and length hold. mj_spice_run does it. */
mj_status mj_deck_finish(mj_deck *deck, mj_err *err);
void mj_deck_close(mj_deck *deck);

/* A node or device name from any text: what is not a letter or a digit becomes _ and two hexadecimal
 * digits, capitals included, because SPICE knows none; so different texts stay different. Begins
 * with `kind`, the device's letter ('n' for nodes). Returns buf, cut to size - 1. */
char *mj_spice_name(char *buf, size_t size, char kind, const char *text);

/* Where and how long; {0} will do. */
typedef struct {
    const char *program; /* NULL: ngspice on PATH */
    const char *root;    /* folder in which the private one is made; NULL: /tmp */
    double limit_s;      /* of wall and of processor time; 0: 600 s */
} mj_spice_job;

/* Runs ngspice in a private folder, with limits on time, memory and files, without its init files.
 * MJ_ETOOL if it is not here (the text names the package) or fails, stops early or leaves no points or a
 * file that is none of its results: then deck and log are kept, and the text says where and gives the
 * log's line that matters. */
mj_status mj_spice_run(mj_raw *raw, mj_deck *deck, const mj_spice_job *job, mj_arena *arena,
                       mj_err *err);

/* What became of a run's result: with a status that is not MJ_OK (no such signal, no oscillation), deck and
 * log are kept as those of a run that failed, and err says where. Returns status. Nothing is kept after a
 * run that failed itself, or without an err that could say so. */
mj_status mj_spice_keep(mj_status status, const mj_deck *deck, const mj_raw *raw, const mj_spice_job *job,
                        mj_err *err);

/* "ngspice-39", in the arena; MJ_ETOOL if it is not here or takes longer than the job may. */
mj_status mj_spice_version(const char **version, const mj_spice_job *job, mj_arena *arena,
                           mj_err *err);

#endif
