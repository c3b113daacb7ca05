#include <math.h>

#include "render/ground.h"

void imp_top_down_frame(const imp_world *world, int width, int height, double *scale, double *left,
                        double *top)
{
    const double map_width = world->columns * world->tile_size;
    const double map_height = world->rows * world->tile_size;
    *scale = fmin(width / map_width, height / map_height);
    *left = 0.5 * (width - *scale * map_width);
    *top = 0.5 * (height - *scale * map_height);
}

// What a sample of the picture lies on, in cells and clamped to them.
static int32_t to_units(double tiles, int cells)
{
    const double last = (double)cells * IMP_TILE_UNITS - 1.0;
    return (int32_t)fmax(0.0, fmin(last, (tiles + 1.0) * IMP_TILE_UNITS));
}

void imp_render_top_down(const imp_scene *scene, int width, int height, uint8_t *rgb)
{
    // samples of a pixel in each direction
    enum { SIDE = 3 };
    const imp_world *world = scene->world;
    double scale, left, top;
    imp_top_down_frame(world, width, height, &scale, &left, &top);
    const double tile = scale * world->tile_size; // [px]
    const int level = imp_ground_level((int)lround(log2(IMP_TEXTURE_SIDE / (tile * SIDE))), 0);
    const imp_view view = imp_default_view();
    for (int j = 0; j < height; j++)
        for (int i = 0; i < width; i++, rgb += 3) {
            int32_t sum[4] = {0};
            for (int n = 0; n < SIDE * SIDE; n++) {
                double x = i + (n % SIDE + 0.5) / SIDE, y = j + (n / SIDE + 0.5) / SIDE;
                uint64_t mixed =
                    imp_scene_sample(scene, level, to_units((x - left) / tile, scene->columns),
                                     to_units((y - top) / tile, scene->rows));
                imp_scene_unpack(mixed, sum);
            }
            const float mean = 1.0f / (SIDE * SIDE * IMP_SUBTEXEL);
            const float beyond = 255.0f - (float)sum[3] * mean;
            for (int c = 0; c < 3; c++)
                rgb[c] = (uint8_t)((float)sum[c] * mean + beyond * view.ground[c] + 0.5f);
        }
}
