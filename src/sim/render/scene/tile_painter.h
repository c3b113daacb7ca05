// sim/render/scene/tile_painter.h: the look of tiles: where their markings are, and what they and
// the ground below are made of. Sizes are told in tiles.
#ifndef IMP_SIM_RENDER_SCENE_TILE_PAINTER_H
#define IMP_SIM_RENDER_SCENE_TILE_PAINTER_H

#include "imprint/render.h"
#include "sim/render/primitives/tile_texture.h"

// How what lies below the markings is structured.
typedef enum imp_surface_pattern {
    IMP_PATTERN_SPECKLE, // speckled
    IMP_PATTERN_LAWN,    // tufts
    IMP_PATTERN_BOARDS,  // planks side by side
    IMP_PATTERN_SLABS,   // squares with joints
    IMP_PATTERN_COUNT
} imp_surface_pattern;

// What lies below the markings: its colour, and how far noise takes it to both sides.
typedef struct imp_surface {
    float rgb[3];       // 0..255
    float fine, coarse; // from texel to texel, and from patch to patch
    imp_surface_pattern pattern;
} imp_surface;

// The look of all kinds of tile. Markings first; the values that wear has are 0 when new.
typedef struct imp_tile_style {
    float white_width, yellow_width, red_width;
    float dash_share;                  // of a period of the centre line
    float white[3], yellow[3], red[3]; // 0..255
    imp_surface asphalt, lawn, floor;
    float fade;        // share of the paint that has gone everywhere
    float chips;       // share of the lines that has come off
    float dirt;        // strength of patches of it
    float dust[3];     // its colour
    float tape;        // darkness of the lines' rims
    float wobble;      // how far lines are from straight
    float joint;       // darkness of the seam between tiles
    float teeth_depth; // how far its teeth reach
    uint32_t seed;     // of all noise
} imp_tile_style;

extern const imp_tile_style imp_tile_style_new;

// Draws a look that departs from the new one as far as wear (0..1) says.
imp_tile_style imp_tile_style_sample(float wear, imp_random *random);

// A texel under way: its colour, and the share of paint that is left there.
typedef struct imp_tile_texel {
    float rgb[3];
    float paint_share;
    const imp_tile_style *style;
} imp_tile_texel;

// Lays the markings of a kind of tile over a texel at a place from the tile's centre, before the
// tile was turned.
void imp_tile_paint_markings(imp_tile_texel *texel, imp_tile_kind kind, float x, float z);

// Paints a new tile into level 0 as it lies in the world, turned by orientation quarters. Rows grow
// with z and columns with x.
void imp_tile_paint(uint32_t *texels, const imp_texture_level *level, imp_tile_kind kind,
                    int orientation);

// Paints a tile in a style as it lies before it is turned (IMP_TEXTURE_SIDE squared).
void imp_tile_paint_worn(uint32_t *tile, imp_tile_kind kind, const imp_tile_style *style);

// Lays a style's dirt and seams over a tile's image. (road_wear.c)
void imp_tile_add_dirt(uint32_t *tile, const imp_tile_style *style);

// Lays such a tile into level 0, turned.
void imp_tile_rotate(const uint32_t *tile, uint32_t *texels, const imp_texture_level *level,
                     int orientation);

// What lies at a place of a tile [tiles from its centre, as it lies in the world].
imp_semantic_class imp_tile_semantic_class(const imp_tile_style *style, imp_tile_kind kind,
                                           int orientation, float x, float z);

// Noise in [-1, 1], a pure function of its arguments.
static inline float imp_hash_noise(uint32_t x, uint32_t y, uint32_t seed)
{
    uint32_t h = x * 0x9e3779b1u ^ y * 0x85ebca77u ^ seed * 0xc2b2ae3du;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 12) * 0x297a2d39u;
    h ^= h >> 15;
    return (float)(h >> 8) * (2.0f / 16777215.0f) - 1.0f;
}

// A colour value as a byte.
static inline uint32_t imp_colour_to_byte(float value)
{
    return value < 0.0f ? 0u : value > 255.0f ? 255u : (uint32_t)(value + 0.5f);
}

#endif
