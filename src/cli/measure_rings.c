/* mj measure DIR of a net on rings: every image in ngspice, its phases and pixels beside those of the phase
 * model at the read-out, its joules beside those of simulating it.
 *
 * A result is kept as soon as it is there (image-07.json), so that hours of ngspice can be done in pieces:
 * a second call goes on where the first one ended. A result of another net, substrate, models, step or ngspice
 * is refused. */
#include "measure.h"

#include "measure_rings.h"
#include "mj/draft.h"
#include "options.h"
#include "progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECONDS_MAX = 864000, IMAGES_MAX = 4096, STEPS_FINE = 512, PGM_SCALE = 8 };
static const double LIMIT_S = 36000, GOAL_RAD = 0.10, GOAL_PIXEL = 0.05;

bool mj_is_ring_net(const char *folder)
{
    char path[MJ_DRAFT_PATH_MAX];
    snprintf(path, sizeof path, "%s/net.json", folder);
    return access(path, R_OK) == 0;
}

/* What the results of this folder must be from: the ring as the substrate has it, its step or another. */
static mj_status find_origin(mj_rings_report *r, mj_context *context, const char *folder)
{
    const char *tool;
    MJ_TRY(mj_spice_version(&tool, &r->job, &context->arena, &context->err));
    r->step_s = r->step_s > 0             ? r->step_s
                : r->substrate.step_s > 0 ? r->substrate.step_s
                                          : mj_ring_default(&r->models).step_s;
    return mj_ring_net_origin_make(&r->origin, folder, r->models.text, r->step_s, tool, &context->err);
}

static mj_status load(mj_rings_report *r, mj_context *context, const char *folder, const char *models)
{
    mj_arena *arena = &context->arena;
    mj_err *err = &context->err;
    const mj_units *units = mj_context_units(context);
    const char *path = mj_arena_printf(arena, "%s/substrate.yaml", folder), *root = getenv("TMPDIR");
    if (!units || !path) {
        return MJ_EMEM;
    }
    r->job.root = root && root[0] ? root : NULL;
    MJ_TRY(mj_ring_net_load(&r->net, folder, arena, err));
    MJ_TRY(mj_ring_substrate_load(&r->substrate, path, units, arena, err));
    if (!(r->substrate.split_F > 0)) {
        return mj_err_add(err, MJ_ESUPPORT, path, 0, 0, "couplings of both signs want split rings");
    }
    const char *card = mj_arena_printf(arena, "circuits/%s", r->substrate.card);
    const mj_models_request wanted = mj_ring_substrate_models(
        &r->substrate, models ? models : card ? mj_context_path(context, card) : NULL);
    if (!wanted.path) {
        return MJ_EFILE;
    }
    MJ_TRY(mj_spice_models_load(&r->models, &wanted, arena, err));
    MJ_TRY(find_origin(r, context, folder));
    r->map = mj_ring_map(&r->substrate, r->net.strongest);
    r->conductance_S = mj_ring_net_conductance(&r->net, &r->substrate);
    r->n_images = r->n_images > 0 && r->n_images < r->net.n_images ? r->n_images : r->net.n_images;
    r->row = mj_arena_array(arena, (size_t)r->n_images, sizeof *r->row);
    r->scratch = mj_arena_array(arena, mj_ring_net_scratch(&r->net, MJ_RINGS_BATCH), sizeof *r->scratch);
    r->theta = mj_arena_array(arena, (size_t)r->net.n * MJ_RINGS_BATCH, sizeof *r->theta);
    return r->row && r->scratch && r->theta ? MJ_OK
                                            : mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
}

void mj_rings_predict(double *phase, mj_rings_report *r, int image, bool sine_only, int n_steps)
{
    const mj_ring_net_model model = {.substrate = &r->substrate, .sine_only = sine_only, .n_batch = 1,
                                     .n_steps = n_steps};
    for (int i = 0; i < r->net.n; i++) {
        r->theta[i] = (float)r->net.image[image].start[i];
    }
    mj_ring_net_integrate(r->theta, r->scratch, &r->net, image, &model);
    for (int i = 0; i < r->net.n; i++) {
        phase[i] = (double)r->theta[i];
    }
}

/* From its file, or from ngspice into its file. */
static mj_status measure_image(mj_rings_report *r, mj_context *context, const char *folder, int image,
                               bool *has_ring)
{
    bool found;
    mj_err *err = &context->err;
    mj_rings_row *row = &r->row[image];
    double *phase = mj_arena_array(&context->arena, (size_t)r->net.n, sizeof *phase);
    if (!phase) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    MJ_TRY(mj_ring_net_result_load(&row->result, &found, &r->origin, &r->net, image, folder, &context->arena,
                                   err));
    if (!found) {
        if (!*has_ring) {
            MJ_TRY(mj_ring_substrate_ring(&r->ring, &r->figures, &r->substrate, &r->models, &r->job, err));
            r->ring.step_s = r->step_s;
            *has_ring = true;
        }
        mj_power_begin(&r->power);
        MJ_TRY(mj_ring_net_simulate(&row->result, &r->net, image, &r->ring, &r->figures, &r->substrate,
                                    &r->job, &context->arena, err));
        row->result.package_J = mj_power_end_J(&r->power);
        MJ_TRY(mj_ring_net_result_save(&row->result, &r->origin, &r->net, image, folder, err));
    }
    mj_rings_predict(phase, r, image, true, STEPS_FINE);
    row->sine = mj_ring_net_compare(phase, row->result.phase, &r->net);
    mj_rings_predict(phase, r, image, false, STEPS_FINE);
    row->full = mj_ring_net_compare(phase, row->result.phase, &r->net);
    row->model = phase;
    return MJ_OK;
}

static mj_status measure_images(mj_rings_report *r, mj_context *context, const char *folder)
{
    mj_progress progress;
    bool has_ring = false;
    double start_s = mj_clock_s();
    mj_status status = MJ_OK;
    mj_progress_init(&progress, context);
    for (int k = 0; k < r->n_images && status == MJ_OK; k++) {
        char left[32] = "unknown";
        if (k > 0) {
            mj_duration_format((mj_clock_s() - start_s) / k * (r->n_images - k), left, sizeof left);
        }
        mj_progress_print(&progress, "image %d of %d, time left %s", k + 1, r->n_images, left);
        status = measure_image(r, context, folder, k, &has_ring);
    }
    mj_progress_end(&progress);
    return status;
}

static void sum_up(mj_rings_report *r)
{
    double squares = 0;
    for (int k = 0; k < r->n_images; k++) {
        const mj_rings_row *row = &r->row[k];
        squares += row->full.rms * row->full.rms;
        r->largest = fmax(r->largest, row->full.largest);
        r->pixel += row->full.pixel / r->n_images;
        r->energy_J += row->result.energy_J / r->n_images;
        r->wall_s += row->result.wall_s / r->n_images;
        r->busy_s += row->result.busy_s / r->n_images;
        r->package_J += row->result.package_J / r->n_images;
        r->n_metered += row->result.package_J > 0;
        r->sine_rms += row->sine.rms * row->sine.rms / r->n_images;
    }
    r->rms = sqrt(squares / r->n_images);
    r->sine_rms = sqrt(r->sine_rms);
}

/* images.pgm: those of the circuit above, those of the phase model below (portable grey map). */
static mj_status draw(const mj_rings_report *r, const char *folder, mj_err *err)
{
    char path[MJ_DRAFT_PATH_MAX];
    mj_draft draft;
    int w = r->net.width, h = r->net.height, columns = r->n_images * (w + 1), rows = 2 * (h + 1);
    snprintf(path, sizeof path, "%s/images.pgm", folder);
    MJ_TRY(mj_draft_open(&draft, path, err));
    fprintf(draft.out, "P5\n%d %d\n255\n", columns * PGM_SCALE, rows * PGM_SCALE);
    for (int y = 0; y < rows * PGM_SCALE; y++) {
        for (int x = 0; x < columns * PGM_SCALE; x++) {
            int k = x / PGM_SCALE / (w + 1), column = x / PGM_SCALE % (w + 1);
            int line = y / PGM_SCALE % (h + 1);
            const double *phase = y / PGM_SCALE > h ? r->row[k].model : r->row[k].result.phase;
            bool is_gap = column == w || line == h;
            fputc(is_gap ? 128 : (int)(127.5 * (1 - cos(phase[line * w + column])) + 0.5), draft.out);
        }
    }
    return mj_draft_close(&draft, err);
}

static bool is_good(const mj_rings_report *r)
{
    return r->rms <= GOAL_RAD && r->pixel <= GOAL_PIXEL;
}

static void print_text(const mj_rings_report *r, const char *folder)
{
    printf("%s: %d rings, %d couplings; a unit of model time is %.4g ns, read out after %.4g ns\n\n"
           "image class  H: rms     max   pixels   sine: rms    energy   ngspice, of a processor\n",
           r->net.name, r->net.n, r->net.n_couplings, 1e9 * r->map.unit_s,
           1e9 * r->net.span * r->map.unit_s);
    for (int k = 0; k < r->n_images; k++) {
        const mj_rings_row *row = &r->row[k];
        printf("%5d %5d %7.4f %7.4f %8.4f %11.4f %6.3g nJ %7.0f s\n", k, r->net.image[k].label,
               row->full.rms, row->full.largest, row->full.pixel, row->sine.rms,
               1e9 * row->result.energy_J, row->result.busy_s);
    }
    printf("\nall: phases %.4f rad rms (goal %.2f), largest %.3f; sine alone %.4f; pixels %.4f mean absolute\n"
           "(goal %.2f); %.4g nJ an image; %s/images.pgm: circuit above, model below\n",
           r->rms, GOAL_RAD, r->largest, r->sine_rms, r->pixel, GOAL_PIXEL, 1e9 * r->energy_J, folder);
    printf("a node has up to %.4g uS, the coupling of %.4g uS from an output\n", 1e6 * r->conductance_S,
           1e6 * r->substrate.conductance_max_S);
}

static mj_status print_json(const mj_rings_report *r, mj_err *err)
{
    mj_json *root = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "kind", "spice");
    mj_json_set_integer(root, "vectors", r->n_images);
    mj_json_set_number(root, "joules_per_output", r->energy_J);
    mj_json_set_number(root, "rms_phase_error_rad", r->rms);
    mj_json_set_number(root, "max_phase_error_rad", r->largest);
    mj_json_set_number(root, "sine_only_rms_rad", r->sine_rms);
    mj_json_set_number(root, "pixel_error", r->pixel);
    mj_json_set_number(root, "circuit_s", r->wall_s);
    mj_json_set_number(root, "circuit_busy_s", r->busy_s);
    mj_json_set_number(root, "conductance_S", r->conductance_S);
    mj_json_set_number(root, "conductance_max_S", r->substrate.conductance_max_S);
    mj_json_set_bool(root, "goal_met", is_good(r));
    if (r->has_tunnel) {
        mj_json_set(root, "wind_tunnel", mj_wind_tunnel_json(r));
    }
    mj_status status = mj_json_print(root, stdout, err);
    mj_json_free(root);
    return status;
}

static mj_status run(mj_rings_report *r, mj_context *context, const char *folder, const char *models,
                     bool tunnel, double watts_W)
{
    MJ_TRY(load(r, context, folder, models));
    MJ_TRY(mj_power_find(&r->power, context, watts_W));
    MJ_TRY(measure_images(r, context, folder));
    sum_up(r);
    MJ_TRY(draw(r, folder, &context->err));
    if (tunnel) {
        MJ_TRY(mj_wind_tunnel_run(r, context));
        r->has_tunnel = true;
    }
    if (context->globals.json) {
        return print_json(r, &context->err);
    }
    print_text(r, folder);
    if (tunnel) {
        mj_wind_tunnel_print(r);
    }
    return MJ_OK;
}

int mj_measure_rings(mj_context *context, int argc, char **argv)
{
    mj_rings_report r = {.job = {.limit_s = LIMIT_S}};
    const char *models = NULL, *folder;
    double watts_W = 0;
    bool tunnel = false, check = false;
    int exit_code;
    const mj_option option[] = {
        {.name = "n", .argument = "N", .kind = MJ_OPTION_INT, .target = &r.n_images, .min = 1,
         .max = IMAGES_MAX, .help = "the first N images (all)"},
        {.name = "wind-tunnel", .kind = MJ_OPTION_FLAG, .target = &tunnel,
         .help = "also joules against simulating it: ngspice, C on this processor, an ASIC;\n"
                 "and what the circuit is worth: expressive, dense, hard to simulate, trainable"},
        {.name = "watts", .argument = "W", .kind = MJ_OPTION_REAL, .target = &watts_W, .unit = "W",
         .min = 0.1, .max = 1000, .help = MJ_POWER_HELP},
        {.name = "check", .kind = MJ_OPTION_FLAG, .target = &check,
         .help = "ends with 1 where phases or pixels miss the goals"},
        {.name = "step", .argument = "S", .kind = MJ_OPTION_REAL, .target = &r.step_s, .unit = "s",
         .min = 1e-15, .max = 1e-9, .help = "largest step of ngspice (the substrate's, else 5 ps)"},
        {.name = "models", .argument = "FILE", .kind = MJ_OPTION_TEXT, .target = &models,
         .help = "models of transistors (the substrate's card in data/circuits)"},
        {.name = "limit", .argument = "S", .kind = MJ_OPTION_REAL, .target = &r.job.limit_s, .unit = "s",
         .min = 1, .max = SECONDS_MAX, .help = "time for one run of ngspice (36000 s)"},
    };
    const mj_usage usage = {
        .sentence = "DIR",
        .about = "Runs the rings that `mj realize --as spice` wrote into DIR in ngspice, image after image, and\n"
                 "compares phases and pixels at the read-out with the phase model. Images that are done\n"
                 "are not done again.",
        .option = option,
        .n_options = sizeof option / sizeof option[0],
        .refuses = "csv",
        .example = "mj measure small --n 1\nmj measure small --wind-tunnel",
    };
    if (!mj_options_parse(&exit_code, context, "measure", &usage, &folder, argc, argv)) {
        return exit_code;
    }
    if (run(&r, context, folder, models, tunnel, watts_W) != MJ_OK) {
        return mj_context_fail(context);
    }
    return check && !is_good(&r) ? MJ_EXIT_GOAL : MJ_EXIT_OK;
}
