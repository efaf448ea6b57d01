/* SVG: a small writer of pictures that stand alone or inside a document, and the escaping of text.
 *
 * Colours are CSS custom properties with a light and a dark value, so a picture follows its
 * reader's colour scheme; on paper it is always light. Lengths are in user units, one CSS pixel at
 * full size. */
#ifndef MJ_REPORT_SVG_H
#define MJ_REPORT_SVG_H

#include "mj/raster.h"
#include <stdbool.h>
#include <stdio.h>

/* Text of any length, cleaned of what neither XML nor a reader should meet, escaped for content and
 * for attributes in double quotes. NULL writes nothing. */
void mj_markup_text(FILE *out, const char *text);

/* "906 mJ", with the micro sign where it belongs. Returns buf. */
char *mj_markup_joules(double joules, char *buf, size_t size);
/* "1.28x" with a multiplication sign, "no limit" for an infinite one. Returns buf. */
char *mj_markup_factor(double factor, char *buf, size_t size);

/* The custom properties: --paper, --ink, --dim, --rule and one a group of causes. */
extern const char *const mj_palette_style;
/* One of them, by its name without the dashes, in the light scheme: 0xRRGGBB. */
unsigned mj_palette_colour(const char *name);
/* What the classes of pictures look like. */
extern const char *const mj_picture_style;

typedef struct {
    const char *id; /* one word, unlike any other's in the document */
    const char *title, *description; /* for those who do not see it */
    double width, height;
    bool standalone; /* a file of its own: brings colours, background and fonts */
} mj_svg_frame;

void mj_svg_open(FILE *out, const mj_svg_frame *frame);
void mj_svg_close(FILE *out);

/* `classes` and `data` go out as they stand: they are our own words and numbers, never a file's.
 * data holds more attributes, or is "". */
typedef struct {
    double x, y, width, height;
    const char *classes, *data;
} mj_svg_box;
void mj_svg_rect(FILE *out, const mj_svg_box *box);

/* A flow from x0 to x1 whose upper edge runs from y0 to y1, `thickness` tall all the way. */
typedef struct {
    double x0, y0, x1, y1, thickness;
    const char *classes, *data;
    const char *hint; /* shown under the pointer; may be NULL */
} mj_svg_flow;
void mj_svg_band(FILE *out, const mj_svg_flow *flow);

/* From (x, y) by (width, height). */
void mj_svg_line(FILE *out, const mj_svg_box *from);

/* A shape around (x, y): corners relative to it. */
typedef struct {
    double x, y;
    const mj_point *corner;
    int n;
    const char *classes, *data;
} mj_svg_shape;
void mj_svg_polygon(FILE *out, const mj_svg_shape *shape);

/* classes: "start" by default, "middle" or "end" for the anchor, and colours. */
void mj_svg_text(FILE *out, double x, double y, const char *classes, const char *text);

/* Copies `text` cut to what fits in `width` at the pictures' size of type. Returns buf. */
char *mj_svg_fit(char *buf, size_t size, const char *text, double width);

#endif
