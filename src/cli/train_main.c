/* mj-train: the program behind `mj train`, `mj eval`, `mj sample` and `mj realize`.
 *
 * Starts itself once more with what its libraries read while they are loaded, unless the user has said
 * otherwise: better kernels where OpenBLAS has picked slow ones for a processor it does not know, and
 * OpenMP's threads asleep while they wait. Where others use the cores too, threads that wait busily
 * take the time of those they wait for: a step of the flagship took 1.1 s instead of 0.17 s. */
#include "mj/kernels.h"
#include "mj/safetensors.h"
#include "mj/text.h"
#include "options.h"
#include "train_commands.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_VARIABLE "OMP_WAIT_POLICY"
/* The shipped yardstick, and what it was trained to tell apart. */
#define YARDSTICK "yardstick-fashion"
#define YARDSTICK_DATA "fashion-mnist"

enum { NAMES_MAX = 256, YARDSTICK_CLASSES = 10 };

typedef struct {
    const char *name;
    int (*run)(mj_context *context, int argc, char **argv);
} train_command;

static const train_command commands[] = {
    {"train", mj_cmd_train},
    {"eval", mj_cmd_eval},
    {"sample", mj_cmd_sample},
    {"realize", mj_cmd_realize},
};
enum { COMMANDS_N = sizeof commands / sizeof commands[0] };

/* The name nearest to `word` among the files of a folder with this suffix; NULL if none is near. */
static const char *nearest_file(mj_context *context, const char *folder, const char *suffix,
                                const char *word)
{
    const char *name[NAMES_MAX];
    size_t n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && n < NAMES_MAX && (entry = readdir(dir)) != NULL;) {
        size_t length = strlen(entry->d_name), end = strlen(suffix);
        if (length > end && strcmp(entry->d_name + length - end, suffix) == 0) {
            name[n++] = mj_arena_text(&context->arena, entry->d_name, length - end);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return mj_text_nearest(word, name, n);
}

/* What `word`, a folder that mj wrote, has for it: a run of mj train its model, one of mj measure the substrate;
 * NULL if it is no such folder. */
static const char *file_inside(mj_context *context, const char *folder, const char *word)
{
    const char *name = strcmp(folder, "trained") == 0    ? "model.safetensors"
                       : strcmp(folder, "circuits") == 0 ? "substrate.yaml"
                                                         : NULL;
    const char *file = name ? mj_arena_printf(&context->arena, "%s/%s", word, name) : NULL;
    return file && access(file, R_OK) == 0 ? file : NULL;
}

static bool is_file(const char *word)
{
    struct stat info;
    return stat(word, &info) == 0 && S_ISREG(info.st_mode);
}

mj_status mj_find_file(const char **path, mj_context *context, const char *folder,
                       const char *suffix, const char *word)
{
    size_t length = strlen(word), end = strlen(suffix);
    const char *inside = file_inside(context, folder, word);
    *path = inside && strchr(word, '/') ? inside : word;
    bool is_model = strcmp(folder, "trained") == 0;
    if (strchr(word, '/') || (length > end && strcmp(word + length - end, suffix) == 0)) {
        return is_model && !inside ? mj_context_check_trained(context, word) : MJ_OK;
    }
    const char *home = mj_context_path(context, folder);
    *path = home ? mj_arena_printf(&context->arena, "%s/%s%s", home, word, suffix) : NULL;
    if (!*path) {
        return MJ_EFILE;
    }
    if (access(*path, R_OK) == 0) { /* what is shipped comes first */
        return MJ_OK;
    }
    *path = inside ? inside : word;
    if (inside || is_file(word)) {
        return MJ_OK;
    }
    if (is_model) {
        MJ_TRY(mj_context_check_trained(context, word));
    }
    const char *near = nearest_file(context, home, suffix, word);
    return mj_err_add(&context->err, MJ_ENAME, NULL, 0, 0, "no '%s' in %s%s%s%s", word, home,
                      near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

mj_status mj_find_model(const char **path, mj_context *context, const char *word)
{
    mj_safetensors file;
    MJ_TRY(mj_find_file(path, context, "trained", ".safetensors", word));
    MJ_TRY(mj_safetensors_load_header(&file, *path, &context->arena, &context->err));
    const char *kind = mj_safetensors_text(&file, "model");
    if (!kind || !mj_safetensors_text(&file, "recipe")) {
        return mj_err_add(&context->err, MJ_EKEY, *path, 0, 0,
                          "no model of mj: %s is missing from its metadata", kind ? "recipe" : "model");
    }
    for (int i = 0; mj_trained_kind_names[i]; i++) {
        if (strcmp(kind, mj_trained_kind_names[i]) == 0) {
            return MJ_OK;
        }
    }
    return mj_err_add(&context->err, MJ_ESUPPORT, *path, 0, 0, "no model that mj knows: a %.40s", kind);
}

mj_status mj_load_data(mj_dataset *train, mj_dataset *test, mj_context *context, const char *source,
                       int side)
{
    const mj_dataset_choice choice = {.source = source, .side = side};
    return mj_dataset_load(train, test, &choice, &context->arena, &context->err);
}

int mj_image_side(const mj_recipe_model *model)
{
    bool shrinks = model->width == model->height && model->width != MJ_CLASSIFIER_SIDE;
    return shrinks ? model->width : 0;
}

const char *mj_yardstick_refusal(mj_context *context, const char *source, int n_classes, int width,
                                 int height)
{
    mj_arena *arena = &context->arena;
    const char *reason = NULL;
    if (strcmp(source, YARDSTICK_DATA) != 0) {
        reason = mj_arena_printf(arena, "the yardstick is of " YARDSTICK_DATA ", not of %s", source);
    } else if (n_classes != YARDSTICK_CLASSES) {
        reason = mj_arena_printf(arena, "the yardstick has %d classes, not %d", YARDSTICK_CLASSES,
                                 n_classes);
    } else if (width != MJ_CLASSIFIER_SIDE || height != MJ_CLASSIFIER_SIDE) {
        reason = mj_arena_printf(arena, "the yardstick takes images of 28x28, not of %dx%d", width,
                                 height);
    } else {
        return NULL;
    }
    return reason ? reason : "out of memory";
}

mj_status mj_seed_read(uint32_t *seed, mj_context *context)
{
    uint64_t given = context->globals.seed;
    *seed = (uint32_t)given;
    return given <= INT32_MAX ? MJ_OK
                               : mj_err_add(&context->err, MJ_ERANGE, NULL, 0, 0,
                                            "--seed: at most 2147483647 for images");
}

mj_status mj_load_judge(mj_judge **judge, mj_context *context, const mj_dataset *train,
                        const mj_dataset *test, bool by_pixels)
{
    const char *path = NULL;
    if (by_pixels) {
        return mj_judge_new(judge, path, train, test, &context->arena, &context->err);
    }
    MJ_TRY(mj_find_file(&path, context, "trained", ".safetensors", YARDSTICK));
    return mj_judge_new(judge, path, train, test, &context->arena, &context->err);
}

void mj_labels_fill(int *label, int n, int n_class)
{
    for (int i = 0; i < n; i++) {
        label[i] = i % n_class;
    }
}

static int run(mj_context *context, int argc, char **argv)
{
    bool help = false, version = false;
    int first = mj_options_parse_globals(context, &help, &version, argc, argv);
    if (first < 0) {
        return mj_context_fail(context);
    }
    help = first + 1 < argc && strcmp(argv[first], "help") == 0;
    const char *name = first < argc ? argv[first + help] : "";
    bool asked = !help && first + 2 == argc && strcmp(argv[first + 1], "help") == 0;
    for (int i = 0; i < COMMANDS_N; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            char option[] = "--help";
            char *arguments[] = {argv[first + help], option, NULL};
            return help || asked ? commands[i].run(context, 2, arguments)
                        : commands[i].run(context, argc - first, argv + first);
        }
    }
    return mj_context_fail_with(context, MJ_ENAME,
                                "mj-train is started by mj train, eval, sample and realize");
}

/* Threads that wait are to sleep: the machine may be shared. OpenMP reads this when a program starts, so
 * this one starts again; returns if it is set or that fails. */
static void set_waiting(char **argv)
{
    if (!getenv(WAIT_VARIABLE) && setenv(WAIT_VARIABLE, "passive", 1) == 0) {
        execv("/proc/self/exe", argv);
    }
}

int main(int argc, char **argv)
{
    mj_context context;
    set_waiting(argv);
    signal(SIGXFSZ, SIG_IGN); /* a limit on files is met as a full disk is: by an error and no half file */
    mj_context_init(&context);
    context.argc = argc;
    context.argv = argv;
    int exit_code = run(&context, argc, argv);
    mj_context_fini(&context);
    return mj_output_finish(exit_code);
}
