/* Power: meter or stated watts (power.h). */
#include "power.h"

#include "mj/clock.h"

static const double TIMING_S = 0.3; /* RAPL counts every ms */

mj_status mj_power_find(mj_power *power, mj_context *context, double watts_W)
{
    mj_quantity core;
    mj_facts *facts = mj_context_facts(context);
    *power = (mj_power){.core_W = watts_W, .is_given = watts_W > 0};
    power->has_rapl = mj_rapl_open(&power->rapl, MJ_RAPL_ROOT);
    if (power->is_given) {
        return MJ_OK;
    }
    if (!facts) {
        return MJ_EFILE;
    }
    MJ_TRY(mj_facts_quantity(&core, facts, "rc.core", "W", 0, &context->err));
    power->core_W = core.typ;
    return MJ_OK;
}

void mj_power_begin(mj_power *power)
{
    double before_J;
    power->has_rapl = power->has_rapl && mj_rapl_read(&before_J, &power->rapl);
    power->begin_s = mj_clock_s();
}

double mj_power_end_J(mj_power *power)
{
    double joules;
    power->has_rapl = power->has_rapl && mj_rapl_read(&joules, &power->rapl);
    return power->has_rapl && mj_clock_s() - power->begin_s < mj_rapl_safe_s(&power->rapl) ? joules : 0;
}

mj_tunnel_row mj_power_row(const mj_power *power, double busy_s, double package_J, double n)
{
    bool metered = package_J > 0 && !power->is_given;
    return (mj_tunnel_row){busy_s / n, (metered ? package_J : busy_s * power->core_W) / n, metered};
}

mj_tunnel_row mj_power_time(mj_power *power, void (*run)(void *user), void *user, double n)
{
    double begin_s, busy_s;
    int n_runs = 0;
    run(user);
    mj_power_begin(power);
    begin_s = mj_clock_busy_s();
    do {
        run(user);
        n_runs++;
        busy_s = mj_clock_busy_s() - begin_s;
    } while (busy_s < TIMING_S);
    return mj_power_row(power, busy_s, mj_power_end_J(power), n_runs * n);
}

char *mj_power_text(char buf[MJ_POWER_TEXT], const mj_power *power)
{
    if (power->is_given) {
        snprintf(buf, MJ_POWER_TEXT, "%g W a core, given by --watts", power->core_W);
    } else if (power->has_rapl) {
        snprintf(buf, MJ_POWER_TEXT, "of the whole processor by RAPL, where metered; else %g W a core", power->core_W);
    } else {
        snprintf(buf, MJ_POWER_TEXT, "%g W a core, the fact rc.core: RAPL cannot be read here", power->core_W);
    }
    return buf;
}
