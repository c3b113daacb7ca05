// sim/render/ground/ground.h: drawing of ground and sky. The ground is flat, so a sample of an
// image meets it at a point that depends on the camera only, relative to the robot. These points
// are computed once per camera (ground_sample_table.h). Per image, each sample takes a rotation, a
// shift and a texture lookup.
//
// Positions are measured in units of 1/IMP_TILE_UNITS of a tile, so that the integer part of a
// position gives the cell (upper bits) and the point within its texture (lower bits). Cells are the
// world's tiles with a ring of empty cells around them.
#ifndef IMP_SIM_RENDER_GROUND_GROUND_H
#define IMP_SIM_RENDER_GROUND_GROUND_H

#include <math.h>

#include "base/threads/cpu_features.h"
#include "sim/render/ground/ground_lighting.h"

// Distractor triangles relative to the robot, as a struct of arrays: a point (forward, right) is
// inside if a * forward + b * right + c >= 0 for all three edges.
typedef struct imp_distractor_edges {
    int count;
    float a[3][IMP_DISTRACTORS_MAX], b[3][IMP_DISTRACTORS_MAX], c[3][IMP_DISTRACTORS_MAX];
    float colour[IMP_DISTRACTORS_MAX][4]; // lit, 0..255
} imp_distractor_edges;

// Largest side of the window of cells with randomised appearance, its empty ring included.
enum { IMP_APPEARANCE_SIDE_MAX = 64 };

// The window of cells around the robot with the appearance of one image. Same layout as the
// scene's.
typedef struct imp_tile_appearance {
    int32_t cells[IMP_APPEARANCE_SIDE_MAX * IMP_APPEARANCE_SIDE_MAX];
    // factors of red, green, blue and cover, each twice, in 1/IMP_COLOUR_FACTOR_ONE
    _Alignas(16) int16_t colours[IMP_APPEARANCE_SIDE_MAX * IMP_APPEARANCE_SIDE_MAX][8];
} imp_tile_appearance;

// Limits such that the sum of a group's samples times the largest factor fits 32 bits.
enum { IMP_COLOUR_FACTOR_ONE = 256, IMP_COLOUR_FACTOR_MAX = 4 };

// How samples of one mip level find their texels.
typedef struct imp_ground_level {
    int32_t offset; // of the level's first texel in a texture
    int32_t stride; // texels per row
    int32_t steps;  // the stride, and 65536 for a column
    uint16_t shift; // from positions to the level's subtexels
} imp_ground_level;

// Values shared by all pixels of an image, like the uniforms of a shader.
typedef struct imp_ground_uniforms {
    const imp_scene *scene;
    const int32_t *cells; // (rows x columns): index of the first texel of each cell's texture
    int columns, rows;
    const int16_t (*colours)[8]; // factors per cell; NULL: all are 1
    double x_origin, z_origin;   // the world's origin, in position units
    // affine map from (forward, right) [m] to position units
    float x_forward, x_right, x_start;
    float z_forward, z_right, z_start;
    float x_end, z_end;                                    // largest positions within the cells
    imp_ground_level levels[2 * IMP_SAMPLE_LEVEL_MAX + 1]; // by a sample's level, from the least on
    float light;
    float ground[4], sky[4]; // 0..255, the last is 0; light is included
    // light of a lamp on tiles with asset textures; position and height in position units
    bool lamp;
    float ambient, diffuse;
    float lamp_x, lamp_z, lamp_height;
    const imp_ground_lighting *lighting;
    imp_distractor_edges distractors;
} imp_ground_uniforms;

// Sets the uniforms of an image. `appearance` is scratch memory. The uniforms point to `appearance`
// and `light`, which must stay valid while they are used.
void imp_ground_uniforms_set(imp_ground_uniforms *uniforms, const imp_scene *scene,
                             const imp_view *view, imp_tile_appearance *appearance,
                             const imp_ground_lighting *light);

// Selects the cells: the scene's, or a window around the robot with the appearance of a view
// (tile_appearance.c).
void imp_ground_set_tile_cells(imp_ground_uniforms *uniforms, const imp_scene *scene,
                               const imp_view *view, imp_tile_appearance *appearance);

// The texture (index of its first texel) and the colour factors of a scene's cell in a view.
int32_t imp_tile_appearance_of_cell(const imp_scene *scene, const imp_view *view, int column,
                                    int row, int16_t colour[8]);

// Transforms a view's distractors (ground_distractors.c).
void imp_distractor_edges_set(imp_distractor_edges *distractors, const imp_view *view, float light);

// Draws a row of pixel groups: rgb is (width x 3) bytes. All versions write the same bytes.
typedef void imp_ground_draw(const imp_ground_uniforms *uniforms,
                             const imp_ground_sample_table *table, const imp_pixel_group *groups,
                             int row, int width, uint8_t *rgb);

imp_ground_draw imp_ground_draw_portable;
#if defined(__x86_64__)
imp_ground_draw imp_ground_draw_avx2; // needs a processor with AVX2
#endif

// Factor from the sum of a group's samples to their mean; 0 without samples.
static inline float imp_ground_mean_factor(const imp_ground_uniforms *uniforms,
                                           const imp_pixel_group *group)
{
    const float mean = group->count > 0 ? 1.0f / (float)(IMP_SUBTEXEL * group->count) : 0.0f;
    return uniforms->colours != NULL ? mean * (1.0f / IMP_COLOUR_FACTOR_ONE) : mean;
}

// The mip level to use for a sample's level.
static inline int imp_ground_mip_level(int level, int shift, int finest)
{
    int sum = level + shift;
    return sum < finest ? finest : sum >= IMP_TEXTURE_LEVELS ? IMP_TEXTURE_LEVELS - 1 : sum;
}

// Bilinear sample of a cell's texture. The result holds red, blue, green and cover from the lowest
// 16 bits on, each 64 times the byte.
static inline uint64_t imp_texture_sample_bilinear(const imp_scene *scene, int32_t cell, int level,
                                                   int32_t x, int32_t z)
{
    const imp_texture_level at = scene->levels[level];
    // minus half a texel to its centre, plus one for the border
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

// Adds the channels of packed samples to sums of red, green, blue and cover.
static inline void imp_texture_unpack_sample(uint64_t mixed, int32_t sum[4])
{
    sum[0] += (int32_t)(mixed & 0xffff);
    sum[1] += (int32_t)(mixed >> 32 & 0xffff);
    sum[2] += (int32_t)(mixed >> 16 & 0xffff);
    sum[3] += (int32_t)(mixed >> 48);
}

#endif
