/* What mj eval prints: a table of the sweep with its anchors, or JSON. */
#include "eval_job.h"
#include "mj/json.h"
#include "style.h"

/* Images behind the figures that are quoted. */
enum { ENOUGH = 10000 };

/* One column a swept axis, then the figures. */
static void print_table(const mj_eval_job *j)
{
    enum { FIGURES_N = 5 };
    static const char *const figure_titles[FIGURES_N] = {"Frechet", "accuracy", "pixel PCA",
                                                         "diversity", "nearest"};
    static const bool wants_yardstick[FIGURES_N] = {[1] = true, [2] = true};
    char text[ROWS_MAX][AXES_N + FIGURES_N + 2][CELL_TEXT];
    const char *cell[ROWS_MAX * (AXES_N + FIGURES_N + 2)];
    mj_column column[AXES_N + FIGURES_N + 2];
    int n = 0, shown[AXES_N], n_shown = 0, which[FIGURES_N + 2];
    bool worst = j->chips > 1;
    for (int a = 0; a < AXES_N; a++) {
        if (j->list[a] || a == NOISE) {
            shown[n_shown++] = a;
            column[n++] = (mj_column){mj_eval_axes[a].title, true};
        }
    }
    for (int f = 0; f < FIGURES_N; f++) {
        if (!j->by_pixels || !wants_yardstick[f]) {
            which[n - n_shown] = f;
            column[n++] = (mj_column){figure_titles[f], true};
        }
    }
    if (worst) {
        which[n - n_shown] = FIGURES_N;
        column[n++] = (mj_column){"worst chip", true};
    }
    if (j->fid) {
        which[n - n_shown] = FIGURES_N + 1;
        column[n++] = (mj_column){"FID", true};
    }
    for (int r = 0; r < j->n_rows; r++) {
        const mj_score *s = &j->row[r].score;
        const double figure[FIGURES_N + 2] = {s->frechet,   s->accuracy,       s->pca,
                                              s->diversity, s->nearest_median,
                                              j->row[r].worst_frechet, j->row[r].fid};
        for (int c = 0; c < n; c++) {
            int f = c < n_shown ? -1 : which[c - n_shown];
            bool coarse = f > FIGURES_N || ((f == 0 || f == FIGURES_N) && !j->by_pixels);
            snprintf(text[r][c], CELL_TEXT, f < 0 ? "%g" : coarse ? "%.1f" : "%.3f",
                     f < 0 ? mj_eval_axis_value(&j->row[r].sampling, shown[c]) : figure[f]);
            cell[r * n + c] = text[r][c];
        }
    }
    const mj_table table = {.column = column, .cell = cell, .n_columns = n, .n_rows = j->n_rows};
    mj_style style = mj_style_of(j->context);
    mj_table_print(stdout, &table, &style);
}

/* In how many dimensions pixels are compared. */
static const char *pixels_words(const mj_eval_job *j)
{
    int n_pixels = j->train.width * j->train.height, n = mj_judge_axes(j->judge);
    const char *words = n == n_pixels
                            ? mj_arena_printf(&j->context->arena, "all %d pixels", n)
                            : mj_arena_printf(&j->context->arena, "%d components of pixels", n);
    return words ? words : "pixels";
}

void mj_eval_print_text(const mj_eval_job *j)
{
    const mj_anchors *a = &j->anchors;
    printf("%s: %d images, %s with %d steps over the trained span, sums in %s precision, %.0f s\n\n",
           mj_sampler_recipe(j->sampler)->name, j->n, mj_integrator_names[j->integrator],
           mj_sampler_steps(j->sampler, j->steps),
           mj_precision_names[mj_sampler_precision(j->sampler)], j->seconds);
    print_table(j);
    if (j->by_pixels) {
        printf("\n  Judged by pixels alone, because %s.\n"
               "  Frechet distance of %s to %d test images, which no figure of the yardstick compares\n"
               "  with; beside it training images %.3f, blurred by a 3x3 mean %.3f, white noise of 0.1 "
               "%.3f,\n  class means %.3f; nearest training image of test images %.3f\n",
               j->by_pixels, pixels_words(j), j->test.n, a->floor, a->blur, a->noise, a->class_mean,
               a->test_nearest_median);
    } else {
        printf("\n  Frechet distance of the yardstick's features to %d test images (no FID); beside it\n"
               "  training images %.2f, blurred by a 3x3 mean %.1f, white noise of 0.1 %.0f, class means "
               "%.0f\n",
               j->test.n, a->floor, a->blur, a->noise, a->class_mean);
        printf("  accuracy of test images %.3f; pixel PCA of training images %.3f; nearest training "
               "image\n  of test images %.3f\n",
               a->test_accuracy, a->floor_pca, a->test_nearest_median);
    }
    if (j->substrate) {
        printf("\n  as trained, by itself: Frechet %.*f, pixel PCA %.3f, diversity %.3f\n", j->by_pixels ? 3 : 1,
               j->ideal.frechet, j->ideal.pca, j->ideal.diversity);
        mj_ring_chip_print(&j->chip);
    }
    if (j->n < ENOUGH) {
        printf("  a distance of %d images is larger than that of %d, which models are quoted with\n", j->n,
               ENOUGH);
    }
    if (j->fid) {
        printf("  FID (Inception) %.2f%s of %d images against the %d test images, features of %s\n",
               j->row[0].fid, j->n_rows > 1 ? " in the first row" : "", j->n, j->test.n,
               j->inception);
    }
    if (j->plot) {
        printf("  %s\n", j->plot);
    }
}

static mj_json *row_json(const mj_eval_job *j, const mj_eval_row *r)
{
    mj_json *object = mj_json_object();
    for (int a = 0; a < AXES_N; a++) {
        mj_json_set_number(object, mj_eval_axes[a].key, mj_eval_axis_value(&r->sampling, a));
    }
    mj_json_set_number(object, "value", r->score.frechet);
    mj_json_set_number(object, "worst", r->worst_frechet);
    if (j->fid) {
        mj_json_set_number(object, "fid", r->fid);
    }
    mj_json_set_integer(object, "chips", r->chips);
    mj_json_set_number(object, "accuracy", r->score.accuracy);
    mj_json_set_number(object, "pca", r->score.pca);
    mj_json_set_number(object, "diversity", r->score.diversity);
    mj_json_set_number(object, "nearest_median", r->score.nearest_median);
    mj_json_set_number(object, "nearest_p1", r->score.nearest_p1);
    return object;
}

mj_status mj_eval_print_json(const mj_eval_job *j)
{
    const mj_anchors *a = &j->anchors;
    mj_json *root = mj_json_object(), *anchors = mj_json_object(), *sweep = mj_json_array();
    char integrator[CELL_TEXT];
    snprintf(integrator, sizeof integrator, "%s x %d", mj_integrator_names[j->integrator],
             mj_sampler_steps(j->sampler, j->steps));
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "model", mj_sampler_recipe(j->sampler)->name);
    mj_json_set_text(root, "metric", j->by_pixels ? "frechet-pixels" : "frechet-yardstick-fashion");
    mj_json_set_number(root, "value", j->row[0].score.frechet);
    if (j->fid) {
        mj_json_set_number(root, "fid", j->row[0].fid);
    }
    mj_json_set_number(root, "floor", a->floor);
    mj_json_set_number(anchors, "blur", a->blur);
    mj_json_set_number(anchors, "noise", a->noise);
    mj_json_set_number(anchors, "class_mean", a->class_mean);
    mj_json_set_number(anchors, "floor_pca", a->floor_pca);
    mj_json_set_number(anchors, "test_accuracy", a->test_accuracy);
    mj_json_set_number(anchors, "test_nearest_median", a->test_nearest_median);
    mj_json_set_number(anchors, "test_nearest_p1", a->test_nearest_p1);
    mj_json_set(root, "anchors", anchors);
    mj_json_set_integer(root, "n", j->n);
    mj_json_set_text(root, "integrator", integrator);
    mj_json_set_text(root, "precision", mj_precision_names[mj_sampler_precision(j->sampler)]);
    mj_json_set_number(root, "seconds", j->seconds);
    for (int r = 0; r < j->n_rows; r++) {
        mj_json_append(sweep, row_json(j, &j->row[r]));
    }
    mj_json_set(root, "sweep", sweep);
    if (j->substrate) {
        mj_json *chip = mj_ring_chip_json(&j->chip);
        mj_json_set_number(chip, "ideal", j->ideal.frechet);
        mj_json_set(root, "substrate", chip);
    }
    if (j->plot) {
        mj_json_set_text(root, "plot", j->plot);
    }
    mj_status status = mj_json_print(root, stdout, &j->context->err);
    mj_json_free(root);
    return status;
}
