// Draws a map from above: 3 x 3 texture samples per pixel for the ground, and objects with the
// ordinary rasteriser and a camera so high that projection is nearly parallel. Camera effects and
// lens do not apply.
#include <math.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "sim/render/ground/ground.h"
#include "sim/render/raster/object_renderer.h"

void imp_top_down_transform(const imp_world *world, int width, int height, double *scale,
                            double *left, double *top)
{
    // the larger relative side fills the image, the other is centred
    const double map_width = world->columns * world->tile_size;
    const double map_height = world->rows * world->tile_size;
    *scale = fmin(width / map_width, height / map_height);
    *left = 0.5 * (width - *scale * map_width);
    *top = 0.5 * (height - *scale * map_height);
}

// Converts a coordinate in tiles to position units, clamped to the cells.
static int32_t tiles_to_texture_units(double tiles, int cells)
{
    const double last = (double)cells * IMP_TILE_UNITS - 1.0;
    return (int32_t)fmax(0.0, fmin(last, (tiles + 1.0) * IMP_TILE_UNITS));
}

// Fills the rays of a rectangle of an image; the camera is above its centre.
static void set_parallel_rays(imp_raster *raster, double focal)
{
    // centres relative to the middle; derivatives are constant
    const float step = (float)(1.0 / focal);
    for (int k = 0; k < raster->width * raster->rows; k++) {
        const int column = k % raster->width, row = k / raster->width;
        raster->rays.x[k] = (float)((column + 0.5 - 0.5 * raster->width) / focal);
        raster->rays.y[k] = (float)((row + 0.5 - 0.5 * raster->rows) / focal);
        raster->rays.across_x[k] = raster->rays.down_y[k] = step;
    }
    imp_raster_compute_run_bounds(raster);
}

// Draws objects from far above, block by block with buffers on the stack. The camera is above each
// block's centre; otherwise single precision could not separate heights.
static void draw_objects_top_down(const imp_scene *scene, const imp_view *view, int width,
                                  int height, uint8_t *rgb)
{
    enum { BLOCK_WIDTH = 64, BLOCK_ROWS = 16, BLOCK = BLOCK_WIDTH * BLOCK_ROWS };
    const imp_world *world = scene->world;
    imp_view only = *view;
    only.room = NULL;
    double scale, left, top;
    imp_top_down_transform(world, width, height, &scale, &left, &top);
    // 100 times the image's size: perspective changes positions by less than a pixel
    const double high = 100.0 * (width + height) / scale;
    // looks straight down, north up
    imp_camera_frame camera_frame = {.axis = {{1, 0, 0}, {0, 0, 1}, {0, -1, 0}},
                                     .nearest = 0.5f * (float)high};
    imp_camera camera = {.def = {.width = width, .height = height, .lens = imp_lens_none()}};
    // buffers of one block on the stack
    float rays[IMP_PIXEL_RAYS_FLOATS(BLOCK)] = {0};
    float inverse_depth[BLOCK * IMP_RASTER_SAMPLES] = {0};
    uint32_t colours[BLOCK * IMP_RASTER_SAMPLES] = {0};
    uint8_t dirty_blocks[BLOCK / 8] = {0};
    float runs[4][BLOCK / 8 + IMP_PIXEL_RAYS_PADDING];
    imp_object_pass pass = {.fill_triangle = imp_raster_fill_portable,
                            .resolve = imp_raster_resolve_portable};
    for (int j = 0; j < height; j += BLOCK_ROWS)
        for (int i = 0; i < width; i += BLOCK_WIDTH) {
            // camera, projection and raster of the block
            const int columns = width - i < BLOCK_WIDTH ? width - i : BLOCK_WIDTH;
            const int rows = height - j < BLOCK_ROWS ? height - j : BLOCK_ROWS;
            const double x = i + 0.5 * columns, y = j + 0.5 * rows;
            const double at[3] = {(x - left) / scale, high, (y - top) / scale};
            memcpy(camera_frame.at, at, sizeof at);
            camera.plain = (imp_pinhole){scale * high, scale * high, x, y};
            pass.projection = imp_projection_from_camera(&camera);
            pass.raster = (imp_raster){.left = i,
                                       .top = j,
                                       .width = columns,
                                       .rows = rows,
                                       .rays = imp_pixel_rays_in_buffer(rays, BLOCK),
                                       .inverse_depth = inverse_depth,
                                       .colours = colours,
                                       .dirty_blocks = dirty_blocks,
                                       .runs = {runs[0], runs[1], runs[2], runs[3]}};
            // draw and blend; the buffers are cleared by resolving
            set_parallel_rays(&pass.raster, scale * high);
            imp_objects_draw(&pass, &scene->objects, world, &camera_frame, &only, rgb,
                             (size_t)width * 3);
        }
}

void imp_render_top_down(const imp_scene *scene, int width, int height, uint8_t *rgb)
{
    const imp_view view = imp_default_view();
    imp_render_top_down_view(scene, &view, width, height, rgb);
}

// The cell of the last sample, which is usually that of the next one, too.
typedef struct cached_cell {
    int32_t column, row, first;
    int16_t colour[8];
} cached_cell;

// Adds a texture sample at a position.
static void add_ground_sample(const imp_scene *scene, const imp_view *view, int level, int32_t x,
                              int32_t z, cached_cell *cell, int32_t sum[4])
{
    const int32_t column = x >> IMP_TILE_BITS, row = z >> IMP_TILE_BITS;
    // look up texture and colour when the cell changes
    if (column != cell->column || row != cell->row) {
        cell->column = column;
        cell->row = row;
        cell->first = imp_tile_appearance_of_cell(scene, view, column, row, cell->colour);
    }
    int32_t sample[4] = {0};
    imp_texture_unpack_sample(imp_texture_sample_bilinear(scene, cell->first, level, x, z), sample);
    for (int c = 0; c < 4; c++)
        sum[c] += sample[c] * cell->colour[2 * c];
}

void imp_render_top_down_view(const imp_scene *scene, const imp_view *view, int width, int height,
                              uint8_t *rgb)
{
    // samples per pixel in each direction
    enum { SIDE = 3 };
    const imp_world *world = scene->world;
    double scale, left, top;
    imp_top_down_transform(world, width, height, &scale, &left, &top);
    // mip level whose texels match the distance of samples
    const double tile = scale * world->tile_size; // [px]
    const int level = imp_ground_mip_level((int)lround(imp_log2(IMP_TEXTURE_SIDE / (tile * SIDE))),
                                           0, scene->finest);
    uint8_t *at = rgb;
    cached_cell cell = {.column = -1};
    for (int j = 0; j < height; j++)
        for (int i = 0; i < width; i++, at += 3) {
            int32_t sum[4] = {0};
            for (int n = 0; n < SIDE * SIDE; n++) {
                // sample positions on a regular grid
                double x = i + (n % SIDE + 0.5) / SIDE, y = j + (n / SIDE + 0.5) / SIDE;
                add_ground_sample(
                    scene, view, level, tiles_to_texture_units((x - left) / tile, scene->columns),
                    tiles_to_texture_units((y - top) / tile, scene->rows), &cell, sum);
            }
            // the share that no texel covers shows the ground outside
            const float mean = 1.0f / (SIDE * SIDE * IMP_SUBTEXEL * IMP_COLOUR_FACTOR_ONE);
            const float beyond = 255.0f - (float)sum[3] * mean;
            for (int c = 0; c < 3; c++)
                at[c] = (uint8_t)(fminf((float)sum[c] * mean + beyond * view->ground[c], 255.0f) +
                                  0.5f);
        }
    if (scene->objects.count > 0 || view->clutter_count > 0)
        draw_objects_top_down(scene, view, width, height, rgb);
}
