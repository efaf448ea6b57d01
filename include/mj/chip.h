/* Chip: one machine, from data/chips/NAME.yaml, every number with interval and source.
 *
 * All figures are of ONE device (GPU, card, wafer), SI units, bytes for data. An absent value stays
 * absent (quantity class none); the bill then says so or refuses, it does not invent. Capacity,
 * bandwidth, rate, area and tdp are exact unless the file gives lo and hi: a data sheet's 80 GB is
 * no interval of a factor of two, whatever its class. */
#ifndef MJ_CHIP_H
#define MJ_CHIP_H

#include "mj/fact.h"
#include "mj/format.h"
#include "mj/spec.h"

/* How a bill on this chip is closed; printed on every bill.
 * calibrated: totals fitted to measured devices. event-sum: events times energies plus static power
 * plus an `unexplained` line. envelope: an author's back-of-envelope sum as given, nothing added. */
typedef enum { MJ_CLOSURE_NONE, MJ_CLOSURE_CALIBRATED, MJ_CLOSURE_EVENT_SUM, MJ_CLOSURE_ENVELOPE } mj_closure;
extern const char *const mj_closure_names[]; /* "", "calibrated", "event-sum", "envelope", NULL */

typedef enum {
    MJ_MEMORY_NONE, MJ_MEMORY_HBM, MJ_MEMORY_DRAM, MJ_MEMORY_SRAM, MJ_MEMORY_EDRAM, MJ_MEMORY_ROM,
    MJ_MEMORY_NVM, MJ_MEMORY_REGISTER,
    MJ_MEMORY_LINK /* another chip's memory, reached over a link */
} mj_memory_kind;
extern const char *const mj_memory_kind_names[];

/* What a memory may hold (bits of mj_memory.holds; none set: everything). */
enum { MJ_HOLDS_WEIGHTS = 1, MJ_HOLDS_KV = 2, MJ_HOLDS_ACT = 4 };

typedef struct {
    const char *name;
    int kind; /* mj_memory_kind */
    unsigned holds;
    mj_quantity capacity_B, bandwidth_Bps;
    mj_quantity read_JpB, write_JpB; /* device and its interface; write absent: as read */
    mj_quantity leak_WpB;            /* retention leakage, times capacity */
    mj_quantity static_W;            /* refresh and floor of all stacks of the device */
    mj_quantity price_USDpB, density_Bpm2;
} mj_memory;

/* What multiplies: a digital unit, an analog array, look-up tables, oscillators. */
typedef enum {
    MJ_COMPUTE_MAC, MJ_COMPUTE_ANALOG, MJ_COMPUTE_LUT, MJ_COMPUTE_OSC
} mj_compute_kind;
extern const char *const mj_compute_kind_names[]; /* "mac", "analog", "lut", "osc", NULL */

typedef struct {
    const char *name;   /* "mac.bf16" */
    int kind;           /* mj_compute_kind */
    int format;         /* mj_format of the weights it multiplies */
    mj_quantity energy_JpMAC; /* datapath alone */
    mj_quantity rate_MACps;   /* dense peak */
    mj_quantity adc_J, dac_J; /* one conversion of an analog array's output, input */
    int rows, columns;        /* of the array: products summed per ADC, fed per DAC conversion */
} mj_compute;

typedef enum { MJ_LINK_KIND_NONE, MJ_LINK_KIND_D2D, MJ_LINK_KIND_SCALEUP,
               MJ_LINK_KIND_SCALEOUT } mj_link_kind;
extern const char *const mj_link_kind_names[]; /* "", "d2d", "scaleup", "scaleout", NULL */

typedef struct {
    const char *name;
    int kind; /* mj_link_kind */
    mj_quantity energy_JpB;        /* both ends */
    mj_quantity switch_JpB;        /* a switch between; absent: point to point */
    mj_quantity bandwidth_Bps;     /* one direction */
    mj_quantity latency_s;
} mj_link;

typedef struct {
    const char *name;
    int count;           /* per device; 0: 1 */
    double node_m;
    mj_quantity area_m2; /* of one */
} mj_die;

/* Fitted constants of the text predictor, one variant ("a": best totals, "b": more physical, chips
 * without measurements of their own use it scaled). README of the baseline, section 4.  [zeus2025] */
typedef struct {
    const char *name, *source;
    int cls;                        /* mj_class: measured for a fit of this chip, else derived */
    double idle_W, active_W;        /* Pi, Pa */
    double byte_JpB, flop_J;        /* eb, ef (per FLOP) */
    double eta_memory, eta_compute; /* eta_b, eta_f */
    double eta_experts, eta_experts_block; /* eta_moe, eta_8 */
    double layer_s, reduce_s, sequence_s;  /* t_layer, t_ar, t_seq */
} mj_text_fit;

/* Fitted constants of the image and video predictor, section 5 of the same. */
typedef struct {
    const char *source;
    int cls; /* mj_class */
    double idle_W, active_W, byte_JpB, flop_J;
    double eta_compute, eta_attention; /* eta_f, eta_a */
    double act_transfers, heavy;       /* k_act, h */
    double eta_link, launch_s, launch_parallel_s, serial_s; /* eta_l, t_l, t_lm, t_ser */
    double simple_JpFLOP;              /* c: the cross-check c x FLOP on one device */
} mj_image_fit;

/* Factors on a predicted total that contain 90 % of the truth: leave-one-family-out residuals. */
typedef struct {
    double lo, hi;
} mj_residual;

/* Oscillators that compute by running: a substrate (data/substrates). Absent everywhere else. */
typedef struct {
    mj_quantity cycle_J;      /* one oscillator, one cycle */
    mj_quantity coupling_J;   /* one coupling between two oscillators, one cycle */
    mj_quantity frequency_Hz;
    mj_quantity unit_s;       /* seconds of one model time unit */
    mj_quantity start_J;      /* setting one start phase */
    mj_quantity random_bit_J;
    mj_quantity injection_J;  /* setting one oscillator's class injection for one output */
    mj_quantity sample_J;     /* reading one phase */
    mj_quantity program_JpB;  /* writing a byte of coupling values */
    mj_quantity program_every;/* outputs made before the couplings are written again */
    mj_quantity readout_s;    /* setting and reading, outside the run */
    mj_quantity reference_W;  /* clock and reference oscillator */
    mj_quantity leak_W;       /* of one oscillator with its share of couplers */
    /* The circuits beside (ring_cells.h), where they were measured; leakage with the memory of settings. */
    mj_quantity trim_J, start_gate_J; /* what sets the frequency of one oscillator, what lets it go, one cycle */
    mj_quantity switches_J;           /* of one coupling, one cycle */
    mj_quantity strobes_s;            /* one row of strobes, while which oscillators run uncoupled: all of it
                                       * to be read, half of it on average to be started */
    mj_quantity trim_leak_W, start_leak_W, sample_leak_W, coupler_leak_W;
    mj_quantity cell_m2, coupler_m2;
    int couplings_max;        /* that one oscillator can take; 0: no limit known */
} mj_oscillator;

/* Look-up tables of bits as gates, and what stands around them (data/substrates). Absent everywhere else.
 * Facts of a family circuit-NAME give way to those of the circuit of the model itself, where it was
 * measured (mj_lut_facts_find). */
typedef struct {
    mj_quantity table_J, table_glitch_J, table_wire_J; /* one table, one evaluation: all, or its parts */
    mj_quantity vote_J, vote_glitch_J, vote_wire_J;    /* one output counted by the read-out */
    mj_quantity input_J;      /* wires and pins of one input, one evaluation */
    mj_quantity register_J;   /* a clocked bit: every input, every evaluation */
    mj_quantity compare_J;    /* one question about a pixel that comes from outside */
    mj_quantity weigh_J;      /* a count turned into a chance, and added up */
    mj_quantity random_bit_J;
    mj_quantity period_s;     /* of an evaluation */
    mj_quantity table_leak_W, vote_leak_W;
    mj_quantity table_m2, vote_m2;
} mj_lut_circuit;

enum { MJ_MEMORIES_MAX = 6, MJ_COMPUTE_MAX = 10, MJ_LINKS_MAX = 4, MJ_DIES_MAX = 4, MJ_FITS_MAX = 2 };

typedef struct {
    const char *name, *title, *vendor, *note, *source;
    const char *alias[8];
    int n_aliases;
    int closure; /* mj_closure */
    int year;
    double node_m;
    int domain;           /* devices that one scale-up network joins; 0: 1 */
    const char *unit;     /* "GPU", "card", ...: what one device is called */
    mj_quantity tdp_W;
    mj_memory memory[MJ_MEMORIES_MAX];
    int n_memories;
    mj_compute compute[MJ_COMPUTE_MAX];
    int n_compute;
    mj_link link[MJ_LINKS_MAX];
    int n_links;
    struct {
        mj_quantity energy_JpBm; /* J per byte and metre of full-swing wire */
        mj_quantity distance_m;  /* mean way of an operand from memory to the arithmetic */
    } wires;
    struct {
        mj_quantity idle_W;      /* flows whatever the device does, leakage of logic apart */
        mj_quantity active_W;    /* while it works */
        mj_quantity leak_logic_W;
        /* Event sums that state no static power; no keys: filled by resolve, else absent. */
        mj_quantity unstated_W;     /* from what like machines draw */
        mj_quantity unstated_share; /* of the device's power, "1"; where nothing else is known */
    } fixed;                     /* YAML key `static` */
    struct {
        mj_quantity control;     /* share of the arithmetic's energy, "1" */
        mj_quantity clock;       /* share of all dynamic energy, "1" */
        mj_quantity utilisation; /* share of peak rates reached, "1"; absent: a fact */
        mj_quantity unexplained; /* times the events, "1"; absent: a fact */
        mj_quantity leak;        /* event sums: share of the device's power that is static, "1" */
        mj_quantity block_s;     /* event sums: least time of one block (attention, FFN, ...):
                                    hand-over and synchronisation; absent: from facts */
        mj_quantity vector_J;    /* one element-wise operation; absent: from facts */
    } overhead;
    struct {                     /* outside the device; absent: facts of power.*, host.*, facility.* */
        mj_quantity vrm, psu;    /* efficiencies, "1" */
        mj_quantity host_cpu_W, host_dram_W, host_nic_W; /* per device */
        mj_quantity pue;         /* facility / IT, "1" */
        mj_quantity fleet_idle;  /* share of the fleet's energy spent idle, "1" */
    } system;
    struct {
        mj_die die[MJ_DIES_MAX];
        int n_dies;
        mj_quantity packaging_USD; /* per device */
        mj_quantity list_USD;      /* selling price, if known */
    } cost;
    mj_oscillator oscillator;
    mj_lut_circuit lut;
    mj_text_fit text[MJ_FITS_MAX];
    int n_text;
    mj_image_fit image;
    mj_residual text_residual, image_residual;
    /* One-thread batch-1 machines of a paper: seconds an output takes, if the author states it. */
    double output_s;
    double output_params; /* parameters a token of the model whose time that is; 0: not stated */
} mj_chip;

extern const mj_spec_schema mj_chip_schema;

/* Loads a chip by name (data/chips/NAME.yaml), alias or path; NAME unknown: MJ_ENAME with a
 * suggestion. Resolves facts at the chip's node. dir: the folder of chips; a folder `substrates`
 * beside it is searched after it. */
mj_status mj_chip_load(mj_chip *chip, const char *name, const char *dir, mj_facts *facts,
                       const mj_units *units, mj_arena *arena, mj_err *err);
/* Checks what no single field can say (a memory for every use, bandwidth where there is capacity,
 * a fit where closure is calibrated) and fills absent system quantities from facts. Called by
 * load; call it again after patches. */
mj_status mj_chip_resolve(mj_chip *chip, mj_facts *facts, const char *path, mj_err *err);
/* The unit that multiplies weights of `format`: the same format, else the next wider one; NULL if
 * the chip has none. */
const mj_compute *mj_chip_compute(const mj_chip *chip, mj_format format);
/* First memory of that kind of use with room, in file order; NULL if none holds it. */
const mj_memory *mj_chip_memory(const mj_chip *chip, unsigned holds);
const mj_link *mj_chip_link(const mj_chip *chip, mj_link_kind kind);

#endif
