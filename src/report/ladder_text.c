/* Ladder as text: the base, a row a rung, then what it means.
 *
 *     post-100b: One user of a 100 G model in HBM, towards 1000x
 *     post-100b int8 on 2 hbm-chip, batch 1, context 32 k, no prompt, boundary board
 *
 *       rung            J/token [90 %]     factor   2026   2030  next cap            rests on
 *       base            26.4 J [9.7 60.2]                        dram.weights 2.24x
 *       no idle power   25.3 J [8.6 59.1]  1.04x   1.04x  0.36x  dram.weights 2.36x  assumed [1]
 *
 * "next cap" is what to attack next: the cause whose removal would gain most, and how much. Quality
 * (last column) is what the rung's source says it costs, "?" where nobody knows. */
#include "ladder_words.h"

#include "bill_words.h"
#include "mj/text.h"
#include "mj/units.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = 8, ORDER_COLUMNS = 5, NAME = 128, NAME_COLUMNS = 26 };

static const char *clean(const char *text, mj_arena *arena, const mj_style *style)
{
    char buf[NAME], cut[NAME];
    mj_text_clean(buf, sizeof buf, text);
    return mj_arena_printf(arena, "%s", mj_text_cut(cut, sizeof cut, buf, NAME_COLUMNS, style));
}

/* A factor that goes the wrong way is marked, with or without colour. */
static const char *gain_text(double gain, mj_arena *arena)
{
    return mj_gain_is_loss(gain) ? mj_arena_printf(arena, "%s!", mj_factor_text(gain, arena))
                                 : mj_factor_text(gain, arena);
}

static void fill_step(const char **cell, const mj_climb_step *step, mj_citations *list,
                      mj_arena *arena, const mj_style *style)
{
    const mj_bill *bill = step->bill;
    cell[0] = step->rung ? clean(step->rung->name, arena, style) : "base";
    cell[1] = mj_interval_text(bill->joules, bill->lo_J, bill->hi_J, arena);
    cell[5] = mj_arena_printf(arena, "%s %s", mj_component_text(step->cap_cause),
                              mj_factor_text(step->cap, arena));
    if (step->rung == NULL) {
        return;
    }
    cell[2] = gain_text(step->gain, arena);
    cell[3] = mj_factor_text(step->cumulative, arena);
    cell[4] = mj_factor_text(step->cumulative_2030, arena);
    cell[6] = mj_arena_printf(arena, "%s [%d]", mj_class_text((mj_class)step->rung->cls),
                              mj_cite(list, step->rung->source));
    cell[7] = mj_quality_text(step->rung, arena);
}

static void print_citations(FILE *out, const mj_citations *list, const mj_style *style)
{
    char text[4096] = "", key[NAME];
    size_t n = 0;
    for (int i = 0; i < list->n && n < sizeof text - NAME - 16; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s[%d] %s", i > 0 ? " " : "", i + 1,
                              mj_text_clean(key, sizeof key, list->key[i]));
    }
    if (n > 0) {
        mj_print_wrapped(out, text, style);
    }
}

static mj_status print_steps(FILE *out, const mj_climb *climb, const mj_style *style,
                             mj_arena *arena, mj_err *err)
{
    const char *unit = mj_output_noun(climb->step[0].bill);
    const mj_column column[COLUMNS] = {
        {"rung", false}, {mj_arena_printf(arena, "J/%s [90 %%]", unit), false},
        {"factor", true}, {mj_arena_printf(arena, "%d", climb->ladder->base.year), true},
        {"2030", true}, {"next cap", false}, {"rests on", false}, {"quality", false},
    };
    mj_citations list = {.n = 0};
    const char **cell = mj_arena_array(arena, (size_t)climb->n * COLUMNS, sizeof *cell);
    mj_paint *paint = mj_arena_array(arena, (size_t)climb->n, sizeof *paint);
    if (cell == NULL || paint == NULL || column[1].title == NULL || column[3].title == NULL) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    for (int i = 0; i < climb->n; i++) {
        const mj_climb_step *step = &climb->step[i];
        fill_step(cell + (size_t)i * COLUMNS, step, &list, arena, style);
        paint[i] = step->replaced                ? MJ_PAINT_DIM
                   : mj_gain_is_loss(step->gain) ? MJ_PAINT_UNKNOWN
                                                 : MJ_PAINT_NONE;
    }
    const mj_table table = {column, cell, paint, COLUMNS, climb->n};
    mj_table_print(out, &table, style);
    print_citations(out, &list, style);
    return MJ_OK;
}

/* How each rung's gain depends on its place. */
static mj_status print_orders(FILE *out, const mj_climb *climb, const mj_style *style,
                              mj_arena *arena, mj_err *err)
{
    static const mj_column column[ORDER_COLUMNS] = {
        {"rung", false}, {"first", true}, {"in the climb", true}, {"last", true}, {"", false}};
    size_t n = (size_t)climb->n - 1;
    const char **cell = mj_arena_array(arena, n * ORDER_COLUMNS, sizeof *cell);
    if (cell == NULL) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    for (size_t i = 0; i < n; i++) {
        const mj_climb_step *step = &climb->step[i + 1];
        const char **row = cell + i * ORDER_COLUMNS;
        row[0] = clean(step->rung->name, arena, style);
        row[1] = gain_text(step->gain_first, arena);
        row[2] = gain_text(step->gain, arena);
        row[3] = gain_text(step->gain_last, arena);
        row[4] = step->replaced                            ? "replaced"
                 : isnan(step->gain_first)                 ? "cannot stand alone"
                 : mj_gain_is_loss(step->gain_last)        ? "costs joules on top of the others"
                 : step->gain_last > 1.05 * step->gain_first ? "gains more on top of the others"
                 : step->gain_last < step->gain_first / 1.05 ? "others remove the same joules"
                                                             : "";
    }
    fputs("\n  gain of each rung alone on the base, in the climb, and on top of all others\n", out);
    const mj_table table = {column, cell, NULL, ORDER_COLUMNS, (int)n};
    mj_table_print(out, &table, style);
    return MJ_OK;
}

static void print_rungs(FILE *out, const mj_ladder *ladder, mj_rungs set)
{
    char name[NAME];
    for (int i = 0; i < ladder->n_rungs; i++) {
        if (set & (mj_rungs)1 << i) {
            fprintf(out, "    %s\n", mj_text_clean(name, sizeof name, ladder->rung[i].name));
        }
    }
}

static void print_search(FILE *out, const mj_ladder_view *view, mj_arena *arena)
{
    const mj_search *s = view->search;
    const mj_ladder *ladder = view->climb->ladder;
    char joules[NAME], assumed[NAME];
    fprintf(out, "\n  search: %.0f sets billed, %.0f cannot hold the model, %.0f left out for a path "
            "or a rung they lack\n", s->n_billed, s->n_unfit, s->n_inapplicable);
    if (s->found) {
        fprintf(out, "  smallest set that reaches %s: %d rungs, %s, %s (%s of it assumed)\n",
                mj_factor_text(view->climb->target, arena), s->n_rungs,
                mj_factor_text(s->factor, arena),
                mj_units_format(s->joules, "J", joules, sizeof joules),
                mj_units_format(s->assumed_J, "J", assumed, sizeof assumed));
        print_rungs(out, ladder, s->set);
        return;
    }
    fprintf(out, "  no set of these rungs reaches %s; the best comes to %s with\n",
            mj_factor_text(view->climb->target, arena), mj_factor_text(s->best_factor, arena));
    print_rungs(out, ladder, s->best);
}

/* The rung that stands in the place of a dropped one; NULL: none. */
static const mj_rung *successor(const mj_ladder_view *view)
{
    const mj_ladder *ladder = view->climb->ladder;
    for (int i = 0; i < ladder->n_rungs && view->drop_rung->group; i++) {
        const mj_rung *rung = &ladder->rung[i];
        if ((view->dropped->final >> i & 1) && rung->group &&
            strcmp(rung->group, view->drop_rung->group) == 0) {
            return rung;
        }
    }
    return NULL;
}

static void print_dropped(FILE *out, const mj_ladder_view *view, const mj_style *style,
                          mj_arena *arena)
{
    double with = view->climb->factor, without = view->dropped->factor;
    const mj_rung *next = successor(view);
    char text[MJ_ERR_TEXT];
    const char *words = mj_arena_printf(
        arena, "without '%s': %s instead of %s, %s of %s%s%s%s", view->drop_rung->name,
        mj_factor_text(without, arena), mj_factor_text(with, arena),
        mj_gain_is_loss(with / without) ? "a gain" : "a loss",
        mj_factor_text(mj_gain_is_loss(with / without) ? without / with : with / without, arena),
        next ? "; '" : "", next ? next->name : "", next ? "' takes its place" : "");
    fputc('\n', out);
    mj_print_wrapped(out, mj_text_clean(text, sizeof text, words ? words : ""), style);
}

mj_status mj_ladder_print_text(FILE *out, const mj_ladder_view *view, const mj_style *style,
                               mj_arena *arena, mj_err *err)
{
    const mj_climb *climb = view->climb;
    const mj_ladder *ladder = climb->ladder;
    char name[NAME], title[MJ_ERR_TEXT];
    fprintf(out, "%s%s%s%s%s\n", mj_paint_code(MJ_PAINT_BOLD, style),
            mj_text_clean(name, sizeof name, ladder->name), mj_paint_code(MJ_PAINT_NONE, style),
            ladder->title ? ": " : "",
            mj_text_clean(title, sizeof title, ladder->title ? ladder->title : ""));
    mj_bill_print_headline(out, climb->step[0].bill, style);
    if (ladder->note) {
        mj_print_wrapped(out, mj_text_clean(title, sizeof title, ladder->note), style);
    }
    fputc('\n', out);
    MJ_TRY(print_steps(out, climb, style, arena, err));
    fputc('\n', out);
    mj_remarks remarks;
    mj_climb_remarks(&remarks, view, arena);
    for (int i = 0; i < remarks.n; i++) {
        mj_print_wrapped(out, mj_text_clean(title, sizeof title, remarks.text[i]), style);
    }
    if (view->orders && climb->n > 1) {
        MJ_TRY(print_orders(out, climb, style, arena, err));
    }
    if (view->dropped) {
        print_dropped(out, view, style, arena);
    }
    if (view->search) {
        print_search(out, view, arena);
    }
    return MJ_OK;
}
