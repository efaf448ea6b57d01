/* Data sets from folders: one subfolder a class.
 *
 * Names are sorted by their bytes, so that the order (and with it labels, splits and batches) is the
 * same on every machine and in every locale. Hidden names and other files are passed over. */
#include "mj/dataset.h"

#include "mj/png.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CLASSES_MAX = 4096, IMAGES_MAX = 1000000, PATH_MAX_B = 4096, ROOM_FIRST = 64 };

/* Names in a folder, in the arena. */
typedef struct {
    const char **name;
    int n, room;
} names;

static mj_status no_memory(const char *path, mj_err *err)
{
    return mj_err_add(err, MJ_EMEM, path, 0, 0, "out of memory");
}

static int name_compare(const void *left, const void *right)
{
    const char *const *a = left, *const *b = right;
    return strcmp(*a, *b);
}

static bool is_png(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcasecmp(name + length - 4, ".png") == 0;
}

static bool is_folder(const char *path, const char *name)
{
    char inner[PATH_MAX_B];
    snprintf(inner, sizeof inner, "%s/%s", path, name);
    DIR *folder = opendir(inner);
    if (folder) {
        closedir(folder);
    }
    return folder != NULL;
}

static mj_status name_append(names *list, const char *name, const char *path, int limit,
                             mj_arena *arena, mj_err *err)
{
    if (list->n == limit) {
        return mj_err_add(err, MJ_ELIMIT, path, 0, 0, "more than %d entries", limit);
    }
    if (list->n == list->room) {
        int room = list->room ? list->room * 2 : ROOM_FIRST;
        const char **grown = mj_arena_array(arena, (size_t)room, sizeof *grown);
        if (!grown) {
            return no_memory(path, err);
        }
        if (list->n > 0) {
            memcpy(grown, list->name, (size_t)list->n * sizeof *grown);
        }
        list->name = grown;
        list->room = room;
    }
    list->name[list->n] = mj_arena_text(arena, name, strlen(name));
    return list->name[list->n++] ? MJ_OK : no_memory(path, err);
}

/* The PNGs of a folder, or else its visible subfolders, sorted. */
static mj_status folder_list(names *list, const char *path, bool pngs, int limit, mj_arena *arena,
                             mj_err *err)
{
    *list = (names){0};
    DIR *folder = opendir(path);
    if (!folder) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0, "cannot open the folder: %s",
                          strerror(errno));
    }
    mj_status status = MJ_OK;
    const struct dirent *entry;
    while (status == MJ_OK && (entry = readdir(folder)) != NULL) {
        const char *name = entry->d_name;
        if (name[0] != '.' && (pngs ? is_png(name) : is_folder(path, name))) {
            status = name_append(list, name, path, limit, arena, err);
        }
    }
    closedir(folder);
    if (list->n > 0) {
        qsort(list->name, (size_t)list->n, sizeof *list->name, name_compare);
    }
    return status;
}

/* Puts image i of the set in its place; the first one decides the size. */
static mj_status image_place(mj_dataset *data, const char *path, int i, int n, mj_arena *arena,
                             mj_err *err)
{
    mj_arena scratch;
    mj_image image;
    mj_arena_init(&scratch, 0);
    mj_status status = mj_png_load(&image, path, &scratch, err);
    if (status == MJ_OK && i == 0) {
        size_t pixels = (size_t)image.height * (size_t)image.width;
        data->height = image.height;
        data->width = image.width;
        data->image = mj_arena_array(arena, (size_t)n, pixels * sizeof *data->image);
        status = data->image ? MJ_OK : no_memory(path, err);
    }
    if (status == MJ_OK && (image.height != data->height || image.width != data->width)) {
        status = mj_err_add(err, MJ_ESYNTAX, path, 0, 0,
                            "%d x %d pixels; the first image has %d x %d", image.width,
                            image.height, data->width, data->height);
    }
    if (status == MJ_OK) {
        size_t pixels = (size_t)image.height * (size_t)image.width;
        for (size_t k = 0; k < pixels; k++) {
            data->image[(size_t)i * pixels + k] = (mj_real)image.pixel[k] / 255;
        }
    }
    mj_arena_fini(&scratch);
    return status;
}

static mj_status classes_read(mj_dataset *data, const char *path, const names *classes,
                              const names *files, int n, mj_arena *arena, mj_err *err)
{
    int at = 0;
    data->label = mj_arena_array(arena, (size_t)n, sizeof *data->label);
    if (!data->label) {
        return no_memory(path, err);
    }
    for (int c = 0; c < classes->n; c++) {
        for (int i = 0; i < files[c].n; i++) {
            char file[PATH_MAX_B];
            int length = snprintf(file, sizeof file, "%s/%s/%s", path, classes->name[c],
                                  files[c].name[i]);
            if (length >= PATH_MAX_B) {
                return mj_err_add(err, MJ_ELIMIT, path, 0, 0, "a path below it is too long");
            }
            MJ_TRY(image_place(data, file, at, n, arena, err));
            data->label[at++] = c;
        }
    }
    data->n = n;
    return MJ_OK;
}

mj_status mj_dataset_load_folder(mj_dataset *data, const char *path, mj_arena *arena, mj_err *err)
{
    names classes;
    int n = 0;
    *data = (mj_dataset){0};
    MJ_TRY(folder_list(&classes, path, false, CLASSES_MAX, arena, err));
    names *files = mj_arena_array(arena, (size_t)classes.n, sizeof *files);
    if (!files) {
        return no_memory(path, err);
    }
    for (int c = 0; c < classes.n; c++) {
        char folder[PATH_MAX_B];
        snprintf(folder, sizeof folder, "%s/%s", path, classes.name[c]);
        MJ_TRY(folder_list(&files[c], folder, true, IMAGES_MAX - n, arena, err));
        if (files[c].n == 0) {
            return mj_err_add(err, MJ_EFILE, folder, 0, 0, "no PNG files");
        }
        n += files[c].n;
    }
    if (n == 0) {
        return mj_err_add(err, MJ_EFILE, path, 0, 0,
                          "neither MNIST's files nor subfolders of PNGs are here");
    }
    MJ_TRY(classes_read(data, path, &classes, files, n, arena, err));
    data->n_classes = classes.n;
    data->class_name = classes.name;
    return MJ_OK;
}
