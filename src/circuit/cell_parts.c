/* Cell parts: text of gates. A NAND's lower transistors are twice as wide, because two are in a row; in
 * flip-flops all are as narrow as they come, because energy counts there and nothing is far away. */
#include "cell_parts.h"

#include <math.h>
#include <string.h>

static const double NARROW = 0.5;

char *mj_parts_node(char buf[MJ_NODE_B], const mj_parts *parts, const char *text, int number)
{
    snprintf(buf, MJ_NODE_B, "%s%s%d", parts->prefix, text, number);
    return buf;
}

static void add(mj_parts *p, bool is_pmos, mj_transistor t)
{
    char name[MJ_NODE_B];
    snprintf(name, sizeof name, "t%d", (*p->serial)++);
    t.name = name;
    t.bulk = is_pmos ? p->supply : "0";
    mj_transistor_write(p->out, p->ring->models, is_pmos, &t);
    p->n_transistors++;
    p->active_m2 += (t.fingers > 1 ? t.fingers : 1) * t.width_m * (t.length_m + 2 * MJ_CONTACT_M);
}

void mj_parts_transistor(mj_parts *p, bool is_pmos, const char *drain, const char *gate, const char *source,
                         double wide_m, double long_)
{
    add(p, is_pmos, (mj_transistor){.drain = drain, .gate = gate, .source = source, .width_m = wide_m,
                                    .length_m = long_ * p->ring->length_m});
}

void mj_parts_fingers(mj_parts *p, const char *drain, const char *gate, double wide_m, double long_, int n)
{
    add(p, true, (mj_transistor){.drain = drain, .gate = gate, .source = p->supply, .width_m = wide_m,
                                 .length_m = long_ * p->ring->length_m, .fingers = n});
}

void mj_parts_inverter(mj_parts *p, const char *in, const char *to, double wide)
{
    mj_parts_transistor(p, false, to, in, "0", wide * p->ring->width_n_m, 1);
    mj_parts_transistor(p, true, to, in, p->supply, wide * p->ring->width_p_m, 1);
}

void mj_parts_nand(mj_parts *p, const char *a, const char *b, const char *to, double wide)
{
    char middle[MJ_NODE_B];
    mj_parts_node(middle, p, "s", *p->serial);
    mj_parts_transistor(p, false, to, a, middle, 2 * wide * p->ring->width_n_m, 1);
    mj_parts_transistor(p, false, middle, b, "0", 2 * wide * p->ring->width_n_m, 1);
    mj_parts_transistor(p, true, to, a, p->supply, wide * p->ring->width_p_m, 1);
    mj_parts_transistor(p, true, to, b, p->supply, wide * p->ring->width_p_m, 1);
}

void mj_parts_gate(mj_parts *p, const char *a, const char *b, const char *on, const char *off, double wide)
{
    mj_parts_transistor(p, false, a, on, b, wide * p->ring->width_n_m, 1);
    mj_parts_transistor(p, true, a, off, b, wide * p->ring->width_p_m, 1);
}

/* An inverter, or a NAND with what holds it high. */
static void invert(mj_parts *p, const char *in, const char *hold, const char *to)
{
    if (hold) {
        mj_parts_nand(p, in, hold, to, NARROW);
    } else {
        mj_parts_inverter(p, in, to, NARROW);
    }
}

/* Low clock: m follows d, s holds. A reset makes the master's m low and the slave's q too, whatever the
 * clock; a set the opposite. */
void mj_parts_flip_flop(mj_parts *p, const mj_flip_flop *f)
{
    static const char *const text[] = {"a", "b", "m", "n", "k", "s"};
    char node[6][MJ_NODE_B];
    for (int i = 0; i < 6; i++) {
        snprintf(node[i], MJ_NODE_B, "%s%s%s", p->prefix, f->name, text[i]);
    }
    const char *low = node[0], *high = node[1], *m = node[2], *m_not = node[3], *m_back = node[4], *s = node[5];
    mj_parts_inverter(p, f->clk, low, NARROW);
    mj_parts_inverter(p, low, high, NARROW);
    mj_parts_gate(p, f->d, m, low, high, NARROW);
    invert(p, m, f->reset, m_not);
    invert(p, m_not, f->set, m_back);
    mj_parts_gate(p, m_back, m, high, low, NARROW);
    mj_parts_gate(p, m_not, s, high, low, NARROW);
    invert(p, s, f->set, f->q);
    invert(p, f->q, f->reset, f->inverse);
    mj_parts_gate(p, f->inverse, s, low, high, NARROW);
}

void mj_parts_counter(mj_parts *p, const mj_counter *c)
{
    char go[MJ_NODE_B], gated[MJ_NODE_B], clock[MJ_NODE_B];
    mj_parts_inverter(p, c->stop, mj_parts_node(go, p, "go", 0), NARROW);
    mj_parts_nand(p, c->strobe, go, mj_parts_node(gated, p, "gated", 0), NARROW);
    mj_parts_inverter(p, gated, mj_parts_node(clock, p, "clock", 0), NARROW);
    for (int k = 0; k < c->n_bits; k++) {
        char name[MJ_NODE_B], q[MJ_NODE_B], inverse[MJ_NODE_B];
        snprintf(name, sizeof name, "c%d", k);
        mj_parts_node(q, p, "q", k);
        mj_parts_node(inverse, p, "i", k);
        mj_parts_flip_flop(p, &(mj_flip_flop){.name = name, .d = inverse, .clk = clock, .q = q,
                                              .inverse = inverse, .set = c->set ? c->set[k] : NULL,
                                              .reset = c->reset});
        memcpy(clock, inverse, sizeof clock);
    }
}

void mj_pulses_write(FILE *out, const mj_pulses *s)
{
    fprintf(out, "v%s %s 0 pwl(0 0", s->node, s->node);
    for (int k = 0; k < s->n; k++) {
        double rise_s = s->first_s + k * s->period_s, fall_s = rise_s + s->share * s->period_s;
        double half_s = s->edge_s / 2;
        fprintf(out, "\n+ %.9g 0 %.9g %.9g %.9g %.9g %.9g 0", rise_s - half_s, rise_s + half_s, s->high_V,
                fall_s - half_s, s->high_V, fall_s + half_s);
    }
    fputs(")\n", out);
}

double mj_ring_edge_s(const mj_ring *ring, const mj_ring_figures *f)
{
    enum { SIDE = 4 };
    double rise_V = f->wave_V[0][SIDE] - f->wave_V[0][MJ_RING_PHASES - SIDE];
    return ring->vdd_V / rise_V * f->period_s * 2 * SIDE / MJ_RING_PHASES;
}

mj_status mj_supply_energy(double *energy_J, const mj_raw *raw, const char *name, double volt_V, double from_s,
                           double to_s, mj_err *err)
{
    char signal[MJ_NODE_B + 8];
    mj_waveform current;
    snprintf(signal, sizeof signal, "i(v%s)", name);
    MJ_TRY(mj_raw_find(&current, raw, signal, err));
    *energy_J = -volt_V * mj_waveform_integral(&current, from_s, to_s);
    return MJ_OK;
}

mj_status mj_node_at(double *volt_V, const mj_raw *raw, const char *node, double when_s, mj_err *err)
{
    char signal[MJ_NODE_B + 8];
    mj_waveform wave;
    snprintf(signal, sizeof signal, "v(%s)", node);
    MJ_TRY(mj_raw_find(&wave, raw, signal, err));
    *volt_V = mj_waveform_at(&wave, when_s);
    return MJ_OK;
}
