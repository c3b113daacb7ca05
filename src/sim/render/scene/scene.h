// sim/render/scene/scene.h: what a scene is made of.
#ifndef IMP_SIM_RENDER_SCENE_SCENE_H
#define IMP_SIM_RENDER_SCENE_SCENE_H

#include "imprint/render.h"
#include "sim/render/primitives/tile_texture.h"
#include "sim/render/raster/object_renderer.h"
#include "sim/render/scene/tile_painter.h"

// The textures that a cell has to choose from; they follow each other.
typedef struct imp_cell_variants {
    int32_t first; // texel of the first
    int32_t count; // at least 1 where there is a tile
} imp_cell_variants;

// The textures of scenes that were made together. The last of them frees it.
typedef struct imp_scene_textures {
    int ref_count;
    uint32_t *texels; // the first texture is clear
} imp_scene_textures;

struct imp_scene {
    const imp_world *world; // borrowed
    imp_scene_def def;
    int columns, rows; // of cells: the world's tiles and a ring of nothing around them
    int32_t *cells;    // (rows x columns) first texel of the one that is shown unless told
    imp_cell_variants *cell_variants; // (rows x columns)
    imp_scene_textures *textures;
    const uint32_t *texels; // those of the textures
    int32_t texture_size;   // texels from one to the next
    int finest;             // of the levels; finer ones are not there
    imp_texture_level levels[IMP_TEXTURE_LEVELS];
    int variants[IMP_TILE_KIND_COUNT];
    bool asset_textures[IMP_TILE_KIND_COUNT]; // whether they are the assets'
    imp_tile_style *styles;                   // of each variant; NULL: all are new
    imp_scene_objects objects;
    bool lamp_on_tiles; // or tiles are as bright everywhere
};

// Lays and makes the textures of scenes whose worlds and sizes are set (scene_tiles.c). False
// without memory.
bool imp_scenes_build_textures(imp_scene *const *scenes, int count, const imp_scene_def *def);
void imp_scene_release_textures(imp_scene *scene);

// The look of the tile in a cell, as a view has it.
const imp_tile_style *imp_scene_tile_style(const imp_scene *scene, const imp_view *view, int column,
                                           int row);

#endif
