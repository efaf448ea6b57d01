/* Ring switches: couplers in a deck of rings, and the contacts of those that are off.
 *
 * A coupler (ring_coupler.c) hangs with two gates a bit on both outputs of the ring it comes from. What hangs
 * there delays the outputs: a contact of every gate, and of a gate that is on what is behind it, which is as
 * much. So that it is the same for every output whatever the codes, each has n_hung couplers, used or not, and a
 * bank of as many gates to nowhere, of which those are on that its couplers leave off. Gates alike are one of as
 * many fingers in the deck. Without the bank phases of eight rings are half a radian off.
 *
 * Bits that are off hang behind their resistors on the ring that listens and shift its frequency, as those that
 * are on do: off_constant. */
#include "mj/ring_switches.h"

#include <math.h>

static const double NOWHERE_OHM = 1e6;
enum { NAME_B = 64 };

static void write_gate(FILE *out, const mj_ring *ring, const char *name, const char *a, const char *b, bool on,
                       const char *supply, int fingers)
{
    char own[NAME_B + 2];
    mj_transistor t = {.name = own, .drain = a, .source = b, .gate = on ? supply : "0", .bulk = "0",
                       .width_m = MJ_COUPLER_WIDE * ring->width_n_m, .length_m = ring->length_m, .fingers = fingers};
    snprintf(own, sizeof own, "gn%s", name);
    mj_transistor_write(out, ring->models, false, &t);
    snprintf(own, sizeof own, "gp%s", name);
    t.gate = on ? "0" : supply;
    t.bulk = supply;
    t.width_m = MJ_COUPLER_WIDE * ring->width_p_m;
    mj_transistor_write(out, ring->models, true, &t);
}

int mj_ring_coupler_code(const mj_ring *ring, double share)
{
    return (int)lround(share * (ldexp(1, ring->coupler_bits) - 1));
}

void mj_ring_write_coupler(FILE *out, const mj_ring *ring, const mj_ring_coupler *c)
{
    double unit_ohm = (ldexp(1, ring->coupler_bits) - 1) / c->full_S;
    int size = c->code < 0 ? -c->code : c->code;
    for (int k = 0; k < ring->coupler_bits; k++) {
        char name[NAME_B], middle[NAME_B];
        bool on = size >> k & 1;
        snprintf(middle, sizeof middle, "%sm%d", c->name, k);
        snprintf(name, sizeof name, "%s_%da", c->name, k);
        write_gate(out, ring, name, c->output, middle, on && c->code > 0, c->supply, 1);
        snprintf(name, sizeof name, "%s_%db", c->name, k);
        write_gate(out, ring, name, c->opposite, middle, on && c->code < 0, c->supply, 1);
        fprintf(out, "r%s %s %s %.9g\n.ic v(%s)=%.9g\n", middle, middle, c->listen,
                ldexp(unit_ohm, -k) - ring->gate_ohm, middle, ring->vdd_V / 2);
    }
}

/* From a port to the middle of a bit, and on to nowhere through the gate to the other output: what a bit that is on
 * loads an output with. */
static void write_load(FILE *out, const mj_ring *ring, const char *name, const char *port, bool on,
                       const char *supply, int fingers)
{
    char middle[NAME_B], far[NAME_B], nowhere[NAME_B];
    snprintf(middle, sizeof middle, "%.*sm", NAME_B - 2, name);
    snprintf(far, sizeof far, "%.*sf", NAME_B - 2, name);
    snprintf(nowhere, sizeof nowhere, "%.*sn", NAME_B - 2, name);
    if (fingers == 0) {
        return;
    }
    write_gate(out, ring, name, port, middle, on, supply, fingers);
    write_gate(out, ring, far, middle, nowhere, false, supply, fingers);
    fprintf(out, "r%s %s 0 %.9g\nr%s %s %s %.9g\n.ic v(%s)=0 v(%s)=0\n", far, nowhere, NOWHERE_OHM, middle, middle,
            nowhere, NOWHERE_OHM, middle, nowhere);
}

void mj_ring_write_hung(FILE *out, const mj_ring *ring, int id, const char *supply)
{
    static const char outputs[] = "oq";
    const mj_ring_use none = {0}, *use = ring->use ? ring->use : &none;
    int all = ring->n_hung * ring->coupler_bits;
    for (int s = 0; s < 2; s++) {
        char name[NAME_B], port[NAME_B];
        snprintf(port, sizeof port, "%c%d_0", outputs[s], id);
        snprintf(name, sizeof name, "h%d%c", id, outputs[s]);
        write_load(out, ring, name, port, false, supply, all - use->n_couplers * ring->coupler_bits);
        snprintf(name, sizeof name, "b%d%c", id, outputs[s]);
        write_load(out, ring, name, port, true, supply, all - use->n_on[s]);
        snprintf(name, sizeof name, "z%d%c", id, outputs[s]);
        write_load(out, ring, name, port, false, supply, use->n_on[s]);
    }
}
