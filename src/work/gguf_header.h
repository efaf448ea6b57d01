/* The header of a GGUF file, as far as a shape needs it. */
#ifndef GGUF_HEADER_H
#define GGUF_HEADER_H

#include "mj/model.h"

#include <stdint.h>

enum { GGUF_TENSOR_TYPES = 40 };

typedef enum { GGUF_ATTENTION, GGUF_FFN, GGUF_EXPERTS, GGUF_EMBEDDING, GGUF_PARTS } gguf_part;

/* Metadata, by the part of its key behind "ARCHITECTURE."; 0: absent. Of a list, one entry a layer,
 * the largest. */
typedef struct {
    char architecture[64];
    double layers, hidden, heads, kv_heads, head_dim, value, ffn, vocab;
    double experts, active, expert_width, shared, shared_width;
    double q_lora, kv_lora, rope, mla_key, mla_value;
    double window;
    double ssm_inner, ssm_state, ssm_conv, ssm_groups, ssm_dt_rank;
    double alignment, splits;
    double tokens; /* entries of the tokenizer's list */
} gguf_keys;

/* What the tensor table adds up to. */
typedef struct {
    double elements, bytes;
    double type_elements[GGUF_PARTS][GGUF_TENSOR_TYPES];
    double attn_layers, dense_layers, expert_layers, ssm_layers;
    double vocab, positions, up_width, shared_width; /* from dimensions; 0: no such tensor */
    bool has_output, has_gate, has_ssm_x, has_bias;
} gguf_tensors;

typedef struct {
    gguf_keys keys;
    gguf_tensors tensors;
} gguf_header;

/* Parses the first `size` bytes of a file of file_B bytes. Errors name the byte and the key. The
 * arena is used for scratch. */
mj_status gguf_header_parse(gguf_header *header, const uint8_t *data, uint64_t size,
                            uint64_t file_B, const char *file, mj_arena *arena, mj_err *err);

/* The format that holds most weights of a part; MJ_FORMAT_NONE if it has none. */
mj_format gguf_part_format(const gguf_tensors *tensors, gguf_part part);

#endif
