/* RAPL: joules of a processor's packages, by the counters that Linux shows below /sys/class/powercap.
 *
 *   ROOT/intel-rapl:0/name                  package-0
 *   ROOT/intel-rapl:0/energy_uj             counts up, and begins at 0 again after
 *   ROOT/intel-rapl:0/max_energy_range_uj   so many
 *
 * Packages alone: cores (intel-rapl:0:0) are inside them, a whole board (psys) holds them. A package counts all
 * that runs on it, idle cores too. Most systems let only root read the counters. */
#ifndef MJ_RAPL_H
#define MJ_RAPL_H

#include <stdbool.h>

enum { MJ_RAPL_PACKAGES_MAX = 16, MJ_RAPL_PATH_MAX = 256 };
#define MJ_RAPL_ROOT "/sys/class/powercap"

typedef struct {
    int n;
    char folder[MJ_RAPL_PACKAGES_MAX][MJ_RAPL_PATH_MAX];
    double range_J[MJ_RAPL_PACKAGES_MAX], last_J[MJ_RAPL_PACKAGES_MAX];
} mj_rapl;

/* False where no package can be read. */
bool mj_rapl_open(mj_rapl *rapl, const char *root);
/* Joules of all packages since the last call, or since opened; false where a counter has gone. A counter that
 * is lower than before has begun again once: more often is not seen, so ask before mj_rapl_safe_s are over. */
bool mj_rapl_read(double *joules, mj_rapl *rapl);
/* Seconds in which no counter begins again twice. */
double mj_rapl_safe_s(const mj_rapl *rapl);

#endif
