/* Ring chip: a trained net on measured rings, as mj eval, sample and realize know it: response, noise and
 * what the trim leaves, in the net's own units. */
#ifndef MJ_CLI_RING_CHIP_H
#define MJ_CLI_RING_CHIP_H

#include "context.h"
#include "mj/json.h"
#include "mj/ring_net.h"
#include "mj/sampler.h"

typedef struct {
    const char *path;
    mj_ring_substrate substrate;
    mj_phase_response response; /* over its first sine */
    mj_ring_mapping map;        /* once fitted */
} mj_ring_chip;

/* word: a path, or a name in data/circuits. MJ_ESUPPORT for rings that have no opposite output. */
mj_status mj_ring_chip_load(mj_ring_chip *chip, mj_context *context, const char *word);
/* As fast as the strongest node allows. */
void mj_ring_chip_fit(mj_ring_chip *chip, const mj_sampler *sampler);
/* Two lines on stdout, and the same for a recipe. */
void mj_ring_chip_print(const mj_ring_chip *chip);
mj_json *mj_ring_chip_json(const mj_ring_chip *chip);

#endif
