// sim/render/assets/assets.h: what an asset folder holds: its files, and the textures and meshes
// from them.
#ifndef IMP_SIM_RENDER_ASSETS_ASSETS_H
#define IMP_SIM_RENDER_ASSETS_ASSETS_H

#include "base/io/file.h"
#include "imprint/render.h"
#include "sim/render/assets/obj_parser.h"
#include "sim/render/meshes/object_models.h"
#include "sim/render/primitives/tile_texture.h"

// The files of a folder and of the folders in it, sorted by path.
typedef struct imp_asset_files {
    char **paths;
    int count, capacity;
} imp_asset_files;

imp_status imp_asset_files_scan(imp_asset_files *out, const char *folder, imp_error *err);
void imp_asset_files_free(imp_asset_files *files);

// The path of the file with a name, preferably in the same folder as another (nullable); NULL if
// there is none.
const char *imp_asset_files_find_name(const imp_asset_files *files, const char *name,
                                      const char *beside);

// The path that ends with a folder and a name ("textures/grass_1.png"); NULL if there is none.
const char *imp_asset_files_find_suffix(const imp_asset_files *files, const char *end);

enum {
    IMP_ASSET_VARIANTS_MAX = 5, // of a tile's texture: without a number, and _1 to _4
    IMP_ASSET_TEXTURES_MAX = 256,
    IMP_ASSET_WARNINGS_MAX = 64,
};

// A loaded model, in pieces so small that each can be drawn at once.
typedef struct imp_asset_model {
    int piece_count; // 0: not in the folder
    imp_mesh *pieces;
    float low[3], high[3];   // bounds of all of them
    float centre[3], radius; // of a sphere that holds them
} imp_asset_model;

struct imp_assets {
    imp_asset_files files;
    size_t root;    // length of the folder's path, with which all others begin
    char style[32]; // of the tiles
    // (IMP_TEXTURE_SIDE x IMP_TEXTURE_SIDE) texels as the file has them
    uint32_t *tiles[IMP_TILE_KIND_COUNT][IMP_ASSET_VARIANTS_MAX];
    int variants[IMP_TILE_KIND_COUNT]; // how many of them there are
    imp_asset_model models[IMP_OBJECT_MODEL_COUNT];
    imp_mesh_texture textures[IMP_ASSET_TEXTURES_MAX]; // on the models
    const char *texture_paths[IMP_ASSET_TEXTURES_MAX];
    int texture_count;
    char warnings[IMP_ASSET_WARNINGS_MAX][1024];
    int warning_count;
};

// A number for what the files of the folder hold, and the style: the same for a copy elsewhere.
uint64_t imp_assets_hash(const imp_assets *assets);

// Adds a remark; beyond the last they are dropped.
void imp_assets_add_warning(imp_assets *assets, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Reads an image and resamples it to a size, by areas where it gets smaller and bilinearly where it
// gets larger; the caller frees *out.
imp_status imp_asset_read_image(uint32_t **out, const char *path, int width, int height,
                                imp_error *err);

// The number of the image in a file, read on first use.
imp_status imp_asset_load_texture(imp_assets *assets, int *out, const char *path, imp_error *err);

imp_status imp_assets_load_tiles(imp_assets *assets, const char *folder, const char *style,
                                 imp_error *err);
imp_status imp_assets_load_models(imp_assets *assets, const char *folder, imp_error *err);

// How a material of a mesh is replaced; used to tell variants of a model apart.
typedef struct imp_material_override {
    const char *material; // name it starts with; NULL: none is replaced
    const float *colour;  // nullable: by this colour
    const char *texture;  // nullable: by this file's image
} imp_material_override;

// Loads a mesh with its materials, moved and scaled to a class of objects.
imp_status imp_asset_model_load(imp_assets *assets, imp_asset_model *out, const char *path,
                                const imp_material_override *override,
                                const imp_object_class *extents, imp_error *err);
// The same of an OBJ file's text; path is used in messages and to look for its materials.
imp_status imp_asset_model_parse(imp_assets *assets, imp_asset_model *out, const char *text,
                                 size_t length, const char *path,
                                 const imp_material_override *override,
                                 const imp_object_class *extents, imp_error *err);
void imp_asset_model_free(imp_asset_model *model);

// Lays the texture of a kind of tile, turned by so many quarters, into level 0 (assets_tiles.c).
void imp_asset_tile_rotate(const uint32_t *tile, uint32_t *texels, const imp_texture_level *level,
                           int orientation);

#endif
