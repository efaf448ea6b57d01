/* PNG: a cover of libpng, so that one file knows it.
 *
 * libpng leaves by longjmp. Each function that can be left so keeps what it must release in a struct
 * of its caller, whose members (unlike the function's own variables) have their last values
 * afterwards. A bomb is a small file that claims a huge image: deflate makes at most 1032 bytes of
 * one, so that a claim beyond that is refused before anything is allocated. */
#include "mj/png.h"

#include "mj/draft.h"
#include "mj/file.h"

#include <assert.h>
#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_MAX_B = 256 * 1024 * 1024,
    CHUNK_MAX_B = 4 * 1024 * 1024,
    CHUNKS_MAX = 100,
    DEFLATE_RATIO_MAX = 1032,
    SIGNATURE_B = 8,
    CHUNK_AROUND_B = 12 /* length, name and CRC */
};

typedef struct {
    const unsigned char *bytes;
    size_t length, at;
    const char *name;
    mj_arena *arena;
    mj_err *err;
    mj_status status; /* of the problem that made libpng leave */
    png_structp png;
    png_infop info;
    png_bytep *rows;
} decoder;

typedef struct {
    const char *path;
    FILE *out;
    mj_err *err;
    png_structp png;
    png_infop info;
    const mj_animation *animation;
    unsigned sequence; /* of the animation's chunks */
    char *encoded;     /* a frame as a PNG of its own, from malloc */
    size_t encoded_B;
} encoder;

static void decoder_leave(png_structp png, png_const_charp text)
{
    decoder *d = png_get_error_ptr(png);
    if (d->status == MJ_OK) {
        d->status = mj_err_add(d->err, MJ_ESYNTAX, d->name, 0, 0, "bad PNG: %s", text);
    }
    png_longjmp(png, 1);
}

/* Warnings are about what does not change the pixels. */
static void warning_drop(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void bytes_give(png_structp png, png_bytep to, size_t n)
{
    decoder *d = png_get_io_ptr(png);
    if (n > d->length - d->at) {
        png_error(png, "truncated");
    }
    memcpy(to, d->bytes + d->at, n);
    d->at += n;
}

static void refuse(decoder *d, mj_status status, const char *text)
{
    d->status = mj_err_add(d->err, status, d->name, 0, 0, "PNG: %s", text);
    png_longjmp(d->png, 1);
}

/* Checks what the header claims before libpng or we allocate by it. */
static void header_check(decoder *d)
{
    uint64_t width = png_get_image_width(d->png, d->info);
    uint64_t height = png_get_image_height(d->png, d->info);
    uint64_t row_bits = width * png_get_channels(d->png, d->info) *
                        png_get_bit_depth(d->png, d->info);
    if (width * height > MJ_PNG_PIXELS_MAX) {
        refuse(d, MJ_ELIMIT, "more than 64 million pixels");
    }
    if ((row_bits + 7) / 8 * height > (uint64_t)d->length * DEFLATE_RATIO_MAX) {
        refuse(d, MJ_ESYNTAX, "claims more pixels than its bytes can hold");
    }
}

/* Asks libpng for 8-bit grey without alpha, whatever the file has. */
static void grey_request(decoder *d)
{
    int type = png_get_color_type(d->png, d->info);
    png_set_expand(d->png);
    png_set_scale_16(d->png);
    if (type & PNG_COLOR_MASK_COLOR) {
        png_set_rgb_to_gray(d->png, PNG_ERROR_ACTION_NONE, PNG_RGB_TO_GRAY_DEFAULT,
                            PNG_RGB_TO_GRAY_DEFAULT);
    }
    if ((type & PNG_COLOR_MASK_ALPHA) || png_get_valid(d->png, d->info, PNG_INFO_tRNS)) {
        png_color_16 black = {0};
        png_set_background(d->png, &black, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1.0);
    }
    (void)png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
}

static void pixels_read(decoder *d, mj_image *image)
{
    image->width = (int)png_get_image_width(d->png, d->info);
    image->height = (int)png_get_image_height(d->png, d->info);
    image->channels = 1;
    size_t row_B = (size_t)image->width, height = (size_t)image->height;
    if (png_get_rowbytes(d->png, d->info) != row_B) {
        refuse(d, MJ_ESUPPORT, "cannot be made grey");
    }
    image->pixel = mj_arena_array(d->arena, height, row_B);
    d->rows = calloc(height, sizeof *d->rows);
    if (!image->pixel || !d->rows) {
        refuse(d, MJ_EMEM, "out of memory");
    }
    for (size_t i = 0; i < height; i++) {
        d->rows[i] = image->pixel + i * row_B;
    }
    png_read_image(d->png, d->rows);
    png_read_end(d->png, NULL);
}

static void decode(decoder *d, mj_image *image)
{
    if (setjmp(png_jmpbuf(d->png))) {
        return;
    }
    png_set_read_fn(d->png, d, bytes_give);
    png_set_user_limits(d->png, MJ_PNG_PIXELS_MAX, MJ_PNG_PIXELS_MAX);
    png_set_chunk_malloc_max(d->png, CHUNK_MAX_B);
    png_set_chunk_cache_max(d->png, CHUNKS_MAX);
    png_read_info(d->png, d->info);
    header_check(d);
    grey_request(d);
    pixels_read(d, image);
}

mj_status mj_png_parse(mj_image *image, const void *bytes, size_t length, const char *name,
                       mj_arena *arena, mj_err *err)
{
    *image = (mj_image){0};
    if (length < SIGNATURE_B || png_sig_cmp(bytes, 0, SIGNATURE_B) != 0) {
        return mj_err_add(err, MJ_ESYNTAX, name, 0, 0, "no PNG file");
    }
    decoder d = {.bytes = bytes, .length = length, .name = name, .arena = arena, .err = err};
    d.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, decoder_leave, warning_drop);
    d.info = d.png ? png_create_info_struct(d.png) : NULL;
    if (d.info) {
        decode(&d, image);
    } else {
        d.status = mj_err_add(err, MJ_EMEM, name, 0, 0, "out of memory");
    }
    png_destroy_read_struct(&d.png, &d.info, NULL);
    free(d.rows);
    return d.status;
}

mj_status mj_png_load(mj_image *image, const char *path, mj_arena *arena, mj_err *err)
{
    char *bytes;
    size_t length;
    *image = (mj_image){0};
    MJ_TRY(mj_file_read(&bytes, &length, path, FILE_MAX_B, err));
    mj_status status = mj_png_parse(image, bytes, length, path, arena, err);
    free(bytes);
    return status;
}

static void encoder_leave(png_structp png, png_const_charp text)
{
    (void)text;
    png_longjmp(png, 1);
}

/* A failed write is the stream's to remember; closing the draft reports it. */
static void bytes_take(png_structp png, png_bytep bytes, size_t n)
{
    const encoder *e = png_get_io_ptr(png);
    (void)fwrite(bytes, 1, n, e->out);
}

static void nothing_flush(png_structp png)
{
    (void)png;
}

/* Runs a part of the writing that libpng can leave. */
typedef void encoder_part(encoder *e, const mj_image *image);

static mj_status encode(encoder *e, encoder_part *part, const mj_image *image)
{
    if (setjmp(png_jmpbuf(e->png))) {
        return mj_err_add(e->err, MJ_EMEM, e->path, 0, 0, "cannot encode the PNG: out of memory");
    }
    part(e, image);
    return MJ_OK;
}

static mj_status encoder_init(encoder *e)
{
    e->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, e, encoder_leave, warning_drop);
    e->info = e->png ? png_create_info_struct(e->png) : NULL;
    if (!e->info) {
        return mj_err_add(e->err, MJ_EMEM, e->path, 0, 0, "out of memory");
    }
    png_set_write_fn(e->png, e, bytes_take, nothing_flush);
    return MJ_OK;
}

static void header_write(encoder *e, const mj_image *image)
{
    png_set_IHDR(e->png, e->info, (png_uint_32)image->width, (png_uint_32)image->height, 8,
                 image->channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(e->png, e->info);
}

static void pixels_write(encoder *e, const mj_image *image)
{
    size_t row_B = (size_t)image->width * (size_t)image->channels;
    for (int y = 0; y < image->height; y++) {
        png_write_row(e->png, image->pixel + (size_t)y * row_B);
    }
}

static void file_write(encoder *e, const mj_image *image)
{
    header_write(e, image);
    pixels_write(e, image);
    png_write_end(e->png, NULL);
}

/* A whole PNG to e->out. */
static mj_status image_encode(encoder *e, const mj_image *image)
{
    mj_status status = encoder_init(e);
    if (status == MJ_OK) {
        status = encode(e, file_write, image);
    }
    png_destroy_write_struct(&e->png, &e->info);
    return status;
}

mj_status mj_png_save(const char *path, const mj_image *image, mj_err *err)
{
    mj_draft draft;
    MJ_TRY(mj_draft_open(&draft, path, err));
    encoder e = {.path = path, .out = draft.out, .err = err};
    mj_status status = image_encode(&e, image);
    if (status != MJ_OK) {
        mj_draft_abandon(&draft);
        return status;
    }
    return mj_draft_close(&draft, err);
}

/* Animations. A frame's pixels are encoded as a PNG of its own, in memory, so that libpng filters and
 * deflates them; its IDAT chunks then become fdAT chunks, the same with a number in front. */

static void big_endian_put(unsigned char *to, unsigned value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        to[i] = (unsigned char)(value >> 8 * (bytes - 1 - i));
    }
}

static unsigned big_endian_get(const unsigned char *from)
{
    return (unsigned)from[0] << 24 | (unsigned)from[1] << 16 | (unsigned)from[2] << 8 | from[3];
}

/* The still picture, which is no frame, behind the announcement (acTL) of those that follow. */
static void animation_begin(encoder *e, const mj_image *still)
{
    unsigned char announcement[8] = {0}; /* frames; 0: again and again */
    big_endian_put(announcement, (unsigned)e->animation->n, 4);
    header_write(e, still);
    png_write_chunk(e->png, (png_const_bytep)"acTL", announcement, sizeof announcement);
    pixels_write(e, still);
}

/* fcTL: the frame covers all of the picture, is shown for a time, and replaces what was there. */
static void control_write(encoder *e, const mj_image *frame)
{
    const mj_animation *a = e->animation;
    bool last = frame == a->frame + a->n - 1;
    unsigned char control[26] = {0};
    big_endian_put(control, e->sequence++, 4);
    big_endian_put(control + 4, (unsigned)frame->width, 4);
    big_endian_put(control + 8, (unsigned)frame->height, 4);
    big_endian_put(control + 20, (unsigned)(last ? a->last_ms : a->frame_ms), 2);
    big_endian_put(control + 22, 1000, 2);
    png_write_chunk(e->png, (png_const_bytep)"fcTL", control, sizeof control);
}

static void frame_write(encoder *e, const mj_image *frame)
{
    const unsigned char *end = (const unsigned char *)e->encoded + e->encoded_B;
    unsigned n;
    control_write(e, frame);
    for (const unsigned char *at = (const unsigned char *)e->encoded + SIGNATURE_B; at < end;
         at += CHUNK_AROUND_B + n) {
        n = big_endian_get(at);
        if (memcmp(at + 4, "IDAT", 4) == 0) {
            unsigned char number[4];
            big_endian_put(number, e->sequence++, 4);
            png_write_chunk_start(e->png, (png_const_bytep)"fdAT", n + 4);
            png_write_chunk_data(e->png, number, sizeof number);
            png_write_chunk_data(e->png, at + 8, n);
            png_write_chunk_end(e->png);
        }
    }
}

static void animation_end(encoder *e, const mj_image *image)
{
    (void)image;
    png_write_end(e->png, NULL);
}

static mj_status frame_encode(encoder *e, const mj_image *frame)
{
    encoder alone = {.path = e->path, .err = e->err};
    alone.out = open_memstream(&e->encoded, &e->encoded_B);
    if (!alone.out) {
        return mj_err_add(e->err, MJ_EMEM, e->path, 0, 0, "out of memory");
    }
    mj_status status = image_encode(&alone, frame);
    if (fclose(alone.out) != 0 && status == MJ_OK) {
        status = mj_err_add(e->err, MJ_EMEM, e->path, 0, 0, "out of memory");
    }
    if (status == MJ_OK) {
        status = encode(e, frame_write, frame);
    }
    free(e->encoded);
    e->encoded = NULL;
    return status;
}

static mj_status animation_encode(encoder *e)
{
    const mj_animation *a = e->animation;
    MJ_TRY(encoder_init(e));
    MJ_TRY(encode(e, animation_begin, &a->frame[a->n - 1]));
    for (int i = 0; i < a->n; i++) {
        MJ_TRY(frame_encode(e, &a->frame[i]));
    }
    return encode(e, animation_end, NULL);
}

mj_status mj_png_animate(const char *path, const mj_animation *animation, mj_err *err)
{
    mj_draft draft;
    assert(animation->n > 0);
    MJ_TRY(mj_draft_open(&draft, path, err));
    encoder e = {.path = path, .out = draft.out, .err = err, .animation = animation};
    mj_status status = animation_encode(&e);
    png_destroy_write_struct(&e.png, &e.info);
    if (status != MJ_OK) {
        mj_draft_abandon(&draft);
        return status;
    }
    return mj_draft_close(&draft, err);
}
