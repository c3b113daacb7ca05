#include "render/ground_uneven.h"

#include <math.h>
#include <string.h>

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

void imp_ground_frame_of(imp_ground_frame *frame, const imp_scene *scene, const imp_view *view,
                         imp_ground_dress *dress, const imp_ground_light *light)
{
    const double unit = IMP_TILE_UNITS / scene->world->tile_size;
    const double cosine = cos(view->pose.heading), sine = sin(view->pose.heading);
    imp_ground_lay_cells(frame, scene, view, dress);
    frame->x_forward = (float)(cosine * unit);
    frame->x_right = (float)(sine * unit);
    frame->x_start = (float)(view->pose.x * unit + frame->x_origin);
    frame->z_forward = (float)(-sine * unit);
    frame->z_right = (float)(cosine * unit);
    frame->z_start = (float)(view->pose.z * unit + frame->z_origin);
    frame->level_shift =
        (int)lround(fmax(-16.0, fmin(16.0, log2(IMP_LEVEL_TILE / scene->world->tile_size))));
    frame->light = view->light;
    frame->shine = light;
    frame->lamp = scene->lamp_on_tiles && view->lamp[1] > 0.0;
    frame->ambient = scene->objects.ambient * view->ambient;
    frame->diffuse = scene->objects.diffuse * view->diffuse;
    frame->lamp_x = (float)(view->lamp[0] * unit + frame->x_origin);
    frame->lamp_z = (float)(view->lamp[2] * unit + frame->z_origin);
    frame->lamp_height = (float)(view->lamp[1] * unit);
    // the last float below the border, so that rounding leads to no cell outside
    frame->x_end = nextafterf((float)(frame->columns * IMP_TILE_UNITS), 0.0f);
    frame->z_end = nextafterf((float)(frame->rows * IMP_TILE_UNITS), 0.0f);
    // the reference's lamp does not reach the ground beyond its tiles
    const float beyond = frame->lamp ? fminf(frame->ambient, 1.0f) * view->light : view->light;
    for (int c = 0; c < 4; c++) {
        frame->ground[c] = c < 3 ? 255.0f * beyond * view->ground[c] : 0.0f;
        // a horizon is laid over it
        frame->sky[c] = c < 3 && view->horizon == NULL ? 255.0f * view->sky[c] : 0.0f;
    }
    imp_ground_place_patches(&frame->patches, view, beyond);
}

// A position on cells; what is not a number ends at 0.
static int32_t on_cells(float position, float end)
{
    float limited = position > 0.0f ? position : 0.0f;
    return (int32_t)(limited < end ? limited : end);
}

static uint8_t to_byte(float value)
{
    float limited = value > 0.0f ? value : 0.0f;
    return (uint8_t)((limited < 255.0f ? limited : 255.0f) + 0.5f);
}

// Adds up a step's samples of a group's pixels, in the colours of their cells.
static void add_coloured(const imp_ground_frame *frame, int level, const int32_t x[IMP_LANES],
                         const int32_t z[IMP_LANES], int32_t sum[IMP_LANES][4])
{
    for (int k = 0; k < IMP_LANES; k++) {
        const int cell = imp_ground_cell(frame, x[k], z[k]);
        int32_t sample[4] = {0};
        imp_scene_unpack(imp_scene_sample(frame->scene, frame->cells[cell], level, x[k], z[k]),
                         sample);
        for (int c = 0; c < 4; c++)
            sum[k][c] += sample[c] * frame->colours[cell][2 * c];
    }
}

// Adds up the samples of a group's pixels.
static void sum_samples(const imp_ground_frame *frame, const imp_ground_table *table,
                        const imp_ground_group *group, int32_t sum[IMP_LANES][4])
{
    // as many samples as a packed sum holds
    enum { MOST = 4 };
    uint64_t packed[IMP_LANES] = {0};
    for (int n = 0; n < group->count; n++) {
        const imp_ground_step *step = &table->steps[group->first + n];
        const int level = imp_ground_level(table->levels[group->first + n], frame->level_shift,
                                           frame->scene->finest);
        int32_t x[IMP_LANES], z[IMP_LANES];
        for (int k = 0; k < IMP_LANES; k++) {
            float px = step->forward[k] * frame->x_forward + step->right[k] * frame->x_right;
            float pz = step->forward[k] * frame->z_forward + step->right[k] * frame->z_right;
            x[k] = on_cells(px + frame->x_start, frame->x_end);
            z[k] = on_cells(pz + frame->z_start, frame->z_end);
        }
        if (frame->colours != NULL) {
            add_coloured(frame, level, x, z, sum);
            continue;
        }
        for (int k = 0; k < IMP_LANES; k++)
            packed[k] += imp_scene_sample(
                frame->scene, frame->cells[imp_ground_cell(frame, x[k], z[k])], level, x[k], z[k]);
        if (n % MOST == MOST - 1 || n == group->count - 1)
            for (int k = 0; k < IMP_LANES; k++) {
                imp_scene_unpack(packed[k], sum[k]);
                packed[k] = 0;
            }
    }
}

// Draws the pixels of a group as bytes (8 x 3).
static void draw_group(const imp_ground_frame *frame, const imp_ground_table *table,
                       const imp_ground_group *group, imp_ground_row *row, int first,
                       uint8_t rgb[IMP_LANES * 3])
{
    int32_t sum[IMP_LANES][4] = {{0}};
    sum_samples(frame, table, group, sum);
    const float mean = imp_ground_mean(frame, group);
    const float cover = mean * (1.0f / 255.0f);
    const imp_ground_shares *shares = imp_ground_shares_of(table, group);
    bool covered = true;
    for (int k = 0; k < IMP_LANES; k++)
        covered = covered && !(shares->ground[k] - (float)sum[k][3] * cover > 0.001f);
    imp_ground_uneven uneven;
    imp_ground_find_uneven(frame, table, group, row, first, covered, &uneven);
    for (int k = 0; k < IMP_LANES; k++) {
        const float beyond = shares->ground[k] - (float)sum[k][3] * cover;
        const float *patch = uneven.beyond[k];
        for (int c = 0; c < 3; c++)
            rgb[3 * k + c] =
                to_byte((float)sum[k][c] * uneven.factors[k] +
                        beyond * (uneven.patched ? patch[c] : frame->ground[c] * uneven.shade[k]) +
                        shares->sky[k] * frame->sky[c] + uneven.added[k]);
    }
}

void imp_ground_draw_plain(const imp_ground_frame *frame, const imp_ground_table *table,
                           const imp_ground_group *groups, int row, int width, uint8_t *rgb)
{
    imp_ground_row own;
    imp_ground_row_of(frame, groups, row, (width + IMP_LANES - 1) / IMP_LANES, &own);
    for (int first = 0; first < width; first += IMP_LANES) {
        const int pixels = width - first < IMP_LANES ? width - first : IMP_LANES;
        uint8_t bytes[IMP_LANES * 3];
        draw_group(frame, table, &groups[first / IMP_LANES], &own, first, bytes);
        memcpy(rgb + (size_t)first * 3, bytes, (size_t)pixels * 3);
    }
}
