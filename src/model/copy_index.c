/* Copy index: hashing, following, verifying. */
#include "mj/copy_index.h"

static const uint64_t START = 0xCBF29CE484222325u, FACTOR = 0x9E3779B97F4A7C15u; /* odd, well mixed */

static uint32_t slot_of(const mj_copy_index *index, const uint8_t *at)
{
    uint64_t hash = START;
    for (int i = 1; i <= index->length; i++) {
        hash = (hash ^ at[-i]) * FACTOR;
        hash ^= hash >> 29;
    }
    return (uint32_t)(hash * FACTOR >> (64 - index->bits));
}

/* How many symbols before text[place] are those before at, up to the most that count. */
static int match_length(const mj_copy_index *index, size_t place, const uint8_t *at)
{
    const uint8_t *there = index->text + place;
    int length = 0;
    while (length < MJ_COPY_LENGTH_MAX && there[-1 - length] == at[-1 - length]) {
        length++;
    }
    return length;
}

/* One step of a reader; own: his place in the text if he reads it himself, else 0. */
static void move(mj_copy_place *p, const mj_copy_index *index, const uint8_t *at, uint32_t own)
{
    if (p->length > 0 && index->text[p->place] == at[-1] && p->place + 1 < index->n) {
        p->place++;
        p->length = p->length < MJ_COPY_LENGTH_MAX ? p->length + 1 : p->length;
    } else {
        p->length = 0;
    }
    if (p->length == 0) {
        uint32_t found = index->slot[slot_of(index, at)];
        int length = found != 0 && found != own ? match_length(index, found, at) : 0;
        *p = (mj_copy_place){.place = found,
                             .length = (uint8_t)(length < index->length ? 0 : length)};
    }
    p->expected = p->length > 0 ? index->text[p->place] : 0;
}

void mj_copy_place_move(mj_copy_place *place, const mj_copy_index *index, const uint8_t *at)
{
    move(place, index, at, 0);
}

void mj_copy_index_fill(const mj_copy_index *index)
{
    for (size_t i = 0; i < (size_t)1 << index->bits; i++) {
        index->slot[i] = 0;
    }
    for (size_t i = 1; i < index->n; i++) {
        index->slot[slot_of(index, index->text + i)] = (uint32_t)i;
    }
}

void mj_copy_index_trace(mj_copy_place *place, const mj_copy_index *index)
{
    mj_copy_place reader = {0};
    mj_copy_index_fill(index);
    for (size_t i = 0; i < index->n; i++) {
        const uint8_t *at = index->text + i;
        move(&reader, index, at, (uint32_t)i);
        place[i] = reader;
        if (i > 0) {
            index->slot[slot_of(index, at)] = (uint32_t)i;
        }
    }
}
