/* Measured rows: which row of a table a bill is held against. Rows and figures are those of the
 * public table [zeus2025]; borders are tested on tables written here. */
#include "assert_rel.h"

#include "mj/measured.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A resolved bill of Llama-3.1-70B on H100s, by hand: only what a look-up reads. */
typedef struct {
    mj_chip chip;
    mj_model model;
    mj_bill bill;
} fixture;

static void fixture_init(fixture *f)
{
    *f = (fixture){.chip = {.name = "h100", .alias = {"h100-sxm"}, .n_aliases = 1},
                   .model = {.name = "llama-3.1-70b",
                             .id = "meta-llama/Llama-3.1-70B-Instruct",
                             .output = MJ_OUTPUT_TOKEN,
                             .params = {.attention = 70e9},
                             .precision = {.attention = MJ_FORMAT_BF16}}};
    f->bill.chip = &f->chip;
    f->bill.model = &f->model;
    f->bill.serving = (mj_serving){.batch = 64, .prompt = 220, .output = 350, .devices = 4,
                                   .precision = MJ_FORMAT_BF16, .tensor = 4, .data = 1,
                                   .boundary = MJ_BOUNDARY_BOARD};
}

static const char *public_table(char *buf, size_t size)
{
    const char *root = getenv("MJ_SOURCE_ROOT");
    snprintf(buf, size, "%s/data/measured/ml-energy-v3.csv", root ? root : ".");
    return buf;
}

static bool find(mj_measured *m, const char *path, const fixture *f, mj_arena *arena)
{
    static mj_err err;
    err = (mj_err){0};
    bool found;
    mj_status status = mj_measured_find(m, &found, path, &f->bill, arena, &err);
    if (status != MJ_OK) {
        print_error("%s\n", err.n > 0 ? err.diag[0].text : "no message");
    }
    assert_int_equal(status, MJ_OK);
    return found;
}

/* Writes a table of one row to a file and says whether the bill finds it. */
static bool finds_row(const fixture *f, const char *header, const char *row)
{
    char path[] = "/tmp/mj-measured-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    fprintf(file, "%s\n%s\n", header, row);
    fclose(file);
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_measured m;
    bool found = find(&m, path, f, &arena);
    mj_arena_fini(&arena);
    remove(path);
    return found;
}

/* The row that the baseline's reference vectors call 1277, 0.797249 J/token. */
static void test_finds_the_published_row(void **state)
{
    (void)state;
    char path[512];
    fixture f;
    fixture_init(&f);
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_measured m;
    assert_true(find(&m, public_table(path, sizeof path), &f, &arena));
    assert_string_equal(m.row, "1277");
    assert_string_equal(m.task, "lm-arena-chat");
    assert_string_equal(m.source, "zeus2025");
    assert_rel(m.joules, 0.797249, 1e-6); /* printed with six digits there */
    /* The benchmark's own identity: energy per token = power / throughput. */
    assert_rel(m.power_W / m.throughput_ps, m.joules, 1e-3);
    mj_arena_fini(&arena);
}

/* The 8-bit twin of a 16-bit model stands in the table under its own id. */
static void test_finds_the_eight_bit_twin(void **state)
{
    (void)state;
    char path[512];
    fixture f;
    fixture_init(&f);
    f.model.name = "llama-3.1-405b";
    f.model.id = "meta-llama/Llama-3.1-405B-Instruct";
    f.model.precision.attention = MJ_FORMAT_FP8;
    f.bill.serving.precision = MJ_FORMAT_FP8;
    f.bill.serving.devices = 8;
    f.bill.serving.batch = 64;
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_measured m;
    assert_true(find(&m, public_table(path, sizeof path), &f, &arena));
    f.model.precision.attention = MJ_FORMAT_BF16;
    assert_false(find(&m, public_table(path, sizeof path), &f, &arena));
    mj_arena_fini(&arena);
}

static void test_finds_an_image(void **state)
{
    (void)state;
    char path[512];
    fixture f;
    fixture_init(&f);
    f.model = (mj_model){.name = "sana-1.5-1.6b", .output = MJ_OUTPUT_IMAGE,
                         .id = "Efficient-Large-Model/SANA1.5_1.6B_1024px_diffusers"};
    f.chip.name = "b200";
    f.bill.serving = (mj_serving){.batch = 1, .devices = 1, .precision = MJ_FORMAT_BF16,
                                  .steps = 20, .width = 1024, .height = 1024, .ulysses = 1,
                                  .ring = 1, .boundary = MJ_BOUNDARY_BOARD};
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_measured m;
    assert_true(find(&m, public_table(path, sizeof path), &f, &arena));
    assert_string_equal(m.row, "0"); /* first row of the table: 341.9824 J an image */
    assert_rel(m.joules, 341.9824, 1e-9);
    f.bill.serving.steps = 28;
    assert_false(find(&m, public_table(path, sizeof path), &f, &arena));
    mj_arena_fini(&arena);
}

static const char *const header =
    "task,model,weight_precision,gpu,num_gpus,avg_batch_size,avg_output_len,energy_per_token_j,"
    "host_contention";
#define ROW(task, batch, output, contention)                                                     \
    task ",meta-llama/Llama-3.1-70B-Instruct,bfloat16,H100,4," batch "," output ",0.8," contention

/* Within 10 % of the row's figure on either side, the border included. */
static void test_ten_percent_borders(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    const char *row = ROW("lm-arena-chat", "64", "350", "0");
    const struct {
        double batch, output;
        bool found;
    } rows[] = {{70.4, 350, true},   {70.41, 350, false}, {57.6, 350, true}, {57.59, 350, false},
                {64, 385, true},     {64, 385.1, false},  {64, 315, true},   {64, 314.9, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f.bill.serving.batch = rows[i].batch;
        f.bill.serving.output = rows[i].output;
        assert_int_equal(finds_row(&f, header, row), rows[i].found);
    }
}

static void test_other_configurations_do_not_match(void **state)
{
    (void)state;
    fixture f;
    const char *row = ROW("lm-arena-chat", "64", "350", "0");
    fixture_init(&f);
    assert_true(finds_row(&f, header, row));
    assert_false(finds_row(&f, header, ROW("lm-arena-chat", "64", "350", "1")));
    f.bill.serving.devices = 8;
    assert_false(finds_row(&f, header, row));
    fixture_init(&f);
    f.chip.name = "h200";
    f.chip.n_aliases = 0;
    assert_false(finds_row(&f, header, row));
    fixture_init(&f);
    f.model.precision.attention = MJ_FORMAT_INT4;
    assert_false(finds_row(&f, header, row));
    fixture_init(&f);
    f.bill.serving.context = 4096; /* without prompts: measured rows include them */
    assert_false(finds_row(&f, header, row));
    fixture_init(&f);
    f.model.id = "meta-llama/Llama-3.1-70B"; /* a prefix of the row's id is another model */
    assert_false(finds_row(&f, header, row));
}

/* Prompts of about 220 tokens belong to chat, of 2,700 to code completion, none to 30,000. */
static void test_prompt_length_chooses_the_task(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    const char *chat = ROW("lm-arena-chat", "64", "350", "0");
    const char *code = ROW("sourcegraph-fim", "64", "350", "0");
    assert_true(finds_row(&f, header, ROW("gpqa", "64", "350", "0")));
    assert_false(finds_row(&f, header, code));
    assert_false(finds_row(&f, header, ROW("video-chat", "64", "350", "0")));
    f.bill.serving.prompt = 2500;
    assert_false(finds_row(&f, header, chat));
    assert_true(finds_row(&f, header, code));
    f.bill.serving.prompt = 30000;
    assert_false(finds_row(&f, header, code));
}

/* Of two rows, the chat one beats gpqa, then the nearer batch wins. */
static void test_nearest_row_wins(void **state)
{
    (void)state;
    char path[] = "/tmp/mj-measured-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    fprintf(file, "id,%s\n1,%s\n2,%s\n3,%s\n", header, ROW("gpqa", "64", "350", "0"),
            ROW("lm-arena-chat", "60", "350", "0"), ROW("lm-arena-chat", "66", "350", "0"));
    fclose(file);
    fixture f;
    fixture_init(&f);
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_measured m;
    assert_true(find(&m, path, &f, &arena));
    assert_string_equal(m.row, "3");
    mj_arena_fini(&arena);
    remove(path);
}

/* A published point that does not state its batch matches any; a claim is marked as one. */
static void test_single_points(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    const char *point = "model,chip,precision,devices,batch,output,joules_per_output,power_w,"
                        "throughput,class,source,note";
    assert_true(finds_row(&f, point, "llama-3.1-70b,h100,,4,,,0.5,,,vendor,x,\"a, b\""));
    assert_false(finds_row(&f, point, "llama-3.1-70b,h100,,4,1,,0.5,,,vendor,x,"));
    assert_false(finds_row(&f, point, "llama-3.1-70b,h100,int4,4,,,0.5,,,vendor,x,"));
}

static void test_a_broken_table_is_reported(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    mj_arena arena;
    mj_arena_init(&arena, 0);
    mj_measured m;
    bool found = true;
    mj_err err = {0};
    assert_int_equal(mj_measured_find(&m, &found, "/nonexistent.csv", &f.bill, &arena, &err),
                     MJ_EFILE);
    assert_false(found);
    assert_int_equal(err.n, 1);
    mj_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_published_row),
        cmocka_unit_test(test_finds_the_eight_bit_twin),
        cmocka_unit_test(test_finds_an_image),
        cmocka_unit_test(test_ten_percent_borders),
        cmocka_unit_test(test_other_configurations_do_not_match),
        cmocka_unit_test(test_prompt_length_chooses_the_task),
        cmocka_unit_test(test_nearest_row_wins),
        cmocka_unit_test(test_single_points),
        cmocka_unit_test(test_a_broken_table_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
