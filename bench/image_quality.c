/* What the shipped nets' images are worth, against the goals: Frechet distance of the shipped yardstick's
 * features (no FID) of 10,000 images against the 10,000 test images of Fashion-MNIST, the differential
 * equation solved accurately (RK4, 24 steps), phase noise 0.1. The anchors stand first: values without
 * them mean nothing. Rows of a changed chip are given as a ratio to the net as trained.
 *
 *     image_quality SOURCE_ROOT [THREADS]      one figure a line (bench/run oscillators) */
#define _GNU_SOURCE
#include "figure.h"

#include "mj/kernels.h"
#include "mj/quality.h"
#include "mj/sampler.h"

#include <stdlib.h>
#include <string.h>

enum { IMAGES_N = 10000, PATH_N = 4096 };

typedef struct {
    const char *root;
    mj_arena arena;
    mj_err err;
    mj_units *units;
    mj_dataset train, test;
    mj_judge *judge;
    mj_real *image;
    int label[IMAGES_N];
} shop;

static const mj_sampling AS_TRAINED = {.n_steps = 24, .noise = 0.1, .readout = 1};

static const char *trained(char path[PATH_N], const shop *s, const char *name)
{
    snprintf(path, PATH_N, "%s/data/trained/%s.safetensors", s->root, name);
    return path;
}

static mj_status open_shop(shop *s)
{
    const mj_dataset_choice choice = {.source = "fashion-mnist"};
    char path[PATH_N];
    mj_anchors anchors;
    mj_arena_init(&s->arena, 0);
    s->units = mj_units_new();
    MJ_TRY(mj_dataset_load(&s->train, &s->test, &choice, &s->arena, &s->err));
    MJ_TRY(mj_judge_new(&s->judge, trained(path, s, "yardstick-fashion"), &s->train, &s->test,
                        &s->arena, &s->err));
    MJ_TRY(mj_judge_anchors(&anchors, s->judge, &s->err));
    size_t size = (size_t)(s->train.width * s->train.height);
    s->image = mj_arena_array(&s->arena, IMAGES_N * size, sizeof *s->image);
    for (int i = 0; i < IMAGES_N; i++) {
        s->label[i] = i % s->train.n_classes;
    }
    figure_print("images.anchor.training", anchors.floor, "1", NAN, NAN);
    figure_print("images.anchor.blurred", anchors.blur, "1", NAN, NAN);
    figure_print("images.anchor.white_noise", anchors.noise, "1", NAN, NAN);
    figure_print("images.anchor.class_means", anchors.class_mean, "1", NAN, NAN);
    figure_print("images.anchor.accuracy", anchors.test_accuracy, "1", NAN, NAN);
    return s->image ? MJ_OK : mj_err_add(&s->err, MJ_EMEM, NULL, 0, 0, "no memory for images");
}

static mj_status score(mj_score *score, shop *s, mj_sampler *sampler, const mj_sampling *sampling)
{
    MJ_TRY(mj_sampler_run(sampler, s->image, s->label, IMAGES_N, sampling, &s->err));
    return mj_judge_score(score, s->judge, s->image, s->label, IMAGES_N, &s->err);
}

/* A chip that differs: its distance over that of the net as trained. */
static mj_status print_ratio(shop *s, mj_sampler *sampler, const char *name, double trained_frechet,
                             mj_sampling sampling, double goal)
{
    mj_score changed;
    char text[64];
    MJ_TRY(score(&changed, s, sampler, &sampling));
    snprintf(text, sizeof text, "images.flagship.%s", name);
    figure_print(text, changed.frechet / trained_frechet, "1", NAN, goal);
    return MJ_OK;
}

/* Retrained for few bits: its distance over the flagship's. */
static mj_status print_coarse(shop *s, double flagship)
{
    char path[PATH_N];
    mj_sampler *sampler;
    mj_score coarse;
    mj_sampling two_bits = AS_TRAINED;
    two_bits.start_bits = 2;
    MJ_TRY(mj_sampler_load(&sampler, trained(path, s, "oscillator-fashion-4bit"),
                           (mj_sampler_config){.integrator = MJ_RK4}, s->units, &s->arena, &s->err));
    MJ_TRY(score(&coarse, s, sampler, &two_bits));
    figure_print("images.4bit.frechet", coarse.frechet, "1", NAN, NAN);
    figure_print("images.4bit.over_flagship", coarse.frechet / flagship, "1", NAN, 1.1);
    figure_print("images.4bit.accuracy", coarse.accuracy, "1", NAN, NAN);
    return MJ_OK;
}

static mj_status print_flagship(shop *s)
{
    char path[PATH_N];
    mj_sampler *sampler;
    mj_score as_trained;
    mj_sampling coarse = AS_TRAINED, coarser = AS_TRAINED, early = AS_TRAINED, late = AS_TRAINED;
    coarse.coupling_bits = 4, coarse.start_bits = 2;
    coarser.coupling_bits = 3, coarser.start_bits = 2;
    early.readout = 0.9, late.readout = 1.1;
    MJ_TRY(mj_sampler_load(&sampler, trained(path, s, "oscillator-fashion"),
                           (mj_sampler_config){.integrator = MJ_RK4}, s->units, &s->arena, &s->err));
    MJ_TRY(score(&as_trained, s, sampler, &AS_TRAINED));
    double frechet = as_trained.frechet;
    figure_print("images.flagship.frechet", frechet, "1", NAN, 25);
    figure_print("images.flagship.pixel_pca", as_trained.pca, "1", NAN, 4);
    figure_print("images.flagship.accuracy", as_trained.accuracy, "1", 0.9, NAN);
    figure_print("images.flagship.diversity", as_trained.diversity, "1", NAN, NAN);
    MJ_TRY(print_ratio(s, sampler, "4_bit_couplings_2_bit_starts", frechet, coarse, NAN));
    MJ_TRY(print_ratio(s, sampler, "3_bit_couplings_2_bit_starts", frechet, coarser, NAN));
    MJ_TRY(print_ratio(s, sampler, "read_out_10_percent_early", frechet, early, 1.15));
    MJ_TRY(print_ratio(s, sampler, "read_out_10_percent_late", frechet, late, 1.15));
    return print_coarse(s, frechet);
}

static mj_status print_sparse(shop *s)
{
    char path[PATH_N];
    mj_sampler *sampler;
    mj_score sparse;
    MJ_TRY(mj_sampler_load(&sampler, trained(path, s, "oscillator-fashion-sparse4"),
                           (mj_sampler_config){.integrator = MJ_RK4}, s->units, &s->arena, &s->err));
    MJ_TRY(score(&sparse, s, sampler, &AS_TRAINED));
    figure_print("images.sparse4.frechet", sparse.frechet, "1", NAN, 42);
    figure_print("images.sparse4.accuracy", sparse.accuracy, "1", NAN, NAN);
    return MJ_OK;
}

int main(int argc, char **argv)
{
    static shop s;
    if (argc < 2) {
        fprintf(stderr, "image_quality SOURCE_ROOT [THREADS]\n");
        return 2;
    }
    s.root = argv[1];
    mj_threads_set(argc > 2 ? atoi(argv[2]) : 1);
    mj_status status = open_shop(&s);
    status = status == MJ_OK ? print_flagship(&s) : status;
    status = status == MJ_OK ? print_sparse(&s) : status;
    if (status != MJ_OK) {
        fprintf(stderr, "%s\n", s.err.n ? s.err.diag[0].text : "failed");
    }
    mj_arena_fini(&s.arena);
    mj_units_free(s.units);
    return status == MJ_OK ? 0 : 2;
}
