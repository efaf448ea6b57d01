/* Units: text with a unit to an SI number and back.
 *
 * Grammar: NUMBER UNIT, e.g. `39 pJ/B`, `192 GiB`, `70 fJ/bit/mm`, `90 %`, `20 fJ`. Base units
 * besides SI: bit (B = 8 bit), op (FLOP = op, MAC = 2 op), tok, img, USD. SI prefixes apply to all,
 * binary prefixes (Ki, Mi, Gi, Ti) to bit and B. A count may be a bare number with k, M, G or T
 * only where the wanted unit is "1" (`32k`). Always a decimal point, whatever the locale. */
#ifndef MJ_UNITS_H
#define MJ_UNITS_H

#include "mj/err.h"
#include <stddef.h>

/* The unit system: ours, immutable once made. One thread at a time: the parser has static state. */
typedef struct mj_units mj_units;

mj_units *mj_units_new(void); /* NULL when out of memory */
void mj_units_free(mj_units *units);

/* Parses `text` and converts to `want` (e.g. "J/B", "W", "1"). MJ_EUNIT: no unit, an unknown one or
 * the wrong dimension; MJ_ESYNTAX: not a number; MJ_ERANGE: not finite. On failure `why` (size
 * why_size) says what and, where it helps, what is expected. */
mj_status mj_units_parse(const mj_units *units, const char *text, const char *want, double *value,
                         char *why, size_t why_size);

/* Splits `text` into number and unit without converting: for values of any dimension (facts).
 * `unit` (size unit_size) receives the unit as written, checked to be known. */
mj_status mj_units_split(const mj_units *units, const char *text, double *value, char *unit,
                         size_t unit_size, char *why, size_t why_size);

/* Factor f with value_in_to = f * value_in_from; MJ_EUNIT if the dimensions differ. */
mj_status mj_units_factor(const mj_units *units, const char *from, const char *to, double *factor);

/* Engineering text: three significant digits and an SI prefix on the unit's first symbol, e.g.
 * 3.9e-11 with "J/B" -> "39 pJ/B"; 0 -> "0 J". Binary prefixes are never used. Returns buf. */
char *mj_units_format(double value, const char *unit, char *buf, size_t size);

#endif
