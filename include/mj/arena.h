/* Arena: memory that is given out in order and released all at once.
 *
 * Every loader takes the caller's arena; what it returns lives as long as that arena. */
#ifndef MJ_ARENA_H
#define MJ_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct mj_arena_chunk;

typedef struct {
    struct mj_arena_chunk *chunk; /* newest first */
    size_t used_B;                /* given out so far */
    size_t limit_B;               /* 0: no limit but the machine's */
} mj_arena;

/* Prepares an empty arena; nothing is allocated yet. */
void mj_arena_init(mj_arena *arena, size_t limit_B);
/* Releases everything; the arena is empty and usable again. */
void mj_arena_fini(mj_arena *arena);

/* Zeroed memory, aligned to 64 bytes for size >= 64 and to 16 below that. NULL when the limit or
 * the machine's memory is exhausted. size 0 gives a valid pointer. */
void *mj_arena_alloc(mj_arena *arena, size_t size);
/* n elements of `size`; NULL also when the product overflows. */
void *mj_arena_array(mj_arena *arena, size_t n, size_t size);
/* A copy of `length` bytes of text plus a NUL; NULL when out of memory. */
char *mj_arena_text(mj_arena *arena, const char *text, size_t length);
/* printf into the arena; NULL when out of memory. */
char *mj_arena_printf(mj_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
