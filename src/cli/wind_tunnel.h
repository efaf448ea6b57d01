/* Wind tunnel: what the tunnels of all circuits share: a simulation of the circuit as a row. */
#ifndef MJ_CLI_WIND_TUNNEL_H
#define MJ_CLI_WIND_TUNNEL_H

#include "mj/json.h"

#include <stdbool.h>

/* Of one evaluation of the circuit: seconds of a processor, 0: none, it is no program here; metered: joules by
 * RAPL, not by watts. */
typedef struct {
    double seconds, joules;
    bool metered;
} mj_tunnel_row;

/* A line: what, its joules, and how many times the joules of each of n circuits that is. */
void mj_tunnel_row_print(const char *what, double joules, const double *circuit_J, int n);
/* seconds, joules, whether metered, and times the circuit. */
mj_json *mj_tunnel_row_json(const mj_tunnel_row *row, double circuit_J);

#endif
