// evaluate/report/report_formats/video_frame.h: frames of videos of robots that drive: for each
// robot what its camera sees, the map with its way so far, and a line of words.
#ifndef IMP_EVALUATE_REPORT_REPORT_FORMATS_VIDEO_FRAME_H
#define IMP_EVALUATE_REPORT_REPORT_FORMATS_VIDEO_FRAME_H

#include "evaluate/report/report_formats/video_caption.h"
#include "imprint/env.h"

enum { IMP_VIDEO_VIEW_MIN = 16, IMP_VIDEO_VIEW_MAX = 4096 };

// A frame that is being drawn. The map of a single robot stands beside its camera's view; each of
// several robots has a column, with the map below that view.
typedef struct imp_video_frame {
    int robots;
    int view_width, view_height;   // of each view [px]
    int column_width, line_height; // of a robot's column, and of the line at its bottom [px]
    int width, height;             // of the frame [px]
    uint8_t *rgb;                  // (height x width x 3)
    uint8_t *view;                 // one view
    imp_canvas line;
} imp_video_frame;

// A robot in its present state. Everything is borrowed.
typedef struct imp_video_robot {
    const imp_env *env;
    const imp_scene *scene;
    const imp_view *view;   // of its camera
    imp_renderer *renderer; // makes images of the size of a view
    const imp_pose *trail;  // (poses) its way so far
    int poses;
    float left, right;  // duty cycles that it is given now; NaN: none
    const char *remark; // nullable: what else the line says
} imp_video_robot;

// Makes a black frame; release it with imp_video_frame_release(), also after a failure. Fails with
// IMP_USAGE unless views have IMP_VIDEO_VIEW_MIN to IMP_VIDEO_VIEW_MAX pixels a side.
imp_status imp_video_frame_init(imp_video_frame *frame, int robots, int view_width, int view_height,
                                imp_error *err);
void imp_video_frame_release(imp_video_frame *frame);

// Draws all that there is to see of a robot; index counts from the left.
void imp_video_frame_draw_robot(imp_video_frame *frame, int index, const imp_video_robot *robot);

#endif
