/* mj realize: a trained look-up-table network as a circuit, with the vectors that mj measure checks it on;
 * or an equilibrium net (realize_spice.c).
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
static const double NODE_MIN_m = 1e-9, NODE_MAX_m = 1e-3, LIMIT_MAX_s = 86400;

typedef enum { AS_NOTHING, AS_VERILOG, AS_SPICE } form;
static const char *const form_names[] = {"", "verilog", "spice", NULL};

typedef struct {
    const char *out, *liberty, *data;
    double node_m, limit_s;
    int form, n_vectors;
    bool random, naive, vectors_given;
    const char *card, *corner; /* --as spice */
    int cells, n_images;
    bool cells_given;
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

static const char *const cell_names[] = {"transistor", "ideal", NULL};

/* Options of one form on the other. */
static mj_status check_form(const request *r, mj_err *err)
{
    const struct {
        const char *option;
        bool given;
        form of;
    } some[] = {
        {"--liberty", r->liberty, AS_VERILOG},    {"--node", r->node_m > 0, AS_VERILOG},
        {"--vectors", r->vectors_given, AS_VERILOG}, {"--random", r->random, AS_VERILOG},
        {"--naive", r->naive, AS_VERILOG},        {"--limit", r->limit_s > 0, AS_VERILOG},
        {"--cells", r->cells_given, AS_SPICE},    {"--card", r->card, AS_SPICE},
        {"--corner", r->corner, AS_SPICE},        {"--images", r->n_images > 0, AS_SPICE},
    };
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        if (some[i].given && (int)some[i].of != r->form) {
            return mj_err_add(err, MJ_EKEY, NULL, 0, 0, "%s is of --as %s", some[i].option,
                              form_names[some[i].of]);
        }
    }
    if (r->cells == 1 && (r->card || r->corner)) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0, "ideal cells have no transistors: no --card, no --corner");
    }
    return MJ_OK;
}

static mj_status check_request(const request *r, mj_context *context)
{
    mj_err *err = &context->err;
    if (r->form == AS_NOTHING || !r->out) {
        return mj_err_add(err, MJ_EKEY, NULL, 0, 0, "mj realize needs %s",
                          r->form == AS_NOTHING ? "--as verilog or --as spice" : "--out DIR");
    }
    MJ_TRY(check_form(r, err));
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
        const mj_spice_request spice = {.out = r->out, .data = r->data, .card = r->card, .corner = r->corner,
                                        .n_images = r->n_images, .ideal = r->cells == 1};
        return mj_realize_spice(context, path, &spice);
    }
    MJ_TRY(mj_lut_file_load(&model, path, units, &context->arena, err));
    if (model.recipe.objective.kind == MJ_OBJECTIVE_CLASSIFY) {
        model.net.scale = 0; /* training's: at work only the largest counts */
    }
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
    request r = {.n_vectors = VECTORS_DEFAULT};
    const mj_option option[] = {
        {.name = "as", .argument = "FORM", .kind = MJ_OPTION_CHOICE, .target = &r.form,
         .choices = form_names, .help = "verilog; spice, of an equilibrium net"},
        {.name = "out", .argument = "DIR", .kind = MJ_OPTION_TEXT, .target = &r.out,
         .help = "a new or empty folder"},
        {.name = "liberty", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r.liberty,
         .help = "cell library to map onto (osu018, 180 nm)"},
        {.name = "node", .argument = "LENGTH", .kind = MJ_OPTION_REAL, .target = &r.node_m, .unit = "m",
         .min = NODE_MIN_m, .max = NODE_MAX_m, .help = "of that library: '45 nm'"},
        {.name = "vectors", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.n_vectors, .min = 1,
         .max = VECTORS_MAX, .given = &r.vectors_given, .help = "samples to check and measure with (10000)"},
        {.name = "data", .argument = "DATA", .kind = MJ_OPTION_TEXT, .target = &r.data,
         .help = "whose test part they are (what the model was trained on)"},
        {.name = "random", .kind = MJ_OPTION_FLAG, .target = &r.random,
         .help = "random vectors instead, by --seed"},
        {.name = "naive", .kind = MJ_OPTION_FLAG, .target = &r.naive,
         .help = "read-out by + and >, to compare with"},
        {.name = "cells", .argument = "KIND", .kind = MJ_OPTION_CHOICE, .target = &r.cells,
         .choices = cell_names, .given = &r.cells_given,
         .help = "of --as spice: transistor (default), or ideal"},
        {.name = "card", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &r.card,
         .help = "of --as spice: models of transistors (own card, 180 nm)"},
        {.name = "corner", .argument = "NAME", .kind = MJ_OPTION_TEXT, .target = &r.corner,
         .help = "of --as spice: section of that file (tt)"},
        {.name = "images", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.n_images, .min = 1,
         .max = 1000, .help = "of --as spice: images to settle on (3)"},
        {.name = "limit", .argument = "TIME", .kind = MJ_OPTION_REAL, .target = &r.limit_s, .unit = "s",
         .min = 1, .max = LIMIT_MAX_s, .help = "of a tool: '1200 s' (600 s)"},
    };
    const mj_usage usage = {
        .sentence = "MODEL",
        .about = "Writes a trained look-up-table network as a circuit: Verilog, its netlist of library\n"
                 "cells by yosys, test vectors, and a manifest that mj measure reads; or an equilibrium net as\n"
                 "resistors, capacitors and transistors in SPICE. MODEL is a name in data/trained or a path.",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .takes_seed = true,
        .refuses = "csv facts",
        .example = "mj realize lut-fashion-classifier --as verilog --out /tmp/chip\n"
                   "mj realize lut-text --as verilog --out /tmp/chip --liberty my.lib --node '45 nm'\n"
                   "mj realize equilibrium-fashion --as spice --out /tmp/net",
    };
    const char *word[1];
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "realize", &usage, word, argc, argv)) {
        return exit_code;
    }
    return run(context, &r, word[0]) == MJ_OK ? MJ_EXIT_OK : mj_context_fail(context);
}
