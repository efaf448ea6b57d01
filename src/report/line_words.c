/* A line's count and the energy of one, with their units, for people.
 *
 * A count has the unit of what is counted, so the energy of one has joules per that: watts for a
 * count of seconds, a bare share for a count of joules (an overhead). */
#include "line_words.h"

#include "mj/report.h"
#include "mj/units.h"
#include <string.h>

enum { NUMBER = 32 };

char *mj_count_format(double count, const char *unit, char *buf, size_t size)
{
    static const char *const prefixed[] = {"B", "s", "J", "W", "FLOP", "MAC"};
    for (size_t i = 0; i < sizeof prefixed / sizeof prefixed[0]; i++) {
        if (strcmp(unit, prefixed[i]) == 0) {
            return mj_units_format(count, unit, buf, size);
        }
    }
    char number[NUMBER];
    bool bare = *unit == '\0' || strcmp(unit, "1") == 0;
    snprintf(buf, size, bare ? "%s%s" : "%s %s", mj_number_format(count, number, sizeof number),
             bare ? "" : unit);
    return buf;
}

char *mj_line_unit_format(const mj_line *line, char *buf, size_t size)
{
    const char *unit = line->count_unit ? line->count_unit : "1";
    if (strcmp(unit, "s") == 0) {
        return mj_units_format(line->unit_J, "W", buf, size);
    }
    if (strcmp(unit, "J") == 0) {
        return mj_number_format(line->unit_J, buf, size);
    }
    char per[NUMBER];
    snprintf(per, sizeof per, strcmp(unit, "1") == 0 ? "J" : "J/%s", unit);
    for (char *blank = strchr(per, ' '); blank; blank = strchr(blank, ' ')) {
        *blank = '/'; /* of a product "B m": J/B/m */
    }
    return mj_units_format(line->unit_J, per, buf, size);
}
