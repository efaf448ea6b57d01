/* mj report: a bill or a ladder as one HTML document, or its picture alone as SVG.
 *
 * The document is written beside its target and renamed when it is complete, so a full disk or a
 * mistake leaves no half of it and no older one damaged. Its last line says how it was made: the
 * command as typed, the version and the time. */
#include "bill_request.h"
#include "commands.h"
#include "config.h"
#include "mj/draft.h"
#include "version.h"
#include <string.h>
#include <time.h>

enum { DATE = 32, COMMAND = 4096 };

typedef struct {
    const char *out; /* "-": standard output */
    bool svg;
} report_options;

enum { REPORT_OPTIONS_N = 2 };

static void list_report_options(mj_option *option, report_options *to)
{
    option[0] = (mj_option){.name = "out", .argument = "FILE", .kind = MJ_OPTION_TEXT,
                            .target = &to->out,
                            .help = "where to write, e.g. bill.html; - for standard output"};
    option[1] = (mj_option){.name = "svg", .kind = MJ_OPTION_FLAG, .target = &to->svg,
                            .help = "the picture alone, as SVG"};
}

static mj_status check_options(mj_context *context, const report_options *options)
{
    if (context->globals.json || context->globals.csv) {
        return mj_err_add(&context->err, MJ_ESUPPORT, NULL, 0, 0,
                          "a report is a document; --%s belongs to mj bill and mj ladder",
                          context->globals.json ? "json" : "csv");
    }
    if (options->out == NULL || *options->out == '\0') {
        return mj_err_add(&context->err, MJ_EKEY, NULL, 0, 0,
                          "--out is missing: name the file to write, e.g. --out report.%s, or - "
                          "for standard output", options->svg ? "svg" : "html");
    }
    return MJ_OK;
}

/* Whether a shell would take the word as it stands. */
static bool is_plain(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "@%+=:,./-_";
    return *word != '\0' && word[strspn(word, plain)] == '\0';
}

/* The command line as one could type it again, quoted for a shell; cut at the buffer's end. */
static void join_command(char *buf, size_t size, const mj_context *context)
{
    size_t used = (size_t)snprintf(buf, size, "mj");
    for (int i = 1; i < context->argc; i++) {
        const char *word = context->argv[i];
        bool quote = !is_plain(word);
        for (const char *lead = quote ? " '" : " "; *lead && used + 1 < size; lead++) {
            buf[used++] = *lead;
        }
        for (const char *c = word; *c && used + 5 < size; c++) {
            if (*c == '\'') {
                memcpy(buf + used, "'\\''", 4);
                used += 4;
            } else {
                buf[used++] = *c;
            }
        }
        if (quote && used + 1 < size) {
            buf[used++] = '\'';
        }
    }
    buf[used] = '\0';
}

/* Opens the target; *out is stdout for "-". */
static mj_status open_target(FILE **out, mj_draft *draft, const char *path, mj_err *err)
{
    if (strcmp(path, "-") == 0) {
        *out = stdout;
        return MJ_OK;
    }
    MJ_TRY(mj_draft_open(draft, path, err));
    *out = draft->out;
    return MJ_OK;
}

/* Ends the target after printing with `status`; the exit code. What stdout failed to take, main
 * reports. */
static int close_target(mj_context *context, FILE *out, mj_draft *draft, mj_status status)
{
    if (out == stdout) {
        return status == MJ_OK || ferror(stdout) ? MJ_EXIT_OK : mj_context_fail(context);
    }
    if (status != MJ_OK && !ferror(out)) {
        mj_draft_abandon(draft);
        return mj_context_fail(context);
    }
    context->err.n = 0; /* the disk's own words say more than the printer's */
    if (mj_draft_close(draft, &context->err) != MJ_OK) {
        return mj_context_fail(context);
    }
    return MJ_EXIT_OK;
}

/* What is reported, and its two printers. */
typedef struct {
    const void *view;
    void (*print_svg)(FILE *out, const void *view);
    mj_status (*print_html)(FILE *out, const void *view, const mj_colophon *colophon,
                            mj_context *context);
} document;

static int write_document(mj_context *context, const document *doc, const report_options *options)
{
    char command[COMMAND], date[DATE];
    time_t now = time(NULL);
    struct tm utc;
    strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &utc));
    join_command(command, sizeof command, context);
    const mj_colophon colophon = {.command = command,
                                  .version = MJ_VERSION " (" MJ_COMMIT ")",
                                  .date = date};
    mj_draft draft;
    FILE *out;
    if (open_target(&out, &draft, options->out, &context->err) != MJ_OK) {
        return mj_context_fail(context);
    }
    mj_status status = MJ_OK;
    if (options->svg) {
        doc->print_svg(out, doc->view);
    } else {
        status = doc->print_html(out, doc->view, &colophon, context);
    }
    return close_target(context, out, &draft, status);
}

static void print_bill_svg(FILE *out, const void *view)
{
    mj_bill_print_svg(out, view, true);
}

static mj_status print_bill_html(FILE *out, const void *view, const mj_colophon *colophon,
                                 mj_context *context)
{
    return mj_bill_print_html(out, view, colophon, mj_context_facts(context), &context->arena,
                              &context->err);
}

static int report_bill(mj_context *context, int argc, char **argv)
{
    report_options options = {.out = NULL};
    mj_option more[REPORT_OPTIONS_N];
    list_report_options(more, &options);
    const mj_bill_usage usage = {
        .command = "report bill",
        .sentence = "MODEL on CHIP",
        .about = "The bill as one HTML file that needs nothing else: a Sankey of the joules,\n"
                 "every line, what the machine does, sources. Options as for bill.",
        .refuses = "verbose",
        .example = "mj report bill llama-3.1-70b on h100 --out bill.html\n"
                   "mj report bill llama-3.1-70b on h100 --svg --out bill.svg",
        .more = more,
        .n_more = REPORT_OPTIONS_N,
    };
    int exit_code;
    mj_bill_request *request = mj_bill_request_read(&exit_code, context, &usage, argc, argv);
    if (request == NULL) {
        return exit_code;
    }
    mj_bill_view view;
    if (check_options(context, &options) != MJ_OK ||
        mj_bill_request_view(&view, request, context) != MJ_OK) {
        return mj_context_fail(context);
    }
    const document doc = {&view, print_bill_svg, print_bill_html};
    return write_document(context, &doc, &options);
}

static void print_ladder_svg(FILE *out, const void *view)
{
    const mj_ladder_view *ladder = view;
    mj_ladder_print_svg(out, ladder->climb, true);
}

static mj_status print_ladder_html(FILE *out, const void *view, const mj_colophon *colophon,
                                   mj_context *context)
{
    return mj_ladder_print_html(out, view, colophon, mj_context_facts(context), &context->arena,
                                &context->err);
}

/* A ladder's climb, and the same by the other fit of a calibrated base. Large. */
typedef struct {
    mj_ladder ladder;
    mj_climb climb, other;
} climbs;

/* What is asked of a ladder; variant: index in variant_names. */
typedef struct {
    const char *name;
    double target;
    bool target_given;
    int variant;
} ladder_request;

static const char *const variant_names[] = {"", "a", "b", NULL};

static mj_status load_climbs(mj_ladder_view *view, climbs *c, mj_context *context,
                             const ladder_request *q)
{
    mj_catalogue home;
    MJ_TRY(mj_context_catalogue(context, &home));
    mj_climb_options options = {.target = q->target, .variant = q->variant == 2};
    *view = (mj_ladder_view){.climb = &c->climb};
    MJ_TRY(mj_ladder_load(&c->ladder, q->name, &home, &context->arena, &context->err));
    MJ_TRY(mj_ladder_climb(&c->climb, &c->ladder, &options, &context->arena, &context->err));
    if (mj_ladder_fits(&c->ladder) < 2) {
        return q->variant != 2 ? MJ_OK
                               : mj_err_add(&context->err, MJ_ENAME, NULL, 0, 0,
                                            "the base of %s has no fit 'b'", c->ladder.name);
    }
    options.variant = 1 - options.variant;
    view->other = &c->other;
    return mj_ladder_climb(&c->other, &c->ladder, &options, &context->arena, &context->err);
}

static int report_ladder(mj_context *context, int argc, char **argv)
{
    report_options options = {.out = NULL};
    ladder_request q = {0};
    mj_option option[REPORT_OPTIONS_N + 2];
    list_report_options(option, &options);
    option[REPORT_OPTIONS_N] =
        (mj_option){.name = "target", .argument = "FACTOR", .kind = MJ_OPTION_REAL,
                    .target = &q.target, .min = 1, .max = 1e9, .given = &q.target_given,
                    .help = "factor to reach (the file's, 1000); exit code 1 if it is not"};
    option[REPORT_OPTIONS_N + 1] =
        (mj_option){.name = "variant", .argument = "a|b", .kind = MJ_OPTION_CHOICE,
                    .target = &q.variant, .choices = variant_names,
                    .help = "fit of a calibrated base whose climb is shown (a)"};
    const mj_usage usage = {
        .sentence = "FILE",
        .about = "A ladder as one HTML file that needs nothing else: a waterfall on a logarithmic\n"
                 "axis, every rung, the last machine's bill, sources. FILE is a path or a name\n"
                 "under data/ladders.",
        .option = option,
        .n_options = REPORT_OPTIONS_N + 2,
        .refuses = "verbose",
        .example = "mj report ladder post-100b --out ladder.html",
    };
    const char *word[MJ_WORDS_MAX] = {NULL};
    int exit_code;
    if (!mj_options_parse(&exit_code, context, "report ladder", &usage, word, argc, argv)) {
        return exit_code;
    }
    climbs *c = mj_arena_alloc(&context->arena, sizeof *c);
    if (c == NULL) {
        return mj_context_fail_with(context, MJ_EMEM, "out of memory");
    }
    mj_ladder_view view;
    q.name = word[0];
    if (check_options(context, &options) != MJ_OK ||
        load_climbs(&view, c, context, &q) != MJ_OK) {
        return mj_context_fail(context);
    }
    const document doc = {&view, print_ladder_svg, print_ladder_html};
    exit_code = write_document(context, &doc, &options);
    return exit_code == MJ_EXIT_OK && q.target_given && !view.climb->reached ? MJ_EXIT_GOAL
                                                                             : exit_code;
}

int mj_cmd_report(mj_context *context, int argc, char **argv)
{
    const mj_usage usage = {
        .sentence = "bill|ladder ...",
        .about = "A document for people, one file that needs nothing else:\n"
                 "  mj report bill MODEL on CHIP --out FILE\n"
                 "  mj report ladder FILE --out FILE\n"
                 "See mj report bill --help and mj report ladder --help.",
        .example = "mj report bill llama-3.1-70b on h100 --out bill.html\n"
                   "mj report ladder post-100b --out ladder.html",
    };
    if (argc > 1 && strcmp(argv[1], "bill") == 0) {
        return report_bill(context, argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "ladder") == 0) {
        return report_ladder(context, argc - 1, argv + 1);
    }
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        const char *word[MJ_WORDS_MAX];
        int exit_code = MJ_EXIT_OK;
        mj_options_parse(&exit_code, context, "report", &usage, word, argc, argv);
        return exit_code;
    }
    return mj_context_fail_with(context, MJ_EKEY, "mj report wants bill or ladder first: mj report "
                                "bill MODEL on CHIP --out FILE, or mj report ladder FILE --out "
                                "FILE");
}
