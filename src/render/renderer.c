#include <stdlib.h>

#include "render/ground.h"
#include "render/ground_sky.h"

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
    imp_ground_dress dress;
    imp_ground_light light;
    imp_sky_add *add_sky;
    imp_skyward *skyward; // of the groups of the raster's rows
    bool has_skyward;     // of a whole picture that is kept, found when there is a horizon
};

static imp_ground_draw *choose_draw(imp_render_path path)
{
#if defined(__x86_64__)
    // where texels are better gathered than loaded two by two
    if (path == IMP_RENDER_AUTO && imp_processor_has(IMP_PROCESSOR_GATHERS))
        return imp_ground_draw_avx512;
    if (path != IMP_RENDER_PLAIN && imp_has_avx2())
        return imp_ground_draw_avx2;
#endif
    (void)path;
    return imp_ground_draw_plain;
}

static imp_raster_fill *choose_fill(imp_render_path path)
{
#if defined(__x86_64__)
    if (path == IMP_RENDER_AUTO && imp_has_avx512())
        return imp_raster_fill_avx512;
    if (path != IMP_RENDER_PLAIN && imp_has_avx2())
        return imp_raster_fill_avx2;
#endif
    (void)path;
    return imp_raster_fill_plain;
}

static imp_sky_add *choose_sky(imp_render_path path)
{
#if defined(__x86_64__)
    if (path != IMP_RENDER_PLAIN && imp_has_avx2())
        return imp_sky_add_avx2;
#endif
    (void)path;
    return imp_sky_add_plain;
}

// Makes room for a number of steps; keeps what is there.
static bool reserve_steps(imp_ground_table *table, int64_t steps)
{
    if (steps <= table->step_capacity)
        return true;
    int64_t capacity = table->step_capacity * 2 > steps ? table->step_capacity * 2 : steps;
    imp_ground_step *wider = reallocarray(table->steps, (size_t)capacity, sizeof *wider);
    if (wider == NULL)
        return false;
    table->steps = wider;
    int8_t *levels = reallocarray(table->levels, (size_t)capacity, 1);
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
    float *rays = calloc(IMP_RAYS_ROOM(count), sizeof *rays);
    raster->rays.x = rays;
    raster->nearness = calloc(count * IMP_SAMPLES, sizeof *raster->nearness);
    raster->colours = calloc(count * IMP_SAMPLES, sizeof *raster->colours);
    raster->marks = calloc(imp_raster_mark_count(raster), 1);
    const size_t runs = imp_raster_row_runs(raster) * (size_t)raster->rows + IMP_RAYS_SPARE;
    float *looks = calloc(4 * runs, sizeof *looks);
    raster->runs.x = looks;
    renderer->skyward = calloc((size_t)renderer->table.row_groups * (size_t)raster->rows,
                               sizeof *renderer->skyward);
    if (renderer->skyward == NULL || rays == NULL || raster->nearness == NULL ||
        raster->colours == NULL || raster->marks == NULL || looks == NULL)
        return false;
    raster->rays = imp_rays_in(rays, count);
    raster->runs = (imp_raster_runs){looks, looks + runs, looks + 2 * runs, looks + 3 * runs};
    renderer->objects.fill = choose_fill(path);
    return true;
}

// Allocates the tables and scratch memory of a renderer whose camera is set.
static bool allocate(imp_renderer *renderer, imp_render_path path)
{
    const imp_camera_def *def = &renderer->camera.def;
    imp_ground_table *table = &renderer->table;
    table->row_groups = (def->width + IMP_LANES - 1) / IMP_LANES;
    renderer->kept = (int64_t)def->width * def->height <= MOST_KEPT_PIXELS;
    const int rows = renderer->kept ? def->height : 1;
    renderer->corners = calloc((size_t)(def->width + 1) * 4, sizeof *renderer->corners);
    const size_t groups = (size_t)rows * (size_t)table->row_groups;
    table->groups = calloc(groups, sizeof *table->groups);
    table->shares = calloc(groups, sizeof *table->shares);
    return renderer->corners != NULL && table->groups != NULL && table->shares != NULL &&
           add_raster(renderer, path) &&
           reserve_steps(table, (int64_t)table->row_groups * IMP_MOST_STEPS);
}

// Finds the samples and rays of a row. Rows come in order.
static void find_row(imp_renderer *renderer, int row, imp_ground_group *groups)
{
    imp_raster *raster = &renderer->objects.raster;
    imp_ground_add_row(&renderer->table, &renderer->camera, row, groups, row > 0,
                       renderer->corners);
    const size_t first = (size_t)(row - raster->top) * (size_t)raster->width;
    imp_sight_row(&renderer->camera, renderer->corners, &raster->rays, first);
}

// Where a row's groups look above the horizon.
static imp_skyward *skyward_of(const imp_renderer *renderer, int row)
{
    const int line = row - renderer->objects.raster.top;
    return renderer->skyward + (size_t)line * (size_t)renderer->table.row_groups;
}

// Finds where a row's pixels look above the horizon.
static void find_skyward(imp_renderer *renderer, int row, const imp_ground_group *groups)
{
    const imp_raster *raster = &renderer->objects.raster;
    const size_t first = (size_t)(row - raster->top) * (size_t)raster->width;
    // rows without sky have no use for it
    bool sky = false;
    for (int g = 0; g < renderer->table.row_groups; g++)
        sky = sky || groups[g].kind != IMP_GROUND_WHOLE;
    if (sky)
        imp_skyward_row(&renderer->camera.def, raster->rays.x + first, raster->rays.y + first,
                        skyward_of(renderer, row));
}

// Fills the tables for the camera, as far as they are kept. False without memory.
static bool fill_tables(imp_renderer *renderer)
{
    imp_ground_table *table = &renderer->table;
    const int64_t row_steps = (int64_t)table->row_groups * IMP_MOST_STEPS;
    renderer->objects.sight = imp_sight_of(&renderer->camera);
    renderer->objects.raster.top = 0;
    renderer->has_skyward = false;
    table->step_count = 0;
    for (int row = 0; renderer->kept && row < renderer->camera.def.height; row++) {
        if (!reserve_steps(table, table->step_count + row_steps))
            return false;
        find_row(renderer, row, table->groups + (size_t)row * (size_t)table->row_groups);
    }
    imp_raster_measure(&renderer->objects.raster);
    return true;
}

imp_status imp_renderer_create(imp_renderer **out, const imp_camera_def *camera,
                               imp_render_path path, imp_error *err)
{
    imp_status status = imp_instruction_set_check(err);
    if (status != IMP_OK)
        return status;
    imp_renderer *renderer = calloc(1, sizeof *renderer);
    if (renderer == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for a renderer");
    status = imp_camera_init(&renderer->camera, camera, err);
    if (status == IMP_OK && !(allocate(renderer, path) && fill_tables(renderer)))
        status = imp_fail(err, IMP_NO_MEMORY, "no memory for pictures of %d x %d pixels",
                          camera->width, camera->height);
    if (status != IMP_OK) {
        imp_renderer_destroy(renderer);
        return status;
    }
    renderer->draw = choose_draw(path);
    renderer->add_sky = choose_sky(path);
    *out = renderer;
    return IMP_OK;
}

// Whether two cameras of one size see the same.
static bool are_same(const imp_camera_def *a, const imp_camera_def *b)
{
    const imp_lens *p = &a->lens, *q = &b->lens;
    return a->mount_height == b->mount_height && a->mount_forward == b->mount_forward &&
           a->mount_right == b->mount_right && a->pitch == b->pitch &&
           a->field_of_view == b->field_of_view && p->kind == q->kind && p->width == q->width &&
           p->height == q->height && p->fx == q->fx && p->fy == q->fy && p->cx == q->cx &&
           p->cy == q->cy && p->k1 == q->k1 && p->k2 == q->k2 && p->p1 == q->p1 && p->p2 == q->p2 &&
           p->k3 == q->k3;
}

imp_status imp_renderer_set_camera(imp_renderer *renderer, const imp_camera_def *camera,
                                   imp_error *err)
{
    const imp_camera_def *def = &renderer->camera.def;
    const imp_camera before = renderer->camera;
    imp_camera after;
    const imp_status status = imp_camera_init(&after, camera, err);
    if (status != IMP_OK)
        return status;
    if (camera->width != def->width || camera->height != def->height)
        return imp_fail(err, IMP_USAGE, "a renderer of %d x %d pixels cannot draw %d x %d",
                        def->width, def->height, camera->width, camera->height);
    // finding the samples of another takes longer than drawing ten pictures
    if (are_same(camera, def))
        return IMP_OK;
    renderer->camera = after;
    if (fill_tables(renderer))
        return IMP_OK;
    // there was room for these
    renderer->camera = before;
    fill_tables(renderer);
    return imp_fail(err, IMP_NO_MEMORY, "no memory for the samples of another camera");
}

void imp_renderer_destroy(imp_renderer *renderer)
{
    if (renderer == NULL)
        return;
    free(renderer->table.groups);
    free(renderer->table.shares);
    free(renderer->table.steps);
    free(renderer->table.levels);
    free(renderer->corners);
    free(renderer->skyward);
    free(renderer->objects.raster.rays.x);
    free(renderer->objects.raster.nearness);
    free(renderer->objects.raster.colours);
    free(renderer->objects.raster.marks);
    free(renderer->objects.raster.runs.x);
    free(renderer);
}

const imp_camera_def *imp_renderer_camera(const imp_renderer *renderer)
{
    return &renderer->camera.def;
}

int64_t imp_renderer_sample_count(const imp_renderer *renderer)
{
    return renderer->kept ? renderer->table.step_count * IMP_LANES : 0;
}

// Draws ground and sky into a row of the picture.
static void draw_row(imp_renderer *renderer, const imp_ground_frame *frame, int row, uint8_t *rgb)
{
    const imp_raster *raster = &renderer->objects.raster;
    const imp_ground_group *groups = renderer->table.groups;
    if (renderer->kept) {
        groups += (size_t)row * (size_t)renderer->table.row_groups;
    } else {
        renderer->table.step_count = 0;
        find_row(renderer, row, renderer->table.groups);
    }
    renderer->draw(frame, &renderer->table, groups, row, raster->width, rgb);
    if (!renderer->light.sees)
        return;
    if (!renderer->has_skyward)
        find_skyward(renderer, row, groups);
    renderer->add_sky(&renderer->light, &renderer->table, groups, skyward_of(renderer, row),
                      raster->width, rgb);
}

void imp_render(imp_renderer *renderer, const imp_scene *scene, const imp_view *view, uint8_t *rgb)
{
    const imp_camera_def *def = &renderer->camera.def;
    const size_t stride = (size_t)def->width * 3;
    imp_ground_frame frame;
    imp_ground_frame_of(&frame, scene, view, &renderer->dress, &renderer->light);
    imp_ground_light_of(&renderer->light, scene, view, def, &renderer->objects.sight);
    const imp_eye eye = imp_eye_of(def, view->pose);
    imp_raster *raster = &renderer->objects.raster;
    const int band = raster->rows;
    for (raster->top = 0; raster->top < def->height; raster->top += band) {
        raster->rows = def->height - raster->top < band ? def->height - raster->top : band;
        for (int row = raster->top; row < raster->top + raster->rows; row++)
            draw_row(renderer, &frame, row, rgb + (size_t)row * stride);
        if (!renderer->kept)
            imp_raster_measure(raster);
        imp_objects_draw(&renderer->objects, &scene->objects, scene->world, &eye, view, rgb,
                         stride);
    }
    raster->rows = band;
    renderer->has_skyward = renderer->has_skyward || (renderer->kept && renderer->light.sees);
}
