#include <stdlib.h>

#include "render/ground.h"

// Pictures up to this many pixels keep all their samples; larger ones find them anew row by row.
enum { MOST_KEPT_PIXELS = 1 << 20 };

struct imp_renderer {
    imp_camera camera;
    imp_ground_draw *draw;
    imp_ground_table table;
    double *corners; // (2 x (width + 1) x 2) scratch
    bool kept;       // whether the table holds the whole picture, or one row at a time
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

// Allocates the tables of a renderer whose camera is set, and fills those that are kept.
static bool fill_tables(imp_renderer *renderer)
{
    const imp_camera_def *def = &renderer->camera.def;
    imp_ground_table *table = &renderer->table;
    table->row_groups = (def->width + IMP_LANES - 1) / IMP_LANES;
    renderer->kept = (int64_t)def->width * def->height <= MOST_KEPT_PIXELS;
    const int rows = renderer->kept ? def->height : 1;
    const int64_t row_steps = (int64_t)table->row_groups * IMP_MOST_STEPS;
    renderer->corners = calloc((size_t)(def->width + 1) * 4, sizeof *renderer->corners);
    table->groups = calloc((size_t)rows * (size_t)table->row_groups, sizeof *table->groups);
    if (renderer->corners == NULL || table->groups == NULL || !reserve_steps(table, row_steps))
        return false;
    for (int row = 0; renderer->kept && row < rows; row++) {
        if (!reserve_steps(table, table->step_count + row_steps))
            return false;
        imp_ground_add_row(table, &renderer->camera, row,
                           table->groups + (size_t)row * (size_t)table->row_groups,
                           renderer->corners);
    }
    return true;
}

imp_status imp_renderer_create(imp_renderer **out, const imp_camera_def *camera,
                               imp_render_path path, imp_error *err)
{
    imp_renderer *renderer = calloc(1, sizeof *renderer);
    if (renderer == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for a renderer");
    imp_status status = imp_camera_init(&renderer->camera, camera, err);
    if (status == IMP_OK && !fill_tables(renderer))
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
    free(renderer);
}

const imp_camera_def *imp_renderer_camera(const imp_renderer *renderer)
{
    return &renderer->camera.def;
}

void imp_render(imp_renderer *renderer, const imp_scene *scene, const imp_view *view, uint8_t *rgb)
{
    const int width = renderer->camera.def.width, height = renderer->camera.def.height;
    const imp_ground_frame frame = imp_ground_frame_of(scene, view);
    imp_ground_table *table = &renderer->table;
    for (int row = 0; row < height; row++) {
        const imp_ground_group *groups = table->groups;
        if (renderer->kept) {
            groups += (size_t)row * (size_t)table->row_groups;
        } else {
            table->step_count = 0;
            imp_ground_add_row(table, &renderer->camera, row, table->groups, renderer->corners);
        }
        renderer->draw(&frame, table, groups, width, rgb + (size_t)row * (size_t)width * 3);
    }
}
