#include "report/sketch.h"

#include <math.h>
#include <string.h>

#include "report/escape.h"

// A viewer's font has its "l" about so high for a font size of 1.
static const double L_HEIGHT = 0.72;

void imp_sketch_begin(const imp_sketch *sketch, int width, int height)
{
    if (sketch->svg != NULL)
        fprintf(sketch->svg,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                "viewBox=\"0 0 %d %d\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\">\n"
                "<path fill=\"#fff\" d=\"M0 0h%dv%dh-%dz\"/>\n",
                width, height, width, height, width, height, width);
}

void imp_sketch_end(const imp_sketch *sketch)
{
    if (sketch->svg != NULL)
        fputs("</svg>\n", sketch->svg);
}

static void put_points(FILE *out, const imp_point *points, int count)
{
    fputs(" d=\"", out);
    for (int k = 0; k < count; k++)
        fprintf(out, "%s%.2f %.2f", k == 0 ? "M" : k == 1 ? "L" : " ", points[k].x, points[k].y);
}

static void put_colour(FILE *out, const char *what, imp_ink ink)
{
    fprintf(out, " %s=\"#%02x%02x%02x\"", what, ink.colour.r, ink.colour.g, ink.colour.b);
    if (ink.opacity < 1.0)
        fprintf(out, " %s-opacity=\"%.2f\"", what, ink.opacity);
}

// Adds the dashes of a line to the canvas's shape; a line without dashes is one long one.
static void add_dashes(imp_canvas *canvas, const imp_point *points, int count, imp_ink ink)
{
    double place = 0.0; // along the line
    for (int k = 0; k + 1 < count; k++) {
        const imp_point a = points[k], b = points[k + 1];
        const double length = hypot(b.x - a.x, b.y - a.y);
        if (ink.dash <= 0.0) {
            imp_canvas_add_line(canvas, a.x, a.y, b.x, b.y, ink.width);
            continue;
        }
        for (double at = 0.0; at < length;) {
            const double phase = fmod(place + at, 2.0 * ink.dash);
            const bool drawn = phase < ink.dash;
            const double rest = (drawn ? ink.dash : 2.0 * ink.dash) - phase;
            const double end = fmin(length, at + fmax(rest, 1e-3));
            if (drawn)
                imp_canvas_add_line(
                    canvas, a.x + (b.x - a.x) * at / length, a.y + (b.y - a.y) * at / length,
                    a.x + (b.x - a.x) * end / length, a.y + (b.y - a.y) * end / length, ink.width);
            at = end;
        }
        place += length;
    }
}

void imp_sketch_line(const imp_sketch *sketch, const imp_point *points, int count, imp_ink ink)
{
    if (sketch->canvas != NULL) {
        add_dashes(sketch->canvas, points, count, ink);
        imp_canvas_paint(sketch->canvas, ink.colour, ink.opacity);
        return;
    }
    fputs("<path fill=\"none\" stroke-linejoin=\"round\"", sketch->svg);
    // round ends would close the gaps between dashes
    fprintf(sketch->svg, " stroke-linecap=\"%s\"", ink.dash > 0.0 ? "butt" : "round");
    put_colour(sketch->svg, "stroke", ink);
    fprintf(sketch->svg, " stroke-width=\"%.2f\"", ink.width);
    if (ink.dash > 0.0)
        fprintf(sketch->svg, " stroke-dasharray=\"%.2f\"", ink.dash);
    put_points(sketch->svg, points, count);
    fputs("\"/>\n", sketch->svg);
}

// Adds a polygon to the canvas's shape: each pixel is covered by the share of 4 x 4 samples that
// lie inside by the even-odd rule.
static void add_area(imp_canvas *canvas, const imp_point *points, int count)
{
    enum { SIDE = 4 };
    double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    for (int k = 0; k < count; k++) {
        left = fmin(left, points[k].x);
        right = fmax(right, points[k].x);
        top = fmin(top, points[k].y);
        bottom = fmax(bottom, points[k].y);
    }
    const int i0 = (int)fmax(0.0, floor(left)), i1 = (int)fmin(canvas->width, ceil(right));
    const int j0 = (int)fmax(0.0, floor(top)), j1 = (int)fmin(canvas->height, ceil(bottom));
    for (int j = j0; j < j1; j++)
        for (int i = i0; i < i1; i++) {
            int hits = 0;
            for (int n = 0; n < SIDE * SIDE; n++) {
                const double x = i + (n % SIDE + 0.5) / SIDE, y = j + (n / SIDE + 0.5) / SIDE;
                bool inside = false;
                for (int k = 0, last = count - 1; k < count; last = k++) {
                    const imp_point a = points[k], b = points[last];
                    if ((a.y > y) != (b.y > y) && x < (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x)
                        inside = !inside;
                }
                hits += inside;
            }
            uint8_t *coverage = &canvas->coverage[(size_t)j * (size_t)canvas->width + (size_t)i];
            const int covered = hits * 255 / (SIDE * SIDE);
            *coverage = covered > *coverage ? (uint8_t)covered : *coverage;
        }
    if (i0 < i1 && j0 < j1) {
        canvas->left = i0 < canvas->left ? i0 : canvas->left;
        canvas->top = j0 < canvas->top ? j0 : canvas->top;
        canvas->right = i1 > canvas->right ? i1 : canvas->right;
        canvas->bottom = j1 > canvas->bottom ? j1 : canvas->bottom;
    }
}

void imp_sketch_area(const imp_sketch *sketch, const imp_point *points, int count, imp_ink ink,
                     const char *tip)
{
    if (sketch->canvas != NULL) {
        add_area(sketch->canvas, points, count);
        imp_canvas_paint(sketch->canvas, ink.colour, ink.opacity);
        return;
    }
    fputs("<path", sketch->svg);
    put_colour(sketch->svg, "fill", ink);
    put_points(sketch->svg, points, count);
    fputs("Z\"", sketch->svg);
    if (tip != NULL) {
        fputs("><title>", sketch->svg);
        imp_put_escaped(sketch->svg, tip);
        fputs("</title></path>\n", sketch->svg);
    } else {
        fputs("/>\n", sketch->svg);
    }
}

void imp_sketch_box(const imp_sketch *sketch, double left, double top, double right, double bottom,
                    imp_ink ink)
{
    const imp_point corners[] = {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
    imp_sketch_area(sketch, corners, 4, ink, NULL);
}

// A canvas is read pixel by pixel, where a plate behind the letters is clearer than a rim.
static void paint_text(imp_canvas *canvas, double x, double y, double size, imp_ink ink, bool halo,
                       const char *text)
{
    const double middle = y - size / 2.0 + 0.5, thickness = size + 6.0;
    if (halo) {
        imp_canvas_add_line(canvas, x, middle, x + imp_text_width(size, text) - 2.0, middle,
                            thickness);
        imp_canvas_paint(canvas, imp_colour_paper, 0.82);
    }
    imp_canvas_add_text(canvas, x, y, size, text);
    imp_canvas_paint(canvas, ink.colour, ink.opacity);
}

void imp_sketch_text(const imp_sketch *sketch, double x, double y, double size, imp_align align,
                     imp_ink ink, bool halo, const char *text)
{
    if (sketch->canvas != NULL) {
        const double width = imp_text_width(size, text);
        x -= align == IMP_ALIGN_MIDDLE ? width / 2.0 : align == IMP_ALIGN_RIGHT ? width : 0.0;
        paint_text(sketch->canvas, x, y, size, ink, halo, text);
        return;
    }
    static const char *const anchors[] = {"start", "middle", "end"};
    fprintf(sketch->svg, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.1f\" text-anchor=\"%s\"", x, y,
            size / L_HEIGHT, anchors[align]);
    put_colour(sketch->svg, "fill", ink);
    if (halo)
        fputs(" stroke=\"#fff\" stroke-width=\"2.6\" stroke-opacity=\"0.85\" "
              "stroke-linejoin=\"round\" paint-order=\"stroke\"",
              sketch->svg);
    fputs(">", sketch->svg);
    imp_put_escaped(sketch->svg, text);
    fputs("</text>\n", sketch->svg);
}
