/* Language models of all kinds behind one table. */
#include "mj/language.h"

#include "lut_language.h"
#include "mj/lookup_file.h"
#include "mj/text_net_file.h"
#include "lookup_machine.h"
#include "task.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define ALPHABET "alphabet"
#define DATA_BYTES "data.bytes"
#define DATA_SHA256 "data.sha256"
enum { SEGMENT = 256 }; /* of a text that is judged: long enough for products to be fast */
static const double ESCAPE_BITS = 8;
static const uint64_t READ_SEED = 1ull << 63 | 5; /* of the noise of reads: apart from those of chips */

typedef struct mj_language_kind {
    mj_trained_kind kind;
    mj_status (*load)(mj_language *language, const char *path, mj_language_use use,
                      const mj_units *units, mj_arena *arena, mj_err *err);
    double (*bits)(void *self, const uint8_t *symbol, size_t n);
    void (*next)(mj_real *logits, void *self, const uint8_t *at);
    mj_status (*check)(const void *self, const mj_analog *machine, mj_err *err);
    mj_status (*set)(void *self, const mj_analog *machine, mj_err *err);
} mj_language_kind;

/* Look-up memories. */

typedef struct {
    mj_lookup_model model;
    mj_lookup_reader reader;
    mj_real *p;
} lookup_language;

static mj_status load_lookup(mj_language *language, const char *path, mj_language_use use,
                             const mj_units *units, mj_arena *arena, mj_err *err)
{
    lookup_language *l = mj_arena_alloc(arena, sizeof *l);
    if (!l) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a look-up memory");
    }
    *l = (lookup_language){.reader = {.key = {.seed = READ_SEED, .stream = 1}}};
    MJ_TRY(mj_lookup_file_load(&l->model, path, units, arena, err));
    l->reader.noise = l->model.recipe.model.analog.read_noise;
    l->p = mj_arena_array(arena, l->model.text->columns, sizeof *l->p);
    if (!l->p) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a look-up memory");
    }
    language->alphabet = &l->model.alphabet;
    language->stored_B = l->model.stored_B;
    language->touched_B = l->model.touched_B;
    language->self = l;
    const mj_lookup_text *text = l->model.text;
    double D = text->memory->dims, V = text->config.n_symbols;
    language->work = (mj_language_work){.mac = mj_lookup_reads_count(text->memory), .outputs = D,
                                        .rows = true, .weight_bits = l->model.recipe.model.row_bits,
                                        .rest_mac = text->head ? D * V : 0,
                                        .rest_weight_B = text->head ? D * V : 0};
    if (use == MJ_LANGUAGE_SWEEPS) {
        mj_lookup_machine_keep(l->model.text);
    }
    return MJ_OK;
}

static double bits_lookup(void *self, const uint8_t *symbol, size_t n)
{
    lookup_language *l = self;
    double bits = 0;
    for (size_t i = 0; i < n; i++) {
        mj_lookup_text_predict(l->p, &l->reader, l->model.text, symbol + i);
        bits -= log2((double)l->p[symbol[i]]);
    }
    return bits;
}

static mj_status check_lookup(const void *self, const mj_analog *machine, mj_err *err)
{
    const lookup_language *l = self;
    int stored = l->model.recipe.model.row_bits;
    if (machine->activation_bits) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0, "a look-up memory has no activations");
    }
    if (machine->weight_bits > stored) {
        return mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "rows of %d bits: %d are stored",
                          machine->weight_bits, stored);
    }
    return MJ_OK;
}

/* Codes of as many bits as are stored are those that are stored. */
static mj_status set_lookup(void *self, const mj_analog *machine, mj_err *err)
{
    lookup_language *l = self;
    mj_analog rows = *machine;
    if (rows.weight_bits == l->model.recipe.model.row_bits) {
        rows.weight_bits = 0;
    }
    l->reader = (mj_lookup_reader){.noise = machine->noise,
                                   .key = {.seed = READ_SEED, .stream = machine->chip}};
    return mj_lookup_machine_write(l->model.text, &rows, err);
}

static void next_lookup(mj_real *logits, void *self, const uint8_t *at)
{
    lookup_language *l = self;
    mj_lookup_text_logits(l->p, &l->reader, l->model.text, at);
    memcpy(logits, l->p, (size_t)l->model.alphabet.n_symbols * sizeof *logits);
}

/* Text nets. */

static mj_status load_text_net(mj_language *language, const char *path, mj_language_use use,
                               const mj_units *units, mj_arena *arena, mj_err *err)
{
    (void)units;
    mj_checkpoint checkpoint;
    mj_text_net_reader *reader;
    int n_steps = use == MJ_LANGUAGE_GENERATES ? 1 : SEGMENT;
    MJ_TRY(mj_checkpoint_load(&checkpoint, path, arena, err));
    MJ_TRY((use == MJ_LANGUAGE_SWEEPS ? mj_text_net_file_load_analog : mj_text_net_file_load)(
        &reader, &checkpoint, language->recipe, n_steps, arena, err));
    language->alphabet = &reader->alphabet;
    language->stored_B = reader->stored_B;
    language->touched_B = reader->touched_B;
    language->self = reader;
    const mj_text_net_work *work = &reader->work;
    language->work = (mj_language_work){.mac = work->mac, .inputs = work->inputs,
                                        .outputs = work->outputs, .weight_bits = reader->stored_bits,
                                        .rest_mac = work->rest_mac, .rest_B = work->own_B,
                                        .rest_weight_B = reader->touched_B - work->weight_B -
                                                         work->own_B};
    return MJ_OK;
}

/* -log2 softmax(z)[symbol] */
static double bits_of(const mj_real *z, int n, int symbol)
{
    double sum = 0;
    for (int v = 0; v < n; v++) {
        sum += exp((double)(z[v] - z[symbol]));
    }
    return log2(sum);
}

static double bits_text_net(void *self, const uint8_t *symbol, size_t n)
{
    mj_text_net_reader *reader = self;
    int V = reader->net.n_symbols;
    double bits = 0;
    for (size_t at = 0; at < n; at += SEGMENT) {
        int count = n - at < SEGMENT ? (int)(n - at) : SEGMENT;
        const mj_real *logits = mj_text_net_read(reader, symbol + at, count);
        for (int i = 0; i < count; i++) {
            bits += bits_of(logits + (size_t)i * (size_t)V, V, symbol[at + (size_t)i]);
        }
    }
    return bits;
}

static void next_text_net(mj_real *logits, void *self, const uint8_t *at)
{
    mj_text_net_reader *reader = self;
    memcpy(logits, mj_text_net_read(reader, at, 1), (size_t)reader->net.n_symbols * sizeof *logits);
}

static mj_status check_text_net(const void *self, const mj_analog *machine, mj_err *err)
{
    const mj_text_net_reader *reader = self;
    return machine->weight_bits <= reader->stored_bits
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, NULL, 0, 0, "weights of %d bits: %d are stored",
                            machine->weight_bits, reader->stored_bits);
}

static mj_status set_text_net(void *self, const mj_analog *machine, mj_err *err)
{
    (void)err;
    mj_text_net_reader *reader = self;
    reader->machine = *machine;
    mj_text_net_restart(reader, machine->chip);
    return MJ_OK;
}

static const mj_language_kind kinds[] = {
    {MJ_TRAINED_LOOKUP, load_lookup, bits_lookup, next_lookup, check_lookup, set_lookup},
    {MJ_TRAINED_TEXT_NET, load_text_net, bits_text_net, next_text_net, check_text_net,
     set_text_net},
    {MJ_TRAINED_LUT, mj_lut_language_load, mj_lut_language_bits, mj_lut_language_next, NULL, NULL},
};

static const mj_language_kind *kind_of(const char *model)
{
    for (size_t k = 0; model && k < sizeof kinds / sizeof kinds[0]; k++) {
        if (strcmp(model, mj_trained_kind_names[kinds[k].kind]) == 0) {
            return &kinds[k];
        }
    }
    return NULL;
}

bool mj_language_is(const char *path, mj_arena *arena)
{
    mj_safetensors file;
    mj_err unseen = {0}; /* a file that cannot be read is complained about by who needs it */
    if (mj_safetensors_load_header(&file, path, arena, &unseen) != MJ_OK) {
        return false;
    }
    const mj_language_kind *kind = kind_of(mj_safetensors_text(&file, "model"));
    /* look-up-table networks are of images, too */
    return kind && (kind->kind != MJ_TRAINED_LUT || mj_safetensors_find(&file, ALPHABET));
}

mj_status mj_language_load(mj_language *language, const char *path, mj_language_use use,
                           const mj_units *units, mj_arena *arena, mj_err *err)
{
    mj_checkpoint checkpoint;
    mj_checkpoint_run run;
    mj_recipe *recipe = mj_arena_alloc(arena, sizeof *recipe);
    if (!recipe) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a language model");
    }
    MJ_TRY(mj_safetensors_load_header(&checkpoint.file, path, arena, err));
    MJ_TRY(mj_checkpoint_get_run(&run, &checkpoint, err));
    const mj_language_kind *kind = kind_of(run.model);
    if (!kind) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0, "no language model: a %s", run.model);
    }
    MJ_TRY(mj_recipe_parse(recipe, run.recipe, path, units, arena, err));
    if (recipe->model.kind != (int)kind->kind) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "its recipe is of another kind of model");
    }
    *language = (mj_language){.recipe = recipe, .kind = kind};
    MJ_TRY(mj_checkpoint_get_text(&language->data, &checkpoint, MJ_DATA_KEY, err));
    language->data_sha256 = mj_safetensors_text(&checkpoint.file, DATA_SHA256);
    if (language->data_sha256) {
        MJ_TRY(mj_checkpoint_get_number(&language->data_B, &checkpoint, DATA_BYTES, err));
    }
    return kind->load(language, path, use, units, arena, err);
}

double mj_language_bits(const mj_language *language, const mj_symbols *text)
{
    return language->kind->bits(language->self, text->symbol, text->n) +
           ESCAPE_BITS * (double)text->n_escaped;
}

void mj_language_next(mj_real *logits, const mj_language *language, const uint8_t *at)
{
    language->kind->next(logits, language->self, at);
    if (language->alphabet->escape >= 0) {
        logits[language->alphabet->escape] = -INFINITY;
    }
}

mj_status mj_language_check(const mj_language *language, const mj_analog *machine, mj_err *err)
{
    MJ_TRY(mj_analog_check(machine, err));
    if (!language->kind->check) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                          "a look-up-table network has no numbers that noise, bits or mismatch could move");
    }
    return language->kind->check(language->self, machine, err);
}

mj_status mj_language_set(mj_language *language, const mj_analog *machine, mj_err *err)
{
    MJ_TRY(mj_language_check(language, machine, err));
    return language->kind->set(language->self, machine, err);
}

mj_analog mj_language_machine(const mj_language *language)
{
    mj_analog machine = language->recipe->model.analog;
    machine.weight_bits = 0;
    machine.chip = 1;
    if (language->kind->kind == MJ_TRAINED_LOOKUP) { /* its sum of rows is all that noise is on */
        machine.noise = machine.read_noise;
        machine.read_noise = 0;
    }
    return machine;
}

/* What files of all kinds have. */

mj_status mj_alphabet_add(mj_checkpoint *checkpoint, const mj_alphabet *alphabet, mj_err *err)
{
    size_t n = (size_t)(alphabet->n_symbols - (alphabet->escape >= 0));
    return mj_safetensors_add(&checkpoint->file, ALPHABET, MJ_DTYPE_U8, alphabet->byte_of,
                              (size_t[]){1, n}, 2, err);
}

mj_status mj_alphabet_read(mj_alphabet *alphabet, const mj_checkpoint *checkpoint, mj_err *err)
{
    const mj_stored_tensor *tensor = mj_safetensors_find(&checkpoint->file, ALPHABET);
    if (!tensor || tensor->dtype != MJ_DTYPE_U8 || tensor->n_elements < 1 || tensor->n_elements > 256) {
        return mj_err_add(err, MJ_EFIT, checkpoint->file.path, 0, 0,
                          "no tensor alphabet of up to 256 bytes");
    }
    mj_alphabet_fill(alphabet, tensor->data, tensor->n_elements);
    bool sorted = memcmp(alphabet->byte_of, tensor->data, tensor->n_elements) == 0;
    return sorted ? MJ_OK
                  : mj_err_add(err, MJ_ERANGE, checkpoint->file.path, 0, 0,
                               "the alphabet is not sorted, or has a byte twice");
}

mj_status mj_data_add(mj_checkpoint *checkpoint, const mj_corpus *corpus, mj_err *err)
{
    MJ_TRY(mj_checkpoint_set_text(checkpoint, MJ_DATA_KEY, corpus->source, err));
    if (!corpus->sha256[0]) {
        return MJ_OK;
    }
    MJ_TRY(mj_checkpoint_set_number(checkpoint, DATA_BYTES, (double)corpus->part[MJ_PART_TRAIN].n, err));
    return mj_checkpoint_set_text(checkpoint, DATA_SHA256, corpus->sha256, err);
}

/* Both names mean one file or folder here. */
static bool is_same_place(const char *a, const char *b)
{
    struct stat info[2];
    return strcmp(a, b) == 0 || (stat(a, &info[0]) == 0 && stat(b, &info[1]) == 0 &&
                                 info[0].st_dev == info[1].st_dev && info[0].st_ino == info[1].st_ino);
}

mj_status mj_data_check(const mj_checkpoint *checkpoint, const mj_corpus *corpus, mj_err *err)
{
    const char *path = checkpoint->file.path, *source;
    const char *sha256 = mj_safetensors_text(&checkpoint->file, DATA_SHA256);
    size_t now = corpus->part[MJ_PART_TRAIN].n;
    double then;
    MJ_TRY(mj_checkpoint_get_text(&source, checkpoint, MJ_DATA_KEY, err));
    if (!sha256) {
        return is_same_place(source, corpus->source)
                   ? MJ_OK
                   : mj_err_add(err, MJ_ERANGE, path, 0, 0, "was trained on %s, not on %s", source,
                                corpus->source);
    }
    MJ_TRY(mj_checkpoint_get_number(&then, checkpoint, DATA_BYTES, err));
    if (strcmp(sha256, corpus->sha256) == 0) {
        return MJ_OK;
    }
    if (!is_same_place(source, corpus->source)) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                          "was trained on another text (%s, %.0f bytes of it; here are %zu of %s)", source,
                          then, now, corpus->source);
    }
    return then == (double)now
               ? mj_err_add(err, MJ_ERANGE, path, 0, 0,
                            "was trained on another text (%s: %zu bytes then as now, but not the same)",
                            source, now)
               : mj_err_add(err, MJ_ERANGE, path, 0, 0,
                            "was trained on another text (%s: %.0f bytes of it then, %zu now)", source,
                            then, now);
}

bool mj_language_is_strange(const mj_language *language, const mj_corpus *corpus)
{
    return language->data_sha256 && strcmp(language->data_sha256, corpus->sha256) != 0;
}
