/* Packing: rows of codes of 2 to 8 bits.
 *
 * A code crosses at most one byte border, so a window of 16 bits is enough to write or read it. */
#include "mj/packing.h"

#include <string.h>

static int level_max(int bits)
{
    return (1 << (bits - 1)) - 1;
}

size_t mj_pack_row_B(mj_pack_shape shape)
{
    return ((size_t)shape.columns * (size_t)shape.bits + 7) / 8;
}

size_t mj_pack_size_B(mj_pack_shape shape)
{
    return (size_t)shape.rows * mj_pack_row_B(shape);
}

void mj_pack_scales(float *scale, const mj_real *x, mj_pack_shape shape)
{
    for (int row = 0; row < shape.rows; row++) {
        const mj_real *at = x + (size_t)row * (size_t)shape.columns;
        mj_real largest = 0;
        for (int i = 0; i < shape.columns; i++) {
            mj_real magnitude = mj_real_abs(at[i]);
            largest = magnitude > largest ? magnitude : largest;
        }
        scale[row] = (float)(largest / (mj_real)level_max(shape.bits));
    }
}

static int code_nearest(mj_real x, float scale, int L)
{
    mj_real level = mj_real_round(x / (mj_real)scale);
    if (!(mj_real_abs(level) <= (mj_real)L)) {
        return x > 0 ? L : x < 0 ? -L : 0;
    }
    return (int)level;
}

void mj_pack(unsigned char *packed, const mj_real *x, const float *scale, mj_pack_shape shape)
{
    int L = level_max(shape.bits);
    size_t row_B = mj_pack_row_B(shape);
    memset(packed, 0, mj_pack_size_B(shape));
    for (int row = 0; row < shape.rows; row++) {
        unsigned char *to = packed + (size_t)row * row_B;
        const mj_real *from = x + (size_t)row * (size_t)shape.columns;
        for (int i = 0; i < shape.columns; i++) {
            size_t bit = (size_t)i * (size_t)shape.bits;
            int code = scale[row] != 0 ? code_nearest(from[i], scale[row], L) : 0;
            unsigned window = (unsigned)(code + L) << bit % 8;
            to[bit / 8] |= (unsigned char)window;
            if (window > 255) {
                to[bit / 8 + 1] |= (unsigned char)(window >> 8);
            }
        }
    }
}

void mj_unpack(mj_real *x, const unsigned char *packed, const float *scale, mj_pack_shape shape)
{
    int L = level_max(shape.bits);
    unsigned mask = (1u << shape.bits) - 1;
    size_t row_B = mj_pack_row_B(shape);
    for (int row = 0; row < shape.rows; row++) {
        const unsigned char *from = packed + (size_t)row * row_B;
        mj_real *to = x + (size_t)row * (size_t)shape.columns;
        for (int i = 0; i < shape.columns; i++) {
            size_t bit = (size_t)i * (size_t)shape.bits;
            unsigned window = from[bit / 8];
            if (bit / 8 + 1 < row_B) {
                window |= (unsigned)from[bit / 8 + 1] << 8;
            }
            to[i] = (mj_real)((int)(window >> bit % 8 & mask) - L) * (mj_real)scale[row];
        }
    }
}
