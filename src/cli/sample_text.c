/* mj sample of a language model: a prompt and how it goes on, byte by byte on stdout, then on stderr
 * what it took here, and what a token of it would take on a machine that serves many: the bill of the
 * same prompt and length, by the text that the file carries for the accountant (trained.h). */
#include "mj/bill.h"
#include "mj/language.h"
#include "mj/rng.h"
#include "mj/symbol_draw.h"
#include "mj/trained.h"
#include "progress.h"
#include "train_commands.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Where a text stands. */
typedef struct {
    mj_language model;
    uint8_t *symbol; /* MJ_HISTORY zeros before it, prompt, then what was drawn */
    size_t n_prompt, n;
    mj_real logits[256];
    bool flushes; /* somebody watches */
} writing;

static mj_status begin(writing *w, mj_context *context, const mj_text_sample *sample)
{
    mj_arena *arena = &context->arena;
    mj_symbols prompt;
    w->n_prompt = strlen(sample->prompt);
    w->n = w->n_prompt + (size_t)sample->n;
    uint8_t *buffer = mj_arena_alloc(arena, MJ_HISTORY + w->n);
    if (!buffer) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "no memory for %zu bytes of text", w->n);
    }
    MJ_TRY(mj_alphabet_encode(&prompt, w->model.alphabet, (const unsigned char *)sample->prompt,
                              w->n_prompt, arena, &context->err));
    w->symbol = buffer + MJ_HISTORY;
    memcpy(w->symbol, prompt.symbol, w->n_prompt);
    w->flushes = isatty(STDOUT_FILENO);
    fwrite(sample->prompt, 1, w->n_prompt, stdout);
    return MJ_OK;
}

static void read_prompt(writing *w)
{
    for (size_t i = 0; i < w->n_prompt; i++) {
        mj_language_next(w->logits, &w->model, w->symbol + i);
    }
}

/* Draws what follows, until it is there or nobody takes it. */
static void write_text(writing *w, const mj_symbol_draw *draw, mj_rng *rng)
{
    double probability[256];
    int order[256];
    const mj_alphabet *alphabet = w->model.alphabet;
    for (size_t i = w->n_prompt; i < w->n && !ferror(stdout); i++) {
        mj_language_next(w->logits, &w->model, w->symbol + i);
        w->symbol[i] = (uint8_t)mj_symbol_draw_next(draw, w->logits, probability, order,
                                                    alphabet->n_symbols, rng);
        putchar(alphabet->byte_of[w->symbol[i]]);
        if (w->flushes) {
            fflush(stdout);
        }
    }
    putchar('\n');
}

/* A machine and what it takes there; text is empty where no bill can be had. */
typedef struct {
    mj_model model;
    mj_chip chip;
    mj_bill bill;
    char text[192];
} modelled;

static mj_status compute(modelled *m, mj_context *context, const mj_text_sample *sample,
                         const char *chip)
{
    mj_err *err = &context->err;
    double prompt = (double)strlen(sample->prompt);
    mj_serving serving = {.prompt = prompt, .no_prompt = prompt == 0, .output = sample->n};
    MJ_TRY(mj_context_load_chip(context, &m->chip, chip));
    MJ_TRY(mj_model_from_trained(&m->model, sample->path, context->units, &context->arena, err));
    MJ_TRY(mj_serving_resolve(&serving, &m->chip, &m->model, err));
    return mj_bill_compute(&m->bill, &m->chip, &m->model, &serving, err);
}

/* A machine that was asked for must have a bill; where none was, a model that has no bill on the
 * default one is no mistake. */
static mj_status model_joules(modelled *m, mj_context *context, const mj_text_sample *sample)
{
    static const char usual[] = "sram-chip";
    char joules[32];
    mj_status status = compute(m, context, sample, sample->on ? sample->on : usual);
    if (status != MJ_OK && !sample->on) {
        mj_context_warn(context, "no modelled joules: %s", context->err.diag[0].text);
        context->err = (mj_err){0};
        return MJ_OK;
    }
    MJ_TRY(status);
    const mj_serving *s = &m->bill.serving;
    snprintf(m->text, sizeof m->text, "; modelled on %.60s: %s/token written%s, at the %s, batch %g", m->chip.name,
             mj_units_format(m->bill.joules, "J", joules, sizeof joules),
             s->no_prompt ? "" : " with its share of the prompt", mj_boundary_names[s->boundary], s->batch);
    return MJ_OK;
}

static void print_effort(const writing *w, double prompt_s, double written_s, const char *modelled_text)
{
    double n_written = (double)(w->n - w->n_prompt);
    if (w->n_prompt > 0) {
        fprintf(stderr, "prompt of %zu tokens read at %.0f tokens/s; ", w->n_prompt,
                (double)w->n_prompt / prompt_s);
    }
    fprintf(stderr, "%.0f tokens written at %.0f tokens/s; %.0f B read a token, %.2f MB stored%s\n", n_written,
            n_written / written_s, w->model.touched_B, w->model.stored_B / 1e6, modelled_text);
}

mj_status mj_sample_text(mj_context *context, const mj_text_sample *sample)
{
    writing *w = mj_arena_alloc(&context->arena, sizeof *w);
    modelled *m = mj_arena_alloc(&context->arena, sizeof *m);
    const mj_units *units = mj_context_units(context);
    const mj_symbol_draw draw = {.temperature = sample->temperature, .top_p = sample->top_p};
    uint32_t seed;
    mj_rng rng;
    if (!w || !m || !units) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    MJ_TRY(mj_seed_read(&seed, context));
    MJ_TRY(mj_symbol_draw_check(&draw, &context->err));
    MJ_TRY(mj_language_load(&w->model, sample->path, MJ_LANGUAGE_GENERATES, units, &context->arena,
                            &context->err));
    MJ_TRY(model_joules(m, context, sample));
    mj_rng_init(&rng, seed, 0);
    MJ_TRY(begin(w, context, sample));
    double start_s = mj_clock_s();
    read_prompt(w);
    double prompt_s = mj_clock_s() - start_s;
    write_text(w, &draw, &rng);
    double written_s = mj_clock_s() - start_s - prompt_s;
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return errno == EPIPE ? MJ_OK
                              : mj_err_add(&context->err, MJ_EFILE, "stdout", 0, 0,
                                           "cannot write the text%s%s", errno != 0 ? ": " : "",
                                           errno != 0 ? strerror(errno) : "");
    }
    if (!context->globals.quiet) {
        print_effort(w, prompt_s, written_s, m->text);
    }
    return MJ_OK;
}
