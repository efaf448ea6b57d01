/* A sweep over a language model: bits per byte on machines that are noisy, coarse or differ from chip to
 * chip, and the joules that each setting takes.
 *
 *   optimum   the row of least joules whose bits per byte are within --within of the model's as trained
 *
 * The digital machines that an analog one has to beat are in every sweep, with inputs of 8 bits beside
 * floating ones unless a list says which: one that reads its weights once a batch, and one whose weights
 * stand in place. Every row reads the same text from its start; a row with mismatch is judged on --chips
 * chips, of which each has its own noise. A measured crossbar says what no list does. */
#include "text_sweep.h"

#include "progress.h"

#include <math.h>
#include <string.h>

static const double USUAL_INPUT_BITS = 8; /* of a digital machine: they cost no quality */

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
        s->measured = !s->request->list[MJ_TEXT_NOISE] && !s->request->list[MJ_TEXT_BITS] &&
                      !s->request->list[MJ_TEXT_MISMATCH];
    }
    value[MJ_TEXT_NOISE] = machine.noise;
    value[MJ_TEXT_MISMATCH] = machine.mismatch;
    value[MJ_TEXT_INPUT_BITS] = machine.activation_bits;
    return MJ_OK;
}

int mj_text_sweep_place(const mj_text_sweep *s, int axis, double value)
{
    for (int i = 0; i < s->n_values[axis]; i++) {
        if (s->value[axis][i] == value) {
            return i;
        }
    }
    return -1;
}

bool mj_text_row_is_digital(const mj_text_row *row)
{
    return row->machine == MJ_SNR_SHARED || row->machine == MJ_SNR_IN_PLACE;
}

static mj_status add_row(mj_text_sweep *s, const double *value, mj_snr_machine machine)
{
    if (s->n_rows == ROWS_MAX) {
        return mj_err_add(&s->context->err, MJ_ELIMIT, NULL, 0, 0,
                          "more than %d combinations of values, with the digital machines for each --bits "
                          "and --activation-bits",
                          ROWS_MAX);
    }
    mj_text_row *row = &s->row[s->n_rows++];
    *row = (mj_text_row){.machine = machine};
    memcpy(row->value, value, sizeof row->value);
    row->chips = value[MJ_TEXT_MISMATCH] > 0 ? s->request->chips : 1;
    return MJ_OK;
}

/* Both machines for each precision, the one in place behind the other: one judgement is of both. */
static mj_status add_digital_rows(mj_text_sweep *s)
{
    const int bits = MJ_TEXT_BITS, inputs = MJ_TEXT_INPUT_BITS;
    bool more = !s->request->list[inputs] && s->value[inputs][0] == 0 && !s->model.work.rows;
    for (int b = 0; b < s->n_values[bits]; b++) {
        for (int i = 0; i < s->n_values[inputs] + more; i++) {
            bool listed = i < s->n_values[inputs];
            double value[MJ_TEXT_AXES_N] = {0};
            value[bits] = s->value[bits][b];
            value[inputs] = listed ? s->value[inputs][i] : USUAL_INPUT_BITS;
            if (mj_text_sweep_place(s, bits, value[bits]) == b &&
                (!listed || mj_text_sweep_place(s, inputs, value[inputs]) == i)) {
                MJ_TRY(add_row(s, value, MJ_SNR_SHARED));
                MJ_TRY(add_row(s, value, MJ_SNR_IN_PLACE));
            }
        }
    }
    return MJ_OK;
}

/* Every combination of the values that no digital machine has, the last axis changing first. */
static mj_status add_analog_rows(mj_text_sweep *s, long n_combinations)
{
    for (long r = 0; r < n_combinations; r++) {
        double value[MJ_TEXT_AXES_N];
        long rest = r;
        for (int a = MJ_TEXT_AXES_N - 1; a >= 0; a--) {
            value[a] = s->value[a][rest % s->n_values[a]];
            rest /= s->n_values[a];
        }
        if (value[MJ_TEXT_NOISE] > 0 || value[MJ_TEXT_MISMATCH] > 0) {
            MJ_TRY(add_row(s, value, s->measured ? MJ_SNR_CROSSBAR : MJ_SNR_ANALOG));
        }
    }
    return MJ_OK;
}

static mj_status check_differ(const mj_text_sweep *s, int axis)
{
    const double *value = s->value[axis];
    for (int i = 1; i < s->n_values[axis]; i++) {
        for (int k = 0; k < i; k++) {
            if (value[i] == value[k]) {
                return mj_err_add(&s->context->err, MJ_ERANGE, NULL, 0, 0, "--%s: %g is there twice",
                                  mj_text_axes[axis].option, value[i]);
            }
        }
    }
    return MJ_OK;
}

static mj_status make_rows(mj_text_sweep *s)
{
    double otherwise[MJ_TEXT_AXES_N] = {0};
    long n_combinations = 1;
    MJ_TRY(defaults(otherwise, s));
    for (int a = 0; a < MJ_TEXT_AXES_N; a++) {
        if (s->request->list[a]) {
            const bool whole = a == MJ_TEXT_BITS || a == MJ_TEXT_INPUT_BITS;
            MJ_TRY(mj_eval_list_read(s->value[a], &s->n_values[a], s->request->list[a],
                                     &mj_text_axes[a], whole, whole, &s->context->err));
            MJ_TRY(check_differ(s, a));
        } else {
            s->value[a][0] = otherwise[a];
            s->n_values[a] = 1;
        }
        n_combinations *= s->n_values[a];
    }
    s->row = mj_arena_array(&s->context->arena, ROWS_MAX, sizeof *s->row);
    if (!s->row) {
        return mj_err_add(&s->context->err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    MJ_TRY(add_digital_rows(s));
    return add_analog_rows(s, n_combinations);
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
    if (machine.noise == 0 && machine.mismatch == 0) {
        machine.read_noise = 0; /* a digital machine has none */
    }
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

/* What is left, and that a machine of the same numbers was judged before. */
typedef struct {
    mj_progress progress;
    double start_s;
    int done, all;
} judging;

static bool is_judged(const mj_text_sweep *s, int r)
{
    return s->row[r].machine == MJ_SNR_IN_PLACE; /* by the row before */
}

static void show(judging *j, const mj_text_sweep *s, int r, int chip)
{
    char left[CELL_TEXT], time_left[2 * CELL_TEXT] = "";
    if (!mj_progress_is_due(&j->progress)) {
        return;
    }
    if (j->done > 0) {
        mj_duration_format((mj_clock_s() - j->start_s) / j->done * (j->all - j->done), left, sizeof left);
        snprintf(time_left, sizeof time_left, ", time left %s", left);
    }
    mj_progress_print(&j->progress, "row %d of %d, chip %d of %d%s", r + 1, s->n_rows, chip + 1,
                      s->row[r].chips, time_left);
}

static mj_status judge_row(judging *j, mj_text_sweep *s, int r, uint32_t seed)
{
    mj_text_row *row = &s->row[r];
    double sum = 0, squares = 0;
    for (int chip = 0; chip < row->chips; chip++) {
        const mj_analog machine = machine_of(s, row->value, seed, chip);
        double bits;
        show(j, s, r, chip);
        MJ_TRY(judge(&bits, s, &machine));
        sum += bits - s->trained; /* of differences, whose squares keep their digits */
        squares += (bits - s->trained) * (bits - s->trained);
        row->worst = chip == 0 ? bits : fmax(row->worst, bits);
        j->done++;
    }
    double mean = sum / row->chips;
    row->mean = s->trained + mean;
    row->spread = row->chips > 1 ? sqrt(fmax(0, squares - sum * mean) / (row->chips - 1)) : 0;
    return MJ_OK;
}

static mj_status judge_rows(mj_text_sweep *s, uint32_t seed)
{
    judging j = {.start_s = mj_clock_s()};
    mj_progress_init(&j.progress, s->context);
    for (int r = 0; r < s->n_rows; r++) {
        j.all += is_judged(s, r) ? 0 : s->row[r].chips;
    }
    for (int r = 0; r < s->n_rows; r++) {
        mj_text_row *row = &s->row[r];
        if (is_judged(s, r)) {
            row->mean = s->row[r - 1].mean;
            row->worst = s->row[r - 1].worst;
        } else {
            MJ_TRY(judge_row(&j, s, r, seed));
        }
    }
    char took[CELL_TEXT];
    mj_progress_print(&j.progress, "%d rows in %s", s->n_rows,
                      mj_duration_format(mj_clock_s() - j.start_s, took, sizeof took));
    mj_progress_end(&j.progress);
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
    const mj_snr_work work = {.mac = w->mac, .inputs = w->inputs, .outputs = w->outputs, .rows = w->rows,
                              .rest_mac = w->rest_mac, .rest_weight_B = w->rest_weight_B,
                              .rest_B = w->rest_B};
    for (int r = 0; r < s->n_rows; r++) {
        const double *v = s->row[r].value;
        int bits = (int)v[MJ_TEXT_BITS];
        mj_snr_setting setting = {.noise = v[MJ_TEXT_NOISE], .mismatch = v[MJ_TEXT_MISMATCH],
                                  .weight_bits = bits ? bits : w->weight_bits,
                                  .activation_bits = (int)v[MJ_TEXT_INPUT_BITS], .batch = s->batch,
                                  .machine = s->row[r].machine,
                                  .array_JpMAC = s->crossbar.array_JpMAC,
                                  .product_JpMAC = s->crossbar.product_JpMAC};
        if (setting.machine == MJ_SNR_CROSSBAR) {
            setting.machine = MJ_SNR_ANALOG;
            mj_snr_bill_compute(&s->row[r].bill, &facts, &work, &setting);
            s->formula_J = s->row[r].bill.products_J;
            setting.machine = MJ_SNR_CROSSBAR;
        }
        mj_snr_bill_compute(&s->row[r].bill, &facts, &work, &setting);
    }
    return MJ_OK;
}

/* Keeps the row of fewer joules; *best is -1 where there is none. */
static void keep_less(int *best, const mj_text_sweep *s, int r)
{
    if (*best < 0 || s->row[r].bill.joules < s->row[*best].bill.joules) {
        *best = r;
    }
}

static void find_optima(mj_text_sweep *s)
{
    s->optimum = s->digital = s->analog = s->least = -1;
    for (int r = 0; r < s->n_rows; r++) {
        const mj_text_row *row = &s->row[r];
        double joules = row->bill.joules;
        if (!isfinite(joules)) {
            continue;
        }
        if (row->mean <= s->trained + s->request->within) {
            keep_less(&s->optimum, s, r);
            keep_less(mj_text_row_is_digital(row) ? &s->digital : &s->analog, s, r);
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
    s->batch = s->request->batch > 0 ? s->request->batch : MJ_SNR_BATCH;
    MJ_TRY(mj_seed_read(&seed, s->context));
    MJ_TRY(make_rows(s));
    MJ_TRY(check_rows(s));
    MJ_TRY(mj_text_sweep_plot_check(s));
    MJ_TRY(bill_rows(s));
    const mj_analog trained = mj_language_machine(&s->model);
    MJ_TRY(judge(&s->trained, s, &trained));
    MJ_TRY(judge_rows(s, seed));
    find_optima(s);
    s->seconds = mj_clock_s() - start_s;
    MJ_TRY(mj_text_sweep_plot_save(s));
    return mj_text_sweep_print(s);
}
