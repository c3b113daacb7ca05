// Opens the streams through which an agent receives and sends messages: files, FIFOs or standard
// input and output. A blocking open() of a FIFO waits for the other side and cannot be interrupted.
// So streams are opened without blocking, again every 5 ms until it succeeds or the monitor stops
// it.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "imprint/agent.h"

enum {
    PIPE_BYTES = 1 << 20, // so that one write can take a whole image
    RETRY_INTERVAL_NS = 5000000,
};

// Waits one retry interval. Returns false if the monitor asks for a stop.
static bool sleep_unless_stopped(const imp_monitor *monitor)
{
    const struct timespec pause = {.tv_nsec = RETRY_INTERVAL_NS};
    nanosleep(&pause, NULL);
    return !imp_monitor_should_stop(monitor);
}

// Duplicates a standard stream, so that the caller can close its copy like any other stream.
static imp_status duplicate_standard_stream(int *out, int stream, imp_error *err)
{
    // The copy gets a number above those of the standard streams and is closed by exec().
    const int copy = fcntl(stream, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return imp_fail(err, IMP_IO, "standard %s: %s", stream == STDIN_FILENO ? "input" : "output",
                        strerror(errno));
    *out = copy;
    return IMP_OK;
}

// Opens a stream, repeatedly while the reason for a failure can go away.
static imp_status open_fifo_with_retries(int *out, const char *path, int flags,
                                         const imp_monitor *monitor, imp_error *err)
{
    for (;;) {
        const int stream = open(path, flags | O_NONBLOCK | O_CLOEXEC, 0666);
        if (stream >= 0) {
            // On a file that is not a pipe this call fails, which is harmless.
            fcntl(stream, F_SETPIPE_SZ, PIPE_BYTES);
            *out = stream;
            return IMP_OK;
        }
        // ENOENT: the file does not exist yet. ENXIO: the FIFO has no reader yet.
        // Other reasons, such as missing permission, do not change by waiting.
        const bool patient = errno == EINTR || (errno == ENOENT && (flags & O_CREAT) == 0) ||
                             (errno == ENXIO && (flags & O_WRONLY) != 0);
        if (!patient)
            return imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
        if (!sleep_unless_stopped(monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
}

// Opens the stream with the host's messages. `-` is standard input. The caller closes *out.
imp_status imp_agent_open_input(int *out, const char *path, const imp_monitor *monitor,
                                imp_error *err)
{
    if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0)
        return duplicate_standard_stream(out, STDIN_FILENO, err);
    return open_fifo_with_retries(out, path, O_RDONLY, monitor, err);
}

// Creates a FIFO and its folder. An existing FIFO is used; another file of that name is replaced.
static imp_status create_fifo(const char *path, imp_error *err)
{
    char folder[IMP_PATH_MAX];
    struct stat info;
    // Create the folder.
    IMP_TRY(imp_path_parent(folder, path, err));
    IMP_TRY(imp_folder_create(folder, err));
    // Remove what has the FIFO's name, unless it is one. lstat() does not follow links.
    if (lstat(path, &info) == 0) {
        if (S_ISFIFO(info.st_mode))
            return IMP_OK;
        if (S_ISDIR(info.st_mode) || unlink(path) != 0)
            return imp_fail(err, IMP_IO, "%s: exists and cannot be replaced by a FIFO", path);
    }
    // The permissions are restricted further by the umask of the user.
    if (mkfifo(path, 0666) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
    return IMP_OK;
}

// Opens the stream for replies. `fifo:PATH` creates a FIFO, as the challenge's nodes do; `-` is
// standard output; another path is a file.
imp_status imp_agent_open_output(int *out, const char *path, const imp_monitor *monitor,
                                 imp_error *err)
{
    static const char prefix[] = "fifo:";
    int flags = O_WRONLY | O_CREAT | O_TRUNC;
    if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0)
        return duplicate_standard_stream(out, STDOUT_FILENO, err);
    // Without the prefix a file is created or truncated; a FIFO must not be.
    if (strncmp(path, prefix, strlen(prefix)) == 0) {
        path += strlen(prefix);
        flags = O_WRONLY;
        IMP_TRY(create_fifo(path, err));
    }
    return open_fifo_with_retries(out, path, flags, monitor, err);
}
