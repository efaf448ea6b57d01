/* HTML: one self-contained document, markup that is well-formed as XML too.
 *
 *     <header> how much </header> <section> ... </section> <footer> how it came about </footer>
 *
 * A policy in the head forbids every load and every script, so a name from a file that slipped
 * through could still do nothing. Links stand in the list of sources only, and only to http and
 * https. Wide tables scroll inside themselves on a narrow screen; on paper they are set smaller. */
#include "html.h"

#include "svg.h"
#include <stdlib.h>
#include <string.h>

enum { NUMBER = 32 };

static const char document_style[] =
    "*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}\n"
    "body{margin:0 auto;padding:2.5rem 1.25rem 4rem;max-width:67rem;background:var(--paper);"
    "color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',"
    "Arial,sans-serif;font-variant-numeric:tabular-nums}\n"
    "h1{margin:.2rem 0 .6rem;font-size:2.6rem;line-height:1.1;letter-spacing:-.02em}"
    "h1 small{font-size:1.25rem;font-weight:400;letter-spacing:0;color:var(--dim)}"
    "h2{margin:3rem 0 .8rem;font-size:1.2rem}p{margin:.4rem 0;max-width:46rem}"
    ".dim{color:var(--dim)}.kicker{color:var(--dim);font-size:.9rem}"
    ".lead{font-size:1.05rem}a{color:inherit;text-underline-offset:.15em}"
    "a.cite{color:var(--dim);text-decoration:none;white-space:nowrap}\n"
    ".wide{overflow-x:auto;margin:0 -1.25rem;padding:0 1.25rem}"
    "figure{margin:2rem 0 0}svg.picture{display:block;width:100%;height:auto;min-width:44rem}"
    "figcaption{margin-top:.6rem;color:var(--dim);font-size:.9rem;max-width:46rem}\n"
    "table{border-collapse:collapse;width:100%;font-size:.875rem}"
    "th,td{padding:.4rem .7rem .4rem 0;text-align:left;vertical-align:top;"
    "border-bottom:1px solid var(--rule)}th:last-child,td:last-child{padding-right:0}"
    "th{font-weight:500;color:var(--dim);white-space:nowrap}"
    "tbody tr:hover{background:var(--card)}tfoot td{font-weight:600;border-bottom:0}"
    "h1,.lead,.kicker,td.reason{overflow-wrap:anywhere}"
    "td.reason{min-width:15rem;max-width:24rem}.loss{color:var(--accent)}"
    ".number{text-align:right;white-space:nowrap}.nowrap{white-space:nowrap}"
    "code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}"
    "td code{color:var(--dim);white-space:nowrap}\n"
    ".dot{display:inline-block;width:.65em;height:.65em;margin-right:.45em;border-radius:2px;"
    "print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    ".dot.arithmetic{background:var(--arithmetic)}.dot.memory{background:var(--memory)}"
    ".dot.movement{background:var(--movement)}.dot.time{background:var(--time)}"
    ".dot.conversion{background:var(--conversion)}.dot.outside{background:var(--outside)}"
    ".dot.unexplained{background:var(--unexplained)}\n"
    "dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1px;margin:0;"
    "background:var(--rule);border:1px solid var(--rule)}"
    "dl div{padding:.7rem .9rem;background:var(--paper)}dt{color:var(--dim);font-size:.85rem}"
    "dd{margin:0}ul{padding-left:1.2rem;max-width:46rem}ol{padding-left:1.6rem;font-size:.9rem}"
    "li{margin:.35rem 0;padding-left:.3rem;"
    "overflow-wrap:anywhere}li:target{background:var(--card)}\n"
    "footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--rule);"
    "color:var(--dim);font-size:.85rem}footer code{color:var(--ink);overflow-wrap:anywhere}\n"
    "@media (max-width:40rem){body{padding-top:1.5rem}h1{font-size:2rem}}\n"
    "@page{margin:14mm}\n"
    "@media print{:root{--paper:#fff}tfoot{display:table-row-group}"
    "body{padding:0;max-width:none;font-size:10pt}.wide{overflow:visible;margin:0;"
    "padding:0}svg.picture{min-width:0}table{font-size:7.5pt}th,td{padding:.2rem .4rem .2rem 0}"
    "td code{white-space:normal}figure,tr,li,dl div{break-inside:avoid}"
    "h2{margin-top:1.6rem;break-after:avoid}dl{grid-template-columns:repeat(3,1fr)}}\n";

void mj_html_open(mj_html *html, FILE *out, mj_facts *facts, const char *title)
{
    *html = (mj_html){.out = out, .facts = facts};
    fputs("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
          "<meta charset=\"utf-8\"/>\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'; img-src data:\"/>\n"
          "<link rel=\"icon\" href=\"data:,\"/>\n<title>", out);
    mj_markup_text(out, title);
    fprintf(out, "</title>\n<style>\n%s%s%s</style>\n</head>\n<body>\n", mj_palette_style,
            mj_picture_style, document_style);
}

void mj_html_section(mj_html *html, const char *id, const char *title)
{
    fprintf(html->out, "<section id=\"%s\">\n<h2>", id);
    mj_markup_text(html->out, title);
    fputs("</h2>\n", html->out);
}

void mj_html_section_end(mj_html *html)
{
    fputs("</section>\n", html->out);
}

void mj_html_joules(mj_html *html, double joules)
{
    char number[NUMBER];
    fputs(mj_markup_joules(joules, number, sizeof number), html->out);
}

void mj_html_interval(mj_html *html, double lo_J, double hi_J)
{
    mj_html_joules(html, lo_J);
    fputs(" to ", html->out);
    mj_html_joules(html, hi_J);
}

void mj_html_factor(mj_html *html, double factor)
{
    char number[NUMBER];
    fputs(mj_markup_factor(factor, number, sizeof number), html->out);
}

mj_status mj_html_printed(mj_html *html, mj_plain_printer *print, const void *what, mj_err *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    print(memory, what);
    if (fclose(memory) != 0) {
        free(text);
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    text[strcspn(text, "\n")] = '\0';
    mj_markup_text(html->out, text);
    free(text);
    return MJ_OK;
}

void mj_html_cite(mj_html *html, const char *key)
{
    int number = mj_cite(&html->cited, key);
    if (number > 0) {
        fprintf(html->out, " <a class=\"cite\" href=\"#source-%d\">[%d]</a>", number, number);
    }
}

static bool is_web(const char *url)
{
    return url && (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0);
}

static void write_source(mj_html *html, const char *key)
{
    const mj_source *source = NULL;
    FILE *out = html->out;
    if (mj_facts_source(&source, html->facts, key, NULL) != MJ_OK) {
        fputs("<code>", out);
        mj_markup_text(out, key);
        fputs("</code>, not in the list of sources", out);
        return;
    }
    mj_markup_text(out, source->title ? source->title : key);
    if (is_web(source->url)) {
        fputs(". <a href=\"", out);
        mj_markup_text(out, source->url);
        fputs("\" rel=\"noreferrer\">", out);
        mj_markup_text(out, source->url);
        fputs("</a>", out);
    }
    fputs(" <span class=\"dim\">(", out);
    mj_markup_text(out, key);
    if (source->check && *source->check) {
        fputs("; ", out);
        mj_markup_text(out, source->check);
    }
    fputs(")</span>", out);
}

mj_status mj_html_close(mj_html *html, const mj_colophon *colophon, mj_err *err)
{
    FILE *out = html->out;
    mj_html_section(html, "sources", "Sources, and how each was checked");
    fputs("<ol>\n", out);
    for (int i = 0; i < html->cited.n; i++) {
        fprintf(out, "<li id=\"source-%d\">", i + 1);
        write_source(html, html->cited.key[i]);
        fputs("</li>\n", out);
    }
    fputs("</ol>\n", out);
    mj_html_section_end(html);
    fputs("<footer>\n<p><code>", out);
    mj_markup_text(out, colophon->command);
    fputs("</code></p>\n<p>millijoule ", out);
    mj_markup_text(out, colophon->version);
    fputs(", ", out);
    mj_markup_text(out, colophon->date);
    fputs("</p>\n</footer>\n</body>\n</html>\n", out);
    return ferror(out) ? mj_err_add(err, MJ_EFILE, NULL, 0, 0, "cannot write the document") : MJ_OK;
}
