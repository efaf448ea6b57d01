/* Models: what a model file may say, and how a model is found.
 *
 * A name is, in this order: a path that exists (a model file, a config.json or the folder of one, a
 * GGUF file), a file of the model folder, or an alias or Hugging Face id written in one of them.
 * Ids contain a slash and aliases dots, so only what exists or ends like a file is taken as a path.
 *
 * A model file holds the shape as its authors published it; counts and bytes follow from it
 * (model_params.c). */
#define _GNU_SOURCE
#include "mj/model.h"
#include "dimension.h"
#include "mj/text.h"
#include "mj/trained.h"

#include <dirent.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES_MAX = 2048, LAYERS_MAX = 1 << 16, LOOKUPS_MAX = 4096 };

const char *const mj_model_kind_names[] = {"", "transformer", "diffusion", "aggregate",
                                           "oscillators", "lookup", "text_net", "lut", NULL};
const char *const mj_model_block_names[] = {"", "mingru", "gpt", "mamba", "oscillator", "kuramoto", NULL};
const char *const mj_output_names[] = {"", "token", "image", "video", "class", NULL};

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define TEXT(key_, member_) \
    {.key = key_, .kind = MJ_SPEC_TEXT, .offset = offsetof(mj_model, member_)}
#define INT(key_, member_, min_, max_) \
    {.key = key_, .kind = MJ_SPEC_INT, .offset = offsetof(mj_model, member_), .min = min_, \
     .max = max_}
#define REAL(key_, member_, unit_, max_) \
    {.key = key_, .kind = MJ_SPEC_REAL, .offset = offsetof(mj_model, member_), .unit = unit_, \
     .max = max_}
#define BOOL(key_, member_) \
    {.key = key_, .kind = MJ_SPEC_BOOL, .offset = offsetof(mj_model, member_)}
#define CHOICE(key_, member_, choices_) \
    {.key = key_, .kind = MJ_SPEC_CHOICE, .offset = offsetof(mj_model, member_), \
     .choices = choices_}
/* The parts are anonymous structs, so their fields are placed from the start of the model and the
 * map itself lies at offset 0. */
#define MAP(key_, fields_) \
    {.key = key_, .kind = MJ_SPEC_MAP, .offset = 0, .sub = &(const mj_spec_schema){ \
         .name = key_, .fields = fields_, .n_fields = LENGTH(fields_), .size = sizeof(mj_model)}}

static const mj_spec_field moe_fields[] = {
    INT("layers", moe.layers, 0, LAYERS_MAX),
    INT("experts", moe.experts, 1, LAYERS_MAX),
    INT("active", moe.active, 1, LAYERS_MAX),
    INT("width", moe.width, 1, DIM_MAX),
    INT("shared", moe.shared, 0, LAYERS_MAX),
    INT("shared_width", moe.shared_width, 0, DIM_MAX),
    BOOL("reads_all", moe.reads_all),
};
static const mj_spec_field mla_fields[] = {
    INT("q_lora", mla.q_lora, 0, DIM_MAX),
    INT("kv_lora", mla.kv_lora, 1, DIM_MAX),
    INT("nope", mla.nope, 1, DIM_MAX),
    INT("rope", mla.rope, 1, DIM_MAX),
    INT("value", mla.value, 1, DIM_MAX),
};
static const mj_spec_field window_fields[] = {
    INT("layers", window.layers, 0, LAYERS_MAX),
    INT("tokens", window.tokens, 1, 1 << 30),
};
static const mj_spec_field ssm_fields[] = {
    INT("version", ssm.version, 1, 2),
    INT("layers", ssm.layers, 0, LAYERS_MAX),
    INT("heads", ssm.heads, 1, DIM_MAX),
    INT("head_dim", ssm.head_dim, 1, DIM_MAX),
    INT("state", ssm.state, 1, DIM_MAX),
    INT("groups", ssm.groups, 1, DIM_MAX),
    INT("conv", ssm.conv, 1, DIM_MAX),
    INT("inner", ssm.inner, 1, DIM_MAX),
    INT("dt_rank", ssm.dt_rank, 1, DIM_MAX),
};
static const mj_spec_field precision_fields[] = {
    CHOICE("attention", precision.attention, mj_format_names),
    CHOICE("ffn", precision.ffn, mj_format_names),
    CHOICE("experts", precision.experts, mj_format_names),
    CHOICE("embedding", precision.embedding, mj_format_names),
    CHOICE("cache", precision.cache, mj_format_names),
};
static const mj_spec_field diffusion_fields[] = {
    REAL("params", diffusion.params, "1", 1e15),
    INT("blocks", diffusion.blocks, 1, LAYERS_MAX),
    INT("kernels", diffusion.kernels, 1, LAYERS_MAX),
    INT("hidden", diffusion.hidden, 1, DIM_MAX),
    INT("passes", diffusion.passes, 1, 64),
    INT("steps", diffusion.steps, 1, 100000),
    INT("width", diffusion.width, 1, 1 << 20),
    INT("height", diffusion.height, 1, 1 << 20),
    INT("frames", diffusion.frames, 1, 1 << 20),
    REAL("tokens", diffusion.tokens, "1", 1e12),
    REAL("text_tokens", diffusion.text_tokens, "1", 1e9),
    REAL("weights_per_token", diffusion.weights_per_token, "1", 1e15),
    REAL("linear", diffusion.linear_flop, "FLOP", 1e27),
    REAL("attention", diffusion.attention_flop, "FLOP", 1e27),
    REAL("text_encoder", diffusion.text_encoder, "1", 1e15),
    REAL("decoder", diffusion.decoder_flop, "FLOP", 1e21),
    BOOL("linear_attention", diffusion.linear_attention),
    BOOL("heavy", diffusion.heavy),
};
static const mj_spec_field economy_fields[] = {
    REAL("density", economy.density, "1", 1),
    REAL("index_bits", economy.index_bits, "1", 64),
    INT("loops", economy.loops, 0, 65536),
};

static const mj_spec_field aggregate_fields[] = {
    REAL("total", aggregate.total, "1", 1e18),
    REAL("active", aggregate.active, "1", 1e18),
    REAL("kv", aggregate.kv_Bptok, "B/tok", 1e15),
};
static const mj_spec_field oscillator_fields[] = {
    INT("visible", oscillator.visible, 1, DIM_MAX),
    INT("hidden", oscillator.hidden, 0, DIM_MAX),
    INT("random", oscillator.random, 0, DIM_MAX),
    INT("conditioning", oscillator.conditioning, 0, DIM_MAX),
    INT("classes", oscillator.classes, 1, DIM_MAX),
    REAL("couplings", oscillator.couplings, "1", 1e15),
    REAL("coupling_bits", oscillator.coupling_bits, "1", 64),
    REAL("start_bits", oscillator.start_bits, "1", 64),
    INT("segments", oscillator.segments, 1, 64),
    INT("harmonics", oscillator.harmonics, 1, 16),
    REAL("span", oscillator.span, "1", 1e9),
    INT("steps", oscillator.steps, 1, 1000000),
    INT("stages", oscillator.stages, 1, 16),
    INT("width", oscillator.width, 1, 65536),
    INT("height", oscillator.height, 1, 65536),
    INT("decoder_blocks", oscillator.decoder_blocks, 0, 16),
    INT("decoder_channels", oscillator.decoder_channels, 1, DIM_MAX),
};
static const mj_spec_field lookup_fields[] = {
    INT("contexts", lookup.contexts, 1, LOOKUPS_MAX),
    INT("symbols", lookup.symbols, 2, 256),
    REAL("rows", lookup.rows, "1", 1e12),
    INT("dims", lookup.dims, 1, DIM_MAX),
    INT("row_bits", lookup.row_bits, 1, 32),
    INT("head_bits", lookup.head_bits, 0, 32),
    INT("mixed", lookup.mixed, 0, 65536),
    INT("copies", lookup.copies, 0, LOOKUPS_MAX),
    REAL("remembered", lookup.remembered, "1", 1e12),
    REAL("slots", lookup.slots, "1", 1e12),
};
static const mj_spec_field text_net_fields[] = {
    CHOICE("block", text_net.block, mj_model_block_names),
    INT("symbols", text_net.symbols, 2, 256),
    INT("width", text_net.width, 1, DIM_MAX),
    INT("depth", text_net.depth, 1, LAYERS_MAX),
    INT("mlp", text_net.mlp, 0, 1024),
    INT("loops", text_net.loops, 1, LAYERS_MAX),
    INT("equilibrium", text_net.equilibrium, 0, LAYERS_MAX),
    INT("equilibrium_history", text_net.equilibrium_history, 1, 64),
    INT("heads", text_net.heads, 1, DIM_MAX),
    INT("kv_heads", text_net.kv_heads, 1, DIM_MAX),
    INT("cache_bits", text_net.cache_bits, 2, 32),
    INT("span", text_net.span, 1, 1 << 30),
    INT("states", text_net.states, 1, DIM_MAX),
    INT("weight_bits", text_net.weight_bits, 2, 32),
    INT("activation_bits", text_net.activation_bits, 0, 32),
    INT("state_bits", text_net.state_bits, 1, 64),
    REAL("density", text_net.density, "1", 1),
    REAL("index_bits", text_net.index_bits, "1", 64),
};
static const mj_spec_field lut_fields[] = {
    INT("tables", lut.tables, 0, DIM_MAX),
    INT("wires", lut.wires, 0, DIM_MAX),
    INT("inputs", lut.inputs, 1, DIM_MAX),
    INT("votes", lut.votes, 1, DIM_MAX),
    INT("groups", lut.groups, 1, DIM_MAX),
    INT("evaluations", lut.evaluations, 1, DIM_MAX),
    INT("width", lut.width, 1, 65536),
    INT("height", lut.height, 1, 65536),
};
static const mj_spec_field fields[] = {
    {.key = "model", .kind = MJ_SPEC_TEXT, .required = true, .offset = offsetof(mj_model, name)},
    TEXT("id", id),
    TEXT("title", title),
    TEXT("note", note),
    TEXT("from", source),
    TEXT("family", family),
    TEXT("omitted", omitted),
    {.key = "aliases", .kind = MJ_SPEC_TEXTS, .offset = offsetof(mj_model, alias),
     .count_offset = offsetof(mj_model, n_aliases),
     .max_items = LENGTH(((mj_model *)0)->alias)},
    {.key = "kind", .kind = MJ_SPEC_CHOICE, .required = true, .offset = offsetof(mj_model, kind),
     .choices = mj_model_kind_names},
    CHOICE("output", output, mj_output_names),
    INT("layers", layers, 1, LAYERS_MAX),
    INT("attn_layers", attn_layers, 0, LAYERS_MAX),
    INT("ffn_layers", ffn_layers, 0, LAYERS_MAX),
    INT("hidden", hidden, 1, DIM_MAX),
    INT("heads", heads, 1, DIM_MAX),
    INT("kv_heads", kv_heads, 1, DIM_MAX),
    INT("head_dim", head_dim, 1, DIM_MAX),
    INT("ffn", ffn, 1, DIM_MAX),
    INT("ffn_matrices", ffn_matrices, 2, 3),
    INT("vocab", vocab, 1, DIM_MAX),
    INT("positions", positions, 0, DIM_MAX),
    BOOL("tied", tied),
    BOOL("bias", bias),
    MAP("moe", moe_fields),
    MAP("mla", mla_fields),
    MAP("window", window_fields),
    MAP("ssm", ssm_fields),
    MAP("precision", precision_fields),
    MAP("diffusion", diffusion_fields),
    MAP("economy", economy_fields),
    MAP("aggregate", aggregate_fields),
    MAP("oscillator", oscillator_fields),
    MAP("lookup", lookup_fields),
    MAP("text_net", text_net_fields),
    MAP("lut", lut_fields),
    REAL("published_total", published_total, "1", 1e18),
    REAL("published_active", published_active, "1", 1e18),
};
const mj_spec_schema mj_model_schema = {
    .name = "model", .fields = fields, .n_fields = LENGTH(fields), .size = sizeof(mj_model)};

static bool ends_with(const char *name, const char *end)
{
    const size_t n = strlen(name), k = strlen(end);
    return n >= k && strcasecmp(name + n - k, end) == 0;
}

static bool is_called(const mj_model *model, const char *name)
{
    if (strcasecmp(model->name, name) == 0 || (model->id && strcasecmp(model->id, name) == 0)) {
        return true;
    }
    for (int i = 0; i < model->n_aliases; i++) {
        if (strcasecmp(model->alias[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Every name of the folder's models, for suggestions. */
typedef struct {
    const char *name[NAMES_MAX];
    size_t n;
} name_list;

static void name_list_add(name_list *list, const mj_model *model)
{
    for (int i = -2; i < model->n_aliases && list->n < NAMES_MAX; i++) {
        list->name[list->n++] = i == -2 ? model->name : i == -1 ? model->id : model->alias[i];
    }
}

/* Reads the folder's models until one is called `name`; *path stays NULL if none is. A file that
 * does not decode is passed over here: it is reported when someone asks for it. */
static mj_status find_alias(const char **path, name_list *list, const char *name, const char *dir,
                            const mj_units *units, mj_arena *arena, mj_err *err)
{
    DIR *folder = opendir(dir);
    const struct dirent *entry;
    mj_status status = MJ_OK;
    if (!folder) {
        return mj_err_add(err, MJ_EFILE, dir, 0, 0, "cannot open the folder of models");
    }
    while (!*path && status == MJ_OK && (entry = readdir(folder))) {
        if (entry->d_name[0] == '.' || !ends_with(entry->d_name, ".yaml")) {
            continue;
        }
        mj_err ignored = {0};
        mj_model *model = mj_arena_alloc(arena, sizeof *model);
        const char *file = mj_arena_printf(arena, "%s/%s", dir, entry->d_name);
        if (!model || !file) {
            status = mj_err_add(err, MJ_EMEM, dir, 0, 0, "out of memory while reading models");
        } else if (mj_spec_load(model, &mj_model_schema, file, units, arena, &ignored) == MJ_OK) {
            *path = is_called(model, name) ? file : NULL;
            name_list_add(list, model);
        }
    }
    closedir(folder);
    return status;
}

static mj_status find_in_folder(const char **path, const char *name, const char *dir,
                                const mj_units *units, mj_arena *arena, mj_err *err)
{
    mj_arena scratch;
    mj_arena_init(&scratch, 0);
    name_list *list = mj_arena_alloc(&scratch, sizeof *list);
    const char *found = NULL;
    mj_status status = list ? find_alias(&found, list, name, dir, units, &scratch, err)
                            : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    if (status == MJ_OK && found) {
        *path = mj_arena_printf(arena, "%s", found);
        status = *path ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    } else if (status == MJ_OK) {
        const char *near = mj_text_nearest(name, list->name, list->n);
        status = near ? mj_err_add(err, MJ_ENAME, NULL, 0, 0,
                                   "unknown model '%s' (did you mean '%s'?)", name, near)
                      : mj_err_add(err, MJ_ENAME, NULL, 0, 0,
                                   "unknown model '%s'; `mj list models` shows all", name);
    }
    mj_arena_fini(&scratch);
    return status;
}

static mj_status load_spec(mj_model *model, const char *path, const mj_units *units,
                           mj_arena *arena, mj_err *err)
{
    MJ_TRY(mj_spec_load(model, &mj_model_schema, path, units, arena, err));
    return mj_model_resolve(model, path, err);
}

static mj_status load_path(mj_model *model, const char *path, bool is_folder,
                           const mj_units *units, mj_arena *arena, mj_err *err)
{
    if (is_folder || ends_with(path, ".json")) {
        return mj_model_from_config(model, path, arena, err);
    }
    if (ends_with(path, ".gguf")) {
        return mj_model_from_gguf(model, path, arena, err);
    }
    if (ends_with(path, ".safetensors")) {
        return mj_model_from_trained(model, path, units, arena, err);
    }
    return load_spec(model, path, units, arena, err);
}

mj_status mj_model_load(mj_model *model, const char *name, const char *dir, const mj_units *units,
                        mj_arena *arena, mj_err *err)
{
    static const char *const file_ends[] = {".yaml", ".yml", ".json", ".gguf",
                                            ".safetensors"};
    struct stat info;
    bool has_end = false;
    memset(model, 0, sizeof *model);
    for (size_t i = 0; i < sizeof file_ends / sizeof file_ends[0]; i++) {
        has_end = has_end || ends_with(name, file_ends[i]);
    }
    /* A bare word is a name even where a folder happens to be called so. */
    if (has_end || ((strchr(name, '/') || name[0] == '.') && stat(name, &info) == 0)) {
        bool is_folder = stat(name, &info) == 0 && S_ISDIR(info.st_mode);
        return load_path(model, name, is_folder, units, arena, err);
    }
    const char *path = mj_arena_printf(arena, "%s/%s.yaml", dir, name);
    if (!path) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    if (strchr(name, '/') || access(path, F_OK) != 0) {
        MJ_TRY(find_in_folder(&path, name, dir, units, arena, err));
    }
    return load_spec(model, path, units, arena, err);
}
