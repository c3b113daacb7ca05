// sim/render/primitives/tile_texture.h: square textures of one tile with their chain of halved
// levels.
#ifndef IMP_SIM_RENDER_PRIMITIVES_TILE_TEXTURE_H
#define IMP_SIM_RENDER_PRIMITIVES_TILE_TEXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "imprint/render.h"

// Texels are bytes (red, green, blue, cover) in a 32-bit word, red lowest; cover 255 is solid, and
// 0 lets the ground beyond the tiles show. Each level is framed by one repeated texel on every
// side, so that the two by two neighbours of any point of the tile exist.
enum {
    IMP_TEXTURE_BITS = 9,
    IMP_TEXTURE_SIDE = 1 << IMP_TEXTURE_BITS,
    IMP_TEXTURE_LEVELS = 8,
    // positions between texels are told in 1/64
    IMP_SUBTEXEL_BITS = 6,
    IMP_SUBTEXEL = 1 << IMP_SUBTEXEL_BITS,
    // and so positions in a tile have this many bits
    IMP_TILE_BITS = IMP_TEXTURE_BITS + IMP_SUBTEXEL_BITS,
    IMP_TILE_UNITS = 1 << IMP_TILE_BITS,
};

// Where a level lies in a texture.
typedef struct imp_texture_level {
    int32_t offset; // of its first texel, frame included
    int32_t stride; // texels from row to row
} imp_texture_level;

void imp_texture_layout_levels(imp_texture_level levels[IMP_TEXTURE_LEVELS], size_t *texel_count);

// Builds levels 1.. and all frames from the inner texels of level 0.
void imp_texture_build_mip_levels(uint32_t *texels,
                                  const imp_texture_level levels[IMP_TEXTURE_LEVELS]);

#endif
