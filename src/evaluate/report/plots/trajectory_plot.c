// Plots trajectories over a map, one panel per policy. The ground is the renderer's image from
// above, brightened so that lines stand out. Each trajectory is one transparent shape, so that
// places that many trajectories cross look darker. Marks for start, early end and stall are
// drawn above all lines.
#include "imprint/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "base/image/image.h"
#include "evaluate/report/drawing/canvas.h"

// Margins, distances and heights of text [px].
enum { MARGIN = 20, GAP = 20, TITLE = 30, LEGEND = 30, TEXT_SIZE = 12, SMALL_TEXT_SIZE = 9 };

// Size of a panel, and the transformation from metres to pixels in it.
typedef struct panel_layout {
    int width, height;       // of one map
    double scale, left, top; // of imp_top_down_transform()
    double stroke;           // thickness of a trajectory
} panel_layout;

// The longer side of the map gets `panel_size` pixels; strokes grow with it.
static panel_layout plan_panel_layout(const imp_world *world, int panel_size)
{
    const double longer = fmax(world->columns, world->rows);
    panel_layout layout = {.width = (int)ceil(panel_size * world->columns / longer),
                           .height = (int)ceil(panel_size * world->rows / longer),
                           .stroke = fmax(1.5, panel_size / 320.0)};
    imp_top_down_transform(world, layout.width, layout.height, &layout.scale, &layout.left,
                           &layout.top);
    return layout;
}

// Renders the map, brightened to 140..255, and copies it to its place on the canvas.
static imp_status draw_map(imp_canvas *canvas, const imp_scene *scene, const panel_layout *at,
                           int left, imp_error *err)
{
    // The renderer writes a compact image, so it needs a buffer of its own.
    uint8_t *map = malloc((size_t)3 * at->width * at->height);
    if (map == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a %d x %d map", at->width,
                        at->height);
    imp_render_top_down(scene, at->width, at->height, map);
    // Brighten in place.
    for (size_t i = 0; i < (size_t)3 * at->width * at->height; i++)
        map[i] = (uint8_t)(140 + map[i] * 115 / 255);
    for (int row = 0; row < at->height; row++)
        memcpy(canvas->rgb + 3 * ((size_t)(MARGIN + TITLE + row) * canvas->width + left),
               map + (size_t)3 * row * at->width, (size_t)3 * at->width);
    free(map);
    return IMP_OK;
}

// Adds two diagonal strokes to the canvas's shape.
static void add_cross(imp_canvas *canvas, double x, double y, double size, double thickness)
{
    imp_canvas_add_line(canvas, x - size, y - size, x + size, y + size, thickness);
    imp_canvas_add_line(canvas, x - size, y + size, x + size, y - size, thickness);
}

// The marks, each with a pale border: a dot at the start, a cross at an early end, a ring at a
// stall.
static void draw_dot_with_outline(imp_canvas *canvas, double x, double y, double stroke,
                                  imp_colour colour)
{
    imp_canvas_add_line(canvas, x, y, x, y, 4.6 * stroke);
    imp_canvas_fill_shape(canvas, imp_colour_background, 1.0);
    imp_canvas_add_line(canvas, x, y, x, y, 3.0 * stroke);
    imp_canvas_fill_shape(canvas, colour, 1.0);
}

static void draw_cross_with_outline(imp_canvas *canvas, double x, double y, double stroke)
{
    add_cross(canvas, x, y, 3.0 * stroke, 3.0 * stroke);
    imp_canvas_fill_shape(canvas, imp_colour_background, 1.0);
    add_cross(canvas, x, y, 3.0 * stroke, 1.5 * stroke);
    imp_canvas_fill_shape(canvas, imp_colour_foreground, 1.0);
}

// Adds a circle as a polygon.
static void add_ring(imp_canvas *canvas, double x, double y, double radius, double thickness)
{
    enum { SIDES = 24 };
    for (int k = 0; k < SIDES; k++) {
        const double a = 2.0 * IMP_PI * k / SIDES, b = 2.0 * IMP_PI * (k + 1) / SIDES;
        imp_canvas_add_line(canvas, x + radius * imp_cos(a), y + radius * imp_sin(a),
                            x + radius * imp_cos(b), y + radius * imp_sin(b), thickness);
    }
}

// The ring is wide enough to stay visible around a cross.
static void draw_ring_with_outline(imp_canvas *canvas, double x, double y, double stroke)
{
    add_ring(canvas, x, y, 3.4 * stroke, 3.0 * stroke);
    imp_canvas_fill_shape(canvas, imp_colour_background, 1.0);
    add_ring(canvas, x, y, 3.4 * stroke, 1.5 * stroke);
    imp_canvas_fill_shape(canvas, imp_colour_foreground, 1.0);
}

// Transforms a pose to pixels; false if it is not finite.
static bool pose_to_pixels(const panel_layout *at, int left, imp_pose pose, double *x, double *y)
{
    // The map begins below the margin and the title.
    *x = left + at->left + at->scale * pose.x;
    *y = MARGIN + TITLE + at->top + at->scale * pose.z;
    return isfinite(*x) && isfinite(*y);
}

// Draws a trajectory as a polyline; poses that are not finite are left out.
static void draw_trajectory(imp_canvas *canvas, const panel_layout *at, int left,
                            const imp_trajectory *trajectory, imp_colour colour)
{
    // (x0, y0) is the last point drawn; NaN before the first.
    double x0 = NAN, y0 = NAN, x, y;
    for (int i = 0; i < trajectory->count; i++) {
        if (!pose_to_pixels(at, left, trajectory->poses[i], &x, &y))
            continue;
        // steps shorter than a pixel change nothing but take time
        const bool last = i + 1 == trajectory->count;
        if (!last && imp_hypot(x - x0, y - y0) < 1.0)
            continue;
        if (!isnan(x0))
            imp_canvas_add_line(canvas, x0, y0, x, y, at->stroke);
        x0 = x;
        y0 = y;
    }
    imp_canvas_fill_shape(canvas, colour, 0.6);
}

// Shortens a text in UTF-8, whose characters may have several bytes, that is not empty.
static void remove_last_character(char *text)
{
    size_t length = strlen(text) - 1;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--;
    text[length] = '\0';
}

// Draws one policy's trajectories, their marks, and its title.
static void draw_panel(imp_canvas *canvas, const panel_layout *at, int left,
                       const imp_trajectory_panel *panel, imp_colour colour)
{
    double x, y;
    for (int i = 0; i < panel->count; i++)
        draw_trajectory(canvas, at, left, &panel->trajectories[i], colour);

    // Marks are drawn above all lines: starts first, then ends.
    for (int i = 0; i < panel->count; i++) {
        const imp_trajectory *trajectory = &panel->trajectories[i];
        if (trajectory->count > 0 && pose_to_pixels(at, left, trajectory->poses[0], &x, &y))
            draw_dot_with_outline(canvas, x, y, at->stroke, colour);
    }
    for (int i = 0; i < panel->count; i++) {
        const imp_trajectory *trajectory = &panel->trajectories[i];
        if (trajectory->count == 0 ||
            !pose_to_pixels(at, left, trajectory->poses[trajectory->count - 1], &x, &y))
            continue;
        if (trajectory->stalled)
            draw_ring_with_outline(canvas, x, y, at->stroke);
        if (trajectory->end_reason != NULL)
            draw_cross_with_outline(canvas, x, y, at->stroke);
    }

    // The title, truncated to the panel's width.
    char title[128];
    snprintf(title, sizeof title, "%s", panel->title != NULL ? panel->title : "");
    while (title[0] != '\0' && imp_canvas_text_width(TEXT_SIZE, title) > at->width)
        remove_last_character(title);
    imp_canvas_add_text(canvas, left + 1, MARGIN + TEXT_SIZE + 4, TEXT_SIZE, title);
    imp_canvas_fill_shape(canvas, colour, 1.0);
}

// Lists the reasons of early ends, each once: "collision, invalid pose". Returns whether any
// trajectory stalled.
static bool list_end_reasons(char *out, size_t capacity, const imp_trajectory_panel *panels,
                             int count)
{
    enum { WORDS_MAX = 8 };
    const char *words[WORDS_MAX];
    int known = 0;
    bool stalled = false;
    out[0] = '\0';
    for (int p = 0; p < count; p++)
        for (int i = 0; i < panels[p].count; i++) {
            const imp_trajectory *trajectory = &panels[p].trajectories[i];
            // Reasons are compared as texts.
            int k = 0;
            stalled = stalled || trajectory->stalled;
            if (trajectory->end_reason == NULL)
                continue;
            // Append a reason that is not in the list yet.
            while (k < known && strcmp(words[k], trajectory->end_reason) != 0)
                k++;
            if (k < known || known == WORDS_MAX)
                continue;
            const size_t length = strlen(out);
            snprintf(out + length, capacity - length, "%s%s", known > 0 ? ", " : "",
                     trajectory->end_reason);
            words[known++] = trajectory->end_reason;
        }
    return stalled;
}

// Draws the legend of the marks that occur.
static void draw_legend(imp_canvas *canvas, const imp_trajectory_panel *panels, int count)
{
    const double base = canvas->height - MARGIN + 4.0, middle = base - 3.5, gap = 34.0;
    char endings[256];
    const bool stalled = list_end_reasons(endings, sizeof endings, panels, count);
    // The start is on every plot; the other two marks only if they occur.
    double left = MARGIN + 17;
    draw_dot_with_outline(canvas, left - 12, middle, 1.8, imp_colour_foreground);
    left += gap + imp_canvas_add_text(canvas, left, base, SMALL_TEXT_SIZE, "start");
    imp_canvas_fill_shape(canvas, imp_colour_foreground, 1.0);
    if (endings[0] != '\0') {
        draw_cross_with_outline(canvas, left - 13, middle, 1.3);
        left += gap + imp_canvas_add_text(canvas, left, base, SMALL_TEXT_SIZE, endings);
        imp_canvas_fill_shape(canvas, imp_colour_foreground, 1.0);
    }
    if (stalled) {
        draw_ring_with_outline(canvas, left - 13, middle, 1.3);
        imp_canvas_add_text(canvas, left, base, SMALL_TEXT_SIZE, "stalled");
        imp_canvas_fill_shape(canvas, imp_colour_foreground, 1.0);
    }
}

imp_status imp_trajectory_plot_write(const char *path, const imp_world *world,
                                     const imp_scene *scene, const imp_trajectory_panel *panels,
                                     int count, int panel_size, imp_error *err)
{
    if (count < 1 || count > 16 || panel_size < 64 || panel_size > 4000)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%d panels of %d pixels: must be 1 to 16 panels of 64 to 4000 pixels",
                        count, panel_size);
    // All panels show the same map, so they have one layout.
    const panel_layout at = plan_panel_layout(world, panel_size);
    imp_canvas canvas;
    imp_status status = imp_canvas_init(&canvas, 2 * MARGIN + count * (at.width + GAP) - GAP,
                                        2 * MARGIN + TITLE + at.height + LEGEND, err);
    for (int i = 0; status == IMP_OK && i < count; i++) {
        const int left = MARGIN + i * (at.width + GAP);
        status = draw_map(&canvas, scene, &at, left, err);
        if (status == IMP_OK)
            draw_panel(&canvas, &at, left, &panels[i], imp_plot_series_colour(i));
    }
    if (status == IMP_OK) {
        draw_legend(&canvas, panels, count);
        status = imp_png_write(path, canvas.width, canvas.height, canvas.rgb, err);
    }
    imp_canvas_release(&canvas);
    return status;
}
