/* mj: the table of commands, and what surrounds a command.
 *
 * To add a command: a function in cmd_NAME.c, its prototype in commands.h, one row here. Nothing is
 * loaded before the command asks for it; that keeps a bare `mj` under 10 ms.
 *
 * A result that could not be written is a failure, mj_output_finish. */
#include "commands.h"
#include "config.h"
#include "mj/text.h"
#include "options.h"
#include "version.h"
#include <signal.h>
#include <string.h>

typedef struct {
    const char *name, *help;
    int (*run)(mj_context *context, int argc, char **argv);
} mj_command;

static const mj_command commands[] = {
    {"bill", "joules per output of a model on a chip, by cause", mj_cmd_bill},
    {"explain", "one line of a bill: formula, counts, fact, source", mj_cmd_explain},
    {"ladder", "factors climbed: the bill after every rung, towards 1000x", mj_cmd_ladder},
    {"validate", "predicted against measured energy", mj_cmd_validate},
    {"report", "a bill or a ladder as one HTML file", mj_cmd_report},
    {"train", "train a recipe: images, text, look-up tables", mj_cmd_launch},
    {"eval", "how good a trained model is, on imperfect chips too", mj_cmd_launch},
    {"sample", "what a trained model makes: images as a PNG, text", mj_cmd_launch},
    {"realize", "a trained model as a circuit of gates or of transistors", mj_cmd_launch},
    {"measure", "what a circuit does and costs: gates, a ring oscillator", mj_cmd_measure},
    {"list", "the catalogue: models, chips, ladders, facts, sources", mj_cmd_list},
    {"check", "check a chip, a model, facts, a ladder, a config.json or a GGUF file", mj_cmd_check},
    {"doctor", "which tools and data are here", mj_cmd_doctor},
};
enum { COMMANDS_N = sizeof commands / sizeof commands[0] };

static void print_first_steps(void)
{
    fputs("mj bills a generative model on a machine, joule by joule. Try\n"
          "  mj bill llama-3.1-70b on h100   joules per token, by cause\n"
          "  mj list models                  what can be billed (also: chips, facts, sources)\n"
          "  mj validate                     predictions against measured machines\n"
          "\n"
          "mj help lists all commands, mj help COMMAND explains one.\n",
          stdout);
}

static void print_help(void)
{
    printf("mj COMMAND [options]\n\nCommands\n");
    for (int i = 0; i < COMMANDS_N; i++) {
        printf("  %-24s %s\n", commands[i].name, commands[i].help);
    }
    printf("  %-24s %s\n\nGlobal options\n", "help [COMMAND]", "this text, or a command's");
    mj_options_print_globals(stdout);
    printf("\nExit codes: 0 done, 1 goal not met, 2 bad input or a result that cannot\n"
           "be written, 3 a tool is missing, 4 internal.\n");
}

static const mj_command *find_command(mj_context *context, const char *name)
{
    const char *names[COMMANDS_N + 1];
    for (int i = 0; i < COMMANDS_N; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
        names[i] = commands[i].name;
    }
    names[COMMANDS_N] = "help";
    const char *near = mj_text_nearest(name, names, COMMANDS_N + 1);
    if (near != NULL) {
        mj_err_add(&context->err, MJ_ENAME, NULL, 0, 0,
                   "unknown command '%s' (did you mean '%s'?)", name, near);
    } else {
        mj_err_add(&context->err, MJ_ENAME, NULL, 0, 0,
                   "unknown command '%s'; mj help lists the commands", name);
    }
    return NULL;
}

static int run_command(mj_context *context, int argc, char **argv)
{
    bool help = strcmp(argv[0], "help") == 0;
    if (help && (argc < 2 || argv[1][0] == '-' || strcmp(argv[1], "help") == 0)) {
        print_help();
        return MJ_EXIT_OK;
    }
    const mj_command *command = find_command(context, argv[help ? 1 : 0]);
    if (command == NULL) {
        return mj_context_fail(context);
    }
    if (help) {
        char option[] = "--help";
        char *arguments[] = {argv[1], option, NULL};
        return command->run(context, 2, arguments);
    }
    return command->run(context, argc, argv);
}

/* With --json the first members of what mj doctor prints. */
static int print_version(mj_context *context)
{
    if (!context->globals.json) {
        printf("mj %s (%s)\n", MJ_VERSION, MJ_COMMIT);
        return MJ_EXIT_OK;
    }
    mj_json *root = mj_json_object();
    mj_version_set(root);
    mj_status status = mj_json_print(root, stdout, &context->err);
    mj_json_free(root);
    return status == MJ_OK ? MJ_EXIT_OK : mj_context_fail(context);
}

static int run(mj_context *context, int argc, char **argv)
{
    bool help = false, version = false;
    int first = mj_options_parse_globals(context, &help, &version, argc, argv);
    if (first < 0) {
        return mj_context_fail(context);
    }
    if (version) {
        return print_version(context);
    }
    if (help) {
        print_help();
    } else if (first < argc) {
        return run_command(context, argc - first, argv + first);
    } else {
        print_first_steps();
    }
    return MJ_EXIT_OK;
}

int main(int argc, char **argv)
{
    mj_context context;
    signal(SIGXFSZ, SIG_IGN); /* a limit on files is met as a full disk is: by an error and no half file */
    mj_context_init(&context);
    context.argc = argc;
    context.argv = argv;
    int exit_code = run(&context, argc, argv);
    mj_context_fini(&context);
    return mj_output_finish(exit_code);
}
