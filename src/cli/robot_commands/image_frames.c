// The images of files, folders, videos and datasets. Each is read, shown to the visitor and freed,
// so that memory holds one at a time. Videos are decoded by the program ffmpeg, which may read
// local files only and writes raw frames to a pipe.
#include "cli/robot_commands/image_frames.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/image/image.h"
#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/io/folder_reader.h"
#include "data/dataset/dataset_files.h"
#include "imprint/dataset.h"

extern char **environ;

enum { NAME_BYTES = 512, VIDEO_WIDTH = 640, VIDEO_HEIGHT = 480 };

// What all kinds of sources share.
typedef struct frame_source {
    const char *path;
    int every;
    imp_image_visitor *visit;
    void *context;
    const imp_monitor *monitor;
} frame_source;

static imp_status pass_image_to_visitor(const frame_source *s, const char *name, const uint8_t *rgb,
                                        int width, int height, bool begins, imp_error *err)
{
    const imp_image_frame frame = {name, rgb, width, height, begins};
    if (imp_monitor_should_stop(s->monitor))
        return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    return s->visit(s->context, &frame, err);
}

// One PNG or JPEG, under its base name.
static imp_status visit_image_file(const frame_source *s, const char *path, imp_error *err)
{
    uint8_t *rgb;
    int width, height;
    IMP_TRY(imp_image_read(&rgb, &width, &height, path, err));
    const imp_status status =
        pass_image_to_visitor(s, imp_path_base_name(path), rgb, width, height, true, err);
    free(rgb);
    return status;
}

static bool is_image_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && dot != name &&
           (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0 ||
            strcasecmp(dot, ".png") == 0);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// The names of the images in a folder, sorted. The caller frees each and the list.
static imp_status list_images(char ***names, int *count, const char *path, imp_error *err)
{
    imp_folder_reader reader;
    const char *name = NULL;
    int capacity = 0;
    IMP_TRY(imp_folder_reader_open(&reader, path, err));
    imp_status status;
    while ((status = imp_folder_reader_next(&reader, &name, err)) == IMP_OK && name != NULL) {
        // other files are none of ours
        if (!is_image_name(name))
            continue;
        if (*count == capacity) {
            capacity = 2 * capacity + 16;
            char **grown = realloc(*names, (size_t)capacity * sizeof *grown);
            if (grown == NULL) {
                status = imp_fail(err, IMP_NO_MEMORY, "out of memory for names of images");
                break;
            }
            *names = grown;
        }
        // the name lives until the folder is read on
        (*names)[*count] = strdup(name);
        if ((*names)[*count] == NULL) {
            status = imp_fail(err, IMP_NO_MEMORY, "out of memory for names of images");
            break;
        }
        ++*count;
    }
    imp_folder_reader_close(&reader);
    return status;
}

// In the order of the names, which that of the folder is not.
static imp_status visit_folder_images(const frame_source *s, imp_error *err)
{
    char **names = NULL;
    int count = 0;
    imp_status status = list_images(&names, &count, s->path, err);
    if (status == IMP_OK && count == 0)
        status =
            imp_fail(err, IMP_BAD_INPUT,
                     "%s: the folder holds no .jpg, .jpeg or .png, and is no dataset", s->path);
    if (count > 0)
        qsort(names, (size_t)count, sizeof *names, compare_names);
    for (int k = 0; k < count && status == IMP_OK; k += s->every) {
        char path[IMP_PATH_MAX];
        status = imp_path_join(path, s->path, names[k], err);
        if (status == IMP_OK)
            status = visit_image_file(s, path, err);
    }
    for (int k = 0; k < count; k++)
        free(names[k]);
    free(names);
    return status;
}

// Observations in their order, straight from the mapped file.
static imp_status visit_dataset_frames(const frame_source *s, imp_error *err)
{
    imp_dataset *dataset;
    IMP_TRY(imp_dataset_open(&dataset, s->path, err));
    const imp_dataset_info *info = imp_dataset_get_info(dataset);
    const size_t bytes = (size_t)info->width * (size_t)info->height * 3;
    imp_status status = IMP_OK;
    for (int e = 0; e < imp_dataset_episode_count(dataset) && status == IMP_OK; e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        for (int t = 0; t < episode->steps && status == IMP_OK; t += s->every) {
            char name[NAME_BYTES];
            snprintf(name, sizeof name, "%.300s episode %d step %d", imp_path_base_name(s->path), e,
                     t);
            status = pass_image_to_visitor(s, name, episode->observations + bytes * (size_t)t,
                                           info->width, info->height, t == 0, err);
        }
    }
    imp_dataset_close(dataset);
    return status;
}

// Starts ffmpeg with its output in a pipe.
static imp_status start_ffmpeg(const char *path, pid_t *process, int *output, imp_error *err)
{
    char input[IMP_PATH_MAX + 8], scale[48];
    int ends[2];
    // "file:" and the list of protocols: a name is never taken for an address
    snprintf(input, sizeof input, "file:%s", path);
    snprintf(scale, sizeof scale, "scale=%d:%d", (int)VIDEO_WIDTH, (int)VIDEO_HEIGHT);
    const char *const words[] = {
        "ffmpeg",    "-nostdin", "-loglevel", "error",    "-protocol_whitelist",
        "file,pipe", "-i",       input,       "-vf",      scale,
        "-pix_fmt",  "rgb24",    "-f",        "rawvideo", "pipe:1",
        NULL};
    // posix_spawnp() takes pointers that are not constant
    char *arguments[sizeof words / sizeof words[0]];
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
        arguments[k] = (char *)(uintptr_t)words[k];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return imp_fail(err, IMP_IO, "no pipe for ffmpeg: %s", strerror(errno));
    // raw images come through the pipe, and messages go nowhere
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const int reason = posix_spawnp(process, "ffmpeg", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    *output = ends[0];
    if (reason == 0)
        return IMP_OK;
    close(ends[0]);
    return reason == ENOENT
               ? imp_fail(err, IMP_USAGE,
                          "%s: the program ffmpeg, which decodes videos, is not installed: install "
                          "ffmpeg, or give images",
                          path)
               : imp_fail(err, IMP_IO, "ffmpeg cannot be started: %s", strerror(reason));
}

// Fills a buffer from a pipe; false at its end.
static bool read_exactly(int input, uint8_t *to, size_t length)
{
    for (size_t done = 0; done < length;) {
        const ssize_t count = read(input, to + done, length - done);
        if (count <= 0 && !(count < 0 && errno == EINTR))
            return false;
        done += count > 0 ? (size_t)count : 0;
    }
    return true;
}

// Decodes a video with ffmpeg, to one size, a frame at a time.
static imp_status visit_video_frames(const frame_source *s, imp_error *err)
{
    const size_t bytes = (size_t)VIDEO_WIDTH * VIDEO_HEIGHT * 3;
    pid_t process;
    int output, code = 0, count = 0;
    uint8_t *rgb = malloc(bytes);
    if (rgb == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a video's frame");
    imp_status status = start_ffmpeg(s->path, &process, &output, err);
    if (status != IMP_OK) {
        free(rgb);
        return status;
    }
    // every frame is read, and every N-th one is visited
    for (; status == IMP_OK && read_exactly(output, rgb, bytes); count++) {
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "%.300s frame %d", imp_path_base_name(s->path), count);
        if (count % s->every == 0)
            status =
                pass_image_to_visitor(s, name, rgb, VIDEO_WIDTH, VIDEO_HEIGHT, count == 0, err);
    }
    // a visitor that fails ends the decoder as well
    close(output);
    if (status != IMP_OK)
        kill(process, SIGKILL);
    while (waitpid(process, &code, 0) < 0 && errno == EINTR)
        ;
    free(rgb);
    return status == IMP_OK && count == 0
               ? imp_fail(err, IMP_BAD_INPUT, "%s: ffmpeg finds no images in it", s->path)
               : status;
}

// Finds out what the path is, and visits its images in order.
imp_status imp_image_frames_visit(const char *path, int every, imp_image_visitor *visit,
                                  void *context, const imp_monitor *monitor, imp_error *err)
{
    const frame_source s = {path, every, visit, context, monitor};
    char index[IMP_PATH_MAX];
    imp_file_type type;
    // by content, not by name; a dataset is a folder with an index
    IMP_TRY(imp_file_type_detect(&type, path, err));
    switch (type) {
    case IMP_FILE_TYPE_FOLDER:
        return imp_path_join(index, path, IMP_DATASET_INDEX_FILE, NULL) == IMP_OK &&
                       imp_path_exists(index)
                   ? visit_dataset_frames(&s, err)
                   : visit_folder_images(&s, err);
    case IMP_FILE_TYPE_PNG:
    case IMP_FILE_TYPE_JPEG:
        return visit_image_file(&s, path, err);
    case IMP_FILE_TYPE_VIDEO:
    case IMP_FILE_TYPE_GIF:
        return visit_video_frames(&s, err);
    default:
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s is %s: give a PNG, a JPEG, a folder of them, a video or a dataset",
                        path, imp_file_type_description(type));
    }
}
