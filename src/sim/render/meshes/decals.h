// sim/render/meshes/decals.h: textures painted on objects: sign faces, windows, lamps.
#ifndef IMP_SIM_RENDER_MESHES_DECALS_H
#define IMP_SIM_RENDER_MESHES_DECALS_H

#include "imprint/world.h"

enum {
    IMP_DECAL_OMIT_SIDE = -2,
    IMP_DECAL_NONE = -1,
    IMP_DECAL_SIGN = 0, // one for each imp_sign
    IMP_DECAL_BUS_SIDE = IMP_SIGN_COUNT,
    IMP_DECAL_BUS_FRONT,
    IMP_DECAL_BUS_REAR,
    IMP_DECAL_TRUCK_CAB,
    IMP_DECAL_TRUCK_FRONT,
    IMP_DECAL_TRUCK_WINDSHIELD,
    IMP_DECAL_TRUCK_REAR,
    IMP_DECAL_WHEEL,
    IMP_DECAL_BUILDING,
    IMP_DECAL_HOUSE_FRONT,
    IMP_DECAL_HOUSE_SIDE,
    IMP_DECAL_STRIPES,
    IMP_DECAL_CHECKERS,
    IMP_DECAL_DOTS,
    IMP_DECAL_LAMP_RED,
    IMP_DECAL_LAMP_GREEN,
    IMP_DECAL_COUNT,
    IMP_MESH_TEXTURE_LEVELS = 8,
};

// An image with mip levels. Texels are bytes, red lowest.
typedef struct imp_mesh_texture {
    int width, height, levels; // size of level 0, powers of two; number of levels
    bool repeats;              // repeats beyond its borders; else clamped
    uint32_t *texels;          // all levels, finest first; NULL: not painted
    int32_t offset[IMP_MESH_TEXTURE_LEVELS];
} imp_mesh_texture;

// Allocates the levels of an image whose size is set. False without memory.
bool imp_mesh_texture_allocate(imp_mesh_texture *texture);

// Computes levels 1.. from level 0.
void imp_mesh_texture_build_mips(imp_mesh_texture *texture);

// Paints a decal with all levels. False without memory.
bool imp_decal_paint(imp_mesh_texture *texture, int decal);
void imp_mesh_texture_free(imp_mesh_texture *texture);

#endif
