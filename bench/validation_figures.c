/* The goals of mj validate on the shipped table, one figure a line (bench/run validate).
 *
 *     validation_figures SOURCE_ROOT */
#include "figure.h"
#include "shipped.h"

int main(int argc, char **argv)
{
    const char *root = argc > 1 ? argv[1] : ".";
    shipped s;
    mj_validation v;
    mj_group *group;
    int n_groups;
    bool ok = shipped_init(&s, root) && shipped_validate(&v, &s, root) &&
              mj_validation_groups(&group, &n_groups, &v, &s.arena, &s.err) == MJ_OK;
    if (ok) {
        mj_goal goal[MJ_GOALS_MAX];
        int n = mj_validation_goals(goal, group, n_groups, &v);
        figure_print("validate.rows", v.n_rows, "1", NAN, NAN);
        for (int i = 0; i < n; i++) {
            const mj_goal *g = &goal[i];
            bool at_most = g->lo == 0, at_least = g->hi == 1;
            char name[128];
            snprintf(name, sizeof name, "validate.%s.%s%s.%s", g->task, g->gpu,
                     g->devices[0] == '1'   ? ".one"
                     : g->devices[0] == '>' ? ".several"
                                            : "",
                     g->what);
            figure_print(name, g->value, "1", at_most ? NAN : g->lo, at_least ? NAN : g->hi);
        }
    }
    shipped_complain(&s);
    shipped_fini(&s);
    return ok ? 0 : 4;
}
