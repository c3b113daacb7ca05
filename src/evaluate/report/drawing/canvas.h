// evaluate/report/drawing/canvas.h: a picture to paint on: smooth lines, discs and small text over
// RGB bytes.
#ifndef IMP_EVALUATE_REPORT_DRAWING_CANVAS_H
#define IMP_EVALUATE_REPORT_DRAWING_CANVAS_H

#include "imprint/base.h"

typedef struct imp_colour {
    uint8_t r, g, b;
} imp_colour;

// Colours of series and panels, in this order (Okabe and Ito's, told apart by colour-blind eyes).
enum { IMP_PLOT_SERIES_COLOURS = 6 };
imp_colour imp_plot_series_colour(int index); // wraps around

extern const imp_colour imp_colour_background, imp_colour_foreground, imp_colour_light_grey;

// A picture and the shape that is being collected on it. Coordinates are pixels from the top left
// corner; the centre of the first pixel lies at (0.5, 0.5). Shapes may lie outside.
typedef struct imp_canvas {
    int width, height;
    uint8_t *rgb;      // (height x width x 3)
    uint8_t *coverage; // (height x width): how much of a pixel the shape covers
    int left, top, right,
        bottom; // what coverage may be other than 0 in: [left, right) x [top, bottom)
} imp_canvas;

// A canvas in the colour of paper. Released with imp_canvas_release(), also after a failure.
imp_status imp_canvas_init(imp_canvas *canvas, int width, int height, imp_error *err);
void imp_canvas_release(imp_canvas *canvas);

// Adds a line with round ends to the shape; one of length 0 is a disc. Where parts of a shape
// overlap it is no darker.
void imp_canvas_add_line(imp_canvas *canvas, double x0, double y0, double x1, double y1,
                         double thickness);

// Paints the shape, opacity in [0, 1], and starts a new one.
void imp_canvas_fill_shape(imp_canvas *canvas, imp_colour colour, double opacity);

// Fills a rectangle at once; corners are whole pixels, clipped to the canvas.
void imp_canvas_fill_rectangle(imp_canvas *canvas, int left, int top, int right, int bottom,
                               imp_colour colour);

// Adds text to the shape: (x, y) is the left end of its base line, size the height of an "l".
// Printable ASCII; capitals are drawn as small letters. Returns its width.
double imp_canvas_add_text(imp_canvas *canvas, double x, double y, double size, const char *text);

// The width that text would take.
double imp_canvas_text_width(double size, const char *text);

#endif
