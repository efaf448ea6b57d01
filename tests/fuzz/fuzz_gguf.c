/* Fuzz target: GGUF files. */
#define _GNU_SOURCE
#include "model_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_model_file(mj_model_from_gguf, data, size);
    return 0;
}
