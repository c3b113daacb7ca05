// Prepares an image of the ground: what all its pixels share.
#include "sim/render/ground/ground.h"

#include <assert.h>
#include <math.h>

#include "base/common/math_functions.h"

// gym-duckietown's sky, ground and light without randomisation.
imp_view imp_default_view(void)
{
    return (imp_view){
        .sky = {0.45f, 0.82f, 1.0f},
        .ground = {0.15f, 0.15f, 0.15f},
        .light = 1.0f,
        .lamp = {0.0, 3.0, 0.0},
        .ambient = 1.0f,
        .diffuse = 1.0f,
    };
}

// Sets the level that samples of each level use; it depends on the size of tiles.
static void set_texture_levels(imp_ground_uniforms *uniforms, const imp_scene *scene)
{
    enum { SHIFT_MAX = 16 };
    static_assert(IMP_SAMPLE_LEVEL_MAX >= SHIFT_MAX + IMP_TEXTURE_LEVELS,
                  "samples beyond the limit must use the coarsest or the finest level");
    const double ratio = IMP_NOMINAL_TILE_SIZE / scene->world->tile_size;
    const int shift = (int)lround(fmax(-SHIFT_MAX, fmin(SHIFT_MAX, imp_log2(ratio))));
    for (int k = -IMP_SAMPLE_LEVEL_MAX; k <= IMP_SAMPLE_LEVEL_MAX; k++) {
        const int level = imp_ground_mip_level(k, shift, scene->finest);
        const imp_texture_level at = scene->levels[level];
        uniforms->levels[k + IMP_SAMPLE_LEVEL_MAX] =
            (imp_ground_level){at.offset, at.stride, at.stride | 1 << 16, (uint16_t)level};
    }
}

void imp_ground_uniforms_set(imp_ground_uniforms *uniforms, const imp_scene *scene,
                             const imp_view *view, imp_tile_appearance *appearance,
                             const imp_ground_lighting *light)
{
    // map from the robot's frame [m] to position units: rotation, scale and shift
    const double unit = IMP_TILE_UNITS / scene->world->tile_size;
    const imp_sine_cosine heading = imp_sincos(view->pose.heading);
    const double cosine = heading.cosine, sine = heading.sine;
    imp_ground_set_tile_cells(uniforms, scene, view, appearance);
    uniforms->x_forward = (float)(cosine * unit);
    uniforms->x_right = (float)(sine * unit);
    uniforms->x_start = (float)(view->pose.x * unit + uniforms->x_origin);
    uniforms->z_forward = (float)(-sine * unit);
    uniforms->z_right = (float)(cosine * unit);
    uniforms->z_start = (float)(view->pose.z * unit + uniforms->z_origin);
    set_texture_levels(uniforms, scene);
    // a lamp in the world lights only tiles with asset textures
    uniforms->light = view->light;
    uniforms->lighting = light;
    uniforms->lamp = scene->lamp_on_tiles && view->lamp[1] > 0.0;
    uniforms->ambient = scene->objects.ambient * view->ambient;
    uniforms->diffuse = scene->objects.diffuse * view->diffuse;
    uniforms->lamp_x = (float)(view->lamp[0] * unit + uniforms->x_origin);
    uniforms->lamp_z = (float)(view->lamp[2] * unit + uniforms->z_origin);
    uniforms->lamp_height = (float)(view->lamp[1] * unit);
    // the largest float below the border, so that rounding never leaves the cells
    uniforms->x_end = nextafterf((float)(uniforms->columns * IMP_TILE_UNITS), 0.0f);
    uniforms->z_end = nextafterf((float)(uniforms->rows * IMP_TILE_UNITS), 0.0f);
    // gym-duckietown's lamp does not light the ground outside its tiles
    const float beyond =
        uniforms->lamp ? fminf(uniforms->ambient, 1.0f) * view->light : view->light;
    for (int c = 0; c < 4; c++) {
        uniforms->ground[c] = c < 3 ? 255.0f * beyond * view->ground[c] : 0.0f;
        // with a panorama the sky is black here and added later
        uniforms->sky[c] = c < 3 && view->horizon == NULL ? 255.0f * view->sky[c] : 0.0f;
    }
    imp_distractor_edges_set(&uniforms->distractors, view, beyond);
}
