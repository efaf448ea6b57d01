/* Simulate with delays: a queue of changes to come, earliest first.
 *
 * At one instant all changes that are due are made, then every instance that reads a changed net is
 * evaluated once. A net has at most one change under way. If the inputs demand another value than that
 * change brings, it is taken back (its number in the queue no longer counts); if they demand what it
 * brings, it stays as it is. */
#include "mj/simulate.h"

#include <assert.h>
#include <string.h>

typedef struct {
    int64_t time_fs;
    uint32_t number; /* of the change: counts only while it is the net's */
    int net;
} event;

/* One simulation under way. */
typedef struct {
    const mj_netlist *netlist;
    const mj_timing *timing;
    event *heap; /* [n_heap], the earliest first, each before the two at 2 i + 1, 2 i + 2 */
    size_t n_heap, room;
    uint8_t *value;      /* [n_nets] */
    uint32_t *under_way; /* [n_nets]: number of the net's change, 0: none */
    uint8_t *changed;    /* [n_instances]: inputs that changed now, a bit each */
    int *touched;        /* [n_touched]: instances with some */
    int n_touched;
    uint32_t number;
    uint64_t *toggles;
    mj_arena *arena;
} run;

static bool is_before(const event *a, const event *b)
{
    return a->time_fs < b->time_fs || (a->time_fs == b->time_fs && a->number < b->number);
}

static bool push(run *r, event e)
{
    if (r->n_heap == r->room) {
        size_t room = 2 * r->room + 1024;
        event *larger = mj_arena_array(r->arena, room, sizeof *larger);
        if (!larger) {
            return false;
        }
        if (r->n_heap > 0) {
            memcpy(larger, r->heap, r->n_heap * sizeof *larger);
        }
        r->heap = larger;
        r->room = room;
    }
    size_t i = r->n_heap++;
    while (i > 0 && is_before(&e, &r->heap[(i - 1) / 2])) {
        r->heap[i] = r->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    r->heap[i] = e;
    return true;
}

static event pop(run *r)
{
    const event first = r->heap[0], last = r->heap[--r->n_heap];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= r->n_heap) {
            break;
        }
        child += child + 1 < r->n_heap && is_before(&r->heap[child + 1], &r->heap[child]);
        if (!is_before(&r->heap[child], &last)) {
            break;
        }
        r->heap[i] = r->heap[child];
        i = child;
    }
    r->heap[i] = last;
    return first;
}

/* Gives a net its new value and remembers who reads it. */
static void net_change(run *r, int net)
{
    const mj_netlist *n = r->netlist;
    r->value[net] ^= 1;
    r->toggles[net]++;
    for (int s = n->first_sink[net]; s < n->first_sink[net + 1]; s++) {
        const mj_sink *sink = &n->sink[s];
        if (r->changed[sink->instance] == 0) {
            r->touched[r->n_touched++] = sink->instance;
        }
        r->changed[sink->instance] |= (uint8_t)(1 << sink->pin);
    }
}

/* The fastest arc from an input that changed now. */
static int64_t delay_of(const run *r, int instance, int pin, mj_edge edge)
{
    int64_t delay_fs = MJ_TIMING_NO_CAUSE;
    for (int p = 0; p < r->netlist->instance[instance].cell->n_inputs; p++) {
        if (r->changed[instance] >> p & 1) {
            int64_t one = mj_timing_delay(r->timing, r->netlist, instance, pin, p, edge);
            delay_fs = one < delay_fs ? one : delay_fs;
        }
    }
    assert(delay_fs != MJ_TIMING_NO_CAUSE);
    return delay_fs;
}

static bool instance_evaluate(run *r, int instance, int64_t now_fs)
{
    const mj_instance *x = &r->netlist->instance[instance];
    unsigned row = 0;
    for (int p = 0; p < x->cell->n_inputs; p++) {
        row |= (unsigned)r->value[x->input[p]] << p;
    }
    for (int p = 0; p < x->cell->n_outputs; p++) {
        const int net = x->output[p];
        if (net < 0) {
            continue;
        }
        const unsigned want = x->cell->output[p].table >> row & 1;
        const bool is_there = want == r->value[net];
        if (is_there) {
            r->under_way[net] = 0; /* takes back what was to change it */
        } else if (r->under_way[net] == 0) {
            r->number = r->number == UINT32_MAX ? 1 : r->number + 1;
            r->under_way[net] = r->number;
            const event e = {now_fs + delay_of(r, instance, p, want ? MJ_RISE : MJ_FALL), r->number,
                             net};
            if (!push(r, e)) {
                return false;
            }
        }
    }
    return true;
}

static bool touched_evaluate(run *r, int64_t now_fs)
{
    bool good = true;
    for (int i = 0; i < r->n_touched; i++) {
        good = good && instance_evaluate(r, r->touched[i], now_fs);
        r->changed[r->touched[i]] = 0;
    }
    r->n_touched = 0;
    return good;
}

/* From a change of the inputs to rest; *last_fs: when the last net changed. */
static bool settle(run *r, int64_t *last_fs)
{
    *last_fs = 0;
    if (!touched_evaluate(r, 0)) {
        return false;
    }
    while (r->n_heap > 0) {
        const int64_t now_fs = r->heap[0].time_fs;
        while (r->n_heap > 0 && r->heap[0].time_fs == now_fs) {
            const event e = pop(r);
            if (r->under_way[e.net] == e.number) {
                r->under_way[e.net] = 0;
                net_change(r, e.net);
                *last_fs = now_fs;
            }
        }
        if (!touched_evaluate(r, now_fs)) {
            return false;
        }
    }
    return true;
}

/* All nets as the first vector has them. */
static void begin(run *r, const uint64_t *input, size_t words)
{
    const mj_netlist *n = r->netlist;
    r->value[MJ_NET_ONE] = 1;
    for (int i = 0; i < n->n_inputs; i++) {
        r->value[n->input[i].net] = input[(size_t)i * words] & 1;
    }
    for (int i = 0; i < n->n_instances; i++) {
        const mj_instance *x = &n->instance[i];
        unsigned row = 0;
        for (int p = 0; p < x->cell->n_inputs; p++) {
            row |= (unsigned)r->value[x->input[p]] << p;
        }
        for (int p = 0; p < x->cell->n_outputs; p++) {
            if (x->output[p] >= 0) {
                r->value[x->output[p]] = x->cell->output[p].table >> row & 1;
            }
        }
    }
}

static bool vector_run(run *r, double *settle_s, const uint64_t *input, size_t words, int v)
{
    int64_t last_fs;
    for (int i = 0; i < r->netlist->n_inputs; i++) {
        const int net = r->netlist->input[i].net;
        const uint64_t word = input[(size_t)i * words + (size_t)(v / 64)];
        if ((word >> (v % 64) & 1) != r->value[net]) {
            net_change(r, net);
        }
    }
    if (!settle(r, &last_fs)) {
        return false;
    }
    if (settle_s && (double)last_fs * 1e-15 > *settle_s) {
        *settle_s = (double)last_fs * 1e-15;
    }
    return true;
}

static bool run_new(run *r, uint64_t *toggles)
{
    const size_t n_nets = (size_t)r->netlist->n_nets, n = (size_t)r->netlist->n_instances;
    r->toggles = toggles ? toggles : mj_arena_array(r->arena, n_nets, sizeof *r->toggles);
    r->value = mj_arena_array(r->arena, n_nets, sizeof *r->value);
    r->under_way = mj_arena_array(r->arena, n_nets, sizeof *r->under_way);
    r->changed = mj_arena_array(r->arena, n, sizeof *r->changed);
    r->touched = mj_arena_array(r->arena, n, sizeof *r->touched);
    if (!r->toggles || !r->value || !r->under_way || !r->changed || !r->touched) {
        return false;
    }
    memset(r->toggles, 0, n_nets * sizeof *r->toggles);
    return true;
}

mj_status mj_simulate_events(uint64_t *output, uint64_t *toggles, double *settle_s,
                             const mj_netlist *netlist, const mj_timing *timing, const uint64_t *input,
                             int n_vectors, mj_arena *arena, mj_err *err)
{
    const size_t words = mj_simulate_words(n_vectors);
    run r = {.netlist = netlist, .timing = timing, .arena = arena};
    bool good = run_new(&r, toggles);
    if (settle_s) {
        *settle_s = 0;
    }
    if (good && n_vectors > 0) {
        begin(&r, input, words);
    }
    for (int v = 0; good && v < n_vectors; v++) {
        good = v == 0 || vector_run(&r, settle_s, input, words, v);
        for (int i = 0; good && output && i < netlist->n_outputs; i++) {
            uint64_t *word = &output[(size_t)i * words + (size_t)(v / 64)];
            *word = v % 64 == 0 ? 0 : *word;
            *word |= (uint64_t)r.value[netlist->output[i].net] << (v % 64);
        }
    }
    return good ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the simulation");
}
