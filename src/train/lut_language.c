/* Look-up-table networks that read text: the next symbol from the last few, 512 places at a time. */
#include "lut_language.h"

#include "mj/lut_quality.h"

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
    for (int back = 0; back < l->model.encoder.n_features; back++) {
        uint8_t *row = l->reader.feature + (size_t)back * MJ_LUT_BLOCK;
        for (int i = 0; i < n; i++) {
            row[i] = at[i - 1 - back];
        }
    }
    mj_lut_reader_run(&l->reader);
    mj_lut_program_scores(l->reader.score, &l->reader.program, l->reader.slots);
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
            bits += mj_lut_score_bits(l->reader.score + i * G, G, l->model.net.scale,
                                      symbol[at + (size_t)i]);
        }
    }
    return bits;
}

void mj_lut_language_next(mj_real *logits, void *self, const uint8_t *at)
{
    lut_language *l = self;
    read_places(l, at, 1);
    for (int g = 0; g < l->model.net.n_groups; g++) {
        logits[g] = (mj_real)(l->model.net.scale * l->reader.score[g]);
    }
}
