/* Raster: how far a pixel's centre is from a shape decides how much of its colour it takes.
 *
 *   cover = clamp(1/2 - d, 0, 1)    d: distance to the edge in pixels, negative inside
 *
 * which is exact for a straight edge along the grid and good elsewhere. The type has no outlines but
 * strokes of a pen: a letter is a few polylines on a grid of 5 columns (0 to 4) and 9 rows (0: top of
 * capitals, 2: top of small letters, 6: baseline, 8: lowest), written as pairs of digits, column and
 * row, with a space where the pen is lifted. It is as wide as its strokes. */
#include "mj/raster.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *const letters[] = {
    ['!'] = "00 04 06", ['"'] = "0001 2021", ['#'] = "1016 3036 0242 0444",
    ['$'] = "413010010213334445361605 2026", ['%'] = "0640 0010110100 3545463635",
    ['&'] = "461110202103051626 2644", ['\''] = "0001", ['('] = "10010516", [')'] = "00111506",
    ['*'] = "0224 2204 1115", ['+'] = "0444 2226", [','] = "1607", ['-'] = "0424", ['.'] = "06",
    ['/'] = "0630", ['0'] = "102031352616050110", ['1'] = "022026", ['2'] = "01102031320636",
    ['3'] = "01102031322313 233435261605", ['4'] = "26200434", ['5'] = "300002223335261605",
    ['6'] = "312010010516263534231304", ['7'] = "003016", ['8'] = "13020110203132231304051626353423",
    ['9'] = "322313020110203135261605", [':'] = "03 06", [';'] = "13 1607", ['<'] = "320436",
    ['='] = "0333 0535", ['>'] = "023406", ['?'] = "011020313223 24 26",
    ['@'] = "34242333344441301001051636", ['A'] = "062046 1434", ['B'] = "06003041423303 3344453606",
    ['C'] = "4130100105163645", ['D'] = "0600203142443526 2606", ['E'] = "40000646 0333",
    ['F'] = "400006 0333", ['G'] = "41301001051636454323", ['H'] = "0006 4046 0343", ['I'] = "0006",
    ['J'] = "3035261605", ['K'] = "0006 400346", ['L'] = "000636", ['M'] = "0600234046",
    ['N'] = "06004640", ['O'] = "103041453616050110", ['P'] = "06003041423303",
    ['Q'] = "103041453616050110 3446", ['R'] = "06003041423303 2346",
    ['S'] = "413010010213334445361605", ['T'] = "0040 2026", ['U'] = "000516364540",
    ['V'] = "002640", ['W'] = "0016223640", ['X'] = "0046 4006", ['Y'] = "002340 2326",
    ['Z'] = "00400646", ['['] = "10000616", ['\\'] = "0036", [']'] = "00101606", ['^'] = "021022",
    ['_'] = "0737", ['`'] = "0011", ['a'] = "332212030516263533 3236",
    ['b'] = "0006 031222333526160503", ['c'] = "3322120305162635", ['d'] = "3036 332212030516263533",
    ['e'] = "04343322120305162635", ['f'] = "201116 0222", ['g'] = "332212030516263533 3237281807",
    ['h'] = "0006 0312223336", ['i'] = "0206 00", ['j'] = "121708 10", ['k'] = "0006 320436",
    ['l'] = "000516", ['m'] = "0206 03122326 23324346", ['n'] = "0206 0312223336",
    ['o'] = "122233352616050312", ['p'] = "0208 031222333526160503",
    ['q'] = "3238 332212030516263533", ['r'] = "0206 031222", ['s'] = "33221203142435261605",
    ['t'] = "101526 0222", ['u'] = "0205162635 3236", ['v'] = "022642", ['w'] = "0216233642",
    ['x'] = "0236 3206", ['y'] = "0205162635 3237281807", ['z'] = "02320636",
    ['{'] = "201012031416 1626", ['|'] = "0007", ['}'] = "001012231416 1606", ['~'] = "04132433",
    [127] = "0030360600",
};

/* Of the size of the type: a column, a row, the gap to the next letter, a space, the pen. */
static const double COLUMN = 0.117, ROW = 0.119, GAP = 0.2, SPACE = 0.13, PEN = 0.088;

/* How much of a pixel's square a shape covers whose edge is `outside` away, in pixels. */
static double cover(double outside)
{
    return fmin(fmax(0.5 - outside, 0), 1);
}

static void blend(unsigned char *rgb, unsigned colour, double share)
{
    for (int c = 0; c < 3; c++) {
        double to = (double)(colour >> (16 - 8 * c) & 255);
        rgb[c] = (unsigned char)(rgb[c] + share * (to - rgb[c]) + 0.5);
    }
}

/* The pixels that a shape between two user coordinates can touch. */
static void reach(int *first, int *end, double lo, double hi, double scale, int limit)
{
    *first = (int)fmin(fmax(floor(lo * scale - 1), 0), limit);
    *end = (int)fmin(fmax(ceil(hi * scale + 1), 0), limit);
}

void mj_raster_fill(const mj_raster *raster, unsigned colour)
{
    size_t n = (size_t)raster->width * (size_t)raster->height;
    for (size_t i = 0; i < n; i++) {
        for (int c = 0; c < 3; c++) {
            raster->rgb[3 * i + (size_t)c] = (unsigned char)(colour >> (16 - 8 * c));
        }
    }
}

static unsigned char *pixel_at(const mj_raster *raster, int x, int y)
{
    return raster->rgb + 3 * ((size_t)y * (size_t)raster->width + (size_t)x);
}

void mj_raster_line(const mj_raster *raster, const mj_raster_stroke *s, unsigned colour)
{
    double scale = raster->scale, half = s->thickness / 2;
    double dx = s->x1 - s->x0, dy = s->y1 - s->y0, length2 = dx * dx + dy * dy;
    int left, right, top, bottom;
    reach(&left, &right, fmin(s->x0, s->x1) - half, fmax(s->x0, s->x1) + half, scale, raster->width);
    reach(&top, &bottom, fmin(s->y0, s->y1) - half, fmax(s->y0, s->y1) + half, scale,
          raster->height);
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
            double px = (x + 0.5) / scale - s->x0, py = (y + 0.5) / scale - s->y0;
            double along = length2 > 0 ? fmin(fmax((px * dx + py * dy) / length2, 0), 1) : 0;
            double distance = hypot(px - along * dx, py - along * dy) - half;
            blend(pixel_at(raster, x, y), colour, cover(distance * scale));
        }
    }
}

/* Distance of a point to the farthest edge's line: negative inside. */
static double polygon_distance(const mj_point *corner, int n, double x, double y)
{
    double farthest = -HUGE_VAL;
    for (int i = 0; i < n; i++) {
        mj_point from = corner[i], to = corner[(i + 1) % n];
        double dx = to.x - from.x, dy = to.y - from.y;
        farthest = fmax(farthest, ((x - from.x) * dy - (y - from.y) * dx) / hypot(dx, dy));
    }
    return farthest;
}

void mj_raster_polygon(const mj_raster *raster, const mj_point *corner, int n, unsigned colour)
{
    mj_point lo = {HUGE_VAL, HUGE_VAL}, hi = {-HUGE_VAL, -HUGE_VAL};
    int left, right, top, bottom;
    for (int i = 0; i < n; i++) {
        lo = (mj_point){fmin(lo.x, corner[i].x), fmin(lo.y, corner[i].y)};
        hi = (mj_point){fmax(hi.x, corner[i].x), fmax(hi.y, corner[i].y)};
    }
    reach(&left, &right, lo.x, hi.x, raster->scale, raster->width);
    reach(&top, &bottom, lo.y, hi.y, raster->scale, raster->height);
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
            double outside = polygon_distance(corner, n, (x + 0.5) / raster->scale,
                                              (y + 0.5) / raster->scale);
            blend(pixel_at(raster, x, y), colour, cover(outside * raster->scale));
        }
    }
}

/* The strokes of the character that *text begins with; steps over it. "": a space; NULL: the end. */
static const char *letter_next(const char **text)
{
    static const char ellipsis[] = "\u2026";
    if (strncmp(*text, ellipsis, sizeof ellipsis - 1) == 0) {
        *text += sizeof ellipsis - 1;
        return "06 26 46";
    }
    unsigned char c = (unsigned char)*(*text)++;
    if (c == '\0') {
        return NULL;
    }
    while (c >= 0xC0 && ((unsigned char)**text & 0xC0) == 0x80) {
        (*text)++; /* the rest of a character of UTF-8 */
    }
    return c == ' ' ? "" : c > ' ' && c < 127 ? letters[c] : letters[127];
}

static double letter_width(const char *strokes, double size)
{
    int columns = 0;
    for (const char *at = strokes; *at; at += *at == ' ' ? 1 : 2) {
        columns = *at - '0' > columns ? *at - '0' : columns;
    }
    return ((*strokes ? columns * COLUMN : SPACE) + GAP) * size;
}

double mj_raster_text_width(const mj_raster_type *type, const char *text)
{
    double width = 0;
    for (const char *strokes; (strokes = letter_next(&text)) != NULL;) {
        width += letter_width(strokes, type->size);
    }
    return fmax(width - GAP * type->size, 0);
}

void mj_raster_text(const mj_raster *raster, const mj_raster_type *type, const char *text,
                    unsigned colour)
{
    double left = type->x, top = type->y - 6 * ROW * type->size;
    double pen = type->weight > 0 ? type->weight : PEN * type->size;
    for (const char *strokes; (strokes = letter_next(&text)) != NULL;) {
        mj_raster_stroke line = {.thickness = pen};
        bool down = false;
        for (const char *at = strokes; *at; at++) {
            if (*at == ' ') {
                down = false;
                continue;
            }
            double x = left + (*at++ - '0') * COLUMN * type->size;
            double y = top + (*at - '0') * ROW * type->size;
            line.x0 = down ? line.x1 : x;
            line.y0 = down ? line.y1 : y;
            line.x1 = x;
            line.y1 = y;
            if (down || at[1] == ' ' || at[1] == '\0') { /* a dot is a stroke of one point */
                mj_raster_line(raster, &line, colour);
            }
            down = true;
        }
        left += letter_width(strokes, type->size);
    }
}
