/* A sweep over a language model: bits per byte on machines that are noisy, coarse or differ from chip to
 * chip, and the joules that each setting takes.
 *
 *   optimum   the row of least joules whose bits per byte are within --within of the clean model's
 *
 * "Clean" is the model as in its file without noise and mismatch. Every row reads the same text from its
 * start; a row with mismatch is judged on --chips chips, of which each has its own noise. A measured
 * crossbar says what no list does. */
#include "text_sweep.h"

#include "progress.h"

#include <math.h>

const mj_eval_axis mj_text_axes[MJ_TEXT_AXES_N] = {
    [MJ_TEXT_NOISE] = {"noise", "noise", "noise", NULL, "noise of a sum over its rms", NULL, 0, 100},
    [MJ_TEXT_BITS] = {"bits", "bits", "bits", NULL, "bits of a weight", "as in the file", 0, 8},
    [MJ_TEXT_INPUT_BITS] = {"activation-bits", "input bits", "activation_bits", NULL,
                            "bits of an activation", "floating point", 0, 8},
    [MJ_TEXT_MISMATCH] = {"mismatch", "mismatch", "mismatch", NULL, "relative spread of weights", NULL, 0,
                          10},
};

bool mj_text_sweep_asked(const mj_text_request *request)
{
    for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
        if (request->list[a]) {
            return true;
        }
    }
    return request->substrate != NULL;
}

/* What a row has where no list says: as trained, or as on the measured crossbar. */
static mj_status defaults(double value[MJ_TEXT_AXES_N], mj_text_sweep *s)
{
    mj_context *context = s->context;
    mj_analog machine = mj_language_machine(&s->model);
    if (s->request->substrate) {
        const char *path;
        const mj_units *units = mj_context_units(context);
        int activation_bits = machine.activation_bits;
        MJ_TRY(mj_find_file(&path, context, "circuits", ".yaml", s->request->substrate));
        MJ_TRY(mj_crossbar_substrate_load(&s->crossbar, path, units, &context->arena, &context->err));
        machine = mj_crossbar_analog(&s->crossbar);
        machine.activation_bits = activation_bits;
        int stored = s->model.work.weight_bits;
        machine.weight_bits = machine.weight_bits < stored ? machine.weight_bits : 0;
        value[MJ_TEXT_BITS] = machine.weight_bits;
    }
    value[MJ_TEXT_NOISE] = machine.noise;
    value[MJ_TEXT_MISMATCH] = machine.mismatch;
    value[MJ_TEXT_INPUT_BITS] = machine.activation_bits;
    return MJ_OK;
}

/* Every combination of the values, the last axis changing first. */
static mj_status make_rows(mj_text_sweep *s)
{
    double otherwise[MJ_TEXT_AXES_N] = {0};
    mj_err *err = &s->context->err;
    long n_rows = 1;
    MJ_TRY(defaults(otherwise, s));
    for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
        if (s->request->list[a]) {
            const bool whole = a == MJ_TEXT_BITS || a == MJ_TEXT_INPUT_BITS;
            MJ_TRY(mj_eval_list_read(s->value[a], &s->n_values[a], s->request->list[a],
                                     &mj_text_axes[a], whole, whole, err));
        } else {
            s->value[a][0] = otherwise[a];
            s->n_values[a] = 1;
        }
        n_rows = n_rows > ROWS_MAX ? n_rows : n_rows * s->n_values[a];
    }
    if (n_rows > ROWS_MAX) {
        return mj_err_add(err, MJ_ELIMIT, NULL, 0, 0, "more than %d combinations of values", ROWS_MAX);
    }
    s->n_rows = (int)n_rows;
    s->row = mj_arena_array(&s->context->arena, (size_t)n_rows, sizeof *s->row);
    if (!s->row) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    for (int r = 0; r < s->n_rows; r++) {
        int rest = r;
        for (int a = MJ_TEXT_AXES_N - 1; a >= 0; a--) {
            s->row[r].value[a] = s->value[a][rest % s->n_values[a]];
            rest /= s->n_values[a];
        }
        s->row[r].chips = s->row[r].value[MJ_TEXT_MISMATCH] > 0 ? s->request->chips : 1;
    }
    return MJ_OK;
}

/* Chip `chip` of a row. Seeds number their first 1,009 chips apart from each other's; noise repeats after
 * 2,048 chips. */
static mj_analog machine_of(const mj_text_sweep *s, const double *value, uint32_t seed, int chip)
{
    enum { CHIPS_A_SEED = 1009 };
    uint32_t number = seed * CHIPS_A_SEED + (uint32_t)chip + 1;
    mj_analog machine = mj_language_machine(&s->model);
    machine.noise = value[MJ_TEXT_NOISE];
    machine.weight_bits = (int)value[MJ_TEXT_BITS];
    machine.activation_bits = (int)value[MJ_TEXT_INPUT_BITS];
    machine.mismatch = value[MJ_TEXT_MISMATCH];
    machine.chip = number > 0 ? number : 1;
    return machine;
}

static mj_status judge(double *bits, mj_text_sweep *s, const mj_analog *machine)
{
    MJ_TRY(mj_language_set(&s->model, machine, &s->context->err));
    *bits = mj_language_bits(&s->model, &s->text) / (double)s->text.n;
    return MJ_OK;
}

/* Mistakes of any row are found before the first is judged. */
static mj_status check_rows(mj_text_sweep *s)
{
    for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
        double value[MJ_TEXT_AXES_N] = {0};
        bool cheap = a == MJ_TEXT_INPUT_BITS || a == MJ_TEXT_BITS;
        for (int i = 0; cheap && i < s->n_values[a]; i++) {
            value[a] = s->value[a][i];
            const mj_analog machine = machine_of(s, value, 0, 0);
            MJ_TRY(mj_language_check(&s->model, &machine, &s->context->err));
        }
    }
    return MJ_OK;
}

static mj_status judge_rows(mj_text_sweep *s, uint32_t seed)
{
    mj_progress progress;
    int done = 0, all = 0;
    double start_s = mj_clock_s();
    mj_progress_init(&progress, s->context);
    for (int r = 0; r < s->n_rows; r++) {
        all += s->row[r].chips;
    }
    for (int r = 0; r < s->n_rows; r++) {
        mj_text_row *row = &s->row[r];
        double sum = 0, squares = 0;
        for (int chip = 0; chip < row->chips; chip++) {
            const mj_analog machine = machine_of(s, row->value, seed, chip);
            double bits;
            if (mj_progress_is_due(&progress)) {
                char left[CELL_TEXT] = "unknown";
                if (done > 0) {
                    mj_duration_format((mj_clock_s() - start_s) / done * (all - done), left,
                                       sizeof left);
                }
                mj_progress_print(&progress, "row %d of %d, chip %d of %d, time left %s", r + 1,
                                  s->n_rows, chip + 1, row->chips, left);
            }
            MJ_TRY(judge(&bits, s, &machine));
            sum += bits - s->clean; /* of differences, whose squares keep their digits */
            squares += (bits - s->clean) * (bits - s->clean);
            row->worst = chip == 0 ? bits : fmax(row->worst, bits);
            done++;
        }
        double mean = sum / row->chips;
        row->mean = s->clean + mean;
        row->spread = row->chips > 1 ? sqrt(fmax(0, squares - sum * mean) / (row->chips - 1)) : 0;
    }
    mj_progress_end(&progress);
    return MJ_OK;
}

static mj_status bill_rows(mj_text_sweep *s)
{
    mj_snr_facts facts;
    mj_facts *store = mj_context_facts(s->context);
    if (!store) {
        return MJ_EMEM;
    }
    MJ_TRY(mj_snr_facts_find(&facts, store, &s->context->err));
    const mj_language_work *w = &s->model.work;
    const mj_snr_work work = {.mac = w->mac, .inputs = w->inputs, .outputs = w->outputs,
                              .rows = w->rows, .rest_mac = w->rest_mac, .rest_B = w->rest_B};
    for (int r = 0; r < s->n_rows; r++) {
        const double *v = s->row[r].value;
        int bits = (int)v[MJ_TEXT_BITS];
        const mj_snr_setting setting = {.noise = v[MJ_TEXT_NOISE], .mismatch = v[MJ_TEXT_MISMATCH],
                                        .weight_bits = bits ? bits : w->weight_bits,
                                        .activation_bits = (int)v[MJ_TEXT_INPUT_BITS]};
        mj_snr_bill_compute(&s->row[r].bill, &facts, &work, &setting);
    }
    return MJ_OK;
}

static void find_optima(mj_text_sweep *s)
{
    s->optimum = s->least = -1;
    for (int r = 0; r < s->n_rows; r++) {
        const mj_text_row *row = &s->row[r];
        double joules = row->bill.joules;
        if (!isfinite(joules)) {
            continue;
        }
        if (row->mean <= s->clean + s->request->within &&
            (s->optimum < 0 || joules < s->row[s->optimum].bill.joules)) {
            s->optimum = r;
        }
        if (s->least < 0 || joules * row->mean < s->row[s->least].bill.joules * s->row[s->least].mean) {
            s->least = r;
        }
    }
}

mj_status mj_text_sweep_run(mj_text_sweep *s)
{
    uint32_t seed;
    double start_s = mj_clock_s();
    MJ_TRY(mj_seed_read(&seed, s->context));
    MJ_TRY(make_rows(s));
    MJ_TRY(check_rows(s));
    MJ_TRY(mj_text_sweep_plot_check(s));
    MJ_TRY(bill_rows(s));
    const double none[MJ_TEXT_AXES_N] = {
        [MJ_TEXT_INPUT_BITS] = mj_language_machine(&s->model).activation_bits};
    mj_analog clean = machine_of(s, none, 0, 0);
    clean.read_noise = 0;
    MJ_TRY(judge(&s->clean, s, &clean));
    MJ_TRY(judge_rows(s, seed));
    find_optima(s);
    s->seconds = mj_clock_s() - start_s;
    MJ_TRY(mj_text_sweep_plot_save(s));
    return mj_text_sweep_print(s);
}
