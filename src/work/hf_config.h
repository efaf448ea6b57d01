/* What the readers of config.json share: typed access to keys with errors that name key and file,
 * and the table of architectures. */
#ifndef HF_CONFIG_H
#define HF_CONFIG_H

#include "mj/json.h"
#include "mj/model.h"

/* A config being read. Problems are collected: status keeps the first, reading goes on. */
typedef struct {
    const mj_json *root; /* the whole document */
    const mj_json *text; /* the language part: text_config, or the document itself */
    const char *part;    /* "text_config.", or "": how messages name keys of the language part */
    const char *file;
    mj_err *err;
    mj_status status;
} hf_reader;

/* The dimension `key` of the language part, within [1, 2^24]; 0 after an error. */
int hf_dim(hf_reader *reader, const char *key);
/* The same, `absent` if the key is missing or null. 0 is allowed where absent is 0. */
int hf_dim_or(hf_reader *reader, const char *key, int absent);
bool hf_bool_or(const hf_reader *reader, const char *key, bool absent);
/* Text of the language part, or NULL. */
const char *hf_text(const hf_reader *reader, const char *key);
/* Records a problem of `key`. */
void hf_complain(hf_reader *reader, mj_status status, const char *key, const char *what);

/* One row an architecture. `read` fills the shape; layers, hidden, vocab and tied are read before
 * it by the names that nearly all use (unless plain is set). */
typedef struct {
    const char *model_type;
    void (*read)(mj_model *model, hf_reader *reader);
    bool tied;        /* where tie_word_embeddings is not stated */
    int vocab;        /* where vocab_size is not stated; 0: it must be */
    bool own_names;   /* read does everything itself */
} hf_family;

extern const hf_family hf_families[];
extern const int hf_n_families;

#endif
