// Whole files, folders and paths. Reading has a size limit, so that no input can exhaust memory;
// writing goes through base/io/atomic_file.h.
// A file is read to its end whatever size it reports, because pipes and files in /proc report 0.
#include "base/common/try.h"
#include "base/io/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Reads to the end of the file or one byte past the limit. *out is terminated with a 0.
static imp_status read_open_file(FILE *file, char **out, size_t *length, const char *path,
                                 size_t limit, imp_error *err)
{
    // folders open like files, but cannot be read
    struct stat info;
    if (fstat(fileno(file), &info) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return imp_fail(err, IMP_BAD_INPUT, "%s: is a folder, not a file", path);
    // start with the reported size; grow by doubling if the file turns out longer
    size_t capacity = limit < 65536 ? limit : 65536;
    if (info.st_size > 0)
        capacity = (size_t)info.st_size < limit ? (size_t)info.st_size : limit;
    // text has capacity + 2 bytes at any time; used is at most capacity + 1
    char *text = NULL;
    size_t used = 0;
    for (;;) {
        // One byte past the limit tells "too large" from "just fits"; one more terminates.
        char *grown = realloc(text, capacity + 2);
        if (grown == NULL) {
            free(text);
            return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
        }
        text = grown;
        used += fread(text + used, 1, capacity + 1 - used, file);
        if (used <= capacity || capacity >= limit)
            break;
        capacity = capacity < limit / 2 ? capacity * 2 : limit;
    }
    // distinguish a read error from a file that is too large
    if (ferror(file) || used > limit) {
        free(text);
        return ferror(file)
                   ? imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno))
                   : imp_fail(err, IMP_BAD_INPUT, "%s: larger than %zu bytes", path, limit);
    }
    text[used] = '\0';
    *out = text;
    *length = used;
    return IMP_OK;
}

// A missing file is the user's mistake (IMP_BAD_INPUT); any other failure to open it is IMP_IO.
imp_status imp_file_read(char **out, size_t *length, const char *path, size_t limit, imp_error *err)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return errno == ENOENT || errno == ENOTDIR
                   ? imp_fail(err, IMP_BAD_INPUT, "%s: no such file", path)
                   : imp_fail(err, IMP_IO, "%s: cannot be read: %s", path, strerror(errno));
    imp_status status = read_open_file(file, out, length, path, limit, err);
    fclose(file);
    return status;
}

// The atomic file keeps errno of a failed write for its message; commit reports it.
imp_status imp_file_write(const char *path, const void *data, size_t length, imp_error *err)
{
    imp_atomic_file file;
    IMP_TRY(imp_atomic_file_open(&file, path, err));
    if (fwrite(data, 1, length, file.stream) != length)
        file.reason = errno;
    return imp_atomic_file_commit(&file, err);
}

// Creates the parents one by one: cuts the path at each slash in turn.
imp_status imp_folder_create(const char *path, imp_error *err)
{
    char partial[PATH_MAX];
    int length = snprintf(partial, sizeof partial, "%s", path);
    if (length <= 0 || (size_t)length >= sizeof partial)
        return imp_fail(err, IMP_IO, "%s: path empty or too long", path);
    // the path is cut here for mkdir(), and restored afterwards
    for (char *at = partial + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        // an existing entry is fine here; whether it is a folder is checked at the end
        if (mkdir(partial, 0777) != 0 && errno != EEXIST)
            return imp_fail(err, IMP_IO, "%s: cannot create folder: %s", partial, strerror(errno));
        if (kept == '\0')
            break;
        *at = kept;
    }
    // mkdir() also reports EEXIST for a file of that name
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return imp_fail(err, IMP_IO, "%s: exists and is not a folder", path);
    return IMP_OK;
}

// Messages quote only the beginning of an overlong path.
imp_status imp_path_join(char out[IMP_PATH_MAX], const char *folder, const char *name,
                         imp_error *err)
{
    int length = snprintf(out, IMP_PATH_MAX, "%s/%s", folder, name);
    if (length < 0 || length >= IMP_PATH_MAX)
        return imp_fail(err, IMP_IO, "%.100s...: path too long", folder);
    return IMP_OK;
}

imp_status imp_path_append_suffix(char out[IMP_PATH_MAX], const char *path, const char *suffix,
                                  imp_error *err)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    const int written = snprintf(out, IMP_PATH_MAX, "%.*s%s", (int)length, path, suffix);
    return written < 0 || written >= IMP_PATH_MAX
               ? imp_fail(err, IMP_IO, "%.100s...: path too long", path)
               : IMP_OK;
}

// A folder stands for the file `name` in it; anything else, even what does not exist, is the file.
imp_status imp_path_resolve_file(char out[IMP_PATH_MAX], const char *path, const char *name,
                                 imp_error *err)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return imp_path_join(out, path, name, err);
    if (strlen(path) >= IMP_PATH_MAX)
        return imp_fail(err, IMP_IO, "%.100s...: path too long", path);
    strcpy(out, path);
    return IMP_OK;
}

// Returns a pointer to the last `parts` components of a path. Trailing slashes are ignored.
static const char *last_path_components(const char *path, int parts)
{
    // skip trailing slashes, then one component and its slashes per part
    const char *at = path + strlen(path);
    while (at > path && at[-1] == '/')
        at--;
    for (; parts > 0 && at > path; parts--) {
        while (at > path && at[-1] == '/')
            at--;
        while (at > path && at[-1] != '/')
            at--;
    }
    return at;
}

// Lengthens the suffix by one component until no different path ends the same way.
const char *imp_path_shortest_unique_tail(const char *const *paths, int count, int k)
{
    const char *tail = paths[k];
    for (int parts = 1; parts == 1 || tail > paths[k]; parts++) {
        bool alike = false;
        tail = last_path_components(paths[k], parts);
        for (int i = 0; i < count && !alike; i++)
            alike = strcmp(paths[i], paths[k]) != 0 &&
                    strcmp(last_path_components(paths[i], parts), tail) == 0;
        if (!alike)
            break;
    }
    return tail;
}

// lstat(): a dangling link exists too.
const char *imp_path_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

imp_status imp_path_parent(char out[IMP_PATH_MAX], const char *path, imp_error *err)
{
    const char *slash = strrchr(path, '/');
    // the root keeps its slash
    const size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (length >= IMP_PATH_MAX)
        return imp_fail(err, IMP_IO, "%.100s...: path too long", path);
    memcpy(out, path, length);
    strcpy(out + length, length == 0 ? "." : "");
    return IMP_OK;
}

bool imp_path_exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

// The suffix alone does not count: ".png" has no name.
bool imp_path_has_suffix(const char *path, const char *ending)
{
    const size_t length = strlen(path), wanted = strlen(ending);
    return length > wanted && strcmp(path + length - wanted, ending) == 0;
}

bool imp_path_is_yaml(const char *path)
{
    return imp_path_has_suffix(path, ".yaml") || imp_path_has_suffix(path, ".yml");
}
