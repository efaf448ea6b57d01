/* Power: joules of programs on this processor, the same way in all wind tunnels: by RAPL where its counters can
 * be read, else seconds of a processor times the watts of a busy core, those given or the fact rc.core. */
#ifndef MJ_CLI_POWER_H
#define MJ_CLI_POWER_H

#include "context.h"
#include "mj/rapl.h"
#include "wind_tunnel.h"

#define MJ_POWER_HELP "of a busy core (else RAPL where readable, else 10 W: the fact rc.core)"
enum { MJ_POWER_TEXT = 96 };

typedef struct {
    double core_W;
    bool is_given;   /* by --watts, before all else */
    bool has_rapl;
    mj_rapl rapl;
    double begin_s;
} mj_power;

/* watts 0: not given. */
mj_status mj_power_find(mj_power *power, mj_context *context, double watts_W);
/* Joules of the packages from one to the other; 0: not known. */
void mj_power_begin(mj_power *power);
double mj_power_end_J(mj_power *power);
/* One of n evaluations that took so many seconds of a processor; package_J 0: not known. */
mj_tunnel_row mj_power_row(const mj_power *power, double busy_s, double package_J, double n);
/* Runs it as often as takes 0.3 s, once before; a run is n evaluations. */
mj_tunnel_row mj_power_time(mj_power *power, void (*run)(void *user), void *user, double n);
/* How joules came about. Returns buf. */
char *mj_power_text(char buf[MJ_POWER_TEXT], const mj_power *power);

#endif
