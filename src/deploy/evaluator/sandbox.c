// Runs a stranger's program under bubblewrap (bwrap), which makes namespaces of the kernel: no
// network, no processes but its own, a file system that is read-only and has an empty /tmp. When
// the caller ends, or its process is killed, everything in the sandbox is killed with it.
//
// /tmp, /var/tmp and /run are hidden, because sockets and other programs' files are there. What the
// command itself needs from these places is put back, read-only: the working folder, this program's
// folder, PATH's folders, and whatever the command names by a full path.
#include "deploy/evaluator/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io/file.h"
#include "imprint/evaluator.h"

static const char *const HIDDEN_PATHS[] = {"/tmp", "/var/tmp", "/run"};
enum { HIDDEN_COUNT = sizeof HIDDEN_PATHS / sizeof HIDDEN_PATHS[0] };

// What runs in the sandbox first. Only now does bubblewrap see to it that everything ends with its
// caller, so the command waits until the caller has shown that it is still there.
static const char START_SCRIPT[] =
    "echo " IMP_SANDBOX_READY "; read -r _ && exec </dev/null && exec /bin/sh -c \"$1\"";

#define TEMPORARY_BYTES "268435456" // of each hidden place, which is memory

static char *store_text(imp_sandbox *box, const char *text, size_t length)
{
    if (length >= sizeof box->text - box->used) {
        box->full = true;
        return box->text;
    }
    char *kept = box->text + box->used;
    memcpy(kept, text, length);
    kept[length] = '\0';
    box->used += length + 1;
    return kept;
}

static void add_argument(imp_sandbox *box, const char *word)
{
    if (box->count == IMP_SANDBOX_ARGUMENTS_MAX - 1)
        box->full = true;
    else
        box->words[box->count++] = store_text(box, word, strlen(word));
}

static void add_arguments(imp_sandbox *box, const char *const *words, int count)
{
    for (int k = 0; k < count; k++)
        add_argument(box, words[k]);
}

static bool is_hidden(const char *path)
{
    for (int k = 0; k < HIDDEN_COUNT; k++) {
        const size_t length = strlen(HIDDEN_PATHS[k]);
        if (strncmp(path, HIDDEN_PATHS[k], length) == 0 && path[length] == '/')
            return true;
    }
    return false;
}

// Shows a path that is there but hidden, and what it links to.
static void expose_path(imp_sandbox *box, const char *path)
{
    char real[PATH_MAX];
    if (path[0] != '/' || realpath(path, real) == NULL)
        return;
    if (is_hidden(real))
        add_arguments(box, (const char *[]){"--ro-bind", real, real}, 3);
    if (is_hidden(path) && strcmp(path, real) != 0)
        add_arguments(box, (const char *[]){"--ro-bind", path, path}, 3);
}

// Shows the parts of a text that are between any of the separators.
static void expose_paths_in(imp_sandbox *box, const char *text, const char *separators)
{
    char part[PATH_MAX];
    for (text += strspn(text, separators); *text != '\0'; text += strspn(text, separators)) {
        const size_t length = strcspn(text, separators);
        if (length < sizeof part) {
            memcpy(part, text, length);
            part[length] = '\0';
            expose_path(box, part);
        }
        text += length;
    }
}

// Finds bubblewrap on the PATH.
static bool find_bubblewrap(char out[PATH_MAX])
{
    const char *path = getenv("PATH");
    for (path = path != NULL ? path : "/usr/bin:/bin"; *path != '\0';) {
        const size_t length = strcspn(path, ":");
        const int used = snprintf(out, PATH_MAX, "%.*s/bwrap", (int)length, path);
        if (used < PATH_MAX && length > 0 && access(out, X_OK) == 0)
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}

imp_status imp_sandbox_build_command(imp_sandbox *box, const char *command, const char *folder,
                                     imp_error *err)
{
    static const char *const isolation[] = {"--unshare-all",
                                            "--die-with-parent",
                                            "--new-session",
                                            "--ro-bind",
                                            "/",
                                            "/",
                                            "--dev",
                                            "/dev",
                                            "--proc",
                                            "/proc"};
    char program[PATH_MAX], here[PATH_MAX];
    *box = (imp_sandbox){0};
    if (!find_bubblewrap(program))
        return imp_fail(err, IMP_CHECK_FAILED,
                        "bubblewrap (the program bwrap) is not installed: "
                        "install the package bubblewrap");
    add_argument(box, program);
    add_arguments(box, isolation, sizeof isolation / sizeof isolation[0]);
    for (int k = 0; k < HIDDEN_COUNT; k++)
        if (imp_path_exists(HIDDEN_PATHS[k]))
            add_arguments(
                box, (const char *[]){"--size", TEMPORARY_BYTES, "--tmpfs", HIDDEN_PATHS[k]}, 4);
    const char *path = getenv("PATH");
    if (path != NULL)
        expose_paths_in(box, path, ":");
    expose_paths_in(box, command, " \t\n'\"=;|&<>()");
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        *strrchr(program, '/') = '\0';
        expose_path(box, program);
    }
    if (getcwd(here, sizeof here) != NULL)
        expose_path(box, here);
    if (folder != NULL)
        add_arguments(box, (const char *[]){"--bind", folder, folder}, 3);
    add_arguments(box, (const char *[]){"--", "/bin/sh", "-c", START_SCRIPT, "sh", command}, 6);
    return box->full ? imp_fail(err, IMP_CHECK_FAILED, "the command is too long for a sandbox")
                     : IMP_OK;
}

// Starts a sandbox whose input has ended, and tells whether it got ready.
static bool sandbox_starts(imp_sandbox *box, char **environment)
{
    char said[sizeof IMP_SANDBOX_READY] = "";
    int words[2];
    pid_t process;
    posix_spawn_file_actions_t files;
    if (pipe2(words, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, words[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const int code = posix_spawn(&process, box->words[0], &files, NULL, box->words, environment);
    posix_spawn_file_actions_destroy(&files);
    close(words[1]);
    // the kernel gives so short a line in one piece
    const ssize_t count = code == 0 ? read(words[0], said, sizeof said - 1) : 0;
    close(words[0]);
    if (code == 0)
        while (waitpid(process, NULL, 0) < 0 && errno == EINTR)
            ;
    return count > 0 && strcmp(said, IMP_SANDBOX_READY) == 0;
}

imp_status imp_sandbox_check(imp_error *err)
{
    char *environment[IMP_SANDBOX_VARIABLES + 1] = {0};
    imp_sandbox *box = malloc(sizeof *box);
    if (box == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a sandbox");
    imp_status status = imp_sandbox_build_command(box, "", NULL, err);
    imp_sandbox_environment(environment, box);
    if (status == IMP_OK && !sandbox_starts(box, environment))
        status = imp_fail(err, IMP_CHECK_FAILED,
                          "this system does not let bubblewrap (bwrap) make a sandbox");
    free(box);
    return status;
}

void imp_sandbox_environment(char *variables[IMP_SANDBOX_VARIABLES], imp_sandbox *box)
{
    char path[PATH_MAX];
    const char *given = getenv("PATH");
    snprintf(path, sizeof path, "PATH=%s", given != NULL ? given : "/usr/bin:/bin");
    variables[0] = store_text(box, path, strlen(path));
    variables[1] = store_text(box, "HOME=/tmp", strlen("HOME=/tmp"));
    variables[2] = store_text(box, "LANG=C.UTF-8", strlen("LANG=C.UTF-8"));
    variables[3] = store_text(box, "TMPDIR=/tmp", strlen("TMPDIR=/tmp"));
}

void imp_sandbox_set_limits(void)
{
    static const struct {
        int what;
        rlim_t most;
    } limits[] = {
        {RLIMIT_CORE, 0},      {RLIMIT_DATA, (rlim_t)8 << 30},  {RLIMIT_FSIZE, (rlim_t)256 << 20},
        {RLIMIT_NOFILE, 1024}, {RLIMIT_CPU, (rlim_t)24 * 3600}, {RLIMIT_NPROC, 4096},
    };
    for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++) {
        struct rlimit limit;
        if (getrlimit(limits[k].what, &limit) == 0 && limit.rlim_max > limits[k].most) {
            limit.rlim_cur = limit.rlim_max = limits[k].most;
            setrlimit(limits[k].what, &limit);
        }
    }
}
