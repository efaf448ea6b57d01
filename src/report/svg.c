/* SVG: elements written one by one to a stream, and the style that all pictures share.
 *
 * The seven colours of the groups were chosen so that any two are at least 24 apart (CIE 1976
 * colour difference) for normal, protan, deutan and tritan vision (simulated after Machado,
 * Oliveira and Fernandes 2009), in the light and in the dark scheme. And no picture tells anything
 * by colour alone: every band and bar has its words. */
#include "svg.h"

#include "mj/report.h"
#include "mj/text.h"
#include "mj/units.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_B = 1024 };

/* Mean advance of a character of the pictures' type, of labels in plain scripts. */
static const double character_px = 7.1;

const char *const mj_palette_style =
    ":root{color-scheme:light dark;--paper:#fcfcfa;--card:#f2f3f0;--ink:#1c2126;--dim:#59636e;"
    "--rule:#d8dcde;--accent:#b3261e;"
    "--arithmetic:#2b51b7;--memory:#ad6407;--movement:#7e2b77;--time:#279056;"
    "--conversion:#cbb95b;--outside:#90b5e1;--unexplained:#8a8e95}\n"
    "@media screen and (prefers-color-scheme:dark){:root{--paper:#15181c;--card:#1e2227;"
    "--ink:#e4e7ea;--dim:#9aa5b0;--rule:#343a42;--accent:#ff8a7d;"
    "--arithmetic:#5976e1;--memory:#dc953e;--movement:#ab7dbf;--time:#27c68b;"
    "--conversion:#ece45e;--outside:#b8d9ef;--unexplained:#636972}}\n";

const char *const mj_picture_style =
    "svg.picture{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,"
    "sans-serif;font-variant-numeric:tabular-nums;fill:var(--ink)}\n"
    ".picture .background{fill:var(--paper)}.picture .dim{fill:var(--dim)}"
    ".picture .strong{font-weight:600}.picture .large{font-size:17px}"
    ".picture .middle{text-anchor:middle}.picture .end{text-anchor:end}\n"
    ".picture .band{opacity:.42}.picture .band:hover{opacity:.7}"
    ".picture .hair{stroke-width:.8}\n"
    ".picture .total{fill:var(--ink)}.picture .rest{fill:var(--unexplained)}"
    ".picture .arithmetic{fill:var(--arithmetic);stroke:var(--arithmetic)}"
    ".picture .memory{fill:var(--memory);stroke:var(--memory)}"
    ".picture .movement{fill:var(--movement);stroke:var(--movement)}"
    ".picture .time{fill:var(--time);stroke:var(--time)}"
    ".picture .conversion{fill:var(--conversion);stroke:var(--conversion)}"
    ".picture .outside{fill:var(--outside);stroke:var(--outside)}"
    ".picture .unexplained{fill:var(--unexplained);stroke:var(--unexplained)}"
    ".picture .band,.picture .node{stroke-width:0}.picture .band.hair{stroke-width:.8}\n"
    ".picture .halo{paint-order:stroke;stroke:var(--paper);stroke-width:4px;"
    "stroke-linejoin:round;stroke-opacity:.75}\n"
    ".picture .rule{stroke:var(--rule)}.picture .whisker{stroke:var(--ink);stroke-width:1.2}"
    ".picture .target{stroke:var(--accent);stroke-width:1.6;stroke-dasharray:6 4}"
    ".picture .accent{fill:var(--accent)}"
    ".picture .trend{stroke:var(--dim);stroke-width:1.4;stroke-dasharray:2 3}"
    ".picture .trend-range{fill:var(--dim);opacity:.1}"
    ".picture .gain{fill:var(--arithmetic)}.picture .loss{fill:var(--accent)}"
    ".picture .unsure{fill:url(#hatch);stroke:var(--arithmetic);stroke-width:1}"
    ".picture .hatch{stroke:var(--arithmetic);stroke-width:3}"
    ".picture .replaced{opacity:.35}"
    ".picture .curve{stroke-width:2;stroke-linecap:round}"
    ".picture .mark{stroke:var(--paper);stroke-width:1.5;paint-order:stroke}\n";

unsigned mj_palette_colour(const char *name)
{
    char key[32];
    snprintf(key, sizeof key, "--%s:#", name);
    const char *at = strstr(mj_palette_style, key);
    assert(at); /* a name of ours */
    return (unsigned)strtoul(at + strlen(key), NULL, 16);
}

/* One chunk of clean text. */
static void write_escaped(FILE *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        switch (*c) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        case '\xEF': /* U+FFFE and U+FFFF are no characters, XML refuses them */
            if (c[1] == '\xBF' && (c[2] == '\xBE' || c[2] == '\xBF')) {
                fputc('?', out);
                c += 2;
                break;
            }
            fputc(*c, out);
            break;
        default:
            fputc(*c, out);
        }
    }
}

void mj_markup_text(FILE *out, const char *text)
{
    size_t left = text ? strlen(text) : 0;
    while (left > 0) {
        char chunk[CHUNK_B + 1], clean[CHUNK_B + 1];
        size_t n = left < CHUNK_B ? left : CHUNK_B;
        /* A chunk ends where a character does; a broken one is at most cut once more. */
        bool cut = n < left;
        for (int back = 0; cut && back < 3 && ((unsigned char)text[n] & 0xC0) == 0x80; back++) {
            n--;
        }
        memcpy(chunk, text, n);
        chunk[n] = '\0';
        write_escaped(out, mj_text_clean(clean, sizeof clean, chunk));
        text += n;
        left -= n;
    }
}

char *mj_markup_joules(double joules, char *buf, size_t size)
{
    char plain[32];
    mj_units_format(joules, "J", plain, sizeof plain);
    char *micro = strstr(plain, " uJ");
    if (micro) {
        *micro = '\0';
    }
    snprintf(buf, size, micro ? "%s \u00b5J" : "%s", plain);
    return buf;
}

char *mj_markup_factor(double factor, char *buf, size_t size)
{
    char number[32];
    if (isnan(factor)) {
        snprintf(buf, size, "\u2013");
    } else if (isinf(factor)) {
        snprintf(buf, size, "no limit");
    } else if (factor < 9.995) {
        snprintf(buf, size, "%.2f\u00d7", factor);
    } else {
        snprintf(buf, size, "%s\u00d7", mj_number_format(factor, number, sizeof number));
    }
    return buf;
}

void mj_svg_open(FILE *out, const mj_svg_frame *frame)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"picture\" role=\"img\" "
            "aria-labelledby=\"%s-title %s-text\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
            "height=\"%.0f\">\n<title id=\"%s-title\">",
            frame->id, frame->id, frame->width, frame->height, frame->width, frame->height,
            frame->id);
    mj_markup_text(out, frame->title);
    fprintf(out, "</title>\n<desc id=\"%s-text\">", frame->id);
    mj_markup_text(out, frame->description);
    fputs("</desc>\n", out);
    if (frame->standalone) {
        fprintf(out, "<style>\n%s%s</style>\n", mj_palette_style, mj_picture_style);
        fputs("<rect class=\"background\" width=\"100%\" height=\"100%\"/>\n", out);
    }
}

void mj_svg_close(FILE *out)
{
    fputs("</svg>\n", out);
}

void mj_svg_rect(FILE *out, const mj_svg_box *box)
{
    fprintf(out, "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"%s%s/>\n",
            box->classes, box->x, box->y, box->width, box->height, *box->data ? " " : "",
            box->data);
}

void mj_svg_band(FILE *out, const mj_svg_flow *flow)
{
    double middle = (flow->x0 + flow->x1) / 2, t = flow->thickness;
    fprintf(out, "<path class=\"band %s%s\"%s%s d=\"M%.2f %.2fC%.2f %.2f %.2f %.2f %.2f %.2fv%.2f",
            flow->classes, t < 1 ? " hair" : "", *flow->data ? " " : "", flow->data, flow->x0,
            flow->y0, middle, flow->y0, middle, flow->y1, flow->x1, flow->y1, t);
    fprintf(out, "C%.2f %.2f %.2f %.2f %.2f %.2fz\">", middle, flow->y1 + t, middle, flow->y0 + t,
            flow->x0, flow->y0 + t);
    if (flow->hint) {
        fputs("<title>", out);
        mj_markup_text(out, flow->hint);
        fputs("</title>", out);
    }
    fputs("</path>\n", out);
}

void mj_svg_line(FILE *out, const mj_svg_box *from)
{
    fprintf(out, "<path class=\"%s\" d=\"M%.2f %.2fl%.2f %.2f\"%s%s/>\n", from->classes, from->x,
            from->y, from->width, from->height, *from->data ? " " : "", from->data);
}

void mj_svg_polygon(FILE *out, const mj_svg_shape *shape)
{
    fprintf(out, "<path class=\"%s\" transform=\"translate(%.2f %.2f)\"%s%s d=\"", shape->classes,
            shape->x, shape->y, *shape->data ? " " : "", shape->data);
    for (int i = 0; i < shape->n; i++) {
        fprintf(out, "%s%.2f %.2f", i > 0 ? "L" : "M", shape->corner[i].x, shape->corner[i].y);
    }
    fputs("z\"/>\n", out);
}

void mj_svg_text(FILE *out, double x, double y, const char *classes, const char *text)
{
    fprintf(out, "<text class=\"%s\" x=\"%.2f\" y=\"%.2f\">", classes, x, y);
    mj_markup_text(out, text);
    fputs("</text>\n", out);
}

char *mj_svg_fit(char *buf, size_t size, const char *text, double width)
{
    static const mj_style style = {.utf8 = true};
    return mj_text_cut(buf, size, text, (int)(width / character_px), &style);
}
