// evaluate/report/drawing/vector_canvas.h: one interface for two outputs: shapes and text are drawn
// on a canvas of pixels or written as SVG, so that both show the same.
#ifndef IMP_EVALUATE_REPORT_DRAWING_VECTOR_CANVAS_H
#define IMP_EVALUATE_REPORT_DRAWING_VECTOR_CANVAS_H

#include <stdio.h>

#include "evaluate/report/drawing/canvas.h"

// Exactly one is not NULL; borrowed.
typedef struct imp_vector_canvas {
    imp_canvas *canvas;
    FILE *svg; // written under a locale with decimal points
} imp_vector_canvas;

// Style of a line or an area.
typedef struct imp_draw_style {
    imp_colour colour;
    double opacity; // 0..1
    double width;   // of a line [px]
    double dash;    // length of dashes and of gaps [px]; 0: a solid line
} imp_draw_style;

typedef enum imp_text_align {
    IMP_TEXT_ALIGN_LEFT,
    IMP_TEXT_ALIGN_MIDDLE,
    IMP_TEXT_ALIGN_RIGHT,
} imp_text_align;

// Write the beginning (a white page of that size) and the end of an SVG file. No effect on a
// canvas.
void imp_vector_canvas_begin(const imp_vector_canvas *drawing, int width, int height);
void imp_vector_canvas_end(const imp_vector_canvas *drawing);

// Draws a polyline with round ends and corners.
void imp_vector_canvas_polyline(const imp_vector_canvas *drawing, const imp_pixel_point *points,
                                int count, imp_draw_style style);

// Draws a filled polygon that does not intersect itself. tooltip (nullable): the text that SVG
// viewers show when the pointer rests on it.
void imp_vector_canvas_polygon(const imp_vector_canvas *drawing, const imp_pixel_point *points,
                               int count, imp_draw_style style, const char *tooltip);

// Draws a filled rectangle with sides along the axes.
void imp_vector_canvas_rectangle(const imp_vector_canvas *drawing, double left, double top,
                                 double right, double bottom, imp_draw_style style);

// Draws text on a base line that begins, is centred or ends at x. size is the height of an "l"
// [px]. halo: a pale background makes it legible over other shapes.
void imp_vector_canvas_text(const imp_vector_canvas *drawing, double x, double y, double size,
                            imp_text_align align, imp_draw_style style, bool halo,
                            const char *text);

#endif
