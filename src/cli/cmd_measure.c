/* mj measure: what a circuit does, from a simulation of its transistors or gates. The second word says
 * of which; each has a file of its own. */
#include "commands.h"
#include "measure.h"
#include "mj/rc_folder.h"
#include "mj/text.h"
#include "options.h"
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *word, *help;
    int (*run)(mj_context *context, int argc, char **argv);
} circuits[] = {
    {"ring", "a ring oscillator and its coupling, in ngspice", mj_measure_ring},
    {"cells", "what starts, trims, couples and reads rings", mj_measure_cells},
    {"crossbar", "a matrix of conductances: error, noise, energy; ngspice checks it", mj_measure_crossbar},
    {"card", "transistor models, fitted to a library's inverter", mj_measure_card},
};
enum { CIRCUITS_N = sizeof circuits / sizeof circuits[0] };

mj_status mj_measure_prepare_folder(const char *folder, mj_err *err)
{
    int n = 0;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return mj_err_add(err, MJ_EFILE, folder, 0, 0, "cannot make this folder: %s", strerror(errno));
    }
    DIR *list = opendir(folder);
    if (!list) {
        return mj_err_add(err, MJ_EFILE, folder, 0, 0, "not a folder: %s", strerror(errno));
    }
    while (readdir(list)) {
        n++;
    }
    closedir(list);
    return n == 2 ? MJ_OK : mj_err_add(err, MJ_EFILE, folder, 0, 0, "--out wants an empty folder");
}

static int print_help(void)
{
    printf("mj measure CIRCUIT [options]\n\n  %-24s %s\n", "DIR",
           "what `mj realize` wrote: energy, area, delay of its gates");
    for (int i = 0; i < CIRCUITS_N; i++) {
        printf("  %-24s %s\n", circuits[i].word, circuits[i].help);
    }
    printf("\nmj measure CIRCUIT --help explains one.\n");
    return MJ_EXIT_OK;
}

/* A folder stands for the circuit in it. */
static bool is_folder(const char *word)
{
    struct stat info;
    return stat(word, &info) == 0 && S_ISDIR(info.st_mode);
}

int mj_cmd_measure(mj_context *context, int argc, char **argv)
{
    const char *names[CIRCUITS_N];
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        return argc < 2 ? mj_context_fail_with(context, MJ_EKEY,
                                               "mj measure wants a circuit; mj measure --help lists them")
                        : print_help();
    }
    for (int i = 0; i < CIRCUITS_N; i++) {
        if (strcmp(argv[1], circuits[i].word) == 0) {
            return circuits[i].run(context, argc - 1, argv + 1);
        }
        names[i] = circuits[i].word;
    }
    for (int i = 1; i < argc; i++) {
        if (is_folder(argv[i]) && mj_is_ring_net(argv[i])) {
            return mj_measure_rings(context, argc, argv);
        }
        if (is_folder(argv[i]) || strcmp(argv[1], "DIR") == 0) {
            return is_folder(argv[i]) && mj_rc_folder_is(argv[i], &context->arena)
                       ? mj_measure_rc(context, argc, argv)
                       : mj_measure_digital(context, argc, argv);
        }
    }
    const char *near = mj_text_nearest(argv[1], names, CIRCUITS_N);
    return mj_context_fail_with(context, MJ_ENAME,
                                "no circuit '%s'%s%s%s, and no folder of mj realize; mj measure --help lists "
                                "circuits", argv[1], near ? " (did you mean '" : "", near ? near : "",
                                near ? "'?)" : "");
}
