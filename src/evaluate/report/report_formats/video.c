// Videos. MP4, WebM, GIF and WebP are encoded by the program ffmpeg: raw frames go to its
// standard input through a socket, whose end it takes for the end of the film. It is started
// without a shell, in a process group of its own, so that Ctrl-C reaches us alone. It writes to an
// atomic file, which gets its name when ffmpeg has ended well; otherwise the file is removed, and
// the end of what ffmpeg said is in the message.
#include "evaluate/report/report_formats/video.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/io/atomic_file.h"
#include "base/io/program_path.h"
#include "base/yaml/yaml_tree.h"

enum { ARGUMENTS_MAX = 48, SIDE_MAX = 8192, WORDS_MAX = 240 };

extern char **environ;

// Arguments of ffmpeg for a format; NULL ends them. Formats with half the colours need an even
// size.
#define EVEN_SIZE "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"
static const struct video_format {
    const char *extension;
    const char *arguments[16]; // none: not by ffmpeg
} FORMATS[] = {
    {".apng", {NULL}},
    {".mp4",
     {EVEN_SIZE, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18", "-movflags", "+faststart",
      "-f", "mp4", NULL}},
    {".webm",
     {EVEN_SIZE, "-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p", "-crf", "30", "-b:v", "0",
      "-cpu-used", "4", "-f", "webm", NULL}},
    {".gif",
     {"-filter_complex", "split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse", "-loop",
      "0", "-f", "gif", NULL}},
    {".webp", {"-c:v", "libwebp_anim", "-quality", "80", "-loop", "0", "-f", "webp", NULL}},
};
enum { FORMAT_COUNT = sizeof FORMATS / sizeof FORMATS[0] };

const char *const imp_video_extensions[] = {".apng", ".mp4", ".webm", ".gif", ".webp", NULL};

struct imp_video {
    char path[IMP_PATH_MAX];
    imp_animation *animation; // NULL: ffmpeg encodes
    imp_atomic_file file;     // what ffmpeg writes
    const imp_monitor *monitor;
    size_t frame_bytes;
    pid_t process; // of ffmpeg; 0: it does not run
    int to;        // its standard input, or -1
    FILE *words;   // its standard error
};

static const struct video_format *find_format(const char *path)
{
    for (int k = 0; k < FORMAT_COUNT; k++)
        if (imp_path_has_suffix(path, FORMATS[k].extension))
            return &FORMATS[k];
    return NULL;
}

bool imp_video_is_file_extension_known(const char *path)
{
    return find_format(path) != NULL;
}

void imp_video_copy_view(uint8_t *frame, int width, const uint8_t *view, int view_width,
                         int view_height, int index)
{
    const size_t row = (size_t)view_width * 3;
    for (int k = 0; k < view_height; k++)
        memcpy(frame + (size_t)k * (size_t)width * 3 + (size_t)index * row, view + (size_t)k * row,
               row);
}

static imp_status fail_not_installed(const char *path, const char *extension, imp_error *err)
{
    return imp_fail(err, IMP_USAGE,
                    "%s: the program ffmpeg, which encodes %s, is not installed: install ffmpeg, "
                    "or choose .apng",
                    path, extension);
}

imp_status imp_video_check_can_write(const char *path, imp_error *err)
{
    const struct video_format *format = find_format(path);
    char program[IMP_PATH_MAX];
    if (format == NULL)
        return imp_fail(err, IMP_USAGE, "%s: must end in .apng, .mp4, .webm, .gif or .webp", path);
    return format->arguments[0] == NULL || imp_program_find(program, "ffmpeg")
               ? IMP_OK
               : fail_not_installed(path, format->extension, err);
}

// Fails with what ffmpeg said last, in one line.
static imp_status fail_with_ffmpeg_message(imp_video *v, imp_error *err, const char *what)
{
    char words[WORDS_MAX] = "";
    const long length = fseek(v->words, 0, SEEK_END) == 0 ? ftell(v->words) : 0;
    if (length > 0 && fseek(v->words, length >= WORDS_MAX ? 1 - WORDS_MAX : -length, SEEK_END) == 0)
        words[fread(words, 1, WORDS_MAX - 1, v->words)] = '\0';
    imp_yaml_sanitize_text(words);
    return imp_fail(err, IMP_IO, "%s: %s%s%s", v->path, what, words[0] != '\0' ? ": " : "", words);
}

// Spawns ffmpeg with its end of the socket as standard input. Its output and words go to a file
// without a name.
static int spawn_ffmpeg(imp_video *v, char *const *arguments, int its_end)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t signals;
    // frames come through the pipe, words go to the file
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, its_end, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(v->words), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(v->words), STDERR_FILENO);
    // Signals that the program handles or ignores have their usual effect on ffmpeg. Its own group
    // keeps Ctrl-C away from it: the program ends it in its own time.
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    const int reason =
        posix_spawnp(&v->process, "ffmpeg", &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (reason != 0)
        v->process = 0;
    return reason;
}

// Starts ffmpeg for frames of a size and a duration.
static imp_status start_ffmpeg(imp_video *v, const struct video_format *format, int width,
                               int height, double frame_time, imp_error *err)
{
    char size[32], rate[32], target[IMP_PATH_MAX + 8];
    int ends[2], count = 0;
    snprintf(size, sizeof size, "%dx%d", width, height);
    snprintf(rate, sizeof rate, "%.6f", 1.0 / frame_time);
    // a path must not be taken for an address
    snprintf(target, sizeof target, "file:%s", v->file.temporary_path);
    const char *first[] = {"ffmpeg", "-hide_banner", "-loglevel", "error",    "-y",
                           "-f",     "rawvideo",     "-pix_fmt",  "rgb24",    "-video_size",
                           size,     "-framerate",   rate,        "-i",       "pipe:0",
                           "-an",    "-fflags",      "+bitexact", "-flags:v", "+bitexact"};
    const char *arguments[ARGUMENTS_MAX];
    for (size_t k = 0; k < sizeof first / sizeof first[0]; k++)
        arguments[count++] = first[k];
    for (int k = 0; format->arguments[k] != NULL; k++)
        arguments[count++] = format->arguments[k];
    arguments[count++] = target;
    arguments[count] = NULL;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", v->path, strerror(errno));
    v->to = ends[0];
    const int reason = spawn_ffmpeg(v, (char *const *)(uintptr_t)arguments, ends[1]);
    close(ends[1]);
    if (reason == ENOENT)
        return fail_not_installed(v->path, format->extension, err);
    return reason == 0 ? IMP_OK
                       : imp_fail(err, IMP_IO, "ffmpeg cannot be started: %s", strerror(reason));
}

// Starts what encodes: our own writer for animated PNG, ffmpeg for all others.
imp_status imp_video_create(imp_video **out, const char *path, int width, int height,
                            double frame_time, const imp_monitor *monitor, imp_error *err)
{
    const struct video_format *format = find_format(path);
    IMP_TRY(imp_video_check_can_write(path, err));
    if (width < 1 || height < 1 || width > SIDE_MAX || height > SIDE_MAX || !(frame_time > 0.0))
        return imp_fail(err, IMP_USAGE, "%s: %d x %d pixels every %g s are not possible", path,
                        width, height, frame_time);
    imp_video *v = calloc(1, sizeof *v);
    if (v == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a video");
    v->to = -1;
    v->monitor = monitor;
    v->frame_bytes = (size_t)width * (size_t)height * 3;
    snprintf(v->path, sizeof v->path, "%s", path);
    imp_status status = IMP_OK;
    // an animated PNG needs no other program
    if (format->arguments[0] == NULL) {
        status = imp_animation_create(&v->animation, width, height, frame_time, err);
    } else {
        // what ffmpeg says is read only when it fails; it writes by name, so the file has one
        v->words = tmpfile();
        status = v->words != NULL ? imp_atomic_file_open_named(&v->file, path, err)
                                  : imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
        if (status == IMP_OK)
            status = start_ffmpeg(v, format, width, height, frame_time, err);
    }
    if (status == IMP_OK)
        *out = v;
    else
        imp_video_destroy(v);
    return status;
}

// Waits until ffmpeg has ended. *ended: as waitpid() reports it.
static imp_status wait_for_ffmpeg(imp_video *v, int *ended, imp_error *err)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    for (;;) {
        const pid_t done = waitpid(v->process, ended, WNOHANG);
        if (done == v->process || (done < 0 && errno != EINTR)) {
            v->process = 0;
            return IMP_OK;
        }
        if (imp_monitor_should_stop(v->monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
        nanosleep(&pause, NULL);
    }
}

// Waits until ffmpeg takes more, and looks whether it should.
static imp_status wait_until_writable(const imp_video *v, imp_error *err)
{
    enum { WAIT_MS = 100 };
    struct pollfd room = {.fd = v->to, .events = POLLOUT};
    poll(&room, 1, WAIT_MS);
    return imp_monitor_should_stop(v->monitor) ? imp_fail(err, IMP_INTERRUPTED, "interrupted")
                                               : IMP_OK;
}

// ffmpeg takes no more: it has ended, or will soon.
static imp_status fail_since_ffmpeg_ended(imp_video *v, imp_error *err)
{
    int ended;
    IMP_TRY(wait_for_ffmpeg(v, &ended, err));
    return fail_with_ffmpeg_message(v, err, "ffmpeg failed");
}

imp_status imp_video_add_frame(imp_video *video, const uint8_t *rgb, imp_error *err)
{
    imp_video *v = video;
    if (v->animation != NULL)
        return imp_animation_add_frame(v->animation, rgb, err);
    for (size_t sent = 0; sent < v->frame_bytes;) {
        const ssize_t count =
            send(v->to, rgb + sent, v->frame_bytes - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0)
            sent += (size_t)count;
        else if (errno == EAGAIN || errno == EINTR)
            IMP_TRY(wait_until_writable(v, err));
        else
            return fail_since_ffmpeg_ended(v, err);
    }
    return IMP_OK;
}

imp_status imp_video_finish(imp_video *video, imp_error *err)
{
    imp_video *v = video;
    int ended = 0;
    if (v->animation != NULL)
        return imp_animation_write(v->animation, v->path, err);
    close(v->to);
    v->to = -1;
    IMP_TRY(wait_for_ffmpeg(v, &ended, err));
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != 0)
        return fail_with_ffmpeg_message(v, err, "ffmpeg failed");
    return imp_atomic_file_commit(&v->file, err);
}

void imp_video_destroy(imp_video *video)
{
    if (video == NULL)
        return;
    if (video->process > 0) {
        kill(video->process, SIGKILL);
        waitpid(video->process, NULL, 0);
    }
    if (video->to >= 0)
        close(video->to);
    imp_atomic_file_discard(&video->file);
    if (video->words != NULL)
        fclose(video->words);
    imp_animation_destroy(video->animation);
    free(video);
}
