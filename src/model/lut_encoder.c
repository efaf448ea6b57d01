/* Encoders of look-up-table networks: features to bits. */
#include "mj/lut_encoder.h"

#include "mj/kernels.h"

#include <assert.h>
#include <string.h>

enum { MIRROR_REACH = 2, MIRROR_ROWS = 2 };

MJ_CLONES static void ask_row(mj_real *restrict x, const uint8_t *restrict feature, size_t B,
                              int question, uint8_t operand)
{
    switch (question) {
    case MJ_LUT_AT_LEAST:
        for (size_t b = 0; b < B; b++) {
            x[b] = feature[b] >= operand;
        }
        return;
    case MJ_LUT_EQUALS:
        for (size_t b = 0; b < B; b++) {
            x[b] = feature[b] == operand;
        }
        return;
    default:
        for (size_t b = 0; b < B; b++) {
            x[b] = feature[b] >> operand & 1;
        }
    }
}

void mj_lut_encode(mj_real *x, const uint8_t *feature, const mj_lut_encoder *encoder, int B)
{
    for (int i = 0; i < encoder->n_inputs; i++) {
        const mj_lut_input *in = &encoder->input[i];
        ask_row(x + (size_t)i * (size_t)B, feature + (size_t)in->feature * (size_t)B, (size_t)B,
                in->question, (uint8_t)in->operand);
    }
}

/* answer [64] of 0 and 1 */
MJ_CLONES static void ask_64(uint8_t *restrict answer, const uint8_t *restrict feature, int question,
                             uint8_t operand)
{
    for (int b = 0; b < 64; b++) {
        answer[b] = question == MJ_LUT_AT_LEAST ? feature[b] >= operand
                    : question == MJ_LUT_EQUALS ? feature[b] == operand
                                                : feature[b] >> operand & 1;
    }
}

/* Eight bytes of 0 and 1 to a byte: the product puts byte i's bit at bit 56 + i. */
static uint64_t pack_64(const uint8_t answer[64])
{
    uint64_t word = 0;
    for (int k = 0; k < 8; k++) {
        uint64_t eight = 0;
        for (int i = 0; i < 8; i++) {
            eight |= (uint64_t)answer[8 * k + i] << 8 * i;
        }
        word |= (eight * 0x0102040810204080u >> 56) << 8 * k;
    }
    return word;
}

void mj_lut_encode_words(uint64_t *to, size_t stride, const uint8_t *feature,
                         const mj_lut_encoder *encoder, int n_words)
{
    uint8_t answer[64];
    for (int i = 0; i < encoder->n_inputs; i++) {
        const mj_lut_input *in = &encoder->input[i];
        const uint8_t *row = feature + (size_t)in->feature * 64 * (size_t)n_words;
        for (int w = 0; w < n_words; w++) {
            ask_64(answer, row + 64 * w, in->question, (uint8_t)in->operand);
            to[(size_t)i * stride + (size_t)w] = pack_64(answer);
        }
    }
}

mj_status mj_lut_encoder_check(const mj_lut_encoder *encoder, const char *path, mj_err *err)
{
    for (int i = 0; i < encoder->n_inputs; i++) {
        const mj_lut_input *in = &encoder->input[i];
        bool is_bit = in->question == MJ_LUT_BIT;
        if (in->feature < 0 || in->feature >= encoder->n_features || in->question < 0 ||
            in->question >= MJ_LUT_QUESTIONS_N || in->operand < 0 || in->operand > (is_bit ? 7 : 255)) {
            return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                              "input %d asks question %d about feature %d of %d, operand %d", i,
                              in->question, in->feature, encoder->n_features, in->operand);
        }
    }
    return MJ_OK;
}

mj_status mj_lut_encoder_init(mj_lut_encoder *encoder, int n_features, int n_inputs, mj_arena *arena,
                              mj_err *err)
{
    *encoder = (mj_lut_encoder){.n_features = n_features};
    encoder->input = mj_arena_array(arena, (size_t)n_inputs, sizeof *encoder->input);
    return encoder->input ? MJ_OK : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for an encoder");
}

void mj_lut_encoder_ask(mj_lut_encoder *encoder, int feature, mj_lut_question question, int operand)
{
    encoder->input[encoder->n_inputs++] = (mj_lut_input){feature, (int)question, operand};
}

/* Images whole. */

mj_status mj_lut_encode_images(mj_lut_encoder *encoder, const double *threshold, int n_thresholds,
                               const uint8_t *lowest, const uint8_t *highest, int n_pixels,
                               mj_arena *arena, mj_err *err)
{
    MJ_TRY(mj_lut_encoder_init(encoder, n_pixels, n_pixels * n_thresholds, arena, err));
    for (int t = 0; t < n_thresholds; t++) {
        for (int p = 0; p < n_pixels; p++) {
            if (lowest[p] < threshold[t] && threshold[t] <= highest[p]) {
                mj_lut_encoder_ask(encoder, p, MJ_LUT_AT_LEAST, (int)threshold[t]);
            }
        }
    }
    return encoder->n_inputs > 0 ? MJ_OK
                                 : mj_err_add(err, MJ_ERANGE, NULL, 0, 0,
                                              "no pixel of the images crosses a threshold");
}

/* Images pixel by pixel. */

static int neighbours_of(const mj_lut_pixels *p)
{
    return p->reach * (2 * p->reach + 1) + p->reach + 2;
}

static int mirrored_of(void)
{
    return MIRROR_ROWS * (2 * MIRROR_REACH + 1);
}

int mj_lut_pixels_features(const mj_lut_pixels *p)
{
    return neighbours_of(p) + mirrored_of() + 3;
}

static uint8_t level_at(const mj_lut_pixels *p, const uint8_t *level, int row, int column)
{
    bool inside = row >= 0 && row < p->height && column >= 0 && column < p->width;
    return inside ? level[row * p->width + column] : 0;
}

void mj_lut_pixels_read(uint8_t *feature, size_t stride, const mj_lut_pixels *p, const uint8_t *level,
                        int row, int column, int class)
{
    size_t n = 0;
    for (int up = 1; up <= p->reach; up++) {
        for (int right = -p->reach; right <= p->reach; right++) {
            feature[stride * n++] = level_at(p, level, row - up, column + right);
        }
    }
    for (int left = 1; left <= p->reach + 2; left++) {
        feature[stride * n++] = level_at(p, level, row, column - left);
    }
    for (int up = 0; up < MIRROR_ROWS; up++) {
        for (int right = -MIRROR_REACH; right <= MIRROR_REACH; right++) {
            int at = p->width - 1 - column + right;
            bool known = up > 0 || at < column;
            feature[stride * n++] = known ? level_at(p, level, row - up, at) : 0;
        }
    }
    feature[stride * n++] = (uint8_t)row;
    feature[stride * n++] = (uint8_t)column;
    feature[stride * n] = (uint8_t)class;
}

mj_status mj_lut_encode_pixels(mj_lut_encoder *encoder, const mj_lut_pixels *p, mj_arena *arena,
                               mj_err *err)
{
    int n_levels = neighbours_of(p) + mirrored_of();
    MJ_TRY(mj_lut_encoder_init(encoder, n_levels + 3,
                               n_levels * (p->levels - 1) + p->height + p->width + p->n_classes, arena,
                               err));
    for (int f = 0; f < n_levels; f++) {
        for (int level = 1; level < p->levels; level++) {
            mj_lut_encoder_ask(encoder, f, MJ_LUT_AT_LEAST, level);
        }
    }
    for (int row = 1; row < p->height; row++) {
        mj_lut_encoder_ask(encoder, n_levels, MJ_LUT_AT_LEAST, row);
    }
    for (int column = 1; column < p->width; column++) {
        mj_lut_encoder_ask(encoder, n_levels + 1, MJ_LUT_AT_LEAST, column);
    }
    for (int class = 0; class < p->n_classes; class++) {
        mj_lut_encoder_ask(encoder, n_levels + 2, MJ_LUT_EQUALS, class);
    }
    return MJ_OK;
}

/* Text. */

mj_status mj_lut_encode_text(mj_lut_encoder *encoder, int history, int one_hot, bool ordered, int n_symbols,
                             mj_arena *arena, mj_err *err)
{
    enum { SYMBOL_BITS = 8 };
    int n_bits = 1;
    while (n_bits < SYMBOL_BITS && 1 << n_bits < n_symbols) {
        n_bits++;
    }
    int n_inputs = (ordered ? 2 : 1) * one_hot * n_symbols + history * n_bits;
    MJ_TRY(mj_lut_encoder_init(encoder, history, n_inputs, arena, err));
    for (int back = 0; back < one_hot; back++) {
        for (int symbol = 0; symbol < n_symbols; symbol++) {
            mj_lut_encoder_ask(encoder, back, MJ_LUT_EQUALS, symbol);
        }
        for (int symbol = 1; ordered && symbol < n_symbols; symbol++) {
            mj_lut_encoder_ask(encoder, back, MJ_LUT_AT_LEAST, symbol);
        }
    }
    for (int back = 0; back < history; back++) {
        for (int bit = 0; bit < n_bits; bit++) {
            mj_lut_encoder_ask(encoder, back, MJ_LUT_BIT, bit);
        }
    }
    return MJ_OK;
}
