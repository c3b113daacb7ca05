// Draws a map from above, as SVG or PNG, with tile numbers, a scale bar and a legend. The SVG
// draws the ground as shapes. The PNG shows the renderer's image of it. Everything above the
// ground is drawn by the same code on a vector canvas.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/image/image.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "base/text/text_stream.h"
#include "evaluate/report/map_image/map_drawing.h"
#include "imprint/report.h"

// COOKIE is "mapv" in ASCII; the others are limits for an image's sides [px].
enum { COOKIE = 0x6d617076, WIDTH_MIN = 320, HEIGHT_MIN = 240, SIDE_MAX = 8192 };
// Margins around the map, legend width and row height [px].
enum { LEFT = 44, TOP = 86, BOTTOM = 46, GAP = 28, LEGEND = 176, RIGHT = 16, ROW = 24 };

static const double TEXT_SIZE = 9.0; // height of an "l" in ordinary text [px]
// Colour, opacity and line width of important and of less important things.
static const imp_draw_style TEXT_STYLE = {{38, 43, 51}, 1.0, 1.5, 0.0};
static const imp_draw_style PALE_STYLE = {{112, 120, 132}, 1.0, 1.2, 0.0};

imp_map_image_def imp_default_map_image_def(void)
{
    return (imp_map_image_def){.lanes = true, .objects = true, .cookie = COOKIE};
}

// Computes the layout. With a given image size, the map is as large as fits. Without one, tiles get
// a convenient size and the image follows, high enough for the legend.
static void plan_map_layout(imp_map_drawing *view, const imp_map_image_def *def, int *width,
                            int *height)
{
    // Preferred length of the longer side, and limits for a tile [px].
    const double natural = 960.0, largest = 112.0, smallest = 12.0;
    // Everything beside the map has a fixed size; only the tiles vary.
    const imp_world *world = view->world;
    const int longer = world->columns > world->rows ? world->columns : world->rows;
    const int across = LEFT + GAP + LEGEND + RIGHT, down = TOP + BOTTOM;
    *width = def->width;
    *height = def->height;
    // The given size: the largest tile that fits.
    view->tile = fmin((double)(def->width - across) / world->columns,
                      (double)(def->height - down) / world->rows);
    if (def->width == 0) {
        // No size: a convenient tile, within limits, and an image that has room for map and legend.
        int entries = def->values != NULL ? 8 : 6;
        for (int kind = 0; kind < IMP_OBJECT_KIND_COUNT && def->objects; kind++)
            entries += imp_world_count_objects(world, (imp_object_kind)kind) > 0;
        view->tile = fmin(SIDE_MAX - across, SIDE_MAX - down) / longer;
        view->tile = fmin(view->tile, fmax(smallest, fmin(largest, floor(natural / longer))));
        *width = across + (int)ceil(view->tile * world->columns);
        *height = down + (int)ceil(fmax(view->tile * world->rows, entries * ROW));
    }
    // The transformation from metres to pixels follows from the tile.
    view->scale = view->tile / world->tile_size;
    view->map_width = (int)ceil(view->tile * world->columns);
    view->map_height = (int)ceil(view->tile * world->rows);
    view->left = LEFT;
    view->top = TOP;
}

// Draws the map's name and a line of facts about it.
static void draw_title(const imp_map_drawing *view)
{
    const imp_world *world = view->world;
    char text[128];
    imp_vector_canvas_text(&view->drawing, LEFT, 30, 13.0, IMP_TEXT_ALIGN_LEFT, TEXT_STYLE, false,
                           world->name);
    // Size, share of road and number of lanes.
    snprintf(text, sizeof text, "%d x %d %s of %.4g m, %d to drive on, %s", world->columns,
             world->rows, IMP_PLURAL_NOUN((int64_t)world->columns * world->rows, "tile"),
             world->tile_size, world->drivable_count, IMP_PLURAL(world->curve_count, "lane"));
    imp_vector_canvas_text(&view->drawing, LEFT, 51, TEXT_SIZE, IMP_TEXT_ALIGN_LEFT, PALE_STYLE,
                           false, text);
}

// Draws the numbers of columns and rows, only every few if tiles are small, and a grid.
static void draw_coordinates(const imp_map_drawing *view)
{
    const imp_world *world = view->world;
    // Where the map ends on the image [px].
    const double right = view->left + view->tile * world->columns;
    const double bottom = view->top + view->tile * world->rows;
    // Numbers at the upper and left border.
    const int every = view->tile >= 22.0 ? 1 : view->tile >= 9.0 ? 5 : 10;
    char text[16];
    for (int i = 0; i < world->columns; i += every) {
        snprintf(text, sizeof text, "%d", i);
        imp_vector_canvas_text(&view->drawing, view->left + (i + 0.5) * view->tile, view->top - 9,
                               TEXT_SIZE, IMP_TEXT_ALIGN_MIDDLE, PALE_STYLE, false, text);
    }
    for (int j = 0; j < world->rows; j += every) {
        snprintf(text, sizeof text, "%d", j);
        imp_vector_canvas_text(&view->drawing, view->left - 10,
                               view->top + (j + 0.5) * view->tile + TEXT_SIZE / 2.0, TEXT_SIZE,
                               IMP_TEXT_ALIGN_RIGHT, PALE_STYLE, false, text);
    }
    // A faint grid, unless tiles are tiny.
    const imp_draw_style grid = {imp_colour_foreground, 0.13, 1.0, 0.0};
    for (int i = 0; i <= world->columns && view->tile >= 9.0; i++) {
        const double x = view->left + i * view->tile;
        imp_vector_canvas_polyline(&view->drawing, (imp_pixel_point[]){{x, view->top}, {x, bottom}},
                                   2, grid);
    }
    for (int j = 0; j <= world->rows && view->tile >= 9.0; j++) {
        const double y = view->top + j * view->tile;
        imp_vector_canvas_polyline(&view->drawing, (imp_pixel_point[]){{view->left, y}, {right, y}},
                                   2, grid);
    }
}

// Draws a scale bar below the map: the shortest of 1, 2, 5, ... m that is at least 60 px long.
// All lengths are round, so that distances can be read off.
static void draw_scale_bar(const imp_map_drawing *view)
{
    static const int lengths[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
    // Find the length, then draw the bar with its label.
    size_t k = 0;
    while (k + 1 < sizeof lengths / sizeof lengths[0] && lengths[k] * view->scale < 60.0)
        k++;
    const double y = view->top + view->map_height + 22.0;
    const double end = view->left + lengths[k] * view->scale;
    char text[24];
    imp_vector_canvas_polyline(&view->drawing, (imp_pixel_point[]){{view->left, y}, {end, y}}, 2,
                               TEXT_STYLE);
    // A short stroke at each end.
    for (int n = 0; n < 2; n++) {
        const double x = n == 0 ? view->left : end;
        imp_vector_canvas_polyline(&view->drawing, (imp_pixel_point[]){{x, y - 4}, {x, y + 4}}, 2,
                                   TEXT_STYLE);
    }
    snprintf(text, sizeof text, "%d m", lengths[k]);
    imp_vector_canvas_text(&view->drawing, end + 9, y + TEXT_SIZE / 2.0, TEXT_SIZE,
                           IMP_TEXT_ALIGN_LEFT, TEXT_STYLE, false, text);
}

// Draws a legend entry: a sample of the line and its meaning.
static void draw_legend_line(const imp_map_drawing *view, double x, double y, imp_draw_style style,
                             const char *text)
{
    imp_vector_canvas_polyline(&view->drawing, (imp_pixel_point[]){{x, y}, {x + 22, y}}, 2, style);
    imp_vector_canvas_text(&view->drawing, x + 34, y + TEXT_SIZE / 2.0, TEXT_SIZE,
                           IMP_TEXT_ALIGN_LEFT, TEXT_STYLE, false, text);
}

// Draws the legend to the right of the map, with only those entries that occur on it.
static void draw_legend(const imp_map_drawing *view, const imp_map_image_def *def)
{
    const imp_world *world = view->world;
    const double x = view->left + view->map_width + GAP;
    // Each entry moves y down by one row.
    double y = view->top + 10.0;
    // Lines: lanes, on a sample of road, edges and start.
    if (def->lanes) {
        // A lane is pale, so its sample lies on a stroke of road.
        const imp_draw_style road = {{74, 79, 88}, 1.0, 9.0, 0.0};
        imp_vector_canvas_polyline(&view->drawing, (imp_pixel_point[]){{x, y}, {x + 22, y}}, 2,
                                   road);
        draw_legend_line(view, x, y, imp_map_lane_style(view), "lane");
        y += ROW;
    }
    draw_legend_line(view, x, y, imp_map_edge_style, "edge of the road");
    y += ROW;
    if (world->has_start_tile) {
        draw_legend_line(view, x, y, imp_map_start_style,
                         world->has_start_pose ? "start" : "start tile");
        y += ROW;
    }
    if (view->route != NULL) {
        draw_legend_line(view, x, y, imp_map_route_style(view), "route");
        y += ROW;
    }
    if (def->values != NULL) {
        imp_map_draw_value_scale(view, x, y);
        y += 3 * ROW - 8;
    }
    // Kinds of objects with their number.
    for (int k = 0; k < IMP_OBJECT_KIND_COUNT && def->objects; k++) {
        const int count = imp_world_count_objects(world, (imp_object_kind)k);
        char text[64];
        if (count == 0)
            continue;
        // A square in the colour of the footprints.
        const imp_draw_style style = {imp_map_object_colour((imp_object_kind)k), 1.0, 0.0, 0.0};
        imp_vector_canvas_rectangle(&view->drawing, x + 4, y - 7, x + 18, y + 7, style);
        const char *name =
            k == IMP_OBJECT_SIGN ? "sign" : imp_object_class_get((imp_object_kind)k)->name;
        snprintf(text, sizeof text, count > 1 ? "%s (%d)" : "%s", name, count);
        imp_vector_canvas_text(&view->drawing, x + 34, y + TEXT_SIZE / 2.0, TEXT_SIZE,
                               IMP_TEXT_ALIGN_LEFT, TEXT_STYLE, false, text);
        y += ROW;
    }
    if (imp_map_has_motion_paths(view) && def->objects)
        draw_legend_line(view, x, y, imp_map_motion_path_style, "way of what moves");
}

// Draws everything above the ground, in an order in which nothing important is covered.
// The same for SVG and PNG.
static imp_status draw_annotations(const imp_map_drawing *view, const imp_map_image_def *def,
                                   imp_error *err)
{
    draw_coordinates(view);
    imp_map_draw_edges(view);
    if (def->lanes)
        imp_map_draw_lanes(view);
    imp_map_draw_start(view);
    if (view->route != NULL)
        imp_map_draw_route(view);
    if (def->values != NULL)
        IMP_TRY(imp_map_draw_values(view, err));
    if (def->objects)
        imp_map_draw_objects(view);
    draw_title(view);
    draw_scale_bar(view);
    draw_legend(view, def);
    return IMP_OK;
}

// A size of 0 x 0 lets the layout choose; any other must have room for margins and legend.
static imp_status check_map_image_def(const imp_map_image_def *def, imp_error *err)
{
    if (def->cookie != COOKIE)
        return imp_fail(err, IMP_USAGE, "begin with imp_default_map_image_def()");
    if (def->values != NULL && !(def->value_max > 0.0 && isfinite(def->value_max)))
        return imp_fail(err, IMP_USAGE, "a scale of values up to %g: must end above 0",
                        def->value_max);
    // One of both sides alone is an error.
    if (def->width == 0 && def->height == 0)
        return IMP_OK;
    if (def->width < WIDTH_MIN || def->height < HEIGHT_MIN || def->width > SIDE_MAX ||
        def->height > SIDE_MAX)
        return imp_fail(err, IMP_USAGE, "an image of %d x %d pixels: must be %d x %d to %d x %d",
                        def->width, def->height, WIDTH_MIN, HEIGHT_MIN, SIDE_MAX, SIDE_MAX);
    return IMP_OK;
}

// The layout is computed before the canvas begins, because it decides the size of the image.
imp_status imp_map_image_svg(char **out, size_t *length, const imp_world *world,
                             const imp_map_image_def *def, imp_error *err)
{
    IMP_TRY(check_map_image_def(def, err));
    imp_text_stream text;
    IMP_TRY(imp_text_stream_open(&text, "an image of a map", err));
    int width, height;
    imp_map_drawing view = {
        .drawing = {.svg = text.out}, .world = world, .route = def->route, .def = def};
    plan_map_layout(&view, def, &width, &height);
    imp_vector_canvas_begin(&view.drawing, width, height);
    imp_map_draw_tiles(&view);
    imp_status status = draw_annotations(&view, def, err);
    if (status != IMP_OK) {
        imp_text_stream_discard(&text);
        return status;
    }
    imp_vector_canvas_end(&view.drawing);
    status = imp_text_stream_close(&text, "an image of a map", err);
    if (status == IMP_OK) {
        *out = text.bytes;
        *length = text.length;
    }
    return status;
}

// Renders the ground from above and copies it to its place on the canvas.
static imp_status draw_rendered_ground(const imp_map_drawing *view, imp_error *err)
{
    const imp_canvas *canvas = view->drawing.canvas;
    const int width = view->map_width, height = view->map_height;
    // A scene of its own, without randomisation.
    imp_scene *scene = NULL;
    imp_status status = imp_scene_create(&scene, view->world, err);
    uint8_t *map = malloc((size_t)3 * (size_t)width * (size_t)height);
    if (status == IMP_OK && map == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a %d x %d map", width, height);
    if (status == IMP_OK) {
        imp_render_top_down(scene, width, height, map);
        // Rows of the image are copied one by one, because the canvas is wider.
        for (int row = 0; row < height && TOP + row < canvas->height; row++)
            memcpy(canvas->rgb + 3 * ((size_t)(TOP + row) * (size_t)canvas->width + LEFT),
                   map + (size_t)3 * (size_t)row * (size_t)width, (size_t)3 * (size_t)width);
    }
    free(map);
    imp_scene_destroy(scene);
    return status;
}

// The same image with the renderer's ground, which shows textures and objects.
static imp_status draw_map_to_png(const char *path, const imp_world *world,
                                  const imp_map_image_def *def, imp_error *err)
{
    int width, height;
    imp_canvas canvas;
    imp_map_drawing view = {
        .drawing = {.canvas = &canvas}, .world = world, .route = def->route, .def = def};
    IMP_TRY(check_map_image_def(def, err));
    plan_map_layout(&view, def, &width, &height);
    imp_status status = imp_canvas_init(&canvas, width, height, err);
    if (status == IMP_OK)
        status = draw_rendered_ground(&view, err);
    if (status == IMP_OK)
        status = draw_annotations(&view, def, err);
    if (status == IMP_OK)
        status = imp_png_write(path, width, height, canvas.rgb, err);
    imp_canvas_release(&canvas);
    return status;
}

// The suffix of the path chooses the format.
imp_status imp_map_image_write(const char *path, const imp_world *world,
                               const imp_map_image_def *def, imp_error *err)
{
    if (imp_path_has_suffix(path, ".png"))
        return draw_map_to_png(path, world, def, err);
    if (!imp_path_has_suffix(path, ".svg"))
        return imp_fail(err, IMP_USAGE, "%s: an image's name must end with .png or .svg", path);
    char *text;
    size_t length;
    IMP_TRY(imp_map_image_svg(&text, &length, world, def, err));
    const imp_status status = imp_file_write(path, text, length, err);
    free(text);
    return status;
}
