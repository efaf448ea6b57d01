/* The commands of mj-train, which mj starts for train, eval and sample: they need BLAS, which the rest
 * of mj does without. */
#ifndef MJ_CLI_TRAIN_COMMANDS_H
#define MJ_CLI_TRAIN_COMMANDS_H

#include "context.h"
#include "mj/dataset.h"
#include "mj/json.h"
#include "mj/lut_file.h"
#include "mj/quality.h"
#include "mj/recipe.h"

int mj_cmd_train(mj_context *context, int argc, char **argv);
int mj_cmd_eval(mj_context *context, int argc, char **argv);
int mj_cmd_sample(mj_context *context, int argc, char **argv);
int mj_cmd_realize(mj_context *context, int argc, char **argv);

/* What mj eval can sweep over a language model. */
enum { MJ_TEXT_NOISE, MJ_TEXT_BITS, MJ_TEXT_INPUT_BITS, MJ_TEXT_MISMATCH, MJ_TEXT_AXES_N };
/* What mj eval does with a language model: bits per byte of its validation text or, with `test`, its
 * test text; data: another text than that of its training, or NULL. Any list or a substrate: a sweep. */
typedef struct {
    const char *path, *data;
    bool test;
    const char *list[MJ_TEXT_AXES_N];
    const char *substrate; /* a measured crossbar: what no list says; NULL: as trained */
    int chips;
    int limit_B;   /* of the text, its first bytes; 0: of a sweep some, else all */
    double within; /* bits per byte that are as good as trained */
    int batch;     /* streams that share weights once read; 0: the usual */
    const char *plot, *plot_joules;
    bool for_sweep; /* an option was given that means nothing without a list */
} mj_text_request;
mj_status mj_eval_text(mj_context *context, const mj_text_request *request);

/* What mj sample does with a language model: goes on from a prompt, n bytes, on stdout; on: the machine
 * whose joules are told, NULL for the usual one. */
typedef struct {
    const char *path, *prompt, *on;
    int n;
    double temperature, top_p;
} mj_text_sample;
mj_status mj_sample_text(mj_context *context, const mj_text_sample *sample);

/* Look-up-table networks on images (eval_lut.c): whether a file is one; what mj eval and mj sample do with
 * it; the judgement that training leaves in the file under `key`. */
typedef struct {
    const char *metric, *key;
    double value;
    mj_lut_count count;
} mj_lut_score;
bool mj_is_image_lut(const char *path, mj_context *context);
mj_status mj_lut_judge(mj_lut_score *score, const mj_lut_model *model, const mj_dataset *test,
                       mj_err *err);
/* What such a network is made of: keys of a JSON object; two lines of text, the last without its end. Of
 * text models, too. */
void mj_lut_size_set(mj_json *root, const mj_lut_model *model);
void mj_lut_size_print(const mj_lut_model *model);
mj_status mj_eval_lut(mj_context *context, const char *path, const char *data);
mj_status mj_sample_lut(mj_context *context, const char *path, const char *out, int n);

/* What mj realize does with an equilibrium net (realize_spice.c). */
typedef struct {
    const char *out, *data, *card, *corner;
    int n_images;
    bool ideal;
} mj_spice_request;
mj_status mj_realize_spice(mj_context *context, const char *path, const mj_spice_request *request);

/* What mj realize does with a net of oscillators (realize_rings.c). */
typedef struct {
    const char *path, *out, *substrate, *models; /* models NULL: the substrate's card */
    int n_images;
    double limit_s;
} mj_rings_request;
mj_status mj_realize_rings(mj_context *context, const mj_rings_request *request);

/* mj eval of an equilibrium net (eval_equilibrium.c). */
mj_status mj_eval_equilibrium(mj_context *context, const char *path, const char *data);

/* A word that is a path (has a '/' or ends in `suffix`) as it stands, or what mj wrote into it where it is a folder
 * (a trained model, a circuit's substrate); else data/FOLDER/WORD.suffix, else what is in the folder WORD, else the
 * file WORD, of which one must exist: MJ_ENAME with a suggestion. */
mj_status mj_find_file(const char **path, mj_context *context, const char *folder,
                       const char *suffix, const char *word);
/* The same of a trained model; what is no model file, or was cut, is refused with the reason. */
mj_status mj_find_model(const char **path, mj_context *context, const char *word);
/* Both parts of a data set, images shrunk to `side` (0: as they are). */
mj_status mj_load_data(mj_dataset *train, mj_dataset *test, mj_context *context, const char *source,
                       int side);
/* The side to which images are shrunk for this model; 0: as they are. */
int mj_image_side(const mj_recipe_model *model);
/* Why the shipped yardstick cannot judge images of this data set, number of classes and size, a text
 * in the arena; NULL: it can. */
const char *mj_yardstick_refusal(mj_context *context, const char *source, int n_classes, int width,
                                 int height);
/* --seed, which has 31 bits where it starts phases and noise. */
mj_status mj_seed_read(uint32_t *seed, mj_context *context);
/* The shipped yardstick on this data, which it must not refuse; or pixels alone. */
mj_status mj_load_judge(mj_judge **judge, mj_context *context, const mj_dataset *train,
                        const mj_dataset *test, bool by_pixels);
/* classes 0, 1, .., n_class - 1, 0, .. for n images. */
void mj_labels_fill(int *label, int n, int n_class);

#endif
