/* Legend: what the letters in the formulas of a bill's lines stand for. */
#ifndef MJ_REPORT_LEGEND_H
#define MJ_REPORT_LEGEND_H

#include "mj/report.h"

/* Symbols that the formulas of the chosen lines use, as rows of symbol, value and meaning; nothing
 * where a formula needs none. */
void mj_legend_print(FILE *out, const mj_explain_view *view, const mj_style *style,
                     mj_arena *arena);

#endif
