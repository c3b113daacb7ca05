// evaluate/report/drawing/vector_canvas.h: one drawing, two kinds of picture: shapes and text go to
// a canvas of pixels or to the text of an SVG file, so that both show the same.
#ifndef IMP_EVALUATE_REPORT_DRAWING_VECTOR_CANVAS_H
#define IMP_EVALUATE_REPORT_DRAWING_VECTOR_CANVAS_H

#include <stdio.h>

#include "evaluate/report/drawing/canvas.h"

// Exactly one is not NULL; borrowed.
typedef struct imp_vector_canvas {
    imp_canvas *canvas;
    FILE *svg; // written under a locale with decimal points
} imp_vector_canvas;

typedef struct imp_pixel_point {
    double x, y; // [px] from the top left corner
} imp_pixel_point;

// How a line is drawn, or what an area is filled with.
typedef struct imp_draw_style {
    imp_colour colour;
    double opacity; // 0..1
    double width;   // of a line [px]
    double dash;    // length of its dashes [px]; as long as the gaps; 0: none
} imp_draw_style;

typedef enum imp_text_align {
    IMP_TEXT_ALIGN_LEFT,
    IMP_TEXT_ALIGN_MIDDLE,
    IMP_TEXT_ALIGN_RIGHT,
} imp_text_align;

// What an SVG begins and ends with: a white page of that size; nothing on a canvas.
void imp_vector_canvas_begin(const imp_vector_canvas *drawing, int width, int height);
void imp_vector_canvas_end(const imp_vector_canvas *drawing);

// A polyline with round ends and corners.
void imp_vector_canvas_polyline(const imp_vector_canvas *drawing, const imp_pixel_point *points,
                                int count, imp_draw_style style);

// A filled polygon that does not cross itself; tip is what SVG viewers show when the pointer rests
// on it, or NULL.
void imp_vector_canvas_polygon(const imp_vector_canvas *drawing, const imp_pixel_point *points,
                               int count, imp_draw_style style, const char *tooltip);

// A filled rectangle with sides along the axes.
void imp_vector_canvas_rectangle(const imp_vector_canvas *drawing, double left, double top,
                                 double right, double bottom, imp_draw_style style);

// Text on a base line that begins, is centred or ends at x; size is the height of an "l" [px]. halo
// sets it off from what it lies on.
void imp_vector_canvas_text(const imp_vector_canvas *drawing, double x, double y, double size,
                            imp_text_align align, imp_draw_style style, bool halo,
                            const char *text);

#endif
