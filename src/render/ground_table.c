// Finds where on the ground the samples of a picture lie, how many a pixel needs and how blurred a
// texture each should see.
//
// A pixel's footprint on the ground is long and narrow far away. It is cut along and across into
// nearly square pieces, and each piece is one bilinear sample of the texture level whose texels are
// of its size.
#include <assert.h>
#include <math.h>
#include <string.h>

#include "render/ground_table.h"
#include "render/texture.h"

// Pieces across the narrow side of a footprint, in both directions, and at most in each direction.
static const double PIECES = 1.0;
enum { MOST_ACROSS = 6, MOST_ALONG = 16 };
static_assert(MOST_ACROSS * MOST_ALONG <= IMP_MOST_STEPS, "a group's steps must fit");

// Size of a texel as a share of a piece's size: above 1 the picture is softer, below it aliases.
static const double TEXEL_SHARE = 0.75;

// How far below the horizontal a ray must fall for one metre ahead to meet the ground.
static const double LEAST_FALL = 1e-4;

// A place on no tile, whatever way the robot stands [m].
static const float NOWHERE = 1e9f;

// The camera above the ground.
typedef struct vantage {
    double height, forward, right, sine, cosine; // of the pitch
} vantage;

// The rays through the corners of a pixel: top left, top right, bottom left, bottom right.
typedef struct pixel_patch {
    double x[4], y[4];
} pixel_patch;

// The length of (x, y), of which nothing here comes near to the end of what a double holds.
static double length(double x, double y)
{
    return sqrt(x * x + y * y);
}

// A footprint: the lengths of its sides along the pixel's width and height [m].
typedef struct footprint {
    double across, along;
} footprint;

static double mix(const double at[4], double s, double t)
{
    return (1.0 - t) * ((1.0 - s) * at[0] + s * at[1]) + t * ((1.0 - s) * at[2] + s * at[3]);
}

// What a ray falls per metre that it goes ahead along the camera's axis.
static double fall(const vantage *eye, double y)
{
    return eye->sine + y * eye->cosine;
}

static bool sees_anything(const pixel_patch *patch)
{
    return !isnan(patch->x[0] + patch->x[1] + patch->x[2] + patch->x[3]);
}

static double steepest_fall(const vantage *eye, const pixel_patch *patch)
{
    double y = fmax(fmax(patch->y[0], patch->y[1]), fmax(patch->y[2], patch->y[3]));
    return fall(eye, y);
}

// The footprint of a whole pixel by the derivatives at a point of it. least keeps the fall away
// from 0.
static footprint footprint_at(const vantage *eye, const pixel_patch *p, double s, double t,
                              double least)
{
    const double x = mix(p->x, s, t);
    const double down = fmax(fall(eye, mix(p->y, s, t)), least);
    const double near = eye->height / down, far = near / down;
    // with r = height x / down and f = (height (cosine - y sine)) / down: df = -far dy
    const double sx = (1.0 - t) * (p->x[1] - p->x[0]) + t * (p->x[3] - p->x[2]);
    const double sy = (1.0 - t) * (p->y[1] - p->y[0]) + t * (p->y[3] - p->y[2]);
    const double tx = (1.0 - s) * (p->x[2] - p->x[0]) + s * (p->x[3] - p->x[1]);
    const double ty = (1.0 - s) * (p->y[2] - p->y[0]) + s * (p->y[3] - p->y[1]);
    return (footprint){
        .across = length(far * sy, near * sx - far * x * eye->cosine * sy),
        .along = length(far * ty, near * tx - far * x * eye->cosine * ty),
    };
}

// How a group's pixels are cut.
typedef struct cutting {
    int across, along;
} cutting;

static int limited(double pieces, int most)
{
    double whole = ceil(pieces - 0.25);
    return whole < 1.0 ? 1 : whole > most ? most : (int)whole;
}

// The cut that serves all of a group's pixels; none if they show no ground.
static cutting cut_group(const vantage *eye, const pixel_patch *patches, int pixels)
{
    const double finest = IMP_LEVEL_TILE / IMP_TEXTURE_SIDE;
    cutting most = {0, 0};
    for (int k = 0; k < pixels; k++) {
        const pixel_patch *patch = &patches[k];
        if (!sees_anything(patch) || steepest_fall(eye, patch) <= LEAST_FALL)
            continue;
        const double least = 0.25 * steepest_fall(eye, patch);
        const footprint whole = footprint_at(eye, patch, 0.5, 0.5, least);
        const double piece = fmax(finest, fmin(whole.across, whole.along) / PIECES);
        const int across = limited(whole.across / piece, MOST_ACROSS);
        const int along = limited(whole.along / piece, MOST_ALONG);
        most.across = across > most.across ? across : most.across;
        most.along = along > most.along ? along : most.along;
    }
    return most;
}

// Adds one sample of every pixel of a group; sky counts those that meet none.
static void add_step(imp_ground_table *table, const vantage *eye, const pixel_patch *patches,
                     int pixels, cutting cut, int index, float *sky)
{
    const double s = (index % cut.across + 0.5) / cut.across;
    const double t = (index / cut.across + 0.5) / cut.along;
    imp_ground_step *step = &table->steps[table->step_count];
    double sum = 0.0;
    int met = 0;
    for (int k = 0; k < IMP_LANES; k++) {
        step->forward[k] = NOWHERE;
        step->right[k] = NOWHERE;
        if (k >= pixels || !sees_anything(&patches[k]))
            continue;
        const double x = mix(patches[k].x, s, t), y = mix(patches[k].y, s, t);
        const double down = fall(eye, y);
        if (down <= LEAST_FALL) {
            sky[k] += 1.0f;
            continue;
        }
        const double near = eye->height / down;
        step->forward[k] = (float)(eye->forward + near * (eye->cosine - y * eye->sine));
        step->right[k] = (float)(eye->right + near * x);
        const footprint whole = footprint_at(eye, &patches[k], s, t, LEAST_FALL);
        sum += 0.5 * log2(whole.across / cut.across * (whole.along / cut.along));
        met++;
    }
    double size = met > 0 ? sum / met : 0.0;
    double level = size + log2(TEXEL_SHARE * IMP_TEXTURE_SIDE / IMP_LEVEL_TILE);
    table->levels[table->step_count] = (int8_t)lround(fmax(-64.0, fmin(64.0, level)));
    table->step_count++;
}

// The rectangle that a group's looks lie in.
static void bound_looks(const imp_ground_table *table, imp_ground_group *group)
{
    float low[2] = {1e8f, 1e8f}, high[2] = {-1e8f, -1e8f};
    group->look = (int16_t)(group->count > IMP_MOST_LOOKS ? group->count / IMP_MOST_LOOKS : 1);
    for (int n = group->look / 2; n < group->count; n += group->look) {
        const imp_ground_step *step = &table->steps[group->first + n];
        for (int k = 0; k < IMP_LANES; k++) {
            const float at[2] = {step->forward[k], step->right[k]};
            for (int c = 0; c < 2 && at[0] < 1e8f; c++) {
                low[c] = at[c] < low[c] ? at[c] : low[c];
                high[c] = at[c] > high[c] ? at[c] : high[c];
            }
        }
    }
    for (int c = 0; c < 2; c++) {
        group->middle[c] = 0.5f * (low[c] + high[c]);
        group->half[c] = 0.5f * (high[c] - low[c]);
    }
}

static int16_t kind_of(const imp_ground_group *group, const imp_ground_shares *shares)
{
    bool sky = group->count == 0, whole = true;
    for (int k = 0; k < IMP_LANES; k++) {
        sky = sky && shares->sky[k] == 1.0f;
        whole = whole && shares->ground[k] == 1.0f;
    }
    return sky ? IMP_GROUND_SKY : whole ? IMP_GROUND_WHOLE : IMP_GROUND_MIXED;
}

static void add_group(imp_ground_table *table, const vantage *eye, const pixel_patch *patches,
                      int pixels, imp_ground_group *group)
{
    const cutting cut = cut_group(eye, patches, pixels);
    const int count = cut.across * cut.along;
    float sky[IMP_LANES] = {0};
    imp_ground_shares *shares = imp_ground_shares_of(table, group);
    group->first = (int32_t)table->step_count;
    group->count = count;
    for (int k = 0; k < count; k++)
        add_step(table, eye, patches, pixels, cut, k, sky);
    for (int k = 0; k < IMP_LANES; k++) {
        const bool black = k >= pixels || !sees_anything(&patches[k]);
        shares->sky[k] = black ? 0.0f : count == 0 ? 1.0f : sky[k] / (float)count;
        shares->ground[k] = black ? 0.0f : 1.0f - shares->sky[k];
    }
    group->kind = kind_of(group, shares);
    group->mean = count > 0 ? 1.0f / (float)(IMP_SUBTEXEL * count) : 0.0f;
    bound_looks(table, group);
}

// Rays through the pixel corners along a line of the picture, as pairs (x, y); NaN where there is
// none.
static void corner_rays(const imp_camera *camera, int line, double *rays)
{
    for (int i = 0; i <= camera->def.width; i++, rays += 2)
        if (!imp_camera_ray(camera, i, line, &rays[0], &rays[1]))
            rays[0] = rays[1] = NAN;
}

void imp_ground_add_row(imp_ground_table *table, const imp_camera *camera, int row,
                        imp_ground_group *groups, bool follows, double *corners)
{
    const imp_camera_def *def = &camera->def;
    const vantage eye = {def->mount_height, def->mount_forward, def->mount_right, sin(def->pitch),
                         cos(def->pitch)};
    double *lower = corners + 2 * (def->width + 1);
    if (follows)
        memcpy(corners, lower, (size_t)(def->width + 1) * 2 * sizeof *corners);
    else
        corner_rays(camera, row, corners);
    corner_rays(camera, row + 1, lower);
    for (int g = 0; g < table->row_groups; g++) {
        const int first = g * IMP_LANES;
        const int pixels = def->width - first < IMP_LANES ? def->width - first : IMP_LANES;
        pixel_patch patches[IMP_LANES];
        for (int k = 0; k < pixels; k++) {
            const double *top = corners + 2 * (first + k), *bottom = lower + 2 * (first + k);
            patches[k] = (pixel_patch){{top[0], top[2], bottom[0], bottom[2]},
                                       {top[1], top[3], bottom[1], bottom[3]}};
        }
        add_group(table, &eye, patches, pixels, &groups[g]);
    }
}
