/* Number formats: names and sizes, as the standards of the block formats give them. */
#include "mj/format.h"

#include "assert_rel.h"

/* MX: 32 values of 4 bits share 8 bits of scale, 4.25 bit each [ocp2023]; NVFP4: 16 values share 8,
 * 4.5 bit each [nvidia-b200]. */
static void test_block_scales_are_counted(void **state)
{
    (void)state;
    assert_rel(mj_format_bytes(MJ_FORMAT_MXFP4), (32 * 4 + 8) / 32.0 / 8, 1e-15);
    assert_rel(mj_format_bytes(MJ_FORMAT_NVFP4), (16 * 4 + 8) / 16.0 / 8, 1e-15);
    assert_rel(mj_format_bytes(MJ_FORMAT_BF16), 2, 0);
    assert_rel(mj_format_bytes(MJ_FORMAT_BINARY), 1 / 8.0, 0);
    /* Five ternary digits fit a byte: 3^5 = 243; no packing beats log2(3) = 1.585 bit. */
    assert_rel(mj_format_bytes(MJ_FORMAT_TERNARY), 1 / 5.0, 1e-15);
}

static void test_names_are_read_back(void **state)
{
    (void)state;
    int n = 0;
    for (int i = 1; mj_format_names[i]; i++, n++) {
        assert_int_equal(mj_format_parse(mj_format_names[i]), i);
        assert_true(mj_format_bytes((mj_format)i) > 0);
    }
    assert_true(n >= 14);
    assert_int_equal(mj_format_parse("int5"), MJ_FORMAT_NONE);
    assert_int_equal(mj_format_parse(""), MJ_FORMAT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_scales_are_counted),
        cmocka_unit_test(test_names_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
