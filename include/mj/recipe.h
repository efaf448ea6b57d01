/* Recipe: what is trained, on what, towards what and for how long; a YAML file of data/recipes. */
#ifndef MJ_RECIPE_H
#define MJ_RECIPE_H

#include "mj/classifier.h"
#include "mj/err.h"
#include "mj/kuramoto.h"
#include "mj/oscillator_net.h"
#include "mj/spec.h"
#include "mj/text_net.h"

typedef enum {
    MJ_TRAINED_OSCILLATOR,
    MJ_TRAINED_CLASSIFIER,
    MJ_TRAINED_LOOKUP,
    MJ_TRAINED_TEXT_NET,
    MJ_TRAINED_LUT,
    MJ_TRAINED_EQUILIBRIUM
} mj_trained_kind;
/* The first three are of generators. */
typedef enum {
    MJ_OBJECTIVE_DRIFTING,
    MJ_OBJECTIVE_SLICED,
    MJ_OBJECTIVE_GAN,
    MJ_OBJECTIVE_CLASSIFY,
    MJ_OBJECTIVE_NEXT_BYTE,
    MJ_OBJECTIVE_NEXT_PIXEL,
    MJ_OBJECTIVE_N
} mj_objective_kind;

/* `harmonics:`, decoded into response; without it, sin. */
typedef struct {
    double sin[MJ_HARMONICS_MAX], cos[MJ_HARMONICS_MAX];
    int n_sin, n_cos;
    mj_phase_response response;
} mj_recipe_harmonics;

extern const char *const mj_trained_kind_names[];

enum { MJ_RECIPE_LAYERS_MAX = 8, MJ_RECIPE_THRESHOLDS_MAX = 15 };

/* lut_net: soft_lut.h, lut_encoder.h. Lists are written as numbers and checked to be whole. */
typedef struct {
    double layer[MJ_RECIPE_LAYERS_MAX]; /* tables of each */
    int n_layers;
    int table_inputs; /* 0: 2 */
    double threshold[MJ_RECIPE_THRESHOLDS_MAX]; /* of grey values, 1 to 255, rising */
    int n_thresholds;
    int neighbourhood;    /* next_pixel: rows above that are seen; 0: 5 */
    int history, one_hot; /* next_byte: symbols that are seen, and how many of them one-hot */
    bool decisions;       /* next_byte: scores decide along a code of the symbols */
    double scale;         /* of a score; 0: the model's own */
    double area;          /* weight of the area in the loss */
    bool activity;        /* area counts as often as it switches: energy */
} mj_recipe_lut;

/* equilibrium_net: equilibrium_net.h; and visible, the image. */
typedef struct {
    int neurons;
    double contraction, drive; /* 0: 0.9, 2.5 */
} mj_recipe_equilibrium;

/* `model:`; kind is an index of mj_trained_kind_names. */
typedef struct {
    int kind;
    /* oscillator_net */
    const char *visible; /* "28x28", decoded into width, height */
    int width, height, hidden_fixed, hidden_random;
    int coupling_bits; /* precision of couplings in training; 0: full */
    double density;    /* share of couplings kept, of a text_net of weights; 0 or 1: all */
    double reach;      /* couplings end beyond so many pixels; 0: nowhere */
    int degree;        /* most incoming couplings of an oscillator; 0: any number */
    bool symmetric;
    int segments;      /* equal parts of the run, each with its own couplings; 0 means 1 */
    mj_recipe_harmonics harmonics;
    const char *init; /* a trained model to start from; NULL: fresh */
    /* classifier */
    int network; /* mj_network */
    /* lookup_memory: lookup_text.h */
    const char *contexts;
    int rows, dims;
    int row_bits; /* of stored rows; 0: 8 */
    /* text_net: text_net.h; with contexts, the memory beside it */
    int block; /* mj_text_block */
    int depth, mlp, loops, equilibrium, heads, kv_heads, cache_bits, span, states; /* and width */
    int equilibrium_gradient; /* of the last so many applications; 0: implicit; below 0: the net's own */
    int equilibrium_history;  /* iterates that are mixed; 0: 1 */
    double equilibrium_tolerance; /* 0: 1e-4 */
    mj_recipe_lut lut;
    mj_recipe_equilibrium equilibrium_net;
    /* weight_bits, activation_bits, product_noise, weight_mismatch, read_noise: in training and in use; of
     * a lookup_memory read_noise alone. chip 0: training meets another every step */
    mj_analog analog;
} mj_recipe_model;

/* `objective:`; kind is an index of "drifting", "sliced_wasserstein", "gan",
 * "classify", "next_byte", "next_pixel". */
typedef struct {
    int kind;
    double pixels, features; /* weights of the two kinds of views: drifting, sliced_wasserstein */
    /* trained classifier whose features count, or which a discriminator starts from; NULL: none */
    const char *network;
    int projections; /* directions of a sliced_wasserstein view; 0: the objective's own number */
    double penalty;  /* of a gan's squared slopes; 0: the objective's own */
    double lr;       /* of a gan's discriminator; 0: train.lr */
} mj_recipe_objective;

typedef struct {
    int method;        /* mj_integrator */
    int precision;     /* mj_precision of the products: full or bf16 */
    double span;       /* model time */
    const char *steps; /* "12" or "6..24", decoded into the two below */
    int steps_min, steps_max;
} mj_recipe_integrate;

typedef struct {
    const char *batch, *real; /* "2x64": classes, samples of each; "100": samples */
    int n_class, n_generated, n_real;
    double lr, lr_coupling; /* lr_coupling 0: as lr */
    double ema;
    double beta2; /* of Adam; 0: the optimiser's own */
    double weight_decay; /* of matrices, per unit of lr */
    double dropout;      /* of text nets */
    double clip;         /* largest norm of the gradient; 0: adaptive */
    double flat;    /* share of the run at full rate, before the cosine begins */
    /* Of a model.density below 1 in a text_net: sparsity.h */
    double density_start, regrow, mask_until;
    double minutes; /* the run ends after about this time ... */
    int steps;      /* ... or after this number of steps */
    double epochs;  /* or, of text, after so many times through it */
    double lr_end;  /* of lr, at the end of the epochs; 0: all of it. lut_net: of the run; 0: 1/20 */
    double lr_memory; /* of a look-up memory beside a net, which lr_end is of then, in every epoch */
    double hard_from; /* lut_net: share of the run after which tables are bits; 0: half of it */
    int rewire;       /* lut_net: times that idle wires move; 0: never */
    double sharpen;   /* lut_net: how much steeper tables are when they become bits; 0: 1 */
    int rewire_batches; /* lut_net: batches by which they do; 0: 1 */
    int shift;        /* lut_net on images: they are moved by up to so many pixels */
    bool mirror;      /* lut_net on images: every other one, by chance, is seen in a mirror */
    int seed;
} mj_recipe_train;

typedef struct {
    const char *name;
    const char *text, *path; /* whole file and where it was */
    mj_recipe_model model;
    const char *data;
    mj_recipe_objective objective;
    mj_recipe_integrate integrate;
    double noise;          /* of phases, rad per square root of model time */
    int start_bits;        /* of random start phases; 0: continuous */
    double readout_jitter; /* the read-out comes at span * (1 +- this) */
    mj_recipe_train train;
} mj_recipe;

/* Reads and checks a recipe; *recipe need not be zeroed. Problems name line and column where one
 * value is wrong, the file where values do not go together. */
mj_status mj_recipe_load(mj_recipe *recipe, const char *path, const mj_units *units, mj_arena *arena,
                         mj_err *err);
/* The same of a text, e.g. the one that a checkpoint keeps; `path` is for messages. */
mj_status mj_recipe_parse(mj_recipe *recipe, const char *text, const char *path,
                          const mj_units *units, mj_arena *arena, mj_err *err);

/* The limits of the wiring that an oscillator_net has. */
mj_oscillator_wiring mj_recipe_wiring(const mj_recipe_model *model);

#endif
