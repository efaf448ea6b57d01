/* Ladder as HTML: the factor reached, the waterfall, every rung, the factor against each idea of
 * 2030, and the bill of the last machine.
 *
 * The naive product stands beside the re-billed factor, because that is what people multiply: each
 * rung's gain alone on the base. */
#include "html.h"
#include "ladder_words.h"
#include "svg.h"

enum { TEXT = 256, NUMBER = 32 };

static void print_headline(FILE *out, const void *what)
{
    static const mj_style plain = {.utf8 = true};
    const mj_climb *climb = what;
    fprintf(out, "Ladder from ");
    mj_bill_print_headline(out, climb->step[0].bill, &plain);
}

static const mj_bill *last_bill(const mj_climb *climb)
{
    return climb->step[climb->n - 1].bill;
}

static void write_interval(mj_html *html, double lo, double hi)
{
    mj_html_factor(html, lo);
    fputs(" to ", html->out);
    mj_html_factor(html, hi);
}

static mj_status write_result(mj_html *html, const mj_climb *climb, mj_err *err)
{
    const mj_ladder *ladder = climb->ladder;
    const mj_bill *base = climb->step[0].bill, *last = last_bill(climb);
    FILE *out = html->out;
    fputs("<header>\n<p class=\"kicker\">", out);
    MJ_TRY(mj_html_printed(html, print_headline, climb, err));
    fputs("</p>\n<h1>", out);
    bool raised = mj_gain_is_loss(climb->factor);
    mj_html_factor(html, raised ? 1 / climb->factor : climb->factor);
    fprintf(out, " <small>%s energy per %s: the target of ", raised ? "more" : "less",
            mj_output_noun(base));
    mj_html_factor(html, climb->target);
    fprintf(out, " is %s</small></h1>\n<p class=\"lead\">",
            climb->reached ? "reached" : "not reached");
    mj_markup_text(out, ladder->title ? ladder->title : ladder->name);
    fputs(": from ", out);
    mj_html_joules(html, base->joules);
    fputs(" to ", out);
    mj_html_joules(html, last->joules);
    fputs(", a factor of ", out);
    mj_html_factor(html, climb->factor);
    if (climb->shares_fit) {
        fputs(" (the fit's error, taken as shared by both machines, cancels", out);
    } else {
        fputs(" (", out);
        write_interval(html, climb->factor_lo, climb->factor_hi);
        fputs("; the last machine's 90 % interval", out);
    }
    fputs(").</p>\n<p>Multiplying what each rung gains alone on the base gives <strong>", out);
    mj_html_factor(html, climb->naive_product);
    fputs("</strong>; billed together they give <strong>", out);
    mj_html_factor(html, climb->factor);
    fputs("</strong>.</p>\n", out);
    fprintf(out, "<p>Closure: %s at the base, %s at the end. %.0f %% of the last machine's joules "
            "rest on assumed or vendor figures; without rungs of those classes the factor is ",
            mj_closure_names[base->chip->closure], mj_closure_names[last->chip->closure],
            100 * last->assumed_share);
    mj_html_factor(html, climb->sourced_factor);
    fputs(".</p>\n", out);
    if (ladder->note && *ladder->note) {
        fputs("<p class=\"dim\">", out);
        mj_markup_text(out, ladder->note);
        mj_html_cite(html, ladder->source);
        fputs("</p>\n", out);
    }
    fputs("</header>\n", out);
    return MJ_OK;
}

static void write_picture(mj_html *html, const mj_climb *climb)
{
    fputs("<figure>\n<div class=\"wide\">\n", html->out);
    mj_ladder_print_svg(html->out, climb, false);
    fputs("</div>\n<figcaption>A bar a rung, from the joules before it to the joules after. Pale "
          "rungs were replaced by a later one of their group.</figcaption>\n</figure>\n",
          html->out);
}

/* The sentences of the terminal's report. */
static void write_remarks(mj_html *html, const mj_ladder_view *view, mj_arena *arena)
{
    mj_remarks remarks = {.n = 0};
    mj_climb_remarks(&remarks, view, arena);
    mj_html_section(html, "remarks", "What it means");
    fputs("<ul>\n", html->out);
    for (int i = 0; i < remarks.n; i++) {
        fputs("<li>", html->out);
        mj_markup_text(html->out, remarks.text[i]);
        fputs("</li>\n", html->out);
    }
    fputs("</ul>\n", html->out);
    mj_html_section_end(html);
}

static void write_quality(mj_html *html, const mj_rung *rung)
{
    if (mj_quantity_given(&rung->quality)) {
        fprintf(html->out, rung->quality.typ != 0 ? "%+.1f %%, %s" : "%.0f, %s",
                100 * rung->quality.typ, mj_class_text(rung->quality.cls));
        mj_html_cite(html, rung->quality.source);
    } else {
        fputs("unknown, assumed", html->out);
    }
}

/* A rung's name and reason, or the base. */
static void write_name(mj_html *html, const mj_climb_step *step)
{
    FILE *out = html->out;
    if (!step->rung) {
        fputs("<strong>base</strong>", out);
        return;
    }
    fputs("<strong>", out);
    mj_markup_text(out, step->rung->name);
    fputs("</strong>", out);
    if (step->replaced) {
        fputs(" <span class=\"dim\">(replaced later)</span>", out);
    }
    if (step->closes_otherwise) {
        fputs(" <span class=\"dim\">(closes otherwise than the rung before)</span>", out);
    }
    if (mj_gain_is_loss(step->gain)) {
        fputs(" <span class=\"loss\">raises joules</span>", out);
    }
    if (step->rung->why && *step->rung->why) {
        fputs("<br/><span class=\"dim\">", out);
        mj_markup_text(out, step->rung->why);
        fputs("</span>", out);
    }
}

static void write_factor_cell(mj_html *html, double factor)
{
    fputs("</td><td class=\"number\">", html->out);
    mj_html_factor(html, factor);
}

static void write_row(mj_html *html, const mj_climb_step *step)
{
    FILE *out = html->out;
    fputs("<tr><td class=\"reason\">", out);
    write_name(html, step);
    fprintf(out, "</td><td class=\"number\" data-joules=\"%.17g\"><strong>", step->bill->joules);
    mj_html_joules(html, step->bill->joules);
    fputs("</strong><br/><span class=\"dim\">", out);
    mj_html_interval(html, step->bill->lo_J, step->bill->hi_J);
    fputs("</span>", out);
    if (step->rung) {
        write_factor_cell(html, step->gain);
        write_factor_cell(html, step->gain_first);
        write_factor_cell(html, step->gain_last);
    } else {
        fputs("</td><td></td><td></td><td>", out);
    }
    write_factor_cell(html, step->cumulative);
    write_factor_cell(html, step->cumulative_2030);
    write_factor_cell(html, step->cap);
    fprintf(out, "<br/><code>%s</code></td><td>", mj_component_text(step->cap_cause));
    if (step->rung) {
        write_quality(html, step->rung);
        fprintf(out, "</td><td>%s", mj_class_text((mj_class)step->rung->cls));
        mj_html_cite(html, step->rung->source);
    } else {
        fputs("</td><td>", out);
    }
    fputs("</td></tr>\n", out);
}

static void write_rungs(mj_html *html, const mj_climb *climb)
{
    FILE *out = html->out;
    mj_html_section(html, "rungs", "Every rung");
    fprintf(out, "<div class=\"wide\"><table class=\"rungs\">\n<thead><tr><th>rung</th>"
            "<th class=\"number\">joules</th><th class=\"number\">gain</th>"
            "<th class=\"number\">alone</th><th class=\"number\">as last</th>"
            "<th class=\"number\">of %d</th><th class=\"number\">of 2030</th>"
            "<th class=\"number\">cap left</th><th>quality</th><th>rests on</th></tr></thead>\n"
            "<tbody>\n", climb->ladder->base.year);
    for (int i = 0; i < climb->n; i++) {
        write_row(html, &climb->step[i]);
    }
    fputs("</tbody>\n</table></div>\n<p class=\"dim\">Gain: joules before over after. Alone: on "
          "the base. As last: on top of all others. Cap left: the most that the largest cause "
          "could still give if it cost nothing.</p>\n", out);
    mj_html_section_end(html);
}

static void write_trends(mj_html *html, const mj_climb *climb)
{
    const mj_ladder *ladder = climb->ladder;
    FILE *out = html->out;
    mj_html_section(html, "trends", "Against 2030");
    fputs("<p>What conventional machines reach by then counts against the ladder.</p>\n"
          "<table style=\"max-width:46rem\">\n<thead><tr><th>convention gains by 2030</th>"
          "<th class=\"number\">its factor</th><th class=\"number\">ladder over it</th>"
          "<th>interval</th></tr></thead>\n<tbody>\n", out);
    for (int t = 1; t < MJ_TREND_N; t++) {
        if (!mj_quantity_given(&ladder->trends[t])) {
            continue;
        }
        fprintf(out, "<tr><td>%s%s", mj_trend_names[t], t == ladder->trend ? " (chosen)" : "");
        mj_html_cite(html, ladder->trends[t].source);
        write_factor_cell(html, ladder->trends[t].typ);
        write_factor_cell(html, climb->factor_2030[t]);
        fputs("</td><td>", out);
        write_interval(html, climb->factor_2030_lo[t], climb->factor_2030_hi[t]);
        fputs("</td></tr>\n", out);
    }
    fputs("</tbody>\n</table>\n", out);
    mj_html_section_end(html);
}

static void write_last_machine(mj_html *html, const mj_climb *climb)
{
    const mj_bill_view view = {.bill = last_bill(climb)};
    mj_html_section(html, "last", "Where the last machine's joules go");
    fputs("<figure>\n<div class=\"wide\">\n", html->out);
    mj_bill_print_svg(html->out, &view, false);
    fputs("</div>\n</figure>\n", html->out);
    mj_html_section_end(html);
}

mj_status mj_ladder_print_html(FILE *out, const mj_ladder_view *view, const mj_colophon *colophon,
                               mj_facts *facts, mj_arena *arena, mj_err *err)
{
    mj_html html;
    char title[TEXT], factor[NUMBER];
    const mj_climb *climb = view->climb;
    snprintf(title, sizeof title, "%s: %s",
             climb->ladder->title ? climb->ladder->title : climb->ladder->name,
             mj_markup_factor(climb->factor, factor, sizeof factor));
    mj_html_open(&html, out, facts, title);
    MJ_TRY(write_result(&html, climb, err));
    write_picture(&html, climb);
    write_remarks(&html, view, arena);
    write_rungs(&html, climb);
    write_trends(&html, climb);
    write_last_machine(&html, climb);
    return mj_html_close(&html, colophon, err);
}
