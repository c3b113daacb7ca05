// sim/render/scene/tile_painter.h: procedural textures of tiles: markings and surfaces. Lengths are
// in tiles.
#ifndef IMP_SIM_RENDER_SCENE_TILE_PAINTER_H
#define IMP_SIM_RENDER_SCENE_TILE_PAINTER_H

#include "imprint/render.h"
#include "sim/render/primitives/tile_texture.h"

// Pattern of a surface below the markings.
typedef enum imp_surface_pattern {
    IMP_PATTERN_SPECKLE, // speckled
    IMP_PATTERN_LAWN,    // tufts
    IMP_PATTERN_BOARDS,  // planks side by side
    IMP_PATTERN_SLABS,   // squares with joints
    IMP_PATTERN_COUNT
} imp_surface_pattern;

// A surface: its colour, and the amplitude of noise.
typedef struct imp_surface {
    float rgb[3];       // 0..255
    float fine, coarse; // amplitude from texel to texel, and from patch to patch
    imp_surface_pattern pattern;
} imp_surface;

// Style of all kinds of tile. Values of wear are 0 for new tiles.
typedef struct imp_tile_style {
    float white_width, yellow_width, red_width;
    float dash_share;                  // share of a dash in a period of the centre line
    float white[3], yellow[3], red[3]; // 0..255
    float yellow_offset;               // of the centre line, towards the inner side of curves
    float other_white;                 // brightness of the white at +x, relative to the other
    int pieces;                        // straight pieces of tape in a curve; 0: it is round
    imp_surface asphalt, lawn, floor;
    float fade;        // uniform loss of paint
    float chips;       // share of the lines that has chipped off
    float dirt;        // strength of dirt patches
    float dust[3];     // colour of dirt, 0..255
    float tape;        // darkness of the edges of lines
    float wobble;      // amplitude of lines' deviation
    float joint;       // darkness of seams between tiles
    float teeth_depth; // amplitude of the seams' teeth
    uint32_t seed;     // seed of all noise
} imp_tile_style;

extern const imp_tile_style imp_tile_style_new;

// Draws a style that differs from the new one in proportion to wear (0..1).
imp_tile_style imp_tile_style_sample(float wear, imp_random *random);

// Changes a style in proportion to tape (0..1), as people lay it.
void imp_tile_style_lay_tape(imp_tile_style *style, float tape, imp_random *random);

// A texel while it is painted: its colour, and how much paint remains there.
typedef struct imp_tile_texel {
    float rgb[3];
    float paint_share;
    const imp_tile_style *style;
} imp_tile_texel;

// Paints the markings of a kind of tile at a point relative to the tile's centre, before the tile's
// rotation.
void imp_tile_paint_markings(imp_tile_texel *texel, imp_tile_kind kind, float x, float z);

// Paints a new tile into level 0, rotated by `orientation` quarter turns. Rows grow with z, columns
// with x.
void imp_tile_paint(uint32_t *texels, const imp_texture_level *level, imp_tile_kind kind,
                    int orientation);

// Paints a tile in a style without rotation (IMP_TEXTURE_SIDE squared texels).
void imp_tile_paint_worn(uint32_t *tile, imp_tile_kind kind, const imp_tile_style *style);

// Adds a style's dirt and seams to a tile's image (tile_wear.c).
void imp_tile_add_dirt(uint32_t *tile, const imp_tile_style *style);

// Copies such a tile into level 0, rotated.
void imp_tile_rotate(const uint32_t *tile, uint32_t *texels, const imp_texture_level *level,
                     int orientation);

// The semantic class at a point of a tile [tiles from its centre, in the world's orientation].
imp_semantic_class imp_tile_semantic_class(const imp_tile_style *style, imp_tile_kind kind,
                                           int orientation, float x, float z);

// Hash noise in [-1, 1]: a pure function of its arguments.
static inline float imp_hash_noise(uint32_t x, uint32_t y, uint32_t seed)
{
    uint32_t h = x * 0x9e3779b1u ^ y * 0x85ebca77u ^ seed * 0xc2b2ae3du;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 12) * 0x297a2d39u;
    h ^= h >> 15;
    return (float)(h >> 8) * (2.0f / 16777215.0f) - 1.0f;
}

// Rounds and clamps a colour value to a byte.
static inline uint32_t imp_colour_to_byte(float value)
{
    return value < 0.0f ? 0u : value > 255.0f ? 255u : (uint32_t)(value + 0.5f);
}

#endif
