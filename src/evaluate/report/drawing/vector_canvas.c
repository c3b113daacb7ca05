// Draws shapes either on a raster canvas or as SVG elements. SVG viewers rasterise themselves.
// For the canvas, dashes are cut from the polyline.
#include "evaluate/report/drawing/vector_canvas.h"

#include <math.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "evaluate/report/drawing/xml_escape.h"

// Height of an "l" relative to the font size in common fonts.
static const double LETTER_HEIGHT = 0.72;

// The font sizes of SVG text differ from letter heights; see LETTER_HEIGHT.
void imp_vector_canvas_begin(const imp_vector_canvas *drawing, int width, int height)
{
    if (drawing->svg != NULL)
        fprintf(drawing->svg,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                "viewBox=\"0 0 %d %d\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\">\n"
                "<path fill=\"#fff\" d=\"M0 0h%dv%dh-%dz\"/>\n",
                width, height, width, height, width, height, width);
}

void imp_vector_canvas_end(const imp_vector_canvas *drawing)
{
    if (drawing->svg != NULL)
        fputs("</svg>\n", drawing->svg);
}

// Writes the path data of a polyline, without its closing quote.
static void write_svg_path(FILE *out, const imp_pixel_point *points, int count)
{
    fputs(" d=\"", out);
    for (int k = 0; k < count; k++)
        fprintf(out, "%s%.2f %.2f", k == 0 ? "M" : k == 1 ? "L" : " ", points[k].x, points[k].y);
}

// Writes a colour attribute ("fill" or "stroke") and its opacity.
static void write_svg_colour(FILE *out, const char *what, imp_draw_style style)
{
    fprintf(out, " %s=\"#%02x%02x%02x\"", what, style.colour.r, style.colour.g, style.colour.b);
    if (style.opacity < 1.0)
        fprintf(out, " %s-opacity=\"%.2f\"", what, style.opacity);
}

// Adds a line, or its dashes, to the canvas's shape. The dash pattern continues across corners:
// `place` is the distance along the whole polyline.
static void add_dashed_line(imp_canvas *canvas, const imp_pixel_point *points, int count,
                            imp_draw_style style)
{
    double place = 0.0; // along the line
    for (int k = 0; k + 1 < count; k++) {
        const imp_pixel_point a = points[k], b = points[k + 1];
        const double length = imp_hypot(b.x - a.x, b.y - a.y);
        if (style.dash <= 0.0) {
            imp_canvas_add_line(canvas, a.x, a.y, b.x, b.y, style.width);
            continue;
        }
        for (double at = 0.0; at < length;) {
            // Position within the pattern of a dash and a gap; end at its next change or the
            // corner.
            const double phase = fmod(place + at, 2.0 * style.dash);
            const bool drawn = phase < style.dash;
            const double rest = (drawn ? style.dash : 2.0 * style.dash) - phase;
            const double end = fmin(length, at + fmax(rest, 1e-3));
            if (drawn)
                imp_canvas_add_line(canvas, a.x + (b.x - a.x) * at / length,
                                    a.y + (b.y - a.y) * at / length,
                                    a.x + (b.x - a.x) * end / length,
                                    a.y + (b.y - a.y) * end / length, style.width);
            at = end;
        }
        place += length;
    }
}

// Draws connected lines; one point twice is a disc as wide as the line.
void imp_vector_canvas_polyline(const imp_vector_canvas *drawing, const imp_pixel_point *points,
                                int count, imp_draw_style style)
{
    if (drawing->canvas != NULL) {
        add_dashed_line(drawing->canvas, points, count, style);
        imp_canvas_fill_shape(drawing->canvas, style.colour, style.opacity);
        return;
    }
    fputs("<path fill=\"none\" stroke-linejoin=\"round\"", drawing->svg);
    // round ends would fill the gaps between dashes
    fprintf(drawing->svg, " stroke-linecap=\"%s\"", style.dash > 0.0 ? "butt" : "round");
    write_svg_colour(drawing->svg, "stroke", style);
    fprintf(drawing->svg, " stroke-width=\"%.2f\"", style.width);
    if (style.dash > 0.0)
        fprintf(drawing->svg, " stroke-dasharray=\"%.2f\"", style.dash);
    write_svg_path(drawing->svg, points, count);
    fputs("\"/>\n", drawing->svg);
}

void imp_vector_canvas_polygon(const imp_vector_canvas *drawing, const imp_pixel_point *points,
                               int count, imp_draw_style style, const char *tooltip)
{
    if (drawing->canvas != NULL) {
        imp_canvas_add_area(drawing->canvas, points, &count, 1);
        imp_canvas_fill_shape(drawing->canvas, style.colour, style.opacity);
        return;
    }
    fputs("<path", drawing->svg);
    write_svg_colour(drawing->svg, "fill", style);
    write_svg_path(drawing->svg, points, count);
    fputs("Z\"", drawing->svg);
    // Viewers show the title of an element when the pointer rests on it.
    if (tooltip != NULL) {
        fputs("><title>", drawing->svg);
        imp_xml_write_escaped(drawing->svg, tooltip);
        fputs("</title></path>\n", drawing->svg);
    } else {
        fputs("/>\n", drawing->svg);
    }
}

void imp_vector_canvas_rectangle(const imp_vector_canvas *drawing, double left, double top,
                                 double right, double bottom, imp_draw_style style)
{
    const imp_pixel_point corners[] = {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
    imp_vector_canvas_polygon(drawing, corners, 4, style, NULL);
}

// Draws text on the canvas. At one pixel per dot, a solid bar behind the letters is more legible
// than an outline.
static void draw_text_on_canvas(imp_canvas *canvas, double x, double y, double size,
                                imp_draw_style style, bool halo, const char *text)
{
    const double middle = y - size / 2.0 + 0.5, thickness = size + 6.0;
    if (halo) {
        imp_canvas_add_line(canvas, x, middle, x + imp_canvas_text_width(size, text) - 2.0, middle,
                            thickness);
        imp_canvas_fill_shape(canvas, imp_colour_background, 0.82);
    }
    imp_canvas_add_text(canvas, x, y, size, text);
    imp_canvas_fill_shape(canvas, style.colour, style.opacity);
}

void imp_vector_canvas_text(const imp_vector_canvas *drawing, double x, double y, double size,
                            imp_text_align align, imp_draw_style style, bool halo, const char *text)
{
    if (drawing->canvas != NULL) {
        const double width = imp_canvas_text_width(size, text);
        // The canvas draws from the left end only.
        x -= align == IMP_TEXT_ALIGN_MIDDLE  ? width / 2.0
             : align == IMP_TEXT_ALIGN_RIGHT ? width
                                             : 0.0;
        draw_text_on_canvas(drawing->canvas, x, y, size, style, halo, text);
        return;
    }
    // In the order of imp_text_align.
    static const char *const anchors[] = {"start", "middle", "end"};
    fprintf(drawing->svg, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.1f\" text-anchor=\"%s\"", x, y,
            size / LETTER_HEIGHT, anchors[align]);
    write_svg_colour(drawing->svg, "fill", style);
    // A pale outline below the letters keeps them legible on any ground.
    if (halo)
        fputs(" stroke=\"#fff\" stroke-width=\"2.6\" stroke-opacity=\"0.85\" "
              "stroke-linejoin=\"round\" paint-order=\"stroke\"",
              drawing->svg);
    fputs(">", drawing->svg);
    imp_xml_write_escaped(drawing->svg, text);
    fputs("</text>\n", drawing->svg);
}
