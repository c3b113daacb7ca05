// evaluate/report/report_formats/video.h: videos: APNG by ourselves, MP4, WebM, GIF and
// WebP through the program ffmpeg.
#ifndef IMP_EVALUATE_REPORT_REPORT_FORMATS_VIDEO_H
#define IMP_EVALUATE_REPORT_REPORT_FORMATS_VIDEO_H

#include "imprint/report.h"

// ".apng", ".mp4", ...; NULL ends them.
extern const char *const imp_video_extensions[];

// Whether a path ends in one of them.
bool imp_video_is_file_extension_known(const char *path);

// Whether such a video can be made here. IMP_USAGE: another ending, or ffmpeg is not installed.
imp_status imp_video_check_can_write(const char *path, imp_error *err);

typedef struct imp_video imp_video;

// Begins a video of frames of width x height pixels, shown for frame_time [s] each.
// Nothing appears under the path before imp_video_finish(). Destroy it with imp_video_destroy().
// Fails with IMP_USAGE if the path has another extension or ffmpeg is wanted and not installed, and
// with IMP_IO. monitor (nullable): asked while ffmpeg is waited for; it must outlive the video.
imp_status imp_video_create(imp_video **out, const char *path, int width, int height,
                            double frame_time, const imp_monitor *monitor, imp_error *err);

// Adds a frame: (height x width x 3) bytes. Fails with IMP_IO and the words of ffmpeg, and with
// IMP_INTERRUPTED if the monitor asks to stop.
imp_status imp_video_add_frame(imp_video *video, const uint8_t *rgb, imp_error *err);

// Completes the file and gives it its name. Fails in the same way.
imp_status imp_video_finish(imp_video *video, imp_error *err);

// Frees it; a video that was not finished leaves no file. Nullable.
void imp_video_destroy(imp_video *video);

// Puts one of several views of equal size that stand side by side into its place in a frame, which
// begins with them and is `width` pixels wide. view: (view_height x view_width x 3); index: from
// the left.
void imp_video_copy_view(uint8_t *frame, int width, const uint8_t *view, int view_width,
                         int view_height, int index);

#endif
