/* Netlists from yosys' JSON.
 *
 *   {"modules": {NAME: {"attributes": {"top": ..}, "ports": {NAME: {"direction": .., "bits": [2, "0"]}},
 *                       "cells": {NAME: {"type": CELL, "connections": {PIN: [3]}}},
 *                       "netnames": {NAME: {"bits": [2]}}}}}
 *
 * A bit is a number, the same for all that is connected, or a text "0", "1", "x", "z". Numbers are
 * renamed here to nets without gaps. Black boxes (the library's cells) are passed over. The JSON reader
 * keeps no positions, so a problem names the module, cell and net instead of a line. */
#include "mj/netlist.h"

#include "mj/json.h"
#include "mj/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int BITS_MAX = 4000000; /* yosys numbers without gaps: a larger one is no net of 16 MiB of JSON */

/* A netlist while it is read. */
typedef struct {
    mj_netlist *netlist;
    const mj_json *module;
    int *net_of;    /* [n_bits] bit -> net, -1: not met yet */
    int n_bits;
    int *driver;    /* [n_nets]: instance, DRIVER_PORT or DRIVER_NONE */
    mj_arena *arena;
    mj_err *err;
} builder;

enum { DRIVER_NONE = -1, DRIVER_PORT = -2 };

static mj_status problem(const builder *b, mj_status code, const char *what, const char *name)
{
    return mj_err_add(b->err, code, b->netlist->path, 0, 0, "module %s: %s '%s'", b->netlist->name,
                      what, name);
}

static mj_status no_memory(const builder *b)
{
    return mj_err_add(b->err, MJ_EMEM, b->netlist->path, 0, 0, "no memory for this netlist");
}

static const char *keep(const builder *b, const char *text)
{
    return mj_arena_text(b->arena, text, strlen(text));
}

/* The number of a bit that is one: -1 if it is a constant or nothing that belongs here. */
static int bit_number(const mj_json *bit)
{
    double number;
    bool good = mj_json_number(bit, &number) && number >= 0 && number <= BITS_MAX &&
                number == floor(number);
    return good ? (int)number : -1;
}

/* The net of a bit; `what` and `name` are for messages. */
static mj_status net_of_bit(int *net, const builder *b, const mj_json *bit, const char *what,
                            const char *name)
{
    const char *constant = mj_json_text(bit);
    int number = bit_number(bit);
    if (number >= 0 && number < b->n_bits) {
        *net = b->net_of[number];
        return MJ_OK;
    }
    if (!constant || strcmp(constant, "0") == 0 || strcmp(constant, "1") == 0) {
        *net = constant ? constant[0] - '0' + MJ_NET_ZERO : MJ_NET_ZERO;
        return constant ? MJ_OK : problem(b, MJ_ESYNTAX, "a bit that is no net at", name);
    }
    return mj_err_add(b->err, MJ_ESUPPORT, b->netlist->path, 0, 0,
                      "module %s: %s '%s' is tied to the undefined '%s' (setundef -zero defines it)",
                      b->netlist->name, what, name, constant);
}

static void bits_count(builder *b, const mj_json *bits)
{
    for (size_t i = 0; i < mj_json_length(bits); i++) {
        int number = bit_number(mj_json_at(bits, i));
        b->n_bits = number >= b->n_bits ? number + 1 : b->n_bits;
    }
}

static void bits_number(builder *b, const mj_json *bits)
{
    for (size_t i = 0; i < mj_json_length(bits); i++) {
        int number = bit_number(mj_json_at(bits, i));
        if (number >= 0 && b->net_of[number] < 0) {
            b->net_of[number] = b->netlist->n_nets++;
        }
    }
}

/* Calls visit for the bits of every port and every pin. */
static void bits_each(builder *b, void visit(builder *, const mj_json *))
{
    const mj_json *ports = mj_json_get(b->module, "ports"), *cells = mj_json_get(b->module, "cells");
    for (const char *key = NULL; (key = mj_json_next_key(ports, key)) != NULL;) {
        visit(b, mj_json_get(mj_json_get(ports, key), "bits"));
    }
    for (const char *key = NULL; (key = mj_json_next_key(cells, key)) != NULL;) {
        const mj_json *pins = mj_json_get(mj_json_get(cells, key), "connections");
        for (const char *pin = NULL; (pin = mj_json_next_key(pins, pin)) != NULL;) {
            visit(b, mj_json_get(pins, pin));
        }
    }
}

static mj_status nets_number(builder *b)
{
    mj_netlist *n = b->netlist;
    bits_each(b, bits_count);
    b->net_of = mj_arena_array(b->arena, (size_t)b->n_bits, sizeof *b->net_of);
    if (!b->net_of) {
        return no_memory(b);
    }
    for (int i = 0; i < b->n_bits; i++) {
        b->net_of[i] = -1;
    }
    n->n_nets = MJ_NET_FIRST;
    bits_each(b, bits_number);
    n->net_name = mj_arena_array(b->arena, (size_t)n->n_nets, sizeof *n->net_name);
    b->driver = mj_arena_array(b->arena, (size_t)n->n_nets, sizeof *b->driver);
    if (!n->net_name || !b->driver) {
        return no_memory(b);
    }
    for (int i = 0; i < n->n_nets; i++) {
        n->net_name[i] = "";
        b->driver[i] = i < MJ_NET_FIRST ? DRIVER_PORT : DRIVER_NONE;
    }
    return MJ_OK;
}

/* Names without a dot, those of the top, before names from inside of what was flattened; and shorter ones. */
static bool is_better_name(const char *name, const char *than)
{
    if (than[0] == '\0') {
        return true;
    }
    int dots = (strchr(name, '.') != NULL) - (strchr(than, '.') != NULL);
    return dots < 0 || (dots == 0 && strlen(name) < strlen(than));
}

static mj_status nets_name(builder *b)
{
    const mj_json *names = mj_json_get(b->module, "netnames");
    for (const char *key = NULL; (key = mj_json_next_key(names, key)) != NULL;) {
        const mj_json *bits = mj_json_get(mj_json_get(names, key), "bits");
        size_t n = mj_json_length(bits);
        for (size_t i = 0; i < n; i++) {
            int number = bit_number(mj_json_at(bits, i));
            int net = number >= 0 && number < b->n_bits ? b->net_of[number] : -1;
            if (net < 0 || !is_better_name(key, b->netlist->net_name[net])) {
                continue;
            }
            const char *name = n == 1 ? keep(b, key)
                                      : mj_arena_printf(b->arena, "%s[%zu]", key, i);
            if (!name) {
                return no_memory(b);
            }
            b->netlist->net_name[net] = name;
        }
    }
    return MJ_OK;
}

static mj_status port_add(builder *b, mj_port *list, int *n, const char *name, const mj_json *bits)
{
    size_t width = mj_json_length(bits);
    for (size_t i = 0; i < width; i++) {
        mj_port *port = &list[*n];
        MJ_TRY(net_of_bit(&port->net, b, mj_json_at(bits, i), "the port", name));
        port->name = width == 1 ? keep(b, name) : mj_arena_printf(b->arena, "%s[%zu]", name, i);
        if (!port->name) {
            return no_memory(b);
        }
        ++*n;
    }
    return MJ_OK;
}

static mj_status ports_read(builder *b)
{
    mj_netlist *n = b->netlist;
    const mj_json *ports = mj_json_get(b->module, "ports");
    size_t total = 0;
    for (const char *key = NULL; (key = mj_json_next_key(ports, key)) != NULL;) {
        total += mj_json_length(mj_json_get(mj_json_get(ports, key), "bits"));
    }
    n->input = mj_arena_array(b->arena, total, sizeof *n->input);
    n->output = mj_arena_array(b->arena, total, sizeof *n->output);
    if (!n->input || !n->output) {
        return no_memory(b);
    }
    for (const char *key = NULL; (key = mj_json_next_key(ports, key)) != NULL;) {
        const mj_json *port = mj_json_get(ports, key), *bits = mj_json_get(port, "bits");
        const char *direction = mj_json_text(mj_json_get(port, "direction"));
        if (!direction || (strcmp(direction, "input") != 0 && strcmp(direction, "output") != 0)) {
            return problem(b, MJ_ESUPPORT, "neither input nor output: the port", key);
        }
        bool is_input = direction[0] == 'i';
        MJ_TRY(port_add(b, is_input ? n->input : n->output, is_input ? &n->n_inputs : &n->n_outputs,
                        key, bits));
    }
    for (int i = 0; i < n->n_inputs; i++) {
        int net = n->input[i].net;
        if (net < MJ_NET_FIRST || b->driver[net] != DRIVER_NONE) {
            return problem(b, MJ_ESUPPORT, "two drivers of the input port", n->input[i].name);
        }
        b->driver[net] = DRIVER_PORT;
    }
    return MJ_OK;
}

/* The net at a pin, *connected false where there is none. */
static mj_status pin_net(int *net, bool *connected, const builder *b, const mj_json *pins,
                         const char *pin, const char *instance)
{
    const mj_json *bits = mj_json_get(pins, pin);
    *connected = mj_json_length(bits) > 0;
    *net = -1;
    if (mj_json_length(bits) > 1) {
        return problem(b, MJ_ESUPPORT, "a pin of several bits at the cell", instance);
    }
    return *connected ? net_of_bit(net, b, mj_json_at(bits, 0), "the cell", instance) : MJ_OK;
}

static mj_status output_connect(builder *b, mj_instance *x, int index, int pin)
{
    const int net = x->output[pin];
    if (net < MJ_NET_FIRST || b->driver[net] != DRIVER_NONE) {
        const int other = net < MJ_NET_FIRST ? DRIVER_PORT : b->driver[net];
        return mj_err_add(b->err, MJ_ESUPPORT, b->netlist->path, 0, 0,
                          "module %s: the net '%s' is driven by %s and by the cell '%s'",
                          b->netlist->name, net < 0 ? "" : b->netlist->net_name[net],
                          other == DRIVER_PORT ? "a port or a constant"
                                               : b->netlist->instance[other].name, x->name);
    }
    b->driver[net] = index;
    return MJ_OK;
}

static mj_status pins_read(builder *b, mj_instance *x, int index, const mj_json *pins)
{
    const mj_liberty_cell *cell = x->cell;
    bool connected;
    for (int i = 0; i < cell->n_inputs; i++) {
        MJ_TRY(pin_net(&x->input[i], &connected, b, pins, cell->input[i].name, x->name));
        if (!connected) {
            return mj_err_add(b->err, MJ_ESUPPORT, b->netlist->path, 0, 0,
                              "module %s: the input %s of the cell '%s' has no net",
                              b->netlist->name, cell->input[i].name, x->name);
        }
    }
    for (int i = 0; i < MJ_LIBERTY_OUTPUTS_MAX; i++) {
        x->output[i] = -1;
        if (i < cell->n_outputs) {
            MJ_TRY(pin_net(&x->output[i], &connected, b, pins, cell->output[i].name, x->name));
            if (connected) {
                MJ_TRY(output_connect(b, x, index, i));
            }
        }
    }
    for (const char *key = NULL; (key = mj_json_next_key(pins, key)) != NULL;) {
        bool known = false;
        for (int i = 0; i < cell->n_inputs; i++) {
            known = known || strcmp(key, cell->input[i].name) == 0;
        }
        for (int i = 0; i < cell->n_outputs; i++) {
            known = known || strcmp(key, cell->output[i].name) == 0;
        }
        if (!known) {
            return mj_err_add(b->err, MJ_EKEY, b->netlist->path, 0, 0,
                              "module %s: the cell '%s' is a %s, which has no pin '%s'",
                              b->netlist->name, x->name, cell->name, key);
        }
    }
    return MJ_OK;
}

static mj_status instance_read(builder *b, int index, const char *name, const mj_json *cell)
{
    mj_instance *x = &b->netlist->instance[index];
    const mj_liberty *liberty = b->netlist->liberty;
    const char *type = mj_json_text(mj_json_get(cell, "type"));
    x->name = keep(b, name);
    if (!x->name) {
        return no_memory(b);
    }
    if (!type) {
        return problem(b, MJ_ESYNTAX, "no type states the cell", name);
    }
    x->cell = mj_liberty_find(liberty, type);
    if (!x->cell) {
        const char *near = mj_liberty_nearest(liberty, type);
        return mj_err_add(b->err, MJ_ENAME, b->netlist->path, 0, 0,
                          "module %s: the cell '%s' is a '%s', which %s lacks%s%s%s",
                          b->netlist->name, name, type, liberty->path, near ? " (did you mean '" : "",
                          near ? near : "", near ? "'?)" : "");
    }
    if (x->cell->refusal) {
        return mj_err_add(b->err, MJ_ESUPPORT, b->netlist->path, 0, 0,
                          "module %s: the cell '%s' is a %s, which %s (%s:%d)", b->netlist->name,
                          name, type, x->cell->refusal, liberty->path, x->cell->line);
    }
    return pins_read(b, x, index, mj_json_get(cell, "connections"));
}

static mj_status instances_read(builder *b)
{
    mj_netlist *n = b->netlist;
    const mj_json *cells = mj_json_get(b->module, "cells");
    int total = 0;
    for (const char *key = NULL; (key = mj_json_next_key(cells, key)) != NULL;) {
        total++;
    }
    n->instance = mj_arena_array(b->arena, (size_t)total, sizeof *n->instance);
    if (!n->instance) {
        return no_memory(b);
    }
    for (const char *key = NULL; (key = mj_json_next_key(cells, key)) != NULL;) {
        MJ_TRY(instance_read(b, n->n_instances, key, mj_json_get(cells, key)));
        n->n_instances++;
    }
    return MJ_OK;
}

/* Every net that someone reads has a driver. */
static mj_status drivers_check(const builder *b)
{
    const mj_netlist *n = b->netlist;
    for (int i = 0; i < n->n_instances; i++) {
        for (int p = 0; p < n->instance[i].cell->n_inputs; p++) {
            const int net = n->instance[i].input[p];
            if (b->driver[net] == DRIVER_NONE) {
                return mj_err_add(b->err, MJ_ESUPPORT, n->path, 0, 0,
                                  "module %s: nothing drives the net '%s' at the cell '%s'", n->name,
                                  n->net_name[net], n->instance[i].name);
            }
        }
    }
    for (int i = 0; i < n->n_outputs; i++) {
        if (b->driver[n->output[i].net] == DRIVER_NONE) {
            return problem(b, MJ_ESUPPORT, "nothing drives the output port", n->output[i].name);
        }
    }
    return MJ_OK;
}

/* Sorts the instances so that drivers come first (Kahn): those whose inputs are all known are taken in
 * turn. What is never taken stands in a loop or behind one. */
static mj_status instances_sort(builder *b)
{
    mj_netlist *n = b->netlist;
    const size_t count = (size_t)n->n_instances;
    mj_instance *sorted = mj_arena_array(b->arena, count, sizeof *sorted);
    int *waits_for = mj_arena_array(b->arena, count, sizeof *waits_for);
    int *queue = mj_arena_array(b->arena, count, sizeof *queue);
    int taken = 0, n_queue = 0;
    if (!sorted || !waits_for || !queue) {
        return no_memory(b);
    }
    for (int i = 0; i < n->n_instances; i++) {
        for (int p = 0; p < n->instance[i].cell->n_inputs; p++) {
            waits_for[i] += b->driver[n->instance[i].input[p]] >= 0;
        }
        if (waits_for[i] == 0) {
            queue[n_queue++] = i;
        }
    }
    for (; taken < n_queue; taken++) {
        const mj_instance *x = &n->instance[queue[taken]];
        sorted[taken] = *x;
        for (int p = 0; p < x->cell->n_outputs; p++) {
            for (int s = x->output[p] >= 0 ? n->first_sink[x->output[p]] : 0;
                 x->output[p] >= 0 && s < n->first_sink[x->output[p] + 1]; s++) {
                if (--waits_for[n->sink[s].instance] == 0) {
                    queue[n_queue++] = n->sink[s].instance;
                }
            }
        }
    }
    for (int i = 0; i < n->n_instances; i++) {
        if (waits_for[i] > 0) {
            return problem(b, MJ_ESUPPORT, "a loop, in or before the cell", n->instance[i].name);
        }
    }
    n->instance = sorted;
    return MJ_OK;
}

static mj_status sinks_fill(builder *b)
{
    mj_netlist *n = b->netlist;
    n->n_sinks = 0;
    for (int i = 0; i < n->n_instances; i++) {
        n->n_sinks += n->instance[i].cell->n_inputs;
    }
    n->first_sink = mj_arena_array(b->arena, (size_t)n->n_nets + 2, sizeof *n->first_sink);
    n->sink = mj_arena_array(b->arena, (size_t)n->n_sinks, sizeof *n->sink);
    if (!n->first_sink || !n->sink) {
        return no_memory(b);
    }
    /* Counted two places up, so that filling leaves the starts in place. */
    for (int i = 0; i < n->n_instances; i++) {
        for (int p = 0; p < n->instance[i].cell->n_inputs; p++) {
            n->first_sink[n->instance[i].input[p] + 2]++;
        }
    }
    for (int i = 0; i < n->n_nets; i++) {
        n->first_sink[i + 2] += n->first_sink[i + 1];
    }
    for (int i = 0; i < n->n_instances; i++) {
        for (int p = 0; p < n->instance[i].cell->n_inputs; p++) {
            n->sink[n->first_sink[n->instance[i].input[p] + 1]++] = (mj_sink){i, p};
        }
    }
    return MJ_OK;
}

/* The module asked for, or the one marked as top, or the only one that is no black box. */
static const mj_json *module_find(const char **name, const mj_json *modules, const char *top,
                                  bool *several)
{
    const mj_json *found = NULL;
    *several = false;
    for (const char *key = NULL; (key = mj_json_next_key(modules, key)) != NULL;) {
        const mj_json *module = mj_json_get(modules, key);
        const mj_json *attributes = mj_json_get(module, "attributes");
        if (top ? strcmp(key, top) == 0 : mj_json_get(attributes, "top") != NULL) {
            *name = key;
            *several = false;
            return module;
        }
        if (!top && !mj_json_get(attributes, "blackbox") && !mj_json_get(attributes, "whitebox")) {
            *several = found != NULL;
            found = module;
            *name = key;
        }
    }
    return found;
}

static mj_status build(builder *b, const mj_json *json, const char *top)
{
    mj_netlist *n = b->netlist;
    const mj_json *modules = mj_json_get(json, "modules");
    const char *name = "";
    bool several;
    if (!mj_json_is_object(modules)) {
        return mj_err_add(b->err, MJ_ESYNTAX, n->path, 0, 0,
                          "no netlist: there are no \"modules\" (yosys' write_json)");
    }
    b->module = module_find(&name, modules, top, &several);
    if (!b->module || several) {
        return mj_err_add(b->err, MJ_ENAME, n->path, 0, 0,
                          several ? "several modules, and none is marked as top"
                                  : "there is no module '%s'", top ? top : "top");
    }
    n->name = keep(b, name);
    if (!n->name) {
        return no_memory(b);
    }
    MJ_TRY(nets_number(b));
    MJ_TRY(nets_name(b));
    MJ_TRY(ports_read(b));
    MJ_TRY(instances_read(b));
    MJ_TRY(drivers_check(b));
    MJ_TRY(sinks_fill(b));
    MJ_TRY(instances_sort(b));
    return sinks_fill(b);
}

static mj_status read_json(mj_netlist *netlist, mj_json *json, const char *path, const char *top,
                           const mj_liberty *liberty, mj_arena *arena, mj_err *err)
{
    *netlist = (mj_netlist){.path = mj_arena_text(arena, path, strlen(path)), .name = "",
                            .liberty = liberty};
    builder b = {.netlist = netlist, .arena = arena, .err = err};
    mj_status status = !json            ? (err && err->n ? err->diag[err->n - 1].code : MJ_ESYNTAX)
                       : netlist->path ? build(&b, json, top)
                                       : no_memory(&b);
    mj_json_free(json);
    return status;
}

mj_status mj_netlist_load(mj_netlist *netlist, const char *path, const char *top,
                          const mj_liberty *liberty, mj_arena *arena, mj_err *err)
{
    return read_json(netlist, mj_json_load(path, err), path, top, liberty, arena, err);
}

mj_status mj_netlist_parse(mj_netlist *netlist, const char *text, size_t length, const char *name,
                           const char *top, const mj_liberty *liberty, mj_arena *arena, mj_err *err)
{
    return read_json(netlist, mj_json_parse(text, length, name, err), name, top, liberty, arena, err);
}
