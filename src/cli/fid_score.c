/* FID: features by inception.c, their distance by frechet.c, and a word now and then on how long it takes.
 * 11.4 GFLOP an image: 20,000 images are half an hour to an hour of one core. */
#include "fid_score.h"

#include "mj/frechet.h"
#include "mj/inception.h"
#include "progress.h"

struct mj_fid {
    mj_context *context;
    mj_inception *net;
    mj_gaussian test, generated;
    mj_real *feature; /* of a batch */
    int height, width;
};

static void add_images(mj_fid *fid, mj_gaussian *to, const mj_real *image, int n, const char *what)
{
    mj_progress progress;
    char left[32];
    double start_s = mj_clock_s();
    size_t size = (size_t)fid->height * (size_t)fid->width;
    mj_progress_init(&progress, fid->context);
    for (int first = 0; first < n; first += MJ_INCEPTION_BATCH) {
        int count = n - first < MJ_INCEPTION_BATCH ? n - first : MJ_INCEPTION_BATCH;
        mj_inception_run(fid->feature, fid->net, image + (size_t)first * size, count, fid->height,
                         fid->width);
        mj_gaussian_add(to, fid->feature, (size_t)count);
        int done = first + count;
        if (mj_progress_is_due(&progress)) {
            double left_s = (mj_clock_s() - start_s) / done * (n - done);
            mj_progress_print(&progress, "Inception: %d of %d %s images, %s left", done, n, what,
                              mj_duration_format(left_s, left, sizeof left));
        }
    }
    mj_progress_end(&progress);
}

mj_status mj_fid_new(mj_fid **fid, mj_context *context, const char *path, const mj_dataset *test)
{
    mj_arena *arena = &context->arena;
    mj_err *err = &context->err;
    mj_fid *made = mj_arena_alloc(arena, sizeof *made);
    if (!made) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    *made = (mj_fid){.context = context, .height = test->height, .width = test->width};
    MJ_TRY(mj_inception_load(&made->net, path, 1, arena, err));
    int d = mj_inception_features(made->net);
    MJ_TRY(mj_gaussian_init(&made->test, d, arena, err));
    MJ_TRY(mj_gaussian_init(&made->generated, d, arena, err));
    made->feature = mj_arena_array(arena, (size_t)d * MJ_INCEPTION_BATCH, sizeof *made->feature);
    if (!made->feature) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    add_images(made, &made->test, test->image, test->n, "test");
    *fid = made;
    return MJ_OK;
}

mj_status mj_fid_compute(double *distance, mj_fid *fid, const mj_real *image, int n)
{
    mj_gaussian_clear(&fid->generated);
    add_images(fid, &fid->generated, image, n, "generated");
    return mj_frechet_compute(distance, &fid->generated, &fid->test, &fid->context->err);
}
