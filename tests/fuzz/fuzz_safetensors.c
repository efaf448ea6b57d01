/* Fuzz target: safetensors. Every element of what is accepted can be read. */
#include "mj/safetensors.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const mj_safetensors *file)
{
    volatile double sum = 0.0;
    for (int i = 0; i < file->n_tensors; i++) {
        const mj_stored_tensor *tensor = &file->tensor[i];
        if (mj_safetensors_find(file, tensor->name) != tensor) {
            abort(); /* two tensors of one name */
        }
        for (size_t k = 0; k < tensor->n_elements; k++) {
            sum += mj_tensor_element(tensor, k);
        }
    }
    for (int i = 0; i < file->n_texts; i++) {
        sum += (double)(strlen(file->text[i].key) + strlen(file->text[i].text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mj_arena arena;
    mj_safetensors file;
    mj_err err = {0};
    mj_arena_init(&arena, (size_t)64 << 20);
    if (mj_safetensors_parse(&file, data, size, "fuzz", &arena, &err) == MJ_OK) {
        read_all(&file);
    } else if (err.n == 0) {
        abort(); /* a refusal without a reason */
    }
    mj_arena_fini(&arena);
    return 0;
}
