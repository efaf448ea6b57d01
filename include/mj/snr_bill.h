/* What a signal-to-noise ratio costs: joules of the products of a model on an analog machine of this
 * noise, and on the digital machines that it has to beat.
 *
 *   MJ_TRY(mj_snr_facts_find(&facts, store, err));
 *   mj_snr_bill_compute(&bill, &facts, &work,
 *                       &(mj_snr_setting){.machine = MJ_SNR_ANALOG, .noise = 0.1, .weight_bits = 4});
 *
 * Events alone: no leakage, clock or control, no element-wise operations. mj bill has the machine around
 * them. */
#ifndef MJ_SNR_BILL_H
#define MJ_SNR_BILL_H

#include "mj/bill.h"

/* Facts behind it, in SI. */
typedef struct {
    mj_quantity kt_J;
    mj_quantity walden_J, floor_J, dac_J; /* a conversion: of one step, at least; 4 bits in */
    mj_quantity capacitor_J, matching;    /* a product of a smallest cell, and its mismatch */
    mj_quantity cell_JpB;                 /* non-volatile cell that is summed where it stands */
    mj_quantity mac_int8_J, multiply_int8_J, mac_fp16_J;
    mj_quantity sram_JpB, rom_JpB; /* reads: of a memory of 1 MB; of one beside the arithmetic */
} mj_snr_facts;
/* MJ_ENAME if a fact is not there. */
mj_status mj_snr_facts_find(mj_snr_facts *facts, mj_facts *store, mj_err *err);
/* A conversion to digital of so many steps; named by what rules it, steps or floor. */
mj_quantity mj_snr_conversion(const mj_snr_facts *facts, double steps);
/* Steps of a converter whose clipping and rounding of Gaussian sums leave them `ratio` times as strong as
 * the error, in powers. */
double mj_snr_steps(double ratio);

typedef enum {
    MJ_SNR_SHARED,   /* digital: a weight is read from SRAM once for all streams of a batch */
    MJ_SNR_IN_PLACE, /* digital: weights stand beside the multipliers, nothing is read; rows, of which
                        each token needs others, come from a ROM beside the adders */
    MJ_SNR_ANALOG,   /* an array of capacitors, or of cells for rows */
    MJ_SNR_CROSSBAR  /* a measured one, with its converters and amplifiers */
} mj_snr_machine;

/* A token: what may be analog, and the rest, which is digital with 8 bits on every machine. */
typedef struct {
    double mac, inputs, outputs; /* products; numbers converted into them; sums converted out */
    bool rows;                   /* the products are rows of tables that are summed: no inputs */
    double rest_mac;             /* products */
    double rest_weight_B, rest_B; /* bytes read from memory: once a batch; by each stream */
} mj_snr_work;

enum { MJ_SNR_BATCH = 64 };

/* Digital machines have neither noise nor mismatch, whatever stands here. */
typedef struct {
    mj_snr_machine machine;
    double noise;        /* of a sum, over its rms */
    double mismatch;     /* of a weight; 0: that of the smallest cell is taken */
    int weight_bits;
    int activation_bits; /* 0: floating point of 16 bits; on an analog machine as many bits as are not
                            heard behind the noise */
    double batch;        /* streams that share what is read; 0: MJ_SNR_BATCH */
    double array_JpMAC, product_JpMAC; /* of the crossbar: its array; all of it */
} mj_snr_setting;

enum { MJ_SNR_UNITS_MAX = 8 };

/* The ledger borrows from `unit`: a bill stays where it was computed. */
typedef struct {
    mj_ledger ledger;
    mj_quantity unit[MJ_SNR_UNITS_MAX];
    int n_units;
    double ratio;              /* signal over noise, of powers; HUGE_VAL: no noise */
    double input_bits;         /* of an input; 0: floating point, or there is none */
    double joules, lo_J, hi_J; /* a token; HUGE_VAL: analog without noise, which no machine is */
    double products_J;         /* of them, without the rest */
} mj_snr_bill;
void mj_snr_bill_compute(mj_snr_bill *bill, const mj_snr_facts *facts, const mj_snr_work *work,
                         const mj_snr_setting *setting);

#endif
