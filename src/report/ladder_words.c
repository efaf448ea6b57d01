/* Ladder, in words: the sentences that a climb's numbers mean.
 *
 * The naive product multiplies each rung's gain alone on the base. Where it differs from the
 * re-billed factor, the rung whose gain moved most explains it: joules that others took before it
 * (it gains less), or joules of others behind which its own were hidden (it gains more). */
#include "ladder_words.h"

#include "bill_words.h"
#include "mj/units.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *mj_factor_text(double factor, mj_arena *arena)
{
    if (!isfinite(factor)) {
        return "-";
    }
    return mj_arena_printf(arena, factor < 9.995 ? "%.2fx" : factor < 99.95 ? "%.1fx" : "%.0fx",
                           factor);
}

const char *mj_joules_text(double joules, mj_arena *arena)
{
    char text[32];
    return mj_arena_printf(arena, "%s", mj_units_format(joules, "J", text, sizeof text));
}

const char *mj_interval_text(double joules, double lo_J, double hi_J, mj_arena *arena)
{
    static const struct {
        double scale;
        const char *unit;
    } steps[] = {{1e3, "kJ"}, {1, "J"}, {1e-3, "mJ"}, {1e-6, "uJ"}, {1e-9, "nJ"}, {1e-12, "pJ"}};
    size_t i = 0;
    while (i + 1 < sizeof steps / sizeof steps[0] && joules < 0.9995 * steps[i].scale) {
        i++;
    }
    double scale = steps[i].scale;
    char lo[32], hi[32];
    return mj_arena_printf(arena, "%.3g %s [%s %s]", joules / scale, steps[i].unit,
                           mj_number_format(lo_J / scale, lo, sizeof lo),
                           mj_number_format(hi_J / scale, hi, sizeof hi));
}

const char *mj_quality_text(const mj_rung *rung, mj_arena *arena)
{
    if (!mj_quantity_given(&rung->quality)) {
        return "?";
    }
    return rung->quality.typ == 0 ? "0"
                                  : mj_arena_printf(arena, "%+.3g %%", 100 * rung->quality.typ);
}

void mj_print_wrapped(FILE *out, const char *text, const mj_style *style)
{
    int width = style->width > 0 ? style->width : 100, used = 2;
    fputc(' ', out);
    while (*text) {
        size_t n = strcspn(text, " ");
        if (used + (int)n + 1 > width) {
            fputs("\n     ", out);
            used = 5;
        }
        fprintf(out, " %.*s", (int)n, text);
        used += (int)n + 1;
        text += n + (text[n] == ' ');
    }
    fputc('\n', out);
}

static void remark(mj_remarks *remarks, mj_arena *arena, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void remark(mj_remarks *remarks, mj_arena *arena, const char *format, ...)
{
    char text[MJ_ERR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *copy = mj_arena_text(arena, text, strlen(text));
    if (copy && remarks->n < MJ_REMARKS_MAX) {
        remarks->text[remarks->n++] = copy;
    }
}

/* What the interval of a factor is, and what it leaves out. */
static void say_interval(mj_remarks *remarks, const mj_climb *climb, mj_arena *arena)
{
    if (climb->shares_fit) {
        remark(remarks, arena, "both machines rest on fits to measured boards, whose error is taken as "
               "the same factor on both: it cancels, and how sure the rungs are is not in it");
    } else {
        remark(remarks, arena, "an interval is the last machine's 90 %%, the base taken as exact");
    }
}

static void say_target(mj_remarks *remarks, const mj_climb *climb, mj_arena *arena)
{
    const mj_climb_step *last = &climb->step[climb->n - 1];
    const char *range = "";
    if (climb->factor_hi > climb->factor_lo * (1 + 1e-9)) {
        range = mj_arena_printf(arena, " (%s to %s)", mj_factor_text(climb->factor_lo, arena),
                                mj_factor_text(climb->factor_hi, arena));
    }
    remark(remarks, arena, "target %s %s: %s%s against %d", mj_factor_text(climb->target, arena),
           climb->reached ? "reached" : "not reached", mj_factor_text(climb->factor, arena),
           range, climb->ladder->base.year);
    say_interval(remarks, climb, arena);
    if (!climb->reached) {
        remark(remarks, arena, "what holds it: %s, %s left if that cost nothing",
               mj_component_text(last->cap_cause), mj_factor_text(last->cap, arena));
    }
    if (climb->newer && isfinite(climb->newer_J)) {
        double before_J = climb->step[0].bill->joules;
        remark(remarks, arena, "the base is a chip of %d; on %s (%d) it takes %s, %s less, which "
               "leaves %s", climb->step[0].bill->chip->year, climb->newer->name,
               climb->newer->year, mj_joules_text(climb->newer_J, arena),
               mj_factor_text(before_J / climb->newer_J, arena),
               mj_factor_text(climb->factor * climb->newer_J / before_J, arena));
    }
}

/* The rung whose place step `i` took; NULL if its group was empty. */
static const mj_rung *rung_before(const mj_climb *climb, int i)
{
    const char *group = climb->step[i].rung->group;
    for (int k = i - 1; k > 0 && group; k--) {
        const mj_rung *other = climb->step[k].rung;
        if (other->group && strcmp(other->group, group) == 0) {
            return other;
        }
    }
    return NULL;
}

/* The final rung whose gain in the climb lies farthest from its gain alone, in the direction in
 * which the product errs. A rung that took another's place gained over that, not over its absence. */
static const mj_climb_step *most_moved(const mj_climb *climb, bool less)
{
    const mj_climb_step *most = NULL;
    double farthest = 0;
    for (int i = 1; i < climb->n; i++) {
        const mj_climb_step *step = &climb->step[i];
        double moved = log(step->gain_first / step->gain) * (less ? 1 : -1);
        if (!step->replaced && !rung_before(climb, i) && moved > farthest) { /* NaN fails */
            farthest = moved;
            most = step;
        }
    }
    return most;
}

static void say_naive(mj_remarks *remarks, const mj_climb *climb, mj_arena *arena)
{
    double ratio = climb->naive_product / climb->factor;
    remark(remarks, arena, "naive product of the rungs' own factors %s, re-billed %s",
           mj_factor_text(climb->naive_product, arena), mj_factor_text(climb->factor, arena));
    bool less = ratio > 1;
    const mj_climb_step *most = fabs(log(ratio)) > 0.01 ? most_moved(climb, less) : NULL;
    if (most) {
        remark(remarks, arena,
               "they differ because rungs interact: '%.60s' alone gains %s, here %s: %s",
               most->rung->name, mj_factor_text(most->gain_first, arena),
               mj_factor_text(most->gain, arena),
               less ? "rungs before it have removed the same joules"
                    : "rungs before it have removed what hid its joules");
    }
}

static void say_2030(mj_remarks *remarks, const mj_climb *climb, mj_arena *arena)
{
    static const char *const meaning[] = {
        "", "same model, same format", "same model, one step of number format",
        "same quality, algorithms included"};
    for (int i = 1; i < MJ_TREND_N; i++) {
        const mj_quantity *trend = &climb->ladder->trends[i];
        remark(remarks, arena,
               "against 2030, %s: convention gains %s (%s to %s) [%s], leaves %s (%s to %s)%s",
               meaning[i], mj_factor_text(trend->typ, arena), mj_factor_text(trend->lo, arena),
               mj_factor_text(trend->hi, arena), trend->source,
               mj_factor_text(climb->factor_2030[i], arena),
               mj_factor_text(climb->factor_2030_lo[i], arena),
               mj_factor_text(climb->factor_2030_hi[i], arena),
               i == climb->ladder->trend ? ": the column 2030" : "");
    }
    const mj_bill *base = climb->step[0].bill;
    if (base->model->output != MJ_OUTPUT_TOKEN || base->serving.boundary != MJ_BOUNDARY_BOARD) {
        remark(remarks, arena, "what convention gains by 2030 was measured on text at the board; for "
               "%ss at the %s it is taken over", mj_output_noun(base),
               mj_boundary_names[base->serving.boundary]);
    }
}

static void say_ground(mj_remarks *remarks, const mj_climb *climb, mj_arena *arena)
{
    int n_unknown = 0, n_assumed = 0;
    for (int i = 1; i < climb->n; i++) {
        const mj_rung *rung = climb->step[i].rung;
        if (!climb->step[i].replaced) {
            n_unknown += rung->quality.cls == MJ_CLASS_NONE ||
                         rung->quality.cls == MJ_CLASS_ASSUMED;
            n_assumed += rung->cls == MJ_CLASS_ASSUMED || rung->cls == MJ_CLASS_VENDOR;
        }
    }
    remark(remarks, arena,
           "%.0f %% of the last joules rest on assumed or vendor figures; without the rungs of those "
           "classes (%d) the climb comes to %s, so they carry %s; quality is assumed, not "
           "demonstrated, for %d",
           100 * climb->step[climb->n - 1].bill->assumed_share, n_assumed,
           mj_factor_text(climb->sourced_factor, arena),
           mj_factor_text(climb->assumed_gain, arena), n_unknown);
}

static void say_oddities(mj_remarks *remarks, const mj_climb *climb, mj_arena *arena)
{
    for (int i = 1; i < climb->n; i++) {
        const mj_climb_step *step = &climb->step[i];
        const char *name = step->rung->name;
        const mj_rung *before = rung_before(climb, i);
        if (mj_gain_is_loss(step->gain)) {
            remark(remarks, arena, "'%.60s' raises joules by %.3g %%%s%.60s%s", name,
                   100 * (1 / step->gain - 1), before ? " in the place of '" : "",
                   before ? before->name : "", before ? "'" : "");
        }
        if (step->bill->serving.devices != step[-1].bill->serving.devices) {
            remark(remarks, arena, "'%.60s' runs on %d devices, the step before on %d: part of its "
                   "factor is that", name, step->bill->serving.devices,
                   step[-1].bill->serving.devices);
        }
        if (!mj_gain_is_loss(step->gain) && step->gain < 1 + 1e-9) {
            remark(remarks, arena, "'%.60s' changes no joules here", name);
        }
        if (step->closes_otherwise) {
            remark(remarks, arena, "'%.60s' is billed as %s, the step before as %s: part of its "
                   "gain may be the other way of closing a bill", name,
                   mj_closure_names[step->bill->chip->closure],
                   mj_closure_names[step[-1].bill->chip->closure]);
        }
    }
}

void mj_climb_remarks(mj_remarks *remarks, const mj_ladder_view *view, mj_arena *arena)
{
    const mj_climb *climb = view->climb;
    remarks->n = 0;
    say_target(remarks, climb, arena);
    if (view->other) {
        remark(remarks, arena, "by fit %s: %s, by fit %s: %s",
               climb->step[0].bill->chip->text[climb->variant].name,
               mj_factor_text(climb->factor, arena),
               climb->step[0].bill->chip->text[view->other->variant].name,
               mj_factor_text(view->other->factor, arena));
    }
    say_naive(remarks, climb, arena);
    say_2030(remarks, climb, arena);
    say_ground(remarks, climb, arena);
    say_oddities(remarks, climb, arena);
}
