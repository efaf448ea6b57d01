/* Crossbar file: substrate and facts, written as drafts, read by schema (crossbar_file.h). */
#include "mj/crossbar_file.h"

#include "mj/draft.h"
#include "mj/spec.h"

#include <math.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define AT(member_) .offset = offsetof(mj_crossbar_substrate, member_)
#define TEXT(key_, member_) {.key = key_, .kind = MJ_SPEC_TEXT, .required = true, AT(member_)}
#define INT(key_, member_, min_, max_) \
    {.key = key_, .kind = MJ_SPEC_INT, .required = true, AT(member_), .min = min_, .max = max_}
#define REAL(key_, member_, unit_, min_, max_) \
    {.key = key_, .kind = MJ_SPEC_REAL, .required = true, AT(member_), .unit = unit_, .min = min_, .max = max_}

static const mj_spec_field fields[] = {
    TEXT("crossbar_substrate", name),
    TEXT("commit", commit),
    INT("rows", n_rows, 1, MJ_CROSSBAR_SIDE_MAX),
    INT("columns", n_columns, 1, MJ_CROSSBAR_SIDE_MAX),
    INT("levels", n_levels, 0, MJ_CROSSBAR_LEVELS_MAX),
    REAL("wire", wire_ohm, "ohm", 0, 1e12),
    REAL("on", on_S, "S", 0, 1e3),
    REAL("off", off_S, "S", 0, 1e3),
    REAL("read", read_V, "V", 0, 1e3),
    REAL("bandwidth", bandwidth_Hz, "Hz", 0, 1e15),
    REAL("temperature", temperature_K, "K", 1, 1000),
    REAL("wires", wires, NULL, 0, 100),
    REAL("rounding", levels, NULL, 0, 100),
    REAL("programming", programming, NULL, 0, 100),
    REAL("noise", noise, NULL, 0, 100),
    REAL("effective_bits", effective_bits, NULL, -100, 100),
    REAL("settling", settling_s, "s", 0, 1),
    REAL("array", array_JpMAC, "J/MAC", 0, 1),
    REAL("product", product_JpMAC, "J/MAC", 0, 1),
};
static const mj_spec_schema schema = {"crossbar substrate", fields, LENGTH(fields),
                                      sizeof(mj_crossbar_substrate), NULL};

mj_crossbar_substrate mj_crossbar_substrate_make(const mj_crossbar_array *a, const mj_crossbar_figures *f,
                                                 double joules, const char *commit)
{
    double mac = (double)a->n_rows * a->n_columns;
    return (mj_crossbar_substrate){
        .name = "crossbar", .commit = commit, .n_rows = a->n_rows, .n_columns = a->n_columns,
        .n_levels = a->n_levels, .wire_ohm = a->wire_ohm, .on_S = a->on_S, .off_S = a->off_S,
        .read_V = a->read_V, .bandwidth_Hz = a->bandwidth_Hz, .temperature_K = a->temperature_K,
        .wires = f->wires, .levels = f->levels, .programming = f->programming, .noise = f->noise,
        .effective_bits = f->effective_bits, .settling_s = f->settling_s,
        .array_JpMAC = f->array_J / mac, .product_JpMAC = joules / mac};
}

/* A pair of L levels each has L - 1 to either side of 0, b bits have 2^(b - 1) - 1: b = 1 + log2 L. */
static int bits_of(int n_levels)
{
    int bits = 1 + (int)floor(log2(fmax(n_levels, 1)));
    return n_levels == 0 ? 0 : bits < MJ_ANALOG_BITS_MAX ? bits : MJ_ANALOG_BITS_MAX;
}

mj_analog mj_crossbar_analog(const mj_crossbar_substrate *s)
{
    return (mj_analog){.noise = hypot(s->wires, s->noise), .mismatch = s->programming,
                       .weight_bits = bits_of(s->n_levels)};
}

mj_status mj_crossbar_substrate_save(const char *path, const mj_crossbar_substrate *s, mj_err *err)
{
    mj_draft draft;
    MJ_TRY(mj_draft_open(&draft, path, err));
    FILE *out = draft.out;
    fputs("# A crossbar of pairs of conductances, solved node by node; made by mj measure crossbar.\n"
          "# wires, rounding (to levels), programming, noise: rms over the rms of a sum of products, of weights\n"
          "# and inputs uniform up to the largest. levels: of a conductance, 0: any.\n"
          "# array, product: joules of a multiply-add, the array alone and with converters and amplifiers.\n"
          "mj: 1\n", out);
    fprintf(out, "crossbar_substrate: %s\ncommit: \"%s\"\nrows: %d\ncolumns: %d\nlevels: %d\n", s->name,
            s->commit, s->n_rows, s->n_columns, s->n_levels);
    fprintf(out, "wire: %.6g ohm\non: %.6g uS\noff: %.6g uS\nread: %.6g V\n", s->wire_ohm, 1e6 * s->on_S,
            1e6 * s->off_S, s->read_V);
    fprintf(out, "bandwidth: %.6g MHz\ntemperature: %.6g K\n", 1e-6 * s->bandwidth_Hz, s->temperature_K);
    fprintf(out, "wires: %.6g\nrounding: %.6g\nprogramming: %.6g\nnoise: %.6g\n", s->wires, s->levels,
            s->programming, s->noise);
    fprintf(out, "effective_bits: %.6g\nsettling: %.6g ns\narray: %.6g fJ/MAC\nproduct: %.6g fJ/MAC\n",
            s->effective_bits, 1e9 * s->settling_s, 1e15 * s->array_JpMAC, 1e15 * s->product_JpMAC);
    return mj_draft_close(&draft, err);
}

mj_status mj_crossbar_substrate_load(mj_crossbar_substrate *substrate, const char *path,
                                     const mj_units *units, mj_arena *arena, mj_err *err)
{
    *substrate = (mj_crossbar_substrate){.name = NULL};
    return mj_spec_load(substrate, &schema, path, units, arena, err);
}

/* Facts have no sign and no 0: what was not there has none. */
static void write_fact(FILE *out, const char *name, const char *what, double value, const char *unit)
{
    if (value > 0) {
        fprintf(out,
                "  - {name: %s, what: \"%s\", value: %.4g %s,\n"
                "     year: 2026, from: mj-crossbar, class: simulated, boundary: die, scaling: none}\n",
                name, what, value, unit);
    }
}

mj_status mj_crossbar_facts_save(const char *path, const mj_crossbar_substrate *s, mj_err *err)
{
    mj_draft draft;
    MJ_TRY(mj_draft_open(&draft, path, err));
    FILE *out = draft.out;
    fprintf(out, "# A crossbar of %d x %d pairs, %.4g ohm a cell, %.4g to %.4g uS, %.4g V, %.4g MHz, %.5g K; made by\n"
                 "# mj measure crossbar, commit %s\nmj: 1\nfacts: circuit-crossbar\nentries:\n",
            s->n_rows, s->n_columns, s->wire_ohm, 1e6 * s->off_S, 1e6 * s->on_S, s->read_V,
            1e-6 * s->bandwidth_Hz, s->temperature_K, s->commit);
    write_fact(out, "wires", "error that wires make, over the rms of a sum", 100 * s->wires, "%");
    write_fact(out, "levels", "error that rounding to levels makes, likewise", 100 * s->levels, "%");
    write_fact(out, "programming", "error that programming makes, likewise", 100 * s->programming, "%");
    write_fact(out, "noise", "thermal noise of the conductances, likewise", 100 * s->noise, "%");
    write_fact(out, "bits", "effective bits of a sum", s->effective_bits, "x");
    write_fact(out, "settling", "settling of a product to 1 %", 1e9 * s->settling_s, "ns");
    write_fact(out, "array", "a multiply-add, the array alone", 1e15 * s->array_JpMAC, "fJ/MAC");
    write_fact(out, "product", "a multiply-add, with converters and amplifiers", 1e15 * s->product_JpMAC,
               "fJ/MAC");
    return mj_draft_close(&draft, err);
}
