/* Shop: a world with one bill of shipped things on show, for tests of reports. */
#ifndef MJ_SHOP_H
#define MJ_SHOP_H

#include "world.h"

#include "mj/report.h"

typedef struct {
    world w;
    mj_chip chip;
    mj_model model;
    mj_bill bill;
    mj_bill_view view;
} shop;

static inline void shop_open(shop *s)
{
    memset(s, 0, sizeof *s);
    world_init(&s->w);
}

static inline void shop_close(shop *s)
{
    world_fini(&s->w);
}

static inline void shop_bill(shop *s, const char *model, const char *chip, mj_serving serving)
{
    world *w = &s->w;
    world_chip(w, &s->chip, chip);
    world_model(w, &s->model, model);
    if (serving.precision != MJ_FORMAT_NONE) {
        mj_model_set_precision(&s->model, (mj_format)serving.precision);
        world_require(w, mj_model_resolve(&s->model, model, &w->err));
    }
    world_require(w, mj_serving_resolve(&serving, &s->chip, &s->model, &w->err));
    world_require(w, mj_bill_compute(&s->bill, &s->chip, &s->model, &serving, &w->err));
    s->view = (mj_bill_view){.bill = &s->bill, .model = model, .chip = chip};
}

#endif
