// report/sketch.h: one drawing, two kinds of picture: shapes and text go to a canvas of pixels or
// to the text of an SVG file, so that both show the same.
#ifndef IMP_REPORT_SKETCH_H
#define IMP_REPORT_SKETCH_H

#include <stdio.h>

#include "report/canvas.h"

// Exactly one is not NULL; borrowed.
typedef struct imp_sketch {
    imp_canvas *canvas;
    FILE *svg; // written under a locale with decimal points
} imp_sketch;

typedef struct imp_point {
    double x, y; // [px] from the top left corner
} imp_point;

// How a line is drawn, or what an area is filled with.
typedef struct imp_ink {
    imp_colour colour;
    double opacity; // 0..1
    double width;   // of a line [px]
    double dash;    // length of its dashes [px]; as long as the gaps; 0: none
} imp_ink;

typedef enum imp_align {
    IMP_ALIGN_LEFT,
    IMP_ALIGN_MIDDLE,
    IMP_ALIGN_RIGHT,
} imp_align;

// What an SVG begins and ends with: a white page of that size; nothing on a canvas.
void imp_sketch_begin(const imp_sketch *sketch, int width, int height);
void imp_sketch_end(const imp_sketch *sketch);

// A polyline with round ends and corners.
void imp_sketch_line(const imp_sketch *sketch, const imp_point *points, int count, imp_ink ink);

// A filled polygon that does not cross itself; tip is what SVG viewers show when the pointer rests
// on it, or NULL.
void imp_sketch_area(const imp_sketch *sketch, const imp_point *points, int count, imp_ink ink,
                     const char *tip);

// A filled rectangle with sides along the axes.
void imp_sketch_box(const imp_sketch *sketch, double left, double top, double right, double bottom,
                    imp_ink ink);

// Text on a base line that begins, is centred or ends at x; size is the height of an "l" [px]. halo
// sets it off from what it lies on.
void imp_sketch_text(const imp_sketch *sketch, double x, double y, double size, imp_align align,
                     imp_ink ink, bool halo, const char *text);

#endif
