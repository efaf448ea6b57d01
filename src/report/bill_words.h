/* What every report of a bill says, whatever it is written in: nouns, sentences, figures, groups of
 * causes, numbered sources. */
#ifndef MJ_REPORT_BILL_WORDS_H
#define MJ_REPORT_BILL_WORDS_H

#include "mj/report.h"

/* "token", "image", "video". */
const char *mj_output_noun(const mj_bill *bill);

/* What a closure (mj_closure) means, for people. */
const char *mj_closure_meaning(int closure);

/* "797 mJ/token  measured, lm-arena-chat, batch 63.8 [zeus2025]; predicted / measured 1.14" */
void mj_measured_print(FILE *out, const mj_bill *bill, const mj_measured *measured);

/* "all of it hand-over between 6 blocks (overhead.block, assumed)": what a step of an event sum waits
 * for. False and empty where that is not known. */
bool mj_step_words(char *buf, size_t size, const mj_bill *bill);

/* Sources in the order in which a report cites them. */
enum { MJ_CITATIONS_MAX = 160 };
typedef struct {
    const char *key[MJ_CITATIONS_MAX];
    int n;
} mj_citations;

/* Number of a source from 1, added if it is new; 0 for none, and when the list is full. */
int mj_cite(mj_citations *list, const char *key);

/* What the machine does besides spending joules: n pairs of a name and a sentence. */
enum { MJ_FIGURES_MAX = 16 };
typedef struct {
    const char *cell[2 * MJ_FIGURES_MAX];
    int n;
} mj_figures;

/* Time, power, memory, silicon, price, what prompts cost, and how much is assumed. */
void mj_figures_collect(mj_figures *figures, const mj_bill_view *view, mj_arena *arena);

/* Causes as an architect groups them. name: also the colour's; title for people. */
#define MJ_GROUP_LIST(X)                                          \
    X(ARITHMETIC, "arithmetic", "Arithmetic and control")         \
    X(MEMORY, "memory", "Memory")                                 \
    X(MOVEMENT, "movement", "Movement")                           \
    X(TIME, "time", "Power that flows with time")                 \
    X(CONVERSION, "conversion", "Analog and digital conversion")  \
    X(OUTSIDE, "outside", "Supplies, host and cooling")           \
    X(UNEXPLAINED, "unexplained", "Unexplained")
#define MJ_GROUP_ENUM(name, text, title) MJ_GROUP_##name,
typedef enum { MJ_GROUP_LIST(MJ_GROUP_ENUM) MJ_GROUP_N } mj_cause_group;
#undef MJ_GROUP_ENUM

mj_cause_group mj_component_group(mj_component component);
const char *mj_group_text(mj_cause_group group);
const char *mj_group_title(mj_cause_group group);

#endif
