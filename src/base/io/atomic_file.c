// Files that appear under their name only when they are complete.
//
// A new file has no name at all while it is written (O_TMPFILE), so a killed writer leaves nothing
// behind. To replace an existing file it is linked under a random name first: linkat() cannot
// replace a file, but rename() can. File systems without unnamed files get a random name from the
// beginning, created with O_EXCL and O_NOFOLLOW: no foreign link is followed, and two writers never
// share a file.
//
// A writer that is killed between linkat() and rename() leaves such a name. Writers hold a lock on
// their file (flock), so whoever replaces the same path next knows that nobody writes there, and
// removes it.
#include "base/io/atomic_file.h"

#include "base/common/try.h"
#include "base/io/folder_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SUFFIX_LENGTH = sizeof ".0123456789abcdef.tmp" - 1, ATTEMPTS_MAX = 100 };

// Draws an unpredictable name beside the target path.
static imp_status make_random_temporary_name(imp_atomic_file *file, imp_error *err)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        return imp_fail(err, IMP_IO, "%s: no random name: %s", file->path, strerror(errno));
    const size_t length = strlen(file->path);
    memcpy(file->temporary_path, file->path, length);
    snprintf(file->temporary_path + length, SUFFIX_LENGTH + 1, ".%016" PRIx64 ".tmp", number);
    return IMP_OK;
}

// Locks a new file for as long as it is open, so that it is not taken for an abandoned one. False
// if another process removed it before it was locked.
static bool lock_temporary_file(int descriptor)
{
    struct stat info;
    while (flock(descriptor, LOCK_EX) != 0 && errno == EINTR)
        continue;
    return fstat(descriptor, &info) != 0 || info.st_nlink > 0;
}

// Creates a file with a temporary name. Returns its descriptor, or -1 after filling *err.
static int open_temporary_named(imp_atomic_file *file, imp_error *err)
{
    int descriptor = -1;
    // O_EXCL | O_NOFOLLOW: never reuse a file or follow a link that another process put there
    for (int k = 0; k < ATTEMPTS_MAX && descriptor < 0; k++) {
        if (make_random_temporary_name(file, err) != IMP_OK)
            return -1;
        descriptor =
            open(file->temporary_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (descriptor < 0 && errno != EEXIST && errno != EINTR)
            break;
        if (descriptor >= 0 && !lock_temporary_file(descriptor)) {
            close(descriptor);
            descriptor = -1;
            errno = EEXIST;
        }
    }
    if (descriptor < 0) {
        imp_fail(err, IMP_IO, "%s: cannot be created: %s", file->path, strerror(errno));
        file->temporary_path[0] = '\0';
    }
    return descriptor;
}

// Creates a file without a name (O_TMPFILE). Returns its descriptor, or -1 if that is not
// supported.
static int open_temporary_unnamed(imp_atomic_file *file)
{
    char folder[IMP_PATH_MAX];
    if (imp_path_parent(folder, file->path, NULL) != IMP_OK)
        return -1;
    const int descriptor = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
    snprintf(file->proc_path, sizeof file->proc_path, "/proc/self/fd/%d", descriptor);
    // linkat() needs /proc to give the file a name later
    if (descriptor < 0 || access(file->proc_path, F_OK) == 0) {
        if (descriptor >= 0)
            (void)lock_temporary_file(descriptor); // without a name it cannot have been removed
        return descriptor;
    }
    close(descriptor);
    return -1;
}

// Gives an unnamed file a name. Fails with EEXIST if the name is taken.
static int link_unnamed_file(const imp_atomic_file *file, const char *name)
{
    return linkat(AT_FDCWD, file->proc_path, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

// Rejects targets that rename() cannot or must not replace: folders, devices, pipes, overlong
// paths.
static imp_status check_target_path(const char *path, imp_error *err)
{
    struct stat info;
    if (strlen(path) + SUFFIX_LENGTH >= IMP_PATH_MAX)
        return imp_fail(err, IMP_IO, "%.100s...: path too long", path);
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return imp_fail(err, IMP_IO, "%s: is a folder, not a file", path);
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return imp_fail(err, IMP_IO, "%s: is a device or pipe, not a file", path);
    return IMP_OK;
}

// Checks the target, creates the temporary file and opens a stream on its descriptor.
static imp_status open_temporary_file(imp_atomic_file *file, const char *path, bool named,
                                      imp_error *err)
{
    *file = (imp_atomic_file){0};
    IMP_TRY(check_target_path(path, err));
    strcpy(file->path, path);
    // prefer an unnamed file: it vanishes by itself if the writer is killed
    int descriptor = named ? -1 : open_temporary_unnamed(file);
    if (descriptor < 0)
        descriptor = open_temporary_named(file, err);
    if (descriptor < 0)
        return IMP_IO;
    file->stream = fdopen(descriptor, "wb");
    if (file->stream != NULL)
        return IMP_OK;
    close(descriptor);
    imp_atomic_file_discard(file);
    return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
}

imp_status imp_atomic_file_open(imp_atomic_file *file, const char *path, imp_error *err)
{
    return open_temporary_file(file, path, false, err);
}

imp_status imp_atomic_file_open_named(imp_atomic_file *file, const char *path, imp_error *err)
{
    return open_temporary_file(file, path, true, err);
}

// Links an unnamed file to a temporary name; does nothing if the file has one. Retries while names
// are taken.
static imp_status link_to_temporary_name(imp_atomic_file *file, imp_error *err)
{
    for (int k = 0; file->temporary_path[0] == '\0'; k++) {
        const imp_status status = make_random_temporary_name(file, err);
        if (status != IMP_OK || link_unnamed_file(file, file->temporary_path) == 0)
            return status;
        file->temporary_path[0] = '\0';
        if (errno != EEXIST || k == ATTEMPTS_MAX)
            return imp_fail(err, IMP_IO, "%s: cannot be created: %s", file->path, strerror(errno));
    }
    return IMP_OK;
}

// Syncs the folder that holds path, so that a rename in it survives a power cut.
static imp_status sync_parent_folder(const char *path, imp_error *err)
{
    char folder[IMP_PATH_MAX];
    IMP_TRY(imp_path_parent(folder, path, err));
    const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return imp_fail(err, IMP_IO, "%s: %s", folder, strerror(errno));
    // Some file systems cannot sync a folder and report EINVAL; the rename is then as safe as
    // possible.
    const bool failed = fsync(descriptor) != 0 && errno != EINVAL;
    const int reason = errno;
    close(descriptor);
    return failed ? imp_fail(err, IMP_IO, "%s: %s", folder, strerror(reason)) : IMP_OK;
}

// Whether a name ends in a random suffix: ".", 16 hexadecimal digits and ".tmp".
static bool has_random_suffix(const char *name)
{
    const size_t length = strlen(name);
    return length > SUFFIX_LENGTH && imp_path_has_suffix(name, ".tmp") &&
           name[length - SUFFIX_LENGTH] == '.' &&
           strspn(name + length - SUFFIX_LENGTH + 1, "0123456789abcdef") == 16;
}

// Removes a temporary file if no process holds its lock. Where locks do not work it stays.
static void remove_if_unlocked(int folder, const char *name)
{
    const int descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return;
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        unlinkat(folder, name, 0);
    close(descriptor);
}

// Removes what killed writers of the same path have left. What cannot be read or removed stays.
static void remove_abandoned_beside(const char *path)
{
    char folder[IMP_PATH_MAX];
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path, *name = "";
    const size_t length = strlen(base);
    imp_folder_reader reader;
    if (imp_path_parent(folder, path, NULL) != IMP_OK ||
        imp_folder_reader_open(&reader, folder, NULL) != IMP_OK)
        return;
    while (imp_folder_reader_next(&reader, &name, NULL) == IMP_OK && name != NULL)
        if (strncmp(name, base, length) == 0 && strlen(name) == length + SUFFIX_LENGTH &&
            has_random_suffix(name))
            remove_if_unlocked(dirfd(reader.stream), name);
    imp_folder_reader_close(&reader);
}

// Moves the synced file to its path, replacing what is there.
static imp_status move_temporary_to_final_path(imp_atomic_file *file, imp_error *err)
{
    // nothing at the target: one linkat() suffices
    if (file->temporary_path[0] == '\0' && link_unnamed_file(file, file->path) == 0)
        return IMP_OK;
    // linkat() cannot replace a file, but rename() can, which needs a name
    IMP_TRY(link_to_temporary_name(file, err));
    if (rename(file->temporary_path, file->path) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", file->path, strerror(errno));
    file->temporary_path[0] = '\0';
    remove_abandoned_beside(file->path);
    return IMP_OK;
}

// Flush and sync the data, publish the name, then sync the folder. An error at any step discards
// the file.
imp_status imp_atomic_file_commit(imp_atomic_file *file, imp_error *err)
{
    imp_status status = IMP_OK;
    if (ferror(file->stream))
        status = imp_fail(err, IMP_IO, "%s: %s", file->path,
                          file->reason != 0 ? strerror(file->reason)
                                            : "cannot be written completely: is the disk full?");
    else if (fflush(file->stream) != 0 || fsync(fileno(file->stream)) != 0)
        status = imp_fail(err, IMP_IO, "%s: %s", file->path, strerror(errno));
    if (status == IMP_OK)
        status = move_temporary_to_final_path(file, err);
    imp_atomic_file_discard(file);
    return status == IMP_OK ? sync_parent_folder(file->path, err) : status;
}

void imp_atomic_file_discard(imp_atomic_file *file)
{
    // Removes what is left of an uncommitted file. An unnamed file disappears when it is closed.
    if (file->stream != NULL)
        fclose(file->stream);
    if (file->temporary_path[0] != '\0')
        unlink(file->temporary_path);
    file->stream = NULL;
    file->temporary_path[0] = '\0';
}

// Accepts the current form (16 hexadecimal digits) and any other name that ends in ".tmp".
bool imp_atomic_file_strip_suffix(char *name)
{
    if (!imp_path_has_suffix(name, ".tmp"))
        return false;
    name[strlen(name) - (has_random_suffix(name) ? SUFFIX_LENGTH : strlen(".tmp"))] = '\0';
    return true;
}

imp_status imp_atomic_file_remove_stale_files(const char *folder, imp_error *err)
{
    imp_folder_reader reader;
    const char *name = "";
    imp_status status = imp_folder_reader_open(&reader, folder, err);
    if (status != IMP_OK)
        return status;
    while (status == IMP_OK && name != NULL) {
        char path[IMP_PATH_MAX];
        status = imp_folder_reader_next(&reader, &name, err);
        if (status != IMP_OK || name == NULL || !has_random_suffix(name))
            continue;
        status = imp_path_join(path, folder, name, err);
        if (status == IMP_OK && unlink(path) != 0 && errno != ENOENT)
            status = imp_fail(err, IMP_IO, "%s: cannot be removed: %s", path, strerror(errno));
    }
    imp_folder_reader_close(&reader);
    return status;
}
