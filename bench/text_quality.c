/* What language models are worth and what they cost: bits per byte of the validation and the test
 * text, bytes stored, bytes read a token, tokens judged a second on one thread.
 *
 *     text_quality TEXT NAME MODEL [NAME MODEL]..      one figure a line, text.NAME.*; TEXT: kjv, ..
 *
 * `both` is of validation and test text together: of tiny-shakespeare, what others call validation.
 * Of a look-up memory also the energy of memory and arithmetic: what is read from its own chip, at
 * the rate for a small memory or for one beyond 2 MB, whose bytes cross the chip [unconventional2026],
 * and its products [accelforge2026]. A model that cannot be read is an error. */
#define _GNU_SOURCE
#include "figure.h"

#include "mj/language.h"
#include "mj/lookup_contexts.h"

static const double SMALL_B = 2e6, NEAR_JpB = 2e-12, FAR_JpB = 4.4e-12, MAC_J = 0.07e-12;

/* Of one token, NaN where it is no look-up memory: a row of each table with its gain, and the head. */
static double energy_J(const mj_language *model)
{
    const mj_recipe_model *m = &model->recipe->model;
    const int V = model->alphabet->n_symbols;
    mj_lookup_contexts contexts;
    mj_err err = {0};
    if (m->kind != MJ_TRAINED_LOOKUP || mj_lookup_contexts_parse(&contexts, m->contexts, m->rows, V,
                                                                 model->recipe->path, &err) != MJ_OK) {
        return NAN;
    }
    double macs = m->dims > 0 ? (double)m->dims * (contexts.n + V) : (double)V * contexts.n;
    return model->touched_B * (model->stored_B > SMALL_B ? FAR_JpB : NEAR_JpB) + macs * MAC_J;
}

static void print(const char *model, const char *what, double value, const char *unit)
{
    char name[128];
    snprintf(name, sizeof name, "text.%s.%s", model, what);
    figure_print(name, value, unit, NAN, NAN);
}

/* A model reads one text, so each part has a model of its own. */
static mj_status judge(mj_corpus *corpus, const char *name, const char *path, const mj_units *units,
                       mj_err *err)
{
    static const mj_corpus_part parts[] = {MJ_PART_VALIDATION, MJ_PART_TEST};
    double bits = 0, length = 0, second_s = 0;
    mj_status status = MJ_OK;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == MJ_OK; i++) {
        const mj_symbols *part = &corpus->part[parts[i]];
        mj_language model;
        mj_symbols text;
        mj_arena arena;
        mj_arena_init(&arena, 0);
        status = mj_language_load(&model, path, MJ_LANGUAGE_JUDGES, units, &arena, err);
        if (status == MJ_OK) {
            status = mj_alphabet_encode(&text, model.alphabet, part->byte, part->n, &arena, err);
        }
        if (status == MJ_OK) {
            double start_s = seconds_now(), part_bits = mj_language_bits(&model, &text);
            second_s += seconds_now() - start_s;
            bits += part_bits;
            length += (double)text.n;
            print(name, mj_part_names[parts[i]], part_bits / (double)text.n, "bit/B");
        }
        if (status == MJ_OK && parts[i] == MJ_PART_TEST) {
            print(name, "both", bits / length, "bit/B");
            print(name, "stored", model.stored_B / 1e6, "MB");
            print(name, "rate", length / second_s, "tok/s");
            print(name, "read", model.touched_B, "B");
            if (!isnan(energy_J(&model))) {
                print(name, "energy", 1e9 * energy_J(&model), "nJ");
            }
        }
        mj_arena_fini(&arena);
    }
    return status;
}

int main(int argc, char **argv)
{
    mj_err err = {0};
    mj_arena arena;
    mj_corpus corpus;
    mj_units *units = mj_units_new();
    mj_arena_init(&arena, 0);
    bool ok = argc > 1 && argc % 2 == 0 && units &&
              mj_corpus_load(&corpus, argv[1], &arena, &err) == MJ_OK;
    for (int i = 2; ok && i + 1 < argc; i += 2) {
        ok = judge(&corpus, argv[i], argv[i + 1], units, &err) == MJ_OK;
    }
    if (!ok) {
        fprintf(stderr, "text_quality TEXT NAME MODEL..: %s\n", err.n ? err.diag[0].text : "");
    }
    mj_arena_fini(&arena);
    mj_units_free(units);
    return ok ? 0 : 2;
}
