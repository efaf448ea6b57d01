/* The memory question as text, JSON and CSV: a row a memory, and the founding post's own figures
 * beside them. */
#include "ladder_words.h"

#include "bill_words.h"
#include "mj/json.h"
#include "mj/units.h"

#include <math.h>

enum { COLUMNS = 8, NUMBER = 40 };

/* "1.19 GB/mm2" style: a quantity times `scale` with the unit as people write it. */
static const char *scaled(const mj_quantity *q, double scale, const char *unit, mj_arena *arena)
{
    return mj_quantity_given(q) ? mj_arena_printf(arena, "%.3g %s", q->typ * scale, unit) : "-";
}

static void fill_row(const char **cell, const mj_memory_row *row, mj_arena *arena)
{
    char capacity[NUMBER];
    cell[0] = row->name;
    cell[1] = scaled(&row->read_JpB, 1e12, "pJ/B", arena);
    cell[2] = scaled(&row->density_Bpm2, 1e-12, "MB/mm2", arena);
    cell[3] = mj_arena_printf(arena, "%s", mj_units_format(row->capacity_B, "B", capacity,
                                                          sizeof capacity));
    cell[4] = scaled(&row->price_USDpB, 1e9, "USD/GB", arena);
    if (isnan(row->joules)) {
        cell[6] = "cannot be billed";
        return;
    }
    cell[5] = mj_arena_printf(arena, "%d", row->devices);
    cell[6] = mj_interval_text(row->joules, row->lo_J, row->hi_J, arena);
    cell[7] = mj_factor_text(row->gain, arena);
}

static void print_post(FILE *out, const mj_memory_sweep *sweep, mj_arena *arena)
{
    double hbm = 1e12 * sweep->post_hbm_JpB, sram = 1e12 * sweep->post_sram_JpB;
    double transport = 1e12 * sweep->post_transport_JpB;
    fprintf(out, "\n  HBM to SRAM alone. The post [unconventional2026]: at best 10x, measured "
            "~1.5x. Its own figures give\n");
    fprintf(out, "    %g / %g = %s for the reads alone\n", hbm, sram,
            mj_factor_text(sweep->post_reads, arena));
    fprintf(out, "    (%g + %g) / (%g + %g) = %s with its transport on both sides\n", hbm,
            transport, sram, transport, mj_factor_text(sweep->post_both, arena));
    fprintf(out, "    %g / (%g + %g) = %s with it on the SRAM side only\n", hbm, sram, transport,
            mj_factor_text(sweep->post_sram_only, arena));
    fprintf(out, "  Ours, %s with everything billed\n", mj_factor_text(sweep->hbm_to_sram, arena));
}

mj_status mj_sweep_print_text(FILE *out, const mj_memory_sweep *sweep, const mj_style *style,
                              mj_arena *arena, mj_err *err)
{
    const mj_bill *base = &sweep->base;
    const mj_column column[COLUMNS] = {
        {"weights in", false}, {"read", true}, {"per layer", true}, {"a device", true},
        {"price", true}, {"devices", true},
        {mj_arena_printf(arena, "J/%s [90 %%]", mj_output_noun(base)), false}, {"factor", true},
    };
    const char **cell = mj_arena_array(arena, (size_t)sweep->n * COLUMNS, sizeof *cell);
    if (cell == NULL || column[6].title == NULL) {
        return mj_err_add(err, MJ_EMEM, NULL, 0, 0, "out of memory");
    }
    mj_bill_print_headline(out, base, style);
    if (sweep->stand_in) {
        fprintf(out, "  %s stands in for the base: a fitted or enveloped machine has no memory to "
                "replace\n", sweep->stand_in);
    }
    fprintf(out, "  base %s\n\n", mj_interval_text(base->joules, base->lo_J, base->hi_J, arena));
    for (int i = 0; i < sweep->n; i++) {
        fill_row(cell + (size_t)i * COLUMNS, &sweep->row[i], arena);
    }
    const mj_table table = {column, cell, NULL, COLUMNS, sweep->n};
    mj_table_print(out, &table, style);
    for (int i = 0; i < sweep->n; i++) {
        const mj_memory_row *row = &sweep->row[i];
        const char *text =
            *row->reason ? mj_arena_printf(arena, "%s: %s", row->name, row->reason)
                         : mj_arena_printf(arena, "%s: %s; a byte travels %.3g mm", row->name,
                                           row->cause, 1e3 * row->distance_m);
        mj_print_wrapped(out, text ? text : row->name, style);
    }
    print_post(out, sweep, arena);
    return MJ_OK;
}

static double known(const mj_quantity *quantity)
{
    return mj_quantity_given(quantity) ? quantity->typ : NAN;
}

mj_status mj_sweep_print_json(FILE *out, const mj_memory_sweep *sweep, mj_err *err)
{
    mj_json *root = mj_json_object(), *rows = mj_json_array(), *post = mj_json_object();
    mj_json_set_integer(root, "schema", 1);
    mj_json_set_text(root, "model", mj_report_model_name(sweep->base.model));
    mj_json_set_text(root, "chip", sweep->base.chip->name);
    mj_json_set_number(root, "joules", sweep->base.joules);
    for (int i = 0; i < sweep->n; i++) {
        const mj_memory_row *row = &sweep->row[i];
        mj_json *object = mj_json_object();
        mj_json_set_text(object, "name", row->name);
        mj_json_set_number(object, "read_JpB", known(&row->read_JpB));
        mj_json_set_number(object, "density_Bpm2", known(&row->density_Bpm2));
        mj_json_set_number(object, "capacity_B", row->capacity_B);
        mj_json_set_number(object, "price_USDpB", known(&row->price_USDpB));
        mj_json_set_number(object, "wire_m", row->distance_m);
        mj_json_set_integer(object, "devices", row->devices);
        mj_json_set_number(object, "joules", row->joules);
        mj_json_set_number(object, "joules_lo", row->lo_J);
        mj_json_set_number(object, "joules_hi", row->hi_J);
        mj_json_set_number(object, "weights_joules", row->weights_J);
        mj_json_set_number(object, "gain", row->gain);
        mj_json_set_text(object, "reason", *row->reason ? row->reason : NULL);
        mj_json_set_text(object, "source", row->read_JpB.source);
        mj_json_set_text(object, "class", mj_class_text(row->read_JpB.cls));
        mj_json_append(rows, object);
    }
    mj_json_set(root, "rows", rows);
    mj_json_set_number(root, "hbm_to_sram", sweep->hbm_to_sram);
    mj_json_set_number(post, "reads", sweep->post_reads);
    mj_json_set_number(post, "transport_both", sweep->post_both);
    mj_json_set_number(post, "transport_sram", sweep->post_sram_only);
    mj_json_set(root, "post", post);
    mj_status status = mj_json_print(root, out, err);
    mj_json_free(root);
    return status;
}

/* The last cell of a line. */
static void print_reason(FILE *out, const char *reason)
{
    fputs(*reason ? ",\"" : ",", out);
    for (const char *c = reason; *c; c++) {
        fputs(*c == '"' ? "\"\"" : (char[]){*c, '\0'}, out);
    }
    fputs(*reason ? "\"\n" : "\n", out);
}

void mj_sweep_print_csv(FILE *out, const mj_memory_sweep *sweep)
{
    fputs("name,devices,read_JpB,density_Bpm2,capacity_B,price_USDpB,joules,joules_lo,joules_hi,"
          "gain,reason\n", out);
    for (int i = 0; i < sweep->n; i++) {
        const mj_memory_row *row = &sweep->row[i];
        const double numbers[] = {known(&row->read_JpB), known(&row->density_Bpm2),
                                  row->capacity_B, known(&row->price_USDpB), row->joules,
                                  row->lo_J, row->hi_J, row->gain};
        fprintf(out, "%s,%d", row->name, row->devices);
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            fputc(',', out);
            if (isfinite(numbers[k])) {
                fprintf(out, "%.17g", numbers[k]);
            }
        }
        print_reason(out, row->reason);
    }
}
