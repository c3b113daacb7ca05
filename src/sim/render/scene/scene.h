// sim/render/scene/scene.h: the parts of a scene.
#ifndef IMP_SIM_RENDER_SCENE_SCENE_H
#define IMP_SIM_RENDER_SCENE_SCENE_H

#include "imprint/render.h"
#include "sim/render/primitives/tile_texture.h"
#include "sim/render/raster/object_renderer.h"
#include "sim/render/scene/tile_painter.h"

// The texture variants of a cell; they are consecutive.
typedef struct imp_cell_variants {
    int32_t first; // index of the first variant's first texel
    int32_t count; // at least 1 for tiles
} imp_cell_variants;

// Textures shared by scenes that were created together; reference counted, not thread-safe.
typedef struct imp_scene_textures {
    int ref_count;
    uint32_t *texels; // the first texture is transparent
} imp_scene_textures;

struct imp_scene {
    const imp_world *world; // borrowed
    imp_scene_def def;
    int columns, rows;                // of cells: the world's tiles with a ring of empty cells
    int32_t *cells;                   // (rows x columns): first texel of the default variant
    imp_cell_variants *cell_variants; // (rows x columns)
    imp_scene_textures *textures;
    const uint32_t *texels; // textures->texels
    int32_t texture_size;   // texels per texture
    int finest;             // finest mip level; finer ones are omitted
    imp_texture_level levels[IMP_TEXTURE_LEVELS];
    int variants[IMP_TILE_KIND_COUNT];
    bool asset_textures[IMP_TILE_KIND_COUNT]; // whether a kind uses asset textures
    imp_tile_style *styles;                   // style of each variant; NULL: all are new
    imp_scene_objects objects;
    bool lamp_on_tiles; // whether the lamp lights tiles
    imp_room *room;     // of the definition; NULL without
};

// A view with the scene's room, unless it has one of its own or the scene has none.
imp_view imp_scene_add_room_to_view(const imp_scene *scene, const imp_view *view);

// Assigns and builds the textures of scenes whose worlds and sizes are set (scene_textures.c).
// False without memory.
bool imp_scenes_build_textures(imp_scene *const *scenes, int count, const imp_scene_def *def);
void imp_scene_release_textures(imp_scene *scene);

// The style of the tile in a cell, as a view selects it.
const imp_tile_style *imp_scene_tile_style(const imp_scene *scene, const imp_view *view, int column,
                                           int row);

#endif
