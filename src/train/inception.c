/* Inception v3 with the details of the FID's network [szegedy2016] [heusel2017].
 *
 * The network is data: blocks of steps, each a convolution (with batch normalisation, eps 1e-3, and
 * ReLU behind it) or a pooling. A step reads the block's input or one of two places for what is
 * half done, and writes the other place or the block's output, where the branches stand side by
 * side in the order of the table.
 *
 * Against torchvision's network of the same name: mean pooling does not count the padding, and the
 * last block pools by the maximum (an accident of 2015 that published distances contain).
 *
 * Normalisation stands still, so it is folded into weights and bias when they are read:
 *   w = w gamma / sqrt(var + eps)       bias = beta - mean gamma / sqrt(var + eps)
 * Grey images have three equal colours, so the first weights are summed over colours. */
#include "mj/inception.h"

#include "mj/kernels.h"
#include "mj/safetensors.h"
#include "mj/windows.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 128, COLOURS = 3, CLASSES = 1008, NAME_SIZE = 96 };
static const double NORM_EPS = 1e-3;
static const size_t FILE_MAX_B = (size_t)1 << 30;

typedef enum { CONV, MAX, MEAN, BLOCK_POOL } step_kind;
typedef enum { IN, A, B, OUT, PLACES_N } place;

/* N 0: the block's own width. Padded: as many rows and columns come out as go in. */
typedef struct {
    const char *name;
    step_kind kind;
    place from, to;
    int N, height, width, stride;
    bool padded;
} step;

static const step STEM[] = {
    {"Conv2d_1a_3x3", CONV, IN, A, 32, 3, 3, 2, false},
    {"Conv2d_2a_3x3", CONV, A, B, 32, 3, 3, 1, false},
    {"Conv2d_2b_3x3", CONV, B, A, 64, 3, 3, 1, true},
    {NULL, MAX, A, B, 0, 3, 3, 2, false},
    {"Conv2d_3b_1x1", CONV, B, A, 80, 1, 1, 1, false},
    {"Conv2d_4a_3x3", CONV, A, B, 192, 3, 3, 1, false},
    {NULL, MAX, B, OUT, 0, 3, 3, 2, false},
};
static const step LOCAL[] = {
    {"branch1x1", CONV, IN, OUT, 64, 1, 1, 1, false},
    {"branch5x5_1", CONV, IN, A, 48, 1, 1, 1, false},
    {"branch5x5_2", CONV, A, OUT, 64, 5, 5, 1, true},
    {"branch3x3dbl_1", CONV, IN, A, 64, 1, 1, 1, false},
    {"branch3x3dbl_2", CONV, A, B, 96, 3, 3, 1, true},
    {"branch3x3dbl_3", CONV, B, OUT, 96, 3, 3, 1, true},
    {NULL, BLOCK_POOL, IN, A, 0, 3, 3, 1, true},
    {"branch_pool", CONV, A, OUT, 0, 1, 1, 1, false},
};
static const step FIRST_HALVING[] = {
    {"branch3x3", CONV, IN, OUT, 384, 3, 3, 2, false},
    {"branch3x3dbl_1", CONV, IN, A, 64, 1, 1, 1, false},
    {"branch3x3dbl_2", CONV, A, B, 96, 3, 3, 1, true},
    {"branch3x3dbl_3", CONV, B, OUT, 96, 3, 3, 2, false},
    {NULL, BLOCK_POOL, IN, OUT, 0, 3, 3, 2, false},
};
static const step CROSSED[] = {
    {"branch1x1", CONV, IN, OUT, 192, 1, 1, 1, false},
    {"branch7x7_1", CONV, IN, A, 0, 1, 1, 1, false},
    {"branch7x7_2", CONV, A, B, 0, 1, 7, 1, true},
    {"branch7x7_3", CONV, B, OUT, 192, 7, 1, 1, true},
    {"branch7x7dbl_1", CONV, IN, A, 0, 1, 1, 1, false},
    {"branch7x7dbl_2", CONV, A, B, 0, 7, 1, 1, true},
    {"branch7x7dbl_3", CONV, B, A, 0, 1, 7, 1, true},
    {"branch7x7dbl_4", CONV, A, B, 0, 7, 1, 1, true},
    {"branch7x7dbl_5", CONV, B, OUT, 192, 1, 7, 1, true},
    {NULL, BLOCK_POOL, IN, A, 0, 3, 3, 1, true},
    {"branch_pool", CONV, A, OUT, 192, 1, 1, 1, false},
};
static const step SECOND_HALVING[] = {
    {"branch3x3_1", CONV, IN, A, 192, 1, 1, 1, false},
    {"branch3x3_2", CONV, A, OUT, 320, 3, 3, 2, false},
    {"branch7x7x3_1", CONV, IN, A, 192, 1, 1, 1, false},
    {"branch7x7x3_2", CONV, A, B, 192, 1, 7, 1, true},
    {"branch7x7x3_3", CONV, B, A, 192, 7, 1, 1, true},
    {"branch7x7x3_4", CONV, A, OUT, 192, 3, 3, 2, false},
    {NULL, BLOCK_POOL, IN, OUT, 0, 3, 3, 2, false},
};
static const step WIDE[] = {
    {"branch1x1", CONV, IN, OUT, 320, 1, 1, 1, false},
    {"branch3x3_1", CONV, IN, A, 384, 1, 1, 1, false},
    {"branch3x3_2a", CONV, A, OUT, 384, 1, 3, 1, true},
    {"branch3x3_2b", CONV, A, OUT, 384, 3, 1, 1, true},
    {"branch3x3dbl_1", CONV, IN, A, 448, 1, 1, 1, false},
    {"branch3x3dbl_2", CONV, A, B, 384, 3, 3, 1, true},
    {"branch3x3dbl_3a", CONV, B, OUT, 384, 1, 3, 1, true},
    {"branch3x3dbl_3b", CONV, B, OUT, 384, 3, 1, 1, true},
    {NULL, BLOCK_POOL, IN, A, 0, 3, 3, 1, true},
    {"branch_pool", CONV, A, OUT, 192, 1, 1, 1, false},
};

#define STEPS(list) list, (int)(sizeof list / sizeof list[0])
static const struct {
    const char *name;
    const step *step;
    int n_steps, width;
    step_kind pool;
} blocks[] = {
    {"", STEPS(STEM), 0, MAX},
    {"Mixed_5b.", STEPS(LOCAL), 32, MEAN},
    {"Mixed_5c.", STEPS(LOCAL), 64, MEAN},
    {"Mixed_5d.", STEPS(LOCAL), 64, MEAN},
    {"Mixed_6a.", STEPS(FIRST_HALVING), 0, MAX},
    {"Mixed_6b.", STEPS(CROSSED), 128, MEAN},
    {"Mixed_6c.", STEPS(CROSSED), 160, MEAN},
    {"Mixed_6d.", STEPS(CROSSED), 160, MEAN},
    {"Mixed_6e.", STEPS(CROSSED), 192, MEAN},
    {"Mixed_7a.", STEPS(SECOND_HALVING), 0, MAX},
    {"Mixed_7b.", STEPS(WIDE), 0, MEAN},
    {"Mixed_7c.", STEPS(WIDE), 0, MAX},
};
#undef STEPS
enum { BLOCKS_N = sizeof blocks / sizeof blocks[0] };

/* A step with its shapes and weights. */
typedef struct {
    step_kind kind;
    place from, to;
    mj_window window; /* of a batch */
    int N, offset, ld; /* channels written, where they start in a pixel, of how many */
    mj_real *w, *bias;
    bool ends; /* its block: OUT becomes IN */
} node;

struct mj_inception {
    node node[STEPS_MAX];
    int n_nodes, n_features, side; /* of the last map */
    size_t reals[PLACES_N]; /* of a batch, the largest that a place holds */
    mj_real *at[PLACES_N], *tmp;
};

/* Weights. */

/* Where weights are being read. */
typedef struct {
    const mj_safetensors *file;
    const char *block, *name; /* of the convolution */
    mj_arena *scratch, *arena;
    mj_err *err;
} reader;

static mj_status shape_refuse(const reader *r, const char *name, const mj_stored_tensor *tensor,
                              const int *dim, int n_dims)
{
    char want[64] = "", is[64] = "";
    for (int i = 0, n = 0; i < n_dims; i++) {
        n += snprintf(want + n, sizeof want - (size_t)n, "%s%d", i ? ", " : "", dim[i]);
    }
    for (int i = 0, n = 0; i < tensor->n_dims && n < 40; i++) {
        n += snprintf(is + n, sizeof is - (size_t)n, "%s%zu", i ? ", " : "", tensor->dim[i]);
    }
    return mj_err_add(r->err, MJ_ESYNTAX, r->file->path, 0, 0,
                      "tensor %s is [%s]; Inception v3 has [%s]", name, is, want);
}

/* Elements of BLOCK + NAME + part, which must be finite floats of this shape. */
static mj_status read_tensor(mj_real **out, const reader *r, const char *part, const int *dim,
                             int n_dims)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s%s%s", r->block, r->name, part);
    const mj_stored_tensor *tensor = mj_safetensors_find(r->file, name);
    if (!tensor) {
        return mj_err_add(r->err, MJ_EKEY, r->file->path, 0, 0,
                          "tensor %s is missing: not the weights of FID's Inception v3", name);
    }
    bool fits = tensor->n_dims == n_dims;
    for (int i = 0; fits && i < n_dims; i++) {
        fits = tensor->dim[i] == (size_t)dim[i];
    }
    if (!fits) {
        return shape_refuse(r, name, tensor, dim, n_dims);
    }
    if (tensor->dtype != MJ_DTYPE_F64 && tensor->dtype != MJ_DTYPE_F32 &&
        tensor->dtype != MJ_DTYPE_F16 && tensor->dtype != MJ_DTYPE_BF16) {
        return mj_err_add(r->err, MJ_ESUPPORT, r->file->path, 0, 0,
                          "tensor %s is of %s, not of a floating type", name,
                          mj_dtype_name(tensor->dtype));
    }
    *out = mj_arena_array(r->scratch, tensor->n_elements, sizeof **out);
    if (!*out) {
        return mj_err_add(r->err, MJ_EMEM, NULL, 0, 0, "no memory for Inception's weights");
    }
    for (size_t i = 0; i < tensor->n_elements; i++) {
        (*out)[i] = (mj_real)mj_tensor_element(tensor, i);
    }
    return mj_all_finite(*out, tensor->n_elements)
               ? MJ_OK
               : mj_err_add(r->err, MJ_ERANGE, r->file->path, 0, 0,
                            "tensor %s has elements that are not finite", name);
}

/* Weights and bias of a convolution from C channels, with its normalisation. */
static mj_status read_convolution(node *to, const reader *r, int C)
{
    enum { GAMMA, BETA, MEAN_OF, VARIANCE, NORMS_N };
    static const char *const parts[NORMS_N] = {".bn.weight", ".bn.bias", ".bn.running_mean",
                                               ".bn.running_var"};
    size_t N = (size_t)to->N, taps = (size_t)to->window.height * (size_t)to->window.width;
    size_t kept = (size_t)to->window.C;
    mj_real *raw, *norm[NORMS_N];
    MJ_TRY(read_tensor(&raw, r, ".conv.weight",
                       (int[]){to->N, C, to->window.height, to->window.width}, 4));
    for (int i = 0; i < NORMS_N; i++) {
        MJ_TRY(read_tensor(&norm[i], r, parts[i], &to->N, 1));
    }
    to->w = mj_arena_array(r->arena, taps * kept * N, sizeof *to->w);
    to->bias = mj_arena_array(r->arena, N, sizeof *to->bias);
    if (!to->w || !to->bias) {
        return mj_err_add(r->err, MJ_EMEM, NULL, 0, 0, "no memory for Inception's weights");
    }
    for (size_t n = 0; n < N; n++) {
        double variance = (double)norm[VARIANCE][n] + NORM_EPS;
        if (!(variance > 0)) {
            return mj_err_add(r->err, MJ_ERANGE, r->file->path, 0, 0,
                              "tensor %s%s%s has a negative variance", r->block, r->name,
                              parts[VARIANCE]);
        }
        double scale = (double)norm[GAMMA][n] / sqrt(variance);
        to->bias[n] = (mj_real)((double)norm[BETA][n] - (double)norm[MEAN_OF][n] * scale);
        for (size_t c = 0; c < (size_t)C; c++) {
            for (size_t t = 0; t < taps; t++) { /* channels beyond `kept` add up: colours */
                mj_real value = (mj_real)(scale * (double)raw[(n * (size_t)C + c) * taps + t]);
                to->w[(t * kept + c % kept) * N + n] += value;
            }
        }
    }
    return MJ_OK;
}

/* torchvision's own weights have the same names; their distances are others. */
static mj_status check_classifier(const mj_safetensors *file, mj_err *err)
{
    const mj_stored_tensor *fc = mj_safetensors_find(file, "fc.weight");
    if (fc && (fc->n_dims < 1 || fc->dim[0] != CLASSES)) {
        return mj_err_add(err, MJ_ESUPPORT, file->path, 0, 0,
                          "fc.weight has %zu classes: FID is defined with the weights of 2015, "
                          "which have %d",
                          fc->n_dims < 1 ? (size_t)0 : fc->dim[0], CLASSES);
    }
    return MJ_OK;
}

/* Plan. */

typedef struct {
    int H, W, C;
} map;

/* Of a block's output, all branches together. */
static int out_channels(int block, int in, int divisor)
{
    int sum = 0, C[PLACES_N] = {[IN] = in};
    for (int s = 0; s < blocks[block].n_steps; s++) {
        const step *now = &blocks[block].step[s];
        int N = now->N ? now->N : blocks[block].width;
        C[now->to] = now->kind == CONV ? N / divisor : C[now->from];
        sum += now->to == OUT ? C[OUT] : 0;
    }
    return sum;
}

static void keep_largest(mj_inception *net, place p, const map *m)
{
    size_t n = (size_t)MJ_INCEPTION_BATCH * (size_t)m->H * (size_t)m->W * (size_t)m->C;
    net->reals[p] = n > net->reals[p] ? n : net->reals[p];
}

/* Appends the node of a step and reads its weights; moves the map of where it writes. */
static mj_status add_step(mj_inception *net, map *maps, size_t *tmp, int block, const step *now,
                          int divisor, reader *r)
{
    const map *from = &maps[now->from];
    node *added = &net->node[net->n_nodes++];
    int N = now->N ? now->N : blocks[block].width, ld = maps[OUT].C;
    bool is_conv = now->kind == CONV;
    *added = (node){
        .kind = now->kind == BLOCK_POOL ? blocks[block].pool : now->kind,
        .from = now->from, .to = now->to, .N = is_conv ? N / divisor : from->C,
        .window = {.B = MJ_INCEPTION_BATCH, .H = from->H, .W = from->W, .C = from->C,
                   .height = now->height, .width = now->width, .stride = now->stride,
                   .pad_rows = now->padded ? now->height / 2 : 0,
                   .pad_columns = now->padded ? now->width / 2 : 0}};
    map made = {mj_window_rows(&added->window), mj_window_columns(&added->window), added->N};
    if (now->to == OUT) {
        added->offset = net->n_features;
        net->n_features += added->N;
        made.C = ld;
    }
    added->ld = made.C;
    maps[now->to] = made;
    keep_largest(net, now->to, &made);
    if (!is_conv) {
        return MJ_OK;
    }
    size_t unfolded = mj_window_tmp(&added->window);
    *tmp = unfolded > *tmp ? unfolded : *tmp;
    r->block = blocks[block].name;
    r->name = now->name;
    return read_convolution(added, r, net->n_nodes == 1 ? COLOURS : from->C);
}

static mj_status plan(mj_inception *net, int divisor, reader *r)
{
    map maps[PLACES_N] = {[IN] = {MJ_INCEPTION_SIDE, MJ_INCEPTION_SIDE, 1}};
    size_t tmp = 0;
    keep_largest(net, IN, &maps[IN]);
    for (int b = 0; b < BLOCKS_N; b++) {
        net->n_features = 0;
        maps[OUT].C = out_channels(b, maps[IN].C, divisor);
        for (int s = 0; s < blocks[b].n_steps; s++) {
            MJ_TRY(add_step(net, maps, &tmp, b, &blocks[b].step[s], divisor, r));
        }
        net->node[net->n_nodes - 1].ends = true;
        maps[IN] = maps[OUT];
    }
    net->side = maps[IN].H;
    size_t ends = net->reals[IN] > net->reals[OUT] ? net->reals[IN] : net->reals[OUT];
    net->reals[IN] = net->reals[OUT] = ends; /* they change places after each block */
    net->tmp = mj_arena_array(r->arena, tmp, sizeof *net->tmp);
    bool ok = net->tmp != NULL;
    for (int p = 0; p < PLACES_N; p++) {
        net->at[p] = mj_arena_array(r->arena, net->reals[p], sizeof *net->at[p]);
        ok = ok && net->at[p];
    }
    return ok ? MJ_OK : mj_err_add(r->err, MJ_EMEM, NULL, 0, 0, "no memory for Inception's maps");
}

mj_status mj_inception_load(mj_inception **net, const char *path, int divisor, mj_arena *arena,
                            mj_err *err)
{
    mj_arena scratch;
    mj_safetensors file;
    mj_inception *made = mj_arena_alloc(arena, sizeof *made);
    if (!made) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for Inception");
    }
    *made = (mj_inception){0};
    mj_arena_init(&scratch, 0);
    reader r = {.file = &file, .scratch = &scratch, .arena = arena, .err = err};
    mj_status status = mj_safetensors_load(&file, path, FILE_MAX_B, &scratch, err);
    status = status == MJ_OK ? check_classifier(&file, err) : status;
    status = status == MJ_OK ? plan(made, divisor, &r) : status;
    mj_arena_fini(&scratch);
    *net = made;
    return status;
}

int mj_inception_features(const mj_inception *net)
{
    return net->n_features;
}

double mj_inception_macs(const mj_inception *net)
{
    double sum = 0;
    for (int i = 0; i < net->n_nodes; i++) {
        const mj_window *w = &net->node[i].window;
        double pixels = (double)mj_window_rows(w) * mj_window_columns(w);
        double taps = (double)w->height * w->width * w->C;
        sum += net->node[i].kind == CONV ? pixels * taps * net->node[i].N : 0;
    }
    return sum;
}

/* Run. */

/* y [299,299] in [-1, 1] from x [height,width] in [0, 1]. */
static void resize(mj_real *y, const mj_real *x, int height, int width)
{
    enum { SIDE = MJ_INCEPTION_SIDE };
    for (int r = 0; r < SIDE; r++) {
        double v = fmax((r + 0.5) * height / SIDE - 0.5, 0);
        int top = (int)v, bottom = top + 1 < height ? top + 1 : top;
        for (int c = 0; c < SIDE; c++) {
            double u = fmax((c + 0.5) * width / SIDE - 0.5, 0), a = u - (int)u, b = v - top;
            int left = (int)u, right = left + 1 < width ? left + 1 : left;
            const mj_real corner[4] = {x[top * width + left], x[top * width + right],
                                       x[bottom * width + left], x[bottom * width + right]};
            double level[4];
            for (int k = 0; k < 4; k++) {
                level[k] = rint(255 * fmin(fmax((double)corner[k], 0), 1)) / 255;
            }
            double upper = level[0] + a * (level[1] - level[0]);
            double lower = level[2] + a * (level[3] - level[2]);
            *y++ = (mj_real)(2 * (upper + b * (lower - upper)) - 1);
        }
    }
}

static void run_node(mj_real *const *at, mj_real *tmp, const node *now, int n)
{
    mj_window window = now->window;
    window.B = n;
    const mj_real *x = at[now->from];
    mj_real *y = at[now->to] + now->offset;
    if (now->kind == MAX) {
        mj_window_max(y, x, &window, now->ld);
    } else if (now->kind == MEAN) {
        mj_window_mean(y, x, &window, now->ld);
    } else {
        size_t pixels = (size_t)n * (size_t)mj_window_rows(&window) *
                        (size_t)mj_window_columns(&window);
        mj_window_convolve(y, x, now->w, tmp, &window, now->N, now->ld);
        mj_rows_rectify(y, now->bias, pixels, now->N, now->ld);
    }
}

void mj_inception_run(mj_real *feature, mj_inception *net, const mj_real *image, int n, int height,
                      int width)
{
    size_t input = (size_t)MJ_INCEPTION_SIDE * MJ_INCEPTION_SIDE;
    size_t size = (size_t)height * (size_t)width;
    mj_real *at[PLACES_N];
    memcpy(at, net->at, sizeof at);
    for (int i = 0; i < n; i++) {
        resize(at[IN] + (size_t)i * input, image + (size_t)i * size, height, width);
    }
    for (int k = 0; k < net->n_nodes; k++) {
        run_node(at, net->tmp, &net->node[k], n);
        if (net->node[k].ends) {
            mj_real *made = at[OUT];
            at[OUT] = at[IN];
            at[IN] = made;
        }
    }
    const mj_window whole = {.B = n, .H = net->side, .W = net->side, .C = net->n_features,
                             .height = net->side, .width = net->side, .stride = 1};
    mj_window_mean(feature, at[IN], &whole, net->n_features);
}
