/* Measure folder: where the files of a measurement go. */
#include "measure_folder.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

mj_status mj_measure_folder(const char *folder, mj_err *err)
{
    int n = 0;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return mj_err_add(err, MJ_EFILE, folder, 0, 0, "cannot make this folder: %s", strerror(errno));
    }
    DIR *list = opendir(folder);
    if (!list) {
        return mj_err_add(err, MJ_EFILE, folder, 0, 0, "not a folder: %s", strerror(errno));
    }
    while (readdir(list)) {
        n++;
    }
    closedir(list);
    return n == 2 ? MJ_OK : mj_err_add(err, MJ_EFILE, folder, 0, 0, "--out wants an empty folder");
}
