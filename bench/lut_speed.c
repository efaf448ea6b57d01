/* Look-up-table networks: a training step, and images a second of a trained classifier.
 *
 *     lut_speed SOURCE_ROOT step       s of the fastest step (bench/run puts torch_lut.py beside it)
 *     lut_speed SOURCE_ROOT [MODEL]    figures of inference, one a line
 *
 * Inference: the network and its read-out on blocks of 512 images whose bits stand in the slots. The roof
 * is measured in the same run: as many ternary-logic instructions, each with three loads and a store, one
 * after the other through the same memory. The export is the same program as one C function on words of
 * 64 images, as others generate it, compiled by cc -O1: what a compiler can do with registers it may do. */
#define _GNU_SOURCE
#include "figure.h"

#include "mj/kernels.h"
#include "mj/lut_quality.h"
#include "mj/training.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A round is shorter than a slice of time, so that some of them have the processor for themselves. */
enum { STEPS = 40, ROUNDS = 1000, LOOPS = 4 };

static const char RECIPE[] =
    "mj: 1\n"
    "recipe: lut-speed\n"
    "model: {kind: lut_net, layers: [4000, 4000, 2000], thresholds: [32, 96, 160]}\n"
    "data: fashion-mnist\n"
    "objective: {kind: classify}\n"
    "train: {batch: 128, lr: 2e-2, steps: 1000000}\n";

static int time_step(mj_arena *arena, mj_err *err, const mj_units *units)
{
    mj_dataset train, test;
    mj_recipe recipe;
    mj_training *training;
    double fastest_s = NAN;
    const mj_dataset_choice choice = {.source = "fashion-mnist"};
    const mj_training_setup setup = {.recipe = &recipe, .train = &train};
    bool ready = mj_dataset_load(&train, &test, &choice, arena, err) == MJ_OK &&
                 mj_recipe_parse(&recipe, RECIPE, "lut_speed", units, arena, err) == MJ_OK &&
                 mj_training_new(&training, &setup, arena, err) == MJ_OK;
    for (int i = 0; ready && i < STEPS; i++) {
        double loss, start_s = seconds_now();
        ready = mj_training_step(training, &loss, err) == MJ_OK;
        double step_s = seconds_now() - start_s;
        fastest_s = ready && !(step_s >= fastest_s) ? step_s : fastest_s;
    }
    figure_print("lut.step", fastest_s, "s", NAN, NAN);
    return ready ? 0 : 2;
}

/* Slots: what a function of the export takes; it reads inputs and writes all others. */
typedef void export_function(uint64_t *slot);

/* Any function of three words by its eight entries, which the compiler folds. */
static bool write_export(const char *path, const mj_lut_program *p)
{
    FILE *file = fopen(path, "w");
    uint32_t first = (uint32_t)(MJ_LUT_FIRST_INPUT + p->n_inputs), n = 0;
    if (!file) {
        return false;
    }
    fprintf(file, "#include <stdint.h>\ntypedef uint64_t w;\n"
                  "#define B(t,i) ((w)-(w)((t)>>(i)&1))\n"
                  "static inline w two(w b, w c, unsigned t)\n{\n"
                  "    return t == 0 ? 0 : t == 15 ? ~(w)0 : t == 12 ? b : t == 10 ? c : t == 3 ? ~b : "
                  "t == 5 ? ~c : t == 6 ? b ^ c : t == 9 ? ~(b ^ c) : t == 8 ? b & c : t == 14 ? b | c : "
                  "t == 4 ? b & ~c : t == 2 ? ~b & c : t == 7 ? ~(b & c) : t == 1 ? ~(b | c) : "
                  "t == 13 ? b | ~c : ~b | c;\n}\n"
                  "static inline w three(w a, w b, w c, unsigned t)\n{\n"
                  "    unsigned l = t & 15, h = t >> 4;\n"
                  "    return l == h ? two(b, c, l) : l == (15 ^ h) ? a ^ two(b, c, l)\n"
                  "           : (a & two(b, c, h)) | (~a & two(b, c, l));\n}\n"
                  "void net(w *s)\n{\n");
    for (uint32_t i = 0; i < first; i++) {
        fprintf(file, "const w s%u = s[%u];\n", i, i);
    }
    for (int r = 0; r < p->n_runs; r++) {
        for (uint32_t i = 0; i < p->run[r].n; i++, n++) {
            const mj_lut_op *op = &p->op[n];
            fprintf(file, "const w s%u = three(s%u, s%u, s%u, %u);\n", first + n, op->a, op->b, op->c,
                    p->run[r].function);
        }
    }
    for (int b = 0; b < p->first_bit[p->n_groups] + p->n_class_bits; b++) {
        fprintf(file, "s[%d] = s%d;\n", p->bit[b], p->bit[b]);
    }
    fprintf(file, "}\n");
    return fclose(file) == 0;
}

static export_function *compile_export(const mj_lut_program *p, const char *folder)
{
    char source[256], library[256], command[1024];
    snprintf(source, sizeof source, "%s/net.c", folder);
    snprintf(library, sizeof library, "%s/net.so", folder);
    snprintf(command, sizeof command, "cc -O1 -shared -fPIC -o '%s' '%s'", library, source);
    if (!write_export(source, p) || system(command) != 0) {
        return NULL;
    }
    void *handle = dlopen(library, RTLD_NOW);
    export_function *net = NULL;
    if (handle) {
        *(void **)&net = dlsym(handle, "net");
    }
    unlink(source);
    unlink(library);
    return net;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* n ternary instructions through n_slots slots, of which the last third is written. */
__attribute__((target("avx512f"))) static void roof(__m512i *slot, size_t n_slots, size_t n)
{
    size_t third = n_slots / 3;
    for (size_t done = 0; done < n; done += third) {
        size_t count = n - done < third ? n - done : third;
        const __m512i *a = slot, *b = slot + third / 2, *c = slot + third;
        __m512i *out = slot + 2 * third;
        for (size_t i = 0; i < count; i++) {
            out[i] = _mm512_ternarylogic_epi64(a[i], b[i], c[i], 0x96);
        }
    }
}
#endif

/* What is timed, and on what. */
typedef struct {
    mj_lut_program program;
    mj_lut_variant variant;
    uint64_t *slots, *word;
    size_t n_slots;
    export_function *net;
} inference;

static void run_blocks(const inference *f)
{
    mj_lut_program_run_as(&f->program, f->slots, f->variant);
}

static void run_export(const inference *f)
{
    f->net(f->word);
}

static void run_roof(const inference *f)
{
#if defined(__x86_64__)
    roof((void *)f->slots, f->n_slots, (size_t)f->program.n_ops);
#else
    (void)f;
#endif
}

/* Seconds of the fastest of ROUNDS, each LOOPS calls. */
static double fastest_s(void (*call)(const inference *), const inference *f)
{
    double best_s = HUGE_VAL;
    for (int round = 0; round < ROUNDS; round++) {
        double start_s = seconds_now();
        for (int loop = 0; loop < LOOPS; loop++) {
            call(f);
        }
        best_s = fmin(best_s, (seconds_now() - start_s) / LOOPS);
    }
    return best_s;
}

/* The words of the export as the first word of each slot: it must compute the same. */
static bool export_agrees(const inference *f)
{
    const mj_lut_program *p = &f->program;
    for (int s = 0; s < MJ_LUT_FIRST_INPUT + p->n_inputs; s++) {
        f->word[s] = *mj_lut_slot(f->slots, s);
    }
    run_export(f);
    run_blocks(f);
    for (int b = 0; b < p->first_bit[p->n_groups] + p->n_class_bits; b++) {
        if (f->word[p->bit[b]] != *mj_lut_slot(f->slots, p->bit[b])) {
            return false;
        }
    }
    return true;
}

static bool load(inference *f, const char *path, mj_arena *arena, mj_err *err, const mj_units *units)
{
    mj_lut_model model;
    char folder[] = "/tmp/lut_speed.XXXXXX";
    if (mj_lut_file_load(&model, path, units, arena, err) != MJ_OK ||
        mj_lut_program_new(&f->program, &model.net, arena, err) != MJ_OK || !mkdtemp(folder)) {
        return false;
    }
    const mj_lut_program *p = &f->program;
    f->n_slots = (size_t)(MJ_LUT_FIRST_INPUT + p->n_inputs + p->n_ops);
    f->slots = mj_lut_slots_new(p, arena);
    f->word = mj_arena_array(arena, f->n_slots, sizeof *f->word);
    f->net = compile_export(p, folder);
    rmdir(folder);
    srand(1);
    for (int i = 0; f->slots && i < p->n_inputs * MJ_LUT_WORDS; i++) {
        mj_lut_slot(f->slots, MJ_LUT_FIRST_INPUT)[i] =
            (uint64_t)rand() << 40 ^ (uint64_t)rand() << 20 ^ (uint64_t)rand();
    }
    if (!f->slots || !f->word || !f->net || !export_agrees(f)) {
        mj_err_add(err, MJ_ETOOL, NULL, 0, 0, "no memory, no C compiler, or the export computes something else");
        return false;
    }
    return true;
}

static int time_inference(const char *path, mj_arena *arena, mj_err *err, const mj_units *units)
{
    inference f = {.variant = mj_lut_variant_best()};
    if (!load(&f, path, arena, err, units)) {
        return 2;
    }
    double block_s = fastest_s(run_blocks, &f), word_s = fastest_s(run_export, &f);
    bool ternary = f.variant == MJ_LUT_AVX512;
    double roof_s = ternary ? fastest_s(run_roof, &f) : NAN;
    block_s = fmin(block_s, fastest_s(run_blocks, &f));
    figure_print("lut.operations", f.program.n_ops, "1", NAN, NAN);
    figure_print("lut.readout_share", (double)f.program.n_readout / f.program.n_ops, "1", NAN, NAN);
    figure_print("lut.images_per_s", MJ_LUT_BLOCK / block_s, "1/s", NAN, NAN);
    figure_print("lut.roof_share", roof_s / block_s, "1", ternary ? 0.6 : NAN, NAN);
    figure_print("lut.over_words_64", word_s * MJ_LUT_WORDS / block_s, "1", ternary ? 4 : NAN, NAN);
    for (int v = 0; v < MJ_LUT_VARIANTS_N; v++) {
        f.variant = (mj_lut_variant)v;
        if (mj_lut_variant_is_there(f.variant)) {
            char name[64];
            snprintf(name, sizeof name, "lut.images_per_s_%s", mj_lut_variant_names[v]);
            figure_print(name, MJ_LUT_BLOCK / fastest_s(run_blocks, &f), "1/s", NAN, NAN);
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    mj_err err = {0};
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_units *units = mj_units_new();
    mj_threads_set(1);
    if (argc < 2 || !units) {
        fprintf(stderr, "lut_speed SOURCE_ROOT [step | MODEL]\n");
        return 2;
    }
    const char *word = argc > 2 ? argv[2] : "lut-fashion-classifier";
    const char *path = strchr(word, '/') ? word
                                         : mj_arena_printf(&arena, "%s/data/trained/%s.safetensors",
                                                           argv[1], word);
    int code = strcmp(word, "step") == 0 ? time_step(&arena, &err, units)
                                         : time_inference(path, &arena, &err, units);
    if (err.n) {
        fprintf(stderr, "%s\n", err.diag[0].text);
    }
    mj_arena_fini(&arena);
    mj_units_free(units);
    return code;
}
