/* Plot: curves over one swept value, as SVG or as pixels, the same picture.
 *
 * An axis is logarithmic where its values span a factor of 30 or more. A value of 0 on such an x
 * axis, or one that stands for something else (zero_text), stands apart from the others, behind a
 * break of the axis. */
#ifndef MJ_PLOT_H
#define MJ_PLOT_H

#include <stdbool.h>
#include <stdio.h>

enum { MJ_PLOT_POINTS_MAX = 64, MJ_PLOT_CURVES_MAX = 20, MJ_PLOT_LEVELS_MAX = 8 };
/* User units, and pixels of each in mj_plot_draw. */
enum { MJ_PLOT_WIDTH = 760, MJ_PLOT_HEIGHT = 440, MJ_PLOT_SCALE = 2 };

/* Points in any order; one whose y is no finite number is left out. */
typedef struct {
    const char *label;   /* "0.05", shown where there are several curves */
    const double *x, *y; /* [n] */
    const double *worst; /* [n], where a line from y to it ends; NULL: none */
    int n;
    bool apart;          /* points without a line between them */
} mj_plot_curve;

/* A value to compare with: a dotted line over the whole width, if it is near the others. */
typedef struct {
    const char *label;
    double y;
} mj_plot_level;

/* A word above a point. */
typedef struct {
    const char *text;
    double x, y;
} mj_plot_note;

/* All borrowed. x is not negative. */
typedef struct {
    const char *title, *subtitle;
    const char *x_title, *y_title; /* with units */
    const char *curves_title;      /* what the labels of the curves are values of */
    const char *zero_text;         /* what x = 0 means, right of all others; NULL: a number */
    const mj_plot_curve *curve;
    int n_curves;
    const mj_plot_level *level;
    int n_levels;
    const mj_plot_note *note;
    int n_notes;
    bool near; /* a linear y axis begins near the least value, not at 0: for differences */
} mj_plot;

/* A file of its own, which follows its reader's light or dark colours. Marks carry data-x and data-y,
 * ticks data-tick, levels data-level. */
void mj_plot_print_svg(FILE *out, const mj_plot *plot);
/* rgb [MJ_PLOT_HEIGHT * MJ_PLOT_SCALE, MJ_PLOT_WIDTH * MJ_PLOT_SCALE, 3], in light colours. */
void mj_plot_draw(unsigned char *rgb, const mj_plot *plot);

#endif
