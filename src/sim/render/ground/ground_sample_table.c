// Computes the ground samples of a camera: where they lie, how many a pixel needs, and their mip
// levels. A pixel's footprint on the ground is long and narrow far away. It is cut into nearly
// square pieces along and across (anisotropic filtering). Each piece is one bilinear sample of the
// mip level whose texels have its size.
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "sim/render/ground/ground_sample_table.h"
#include "sim/render/primitives/tile_texture.h"

// Pieces across the narrow side of a footprint, and limits in both directions.
static const double PIECES = 1.0;
enum { SAMPLES_ACROSS_MAX = 6, SAMPLES_ALONG_MAX = 16 };
static_assert(SAMPLES_ACROSS_MAX * SAMPLES_ALONG_MAX <= IMP_GROUP_SAMPLES_MAX,
              "a group's steps must fit");

// Texel size relative to the piece; larger values blur, smaller ones alias.
static const double TEXEL_SHARE = 0.75;

// Rays that fall less than this per metre count as sky.
static const double RAY_FALL_MIN = 1e-4;

// A position that is on no tile, wherever the robot is [m].
static const float OFF_MAP = 1e9f;

// Mounting of the camera.
typedef struct camera_mount {
    double height, forward, right, sine, cosine; // of the pitch
} camera_mount;

// The rays through the corners of a pixel: top left, top right, bottom left, bottom right.
typedef struct pixel_corners {
    double x[4], y[4];
} pixel_corners;

// Length of a vector; faster than hypot(), since nothing here can overflow.
static double vector_length(double x, double y)
{
    return sqrt(x * x + y * y);
}

// Side lengths of a footprint along the pixel's width and height [m].
typedef struct footprint {
    double across, along;
} footprint;

// Bilinear interpolation between corner rays at (s, t) in [0, 1].
static double interpolate_corners(const double at[4], double s, double t)
{
    return (1.0 - t) * ((1.0 - s) * at[0] + s * at[1]) + t * ((1.0 - s) * at[2] + s * at[3]);
}

// Descent of a ray per metre along the camera's axis.
static double ray_descent_per_metre(const camera_mount *mount, double y)
{
    return mount->sine + y * mount->cosine;
}

// Whether the lens shows something at all four corners.
static bool are_all_corners_in_lens(const pixel_corners *patch)
{
    return !isnan(patch->x[0] + patch->x[1] + patch->x[2] + patch->x[3]);
}

// The largest descent within a pixel.
static double max_ray_descent_in_pixel(const camera_mount *mount, const pixel_corners *patch)
{
    double y = fmax(fmax(patch->y[0], patch->y[1]), fmax(patch->y[2], patch->y[3]));
    return ray_descent_per_metre(mount, y);
}

// Footprint of a whole pixel from the derivatives at a point of it; `least` bounds the descent away
// from 0.
static footprint pixel_footprint_at_point(const camera_mount *mount, const pixel_corners *p,
                                          double s, double t, double least)
{
    const double x = interpolate_corners(p->x, s, t);
    const double down = fmax(ray_descent_per_metre(mount, interpolate_corners(p->y, s, t)), least);
    const double near = mount->height / down, far = near / down;
    // with r = height x / down and f = height (cosine - y sine) / down follows df = -far dy
    const double sx = (1.0 - t) * (p->x[1] - p->x[0]) + t * (p->x[3] - p->x[2]);
    const double sy = (1.0 - t) * (p->y[1] - p->y[0]) + t * (p->y[3] - p->y[2]);
    const double tx = (1.0 - s) * (p->x[2] - p->x[0]) + s * (p->x[3] - p->x[1]);
    const double ty = (1.0 - s) * (p->y[2] - p->y[0]) + s * (p->y[3] - p->y[1]);
    return (footprint){
        .across = vector_length(far * sy, near * sx - far * x * mount->cosine * sy),
        .along = vector_length(far * ty, near * tx - far * x * mount->cosine * ty),
    };
}

// Number of samples per pixel of a group, across and along.
typedef struct sample_grid {
    int across, along;
} sample_grid;

// Rounds a number of pieces up, with a tolerance of a quarter.
static int round_up_piece_count(double pieces, int most)
{
    double whole = ceil(pieces - 0.25);
    return whole < 1.0 ? 1 : whole > most ? most : (int)whole;
}

// The grid that suffices for all pixels of a group; 0 x 0 if none shows ground.
static sample_grid sample_grid_of_group(const camera_mount *mount, const pixel_corners *corner_sets,
                                        int pixels)
{
    const double finest = IMP_NOMINAL_TILE_SIZE / IMP_TEXTURE_SIDE;
    sample_grid most = {0, 0};
    for (int k = 0; k < pixels; k++) {
        const pixel_corners *patch = &corner_sets[k];
        if (!are_all_corners_in_lens(patch) ||
            max_ray_descent_in_pixel(mount, patch) <= RAY_FALL_MIN)
            continue;
        const double least = 0.25 * max_ray_descent_in_pixel(mount, patch);
        const footprint whole = pixel_footprint_at_point(mount, patch, 0.5, 0.5, least);
        // pieces are as long as the narrow side, but not smaller than a texel
        const double piece = fmax(finest, fmin(whole.across, whole.along) / PIECES);
        const int across = round_up_piece_count(whole.across / piece, SAMPLES_ACROSS_MAX);
        const int along = round_up_piece_count(whole.along / piece, SAMPLES_ALONG_MAX);
        most.across = across > most.across ? across : most.across;
        most.along = along > most.along ? along : most.along;
    }
    return most;
}

// Adds sample `index` of every pixel of a group. `sky` counts samples above the horizon.
static void add_group_sample(imp_ground_sample_table *table, const camera_mount *mount,
                             const pixel_corners *corner_sets, int pixels, sample_grid cut,
                             int index, float *sky)
{
    const double s = (index % cut.across + 0.5) / cut.across;
    const double t = (index / cut.across + 0.5) / cut.along;
    imp_ground_sample *sample = &table->samples[table->sample_count];
    double area = 1.0; // product of all pixels' areas [m^2]: one logarithm instead of eight
    int met = 0;
    for (int k = 0; k < IMP_LANES; k++) {
        sample->forward[k] = OFF_MAP;
        sample->right[k] = OFF_MAP;
        if (k >= pixels || !are_all_corners_in_lens(&corner_sets[k]))
            continue;
        const double x = interpolate_corners(corner_sets[k].x, s, t),
                     y = interpolate_corners(corner_sets[k].y, s, t);
        const double down = ray_descent_per_metre(mount, y);
        if (down <= RAY_FALL_MIN) {
            sky[k] += 1.0f;
            continue;
        }
        // intersect the ray with the ground
        const double near = mount->height / down;
        sample->forward[k] = (float)(mount->forward + near * (mount->cosine - y * mount->sine));
        sample->right[k] = (float)(mount->right + near * x);
        const footprint whole =
            pixel_footprint_at_point(mount, &corner_sets[k], s, t, RAY_FALL_MIN);
        area *= whole.across / cut.across * (whole.along / cut.along);
        met++;
    }
    // all pixels share the mean level
    double size = met > 0 ? 0.5 * imp_log2(area) / met : 0.0;
    const double level = size + imp_log2(TEXEL_SHARE * IMP_TEXTURE_SIDE / IMP_NOMINAL_TILE_SIZE);
    const double most = IMP_SAMPLE_LEVEL_MAX;
    table->levels[table->sample_count] = (int8_t)lround(fmax(-most, fmin(most, level)));
    table->sample_count++;
}

// Computes the bounding rectangle of a group's probes.
static void compute_group_probe_bounds(const imp_ground_sample_table *table,
                                       const imp_pixel_group *group)
{
    float low[2] = {1e8f, 1e8f}, high[2] = {-1e8f, -1e8f};
    imp_group_probes *probes = imp_group_probes_of(table, group);
    probes->stride = group->count > IMP_GROUP_PROBES_MAX ? group->count / IMP_GROUP_PROBES_MAX : 1;
    for (int n = probes->stride / 2; n < group->count; n += probes->stride) {
        // samples off the map do not count
        const imp_ground_sample *sample = &table->samples[group->first + n];
        for (int k = 0; k < IMP_LANES; k++) {
            const float at[2] = {sample->forward[k], sample->right[k]};
            for (int c = 0; c < 2 && at[0] < 1e8f; c++) {
                low[c] = at[c] < low[c] ? at[c] : low[c];
                high[c] = at[c] > high[c] ? at[c] : high[c];
            }
        }
    }
    for (int c = 0; c < 2; c++) {
        probes->middle[c] = 0.5f * (low[c] + high[c]);
        probes->half[c] = 0.5f * (high[c] - low[c]);
    }
}

// Computes the bounding rectangle of all samples of a group.
static void compute_group_bounds(const imp_ground_sample_table *table, const imp_pixel_group *group)
{
    float low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    bool grounded = group->count > 0;
    for (int n = 0; n < group->count; n++) {
        const imp_ground_sample *sample = &table->samples[group->first + n];
        for (int k = 0; k < IMP_LANES; k++) {
            const float at[2] = {sample->forward[k], sample->right[k]};
            grounded = grounded && at[0] < OFF_MAP;
            for (int c = 0; c < 2; c++) {
                low[c] = at[c] < low[c] ? at[c] : low[c];
                high[c] = at[c] > high[c] ? at[c] : high[c];
            }
        }
    }
    imp_group_bounds *bounds = imp_group_bounds_of(table, group);
    const ptrdiff_t lane = (group - table->groups) % table->row_groups % IMP_LANES;
    for (int c = 0; c < 2; c++) {
        // margin for rounding
        const float slack = 1e-6f * (fabsf(low[c]) + fabsf(high[c]));
        bounds->middle[c][lane] = grounded ? 0.5f * (low[c] + high[c]) : 0.0f;
        bounds->half[c][lane] = grounded ? 0.5f * (high[c] - low[c]) + slack : INFINITY;
    }
}

// Classifies a group by its shares.
static int16_t classify_pixel_group(const imp_pixel_group *group, const imp_group_shares *shares)
{
    bool sky = group->count == 0, whole = true;
    for (int k = 0; k < IMP_LANES; k++) {
        sky = sky && shares->sky[k] == 1.0f;
        whole = whole && shares->ground[k] == 1.0f;
    }
    return sky ? IMP_GROUP_ONLY_SKY : whole ? IMP_GROUP_ONLY_GROUND : IMP_GROUP_MIXED;
}

// Adds the samples, shares and bounds of a group.
static void add_pixel_group(imp_ground_sample_table *table, const camera_mount *mount,
                            const pixel_corners *corner_sets, int pixels, imp_pixel_group *group)
{
    const sample_grid cut = sample_grid_of_group(mount, corner_sets, pixels);
    const int count = cut.across * cut.along;
    float sky[IMP_LANES] = {0};
    imp_group_shares *shares = table->shares + (group - table->groups);
    group->first = (int32_t)table->sample_count;
    group->count = (int16_t)count;
    for (int k = 0; k < count; k++)
        add_group_sample(table, mount, corner_sets, pixels, cut, k, sky);
    for (int k = 0; k < IMP_LANES; k++) {
        const bool black = k >= pixels || !are_all_corners_in_lens(&corner_sets[k]);
        shares->sky[k] = black ? 0.0f : count == 0 ? 1.0f : sky[k] / (float)count;
        shares->ground[k] = black ? 0.0f : 1.0f - shares->sky[k];
    }
    group->kind = classify_pixel_group(group, shares);
    compute_group_probe_bounds(table, group);
    compute_group_bounds(table, group);
}

// Rays through the pixel corners along a line of the image, as pairs (x, y); NaN outside the lens.
static void find_corner_rays(const imp_camera *camera, int line, double *rays)
{
    for (int i = 0; i <= camera->def.width; i++, rays += 2)
        if (!imp_camera_pixel_to_ray(camera, i, line, &rays[0], &rays[1]))
            rays[0] = rays[1] = NAN;
}

void imp_ground_samples_add_row(imp_ground_sample_table *table, const imp_camera *camera, int row,
                                imp_pixel_group *groups, bool follows, double *corners)
{
    const imp_camera_def *def = &camera->def;
    const camera_mount mount = {def->mount_height, def->mount_forward, def->mount_right,
                                imp_sin(def->pitch), imp_cos(def->pitch)};
    // the lower corners of the preceding row are the upper ones of this row
    double *lower = corners + 2 * (def->width + 1);
    if (follows)
        memcpy(corners, lower, (size_t)(def->width + 1) * 2 * sizeof *corners);
    else
        find_corner_rays(camera, row, corners);
    find_corner_rays(camera, row + 1, lower);
    for (int g = 0; g < table->row_groups; g++) {
        const int first = g * IMP_LANES;
        const int pixels = def->width - first < IMP_LANES ? def->width - first : IMP_LANES;
        pixel_corners corner_sets[IMP_LANES];
        for (int k = 0; k < pixels; k++) {
            const double *top = corners + 2 * (first + k), *bottom = lower + 2 * (first + k);
            corner_sets[k] = (pixel_corners){{top[0], top[2], bottom[0], bottom[2]},
                                             {top[1], top[3], bottom[1], bottom[3]}};
        }
        add_pixel_group(table, &mount, corner_sets, pixels, &groups[g]);
    }
}
