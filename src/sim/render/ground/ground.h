// sim/render/ground/ground.h: the image of the ground and the sky. On a flat ground a sample of a
// image meets the ground at a place that depends on the camera alone, seen from the robot. These
// places are found once; an image then takes a rotation, a shift and a look at a texture for each.
#ifndef IMP_SIM_RENDER_GROUND_GROUND_H
#define IMP_SIM_RENDER_GROUND_GROUND_H

#include <math.h>

#include "base/threads/cpu_features.h"
#include "sim/render/ground/ground_lighting.h"

// Triangles on the ground beyond the tiles, seen from the robot: a place (forward, right) lies in
// one where a * forward + b * right + c is not below 0 for all three edges.
typedef struct imp_distractor_edges {
    int count;
    float a[3][IMP_DISTRACTORS_MAX], b[3][IMP_DISTRACTORS_MAX], c[3][IMP_DISTRACTORS_MAX];
    float colour[IMP_DISTRACTORS_MAX][4]; // lit, 0..255
} imp_distractor_edges;

// Cells a side that are dressed at most, a ring of nothing around them included.
enum { IMP_APPEARANCE_SIDE_MAX = 64 };

// The cells around the robot as one image shows them, laid out like the scene's.
typedef struct imp_tile_appearance {
    int32_t cells[IMP_APPEARANCE_SIDE_MAX * IMP_APPEARANCE_SIDE_MAX];
    // red twice, green twice, blue twice and cover twice, in 1/IMP_COLOUR_FACTOR_ONE
    _Alignas(16) int16_t colours[IMP_APPEARANCE_SIDE_MAX * IMP_APPEARANCE_SIDE_MAX][8];
} imp_tile_appearance;

// So that the most samples that a group has cannot run over with the brightest colour.
enum { IMP_COLOUR_FACTOR_ONE = 256, IMP_COLOUR_FACTOR_MAX = 4 };

// What an image has in common for all of its pixels.
typedef struct imp_ground_uniforms {
    const imp_scene *scene;
    const int32_t *cells; // (rows x columns) first texels
    int columns, rows;
    const int16_t (*colours)[8]; // of cells; NULL: all are white
    double x_origin, z_origin;   // where the world's origin lies, in units of cells
    // from (forward, right) [m] to units of cells
    float x_forward, x_right, x_start;
    float z_forward, z_right, z_start;
    float x_end, z_end; // largest positions that lie on cells
    int level_shift;    // from a step's level to the scene's
    float light;
    float ground[4], sky[4]; // 0..255, the last 0; ground is lit
    // brightness of tiles under a lamp, whose place and height are in units of cells
    bool lamp;
    float ambient, diffuse;
    float lamp_x, lamp_z, lamp_height;
    const imp_ground_lighting *lighting;
    imp_distractor_edges distractors;
} imp_ground_uniforms;

// dress is scratch memory, and light is the view's; the frame goes on to use both.
void imp_ground_uniforms_set(imp_ground_uniforms *uniforms, const imp_scene *scene,
                             const imp_view *view, imp_tile_appearance *appearance,
                             const imp_ground_lighting *light);

// Sets the frame's cells and where they begin: the scene's, or those around the robot in the
// clothes that a view wants (ground_dress.c).
void imp_ground_set_cells(imp_ground_uniforms *uniforms, const imp_scene *scene,
                          const imp_view *view, imp_tile_appearance *appearance);

// What one of the scene's cells shows in a view: its first texel, and its colour.
int32_t imp_tile_appearance_of_cell(const imp_scene *scene, const imp_view *view, int column,
                                    int row, int16_t colour[8]);

// Lays out a view's distractors (ground_patches.c).
void imp_distractor_edges_set(imp_distractor_edges *distractors, const imp_view *view, float light);

// Draws the groups of a row: rgb is (width x 3) bytes.
typedef void imp_ground_draw(const imp_ground_uniforms *uniforms,
                             const imp_ground_sample_table *table, const imp_pixel_group *groups,
                             int row, int width, uint8_t *rgb);

imp_ground_draw imp_ground_draw_portable;
#if defined(__x86_64__)
imp_ground_draw imp_ground_draw_avx2; // needs a processor with AVX2
#endif

// From the sums of a group's samples to their mean.
static inline float imp_ground_mean_factor(const imp_ground_uniforms *uniforms,
                                           const imp_pixel_group *group)
{
    return uniforms->colours != NULL ? group->mean * (1.0f / IMP_COLOUR_FACTOR_ONE) : group->mean;
}

// The cell of a position.
static inline int imp_ground_cell_index(const imp_ground_uniforms *uniforms, int32_t x, int32_t z)
{
    return (z >> IMP_TILE_BITS) * uniforms->columns + (x >> IMP_TILE_BITS);
}

// The level of the scene that a step's level means.
static inline int imp_ground_mip_level(int level, int shift, int finest)
{
    int sum = level + shift;
    return sum < finest ? finest : sum >= IMP_TEXTURE_LEVELS ? IMP_TEXTURE_LEVELS - 1 : sum;
}

// A bilinear sample at a position in units of cells, of the texture that begins at a texel: red,
// blue, green and cover from the lowest, each 64 times a byte in 16 bits.
static inline uint64_t imp_texture_sample_bilinear(const imp_scene *scene, int32_t cell, int level,
                                                   int32_t x, int32_t z)
{
    const imp_texture_level at = scene->levels[level];
    // half a texel back to its centre and one forward for the frame
    const int32_t u = ((x & (IMP_TILE_UNITS - 1)) >> level) + IMP_SUBTEXEL / 2;
    const int32_t v = ((z & (IMP_TILE_UNITS - 1)) >> level) + IMP_SUBTEXEL / 2;
    const uint32_t *texel = scene->texels + cell + at.offset +
                            (v >> IMP_SUBTEXEL_BITS) * at.stride + (u >> IMP_SUBTEXEL_BITS);
    const uint32_t fu = (uint32_t)u & (IMP_SUBTEXEL - 1), fv = (uint32_t)v & (IMP_SUBTEXEL - 1);
    const uint32_t both = fu * fv >> IMP_SUBTEXEL_BITS;
    const uint32_t weight[4] = {IMP_SUBTEXEL - fu - fv + both, fu - both, fv - both, both};
    const uint32_t corner[4] = {texel[0], texel[1], texel[at.stride], texel[at.stride + 1]};
    uint64_t mixed = 0;
    for (int k = 0; k < 4; k++) {
        uint64_t spread = (corner[k] | (uint64_t)corner[k] << 24) & 0x00ff00ff00ff00ffu;
        mixed += spread * weight[k];
    }
    return mixed;
}

// Adds the channels of samples to sums of red, green, blue and cover.
static inline void imp_texture_unpack_sample(uint64_t mixed, int32_t sum[4])
{
    sum[0] += (int32_t)(mixed & 0xffff);
    sum[1] += (int32_t)(mixed >> 32 & 0xffff);
    sum[2] += (int32_t)(mixed >> 16 & 0xffff);
    sum[3] += (int32_t)(mixed >> 48);
}

#endif
