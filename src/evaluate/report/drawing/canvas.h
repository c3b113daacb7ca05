// evaluate/report/drawing/canvas.h: an RGB image to draw on: antialiased lines, discs, areas
// and text.
#ifndef IMP_EVALUATE_REPORT_DRAWING_CANVAS_H
#define IMP_EVALUATE_REPORT_DRAWING_CANVAS_H

#include "imprint/base.h"

typedef struct imp_pixel_point {
    double x, y; // [px] from the top left corner
} imp_pixel_point;

typedef struct imp_colour {
    uint8_t r, g, b;
} imp_colour;

// Colours of series and panels, in this order: the palette of Okabe and Ito, which colour-blind
// readers can distinguish.
enum { IMP_PLOT_SERIES_COLOURS = 6 };
imp_colour imp_plot_series_colour(int index); // wraps around

extern const imp_colour imp_colour_background, imp_colour_foreground, imp_colour_light_grey;

// An image and the shape that is being collected on it. Coordinates are pixels from the top left
// corner; the centre of the first pixel lies at (0.5, 0.5). Shapes may lie partly outside.
typedef struct imp_canvas {
    int width, height;
    uint8_t *rgb;      // (height x width x 3)
    uint8_t *coverage; // (height x width): coverage of each pixel by the shape, 0..255
    float *row;        // (width): the row of an area that is being filled
    int left, top, right,
        bottom; // bounds of nonzero coverage: [left, right) x [top, bottom)
} imp_canvas;

// Creates a canvas filled with the background colour. Release it with imp_canvas_release(), also
// after a failure.
imp_status imp_canvas_init(imp_canvas *canvas, int width, int height, imp_error *err);
void imp_canvas_release(imp_canvas *canvas);

// Adds a line with round ends to the shape; a line of length 0 is a disc. Overlapping parts of a
// shape are not drawn darker.
void imp_canvas_add_line(imp_canvas *canvas, double x0, double y0, double x1, double y1,
                         double thickness);

// Adds an area to the shape: the points that closed contours wind around (the non-zero rule).
// lengths: (contours) of how many points each consists; points: of all contours. Up to 128
// crossings of contours with a line from left to right count.
void imp_canvas_add_area(imp_canvas *canvas, const imp_pixel_point *points, const int *lengths,
                         int contours);

// Draws the shape with an opacity in [0, 1] and starts a new shape.
void imp_canvas_fill_shape(imp_canvas *canvas, imp_colour colour, double opacity);

// Fills a rectangle at once; corners are whole pixels, clipped to the canvas.
void imp_canvas_fill_rectangle(imp_canvas *canvas, int left, int top, int right, int bottom,
                               imp_colour colour);

// Adds text in UTF-8 to the shape: (x, y) is the left end of its base line, size the height of an
// "l". Printable ASCII and some signs; all other characters are boxes. Returns its width.
double imp_canvas_add_text(imp_canvas *canvas, double x, double y, double size, const char *text);

// Returns the width of a text.
double imp_canvas_text_width(double size, const char *text);

#endif
