/* Text: suggestions, hostile characters, numbers. */
#include "assert_rel.h"

#include "mj/text.h"

#include <stdio.h>
#include <string.h>

static void test_nearest(void **state)
{
    (void)state;
    const char *const names[] = {"h100", "h200", NULL, "bandwidth", "capacity", "b200"};
    size_t n = sizeof names / sizeof names[0];
    assert_string_equal(mj_text_nearest("bandwith", names, n), "bandwidth");  /* a letter lost */
    assert_string_equal(mj_text_nearest("badnwidth", names, n), "bandwidth"); /* two swapped */
    assert_string_equal(mj_text_nearest("H100", names, n), "h100");
    assert_string_equal(mj_text_nearest("h300", names, n), "h100"); /* the first of equals */
    const char *const ids[] = {"mita-llama/Llama-3.1-7B", "meta-llama/Llama-3.1-8B",
                               "meta-llama/Llama-3.2-7B", "meta-llama/Llama-3.1-405B"};
    /* One letter apart each: the longest common start, of the same organisation. */
    assert_string_equal(mj_text_nearest("meta-llama/Llama-3.1-7B", ids, 4),
                        "meta-llama/Llama-3.1-8B");
    const char *const longer[] = {"meta-llama/Llama-2-13b-hf", "meta-llama/Llama-3.1-8B-Instruct"};
    assert_string_equal(mj_text_nearest("meta-llama/Llama-3.1-8", longer, 2),
                        "meta-llama/Llama-3.1-8B-Instruct");
    assert_null(mj_text_nearest("xyzzy", names, n));
    assert_null(mj_text_nearest("", names, n));
    assert_null(mj_text_nearest("h1", names, n)); /* two away, a third of two is none */
    assert_null(mj_text_nearest("h100", names, 0));
    char longest[5000];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const one[] = {longest};
    assert_null(mj_text_nearest(longest, names, n));
    assert_null(mj_text_nearest("aaaa", one, 1));
}

static void test_clean(void **state)
{
    (void)state;
    char buf[32];
    assert_string_equal(mj_text_clean(buf, sizeof buf, "39 pJ/B µ–"), "39 pJ/B µ–");
    assert_string_equal(mj_text_clean(buf, sizeof buf, "a\x1b\n\x7f"), "a??" "?");
    assert_string_equal(mj_text_clean(buf, sizeof buf, "\xc2\x9b" "31m"), "?31m"); /* C1: CSI */
    assert_string_equal(mj_text_clean(buf, sizeof buf, "\xc3"), "?");
    assert_string_equal(mj_text_clean(buf, sizeof buf, "\xc0\xaf"), "?" "?");    /* overlong */
    assert_string_equal(mj_text_clean(buf, sizeof buf, "\xed\xa0\x80"), "?" "?" "?"); /* surrogate */
    assert_string_equal(mj_text_clean(buf, sizeof buf, "a\xe2\x80\xae" "b"), "a?b"); /* U+202E */
    assert_string_equal(mj_text_clean(buf, 4, "aaµ"), "aa");
    assert_string_equal(mj_text_clean(buf, 5, "aaµ"), "aaµ");
    assert_string_equal(mj_text_clean(buf, 1, "a"), "");
    assert_ptr_equal(mj_text_clean(buf, 0, "a"), buf);
    assert_true(mj_text_is_clean("µ × €", strlen("µ × €")));
    assert_false(mj_text_is_clean("a\0b", 3));
    assert_false(mj_text_is_clean("\xe2\x82", 2));
    assert_int_equal(mj_text_width("39 µJ ×"), 7);
}

/* What a shell makes of the word is the text. */
static void test_shell_word(void **state)
{
    (void)state;
    static const char *const texts[] = {"plain/word-1.yaml", "my chip", "a'b", "$(touch x)", "", "a;b*\\"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char word[64], command[128], said[64] = "";
        snprintf(command, sizeof command, "printf %%s %s", mj_text_shell_word(word, sizeof word, texts[i]));
        FILE *shell = popen(command, "r");
        assert_non_null(shell);
        said[fread(said, 1, sizeof said - 1, shell)] = '\0';
        assert_int_equal(pclose(shell), 0);
        assert_string_equal(said, texts[i]);
    }
    char small[4];
    assert_string_equal(mj_text_shell_word(small, sizeof small, "a b c"), "'a ");
}

static void test_number(void **state)
{
    (void)state;
    double value = 0;
    assert_int_equal(mj_text_number("3.9e-11 J", &value), 7);
    assert_rel(value, 3.9e-11, 0);
    assert_int_equal(mj_text_number("-.5", &value), 3);
    assert_rel(value, -0.5, 0);
    assert_int_equal(mj_text_number("5eV", &value), 1);
    assert_int_equal(mj_text_number("5e+", &value), 1);
    assert_int_equal(mj_text_number("1e999", &value), 5);
    assert_true(isinf(value));
    assert_int_equal(mj_text_number("nan", &value), 0);
    assert_int_equal(mj_text_number("inf", &value), 0);
    assert_int_equal(mj_text_number(" 1", &value), 0);
    assert_int_equal(mj_text_number(".", &value), 0);
    assert_int_equal(mj_text_number("+", &value), 0);
    assert_int_equal(mj_text_number("", &value), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_shell_word),
        cmocka_unit_test(test_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
