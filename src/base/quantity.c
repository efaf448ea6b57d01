/* Quantity: class names and the interval that a class implies.
 *
 * The factors stand in MJ_CLASS_LIST, once; they are the shared rule of all facts for numbers whose
 * source states no range. */
#include "mj/quantity.h"

const char *mj_class_text(mj_class cls)
{
#define CLASS_TEXT(name, text, lo, hi) text,
    static const char *const texts[] = {"none", MJ_CLASS_LIST(CLASS_TEXT)};
#undef CLASS_TEXT
    return (unsigned)cls < MJ_CLASS_N ? texts[cls] : "none";
}

void mj_quantity_default_range(mj_quantity *q)
{
#define CLASS_FACTORS(name, text, lo, hi) {lo, hi},
    static const double factors[][2] = {{1.0, 1.0}, MJ_CLASS_LIST(CLASS_FACTORS)};
#undef CLASS_FACTORS
    const double *factor = factors[(unsigned)q->cls < MJ_CLASS_N ? q->cls : MJ_CLASS_NONE];
    double a = q->typ * factor[0], b = q->typ * factor[1];
    /* A negative typical value swaps the ends; lo <= hi must hold all the same. */
    q->lo = a < b ? a : b;
    q->hi = a < b ? b : a;
}
