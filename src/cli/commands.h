/* Commands: one function each, in cmd_NAME.c; main.c holds the table.
 *
 * argv[0] is the command's name. Returns an mj_exit code; the result goes to stdout, everything
 * else to stderr. */
#ifndef MJ_CLI_COMMANDS_H
#define MJ_CLI_COMMANDS_H

#include "context.h"
#include "mj/json.h"

int mj_cmd_bill(mj_context *context, int argc, char **argv);
int mj_cmd_explain(mj_context *context, int argc, char **argv);
int mj_cmd_ladder(mj_context *context, int argc, char **argv);
int mj_cmd_validate(mj_context *context, int argc, char **argv);
int mj_cmd_report(mj_context *context, int argc, char **argv);
int mj_cmd_measure(mj_context *context, int argc, char **argv);
int mj_cmd_list(mj_context *context, int argc, char **argv);
int mj_cmd_check(mj_context *context, int argc, char **argv);
int mj_cmd_doctor(mj_context *context, int argc, char **argv);

/* Sets schema, version, commit, build and compiler, of mj doctor and of mj --version. */
void mj_version_set(mj_json *root);
/* train, eval, sample and realize: becomes mj-train; returns only if that cannot be started. */
int mj_cmd_launch(mj_context *context, int argc, char **argv);

#endif
