/* Fuzz target: units. The text up to the first newline is parsed as a value, the rest names the
 * wanted unit. Whatever goes in, a value that comes out is finite and can be printed. */
#include "mj/units.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX_B = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mj_units *units; /* immutable once made, and slow to make */
    if (units == NULL) {
        units = mj_units_new();
    }
    if (units == NULL || size >= TEXT_MAX_B) {
        return 0;
    }
    char text[TEXT_MAX_B];
    memcpy(text, data, size);
    text[size] = '\0';
    char *want = strchr(text, '\n');
    if (want != NULL) {
        *want++ = '\0';
    } else {
        want = text + strlen(text);
    }
    char why[256], unit[64], shown[128];
    double value;
    if (mj_units_parse(units, text, want, &value, why, sizeof why) == MJ_OK) {
        if (!isfinite(value)) {
            abort();
        }
        mj_units_format(value, want, shown, sizeof shown);
    }
    if (mj_units_split(units, text, &value, unit, sizeof unit, why, sizeof why) == MJ_OK &&
        !isfinite(value)) {
        abort();
    }
    double factor;
    mj_units_factor(units, want, "J/B", &factor);
    return 0;
}
