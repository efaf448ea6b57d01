/* Scaling: what an energy or an area becomes in another technology node.
 *
 * A law is a few curves: the same quantity published at two or more nodes. Between two nodes each
 * curve gives a factor by interpolation in log(node), log(value); the answer is their geometric mean,
 * and the interval runs from the smallest to the largest, because the curves disagree (an int8 add
 * fell 4.3 times from 45 to 7 nm, an int32 multiply 2.1 times).
 *
 * Beyond a law's nodes its curves go on with their last slope, and the interval is widened to what
 * the simulations of Stillmaker and Baas give for the whole way: gate energy at 0.8 V for the
 * energies, cell area for the area. Their tables end at 130 and 7 nm and go on with their last slope
 * too. They claim 10.6 times from 45 to 7 nm where published arithmetic fell 2.1-4.3 times, so they
 * widen the interval and never move the typical value.
 *
 * Leakage follows no law between nodes (threshold voltage and temperature are chosen, not given), and
 * no leakage was published at two nodes: its law answers for equal nodes only.
 *
 * Gates that were measured at a voltage of their own (1.8 V at 180 nm) are moved by polynomials of their
 * node and voltage, mj_scale_gates, because a law knows no voltage.
 *
 * Sources: 45 nm [horowitz2014]; 7 nm [jouppi2021], partly from memory; wires [dally2014,
 * keckler2011, kogge2008, dally2020]; polynomials and cell area [stillmaker2017]; SRAM cells
 * [iedm2022, tsmc-n7, tsmc-n28]; transistors [llmcompass2024, tsmc-n7, tsmc-n5, tsmc-n3]. Every
 * published point names the fact under data/facts that holds the same number; a test compares
 * them. */
#include "mj/scaling.h"

#include "mj/text.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { POINTS_MAX = 11, CURVES_MAX = 8 };

/* From the largest node to the smallest. */
typedef struct {
    int n;
    mj_scale_point point[POINTS_MAX];
} curve;

typedef struct {
    const char *name;
    int n_curves;
    curve curves[CURVES_MAX];
    const curve *simulated; /* what widens the interval beyond the curves' nodes */
} law;

/* Energy of a gate at V volts, a2 V^2 + a1 V + a0, table 5: bulk to 45 nm, high-k at 32 nm, multi-gate
 * from 20 nm.                                                                    [stillmaker2017] */
#define GATE_LIST(X)                  \
    X(130, 7.171, -6.709, 2.904)      \
    X(90, 4.762, -4.781, 2.092)       \
    X(65, 3.755, -4.398, 1.975)       \
    X(45, 1.103, -0.362, 0.2767)      \
    X(32, 0.9559, -0.7823, 0.471)     \
    X(20, 0.373, -0.1582, 0.04104)    \
    X(16, 0.2958, -0.1241, 0.03024)   \
    X(14, 0.2363, -0.09675, 0.02239)  \
    X(10, 0.2068, -0.09311, 0.02375)  \
    X(7, 0.1776, -0.09097, 0.02447)

/* At 0.8 V: 0.6931 / 0.0654 = 10.6 from 45 to 7 nm. */
#define GATE_AT_0V8(node, a2, a1, a0) {node, (a2) * 0.8 * 0.8 + (a1) * 0.8 + (a0), NULL},
static const curve gate_energy = {10, {GATE_LIST(GATE_AT_0V8)}};
#undef GATE_AT_0V8

/* The polynomials themselves. That of 180 nm holds near 1.8 V and not at 0.8 V, where 130 nm is above it:
 * it is no point of the curve. */
#define GATE_POLYNOMIAL(node, a2, a1, a0) {node, a2, a1, a0},
static const struct {
    double node_nm, a2, a1, a0;
} gate_polynomial[] = {{180, 0, 24.64, -17.98}, GATE_LIST(GATE_POLYNOMIAL)};
#undef GATE_POLYNOMIAL
#undef GATE_LIST
enum { POLYNOMIALS_N = sizeof gate_polynomial / sizeof gate_polynomial[0] };
/* Where polynomials hand over to the tables of arithmetic: 45 nm at 0.9 V.         [horowitz2014] */
static const mj_gates handover = {45e-9, 0.9};

/* Relative to 130 nm.                                                            [stillmaker2017] */
#define CELL(node, area) {node, area, NULL}
static const curve cell_area = {11,
                                {CELL(180, 1 / 0.34), CELL(130, 1), CELL(90, 0.44), CELL(65, 0.23), CELL(45, 0.16),
                                 CELL(32, 0.072), CELL(20, 0.033), CELL(16, 0.03), CELL(14, 0.027),
                                 CELL(10, 0.016), CELL(7, 0.0092)}};
#undef CELL

/* A fact at 45 nm and at 7 nm. */
#define PAIR(fact, at_45nm, at_7nm) \
    {2, {{45, at_45nm, fact ".45nm"}, {7, at_7nm, fact ".7nm"}}}

static const law laws[] = {
    /* pJ per operation: add int8, int32, fp16, fp32; multiply likewise. [horowitz2014, jouppi2021] */
    {"arith", 8,
     {PAIR("arith.int8.add", 0.03, 0.007), PAIR("arith.int32.add", 0.1, 0.03),
      PAIR("arith.fp16.add", 0.4, 0.16), PAIR("arith.fp32.add", 0.9, 0.38),
      PAIR("arith.int8.mult", 0.2, 0.07), PAIR("arith.int32.mult", 3.1, 1.48),
      PAIR("arith.fp16.mult", 1.1, 0.34), PAIR("arith.fp32.mult", 3.7, 1.31)},
     &gate_energy},
    /* pJ per 64-bit access of 8 KB and of 1 MB.                         [horowitz2014, jouppi2021] */
    {"sram", 2,
     {PAIR("sram.access64.8kb", 10, 7.5), PAIR("sram.access64.1mb", 100, 14)}, &gate_energy},
    /* fJ/bit/mm: random data; per transition; full swing of several authors, where 68 at 10 nm and
     * the 70 taken for 7 nm count as one level. [dally2014, keckler2011, kogge2008, dally2020] */
    {"wire", 3,
     {{2, {{40, 121, "wire.random.40nm"}, {10, 68, "wire.random.10nm"}}},
      {2, {{40, 240, "wire.transition.40nm"}, {10, 150, "wire.transition.10nm"}}},
      {5, {{40, 121, "wire.random.40nm"}, {32, 110, "wire.full-swing.32nm"},
           {14, 100, "wire.full-swing.14nm"}, {10, 69, "wire.random.10nm"},
           {7, 69, "wire.default"}}}},
     &gate_energy},
    /* um2 of an SRAM cell [iedm2022, tsmc-n7, tsmc-n28]; um2 of a transistor: 1 / (M/mm2)
     * [llmcompass2024, tsmc-n7, tsmc-n5, tsmc-n3]. */
    {"area", 2,
     {{4, {{28, 0.127, "density.sram-cell.n28"}, {7, 0.027, "density.sram-cell.n7"},
           {5, 0.021, "density.sram-cell.n5"}, {3, 0.021, "density.sram-cell.n3e"}}},
      {4, {{7, 1 / 91.2, "density.transistors.n7"}, {6, 1 / 114.2, "density.transistors.n6"},
           {5, 1 / 138.0, "density.transistors.n5"}, {3, 1 / 216.0, "density.transistors.n3"}}}},
     &cell_area},
    {.name = "leak"},
    {.name = "none"},
};
#undef PAIR
enum { LAWS_N = sizeof laws / sizeof laws[0] };

/* log of the curve's value; the first and the last slope go on beyond the ends. */
static double curve_log(const curve *c, double node_nm)
{
    int i = 1;
    while (i < c->n - 1 && node_nm < c->point[i].node_nm) {
        i++;
    }
    double x0 = log(c->point[i - 1].node_nm), x1 = log(c->point[i].node_nm);
    double y0 = log(c->point[i - 1].value), y1 = log(c->point[i].value);
    return y0 + (y1 - y0) * (log(node_nm) - x0) / (x1 - x0);
}

static double curve_factor(const curve *c, double from_nm, double to_nm)
{
    return exp(curve_log(c, to_nm) - curve_log(c, from_nm));
}

/* True if some curve of the law was published at the node or on both sides of it. */
static bool law_reaches(const law *l, double node_nm)
{
    for (int i = 0; i < l->n_curves; i++) {
        const curve *c = &l->curves[i];
        if (node_nm <= c->point[0].node_nm && node_nm >= c->point[c->n - 1].node_nm) {
            return true;
        }
    }
    return false;
}

static mj_scale law_scale(const law *l, double from_nm, double to_nm)
{
    mj_scale s = {.lo = HUGE_VAL, .typ = 0, .hi = 0};
    for (int i = 0; i < l->n_curves; i++) {
        double factor = curve_factor(&l->curves[i], from_nm, to_nm);
        s.lo = fmin(s.lo, factor);
        s.hi = fmax(s.hi, factor);
        s.typ += log(factor) / l->n_curves;
    }
    s.typ = exp(s.typ);
    if (!law_reaches(l, from_nm) || !law_reaches(l, to_nm)) {
        double factor = curve_factor(l->simulated, from_nm, to_nm);
        s.lo = fmin(s.lo, factor);
        s.hi = fmax(s.hi, factor);
    }
    /* The mean of logarithms may round past an end where all curves agree. */
    s.typ = fmin(fmax(s.typ, s.lo), s.hi);
    return s;
}

const mj_scale_point *mj_scale_curve(int *n, int index)
{
    for (int l = 0; l < LAWS_N; l++) {
        if (index < laws[l].n_curves) {
            *n = laws[l].curves[index].n;
            return laws[l].curves[index].point;
        }
        index -= laws[l].n_curves;
    }
    return NULL;
}

static const law *law_find(const char *name)
{
    for (int i = 0; i < LAWS_N; i++) {
        if (strcmp(laws[i].name, name) == 0) {
            return &laws[i];
        }
    }
    return NULL;
}

static mj_status unknown_law(const char *name, mj_err *err)
{
    const char *names[LAWS_N];
    for (int i = 0; i < LAWS_N; i++) {
        names[i] = laws[i].name;
    }
    const char *near = mj_text_nearest(name, names, LAWS_N);
    return mj_err_add(err, MJ_ENAME, NULL, 0, 0, "unknown scaling law '%s'%s%s%s", name,
                      near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* Rounded to a femtometre: 45e-9 * 1e9 is not 45, and the tables end exactly there. */
static double nanometres(double node_m)
{
    return round(node_m * 1e15) / 1e6;
}

/* NaN is not. */
static bool is_published(double node_nm)
{
    return node_nm >= 3 && node_nm <= 180;
}

mj_status mj_scale_compute(mj_scale *scale, const char *name, double from_m, double to_m,
                           mj_err *err)
{
    const law *l = law_find(name);
    if (!l) {
        return unknown_law(name, err);
    }
    *scale = (mj_scale){1, 1, 1};
    if (from_m == to_m || strcmp(name, "none") == 0) {
        return MJ_OK;
    }
    double from_nm = nanometres(from_m), to_nm = nanometres(to_m);
    if (!is_published(from_nm) || !is_published(to_nm)) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "no scaling from %.3g nm to %.3g nm: published from 180 nm to 3 nm only",
                          from_nm, to_nm);
    }
    if (l->n_curves == 0) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                          "no scaling of leakage from %.3g nm to %.3g nm: it was published at one "
                          "node only", from_nm, to_nm);
    }
    *scale = law_scale(l, from_nm, to_nm);
    return MJ_OK;
}

/* Energy of a gate by its node's polynomial, in the table's own unit. */
static mj_status gate_at(double *energy, const mj_gates *gates, mj_err *err)
{
    const double node_nm = nanometres(gates->node_m), V = gates->voltage_V;
    for (int i = 0; i < POLYNOMIALS_N; i++) {
        if (gate_polynomial[i].node_nm == node_nm) {
            *energy = gate_polynomial[i].a2 * V * V + gate_polynomial[i].a1 * V + gate_polynomial[i].a0;
            return *energy > 0 && V > 0
                       ? MJ_OK
                       : mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                                    "no energy of %.3g nm gates at %.3g V: the polynomial ends above it",
                                    node_nm, V);
        }
    }
    return mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                      "no energy of gates at %.3g nm: polynomials were published for 180, 130, 90, 65, "
                      "45, 32, 20, 16, 14, 10 and 7 nm", node_nm);
}

mj_status mj_scale_gates(mj_scale *scale, const mj_gates *from, const mj_gates *to, mj_err *err)
{
    double before, after, between;
    mj_scale near = {1, 1, 1};
    MJ_TRY(gate_at(&before, from, err));
    MJ_TRY(gate_at(&after, to, err));
    MJ_TRY(gate_at(&between, &handover, err));
    const double far = after / before;
    *scale = (mj_scale){far, far, far};
    if (from->node_m > handover.node_m && to->node_m < handover.node_m) {
        MJ_TRY(mj_scale_compute(&near, "arith", handover.node_m, to->node_m, err));
        const double first = between / before;
        *scale = (mj_scale){fmin(far, first * near.lo), first * near.typ, fmax(far, first * near.hi)};
    }
    return MJ_OK;
}
