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

int mj_netlist_net(const mj_netlist *netlist, const char *name)
{
    for (int i = MJ_NET_FIRST; i < netlist->n_nets; i++) {
        if (strcmp(netlist->net_name[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

void mj_netlist_cone(bool *instance_marked, const bool *net_marked, const mj_netlist *netlist)
{
    /* Last ones first: whoever reads an instance comes after it. */
    for (int i = netlist->n_instances - 1; i >= 0; i--) {
        const mj_instance *x = &netlist->instance[i];
        bool marked = false;
        for (int p = 0; p < x->cell->n_outputs; p++) {
            const int net = x->output[p];
            marked = marked || (net >= 0 && net_marked[net]);
            for (int s = net >= 0 ? netlist->first_sink[net] : 0;
                 net >= 0 && s < netlist->first_sink[net + 1]; s++) {
                marked = marked || instance_marked[netlist->sink[s].instance];
            }
        }
        instance_marked[i] = marked;
    }
}

double mj_netlist_area_m2(const mj_netlist *netlist)
{
    double area_m2 = 0;
    for (int i = 0; i < netlist->n_instances; i++) {
        area_m2 += netlist->instance[i].cell->area_m2;
    }
    return area_m2;
}
