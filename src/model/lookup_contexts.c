/* Contexts of a look-up memory: the words that name them, and their hashes. */
#include "mj/lookup_contexts.h"

#include <stdlib.h>
#include <string.h>

enum { ORDER_MAX = 8, WORDS_MAX = 3, PART_MAX = 1 << 10, END_OF_WORD = 77 };
static const uint64_t START = 1469598103934665603u, FACTOR = 0x9E3779B97F4A7C15u;
/* Ends of classes of match lengths: for rows, one class a length and then these; for the gains. */
enum { COPY_CLASSES = 20 };

/* One word of the list; at moves behind it. False: it is none. */
static bool read_word(mj_lookup_context *context, int *part, const char **at)
{
    static const char letters[] = "?wvc"; /* by kind */
    const char *word = *at;
    const char *kind = *word ? strchr(letters + 1, *word) : NULL;
    context->kind = kind ? (mj_lookup_kind)(kind - letters) : MJ_LOOKUP_ORDER;
    word += kind ? 1 : 0;
    char *end;
    long reach = *word >= '0' && *word <= '9' ? strtol(word, &end, 10) : -1, share = 1;
    if (reach >= 0 && *end == '/') {
        word = end + 1;
        share = *word >= '0' && *word <= '9' ? strtol(word, &end, 10) : 0;
    }
    static const struct {
        long low, high;
    } range[] = {{0, ORDER_MAX}, {0, WORDS_MAX}, {1, WORDS_MAX},
                 {MJ_COPY_LENGTH_MIN, MJ_COPY_LENGTH_MAX}};
    if (reach < range[context->kind].low || reach > range[context->kind].high || share < 1 ||
        share > PART_MAX || (share & (share - 1)) != 0 || (*end != ' ' && *end != '\0')) {
        return false;
    }
    context->reach = (int)reach;
    *part = (int)share;
    *at = end;
    return true;
}

/* Rows of a table: those that its context can tell apart, or the hash's. */
static uint32_t rows_of(const mj_lookup_context *context, int rows, int part, int n_symbols)
{
    uint32_t V = (uint32_t)n_symbols, hashed = (uint32_t)(rows / part);
    if (context->kind == MJ_LOOKUP_COPY) {
        return 1 + COPY_CLASSES * V;
    }
    if (context->kind == MJ_LOOKUP_ORDER && context->reach <= 2) {
        uint32_t all = context->reach == 0 ? 1 : context->reach == 1 ? V : V * V;
        return all < hashed || context->reach < 2 ? all : hashed;
    }
    return hashed;
}

static int word_length(const char *word)
{
    enum { LONGEST = 24 };
    size_t length = strcspn(word, " ");
    return length < LONGEST ? (int)length : LONGEST;
}

/* A second table of the same context and size would learn the same. */
static bool has(const mj_lookup_contexts *contexts, const mj_lookup_context *context)
{
    for (int k = 0; k < contexts->n; k++) {
        const mj_lookup_context *other = &contexts->context[k];
        if (other->kind == context->kind && other->reach == context->reach &&
            other->n_rows == context->n_rows) {
            return true;
        }
    }
    return false;
}

mj_status mj_lookup_contexts_parse(mj_lookup_contexts *contexts, const char *words, int rows,
                                   int n_symbols, const char *path, mj_err *err)
{
    *contexts = (mj_lookup_contexts){.n_symbols = n_symbols};
    if (rows < MJ_LOOKUP_ROWS_MIN || rows > MJ_LOOKUP_ROWS_MAX || (rows & (rows - 1)) != 0) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                          "rows of a look-up memory: a power of two from %d to %d, not %d",
                          MJ_LOOKUP_ROWS_MIN, MJ_LOOKUP_ROWS_MAX, rows);
    }
    for (const char *at = words; *at;) {
        mj_lookup_context context = {0};
        int part;
        if (*at == ' ') {
            at++;
            continue;
        }
        const char *word = at;
        if (!read_word(&context, &part, &at) || rows / part < MJ_LOOKUP_ROWS_MIN) {
            return mj_err_add(err, MJ_ERANGE, path, 0, 0,
                              "contexts: '%.*s' is none of 0 to 8, w0 to w3, v1 to v3, c4 to c32, "
                              "nor one of these with a power of two behind '/'", word_length(word), word);
        }
        context.n_rows = rows_of(&context, rows, part, n_symbols);
        if (has(contexts, &context)) {
            return mj_err_add(err, MJ_ERANGE, path, 0, 0, "contexts: '%.*s' is there twice",
                              word_length(word), word);
        }
        if (contexts->n == MJ_LOOKUP_CONTEXTS_MAX ||
            (context.kind == MJ_LOOKUP_COPY && contexts->n_copies == MJ_COPIES_MAX)) {
            return mj_err_add(err, MJ_ELIMIT, path, 0, 0,
                              "contexts: more than %d, or more than %d copies",
                              MJ_LOOKUP_CONTEXTS_MAX, MJ_COPIES_MAX);
        }
        if (context.kind == MJ_LOOKUP_COPY) {
            contexts->copy_length[contexts->n_copies] = context.reach;
            context.copy = contexts->n_copies++;
        }
        context.first_row = contexts->n_rows;
        contexts->n_rows += context.n_rows;
        contexts->context[contexts->n++] = context;
    }
    return contexts->n > 0 ? MJ_OK
                           : mj_err_add(err, MJ_ERANGE, path, 0, 0, "contexts: the list is empty");
}

static uint64_t mix(uint64_t hash, unsigned symbol)
{
    return (hash ^ symbol) * FACTOR ^ (hash >> 29);
}

/* Hashes the letters before at[-i + 1], returns the i behind them. */
static int mix_word(uint64_t *hash, const uint8_t *at, const bool letter[256], int i)
{
    while (i <= MJ_HISTORY && letter[at[-i]]) {
        *hash = mix(*hash, at[-i]);
        i++;
    }
    *hash = mix(*hash, END_OF_WORD);
    return i;
}

static int skip(const uint8_t *at, const bool letter[256], int i)
{
    while (i <= MJ_HISTORY && !letter[at[-i]]) {
        i++;
    }
    return i;
}

/* What contexts of one place share: the hash of an order begins as that of a lower one, that of words
 * as that of fewer. */
typedef struct {
    const uint8_t *at;
    const bool *letter;
    int reach; /* of the order that order_hash stands for */
    uint64_t order_hash;
    int n_words; /* words 0 to n_words - 1 are known: the hash of all up to one, and the i behind it */
    uint64_t word_hash[WORDS_MAX + 1];
    int word_end[WORDS_MAX + 1];
} history;

static uint64_t hash_order(history *h, int reach)
{
    if (reach < h->reach) {
        h->reach = 0;
        h->order_hash = START;
    }
    while (h->reach < reach) {
        h->reach++;
        h->order_hash = mix(h->order_hash, h->at[-h->reach]);
    }
    return h->order_hash;
}

static uint64_t hash_words(history *h, int n)
{
    for (; h->n_words <= n; h->n_words++) {
        int word = h->n_words, i = word > 0 ? skip(h->at, h->letter, h->word_end[word - 1]) : 1;
        h->word_hash[word] = word > 0 ? h->word_hash[word - 1] : START;
        h->word_end[word] = mix_word(&h->word_hash[word], h->at, h->letter, i);
    }
    return h->word_hash[n];
}

static uint64_t hash_of(history *h, const mj_lookup_context *context)
{
    if (context->kind == MJ_LOOKUP_ORDER) {
        return hash_order(h, context->reach);
    }
    if (context->kind == MJ_LOOKUP_WORD) {
        return hash_words(h, context->reach);
    }
    hash_words(h, context->reach - 1);
    uint64_t hash = h->word_hash[0];
    mix_word(&hash, h->at, h->letter,
             skip(h->at, h->letter, h->word_end[context->reach - 1]));
    return hash;
}

/* One class a length below 16, then 16-19, 20-23, 24-31, 32. */
static uint32_t copy_class(int length)
{
    return (uint32_t)(length < 16 ? length : length < 20 ? 16 : length < 24 ? 17 : length < 32 ? 18 : 19);
}

/* 0 nothing, then up to 11, 15, 19, 27 and more. */
static uint8_t match_class(int length)
{
    return (uint8_t)(length == 0   ? 0
                     : length < 12 ? 1
                     : length < 16 ? 2
                     : length < 20 ? 3
                     : length < 28 ? 4
                                   : 5);
}

void mj_lookup_place_find(mj_lookup_place *place, const mj_lookup_contexts *contexts,
                          const uint8_t *at, const bool letter[256], const mj_copy_place *copy)
{
    uint32_t V = (uint32_t)contexts->n_symbols;
    history h = {.at = at, .letter = letter, .order_hash = START};
    for (int k = 0; k < contexts->n; k++) {
        const mj_lookup_context *context = &contexts->context[k];
        uint32_t row;
        if (context->kind == MJ_LOOKUP_COPY) {
            const mj_copy_place *c = &copy[context->copy];
            row = c->length == 0 ? 0 : 1 + copy_class(c->length) * V + c->expected;
        } else if (context->kind == MJ_LOOKUP_ORDER && context->reach < 2) {
            row = context->reach == 0 ? 0 : at[-1];
        } else if (context->kind == MJ_LOOKUP_ORDER && context->reach == 2 &&
                   context->n_rows == V * V) {
            row = at[-1] * V + at[-2];
        } else { /* n_rows is a power of two: the top bits of the product */
            uint64_t hash = hash_of(&h, context);
            hash = (hash ^ hash >> 32) * FACTOR;
            row = (uint32_t)(hash >> 32) & (context->n_rows - 1);
        }
        place->row[k] = context->first_row + row;
    }
    place->match = contexts->n_copies > 0 ? match_class(copy[0].length) : 0;
}
