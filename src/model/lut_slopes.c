/* Slopes: a block of 64 samples forward in words of bits and backward in numbers, and the same forward with
 * one bit of one table flipped. */
#include "mj/lut_slopes.h"

#include "mj/rng.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { BLOCK = 64 };

/* What a pass over blocks needs. */
typedef struct {
    const mj_lut_net *net;
    const mj_lut_samples *samples;
    int first;       /* signal of the first node */
    uint64_t *value; /* [signals], of a block */
    int *score;      /* [groups, BLOCK] */
    double *dscore;  /* [groups, BLOCK] */
    double *d;       /* [signals, BLOCK] */
    mj_arena arena;
} pass;

static mj_status pass_init(pass *p, const mj_lut_net *net, const mj_lut_samples *samples, mj_err *err)
{
    *p = (pass){.net = net, .samples = samples, .first = MJ_LUT_FIRST_INPUT + net->n_inputs};
    const size_t n_signals = (size_t)p->first + (size_t)net->n_nodes, n_groups = (size_t)net->n_groups;
    mj_arena_init(&p->arena, 0);
    p->value = mj_arena_array(&p->arena, n_signals, sizeof *p->value);
    p->score = mj_arena_array(&p->arena, n_groups * BLOCK, sizeof *p->score);
    p->dscore = mj_arena_array(&p->arena, n_groups * BLOCK, sizeof *p->dscore);
    p->d = mj_arena_array(&p->arena, n_signals * BLOCK, sizeof *p->d);
    if (p->value && p->score && p->dscore && p->d) {
        return MJ_OK;
    }
    mj_arena_fini(&p->arena);
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for slopes of a network");
}

static uint64_t evaluate(const mj_lut_node *node, uint64_t table, const uint64_t *value)
{
    uint64_t word = 0;
    for (int i = 0; i < 1 << node->n_inputs; i++) {
        uint64_t here = 0 - (table >> i & 1);
        for (int j = 0; j < node->n_inputs; j++) {
            here &= i >> j & 1 ? value[node->input[j]] : ~value[node->input[j]];
        }
        word |= here;
    }
    return word;
}

/* Values of a block and its scores; `flip` (NULL: none) is an entry that counts as its inverse. */
static void forward(pass *p, int block, const mj_lut_flip *flip)
{
    const mj_lut_net *net = p->net;
    const size_t words = ((size_t)p->samples->n + BLOCK - 1) / BLOCK;
    p->value[0] = 0;
    p->value[1] = ~0ull;
    for (int i = 0; i < net->n_inputs; i++) {
        p->value[MJ_LUT_FIRST_INPUT + i] = p->samples->input[(size_t)i * words + (size_t)block];
    }
    for (int n = 0; n < net->n_nodes; n++) {
        const mj_lut_node *node = &net->node[n];
        const uint64_t flipped = flip && flip->node == n ? 1ull << flip->entry : 0;
        p->value[p->first + n] = evaluate(node, node->table ^ flipped, p->value);
    }
    memset(p->score, 0, (size_t)net->n_groups * BLOCK * sizeof *p->score);
    for (int g = 0; g < net->n_groups; g++) {
        int *score = p->score + (size_t)g * BLOCK;
        for (int o = net->group[g]; o < net->group[g + 1]; o++) {
            const uint64_t word = p->value[net->output[o]];
            for (int s = 0; s < BLOCK; s++) {
                score[s] += (int)(word >> s & 1);
            }
        }
    }
}

static int block_size(const pass *p, int block)
{
    const int left = p->samples->n - block * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

/* Sum of the block's losses over all samples' number, and with `with_slopes` its slope by the scores. */
static double loss_of(pass *p, int block, bool with_slopes)
{
    const int n_groups = p->net->n_groups;
    const double scale = p->samples->scale, share = 1.0 / p->samples->n;
    double loss = 0;
    for (int s = 0; s < block_size(p, block); s++) {
        const int label = p->samples->label[block * BLOCK + s];
        const int *score = p->score + s;
        double sum = 0, top = -HUGE_VAL;
        for (int g = 0; g < n_groups; g++) {
            top = fmax(top, scale * score[(size_t)g * BLOCK]);
        }
        for (int g = 0; g < n_groups; g++) {
            sum += exp(scale * score[(size_t)g * BLOCK] - top);
        }
        loss += share * (top + log(sum) - scale * score[(size_t)label * BLOCK]);
        for (int g = 0; with_slopes && g < n_groups; g++) {
            const double chance = exp(scale * score[(size_t)g * BLOCK] - top) / sum;
            p->dscore[(size_t)g * BLOCK + (size_t)s] = share * scale * (chance - (g == label));
        }
    }
    return loss;
}

/* From the slopes of the scores to those of a node's entries and inputs, last node first. */
static void backward(double *slope, uint64_t *reached, pass *p, int block)
{
    const mj_lut_net *net = p->net;
    const int n_samples = block_size(p, block);
    memset(p->d, 0, ((size_t)p->first + (size_t)net->n_nodes) * BLOCK * sizeof *p->d);
    for (int g = 0; g < net->n_groups; g++) {
        for (int o = net->group[g]; o < net->group[g + 1]; o++) {
            for (int s = 0; s < n_samples; s++) {
                p->d[(size_t)net->output[o] * BLOCK + (size_t)s] += p->dscore[(size_t)g * BLOCK + (size_t)s];
            }
        }
    }
    for (int n = net->n_nodes - 1; n >= 0; n--) {
        const mj_lut_node *node = &net->node[n];
        const double *dy = p->d + ((size_t)p->first + (size_t)n) * BLOCK;
        for (int s = 0; s < n_samples; s++) {
            int i = 0;
            for (int j = 0; j < node->n_inputs; j++) {
                i |= (int)(p->value[node->input[j]] >> s & 1) << j;
            }
            reached[n] |= 1ull << i;
            slope[(size_t)n * MJ_LUT_ENTRIES + (size_t)i] += dy[s];
            for (int j = 0; j < node->n_inputs; j++) {
                const int step = (int)(node->table >> (i | 1 << j) & 1) - (int)(node->table >> (i & ~(1 << j)) & 1);
                p->d[(size_t)node->input[j] * BLOCK + (size_t)s] += step * dy[s];
            }
        }
    }
}

static int n_blocks(const mj_lut_samples *samples)
{
    return (samples->n + BLOCK - 1) / BLOCK;
}

mj_status mj_lut_slopes(double *slope, uint64_t *reached, double *loss, const mj_lut_net *net,
                        const mj_lut_samples *samples, mj_err *err)
{
    pass p;
    MJ_TRY(pass_init(&p, net, samples, err));
    memset(slope, 0, (size_t)net->n_nodes * MJ_LUT_ENTRIES * sizeof *slope);
    memset(reached, 0, (size_t)net->n_nodes * sizeof *reached);
    *loss = 0;
    for (int block = 0; block < n_blocks(samples); block++) {
        forward(&p, block, NULL);
        *loss += loss_of(&p, block, true);
        backward(slope, reached, &p, block);
    }
    mj_arena_fini(&p.arena);
    return MJ_OK;
}

/* Draws entries that are reached, each once: reached loses their bits. Returns how many. */
static int draw(mj_lut_flip *flip, int n, uint64_t *reached, const mj_lut_net *net, uint64_t seed)
{
    mj_rng rng;
    long long left = 0;
    int found = 0;
    mj_rng_init(&rng, seed, 0);
    for (int i = 0; i < net->n_nodes; i++) {
        left += __builtin_popcountll(reached[i]);
    }
    n = left < n ? (int)left : n;
    while (found < n) {
        const int node = (int)(mj_rng_uniform(&rng) * net->n_nodes);
        const int entry = (int)(mj_rng_uniform(&rng) * (1 << net->node[node].n_inputs));
        if (reached[node] >> entry & 1) {
            reached[node] &= ~(1ull << entry);
            flip[found++] = (mj_lut_flip){.node = node, .entry = entry};
        }
    }
    return found;
}

mj_status mj_lut_flips(mj_lut_flip *flip, int *n, double *loss, const mj_lut_net *net,
                       const mj_lut_samples *samples, uint64_t seed, mj_err *err)
{
    pass p;
    MJ_TRY(pass_init(&p, net, samples, err));
    double *slope = mj_arena_array(&p.arena, (size_t)net->n_nodes * MJ_LUT_ENTRIES, sizeof *slope);
    uint64_t *reached = mj_arena_array(&p.arena, (size_t)net->n_nodes, sizeof *reached);
    mj_status status = slope && reached
                           ? mj_lut_slopes(slope, reached, loss, net, samples, err)
                           : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for slopes of a network");
    if (status == MJ_OK) {
        *n = draw(flip, *n, reached, net, seed);
    }
    for (int k = 0; status == MJ_OK && k < *n; k++) {
        const bool set = net->node[flip[k].node].table >> flip[k].entry & 1;
        const double by_one = slope[(size_t)flip[k].node * MJ_LUT_ENTRIES + (size_t)flip[k].entry];
        double flipped = 0;
        for (int block = 0; block < n_blocks(samples); block++) {
            forward(&p, block, &flip[k]);
            flipped += loss_of(&p, block, false);
        }
        flip[k].predicted = set ? -by_one : by_one;
        flip[k].found = flipped - *loss;
    }
    mj_arena_fini(&p.arena);
    return status;
}

mj_lut_agreement mj_lut_flips_compare(const mj_lut_flip *flip, int n)
{
    mj_lut_agreement a = {.n_moved = 0};
    double p_mean = 0, f_mean = 0, pp = 0, ff = 0, pf = 0, apart = 0, size = 0;
    for (int k = 0; k < n; k++) {
        p_mean += flip[k].predicted / n;
        f_mean += flip[k].found / n;
    }
    for (int k = 0; k < n; k++) {
        const double p = flip[k].predicted, f = flip[k].found;
        pp += (p - p_mean) * (p - p_mean);
        ff += (f - f_mean) * (f - f_mean);
        pf += (p - p_mean) * (f - f_mean);
        apart += (p - f) * (p - f);
        size += f * f;
        a.n_moved += f != 0;
        a.n_same += p * f > 0;
    }
    a.correlation = pp > 0 && ff > 0 ? pf / sqrt(pp * ff) : 0;
    a.apart = size > 0 ? sqrt(apart / size) : 0;
    return a;
}
