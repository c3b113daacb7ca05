#include "render/ground_sky.h"

#include <math.h>

#include "base/vector.h"
#include "render/eight_ways.h"
#include "render/ground_wide.h"

// The slope of the horizon's last row.
static const float HORIZON_SLOPE = 1.5f;

void imp_skyward_row(const imp_camera_def *camera, const float *ray_x, const float *ray_y,
                     imp_skyward *out)
{
    const float level = (float)cos(camera->pitch), fall = (float)sin(camera->pitch);
    for (int k = 0; k < camera->width; k++) {
        const float ahead = level - ray_y[k] * fall, up = -(fall + ray_y[k] * level);
        const float bearing = atan2f(-ray_x[k], ahead);
        const float slope = up / sqrtf(ray_x[k] * ray_x[k] + ahead * ahead);
        const float row = slope * ((float)IMP_HORIZON_HEIGHT / HORIZON_SLOPE) - 0.5f;
        // in this order what is not a number ends at 0
        const float raised = row > 0.0f ? row : 0.0f, most = (float)(IMP_HORIZON_HEIGHT - 1);
        imp_skyward *group = &out[k / IMP_LANES];
        group->column[k % IMP_LANES] =
            (int32_t)lrintf(bearing * (float)(8.0 * IMP_HORIZON_WIDTH / IMP_PI));
        group->row[k % IMP_LANES] = (int32_t)(16.0f * (raised < most ? raised : most));
    }
}

// Adds weights of texels, 256 in all, to sums of 16 bits each of red and blue, and of green.
IMP_ALWAYS_INLINE void add_texels(const imp_horizon *horizon, const imp_eight_bits *at,
                                  const imp_eight_bits *weight, imp_eight_words sum[2],
                                  const imp_eight_ways *ways)
{
    imp_eight_bits texel;
    ways->words(&horizon->texels[0][0], at, &texel);
    sum[0] += (imp_eight_words)(texel & 0x00ff00ff) * (imp_eight_words)*weight;
    sum[1] += (imp_eight_words)(texel >> 8 & 0xff) * (imp_eight_words)*weight;
}

// What a group's pixels see above the horizon, 256 times a byte: red and blue, and green.
IMP_ALWAYS_INLINE void mix_sky(const imp_ground_light *light, const imp_skyward *at,
                               imp_eight_words sum[2], const imp_eight_ways *ways)
{
    const imp_eight_bits column = IMP_EIGHT_BITS_AT(at->column) + light->turn;
    const imp_eight_bits row = IMP_EIGHT_BITS_AT(at->row), low = row >> 4;
    const imp_eight_bits left = column >> 4 & (IMP_HORIZON_WIDTH - 1);
    const imp_eight_bits right = (left + 1) & (IMP_HORIZON_WIDTH - 1);
    const imp_eight_bits high = low - (low + 1 < IMP_HORIZON_HEIGHT);
    const imp_eight_bits fx = column & 15, fy = row & 15, both = fx * fy;
    const imp_eight_bits lower = low * IMP_HORIZON_WIDTH, upper = high * IMP_HORIZON_WIDTH;
    const imp_eight_bits places[4] = {lower + left, lower + right, upper + left, upper + right};
    const imp_eight_bits weights[4] = {256 - 16 * (fx + fy) + both, 16 * fx - both, 16 * fy - both,
                                       both};
    sum[0] = sum[1] = (imp_eight_words){0};
    for (int k = 0; k < 4; k++)
        add_texels(light->horizon, &places[k], &weights[k], sum, ways);
}

// Adds a share of a colour, 256 times a byte, to what pixels show, and puts the sum `shift` bits
// up.
IMP_ALWAYS_INLINE void add_share(const imp_eight_bits *before, const imp_eight *part,
                                 const imp_eight_words *colour, int shift, imp_eight_bits *out)
{
    const imp_eight zero = {0};
    const imp_eight shown = __builtin_convertvector(*before >> shift & 255, imp_eight);
    const imp_eight more = __builtin_convertvector((imp_eight_bits)*colour, imp_eight);
    const imp_eight raised = IMP_EIGHT_MOST(shown + *part * more, zero);
    const imp_eight limited = IMP_EIGHT_LEAST(raised, zero + 255.0f);
    *out |= __builtin_convertvector(limited + 0.5f, imp_eight_bits) << shift;
}

// Lays the sky over the pixels of a group, red lowest.
IMP_ALWAYS_INLINE void lay_sky(const imp_ground_light *light, const imp_skyward *at,
                               const imp_eight *share, imp_eight_bits *pixels,
                               const imp_eight_ways *ways)
{
    const imp_eight zero = {0};
    imp_eight_words sum[2];
    mix_sky(light, at, sum, ways);
    const imp_eight_words red_blue = (sum[0] + 0x00800080u) >> 8 & 0x00ff00ffu;
    const imp_eight_bits whole = (imp_eight_bits)(red_blue | ((sum[1] + 0x80u) & 0xff00u));
    const imp_eight_bits covers = *share >= 1.0f, some = *share > zero;
    if (ways->bits(&covers) == 0xff) {
        *pixels = whole;
        return;
    }
    const imp_eight part = *share * (1.0f / 256.0f);
    const imp_eight_words colour[3] = {sum[0] & 0xffffu, sum[1], sum[0] >> 16};
    imp_eight_bits mixed = {0};
    for (int c = 0; c < 3; c++)
        add_share(pixels, &part, &colour[c], 8 * c, &mixed);
    const imp_eight_bits shown = (covers & whole) | (~covers & mixed);
    *pixels = (some & shown) | (~some & *pixels);
}

// Some pixels as words, red lowest.
static inline void take_pixels(const uint8_t *rgb, int count, imp_eight_bits *out)
{
    *out = (imp_eight_bits){0};
    for (int k = 0; k < count; k++)
        (*out)[k] = rgb[3 * k] | rgb[3 * k + 1] << 8 | rgb[3 * k + 2] << 16;
}

typedef void put_pixels(const imp_eight_bits *pixels, int count, uint8_t *rgb);

static inline void put_plain(const imp_eight_bits *pixels, int count, uint8_t *rgb)
{
    for (int k = 0; k < count; k++)
        for (int c = 0; c < 3; c++)
            rgb[3 * k + c] = (uint8_t)((*pixels)[k] >> 8 * c);
}

IMP_ALWAYS_INLINE void add_row(const imp_ground_light *light, const imp_ground_table *table,
                               const imp_ground_group *groups, const imp_skyward *skyward,
                               int width, uint8_t *rgb, const imp_eight_ways *ways, put_pixels *put)
{
    for (int first = 0; first < width; first += IMP_LANES) {
        const imp_ground_group *group = &groups[first / IMP_LANES];
        const int count = width - first < IMP_LANES ? width - first : IMP_LANES;
        if (group->kind == IMP_GROUND_WHOLE)
            continue;
        const imp_eight share = IMP_EIGHT_AT(imp_ground_shares_of(table, group)->sky);
        imp_eight_bits pixels = {0};
        if (group->kind != IMP_GROUND_SKY)
            take_pixels(rgb + (size_t)first * 3, count, &pixels);
        lay_sky(light, &skyward[first / IMP_LANES], &share, &pixels, ways);
        put(&pixels, count, rgb + (size_t)first * 3);
    }
}

void imp_sky_add_plain(const imp_ground_light *light, const imp_ground_table *table,
                       const imp_ground_group *groups, const imp_skyward *skyward, int width,
                       uint8_t *rgb)
{
    add_row(light, table, groups, skyward, width, rgb, &IMP_WAYS_PLAIN, put_plain);
}

#if defined(__x86_64__)
IMP_AVX2 static inline void put_avx2(const imp_eight_bits *pixels, int count, uint8_t *rgb)
{
    imp_wide_put((__m256i)*pixels, count, rgb);
}

IMP_AVX2 void imp_sky_add_avx2(const imp_ground_light *light, const imp_ground_table *table,
                               const imp_ground_group *groups, const imp_skyward *skyward,
                               int width, uint8_t *rgb)
{
    add_row(light, table, groups, skyward, width, rgb, &IMP_WAYS_WIDE, put_avx2);
}
#endif
