/* mj realize: a trained network as a circuit. Oscillators: realize_rings.c. A look-up-table network, with
 * the vectors that mj measure checks it on.
 *
 * The vectors are what the network reads at work: its own test data, in order, because the energy depends
 * on how much changes from one input to the next. */
#include "config.h"
#include "mj/json.h"
#include "mj/lut_examples.h"
#include "mj/realize.h"
#include "options.h"
#include "train_commands.h"
#include "version.h"

enum { VECTORS_DEFAULT = 10000, VECTORS_MAX = 1000000 };
enum { IMAGES_DEFAULT = 16, IMAGES_MAX = 1000 };
static const double RINGS_LIMIT_s = 3600; /* one ring takes a second; a busy machine a thousand times that */
static const double NODE_MIN_m = 1e-9, NODE_MAX_m = 1e-3, LIMIT_MAX_s = 86400;

typedef enum { AS_NOTHING, AS_VERILOG, AS_SPICE } form;
static const char *const form_names[] = {"", "verilog", "spice", NULL};

typedef struct {
    const char *out, *liberty, *data, *substrate, *models;
    double node_m, limit_s;
    int form, n_vectors, n_images;
    bool random, naive, of_gates, of_rings;
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

/* Words of 64 samples as rows. */
static mj_status load_vectors(mj_vectors *vectors, mj_context *context, const mj_lut_model *model,
                              const char *data, int n)
{
    mj_lut_examples examples;
    MJ_TRY(load_examples(&examples, context, model, data, n));
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
        printf("  netlist   gate.v, gate.json: %s\n  next      mj measure %s\n", m->liberty, folder);
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

static mj_status check_request(const request *r, mj_context *context)
{
    mj_err *err = &context->err;
    if (r->form == AS_NOTHING || !r->out) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0, "mj realize needs %s",
                          r->form == AS_NOTHING ? "--as verilog or --as spice" : "--out DIR");
    }
    if (r->form == AS_SPICE ? r->of_gates : r->of_rings) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0, "%s",
                          r->form == AS_SPICE ? "--as spice takes --out, --substrate, --models, --n, --limit and "
                                                "--seed"
                                              : "--substrate, --models and --n are of --as spice");
    }
    if (r->form == AS_SPICE) {
        return MJ_OK;
    }
    if (r->random && r->data) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0, "--random and --data are different vectors");
    }
    return !context->globals.seed_given || r->random
               ? MJ_OK
               : mj_err_add(err, MJ_EKEY, NULL, 0, 0, "--seed is of --random vectors");
}

static mj_status run(mj_context *context, const request *r, const char *word)
{
    const char *path;
    mj_lut_model model;
    mj_vectors vectors;
    mj_manifest manifest;
    mj_err *err = &context->err;
    const mj_units *units = mj_context_units(context);
    if (!units) {
        return MJ_EMEM;
    }
    MJ_TRY(check_request(r, context));
    MJ_TRY(mj_find_file(&path, context, "trained", ".safetensors", word));
    if (r->form == AS_SPICE) {
        const mj_rings_request rings = {.path = path, .out = r->out, .substrate = r->substrate,
                                        .models = r->models, .n_images = r->n_images,
                                        .limit_s = r->limit_s > 0 ? r->limit_s : RINGS_LIMIT_s};
        return mj_realize_rings(context, &rings);
    }
    MJ_TRY(mj_lut_file_load(&model, path, units, &context->arena, err));
    const char *data = r->data ? r->data : model.data;
    if (!r->random) {
        MJ_TRY(load_vectors(&vectors, context, &model, data, r->n_vectors));
    }
    const mj_realize_config config = {
        .folder = r->out, .model = model.recipe.name, .path = path, .version = MJ_VERSION,
        .commit = MJ_COMMIT, .liberty = r->liberty, .node_m = r->node_m, .naive = r->naive,
        .vectors = r->random ? NULL : &vectors, .vectors_from = data, .n_vectors = r->n_vectors,
        .seed = context->globals.seed, .limit_s = r->limit_s};
    MJ_TRY(mj_realize_verilog(&manifest, &model.net, &config, &context->arena, err));
    if (context->globals.json) {
        return print_json(&manifest, r->out, err);
    }
    print(&manifest, r->out);
    return MJ_OK;
}

int mj_cmd_realize(mj_context *context, int argc, char **argv)
{
    request r = {.n_vectors = VECTORS_DEFAULT, .substrate = "ring-180nm-split", .n_images = IMAGES_DEFAULT};
    const mj_option option[] = {
        {.name = "as", .argument = "FORM", .kind = MJ_OPTION_CHOICE, .target = &r.form,
         .choices = form_names,
         .help = "verilog: look-up tables as gates; spice: oscillators as rings"},
        {.name = "out", .argument = "DIR", .kind = MJ_OPTION_TEXT, .target = &r.out,
         .help = "a new or empty folder"},
        {.name = "liberty", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r.liberty, .given = &r.of_gates,
         .help = "cell library to map onto (osu018, 180 nm)"},
        {.name = "node", .argument = "LENGTH", .kind = MJ_OPTION_REAL, .target = &r.node_m, .unit = "m",
         .min = NODE_MIN_m, .max = NODE_MAX_m, .help = "of that library: '45 nm'"},
        {.name = "vectors", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.n_vectors, .min = 1,
         .given = &r.of_gates, .max = VECTORS_MAX, .help = "samples to check and measure with (10000)"},
        {.name = "data", .argument = "DATA", .kind = MJ_OPTION_TEXT, .target = &r.data, .given = &r.of_gates,
         .help = "whose test part they are (what the model was trained on)"},
        {.name = "random", .kind = MJ_OPTION_FLAG, .target = &r.random, .given = &r.of_gates,
         .help = "random vectors instead, by --seed"},
        {.name = "naive", .kind = MJ_OPTION_FLAG, .target = &r.naive, .given = &r.of_gates,
         .help = "read-out by + and >, to compare with"},
        {.name = "substrate", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r.substrate,
         .given = &r.of_rings,
         .help = "split rings of mj measure ring, or a name in data/circuits (ring-180nm-split)"},
        {.name = "models", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r.models,
         .given = &r.of_rings, .help = "its models of transistors (the card in data/circuits)"},
        {.name = "n", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.n_images, .min = 1,
         .max = IMAGES_MAX, .given = &r.of_rings, .help = "images, the classes in turn (16)"},
        {.name = "limit", .argument = "TIME", .kind = MJ_OPTION_REAL, .target = &r.limit_s, .unit = "s",
         .min = 1, .max = LIMIT_MAX_s, .help = "of a tool: '1200 s' (600 s)"},
    };
    const mj_usage usage = {
        .sentence = "MODEL",
        .about = "Writes a trained network as a circuit: of oscillators, rings of transistors for ngspice, a\n"
                 "deck an image; of look-up tables, Verilog, its netlist of library\n"
                 "cells by yosys, test vectors, and a manifest that mj measure reads. MODEL is a name in\n"
                 "data/trained or a path.",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .takes_seed = true,
        .refuses = "csv facts",
        .example = "mj realize lut-fashion-classifier --as verilog --out /tmp/chip\n"
                   "mj realize lut-text --as verilog --out /tmp/chip --liberty my.lib --node '45 nm'",
    };
    const char *word[1];
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "realize", &usage, word, argc, argv)) {
        return exit_code;
    }
    return run(context, &r, word[0]) == MJ_OK ? MJ_EXIT_OK : mj_context_fail(context);
}
