/* Arena: alignment, zeroing, limits, growth. */
#include "assert_rel.h"

#include "mj/arena.h"

#include <string.h>

static void test_memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    unsigned char *before = NULL;
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *memory = mj_arena_alloc(&arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % (size >= 64 ? 64 : 16), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(memory[i], 0);
        }
        memset(memory, 0xAB, size); /* would show as non-zero in a later, overlapping block */
        assert_ptr_not_equal(memory, before);
        before = memory;
    }
    mj_arena_fini(&arena);
}

static void test_limit_holds_and_fini_resets(void **state)
{
    (void)state;
    mj_arena arena;
    mj_arena_init(&arena, 1000);
    assert_non_null(mj_arena_alloc(&arena, 600));
    assert_null(mj_arena_alloc(&arena, 600));
    assert_non_null(mj_arena_alloc(&arena, 400));
    assert_int_equal(arena.used_B, 1000);
    assert_null(mj_arena_alloc(&arena, 1));
    mj_arena_fini(&arena);
    assert_int_equal(arena.used_B, 0);
    assert_non_null(mj_arena_alloc(&arena, 1000));
    mj_arena_fini(&arena);
}

static void test_overflow_is_refused(void **state)
{
    (void)state;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    assert_null(mj_arena_array(&arena, SIZE_MAX / 2, 3));
    assert_null(mj_arena_alloc(&arena, SIZE_MAX));
    assert_null(mj_arena_alloc(&arena, SIZE_MAX - 64));
    assert_null(mj_arena_text(&arena, "", SIZE_MAX));
    assert_non_null(mj_arena_array(&arena, 0, 8));
    mj_arena_fini(&arena);
}

static void test_text_and_printf(void **state)
{
    (void)state;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    assert_string_equal(mj_arena_text(&arena, "abcdef", 3), "abc");
    assert_string_equal(mj_arena_text(&arena, NULL, 0), "");
    assert_string_equal(mj_arena_printf(&arena, "%s.%d", "dram", 7), "dram.7");
    char *large = mj_arena_printf(&arena, "%100000d", 1);
    assert_int_equal(strlen(large), 100000);
    mj_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(test_limit_holds_and_fini_resets),
        cmocka_unit_test(test_overflow_is_refused),
        cmocka_unit_test(test_text_and_printf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
