// sim/render/assets/assets.h: the contents of an asset folder: files, and the textures and meshes
// loaded from them.
#ifndef IMP_SIM_RENDER_ASSETS_ASSETS_H
#define IMP_SIM_RENDER_ASSETS_ASSETS_H

#include "base/io/file.h"
#include "imprint/render.h"
#include "sim/render/assets/obj_parser.h"
#include "sim/render/meshes/object_models.h"
#include "sim/render/primitives/tile_texture.h"

// The files of a folder and its subfolders, sorted by path.
typedef struct imp_asset_files {
    char **paths;
    int count, capacity;
} imp_asset_files;

imp_status imp_asset_files_scan(imp_asset_files *out, const char *folder, imp_error *err);
void imp_asset_files_free(imp_asset_files *files);

// The path of a file with this name, preferably in the folder of `beside` (nullable); NULL without
// one. The path belongs to the list.
const char *imp_asset_files_find_name(const imp_asset_files *files, const char *name,
                                      const char *beside);

// The first path that ends with "/" and `end` ("textures/grass_1.png"); NULL without one.
const char *imp_asset_files_find_suffix(const imp_asset_files *files, const char *end);

enum {
    IMP_ASSET_VARIANTS_MAX = 5, // variants of a tile's texture: without a number, and _1 to _4
    IMP_ASSET_TEXTURES_MAX = 256,
    IMP_ASSET_WARNINGS_MAX = 64,
};

// A loaded model. It is split into pieces of at most IMP_MESH_SIZE_MAX vertices.
typedef struct imp_asset_model {
    int piece_count; // 0: not in the folder
    imp_mesh *pieces;
    float low[3], high[3];   // bounding box of all pieces
    float centre[3], radius; // bounding sphere
} imp_asset_model;

struct imp_assets {
    imp_asset_files files;
    size_t root;    // length of the folder's path, the prefix of all others
    char style[32]; // style of tile textures
    // (IMP_TEXTURE_SIDE x IMP_TEXTURE_SIDE) texels, oriented as in the file
    uint32_t *tiles[IMP_TILE_KIND_COUNT][IMP_ASSET_VARIANTS_MAX];
    int variants[IMP_TILE_KIND_COUNT]; // number of variants per kind
    imp_asset_model models[IMP_OBJECT_MODEL_COUNT];
    imp_mesh_texture textures[IMP_ASSET_TEXTURES_MAX]; // textures of the models
    const char *texture_paths[IMP_ASSET_TEXTURES_MAX];
    int texture_count;
    char warnings[IMP_ASSET_WARNINGS_MAX][1024];
    int warning_count;
};

// A hash of style and contents of all files; equal for copies in other places.
uint64_t imp_assets_hash(const imp_assets *assets);

// Adds a warning; beyond the last slot they are dropped.
void imp_assets_add_warning(imp_assets *assets, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Reads an image and resamples it: area averaging if it shrinks, bilinear if it grows. The caller
// frees *out.
imp_status imp_asset_read_image(uint32_t **out, const char *path, int width, int height,
                                imp_error *err);

// The texture index of an image file; read on first use.
imp_status imp_asset_load_texture(imp_assets *assets, int *out, const char *path, imp_error *err);

imp_status imp_assets_load_tiles(imp_assets *assets, const char *folder, const char *style,
                                 imp_error *err);
imp_status imp_assets_load_models(imp_assets *assets, const char *folder, imp_error *err);

// Replaces a material of a mesh, to distinguish variants of a model.
typedef struct imp_material_override {
    const char *material; // prefix of its name; NULL: no replacement
    const float *colour;  // nullable: the new colour
    const char *texture;  // nullable: the new texture's file
} imp_material_override;

// Loads a mesh with its materials, placed and scaled for a class of objects.
imp_status imp_asset_model_load(imp_assets *assets, imp_asset_model *out, const char *path,
                                const imp_material_override *override,
                                const imp_object_class *extents, imp_error *err);
// The same from the text of an OBJ file; path is used in messages and to find materials.
imp_status imp_asset_model_parse(imp_assets *assets, imp_asset_model *out, const char *text,
                                 size_t length, const char *path,
                                 const imp_material_override *override,
                                 const imp_object_class *extents, imp_error *err);
void imp_asset_model_free(imp_asset_model *model);

// Copies a tile's texture, rotated by quarter turns, into level 0 (asset_tile_textures.c).
void imp_asset_tile_rotate(const uint32_t *tile, uint32_t *texels, const imp_texture_level *level,
                           int orientation);

#endif
