// cli/render_commands/view_renderer.h: the options of a view, and a renderer that draws it.
#ifndef IMP_CLI_RENDER_COMMANDS_VIEW_RENDERER_H
#define IMP_CLI_RENDER_COMMANDS_VIEW_RENDERER_H

#include "cli/options/sim_options.h"

typedef struct imp_image_options {
    const char *view;           // driver, map, segment, classes, depth, free or catalogue
    double eye[3], target[3];   // of the free camera (x, y up, z) [m]
    double field_of_view_deg;   // of the same
    const char *draw;           // what is drawn in: lanes, boxes, or both after a comma
    const char *camera_effects; // name=value after name=value
    bool undistort;
} imp_image_options;

imp_image_options imp_default_image_options(void);
void imp_image_options_add(imp_options *options, imp_image_options *image);

// What changes from frame to frame.
typedef struct imp_frame_state {
    imp_view view;
    const imp_pose *trail; // (trail_count) the way to the view's pose, nullable
    int trail_count;
    double speed, turn_rate; // of the robot [m/s, rad/s]
    uint32_t number;         // of its noise
} imp_frame_state;

// Draws images of one world according to the options.
typedef struct imp_view_renderer imp_view_renderer;

// Everything is borrowed. IMP_USAGE, naming the option, if they make no sense.
imp_status imp_view_renderer_create(imp_view_renderer **out, const imp_options *options,
                                    const imp_image_options *image, const imp_sim_options *sim,
                                    const imp_camera_def *camera, const imp_scene *scene,
                                    const imp_world *world, imp_error *err);
void imp_view_renderer_destroy(imp_view_renderer *renderer); // nullable

// Draws an image (height x width x 3).
imp_status imp_view_renderer_draw(imp_view_renderer *renderer, const imp_frame_state *frame,
                                  uint8_t *rgb, imp_error *err);

// The depths of the latest image (height x width) [m], or NULL unless the view is
// depth.
const float *imp_view_renderer_get_depths(const imp_view_renderer *renderer);

#endif
