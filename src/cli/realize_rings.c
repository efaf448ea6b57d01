/* mj realize --as spice: a trained net of oscillators as rings on transistors, a deck an image.
 *
 *   substrate.yaml   the rings that were measured, a copy
 *   net.json         couplings, and of every image its class, drives and start (ring_net.h)
 *   image-07.cir     transistors and resistors of an image: ngspice -b -r out.raw image-07.cir
 *   manifest.json    what all this is: model, substrate, ohms and seconds of a unit */
#include "ring_chip.h"

#include "mj/draft.h"
#include "mj/file.h"
#include "mj/sha256.h"
#include "mj/text.h"
#include "train_commands.h"
#include "version.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STEPS = 24, FILE_MAX_B = 1 << 20 };

static double *copied(const mj_real *from, const mj_real *more, int n, mj_arena *arena)
{
    double *to = mj_arena_array(arena, (size_t)n, sizeof *to);
    for (int i = 0; to && i < n; i++) {
        to[i] = (double)from[i] + (more ? (double)more[i] : 0);
    }
    return to;
}

static mj_status make_couplings(mj_ring_net *net, const mj_sampler_params *p, mj_arena *arena, mj_err *err)
{
    size_t N = (size_t)net->n;
    net->coupling = mj_arena_array(arena, N * N, sizeof *net->coupling);
    if (!net->coupling) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d rings", net->n);
    }
    for (size_t k = 0; k < N * N; k++) {
        if (p->K[k] != 0 && k / N != k % N) {
            net->coupling[net->n_couplings++] =
                (mj_ring_coupling){(int)(k / N), (int)(k % N), (double)p->K[k]};
        }
    }
    return MJ_OK;
}

/* path [., n_images, N]: its first rows are the starts. */
static mj_status make_images(mj_ring_net *net, const mj_sampler_params *p, const mj_real *path,
                             const int *label, mj_arena *arena, mj_err *err)
{
    size_t N = (size_t)net->n;
    net->image = mj_arena_array(arena, (size_t)net->n_images, sizeof *net->image);
    for (int k = 0; net->image && k < net->n_images; k++) {
        size_t row = (size_t)label[k] * N;
        mj_ring_image *image = &net->image[k];
        *image = (mj_ring_image){.label = label[k],
                                 .omega = copied(p->omega, p->omega_class + row, net->n, arena),
                                 .drive_cos = copied(p->drive_cos + row, NULL, net->n, arena),
                                 .drive_sin = copied(p->drive_sin + row, NULL, net->n, arena),
                                 .start = copied(path + (size_t)k * N, NULL, net->n, arena)};
        if (!image->omega || !image->drive_cos || !image->drive_sin || !image->start) {
            break;
        }
    }
    bool whole = net->image && net->image[net->n_images - 1].start;
    return whole ? mj_ring_net_check(net, err)
                 : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d images", net->n_images);
}

static mj_status make_net(mj_ring_net *net, mj_sampler *sampler, mj_context *context, int n_images)
{
    mj_arena *arena = &context->arena;
    mj_err *err = &context->err;
    mj_sampler_params p;
    const mj_recipe *recipe = mj_sampler_recipe(sampler);
    mj_sampler_params_get(&p, sampler);
    if (p.n_segments > 1) {
        return mj_err_add(err, MJ_ESUPPORT, NULL, 0, 0,
                          "couplings that change within a run have no circuit here");
    }
    *net = (mj_ring_net){.name = recipe->name, .n = p.n, .width = recipe->model.width,
                         .height = recipe->model.height, .span = recipe->integrate.span,
                         .strongest = mj_sampler_strongest(sampler), .n_images = n_images};
    mj_sampling sampling = {.n_steps = STEPS, .readout = 1, .start_bits = recipe->start_bits};
    size_t count = (size_t)(STEPS + 1) * (size_t)n_images * (size_t)p.n;
    mj_real *path = mj_arena_array(arena, count, sizeof *path);
    int *label = mj_arena_array(arena, (size_t)n_images, sizeof *label);
    if (!path || !label) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "no memory for %d images", n_images);
    }
    mj_labels_fill(label, n_images, p.n_class);
    MJ_TRY(mj_seed_read(&sampling.seed, context));
    MJ_TRY(mj_sampler_trace(sampler, path, label, &sampling, err));
    MJ_TRY(make_couplings(net, &p, arena, err));
    return make_images(net, &p, path, label, arena, err);
}

static mj_status write_text(const char *folder, const char *name, const char *text, size_t length,
                            mj_err *err)
{
    char path[MJ_DRAFT_PATH_MAX];
    mj_draft draft;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    MJ_TRY(mj_draft_open(&draft, path, err));
    fwrite(text, 1, length, draft.out);
    return mj_draft_close(&draft, err);
}

static mj_status write_decks(const mj_ring_net *net, const mj_ring *ring, const mj_ring_figures *figures,
                             const mj_ring_chip *chip, const char *folder, mj_err *err)
{
    for (int k = 0; k < net->n_images; k++) {
        mj_deck deck;
        char name[32];
        snprintf(name, sizeof name, "image-%02d.cir", k);
        MJ_TRY(mj_ring_net_deck(&deck, net, k, ring, figures, &chip->substrate, err));
        mj_status status = mj_deck_finish(&deck, err);
        if (status == MJ_OK) {
            status = write_text(folder, name, deck.text, deck.length, err);
        }
        mj_deck_close(&deck);
        MJ_TRY(status);
    }
    return MJ_OK;
}

static mj_status hash_in(char sha[MJ_SHA256_TEXT], const char *folder, const char *name, mj_err *err)
{
    char path[MJ_DRAFT_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return mj_sha256_file(sha, path, err);
}

static mj_status make_manifest(mj_json **manifest, const mj_ring_net *net, const mj_ring_chip *chip,
                               const mj_rings_request *request, mj_err *err)
{
    char sha[MJ_SHA256_TEXT], net_sha[MJ_SHA256_TEXT], substrate_sha[MJ_SHA256_TEXT];
    MJ_TRY(mj_sha256_file(sha, request->path, err));
    MJ_TRY(hash_in(net_sha, request->out, "net.json", err));
    MJ_TRY(hash_in(substrate_sha, request->out, "substrate.yaml", err));
    mj_json *root = mj_json_object(), *source = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "kind", "spice");
    mj_json_set_text(root, "name", net->name);
    mj_json_set_text(source, "path", request->path);
    mj_json_set_text(source, "sha256", sha);
    mj_json_set(root, "model", source);
    mj_json_set_text(root, "net_sha256", net_sha);
    mj_json_set_text(root, "substrate_sha256", substrate_sha);
    mj_json_set_text(root, "commit", MJ_COMMIT);
    mj_json_set_integer(root, "rings", net->n);
    mj_json_set_integer(root, "couplings", net->n_couplings);
    mj_json_set_integer(root, "images", net->n_images);
    mj_json_set_number(root, "conductance_S", mj_ring_net_conductance(net, &chip->substrate));
    mj_json_set_number(root, "conductance_max_S", chip->substrate.conductance_max_S);
    mj_json_set(root, "substrate", mj_ring_chip_json(chip));
    *manifest = root;
    return MJ_OK;
}

static mj_status write_manifest(const mj_json *manifest, const char *folder, mj_err *err)
{
    char path[MJ_DRAFT_PATH_MAX];
    mj_draft draft;
    snprintf(path, sizeof path, "%s/manifest.json", folder);
    MJ_TRY(mj_draft_open(&draft, path, err));
    mj_status status = mj_json_print(manifest, draft.out, err);
    if (status != MJ_OK) {
        mj_draft_abandon(&draft);
        return status;
    }
    return mj_draft_close(&draft, err);
}

/* The manifest, into the folder and with --json on stdout; else words. */
static mj_status report(const mj_ring_net *net, const mj_ring_chip *chip, mj_context *context,
                        const mj_rings_request *request)
{
    mj_json *manifest;
    char word[PATH_MAX + 2];
    MJ_TRY(make_manifest(&manifest, net, chip, request, &context->err));
    mj_status status = write_manifest(manifest, request->out, &context->err);
    if (status == MJ_OK && context->globals.json) {
        mj_json_set_text(manifest, "folder", request->out);
        status = mj_json_print(manifest, stdout, &context->err);
    } else if (status == MJ_OK) {
        printf("%s: %d rings, %d couplings, %d images, read out after %.4g ns\n", request->out, net->n,
               net->n_couplings, net->n_images, 1e9 * net->span * chip->map.unit_s);
        mj_ring_chip_print(chip);
        printf("  a node of the decks has up to %.4g uS: opposite outputs and sines take more for a coupling\n",
               1e6 * mj_ring_net_conductance(net, &chip->substrate));
        printf("  next      mj measure %s\n", mj_text_shell_word(word, sizeof word, request->out));
    }
    mj_json_free(manifest);
    return status;
}

static mj_status copy_substrate(const mj_ring_chip *chip, const char *folder, mj_err *err)
{
    char *text;
    size_t length;
    MJ_TRY(mj_file_read(&text, &length, chip->path, FILE_MAX_B, err));
    mj_status status = write_text(folder, "substrate.yaml", text, length, err);
    free(text);
    return status;
}

mj_status mj_realize_rings(mj_context *context, const mj_rings_request *request)
{
    mj_err *err = &context->err;
    mj_sampler *sampler;
    mj_ring_chip chip;
    mj_ring_net net;
    mj_spice_models models;
    mj_ring ring;
    mj_ring_figures figures;
    const mj_units *units = mj_context_units(context);
    const char *root = getenv("TMPDIR");
    const mj_spice_job job = {.root = root && root[0] ? root : NULL, .limit_s = request->limit_s};
    MJ_TRY(mj_ring_chip_load(&chip, context, request->substrate));
    const mj_sampler_config config = {.integrator = MJ_RK4, .n_batch = request->n_images,
                                      .response = &chip.response};
    MJ_TRY(mj_sampler_load(&sampler, request->path, config, units, &context->arena, err));
    mj_ring_chip_fit(&chip, sampler);
    MJ_TRY(make_net(&net, sampler, context, request->n_images));
    if (chip.substrate.coupler_bits > 0) {
        mj_ring_net_quantise(&net, &chip.substrate);
        chip.map = mj_ring_map(&chip.substrate, mj_ring_net_strongest(&net));
    }
    const char *card = mj_arena_printf(&context->arena, "circuits/%s", chip.substrate.card);
    const mj_models_request wanted =
        mj_ring_substrate_models(&chip.substrate, request->models ? request->models
                                                  : card          ? mj_context_path(context, card)
                                                                  : NULL);
    if (!wanted.path) {
        return mj_err_add(err, MJ_EFILE, NULL, 0, 0, "no models of transistors");
    }
    MJ_TRY(mj_spice_models_load(&models, &wanted, &context->arena, err));
    MJ_TRY(mj_ring_substrate_ring(&ring, &figures, &chip.substrate, &models, &job, err));
    if ((rmdir(request->out) != 0 && errno != ENOENT) || mkdir(request->out, 0777) != 0) { /* one that is empty goes */
        return mj_err_add(err, MJ_EFILE, request->out, 0, 0, "--out wants a new or empty folder: %s", strerror(errno));
    }
    MJ_TRY(copy_substrate(&chip, request->out, err));
    MJ_TRY(mj_ring_net_save(&net, request->out, err));
    MJ_TRY(write_decks(&net, &ring, &figures, &chip, request->out, err));
    return report(&net, &chip, context, request);
}
