/* Ring net files: the net as mj realize wrote it, and one result an image, so that a measurement of hours
 * goes on where it was stopped.
 *
 *   {"schema": 2, "kind": "ring-net", "name": .., "oscillators": N, "width": .., "height": .., "span": ..,
 *    "strongest": .., "couplings": [[i, j, value], ..], "images": [{"label": .., "omega": [..],
 *    "drive_cos": [..], "drive_sin": [..], "start": [..]}, ..]}
 *
 * A result names what it was made from by hashes, and is taken only where all of it is the same now.
 * Nothing of a file is believed: lists must be as long as they are to be, numbers finite. */
#include "mj/ring_net.h"

#include "mj/draft.h"
#include "mj/json.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum { SCHEMA = 2, COUPLINGS_MAX = 1 << 20 };
static const double COUNT_MAX = 1 << 20;
static const double PI = 3.14159265358979323846, WITHIN = 1e-9;
#define NET_FILE "net.json"

static mj_json *list_of(const double *x, int n)
{
    mj_json *list = mj_json_array();
    for (int i = 0; i < n; i++) {
        mj_json_append_number(list, x[i]);
    }
    return list;
}

static mj_status save(mj_json *root, const char *path, mj_err *err)
{
    mj_draft draft;
    mj_status status = mj_draft_open(&draft, path, err);
    if (status == MJ_OK) {
        status = mj_json_print_line(root, draft.out, err);
        if (status == MJ_OK) {
            status = mj_draft_close(&draft, err);
        } else {
            mj_draft_abandon(&draft);
        }
    }
    mj_json_free(root);
    return status;
}

mj_status mj_ring_net_save(const mj_ring_net *net, const char *folder, mj_err *err)
{
    char path[MJ_DRAFT_PATH_MAX];
    mj_json *root = mj_json_object(), *couplings = mj_json_array(), *images = mj_json_array();
    snprintf(path, sizeof path, "%s/" NET_FILE, folder);
    mj_json_set_integer(root, "schema", SCHEMA);
    mj_json_set_text(root, "kind", "ring-net");
    mj_json_set_text(root, "name", net->name);
    mj_json_set_integer(root, "oscillators", net->n);
    mj_json_set_integer(root, "width", net->width);
    mj_json_set_integer(root, "height", net->height);
    mj_json_set_number(root, "span", net->span);
    mj_json_set_number(root, "strongest", net->strongest);
    for (int e = 0; e < net->n_couplings; e++) {
        const mj_ring_coupling *c = &net->coupling[e];
        mj_json_append(couplings, list_of((double[]){c->i, c->j, c->value}, 3));
    }
    mj_json_set(root, "couplings", couplings);
    for (int k = 0; k < net->n_images; k++) {
        const mj_ring_image *image = &net->image[k];
        mj_json *object = mj_json_object();
        mj_json_set_integer(object, "label", image->label);
        mj_json_set(object, "omega", list_of(image->omega, net->n));
        mj_json_set(object, "drive_cos", list_of(image->drive_cos, net->n));
        mj_json_set(object, "drive_sin", list_of(image->drive_sin, net->n));
        mj_json_set(object, "start", list_of(image->start, net->n));
        mj_json_append(images, object);
    }
    mj_json_set(root, "images", images);
    return save(root, path, err);
}

typedef struct {
    const char *path;
    mj_arena *arena;
    mj_err *err;
} reader;

static mj_status get_number(double *x, const reader *r, const mj_json *object, const char *key)
{
    return mj_json_number(mj_json_get(object, key), x)
               ? MJ_OK
               : mj_err_add(r->err, MJ_EKEY, r->path, 0, 0, "no number '%s'", key);
}

static mj_status get_count(int *n, const reader *r, const mj_json *object, const char *key)
{
    double x;
    MJ_TRY(get_number(&x, r, object, key));
    *n = x >= 0 && x <= COUNT_MAX ? (int)x : -1;
    return *n == x ? MJ_OK
                   : mj_err_add(r->err, MJ_ERANGE, r->path, 0, 0, "'%s' is no count", key);
}

static mj_status get_list(double **x, const reader *r, const mj_json *list, const char *key, int n)
{
    *x = mj_arena_array(r->arena, (size_t)n, sizeof **x);
    if (!*x) {
        return mj_err_add(r->err, MJ_EMEM, NULL, 0, 0, "no memory for a net");
    }
    if (mj_json_length(list) != (size_t)n) {
        return mj_err_add(r->err, MJ_ERANGE, r->path, 0, 0, "'%s' has not %d numbers", key, n);
    }
    for (int i = 0; i < n; i++) {
        if (!mj_json_number(mj_json_at(list, (size_t)i), &(*x)[i])) {
            return mj_err_add(r->err, MJ_ESYNTAX, r->path, 0, 0, "'%s' has what is no number", key);
        }
    }
    return MJ_OK;
}

static mj_status get_couplings(mj_ring_net *net, const reader *r, const mj_json *list)
{
    size_t n = mj_json_length(list);
    if (n > COUPLINGS_MAX) {
        return mj_err_add(r->err, MJ_ELIMIT, r->path, 0, 0, "more than %d couplings", COUPLINGS_MAX);
    }
    net->n_couplings = (int)n;
    net->coupling = mj_arena_array(r->arena, n + 1, sizeof *net->coupling);
    if (!net->coupling) {
        return mj_err_add(r->err, MJ_EMEM, NULL, 0, 0, "no memory for a net");
    }
    for (size_t e = 0; e < n; e++) {
        double *c;
        MJ_TRY(get_list(&c, r, mj_json_at(list, e), "couplings", 3));
        bool whole = c[0] >= 0 && c[0] < net->n && c[1] >= 0 && c[1] < net->n;
        net->coupling[e] = (mj_ring_coupling){whole ? (int)c[0] : -1, whole ? (int)c[1] : -1, c[2]};
    }
    return MJ_OK;
}

static mj_status get_images(mj_ring_net *net, const reader *r, const mj_json *list)
{
    size_t n = mj_json_length(list);
    net->n_images = n <= COUNT_MAX ? (int)n : 0;
    net->image = mj_arena_array(r->arena, n + 1, sizeof *net->image);
    if (!net->image) {
        return mj_err_add(r->err, MJ_EMEM, NULL, 0, 0, "no memory for a net");
    }
    for (int k = 0; k < net->n_images; k++) {
        const mj_json *object = mj_json_at(list, (size_t)k);
        mj_ring_image *image = &net->image[k];
        MJ_TRY(get_count(&image->label, r, object, "label"));
        MJ_TRY(get_list(&image->omega, r, mj_json_get(object, "omega"), "omega", net->n));
        MJ_TRY(get_list(&image->drive_cos, r, mj_json_get(object, "drive_cos"), "drive_cos", net->n));
        MJ_TRY(get_list(&image->drive_sin, r, mj_json_get(object, "drive_sin"), "drive_sin", net->n));
        MJ_TRY(get_list(&image->start, r, mj_json_get(object, "start"), "start", net->n));
    }
    return MJ_OK;
}

static mj_status get_net(mj_ring_net *net, const reader *r, const mj_json *root)
{
    const char *name = mj_json_text(mj_json_get(root, "name"));
    const char *kind = mj_json_text(mj_json_get(root, "kind"));
    int schema;
    MJ_TRY(get_count(&schema, r, root, "schema"));
    if (schema != SCHEMA || !kind || strcmp(kind, "ring-net") != 0 || !name) {
        return mj_err_add(r->err, MJ_ESUPPORT, r->path, 0, 0, "no net of rings of schema %d: realise it anew", SCHEMA);
    }
    net->name = mj_arena_text(r->arena, name, strlen(name));
    MJ_TRY(get_count(&net->n, r, root, "oscillators"));
    MJ_TRY(get_count(&net->width, r, root, "width"));
    MJ_TRY(get_count(&net->height, r, root, "height"));
    MJ_TRY(get_number(&net->span, r, root, "span"));
    MJ_TRY(get_number(&net->strongest, r, root, "strongest"));
    MJ_TRY(get_couplings(net, r, mj_json_get(root, "couplings")));
    return get_images(net, r, mj_json_get(root, "images"));
}

static mj_json *open_file(reader *r, mj_status *status)
{
    mj_json *root = mj_json_load(r->path, r->err);
    *status = root                          ? MJ_OK
              : r->err && r->err->n > 0 ? r->err->diag[r->err->n - 1].code
                                            : MJ_EFILE;
    return root;
}

mj_status mj_ring_net_load(mj_ring_net *net, const char *folder, mj_arena *arena, mj_err *err)
{
    reader r = {mj_arena_printf(arena, "%s/" NET_FILE, folder), arena, err};
    mj_status status;
    *net = (mj_ring_net){.name = NULL};
    if (!r.path) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a path");
    }
    mj_json *root = open_file(&r, &status);
    if (status == MJ_OK) {
        status = get_net(net, &r, root);
    }
    mj_json_free(root);
    return status == MJ_OK ? mj_ring_net_check(net, err) : status;
}

/* A text of the manifest against what is there. */
static mj_status check_hash(const mj_json *root, const char *path, const char *key, const char *found,
                            const char *what, mj_err *err)
{
    const char *wanted = mj_json_text(mj_json_get(root, key));
    return wanted && strcmp(wanted, found) == 0
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, path, 0, 0, "'%s' is not that of %s in this folder: realise it anew",
                            key, what);
}

mj_status mj_ring_net_origin_make(mj_ring_net_origin *origin, const char *folder, const char *models_text,
                                  double step_s, const char *tool, mj_err *err)
{
    char path[MJ_DRAFT_PATH_MAX];
    mj_sha256 sha;
    *origin = (mj_ring_net_origin){.step_s = step_s, .tool = tool};
    snprintf(path, sizeof path, "%s/" NET_FILE, folder);
    MJ_TRY(mj_sha256_file(origin->net, path, err));
    snprintf(path, sizeof path, "%s/substrate.yaml", folder);
    MJ_TRY(mj_sha256_file(origin->substrate, path, err));
    mj_sha256_init(&sha);
    mj_sha256_add(&sha, models_text, strlen(models_text));
    mj_sha256_format(origin->models, &sha);
    snprintf(path, sizeof path, "%s/manifest.json", folder);
    reader r = {path, NULL, err};
    mj_status status;
    mj_json *root = open_file(&r, &status);
    const char *kind = mj_json_text(mj_json_get(root, "kind"));
    if (status == MJ_OK && !(kind && strcmp(kind, "spice") == 0)) {
        status = mj_err_add(err, MJ_ESUPPORT, path, 0, 0, "no manifest of a net on rings");
    }
    if (status == MJ_OK) {
        status = check_hash(root, path, "net_sha256", origin->net, NET_FILE, err);
    }
    if (status == MJ_OK) {
        status = check_hash(root, path, "substrate_sha256", origin->substrate, "substrate.yaml", err);
    }
    mj_json_free(root);
    return status;
}

static void result_path(char path[MJ_DRAFT_PATH_MAX], const char *folder, int image)
{
    snprintf(path, MJ_DRAFT_PATH_MAX, "%s/image-%02d.json", folder, image);
}

mj_status mj_ring_net_result_save(const mj_ring_net_result *result, const mj_ring_net_origin *origin,
                                  const mj_ring_net *net, int image, const char *folder, mj_err *err)
{
    char path[MJ_DRAFT_PATH_MAX];
    mj_json *root = mj_json_object();
    result_path(path, folder, image);
    mj_json_set_integer(root, "schema", SCHEMA);
    mj_json_set_text(root, "net_sha256", origin->net);
    mj_json_set_text(root, "substrate_sha256", origin->substrate);
    mj_json_set_text(root, "models_sha256", origin->models);
    mj_json_set_number(root, "step_s", origin->step_s);
    mj_json_set_text(root, "tool", origin->tool);
    mj_json_set_number(root, "energy_J", result->energy_J);
    mj_json_set_number(root, "wall_s", result->wall_s);
    mj_json_set_number(root, "busy_s", result->busy_s);
    mj_json_set_number(root, "package_J", result->package_J);
    mj_json_set(root, "phase", list_of(result->phase, net->n));
    return save(root, path, err);
}

static mj_status check_origin(const reader *r, const mj_json *root, const mj_ring_net_origin *origin)
{
    const struct {
        const char *key, *wanted, *what;
    } text[] = {{"net_sha256", origin->net, "another net"},
                {"substrate_sha256", origin->substrate, "another substrate"},
                {"models_sha256", origin->models, "other models of transistors"},
                {"tool", origin->tool, "another ngspice"}};
    double step_s;
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        const char *found = mj_json_text(mj_json_get(root, text[i].key));
        if (!found || strcmp(found, text[i].wanted) != 0) {
            return mj_err_add(r->err, MJ_ERANGE, r->path, 0, 0,
                              "a result of %s ('%s'); delete the file to measure the image anew", text[i].what,
                              text[i].key);
        }
    }
    MJ_TRY(get_number(&step_s, r, root, "step_s"));
    return fabs(step_s / origin->step_s - 1) < WITHIN
               ? MJ_OK
               : mj_err_add(r->err, MJ_ERANGE, r->path, 0, 0,
                            "a result of steps of %.4g s, not %.4g s; give that --step, or delete the file to "
                            "measure the image anew", step_s, origin->step_s);
}

static mj_status get_result(mj_ring_net_result *result, const reader *r, const mj_json *root, int n)
{
    MJ_TRY(get_list(&result->phase, r, mj_json_get(root, "phase"), "phase", n));
    MJ_TRY(get_number(&result->energy_J, r, root, "energy_J"));
    MJ_TRY(get_number(&result->wall_s, r, root, "wall_s"));
    MJ_TRY(get_number(&result->busy_s, r, root, "busy_s"));
    MJ_TRY(get_number(&result->package_J, r, root, "package_J"));
    bool sound = result->energy_J > 0 && result->wall_s > 0 && result->busy_s > 0 && result->package_J >= 0;
    for (int i = 0; i < n; i++) {
        sound = sound && fabs(result->phase[i]) <= PI * (1 + WITHIN);
    }
    return sound ? MJ_OK
                 : mj_err_add(r->err, MJ_ERANGE, r->path, 0, 0,
                              "no measurement: joules and seconds are above 0, phases from -pi to pi");
}

mj_status mj_ring_net_result_load(mj_ring_net_result *result, bool *found, const mj_ring_net_origin *origin,
                                  const mj_ring_net *net, int image, const char *folder, mj_arena *arena,
                                  mj_err *err)
{
    char path[MJ_DRAFT_PATH_MAX];
    reader r = {path, arena, err};
    mj_status status;
    result_path(path, folder, image);
    *found = access(path, F_OK) == 0;
    if (!*found) {
        return MJ_OK;
    }
    mj_json *root = open_file(&r, &status);
    if (status == MJ_OK) {
        status = check_origin(&r, root, origin);
    }
    if (status == MJ_OK) {
        status = get_result(result, &r, root, net->n);
    }
    mj_json_free(root);
    return status;
}
