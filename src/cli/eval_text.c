/* mj eval of a language model: bits per byte of text that it was not trained on, read as one stream. */
#include "mj/json.h"
#include "progress.h"
#include "text_sweep.h"

/* The text that is judged, or its first limit_B bytes, in the model's alphabet. */
static mj_status load_text(mj_symbols *text, const char *source, mj_corpus_part part,
                           const mj_language *model, int limit_B, mj_context *context)
{
    mj_corpus corpus;
    MJ_TRY(mj_corpus_load(&corpus, source, &context->arena, &context->err));
    if (source == model->data && mj_language_is_strange(model, &corpus)) {
        mj_context_warn(context, "%s has changed since %s was trained on it (%.0f bytes then, %zu now): what is "
                        "judged may have been learned", source, model->recipe->name, model->data_B,
                        corpus.part[MJ_PART_TRAIN].n);
    }
    size_t n = corpus.part[part].n;
    n = limit_B > 0 && (size_t)limit_B < n ? (size_t)limit_B : n;
    return mj_alphabet_encode(text, model->alphabet, corpus.part[part].byte, n, &context->arena,
                              &context->err);
}

static mj_status sweep(mj_context *context, const mj_text_request *request, const mj_units *units)
{
    mj_text_sweep *s = mj_arena_alloc(&context->arena, sizeof *s);
    mj_corpus_part part = request->test ? MJ_PART_TEST : MJ_PART_VALIDATION;
    if (!s) {
        return mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    *s = (mj_text_sweep){.context = context, .request = request, .part = mj_part_names[part]};
    MJ_TRY(mj_language_load(&s->model, request->path, MJ_LANGUAGE_SWEEPS, units, &context->arena,
                            &context->err));
    s->source = request->data ? request->data : s->model.data;
    MJ_TRY(load_text(&s->text, s->source, part, &s->model,
                     request->limit_B > 0 ? request->limit_B : SWEEP_BYTES, context));
    return mj_text_sweep_run(s);
}

/* Options that mean nothing without a list. */
static mj_status check_plain(mj_context *context, const mj_text_request *request)
{
    if (request->for_sweep || request->plot_joules || request->batch > 0) {
        return mj_err_add(&context->err, MJ_EKEY, NULL, 0, 0,
                          "--chips and plots are of a sweep, --batch too: give it a list, such as --noise "
                          "0,0.1,0.2");
    }
    if (context->globals.csv || context->globals.facts.n > 0) {
        return mj_err_add(&context->err, MJ_EKEY, NULL, 0, 0,
                          "--csv and --facts are of a sweep: give it a list, such as --noise 0,0.1,0.2");
    }
    return MJ_OK;
}

/* The network behind a language model of look-up tables; NULL of another one. */
static mj_status find_lut(const mj_lut_model **lut, mj_context *context, const char *path)
{
    const mj_units *units = mj_context_units(context);
    *lut = NULL;
    if (!mj_lut_file_is(path, 1 << MJ_OBJECTIVE_NEXT_BYTE, units, &context->arena)) {
        return MJ_OK;
    }
    mj_lut_model *model = mj_arena_alloc(&context->arena, sizeof *model);
    *lut = model;
    return model ? mj_lut_file_load(model, path, units, &context->arena, &context->err)
                 : mj_err_add(&context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
}

mj_status mj_eval_text(mj_context *context, const mj_text_request *request)
{
    mj_language model;
    mj_symbols text;
    const mj_lut_model *lut;
    const mj_units *units = mj_context_units(context);
    if (!units) {
        return MJ_EMEM;
    }
    if (mj_text_sweep_asked(request)) {
        return sweep(context, request, units);
    }
    MJ_TRY(check_plain(context, request));
    mj_corpus_part part = request->test ? MJ_PART_TEST : MJ_PART_VALIDATION;
    MJ_TRY(mj_language_load(&model, request->path, MJ_LANGUAGE_JUDGES, units, &context->arena,
                            &context->err));
    const char *source = request->data ? request->data : model.data;
    MJ_TRY(find_lut(&lut, context, request->path));
    MJ_TRY(load_text(&text, source, part, &model, request->limit_B, context));
    double start_s = mj_clock_s();
    double bits = mj_language_bits(&model, &text) / (double)text.n;
    double seconds = mj_clock_s() - start_s;
    if (!context->globals.json) {
        printf("%s: %.4f bits per byte on the %s text of %s (%zu bytes, %zu not in the alphabet)\n"
               "  %.2f MB stored; %.0f B read a token; %.0f tokens/s on one thread\n",
               model.recipe->name, bits, mj_part_names[part], source, text.n, text.n_escaped,
               model.stored_B / 1e6, model.touched_B, (double)text.n / seconds);
        if (lut) {
            mj_lut_size_print(lut);
            putchar('\n');
        }
        return MJ_OK;
    }
    mj_json *root = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "model", model.recipe->name);
    mj_json_set_text(root, "metric", "bits-per-byte");
    mj_json_set_number(root, "value", bits);
    mj_json_set_text(root, "data", source);
    mj_json_set_text(root, "part", mj_part_names[part]);
    mj_json_set_integer(root, "n", (long long)text.n);
    mj_json_set_integer(root, "escaped", (long long)text.n_escaped);
    mj_json_set_number(root, "stored_B", model.stored_B);
    mj_json_set_number(root, "touched_B", model.touched_B);
    if (lut) {
        mj_lut_size_set(root, lut);
    }
    mj_json_set_number(root, "seconds", seconds);
    mj_status status = mj_json_print(root, stdout, &context->err);
    mj_json_free(root);
    return status;
}
