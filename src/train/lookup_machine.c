/* Rows of a look-up memory as another machine has them.
 *
 *   w = level nearest to w0 of a codebook of 2^bits levels, fitted to the table again (codebook.h)
 *   w (1 + m n)    n normal, fixed when the chip is made
 *
 * The codebook is fitted to the rows that were ever trained: those that are not all 0. What was kept
 * lies in the second half of each row. */
#include "lookup_machine.h"

#include "mj/codebook.h"

#include <math.h>
#include <string.h>

/* A seed apart from those of tapes and readers. */
static const uint64_t CHIP_SEED = 1ull << 63 | 4;

void mj_lookup_machine_keep(mj_lookup_text *text)
{
    mj_lookup_memory *m = text->memory;
    for (size_t r = 0; r < m->contexts.n_rows; r++) {
        mj_real *row = m->slab + 2 * m->stride * r;
        memcpy(row + m->stride, row, m->stride * sizeof *row);
    }
}

static double largest_of(const mj_real *w, int n)
{
    double largest = 0;
    for (int j = 0; j < n; j++) {
        largest = fmax(largest, fabs((double)w[j]));
    }
    return largest;
}

static mj_status fit(float *level, const mj_lookup_memory *m, const mj_lookup_context *context,
                     int bits, mj_arena *scratch, mj_err *err)
{
    const mj_real *kept = m->slab + 2 * m->stride * context->first_row + m->stride;
    mj_code_histogram *histogram;
    double largest = 0;
    for (uint32_t r = 0; r < context->n_rows; r++) {
        largest = fmax(largest, largest_of(kept + 2 * m->stride * r, m->dims));
    }
    MJ_TRY(mj_code_histogram_new(&histogram, largest, scratch, err));
    for (uint32_t r = 0; r < context->n_rows; r++) {
        const mj_real *w = kept + 2 * m->stride * r;
        for (int j = 0; largest_of(w, m->dims) > 0 && j < m->dims; j++) {
            mj_code_histogram_add(histogram, (double)w[j]);
        }
    }
    mj_codebook_fit(level, histogram, bits);
    return MJ_OK;
}

static void write_row(mj_real *row, const mj_lookup_memory *m, const mj_analog *machine,
                      const float *level, uint32_t r)
{
    const mj_real *kept = row + m->stride;
    int bits = machine->weight_bits;
    for (int j = 0; j < m->dims; j++) {
        row[j] = bits ? (mj_real)level[mj_codebook_find(level, bits, (double)kept[j])] : kept[j];
    }
    if (machine->mismatch > 0) {
        mj_real normal[MJ_LOOKUP_DIMS_MAX];
        const mj_noise_key key = {.seed = CHIP_SEED, .step = machine->chip};
        mj_noise_normal(normal, (uint64_t)m->stride * r, (size_t)m->dims, key);
        for (int j = 0; j < m->dims; j++) {
            row[j] *= 1 + (mj_real)machine->mismatch * normal[j];
        }
    }
}

mj_status mj_lookup_machine_write(mj_lookup_text *text, const mj_analog *machine, mj_err *err)
{
    mj_lookup_memory *m = text->memory;
    mj_status status = MJ_OK;
    for (int k = 0; status == MJ_OK && k < m->contexts.n; k++) {
        const mj_lookup_context *context = &m->contexts.context[k];
        float level[MJ_CODES_MAX];
        mj_arena scratch;
        mj_arena_init(&scratch, 0);
        if (machine->weight_bits) {
            status = fit(level, m, context, machine->weight_bits, &scratch, err);
        }
        for (uint32_t r = context->first_row;
             status == MJ_OK && r < context->first_row + context->n_rows; r++) {
            write_row(m->slab + 2 * m->stride * r, m, machine, level, r);
        }
        mj_arena_fini(&scratch);
    }
    return status;
}
