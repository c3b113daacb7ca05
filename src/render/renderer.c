#include <stdlib.h>

#include "render/ground.h"

enum {
    // pictures up to this many pixels keep all their samples; larger ones find them anew row by row
    MOST_KEPT_PIXELS = 1 << 20,
    // and draw their objects on so many rows at a time
    BAND_ROWS = 16,
};

struct imp_renderer {
    imp_camera camera;
    imp_ground_draw *draw;
    imp_ground_table table;
    double *corners; // (2 x (width + 1) x 2) scratch
    bool kept;       // whether the table holds the whole picture, or one row at a time
    imp_object_pass objects;
};

static imp_ground_draw *choose_draw(imp_render_path path)
{
#if defined(__x86_64__)
    if (path == IMP_RENDER_AUTO && __builtin_cpu_supports("avx2"))
        return imp_ground_draw_avx2;
#endif
    (void)path;
    return imp_ground_draw_plain;
}

// Makes room for a number of steps; keeps what is there.
static bool reserve_steps(imp_ground_table *table, int64_t steps)
{
    if (steps <= table->step_capacity)
        return true;
    int64_t capacity = table->step_capacity * 2 > steps ? table->step_capacity * 2 : steps;
    imp_ground_step *wider = realloc(table->steps, (size_t)capacity * sizeof *wider);
    if (wider == NULL)
        return false;
    table->steps = wider;
    int8_t *levels = realloc(table->levels, (size_t)capacity);
    if (levels == NULL)
        return false;
    table->levels = levels;
    table->step_capacity = capacity;
    return true;
}

// Allocates samples for objects: of the whole picture if it is kept.
static bool add_raster(imp_renderer *renderer, imp_render_path path)
{
    const imp_camera_def *def = &renderer->camera.def;
    imp_raster *raster = &renderer->objects.raster;
    *raster = (imp_raster){
        .width = def->width,
        .rows = renderer->kept ? def->height : BAND_ROWS,
    };
    const size_t count = (size_t)raster->width * (size_t)raster->rows;
    imp_pixel_rays *rays = &raster->rays;
    rays->x = calloc(2 * (count + IMP_RAYS_SPARE), sizeof *rays->x);
    rays->turns = calloc(count, sizeof *rays->turns);
    raster->nearness = calloc(count * IMP_SAMPLES, sizeof *raster->nearness);
    raster->colours = calloc(count * IMP_SAMPLES, sizeof *raster->colours);
    raster->marks = calloc(imp_raster_mark_count(raster), 1);
    if (rays->x == NULL || rays->turns == NULL || raster->nearness == NULL ||
        raster->colours == NULL || raster->marks == NULL)
        return false;
    rays->y = rays->x + count + IMP_RAYS_SPARE;
    renderer->objects.sight = imp_sight_of(&renderer->camera);
    renderer->objects.fill = imp_raster_fill_plain;
#if defined(__x86_64__)
    if (path == IMP_RENDER_AUTO && __builtin_cpu_supports("avx2"))
        renderer->objects.fill = imp_raster_fill_avx2;
#endif
    (void)path;
    return true;
}

// Allocates the tables of a renderer whose camera is set, and fills those that are kept.
static bool fill_tables(imp_renderer *renderer, imp_render_path path)
{
    const imp_camera_def *def = &renderer->camera.def;
    imp_ground_table *table = &renderer->table;
    table->row_groups = (def->width + IMP_LANES - 1) / IMP_LANES;
    renderer->kept = (int64_t)def->width * def->height <= MOST_KEPT_PIXELS;
    const int rows = renderer->kept ? def->height : 1;
    const int64_t row_steps = (int64_t)table->row_groups * IMP_MOST_STEPS;
    renderer->corners = calloc((size_t)(def->width + 1) * 4, sizeof *renderer->corners);
    table->groups = calloc((size_t)rows * (size_t)table->row_groups, sizeof *table->groups);
    if (renderer->corners == NULL || table->groups == NULL || !reserve_steps(table, row_steps) ||
        !add_raster(renderer, path))
        return false;
    for (int row = 0; renderer->kept && row < rows; row++) {
        if (!reserve_steps(table, table->step_count + row_steps))
            return false;
        imp_ground_add_row(table, &renderer->camera, row,
                           table->groups + (size_t)row * (size_t)table->row_groups,
                           renderer->corners);
        imp_sight_row(&renderer->camera, renderer->corners, &renderer->objects.raster.rays,
                      (size_t)row * (size_t)def->width);
    }
    imp_raster_measure(&renderer->objects.raster);
    return true;
}

imp_status imp_renderer_create(imp_renderer **out, const imp_camera_def *camera,
                               imp_render_path path, imp_error *err)
{
    imp_renderer *renderer = calloc(1, sizeof *renderer);
    if (renderer == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for a renderer");
    imp_status status = imp_camera_init(&renderer->camera, camera, err);
    if (status == IMP_OK && !fill_tables(renderer, path))
        status = imp_fail(err, IMP_NO_MEMORY, "no memory for pictures of %d x %d pixels",
                          camera->width, camera->height);
    if (status != IMP_OK) {
        imp_renderer_destroy(renderer);
        return status;
    }
    renderer->draw = choose_draw(path);
    *out = renderer;
    return IMP_OK;
}

void imp_renderer_destroy(imp_renderer *renderer)
{
    if (renderer == NULL)
        return;
    free(renderer->table.groups);
    free(renderer->table.steps);
    free(renderer->table.levels);
    free(renderer->corners);
    free(renderer->objects.raster.rays.x);
    free(renderer->objects.raster.rays.turns);
    free(renderer->objects.raster.nearness);
    free(renderer->objects.raster.colours);
    free(renderer->objects.raster.marks);
    free(renderer);
}

const imp_camera_def *imp_renderer_camera(const imp_renderer *renderer)
{
    return &renderer->camera.def;
}

// Finds the samples and rays of a row of a picture that is not kept.
static void find_row(imp_renderer *renderer, int row)
{
    imp_raster *raster = &renderer->objects.raster;
    renderer->table.step_count = 0;
    imp_ground_add_row(&renderer->table, &renderer->camera, row, renderer->table.groups,
                       renderer->corners);
    imp_sight_row(&renderer->camera, renderer->corners, &raster->rays,
                  (size_t)(row - raster->top) * (size_t)raster->width);
}

void imp_render(imp_renderer *renderer, const imp_scene *scene, const imp_view *view, uint8_t *rgb)
{
    const int height = renderer->camera.def.height;
    const size_t stride = (size_t)renderer->camera.def.width * 3;
    imp_ground_frame frame;
    imp_ground_frame_of(&frame, scene, view);
    const imp_eye eye = imp_eye_of(&renderer->camera.def, view->pose);
    const imp_ground_table *table = &renderer->table;
    imp_raster *raster = &renderer->objects.raster;
    const int band = raster->rows;
    for (raster->top = 0; raster->top < height; raster->top += band) {
        raster->rows = height - raster->top < band ? height - raster->top : band;
        for (int row = raster->top; row < raster->top + raster->rows; row++) {
            const imp_ground_group *groups = table->groups;
            if (renderer->kept)
                groups += (size_t)row * (size_t)table->row_groups;
            else
                find_row(renderer, row);
            renderer->draw(&frame, table, groups, renderer->camera.def.width,
                           rgb + (size_t)row * stride);
        }
        if (!renderer->kept)
            imp_raster_measure(raster);
        imp_objects_draw(&renderer->objects, &scene->objects, scene->world, &eye, view, rgb,
                         stride);
    }
    raster->rows = band;
}
