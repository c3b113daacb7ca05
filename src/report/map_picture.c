#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/image.h"
#include "base/plural.h"
#include "base/text.h"
#include "imprint/report.h"
#include "report/map_view.h"

enum { COOKIE = 0x6d617076, WIDTH_MIN = 320, HEIGHT_MIN = 240, SIDE_MAX = 8192 };
// What is around the map [px].
enum { LEFT = 44, TOP = 86, BOTTOM = 46, GAP = 28, LEGEND = 176, RIGHT = 16, ROW = 24 };

static const double LETTERS = 9.0; // height of an "l" in ordinary text [px]
static const imp_ink INK = {{38, 43, 51}, 1.0, 1.5, 0.0};
static const imp_ink PALE = {{112, 120, 132}, 1.0, 1.2, 0.0};

imp_map_picture_def imp_default_map_picture_def(void)
{
    return (imp_map_picture_def){.lanes = true, .objects = true, .cookie = COOKIE};
}

static int count_of_kind(const imp_world *world, imp_object_kind kind)
{
    int count = 0;
    for (int k = 0; k < world->object_count; k++)
        count += world->objects[k].kind == kind;
    return count;
}

// The map as large as the picture allows; without a size, the picture as large as the map wants.
static void plan(imp_map_view *view, const imp_map_picture_def *def, int *width, int *height)
{
    const double natural = 960.0, largest = 112.0, smallest = 12.0;
    const imp_world *world = view->world;
    const int longer = world->columns > world->rows ? world->columns : world->rows;
    const int across = LEFT + GAP + LEGEND + RIGHT, down = TOP + BOTTOM;
    *width = def->width;
    *height = def->height;
    view->tile = fmin((double)(def->width - across) / world->columns,
                      (double)(def->height - down) / world->rows);
    if (def->width == 0) {
        int entries = 5;
        for (int kind = 0; kind < IMP_OBJECT_KIND_COUNT && def->objects; kind++)
            entries += count_of_kind(world, (imp_object_kind)kind) > 0;
        view->tile = fmin(SIDE_MAX - across, SIDE_MAX - down) / longer;
        view->tile = fmin(view->tile, fmax(smallest, fmin(largest, floor(natural / longer))));
        *width = across + (int)ceil(view->tile * world->columns);
        *height = down + (int)ceil(fmax(view->tile * world->rows, entries * ROW));
    }
    view->scale = view->tile / world->tile_size;
    view->map_width = (int)ceil(view->tile * world->columns);
    view->map_height = (int)ceil(view->tile * world->rows);
    view->left = LEFT;
    view->top = TOP;
}

static void draw_title(const imp_map_view *view)
{
    const imp_world *world = view->world;
    char text[128];
    imp_sketch_text(&view->sketch, LEFT, 30, 13.0, IMP_ALIGN_LEFT, INK, false, world->name);
    snprintf(text, sizeof text, "%d x %d %s of %.4g m, %d to drive on, %s", world->columns,
             world->rows, IMP_NOUN((int64_t)world->columns * world->rows, "tile"), world->tile_size,
             world->drivable_count, IMP_COUNT(world->curve_count, "lane"));
    imp_sketch_text(&view->sketch, LEFT, 51, LETTERS, IMP_ALIGN_LEFT, PALE, false, text);
}

// Numbers of columns and rows, every one or every few, and a frame.
static void draw_coordinates(const imp_map_view *view)
{
    const imp_world *world = view->world;
    const double right = view->left + view->tile * world->columns;
    const double bottom = view->top + view->tile * world->rows;
    const int every = view->tile >= 22.0 ? 1 : view->tile >= 9.0 ? 5 : 10;
    char text[16];
    for (int i = 0; i < world->columns; i += every) {
        snprintf(text, sizeof text, "%d", i);
        imp_sketch_text(&view->sketch, view->left + (i + 0.5) * view->tile, view->top - 9, LETTERS,
                        IMP_ALIGN_MIDDLE, PALE, false, text);
    }
    for (int j = 0; j < world->rows; j += every) {
        snprintf(text, sizeof text, "%d", j);
        imp_sketch_text(&view->sketch, view->left - 10,
                        view->top + (j + 0.5) * view->tile + LETTERS / 2.0, LETTERS,
                        IMP_ALIGN_RIGHT, PALE, false, text);
    }
    const imp_ink grid = {imp_colour_ink, 0.13, 1.0, 0.0};
    for (int i = 0; i <= world->columns && view->tile >= 9.0; i++) {
        const double x = view->left + i * view->tile;
        imp_sketch_line(&view->sketch, (imp_point[]){{x, view->top}, {x, bottom}}, 2, grid);
    }
    for (int j = 0; j <= world->rows && view->tile >= 9.0; j++) {
        const double y = view->top + j * view->tile;
        imp_sketch_line(&view->sketch, (imp_point[]){{view->left, y}, {right, y}}, 2, grid);
    }
}

// A bar of 1, 2, 5, ... metres below the map.
static void draw_scale(const imp_map_view *view)
{
    static const int lengths[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
    size_t k = 0;
    while (k + 1 < sizeof lengths / sizeof lengths[0] && lengths[k] * view->scale < 60.0)
        k++;
    const double y = view->top + view->map_height + 22.0;
    const double end = view->left + lengths[k] * view->scale;
    char text[24];
    imp_sketch_line(&view->sketch, (imp_point[]){{view->left, y}, {end, y}}, 2, INK);
    for (int n = 0; n < 2; n++) {
        const double x = n == 0 ? view->left : end;
        imp_sketch_line(&view->sketch, (imp_point[]){{x, y - 4}, {x, y + 4}}, 2, INK);
    }
    snprintf(text, sizeof text, "%d m", lengths[k]);
    imp_sketch_text(&view->sketch, end + 9, y + LETTERS / 2.0, LETTERS, IMP_ALIGN_LEFT, INK, false,
                    text);
}

static void legend_line(const imp_map_view *view, double x, double y, imp_ink ink, const char *text)
{
    imp_sketch_line(&view->sketch, (imp_point[]){{x, y}, {x + 22, y}}, 2, ink);
    imp_sketch_text(&view->sketch, x + 34, y + LETTERS / 2.0, LETTERS, IMP_ALIGN_LEFT, INK, false,
                    text);
}

static void draw_legend(const imp_map_view *view, const imp_map_picture_def *def)
{
    const imp_world *world = view->world;
    const double x = view->left + view->map_width + GAP;
    double y = view->top + 10.0;
    if (def->lanes) {
        const imp_ink road = {{74, 79, 88}, 1.0, 9.0, 0.0};
        imp_sketch_line(&view->sketch, (imp_point[]){{x, y}, {x + 22, y}}, 2, road);
        legend_line(view, x, y, imp_map_lane_ink(view), "lane");
        y += ROW;
    }
    legend_line(view, x, y, imp_map_edge_ink, "edge of the road");
    y += ROW;
    if (world->has_start_tile) {
        legend_line(view, x, y, imp_map_start_ink, world->has_start_pose ? "start" : "start tile");
        y += ROW;
    }
    for (int k = 0; k < IMP_OBJECT_KIND_COUNT && def->objects; k++) {
        const int count = count_of_kind(world, (imp_object_kind)k);
        char text[64];
        if (count == 0)
            continue;
        const imp_ink ink = {imp_map_object_colour((imp_object_kind)k), 1.0, 0.0, 0.0};
        imp_sketch_box(&view->sketch, x + 4, y - 7, x + 18, y + 7, ink);
        const char *name =
            k == IMP_OBJECT_SIGN ? "sign" : imp_object_class_of((imp_object_kind)k)->name;
        snprintf(text, sizeof text, count > 1 ? "%s (%d)" : "%s", name, count);
        imp_sketch_text(&view->sketch, x + 34, y + LETTERS / 2.0, LETTERS, IMP_ALIGN_LEFT, INK,
                        false, text);
        y += ROW;
    }
    if (imp_map_has_ways(view) && def->objects)
        legend_line(view, x, y, imp_map_way_ink, "way of what moves");
}

static void draw_marks(const imp_map_view *view, const imp_map_picture_def *def)
{
    draw_coordinates(view);
    imp_map_draw_edges(view);
    if (def->lanes)
        imp_map_draw_lanes(view);
    imp_map_draw_start(view);
    if (def->objects)
        imp_map_draw_objects(view);
    draw_title(view);
    draw_scale(view);
    draw_legend(view, def);
}

static imp_status check(const imp_map_picture_def *def, imp_error *err)
{
    if (def->cookie != COOKIE)
        return imp_fail(err, IMP_USAGE, "begin with imp_default_map_picture_def()");
    if (def->width == 0 && def->height == 0)
        return IMP_OK;
    if (def->width < WIDTH_MIN || def->height < HEIGHT_MIN || def->width > SIDE_MAX ||
        def->height > SIDE_MAX)
        return imp_fail(err, IMP_USAGE,
                        "a picture of %d x %d pixels: a map's are %d x %d to %d x %d", def->width,
                        def->height, WIDTH_MIN, HEIGHT_MIN, SIDE_MAX, SIDE_MAX);
    return IMP_OK;
}

imp_status imp_map_picture_svg(char **out, size_t *length, const imp_world *world,
                               const imp_map_picture_def *def, imp_error *err)
{
    imp_status status = check(def, err);
    if (status != IMP_OK)
        return status;
    imp_text text;
    status = imp_text_open(&text, "an image of a map", err);
    if (status != IMP_OK)
        return status;
    int width, height;
    imp_map_view view = {.sketch = {.svg = text.out}, .world = world};
    plan(&view, def, &width, &height);
    imp_sketch_begin(&view.sketch, width, height);
    imp_map_draw_tiles(&view);
    draw_marks(&view, def);
    imp_sketch_end(&view.sketch);
    status = imp_text_close(&text, "an image of a map", err);
    if (status == IMP_OK) {
        *out = text.bytes;
        *length = text.length;
    }
    return status;
}

// The renderer's picture of the map, at its place on the canvas.
static imp_status draw_ground(const imp_map_view *view, imp_error *err)
{
    const imp_canvas *canvas = view->sketch.canvas;
    const int width = view->map_width, height = view->map_height;
    imp_scene *scene = NULL;
    imp_status status = imp_scene_create(&scene, view->world, err);
    uint8_t *map = malloc((size_t)3 * (size_t)width * (size_t)height);
    if (status == IMP_OK && map == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a %d x %d map", width, height);
    if (status == IMP_OK) {
        imp_render_top_down(scene, width, height, map);
        for (int row = 0; row < height && TOP + row < canvas->height; row++)
            memcpy(canvas->rgb + 3 * ((size_t)(TOP + row) * (size_t)canvas->width + LEFT),
                   map + (size_t)3 * (size_t)row * (size_t)width, (size_t)3 * (size_t)width);
    }
    free(map);
    imp_scene_destroy(scene);
    return status;
}

static imp_status write_png(const char *path, const imp_world *world,
                            const imp_map_picture_def *def, imp_error *err)
{
    int width, height;
    imp_canvas canvas;
    imp_map_view view = {.sketch = {.canvas = &canvas}, .world = world};
    imp_status status = check(def, err);
    if (status != IMP_OK)
        return status;
    plan(&view, def, &width, &height);
    status = imp_canvas_init(&canvas, width, height, err);
    if (status == IMP_OK)
        status = draw_ground(&view, err);
    if (status == IMP_OK) {
        draw_marks(&view, def);
        status = imp_png_write(path, width, height, canvas.rgb, err);
    }
    imp_canvas_release(&canvas);
    return status;
}

imp_status imp_map_picture_write(const char *path, const imp_world *world,
                                 const imp_map_picture_def *def, imp_error *err)
{
    if (imp_path_ends(path, ".png"))
        return write_png(path, world, def, err);
    if (!imp_path_ends(path, ".svg"))
        return imp_fail(err, IMP_USAGE, "%s: a picture's name must end with .png or .svg", path);
    char *text;
    size_t length;
    imp_status status = imp_map_picture_svg(&text, &length, world, def, err);
    if (status != IMP_OK)
        return status;
    status = imp_file_write(path, text, length, err);
    free(text);
    return status;
}
