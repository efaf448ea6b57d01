/* Raster: lines, shapes and plain text drawn with smooth edges into an image of 8-bit colours.
 *
 * Lengths are in user units, the same as those of the SVG pictures; `scale` pixels make one. The
 * origin is the upper left corner, y goes down. What lies outside is not drawn. */
#ifndef MJ_RASTER_H
#define MJ_RASTER_H

typedef struct {
    unsigned char *rgb; /* [height, width, 3], of the caller */
    int width, height;  /* pixels */
    double scale;
} mj_raster;

/* Colours are 0xRRGGBB. */
void mj_raster_fill(const mj_raster *raster, unsigned colour);

/* Round ends; no length makes a disc. */
typedef struct {
    double x0, y0, x1, y1, thickness;
} mj_raster_stroke;
void mj_raster_line(const mj_raster *raster, const mj_raster_stroke *stroke, unsigned colour);

typedef struct {
    double x, y;
} mj_point;
/* A convex shape, its n corners clockwise as they are seen. */
void mj_raster_polygon(const mj_raster *raster, const mj_point *corner, int n, unsigned colour);

/* `size` is that of the type as in CSS; x, y is where the baseline begins; `weight` the thickness of
 * its lines (0: regular). ASCII and the ellipsis have letters, any other character is
 * drawn as a box. */
typedef struct {
    double x, y, size, weight;
} mj_raster_type;
void mj_raster_text(const mj_raster *raster, const mj_raster_type *type, const char *text,
                    unsigned colour);
double mj_raster_text_width(const mj_raster_type *type, const char *text);

#endif
