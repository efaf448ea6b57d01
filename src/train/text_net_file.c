/* The file of a text net, and a net read from it. */
#include "mj/text_net_file.h"

#include "mj/lookup_file.h"
#include "mj/trained.h"
#include "mj/sparse_file.h"
#include "task.h"

#include <stdio.h>
#include <string.h>

enum { BITS = 8, PACKED_MAX = 32 }; /* PACKED_MAX: a number in memory over what it takes in a file */
/* States and caches of a recipe that came with a file take no more than this. */
static const size_t MEMORY_MAX_B = (size_t)4 << 30;

mj_text_net mj_text_net_of(const mj_recipe *recipe, const mj_alphabet *alphabet)
{
    const mj_recipe_model *m = &recipe->model;
    int gradient = m->equilibrium_gradient;
    return (mj_text_net){.block = (mj_text_block)m->block, .n_symbols = alphabet->n_symbols,
                         .width = m->width, .depth = m->depth, .mlp = m->mlp, .loops = m->loops,
                         .equilibrium = m->equilibrium,
                         .gradient = gradient == 0 ? MJ_TEXT_IMPLICIT : gradient > 0 ? gradient : 0,
                         .history = m->equilibrium_history, .tolerance = m->equilibrium_tolerance,
                         .heads = m->heads, .kv_heads = m->kv_heads, .cache_bits = m->cache_bits,
                         .span = m->span, .states = m->states, .memory = m->contexts ? m->dims : 0,
                         .dropout = recipe->train.dropout,
                         .analog = mj_text_net_is_analog(&m->analog) ? &m->analog : NULL};
}

/* Embedding, head and convolution are no part of the analog machine. */
static bool is_connection(const char *name)
{
    const char *last = strncmp(name, "block", 5) == 0 ? strrchr(name, '.') : NULL;
    return strcmp(name, "inject") == 0 ||
           (last && (strcmp(last, ".in") == 0 || strcmp(last, ".out") == 0 ||
                     strcmp(last, ".up") == 0 || strcmp(last, ".down") == 0));
}

static int bits_of(const mj_text_net *net, const char *name)
{
    return net->analog && is_connection(name) && net->analog->weight_bits ? net->analog->weight_bits
                                                                          : BITS;
}

/* Rows of a matrix go to levels first, so that ternary ones keep theirs. */
static mj_status add_matrix(mj_checkpoint *checkpoint, const char *name, const mj_real *w,
                            mj_shape shape, int bits, mj_arena *arena, mj_err *err)
{
    const mj_pack_shape packed = {shape.dim[0], shape.dim[1], bits};
    mj_real *levels = mj_arena_array(arena, mj_shape_count(shape), sizeof *levels);
    if (!levels) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the file of a text net");
    }
    mj_quantise_rows(levels, w, (size_t)shape.dim[0], (size_t)shape.dim[1], bits);
    return mj_checkpoint_add_packed(checkpoint, name, levels, NULL, packed, err);
}

mj_status mj_text_net_file_fill(mj_checkpoint *checkpoint, const mj_tape *tape, const mj_real *slab,
                                const mj_text_net *net, const mj_alphabet *alphabet, mj_arena *arena,
                                mj_err *err)
{
    int n_params;
    const mj_param *param = mj_tape_params(tape, &n_params);
    MJ_TRY(mj_alphabet_add(checkpoint, alphabet, err));
    for (int p = 0; p < n_params; p++) {
        mj_shape shape = mj_tape_tensor(tape, param[p].var).shape;
        const mj_real *w = slab + param[p].offset;
        const mj_text_net_matrix *matrix = mj_text_net_matrix_of(net, param[p].var);
        MJ_TRY(matrix ? mj_sparse_add_packed(checkpoint, param[p].name, w, &matrix->sparse, BITS, err)
               : shape.n_dims == 2
                   ? add_matrix(checkpoint, param[p].name, w, shape, bits_of(net, param[p].name),
                                arena, err)
                   : mj_checkpoint_add(checkpoint, param[p].name, w, shape.dim, shape.n_dims, err));
    }
    return MJ_OK;
}

/* Weights that live in the compressed matrices, of all that they could have; 1 without any. */
static double density_of(const mj_text_net *net)
{
    double lives = 0, all = 0;
    for (int i = 0; net->sparse && i < mj_text_net_matrices(net); i++) {
        const mj_sparse *sparse = &net->sparse[i].sparse;
        lives += mj_sparse_macs(sparse);
        all += (double)sparse->N * sparse->K;
    }
    return all > 0 ? lives / all : 1;
}

mj_model mj_text_net_shape(const mj_text_net *net, const mj_model *lookup, const char *name)
{
    mj_model shape = {.name = name, .kind = MJ_MODEL_TEXT_NET};
    if (lookup) {
        shape.lookup = lookup->lookup;
        shape.lookup.head_bits = 0;
    }
    shape.text_net.block = (int)net->block + 1;
    shape.text_net.symbols = net->n_symbols;
    shape.text_net.width = net->width;
    shape.text_net.depth = net->depth;
    shape.text_net.mlp = net->mlp;
    shape.text_net.loops = net->loops;
    shape.text_net.equilibrium = net->equilibrium;
    shape.text_net.equilibrium_history = net->history;
    shape.text_net.heads = net->heads;
    shape.text_net.kv_heads = net->kv_heads;
    shape.text_net.cache_bits = net->cache_bits;
    shape.text_net.span = net->span;
    shape.text_net.states = net->states;
    shape.text_net.weight_bits = bits_of(net, "block.in");
    shape.text_net.density = density_of(net);
    shape.text_net.activation_bits = net->analog ? net->analog->activation_bits : 0;
    return shape;
}

mj_status mj_text_net_file_describe(mj_checkpoint *checkpoint, const mj_text_net *net,
                                    const mj_model *lookup, const char *name, mj_arena *arena,
                                    mj_err *err)
{
    const mj_model shape = mj_text_net_shape(net, lookup, name);
    const char *words = mj_trained_describe(&shape, arena);
    return words ? mj_checkpoint_set_text(checkpoint, MJ_TRAINED_KEY, words, err)
                 : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for the file of a text net");
}

/* Bytes of a parameter as stored. */
static double stored_of(const mj_checkpoint *checkpoint, const char *name)
{
    static const char *const parts[] = {"", ".packed", ".scale", ".alive"};
    double size_B = 0;
    for (int i = 0; i < 4; i++) {
        char part[96];
        snprintf(part, sizeof part, "%s%s", name, parts[i]);
        const mj_stored_tensor *tensor = mj_safetensors_find(&checkpoint->file, part);
        size_B += tensor ? (double)tensor->size_B : 0;
    }
    return size_B;
}

/* A connection of N sums, each of K inputs, and `mac` products in all. */
static void count_connection(mj_text_net_work *work, int N, int K, double mac, double reads,
                             double size_B)
{
    work->mac += mac * reads;
    work->outputs += N * reads;
    work->inputs += K * reads;
    work->weight_B += size_B * reads;
}

static mj_status read_params(mj_text_net_reader *r, const mj_checkpoint *checkpoint, mj_err *err)
{
    int n_params;
    const mj_param *param = mj_tape_params(r->tape, &n_params);
    for (int p = 0; p < n_params; p++) {
        mj_tensor tensor = mj_tape_tensor(r->tape, param[p].var);
        double size_B = stored_of(checkpoint, param[p].name);
        const mj_text_net_matrix *matrix = mj_text_net_matrix_of(&r->net, param[p].var);
        MJ_TRY(matrix ? mj_sparse_read_packed(tensor.v, checkpoint, param[p].name, &matrix->sparse, err)
                      : mj_checkpoint_read(tensor.v, checkpoint, param[p].name, tensor.shape.dim,
                                           tensor.shape.n_dims, err));
        double reads = mj_text_net_reads(&r->net, param[p].name);
        r->touched_B += size_B * reads;
        r->work.own_B += strcmp(param[p].name, "embedding") == 0 ? size_B * reads : 0;
        r->stored_B += size_B;
        if (matrix) {
            const mj_sparse *w = &matrix->sparse;
            count_connection(&r->work, w->N, w->K, mj_sparse_macs(w), reads, size_B);
        } else if (is_connection(param[p].name)) {
            double mac = (double)mj_shape_count(tensor.shape);
            count_connection(&r->work, tensor.shape.dim[0], tensor.shape.dim[1], mac, reads, size_B);
        }
    }
    r->work.rest_mac = mj_tape_cost_count(r->tape).mac / r->n_steps - r->work.mac;
    return MJ_OK;
}

/* The look-up memory that the net reads. */
static mj_status read_memory(mj_text_net_reader *r, const mj_checkpoint *checkpoint,
                             const mj_recipe *recipe, mj_arena *arena, mj_err *err)
{
    mj_lookup_text *text;
    mj_real *x = mj_tape_tensor(r->tape, r->vars.memory).v;
    MJ_TRY(mj_lookup_file_read(&text, checkpoint, recipe, &r->alphabet, arena, err));
    MJ_TRY(mj_lookup_feed_new(&r->feed, text, r->n_steps, x, NULL, arena, err));
    double rows_B = mj_lookup_touched_B(text, recipe->model.row_bits);
    r->touched_B += rows_B;
    r->work.own_B += rows_B;
    r->work.rest_mac += mj_lookup_reads_count(text->memory);
    r->stored_B += mj_lookup_slots_B(text);
    static const char *const tensors[] = {"rows.packed", "rows.levels", "copied", "text"};
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++) {
        const mj_stored_tensor *tensor = mj_safetensors_find(&checkpoint->file, tensors[i]);
        r->stored_B += tensor ? (double)tensor->size_B : 0;
    }
    return MJ_OK;
}

/* A recipe may claim any size; memory is only taken for parameters that the file can have. */
static mj_status check_size(const mj_tape *tape, const mj_checkpoint *checkpoint, mj_err *err)
{
    double stored_B = 0, params_B = (double)mj_tape_memory_count(tape).params_B;
    for (int i = 0; i < checkpoint->file.n_tensors; i++) {
        stored_B += (double)checkpoint->file.tensor[i].size_B;
    }
    return params_B <= PACKED_MAX * stored_B
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, checkpoint->file.path, 0, 0,
                            "%.0f bytes of tensors cannot be the net of its recipe, which has %.0f",
                            stored_B, params_B);
}

/* Patterns of the file's masks, for a net of low density. */
static mj_status read_masks(mj_text_net *net, const mj_checkpoint *checkpoint, mj_arena *arena,
                            mj_err *err)
{
    MJ_TRY(mj_text_net_compress(net, arena, err));
    for (int i = 0; i < mj_text_net_matrices(net); i++) {
        mj_text_net_matrix *m = net->sparse + i;
        MJ_TRY(mj_sparse_mask_read(&m->sparse, checkpoint, m->name, arena, err));
    }
    return MJ_OK;
}

/* Weights come from the file at the levels that they were trained for; rounding them once more would
 * move ternary ones, whose level is a mean over all. */
static mj_status load(mj_text_net_reader **reader, const mj_checkpoint *checkpoint,
                      const mj_recipe *recipe, int n_steps, bool analog, mj_arena *arena, mj_err *err)
{
    mj_text_net_reader *r = mj_arena_alloc(arena, sizeof *r);
    const mj_tape_config config = {.seed = (uint64_t)recipe->train.seed, .inference = true};
    mj_tape *tape = mj_tape_new(arena, err, config);
    if (!r || !tape) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a text net");
    }
    *r = (mj_text_net_reader){.tape = tape, .n_steps = n_steps};
    MJ_TRY(mj_alphabet_read(&r->alphabet, checkpoint, err));
    r->net = mj_text_net_of(recipe, &r->alphabet);
    r->net.dropout = 0; /* a copy a symbol, for nothing */
    r->touched_B = r->work.own_B = mj_text_net_state_B(&r->net);
    r->stored_bits = recipe->model.analog.weight_bits ? recipe->model.analog.weight_bits : BITS;
    if (analog || r->net.analog) {
        r->machine = recipe->model.analog;
        r->machine.weight_bits = 0;
        r->machine.chip = 1; /* the file is on one chip, training met many */
        r->net.analog = &r->machine;
    }
    if (recipe->model.density > 0) {
        MJ_TRY(read_masks(&r->net, checkpoint, arena, err));
    }
    MJ_TRY(mj_text_net_record(&r->vars, tape, &r->net, 1, n_steps, err));
    MJ_TRY(check_size(tape, checkpoint, err));
    MJ_TRY(mj_tape_allocate(tape, MEMORY_MAX_B));
    MJ_TRY(read_params(r, checkpoint, err));
    if (r->net.memory > 0) {
        MJ_TRY(read_memory(r, checkpoint, recipe, arena, err));
    }
    *reader = r;
    return MJ_OK;
}

mj_status mj_text_net_file_load(mj_text_net_reader **reader, const mj_checkpoint *checkpoint,
                                const mj_recipe *recipe, int n_steps, mj_arena *arena, mj_err *err)
{
    return load(reader, checkpoint, recipe, n_steps, false, arena, err);
}

mj_status mj_text_net_file_load_analog(mj_text_net_reader **reader, const mj_checkpoint *checkpoint,
                                       const mj_recipe *recipe, int n_steps, mj_arena *arena,
                                       mj_err *err)
{
    return load(reader, checkpoint, recipe, n_steps, true, arena, err);
}

/* Passes of a chip are numbered apart from those of its neighbours, and below a tape's 2^31. */
void mj_text_net_restart(mj_text_net_reader *r, uint32_t chip)
{
    enum { CHIPS = 2048, PASSES_BITS = 20 };
    mj_tape_state_clear(r->tape, 0);
    r->machine.chip = chip;
    r->feed.reader = (mj_lookup_reader){0};
    r->step = (chip % CHIPS) << PASSES_BITS;
}

const mj_real *mj_text_net_read(mj_text_net_reader *r, const uint8_t *at, int n)
{
    int *symbol = mj_tape_tensor(r->tape, r->vars.symbol).label;
    for (int i = 0; i < r->n_steps; i++) {
        symbol[i] = i < n ? at[i - 1] : 0;
    }
    if (r->net.memory > 0) {
        for (int i = 0; i < n; i++) {
            mj_lookup_feed_follow(&r->feed, i, at + i);
        }
        mj_lookup_feed_forward(&r->feed);
    }
    mj_tape_forward(r->tape, r->step++, false);
    mj_tape_state_advance(r->tape);
    return mj_tape_tensor(r->tape, r->vars.logits).v;
}
