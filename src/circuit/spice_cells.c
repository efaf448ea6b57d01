/* Spice cells: the file of subcircuits, and a counter of full adders. */
#include "mj/spice_cells.h"

#include "mj/file.h"
#include "mj/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64, CELLS_MAX = 4096, TRANSISTORS_MAX = 1024, BITS_MAX = 6 };
static const size_t file_max_B = (size_t)64 << 20;

/* A file while it is read. */
typedef struct {
    mj_spice_cells *cells;
    mj_cell_transistor transistor[TRANSISTORS_MAX]; /* of the cell being read */
    int n_transistors, line;
    mj_spice_cell *open; /* NULL: between cells */
    mj_arena *arena;
    mj_err *err;
} scan;

static mj_status problem(const scan *s, mj_status code, const char *what)
{
    return mj_err_add(s->err, code, s->cells->path, s->line, 0, "%s", what);
}

static mj_status no_memory(const scan *s)
{
    return problem(s, MJ_EMEM, "no memory for the cells");
}

/* "w=2u", "ad=1.5p" after the name and '=': in SI; `other` if this is another word; negative if it is
 * no number with u, n, p or nothing behind it. */
static double value_of(const char *word, const char *name, double other)
{
    const size_t length = strlen(name);
    double number;
    if (strncmp(word, name, length) != 0 || word[length] != '=') {
        return other;
    }
    const char *text = word + length + 1;
    const size_t n = mj_text_number(text, &number);
    const double unit = text[n] == 'u'    ? 1e-6
                        : text[n] == 'n'  ? 1e-9
                        : text[n] == 'p'  ? 1e-12
                        : text[n] == '\0' ? 1
                                          : -1;
    return n > 0 ? number * unit : -1;
}

static mj_status cell_begin(scan *s, const char *const *word, int n)
{
    if (s->open || n < 2 || s->cells->n_cells == CELLS_MAX) {
        return problem(s, MJ_ESYNTAX, "a .subckt inside another, without a name, or one too many");
    }
    s->open = &s->cells->cell[s->cells->n_cells];
    *s->open = (mj_spice_cell){.name = word[1], .n_ports = n - 2};
    s->open->port = mj_arena_array(s->arena, (size_t)n - 2, sizeof *s->open->port);
    if (!s->open->port) {
        return no_memory(s);
    }
    for (int i = 2; i < n; i++) {
        s->open->port[i - 2] = word[i];
    }
    s->n_transistors = 0;
    return MJ_OK;
}

static mj_status cell_end(scan *s)
{
    if (!s->open) {
        return problem(s, MJ_ESYNTAX, ".ends without .subckt");
    }
    const size_t n = (size_t)s->n_transistors;
    s->open->transistor = mj_arena_array(s->arena, n, sizeof *s->open->transistor);
    if (!s->open->transistor) {
        return no_memory(s);
    }
    memcpy(s->open->transistor, s->transistor, n * sizeof *s->transistor);
    s->open->n_transistors = s->n_transistors;
    s->open = NULL;
    s->cells->n_cells++;
    return MJ_OK;
}

static mj_status transistor_read(scan *s, const char *const *word, int n)
{
    if (n < 6 || s->n_transistors == TRANSISTORS_MAX) {
        return problem(s, MJ_ESYNTAX, "a transistor without its nodes, or more than 1024 in a cell");
    }
    mj_cell_transistor t = {.drain = word[1], .gate = word[2], .source = word[3], .bulk = word[4],
                            .is_pmos = word[5][0] == 'p', .width_m = -1, .length_m = -1};
    for (int i = 6; i < n; i++) {
        t.width_m = value_of(word[i], "w", t.width_m);
        t.length_m = value_of(word[i], "l", t.length_m);
        t.drain_m2 = value_of(word[i], "ad", t.drain_m2);
        t.source_m2 = value_of(word[i], "as", t.source_m2);
        t.drain_edge_m = value_of(word[i], "pd", t.drain_edge_m);
        t.source_edge_m = value_of(word[i], "ps", t.source_edge_m);
    }
    if (!(t.width_m > 0) || !(t.length_m > 0) || t.drain_m2 < 0 || t.source_m2 < 0 ||
        t.drain_edge_m < 0 || t.source_edge_m < 0) {
        return problem(s, MJ_ESYNTAX, "a transistor has sizes, w= and l= at least");
    }
    s->transistor[s->n_transistors++] = t;
    return MJ_OK;
}

static mj_status line_read(scan *s, const char *const *word, int n)
{
    if (n == 0 || word[0][0] == '*') {
        return MJ_OK;
    }
    if (strcmp(word[0], ".subckt") == 0) {
        return cell_begin(s, word, n);
    }
    if (strcmp(word[0], ".ends") == 0) {
        return cell_end(s);
    }
    if (s->open && word[0][0] == 'm') {
        return transistor_read(s, word, n);
    }
    return s->open ? problem(s, MJ_ESUPPORT, "a cell may hold transistors only") : MJ_OK;
}

/* Appends the words of one line, in lower case. */
static mj_status words_add(const char **word, int *n, const scan *s, const char *at, const char *stop)
{
    while (at < stop) {
        at += isspace((unsigned char)*at) ? 1 : 0;
        const char *start = at;
        while (at < stop && !isspace((unsigned char)*at)) {
            at++;
        }
        if (at == start) {
            continue;
        }
        char *text = mj_arena_text(s->arena, start, (size_t)(at - start));
        if (!text || *n == WORDS_MAX) {
            return text ? problem(s, MJ_ELIMIT, "more than 64 words in a statement") : no_memory(s);
        }
        for (char *c = text; *c; c++) {
            *c = (char)tolower((unsigned char)*c);
        }
        word[(*n)++] = text;
    }
    return MJ_OK;
}

mj_status mj_spice_cells_parse(mj_spice_cells *cells, const char *text, size_t length, const char *name,
                               mj_arena *arena, mj_err *err)
{
    const char *word[WORDS_MAX], *end = text + length;
    int n = 0, first_line = 1;
    *cells = (mj_spice_cells){.path = mj_arena_text(arena, name, strlen(name))};
    scan *s = mj_arena_alloc(arena, sizeof *s);
    cells->cell = mj_arena_array(arena, CELLS_MAX, sizeof *cells->cell);
    if (!s || !cells->path || !cells->cell) {
        return mj_err_add(err, MJ_EMEM, name, 0, 0, "no memory for the cells");
    }
    *s = (scan){.cells = cells, .arena = arena, .err = err};
    for (const char *at = text; at < end; first_line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        if (*at == '+') {
            at++; /* goes on with the statement before */
        } else {
            MJ_TRY(line_read(s, word, n));
            n = 0;
            s->line = first_line;
        }
        MJ_TRY(words_add(word, &n, s, at, stop));
        at = stop + 1;
    }
    MJ_TRY(line_read(s, word, n));
    if (s->open || cells->n_cells == 0) {
        return problem(s, MJ_ESYNTAX, s->open ? "the file ends inside a .subckt" : "no .subckt here");
    }
    return MJ_OK;
}

mj_status mj_spice_cells_load(mj_spice_cells *cells, const char *path, mj_arena *arena, mj_err *err)
{
    char *text;
    size_t length;
    MJ_TRY(mj_file_read(&text, &length, path, file_max_B, err));
    mj_status status = mj_spice_cells_parse(cells, text, length, path, arena, err);
    free(text);
    return status;
}

/* Cells in yosys' JSON, one adder a column step: in[] are bits, the sum stays in the column. */
static const char *adders_json(int n_bits, const mj_liberty_cell *adder, int carry, mj_arena *arena)
{
    enum { HEIGHT = 1 << BITS_MAX };
    int column[BITS_MAX + 1][HEIGHT], height[BITS_MAX + 1] = {(1 << n_bits) - 1}, bit = 2;
    const char *ports = "", *cells = "", *comma = "";
    for (int i = 0; i < height[0] && ports; i++) {
        ports = mj_arena_printf(arena, "%s\"b%d\": {\"direction\": \"input\", \"bits\": [%d]}, ", ports,
                                i, bit);
        column[0][i] = bit++;
    }
    for (int c = 0; c < n_bits && ports && cells; c++) {
        while (height[c] > 1 && cells) {
            int *in = column[c];
            cells = mj_arena_printf(arena,
                                    "%s%s\"u%d\": {\"type\": \"%s\", \"connections\": {\"%s\": [%d], "
                                    "\"%s\": [%d], \"%s\": [%d], \"%s\": [%d], \"%s\": [%d]}}",
                                    cells, comma, bit, adder->name, adder->input[0].name, in[0],
                                    adder->input[1].name, in[1], adder->input[2].name, in[2],
                                    adder->output[!carry].name, bit, adder->output[carry].name, bit + 1);
            comma = ", ";
            height[c] -= 3;
            memmove(in, in + 3, (size_t)height[c] * sizeof *in);
            in[height[c]++] = bit++;
            column[c + 1][height[c + 1]++] = bit++;
        }
        ports = mj_arena_printf(arena, "%s%s\"s%d\": {\"direction\": \"output\", \"bits\": [%d]}", ports,
                                c > 0 ? ", " : "", c, column[c][0]);
    }
    return ports && cells ? mj_arena_printf(arena, "{\"modules\": {\"counter\": {\"ports\": {%s}, "
                                            "\"cells\": {%s}}}}", ports, cells)
                          : NULL;
}

mj_status mj_adder_tree(mj_netlist *netlist, const mj_liberty *liberty, const mj_liberty_cell *adder,
                        int n_bits, mj_arena *arena, mj_err *err)
{
    static const uint64_t parity = 0x9696969696969696, majority = 0xe8e8e8e8e8e8e8e8;
    const int carry = adder->output[0].table == majority ? 0 : 1;
    if (adder->refusal || adder->n_inputs != 3 || adder->n_outputs != 2 || n_bits < 2 ||
        n_bits > BITS_MAX || adder->output[carry].table != majority ||
        adder->output[!carry].table != parity) {
        return mj_err_add(err, MJ_ESUPPORT, liberty->path, adder->line, 0, "%s is no full adder",
                          adder->name);
    }
    const char *text = adders_json(n_bits, adder, carry, arena);
    return text ? mj_netlist_parse(netlist, text, strlen(text), "counter.json", NULL, liberty, arena, err)
                : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a counter");
}
