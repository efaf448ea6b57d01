/* The chip file's schema: every key of data/chips/NAME.yaml, its unit, its range and its place in
 * mj_chip. The spec reader does the checking; this file only says what there is.
 *
 * All quantities are SI with bytes for data, because a bill adds them up: `39 pJ/B` in the file is
 * 3.9e-11 "J/B" here. Arithmetic is counted in MAC (1 MAC = 2 FLOP), so a data sheet's
 * `989 TFLOP/s` becomes 494.5e12 MAC/s by its unit, not by a factor in someone's head.
 *
 * It does not say which entries a machine needs: that depends on its closure (chip.c). */
#include "mj/chip.h"

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* Upper bound of quantities that have no natural one: large enough for any machine, small enough
 * that products of a few of them stay finite. */
#define ANY 1e30

#define TEXT(struct_, key_, member_) \
    {.key = key_, .kind = MJ_SPEC_TEXT, .offset = offsetof(struct_, member_)}
#define NAME(struct_, key_, member_) \
    {.key = key_, .kind = MJ_SPEC_TEXT, .required = true, .offset = offsetof(struct_, member_)}
#define REAL(struct_, key_, member_, unit_, max_) \
    {.key = key_, .kind = MJ_SPEC_REAL, .offset = offsetof(struct_, member_), .unit = unit_, \
     .max = max_}
#define QUANTITY(struct_, key_, member_, unit_, min_, max_) \
    {.key = key_, .kind = MJ_SPEC_QUANTITY, .offset = offsetof(struct_, member_), .unit = unit_, \
     .min = min_, .max = max_}
#define CHOICE(struct_, key_, member_, choices_, required_) \
    {.key = key_, .kind = MJ_SPEC_CHOICE, .required = required_, \
     .offset = offsetof(struct_, member_), .choices = choices_}
#define LIST(key_, member_, count_, sub_, max_) \
    {.key = key_, .kind = MJ_SPEC_LIST, .offset = offsetof(mj_chip, member_), .sub = sub_, \
     .count_offset = offsetof(mj_chip, count_), .max_items = max_}
#define MAP(key_, member_, sub_) \
    {.key = key_, .kind = MJ_SPEC_MAP, .offset = offsetof(mj_chip, member_), .sub = sub_}

const char *const mj_closure_names[] = {"", "calibrated", "event-sum", "envelope", NULL};
const char *const mj_memory_kind_names[] = {"",    "hbm", "dram", "sram",     "edram",
                                            "rom", "nvm", "register", "link", NULL};
const char *const mj_link_kind_names[] = {"", "d2d", "scaleup", "scaleout", NULL};
/* Index = mj_class. */
static const char *const class_names[] = {"",
#define CLASS_NAME(name, text, lo, hi) text,
                                          MJ_CLASS_LIST(CLASS_NAME)
#undef CLASS_NAME
                                              NULL};
const char *const mj_compute_kind_names[] = {"mac", "analog", "lut", "osc", NULL};
static const char *const holds_names[] = {"weights", "kv", "act", NULL};

static const mj_spec_field memory_fields[] = {
    NAME(mj_memory, "name", name),
    CHOICE(mj_memory, "kind", kind, mj_memory_kind_names, true),
    {.key = "holds", .kind = MJ_SPEC_FLAGS, .offset = offsetof(mj_memory, holds),
     .choices = holds_names},
    QUANTITY(mj_memory, "capacity", capacity_B, "B", 1, ANY),
    QUANTITY(mj_memory, "bandwidth", bandwidth_Bps, "B/s", 1, ANY),
    QUANTITY(mj_memory, "read", read_JpB, "J/B", 0, 1),
    QUANTITY(mj_memory, "write", write_JpB, "J/B", 0, 1),
    QUANTITY(mj_memory, "leak", leak_WpB, "W/B", 0, 1),
    QUANTITY(mj_memory, "static", static_W, "W", 0, 1e9),
    QUANTITY(mj_memory, "price", price_USDpB, "USD/B", 0, 1),
    QUANTITY(mj_memory, "density", density_Bpm2, "B/m2", 0, ANY),
};
static const mj_spec_schema memory_schema = {
    "memory", memory_fields, LENGTH(memory_fields), sizeof(mj_memory), "name"};

static const mj_spec_field compute_fields[] = {
    NAME(mj_compute, "name", name),
    CHOICE(mj_compute, "format", format, mj_format_names, true),
    QUANTITY(mj_compute, "energy", energy_JpMAC, "J/MAC", 0, 1),
    QUANTITY(mj_compute, "rate", rate_MACps, "MAC/s", 1, ANY),
    CHOICE(mj_compute, "kind", kind, mj_compute_kind_names, false),
    QUANTITY(mj_compute, "adc", adc_J, "J", 0, 1),
    QUANTITY(mj_compute, "dac", dac_J, "J", 0, 1),
    {.key = "rows", .kind = MJ_SPEC_INT, .offset = offsetof(mj_compute, rows), .min = 0,
     .max = 1 << 20},
    {.key = "columns", .kind = MJ_SPEC_INT, .offset = offsetof(mj_compute, columns), .min = 0,
     .max = 1 << 20},
};
static const mj_spec_schema compute_schema = {
    "compute", compute_fields, LENGTH(compute_fields), sizeof(mj_compute), "name"};

static const mj_spec_field link_fields[] = {
    NAME(mj_link, "name", name),
    CHOICE(mj_link, "kind", kind, mj_link_kind_names, true),
    QUANTITY(mj_link, "energy", energy_JpB, "J/B", 0, 1),
    QUANTITY(mj_link, "switch", switch_JpB, "J/B", 0, 1),
    QUANTITY(mj_link, "bandwidth", bandwidth_Bps, "B/s", 1, ANY),
    QUANTITY(mj_link, "latency", latency_s, "s", 0, 1),
};
static const mj_spec_schema link_schema = {
    "link", link_fields, LENGTH(link_fields), sizeof(mj_link), "name"};

/* The unnamed members of mj_chip: their maps' offsets are relative to the member. */
#define WITHIN(key_, part_, member_, unit_, min_, max_) \
    {.key = key_, .kind = MJ_SPEC_QUANTITY, \
     .offset = offsetof(mj_chip, part_.member_) - offsetof(mj_chip, part_), .unit = unit_, \
     .min = min_, .max = max_}
#define PART_SIZE(part_) sizeof(((mj_chip *)0)->part_)

static const mj_spec_field wires_fields[] = {
    WITHIN("energy", wires, energy_JpBm, "J/B/m", 0, 1),
    WITHIN("distance", wires, distance_m, "m", 0, 1),
};
static const mj_spec_schema wires_schema = {
    "wires", wires_fields, LENGTH(wires_fields), PART_SIZE(wires), NULL};

static const mj_spec_field static_fields[] = {
    WITHIN("idle", fixed, idle_W, "W", 0, 1e9),
    WITHIN("active", fixed, active_W, "W", 0, 1e9),
    WITHIN("leak_logic", fixed, leak_logic_W, "W", 0, 1e9),
};
static const mj_spec_schema static_schema = {
    "static", static_fields, LENGTH(static_fields), PART_SIZE(fixed), NULL};

static const mj_spec_field overhead_fields[] = {
    WITHIN("control", overhead, control, "1", 0, 100),
    WITHIN("clock", overhead, clock, "1", 0, 100),
    WITHIN("utilisation", overhead, utilisation, "1", 1e-6, 1),
    WITHIN("unexplained", overhead, unexplained, "1", 0, 100),
    WITHIN("leak", overhead, leak, "1", 0, 0.95),
    WITHIN("block", overhead, block_s, "s", 0, 1),
    WITHIN("vector", overhead, vector_J, "J/op", 0, 1),
};
static const mj_spec_schema overhead_schema = {
    "overhead", overhead_fields, LENGTH(overhead_fields), PART_SIZE(overhead), NULL};

static const mj_spec_field system_fields[] = {
    WITHIN("vrm", system, vrm, "1", 0.1, 1),
    WITHIN("psu", system, psu, "1", 0.1, 1),
    WITHIN("host_cpu", system, host_cpu_W, "W", 0, 1e9),
    WITHIN("host_dram", system, host_dram_W, "W", 0, 1e9),
    WITHIN("host_nic", system, host_nic_W, "W", 0, 1e9),
    WITHIN("pue", system, pue, "1", 1, 10),
    WITHIN("fleet_idle", system, fleet_idle, "1", 0, 0.99),
};
static const mj_spec_schema system_schema = {
    "system", system_fields, LENGTH(system_fields), PART_SIZE(system), NULL};

static const mj_spec_field die_fields[] = {
    NAME(mj_die, "name", name),
    {.key = "count", .kind = MJ_SPEC_INT, .offset = offsetof(mj_die, count), .min = 1,
     .max = 10000},
    REAL(mj_die, "node", node_m, "m", 1e-6),
    QUANTITY(mj_die, "area", area_m2, "m2", 1e-12, 1),
};
static const mj_spec_schema die_schema = {
    "die", die_fields, LENGTH(die_fields), sizeof(mj_die), "name"};

static const mj_spec_field cost_fields[] = {
    {.key = "dies", .kind = MJ_SPEC_LIST,
     .offset = offsetof(mj_chip, cost.die) - offsetof(mj_chip, cost), .sub = &die_schema,
     .count_offset = offsetof(mj_chip, cost.n_dies) - offsetof(mj_chip, cost),
     .max_items = MJ_DIES_MAX},
    WITHIN("packaging", cost, packaging_USD, "USD", 0, 1e9),
    WITHIN("list", cost, list_USD, "USD", 0, 1e9),
};
static const mj_spec_schema cost_schema = {
    "cost", cost_fields, LENGTH(cost_fields), PART_SIZE(cost), NULL};

static const mj_spec_field oscillator_fields[] = {
    QUANTITY(mj_oscillator, "cycle", cycle_J, "J", 0, 1),
    QUANTITY(mj_oscillator, "coupling", coupling_J, "J", 0, 1),
    QUANTITY(mj_oscillator, "frequency", frequency_Hz, "Hz", 0, 1e15),
    QUANTITY(mj_oscillator, "unit", unit_s, "s", 0, 1e3),
    QUANTITY(mj_oscillator, "start", start_J, "J", 0, 1),
    QUANTITY(mj_oscillator, "random_bit", random_bit_J, "J", 0, 1),
    QUANTITY(mj_oscillator, "injection", injection_J, "J", 0, 1),
    QUANTITY(mj_oscillator, "sample", sample_J, "J", 0, 1),
    QUANTITY(mj_oscillator, "program", program_JpB, "J/B", 0, 1),
    QUANTITY(mj_oscillator, "program_every", program_every, "1", 1, ANY),
    QUANTITY(mj_oscillator, "readout_time", readout_s, "s", 0, 1),
    QUANTITY(mj_oscillator, "reference", reference_W, "W", 0, 1e6),
    QUANTITY(mj_oscillator, "leak", leak_W, "W", 0, 1),
    QUANTITY(mj_oscillator, "trim", trim_J, "J", 0, 1),
    QUANTITY(mj_oscillator, "start_gate", start_gate_J, "J", 0, 1),
    QUANTITY(mj_oscillator, "switches", switches_J, "J", 0, 1),
    QUANTITY(mj_oscillator, "strobes", strobes_s, "s", 0, 1),
    QUANTITY(mj_oscillator, "trim_leak", trim_leak_W, "W", 0, 1),
    QUANTITY(mj_oscillator, "start_leak", start_leak_W, "W", 0, 1),
    QUANTITY(mj_oscillator, "sample_leak", sample_leak_W, "W", 0, 1),
    QUANTITY(mj_oscillator, "coupler_leak", coupler_leak_W, "W", 0, 1),
    QUANTITY(mj_oscillator, "cell_area", cell_m2, "m2", 0, 1),
    QUANTITY(mj_oscillator, "coupler_area", coupler_m2, "m2", 0, 1),
    {.key = "couplings_max", .kind = MJ_SPEC_INT,
     .offset = offsetof(mj_oscillator, couplings_max), .min = 0, .max = 1 << 24},
};
static const mj_spec_schema oscillator_schema = {
    "oscillator", oscillator_fields, LENGTH(oscillator_fields), sizeof(mj_oscillator), NULL};

static const mj_spec_field lut_fields[] = {
    QUANTITY(mj_lut_circuit, "table", table_J, "J", 0, 1),
    QUANTITY(mj_lut_circuit, "table_glitches", table_glitch_J, "J", 0, 1),
    QUANTITY(mj_lut_circuit, "table_wires", table_wire_J, "J", 0, 1),
    QUANTITY(mj_lut_circuit, "vote", vote_J, "J", 0, 1),
    QUANTITY(mj_lut_circuit, "vote_glitches", vote_glitch_J, "J", 0, 1),
    QUANTITY(mj_lut_circuit, "vote_wires", vote_wire_J, "J", 0, 1),
    QUANTITY(mj_lut_circuit, "input", input_J, "J", 0, 1),
    QUANTITY(mj_lut_circuit, "register", register_J, "J", 0, 1),
    QUANTITY(mj_lut_circuit, "compare", compare_J, "J", 0, 1),
    QUANTITY(mj_lut_circuit, "weigh", weigh_J, "J", 0, 1),
    QUANTITY(mj_lut_circuit, "random_bit", random_bit_J, "J", 0, 1),
    QUANTITY(mj_lut_circuit, "period", period_s, "s", 0, 1),
    QUANTITY(mj_lut_circuit, "table_leak", table_leak_W, "W", 0, 1),
    QUANTITY(mj_lut_circuit, "vote_leak", vote_leak_W, "W", 0, 1),
    QUANTITY(mj_lut_circuit, "table_area", table_m2, "m2", 0, 1),
    QUANTITY(mj_lut_circuit, "vote_area", vote_m2, "m2", 0, 1),
};
static const mj_spec_schema lut_schema = {
    "lut", lut_fields, LENGTH(lut_fields), sizeof(mj_lut_circuit), NULL};

static const mj_spec_field text_fields[] = {
    NAME(mj_text_fit, "name", name),
    TEXT(mj_text_fit, "from", source),
    CHOICE(mj_text_fit, "class", cls, class_names, false),
    REAL(mj_text_fit, "idle", idle_W, "W", 1e6),
    REAL(mj_text_fit, "active", active_W, "W", 1e6),
    REAL(mj_text_fit, "byte", byte_JpB, "J/B", 1e-6),
    REAL(mj_text_fit, "flop", flop_J, "J/FLOP", 1e-6),
    REAL(mj_text_fit, "eta_memory", eta_memory, "1", 1),
    REAL(mj_text_fit, "eta_compute", eta_compute, "1", 1),
    REAL(mj_text_fit, "eta_experts", eta_experts, "1", 1),
    REAL(mj_text_fit, "eta_experts_block", eta_experts_block, "1", 1),
    REAL(mj_text_fit, "layer", layer_s, "s", 1),
    REAL(mj_text_fit, "reduce", reduce_s, "s", 1),
    REAL(mj_text_fit, "sequence", sequence_s, "s", 1),
};
static const mj_spec_schema text_schema = {
    "text fit", text_fields, LENGTH(text_fields), sizeof(mj_text_fit), "name"};

static const mj_spec_field image_fields[] = {
    TEXT(mj_image_fit, "from", source),
    CHOICE(mj_image_fit, "class", cls, class_names, false),
    REAL(mj_image_fit, "idle", idle_W, "W", 1e6),
    REAL(mj_image_fit, "active", active_W, "W", 1e6),
    REAL(mj_image_fit, "byte", byte_JpB, "J/B", 1e-6),
    REAL(mj_image_fit, "flop", flop_J, "J/FLOP", 1e-6),
    REAL(mj_image_fit, "eta_compute", eta_compute, "1", 1),
    REAL(mj_image_fit, "eta_attention", eta_attention, "1", 1),
    REAL(mj_image_fit, "act_transfers", act_transfers, "1", 1e6),
    REAL(mj_image_fit, "heavy", heavy, "1", 100),
    REAL(mj_image_fit, "eta_link", eta_link, "1", 1),
    REAL(mj_image_fit, "launch", launch_s, "s", 1),
    REAL(mj_image_fit, "launch_parallel", launch_parallel_s, "s", 1),
    REAL(mj_image_fit, "serial", serial_s, "s", 100),
    REAL(mj_image_fit, "simple", simple_JpFLOP, "J/FLOP", 1e-6),
};
static const mj_spec_schema image_schema = {
    "image fit", image_fields, LENGTH(image_fields), sizeof(mj_image_fit), NULL};

static const mj_spec_field residual_fields[] = {
    REAL(mj_residual, "lo", lo, "1", 1),
    REAL(mj_residual, "hi", hi, "1", 100),
};
static const mj_spec_schema residual_schema = {
    "residual", residual_fields, LENGTH(residual_fields), sizeof(mj_residual), NULL};

static const mj_spec_field chip_fields[] = {
    NAME(mj_chip, "chip", name),
    TEXT(mj_chip, "title", title),
    TEXT(mj_chip, "vendor", vendor),
    TEXT(mj_chip, "note", note),
    TEXT(mj_chip, "from", source),
    {.key = "aliases", .kind = MJ_SPEC_TEXTS, .offset = offsetof(mj_chip, alias),
     .count_offset = offsetof(mj_chip, n_aliases), .max_items = 8},
    CHOICE(mj_chip, "closure", closure, mj_closure_names, true),
    {.key = "year", .kind = MJ_SPEC_INT, .offset = offsetof(mj_chip, year), .min = 1950,
     .max = 2100},
    REAL(mj_chip, "node", node_m, "m", 1e-5),
    {.key = "domain", .kind = MJ_SPEC_INT, .offset = offsetof(mj_chip, domain), .min = 1,
     .max = 1e6},
    TEXT(mj_chip, "unit", unit),
    QUANTITY(mj_chip, "tdp", tdp_W, "W", 0, 1e9),
    LIST("memories", memory, n_memories, &memory_schema, MJ_MEMORIES_MAX),
    LIST("compute", compute, n_compute, &compute_schema, MJ_COMPUTE_MAX),
    LIST("links", link, n_links, &link_schema, MJ_LINKS_MAX),
    MAP("wires", wires, &wires_schema),
    MAP("static", fixed, &static_schema),
    MAP("overhead", overhead, &overhead_schema),
    MAP("system", system, &system_schema),
    MAP("cost", cost, &cost_schema),
    MAP("oscillator", oscillator, &oscillator_schema),
    MAP("lut", lut, &lut_schema),
    LIST("text", text, n_text, &text_schema, MJ_FITS_MAX),
    MAP("image", image, &image_schema),
    MAP("text_residual", text_residual, &residual_schema),
    MAP("image_residual", image_residual, &residual_schema),
    REAL(mj_chip, "output_time", output_s, "s", 1e6),
    REAL(mj_chip, "output_params", output_params, "1", 1e18),
};

const mj_spec_schema mj_chip_schema = {
    "chip", chip_fields, LENGTH(chip_fields), sizeof(mj_chip), NULL};
