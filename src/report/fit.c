/* What a calibrated bill was fitted with.
 *
 * Three kinds of lines have no published unit energy: Pi v less the memory's floor (idle.board),
 * Pa v less the links (active.board), and eb v or 2 ef v less the device's published energy
 * (transport.calibrated); v is the efficiency of the board's regulators.             [zeus2025] */
#include "fit.h"

#include <math.h>

static const mj_line *line_of(const mj_ledger *ledger, mj_component component)
{
    for (int i = 0; i < ledger->n; i++) {
        if (ledger->line[i].component == component) {
            return &ledger->line[i];
        }
    }
    return NULL;
}

int mj_fit_constants(mj_fit_constant *list, const mj_bill *bill, const mj_line *line)
{
    const mj_chip *chip = bill->chip;
    const mj_text_fit *text = &chip->text[bill->serving.variant];
    const mj_image_fit *image = &chip->image;
    bool is_text = bill->model->output == MJ_OUTPUT_TOKEN;
    int n = 0;
    if (chip->closure != MJ_CLOSURE_CALIBRATED) {
        return 0;
    }
    if (line->component == MJ_IDLE_BOARD) {
        const mj_line *floor = line_of(&bill->ledger, MJ_DRAM_REFRESH);
        list[n++] = (mj_fit_constant){"Pi", "W", "power whatever the device does",
                                      is_text ? text->idle_W : image->idle_W};
        if (floor) {
            list[n++] = (mj_fit_constant){"less", "W", "memory floor, billed as dram.refresh",
                                          floor->unit_J};
        }
    } else if (line->component == MJ_ACTIVE_BOARD) {
        const mj_line *link = line_of(&bill->ledger, MJ_LINK_SCALEUP);
        list[n++] = (mj_fit_constant){"Pa", "W", "power while kernels run",
                                      is_text ? text->active_W : image->active_W};
        if (link) {
            list[n++] = (mj_fit_constant){"less", "J", "exchange of one output, as link.scaleup",
                                          link->joules};
        }
    } else if (line->component == MJ_TRANSPORT) {
        list[n++] = (mj_fit_constant){"eb", "J/B", "a byte from memory",
                                      is_text ? text->byte_JpB : image->byte_JpB};
        list[n++] = (mj_fit_constant){"ef", "J/FLOP", "half a multiply-accumulate",
                                      is_text ? text->flop_J : image->flop_J};
    } else {
        return 0;
    }
    list[n++] = (mj_fit_constant){"v", "1", "efficiency of the board's regulators",
                                  chip->system.vrm.typ};
    return n;
}

double mj_fit_cross_check_J(const mj_bill *bill)
{
    const mj_image_fit *fit = &bill->chip->image;
    const mj_serving *s = &bill->serving;
    bool has = bill->chip->closure == MJ_CLOSURE_CALIBRATED && s->devices == 1 &&
               bill->model->output != MJ_OUTPUT_TOKEN && fit->simple_JpFLOP > 0;
    return has ? fit->simple_JpFLOP * bill->step.decode_flop / s->batch : NAN;
}
