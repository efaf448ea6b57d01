/* The Frechet Inception distance of mj eval --inception: an hour's arithmetic with progress on stderr. */
#ifndef MJ_CLI_FID_SCORE_H
#define MJ_CLI_FID_SCORE_H

#include "context.h"
#include "mj/dataset.h"

typedef struct mj_fid mj_fid;

/* Reads the weights and the features of all test images; test is borrowed for this call only. */
mj_status mj_fid_new(mj_fid **fid, mj_context *context, const char *path, const mj_dataset *test);
/* Of n images of the test images' size. */
mj_status mj_fid_compute(double *distance, mj_fid *fid, const mj_real *image, int n);

#endif
