/* Legend: the symbols of the published predictors with their values in this bill.       [zeus2025]
 *
 * A formula says `FD / 2 x devices / batch`; whoever checks it by hand needs to know that FD is the
 * arithmetic of one step on one device, and what it came to. The fitted constants stand with the
 * lines that rest on them (fit.c). */
#include "legend.h"

#include "line_words.h"
#include "mj/units.h"
#include <ctype.h>
#include <string.h>

enum { NUMBER = 32, SYMBOLS_MAX = 24 };

typedef struct {
    const char *symbol, *unit, *meaning;
    double value;
} symbol;

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Whether `formula` has `name` as a word of its own. */
static bool uses(const char *formula, const char *name)
{
    size_t length = strlen(name);
    for (const char *p = formula; p && (p = strstr(p, name)); p += length) {
        if ((p == formula || !is_letter(p[-1])) && !is_letter(p[length])) {
            return true;
        }
    }
    return false;
}

static bool is_used(const mj_explain_view *view, const char *name)
{
    const mj_ledger *ledger = &view->view.bill->ledger;
    bool fitted = view->view.bill->chip->closure == MJ_CLOSURE_CALIBRATED;
    /* The formula of the total: explain_text.c. In those of lines B is the byte. */
    bool used = view->choice->total && fitted && uses("P G t / B", name);
    for (int i = 0; i < ledger->n && !used && strcmp(name, "B") != 0; i++) {
        used = view->choice->chosen[i] && uses(ledger->line[i].formula, name);
    }
    return used;
}

/* All symbols with their values; returns how many. */
static int list_symbols(symbol *list, const mj_bill *bill)
{
    const mj_step *s = &bill->step;
    const mj_chip *chip = bill->chip;
    double q = s->prefill_share;
    double experts_B = (1 - q) * s->expert_B + q * s->expert_mixed_B;
    const symbol all[] = {
        {"P", "W", "power of a device, the limit included", s->power_W},
        {"G", "1", "devices", bill->serving.devices},
        {"t", "s", "time of a step", s->step_s},
        {"B", "1", "batch: sequences or images at once", bill->serving.batch},
        {"W", "B", "dense weights that a device reads in a step", s->weight_B},
        {"X", "B", "experts that a device reads in a step, mean of steps with and without prompts",
         experts_B},
        {"KV", "B", "keys, values and states that a device reads in a step", s->kv_B},
        {"FD", "FLOP", "arithmetic of decoding, a device and step", s->decode_flop},
        {"FP", "FLOP", "arithmetic of prompts, a device and step on average", s->prefill_flop},
        {"LB", "B", "bytes that a device exchanges in a step", s->link_B},
        {"q", "1", "share of steps that carry a prompt", q},
        {"lin", "FLOP", "products with weights; with att, a device and batch", s->decode_flop},
        {"att", "FLOP", "attention, within the figure for lin", s->decode_flop},
        {"k_act", "1", "fitted transfers of a token matrix, a block", chip->image.act_transfers},
    };
    int n = sizeof all / sizeof all[0];
    memcpy(list, all, sizeof all);
    return n;
}

static const char *value_text(const symbol *s, mj_arena *arena)
{
    char text[NUMBER];
    return mj_arena_printf(arena, "%s",
                           strchr(s->unit, '/') ? mj_units_format(s->value, s->unit, text, NUMBER)
                                                : mj_count_format(s->value, s->unit, text, NUMBER));
}

void mj_legend_print(FILE *out, const mj_explain_view *view, const mj_style *style,
                     mj_arena *arena)
{
    static const mj_column column[] = {{NULL, false}, {NULL, true}, {NULL, false}};
    symbol list[SYMBOLS_MAX];
    const char *cell[3 * SYMBOLS_MAX];
    int n = 0, n_symbols = list_symbols(list, view->view.bill);
    for (int i = 0; i < n_symbols; i++) {
        if (is_used(view, list[i].symbol)) {
            cell[3 * n] = list[i].symbol;
            cell[3 * n + 1] = value_text(&list[i], arena);
            cell[3 * n + 2] = list[i].meaning;
            n++;
        }
    }
    if (n == 0) {
        return;
    }
    fprintf(out, "\n%sWhere%s\n", mj_paint_code(MJ_PAINT_BOLD, style),
            mj_paint_code(MJ_PAINT_NONE, style));
    mj_table table = {column, cell, NULL, 3, n};
    mj_table_print(out, &table, style);
}
