// sim/render/ground/ground_shading.h: per-pixel effects on the ground besides textures: light,
// shadows, reflections and distractors. Inline, so that each caller's instruction set is used; all
// give the same results. Eight pixels of a group are one vector.
#ifndef IMP_SIM_RENDER_GROUND_GROUND_SHADING_H
#define IMP_SIM_RENDER_GROUND_GROUND_SHADING_H

#include <string.h>

#include "sim/render/ground/ground.h"
#include "sim/render/primitives/simd8.h"

// The shadows and distractors that may be visible in a row; most are culled per row.
typedef struct imp_row_candidates {
    const imp_ground_sample_table *table;
    const imp_pixel_group *groups;
    int count, shadow_count;
    const imp_ground_shadow *shadows[IMP_SHADOWS_MAX];
    bool distractors_found; // culled on first use, since many rows need none
    imp_distractor_edges distractors;
} imp_row_candidates;

// Effects on the pixels of a group.
typedef struct imp_group_shading {
    imp_f32x8 factors; // from the sum of samples to colours
    // ground outside the tiles: colours if there are distractors, else the uniform colour times
    // a shade. Colours of pixels k and k + 4 are one vector.
    bool has_distractor;
    imp_f32x8 beyond[IMP_LANES / 2], shade;
    imp_f32x8 added; // to all three colours
} imp_group_shading;

// Light of a lamp in the world, on tiles with asset textures.
IMP_ALWAYS_INLINE void imp_ground_apply_lamp(const imp_ground_uniforms *uniforms,
                                             const imp_ground_sample *sample,
                                             float factors[IMP_LANES])
{
    for (int k = 0; k < IMP_LANES; k++) {
        const float x = sample->forward[k] * uniforms->x_forward +
                        sample->right[k] * uniforms->x_right +
                        (uniforms->x_start - uniforms->lamp_x);
        const float z = sample->forward[k] * uniforms->z_forward +
                        sample->right[k] * uniforms->z_right +
                        (uniforms->z_start - uniforms->lamp_z);
        const float height = uniforms->lamp_height;
        const float facing = height / sqrtf(x * x + z * z + height * height);
        const float bright = uniforms->ambient + uniforms->diffuse * facing;
        factors[k] *= bright < 1.0f ? bright : 1.0f;
    }
}

// Adds the reflection of a lamp at eight points (forward, right).
IMP_ALWAYS_INLINE void imp_glare_add(const imp_ground_lighting *light,
                                     const imp_ground_glare *glare, const imp_f32x8 at[2],
                                     imp_f32x8 *added)
{
    // the viewing ray, mirrored at the ground, against the direction to the lamp
    const imp_f32x8 f = at[0] - light->camera_forward, r = at[1];
    const imp_f32x8 lamp_f = glare->forward - at[0], lamp_r = glare->right - at[1];
    const float h = light->camera_height, lamp_h = glare->height;
    const imp_f32x8 dot = f * lamp_f + r * lamp_r + h * lamp_h;
    const imp_f32x8 squares =
        (f * f + r * r + h * h) * (lamp_f * lamp_f + lamp_r * lamp_r + lamp_h * lamp_h);
    // squared sine of the angle between them; the reflection is 0 if the lamp is behind
    const imp_f32x8 zero = {0}, apart = 1.0f - dot * dot / squares;
    const imp_f32x8 share = 1.0f - apart * glare->sharpness;
    const imp_f32x8 bright = IMP_F32X8_SELECT((dot > zero) & (share > zero), share, zero);
    *added += glare->strength * bright * bright;
}

// Darkens eight points by a shadow, smoothly towards its centre.
IMP_ALWAYS_INLINE void imp_shadow_apply(const imp_ground_lighting *light,
                                        const imp_ground_shadow *shadow, const imp_f32x8 at[2],
                                        imp_f32x8 *factor)
{
    const imp_f32x8 f = at[0] - shadow->forward, r = at[1] - shadow->right;
    const imp_f32x8 u = f * shadow->along[0] + r * shadow->along[1];
    const imp_f32x8 v = f * shadow->across[0] + r * shadow->across[1];
    const imp_f32x8 zero = {0}, share = 1.0f - (u * u + v * v);
    const imp_f32x8 deep = IMP_F32X8_MAX(share, zero);
    *factor *= 1.0f - light->shadow * deep * (2.0f - deep);
}

// Light on the pixels of a group: a factor and an addend.
IMP_ALWAYS_INLINE void imp_ground_light_pixels(const imp_ground_lighting *light,
                                               const imp_row_candidates *row,
                                               const imp_ground_sample *at, int first,
                                               imp_f32x8 *factor, imp_f32x8 *added)
{
    const imp_f32x8 place[2] = {IMP_F32X8_LOAD(at->forward), IMP_F32X8_LOAD(at->right)};
    const imp_f32x8 zero = {0};
    *factor = zero + 1.0f;
    *added = zero;
    if (light->slope > 0.0f) {
        float facing[IMP_LANES];
        for (int k = 0; k < IMP_LANES; k++) {
            const float f = at->forward[k] - light->lamp_forward;
            const float r = at->right[k] - light->lamp_right, h = light->lamp_height;
            facing[k] = h / sqrtf(f * f + r * r + h * h);
        }
        *factor = 1.0f - light->slope + light->slope * IMP_F32X8_LOAD(facing);
    }
    for (int n = 0; n < row->shadow_count; n++) {
        const imp_ground_shadow *shadow = row->shadows[n];
        if (first + IMP_LANES > shadow->left && first < shadow->width_end)
            imp_shadow_apply(light, shadow, place, factor);
    }
    for (int n = 0; n < light->glare_count; n++)
        imp_glare_add(light, &light->glares[n], place, added);
}

// For each triangle, bounds of the smallest edge function over a rectangle: `shallow` is a lower,
// `deep` an upper bound. shallow >= 0: the rectangle is inside; deep < 0: it is outside.
IMP_ALWAYS_INLINE void imp_distractors_depth_range(const imp_distractor_edges *distractors,
                                                   const float middle[2], const float half[2],
                                                   float shallow[IMP_DISTRACTORS_MAX],
                                                   float deep[IMP_DISTRACTORS_MAX])
{
    for (int k = 0; k < distractors->count; k += IMP_LANES) {
        imp_f32x8 least = (imp_f32x8){0} + 1e30f, most = least;
        for (int n = 0; n < 3; n++) {
            const imp_f32x8 a = IMP_F32X8_LOAD(&distractors->a[n][k]);
            const imp_f32x8 b = IMP_F32X8_LOAD(&distractors->b[n][k]);
            const imp_f32x8 at =
                a * middle[0] + b * middle[1] + IMP_F32X8_LOAD(&distractors->c[n][k]);
            const imp_f32x8 reach = IMP_F32X8_ABS(a) * half[0] + IMP_F32X8_ABS(b) * half[1];
            least = IMP_F32X8_MIN(least, at - reach);
            most = IMP_F32X8_MIN(most, at + reach);
        }
        memcpy(shallow + k, &least, sizeof least);
        memcpy(deep + k, &most, sizeof most);
    }
}

// Keeps the triangles that may be visible in a rectangle: drops those outside it, and those below
// one that covers it completely.
IMP_ALWAYS_INLINE void imp_distractors_cull(const imp_distractor_edges *all, const float middle[2],
                                            const float half[2], imp_distractor_edges *out)
{
    float shallow[IMP_DISTRACTORS_MAX], deep[IMP_DISTRACTORS_MAX];
    imp_distractors_depth_range(all, middle, half, shallow, deep);
    int lowest = all->count - 1, count = 0;
    while (lowest > 0 && !(shallow[lowest] >= 0.0f))
        lowest--;
    for (int k = lowest; k < all->count; k++) {
        if (!(deep[k] >= 0.0f))
            continue;
        for (int n = 0; n < 3; n++) {
            out->a[n][count] = all->a[n][k];
            out->b[n][count] = all->b[n][k];
            out->c[n][count] = all->c[n][k];
        }
        memcpy(out->colour[count++], all->colour[k], sizeof all->colour[k]);
    }
    out->count = count;
    // padding: a constant edge function of -1 contains no point
    for (; count % IMP_LANES != 0; count++)
        for (int n = 0; n < 3; n++) {
            out->a[n][count] = out->b[n][count] = 0.0f;
            out->c[n][count] = -1.0f;
        }
}

// Culls the triangles against the bounding rectangle of a row.
IMP_ALWAYS_INLINE void imp_row_find_distractors(const imp_distractor_edges *all,
                                                imp_row_candidates *row)
{
    const imp_pixel_group *groups = row->groups;
    // margin for rounding
    const float slack = 1.0001f;
    float low[2] = {1e30f, 1e30f}, high[2] = {-1e30f, -1e30f}, middle[2], half[2];
    row->distractors_found = true;
    row->distractors.count = 0;
    for (int g = 0; g < row->count; g++) {
        const imp_group_probes *probes = imp_group_probes_of(row->table, &groups[g]);
        if (probes->half[0] < 0.0f)
            continue;
        for (int c = 0; c < 2; c++) {
            const float least = probes->middle[c] - probes->half[c];
            const float most = probes->middle[c] + probes->half[c];
            low[c] = least < low[c] ? least : low[c];
            high[c] = most > high[c] ? most : high[c];
        }
    }
    for (int c = 0; c < 2; c++) {
        middle[c] = 0.5f * (low[c] + high[c]);
        half[c] = slack * 0.5f * (high[c] - low[c]);
    }
    if (half[0] >= 0.0f)
        imp_distractors_cull(all, middle, half, &row->distractors);
}

// Selects the shadows that may be visible in a row. Distractors are culled on demand.
IMP_ALWAYS_INLINE void imp_row_candidates_find(const imp_ground_uniforms *uniforms,
                                               const imp_ground_sample_table *table,
                                               const imp_pixel_group *groups, int row, int count,
                                               imp_row_candidates *out)
{
    const imp_ground_lighting *light = uniforms->lighting;
    out->table = table;
    out->groups = groups;
    out->count = count;
    out->distractors_found = false;
    out->shadow_count = 0;
    for (int n = 0; n < light->shadow_count; n++)
        if (row >= light->shadows[n].top && row < light->shadows[n].rows)
            out->shadows[out->shadow_count++] = &light->shadows[n];
}

// Probes of a group, and for each the pixels that have hit no triangle yet.
enum { IMP_PROBES_CAPACITY = 2 * IMP_GROUP_PROBES_MAX };
typedef struct imp_ground_probes {
    int count;
    const imp_ground_sample *samples[IMP_PROBES_CAPACITY];
    imp_i32x8 not_hit[IMP_PROBES_CAPACITY];
} imp_ground_probes;

// Counts for each pixel the probes that hit triangle k before any other.
IMP_ALWAYS_INLINE void imp_distractor_count_hits(const imp_distractor_edges *distractors, int k,
                                                 imp_ground_probes *probes, imp_i32x8 *out)
{
    const imp_f32x8 zero = {0};
    imp_f32x8 edges[3][3];
    imp_i32x8 hits = {0};
    for (int n = 0; n < 3; n++) {
        edges[n][0] = zero + distractors->a[n][k];
        edges[n][1] = zero + distractors->b[n][k];
        edges[n][2] = zero + distractors->c[n][k];
    }
    for (int i = 0; i < probes->count; i++) {
        const imp_f32x8 forward = IMP_F32X8_LOAD(probes->samples[i]->forward);
        const imp_f32x8 right = IMP_F32X8_LOAD(probes->samples[i]->right);
        imp_i32x8 inside = probes->not_hit[i];
        for (int n = 0; n < 3; n++)
            inside &= edges[n][0] * forward + edges[n][1] * right + edges[n][2] >= zero;
        hits -= inside;
        probes->not_hit[i] &= ~inside;
    }
    *out = hits;
}

// Selects the probes of a group.
IMP_ALWAYS_INLINE void imp_ground_find_probes(const imp_ground_sample_table *table,
                                              const imp_pixel_group *group, imp_ground_probes *out)
{
    out->count = 0;
    const int stride = imp_group_probes_of(table, group)->stride;
    for (int n = stride / 2; n < group->count; n += stride) {
        out->samples[out->count] = &table->samples[group->first + n];
        out->not_hit[out->count++] = ~(imp_i32x8){0};
    }
}

// Blends triangles over the ground's colour, weighted by probes. False if none is visible.
IMP_ALWAYS_INLINE bool imp_distractors_blend(const imp_distractor_edges *distractors,
                                             const imp_ground_sample_table *table,
                                             const imp_pixel_group *group, imp_f32x8 colour[3])
{
    const imp_f32x8 zero = {0};
    float shallow[IMP_DISTRACTORS_MAX], deep[IMP_DISTRACTORS_MAX];
    const imp_group_probes *bounds = imp_group_probes_of(table, group);
    if (bounds->half[0] < 0.0f)
        return false;
    imp_distractors_depth_range(distractors, bounds->middle, bounds->half, shallow, deep);
    // from the top down to the first triangle that covers the group
    int list[IMP_DISTRACTORS_MAX], count = 0, k = distractors->count - 1;
    for (; k >= 0 && !(shallow[k] >= 0.0f); k--)
        if (deep[k] >= 0.0f)
            list[count++] = k;
    for (int c = 0; c < 3 && k >= 0; c++)
        colour[c] = zero + distractors->colour[k][c];
    if (count == 0)
        return k >= 0;
    imp_ground_probes probes;
    imp_ground_find_probes(table, group, &probes);
    imp_f32x8 sum[3] = {zero, zero, zero}, rest = zero + (float)probes.count;
    for (int i = 0; i < count; i++) {
        imp_i32x8 hits;
        imp_distractor_count_hits(distractors, list[i], &probes, &hits);
        const imp_f32x8 share = __builtin_convertvector(hits, imp_f32x8);
        for (int c = 0; c < 3; c++)
            sum[c] += share * distractors->colour[list[i]][c];
        rest -= share;
    }
    for (int c = 0; c < 3; c++)
        colour[c] = (sum[c] + rest * colour[c]) * (1.0f / (float)probes.count);
    return true;
}

// Transposes planar colours: out[k] holds red, green, blue and 0 of pixel k, then of pixel k + 4.
IMP_ALWAYS_INLINE void imp_planar_to_pixel_pairs(const imp_f32x8 colour[3],
                                                 imp_f32x8 out[IMP_LANES / 2])
{
    const imp_f32x8 zero = {0}, r = colour[0], g = colour[1], b = colour[2];
    // pixels 0 1 4 5 and 2 3 6 7
    const imp_f32x8 red_green[2] = {__builtin_shufflevector(r, g, 0, 8, 1, 9, 4, 12, 5, 13),
                                    __builtin_shufflevector(r, g, 2, 10, 3, 11, 6, 14, 7, 15)};
    const imp_f32x8 blue[2] = {__builtin_shufflevector(b, zero, 0, 8, 1, 9, 4, 12, 5, 13),
                               __builtin_shufflevector(b, zero, 2, 10, 3, 11, 6, 14, 7, 15)};
    for (int n = 0; n < 2; n++) {
        out[2 * n] = __builtin_shufflevector(red_green[n], blue[n], 0, 1, 8, 9, 4, 5, 12, 13);
        out[2 * n + 1] = __builtin_shufflevector(red_green[n], blue[n], 2, 3, 10, 11, 6, 7, 14, 15);
    }
}

// Computes all effects on a group. covered: no pixel shows the ground outside the tiles.
IMP_ALWAYS_INLINE void imp_group_shading_compute(const imp_ground_uniforms *uniforms,
                                                 const imp_ground_sample_table *table,
                                                 const imp_pixel_group *group,
                                                 imp_row_candidates *row, int first, bool covered,
                                                 imp_group_shading *out)
{
    const imp_ground_sample *sample = &table->samples[group->first + group->count / 2];
    const imp_f32x8 zero = {0};
    imp_f32x8 factor = zero + 1.0f, added = zero, beyond[3];
    if (uniforms->lighting->lights_ground && group->count > 0)
        imp_ground_light_pixels(uniforms->lighting, row, sample, first, &factor, &added);
    out->factors = factor * (imp_ground_mean_factor(uniforms, group) * uniforms->light);
    if (uniforms->lamp && group->count > 0) {
        float factors[IMP_LANES];
        memcpy(factors, &out->factors, sizeof factors);
        imp_ground_apply_lamp(uniforms, sample, factors);
        out->factors = IMP_F32X8_LOAD(factors);
    }
    out->added = added * IMP_F32X8_LOAD(imp_group_shares_of(table, group)->ground);
    out->shade = factor;
    for (int c = 0; c < 3; c++)
        beyond[c] = zero + uniforms->ground[c];
    if (!covered && uniforms->distractors.count > 0 && !row->distractors_found)
        imp_row_find_distractors(&uniforms->distractors, row);
    out->has_distractor = !covered && row->distractors_found && row->distractors.count > 0 &&
                          imp_distractors_blend(&row->distractors, table, group, beyond);
    if (!out->has_distractor)
        return;
    for (int c = 0; c < 3; c++)
        beyond[c] *= factor;
    imp_planar_to_pixel_pairs(beyond, out->beyond);
}

#endif
