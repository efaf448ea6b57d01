/* Report: bills and explanations as text for a terminal, JSON and CSV.
 *
 * Writes to the caller's FILE, never to stdout by itself, and asks nobody about terminals: colour,
 * width and character set come in mj_style. All text is UTF-8 or, on request, plain ASCII; names
 * that came from files are cleaned of control characters on the way out. A stream that cannot be
 * written is the caller's to notice, by ferror. */
#ifndef MJ_REPORT_H
#define MJ_REPORT_H

#include "mj/bill.h"
#include "mj/cost.h"
#include "mj/err.h"
#include "mj/fact.h"
#include "mj/ladder.h"
#include "mj/measured.h"
#include "mj/validate.h"
#include <stdio.h>

typedef struct {
    bool colour; /* ANSI escapes */
    bool utf8;   /* block characters in bars, otherwise '#' */
    int width;   /* columns of the terminal; 0: 100 */
    bool verbose; /* every line of the ledger by itself, not grouped by cause */
    bool quiet;   /* no hints at what to try next */
} mj_style;

/* What a row is about, as a colour of its first cell; DIM greys the whole row. */
typedef enum {
    MJ_PAINT_NONE, MJ_PAINT_MEMORY, MJ_PAINT_ARITHMETIC, MJ_PAINT_MOVEMENT, MJ_PAINT_TIME,
    MJ_PAINT_UNKNOWN, MJ_PAINT_DIM, MJ_PAINT_BOLD, MJ_PAINT_N
} mj_paint;

typedef struct {
    const char *title; /* NULL in every column: no title line */
    bool right;        /* numbers: aligned to the right */
} mj_column;

enum { MJ_TABLE_COLUMNS_MAX = 16 };

/* cell[row * n_columns + column], clean UTF-8, may be NULL for empty. paint: one a row, or NULL. */
typedef struct {
    const mj_column *column;
    const char *const *cell;
    const mj_paint *paint;
    int n_columns, n_rows;
} mj_table;

/* Prints with two spaces before each row and between columns; columns are as wide as their widest
 * cell, the last one is cut to what the style's width leaves. */
void mj_table_print(FILE *out, const mj_table *table, const mj_style *style);

/* A bar of `part` (0..1) of `columns` columns, to an eighth of a column in UTF-8; any part above 0
 * leaves a mark. Returns buf; size >= 3 * columns + 1. */
char *mj_bar(char *buf, size_t size, double part, int columns, const mj_style *style);

/* Copies at most `columns` columns of clean UTF-8 text, ending in an ellipsis if it was cut, at the
 * end of a word where there is one. */
char *mj_text_cut(char *buf, size_t size, const char *text, int columns, const mj_style *style);

/* Prints clean text from `column` on, going to a new line, indented, before a word that the width has
 * no room for. Returns the column reached. */
int mj_wrap_print(FILE *out, const char *text, int column, int indent, const mj_style *style);

/* `color` on or off: the escape that starts a paint, or "" (also to end it: MJ_PAINT_NONE). */
const char *mj_paint_code(mj_paint paint, const mj_style *style);

/* A number for people: "38.3", "2446", "1.2 M". Returns buf. */
char *mj_number_format(double number, char *buf, size_t size);

/* A model of oscillators computed instead of run: the same batch and boundary on a digital chip, and
 * at a batch that keeps such a chip busy. NaN: it cannot be billed there. */
typedef struct {
    const char *chip;
    double joules;
    double busy_batch, busy_joules;
} mj_simulation;

/* What a report of a bill needs; all borrowed. */
typedef struct {
    const mj_bill *bill;
    const mj_cost *cost;         /* NULL: not computed */
    const mj_measured *measured; /* NULL: no such row */
    const mj_simulation *simulation; /* NULL: not a model of oscillators */
    const char *model, *chip;    /* as the user wrote them, for the commands that are suggested */
} mj_bill_view;

/* "llama-3.1-70b", or what identifies the model if it has no name. */
const char *mj_report_model_name(const mj_model *model);
/* The precision that was asked for, else the model's own. */
mj_format mj_report_precision(const mj_bill *bill);

/* What is billed, in one line: model, precision, machine, serving, boundary. */
void mj_bill_print_headline(FILE *out, const mj_bill *bill, const mj_style *style);
/* Headline, a row a cause by size (style->verbose: a row a line in the ledger's order), total, then
 * time, power, memory, silicon, price. */
mj_status mj_bill_print_text(FILE *out, const mj_bill_view *view, const mj_style *style,
                             mj_arena *arena, mj_err *err);
/* One object with the keys of the interface (schema 1), SI units, full precision. power_W, area_m2
 * and price_USD are of all devices, prefill_share is of the joules; `measured` is null unless it has
 * the bill's boundary. */
mj_status mj_bill_print_json(FILE *out, const mj_bill_view *view, mj_err *err);
/* A header and one row a line, in the ledger's order. */
void mj_bill_print_csv(FILE *out, const mj_bill_view *view);
/* The bill as a Sankey in SVG, widths proportional to joules. standalone: a file of its own, with
 * colours for light and dark; otherwise for a document that has them. */
void mj_bill_print_svg(FILE *out, const mj_bill_view *view, bool standalone);

/* How a document came about, printed at its end. */
typedef struct {
    const char *command; /* as typed */
    const char *version, *date;
} mj_colophon;

/* The bill as one self-contained HTML document: result, picture, all lines, what the machine does,
 * what it rests on, sources with full titles. No script, nothing is loaded. facts: for the sources. */
mj_status mj_bill_print_html(FILE *out, const mj_bill_view *view, const mj_colophon *colophon,
                             mj_facts *facts, mj_arena *arena, mj_err *err);

/* Lines to explain. `total` also for "total", which chooses every line. */
typedef struct {
    bool chosen[MJ_LINES_MAX];
    int n;
    bool total;
} mj_choice;

/* Chooses lines by component ("dram.weights"), "total", or a part of a component or label, case
 * ignored. Nothing fits: MJ_ENAME with a suggestion and the list of lines. */
mj_status mj_choice_find(mj_choice *choice, const mj_bill *bill, const char *word, mj_err *err);

/* What an explanation needs besides the bill: facts and sources to look up (loaded on demand), and
 * the same bill by the chip's other fitted variant (NULL if it has one only). */
typedef struct {
    mj_bill_view view;
    const mj_choice *choice;
    const mj_bill *other;
    mj_facts *facts;
} mj_explain_view;

mj_status mj_explain_print_text(FILE *out, const mj_explain_view *view, const mj_style *style,
                                mj_arena *arena, mj_err *err);
mj_status mj_explain_print_json(FILE *out, const mj_explain_view *view, mj_err *err);

/* Named quantities of mj_step with their units, for explanations. */
typedef struct {
    const char *name, *unit, *meaning;
    size_t offset; /* of a double in mj_step */
} mj_step_name;
extern const mj_step_name mj_step_names[];
extern const int mj_n_step_names;

/* How the fitted energies of a calibrated chip divide. Fitted is at the board's input; times
 * `efficiency` it is at the device, of which `device` is published and the rest is billed as
 * transport.calibrated. n = 0: the closure is not calibrated. */
typedef struct {
    double efficiency; /* of the voltage regulators */
    int n;
    struct {
        const char *what;             /* "a byte from memory" */
        const char *unit;             /* "J/B" */
        double fitted, device;        /* device <= fitted x efficiency */
        const mj_quantity *published; /* where `device` comes from; NULL: none published */
    } part[2];
} mj_split;
void mj_split_compute(mj_split *split, const mj_bill *bill);

/* What a report of a validation needs; all borrowed. */
typedef struct {
    const mj_validation *validation;
    const mj_group *group;
    int n_groups;
    const mj_goal *goal;
    int n_goals;
} mj_validation_view;

/* Tables by workload, machine and class with the goals beside them; list_clamped adds the rows that
 * the power limit slowed down. */
mj_status mj_validation_print_text(FILE *out, const mj_validation_view *view, bool list_clamped,
                                   const mj_style *style, mj_arena *arena, mj_err *err);
/* One object with the keys of the interface (schema 1); errors are fractions. */
mj_status mj_validation_print_json(FILE *out, const mj_validation_view *view, mj_err *err);
/* A header and one row a group. */
void mj_validation_print_csv(FILE *out, const mj_validation_view *view);
/* A header and one row a measured row: its configuration, measured and predicted figures. */
void mj_validation_print_rows(FILE *out, const mj_validation *v);

/* What a report of a ladder needs; all borrowed. */
typedef struct {
    const mj_climb *climb;
    const mj_climb *other;    /* by the other fit of a calibrated base; NULL: it has one */
    const mj_climb *dropped;  /* without rung drop_rung; NULL: not asked for */
    const mj_rung *drop_rung;
    const mj_search *search;  /* NULL: not asked for */
    bool orders;              /* show gains first and last */
} mj_ladder_view;

/* One row a rung, then what the numbers mean (ladder_words.h). */
mj_status mj_ladder_print_text(FILE *out, const mj_ladder_view *view, const mj_style *style,
                               mj_arena *arena, mj_err *err);
/* One object with the keys of the interface (schema 1). */
mj_status mj_ladder_print_json(FILE *out, const mj_ladder_view *view, mj_err *err);
void mj_ladder_print_csv(FILE *out, const mj_ladder_view *view);

/* The climb as a waterfall in SVG: a bar a rung on a logarithmic axis, with target and trend. */
void mj_ladder_print_svg(FILE *out, const mj_climb *climb, bool standalone);
/* The climb as one HTML document: the factor reached beside the naive product, the waterfall, every
 * rung, the last machine's bill as a Sankey, sources. */
mj_status mj_ladder_print_html(FILE *out, const mj_ladder_view *view, const mj_colophon *colophon,
                               mj_facts *facts, mj_arena *arena, mj_err *err);

mj_status mj_sweep_print_text(FILE *out, const mj_memory_sweep *sweep, const mj_style *style,
                              mj_arena *arena, mj_err *err);
mj_status mj_sweep_print_json(FILE *out, const mj_memory_sweep *sweep, mj_err *err);
void mj_sweep_print_csv(FILE *out, const mj_memory_sweep *sweep);

#endif
