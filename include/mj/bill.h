/* Bill: joules per output of a model on a machine, split by cause, every line with its count, unit
 * energy, interval and source. Lines add up to the total. */
#ifndef MJ_BILL_H
#define MJ_BILL_H

#include "mj/chip.h"
#include "mj/cost.h"
#include "mj/model.h"
#include "mj/op.h"
#include "mj/serving.h"

/* Causes. name, text in output, boundary at which it enters, short meaning for people */
#define MJ_COMPONENT_LIST(X)                                                           \
    X(ARITH_MAC, "arith.mac", DIE, "multiply-accumulate")                              \
    X(ARITH_VECTOR, "arith.vector", DIE, "element-wise arithmetic")                    \
    X(ARITH_LUT, "arith.lut", DIE, "look-up table evaluation")                         \
    X(ARITH_OSC, "arith.osc", DIE, "oscillator cycles")                                \
    X(ARITH_ANALOG, "arith.analog", DIE, "analog array")                               \
    X(CONTROL, "control", DIE, "instruction and address control")                      \
    X(OPERAND_RF, "operand.rf", DIE, "operand registers")                              \
    X(SRAM_L1, "sram.l1", DIE, "SRAM beside the arithmetic")                           \
    X(SRAM_L2, "sram.l2", DIE, "large on-chip SRAM")                                   \
    X(NOC_WIRE, "noc.wire", DIE, "on-chip wires")                                      \
    X(NOC_HOP, "noc.hop", DIE, "on-chip routers")                                      \
    X(ROM_READ, "rom.read", DIE, "hard-wired weights read")                            \
    X(NVM_READ, "nvm.read", DIE, "non-volatile memory read")                           \
    X(DRAM_WEIGHTS, "dram.weights", PACKAGE, "weights from DRAM, device and interface")\
    X(DRAM_KV, "dram.kv", PACKAGE, "cache and state in DRAM")                          \
    X(DRAM_ACT, "dram.act", PACKAGE, "activations in DRAM")                            \
    X(DRAM_REFRESH, "dram.refresh", PACKAGE, "DRAM floor and refresh")                 \
    X(TRANSPORT, "transport.calibrated", DIE, "movement, operands and control beyond the published device energies") \
    X(CONV_ADC, "conv.adc", DIE, "analog to digital")                                  \
    X(CONV_DAC, "conv.dac", DIE, "digital to analog")                                  \
    X(CONV_CMP, "conv.cmp", DIE, "comparators")                                        \
    X(RNG, "rng", DIE, "random bits")                                                  \
    X(PROGRAM, "program", DIE, "programming weights, amortised")                       \
    X(ANALOG_BIAS, "analog.bias", DIE, "analog bias currents")                         \
    X(LINK_D2D, "link.d2d", PACKAGE, "die to die")                                     \
    X(LINK_SCALEUP, "link.scaleup", BOARD, "device to device")                         \
    X(LINK_SCALEOUT, "link.scaleout", NODE, "machine to machine")                      \
    X(LINK_SWITCH, "link.switch", NODE, "switches")                                    \
    X(CLOCK, "clock", DIE, "clock distribution")                                       \
    X(LEAK_LOGIC, "leak.logic", DIE, "leakage of logic")                               \
    X(LEAK_SRAM, "leak.sram", DIE, "leakage of on-chip memory")                        \
    X(IDLE_BOARD, "idle.board", BOARD, "power that flows whatever the device does")    \
    X(ACTIVE_BOARD, "active.board", BOARD, "power while kernels run")                  \
    X(HOST_CPU, "host.cpu", NODE, "host processors")                                   \
    X(HOST_DRAM, "host.dram", NODE, "host memory")                                     \
    X(HOST_NIC, "host.nic", NODE, "network cards")                                     \
    X(POWER_VRM, "power.vrm", BOARD, "voltage regulators")                             \
    X(POWER_PSU, "power.psu", NODE, "power supplies")                                  \
    X(COOL_FACILITY, "cool.facility", FACILITY, "cooling and distribution")            \
    X(FLEET_IDLE, "fleet.idle", FLEET, "machines kept ready")                          \
    X(UNEXPLAINED, "unexplained", BOARD, "not modelled: measured machines need this much more")

#define MJ_COMPONENT_ENUM(name, text, boundary, meaning) MJ_##name,
typedef enum { MJ_COMPONENT_LIST(MJ_COMPONENT_ENUM) MJ_COMPONENT_N } mj_component;
#undef MJ_COMPONENT_ENUM
const char *mj_component_text(mj_component component);    /* "dram.weights" */
const char *mj_component_meaning(mj_component component);

/* One line: joules = count x unit_J (per output), lo <= joules <= hi in its own interval. */
typedef struct {
    mj_component component;
    const char *label;      /* "weights read from HBM": static text */
    const char *formula;    /* how the count comes about, for mj explain: static text */
    double count;           /* occurrences per output */
    const char *count_unit; /* "B", "MAC", "s", "J" */
    double unit_J;          /* joules of one occurrence */
    double joules, lo_J, hi_J;
    double scales;          /* 0: an own joule. > 0: an overhead (VRM, PSU, cooling...): this share of
                               the sum of all lines above it; it shrinks when they do */
    double share, cap;      /* of the total; Amdahl: total / (total without it and what it drags) */
    const mj_quantity *fact;/* where unit_J or scales comes from; borrowed from chip; NULL: a fit */
    const char *source;     /* key in data/sources.yaml */
    mj_class cls;
} mj_line;

enum { MJ_LINES_MAX = 48 };

typedef struct {
    mj_line line[MJ_LINES_MAX];
    int n;
} mj_ledger;

/* Lines stand in the order in which joules flow outwards: arithmetic, memories, wires; then what is
 * charged on top of them, board, host, supplies, cooling. */

/* Sum of all lines, J. */
double mj_ledger_total_J(const mj_ledger *ledger);
/* Largest gain left if every own line of `component` cost nothing (Amdahl), overheads that scale
 * with it included; HUGE_VAL if nothing remains. */
double mj_ledger_cap(const mj_ledger *ledger, mj_component component);

/* Named quantities of one engine step, for explain and for the reference vectors. SI, per device
 * unless said. Text: one token of every running sequence; images: one batch. */
typedef struct {
    double context;             /* tokens */
    double prefill_share;       /* q: share of steps with a prefill */
    double weight_B, kv_B;      /* fixed weights; cache and state */
    double act_B;               /* images: activation traffic, as fitted */
    double expert_B, expert_mixed_B;         /* average over devices: decode, with prefill */
    double expert_max_B, expert_max_mixed_B; /* slowest device */
    double decode_flop, prefill_flop;        /* prefill: average per step */
    double collectives, link_B;
    double blocks;              /* event sums: of the network, one after the other */
    double memory_s, arithmetic_s, link_s; /* event sums: each alone; the longest of these and of */
    double handover_s;          /* between the blocks, the least that they need */
    double exchange_s;          /* is the step, with the latencies of the links */
    double compute_s;           /* kernels of the step */
    double step_s;              /* whole step, host and power cap included */
    double mixed_s;             /* a step that carries prompts, before the power cap */
    double dynamic_J;           /* of the step, per device */
    double power_W, unclamped_W;/* per device, after and before the TDP clamp */
    bool clamped;
} mj_step;

typedef struct {
    const mj_chip *chip;   /* borrowed */
    const mj_model *model; /* borrowed */
    mj_serving serving;    /* resolved */
    mj_ops ops;
    mj_step step;
    mj_ledger ledger;
    double joules, lo_J, hi_J; /* per output: the 90 % interval */
    double assumed_share;      /* share of joules on class assumed or vendor */
    double prefill_J;          /* of the joules per output token: what prompts cost */
    double outputs_ps;         /* of all devices together */
    double latency_s;          /* of an image; time between tokens of one user for text */
    double first_output_s;     /* time to first token; images: latency */
    double power_W;            /* all devices, at the bill's boundary */
    double memory_used_B;      /* per device: weights, cache */
} mj_bill;

/* The bill. chip, model and serving resolved (mj_*_resolve; serving.precision already applied to the
 * model by mj_model_set_precision); bill borrows chip and model; no allocation, no file, no global:
 * about 1 us. MJ_ESUPPORT when the chip cannot run the model (no memory, no arithmetic for the
 * format, no image fit), MJ_EFIT when it does not fit. */
mj_status mj_bill_compute(mj_bill *bill, const mj_chip *chip, const mj_model *model,
                          const mj_serving *serving, mj_err *err);

/* True if the model's oscillators run as oscillators; false where a computer solves their equations. */
bool mj_oscillator_runs(const mj_bill *bill);
/* Silicon of as many oscillators and couplers as the model has; absent if the chip does not say. */
mj_quantity mj_oscillator_area(const mj_bill *bill);

/* True if the model's look-up tables are gates; false where a computer works them out. */
bool mj_lut_runs(const mj_bill *bill);
/* The fact of another circuit whose rates stand for the model's own, which nobody measured; NULL: none. */
const char *mj_lut_borrows(const mj_bill *bill);
/* Silicon of its tables and read-out; absent if the chip does not say. */
mj_quantity mj_lut_circuit_area(const mj_bill *bill);
/* Where the model's own circuit was measured (facts of circuit-NAME, NAME the model's), its figures in the
 * place of those that the chip takes from another circuit's facts; and a table and a vote in their parts,
 * where the circuit's facts have them. Before the bill. Rates of another circuit become derived at best. MJ_EFIT
 * where the model's own circuit is of another node than the chip. */
mj_status mj_lut_facts_find(mj_chip *chip, const mj_model *model, mj_facts *facts, mj_err *err);

/* The calibrated predictors alone, per section 4 and 5 of the baseline: step only, for validation.
 * fit: &chip->text[i]. */
void mj_text_step(mj_step *step, const mj_chip *chip, const mj_text_fit *fit, const mj_model *model,
                  const mj_ops *ops, const mj_serving *serving);
void mj_image_step(mj_step *step, const mj_chip *chip, const mj_model *model, const mj_ops *ops,
                   const mj_serving *serving);

#endif
