#include "cli/session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// Signal handlers can reach nothing but a global.
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    if (interrupted)
        _exit(IMP_INTERRUPTED);
    interrupted = 1;
}

void imp_session_tame_signals(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); // a file size limit is reported as an error instead
    signal(SIGINT, SIG_DFL);  // a shell's background jobs start with it ignored
}

// From now on Ctrl-C and SIGTERM ask tasks to stop; before, and at the second time, they end the
// program.
static void catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

typedef struct bar {
    const char *task; // being drawn
    double started, drawn;
    double first_done; // work that was there before, not to be counted in the rate
    bool enabled, visible;
} bar;

static bar progress_bar;

static void draw_bar(const imp_progress *progress, double now)
{
    enum { CELLS = 24 };
    double share = progress->total > 0.0 ? progress->done / progress->total : 0.0;
    share = share > 1.0 ? 1.0 : share;
    double elapsed = now - progress_bar.started;
    double rate = elapsed > 0.0 ? (progress->done - progress_bar.first_done) / elapsed : 0.0;
    char cells[CELLS + 1];
    for (int k = 0; k < CELLS; k++)
        cells[k] = k < (int)(share * CELLS) ? '=' : ' ';
    cells[CELLS] = '\0';
    char left[32] = "";
    if (rate > 0.0 && progress->total > 0.0)
        snprintf(left, sizeof left, ", %.0f s left", (progress->total - progress->done) / rate);
    fprintf(stderr, "\r\033[K%s [%s] %3.0f%%  %.0f %s/s%s%s%s", progress->task, cells,
            100.0 * share, rate, progress->unit, left, progress->detail != NULL ? "  " : "",
            progress->detail != NULL ? progress->detail : "");
    fflush(stderr);
    progress_bar.visible = true;
}

static void on_progress(void *context, const imp_progress *progress)
{
    (void)context;
    const double seconds_between = 0.1;
    double now = imp_clock();
    if (progress_bar.task != progress->task) {
        progress_bar.task = progress->task;
        progress_bar.started = now;
        progress_bar.first_done = progress->done;
        progress_bar.drawn = 0.0;
    }
    if (now - progress_bar.drawn < seconds_between)
        return;
    progress_bar.drawn = now;
    draw_bar(progress, now);
}

static bool should_stop(void *context)
{
    (void)context;
    return interrupted != 0;
}

imp_monitor imp_session_monitor(const imp_options *options)
{
    catch_interrupts();
    progress_bar.enabled = !options->quiet && isatty(STDERR_FILENO);
    return (imp_monitor){
        .progress = progress_bar.enabled ? on_progress : NULL,
        .should_stop = should_stop,
    };
}

void imp_session_clear(void)
{
    if (progress_bar.visible)
        fprintf(stderr, "\r\033[K");
    progress_bar.visible = false;
    progress_bar.task = NULL;
}

int imp_session_fail(imp_status status, const imp_error *err)
{
    imp_session_clear();
    fprintf(stderr, "imprint: %s\n",
            err->message[0] != '\0' ? err->message : imp_status_text(status));
    // the documented codes are all that scripts should have to know
    return status == IMP_NO_MEMORY || status == IMP_INTERNAL ? IMP_IO : (int)status;
}

// The files that imprint writes into output folders. No other is ever removed.
static bool is_ours(const char *name)
{
    static const char *const names[] = {
        "main_data.hdf5", "metadata.json",     "settings.yaml",     "observations.png",
        "segments.png",   "model.safetensors", "last.safetensors",  "history.csv",
        "loss.svg",       "metrics.json",      "state.safetensors", "trajectories.png",
        "history.jsonl",  "report.html",       "episodes.csv",      "rounds.csv",
        "rounds.svg",
    };
    char stem[256];
    int number, used = 0;
    size_t length = strlen(name);
    bool temporary = length > 4 && strcmp(name + length - 4, ".tmp") == 0;
    snprintf(stem, sizeof stem, "%.*s", (int)(temporary ? length - 4 : length), name);
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (strcmp(stem, names[k]) == 0)
            return true;
    if (strcmp(stem, "trajectories.csv") == 0 ||
        (sscanf(stem, "trajectories-%*[a-z0-9-].png%n", &used) == 0 && used > 0 &&
         stem[used] == '\0'))
        return true;
    static const char *const pictures[] = {
        "worst-%*9[0-9]-%*9[0-9].csv%n", "worst-%*9[0-9]-%*9[0-9].png%n", "saliency-%*9[0-9].png%n",
        "agent%*9[0-9]-episode%*9[0-9].cbor%n"};
    for (size_t k = 0; k < sizeof pictures / sizeof pictures[0]; k++) {
        // NOLINTNEXTLINE(clang-diagnostic-format-nonliteral,cert-err34-c): fixed patterns
        if (sscanf(stem, pictures[k], &used) == 0 && used > 0 && stem[used] == '\0')
            return true;
    }
    if (sscanf(stem, "events.out.tfevents.%*19[0-9].imprint%n", &used) == 0 && used > 0 &&
        stem[used] == '\0')
        return true;
    if (sscanf(stem, "town-%*9[0-9].yaml%n", &used) == 0 && used > 0 && stem[used] == '\0')
        return true;
    // NOLINTNEXTLINE(cert-err34-c): the number itself does not matter
    return sscanf(stem, "shard-%9d.hdf5%n", &number, &used) == 1 && stem[used] == '\0' && used > 0;
}

// The folders that imprint makes in output folders: for rounds of DAgger, for seeds, and for what
// agents say.
static bool is_our_folder(int directory, const char *name)
{
    static const char *const patterns[] = {"data-%*9[0-9]%n", "model-%*9[0-9]%n",
                                           "seed-%*20[0-9]%n", "messages%n"};
    struct stat info;
    int used = 0;
    for (size_t k = 0; used == 0 && k < sizeof patterns / sizeof patterns[0]; k++) {
        // NOLINTNEXTLINE(clang-diagnostic-format-nonliteral,cert-err34-c): fixed patterns
        sscanf(name, patterns[k], &used);
    }
    return used > 0 && name[used] == '\0' &&
           fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

static imp_status sweep(const char *folder, bool remove_them, imp_error *err);

static imp_status sweep_folder_in(const char *folder, const char *name, bool remove_them,
                                  imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, folder, name, err);
    return status == IMP_OK ? sweep(path, remove_them, err) : status;
}

// Goes through the files of a folder: checks that all are ours, or removes them.
static imp_status sweep(const char *folder, bool remove_them,
                        imp_error *err) // NOLINT(misc-no-recursion): one level
{
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return imp_fail(err, IMP_IO, "%s: %s", folder, strerror(errno));
    // whoever writes a dataset holds this lock
    if (flock(dirfd(directory), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        closedir(directory);
        return imp_fail(err, IMP_IO, "%s: another process is writing to it", folder);
    }
    imp_status status = IMP_OK;
    for (struct dirent *entry; status == IMP_OK && (entry = readdir(directory)) != NULL;) {
        struct stat info;
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (is_our_folder(dirfd(directory), name))
            status = sweep_folder_in(folder, name, remove_them, err);
        else if (!is_ours(name) ||
                 fstatat(dirfd(directory), name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
                 !S_ISREG(info.st_mode))
            status = imp_fail(err, IMP_IO,
                              "%s holds %s, which imprint did not write: remove it yourself, or "
                              "choose another folder",
                              folder, name);
        else if (remove_them && unlinkat(dirfd(directory), name, 0) != 0)
            status = imp_fail(err, IMP_IO, "%s/%s: %s", folder, name, strerror(errno));
    }
    closedir(directory);
    if (status == IMP_OK && remove_them && rmdir(folder) != 0)
        status = imp_fail(err, IMP_IO, "%s: %s", folder, strerror(errno));
    return status;
}

// Where a folder waits that is to be replaced.
static imp_status name_aside(char out[IMP_PATH_MAX], const char *folder, imp_error *err)
{
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    int written = snprintf(out, IMP_PATH_MAX, "%.*s.replaced", (int)length, folder);
    return written < 0 || written >= IMP_PATH_MAX
               ? imp_fail(err, IMP_IO, "%.100s...: path too long", folder)
               : IMP_OK;
}

static imp_status set_aside(const char *folder, imp_error *err)
{
    char aside[IMP_PATH_MAX];
    struct stat info;
    if (lstat(folder, &info) != 0 || !S_ISDIR(info.st_mode))
        return imp_fail(err, IMP_IO, "%s: is not a folder", folder);
    imp_status status = sweep(folder, false, err);
    if (status == IMP_OK)
        status = name_aside(aside, folder, err);
    if (status != IMP_OK)
        return status;
    if (imp_path_exists(aside))
        return imp_fail(err, IMP_IO,
                        "%s is left from a run that was killed: move it back or remove it", aside);
    if (rename(folder, aside) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", folder, strerror(errno));
    return IMP_OK;
}

imp_status imp_session_claim(const char *folder, bool resume, bool force, imp_error *err)
{
    if (resume && force)
        return imp_fail(err, IMP_USAGE, "--resume and --force exclude each other");
    if (folder[0] == '\0')
        return imp_fail(err, IMP_USAGE, "--out wants a folder");
    if (!imp_path_exists(folder) || resume)
        return IMP_OK;
    if (!force)
        return imp_fail(err, IMP_IO,
                        "%s exists: continue it with --resume, replace it with --force, or choose "
                        "another --out",
                        folder);
    return set_aside(folder, err);
}

void imp_session_settle(const char *folder, bool force)
{
    char aside[IMP_PATH_MAX];
    rmdir(folder); // if nothing is in it
    if (!force || name_aside(aside, folder, NULL) != IMP_OK || !imp_path_exists(aside))
        return;
    // nothing new was written, so the old one comes back
    if (!imp_path_exists(folder))
        rename(aside, folder);
    else
        sweep(aside, true, NULL);
}

imp_status imp_session_save_settings(const imp_options *options, const char *folder, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, folder, "settings.yaml", err);
    if (status != IMP_OK)
        return status;
    char *text = imp_options_yaml(options);
    if (text == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    status = imp_folder_create(folder, err);
    if (status == IMP_OK)
        status = imp_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}

imp_status imp_session_write_json(const char *path, json_t *object, int digits, imp_error *err)
{
    char *text = object == NULL
                     ? NULL
                     : json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION((size_t)digits));
    json_decref(object);
    if (text == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    const imp_status status = imp_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}

imp_status imp_session_put_json(json_t *object, imp_error *err)
{
    char *text =
        object == NULL ? NULL : json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    json_decref(object);
    if (text == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the JSON output");
    puts(text);
    free(text);
    return IMP_OK;
}

int imp_session_print_json(json_t *object)
{
    imp_error err = {0};
    imp_status status = imp_session_put_json(object, &err);
    return status == IMP_OK ? imp_session_finish() : imp_session_fail(status, &err);
}

int imp_session_finish(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    imp_error err = {0};
    imp_fail(&err, IMP_IO, "standard output: %s", strerror(errno));
    return imp_session_fail(IMP_IO, &err);
}

void imp_session_sibling(char out[IMP_PATH_MAX], const char *name)
{
    char own[IMP_PATH_MAX - 32];
    const ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    own[length > 0 ? length : 0] = '\0';
    const char *slash = strrchr(own, '/');
    snprintf(out, IMP_PATH_MAX, "%.*s%s", slash != NULL ? (int)(slash - own) + 1 : 0, own, name);
}
