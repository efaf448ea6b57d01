/* Bill as HTML: the result, its Sankey, every line, what the machine does, what the joules rest on.
 *
 * Sentences come from the printers of the terminal's report, by way of memory, so that both say the
 * same; here they are escaped. */
#include "html.h"
#include "mj/units.h"
#include "svg.h"

enum { NUMBER = 32, TEXT = 256 };

static void print_headline(FILE *out, const void *what)
{
    static const mj_style plain = {.utf8 = true};
    const mj_bill_view *view = what;
    mj_bill_print_headline(out, view->bill, &plain);
}

static void print_measured(FILE *out, const void *what)
{
    const mj_bill_view *view = what;
    mj_measured_print(out, view->bill, view->measured);
}

static mj_status write_result(mj_html *html, const mj_bill_view *view, mj_err *err)
{
    const mj_bill *bill = view->bill;
    FILE *out = html->out;
    int closure = bill->chip->closure;
    fputs("<header>\n<p class=\"kicker\">", out);
    MJ_TRY(mj_html_printed(html, print_headline, view, err));
    fputs("</p>\n<h1>", out);
    mj_html_joules(html, bill->joules);
    fprintf(out, " <small>per %s</small></h1>\n<p class=\"lead\">90 %% interval: ",
            mj_output_noun(bill));
    mj_html_interval(html, bill->lo_J, bill->hi_J);
    fprintf(out, ".</p>\n<p>Closure: <strong>%s</strong>, %s.</p>\n", mj_closure_names[closure],
            mj_closure_meaning(closure));
    if (view->measured) {
        fputs("<p>Beside it: ", out);
        MJ_TRY(mj_html_printed(html, print_measured, view, err));
        mj_html_cite(html, view->measured->source);
        fputs(".</p>\n", out);
    }
    fprintf(out, "<p>%.0f %% of the joules rest on assumed or vendor figures.</p>\n</header>\n",
            100 * bill->assumed_share);
    return MJ_OK;
}

static void write_picture(mj_html *html, const mj_bill_view *view)
{
    fputs("<figure>\n<div class=\"wide\">\n", html->out);
    mj_bill_print_svg(html->out, view, false);
    fputs("</div>\n<figcaption>Widths are proportional to joules. The table below has every line; "
          "its cap says how much could be gained at most if a cause cost nothing.</figcaption>\n"
          "</figure>\n", html->out);
}

static void write_count(FILE *out, const mj_line *line)
{
    char number[NUMBER];
    const char *unit = line->count_unit ? line->count_unit : "";
    mj_markup_text(out, mj_units_format(line->count, unit, number, sizeof number));
}

static void write_unit_energy(FILE *out, const mj_line *line)
{
    char number[NUMBER], unit[NUMBER];
    snprintf(unit, sizeof unit, "J/%s", line->count_unit ? line->count_unit : "");
    mj_markup_text(out, mj_units_format(line->unit_J, unit, number, sizeof number));
}

static void write_row(mj_html *html, const mj_line *line)
{
    FILE *out = html->out;
    fprintf(out, "<tr><td><span class=\"dot %s\"></span>",
            mj_group_text(mj_component_group(line->component)));
    mj_markup_text(out, line->label);
    fprintf(out, "<br/><code>%s</code></td><td class=\"number\">",
            mj_component_text(line->component));
    write_count(out, line);
    fputs("</td><td class=\"number\">", out);
    write_unit_energy(out, line);
    fprintf(out, "</td><td class=\"number\" data-joules=\"%.17g\"><strong>", line->joules);
    mj_html_joules(html, line->joules);
    fputs("</strong></td><td class=\"nowrap\">", out);
    mj_html_interval(html, line->lo_J, line->hi_J);
    fprintf(out, "</td><td class=\"number\">%.1f %%</td><td class=\"number\">", 100 * line->share);
    mj_html_factor(html, line->cap);
    fprintf(out, "</td><td>%s", mj_class_text(line->cls));
    mj_html_cite(html, line->source);
    fputs("</td></tr>\n", out);
}

static void write_lines(mj_html *html, const mj_bill *bill)
{
    FILE *out = html->out;
    mj_html_section(html, "lines", "Every line");
    fputs("<div class=\"wide\"><table>\n<thead><tr><th>cause</th><th class=\"number\">count</th>"
          "<th class=\"number\">each</th><th class=\"number\">joules</th><th>interval</th>"
          "<th class=\"number\">share</th><th class=\"number\">cap</th><th>rests on</th></tr>"
          "</thead>\n"
          "<tbody>\n", out);
    for (int i = 0; i < bill->ledger.n; i++) {
        write_row(html, &bill->ledger.line[i]);
    }
    fprintf(out, "</tbody>\n<tfoot><tr><td>total</td><td></td><td></td><td class=\"number\">");
    mj_html_joules(html, bill->joules);
    fputs("</td><td class=\"nowrap\">", out);
    mj_html_interval(html, bill->lo_J, bill->hi_J);
    fputs("</td><td class=\"number\">100 %</td><td></td><td></td></tr></tfoot>\n</table></div>\n",
          out);
    mj_html_section_end(html);
}

static void write_figures(mj_html *html, const mj_bill_view *view, mj_arena *arena)
{
    mj_figures figures;
    mj_figures_collect(&figures, view, arena);
    mj_html_section(html, "figures", "What the machine does");
    fputs("<dl>\n", html->out);
    for (int i = 0; i < figures.n; i++) {
        fprintf(html->out, "<div><dt>%s</dt><dd>", figures.cell[2 * i]);
        mj_markup_text(html->out, figures.cell[2 * i + 1]);
        fputs("</dd></div>\n", html->out);
    }
    fputs("</dl>\n", html->out);
    mj_html_section_end(html);
}

/* Joules by class of evidence. */
static void write_trust(mj_html *html, const mj_bill *bill)
{
    double joules[MJ_CLASS_N] = {0};
    FILE *out = html->out;
    for (int i = 0; i < bill->ledger.n; i++) {
        joules[bill->ledger.line[i].cls] += bill->ledger.line[i].joules;
    }
    mj_html_section(html, "trust", "What the joules rest on");
    fputs("<table style=\"max-width:28rem\">\n<thead><tr><th>evidence</th>"
          "<th class=\"number\">joules</th><th class=\"number\">share</th></tr></thead>\n<tbody>\n",
          out);
    for (int c = 0; c < MJ_CLASS_N; c++) {
        if (joules[c] > 0) {
            fprintf(out, "<tr><td>%s</td><td class=\"number\">", mj_class_text((mj_class)c));
            mj_html_joules(html, joules[c]);
            fprintf(out, "</td><td class=\"number\">%.1f %%</td></tr>\n",
                    100 * joules[c] / bill->joules);
        }
    }
    fputs("</tbody>\n</table>\n", out);
    mj_html_section_end(html);
}

mj_status mj_bill_print_html(FILE *out, const mj_bill_view *view, const mj_colophon *colophon,
                             mj_facts *facts, mj_arena *arena, mj_err *err)
{
    const mj_bill *bill = view->bill;
    mj_html html;
    char title[TEXT], number[NUMBER];
    snprintf(title, sizeof title, "%s on %s: %s/%s", mj_report_model_name(bill->model),
             bill->chip->name, mj_units_format(bill->joules, "J", number, sizeof number),
             mj_output_noun(bill));
    mj_html_open(&html, out, facts, title);
    MJ_TRY(write_result(&html, view, err));
    write_picture(&html, view);
    write_lines(&html, bill);
    write_figures(&html, view, arena);
    write_trust(&html, bill);
    return mj_html_close(&html, colophon, err);
}
