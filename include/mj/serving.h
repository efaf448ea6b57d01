/* Serving: how a model is run on a machine. Zero means the default, filled by mj_serving_resolve. */
#ifndef MJ_SERVING_H
#define MJ_SERVING_H

#include "mj/chip.h"
#include "mj/model.h"

typedef struct {
    double batch;    /* mean running sequences (or images at once), all devices; may be a fraction.
                        Default 64 for tokens, 1 for images and video */
    double prompt;   /* mean prompt length, tokens; default 220 */
    double output;   /* mean output length, tokens; default 350 */
    double spread;   /* m2 = E[L^2]/E[L]^2 of the output length; default 1.9 */
    double context;  /* > 0: fixed context length, no prefill */
    bool no_prompt;  /* prompt 0 was asked for */
    int devices;     /* default: smallest power of two that fits */
    int precision;   /* mj_format; default: the model's */
    int tensor, expert, data; /* parallelism: tp, ep (1: off), dp; default tp = devices, or dp = devices
                                 on a machine of our own that has room for the model, not its state */
    int steps, width, height, frames; /* images; default the model's */
    int ulysses, ring;        /* sequence parallelism of images; default ulysses = devices */
    int boundary;    /* mj_boundary; default board */
    int variant;     /* index of chip->text; default 0 */
} mj_serving;

extern const mj_spec_schema mj_serving_schema;

/* Fills defaults and checks ranges (batch in (0, 1e6], lengths up to 1e8, devices in the chip's
 * domain, tp x dp = devices, ...). MJ_EFIT with the numbers and the count that would do when the
 * model does not fit: weights + cache at prompt + output <= 90 % of memory. */
mj_status mj_serving_resolve(mj_serving *serving, const mj_chip *chip, const mj_model *model,
                             mj_err *err);

/* Mean tokens that a decoded token sees: the fixed context, or prompt + output x spread / 2. */
double mj_serving_context(const mj_serving *serving);
/* Devices over which one cache is spread: data parallelism by sequence, tensor parallelism by heads,
 * so no further than there are heads (latent attention has one) on measured machines; a machine of
 * our own places it freely. */
double mj_serving_cache_split(const mj_chip *chip, const mj_model *model, const mj_serving *serving);
/* Bytes that one device keeps: weights, and cache and state at a sequence's longest. */
double mj_serving_memory_B(const mj_chip *chip, const mj_model *model, const mj_serving *serving);

#endif
