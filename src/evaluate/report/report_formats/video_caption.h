// evaluate/report/report_formats/video_caption.h: a strip below a frame of a video: time,
// speed and actions.
#ifndef IMP_EVALUATE_REPORT_REPORT_FORMATS_VIDEO_CAPTION_H
#define IMP_EVALUATE_REPORT_REPORT_FORMATS_VIDEO_CAPTION_H

#include "evaluate/report/drawing/canvas.h"

// What a strip tells.
typedef struct imp_video_caption {
    double time;        // since the start [s]
    double speed;       // [m/s]
    float left, right;  // duty cycles; NaN: unknown
    const char *driver; // nullable: who drives
} imp_video_caption;

// Height of the strip below a frame of a height [px]; even.
int imp_video_caption_height(int height);

// Draws a strip on a canvas of its size.
void imp_video_caption_draw(imp_canvas *canvas, const imp_video_caption *caption);

#endif
