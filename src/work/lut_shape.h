/* The shape of a trained look-up-table network, from the header of its file. */
#ifndef MJ_LUT_SHAPE_H
#define MJ_LUT_SHAPE_H

#include "mj/model.h"
#include "mj/safetensors.h"

/* True if the file says that it is one. */
bool mj_lut_shape_is(const mj_safetensors *file);
/* Resolved. MJ_ESUPPORT where a tensor or a text is missing. */
mj_status mj_lut_shape_read(mj_model *model, const mj_safetensors *file, mj_arena *arena, mj_err *err);

#endif
