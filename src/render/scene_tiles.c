// Which texture lies in each cell of a scene, and the making of all of them. Scenes that are made
// together share what they have in common: making a texture takes longer than all else.
#include <stdlib.h>
#include <string.h>

#include "render/assets.h"
#include "render/scene.h"

enum { QUARTERS = 4, TILE_TEXELS = IMP_TEXTURE_SIDE * IMP_TEXTURE_SIDE };

// The number of the first texture of each kind and orientation, whose variants follow it; 0 is the
// clear one.
typedef struct texture_table {
    int first[IMP_TILE_KIND_COUNT][QUARTERS];
    int count;
} texture_table;

// Room to make a texture in, with all of its levels.
typedef struct workshop {
    imp_texture_level levels[IMP_TEXTURE_LEVELS];
    size_t size;      // of texels
    uint32_t *texels; // (size)
    uint32_t *tile;   // (TILE_TEXELS) a tile before it is turned
} workshop;

// How many variants of a kind's texture the assets have.
static int pictures_of(const imp_scene_def *def, imp_tile_kind kind)
{
    return def->assets != NULL ? def->assets->variants[kind] : 0;
}

// How many variants a scene has: pictures as far as there are any, then worn ones.
static int variants_of(const imp_scene_def *def, imp_tile_kind kind)
{
    const int most = def->variants > 0 ? def->variants : def->seed != 0 ? IMP_ASSET_VARIANTS : 1;
    const int pictures = pictures_of(def, kind);
    if (def->wear > 0.0f)
        return def->variants > 0 ? def->variants : 1;
    return pictures < 1 ? 1 : pictures < most ? pictures : most;
}

// Of what we paint new, surfaces without markings look the same whichever way they lie.
static int texture_orientation(const imp_tile *tile, bool new)
{
    switch (tile->kind) {
    case IMP_TILE_ASPHALT:
    case IMP_TILE_GRASS:
    case IMP_TILE_FLOOR:
        return new ? 0 : tile->orientation &(QUARTERS - 1);
    default:
        return tile->orientation & (QUARTERS - 1);
    }
}

// Numbers the textures that a world needs and no other did, and writes down which ones a cell can
// show.
static void lay_cells(imp_scene *scene, const imp_scene_def *def, texture_table *table)
{
    const imp_world *world = scene->world;
    imp_random random = imp_random_stream(def->seed, 0, 0, IMP_PURPOSE_SCENE);
    for (int j = 0; j < world->rows; j++)
        for (int i = 0; i < world->columns; i++) {
            const imp_tile *tile = &world->tiles[j * world->columns + i];
            const int cell = (j + 1) * scene->columns + i + 1;
            const int variants = scene->variants[tile->kind];
            const bool new = pictures_of(def, tile->kind) == 0 && variants == 1;
            int *first = &table->first[tile->kind][texture_orientation(tile, new)];
            if (tile->kind == IMP_TILE_EMPTY)
                continue;
            if (*first == 0) {
                *first = table->count;
                table->count += variants;
            }
            const bool drawn = def->seed != 0 && variants > 1;
            const int variant = drawn ? (int)imp_random_below(&random, (uint32_t)variants) : 0;
            scene->cells[cell] = *first + variant;
            scene->looks[cell] = (imp_cell_looks){*first, variants};
        }
}

// Paints a variant as it lies before it is turned. False for one that is new, of which each
// orientation is painted on its own.
static bool paint_tile(const imp_scene *scene, const imp_scene_def *def, imp_tile_kind kind,
                       int variant, uint32_t *tile)
{
    const int pictures = pictures_of(def, kind);
    if (pictures > 0) {
        memcpy(tile, def->assets->tiles[kind][variant % pictures], TILE_TEXELS * sizeof *tile);
        if (variant >= pictures)
            imp_road_soil(tile, &scene->styles[variant]);
        return true;
    }
    if (variant == 0)
        return false;
    imp_road_paint_worn(tile, kind, &scene->styles[variant]);
    return true;
}

// Makes all orientations that are wanted of a variant. scene: any of those that have it.
static void make_textures(const imp_scene *scene, uint32_t *texels, const texture_table *table,
                          workshop *shop, imp_tile_kind kind, int variant)
{
    const imp_scene_def *def = &scene->def;
    bool painted = false, turned = false;
    for (int turn = 0; turn < QUARTERS; turn++) {
        const int first = table->first[kind][turn];
        if (first == 0)
            continue;
        if (!painted)
            turned = paint_tile(scene, def, kind, variant, shop->tile);
        painted = true;
        if (!turned)
            imp_road_paint(shop->texels, &shop->levels[0], kind, turn);
        else if (pictures_of(def, kind) > 0)
            imp_asset_tile_paint(shop->tile, shop->texels, &shop->levels[0], turn);
        else
            imp_road_turn(shop->tile, shop->texels, &shop->levels[0], turn);
        imp_texture_finish(shop->texels, shop->levels);
        memcpy(texels + (size_t)(first + variant) * (size_t)scene->texture_size,
               shop->texels + shop->levels[scene->finest].offset,
               (size_t)scene->texture_size * sizeof *texels);
    }
}

static bool make_all(const imp_scene *scene, uint32_t *texels, const texture_table *table,
                     workshop *shop)
{
    shop->texels = malloc(shop->size * sizeof *shop->texels);
    shop->tile = malloc(TILE_TEXELS * sizeof *shop->tile);
    const bool room = shop->texels != NULL && shop->tile != NULL;
    for (int kind = 0; room && kind < IMP_TILE_KIND_COUNT; kind++)
        for (int k = 0; k < scene->variants[kind]; k++)
            make_textures(scene, texels, table, shop, (imp_tile_kind)kind, k);
    free(shop->texels);
    free(shop->tile);
    return room;
}

// Keeps the levels from the finest on.
static void lay_levels(imp_scene *scene, const imp_scene_def *def, workshop *shop)
{
    imp_texture_layout(shop->levels, &shop->size);
    scene->finest = def->finest;
    const int32_t left_out = shop->levels[def->finest].offset;
    for (int k = 0; k < IMP_TEXTURE_LEVELS; k++) {
        scene->levels[k] = shop->levels[k < def->finest ? def->finest : k];
        scene->levels[k].offset -= left_out;
    }
    scene->texture_size = (int32_t)shop->size - left_out;
}

static bool draw_styles(imp_scene *scene, const imp_scene_def *def)
{
    if (def->wear <= 0.0f)
        return true;
    scene->styles = calloc((size_t)def->variants + 1, sizeof *scene->styles);
    for (int k = 0; scene->styles != NULL && k < def->variants; k++) {
        imp_random random = imp_random_stream(def->seed, 1, (uint32_t)k, IMP_PURPOSE_SCENE);
        scene->styles[k] = k == 0 ? imp_road_new : imp_road_style_draw(def->wear, &random);
    }
    return scene->styles != NULL;
}

// Lays a scene's cells. False without memory.
static bool lay_scene(imp_scene *scene, const imp_scene_def *def, texture_table *table,
                      workshop *shop)
{
    const size_t cells = (size_t)scene->columns * (size_t)scene->rows;
    for (int kind = 0; kind < IMP_TILE_KIND_COUNT; kind++) {
        scene->variants[kind] = variants_of(def, (imp_tile_kind)kind);
        scene->pictures[kind] = pictures_of(def, (imp_tile_kind)kind) > 0;
    }
    lay_levels(scene, def, shop);
    scene->cells = calloc(cells, sizeof *scene->cells);
    scene->looks = calloc(cells, sizeof *scene->looks);
    if (scene->cells == NULL || scene->looks == NULL || !draw_styles(scene, def))
        return false;
    lay_cells(scene, def, table);
    // from numbers of textures to their first texels
    for (size_t k = 0; k < cells; k++) {
        scene->cells[k] *= scene->texture_size;
        scene->looks[k].first *= scene->texture_size;
    }
    return true;
}

bool imp_scenes_lay_tiles(imp_scene *const *scenes, int count, const imp_scene_def *def)
{
    workshop shop = {0};
    texture_table table = {.count = 1};
    if (count < 1)
        return false;
    for (int k = 0; k < count; k++)
        if (!lay_scene(scenes[k], def, &table, &shop))
            return false;
    const size_t texels = (size_t)table.count * (size_t)scenes[0]->texture_size;
    imp_scene_textures *textures = calloc(1, sizeof *textures);
    if (textures == NULL)
        return false;
    // a texel's number fits into 32 bits
    textures->texels = texels <= INT32_MAX ? calloc(texels, sizeof *textures->texels) : NULL;
    for (int k = 0; k < count; k++) {
        scenes[k]->textures = textures;
        scenes[k]->texels = textures->texels;
    }
    textures->users = count;
    return textures->texels != NULL && make_all(scenes[0], textures->texels, &table, &shop);
}

void imp_scene_leave_textures(imp_scene *scene)
{
    imp_scene_textures *textures = scene->textures;
    if (textures == NULL || --textures->users > 0)
        return;
    free(textures->texels);
    free(textures);
}

const imp_road_style *imp_scene_style(const imp_scene *scene, const imp_view *view, int column,
                                      int row)
{
    const int cell = row * scene->columns + column;
    const int tile = (row - 1) * (scene->columns - 2) + column - 1;
    const imp_cell_looks looks = scene->looks[cell];
    if (looks.count < 2 || scene->styles == NULL || scene->pictures[scene->world->tiles[tile].kind])
        return &imp_road_new;
    int variant = (scene->cells[cell] - looks.first) / scene->texture_size;
    if (view->tile_variant != NULL)
        variant =
            view->tile_variant[tile] < looks.count ? view->tile_variant[tile] : looks.count - 1;
    return &scene->styles[variant];
}
