// Ground and sky, portable version: the definition of what the AVX2 kernel draws. A pixel is the
// mean of its group's samples times light, plus the ground outside the tiles where texels do not
// cover it, plus the sky's share. Four samples fit into one 64-bit word of four 16-bit sums, so
// channels are unpacked every fourth sample only.
#include "sim/render/ground/ground_shading.h"

#include <math.h>
#include <string.h>

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

void imp_ground_uniforms_set(imp_ground_uniforms *uniforms, const imp_scene *scene,
                             const imp_view *view, imp_tile_appearance *appearance,
                             const imp_ground_lighting *light)
{
    // map from the robot's frame [m] to position units: rotation, scale and shift
    const double unit = IMP_TILE_UNITS / scene->world->tile_size;
    const double cosine = cos(view->pose.heading), sine = sin(view->pose.heading);
    imp_ground_set_cells(uniforms, scene, view, appearance);
    uniforms->x_forward = (float)(cosine * unit);
    uniforms->x_right = (float)(sine * unit);
    uniforms->x_start = (float)(view->pose.x * unit + uniforms->x_origin);
    uniforms->z_forward = (float)(-sine * unit);
    uniforms->z_right = (float)(cosine * unit);
    uniforms->z_start = (float)(view->pose.z * unit + uniforms->z_origin);
    uniforms->level_shift =
        (int)lround(fmax(-16.0, fmin(16.0, log2(IMP_NOMINAL_TILE_SIZE / scene->world->tile_size))));
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

// Clamps a position to the cells; NaN becomes 0.
static int32_t clamp_to_cells(float position, float end)
{
    float limited = position > 0.0f ? position : 0.0f;
    return (int32_t)(limited < end ? limited : end);
}

// Rounds to a byte; NaN becomes 0.
static uint8_t clamp_to_byte(float value)
{
    float limited = value > 0.0f ? value : 0.0f;
    return (uint8_t)((limited < 255.0f ? limited : 255.0f) + 0.5f);
}

// Adds one sample of all pixels, multiplied by the colours of their cells.
static void add_tinted_samples(const imp_ground_uniforms *uniforms, int level,
                               const int32_t x[IMP_LANES], const int32_t z[IMP_LANES],
                               int32_t sum[IMP_LANES][4])
{
    for (int k = 0; k < IMP_LANES; k++) {
        const int cell = imp_ground_cell_index(uniforms, x[k], z[k]);
        int32_t sample[4] = {0};
        imp_texture_unpack_sample(
            imp_texture_sample_bilinear(uniforms->scene, uniforms->cells[cell], level, x[k], z[k]),
            sample);
        for (int c = 0; c < 4; c++)
            sum[k][c] += sample[c] * uniforms->colours[cell][2 * c];
    }
}

// Sums the samples of all pixels of a group.
static void sum_group_samples(const imp_ground_uniforms *uniforms,
                              const imp_ground_sample_table *table, const imp_pixel_group *group,
                              int32_t sum[IMP_LANES][4])
{
    // number of samples whose sum fits 16 bits: 4 * 64 * 255 < 65536
    enum { PACKED_SAMPLES_MAX = 4 };
    uint64_t packed[IMP_LANES] = {0};
    for (int n = 0; n < group->count; n++) {
        const imp_ground_sample *sample = &table->samples[group->first + n];
        const int level = imp_ground_mip_level(table->levels[group->first + n],
                                               uniforms->level_shift, uniforms->scene->finest);
        // rotate and shift the sample to positions of all eight pixels
        int32_t x[IMP_LANES], z[IMP_LANES];
        for (int k = 0; k < IMP_LANES; k++) {
            float px =
                sample->forward[k] * uniforms->x_forward + sample->right[k] * uniforms->x_right;
            float pz =
                sample->forward[k] * uniforms->z_forward + sample->right[k] * uniforms->z_right;
            x[k] = clamp_to_cells(px + uniforms->x_start, uniforms->x_end);
            z[k] = clamp_to_cells(pz + uniforms->z_start, uniforms->z_end);
        }
        // coloured cells differ from pixel to pixel, so their samples are not packed
        if (uniforms->colours != NULL) {
            add_tinted_samples(uniforms, level, x, z, sum);
            continue;
        }
        for (int k = 0; k < IMP_LANES; k++)
            packed[k] += imp_texture_sample_bilinear(
                uniforms->scene, uniforms->cells[imp_ground_cell_index(uniforms, x[k], z[k])],
                level, x[k], z[k]);
        // unpack before a 16-bit field overflows
        if (n % PACKED_SAMPLES_MAX == PACKED_SAMPLES_MAX - 1 || n == group->count - 1)
            for (int k = 0; k < IMP_LANES; k++) {
                imp_texture_unpack_sample(packed[k], sum[k]);
                packed[k] = 0;
            }
    }
}

// Draws a group as bytes (8 x 3).
static void draw_pixel_group(const imp_ground_uniforms *uniforms,
                             const imp_ground_sample_table *table, const imp_pixel_group *group,
                             imp_row_candidates *row, int first, uint8_t rgb[IMP_LANES * 3])
{
    int32_t sum[IMP_LANES][4] = {{0}};
    sum_group_samples(uniforms, table, group, sum);
    // the share of the ground that the texels do not cover; is it visible anywhere in the group?
    const float mean = imp_ground_mean_factor(uniforms, group);
    const float cover = mean * (1.0f / 255.0f);
    const imp_group_shares *shares = imp_group_shares_of(table, group);
    bool covered = true;
    for (int k = 0; k < IMP_LANES; k++)
        covered = covered && !(shares->ground[k] - (float)sum[k][3] * cover > 0.001f);
    // light, shadows and distractors, then the sum of all parts
    imp_group_shading shading;
    imp_group_shading_compute(uniforms, table, group, row, first, covered, &shading);
    for (int k = 0; k < IMP_LANES; k++) {
        const float beyond = shares->ground[k] - (float)sum[k][3] * cover;
        const float *patch = shading.beyond[k];
        for (int c = 0; c < 3; c++)
            rgb[3 * k + c] = clamp_to_byte((float)sum[k][c] * shading.factors[k] +
                                           beyond * (shading.has_distractor
                                                         ? patch[c]
                                                         : uniforms->ground[c] * shading.shade[k]) +
                                           shares->sky[k] * uniforms->sky[c] + shading.added[k]);
    }
}

void imp_ground_draw_portable(const imp_ground_uniforms *uniforms,
                              const imp_ground_sample_table *table, const imp_pixel_group *groups,
                              int row, int width, uint8_t *rgb)
{
    // shadows are culled once per row
    imp_row_candidates candidates;
    imp_row_candidates_find(uniforms, groups, row, (width + IMP_LANES - 1) / IMP_LANES,
                            &candidates);
    for (int first = 0; first < width; first += IMP_LANES) {
        // the last group of a row may have fewer pixels
        const int pixels = width - first < IMP_LANES ? width - first : IMP_LANES;
        uint8_t bytes[IMP_LANES * 3];
        draw_pixel_group(uniforms, table, &groups[first / IMP_LANES], &candidates, first, bytes);
        memcpy(rgb + (size_t)first * 3, bytes, (size_t)pixels * 3);
    }
}
