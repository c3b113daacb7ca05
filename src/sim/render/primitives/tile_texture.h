// sim/render/primitives/tile_texture.h: square tile textures with mip levels.
#ifndef IMP_SIM_RENDER_PRIMITIVES_TILE_TEXTURE_H
#define IMP_SIM_RENDER_PRIMITIVES_TILE_TEXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "imprint/render.h"

// A texel is a 32-bit word of bytes (red, green, blue, cover), red lowest. Cover 255 is opaque; 0
// shows the ground outside the tiles. Each level has a border of one repeated texel on every side,
// so that the 2 x 2 neighbours of any point of the tile exist.
enum {
    IMP_TEXTURE_BITS = 9,
    IMP_TEXTURE_SIDE = 1 << IMP_TEXTURE_BITS,
    IMP_TEXTURE_LEVELS = 8,
    // positions between texels have a resolution of 1/64
    IMP_SUBTEXEL_BITS = 6,
    IMP_SUBTEXEL = 1 << IMP_SUBTEXEL_BITS,
    // bits of a position within a tile
    IMP_TILE_BITS = IMP_TEXTURE_BITS + IMP_SUBTEXEL_BITS,
    IMP_TILE_UNITS = 1 << IMP_TILE_BITS,
    // texels that may be read past the last texture, so that rows of two are loaded as four
    IMP_TEXTURE_PADDING = 2,
};

// Position of a level in a texture.
typedef struct imp_texture_level {
    int32_t offset; // of its first texel, border included
    int32_t stride; // texels per row
} imp_texture_level;

// Computes the position of each level and the size of a texture in texels.
void imp_texture_compute_level_offsets(imp_texture_level levels[IMP_TEXTURE_LEVELS],
                                       size_t *texel_count);

// Computes levels 1.. and all borders from the inner texels of level 0.
void imp_texture_build_mip_levels(uint32_t *texels,
                                  const imp_texture_level levels[IMP_TEXTURE_LEVELS]);

#endif
