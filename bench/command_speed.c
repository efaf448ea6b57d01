/* Command speed: wall time of whole commands, from fork to exit, output thrown away. Median of 101
 * runs after one that warms the page cache.
 *
 *     command_speed PATH_OF_MJ         prints one figure a line (bench/run bill) */
#define _GNU_SOURCE
#include "figure.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS = 101, WORDS_MAX = 8 };

/* Seconds of one run; NaN if the command fails. */
static double run_once(char *const *word)
{
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child;
    int status = -1;
    double start = seconds_now();
    bool ran = posix_spawn(&child, word[0], &quiet, NULL, word, environ) == 0 &&
               waitpid(child, &status, 0) == child;
    double took = seconds_now() - start;
    posix_spawn_file_actions_destroy(&quiet);
    return ran && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? took : NAN;
}

static double median_time(char *const *word)
{
    double took[RUNS];
    run_once(word);
    for (int i = 0; i < RUNS; i++) {
        took[i] = run_once(word);
        if (isnan(took[i])) {
            return NAN;
        }
    }
    qsort(took, RUNS, sizeof *took, compare_doubles);
    return took[RUNS / 2];
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: command_speed PATH_OF_MJ\n");
        return 2;
    }
    char bill[] = "bill", model[] = "llama-3.1-70b", on[] = "on", chip[] = "h100";
    char *const bare_words[WORDS_MAX] = {argv[1]};
    char *const bill_words[WORDS_MAX] = {argv[1], bill, model, on, chip};
    figure_print("bill.command", median_time(bill_words), "s", NAN, 15e-3);
    figure_print("bill.bare_mj", median_time(bare_words), "s", NAN, 10e-3);
    return 0;
}
