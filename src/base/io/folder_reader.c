// Reads the names in a folder with readdir(), which distinguishes a failure from the end by errno
// only: errno is cleared before every call.
#include "base/io/folder_reader.h"

#include <errno.h>
#include <string.h>

#include "base/io/folder_lock.h"

imp_status imp_folder_reader_open(imp_folder_reader *reader, const char *path, imp_error *err)
{
    *reader = (imp_folder_reader){.path = path, .stream = opendir(path)};
    if (reader->stream != NULL)
        return IMP_OK;
    // formatting the message may change errno, which the caller reads
    const int reason = errno;
    imp_fail(err, IMP_IO, "%s: %s", path, strerror(reason));
    errno = reason;
    return IMP_IO;
}

void imp_folder_reader_close(imp_folder_reader *reader)
{
    if (reader->stream != NULL)
        closedir(reader->stream);
    reader->stream = NULL;
}

imp_status imp_folder_reader_next(imp_folder_reader *reader, const char **name, imp_error *err)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(reader->stream);
        *name = entry != NULL ? entry->d_name : NULL;
        if (entry == NULL && errno != 0)
            return imp_fail(err, IMP_IO, "%s: the folder cannot be read: %s", reader->path,
                            strerror(errno));
        if (entry == NULL || (strcmp(*name, ".") != 0 && strcmp(*name, "..") != 0))
            return IMP_OK;
    }
}

imp_status imp_folder_reader_lock(imp_folder_reader *reader, imp_error *err)
{
    return imp_folder_lock_open(dirfd(reader->stream), reader->path, err);
}
