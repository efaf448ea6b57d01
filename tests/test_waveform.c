/* Waveforms against what is known of sines and polygons. */
#include "assert_rel.h"

#include "mj/waveform.h"

static const double PI = 3.14159265358979323846;
enum { N = 20001 };

/* Uneven steps, as SPICE takes them; 20 turns. */
static mj_waveform make_sine(double *time, double *value)
{
    for (int i = 0; i < N; i++) {
        double even = 20.0 * i / (N - 1);
        time[i] = even + 2e-4 * sin(17 * even);
        value[i] = 0.3 + sin(2 * PI * (time[i] - 0.2));
    }
    return (mj_waveform){time, value, N};
}

static void test_crossings_of_a_sine(void **state)
{
    (void)state;
    static double time[N], value[N];
    const mj_waveform wave = make_sine(time, value);
    double up[32], down[32];
    assert_int_equal(mj_waveform_crossings(up, 32, &wave, 0.3, true), 20);
    assert_int_equal(mj_waveform_crossings(down, 3, &wave, 0.3, false), 20);
    for (int k = 0; k < 20; k++) {
        /* A chord of 1e-3 of a turn misses a zero of a sine by less than its cube. */
        assert_true(fabs(up[k] - (k + 0.2)) < 1e-7);
    }
    assert_true(fabs(down[2] - 2.7) < 1e-7);
    for (double when = 0.5; when < 19.5; when += 0.31) {
        assert_true(fabs(mj_crossing_phase(up, 20, when) - 2 * PI * (when - 0.2)) < 1e-5);
    }
    assert_int_equal(mj_waveform_crossings(NULL, 0, &wave, 2, true), 0);
}

/* A point on the level is one crossing, and a touch from above is none. */
static void test_crossings_at_points(void **state)
{
    (void)state;
    static const double time[] = {0, 1, 2, 3, 4, 5, 6}, value[] = {-1, 0, 1, 0, 1, -1, 1};
    const mj_waveform wave = {time, value, 7};
    double up[4];
    assert_int_equal(mj_waveform_crossings(up, 4, &wave, 0, true), 2);
    assert_rel(up[0], 1, 1e-15);
    assert_rel(up[1], 5.5, 1e-15);
}

static void test_integral(void **state)
{
    (void)state;
    /* A polygon: its area is known by hand, with ends inside segments and on points. */
    static const double time[] = {0, 1, 3, 4}, value[] = {0, 4, 0, 0};
    const mj_waveform polygon = {time, value, 4};
    assert_rel(mj_waveform_integral(&polygon, 0, 4), 2 + 4, 1e-15);
    assert_rel(mj_waveform_integral(&polygon, 0.5, 1), 1.5, 1e-15);
    assert_rel(mj_waveform_integral(&polygon, 2, 3.5), 1, 1e-15);
    assert_rel(mj_waveform_integral(&polygon, 1.25, 1.5), 0.25 * (3.5 + 3) / 2, 1e-14);
    /* A step: two points of one time, of which the later value goes on, wherever it lies. */
    static const double step_time[] = {0, 1, 1, 2, 2}, step_value[] = {1, 1, 3, 3, 7};
    const mj_waveform step = {step_time, step_value, 5};
    assert_rel(mj_waveform_integral(&step, 0, 2), 1 + 3, 1e-15);
    assert_rel(mj_waveform_integral(&step, 0.5, 1.5), 0.5 + 1.5, 1e-15);
    assert_rel(mj_waveform_integral(&step, 1, 1.5), 1.5, 1e-15);
    assert_rel(mj_waveform_integral(&step, 0, 1), 1, 1e-15);
    static double sine_time[N], sine[N];
    const mj_waveform wave = make_sine(sine_time, sine);
    /* Trapezoids of a thousandth of a turn: second order, 1e-6 of the amplitude. */
    assert_rel(mj_waveform_integral(&wave, 1.2, 1.7), 0.15 + 1 / PI, 1e-5);
    assert_rel(mj_waveform_integral(&wave, 1.2, 11.2), 3, 1e-5);
    assert_rel(mj_waveform_at(&wave, 1.45), 1.3, 1e-5);
    assert_rel(mj_waveform_at(&wave, -1), value[0] + sine[0], 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crossings_of_a_sine),
        cmocka_unit_test(test_crossings_at_points),
        cmocka_unit_test(test_integral),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
