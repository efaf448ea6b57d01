/* The objectives of generators by the recipe's word for them. */
#include "objective.h"

#include <assert.h>

typedef mj_status objective_record(mj_objective *objective, const mj_objective_input *input,
                                   mj_arena *arena, mj_err *err);

static objective_record *const kinds[MJ_OBJECTIVE_N] = {
    [MJ_OBJECTIVE_DRIFTING] = mj_objective_sets,
    [MJ_OBJECTIVE_SLICED] = mj_objective_sets,
    [MJ_OBJECTIVE_GAN] = mj_objective_gan,
};

mj_status mj_objective_record(mj_objective *objective, const mj_objective_input *input,
                              mj_arena *arena, mj_err *err)
{
    objective_record *record = kinds[input->recipe->objective.kind];
    assert(record);
    return record(objective, input, arena, err);
}
