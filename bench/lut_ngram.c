/* A trained look-up-table network of text against tables of n-grams of the same stored size.
 *
 *     lut_ngram SOURCE_ROOT [MODEL]
 *
 * The table: counts of a symbol after its two predecessors, interpolated with those after one and after
 * none (Witten and Bell: a context seen n times with u different symbols keeps the share n / (n + u)),
 * that is, an order-2 model. Stored: for each context its number of successors (7 bits) and for each
 * successor its symbol and its count, in `COUNT_BITS` bits (a rounded logarithm). Where that is more than
 * the network's bits (which its encoder and its code are among), the rarest trigrams go until it fits; where
 * it is less, there is no larger table of this order.
 *
 * Then an order-3 model may use what is left: to the table above it adds contexts of three predecessors. There
 * are too many for a place each, so one that is kept also costs its name, three symbols (with V = 64 and its
 * number of successors 25 bits), and for each successor seen more than once what one costs above. Kept are
 * those that save most bits of the training text for each bit that they cost, until nothing more fits. This
 * is no smarter than its order: the network has seen as many symbols back, or more.
 *
 * All read the same validation text, in bits a byte; training text and alphabet are those of the network. */
#include "figure.h"

#include "mj/language.h"
#include "mj/lut_quality.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT_BITS = 5, SIZE_BITS = 7, SEEN_LEAST = 2 };

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

/* What 5 bits hold of a count: a power of the square root of 2. */
static double rounded(double count)
{
    return count > 0 ? exp2(fmin(floor(2 * log2(count) + 0.5), (1 << COUNT_BITS) - 1) / 2) : 0;
}

static void round_counts(double *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        row[i] = rounded(row[i]);
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

static double chance_two(const ngrams *g, const uint8_t *at)
{
    double p = interpolate(g->none, g->V, *at, 1.0 / g->V);
    p = interpolate(row_one(g, at), g->V, *at, p);
    return interpolate(row_two(g, at), g->V, *at, p);
}

static double bits_of(const ngrams *g, const mj_symbols *text)
{
    double bits = 0;
    for (size_t i = 0; i < text->n; i++) {
        bits -= log2(chance_two(g, text->symbol + i));
    }
    return bits + 8 * (double)text->n_escaped;
}

/* Three predecessors, the nearest in the lowest byte, and in the training text what came behind them. */
typedef struct {
    uint32_t name;
    size_t first; /* of the followers, n of them */
    size_t n;
    double seen, kinds; /* as stored: of followers seen often enough */
    double saved, cost; /* bits: of the training text, of the table */
} context;

typedef struct {
    uint8_t symbol;
    double seen, stored; /* in the text; rounded, 0 where it is not kept */
} follower;

typedef struct {
    context *context; /* kept ones, by name; before that all */
    follower *follower;
    size_t n_contexts;
} thirds;

static uint32_t name_of(const uint8_t *at)
{
    return (uint32_t)at[-3] << 16 | (uint32_t)at[-2] << 8 | at[-1];
}

static int compare_keys(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* All contexts of the text and their followers, by name and symbol. */
static bool thirds_count(thirds *t, const mj_symbols *text)
{
    uint32_t *key = malloc(text->n * sizeof *key);
    size_t n = 0;
    *t = (thirds){calloc(text->n, sizeof(context)), calloc(text->n, sizeof(follower)), 0};
    if (!key || !t->context || !t->follower) {
        free(key);
        return false;
    }
    for (size_t i = 0; i < text->n; i++) {
        key[i] = name_of(text->symbol + i) << 8 | text->symbol[i];
    }
    qsort(key, text->n, sizeof *key, compare_keys);
    for (size_t i = 0; i < text->n; i++) {
        if (i == 0 || key[i] >> 8 != key[i - 1] >> 8) {
            t->context[t->n_contexts++] = (context){.name = key[i] >> 8, .first = n};
        }
        if (i == 0 || key[i] != key[i - 1]) {
            t->follower[n++].symbol = (uint8_t)key[i];
            t->context[t->n_contexts - 1].n++;
        }
        t->follower[n - 1].seen++;
    }
    free(key);
    return true;
}

static double chance_three(const context *c, double stored, double below)
{
    return (stored + c->kinds * below) / (c->seen + c->kinds);
}

/* What a context would store, cost and save. */
static void weigh(context *c, follower *of, const ngrams *g)
{
    const double symbol_bits = ceil(log2(g->V));
    c->cost = 3 * symbol_bits + SIZE_BITS;
    for (size_t i = 0; i < c->n; i++) {
        of[i].stored = of[i].seen >= SEEN_LEAST ? rounded(of[i].seen) : 0;
        c->seen += of[i].stored;
        c->kinds += of[i].stored > 0;
    }
    c->cost += c->kinds * (symbol_bits + COUNT_BITS);
    for (size_t i = 0; c->kinds > 0 && i < c->n; i++) {
        const uint8_t symbol[] = {(uint8_t)(c->name >> 8), (uint8_t)c->name, of[i].symbol};
        const double below = chance_two(g, symbol + 2);
        c->saved += of[i].seen * log2(chance_three(c, of[i].stored, below) / below);
    }
}

static int compare_worth(const void *a, const void *b)
{
    const context *x = a, *y = b;
    double p = x->saved / x->cost, q = y->saved / y->cost;
    return p != q ? (p < q) - (p > q) : (x->name > y->name) - (x->name < y->name);
}

static int compare_names(const void *a, const void *b)
{
    const context *x = a, *y = b;
    return (x->name > y->name) - (x->name < y->name);
}

/* Keeps what is worth most in at most `limit` bits; returns what it takes. */
static double thirds_shrink(thirds *t, const ngrams *g, double limit)
{
    double bits = 0;
    size_t kept = 0;
    for (size_t i = 0; i < t->n_contexts; i++) {
        weigh(&t->context[i], t->follower + t->context[i].first, g);
    }
    qsort(t->context, t->n_contexts, sizeof *t->context, compare_worth);
    for (size_t i = 0; i < t->n_contexts; i++) {
        if (t->context[i].saved > 0 && bits + t->context[i].cost <= limit) {
            bits += t->context[i].cost;
            t->context[kept++] = t->context[i];
        }
    }
    t->n_contexts = kept;
    qsort(t->context, kept, sizeof *t->context, compare_names);
    return bits;
}

static double thirds_bits_of(const thirds *t, const ngrams *g, const mj_symbols *text)
{
    double bits = 0;
    for (size_t i = 0; i < text->n; i++) {
        const uint8_t *at = text->symbol + i;
        const context wanted = {.name = name_of(at)};
        const context *c = bsearch(&wanted, t->context, t->n_contexts, sizeof wanted, compare_names);
        double p = chance_two(g, at), stored = 0;
        for (size_t k = 0; c && k < c->n; k++) {
            const follower *f = &t->follower[c->first + k];
            stored += f->symbol == *at ? f->stored : 0;
        }
        bits -= log2(c ? chance_three(c, stored, p) : p);
    }
    return bits + 8 * (double)text->n_escaped;
}

/* Contexts of three in what the table leaves of the network's bits. */
static bool judge_three(const ngrams *table, double table_bits, double limit, const mj_corpus *corpus)
{
    thirds t;
    const mj_symbols *text = &corpus->part[MJ_PART_VALIDATION];
    bool done = thirds_count(&t, &corpus->part[MJ_PART_TRAIN]);
    if (done) {
        double bits = table_bits + thirds_shrink(&t, table, limit - table_bits);
        figure_print("lut.ngram3_same_size_bits_per_byte",
                     thirds_bits_of(&t, table, text) / (double)text->n, "bit", NAN, NAN);
        figure_print("lut.ngram3_same_size_stored", bits / 8, "B", NAN, NAN);
        figure_print("lut.ngram3_contexts", (double)t.n_contexts, "1", NAN, NAN);
    }
    free(t.context);
    free(t.follower);
    return done;
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
    bool done = judge_three(&table, kept_bits, network_bits, &corpus);
    free(table.two);
    free(table.one);
    free(table.none);
    return done;
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
