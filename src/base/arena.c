/* Arena: a list of zeroed chunks from which memory is cut in order.
 *
 * Chunks come from calloc, so memory is zero without being touched, and grow with what has been
 * given out, so that n bytes cost O(log n) chunks. A request that does not fit the newest chunk
 * opens a new one; the rest of the old one is lost (at most half of what is in use). */
#include "mj/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_MIN_B = 16 * 1024, CHUNK_GROWTH_MAX_B = 8 * 1024 * 1024 };
enum { ALIGN_SMALL = 16, ALIGN_LARGE = 64 };

struct mj_arena_chunk {
    struct mj_arena_chunk *next; /* older */
    size_t size_B, used_B;       /* of the bytes behind this header */
};

void mj_arena_init(mj_arena *arena, size_t limit_B)
{
    *arena = (mj_arena){.limit_B = limit_B};
}

void mj_arena_fini(mj_arena *arena)
{
    struct mj_arena_chunk *chunk = arena->chunk;
    while (chunk) {
        struct mj_arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    mj_arena_init(arena, arena->limit_B);
}

static unsigned char *chunk_bytes(struct mj_arena_chunk *chunk)
{
    return (unsigned char *)(chunk + 1);
}

/* Bytes to skip in the chunk so that the next one is aligned. */
static size_t chunk_padding(struct mj_arena_chunk *chunk, size_t align)
{
    uintptr_t at = (uintptr_t)(chunk_bytes(chunk) + chunk->used_B);
    return (size_t)(-at & (align - 1));
}

static struct mj_arena_chunk *chunk_new(mj_arena *arena, size_t size)
{
    size_t want = arena->used_B < CHUNK_GROWTH_MAX_B ? arena->used_B : CHUNK_GROWTH_MAX_B;
    want = want > CHUNK_MIN_B ? want : CHUNK_MIN_B;
    want = want > size + ALIGN_LARGE ? want : size + ALIGN_LARGE;
    struct mj_arena_chunk *chunk = calloc(1, sizeof *chunk + want);
    if (chunk) {
        chunk->size_B = want;
        chunk->next = arena->chunk;
        arena->chunk = chunk;
    }
    return chunk;
}

void *mj_arena_alloc(mj_arena *arena, size_t size)
{
    size = size ? size : 1;
    /* Far below SIZE_MAX, so that no sum below can overflow. */
    if (size > SIZE_MAX / 4) {
        return NULL;
    }
    size_t left = arena->limit_B > arena->used_B ? arena->limit_B - arena->used_B : 0;
    if (arena->limit_B && size > left) {
        return NULL;
    }
    size_t align = size >= ALIGN_LARGE ? ALIGN_LARGE : ALIGN_SMALL;
    struct mj_arena_chunk *chunk = arena->chunk;
    if (!chunk || chunk_padding(chunk, align) + size > chunk->size_B - chunk->used_B) {
        chunk = chunk_new(arena, size);
        if (!chunk) {
            return NULL;
        }
    }
    size_t padding = chunk_padding(chunk, align);
    void *memory = chunk_bytes(chunk) + chunk->used_B + padding;
    chunk->used_B += padding + size;
    arena->used_B += size;
    return memory;
}

void *mj_arena_array(mj_arena *arena, size_t n, size_t size)
{
    size_t total;
    return __builtin_mul_overflow(n, size, &total) ? NULL : mj_arena_alloc(arena, total);
}

char *mj_arena_text(mj_arena *arena, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? mj_arena_alloc(arena, length + 1) : NULL;
    if (copy && length) {
        memcpy(copy, text, length);
    }
    return copy;
}

char *mj_arena_printf(mj_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : mj_arena_alloc(arena, (size_t)length + 1);
    if (text) {
        vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}
