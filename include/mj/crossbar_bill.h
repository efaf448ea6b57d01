/* What a product of a matrix and a vector takes on a crossbar, with the converters and amplifiers without
 * which it gives no number: they, not the array, are the bill.
 *
 *   MJ_TRY(mj_crossbar_facts_find(&facts, store, err));
 *   mj_crossbar_bill_compute(&bill, &facts, &work);
 *
 *   array       its drivers' power while it settles
 *   amplifiers  two a column, one an array: gain-bandwidth f (1 + G R), R = swing / largest current, times
 *               load and power over both [vittoz1977]; and the largest current itself, class A
 *   column      one converter of the products' whole range, whose rounding is as large as the array's
 *               own error; never below its floor [murmann2023]
 *   row         one converter of the effective bits of the product, at least one [zigzag2023]
 *
 * Not in it: noise, offset and finite gain of amplifiers, sampling and digital circuits, programming,
 * leakage of the cells' transistors, drift. */
#ifndef MJ_CROSSBAR_BILL_H
#define MJ_CROSSBAR_BILL_H

#include "mj/snr_bill.h"

typedef struct {
    mj_snr_facts common;
    mj_quantity amplifier_V2, load_F, swing_V, supply_V; /* V2: J/F, W/(Hz F) */
} mj_crossbar_facts;
/* MJ_ENAME if a fact is not there. */
mj_status mj_crossbar_facts_find(mj_crossbar_facts *facts, mj_facts *store, mj_err *err);

/* What was measured of an array (crossbar_array.h). */
typedef struct {
    int n_rows, n_columns;
    double array_J, settling_s, bandwidth_Hz;
    double column_S, column_A;            /* of a column of one array */
    double largest_A, error_A;            /* of a product, and the rms of all that is wrong with it */
    double effective_bits;
} mj_crossbar_work;

enum { MJ_CROSSBAR_UNITS_MAX = 5 };

/* The ledger borrows from `unit`: a bill stays where it was computed. */
typedef struct {
    mj_ledger ledger;
    mj_quantity unit[MJ_CROSSBAR_UNITS_MAX];
    int n_units;
    double converter_bits, input_bits, gain_bandwidth_Hz;
    double amplifier_W;        /* of one */
    double joules, lo_J, hi_J; /* of a product of matrix and vector */
    double digital_J;          /* the same in int8: multiply and add */
    double digital_lo_J, digital_hi_J;
    double digital_read_J;     /* reading its weights from SRAM every time */
} mj_crossbar_bill;
void mj_crossbar_bill_compute(mj_crossbar_bill *bill, const mj_crossbar_facts *facts,
                              const mj_crossbar_work *work);

#endif
