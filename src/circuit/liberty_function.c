/* Boolean functions of Liberty as truth tables of 64 bits.
 *
 * An operand is a word of 64 bits, bit i the operand's value where input j is bit j of i; so operators
 * are the machine's, and the grammar is a descent through four levels of precedence. */
#include "mj/liberty.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { NESTING_MAX = 64 };

typedef struct {
    const char *text, *at;
    const char *const *input;
    int n_inputs, depth;
    const char *why;
} formula;

/* Value of input j in row i, all rows. */
static const uint64_t input_rows[MJ_LIBERTY_INPUTS_MAX] = {
    0xaaaaaaaaaaaaaaaa, 0xcccccccccccccccc, 0xf0f0f0f0f0f0f0f0,
    0xff00ff00ff00ff00, 0xffff0000ffff0000, 0xffffffff00000000};

static void skip(formula *f)
{
    while (isspace((unsigned char)*f->at)) {
        f->at++;
    }
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '[' || c == ']' || c == '.' || c == '$';
}

static uint64_t refuse(formula *f, const char *why)
{
    f->why = f->why ? f->why : why;
    return 0;
}

static uint64_t either(formula *f);

static uint64_t name_rows(formula *f)
{
    const char *start = f->at;
    while (is_name(*f->at)) {
        f->at++;
    }
    size_t length = (size_t)(f->at - start);
    for (int j = 0; j < f->n_inputs; j++) {
        if (strlen(f->input[j]) == length && memcmp(f->input[j], start, length) == 0) {
            return input_rows[j];
        }
    }
    if (length == 1 && (*start == '0' || *start == '1')) {
        return *start == '1' ? UINT64_MAX : 0;
    }
    f->at = start;
    return refuse(f, length > 0 ? "not an input of the cell" : "expected a name, '!' or '('");
}

/* A name, a bracket or a negation, with any number of ' behind it. */
static uint64_t factor(formula *f)
{
    uint64_t rows = 0;
    skip(f);
    if (f->why || ++f->depth > NESTING_MAX) {
        return refuse(f, "nested too deeply");
    }
    if (*f->at == '!') {
        f->at++;
        rows = ~factor(f);
    } else if (*f->at == '(') {
        f->at++;
        rows = either(f);
        skip(f);
        if (*f->at == ')') {
            f->at++;
        } else {
            refuse(f, "expected ')'");
        }
    } else {
        rows = name_rows(f);
    }
    f->depth--;
    for (skip(f); *f->at == '\''; skip(f)) {
        f->at++;
        rows = ~rows;
    }
    return rows;
}

static uint64_t different(formula *f)
{
    uint64_t rows = factor(f);
    for (skip(f); !f->why && *f->at == '^'; skip(f)) {
        f->at++;
        rows ^= factor(f);
    }
    return rows;
}

static uint64_t both(formula *f)
{
    uint64_t rows = different(f);
    for (skip(f); !f->why; skip(f)) {
        if (*f->at == '*' || *f->at == '&') {
            f->at++;
        } else if (!is_name(*f->at) && *f->at != '!' && *f->at != '(') {
            break;
        }
        rows &= different(f);
    }
    return rows;
}

static uint64_t either(formula *f)
{
    uint64_t rows = both(f);
    for (skip(f); !f->why && (*f->at == '+' || *f->at == '|'); skip(f)) {
        f->at++;
        rows |= both(f);
    }
    return rows;
}

mj_status mj_liberty_function(uint64_t *table, const char *text, const char *const *input,
                              int n_inputs, const char **why, int *at)
{
    formula f = {.text = text, .at = text, .input = input, .n_inputs = n_inputs};
    *table = either(&f);
    skip(&f);
    if (!f.why && *f.at != '\0') {
        refuse(&f, "expected an operator");
    }
    *why = f.why;
    *at = (int)(f.at - text);
    return f.why ? MJ_ESYNTAX : MJ_OK;
}
