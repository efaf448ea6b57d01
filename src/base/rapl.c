/* RAPL: reads the packages' counters (rapl.h). */
#include "mj/rapl.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_B = 64 };
static const double MICRO = 1e-6;
static const double PACKAGE_W = 500; /* more than a package draws for long [assumed] */

static bool read_text(char text[TEXT_B], const char *folder, const char *name)
{
    char path[MJ_RAPL_PATH_MAX + TEXT_B];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *in = fopen(path, "r");
    bool there = in && fgets(text, TEXT_B, in);
    if (in) {
        fclose(in);
    }
    return there;
}

static bool read_J(double *joules, const char *folder, const char *name)
{
    char text[TEXT_B], *end;
    if (!read_text(text, folder, name)) {
        return false;
    }
    *joules = MICRO * strtod(text, &end);
    return end != text && *joules >= 0 && isfinite(*joules);
}

/* intel-rapl:N; with a second number it is a part of one. */
static bool is_zone(const char *name)
{
    static const char before[] = "intel-rapl:";
    const char *number = name + sizeof before - 1;
    return strncmp(name, before, sizeof before - 1) == 0 && number[0] &&
           strspn(number, "0123456789") == strlen(number);
}

static void add_zone(mj_rapl *rapl, const char *root, const char *name)
{
    char text[TEXT_B], *folder = rapl->folder[rapl->n];
    int length = snprintf(folder, MJ_RAPL_PATH_MAX, "%s/%s", root, name);
    if (length < MJ_RAPL_PATH_MAX && read_text(text, folder, "name") && strncmp(text, "package", 7) == 0 &&
        read_J(&rapl->range_J[rapl->n], folder, "max_energy_range_uj") && rapl->range_J[rapl->n] > 0 &&
        read_J(&rapl->last_J[rapl->n], folder, "energy_uj")) {
        rapl->n++;
    }
}

bool mj_rapl_open(mj_rapl *rapl, const char *root)
{
    *rapl = (mj_rapl){.n = 0};
    DIR *list = opendir(root);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        if (is_zone(entry->d_name) && rapl->n < MJ_RAPL_PACKAGES_MAX) {
            add_zone(rapl, root, entry->d_name);
        }
    }
    if (list) {
        closedir(list);
    }
    return rapl->n > 0;
}

bool mj_rapl_read(double *joules, mj_rapl *rapl)
{
    *joules = 0;
    for (int i = 0; i < rapl->n; i++) {
        double now_J;
        if (!read_J(&now_J, rapl->folder[i], "energy_uj")) {
            return false;
        }
        *joules += now_J - rapl->last_J[i] + (now_J < rapl->last_J[i] ? rapl->range_J[i] : 0);
        rapl->last_J[i] = now_J;
    }
    return rapl->n > 0;
}

double mj_rapl_safe_s(const mj_rapl *rapl)
{
    double least_J = HUGE_VAL;
    for (int i = 0; i < rapl->n; i++) {
        least_J = fmin(least_J, rapl->range_J[i]);
    }
    return least_J / PACKAGE_W;
}
