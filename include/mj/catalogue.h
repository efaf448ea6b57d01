/* Catalogue: where names are looked up, and what reading the files behind them takes. */
#ifndef MJ_CATALOGUE_H
#define MJ_CATALOGUE_H

#include "mj/fact.h"
#include "mj/units.h"

/* All borrowed. A reader uses the folders it needs; the others may be NULL. */
typedef struct {
    const char *ladders, *chips, *models; /* folders */
    mj_facts *facts;
    const mj_units *units;
} mj_catalogue;

#endif
