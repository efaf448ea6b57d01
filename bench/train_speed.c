/* Speed of a full training step of the flagship: oscillators forward and backward, the loss network on
 * generated and real images, drifting in ten views, Adam. N 912, 2 classes x 64 generated and 160 real
 * samples, Euler with 6 and with 12 steps, in full precision and in bf16 where the processor has it.
 * Fastest of the repeats: the machine may be shared.
 *
 *     train_speed SOURCE_ROOT [THREADS]      one figure a line (bench/run training)
 *
 * bench/run puts torch_step.py beside it, the same step in PyTorch, in turn on the same cores. */
#define _GNU_SOURCE
#include "figure.h"

#include "mj/kernels.h"
#include "mj/training.h"

#include <stdlib.h>

enum { REPEATS = 10 };

static const char RECIPE[] =
    "mj: 1\n"
    "recipe: train-speed\n"
    "model: {kind: oscillator_net, visible: 28x28, hidden_fixed: 64, hidden_random: 64}\n"
    "data: fashion-mnist\n"
    "objective: {kind: drifting, pixels: 0.5, features: 0.5, network: loss-fashion}\n"
    "integrate: {method: euler, precision: %s, span: 3, steps: %d}\n"
    "noise: 0.1\n"
    "train: {batch: 2x64, real: 2x160, lr: 3e-3, lr_coupling: 3e-4, ema: 0.998, steps: 1000000}\n";

/* Seconds of the fastest step; NaN with the problem on stderr if there is none. */
static double fastest_step_s(const char *root, mj_precision precision, int n_steps,
                             const mj_dataset *train, const mj_units *units, mj_err *err)
{
    char text[sizeof RECIPE + 16], network[4096];
    double fastest_s = NAN;
    mj_arena arena;
    mj_recipe recipe;
    mj_training *training;
    mj_arena_init(&arena, 0);
    snprintf(text, sizeof text, RECIPE, mj_precision_names[precision], n_steps);
    snprintf(network, sizeof network, "%s/data/trained/loss-fashion.safetensors", root);
    const mj_training_setup setup = {.recipe = &recipe, .train = train, .network_path = network};
    bool ready = mj_recipe_parse(&recipe, text, "train_speed", units, &arena, err) == MJ_OK &&
                 mj_training_new(&training, &setup, &arena, err) == MJ_OK;
    for (int i = 0; ready && i < REPEATS; i++) {
        double loss, start_s = seconds_now();
        ready = mj_training_step(training, &loss, err) == MJ_OK;
        double step_s = seconds_now() - start_s;
        fastest_s = ready && !(step_s >= fastest_s) ? step_s : fastest_s;
    }
    mj_arena_fini(&arena);
    return fastest_s;
}

int main(int argc, char **argv)
{
    mj_err err = {0};
    mj_arena arena;
    mj_dataset train, test;
    mj_units *units = mj_units_new();
    const mj_dataset_choice choice = {.source = "fashion-mnist"};
    mj_arena_init(&arena, 0);
    mj_threads_set(argc > 2 ? atoi(argv[2]) : 1);
    if (argc < 2 || !units || mj_dataset_load(&train, &test, &choice, &arena, &err) != MJ_OK) {
        fprintf(stderr, "train_speed SOURCE_ROOT [THREADS]: %s\n", err.n ? err.diag[0].text : "");
        return 2;
    }
    for (int n_steps = 6; n_steps <= 12; n_steps += 6) {
        int n_precisions = mj_kernels_have_bf16() ? 2 : 1; /* full, bf16 */
        for (int p = 0; p < n_precisions; p++) {
            char name[64];
            snprintf(name, sizeof name, "training.step_%d%s", n_steps, p ? "_bf16" : "");
            figure_print(name, fastest_step_s(argv[1], (mj_precision)p, n_steps, &train, units, &err),
                         "s", NAN, NAN);
        }
    }
    if (err.n) {
        fprintf(stderr, "%s\n", err.diag[0].text);
    }
    mj_arena_fini(&arena);
    mj_units_free(units);
    return err.n ? 2 : 0;
}
