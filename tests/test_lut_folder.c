/* The network in a circuit's folder: written, read back, and refused where it does not belong. */
#include "here.h"
#include "lut_fixture.h"

#include "mj/lut_folder.h"
#include "mj/vectors.h"

enum { LABELS = 70 };

typedef struct {
    mj_arena arena;
    mj_err err;
    char folder[64];
    lut_fixture lut;
    int label[LABELS];
    mj_manifest manifest;
} fixture;

static void save(fixture *f, int worst_label)
{
    for (int i = 0; i < LABELS; i++) {
        f->label[i] = i % FIXTURE_GROUPS;
    }
    f->label[LABELS - 1] = worst_label;
    const mj_lut_folder written = {.net = f->lut.net, .label = f->label, .n_labels = LABELS,
                                   .metric = "accuracy", .quality = 0.1};
    f->manifest = (mj_manifest){.n_inputs = FIXTURE_INPUTS, .n_nodes = FIXTURE_NODES,
                                .n_groups = FIXTURE_GROUPS, .n_vectors = LABELS};
    assert_int_equal(mj_lut_folder_save(&written, f->folder, &f->arena, &f->err), MJ_OK);
    assert_int_equal(mj_manifest_add_file(&f->manifest, f->folder, MJ_LUT_NETWORK, &f->arena, &f->err), MJ_OK);
}

static mj_status load(mj_lut_folder *to, fixture *f)
{
    mj_err err = {0};
    return mj_lut_folder_load(to, &f->manifest, f->folder, &f->arena, &err);
}

static void test_it_comes_back(void **state)
{
    fixture *f = *state;
    mj_lut_folder read;
    save(f, 0);
    assert_int_equal(load(&read, f), MJ_OK);
    assert_int_equal(read.net.n_outputs, FIXTURE_OUTPUTS);
    for (int n = 0; n < FIXTURE_NODES; n++) {
        const mj_lut_node *a = &f->lut.node[n], *b = &read.net.node[n];
        assert_int_equal(a->n_inputs, b->n_inputs);
        assert_true(a->table == b->table); /* all 64 bits */
        assert_memory_equal(a->input, b->input, (size_t)a->n_inputs * sizeof *a->input);
    }
    assert_memory_equal(read.net.output, f->lut.output, sizeof f->lut.output);
    assert_memory_equal(read.net.group, f->lut.group, sizeof f->lut.group);
    assert_memory_equal(read.label, f->label, sizeof f->label);
    assert_true(read.net.scale == f->lut.net.scale && read.quality == 0.1);
    assert_string_equal(read.metric, "accuracy");
}

static void test_what_does_not_belong_is_refused(void **state)
{
    fixture *f = *state;
    mj_lut_folder read;
    save(f, FIXTURE_GROUPS); /* no such group */
    assert_int_equal(load(&read, f), MJ_ERANGE);
    save(f, 0);
    f->manifest.n_nodes++;
    assert_int_equal(load(&read, f), MJ_ERANGE);
    f->manifest.n_nodes--;
    f->manifest.file[0].sha256[0] ^= 1; /* another file than was realised */
    assert_int_equal(load(&read, f), MJ_ERANGE);
    f->manifest.n_files = 0; /* as an earlier mj wrote it */
    assert_int_equal(load(&read, f), MJ_EFILE);
}

/* Bit v % 64 of word v / 64 is that of vector v, rows ragged. */
static void test_inputs_are_the_vectors(void **state)
{
    fixture *f = *state;
    mj_vectors vectors;
    mj_rng rng;
    uint64_t *input;
    const int n = LABELS - 1, words = 2;
    const char *path = mj_arena_printf(&f->arena, "%s/vectors.bin", f->folder);
    mj_rng_init(&rng, 3, 0);
    assert_int_equal(mj_vectors_new(&vectors, LABELS, FIXTURE_INPUTS, &f->arena, &f->err), MJ_OK);
    mj_vectors_fill(&vectors, &rng);
    assert_int_equal(mj_vectors_save(&vectors, path, &f->err), MJ_OK);
    save(f, 0);
    assert_int_equal(mj_lut_folder_inputs(&input, &f->manifest, f->folder, n, &f->arena, &f->err), MJ_OK);
    for (int i = 0; i < FIXTURE_INPUTS; i++) {
        for (int v = 0; v < 64 * words; v++) {
            const bool bit = input[i * words + v / 64] >> v % 64 & 1;
            assert_int_equal(bit, v < n && mj_vectors_get(&vectors, v, i));
        }
    }
}

static int setup(void **state)
{
    static fixture f;
    mj_arena_init(&f.arena, 0);
    snprintf(f.folder, sizeof f.folder, "/tmp/mj-test-lut-folder-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    lut_fixture_fill(&f.lut, 4, 0.135);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    assert_int_equal(system(command), 0);
    mj_arena_fini(&f->arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_comes_back),
        cmocka_unit_test(test_what_does_not_belong_is_refused),
        cmocka_unit_test(test_inputs_are_the_vectors),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
