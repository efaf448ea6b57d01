/* Netlist: what may be asked of one; netlist_json.c reads it. */
#include "mj/netlist.h"

#include <string.h>

static int port_find(const mj_port *port, int n, const char *name)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(port[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

int mj_netlist_input(const mj_netlist *netlist, const char *name)
{
    return port_find(netlist->input, netlist->n_inputs, name);
}

int mj_netlist_output(const mj_netlist *netlist, const char *name)
{
    return port_find(netlist->output, netlist->n_outputs, name);
}
