/* Simulate: what a netlist does on a sequence of input vectors.
 *
 * Vectors are packed 64 to a word: bit v % 64 of word v / 64 of a port's row is its value in vector v.
 * Two simulators count the toggles of every net between consecutive vectors, the first vector being
 * where all begins:
 *   zero delay   64 vectors at once, each net changes at most once a vector: function, and a lower bound
 *                of the energy
 *   events       with the delays of a timing, so that glitches count. A change takes the arc's delay to
 *                appear and vanishes if the inputs take it back before (inertial delay); of inputs that
 *                change together the fastest arc counts. Vectors come when the circuit is at rest. */
#ifndef MJ_SIMULATE_H
#define MJ_SIMULATE_H

#include "mj/timing.h"

/* Words of a port's row. */
static inline size_t mj_simulate_words(int n_vectors)
{
    return ((size_t)n_vectors + 63) / 64;
}

/* input [n_inputs][words], output [n_outputs][words], toggles [n_nets]; output and toggles may be NULL.
 * The arena gives n_nets words of scratch. */
mj_status mj_simulate_function(uint64_t *output, uint64_t *toggles, const mj_netlist *netlist,
                               const uint64_t *input, int n_vectors, mj_arena *arena, mj_err *err);

/* The same with delays. *settle_s: the longest time from a vector to rest; may be NULL. Scratch from the
 * arena, for a queue that grows with the events that wait: a few times the netlist. */
mj_status mj_simulate_events(uint64_t *output, uint64_t *toggles, double *settle_s,
                             const mj_netlist *netlist, const mj_timing *timing, const uint64_t *input,
                             int n_vectors, mj_arena *arena, mj_err *err);

#endif
