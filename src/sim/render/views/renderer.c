// Draws what a camera sees. Positions of ground samples depend on the camera only and are computed
// once. An image then draws ground and sky row by row, and objects over them band by band. Images
// up to CACHED_PIXELS_MAX pixels are one band with cached tables; larger ones compute rows on
// demand, which is slow but needs little memory.
#include "sim/render/views/renderer.h"

#include <stdlib.h>

#include "sim/render/ground/ground.h"
#include "sim/render/ground/horizon_sky.h"

enum {
    // images up to this size keep all samples; larger ones compute them row by row
    CACHED_PIXELS_MAX = 1 << 20,
    // rows per band of a large image
    BAND_ROWS = 16,
};

struct imp_renderer {
    imp_camera camera;
    imp_ground_draw *draw;
    imp_ground_sample_table table;
    double *corners; // (2 x (width + 1) x 2): scratch memory for corner rays
    bool cached;     // whether the table holds the whole image
    imp_object_pass objects;
    imp_tile_appearance appearance;
    imp_ground_lighting light;
    imp_sky_draw *draw_sky;
    imp_sky_coords *sky_coords; // panorama coordinates of the raster's rows
    bool has_sky_coords;        // whether they are cached; computed with the first panorama
};

// Choose the implementation for a backend and the processor.
static imp_ground_draw *select_ground_kernel(imp_render_backend path)
{
#if defined(__x86_64__)
    if (path != IMP_RENDER_PORTABLE && imp_cpu_has_avx2())
        return imp_ground_draw_avx2;
#endif
    (void)path;
    return imp_ground_draw_portable;
}

// The widest kernel that the processor has and the caller allows.
static imp_raster_fill *select_raster_kernel(imp_render_backend path)
{
#if defined(__x86_64__)
    if (path == IMP_RENDER_AUTO && imp_cpu_has_avx512())
        return imp_raster_fill_avx512;
    if (path != IMP_RENDER_PORTABLE && imp_cpu_has_avx2())
        return imp_raster_fill_avx2;
#endif
    (void)path;
    return imp_raster_fill_portable;
}

static imp_raster_resolve *select_resolve_kernel(imp_render_backend path)
{
#if defined(__x86_64__)
    if (path != IMP_RENDER_PORTABLE && imp_cpu_has_avx2())
        return imp_raster_resolve_avx2;
#endif
    (void)path;
    return imp_raster_resolve_portable;
}

static imp_sky_draw *select_sky_kernel(imp_render_backend path)
{
#if defined(__x86_64__)
    if (path != IMP_RENDER_PORTABLE && imp_cpu_has_avx2())
        return imp_sky_draw_avx2;
#endif
    (void)path;
    return imp_sky_draw_portable;
}

// Ensures capacity for a number of samples; keeps the existing ones.
static bool reserve_ground_samples(imp_ground_sample_table *table, int64_t samples)
{
    if (samples <= table->sample_capacity)
        return true;
    // grow geometrically; both arrays have the same capacity
    int64_t capacity = table->sample_capacity * 2 > samples ? table->sample_capacity * 2 : samples;
    imp_ground_sample *wider = reallocarray(table->samples, (size_t)capacity, sizeof *wider);
    if (wider == NULL)
        return false;
    table->samples = wider;
    int8_t *levels = reallocarray(table->levels, (size_t)capacity, 1);
    if (levels == NULL)
        return false;
    table->levels = levels;
    table->sample_capacity = capacity;
    return true;
}

// Allocates the raster for objects: for the whole image, or one band.
static bool allocate_raster(imp_renderer *renderer, imp_render_backend path)
{
    const imp_camera_def *def = &renderer->camera.def;
    imp_raster *raster = &renderer->objects.raster;
    *raster = (imp_raster){
        .width = def->width,
        .rows = renderer->cached ? def->height : BAND_ROWS,
    };
    // one buffer for all rays, one for all run bounds
    const size_t count = (size_t)raster->width * (size_t)raster->rows;
    // allocate everything, then check once
    float *rays = calloc(IMP_PIXEL_RAYS_FLOATS(count), sizeof *rays);
    raster->rays.x = rays;
    raster->inverse_depth = calloc(count * IMP_RASTER_SAMPLES, sizeof *raster->inverse_depth);
    raster->colours = calloc(count * IMP_RASTER_SAMPLES, sizeof *raster->colours);
    raster->dirty_blocks = calloc(imp_raster_block_count(raster), 1);
    const size_t runs = imp_raster_row_runs(raster) * (size_t)raster->rows + IMP_PIXEL_RAYS_PADDING;
    float *bounds = calloc(4 * runs, sizeof *bounds);
    raster->runs.x = bounds;
    renderer->sky_coords = calloc((size_t)renderer->table.row_groups * (size_t)raster->rows,
                                  sizeof *renderer->sky_coords);
    if (renderer->sky_coords == NULL || rays == NULL || raster->inverse_depth == NULL ||
        raster->colours == NULL || raster->dirty_blocks == NULL || bounds == NULL)
        return false;
    // distribute the two buffers
    raster->rays = imp_pixel_rays_in_buffer(rays, count);
    raster->runs =
        (imp_raster_run_bounds){bounds, bounds + runs, bounds + 2 * runs, bounds + 3 * runs};
    renderer->objects.fill_triangle = select_raster_kernel(path);
    renderer->objects.resolve = select_resolve_kernel(path);
    return true;
}

// Allocates tables and scratch memory; the camera must be set.
static bool allocate_tables(imp_renderer *renderer, imp_render_backend path)
{
    const imp_camera_def *def = &renderer->camera.def;
    imp_ground_sample_table *table = &renderer->table;
    table->row_groups = (def->width + IMP_LANES - 1) / IMP_LANES;
    // tables for the whole image, or for a single row
    renderer->cached = (int64_t)def->width * def->height <= CACHED_PIXELS_MAX;
    const int rows = renderer->cached ? def->height : 1;
    renderer->corners = calloc((size_t)(def->width + 1) * 4, sizeof *renderer->corners);
    const size_t groups = (size_t)rows * (size_t)table->row_groups;
    table->groups = calloc(groups, sizeof *table->groups);
    table->shares = calloc(groups, sizeof *table->shares);
    table->probes = calloc(groups, sizeof *table->probes);
    const size_t blocks = (size_t)rows * (size_t)IMP_GROUP_BLOCKS(table->row_groups);
    table->bounds = calloc(blocks, sizeof *table->bounds);
    return renderer->corners != NULL && table->groups != NULL && table->shares != NULL &&
           table->probes != NULL && table->bounds != NULL && allocate_raster(renderer, path) &&
           reserve_ground_samples(table, (int64_t)table->row_groups * IMP_GROUP_SAMPLES_MAX);
}

// Computes the samples and rays of a row. Rows must come in order, since corner rays are reused.
static void compute_row_samples(imp_renderer *renderer, int row, imp_pixel_group *groups)
{
    // ground samples and object rays come from the same corner rays
    imp_raster *raster = &renderer->objects.raster;
    imp_ground_samples_add_row(&renderer->table, &renderer->camera, row, groups, row > 0,
                               renderer->corners);
    // the raster holds rays of its own rows only
    const size_t first = (size_t)(row - raster->top) * (size_t)raster->width;
    imp_pixel_rays_fill_row(&renderer->camera, renderer->corners, &raster->rays, first);
}

// The panorama coordinates of a row.
static imp_sky_coords *sky_coords_of_row(const imp_renderer *renderer, int row)
{
    const int line = row - renderer->objects.raster.top;
    return renderer->sky_coords + (size_t)line * (size_t)renderer->table.row_groups;
}

// Computes the panorama coordinates of a row.
static void compute_sky_coords(imp_renderer *renderer, int row, const imp_pixel_group *groups)
{
    const imp_raster *raster = &renderer->objects.raster;
    const size_t first = (size_t)(row - raster->top) * (size_t)raster->width;
    // skip rows without sky
    bool sky = false;
    for (int g = 0; g < renderer->table.row_groups; g++)
        sky = sky || groups[g].kind != IMP_GROUP_ONLY_GROUND;
    if (sky)
        imp_sky_coords_find_row(&renderer->camera.def, raster->rays.x + first,
                                raster->rays.y + first, sky_coords_of_row(renderer, row));
}

// Computes the cached tables of the camera. False without memory.
static bool compute_camera_tables(imp_renderer *renderer)
{
    imp_ground_sample_table *table = &renderer->table;
    // reserve the largest need of a row, then fill it
    const int64_t row_steps = (int64_t)table->row_groups * IMP_GROUP_SAMPLES_MAX;
    renderer->objects.projection = imp_projection_from_camera(&renderer->camera);
    renderer->objects.raster.top = 0;
    renderer->has_sky_coords = false;
    table->sample_count = 0;
    for (int row = 0; renderer->cached && row < renderer->camera.def.height; row++) {
        if (!reserve_ground_samples(table, table->sample_count + row_steps))
            return false;
        compute_row_samples(renderer, row, table->groups + (size_t)row * (size_t)table->row_groups);
    }
    imp_raster_compute_run_bounds(&renderer->objects.raster);
    return true;
}

imp_status imp_renderer_create(imp_renderer **out, const imp_camera_def *camera,
                               imp_render_backend path, imp_error *err)
{
    // an invalid IMPRINT_INSTRUCTION_SET is reported here, not by falling back
    imp_status status = imp_instruction_set_check(err);
    if (status != IMP_OK)
        return status;
    imp_renderer *renderer = calloc(1, sizeof *renderer);
    if (renderer == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for a renderer");
    status = imp_camera_init(&renderer->camera, camera, err);
    if (status == IMP_OK && !(allocate_tables(renderer, path) && compute_camera_tables(renderer)))
        status = imp_fail(err, IMP_NO_MEMORY, "no memory for images of %d x %d pixels",
                          camera->width, camera->height);
    if (status != IMP_OK) {
        imp_renderer_destroy(renderer);
        return status;
    }
    // implementations are chosen once per renderer
    renderer->draw = select_ground_kernel(path);
    renderer->draw_sky = select_sky_kernel(path);
    *out = renderer;
    return IMP_OK;
}

// Whether two cameras of equal image size see the same.
static bool cameras_equal(const imp_camera_def *a, const imp_camera_def *b)
{
    return a->mount_height == b->mount_height && a->mount_forward == b->mount_forward &&
           a->mount_right == b->mount_right && a->pitch == b->pitch &&
           a->field_of_view == b->field_of_view && imp_lens_equals(&a->lens, &b->lens);
}

imp_status imp_renderer_set_camera(imp_renderer *renderer, const imp_camera_def *camera,
                                   imp_error *err)
{
    const imp_camera_def *def = &renderer->camera.def;
    // keep the old camera in case the new one does not fit
    const imp_camera before = renderer->camera;
    imp_camera after;
    const imp_status status = imp_camera_init(&after, camera, err);
    if (status != IMP_OK)
        return status;
    // the size fixes all buffers
    if (camera->width != def->width || camera->height != def->height)
        return imp_fail(err, IMP_USAGE, "a renderer of %d x %d pixels cannot draw %d x %d",
                        def->width, def->height, camera->width, camera->height);
    // computing the tables takes longer than drawing ten images
    if (cameras_equal(camera, def))
        return IMP_OK;
    renderer->camera = after;
    if (compute_camera_tables(renderer))
        return IMP_OK;
    // restore the old tables; their memory is still there
    renderer->camera = before;
    compute_camera_tables(renderer);
    return imp_fail(err, IMP_NO_MEMORY, "no memory for the samples of another camera");
}

void imp_renderer_destroy(imp_renderer *renderer)
{
    if (renderer == NULL)
        return;
    free(renderer->table.groups);
    free(renderer->table.shares);
    free(renderer->table.probes);
    free(renderer->table.bounds);
    free(renderer->table.samples);
    free(renderer->table.levels);
    free(renderer->corners);
    free(renderer->sky_coords);
    free(renderer->objects.raster.rays.x);
    free(renderer->objects.raster.inverse_depth);
    free(renderer->objects.raster.colours);
    free(renderer->objects.raster.dirty_blocks);
    free(renderer->objects.raster.runs.x);
    free(renderer);
}

const imp_camera_def *imp_renderer_camera(const imp_renderer *renderer)
{
    return &renderer->camera.def;
}

int64_t imp_renderer_sample_count(const imp_renderer *renderer)
{
    return renderer->cached ? renderer->table.sample_count * IMP_LANES : 0;
}

// Draws ground and sky of a row.
static void draw_ground_and_sky_row(imp_renderer *renderer, const imp_ground_uniforms *uniforms,
                                    int row, uint8_t *rgb)
{
    const imp_raster *raster = &renderer->objects.raster;
    const imp_pixel_group *groups = renderer->table.groups;
    // cached groups, or those of this row, computed now
    if (renderer->cached) {
        groups += (size_t)row * (size_t)renderer->table.row_groups;
    } else {
        renderer->table.sample_count = 0;
        compute_row_samples(renderer, row, renderer->table.groups);
    }
    renderer->draw(uniforms, &renderer->table, groups, row, raster->width, rgb);
    // the panorama is drawn over a black sky
    if (!renderer->light.has_horizon)
        return;
    if (!renderer->has_sky_coords)
        compute_sky_coords(renderer, row, groups);
    renderer->draw_sky(&renderer->light, &renderer->table, groups, sky_coords_of_row(renderer, row),
                       raster->width, rgb);
}

void imp_render(imp_renderer *renderer, const imp_scene *scene, const imp_view *view, uint8_t *rgb)
{
    const imp_camera_def *def = &renderer->camera.def;
    const size_t stride = (size_t)def->width * 3;
    const imp_view shown = imp_scene_add_room_to_view(scene, view);
    view = &shown;
    // values shared by all pixels
    imp_ground_uniforms uniforms;
    imp_ground_uniforms_set(&uniforms, scene, view, &renderer->appearance, &renderer->light);
    imp_ground_lighting_set(&renderer->light, scene, view, def, &renderer->objects.projection);
    const imp_camera_frame camera_frame = imp_camera_frame_at(def, view->pose);
    imp_raster *raster = &renderer->objects.raster;
    const int band = raster->rows;
    // one band for cached images, several for large ones
    for (raster->top = 0; raster->top < def->height; raster->top += band) {
        raster->rows = def->height - raster->top < band ? def->height - raster->top : band;
        for (int row = raster->top; row < raster->top + raster->rows; row++)
            draw_ground_and_sky_row(renderer, &uniforms, row, rgb + (size_t)row * stride);
        if (!renderer->cached)
            imp_raster_compute_run_bounds(raster);
        // objects over the finished rows of the band
        imp_objects_draw(&renderer->objects, &scene->objects, scene->world, &camera_frame, view,
                         rgb, stride);
    }
    raster->rows = band;
    renderer->has_sky_coords =
        renderer->has_sky_coords || (renderer->cached && renderer->light.has_horizon);
}
