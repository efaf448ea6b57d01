/* A trained look-up-table network of text against tables of n-grams of the same stored size.
 *
 *     lut_ngram SOURCE_ROOT [MODEL]
 *
 * The table: counts of a symbol after its two predecessors, interpolated with those after one and after
 * none (Witten and Bell: a context seen n times with u different symbols keeps the share n / (n + u)),
 * that is, an order-2 model. Stored: for each context its number of successors (7 bits) and for each
 * successor its symbol and its count, in `COUNT_BITS` bits (a rounded logarithm). Where that is more than
 * the network's bits (which its encoder and its code are among), the rarest trigrams go until it fits; where
 * it is less, there is no larger table of this order. Both read the same validation text, in bits a
 * byte; training text and alphabet are those of the network. */
#include "figure.h"

#include "mj/language.h"
#include "mj/lut_quality.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT_BITS = 5, SIZE_BITS = 7, V_MAX = 256 };

typedef struct {
    int V;
    double *two;  /* [V,V,V] counts after two */
    double *one;  /* [V,V] */
    double *none; /* [V] */
} ngrams;

static double *row_two(const ngrams *g, const uint8_t *at)
{
    return g->two + ((size_t)at[-2] * (size_t)g->V + at[-1]) * (size_t)g->V;
}

static double *row_one(const ngrams *g, const uint8_t *at)
{
    return g->one + (size_t)at[-1] * (size_t)g->V;
}

static bool count(ngrams *g, const mj_symbols *text, int V)
{
    size_t n = (size_t)V;
    *g = (ngrams){V, calloc(n * n * n, sizeof(double)), calloc(n * n, sizeof(double)),
                  calloc(n, sizeof(double))};
    for (size_t i = 0; g->two && g->one && g->none && i < text->n; i++) {
        const uint8_t *at = text->symbol + i;
        row_two(g, at)[*at]++;
        row_one(g, at)[*at]++;
        g->none[*at]++;
    }
    return g->two && g->one && g->none;
}

/* Counts that 5 bits hold: powers of the square root of 2. */
static void round_counts(double *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        row[i] = row[i] > 0 ? exp2(fmin(floor(2 * log2(row[i]) + 0.5), (1 << COUNT_BITS) - 1) / 2) : 0;
    }
}

static double table_bits(const double *rows, size_t n_rows, int V, double least)
{
    double symbol_bits = ceil(log2(V)), bits = 0;
    for (size_t r = 0; r < n_rows; r++) {
        bits += SIZE_BITS;
        for (int v = 0; v < V; v++) {
            bits += rows[r * (size_t)V + (size_t)v] > least ? symbol_bits + COUNT_BITS : 0;
        }
    }
    return bits;
}

/* Drops rare trigrams until all three tables take at most `limit` bits; returns what they take. */
static double shrink(ngrams *g, double limit)
{
    size_t n = (size_t)g->V;
    double rest = table_bits(g->one, n, g->V, 0) + table_bits(g->none, 1, g->V, 0), least = 0;
    while (rest + table_bits(g->two, n * n, g->V, least) > limit && least < 1e9) {
        least = least < 64 ? least + 1 : least * 1.1;
    }
    for (size_t i = 0; i < n * n * n; i++) {
        g->two[i] = g->two[i] > least ? g->two[i] : 0;
    }
    return rest + table_bits(g->two, n * n, g->V, 0);
}

static double interpolate(const double *row, int V, int symbol, double below)
{
    double n = 0, kinds = 0;
    for (int v = 0; v < V; v++) {
        n += row[v];
        kinds += row[v] > 0;
    }
    return n > 0 ? (row[symbol] + kinds * below) / (n + kinds) : below;
}

static double bits_of(const ngrams *g, const mj_symbols *text)
{
    double bits = 0;
    for (size_t i = 0; i < text->n; i++) {
        const uint8_t *at = text->symbol + i;
        double p = interpolate(g->none, g->V, *at, 1.0 / g->V);
        p = interpolate(row_one(g, at), g->V, *at, p);
        bits -= log2(interpolate(row_two(g, at), g->V, *at, p));
    }
    return bits + 8 * (double)text->n_escaped;
}

static bool judge(const char *path, const mj_units *units, mj_arena *arena, mj_err *err)
{
    mj_language language;
    mj_lut_model model;
    mj_corpus corpus;
    ngrams table;
    if (mj_language_load(&language, path, MJ_LANGUAGE_JUDGES, units, arena, err) != MJ_OK ||
        mj_lut_file_load(&model, path, units, arena, err) != MJ_OK ||
        mj_corpus_load(&corpus, language.data, arena, err) != MJ_OK) {
        return false;
    }
    const mj_symbols *text = &corpus.part[MJ_PART_VALIDATION];
    double n = (double)text->n, network_bits = mj_lut_model_bits(&model);
    mj_lut_count gates = mj_lut_net_count(&model.net);
    double network = mj_language_bits(&language, text) / n;
    if (!count(&table, &corpus.part[MJ_PART_TRAIN], corpus.alphabet.n_symbols)) {
        return false;
    }
    double whole_bits = shrink(&table, HUGE_VAL);
    double whole = bits_of(&table, text) / n;
    double kept_bits = shrink(&table, network_bits);
    size_t V = (size_t)table.V;
    round_counts(table.two, V * V * V);
    round_counts(table.one, V * V);
    double kept = bits_of(&table, text) / n;
    figure_print("lut.text_bits_per_byte", network, "bit", NAN, kept);
    figure_print("lut.text_stored", network_bits / 8, "B", NAN, NAN);
    figure_print("lut.text_gates", gates.gates, "1", NAN, NAN);
    figure_print("lut.ngram_same_size_bits_per_byte", kept, "bit", NAN, NAN);
    figure_print("lut.ngram_same_size_stored", kept_bits / 8, "B", NAN, NAN);
    figure_print("lut.ngram_whole_bits_per_byte", whole, "bit", NAN, NAN);
    figure_print("lut.ngram_whole_stored", whole_bits / 8, "B", NAN, NAN);
    free(table.two);
    free(table.one);
    free(table.none);
    return true;
}

int main(int argc, char **argv)
{
    mj_err err = {0};
    mj_arena arena;
    mj_units *units = mj_units_new();
    mj_arena_init(&arena, 0);
    if (argc < 2 || !units) {
        fprintf(stderr, "lut_ngram SOURCE_ROOT [MODEL]\n");
        return 2;
    }
    const char *path = argc > 2 ? argv[2]
                                : mj_arena_printf(&arena, "%s/data/trained/lut-text.safetensors", argv[1]);
    bool done = path && judge(path, units, &arena, &err);
    if (!done) {
        fprintf(stderr, "%s\n", err.n ? err.diag[0].text : "no memory");
    }
    mj_arena_fini(&arena);
    mj_units_free(units);
    return done ? 0 : 2;
}
