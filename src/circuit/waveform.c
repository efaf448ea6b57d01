/* Waveform: see waveform.h. Points are found by halving, so that a signal of a million points is
 * asked a thousand times in no time. */
#include "mj/waveform.h"

#include <math.h>

static const double TWO_PI = 6.283185307179586;

size_t mj_waveform_crossings(double *when, size_t most, const mj_waveform *wave, double level,
                             bool upwards)
{
    size_t n = 0;
    double sign = upwards ? 1 : -1;
    for (size_t i = 1; i < wave->n; i++) {
        double before = sign * (wave->value[i - 1] - level), after = sign * (wave->value[i] - level);
        if (before < 0 && after >= 0) {
            double step = wave->time[i] - wave->time[i - 1];
            if (when && n < most) {
                when[n] = wave->time[i - 1] + step * before / (before - after);
            }
            n++;
        }
    }
    return n;
}

/* The last of n rising numbers that is not above `x`; 0 if none is. */
static size_t find_below(const double *rising, size_t n, double x)
{
    size_t low = 0, high = n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (rising[middle] <= x) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

double mj_waveform_at(const mj_waveform *wave, double when)
{
    size_t i = find_below(wave->time, wave->n, when);
    if (i + 1 == wave->n || when <= wave->time[0]) {
        return wave->value[i];
    }
    double step = wave->time[i + 1] - wave->time[i];
    double share = step > 0 ? (when - wave->time[i]) / step : 0;
    return wave->value[i] + share * (wave->value[i + 1] - wave->value[i]);
}

double mj_waveform_integral(const mj_waveform *wave, double from, double to)
{
    double sum = 0, time = from, value = mj_waveform_at(wave, from);
    for (size_t i = find_below(wave->time, wave->n, from); i < wave->n && wave->time[i] <= to; i++) {
        if (wave->time[i] >= time) { /* at a jump, two points of one time, the later value goes on */
            sum += 0.5 * (value + wave->value[i]) * (wave->time[i] - time);
            time = wave->time[i];
            value = wave->value[i];
        }
    }
    return sum + 0.5 * (value + mj_waveform_at(wave, to)) * (to - time);
}

double mj_crossing_phase(const double *crossing, size_t n, double when)
{
    size_t i = find_below(crossing, n - 1, when);
    return TWO_PI * ((double)i + (when - crossing[i]) / (crossing[i + 1] - crossing[i]));
}
