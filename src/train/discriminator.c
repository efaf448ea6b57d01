/* A step of a discriminator: its slopes at all images, its loss, its penalty.
 *
 *   1  forward at the images; back from D = 1 to the pixels: v. The generator's gradient is v times a
 *      number a pair.
 *   2  back from the loss to the parameters.
 *   3  for both signs: forward at the images +- h u, back from +- penalty |v| / (2 h n).
 *
 * Between 2 and 3 the tape's gradients must be cleared, so those of the parameters are summed aside.
 * The step h balances the error of a central difference, h^2, against rounding, epsilon / h: it goes
 * with the cube root of epsilon, times the length of an image (about 10). */
#include "mj/discriminator.h"

enum { PIXELS = MJ_CLASSIFIER_SIDE * MJ_CLASSIFIER_SIDE };

static const double IMAGE_LENGTH = 10;

mj_status mj_discriminator_init(mj_discriminator *d, mj_discriminator_config config, uint64_t seed,
                                size_t limit_B, mj_arena *arena, mj_err *err)
{
    int n = 2 * config.n_pairs;
    const mj_classifier classifier = {.network = MJ_PATCHNET, .n_class = config.n_class,
                                      .lr_scale = 1};
    mj_classifier_vars vars;
    *d = (mj_discriminator){.config = config};
    d->tape = mj_tape_new(arena, err, (mj_tape_config){.seed = seed});
    if (!d->tape) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a discriminator");
    }
    d->pixel = mj_tape_input(d->tape, MJ_DISCRIMINATOR_PREFIX "pixel", mj_shape_2(n, PIXELS), true);
    mj_classifier_record(&vars, d->tape, d->pixel, &classifier, MJ_DISCRIMINATOR_PREFIX);
    d->logits = vars.logits;
    MJ_TRY(mj_tape_allocate(d->tape, limit_B));
    mj_classifier_init(d->tape, MJ_PATCHNET, MJ_DISCRIMINATOR_PREFIX, seed);
    size_t size = (size_t)n * PIXELS;
    d->image = mj_arena_array(arena, size, sizeof *d->image);
    d->slope = mj_arena_array(arena, size, sizeof *d->slope);
    d->steepness = mj_arena_array(arena, (size_t)n, sizeof *d->steepness);
    d->sum = mj_arena_array(arena, mj_tape_params_slab(d->tape).n_trained, sizeof *d->sum);
    return d->image && d->slope && d->steepness && d->sum
               ? MJ_OK
               : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a discriminator");
}

/* The place of D(x, y) of image b among the outputs. */
static size_t output_at(const mj_discriminator *d, const int *label, int b)
{
    return (size_t)b * (size_t)d->config.n_class + (size_t)label[b % d->config.n_pairs];
}

/* D = 1 at every image, back to the pixels. */
static void find_slopes(mj_discriminator *d, const int *label)
{
    int n = 2 * d->config.n_pairs;
    mj_tensor logits = mj_tape_tensor(d->tape, d->logits);
    mj_tape_grads_clear(d->tape);
    for (int b = 0; b < n; b++) {
        logits.d[output_at(d, label, b)] = 1;
    }
    mj_tape_backward(d->tape);
    mj_copy(d->slope, mj_tape_tensor(d->tape, d->pixel).d, (size_t)n * PIXELS);
    mj_tape_grads_clear(d->tape);
}

static double softplus(double t)
{
    return fmax(t, 0) + log1p(exp(-fabs(t)));
}

static double logistic(double t)
{
    return 1 / (1 + exp(-t));
}

/* Of every pair: the gradient of the generated image, and of the outputs for the discriminator. */
static double pair_up(mj_real *dgenerated, mj_discriminator *d, const int *label)
{
    int n = d->config.n_pairs;
    mj_tensor logits = mj_tape_tensor(d->tape, d->logits);
    double loss = 0;
    for (int b = 0; b < n; b++) {
        size_t real = output_at(d, label, b), generated = output_at(d, label, b + n);
        double ahead = (double)logits.v[real] - (double)logits.v[generated];
        loss += softplus(ahead) / n;
        mj_add_scaled(dgenerated + (size_t)b * PIXELS, d->slope + (size_t)(b + n) * PIXELS,
                      (mj_real)(-logistic(ahead) / n), PIXELS);
        logits.d[real] = (mj_real)(-logistic(-ahead) / n);
        logits.d[generated] = -logits.d[real];
    }
    return loss;
}

/* Slopes become directions; where there is none the direction is 0 too and adds nothing. */
static void normalise(mj_discriminator *d)
{
    for (int b = 0; b < 2 * d->config.n_pairs; b++) {
        mj_real *slope = d->slope + (size_t)b * PIXELS;
        double length = sqrt(mj_squares_sum(slope, PIXELS));
        mj_real over = length > 0 ? (mj_real)(1 / length) : 0;
        d->steepness[b] = (mj_real)length;
        for (int i = 0; i < PIXELS; i++) {
            slope[i] *= over;
        }
    }
}

/* Adds one side of the central difference to the sum. */
static void penalise(mj_discriminator *d, const int *label, double h)
{
    int n = d->config.n_pairs;
    size_t size = (size_t)(2 * n) * PIXELS;
    mj_tape_slab slab = mj_tape_params_slab(d->tape);
    mj_tensor pixel = mj_tape_tensor(d->tape, d->pixel), logits = mj_tape_tensor(d->tape, d->logits);
    mj_copy(pixel.v, d->image, size);
    mj_add_scaled(pixel.v, d->slope, (mj_real)h, size);
    mj_tape_forward(d->tape, 0, true);
    mj_tape_grads_clear(d->tape);
    for (int b = 0; b < 2 * n; b++) {
        logits.d[output_at(d, label, b)] =
            (mj_real)(d->config.penalty * (double)d->steepness[b] / (2 * h * n));
    }
    mj_tape_backward(d->tape);
    mj_add_scaled(d->sum, slab.grads, 1, slab.n_trained);
}

double mj_discriminator_gradient(mj_real *dgenerated, mj_discriminator *d, const mj_real *generated,
                                 const mj_real *real, const int *label)
{
    size_t half = (size_t)d->config.n_pairs * PIXELS;
    mj_tape_slab slab = mj_tape_params_slab(d->tape);
    mj_copy(d->image, real, half);
    mj_copy(d->image + half, generated, half);
    mj_copy(mj_tape_tensor(d->tape, d->pixel).v, d->image, 2 * half);
    mj_tape_forward(d->tape, 0, true);
    find_slopes(d, label);
    double loss = pair_up(dgenerated, d, label);
    mj_tape_backward(d->tape);
    if (d->config.penalty > 0) {
        double h = IMAGE_LENGTH * cbrt((double)MJ_REAL_EPSILON);
        mj_copy(d->sum, slab.grads, slab.n_trained);
        normalise(d);
        penalise(d, label, h);
        penalise(d, label, -h);
        mj_copy(slab.grads, d->sum, slab.n_trained);
    }
    return loss;
}
