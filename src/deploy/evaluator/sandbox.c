// Runs an untrusted program under bubblewrap (bwrap), which creates kernel namespaces: no network,
// no processes but its own, and a read-only file system with an empty /tmp. When the caller exits
// or is killed, everything in the sandbox is killed too.
//
// /tmp, /var/tmp and /run are hidden, because they hold sockets and files of other programs. What
// the command itself needs there is mounted again, read-only: the working folder, this program's
// folder, the folders of PATH, and every full path in the command.
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
#include "base/io/program_path.h"
#include "imprint/evaluator.h"

// These folders exist on every Debian system; others may lack one of them.
static const char *const HIDDEN_PATHS[] = {"/tmp", "/var/tmp", "/run"};
enum { HIDDEN_COUNT = sizeof HIDDEN_PATHS / sizeof HIDDEN_PATHS[0] };

// The first program in the sandbox. By the time it runs, bubblewrap kills the sandbox when its
// caller ends. An earlier end would be missed, so the script waits for a line from the caller.
static const char START_SCRIPT[] =
    "echo " IMP_SANDBOX_READY "; read -r _ && exec </dev/null && exec /bin/sh -c \"$1\"";

#define TEMPORARY_BYTES "268435456" // size of each hidden folder, which is held in memory

// Copies a text to the box's memory, or marks the box as full.
static char *store_argument_text(imp_sandbox *box, const char *text, size_t length)
{
    // A full box points to some valid text, so that callers need no check of their own.
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

// Appends one argument to bwrap's command line. The last element stays NULL, as exec() needs.
static void add_argument(imp_sandbox *box, const char *word)
{
    if (box->count == IMP_SANDBOX_ARGUMENTS_MAX - 1)
        box->full = true;
    else
        box->words[box->count++] = store_argument_text(box, word, strlen(word));
}

// Appends several arguments in order.
static void add_arguments(imp_sandbox *box, const char *const *words, int count)
{
    for (int k = 0; k < count; k++)
        add_argument(box, words[k]);
}

// Returns whether a path lies in one of the hidden folders.
static bool is_under_hidden_folder(const char *path)
{
    for (int k = 0; k < HIDDEN_COUNT; k++) {
        const size_t length = strlen(HIDDEN_PATHS[k]);
        // A folder's name alone does not count: it must be followed by a slash.
        if (strncmp(path, HIDDEN_PATHS[k], length) == 0 && path[length] == '/')
            return true;
    }
    return false;
}

// Makes an existing hidden path visible again, and the target if it is a link.
static void bind_hidden_path_read_only(imp_sandbox *box, const char *path)
{
    char real[PATH_MAX];
    // Resolve links: a visible path may lead to a hidden one.
    // Words that are not full paths, and paths that do not exist, need no mount.
    if (path[0] != '/' || realpath(path, real) == NULL)
        return;
    if (is_under_hidden_folder(real))
        add_arguments(box, (const char *[]){"--ro-bind", real, real}, 3);
    if (is_under_hidden_folder(path) && strcmp(path, real) != 0)
        add_arguments(box, (const char *[]){"--ro-bind", path, path}, 3);
}

// Makes every path in a text visible; paths are separated by any of the separators.
static void bind_path_list_read_only(imp_sandbox *box, const char *text, const char *separators)
{
    char part[PATH_MAX];
    // Words that are too long for a path are skipped: they cannot be one.
    for (text += strspn(text, separators); *text != '\0'; text += strspn(text, separators)) {
        const size_t length = strcspn(text, separators);
        if (length < sizeof part) {
            memcpy(part, text, length);
            part[length] = '\0';
            bind_hidden_path_read_only(box, part);
        }
        text += length;
    }
}

// Builds bwrap's command line for `command`. `folder` is visible inside; nullable.
imp_status imp_sandbox_build_command(imp_sandbox *box, const char *command, const char *folder,
                                     imp_error *err)
{
    // --unshare-all creates new namespaces of every kind; --new-session keeps the terminal out of
    // reach. Root would keep its capabilities and could make file systems writable again.
    static const char *const isolation[] = {
        "--unshare-all", "--cap-drop",    "ALL",     "--die-with-parent",
        "--new-session", "--ro-bind",     "/",       "/",
        "--proc",        "/proc",         "--dev",   "/dev",
        "--size",        TEMPORARY_BYTES, "--tmpfs", "/dev/shm",
        "--remount-ro",  "/dev"};
    char program[PATH_MAX], here[PATH_MAX];
    *box = (imp_sandbox){0};
    if (!imp_program_find(program, "bwrap"))
        return imp_fail(err, IMP_CHECK_FAILED,
                        "bubblewrap (the program bwrap) is not installed: "
                        "install the package bubblewrap");
    // Isolate everything, then hide the folders that are shared between programs.
    add_argument(box, program);
    add_arguments(box, isolation, sizeof isolation / sizeof isolation[0]);
    for (int k = 0; k < HIDDEN_COUNT; k++)
        if (imp_path_exists(HIDDEN_PATHS[k]))
            add_arguments(
                box, (const char *[]){"--size", TEMPORARY_BYTES, "--tmpfs", HIDDEN_PATHS[k]}, 4);
    // Programs and interpreters may lie in hidden folders of PATH.
    const char *path = getenv("PATH");
    if (path != NULL)
        bind_path_list_read_only(box, path, ":");
    bind_path_list_read_only(box, command, " \t\n'\"=;|&<>()");
    // This program's folder: the agent is often installed beside it.
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        *strrchr(program, '/') = '\0';
        bind_hidden_path_read_only(box, program);
    }
    if (getcwd(here, sizeof here) != NULL)
        bind_hidden_path_read_only(box, here);
    // FIFOs can be written to in a read-only folder, too.
    if (folder != NULL)
        add_arguments(box, (const char *[]){"--ro-bind", folder, folder}, 3);
    // The script gets the command as its first argument.
    add_arguments(box, (const char *[]){"--", "/bin/sh", "-c", START_SCRIPT, "sh", command}, 6);
    return box->full ? imp_fail(err, IMP_CHECK_FAILED, "the command is too long for a sandbox")
                     : IMP_OK;
}

// Starts a sandbox with empty input, so that its command never begins. Returns whether it was set
// up.
static bool can_sandbox_start(imp_sandbox *box, char **environment)
{
    // The pipe receives what the script prints.
    char said[sizeof IMP_SANDBOX_READY] = "";
    int words[2];
    pid_t process;
    // Standard input is /dev/null, so the script's read fails and the sandbox ends at once.
    posix_spawn_file_actions_t files;
    if (pipe2(words, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, words[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    // posix_spawn() returns an error number and does not set errno.
    const int code = posix_spawn(&process, box->words[0], &files, NULL, box->words, environment);
    posix_spawn_file_actions_destroy(&files);
    close(words[1]);
    // A line this short arrives in one read().
    const ssize_t count = code == 0 ? read(words[0], said, sizeof said - 1) : 0;
    close(words[0]);
    if (code == 0)
        while (waitpid(process, NULL, 0) < 0 && errno == EINTR)
            ;
    return count > 0 && strcmp(said, IMP_SANDBOX_READY) == 0;
}

// Checks that the system allows sandboxes, before an agent is started in one.
imp_status imp_sandbox_check_available(imp_error *err)
{
    char *environment[IMP_SANDBOX_VARIABLES + 1] = {0};
    imp_sandbox *box = malloc(sizeof *box);
    if (box == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a sandbox");
    imp_status status = imp_sandbox_build_command(box, "", NULL, err);
    imp_sandbox_environment(environment, box);
    if (status == IMP_OK && !can_sandbox_start(box, environment))
        status = imp_fail(err, IMP_CHECK_FAILED,
                          "this system does not allow bubblewrap (bwrap) to create a sandbox");
    free(box);
    return status;
}

// Fills in the four variables that a sandboxed program gets. Others could reveal secrets.
void imp_sandbox_environment(char *variables[IMP_SANDBOX_VARIABLES], imp_sandbox *box)
{
    char path[PATH_MAX];
    const char *given = getenv("PATH");
    snprintf(path, sizeof path, "PATH=%s", given != NULL ? given : "/usr/bin:/bin");
    variables[0] = store_argument_text(box, path, strlen(path));
    variables[1] = store_argument_text(box, "HOME=/tmp", strlen("HOME=/tmp"));
    variables[2] = store_argument_text(box, "LANG=C.UTF-8", strlen("LANG=C.UTF-8"));
    variables[3] = store_argument_text(box, "TMPDIR=/tmp", strlen("TMPDIR=/tmp"));
}

// Called in the child after fork(), so it must not allocate memory.
void imp_sandbox_set_limits(void)
{
    static const struct {
        int what;
        rlim_t most;
        // RLIMIT_DATA: 8 GiB of memory. RLIMIT_FSIZE: 256 MiB a file. RLIMIT_CPU: one day.
    } limits[] = {
        {RLIMIT_CORE, 0},      {RLIMIT_DATA, (rlim_t)8 << 30},  {RLIMIT_FSIZE, (rlim_t)256 << 20},
        {RLIMIT_NOFILE, 1024}, {RLIMIT_CPU, (rlim_t)24 * 3600}, {RLIMIT_NPROC, 4096},
    };
    // Where memory runs out in spite of them, the kernel kills this process before any other.
    const int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score >= 0) {
        (void)!write(score, "1000", 4);
        close(score);
    }
    // Limits are only lowered, never raised.
    for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++) {
        struct rlimit limit;
        if (getrlimit(limits[k].what, &limit) == 0 && limit.rlim_max > limits[k].most) {
            limit.rlim_cur = limit.rlim_max = limits[k].most;
            setrlimit(limits[k].what, &limit);
        }
    }
}
