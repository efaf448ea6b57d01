/* Ring chip: from a substrate file to what a sampler takes. */
#include "ring_chip.h"

#include "train_commands.h"

#include <math.h>

_Static_assert((int)MJ_HARMONICS_MAX == (int)MJ_RING_HARMONICS, "as many as are measured");

mj_status mj_ring_chip_load(mj_ring_chip *chip, mj_context *context, const char *word)
{
    const mj_units *units = mj_context_units(context);
    *chip = (mj_ring_chip){.path = NULL};
    if (!units) {
        return MJ_EMEM;
    }
    MJ_TRY(mj_find_file(&chip->path, context, "circuits", ".yaml", word));
    MJ_TRY(mj_ring_substrate_load(&chip->substrate, chip->path, units, &context->arena, &context->err));
    if (!(chip->substrate.split_F > 0)) {
        return mj_err_add(&context->err, MJ_ESUPPORT, chip->path, 0, 0,
                          "plain rings: a trained net has couplings of both signs and wants split ones (mj measure "
                          "ring --split; ring-180nm-split is shipped)");
    }
    const mj_ring_response *r = &chip->substrate.response;
    chip->response.n_harmonics = (int)MJ_HARMONICS_MAX;
    for (int h = 0; h < chip->response.n_harmonics; h++) {
        chip->response.sin[h] = r->sin[h] / fabs(r->sin[0]);
        chip->response.cos[h] = r->cos[h] / fabs(r->sin[0]);
    }
    return MJ_OK;
}

void mj_ring_chip_fit(mj_ring_chip *chip, const mj_sampler *sampler)
{
    chip->map = mj_ring_map(&chip->substrate, mj_sampler_strongest(sampler));
}

void mj_ring_chip_print(const mj_ring_chip *chip)
{
    const mj_ring_substrate *s = &chip->substrate;
    const mj_ring_mapping *m = &chip->map;
    printf("\n  rings of %s, corner %s, %.4g K, %s, commit %s\n"
           "  a unit of model time is %.4g ns (%.4g cycles), a coupling of 1 is %.4g kohm; the strongest node\n"
           "  has %.3g, the coupling of %.3g uS from an output; phase noise %.2g rad per root of a unit%s\n",
           s->card, s->corner, s->temperature_K, s->tool, s->commit, 1e9 * m->unit_s,
           m->unit_s / s->period_s, 1e-3 * m->coupling_ohm, m->strongest,
           1e6 * m->strongest / m->coupling_ohm, m->noise, s->diffusion_sq > 0 ? "" : " (not measured)");
    if (s->mismatch > 0) {
        printf("  periods differ by %.2g %%; a trim of %d bits leaves %.2g rad per unit\n",
               100 * s->mismatch, s->trim_bits, m->detuning);
    }
    printf("  in a recipe: model: {harmonics: {sin: [%.4g, %.4g, %.4g, %.4g], cos: [%.4g, %.4g, %.4g, %.4g]}}\n",
           chip->response.sin[0], chip->response.sin[1], chip->response.sin[2], chip->response.sin[3],
           chip->response.cos[0], chip->response.cos[1], chip->response.cos[2], chip->response.cos[3]);
}

mj_json *mj_ring_chip_json(const mj_ring_chip *chip)
{
    mj_json *root = mj_json_object();
    mj_json_set_text(root, "file", chip->path);
    mj_json_set_number(root, "unit_s", chip->map.unit_s);
    mj_json_set_number(root, "coupling_ohm", chip->map.coupling_ohm);
    mj_json_set_number(root, "strongest", chip->map.strongest);
    mj_json_set_number(root, "noise", chip->map.noise);
    mj_json_set_number(root, "detuning", chip->map.detuning);
    return root;
}
