/* IDX: header against contents, gzip unfolded straight into its place.
 *
 * Plain and gzipped files are read through one source of bytes. Nothing is unfolded beyond what the
 * header announced, so a gzip bomb ends at the first byte too many; and since deflate makes at most
 * 1032 bytes of one, a header that claims more than that is refused before memory is taken. */
#include "mj/idx.h"

#include "mj/file.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { TYPE_U8 = 0x08, PREFIX_B = 4, DEFLATE_RATIO_MAX = 1032, GZIP_WINDOW = 15 + 16 };

static const size_t size_max_B = (size_t)2 << 30;

typedef struct {
    const unsigned char *bytes; /* plain files */
    size_t length, at;
    bool is_gzip;
    z_stream z;
    const char *name;
    mj_err *err;
} source;

static mj_status refuse(const source *s, const char *what)
{
    return mj_err_add(s->err, MJ_ESYNTAX, s->name, 0, 0, "%s", what);
}

/* Unfolds up to n bytes; *got < n only at the end of the stream. */
static mj_status gzip_read(source *s, unsigned char *to, size_t n, size_t *got)
{
    *got = 0;
    int code = Z_OK;
    while (*got < n && code == Z_OK) {
        uInt part = n - *got < UINT_MAX ? (uInt)(n - *got) : UINT_MAX;
        uInt feed = s->length - s->at < UINT_MAX ? (uInt)(s->length - s->at) : UINT_MAX;
        s->z.next_out = to + *got;
        s->z.avail_out = part;
        s->z.next_in = (Bytef *)(uintptr_t)(s->bytes + s->at); /* zlib only reads it */
        s->z.avail_in = feed;
        code = inflate(&s->z, Z_NO_FLUSH);
        s->at += feed - s->z.avail_in;
        *got += part - s->z.avail_out;
        if (code == Z_BUF_ERROR && s->at == s->length) {
            return refuse(s, "truncated: the gzip stream has no end");
        }
    }
    if (code == Z_MEM_ERROR) {
        return mj_err_add(s->err, MJ_EMEM, s->name, 0, 0, "out of memory");
    }
    if (code != Z_OK && code != Z_STREAM_END) {
        return refuse(s, s->z.msg ? s->z.msg : "damaged gzip stream");
    }
    return MJ_OK;
}

static mj_status source_read(source *s, unsigned char *to, size_t n, size_t *got)
{
    if (s->is_gzip) {
        return gzip_read(s, to, n, got);
    }
    *got = n < s->length - s->at ? n : s->length - s->at;
    memcpy(to, s->bytes + s->at, *got);
    s->at += *got;
    return MJ_OK;
}

static mj_status source_read_all(source *s, unsigned char *to, size_t n)
{
    size_t got;
    MJ_TRY(source_read(s, to, n, &got));
    return got == n ? MJ_OK : refuse(s, "truncated: shorter than its header says");
}

static mj_status header_read(mj_idx *idx, source *s)
{
    unsigned char prefix[PREFIX_B], field[4];
    MJ_TRY(source_read_all(s, prefix, PREFIX_B));
    if (prefix[0] != 0 || prefix[1] != 0 || prefix[3] == 0) {
        return refuse(s, "no IDX file: wrong magic number");
    }
    if (prefix[2] != TYPE_U8 || prefix[3] > MJ_IDX_DIMS) {
        return mj_err_add(s->err, MJ_ESUPPORT, s->name, 0, 0,
                          "IDX of type 0x%02x with %d dimensions; supported: 0x08 (unsigned byte), "
                          "up to %d", prefix[2], prefix[3], MJ_IDX_DIMS);
    }
    idx->n_dims = prefix[3];
    idx->n_elements = 1;
    for (int i = 0; i < idx->n_dims; i++) {
        MJ_TRY(source_read_all(s, field, sizeof field));
        uint32_t dim = (uint32_t)field[0] << 24 | (uint32_t)field[1] << 16 |
                       (uint32_t)field[2] << 8 | field[3];
        if (dim == 0 || dim > INT_MAX) {
            return mj_err_add(s->err, MJ_ERANGE, s->name, 0, 0, "dimension %d is %u", i + 1, dim);
        }
        idx->dim[i] = (int)dim;
        if (__builtin_mul_overflow(idx->n_elements, (size_t)dim, &idx->n_elements) ||
            idx->n_elements > size_max_B) {
            return mj_err_add(s->err, MJ_ELIMIT, s->name, 0, 0, "more than %zu elements",
                              size_max_B);
        }
    }
    return MJ_OK;
}

static mj_status contents_read(mj_idx *idx, source *s, mj_arena *arena)
{
    unsigned char extra;
    size_t got;
    size_t most = s->is_gzip ? s->length * DEFLATE_RATIO_MAX : s->length;
    if (idx->n_elements > most) {
        return refuse(s, "truncated: shorter than its header says");
    }
    idx->element = mj_arena_alloc(arena, idx->n_elements);
    if (!idx->element) {
        return mj_err_add(s->err, MJ_EMEM, s->name, 0, 0, "out of memory for %zu bytes",
                          idx->n_elements);
    }
    MJ_TRY(source_read_all(s, idx->element, idx->n_elements));
    /* For gzip this also reads up to the end of the stream and so checks its CRC. */
    MJ_TRY(source_read(s, &extra, 1, &got));
    return got == 0 && s->at == s->length ? MJ_OK : refuse(s, "longer than its header says");
}

mj_status mj_idx_parse(mj_idx *idx, const void *bytes, size_t length, const char *name,
                       mj_arena *arena, mj_err *err)
{
    *idx = (mj_idx){0};
    source s = {.bytes = bytes, .length = length, .name = name, .err = err};
    s.is_gzip = length >= 2 && s.bytes[0] == 0x1f && s.bytes[1] == 0x8b;
    if (s.is_gzip && inflateInit2(&s.z, GZIP_WINDOW) != Z_OK) {
        return mj_err_add(err, MJ_EMEM, name, 0, 0, "out of memory");
    }
    mj_status status = header_read(idx, &s);
    if (status == MJ_OK) {
        status = contents_read(idx, &s, arena);
    }
    if (s.is_gzip) {
        inflateEnd(&s.z);
    }
    return status;
}

mj_status mj_idx_load(mj_idx *idx, const char *path, mj_arena *arena, mj_err *err)
{
    char *bytes;
    size_t length;
    *idx = (mj_idx){0};
    MJ_TRY(mj_file_read(&bytes, &length, path, size_max_B, err));
    mj_status status = mj_idx_parse(idx, bytes, length, path, arena, err);
    free(bytes);
    return status;
}
