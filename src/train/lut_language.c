/* Look-up-table networks that read text: the next symbol from the last few, 512 places at a time. */
#include "lut_language.h"

#include "lut_feed.h"
#include "mj/lut_quality.h"

static const double LN_2 = 0.69314718055994531;

typedef struct {
    mj_lut_model model;
    mj_lut_reader reader;
} lut_language;

mj_status mj_lut_language_load(mj_language *language, const char *path, mj_language_use use,
                               const mj_units *units, mj_arena *arena, mj_err *err)
{
    (void)use;
    lut_language *l = mj_arena_alloc(arena, sizeof *l);
    if (!l) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a look-up-table network");
    }
    MJ_TRY(mj_lut_file_load(&l->model, path, units, arena, err));
    if (!l->model.alphabet) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0, "a look-up-table network of images, not of text");
    }
    MJ_TRY(mj_lut_reader_init(&l->reader, &l->model, arena, err));
    language->alphabet = l->model.alphabet;
    language->stored_B = language->touched_B = l->model.stored_B;
    language->self = l;
    return MJ_OK;
}

/* The places at .. at + n - 1 as columns. */
static void read_places(lut_language *l, const uint8_t *at, int n)
{
    for (int i = 0; i < n; i++) {
        mj_lut_place_read(l->reader.feature + i, MJ_LUT_BLOCK, at + i, l->model.encoder.n_features,
                          l->model.tree);
    }
    mj_lut_reader_run(&l->reader);
    mj_lut_program_scores(l->reader.score, &l->reader.program, l->reader.slots);
}

/* z of all decisions, from the scores of a place. */
static void read_decisions(mj_real *z, const mj_lut_net *net, const int *score)
{
    for (int g = 0; g < net->n_groups; g++) {
        double half = (net->group[g + 1] - net->group[g]) / 2.0;
        z[g] = (mj_real)(net->slope[g] * (score[g] - half));
    }
}

static double symbol_bits(const lut_language *l, const int *score, int symbol)
{
    const mj_lut_net *net = &l->model.net;
    mj_real z[MJ_SYMBOLS_MAX];
    if (!l->model.tree) {
        return mj_lut_score_bits(score, net->n_groups, net->scale, symbol);
    }
    read_decisions(z, net, score);
    return mj_symbol_tree_nats(l->model.tree, z, symbol) / LN_2;
}

double mj_lut_language_bits(void *self, const uint8_t *symbol, size_t n)
{
    lut_language *l = self;
    int G = l->model.net.n_groups;
    double bits = 0;
    for (size_t at = 0; at < n; at += MJ_LUT_BLOCK) {
        int count = n - at < MJ_LUT_BLOCK ? (int)(n - at) : MJ_LUT_BLOCK;
        read_places(l, symbol + at, count);
        for (int i = 0; i < count; i++) {
            bits += symbol_bits(l, l->reader.score + i * G, symbol[at + (size_t)i]);
        }
    }
    return bits;
}

void mj_lut_language_next(mj_real *logits, void *self, const uint8_t *at)
{
    lut_language *l = self;
    read_places(l, at, 1);
    if (l->model.tree) {
        mj_real z[MJ_SYMBOLS_MAX];
        read_decisions(z, &l->model.net, l->reader.score);
        for (int symbol = 0; symbol < l->model.tree->n_symbols; symbol++) {
            logits[symbol] = (mj_real)-mj_symbol_tree_nats(l->model.tree, z, symbol);
        }
        return;
    }
    for (int g = 0; g < l->model.net.n_groups; g++) {
        logits[g] = (mj_real)(l->model.net.scale * l->reader.score[g]);
    }
}
