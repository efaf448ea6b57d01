/* Op list: all that the bill knows of a model.
 *
 * Counts are per sequence and output token (per image for diffusion), before batching; what depends
 * on the batch (weights read once a step, experts touched) is the bill's. All counts are doubles:
 * exact up to 2^53 and free of overflow beyond. */
#ifndef MJ_OP_H
#define MJ_OP_H

#include "mj/model.h"

typedef enum {
    MJ_OP_LINEAR,    /* weights every token multiplies */
    MJ_OP_EXPERTS,   /* routed experts: `active` of `experts` a token */
    MJ_OP_HEAD,      /* output projection: decoded tokens only */
    MJ_OP_ATTENTION, /* products with the KV cache */
    MJ_OP_SCAN,      /* recurrent state update */
    MJ_OP_LOOKUP,    /* rows read from a table */
    MJ_OP_DENOISE,   /* linear parts of a denoiser */
    MJ_OP_DECODER,   /* VAE or other conventional decoder */
    MJ_OP_TABLES,    /* look-up tables of bits, as gates or as operations on words of bits */
    MJ_OP_OSCILLATE, /* coupled oscillators: physics, or `reads` evaluations of it on a computer */
} mj_op_kind;

typedef struct {
    mj_op_kind kind;
    const char *what;  /* "attention projections" */
    int repeats;       /* layers */
    mj_format format;  /* of the weights, or of the state */
    double weights;    /* parameters, all repeats (and all experts) */
    double weight_B;   /* their bytes */
    double row_B;      /* bytes of rows read from them per output token, other rows for every token */
    double reads;      /* times the weights are read per output (steps x passes for images) */
    double mac;        /* multiply-accumulates with weights per output token */
    double state_B;    /* cache and state bytes moved per output token at this context */
    double state_mac;  /* multiply-accumulates with cache or state per output token */
    double prompt_mac; /* the same for the whole prompt */
    double stored_B;   /* cache and state bytes that a sequence occupies at its longest */
    double act_B;      /* activation bytes in and out per output token */
    double vector;     /* element-wise operations per output token: counted where they are not little
                          beside the products */
    double word_ops;   /* logic operations per output token on words that 32 sequences share */
    int experts, active;
    double oscillators; /* that run for `span` model time units per output */
    double segments;    /* settings of all couplings in turn; each coupling is built once */
    double span;
    double starts;      /* oscillators started at a random phase, each of `start_bits` */
    double start_bits;
    double samples;     /* phases read out */
    double tables, votes, inputs; /* evaluated, counted, read per output (evaluations x those there are) */
    double scores;                /* turned into chances per output; 0: only the largest counts */
    double evaluations;           /* one after the other per output */
    double in_B, out_B;           /* that come from outside and leave, per output */
} mj_op;

enum { MJ_OPS_MAX = 16 };

/* Hidden-wide activation transfers a block that act_B of MJ_OP_DENOISE counts: qkv 1 in 3 out,
 * attention 1 out, projection 1 in 1 out, MLP 1 in 4 out 4 in 1 out, residual 1. */
enum { MJ_DENOISE_TRANSFERS = 18 };

typedef struct {
    mj_op op[MJ_OPS_MAX];
    int n;
} mj_ops;

/* Where in a sequence the counts are taken. */
typedef struct {
    double context; /* mean tokens seen by a decoded token */
    double prompt;  /* prompt length, 0: none */
    double longest; /* tokens a sequence occupies at its end */
    int steps, width, height, frames; /* images; 0: the model's */
} mj_extent;

/* One row per workload class: transformer (dense, MoE, MLA, windows, SSM, hybrids), diffusion,
 * aggregate, oscillators, lookup, text_net, lut. */
typedef void mj_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);
typedef struct {
    mj_model_kind kind;
    mj_count *count;
} mj_workload;
extern const mj_workload mj_workloads[];
extern const int mj_n_workloads;

/* Counts by the model's row. model must be resolved. */
void mj_ops_count(mj_ops *ops, const mj_model *model, const mj_extent *extent);
/* Share of the multiply-accumulates with weights that a conventional decoder takes. */
double mj_ops_decoder_share(const mj_ops *ops);

#endif
