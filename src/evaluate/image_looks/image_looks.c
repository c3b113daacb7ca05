// Figures of how images look. They need neither the map nor the pose, so that images of cameras and
// of the renderer are measured alike. The road's colour is the median of a part below the middle,
// where a robot in its lane sees little else. The road reaches as far up as rows hold pixels of
// about that colour.
#include "evaluate/image_looks/image_looks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"

enum { WIDE = IMP_LOOKS_WIDTH, HIGH = IMP_LOOKS_HEIGHT, DARK_BELOW = 20 };

// Rows and columns in which the road's colour is looked for, and the row from which it is followed
// upwards.
enum { ROAD_TOP = 34, ROAD_BOTTOM = 54, ROAD_LEFT = 16, ROAD_RIGHT = 64, FOLLOW_FROM = 40 };
// How much a pixel of the road may differ from its colour, in luma and in each channel besides
// that; and how many pixels a row of the road has at least.
static const double LUMA_TOLERANCE = 15.0, COLOUR_TOLERANCE = 18.0;
enum { ROAD_PIXELS = 12, ROWS_WITHOUT = 2 };

const char *imp_image_statistic_name(int look)
{
    static const char *const names[IMP_LOOK_COUNT] = {
        [IMP_LOOK_LUMA_ABOVE] = "luma above - below", [IMP_LOOK_GRADIENT] = "gradient above",
        [IMP_LOOK_ROAD_CHROMA] = "road chroma",       [IMP_LOOK_DARK] = "dark pixels %",
        [IMP_LOOK_ROAD_ROW] = "first road row",
    };
    return names[look];
}

imp_status imp_image_statistics_find_horizon(double *row, const imp_camera_def *camera,
                                             imp_error *err)
{
    imp_camera seen;
    imp_camera_def def = *camera;
    double x;
    def.width = WIDE;
    def.height = HIGH;
    const imp_status status = imp_camera_init(&seen, &def, err);
    if (status != IMP_OK)
        return status;
    const imp_sine_cosine pitch = imp_sincos(def.pitch);
    if (!imp_camera_ray_to_pixel(&seen, 0.0, -pitch.sine / pitch.cosine, &x, row) ||
        !(*row >= 1.0 && *row <= HIGH - 1))
        return imp_fail(err, IMP_USAGE, "the camera does not see the horizon");
    return IMP_OK;
}

static double luma_of(const uint8_t *p)
{
    return 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
}

static int compare_bytes(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

// The median of each channel in the middle of the lowest rows.
static void find_road_colour(uint8_t out[3], const uint8_t *rgb)
{
    uint8_t values[(ROAD_BOTTOM - ROAD_TOP) * (ROAD_RIGHT - ROAD_LEFT)];
    for (int c = 0; c < 3; c++) {
        size_t count = 0;
        for (int y = ROAD_TOP; y < ROAD_BOTTOM; y++)
            for (int x = ROAD_LEFT; x < ROAD_RIGHT; x++)
                values[count++] = rgb[3 * (y * WIDE + x) + c];
        qsort(values, count, 1, compare_bytes);
        out[c] = values[count / 2];
    }
}

// A road is lighter and darker by place, but has one tint.
static bool has_road_colour(const uint8_t *p, const uint8_t road[3])
{
    const double difference = luma_of(p) - luma_of(road);
    if (fabs(difference) > LUMA_TOLERANCE)
        return false;
    for (int c = 0; c < 3; c++)
        if (fabs(p[c] - road[c] - difference) > COLOUR_TOLERANCE)
            return false;
    return true;
}

// The road ends where two rows hold too little of its colour.
static int find_road_row(const uint8_t *rgb, const uint8_t road[3])
{
    int first = FOLLOW_FROM;
    for (int y = FOLLOW_FROM - 1; y >= 0 && first - y <= ROWS_WITHOUT; y--) {
        int found = 0;
        for (int x = 0; x < WIDE; x++)
            found += has_road_colour(rgb + 3 * (y * WIDE + x), road);
        if (found >= ROAD_PIXELS)
            first = y;
    }
    return first;
}

void imp_image_statistics_compute(double out[IMP_LOOK_COUNT], const uint8_t *rgb, double horizon)
{
    const int edge = (int)(horizon + 0.5);
    double sums[2] = {0.0, 0.0}, gradient = 0.0, lumas[HIGH * WIDE];
    int dark = 0;
    uint8_t road[3];
    // brightness above and below the horizon
    for (int k = 0; k < HIGH * WIDE; k++) {
        lumas[k] = luma_of(rgb + 3 * k);
        sums[k / WIDE >= edge] += lumas[k];
        dark += lumas[k] < DARK_BELOW;
    }
    // mean gradient above the horizon: how much structure the background has
    for (int y = 0; y + 1 < edge; y++)
        for (int x = 0; x + 1 < WIDE; x++) {
            const double *p = lumas + y * WIDE + x;
            gradient += imp_hypot(p[1] - p[0], p[WIDE] - p[0]);
        }
    // chroma of the road: the largest channel less the smallest
    find_road_colour(road, rgb);
    const int top = road[0] > road[1] ? (road[0] > road[2] ? 0 : 2) : (road[1] > road[2] ? 1 : 2);
    const int low = road[0] < road[1] ? (road[0] < road[2] ? 0 : 2) : (road[1] < road[2] ? 1 : 2);
    out[IMP_LOOK_LUMA_ABOVE] = sums[0] / (edge * WIDE) - sums[1] / ((HIGH - edge) * WIDE);
    out[IMP_LOOK_GRADIENT] = edge > 1 ? gradient / ((edge - 1) * (WIDE - 1)) : 0.0;
    out[IMP_LOOK_ROAD_CHROMA] = road[top] - road[low];
    out[IMP_LOOK_DARK] = 100.0 * dark / (HIGH * WIDE);
    out[IMP_LOOK_ROAD_ROW] = find_road_row(rgb, road);
}

imp_status imp_image_statistics_add(imp_image_statistics *looks,
                                    const double values[IMP_LOOK_COUNT], imp_error *err)
{
    if (looks->count == looks->capacity) {
        const int capacity = 2 * looks->capacity + 64;
        double(*grown)[IMP_LOOK_COUNT] =
            realloc(looks->values, (size_t)capacity * sizeof *looks->values);
        if (grown == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "out of memory for figures of images");
        looks->values = grown;
        looks->capacity = capacity;
    }
    memcpy(looks->values[looks->count++], values, sizeof *looks->values);
    return IMP_OK;
}

void imp_image_statistics_free(imp_image_statistics *looks)
{
    free(looks->values);
    *looks = (imp_image_statistics){0};
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

imp_status imp_image_statistics_percentiles(double (*out)[IMP_LOOK_COUNT],
                                            const imp_image_statistics *looks, const double *shares,
                                            int share_count, imp_error *err)
{
    double *sorted = malloc(((size_t)looks->count + 1) * sizeof *sorted);
    if (sorted == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for figures of images");
    for (int n = 0; n < IMP_LOOK_COUNT; n++) {
        for (int k = 0; k < looks->count; k++)
            sorted[k] = looks->values[k][n];
        qsort(sorted, (size_t)looks->count, sizeof *sorted, compare_doubles);
        for (int k = 0; k < share_count; k++)
            out[k][n] = looks->count == 0 ? (double)NAN
                                          : sorted[(int)(shares[k] * (looks->count - 1) + 0.5)];
    }
    free(sorted);
    return IMP_OK;
}
