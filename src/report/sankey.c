/* Bill as a Sankey: the total splits into groups of causes, the groups into lines; every width is
 * proportional to joules.
 *
 *     total  ==  Memory            ==  76.5 mJ   8.4 %  weights read
 *            ==  Power that flows  ==   491 mJ  54.1 %  power whatever the device does
 *
 * A column places its nodes from above; two neighbours stand at least one line of type apart, so
 * labels cannot overlap however thin the nodes are. Lines below `small_share` are one node at the
 * end ("7 smaller lines"), fed by every group that has some: only here, tables show each. Each node
 * and band carries data-joules with all digits, which is what tests add up. */
#include "bill_words.h"
#include "svg.h"
#include <math.h>

enum { NUMBER = 32, TEXT = 256, ROWS_MAX = 18 };

static const double small_share = 0.006;
static const double picture_px = 1060, top_px = 46, bottom_px = 12; /* margins hold the headings */
static const double joules_px = 380;                                /* height of the whole total */
static const double node_px = 13, total_x = 0, group_x = 230, row_x = 540;
static const double group_pitch_px = 24, row_pitch_px = 20, gap_px = 7;

/* A node: a group, a line, or what is left. line NULL: the smaller lines together. */
typedef struct {
    const char *name; /* "total", a group's, or "rest": also the colour's */
    mj_cause_group group;
    const mj_line *line;
    double joules;
    double x, y, height;
    double filled;  /* px of its left edge taken by bands so far */
    double emptied; /* px of its right edge */
} node;

typedef struct {
    const mj_bill *bill;
    double total_J, px_per_J;
    node group[MJ_GROUP_N]; /* largest first, only those with joules */
    int n_groups;
    node row[MJ_LINES_MAX + 1];
    int n_rows;
    int n_small;
    double small_J[MJ_GROUP_N]; /* of the groups as listed */
} sankey;

/* Joules that a picture can show. */
static double visible_J(const mj_line *line)
{
    return isfinite(line->joules) && line->joules > 0 ? line->joules : 0;
}

static void sort_nodes(node *list, int n)
{
    for (int i = 1; i < n; i++) {
        node moved = list[i];
        int j = i;
        for (; j > 0 && list[j - 1].joules < moved.joules; j--) {
            list[j] = list[j - 1];
        }
        list[j] = moved;
    }
}

static void collect_groups(sankey *s)
{
    const mj_ledger *ledger = &s->bill->ledger;
    node all[MJ_GROUP_N] = {{.joules = 0}};
    for (int i = 0; i < ledger->n; i++) {
        all[mj_component_group(ledger->line[i].component)].joules += visible_J(&ledger->line[i]);
    }
    for (int g = 0; g < MJ_GROUP_N; g++) {
        s->total_J += all[g].joules;
        if (all[g].joules > 0) {
            s->group[s->n_groups++] = (node){.name = mj_group_text((mj_cause_group)g),
                                             .group = (mj_cause_group)g, .x = group_x,
                                             .joules = all[g].joules};
        }
    }
    sort_nodes(s->group, s->n_groups);
}

/* Whether a line is drawn by itself: large enough, and no more than ROWS_MAX are larger. */
static bool is_large(const sankey *s, const mj_line *line)
{
    int larger = 0;
    for (int i = 0; i < s->bill->ledger.n; i++) {
        larger += visible_J(&s->bill->ledger.line[i]) > line->joules;
    }
    return line->joules >= small_share * s->total_J && larger < ROWS_MAX;
}

static void collect_rows(sankey *s)
{
    const mj_ledger *ledger = &s->bill->ledger;
    double rest_J = 0;
    for (int i = 0; i < ledger->n; i++) {
        s->n_small += visible_J(&ledger->line[i]) > 0 && !is_large(s, &ledger->line[i]);
    }
    for (int g = 0; g < s->n_groups; g++) {
        int first = s->n_rows;
        for (int i = 0; i < ledger->n; i++) {
            const mj_line *line = &ledger->line[i];
            if (mj_component_group(line->component) != s->group[g].group || visible_J(line) <= 0) {
                continue;
            }
            if (s->n_small == 1 || is_large(s, line)) {
                s->row[s->n_rows++] = (node){.name = s->group[g].name, .line = line,
                                             .group = s->group[g].group, .x = row_x,
                                             .joules = line->joules};
            } else {
                s->small_J[g] += line->joules;
                rest_J += line->joules;
            }
        }
        sort_nodes(s->row + first, s->n_rows - first);
    }
    if (rest_J > 0) {
        s->row[s->n_rows++] = (node){.name = "rest", .x = row_x, .joules = rest_J};
    }
}

/* Stacks nodes; returns the height of the column, labels of the ends included. */
static double stack(node *list, int n, double pitch, double px_per_J)
{
    double y = 0, centre = -pitch / 2;
    for (int i = 0; i < n; i++) {
        list[i].height = list[i].joules * px_per_J;
        y = fmax(y, centre + pitch - list[i].height / 2);
        list[i].y = y;
        centre = y + list[i].height / 2;
        y += list[i].height + gap_px;
    }
    return fmax(y - gap_px, centre + pitch / 2);
}

static void shift(node *list, int n, double by)
{
    for (int i = 0; i < n; i++) {
        list[i].y += by;
    }
}

static void share_text(char *buf, size_t size, double share)
{
    snprintf(buf, size, share < 0.0005 ? "<0.1 %%" : "%.1f %%", 100 * share);
}

/* A band from one node to another, in the colour of the group it belongs to; both edges fill from
 * above. */
static void draw_band(FILE *out, const sankey *s, node *from, node *to, double joules,
                      const char *words)
{
    char data[TEXT], hint[TEXT], number[NUMBER], share[NUMBER];
    snprintf(data, sizeof data, "data-from=\"%s\" data-to=\"%s\" data-joules=\"%.17g\"",
             from->name, to->name, joules);
    share_text(share, sizeof share, joules / s->total_J);
    snprintf(hint, sizeof hint, "%s: %s, %s", words,
             mj_markup_joules(joules, number, sizeof number), share);
    double thickness = joules * s->px_per_J;
    const mj_svg_flow flow = {.x0 = from->x + node_px, .y0 = from->y + from->emptied, .x1 = to->x,
                              .y1 = to->y + to->filled, .thickness = thickness,
                              .classes = from->x > total_x ? from->name : to->name, .data = data,
                              .hint = hint};
    mj_svg_band(out, &flow);
    from->emptied += thickness;
    to->filled += thickness;
}

static void draw_bands(FILE *out, sankey *s, node *total)
{
    for (int g = 0; g < s->n_groups; g++) {
        draw_band(out, s, total, &s->group[g], s->group[g].joules,
                  mj_group_title(s->group[g].group));
    }
    for (int g = 0; g < s->n_groups; g++) {
        node *group = &s->group[g];
        for (int r = 0; r < s->n_rows; r++) {
            node *row = &s->row[r];
            if (row->line && row->group == group->group) {
                draw_band(out, s, group, row, row->joules, row->line->label);
            } else if (!row->line && s->small_J[g] > 0) {
                draw_band(out, s, group, row, s->small_J[g], "smaller lines");
            }
        }
    }
}

static void draw_node(FILE *out, const node *at)
{
    char classes[TEXT], data[TEXT];
    snprintf(classes, sizeof classes, "node %s", at->name);
    snprintf(data, sizeof data, "data-joules=\"%.17g\"", at->joules);
    const mj_svg_box box = {at->x, at->y, node_px, at->height, classes, data};
    mj_svg_rect(out, &box);
}

static void draw_groups(FILE *out, const sankey *s)
{
    for (int g = 0; g < s->n_groups; g++) {
        const node *at = &s->group[g];
        char text[TEXT], share[NUMBER];
        double y = at->y + at->height / 2 + 4.5;
        draw_node(out, at);
        share_text(share, sizeof share, at->joules / s->total_J);
        snprintf(text, sizeof text, "%s  %s", mj_group_title(at->group), share);
        mj_svg_text(out, group_x + node_px + 8, y, "halo", text);
    }
}

/* Joules, share and label as three columns beside each node. */
static void draw_rows(FILE *out, const sankey *s)
{
    for (int r = 0; r < s->n_rows; r++) {
        const node *at = &s->row[r];
        char label[TEXT], joules[NUMBER], share[NUMBER];
        double y = at->y + at->height / 2 + 4.5;
        draw_node(out, at);
        share_text(share, sizeof share, at->joules / s->total_J);
        mj_svg_text(out, row_x + 84, y, "end strong",
                    mj_markup_joules(at->joules, joules, sizeof joules));
        mj_svg_text(out, row_x + 138, y, "end dim", share);
        if (at->line) {
            mj_svg_fit(label, sizeof label, at->line->label ? at->line->label : "",
                       picture_px - row_x - 150);
        } else {
            snprintf(label, sizeof label, "%d smaller lines", s->n_small);
        }
        mj_svg_text(out, row_x + 150, y, at->line ? "" : "dim", label);
    }
}

void mj_bill_print_svg(FILE *out, const mj_bill_view *view, bool standalone)
{
    const mj_bill *bill = view->bill;
    sankey s = {.bill = bill};
    char number[NUMBER], title[TEXT], text[TEXT];
    collect_groups(&s);
    collect_rows(&s);
    s.px_per_J = s.total_J > 0 ? joules_px / s.total_J : 0;
    node total = {.name = "total", .x = total_x, .joules = s.total_J, .height = joules_px};
    double groups_px = stack(s.group, s.n_groups, group_pitch_px, s.px_per_J);
    double rows_px = stack(s.row, s.n_rows, row_pitch_px, s.px_per_J);
    double height = fmax(joules_px, fmax(groups_px, rows_px));
    total.y = top_px + (height - joules_px) / 2;
    shift(s.group, s.n_groups, top_px + (height - groups_px) / 2);
    shift(s.row, s.n_rows, top_px + (height - rows_px) / 2);
    mj_markup_joules(bill->joules, number, sizeof number);
    snprintf(title, sizeof title, "%s on %s: %s a %s by cause", mj_report_model_name(bill->model),
             bill->chip->name, number, mj_output_noun(bill));
    snprintf(text, sizeof text, "Sankey diagram: the total splits into %d groups of causes and %d "
             "lines, widths proportional to joules. The table of lines has the same figures.",
             s.n_groups, bill->ledger.n);
    const mj_svg_frame frame = {"sankey", title, text, picture_px, top_px + height + bottom_px,
                                standalone};
    mj_svg_open(out, &frame);
    draw_bands(out, &s, &total);
    draw_node(out, &total);
    draw_groups(out, &s);
    draw_rows(out, &s);
    snprintf(text, sizeof text, "%s/%s", number, mj_output_noun(bill));
    mj_svg_text(out, total_x, 18, "strong large", text);
    mj_svg_text(out, group_x, 18, "dim", "by cause");
    mj_svg_text(out, row_x, 18, "dim", "by line");
    mj_svg_close(out);
}
