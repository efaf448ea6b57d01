/* Quantity: a physical number with interval, class and source. */
#ifndef MJ_QUANTITY_H
#define MJ_QUANTITY_H

#include <stdbool.h>

/* How a number came to be, most trusted first. The last two columns: default factors on the
 * typical value for lo and hi when the source states no range (shared rule of all facts:
 * measured +-10 %, published +-30 %, derived +-40 %, vendor and assumed x/÷ 2). */
#define MJ_CLASS_LIST(X)                     \
    X(MEASURED, "measured", 0.9, 1.1)        \
    X(PUBLISHED, "published", 0.7, 1.3)      \
    X(SIMULATED, "simulated", 0.7, 1.3)      \
    X(DERIVED, "derived", 0.6, 1.4)          \
    X(VENDOR, "vendor", 0.5, 2.0)            \
    X(ASSUMED, "assumed", 0.5, 2.0)

#define MJ_CLASS_ENUM(name, text, lo, hi) MJ_CLASS_##name,
typedef enum { MJ_CLASS_NONE, MJ_CLASS_LIST(MJ_CLASS_ENUM) MJ_CLASS_N } mj_class;
#undef MJ_CLASS_ENUM

/* "measured", ...; "none" for MJ_CLASS_NONE. */
const char *mj_class_text(mj_class cls);

/* lo <= typ <= hi in the SI unit `unit` (bytes for data: "J/B", "B/s"). cls MJ_CLASS_NONE means
 * "not given": a quantity that no one wrote is absent, never zero. Texts belong to the arena of
 * the spec it came from. */
typedef struct {
    double lo, typ, hi;
    mj_class cls;
    const char *unit;   /* SI unit of the three numbers */
    const char *source; /* key in data/sources.yaml */
    const char *fact;   /* key of the fact it was taken from; NULL: written in the spec itself */
} mj_quantity;

static inline bool mj_quantity_given(const mj_quantity *q)
{
    return q->cls != MJ_CLASS_NONE;
}

/* Sets lo and hi around typ by the class's default factors. */
void mj_quantity_default_range(mj_quantity *q);

#endif
