// cli/robot_commands/image_frames.h: the images of files, folders, videos and datasets, one by one.
#ifndef IMP_CLI_ROBOT_COMMANDS_IMAGE_FRAMES_H
#define IMP_CLI_ROBOT_COMMANDS_IMAGE_FRAMES_H

#include "imprint/base.h"

typedef struct imp_image_frame {
    const char *name; // for people: the file's name, or that and a number
    const uint8_t *rgb;
    int width, height;
    bool begins; // it does not follow the image before in time
} imp_image_frame;

typedef imp_status imp_image_visitor(void *context, const imp_image_frame *frame, imp_error *err);

// Shows every `every`-th image of a path to the visitor: a PNG or JPEG, a folder of them in the
// order of their names, a dataset, or a video, which the program ffmpeg decodes at 640 x 480. Stops
// at the first failure. IMP_BAD_INPUT: no images are there, or one is unreadable.
imp_status imp_image_frames_visit(const char *path, int every, imp_image_visitor *visit,
                                  void *context, const imp_monitor *monitor, imp_error *err);

#endif
