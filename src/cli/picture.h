// cli/picture.h: what the options of pictures mean, and pictures drawn as they say.
#ifndef IMP_CLI_PICTURE_H
#define IMP_CLI_PICTURE_H

#include "cli/commands.h"

typedef struct imp_picture_options {
    const char *view;         // driver, map, segment, classes, depth, free or catalogue
    double eye[3], target[3]; // of the free camera (x, y up, z) [m]
    double field_of_view_deg; // of the same
    const char *draw;         // what is drawn in: lanes, boxes, or both after a comma
    const char *degrade;      // name=value after name=value
    bool rectified;
} imp_picture_options;

imp_picture_options imp_default_picture_options(void);
void imp_picture_options_add(imp_options *options, imp_picture_options *picture);

// What changes from picture to picture.
typedef struct imp_picture_frame {
    imp_view view;
    const imp_pose *trail; // (trail_count) the way to the view's pose, nullable
    int trail_count;
    double speed, turn_rate; // of the robot [m/s, rad/s]
    uint32_t number;         // of its noise
} imp_picture_frame;

// Draws pictures of one world as the options say.
typedef struct imp_painter imp_painter;

// Everything is borrowed. IMP_USAGE, naming the option, if they make no sense.
imp_status imp_painter_open(imp_painter **out, const imp_options *options,
                            const imp_picture_options *picture, const imp_sim_options *sim,
                            const imp_camera_def *camera, const imp_scene *scene,
                            const imp_world *world, imp_error *err);
void imp_painter_close(imp_painter *painter); // nullable

// Draws a picture (height x width x 3).
imp_status imp_painter_draw(imp_painter *painter, const imp_picture_frame *frame, uint8_t *rgb,
                            imp_error *err);

// The depths of the picture that was drawn last (height x width) [m], or NULL unless the view is
// depth.
const float *imp_painter_depths(const imp_painter *painter);

#endif
