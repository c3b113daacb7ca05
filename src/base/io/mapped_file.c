// Maps a whole file read-only into memory. Only regular, non-empty files are accepted: mmap() fails
// with a length of 0, and other kinds have no fixed size.
// The kernel is advised of sequential reading, so it reads ahead.
#include "base/io/mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// Opens, checks, maps and closes the descriptor; each failure has its own message.
imp_status imp_mapped_file_open(imp_mapped_file *out, const char *path, imp_error *err)
{
    // O_NONBLOCK: without it, open() would block on a pipe.
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    if (descriptor < 0 || fstat(descriptor, &info) != 0) {
        const int why = errno;
        if (descriptor >= 0)
            close(descriptor);
        return imp_fail(err, IMP_IO, "%s: %s%s", path,
                        why == ENOENT ? "no such file" : "cannot be read: ",
                        why == ENOENT ? "" : strerror(why));
    }
    // only regular files with content can be mapped
    imp_status status = IMP_OK;
    void *map = MAP_FAILED;
    if (!S_ISREG(info.st_mode) || info.st_size == 0)
        status = imp_fail(err, IMP_BAD_INPUT, "%s: %s", path,
                          S_ISREG(info.st_mode)   ? "is empty"
                          : S_ISDIR(info.st_mode) ? "is a folder, not a file"
                                                  : "is not a file");
    else
        map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (status == IMP_OK && map == MAP_FAILED)
        status = imp_fail(err, IMP_IO, "%s: cannot be mapped: %s", path, strerror(errno));
    // the mapping stays valid after the descriptor is closed
    close(descriptor);
    if (status != IMP_OK)
        return status;
    madvise(map, (size_t)info.st_size, MADV_SEQUENTIAL);
    *out = (imp_mapped_file){map, (size_t)info.st_size};
    return IMP_OK;
}

void imp_mapped_file_close(imp_mapped_file *mapped)
{
    if (mapped->bytes != NULL)
        munmap((void *)(uintptr_t)mapped->bytes, mapped->length);
    *mapped = (imp_mapped_file){0};
}
