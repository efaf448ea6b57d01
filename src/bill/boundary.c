/* From the device's lines to the border asked for: regulators, host, supplies, cooling, fleet.
 *
 * Each loss is an overhead on all lines above it (ledger.c): regulators on what the board's chips
 * draw, supplies on board and host, cooling on all of that, idle machines on everything. A measured
 * GPU total already contains its regulators: there they are a split of it (calibrated.c), never
 * something added. The die and the package end before the board: their bills leave the rest out,
 * and say so by their border. */
#include "ledger.h"

static void loss(mj_ledger *ledger, mj_component component, const char *label, const char *formula,
                 const mj_quantity *efficiency)
{
    if (mj_quantity_given(efficiency)) {
        mj_ledger_overhead(ledger, component, label, formula, 1 / efficiency->hi - 1,
                           1 / efficiency->typ - 1, 1 / efficiency->lo - 1, efficiency);
    }
}

/* Switches stand outside the measured boards, so at the node for every machine. */
static void switches(mj_ledger *ledger, const mj_bill *bill)
{
    const mj_link *link = mj_chip_link(bill->chip, MJ_LINK_KIND_SCALEUP);
    bool per_device = bill->chip->closure == MJ_CLOSURE_CALIBRATED;
    if (link != NULL) {
        double bytes = bill->step.link_B * (per_device ? bill->serving.devices : 1);
        mj_ledger_events(ledger, MJ_LINK_SWITCH, "switches between devices",
                         "bytes between devices per output", bytes / bill->serving.batch, "B",
                         &link->switch_JpB);
    }
}

static void host(mj_ledger *ledger, const mj_bill *bill)
{
    static const char formula[] = "watts per device x seconds of all devices per output";
    const mj_chip *chip = bill->chip;
    double device_s = bill->step.step_s * bill->serving.devices / bill->serving.batch;
    mj_ledger_events(ledger, MJ_HOST_CPU, "host processors", formula, device_s, "s",
                     &chip->system.host_cpu_W);
    mj_ledger_events(ledger, MJ_HOST_DRAM, "host memory", formula, device_s, "s",
                     &chip->system.host_dram_W);
    mj_ledger_events(ledger, MJ_HOST_NIC, "network adapters", formula, device_s, "s",
                     &chip->system.host_nic_W);
}

void mj_boundary_lines(mj_bill *bill)
{
    mj_ledger *ledger = &bill->ledger;
    const mj_chip *chip = bill->chip;
    int border = bill->serving.boundary;
    if (border >= MJ_BOUNDARY_BOARD) {
        loss(ledger, MJ_POWER_VRM, "voltage regulators", "lines above x (1 / efficiency - 1)",
             &chip->system.vrm);
    }
    if (border >= MJ_BOUNDARY_NODE) {
        switches(ledger, bill);
        host(ledger, bill);
        loss(ledger, MJ_POWER_PSU, "power supplies", "lines above x (1 / efficiency - 1)",
             &chip->system.psu);
    }
    const mj_quantity *pue = &chip->system.pue, *idle = &chip->system.fleet_idle;
    if (border >= MJ_BOUNDARY_FACILITY && mj_quantity_given(pue)) {
        mj_ledger_overhead(ledger, MJ_COOL_FACILITY, "cooling and distribution",
                           "lines above x (PUE - 1)", pue->lo - 1, pue->typ - 1, pue->hi - 1, pue);
    }
    if (border >= MJ_BOUNDARY_FLEET && mj_quantity_given(idle)) {
        mj_ledger_overhead(ledger, MJ_FLEET_IDLE, "machines kept ready",
                           "lines above x idle share / (1 - idle share)", idle->lo / (1 - idle->lo),
                           idle->typ / (1 - idle->typ), idle->hi / (1 - idle->hi), idle);
    }
}
