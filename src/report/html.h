/* HTML: the frame that all documents share: style, head, sources, colophon. */
#ifndef MJ_REPORT_HTML_H
#define MJ_REPORT_HTML_H

#include "bill_words.h"

typedef struct {
    FILE *out;
    mj_facts *facts;
    mj_citations cited;
} mj_html;

/* Everything up to the first section. */
void mj_html_open(mj_html *html, FILE *out, mj_facts *facts, const char *title);
/* Sources cited, colophon, end. A source that nobody lists is shown by its key. */
mj_status mj_html_close(mj_html *html, const mj_colophon *colophon, mj_err *err);

void mj_html_section(mj_html *html, const char *id, const char *title);
void mj_html_section_end(mj_html *html);

/* "906 mJ", and "634 mJ to 1.27 J". */
void mj_html_joules(mj_html *html, double joules);
void mj_html_interval(mj_html *html, double lo_J, double hi_J);
/* "1.28x", or "no limit". */
void mj_html_factor(mj_html *html, double factor);
/* What a printer of plain text writes (`what` is handed to it), its first line, escaped. */
typedef void mj_plain_printer(FILE *out, const void *what);
mj_status mj_html_printed(mj_html *html, mj_plain_printer *print, const void *what, mj_err *err);
/* " [3]" as a link to the list of sources; nothing for no source. */
void mj_html_cite(mj_html *html, const char *key);

#endif
