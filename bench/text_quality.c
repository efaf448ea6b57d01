/* What language models are worth and what they cost: bits per byte of the validation and the test
 * text, bytes stored, bytes read a token, tokens judged a second on one thread.
 *
 *     text_quality TEXT NAME MODEL [NAME MODEL]..   one figure a line, text.NAME.*; TEXT: kjv, ..
 *
 * `both` is of validation and test text together: of tiny-shakespeare, what others call validation.
 * `energy` is of memory and arithmetic alone, of one stream: every byte read from the chip's own
 * memory, at the rate for a small one or for one beyond 2 MB, whose bytes cross the chip
 * [unconventional2026], and the products [accelforge2026]; `mj bill` has all the rest. A model that
 * cannot be read ends all. */
#define _GNU_SOURCE
#include "figure.h"

#include "mj/kernels.h"
#include "mj/language.h"

static const double SMALL_B = 2e6, NEAR_JpB = 2e-12, FAR_JpB = 4.4e-12, MAC_J = 0.07e-12;

static double energy_J(const mj_language *model)
{
    double macs = model->work.mac + model->work.rest_mac;
    return model->touched_B * (model->stored_B > SMALL_B ? FAR_JpB : NEAR_JpB) + macs * MAC_J;
}

static void print(const char *model, const char *what, double value, const char *unit)
{
    char name[128];
    snprintf(name, sizeof name, "text.%s.%s", model, what);
    figure_print(name, value, unit, NAN, NAN);
}

typedef struct {
    const char *name, *path;
    double bits, length, second_s, stored_B, touched_B, energy_J;
} verdict;

/* A model reads one text, so each part has a model of its own. */
static mj_status judge(verdict *v, const mj_corpus *corpus, mj_corpus_part part,
                       const mj_units *units, mj_arena *arena, mj_err *err)
{
    mj_language model;
    mj_symbols text;
    MJ_TRY(mj_language_load(&model, v->path, MJ_LANGUAGE_JUDGES, units, arena, err));
    MJ_TRY(mj_alphabet_encode(&text, model.alphabet, corpus->part[part].byte, corpus->part[part].n,
                              arena, err));
    double start_s = seconds_now(), bits = mj_language_bits(&model, &text);
    v->second_s += seconds_now() - start_s;
    v->bits += bits;
    v->length += (double)text.n;
    v->stored_B = model.stored_B;
    v->touched_B = model.touched_B;
    v->energy_J = energy_J(&model);
    print(v->name, mj_part_names[part], bits / (double)text.n, "bit/B");
    return MJ_OK;
}

static mj_status judge_all(verdict *v, const mj_corpus *corpus, const mj_units *units, mj_err *err)
{
    mj_status status = MJ_OK;
    for (int part = MJ_PART_VALIDATION; part <= MJ_PART_TEST && status == MJ_OK; part++) {
        mj_arena arena;
        mj_arena_init(&arena, 0);
        status = judge(v, corpus, (mj_corpus_part)part, units, &arena, err);
        mj_arena_fini(&arena);
    }
    MJ_TRY(status);
    print(v->name, "both", v->bits / v->length, "bit/B");
    print(v->name, "rate", v->length / v->second_s, "tok/s");
    print(v->name, "stored", v->stored_B / 1e6, "MB");
    print(v->name, "read", v->touched_B, "B");
    print(v->name, "energy", 1e9 * v->energy_J, "nJ");
    return MJ_OK;
}

int main(int argc, char **argv)
{
    mj_err err = {0};
    mj_arena arena;
    mj_corpus corpus;
    mj_units *units = mj_units_new();
    mj_arena_init(&arena, 0);
    mj_threads_set(1);
    bool ok = argc > 1 && argc % 2 == 0 && units &&
              mj_corpus_load(&corpus, argv[1], &arena, &err) == MJ_OK;
    for (int i = 2; ok && i + 1 < argc; i += 2) {
        verdict v = {.name = argv[i], .path = argv[i + 1]};
        ok = judge_all(&v, &corpus, units, &err) == MJ_OK;
    }
    if (!ok) {
        fprintf(stderr, "text_quality TEXT NAME MODEL..: %s\n", err.n ? err.diag[0].text : "");
    }
    mj_arena_fini(&arena);
    mj_units_free(units);
    return ok ? 0 : 2;
}
