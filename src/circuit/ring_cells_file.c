/* Ring cells file: facts as a draft. A bill takes start, sample, trim and coupler from them; areas are those
 * of transistors, memory cells included. */
#include "mj/ring_cells_file.h"

#include "mj/draft.h"

#include <math.h>
#include <string.h>

typedef struct {
    FILE *out;
    double vdd_V;
} writer;

static void write_fact(const writer *w, const char *name, const char *what, double value, const char *unit)
{
    fprintf(w->out,
            "  - {name: %s, what: \"%s\", value: %.4g %s,\n"
            "     vdd: %.4g V, from: ngspice2026, class: simulated, boundary: die, scaling: none}\n",
            name, what, value, unit, w->vdd_V);
}

static double area_um2(const mj_cell_figures *c, const mj_cell_figures *bit)
{
    return 1e12 * (c->active_m2 + c->n_bits * bit->active_m2);
}

static double static_nW(const mj_cell_figures *c, const mj_cell_figures *bit)
{
    return 1e9 * (c->static_W + c->n_bits * bit->static_W);
}

static void write_ring_side(const writer *w, const mj_ring_cells *c)
{
    write_fact(w, "trim.cycle", "lost in the trim of a ring, per cycle", 1e15 * c->trim.cell.cycle_J, "fJ");
    write_fact(w, "trim.set", "all gates of a trim switched", 1e15 * c->trim.cell.use_J, "fJ");
    write_fact(w, "trim.range", "highest over lowest frequency, less 1", 100 * c->trim.range, "%");
    write_fact(w, "trim.step", "largest step of the frequency between two codes", 100 * c->trim.step_largest, "%");
    write_fact(w, "trim.area", "transistors of a trim and its memory", area_um2(&c->trim.cell, &c->bit), "um2");
    write_fact(w, "trim.leak", "a trim's memory", static_nW(&c->trim.cell, &c->bit), "nW");
    write_fact(w, "sample", "a phase read by sampler and counter", 1e15 * c->readout.cell.use_J, "fJ");
    write_fact(w, "sample.time", "strobes of one read-out", 1e9 * c->readout.cell.delay_s, "ns");
    write_fact(w, "sample.step", "a code of the read-out, of a turn", 100 * c->readout.step, "%");
    write_fact(w, "sample.aperture", "window in which a sample takes over twice its time",
               1e12 * c->readout.sampler.aperture_s, "ps");
    write_fact(w, "sample.area", "transistors of sampler and counter", area_um2(&c->readout.cell, &c->bit), "um2");
    write_fact(w, "sample.leak", "sampler and counter standing still", static_nW(&c->readout.cell, &c->bit), "nW");
    write_fact(w, "start", "a ring started at a phase by counter and NAND", 1e15 * c->start.cell.use_J, "fJ");
    write_fact(w, "start.cycle", "of a ring with a NAND, per cycle more than without",
               fmax(0, 1e15 * c->start.cell.cycle_J), "fJ");
    write_fact(w, "start.area", "transistors of the counter, and what a NAND adds", area_um2(&c->start.cell, &c->bit),
               "um2");
    write_fact(w, "start.leak", "a counter that stands", static_nW(&c->start.cell, &c->bit), "nW");
}

mj_status mj_ring_cells_save(const char *path, const mj_ring_cells *c, const mj_ring *ring, mj_err *err)
{
    mj_draft draft;
    const mj_cell_figures *cell[] = {&c->trim.cell, &c->readout.cell, &c->start.cell, &c->coupler.cell, &c->bit};
    const char *slash = strrchr(ring->models->path, '/');
    for (int i = 0; i < MJ_RING_CELLS_N; i++) {
        if (!cell[i]->works) {
            return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "no facts of a %s that does not work", cell[i]->name);
        }
    }
    MJ_TRY(mj_draft_open(&draft, path, err));
    const writer w = {draft.out, ring->vdd_V};
    fprintf(draft.out,
            "# The circuits beside a ring of %d inverters%s in ngspice; made by mj measure cells.\n"
            "# card %s, corner %s, %.5g K, %s, commit %s\n"
            "# trim of %d bits, phases of %.0f codes, couplers of %d bits and a sign\n"
            "mj: 1\nfacts: circuit-cells\nentries:\n",
            ring->n_stages, ring->split_F > 0 ? " with two outputs" : "", slash ? slash + 1 : ring->models->path,
            ring->models->corner[0] ? ring->models->corner : "none", ring->temperature_C + 273.15, c->tool,
            c->commit, c->trim.cell.n_bits, 1 / c->start.step, c->coupler.cell.n_bits / 2);
    write_ring_side(&w, c);
    write_fact(&w, "coupler.cycle", "switches of a coupler that is off, per cycle", 1e15 * c->coupler.cell.cycle_J,
               "fJ");
    _Static_assert((int)MJ_COUPLERS_HUNG == 4, "as the fact's text says");
    if (c->coupler.carried_J > 0) {
        write_fact(&w, "coupler.carried", "a coupler's share of a ring whose outputs carry four alike, per cycle",
                   1e15 * c->coupler.carried_J, "fJ");
    }
    write_fact(&w, "coupler.driven", "current of a coupler with all bits on, per cycle", 1e15 * c->coupler.driven_J,
               "fJ");
    write_fact(&w, "coupler.inl", "largest deviation of a code's conductance, of a unit", 100 * c->coupler.inl, "%");
    write_fact(&w, "coupler.area", "transistors of a coupler and its memory", area_um2(&c->coupler.cell, &c->bit),
               "um2");
    write_fact(&w, "coupler.leak", "a coupler that is off, and its memory", static_nW(&c->coupler.cell, &c->bit),
               "nW");
    write_fact(&w, "bit", "a memory cell written, its lines included", 1e15 * c->bit.use_J, "fJ");
    write_fact(&w, "bit.leak", "a memory cell", 1e9 * c->bit.static_W, "nW");
    return mj_draft_close(&draft, err);
}
