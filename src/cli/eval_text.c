/* mj eval of a language model: bits per byte of text that it was not trained on, read as one stream. */
#include "mj/json.h"
#include "mj/language.h"
#include "progress.h"
#include "train_commands.h"

/* The text that is judged, in the model's alphabet. */
static mj_status load_text(mj_symbols *text, const char *source, mj_corpus_part part,
                           const mj_language *model, mj_context *context)
{
    mj_corpus corpus;
    MJ_TRY(mj_corpus_load(&corpus, source, &context->arena, &context->err));
    return mj_alphabet_encode(text, model->alphabet, corpus.part[part].byte, corpus.part[part].n,
                              &context->arena, &context->err);
}

mj_status mj_eval_text(mj_context *context, const mj_text_request *request)
{
    mj_language model;
    mj_symbols text;
    const mj_units *units = mj_context_units(context);
    if (!units) {
        return MJ_EMEM;
    }
    mj_corpus_part part = request->test ? MJ_PART_TEST : MJ_PART_VALIDATION;
    MJ_TRY(mj_language_load(&model, request->path, MJ_LANGUAGE_JUDGES, units, &context->arena,
                            &context->err));
    const char *source = request->data ? request->data : model.data;
    MJ_TRY(load_text(&text, source, part, &model, context));
    double start_s = mj_clock_s();
    double bits = mj_language_bits(&model, &text) / (double)text.n;
    double seconds = mj_clock_s() - start_s;
    if (!context->globals.json) {
        printf("%s: %.4f bits per byte on the %s text of %s (%zu bytes, %zu not in the alphabet)\n"
               "  %.2f MB stored; %.0f B read a token; %.0f tokens/s on one thread\n",
               model.recipe->name, bits, mj_part_names[part], source, text.n, text.n_escaped,
               model.stored_B / 1e6, model.touched_B, (double)text.n / seconds);
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
    mj_json_set_number(root, "seconds", seconds);
    mj_status status = mj_json_print(root, stdout, &context->err);
    mj_json_free(root);
    return status;
}
