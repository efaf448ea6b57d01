/* Number formats: one table, read by name and by size. */
#include "mj/format.h"

#include <string.h>

#define FORMAT_NAME(name, text, bits) [MJ_FORMAT_##name] = text,
const char *const mj_format_names[] = {"", MJ_FORMAT_LIST(FORMAT_NAME) NULL};
#undef FORMAT_NAME

double mj_format_bytes(mj_format format)
{
#define FORMAT_BITS(name, text, bits) [MJ_FORMAT_##name] = (bits),
    static const double bits[] = {MJ_FORMAT_LIST(FORMAT_BITS)};
#undef FORMAT_BITS
    return bits[format] / 8;
}

mj_format mj_format_parse(const char *text)
{
    for (int i = 1; mj_format_names[i]; i++) {
        if (strcmp(mj_format_names[i], text) == 0) {
            return (mj_format)i;
        }
    }
    return MJ_FORMAT_NONE;
}
