/* Model: the shape of a generative model, from data/models/NAME.yaml, a Hugging Face config.json or
 * a GGUF header. Counts, not weights. */
#ifndef MJ_MODEL_H
#define MJ_MODEL_H

#include "mj/format.h"
#include "mj/spec.h"

/* What the model is computed as: one row of the workload table (op.h) each. */
typedef enum {
    MJ_MODEL_NONE, MJ_MODEL_TRANSFORMER, MJ_MODEL_DIFFUSION, MJ_MODEL_AGGREGATE, MJ_MODEL_OSCILLATORS,
    MJ_MODEL_LOOKUP, MJ_MODEL_TEXT_NET, MJ_MODEL_LUT
} mj_model_kind;
/* "", "transformer", "diffusion", "aggregate", "oscillators", "lookup", "text_net", "lut", NULL */
extern const char *const mj_model_kind_names[];
/* Blocks of text nets, in the order of text_net.h behind an empty one: "", "mingru", .., NULL */
extern const char *const mj_model_block_names[];

/* A class: of an image that was shown. */
typedef enum {
    MJ_OUTPUT_NONE, MJ_OUTPUT_TOKEN, MJ_OUTPUT_IMAGE, MJ_OUTPUT_VIDEO, MJ_OUTPUT_CLASS
} mj_output;
extern const char *const mj_output_names[]; /* "", "token", "image", "video", "class", NULL */

/* Weight counts by part, whole model, computed by mj_model_resolve from the shape. */
typedef struct {
    double attention, ssm, ffn, shared, router; /* all layers */
    double expert;                              /* ONE expert of one layer */
    double head;        /* output projection, vocab x hidden (multiplied even when tied) */
    double embedding;   /* input table (0 when tied) and learned positions: looked up, not multiplied */
    double norm;        /* norms, biases, small vectors known to the shape */
    double total;       /* all stored parameters */
    double active;      /* multiplied per token, head included */
    double kv_B;        /* KV-cache bytes per token and attention layer */
    double state_B;     /* recurrent state bytes per sequence, all layers */
    double attention_flop; /* FLOP per context token and attention layer for one new token */
    double scan_flop;      /* FLOP of the state update per token, all layers */
} mj_params;

typedef struct {
    const char *name;   /* "llama-3.1-70b" */
    const char *id;     /* "meta-llama/Llama-3.1-70B-Instruct" */
    const char *title, *note, *source;
    const char *alias[12];
    int n_aliases;
    const char *family; /* backbone: held out together in validation */
    int kind;           /* mj_model_kind */
    int output;         /* mj_output */

    /* transformer, SSM and hybrid: `layers` blocks, of which attn_layers have attention,
     * ffn_layers a dense FFN, moe.layers experts, ssm.layers a state-space mixer. 0 attn_layers
     * with an absent `attn_layers` key in the spec means: all layers (set by resolve). */
    int layers, attn_layers, ffn_layers;
    int hidden, heads, kv_heads, head_dim;
    int ffn, ffn_matrices; /* inner width; 3 gated, 2 plain */
    int vocab, positions;  /* positions: learned position table rows; 0 none */
    bool tied, bias;
    struct {
        int layers, experts, active, shared; /* shared: experts every token visits */
        int width, shared_width;             /* inner width of one */
        bool reads_all;                      /* block-FP8 kernel that reads every local expert */
    } moe;
    struct {
        int q_lora, kv_lora, nope, rope, value; /* multi-head latent attention (DeepSeek) */
    } mla;
    struct {
        int layers, tokens; /* layers that see only the last `tokens` */
    } window;
    struct {
        int version;  /* 1 Mamba, 2 Mamba-2 */
        int layers, heads, head_dim, state, groups, conv;
        int inner, dt_rank; /* version 1 */
    } ssm;
    struct {
        int attention, ffn, experts, embedding, cache; /* mj_format; ffn also shared experts */
    } precision;

    /* diffusion: one denoiser, run steps x passes times */
    struct {
        double params;        /* denoiser */
        int blocks, kernels;  /* blocks; element-wise block equivalents (column kern) */
        int hidden, passes, steps; /* passes per step (2 with guidance); default steps */
        int width, height, frames; /* of the reference output */
        double tokens, text_tokens;/* denoiser tokens of the reference output */
        double weights_per_token;  /* weights that multiply every image token, one pass */
        double linear_flop;   /* FLOP of one pass at the reference size */
        double attention_flop;
        double text_encoder, decoder_flop; /* parameters; FLOP of the VAE decoder per output */
        bool linear_attention, heavy;
    } diffusion;

    /* fewer weights for the same arithmetic, or less of both; 0 everywhere: none of it */
    struct {
        double density;    /* share of the weights kept (stored, moved, multiplied) */
        double index_bits; /* stored per kept weight to say where it stands */
        int loops;         /* the stack is 1/loops of its layers, run `loops` times: stored weights
                              fall, reads and arithmetic stay */
    } economy;

    /* aggregate: an envelope by totals only */
    struct {
        double total, active, kv_Bptok;
    } aggregate;

    /* oscillators: coupled phases that run for a time and are read out; kuramoto.h */
    struct {
        int visible, hidden;   /* read out or decoded; not */
        int random;            /* started at random phases, the others at a phase of their class */
        int conditioning;      /* oscillators of a class that drive the others */
        int classes;
        double couplings;      /* that exist; 0: all pairs of visible and hidden */
        double coupling_bits, start_bits;
        int segments;          /* of the span, each with couplings of its own; 0 means 1 */
        int harmonics;         /* sines and cosines of the coupling function; 0 means 1 */
        double span;           /* model time units */
        int steps, stages;     /* a computer takes: steps, right-hand sides a step */
        int width, height;     /* of the image */
        int decoder_blocks;    /* 0: pixels are phases. Else blocks of x2 up-sampling and two 3x3
                                  convolutions that halve the channels (32 at least) [unconventional2026b] */
        int decoder_channels;  /* into the first block, of 4 x 4 pixels */
    } oscillator;

    /* lookup: rows of hashed tables, summed, before a head or as logits; lookup_memory.h */
    struct {
        int contexts, symbols; /* tables; symbols of the alphabet */
        double rows;           /* of all tables */
        int dims;              /* numbers of a row */
        int row_bits;
        int head_bits;         /* of the head's numbers; 0: rows are logits */
        int mixed;             /* symbols that the hashes of a token mix */
        int copies;            /* readers of a remembered text */
        double remembered;     /* its bytes */
        double slots;          /* of the index of each copy */
    } lookup;

    /* text_net: an embedding, blocks that carry a state from symbol to symbol, a head; text_net.h.
     * With lookup.contexts it reads the rows of those tables, too, summed and brought to the width and to
     * the logits by two matrices; the tables have no head of their own. Zero means what stands in
     * brackets. */
    struct {
        int block;             /* index of mj_model_block_names */
        int symbols, width, depth;
        int mlp;               /* width of the second part over `width` (no such part) */
        int loops;             /* (1) */
        int equilibrium;       /* most applications of the block (none) */
        int equilibrium_history; /* iterates that are mixed (1) */
        int heads, span;       /* gpt (one for 32 columns; 128) */
        int kv_heads;          /* gpt: heads of keys and values (as many as heads) */
        int cache_bits;        /* gpt: of keys and values, each head's with a scale of 4 B (as state_bits) */
        int states;            /* mamba (16) */
        int weight_bits;       /* of the blocks' products (8); all other matrices have 8 */
        int activation_bits;   /* inputs of the blocks' products (as they are: 16) */
        int state_bits;        /* of a carried number (32) */
        double density;        /* weights kept in the blocks' products (1) */
        double index_bits;     /* stored with each of them where density < 1 (1: 2 bytes for 16) */
        int products;          /* set by mj_model_resolve: the format that the bits give */
    } text_net;

    /* lut: a network of look-up tables of bits, and a read-out that counts the ones of each group of its
     * outputs (lut_net.h). The largest count is a class, or counts are the chances of what is drawn: a
     * pixel's level, a symbol. Numbers of the pruned network. */
    struct {
        int tables, wires;     /* wires: inputs of all tables */
        int inputs;            /* bits, each a question about a pixel or a symbol */
        int votes, groups;     /* outputs that are counted, counts */
        int evaluations;       /* an output takes: 1, or one a pixel of an image */
        int width, height;     /* of images that it reads or makes; 0 of text */
    } lut;

    /* what was published, to check the counts against; 0: unknown */
    double published_total, published_active;
    const char *omitted;      /* parts of the published total that are not counted */
    double exact_weight_B;    /* from GGUF tensor types, all tensors; 0: from precision. Then
                                 published_total is the sum of the tensors' elements */
    struct {
        const char *metric; /* NULL: none known. What was judged and how; lower is better .. */
        double value;
        bool rises;         /* .. or higher is */
    } quality;              /* of a model that mj trained and judged (trained.h) */

    mj_params params; /* set by mj_model_resolve */
} mj_model;

extern const mj_spec_schema mj_model_schema;

/* Loads by name, alias, Hugging Face id, or path (YAML, config.json or its folder, GGUF, safetensors
 * of mj train: trained.h). */
mj_status mj_model_load(mj_model *model, const char *name, const char *dir, const mj_units *units,
                        mj_arena *arena, mj_err *err);
/* From a Hugging Face config.json; an architecture not in the table: MJ_ESUPPORT with the list. */
mj_status mj_model_from_config(mj_model *model, const char *path, mj_arena *arena, mj_err *err);
/* From a GGUF header (versions 2, 3; metadata and tensor table only). */
mj_status mj_model_from_gguf(mj_model *model, const char *path, mj_arena *arena, mj_err *err);
/* Checks the shape (heads divide, experts >= active, 1 <= dims <= 2^24, ...) and fills params.
 * Called by all loaders; call it again after patches. path: for messages. */
mj_status mj_model_resolve(mj_model *model, const char *path, mj_err *err);
/* Sets the weight format of attention, FFN and experts; embedding, head and cache stay. Any format
 * but fp8 ends moe.reads_all, and exact_weight_B no longer holds. Of text nets and look-up memories the bits
 * of blocks and rows follow, and below 8 bits those of the blocks' inputs; where they change, the quality
 * that was measured is no longer the model's. */
void mj_model_set_precision(mj_model *model, mj_format format);
/* "dense", "moe", "hybrid" (any state-space layer), "diffusion", "physical", "lookup", "text-net", "lut". */
const char *mj_model_class(const mj_model *model);
/* The format that most weights of attention, FFN and experts are in, e.g. "mxfp4" for gpt-oss. */
mj_format mj_model_format(const mj_model *model);

#endif
