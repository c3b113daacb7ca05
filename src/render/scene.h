// render/scene.h: what a scene is made of.
#ifndef IMP_RENDER_SCENE_H
#define IMP_RENDER_SCENE_H

#include "imprint/render.h"
#include "render/objects.h"
#include "render/texture.h"

struct imp_scene {
    const imp_world *world; // borrowed
    int columns, rows;      // of cells: the world's tiles and a ring of nothing around them
    int32_t *cells;         // (rows x columns) first texel of the texture that lies there
    uint32_t *texels;       // all textures; the first is clear
    imp_texture_level levels[IMP_TEXTURE_LEVELS];
    imp_props objects;
    bool lamp_on_tiles; // or tiles are as bright everywhere
};

#endif
