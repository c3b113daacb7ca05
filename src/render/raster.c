#include "render/raster.h"

#include <math.h>
#include <string.h>

// Where the samples of a pixel lie, from its middle: no two share a row or a column.
static const float ACROSS4[4] = {-0.125f, 0.375f, -0.375f, 0.125f};
static const float DOWN4[4] = {-0.375f, -0.125f, 0.125f, 0.375f};
#define ODD(k) (((k)-7.5f) / 16.0f)
static const float ACROSS16[IMP_SAMPLES_MOST] = {
    ODD(1), ODD(5), ODD(9), ODD(13), ODD(3), ODD(7), ODD(11), ODD(15),
    ODD(0), ODD(4), ODD(8), ODD(12), ODD(2), ODD(6), ODD(10), ODD(14)};
static const float DOWN16[IMP_SAMPLES_MOST] = {ODD(0),  ODD(2),  ODD(1),  ODD(3),  ODD(4), ODD(6),
                                               ODD(5),  ODD(7),  ODD(9),  ODD(11), ODD(8), ODD(10),
                                               ODD(13), ODD(15), ODD(12), ODD(14)};

bool imp_raster_set_up(imp_raster_facet *facet, const float a[3], const float b[3],
                       const float c[3])
{
    const float *corner[3] = {a, b, c};
    float normal[3][3];
    for (int k = 0; k < 3; k++) {
        const float *p = corner[(k + 1) % 3], *q = corner[(k + 2) % 3];
        normal[k][0] = p[1] * q[2] - p[2] * q[1];
        normal[k][1] = p[2] * q[0] - p[0] * q[2];
        normal[k][2] = p[0] * q[1] - p[1] * q[0];
    }
    const float volume = a[0] * normal[0][0] + a[1] * normal[0][1] + a[2] * normal[0][2];
    // negated, so that what is not a number is left out too
    if (!(volume < -1e-20f))
        return false;
    const float scale = 1.0f / volume;
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++)
            facet->plane[i][k] = normal[k][i] * scale;
        facet->plane[i][3] = facet->plane[i][0] + facet->plane[i][1] + facet->plane[i][2];
    }
    return true;
}

// The values of a facet's four planes at a pixel's middle, and what they change across and down it.
typedef struct plane_values {
    float at[4], across[4], down[4];
} plane_values;

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS void evaluate(const imp_raster_facet *facet, const imp_pixel_ray *ray, plane_values *out)
{
    for (int k = 0; k < 4; k++) {
        const float x = facet->plane[0][k], y = facet->plane[1][k];
        out->at[k] = x * ray->x + y * ray->y + facet->plane[2][k];
        out->across[k] = x * ray->across_x + y * ray->across_y;
        out->down[k] = x * ray->down_x + y * ray->down_y;
    }
}

// Whether any sample of a pixel can be inside: weights at their best corner of it.
ALWAYS bool may_touch(const plane_values *p)
{
    float least = 0.0f;
    for (int k = 0; k < 3; k++)
        least = fminf(least, p->at[k] + 0.5f * (fabsf(p->across[k]) + fabsf(p->down[k])));
    // where the lens shows nothing the middle is not a number
    return least >= 0.0f && p->at[3] == p->at[3];
}

// Marks the samples that the facet is in front of; returns whether there are any.
ALWAYS bool cover(const plane_values *p, float nearest, int samples, const float *nearness,
                  float *depth, int32_t *mask)
{
    const float *across = samples == 4 ? ACROSS4 : ACROSS16;
    const float *down = samples == 4 ? DOWN4 : DOWN16;
    int32_t any = 0;
    for (int s = 0; s < samples; s++) {
        const float w0 = p->at[0] + p->across[0] * across[s] + p->down[0] * down[s];
        const float w1 = p->at[1] + p->across[1] * across[s] + p->down[1] * down[s];
        const float w2 = p->at[2] + p->across[2] * across[s] + p->down[2] * down[s];
        const float near = p->at[3] + p->across[3] * across[s] + p->down[3] * down[s];
        depth[s] = near;
        mask[s] = -(int32_t)((w0 >= 0.0f) & (w1 >= 0.0f) & (w2 >= 0.0f) & (near > nearness[s]) &
                             (near <= nearest));
        any |= mask[s];
    }
    return any != 0;
}

// A bilinear look at one level of a picture.
ALWAYS void sample_face(const imp_face_picture *face, int level, float u, float v, float sum[3])
{
    const int width = face->width >> level, height = face->height >> level;
    const uint32_t *texels = face->texels + face->offset[level];
    const float x = fminf(fmaxf(u, 0.0f), 1.0f) * (float)width - 0.5f;
    const float y = fminf(fmaxf(v, 0.0f), 1.0f) * (float)height - 0.5f;
    const int i = (int)(x + 1.0f) - 1, j = (int)(y + 1.0f) - 1;
    const float fx = x - (float)i, fy = y - (float)j;
    const int i0 = i < 0 ? 0 : i, i1 = i + 1 < width ? i + 1 : width - 1;
    const int j0 = j < 0 ? 0 : j, j1 = j + 1 < height ? j + 1 : height - 1;
    const uint32_t corner[4] = {texels[j0 * width + i0], texels[j0 * width + i1],
                                texels[j1 * width + i0], texels[j1 * width + i1]};
    const float weight[4] = {(1.0f - fx) * (1.0f - fy), fx * (1.0f - fy), (1.0f - fx) * fy,
                             fx * fy};
    for (int k = 0; k < 4; k++)
        for (int c = 0; c < 3; c++)
            sum[c] += weight[k] * (float)(corner[k] >> (8 * c) & 255);
}

// The level whose texels are about `texels` of level 0 wide.
ALWAYS int level_of(const imp_face_picture *face, float texels)
{
    uint32_t bits;
    const float rounded = fmaxf(texels, 1.0f) * 1.4142f;
    memcpy(&bits, &rounded, sizeof bits);
    const int level = (int)(bits >> 23) - 127;
    return level < face->levels ? level : face->levels - 1;
}

// The mean colour of a face's picture over a pixel, times the facet's colour.
ALWAYS void look_at_face(const imp_raster_facet *facet, const plane_values *p, float colour[3])
{
    enum { MOST_LOOKS = 4 };
    const imp_face_picture *face = facet->face;
    const float one_over = 1.0f / fmaxf(p->at[3], 1e-4f);
    float u = 0.0f, v = 0.0f, uv[2][2] = {{0}};
    for (int k = 0; k < 3; k++) {
        u += p->at[k] * facet->u[k] * one_over;
        v += p->at[k] * facet->v[k] * one_over;
    }
    for (int k = 0; k < 3; k++) {
        uv[0][0] += p->across[k] * (facet->u[k] - u) * one_over;
        uv[0][1] += p->across[k] * (facet->v[k] - v) * one_over;
        uv[1][0] += p->down[k] * (facet->u[k] - u) * one_over;
        uv[1][1] += p->down[k] * (facet->v[k] - v) * one_over;
    }
    float size[2];
    for (int k = 0; k < 2; k++) {
        const float du = uv[k][0] * (float)face->width, dv = uv[k][1] * (float)face->height;
        size[k] = sqrtf(du * du + dv * dv);
    }
    const int longer = size[1] > size[0];
    const float wide = fmaxf(size[1 - longer], 0.5f);
    const float ratio = ceilf(size[longer] / wide - 0.25f);
    const int looks = ratio > MOST_LOOKS ? MOST_LOOKS : ratio > 1.0f ? (int)ratio : 1;
    const int level = level_of(face, 0.75f * fmaxf(wide, size[longer] / (float)looks));
    float sum[3] = {0};
    for (int n = 0; n < looks; n++) {
        const float t = ((float)n + 0.5f) / (float)looks - 0.5f;
        sample_face(face, level, u + t * uv[longer][0], v + t * uv[longer][1], sum);
    }
    for (int c = 0; c < 3; c++)
        colour[c] = sum[c] / (float)looks * facet->colour[c] * (1.0f / 255.0f);
}

ALWAYS uint32_t pack(const float colour[3], float shade)
{
    uint32_t out = 0xff000000u;
    for (int c = 0; c < 3; c++)
        out |= (uint32_t)(fminf(fmaxf(colour[c] * shade, 0.0f), 255.0f) + 0.5f) << (8 * c);
    return out;
}

// Brightness in the middle of a pixel, which may lie outside the facet.
ALWAYS float shade_at(const imp_raster_facet *facet, const plane_values *p)
{
    float sum = 0.0f, total = 1e-6f;
    for (int k = 0; k < 3; k++) {
        const float weight = fmaxf(p->at[k], 0.0f);
        sum += weight * facet->shade[k];
        total += weight;
    }
    return sum / total;
}

ALWAYS uint32_t colour_of(const imp_raster_facet *facet, const plane_values *p)
{
    const float shade = shade_at(facet, p);
    if (facet->face == NULL)
        return pack(facet->colour, shade);
    float colour[3];
    look_at_face(facet, p, colour);
    return pack(colour, shade);
}

ALWAYS void fill(const imp_raster *raster, const imp_raster_facet *facet, int samples)
{
    const bool even = facet->face == NULL && facet->shade[0] == facet->shade[1] &&
                      facet->shade[0] == facet->shade[2];
    const uint32_t plain = even ? pack(facet->colour, facet->shade[0]) : 0;
    for (int row = facet->top; row < facet->bottom; row++)
        for (int column = facet->left; column < facet->right; column++) {
            const size_t pixel = (size_t)row * (size_t)raster->width + (size_t)column;
            plane_values p;
            evaluate(facet, &raster->rays[pixel], &p);
            if (!may_touch(&p))
                continue;
            float *nearness = raster->nearness + pixel * (size_t)samples;
            uint32_t *colours = raster->colours + pixel * (size_t)samples;
            float depth[IMP_SAMPLES_MOST];
            int32_t mask[IMP_SAMPLES_MOST];
            if (!cover(&p, facet->nearest, samples, nearness, depth, mask))
                continue;
            const uint32_t colour = even ? plain : colour_of(facet, &p);
            for (int s = 0; s < samples; s++) {
                nearness[s] = mask[s] ? depth[s] : nearness[s];
                colours[s] = mask[s] ? colour : colours[s];
            }
        }
}

ALWAYS void fill_any(const imp_raster *raster, const imp_raster_facet *facet)
{
    if (raster->samples == 4)
        fill(raster, facet, 4);
    else
        fill(raster, facet, IMP_SAMPLES_MOST);
}

void imp_raster_fill_plain(const imp_raster *raster, const imp_raster_facet *facet)
{
    fill_any(raster, facet);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void imp_raster_fill_avx2(const imp_raster *raster,
                                                          const imp_raster_facet *facet)
{
    fill_any(raster, facet);
}
#endif

void imp_raster_reset(imp_raster *raster)
{
    for (int row = 0; row < raster->rows; row++) {
        raster->first[row] = raster->width;
        raster->last[row] = 0;
    }
}

// Lays a pixel's samples over its colour.
static void resolve_pixel(const uint32_t *colours, int samples, uint8_t rgb[3])
{
    uint32_t even = 0, odd = 0;
    for (int s = 0; s < samples; s++) {
        even += colours[s] & 0x00ff00ffu;
        odd += colours[s] >> 8 & 0x00ff00ffu;
    }
    const uint32_t all = (uint32_t)samples, covered = (odd >> 16) / 255u;
    const uint32_t sum[3] = {even & 0xffff, odd & 0xffff, even >> 16};
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)((sum[c] + rgb[c] * (all - covered) + all / 2) / all);
}

void imp_raster_resolve(imp_raster *raster, uint8_t *picture, size_t stride)
{
    const size_t samples = (size_t)raster->samples;
    for (int row = 0; row < raster->rows; row++) {
        const int first = raster->first[row], last = raster->last[row];
        if (first >= last)
            continue;
        const size_t start = ((size_t)row * (size_t)raster->width + (size_t)first) * samples;
        const size_t count = (size_t)(last - first) * samples;
        uint32_t *colours = raster->colours + start;
        uint8_t *rgb =
            picture + (size_t)(raster->top + row) * stride + (size_t)(raster->left + first) * 3;
        for (size_t k = 0; k < count; k += samples, rgb += 3)
            resolve_pixel(colours + k, raster->samples, rgb);
        memset(colours, 0, count * sizeof *colours);
        memset(raster->nearness + start, 0, count * sizeof *raster->nearness);
    }
    imp_raster_reset(raster);
}
