/* Philox4x32-10: the published vectors, independence of streams, moments. */
#include "assert_rel.h"

#include "mj/rng.h"



/* kat_vectors of Random123, the authors' own distribution [salmon2011]. */
static void test_known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } rows[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t out[4];
        mj_philox(out, rows[i].counter, rows[i].key);
        assert_memory_equal(out, rows[i].want, sizeof out);
    }
}

/* Stream 0 of seed 0 begins with the block of counter 0 under key 0, then counter 1. */
static void test_stream_is_the_counter_sequence(void **state)
{
    (void)state;
    mj_rng rng;
    mj_rng_init(&rng, 0x1122334455667788, 0x99aabbccddeeff00);
    const uint32_t key[2] = {0x55667788, 0x11223344};
    for (uint32_t position = 0; position < 3; position++) {
        const uint32_t counter[4] = {position, 0, 0xddeeff00, 0x99aabbcc};
        uint32_t block[4];
        mj_philox(block, counter, key);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(mj_rng_u32(&rng), block[i]);
        }
    }
}

static void test_position_carries_into_the_second_word(void **state)
{
    (void)state;
    mj_rng rng;
    mj_rng_init(&rng, 1, 2);
    rng.counter[0] = 0xffffffff;
    mj_rng_u32(&rng);
    assert_int_equal(rng.counter[0], 0);
    assert_int_equal(rng.counter[1], 1);
    assert_int_equal(rng.counter[2], 2);
}

static void test_copy_repeats(void **state)
{
    (void)state;
    mj_rng rng;
    mj_rng_init(&rng, 7, 3);
    mj_rng_normal(&rng); /* leaves the second value of the pair in the state */
    mj_rng copy = rng;
    for (int i = 0; i < 11; i++) {
        double a = mj_rng_normal(&rng), b = mj_rng_normal(&copy);
        assert_memory_equal(&a, &b, sizeof a);
    }
}

/* n = 1e6 draws: the mean of a uniform has standard error 2.9e-4, of a normal 1e-3, its variance
 * 1.4e-3, its fourth moment 1e-2. Five standard errors never fail by chance at a fixed seed twice. */
static void test_moments(void **state)
{
    (void)state;
    enum { N = 1000000 };
    mj_rng rng;
    mj_rng_init(&rng, 42, 0);
    double sum = 0, m1 = 0, m2 = 0, m4 = 0, lag = 0, previous = 0;
    for (int i = 0; i < N; i++) {
        double u = mj_rng_uniform(&rng);
        assert_true(u >= 0 && u < 1);
        sum += u;
    }
    for (int i = 0; i < N; i++) {
        double x = mj_rng_normal(&rng);
        m1 += x;
        m2 += x * x;
        m4 += x * x * x * x;
        lag += x * previous;
        previous = x;
    }
    assert_rel(sum / N, 0.5, 5 * 2.9e-4 / 0.5);
    assert_true(fabs(m1 / N) < 5e-3);
    assert_rel(m2 / N, 1, 7e-3);
    assert_rel(m4 / N, 3, 5e-2);
    assert_true(fabs(lag / N) < 5e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_stream_is_the_counter_sequence),
        cmocka_unit_test(test_position_carries_into_the_second_word),
        cmocka_unit_test(test_copy_repeats),
        cmocka_unit_test(test_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
