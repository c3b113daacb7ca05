// Hashes files and folders by content: FNV-1a over file bytes, and over the names and contents of a
// folder's entries, sorted by name. A copy elsewhere has the same hash.
#include "base/io/content_hash.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/common/hash.h"
#include "base/common/try.h"
#include "base/io/file.h"

enum { DEPTH_MAX = 8, BLOCK_BYTES = 1 << 16 };

// Continues a hash over the bytes of a file, read in blocks.
static imp_status hash_file_content(uint64_t *hash, const char *path, imp_error *err)
{
    unsigned char block[BLOCK_BYTES];
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return imp_fail(err, IMP_IO, "%s: cannot be read: %s", path, strerror(errno));
    for (size_t count; (count = fread(block, 1, sizeof block, file)) > 0;)
        *hash = imp_hash_bytes(*hash, block, count);
    const bool failed = ferror(file) != 0;
    fclose(file);
    return failed ? imp_fail(err, IMP_IO, "%s: cannot be read", path) : IMP_OK;
}

// Hidden entries, "." and ".." among them, are skipped.
static int is_not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

// Compares bytes: the order must not depend on the locale.
static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

// Continues a hash over a file, or recursively over a folder.
static imp_status hash_file_or_folder(uint64_t *hash, const char *path, int depth,
                                      imp_error *err) // NOLINT(misc-no-recursion): a few levels
{
    struct stat info;
    struct dirent **entries;
    if (stat(path, &info) != 0)
        return imp_fail(err, IMP_IO, "%s: cannot be read: %s", path, strerror(errno));
    if (S_ISREG(info.st_mode))
        return hash_file_content(hash, path, err);
    if (!S_ISDIR(info.st_mode) || depth == DEPTH_MAX)
        return IMP_OK; // devices, pipes and deeper folders have no content to hash
    const int count = scandir(path, &entries, is_not_hidden, compare_names);
    if (count < 0)
        return imp_fail(err, IMP_IO, "%s: cannot be read: %s", path, strerror(errno));
    imp_status status = IMP_OK;
    // each entry contributes its name with the terminating 0, then its content; after an error the
    // rest is only freed
    for (int k = 0; k < count; k++) {
        char inner[IMP_PATH_MAX];
        const char *name = entries[k]->d_name;
        *hash = imp_hash_bytes(*hash, name, strlen(name) + 1);
        if (status == IMP_OK)
            status = imp_path_join(inner, path, name, err);
        if (status == IMP_OK)
            status = hash_file_or_folder(hash, inner, depth + 1, err);
        free(entries[k]);
    }
    free(entries);
    return status;
}

imp_status imp_content_hash(uint64_t *out, const char *path, imp_error *err)
{
    uint64_t hash = IMP_HASH_START;
    IMP_TRY(hash_file_or_folder(&hash, path, 0, err));
    *out = hash;
    return IMP_OK;
}
