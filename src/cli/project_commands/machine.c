// What the machine has: read from /proc and the system, measured where nothing says it. Programs
// of PATH are run without a shell, with standard error closed.
#include "cli/project_commands/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/common/clock.h"
#include "base/io/file.h"
#include "base/threads/thread_pool.h"

extern char **environ;

// The rest of the first line of a file that begins with `key`, behind its colon. Returns whether
// there is one.
static bool read_value_of_key(char *out, size_t capacity, const char *path, const char *key)
{
    char line[1024];
    bool found = false;
    FILE *file = fopen(path, "re");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0 && strchr(line, ':') != NULL) {
            const char *value = strchr(line, ':') + 1;
            value += strspn(value, " \t");
            snprintf(out, capacity, "%.*s", (int)strcspn(value, "\n"), value);
            found = true;
        }
    if (file != NULL)
        fclose(file);
    return found;
}

void imp_machine_processor(char *out)
{
    if (!read_value_of_key(out, IMP_MACHINE_TEXT_MAX, "/proc/cpuinfo", "model name"))
        snprintf(out, IMP_MACHINE_TEXT_MAX, "unknown");
}

void imp_machine_count_processors(int *usable, int *all)
{
    *all = (int)sysconf(_SC_NPROCESSORS_ONLN);
    *usable = imp_cpu_count();
}

void imp_machine_memory(double *total, double *available)
{
    char text[64];
    const char *path = "/proc/meminfo";
    *total =
        read_value_of_key(text, sizeof text, path, "MemTotal") ? 1024.0 * strtod(text, NULL) : 0.0;
    *available = read_value_of_key(text, sizeof text, path, "MemAvailable")
                     ? 1024.0 * strtod(text, NULL)
                     : 0.0;
}

// Writes `count` blocks to a file and syncs it. Returns the bytes that arrived.
static double write_blocks(int file, int count)
{
    static const char block[1 << 20];
    double written = 0.0;
    for (int k = 0; k < count; k++) {
        const ssize_t size = write(file, block, sizeof block);
        if (size <= 0)
            break;
        written += (double)size;
    }
    return fsync(file) == 0 ? written : 0.0;
}

imp_status imp_machine_measure_disk(double *available, double *speed, const char *folder,
                                    imp_error *err)
{
    char path[IMP_PATH_MAX];
    struct statvfs info;
    snprintf(path, sizeof path, "%s/imprint-doctor-XXXXXX", folder);
    const int file = mkostemp(path, O_CLOEXEC);
    if (file < 0)
        return imp_fail(err, IMP_IO, "%s: %s", folder, strerror(errno));
    unlink(path); // it goes when it is closed
    *available = statvfs(folder, &info) == 0 ? (double)info.f_bavail * (double)info.f_frsize : 0.0;
    const double begin = imp_monotonic_seconds();
    const double written = write_blocks(file, 32);
    *speed = written / (imp_monotonic_seconds() - begin);
    close(file);
    return written > 0.0 ? IMP_OK : imp_fail(err, IMP_IO, "%s: no space is left", folder);
}

bool imp_machine_run_program(char *out, size_t capacity, const char *const *argv)
{
    int ends[2], state = 1;
    pid_t process;
    size_t used = 0;
    out[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    // the program reads nothing, and its errors are not shown
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const bool started = posix_spawnp(&process, argv[0], &actions, NULL,
                                      (char *const *)(uintptr_t)argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    // output beyond the capacity is left in the pipe
    for (ssize_t size = 1; started && size > 0 && used + 1 < capacity; used += (size_t)size) {
        size = read(ends[0], out + used, capacity - 1 - used);
        if (size < 0)
            size = 0;
    }
    out[used] = '\0';
    close(ends[0]);
    if (started)
        waitpid(process, &state, 0);
    return started && state == 0;
}
