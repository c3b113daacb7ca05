// render/face_look.h: what eight neighbouring pixels see of a picture on a triangle. Inline, so
// that each caller's vectors are used; all of them find the same.
#ifndef IMP_RENDER_FACE_LOOK_H
#define IMP_RENDER_FACE_LOOK_H

#include "render/eight_ways.h"
#include "render/faces.h"

typedef uint16_t imp_sixteen_halfs __attribute__((vector_size(32)));

// Where pixels look on a picture, in shares of its sides, and how that changes across a pixel and
// down it.
typedef struct imp_face_places {
    imp_eight u, v, across_u, across_v, down_u, down_v;
} imp_face_places;

// Looks at a picture: one in each lane, at a level of its own.
typedef struct imp_face_looks {
    imp_eight x, y;              // where, in texels
    imp_eight_bits left, right;  // columns of the texels around it
    imp_eight_bits upper, lower; // the first texels of their rows
} imp_face_looks;

#define IMP_FACE_WITHIN(value, low, high)                                                          \
    IMP_EIGHT_LEAST(IMP_EIGHT_MOST(value, (imp_eight){0} + (low)), (imp_eight){0} + (high))
#define IMP_FACE_WHOLE(value) __builtin_convertvector(value, imp_eight_bits)
#define IMP_FACE_REAL(value) __builtin_convertvector(value, imp_eight)

// Places in 1/8 of a texel, in a picture that repeats itself: raised above 0 by whole pictures, and
// limited so that they fit.
IMP_ALWAYS_INLINE void imp_place_repeated(const imp_eight_bits size[2], const imp_eight at[2],
                                          imp_face_looks *out)
{
    const imp_eight_bits width = size[0], height = size[1];
    const imp_eight u = IMP_FACE_WITHIN(at[0], -64.0f, 64.0f);
    const imp_eight v = IMP_FACE_WITHIN(at[1], -64.0f, 64.0f);
    out->x = (u + 64.0f) * IMP_FACE_REAL(width) - 0.5f;
    out->y = (v + 64.0f) * IMP_FACE_REAL(height) - 0.5f;
    const imp_eight_bits i = IMP_FACE_WHOLE(out->x * 8.0f) >> 3;
    const imp_eight_bits j = IMP_FACE_WHOLE(out->y * 8.0f) >> 3;
    out->left = i & (width - 1);
    out->right = (i + 1) & (width - 1);
    out->upper = (j & (height - 1)) * width;
    out->lower = ((j + 1) & (height - 1)) * width;
}

// The same, never before the first texel's middle or beyond the last's.
IMP_ALWAYS_INLINE void imp_place_once(const imp_eight_bits size[2], const imp_eight at[2],
                                      imp_face_looks *out)
{
    const imp_eight_bits width = size[0];
    const imp_eight wide = IMP_FACE_REAL(width), high = IMP_FACE_REAL(size[1]);
    out->x = IMP_FACE_WITHIN(at[0] * wide - 0.5f, 0.0f, wide - 1.0f);
    out->y = IMP_FACE_WITHIN(at[1] * high - 0.5f, 0.0f, high - 1.0f);
    const imp_eight_bits i = IMP_FACE_WHOLE(out->x * 8.0f);
    const imp_eight_bits j = IMP_FACE_WHOLE(out->y * 8.0f);
    out->left = i >> 3;
    out->right = out->left - ((i & 7) > 0);
    out->upper = (j >> 3) * width;
    out->lower = out->upper + (((j & 7) > 0) & width);
}

// Adds texels, with weights of up to 64, to sums of 16 bits each of red and blue, and of green.
IMP_ALWAYS_INLINE void imp_add_texels(const uint32_t *texels, const imp_eight_bits *at,
                                      const imp_eight_bits *weight, imp_sixteen_halfs sum[2],
                                      const imp_eight_ways *ways)
{
    imp_eight_bits texel;
    ways->words(texels, at, &texel);
    const imp_sixteen_halfs twice = (imp_sixteen_halfs)(*weight | *weight << 16);
    sum[0] += (imp_sixteen_halfs)(texel & 0x00ff00ff) * twice;
    sum[1] += (imp_sixteen_halfs)(texel >> 8 & 0x00ff00ff) * twice;
}

// Adds a bilinear look of each pixel that is live, 64 times a byte. Four of them add up without
// running over. first: of the level's texels.
IMP_ALWAYS_INLINE void imp_face_sample(const imp_face_picture *face, const imp_eight_bits size[2],
                                       const imp_eight_bits *first, const imp_eight at[2],
                                       const imp_eight_bits *live, imp_sixteen_halfs sum[2],
                                       const imp_eight_ways *ways)
{
    imp_face_looks looks;
    if (face->repeats)
        imp_place_repeated(size, at, &looks);
    else
        imp_place_once(size, at, &looks);
    const imp_eight_bits fx = IMP_FACE_WHOLE(looks.x * 8.0f) & 7;
    const imp_eight_bits fy = IMP_FACE_WHOLE(looks.y * 8.0f) & 7;
    const imp_eight_bits both = fx * fy;
    const imp_eight_bits upper = *first + looks.upper, lower = *first + looks.lower;
    const imp_eight_bits places[4] = {upper + looks.left, upper + looks.right, lower + looks.left,
                                      lower + looks.right};
    const imp_eight_bits weights[4] = {(64 - 8 * (fx + fy) + both) & *live, (8 * fx - both) & *live,
                                       (8 * fy - both) & *live, both & *live};
    for (int k = 0; k < 4; k++)
        imp_add_texels(face->texels, &places[k], &weights[k], sum, ways);
}

// The mean colour of a picture over each pixel, 0..1: up to four looks along the longer side of its
// footprint.
IMP_ALWAYS_INLINE void imp_face_look(const imp_face_picture *face, const imp_face_places *p,
                                     imp_eight colour[3], const imp_eight_ways *ways)
{
    const imp_eight zero = {0};
    const float width = (float)face->width, height = (float)face->height;
    const imp_eight across =
        IMP_EIGHT_MOST(IMP_EIGHT_SIZE(p->across_u) * width, IMP_EIGHT_SIZE(p->across_v) * height);
    const imp_eight down =
        IMP_EIGHT_MOST(IMP_EIGHT_SIZE(p->down_u) * width, IMP_EIGHT_SIZE(p->down_v) * height);
    const imp_eight_bits longer = down > across;
    const imp_eight length = IMP_EIGHT_PICK(longer, down, across);
    const imp_eight other = IMP_EIGHT_PICK(longer, across, down);
    const imp_eight wide = IMP_EIGHT_MOST(other, zero + 0.5f);
    const imp_eight ratio = length / wide + 0.75f;
    const imp_eight_bits count = IMP_FACE_WHOLE(IMP_FACE_WITHIN(ratio, 1.0f, 4.0f));
    const imp_eight_bits two = count >= 2, three = count >= 3, four = count >= 4;
    imp_eight part = IMP_EIGHT_PICK(two, zero + 0.5f, zero + 1.0f);
    part = IMP_EIGHT_PICK(three, zero + 1.0f / 3.0f, part);
    part = IMP_EIGHT_PICK(four, zero + 0.25f, part);
    // the level whose texels are about that wide
    const imp_eight texels = 0.75f * IMP_EIGHT_MOST(wide, length * part);
    const imp_eight rounded = IMP_EIGHT_MOST(texels, zero + 1.0f) * 1.4142f;
    const imp_eight_bits exact = ((imp_eight_bits)rounded >> 23) - 127,
                         last = exact * 0 + face->levels - 1;
    const imp_eight_bits level = (exact & (exact < last)) | (last & ~(exact < last));
    const imp_eight_bits size[2] = {(face->width + exact * 0) >> level,
                                    (face->height + exact * 0) >> level};
    imp_eight_bits first;
    ways->words((const uint32_t *)face->offset, &level, &first);
    const imp_eight du = IMP_EIGHT_PICK(longer, p->down_u, p->across_u);
    const imp_eight dv = IMP_EIGHT_PICK(longer, p->down_v, p->across_v);
    imp_sixteen_halfs sum[2] = {{0}};
    imp_eight_bits live = ~(imp_eight_bits){0};
    for (int n = 0; n < 4 && (n == 0 || ways->bits(&live) != 0); n++) {
        const imp_eight t = ((float)n + 0.5f) * part - 0.5f;
        const imp_eight at[2] = {p->u + t * du, p->v + t * dv};
        imp_face_sample(face, size, &first, at, &live, sum, ways);
        live = count > n + 1;
    }
    const imp_eight share = part * (1.0f / 16320.0f); // of 255 times 64
    const imp_eight_bits red_blue = (imp_eight_bits)sum[0], green = (imp_eight_bits)sum[1];
    colour[0] = IMP_FACE_REAL(red_blue & 0xffff) * share;
    colour[1] = IMP_FACE_REAL(green & 0xffff) * share;
    colour[2] = IMP_FACE_REAL(red_blue >> 16 & 0xffff) * share;
}

#endif
