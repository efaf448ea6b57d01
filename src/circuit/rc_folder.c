/* RC folder: written once, read with everything checked (rc_folder.h). */
#include "mj/rc_folder.h"

#include "mj/draft.h"
#include "mj/file.h"
#include "mj/json.h"
#include "mj/safetensors.h"
#include "mj/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NETLIST "netlist.cir"
#define CARD "card.lib"
#define NETWORK "network.safetensors"
#define MANIFEST "manifest.json"

enum { SCHEMA = 1, IMAGES_MAX = 1000 };
static const size_t NETWORK_MAX_B = (size_t)64 << 20, NETLIST_MAX_B = (size_t)64 << 20;

static mj_status no_memory(mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for a circuit's folder");
}

static const char *path_of(const char *folder, const char *name, mj_arena *arena)
{
    return mj_arena_printf(arena, "%s/%s", folder, name);
}

/* Numbers of the manifest, in one table for both directions. Each must be in min..max. */
typedef struct {
    const char *key;
    size_t offset;
    double min, max;
} number;
#define CELL(key_, member_, min_, max_) {key_, offsetof(mj_rc_folder, cell.member_), min_, max_}
#define TRANSFER(key_, member_, min_, max_) {key_, offsetof(mj_rc_folder, transfer.member_), min_, max_}
#define CONFIG(key_, member_, min_, max_) {key_, offsetof(mj_rc_folder, config.member_), min_, max_}
static const number numbers[] = {
    CELL("vdd_V", vdd_V, 0.1, 100),
    CELL("temperature_C", temperature_C, -273, 1000),
    CELL("current_A", current_A, 1e-15, 1),
    CELL("load_ohm", load_ohm, 1, 1e15),
    CELL("pair_width_m", width_m, 1e-9, 1),
    CELL("pair_length_m", length_m, 1e-9, 1),
    CELL("tail_width_m", tail_width_m, 1e-9, 1),
    CELL("tail_length_m", tail_length_m, 1e-9, 1),
    TRANSFER("fitted_current_A", current_A, 1e-15, 1),
    TRANSFER("fitted_gain_per_V", gain_pV, 1e-3, 1e3),
    TRANSFER("fitted_offset_V", offset_V, -1, 1),
    TRANSFER("residual_rms", rms, 0, 1),
    TRANSFER("residual_largest", largest, 0, 1),
    CONFIG("input_V", input_V, 1e-6, 100),
    CONFIG("loading", loading, 1e-6, 100),
    CONFIG("least", least, 1e-15, 1),
    CONFIG("node_F", node_F, 1e-18, 1),
    {"accuracy", offsetof(mj_rc_folder, accuracy), 0, 1},
};
enum { NUMBERS_N = sizeof numbers / sizeof numbers[0] };

/* Writing. */

static mj_status make_folder(const char *folder, mj_err *err)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return mj_err_add(err, MJ_EFILE, folder, 0, 0, "cannot create this folder: %s", strerror(errno));
    }
    DIR *list = opendir(folder);
    if (!list) {
        return mj_err_add(err, MJ_EFILE, folder, 0, 0, "cannot read this folder: %s", strerror(errno));
    }
    int n = 0;
    while (readdir(list)) {
        n++;
    }
    closedir(list);
    return n <= 2 ? MJ_OK : mj_err_add(err, MJ_EFILE, folder, 0, 0, "the folder is not empty");
}

static mj_status save_text(const char *path, const char *text, size_t length, mj_err *err)
{
    mj_draft draft;
    MJ_TRY(mj_draft_open(&draft, path, err));
    fwrite(text, 1, length, draft.out);
    return mj_draft_close(&draft, err);
}

static mj_status add(mj_safetensors *file, const char *name, const double *data, int rows, int columns,
                     mj_err *err)
{
    return mj_safetensors_add(file, name, MJ_DTYPE_F64, data, (size_t[]){(size_t)rows, (size_t)columns}, 2, err);
}

static mj_status save_network(const mj_rc_folder *from, const char *path, mj_arena *arena, mj_err *err)
{
    const mj_settling_net *net = &from->net;
    mj_safetensors file;
    mj_safetensors_init(&file, arena);
    MJ_TRY(add(&file, "W", net->W, net->N, net->N, err));
    MJ_TRY(add(&file, "U", net->U, net->N, net->K, err));
    MJ_TRY(add(&file, "b", net->b, 1, net->N, err));
    MJ_TRY(add(&file, "V", net->V, net->M, net->N, err));
    MJ_TRY(add(&file, "c", net->c, 1, net->M, err));
    MJ_TRY(add(&file, "x", from->x, from->n_images, net->K, err));
    MJ_TRY(mj_safetensors_add(&file, "label", MJ_DTYPE_I32, from->label, (size_t[]){1, (size_t)from->n_images},
                              2, err));
    return mj_safetensors_save(&file, path, err);
}

/* The deck as ngspice gets it. */
static mj_status deck_text(char **text, size_t *length, const mj_rc_net *rc, const double *x, mj_arena *arena,
                           mj_err *err)
{
    mj_deck deck;
    MJ_TRY(mj_rc_net_deck(&deck, rc, x, err));
    mj_status status = mj_deck_finish(&deck, err);
    *text = status == MJ_OK ? mj_arena_text(arena, deck.text, deck.length) : NULL;
    *length = deck.length;
    mj_deck_close(&deck);
    return status == MJ_OK && !*text ? no_memory(err) : status;
}

static void set_mapping(mj_json *root, const mj_rc_net *rc)
{
    mj_json *map = mj_json_object();
    mj_json_set_number(map, "middle_V", mj_rc_cell_middle(&rc->cell));
    mj_json_set_number(map, "unit_V", rc->unit_V);
    mj_json_set_number(map, "score_V", rc->score_V);
    mj_json_set_number(map, "swing_V", rc->swing_V);
    mj_json_set_number(map, "node_S", rc->node_S);
    mj_json_set_number(map, "score_node_S", rc->score_S);
    mj_json_set_number(map, "output_S", rc->output_S);
    mj_json_set_number(map, "output_ohm", rc->output_ohm);
    mj_json_set_number(map, "time_s", rc->time_s);
    mj_json_set(root, "mapping", map);
}

static mj_status save_manifest(const mj_rc_folder *from, const mj_rc_net *rc, const char *folder,
                               mj_arena *arena, mj_err *err)
{
    char hash[MJ_SHA256_TEXT] = "", network[MJ_SHA256_TEXT];
    mj_draft draft;
    const char *path = path_of(folder, MANIFEST, arena), *data = path_of(folder, NETWORK, arena);
    if (!path || !data) {
        return no_memory(err);
    }
    if (from->path) {
        MJ_TRY(mj_sha256_file(hash, from->path, err));
    }
    MJ_TRY(mj_sha256_file(network, data, err));
    mj_json *root = mj_json_object();
    mj_json_set_integer(root, "schema", SCHEMA);
    mj_json_set_text(root, "kind", MJ_RC_KIND);
    mj_json_set_text(root, "model", from->model);
    mj_json_set_text(root, "model_sha256", hash[0] ? hash : NULL);
    mj_json_set_text(root, "network_sha256", network);
    mj_json_set_text(root, "data", from->data);
    mj_json_set_text(root, "version", from->version);
    mj_json_set_text(root, "commit", from->commit);
    mj_json_set_text(root, "tool", from->tool);
    mj_json_set_text(root, "cells", from->cell.models ? "transistor" : "ideal");
    mj_json_set_text(root, "corner", from->cell.models ? from->models.corner : NULL);
    mj_json_set_text(root, "nmos", from->cell.models ? from->models.nmos : NULL);
    mj_json_set_text(root, "pmos", from->cell.models ? from->models.pmos : NULL);
    for (int i = 0; i < NUMBERS_N; i++) {
        mj_json_set_number(root, numbers[i].key,
                           *(const double *)(const void *)((const char *)from + numbers[i].offset));
    }
    set_mapping(root, rc);
    mj_status status = mj_draft_open(&draft, path, err);
    if (status == MJ_OK) {
        status = mj_json_print(root, draft.out, err);
        status = status == MJ_OK ? mj_draft_close(&draft, err) : (mj_draft_abandon(&draft), status);
    }
    mj_json_free(root);
    return status;
}

mj_status mj_rc_folder_save(const mj_rc_folder *from, const mj_rc_net *rc, const char *folder,
                            mj_arena *arena, mj_err *err)
{
    char *text;
    size_t length;
    const char *network = path_of(folder, NETWORK, arena), *netlist = path_of(folder, NETLIST, arena);
    const char *card = path_of(folder, CARD, arena);
    if (!network || !netlist || !card) {
        return no_memory(err);
    }
    MJ_TRY(make_folder(folder, err));
    MJ_TRY(save_network(from, network, arena, err));
    if (from->cell.models) {
        char *models;
        MJ_TRY(mj_file_read(&models, &length, from->models.path, NETWORK_MAX_B, err));
        mj_status status = save_text(card, models, length, err);
        free(models);
        MJ_TRY(status);
    }
    MJ_TRY(deck_text(&text, &length, rc, from->x, arena, err));
    MJ_TRY(save_text(netlist, text, length, err));
    return save_manifest(from, rc, folder, arena, err);
}

/* Reading. */

bool mj_rc_folder_is(const char *folder, mj_arena *arena)
{
    mj_err unseen = {0}; /* a manifest that cannot be read is complained about by who needs it */
    const char *path = path_of(folder, MANIFEST, arena);
    mj_json *root = path ? mj_json_load(path, &unseen) : NULL;
    const char *kind = root ? mj_json_text(mj_json_get(root, "kind")) : NULL;
    bool is = kind && strcmp(kind, MJ_RC_KIND) == 0;
    mj_json_free(root);
    return is;
}

static mj_status read_text(const char **text, const mj_json *root, const char *key, const char *path,
                           mj_arena *arena, mj_err *err)
{
    const char *value = mj_json_text(mj_json_get(root, key));
    *text = value ? mj_arena_text(arena, value, strlen(value)) : NULL;
    return *text ? MJ_OK : mj_err_add(err, MJ_EKEY, path, 0, 0, "%s must be a text", key);
}

static mj_status read_numbers(mj_rc_folder *to, const mj_json *root, const char *path, mj_err *err)
{
    for (int i = 0; i < NUMBERS_N; i++) {
        double value;
        if (!mj_json_number(mj_json_get(root, numbers[i].key), &value) ||
            !(value >= numbers[i].min && value <= numbers[i].max)) {
            return mj_err_add(err, MJ_ERANGE, path, 0, 0, "%s must be a number from %g to %g", numbers[i].key,
                              numbers[i].min, numbers[i].max);
        }
        *(double *)(void *)((char *)to + numbers[i].offset) = value;
    }
    return mj_rc_cell_check(&to->cell, err);
}

static mj_status read_models(mj_rc_folder *to, const mj_json *root, const char *folder, const char *path,
                             mj_arena *arena, mj_err *err)
{
    const char *corner, *nmos, *pmos, *card = path_of(folder, CARD, arena);
    MJ_TRY(read_text(&corner, root, "corner", path, arena, err));
    MJ_TRY(read_text(&nmos, root, "nmos", path, arena, err));
    MJ_TRY(read_text(&pmos, root, "pmos", path, arena, err));
    if (!card) {
        return no_memory(err);
    }
    const mj_models_request request = {card, corner[0] ? corner : NULL, nmos, pmos};
    to->cell.models = &to->models;
    return mj_spice_models_load(&to->models, &request, arena, err);
}

static mj_status read_manifest(mj_rc_folder *to, char network[MJ_SHA256_TEXT], const mj_json *root,
                               const char *folder, const char *path, mj_arena *arena, mj_err *err)
{
    double schema;
    const char *text, *cells;
    if (!mj_json_number(mj_json_get(root, "schema"), &schema) || schema != SCHEMA) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0, "not a manifest of schema %d", SCHEMA);
    }
    MJ_TRY(read_text(&text, root, "kind", path, arena, err));
    if (strcmp(text, MJ_RC_KIND) != 0) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0, "a circuit of another kind: %s", text);
    }
    MJ_TRY(read_text(&to->model, root, "model", path, arena, err));
    MJ_TRY(read_text(&to->data, root, "data", path, arena, err));
    MJ_TRY(read_text(&to->version, root, "version", path, arena, err));
    MJ_TRY(read_text(&to->commit, root, "commit", path, arena, err));
    MJ_TRY(read_text(&text, root, "network_sha256", path, arena, err));
    snprintf(network, MJ_SHA256_TEXT, "%s", text);
    MJ_TRY(read_text(&cells, root, "cells", path, arena, err));
    MJ_TRY(read_numbers(to, root, path, err));
    if (strcmp(cells, "transistor") == 0) {
        return read_models(to, root, folder, path, arena, err);
    }
    return strcmp(cells, "ideal") == 0
               ? MJ_OK
               : mj_err_add(err, MJ_ERANGE, path, 0, 0, "cells must be ideal or transistor");
}

/* Finite numbers [rows, columns]. */
static mj_status find(const mj_stored_tensor **tensor, const mj_safetensors *file, const char *name,
                      size_t rows, size_t columns, mj_err *err)
{
    *tensor = mj_safetensors_find(file, name);
    bool fits = *tensor && (*tensor)->n_dims == 2 && (*tensor)->dim[0] == rows && (*tensor)->dim[1] == columns;
    for (size_t i = 0; fits && i < (*tensor)->n_elements; i++) {
        fits = isfinite(mj_tensor_element(*tensor, i));
    }
    return fits ? MJ_OK
                : mj_err_add(err, MJ_EFIT, file->path, 0, 0, "no tensor %s of finite numbers [%zu, %zu]", name,
                             rows, columns);
}

static mj_status read_tensor(double *out, const mj_safetensors *file, const char *name, int rows, int columns,
                             mj_err *err)
{
    const mj_stored_tensor *tensor;
    MJ_TRY(find(&tensor, file, name, (size_t)rows, (size_t)columns, err));
    for (size_t i = 0; i < tensor->n_elements; i++) {
        out[i] = mj_tensor_element(tensor, i);
    }
    return MJ_OK;
}

static mj_status read_images(mj_rc_folder *to, const mj_safetensors *file, mj_arena *arena, mj_err *err)
{
    const mj_stored_tensor *label;
    to->x = mj_arena_array(arena, (size_t)to->n_images * (size_t)to->net.K, sizeof *to->x);
    to->label = mj_arena_array(arena, (size_t)to->n_images, sizeof *to->label);
    if (!to->x || !to->label) {
        return no_memory(err);
    }
    MJ_TRY(read_tensor(to->x, file, "x", to->n_images, to->net.K, err));
    MJ_TRY(find(&label, file, "label", 1, (size_t)to->n_images, err));
    for (int i = 0; i < to->n_images; i++) {
        double value = mj_tensor_element(label, (size_t)i);
        if (!(value >= 0 && value < to->net.M)) {
            return mj_err_add(err, MJ_ERANGE, file->path, 0, 0, "label %d is no class: %g", i, value);
        }
        to->label[i] = (int)value;
    }
    for (size_t i = 0; i < (size_t)to->n_images * (size_t)to->net.K; i++) {
        if (!(to->x[i] >= 0 && to->x[i] <= 1)) {
            return mj_err_add(err, MJ_ERANGE, file->path, 0, 0, "an input of %g is not from 0 to 1", to->x[i]);
        }
    }
    return MJ_OK;
}

static mj_status read_network(mj_rc_folder *to, const char *path, mj_arena *arena, mj_err *err)
{
    mj_safetensors file;
    MJ_TRY(mj_safetensors_load(&file, path, NETWORK_MAX_B, arena, err));
    const mj_stored_tensor *U = mj_safetensors_find(&file, "U"), *V = mj_safetensors_find(&file, "V");
    const mj_stored_tensor *x = mj_safetensors_find(&file, "x");
    bool sound = U && V && x && U->n_dims == 2 && V->n_dims == 2 && x->n_dims == 2 && U->dim[0] >= 1 &&
                 U->dim[0] <= MJ_SETTLING_NEURONS_MAX && U->dim[1] >= 1 &&
                 U->dim[1] <= MJ_SETTLING_INPUTS_MAX && V->dim[0] >= 1 &&
                 V->dim[0] <= MJ_SETTLING_CLASSES_MAX && x->dim[0] >= 1 && x->dim[0] <= IMAGES_MAX;
    if (!sound) {
        return mj_err_add(err, MJ_EFIT, path, 0, 0, "no matrices U, V and x of a settling net");
    }
    mj_settling_net *net = &to->net;
    MJ_TRY(mj_settling_net_new(net, (int)U->dim[0], (int)U->dim[1], (int)V->dim[0], arena, err));
    to->n_images = (int)x->dim[0];
    MJ_TRY(read_tensor(net->W, &file, "W", net->N, net->N, err));
    MJ_TRY(read_tensor(net->U, &file, "U", net->N, net->K, err));
    MJ_TRY(read_tensor(net->b, &file, "b", 1, net->N, err));
    MJ_TRY(read_tensor(net->V, &file, "V", net->M, net->N, err));
    MJ_TRY(read_tensor(net->c, &file, "c", 1, net->M, err));
    if (!(mj_settling_contraction(net) < 1)) {
        return mj_err_add(err, MJ_ERANGE, path, 0, 0, "a row of W adds up to %.3g: it need not settle",
                          mj_settling_contraction(net));
    }
    return read_images(to, &file, arena, err);
}

/* The netlist is what the rest gives. */
static mj_status check_netlist(const mj_rc_folder *to, const mj_rc_net *rc, const char *path, mj_arena *arena,
                               mj_err *err)
{
    char *wanted, *found;
    size_t length, found_length;
    MJ_TRY(deck_text(&wanted, &length, rc, to->x, arena, err));
    MJ_TRY(mj_file_read(&found, &found_length, path, NETLIST_MAX_B, err));
    bool same = found_length == length && memcmp(found, wanted, length) == 0;
    free(found);
    return same ? MJ_OK
                : mj_err_add(err, MJ_ERANGE, path, 0, 0,
                             "not the netlist that manifest, card and network give: realise it anew");
}

mj_status mj_rc_folder_load(mj_rc_folder *to, mj_rc_net *rc, const char *folder, mj_arena *arena, mj_err *err)
{
    char wanted[MJ_SHA256_TEXT], found[MJ_SHA256_TEXT];
    const char *path = path_of(folder, MANIFEST, arena), *network = path_of(folder, NETWORK, arena);
    const char *netlist = path_of(folder, NETLIST, arena);
    *to = (mj_rc_folder){0};
    if (!path || !network || !netlist) {
        return no_memory(err);
    }
    mj_json *root = mj_json_load(path, err);
    if (!root) {
        return MJ_ESYNTAX;
    }
    mj_status status = read_manifest(to, wanted, root, folder, path, arena, err);
    mj_json_free(root);
    MJ_TRY(status);
    MJ_TRY(mj_sha256_file(found, network, err));
    if (strcmp(found, wanted) != 0) {
        return mj_err_add(err, MJ_ERANGE, network, 0, 0, "not the network that the manifest is of");
    }
    MJ_TRY(read_network(to, network, arena, err));
    MJ_TRY(mj_rc_net_map(rc, &to->net, &to->cell, &to->transfer, to->config, arena, err));
    return check_netlist(to, rc, netlist, arena, err);
}
