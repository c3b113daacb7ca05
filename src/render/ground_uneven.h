// render/ground_uneven.h: what differs from pixel to pixel of the ground beyond the texels of
// tiles: light, shadows, reflections, and triangles beyond the tiles. Inline, so that each caller's
// vectors are used; all of them find the same.
#ifndef IMP_RENDER_GROUND_UNEVEN_H
#define IMP_RENDER_GROUND_UNEVEN_H

#include <string.h>

#include "render/eight.h"
#include "render/ground.h"

// What may lie in a row of the picture: few of all the things that groups have to be tested
// against.
typedef struct imp_ground_row {
    const imp_ground_group *groups;
    int count, shadow_count;
    const imp_ground_shadow *shadows[IMP_SHADOWS_MAX];
    bool has_patches; // whether they are found, which not all rows need
    imp_ground_patches patches;
} imp_ground_row;

// Of a group's pixels.
typedef struct imp_ground_uneven {
    float factors[IMP_LANES]; // that the sums of samples are multiplied by
    // of the ground beyond the tiles: its colours where triangles lie on it, or else the frame's,
    // times a shade
    bool patched;
    float beyond[IMP_LANES][4], shade[IMP_LANES];
    float added[IMP_LANES]; // to all three colours
} imp_ground_uneven;

// Light of a lamp that stands in the world, on tiles of assets.
IMP_ALWAYS_INLINE void imp_ground_add_lamp(const imp_ground_frame *frame,
                                           const imp_ground_step *step, float factors[IMP_LANES])
{
    for (int k = 0; k < IMP_LANES; k++) {
        const float x = step->forward[k] * frame->x_forward + step->right[k] * frame->x_right +
                        (frame->x_start - frame->lamp_x);
        const float z = step->forward[k] * frame->z_forward + step->right[k] * frame->z_right +
                        (frame->z_start - frame->lamp_z);
        const float height = frame->lamp_height;
        const float facing = height / sqrtf(x * x + z * z + height * height);
        const float bright = frame->ambient + frame->diffuse * facing;
        factors[k] *= bright < 1.0f ? bright : 1.0f;
    }
}

// Adds what a lamp's reflection is at eight places (forward, right).
IMP_ALWAYS_INLINE void imp_glare_at(const imp_ground_light *light, const imp_ground_glare *glare,
                                    const imp_eight at[2], imp_eight *added)
{
    // the way from the eye to the ground, mirrored, against the way on to the lamp
    const imp_eight f = at[0] - light->eye_forward, r = at[1];
    const imp_eight lamp_f = glare->forward - at[0], lamp_r = glare->right - at[1];
    const float h = light->eye_height, lamp_h = glare->height;
    const imp_eight dot = f * lamp_f + r * lamp_r + h * lamp_h;
    const imp_eight squares =
        (f * f + r * r + h * h) * (lamp_f * lamp_f + lamp_r * lamp_r + lamp_h * lamp_h);
    // the sine squared between them; 1 where the lamp is behind
    const imp_eight zero = {0}, apart = 1.0f - dot * dot / squares;
    const imp_eight share = 1.0f - apart * glare->sharpness;
    const imp_eight bright = IMP_EIGHT_PICK((dot > zero) & (share > zero), share, zero);
    *added += glare->strength * bright * bright;
}

// Darkens eight places by a shadow.
IMP_ALWAYS_INLINE void imp_shadow_at(const imp_ground_light *light, const imp_ground_shadow *shadow,
                                     const imp_eight at[2], imp_eight *factor)
{
    const imp_eight f = at[0] - shadow->forward, r = at[1] - shadow->right;
    const imp_eight u = f * shadow->along[0] + r * shadow->along[1];
    const imp_eight v = f * shadow->across[0] + r * shadow->across[1];
    const imp_eight zero = {0}, share = 1.0f - (u * u + v * v);
    const imp_eight deep = IMP_EIGHT_MOST(share, zero);
    *factor *= 1.0f - light->shadow * deep * (2.0f - deep);
}

// What light does to the pixels of a group: a factor, and what is added.
IMP_ALWAYS_INLINE void imp_ground_shine(const imp_ground_light *light, const imp_ground_row *row,
                                        const imp_ground_step *at, int first, imp_eight *factor,
                                        imp_eight *added)
{
    const imp_eight place[2] = {IMP_EIGHT_AT(at->forward), IMP_EIGHT_AT(at->right)};
    const imp_eight zero = {0};
    *factor = zero + 1.0f;
    *added = zero;
    if (light->slope > 0.0f) {
        float facing[IMP_LANES];
        for (int k = 0; k < IMP_LANES; k++) {
            const float f = at->forward[k] - light->lamp_forward;
            const float r = at->right[k] - light->lamp_right, h = light->lamp_height;
            facing[k] = h / sqrtf(f * f + r * r + h * h);
        }
        *factor = 1.0f - light->slope + light->slope * IMP_EIGHT_AT(facing);
    }
    for (int n = 0; n < row->shadow_count; n++) {
        const imp_ground_shadow *shadow = row->shadows[n];
        if (first + IMP_LANES > shadow->left && first < shadow->width_end)
            imp_shadow_at(light, shadow, place, factor);
    }
    for (int n = 0; n < light->glare_count; n++)
        imp_glare_at(light, &light->glares[n], place, added);
}

// Of all patches, how deep in them the shallowest and the deepest place of a rectangle may lie:
// below 0 is outside.
IMP_ALWAYS_INLINE void imp_patches_meet(const imp_ground_patches *patches, const float middle[2],
                                        const float half[2], float shallow[IMP_DISTRACTORS_MAX],
                                        float deep[IMP_DISTRACTORS_MAX])
{
    for (int k = 0; k < patches->count; k += IMP_LANES) {
        imp_eight least = (imp_eight){0} + 1e30f, most = least;
        for (int n = 0; n < 3; n++) {
            const imp_eight a = IMP_EIGHT_AT(&patches->a[n][k]);
            const imp_eight b = IMP_EIGHT_AT(&patches->b[n][k]);
            const imp_eight at = a * middle[0] + b * middle[1] + IMP_EIGHT_AT(&patches->c[n][k]);
            const imp_eight reach = IMP_EIGHT_SIZE(a) * half[0] + IMP_EIGHT_SIZE(b) * half[1];
            least = IMP_EIGHT_LEAST(least, at - reach);
            most = IMP_EIGHT_LEAST(most, at + reach);
        }
        memcpy(shallow + k, &least, sizeof least);
        memcpy(deep + k, &most, sizeof most);
    }
}

// Keeps the patches that may be seen in a rectangle: none that lies wholly beside it, and none
// below one that holds all of it.
IMP_ALWAYS_INLINE void imp_patches_within(const imp_ground_patches *all, const float middle[2],
                                          const float half[2], imp_ground_patches *out)
{
    float shallow[IMP_DISTRACTORS_MAX], deep[IMP_DISTRACTORS_MAX];
    imp_patches_meet(all, middle, half, shallow, deep);
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
    // those that are not there lie nowhere
    for (; count % IMP_LANES != 0; count++)
        for (int n = 0; n < 3; n++) {
            out->a[n][count] = out->b[n][count] = 0.0f;
            out->c[n][count] = -1.0f;
        }
}

// Finds the patches of a row's groups.
IMP_ALWAYS_INLINE void imp_row_patches(const imp_ground_patches *all, imp_ground_row *row)
{
    const imp_ground_group *groups = row->groups;
    // so that rounding leaves nothing out
    const float slack = 1.0001f;
    float low[2] = {1e30f, 1e30f}, high[2] = {-1e30f, -1e30f}, middle[2], half[2];
    row->has_patches = true;
    row->patches.count = 0;
    for (int g = 0; g < row->count; g++) {
        if (groups[g].half[0] < 0.0f)
            continue;
        for (int c = 0; c < 2; c++) {
            const float least = groups[g].middle[c] - groups[g].half[c];
            const float most = groups[g].middle[c] + groups[g].half[c];
            low[c] = least < low[c] ? least : low[c];
            high[c] = most > high[c] ? most : high[c];
        }
    }
    for (int c = 0; c < 2; c++) {
        middle[c] = 0.5f * (low[c] + high[c]);
        half[c] = slack * 0.5f * (high[c] - low[c]);
    }
    if (half[0] >= 0.0f)
        imp_patches_within(all, middle, half, &row->patches);
}

// Finds what may lie in a row of groups.
IMP_ALWAYS_INLINE void imp_ground_row_of(const imp_ground_frame *frame,
                                         const imp_ground_group *groups, int row, int count,
                                         imp_ground_row *out)
{
    const imp_ground_light *light = frame->shine;
    out->groups = groups;
    out->count = count;
    out->has_patches = false;
    out->shadow_count = 0;
    for (int n = 0; n < light->shadow_count; n++)
        if (row >= light->shadows[n].top && row < light->shadows[n].rows)
            out->shadows[out->shadow_count++] = &light->shadows[n];
}

// Looks at a group's pixels, and of which pixels each of them has met no triangle yet.
enum { IMP_LOOKS_ROOM = 2 * IMP_MOST_LOOKS };
typedef struct imp_ground_looks {
    int count;
    const imp_ground_step *steps[IMP_LOOKS_ROOM];
    imp_eight_bits open[IMP_LOOKS_ROOM];
} imp_ground_looks;

// How many of each pixel's looks meet a triangle before all others.
IMP_ALWAYS_INLINE void imp_patch_hits(const imp_ground_patches *patches, int k,
                                      imp_ground_looks *looks, imp_eight_bits *out)
{
    const imp_eight zero = {0};
    imp_eight edges[3][3];
    imp_eight_bits hits = {0};
    for (int n = 0; n < 3; n++) {
        edges[n][0] = zero + patches->a[n][k];
        edges[n][1] = zero + patches->b[n][k];
        edges[n][2] = zero + patches->c[n][k];
    }
    for (int i = 0; i < looks->count; i++) {
        const imp_eight forward = IMP_EIGHT_AT(looks->steps[i]->forward);
        const imp_eight right = IMP_EIGHT_AT(looks->steps[i]->right);
        imp_eight_bits inside = looks->open[i];
        for (int n = 0; n < 3; n++)
            inside &= edges[n][0] * forward + edges[n][1] * right + edges[n][2] >= zero;
        hits -= inside;
        looks->open[i] &= ~inside;
    }
    *out = hits;
}

IMP_ALWAYS_INLINE void imp_find_looks(const imp_ground_table *table, const imp_ground_group *group,
                                      imp_ground_looks *out)
{
    out->count = 0;
    for (int n = group->look / 2; n < group->count; n += group->look) {
        out->steps[out->count] = &table->steps[group->first + n];
        out->open[out->count++] = ~(imp_eight_bits){0};
    }
}

// Lays triangles over the colours of a group's ground. False if none lie there.
IMP_ALWAYS_INLINE bool imp_ground_lay_patches(const imp_ground_patches *patches,
                                              const imp_ground_table *table,
                                              const imp_ground_group *group, imp_eight colour[3])
{
    const imp_eight zero = {0};
    float shallow[IMP_DISTRACTORS_MAX], deep[IMP_DISTRACTORS_MAX];
    if (group->half[0] < 0.0f)
        return false;
    imp_patches_meet(patches, group->middle, group->half, shallow, deep);
    // from the top down to the first that hides all below it
    int list[IMP_DISTRACTORS_MAX], count = 0, k = patches->count - 1;
    for (; k >= 0 && !(shallow[k] >= 0.0f); k--)
        if (deep[k] >= 0.0f)
            list[count++] = k;
    for (int c = 0; c < 3 && k >= 0; c++)
        colour[c] = zero + patches->colour[k][c];
    if (count == 0)
        return k >= 0;
    imp_ground_looks looks;
    imp_find_looks(table, group, &looks);
    imp_eight sum[3] = {zero, zero, zero}, rest = zero + (float)looks.count;
    for (int i = 0; i < count; i++) {
        imp_eight_bits hits;
        imp_patch_hits(patches, list[i], &looks, &hits);
        const imp_eight share = __builtin_convertvector(hits, imp_eight);
        for (int c = 0; c < 3; c++)
            sum[c] += share * patches->colour[list[i]][c];
        rest -= share;
    }
    for (int c = 0; c < 3; c++)
        colour[c] = (sum[c] + rest * colour[c]) * (1.0f / (float)looks.count);
    return true;
}

// From colour by colour to pixel by pixel.
IMP_ALWAYS_INLINE void imp_pixel_by_pixel(const imp_eight colour[3], float out[IMP_LANES][4])
{
    const imp_eight zero = {0}, r = colour[0], g = colour[1], b = colour[2];
    // of pixels 0 1 4 5 and 2 3 6 7
    const imp_eight red_green[2] = {__builtin_shufflevector(r, g, 0, 8, 1, 9, 4, 12, 5, 13),
                                    __builtin_shufflevector(r, g, 2, 10, 3, 11, 6, 14, 7, 15)};
    const imp_eight blue[2] = {__builtin_shufflevector(b, zero, 0, 8, 1, 9, 4, 12, 5, 13),
                               __builtin_shufflevector(b, zero, 2, 10, 3, 11, 6, 14, 7, 15)};
    for (int n = 0; n < 2; n++) {
        const imp_eight even =
            __builtin_shufflevector(red_green[n], blue[n], 0, 1, 8, 9, 4, 5, 12, 13);
        const imp_eight odd =
            __builtin_shufflevector(red_green[n], blue[n], 2, 3, 10, 11, 6, 7, 14, 15);
        const imp_eight near = __builtin_shufflevector(even, odd, 0, 1, 2, 3, 8, 9, 10, 11);
        const imp_eight far = __builtin_shufflevector(even, odd, 4, 5, 6, 7, 12, 13, 14, 15);
        memcpy(out[2 * n], &near, sizeof near);
        memcpy(out[2 * n + 4], &far, sizeof far);
    }
}

// covered: no pixel of the group shows the ground beyond the tiles.
IMP_ALWAYS_INLINE void imp_ground_find_uneven(const imp_ground_frame *frame,
                                              const imp_ground_table *table,
                                              const imp_ground_group *group, imp_ground_row *row,
                                              int first, bool covered, imp_ground_uneven *out)
{
    const imp_ground_step *step = &table->steps[group->first + group->count / 2];
    const imp_eight zero = {0};
    imp_eight factor = zero + 1.0f, added = zero, beyond[3];
    if (frame->shine->shines && group->count > 0)
        imp_ground_shine(frame->shine, row, step, first, &factor, &added);
    const imp_eight factors = factor * (imp_ground_mean(frame, group) * frame->light);
    memcpy(out->factors, &factors, sizeof factors);
    if (frame->lamp && group->count > 0)
        imp_ground_add_lamp(frame, step, out->factors);
    added *= IMP_EIGHT_AT(imp_ground_shares_of(table, group)->ground);
    memcpy(out->added, &added, sizeof added);
    memcpy(out->shade, &factor, sizeof factor);
    for (int c = 0; c < 3; c++)
        beyond[c] = zero + frame->ground[c];
    if (!covered && frame->patches.count > 0 && !row->has_patches)
        imp_row_patches(&frame->patches, row);
    out->patched = !covered && row->has_patches && row->patches.count > 0 &&
                   imp_ground_lay_patches(&row->patches, table, group, beyond);
    if (!out->patched)
        return;
    for (int c = 0; c < 3; c++)
        beyond[c] *= factor;
    imp_pixel_by_pixel(beyond, out->beyond);
}

#endif
