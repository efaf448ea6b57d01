/* A language model on the tape: symbols in, logits of the next symbol out.
 *
 *   x = embedding[symbol]
 *   depth blocks, `loops` times over:
 *     x += out . mix( in . conv4( norm(x) ) + bias )      the mixer carries what came before
 *     x += down . gelu( up . norm(x) )                    no such part with mlp 0
 *   logits = head . norm(x)
 *
 * A look-up memory beside it (lookup_feed.h), m [memory], is read twice, at the bottom and at the top:
 *
 *   x = embedding[symbol] + memory.in . r          r = max(m, 0)
 *   logits = head . norm(x) + memory.head . r
 *
 * What mixes is one row of a table:
 *
 *   mingru      (z, u, g): h = (1 - s(z)) h + s(z) u, out h silu(g)             [feng2024]
 *   gpt         causal attention with rotary positions over `span` symbols; the convolution in
 *               front of it is what small Transformers lack. `kv_heads` keys and values serve
 *               `heads` queries [ainslie2023]
 *   mamba       selective state space of `states` numbers a channel              [gu2023]
 *   oscillator  damped oscillators, damping and drive chosen by the symbol
 *   kuramoto    phases that the symbol pushes and that couple                    [kuramoto1975]
 *
 * Loops share all weights of the blocks, each turn with a state of its own and a vector that says
 * which turn it is. With `equilibrium` the one block is not repeated but solved for its fixed point:
 * z = norm(block(z) + inject . x)                                                [bai2019]
 * by plain iteration or with mixing of iterates [anderson1965], and learns by the gradient of the fixed
 * point or of its last applications alone [fung2022].
 *
 * Streams begin with zeros behind them. A tape of T = 1 that advances after every symbol says what
 * a tape of long segments says. */
#ifndef MJ_TEXT_NET_H
#define MJ_TEXT_NET_H

#include "mj/analog.h"
#include "mj/sparse.h"
#include "mj/tape.h"

typedef enum {
    MJ_BLOCK_MINGRU,
    MJ_BLOCK_GPT,
    MJ_BLOCK_MAMBA,
    MJ_BLOCK_OSCILLATOR,
    MJ_BLOCK_KURAMOTO,
    MJ_BLOCK_N
} mj_text_block;
/* "mingru", .., NULL last. */
extern const char *const mj_text_block_names[];

enum { MJ_TEXT_WIDTH_MAX = 4096, MJ_TEXT_DEPTH_MAX = 64, MJ_TEXT_MLP_MAX = 16, MJ_TEXT_MEMORY_MAX = 256,
       MJ_TEXT_NAME = 48 };
/* Of an equilibrium: the gradient of the fixed point itself, by a second one (equilibrium.h). */
enum { MJ_TEXT_IMPLICIT = -1 };

/* A compressed matrix of the blocks, by the name of the parameter that has its values. */
typedef struct {
    char name[MJ_TEXT_NAME];
    mj_sparse sparse;
    mj_var value; /* on the tape that was recorded last */
} mj_text_net_matrix;

/* Zero means what stands in brackets. */
typedef struct {
    mj_text_block block;
    int n_symbols;
    int width, depth;
    int mlp;         /* width of the second part over `width` (no such part) */
    int loops;       /* (1) */
    int equilibrium; /* most applications of the block (none: no equilibrium) */
    int gradient;    /* of the last so many of them (2), or MJ_TEXT_IMPLICIT */
    int history;     /* iterates that are mixed (1: plain iteration) */
    double tolerance; /* of its residual, at which it is solved (1e-4) */
    int heads, span; /* gpt (a head each 32 columns; 128) */
    int kv_heads;    /* gpt: heads of keys and values, each for several of `heads` (as many) */
    int cache_bits;  /* gpt: of keys and values as they are kept (as they are) */
    int states;      /* mamba (16) */
    double dropout;  /* in training, of what each part of a block adds (none) */
    int memory;      /* numbers of a look-up memory that are read beside each symbol (none) */
    /* What an analog machine does to all products but the head's and the mixers' own, and, with read
     * noise when it is recorded, to the sum of the memory's rows; NULL: nothing. Lives as long as the
     * tape. */
    const mj_analog *analog;
    /* All matrices that mj_text_net_compress() lists, whose products are then compressed; NULL: they are
     * dense. Lives as long as the tape. */
    mj_text_net_matrix *sparse;
} mj_text_net;

typedef struct {
    mj_var symbol; /* labels [B,T] */
    mj_var memory; /* input [B,T,memory], with a gradient; MJ_NONE without a memory */
    mj_var logits; /* [B,T,n_symbols] */
} mj_text_net_vars;

/* Lists the matrices that can be compressed in net->sparse, with their sizes N and K: in and out of
 * each block, up and down where it has them. Their patterns are then the caller's to make. */
mj_status mj_text_net_compress(mj_text_net *net, mj_arena *arena, mj_err *err);
int mj_text_net_matrices(const mj_text_net *net);
/* The compressed matrix whose values are this parameter; NULL if there is none. */
const mj_text_net_matrix *mj_text_net_matrix_of(const mj_text_net *net, mj_var value);

/* True if a machine does anything to a net. */
bool mj_text_net_is_analog(const mj_analog *machine);

/* The first mistake is the tape's, but for what no tape sees, which is refused here. */
mj_status mj_text_net_record(mj_text_net_vars *vars, mj_tape *tape, const mj_text_net *net, int B,
                             int T, mj_err *err);
/* Start of a training, after mj_tape_allocate(). */
void mj_text_net_init(mj_tape *tape, const mj_text_net *net, uint64_t seed);

/* Times that a parameter of this name is read a symbol; of the embedding one row is. */
double mj_text_net_reads(const mj_text_net *net, const char *name);
/* Bytes of carried state that a symbol reads, once the span is full: 4 a number, of a cache of few bits
 * those and 4 for the scale of a head's key and of its value. */
double mj_text_net_state_B(const mj_text_net *net);

#endif
