// Lists the files of an asset folder recursively, with limits on depth and number, so that a wrong
// path fails quickly. The list is sorted, so that results do not depend on the file system's order.
// Paths are kept whole; names are compared by their last component.
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io/file.h"
#include "base/io/folder_reader.h"
#include "sim/render/assets/assets.h"

enum { FILES_MAX = 20000, DEPTH_MAX = 12 };

// Appends a copy of a path, growing the list geometrically.
static imp_status append_path(imp_asset_files *files, const char *path, imp_error *err)
{
    if (files->count == FILES_MAX)
        return imp_fail(err, IMP_BAD_INPUT, "%s: more than %d files; is this an asset folder?",
                        path, FILES_MAX);
    // the list doubles, so that appending is linear in total
    if (files->count == files->capacity) {
        const int capacity = files->capacity > 0 ? 2 * files->capacity : 64;
        char **wider = realloc(files->paths, (size_t)capacity * sizeof *wider);
        if (wider == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "no memory for the list of files");
        files->paths = wider;
        files->capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the list of files");
    files->paths[files->count++] = copy;
    return IMP_OK;
}

// Appends all files of a folder and its subfolders; hidden files are skipped.
static imp_status scan_folder(imp_asset_files *files, const char *folder, int depth, imp_error *err)
{
    imp_folder_reader reader;
    imp_status status = imp_folder_reader_open(&reader, folder, NULL);
    if (status != IMP_OK)
        return imp_fail(err, IMP_BAD_INPUT, "%s: cannot be read as a folder", folder);
    for (const char *name = ""; status == IMP_OK && name != NULL;) {
        char path[IMP_PATH_MAX];
        struct stat info;
        status = imp_folder_reader_next(&reader, &name, err);
        // hidden files and the entries . and ..
        if (status != IMP_OK || name == NULL || name[0] == '.')
            continue;
        status = imp_path_join(path, folder, name, err);
        // what cannot be examined is skipped, like sockets and devices
        if (status != IMP_OK || stat(path, &info) != 0)
            continue;
        if (S_ISREG(info.st_mode))
            status = append_path(files, path, err);
        // links to a parent folder would recurse for ever without a limit on the depth
        else if (S_ISDIR(info.st_mode) && depth < DEPTH_MAX)
            status = scan_folder(files, path, depth + 1, err);
    }
    imp_folder_reader_close(&reader);
    return status;
}

// Byte order.
static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

imp_status imp_asset_files_scan(imp_asset_files *out, const char *folder, imp_error *err)
{
    imp_asset_files files = {0};
    imp_status status = scan_folder(&files, folder, 0, err);
    if (status != IMP_OK) {
        imp_asset_files_free(&files);
        return status;
    }
    // the order of a folder's entries is not defined
    if (files.count > 0)
        qsort(files.paths, (size_t)files.count, sizeof *files.paths, compare_paths);
    *out = files;
    return IMP_OK;
}

void imp_asset_files_free(imp_asset_files *files)
{
    for (int k = 0; k < files->count; k++)
        free(files->paths[k]);
    free(files->paths);
    *files = (imp_asset_files){0};
}

// Length of the folder part of a path, including its slash.
static size_t folder_prefix_length(const char *path)
{
    return (size_t)(imp_path_base_name(path) - path);
}

const char *imp_asset_files_find_name(const imp_asset_files *files, const char *name,
                                      const char *beside)
{
    // the first match counts, unless another lies beside the given path
    const char *found = NULL;
    for (int k = 0; k < files->count; k++) {
        const char *path = files->paths[k];
        // a file in the same folder wins over the first one found
        const size_t folder = folder_prefix_length(path);
        if (strcmp(path + folder, name) != 0)
            continue;
        if (beside != NULL && folder == folder_prefix_length(beside) &&
            memcmp(path, beside, folder) == 0)
            return path;
        if (found == NULL)
            found = path;
    }
    return found;
}

const char *imp_asset_files_find_suffix(const imp_asset_files *files, const char *end)
{
    const size_t length = strlen(end);
    for (int k = 0; k < files->count; k++) {
        const char *path = files->paths[k];
        // the suffix must start at a folder's name, not in the middle of it
        const size_t whole = strlen(path);
        if (whole > length && path[whole - length - 1] == '/' &&
            strcmp(path + whole - length, end) == 0)
            return path;
    }
    return NULL;
}
