/* Number formats of weights, activations and cache entries. */
#ifndef MJ_FORMAT_H
#define MJ_FORMAT_H

/* name, text, bits stored per number (block scales included) */
#define MJ_FORMAT_LIST(X)      \
    X(FP32, "fp32", 32)        \
    X(TF32, "tf32", 32)        \
    X(BF16, "bf16", 16)        \
    X(FP16, "fp16", 16)        \
    X(FP8, "fp8", 8)           \
    X(INT8, "int8", 8)         \
    X(INT6, "int6", 6)         \
    X(MXFP4, "mxfp4", 4.25)    \
    X(NVFP4, "nvfp4", 4.5)     \
    X(INT4, "int4", 4)         \
    X(INT3, "int3", 3)         \
    X(INT2, "int2", 2)         \
    X(TERNARY, "ternary", 1.6) \
    X(BINARY, "binary", 1)

#define MJ_FORMAT_ENUM(name, text, bits) MJ_FORMAT_##name,
typedef enum { MJ_FORMAT_NONE, MJ_FORMAT_LIST(MJ_FORMAT_ENUM) MJ_FORMAT_N } mj_format;
#undef MJ_FORMAT_ENUM

/* "" for NONE, then the texts above, then NULL: fits mj_spec_field.choices. */
extern const char *const mj_format_names[];
/* Bytes per number, e.g. 0.53125 for mxfp4. */
double mj_format_bytes(mj_format format);
/* MJ_FORMAT_NONE if unknown. */
mj_format mj_format_parse(const char *text);

#endif
