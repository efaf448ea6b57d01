/* What every report of a ladder says, whatever it is written in. */
#ifndef MJ_REPORT_LADDER_WORDS_H
#define MJ_REPORT_LADDER_WORDS_H

#include "mj/report.h"

/* Sentences below the table of a climb, the most important first. */
enum { MJ_REMARKS_MAX = 80 };
typedef struct {
    const char *text[MJ_REMARKS_MAX];
    int n;
} mj_remarks;

/* Target and what holds it; naive product and why it differs; 2030 in its three readings; what the
 * result rests on; rungs that cost joules, change nothing or close otherwise. */
void mj_climb_remarks(mj_remarks *remarks, const mj_ladder_view *view, mj_arena *arena);

/* Words up to the style's width, later lines indented. */
void mj_print_wrapped(FILE *out, const char *text, const mj_style *style);
/* "26.4 J [9.7 60.2]", all three in the unit that suits the first. */
const char *mj_interval_text(double joules, double lo_J, double hi_J, mj_arena *arena);
/* "632 mJ". */
const char *mj_joules_text(double joules, mj_arena *arena);
/* "0", "-2 %", or "?" where nobody knows. */
const char *mj_quality_text(const mj_rung *rung, mj_arena *arena);
/* "1.50x", "151x". */
const char *mj_factor_text(double factor, mj_arena *arena);

#endif
