/* Cost: silicon area and price of a device from its dies, memory and packaging. */
#ifndef MJ_COST_H
#define MJ_COST_H

#include "mj/chip.h"

/* Dies per 300 mm wafer N = pi r^2 / A - 2 pi r / sqrt(2 A), yield Y = (1 + D0 A / 3)^-3 (negative
 * binomial, alpha 3), die price = wafer price at the node / (N Y).  Wafer prices and D0 from facts
 * cost.*. price_USD adds memory at its price per byte and packaging. Absent inputs (no die, no
 * wafer price at the node) leave the quantity absent. */
typedef struct {
    mj_quantity area_m2;   /* all logic dies of one device */
    mj_quantity silicon_USD, memory_USD, packaging_USD, price_USD;
} mj_cost;

mj_status mj_cost_compute(mj_cost *cost, const mj_chip *chip, mj_facts *facts, mj_err *err);

/* Price of one good die; area in m2, defects per m2, wafer 300 mm. */
double mj_cost_die_USD(double area_m2, double wafer_USD, double defects_pm2);

#endif
