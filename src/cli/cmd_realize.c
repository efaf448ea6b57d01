/* mj realize: a trained network as a circuit. Oscillators: realize_rings.c; an equilibrium net:
 * realize_spice.c; a look-up-table network, with the vectors that mj measure checks it on: here.
 *
 * The vectors are what the network reads at work: its own test data, in order, because the energy depends
 * on how much changes from one input to the next. */
#include "config.h"
#include "mj/json.h"
#include "mj/lut_examples.h"
#include "mj/realize.h"
#include "mj/safetensors.h"
#include "mj/text.h"
#include "options.h"
#include "train_commands.h"
#include "version.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { VECTORS_DEFAULT = 10000, VECTORS_MAX = 1000000 };
enum { RINGS_IMAGES_DEFAULT = 16, IMAGES_MAX = 1000 };
static const double RINGS_LIMIT_s = 3600; /* one ring takes a second; a busy machine a thousand times that */
static const double NODE_MIN_m = 1e-9, NODE_MAX_m = 1e-3, LIMIT_MAX_s = 86400;

typedef enum { AS_NOTHING, AS_VERILOG, AS_SPICE } form;
static const char *const form_names[] = {"", "verilog", "spice", NULL};

static const char *const cell_names[] = {"transistor", "ideal", NULL};

typedef struct {
    const char *out, *data;
    int form;
    const char *liberty; /* of look-up tables */
    double node_m, limit_s;
    int n_vectors;
    bool random, naive, vectors_given;
    const char *card, *corner; /* of an equilibrium net */
    int cells;
    bool cells_given;
    int n_images; /* 0: of oscillators 16, of an equilibrium net 3 */
    const char *substrate, *models; /* of oscillators */
    bool substrate_given;
} request;

static mj_status load_examples(mj_lut_examples *examples, mj_context *context, const mj_lut_model *model,
                               const char *data, int n)
{
    mj_arena *arena = &context->arena;
    mj_err *err = &context->err;
    if (model->alphabet) {
        mj_corpus corpus;
        mj_symbols text;
        MJ_TRY(mj_corpus_load(&corpus, data, arena, err));
        const mj_symbols *test = &corpus.part[MJ_PART_TEST];
        MJ_TRY(mj_alphabet_encode(&text, model->alphabet, test->byte, test->n, arena, err));
        return mj_lut_examples_read(examples, model, NULL, &text, n, arena, err);
    }
    mj_dataset train, test;
    MJ_TRY(mj_load_data(&train, &test, context, data, 0));
    return mj_lut_examples_read(examples, model, &test, NULL, n, arena, err);
}

/* Words of 64 samples as rows; *label: the right answers. */
static mj_status load_vectors(mj_vectors *vectors, const int **label, mj_context *context,
                              const mj_lut_model *model, const char *data, int n)
{
    mj_lut_examples examples;
    MJ_TRY(load_examples(&examples, context, model, data, n));
    *label = examples.label;
    MJ_TRY(mj_vectors_new(vectors, examples.n, model->net.n_inputs, &context->arena, &context->err));
    for (int i = 0; i < vectors->n_bits; i++) {
        const uint64_t *word = examples.bits + (size_t)i * (size_t)examples.n_words;
        for (int v = 0; v < vectors->n; v++) {
            mj_vectors_set(vectors, v, i, word[v / 64] >> v % 64 & 1);
        }
    }
    return MJ_OK;
}

static void print(const mj_manifest *m, const char *folder)
{
    char word[PATH_MAX + 2];
    int n_outputs = 0;
    for (int g = 0; g < m->n_groups; g++) {
        n_outputs += m->group[g].n_outputs;
    }
    printf("%s\n  core      %d tables, %d inputs, %d signals to the read-out\n  read-out  %d outputs in %d "
           "counts, by %s; result: %s\n  vectors   %d, %s\n",
           folder, m->n_nodes, m->n_inputs, m->n_signals, n_outputs, m->n_groups,
           m->naive ? "operators" : "full and half adders", m->n_class_bits ? "the class" : "the counts",
           m->n_vectors, m->vectors_from);
    if (m->mapped) {
        printf("  netlist   gate.v, gate.json: %s\n  next      mj measure %s\n", m->liberty,
               mj_text_shell_word(word, sizeof word, folder));
    }
}

static mj_status print_json(const mj_manifest *m, const char *folder, mj_err *err)
{
    mj_json *root = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "folder", folder);
    mj_json_set_text(root, "kind", m->kind);
    mj_json_set_text(root, "model", m->model);
    mj_json_set_integer(root, "tables", m->n_nodes);
    mj_json_set_integer(root, "inputs", m->n_inputs);
    mj_json_set_integer(root, "signals", m->n_signals);
    mj_json_set_integer(root, "counts", m->n_groups);
    mj_json_set_integer(root, "vectors", m->n_vectors);
    mj_json_set_text(root, "liberty", m->liberty);
    mj_json_set_bool(root, "mapped", m->mapped);
    mj_status status = mj_json_print(root, stdout, err);
    mj_json_free(root);
    return status;
}

/* Kinds of models that have a circuit, a bit each. */
enum { LUT = 1, EQUILIBRIUM = 2, OSCILLATOR = 4 };
typedef struct {
    mj_trained_kind kind;
    unsigned bit;
    form form;
    const char *words;
} circuit;
static const circuit circuits[] = {
    {MJ_TRAINED_LUT, LUT, AS_VERILOG, "a look-up-table network"},
    {MJ_TRAINED_EQUILIBRIUM, EQUILIBRIUM, AS_SPICE, "an equilibrium net"},
    {MJ_TRAINED_OSCILLATOR, OSCILLATOR, AS_SPICE, "a net of oscillators"},
};

/* By what the file says that it is. */
static mj_status find_circuit(const circuit **found, const char *path, mj_context *context)
{
    mj_safetensors file;
    MJ_TRY(mj_safetensors_load_header(&file, path, &context->arena, &context->err));
    const char *model = mj_safetensors_text(&file, "model");
    for (size_t i = 0; model && i < sizeof circuits / sizeof circuits[0]; i++) {
        if (strcmp(model, mj_trained_kind_names[circuits[i].kind]) == 0) {
            *found = &circuits[i];
            return MJ_OK;
        }
    }
    return mj_err_add(&context->err, MJ_ESUPPORT, path, 0, 0,
                      "a model of kind '%s' has no circuit; look-up-table networks have one (--as verilog), "
                      "and equilibrium nets and nets of oscillators (--as spice)", model ? model : "unknown");
}

/* Options of one kind of model on another. */
static mj_status check_options(const request *r, const circuit *c, const char *path, mj_context *context)
{
    mj_err *err = &context->err;
    const struct {
        const char *option;
        bool given;
        unsigned of;
    } some[] = {
        {"--liberty", r->liberty, LUT},
        {"--node", r->node_m > 0, LUT},
        {"--vectors", r->vectors_given, LUT},
        {"--random", r->random, LUT},
        {"--naive", r->naive, LUT},
        {"--data", r->data, LUT | EQUILIBRIUM},
        {"--cells", r->cells_given, EQUILIBRIUM},
        {"--card", r->card, EQUILIBRIUM},
        {"--corner", r->corner, EQUILIBRIUM},
        {"--substrate", r->substrate_given, OSCILLATOR},
        {"--models", r->models, OSCILLATOR},
        {"--n", r->n_images > 0, EQUILIBRIUM | OSCILLATOR},
        {"--limit", r->limit_s > 0, LUT | OSCILLATOR},
        {"--seed", context->globals.seed_given, LUT | OSCILLATOR},
    };
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        if (some[i].given && !(some[i].of & c->bit)) {
            return mj_err_add(err, MJ_EKEY, path, 0, 0, "%s takes no %s", c->words, some[i].option);
        }
    }
    if (r->cells == 1 && (r->card || r->corner)) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0, "ideal cells have no transistors: no --card, no --corner");
    }
    if (r->random && r->data) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0, "--random and --data are different vectors");
    }
    if (c->bit == LUT && context->globals.seed_given && !r->random) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0, "--seed is of --random vectors");
    }
    return MJ_OK;
}

/* What training found the model to be worth, if its file says. */
static mj_status find_quality(const char **metric, double *quality, const char *path, mj_context *context)
{
    static const char *const keys[][2] = {{"test_accuracy", "accuracy"},
                                          {"bits_per_image", "bits an image"},
                                          {"validation_bits_per_byte", "bits a byte"}};
    mj_safetensors file;
    MJ_TRY(mj_safetensors_load_header(&file, path, &context->arena, &context->err));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *text = mj_safetensors_text(&file, keys[i][0]);
        if (text) {
            *metric = keys[i][1];
            *quality = strtod(text, NULL);
        }
    }
    return MJ_OK;
}

static mj_status run_lut(mj_context *context, const request *r, const char *path)
{
    mj_lut_model model;
    mj_vectors vectors;
    mj_manifest manifest;
    mj_err *err = &context->err;
    const char *metric = NULL;
    const int *label = NULL;
    double quality = 0;
    MJ_TRY(mj_lut_file_load(&model, path, mj_context_units(context), &context->arena, err));
    MJ_TRY(find_quality(&metric, &quality, path, context));
    const double train_scale = model.net.scale;
    if (model.recipe.objective.kind == MJ_OBJECTIVE_CLASSIFY) {
        model.net.scale = 0; /* training's: at work only the largest counts */
    }
    const char *data = r->data ? r->data : model.data;
    if (!r->random) {
        MJ_TRY(load_vectors(&vectors, &label, context, &model, data, r->n_vectors));
    }
    const mj_realize_config config = {
        .folder = r->out, .model = model.recipe.name, .path = path, .version = MJ_VERSION,
        .commit = MJ_COMMIT, .liberty = r->liberty, .node_m = r->node_m, .naive = r->naive,
        .vectors = r->random ? NULL : &vectors, .vectors_from = data, .n_vectors = r->n_vectors,
        .seed = context->globals.seed, .limit_s = r->limit_s, .label = label, .tree = model.tree,
        .train_scale = train_scale,
        .metric = metric, .quality = quality};
    MJ_TRY(mj_realize_verilog(&manifest, &model.net, &config, &context->arena, err));
    if (context->globals.json) {
        return print_json(&manifest, r->out, err);
    }
    print(&manifest, r->out);
    return MJ_OK;
}

/* By the kind of the model. */
static mj_status run(mj_context *context, const request *r, const char *word)
{
    const char *path;
    const circuit *c = NULL;
    mj_err *err = &context->err;
    if (!mj_context_units(context)) {
        return MJ_EMEM;
    }
    if (r->form == AS_NOTHING || !r->out) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0, "mj realize needs %s",
                          r->form == AS_NOTHING ? "--as verilog or --as spice" : "--out DIR");
    }
    MJ_TRY(mj_find_file(&path, context, "trained", ".safetensors", word));
    MJ_TRY(find_circuit(&c, path, context));
    if ((int)c->form != r->form) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0, "%s has a circuit --as %s, not --as %s", c->words,
                          form_names[c->form], form_names[r->form]);
    }
    MJ_TRY(check_options(r, c, path, context));
    if (c->bit == LUT) {
        return run_lut(context, r, path);
    }
    if (c->bit == EQUILIBRIUM) {
        const mj_spice_request spice = {.out = r->out, .data = r->data, .card = r->card, .corner = r->corner,
                                        .n_images = r->n_images, .ideal = r->cells == 1};
        return mj_realize_spice(context, path, &spice);
    }
    const mj_rings_request rings = {.path = path, .out = r->out, .substrate = r->substrate,
                                    .models = r->models,
                                    .n_images = r->n_images > 0 ? r->n_images : RINGS_IMAGES_DEFAULT,
                                    .limit_s = r->limit_s > 0 ? r->limit_s : RINGS_LIMIT_s};
    return mj_realize_rings(context, &rings);
}

/* What the command takes, in groups: all models, look-up tables, an equilibrium net, oscillators. */
enum { OPTIONS_N = 15 };
static void set_options(mj_option option[OPTIONS_N], request *r)
{
    const mj_option own[OPTIONS_N] = {
        {.name = "as", .argument = "FORM", .kind = MJ_OPTION_CHOICE, .target = &r->form, .choices = form_names,
         .help = "verilog, of look-up tables; spice, of oscillators or an equilibrium net"},
        {.name = "out", .argument = "DIR", .kind = MJ_OPTION_TEXT, .target = &r->out,
         .help = "a new or empty folder"},
        {.name = "data", .argument = "DATA", .kind = MJ_OPTION_TEXT, .target = &r->data,
         .help = "whose test part the samples are (what the model was trained on)"},
        {.name = "liberty", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r->liberty,
         .help = "of look-up tables: cell library to map onto (osu018, 180 nm)"},
        {.name = "node", .argument = "LENGTH", .kind = MJ_OPTION_REAL, .target = &r->node_m, .unit = "m",
         .min = NODE_MIN_m, .max = NODE_MAX_m, .help = "of that library: '45 nm'"},
        {.name = "vectors", .argument = "N", .kind = MJ_OPTION_INT, .target = &r->n_vectors, .min = 1,
         .max = VECTORS_MAX, .given = &r->vectors_given,
         .help = "of look-up tables: samples to check and measure with (10000)"},
        {.name = "random", .kind = MJ_OPTION_FLAG, .target = &r->random,
         .help = "of look-up tables: random vectors instead, by --seed"},
        {.name = "naive", .kind = MJ_OPTION_FLAG, .target = &r->naive,
         .help = "of look-up tables: read-out by + and >, to compare with"},
        {.name = "cells", .argument = "KIND", .kind = MJ_OPTION_CHOICE, .target = &r->cells,
         .choices = cell_names, .given = &r->cells_given,
         .help = "of an equilibrium net: transistor (default), or ideal"},
        {.name = "card", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r->card,
         .help = "of an equilibrium net: models of transistors (own card, 180 nm)"},
        {.name = "corner", .argument = "NAME", .kind = MJ_OPTION_TEXT, .target = &r->corner,
         .help = "of an equilibrium net: section of that file (tt)"},
        {.name = "substrate", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r->substrate,
         .given = &r->substrate_given,
         .help = "of oscillators: split rings of mj measure ring, or a name in data/circuits\n"
                 "(ring-180nm-split)"},
        {.name = "models", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r->models,
         .help = "of oscillators: the rings' models of transistors (the card in data/circuits)"},
        {.name = "n", .argument = "N", .kind = MJ_OPTION_INT, .target = &r->n_images, .min = 1,
         .max = IMAGES_MAX,
         .help = "of oscillators: images, the classes in turn (16); of an equilibrium net: to settle on (3)"},
        {.name = "limit", .argument = "TIME", .kind = MJ_OPTION_REAL, .target = &r->limit_s, .unit = "s",
         .min = 1, .max = LIMIT_MAX_s, .help = "of a tool: '1200 s' (600 s; of oscillators 3600 s)"},
    };
    memcpy(option, own, sizeof own);
}

int mj_cmd_realize(mj_context *context, int argc, char **argv)
{
    request r = {.n_vectors = VECTORS_DEFAULT, .substrate = "ring-180nm-split"};
    mj_option option[OPTIONS_N];
    set_options(option, &r);
    const mj_usage usage = {
        .sentence = "MODEL",
        .about = "Writes a trained network as a circuit that mj measure reads: of look-up tables, Verilog, its\n"
                 "netlist of library cells by yosys, and test vectors; of an equilibrium net, resistors,\n"
                 "capacitors and transistors in SPICE; of oscillators, rings of transistors, a deck an image.\n"
                 "MODEL is a name in data/trained, a path, or a folder of mj train.",
        .option = option,
        .n_options = OPTIONS_N,
        .takes_seed = true,
        .refuses = "csv facts",
        .example = "mj realize lut-fashion-classifier --as verilog --out /tmp/chip\n"
                   "mj realize lut-text --as verilog --out /tmp/chip --liberty my.lib --node '45 nm'\n"
                   "mj realize equilibrium-fashion --as spice --out /tmp/net\n"
                   "mj realize oscillator-fashion-small-ring --as spice --n 1 --out /tmp/rings",
    };
    const char *word[1];
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "realize", &usage, word, argc, argv)) {
        return exit_code;
    }
    return run(context, &r, word[0]) == MJ_OK ? MJ_EXIT_OK : mj_context_fail(context);
}
