// Assigns a texture to each cell of a scene and builds all textures. A texture exists per kind,
// orientation and variant that some scene uses. Building one takes longer than all else, so scenes
// that are created together share them: texture numbers are assigned over all scenes first, then
// each is painted once.
#include <stdlib.h>
#include <string.h>

#include "sim/render/assets/assets.h"
#include "sim/render/scene/scene.h"

enum { QUARTERS = 4, TILE_TEXELS = IMP_TEXTURE_SIDE * IMP_TEXTURE_SIDE };

// Number of the first variant's texture per kind and orientation; variants follow. 0 is the
// transparent texture, and means "not assigned".
typedef struct texture_numbers {
    int first[IMP_TILE_KIND_COUNT][QUARTERS];
    int count;
} texture_numbers;

// Scratch memory to build one texture with all mip levels.
typedef struct texture_scratch {
    imp_texture_level levels[IMP_TEXTURE_LEVELS];
    size_t size;      // of texels
    uint32_t *texels; // (size)
    uint32_t *tile;   // (TILE_TEXELS): a tile before rotation
} texture_scratch;

// Number of variants of a kind's texture in the assets.
static int asset_texture_count(const imp_scene_def *def, imp_tile_kind kind)
{
    return def->assets != NULL ? def->assets->variants[kind] : 0;
}

// Number of variants of a kind in a scene: asset textures first, then worn ones.
static int tile_variant_count(const imp_scene_def *def, imp_tile_kind kind)
{
    // without a number: all of the assets' variants if a seed chooses among them
    const int most = def->variants > 0 ? def->variants
                     : def->seed != 0  ? IMP_ASSET_VARIANTS_MAX
                                       : 1;
    const int asset_textures = asset_texture_count(def, kind);
    // worn variants need no assets
    if (def->wear > 0.0f || def->tape > 0.0f)
        return def->variants > 0 ? def->variants : 1;
    return asset_textures < 1 ? 1 : asset_textures < most ? asset_textures : most;
}

// The orientation that needs a texture of its own; new surfaces without markings look the same in
// all.
static int orientation_of_texture(const imp_tile *tile, bool is_new)
{
    switch (tile->kind) {
    case IMP_TILE_ASPHALT:
    case IMP_TILE_GRASS:
    case IMP_TILE_FLOOR:
        return is_new ? 0 : tile->orientation & (QUARTERS - 1);
    default:
        return tile->orientation & (QUARTERS - 1);
    }
}

// Numbers the textures that a world needs and no earlier one did, and sets what each cell shows.
static void assign_cell_textures(imp_scene *scene, const imp_scene_def *def, texture_numbers *table)
{
    const imp_world *world = scene->world;
    imp_random random = imp_random_stream(def->seed, 0, 0, IMP_PURPOSE_SCENE);
    for (int j = 0; j < world->rows; j++)
        for (int i = 0; i < world->columns; i++) {
            const imp_tile *tile = &world->tiles[j * world->columns + i];
            const int cell = (j + 1) * scene->columns + i + 1;
            const int variants = scene->variants[tile->kind];
            const bool is_new = asset_texture_count(def, tile->kind) == 0 && variants == 1;
            // the first use of a kind and orientation numbers all its variants
            int *first = &table->first[tile->kind][orientation_of_texture(tile, is_new)];
            if (tile->kind == IMP_TILE_EMPTY)
                continue;
            if (*first == 0) {
                *first = table->count;
                table->count += variants;
            }
            // the default variant of the tile is drawn, or the first
            const bool drawn = def->seed != 0 && variants > 1;
            const int variant =
                drawn ? (int)imp_random_uniform_int(&random, (uint32_t)variants) : 0;
            scene->cells[cell] = *first + variant;
            scene->cell_variants[cell] = (imp_cell_variants){*first, variants};
        }
}

// Paints a variant without rotation. False for new tiles, of which each orientation is painted
// separately, since noise is not rotated.
static bool paint_tile_variant(const imp_scene *scene, const imp_scene_def *def, imp_tile_kind kind,
                               int variant, uint32_t *tile)
{
    const int asset_textures = asset_texture_count(def, kind);
    // asset textures; further variants repeat them with dirt
    if (asset_textures > 0) {
        memcpy(tile, def->assets->tiles[kind][variant % asset_textures],
               TILE_TEXELS * sizeof *tile);
        if (variant >= asset_textures)
            imp_tile_add_dirt(tile, &scene->styles[variant]);
        return true;
    }
    if (variant == 0)
        return false;
    imp_tile_paint_worn(tile, kind, &scene->styles[variant]);
    return true;
}

// Builds all needed orientations of a variant. scene: any scene that has it.
static void build_variant_textures(const imp_scene *scene, uint32_t *texels,
                                   const texture_numbers *table, texture_scratch *scratch,
                                   imp_tile_kind kind, int variant)
{
    const imp_scene_def *def = &scene->def;
    bool painted = false, turned = false;
    for (int turn = 0; turn < QUARTERS; turn++) {
        const int first = table->first[kind][turn];
        if (first == 0)
            continue;
        // paint once, then rotate for each orientation
        if (!painted)
            turned = paint_tile_variant(scene, def, kind, variant, scratch->tile);
        painted = true;
        if (!turned)
            imp_tile_paint(scratch->texels, &scratch->levels[0], kind, turn);
        else if (asset_texture_count(def, kind) > 0)
            imp_asset_tile_rotate(scratch->tile, scratch->texels, &scratch->levels[0], turn);
        else
            imp_tile_rotate(scratch->tile, scratch->texels, &scratch->levels[0], turn);
        // keep the levels from the finest one on
        imp_texture_build_mip_levels(scratch->texels, scratch->levels);
        memcpy(texels + (size_t)(first + variant) * (size_t)scene->texture_size,
               scratch->texels + scratch->levels[scene->finest].offset,
               (size_t)scene->texture_size * sizeof *texels);
    }
}

// Builds all numbered textures; false without memory.
static bool build_all_textures(const imp_scene *scene, uint32_t *texels,
                               const texture_numbers *table, texture_scratch *scratch)
{
    scratch->texels = malloc(scratch->size * sizeof *scratch->texels);
    scratch->tile = malloc(TILE_TEXELS * sizeof *scratch->tile);
    const bool room = scratch->texels != NULL && scratch->tile != NULL;
    for (int kind = 0; room && kind < IMP_TILE_KIND_COUNT; kind++)
        for (int k = 0; k < scene->variants[kind]; k++)
            build_variant_textures(scene, texels, table, scratch, (imp_tile_kind)kind, k);
    free(scratch->texels);
    free(scratch->tile);
    return room;
}

// Sets the mip levels of a scene; levels finer than the finest refer to it.
static void set_mip_levels(imp_scene *scene, const imp_scene_def *def, texture_scratch *scratch)
{
    imp_texture_compute_level_offsets(scratch->levels, &scratch->size);
    scene->finest = def->finest;
    const int32_t left_out = scratch->levels[def->finest].offset;
    for (int k = 0; k < IMP_TEXTURE_LEVELS; k++) {
        scene->levels[k] = scratch->levels[k < def->finest ? def->finest : k];
        scene->levels[k].offset -= left_out;
    }
    scene->texture_size = (int32_t)scratch->size - left_out;
}

// Draws a style for each variant; the first is new.
static bool sample_tile_styles(imp_scene *scene, const imp_scene_def *def)
{
    if (def->wear <= 0.0f && def->tape <= 0.0f)
        return true;
    scene->styles = calloc((size_t)def->variants + 1, sizeof *scene->styles);
    for (int k = 0; scene->styles != NULL && k < def->variants; k++) {
        imp_random random = imp_random_stream(def->seed, 1, (uint32_t)k, IMP_PURPOSE_SCENE);
        imp_random laying = imp_random_stream(def->seed, 2, (uint32_t)k, IMP_PURPOSE_SCENE);
        scene->styles[k] = k == 0 || def->wear <= 0.0f ? imp_tile_style_new
                                                       : imp_tile_style_sample(def->wear, &random);
        if (k > 0 && def->tape > 0.0f)
            imp_tile_style_lay_tape(&scene->styles[k], def->tape, &laying);
    }
    return scene->styles != NULL;
}

// Sets the cells of a scene. False without memory.
static bool assign_scene_textures(imp_scene *scene, const imp_scene_def *def,
                                  texture_numbers *table, texture_scratch *scratch)
{
    // variants per kind, mip levels, styles, cells
    const size_t cells = (size_t)scene->columns * (size_t)scene->rows;
    for (int kind = 0; kind < IMP_TILE_KIND_COUNT; kind++) {
        scene->variants[kind] = tile_variant_count(def, (imp_tile_kind)kind);
        scene->asset_textures[kind] = asset_texture_count(def, (imp_tile_kind)kind) > 0;
    }
    set_mip_levels(scene, def, scratch);
    scene->cells = calloc(cells, sizeof *scene->cells);
    scene->cell_variants = calloc(cells, sizeof *scene->cell_variants);
    if (scene->cells == NULL || scene->cell_variants == NULL || !sample_tile_styles(scene, def))
        return false;
    assign_cell_textures(scene, def, table);
    // convert texture numbers to texel indices
    for (size_t k = 0; k < cells; k++) {
        scene->cells[k] *= scene->texture_size;
        scene->cell_variants[k].first *= scene->texture_size;
    }
    return true;
}

bool imp_scenes_build_textures(imp_scene *const *scenes, int count, const imp_scene_def *def)
{
    texture_scratch scratch = {0};
    // number textures over all scenes, allocate, then paint
    texture_numbers table = {.count = 1};
    if (count < 1)
        return false;
    for (int k = 0; k < count; k++)
        if (!assign_scene_textures(scenes[k], def, &table, &scratch))
            return false;
    const size_t texels = (size_t)table.count * (size_t)scenes[0]->texture_size;
    imp_scene_textures *textures = calloc(1, sizeof *textures);
    if (textures == NULL)
        return false;
    // texel indices must fit 32 bits
    textures->texels =
        texels <= INT32_MAX ? calloc(texels + IMP_TEXTURE_PADDING, sizeof *textures->texels) : NULL;
    for (int k = 0; k < count; k++) {
        scenes[k]->textures = textures;
        scenes[k]->texels = textures->texels;
    }
    textures->ref_count = count;
    return textures->texels != NULL &&
           build_all_textures(scenes[0], textures->texels, &table, &scratch);
}

void imp_scene_release_textures(imp_scene *scene)
{
    imp_scene_textures *textures = scene->textures;
    if (textures == NULL || --textures->ref_count > 0)
        return;
    free(textures->texels);
    free(textures);
}

const imp_tile_style *imp_scene_tile_style(const imp_scene *scene, const imp_view *view, int column,
                                           int row)
{
    const int cell = row * scene->columns + column;
    const int tile = (row - 1) * (scene->columns - 2) + column - 1;
    const imp_cell_variants cell_variants = scene->cell_variants[cell];
    if (cell_variants.count < 2 || scene->styles == NULL ||
        scene->asset_textures[scene->world->tiles[tile].kind])
        return &imp_tile_style_new;
    // the default variant follows from the texel index
    int variant = (scene->cells[cell] - cell_variants.first) / scene->texture_size;
    if (view->tile_variant != NULL)
        variant = view->tile_variant[tile] < cell_variants.count ? view->tile_variant[tile]
                                                                 : cell_variants.count - 1;
    return &scene->styles[variant];
}
