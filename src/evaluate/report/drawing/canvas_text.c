// Text on a canvas: outlines of DejaVu Sans, whose curves become short lines, filled as areas. The
// base line lies between two rows of pixels, which keeps small letters sharp.
#include <math.h>

#include "evaluate/report/drawing/canvas.h"
#include "evaluate/report/drawing/glyph_table.h"

// Limits on an outline; the largest of the table has 77 points.
enum { POINTS_MAX = 1024, CONTOURS_MAX = 16, BEND_LINES_MAX = 8 };

// A glyph's outline as lines, while it is collected.
typedef struct outline {
    double x, y, unit; // of the glyph's origin, and of a unit [px]
    int bend_lines;    // lines per curve
    imp_pixel_point points[POINTS_MAX];
    int lengths[CONTOURS_MAX];
    int count, contours;
} outline;

// Reads the next character of UTF-8, and moves *text behind it. A byte that is none gives 0.
static unsigned next_character(const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    const unsigned lead = at[0];
    const int more = lead < 0x80 ? 0 : lead < 0xC0 ? -1 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    unsigned code = more <= 0 ? lead : lead & (0x3FU >> more);
    for (int k = 1; k <= more; k++) {
        if ((at[k] & 0xC0) != 0x80) {
            ++*text;
            return 0;
        }
        code = code << 6 | (at[k] & 0x3FU);
    }
    *text += more > 0 ? 1 + more : 1;
    return more < 0 ? 0 : code;
}

// Returns a character's glyph; that of a box if the table has none.
static const imp_glyph *find_glyph(unsigned code)
{
    int low = 0, high = imp_glyph_count - 1;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (imp_glyphs[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return imp_glyphs[low].code == code ? &imp_glyphs[low] : &imp_glyphs[0];
}

// Adds a point, given in units.
static void add_outline_point(outline *o, double x, double y)
{
    if (o->count == POINTS_MAX || o->contours == 0)
        return;
    o->points[o->count++] = (imp_pixel_point){o->x + x * o->unit, o->y - y * o->unit};
    o->lengths[o->contours - 1]++;
}

// Adds the curve from a to c with the control point b as lines, without its first point.
static void add_quadratic_curve(outline *o, imp_pixel_point a, imp_pixel_point b, imp_pixel_point c)
{
    for (int k = 1; k <= o->bend_lines; k++) {
        const double t = (double)k / o->bend_lines, s = 1.0 - t;
        add_outline_point(o, s * s * a.x + 2.0 * s * t * b.x + t * t * c.x,
                          s * s * a.y + 2.0 * s * t * b.y + t * t * c.y);
    }
}

// Adds a contour of `count` points, which begins with a point of the outline.
static void add_glyph_contour(outline *o, const imp_glyph_point *points, int count)
{
    if (o->contours == CONTOURS_MAX)
        return;
    o->lengths[o->contours++] = 0;
    imp_pixel_point last = {points[0].x, points[0].y};
    add_outline_point(o, last.x, last.y);
    for (int k = 1; k < count; k++) {
        imp_pixel_point end = {points[k].x, points[k].y};
        // A bend is the control point of a curve. It ends at the next point, or half-way to the
        // next bend: TrueType leaves out points that lie there.
        if (points[k].kind == IMP_GLYPH_BEND) {
            const imp_pixel_point control = end;
            const imp_glyph_point *next = &points[(k + 1) % count];
            end = (imp_pixel_point){next->x, next->y};
            if (next->kind == IMP_GLYPH_BEND)
                end = (imp_pixel_point){(control.x + end.x) / 2.0, (control.y + end.y) / 2.0};
            else
                k++;
            add_quadratic_curve(o, last, control, end);
        } else {
            add_outline_point(o, end.x, end.y);
        }
        last = end;
    }
}

// Adds a glyph whose origin lies at (x, y).
static void add_glyph(imp_canvas *canvas, const imp_glyph *glyph, double x, double y, double unit,
                      int bend_lines)
{
    outline o = {.x = x, .y = y, .unit = unit, .bend_lines = bend_lines};
    const imp_glyph_point *points = imp_glyph_points + glyph->first;
    for (int k = 0; k < glyph->point_count;) {
        int count = 1;
        while (k + count < glyph->point_count && points[k + count].kind != IMP_GLYPH_START)
            count++;
        add_glyph_contour(&o, points + k, count);
        k += count;
    }
    imp_canvas_add_area(canvas, o.points, o.lengths, o.contours);
}

double imp_canvas_text_width(double size, const char *text)
{
    double units = 0.0;
    while (*text != '\0')
        units += find_glyph(next_character(&text))->advance;
    return units * size / imp_glyph_tall;
}

double imp_canvas_add_text(imp_canvas *canvas, double x, double y, double size, const char *text)
{
    const double unit = size / imp_glyph_tall, start = x;
    // small curves look round with fewer lines
    const int bend_lines = size < 16.0 ? 3 : size < 40.0 ? 5 : BEND_LINES_MAX;
    while (*text != '\0') {
        const imp_glyph *glyph = find_glyph(next_character(&text));
        add_glyph(canvas, glyph, x, floor(y + 0.5), unit, bend_lines);
        x += glyph->advance * unit;
    }
    return x - start;
}
