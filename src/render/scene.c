#include "render/scene.h"

#include <stdlib.h>

#include "render/assets.h"

enum {
    QUARTERS = 4,
    // so that a cell's index and a position's units fit into 32 bits
    LARGEST_SIDE = 8192,
};

// The number of the first texture of each kind and orientation, whose variants follow it; 0 is the
// clear one.
typedef struct texture_table {
    int first[IMP_TILE_KIND_COUNT][QUARTERS];
    int count;
} texture_table;

// How many variants of a kind's texture the assets have.
static int pictures_of(const imp_scene_def *def, imp_tile_kind kind)
{
    return def->assets != NULL ? def->assets->variants[kind] : 0;
}

// How many variants a scene has.
static int variants_of(const imp_scene_def *def, imp_tile_kind kind)
{
    const int most = def->variants > 0 ? def->variants : def->seed != 0 ? IMP_ASSET_VARIANTS : 1;
    const int pictures = pictures_of(def, kind);
    return pictures < 1 ? 1 : pictures < most ? pictures : most;
}

// Of what we paint, surfaces without markings look the same whichever way they lie.
static int texture_orientation(const imp_tile *tile, bool painted)
{
    switch (tile->kind) {
    case IMP_TILE_ASPHALT:
    case IMP_TILE_GRASS:
    case IMP_TILE_FLOOR:
        return painted ? 0 : tile->orientation & (QUARTERS - 1);
    default:
        return tile->orientation & (QUARTERS - 1);
    }
}

// Numbers the textures that a world needs and writes down which one lies in each cell.
static void lay_cells(imp_scene *scene, const imp_scene_def *def, texture_table *table)
{
    const imp_world *world = scene->world;
    imp_random random = imp_random_stream(def->seed, 0, 0, IMP_PURPOSE_SCENE);
    for (int j = 0; j < world->rows; j++)
        for (int i = 0; i < world->columns; i++) {
            const imp_tile *tile = &world->tiles[j * world->columns + i];
            const int cell = (j + 1) * scene->columns + i + 1;
            const int variants = scene->variants[tile->kind];
            const bool painted = pictures_of(def, tile->kind) == 0;
            int *first = &table->first[tile->kind][texture_orientation(tile, painted)];
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

static void paint_texture(imp_scene *scene, const imp_scene_def *def, imp_tile_kind kind, int turn,
                          int variant, uint32_t *texels)
{
    if (pictures_of(def, kind) > 0)
        imp_asset_tile_paint(def->assets->tiles[kind][variant], texels, &scene->levels[0], turn);
    else
        imp_road_paint(texels, &scene->levels[0], kind, turn);
    imp_texture_finish(texels, scene->levels);
}

static void paint_textures(imp_scene *scene, const imp_scene_def *def, const texture_table *table)
{
    for (int kind = 0; kind < IMP_TILE_KIND_COUNT; kind++)
        for (int turn = 0; turn < QUARTERS; turn++)
            for (int k = 0; table->first[kind][turn] > 0 && k < scene->variants[kind]; k++)
                paint_texture(scene, def, (imp_tile_kind)kind, turn, k,
                              scene->texels + (size_t)(table->first[kind][turn] + k) *
                                                  (size_t)scene->texture_size);
    // from numbers of textures to their first texels
    for (int k = 0; k < scene->columns * scene->rows; k++) {
        scene->cells[k] *= scene->texture_size;
        scene->looks[k].first *= scene->texture_size;
    }
}

static bool allocate_cells(imp_scene *scene)
{
    const size_t cells = (size_t)scene->columns * (size_t)scene->rows;
    scene->cells = calloc(cells, sizeof *scene->cells);
    scene->looks = calloc(cells, sizeof *scene->looks);
    return scene->cells != NULL && scene->looks != NULL;
}

static bool allocate_texels(imp_scene *scene, const texture_table *table)
{
    // a texel's number fits into 32 bits
    if ((size_t)table->count * (size_t)scene->texture_size > INT32_MAX)
        return false;
    scene->texels =
        calloc((size_t)table->count * (size_t)scene->texture_size, sizeof *scene->texels);
    return scene->texels != NULL;
}

int imp_scene_variant_count(const imp_scene *scene, imp_tile_kind kind)
{
    return scene->variants[kind];
}

// Ours is bright: what is turned away keeps somewhat more than half of its colour, and what the
// lamp meets not too slantingly has all of it. The assets are made for the reference's light: an
// ambient light of 0.3, and a lamp with 0.25 of ambient and 0.35 of diffuse light.
static void set_light(imp_scene *scene, const imp_scene_def *def)
{
    scene->lamp_on_tiles = def->assets != NULL;
    scene->objects.ambient = def->assets != NULL ? 0.55f : 0.6f;
    scene->objects.diffuse = def->assets != NULL ? 0.35f : 0.8f;
}

imp_scene_def imp_default_scene_def(void)
{
    return (imp_scene_def){0};
}

imp_status imp_scene_create(imp_scene **out, const imp_world *world, imp_error *err)
{
    const imp_scene_def def = imp_default_scene_def();
    return imp_scene_create_with(out, world, &def, err);
}

imp_status imp_scene_create_with(imp_scene **out, const imp_world *world, const imp_scene_def *def,
                                 imp_error *err)
{
    if (world->columns > LARGEST_SIDE || world->rows > LARGEST_SIDE)
        return imp_fail(err, IMP_BAD_INPUT,
                        "a map of %d x %d tiles cannot be drawn; the most is %d a side",
                        world->columns, world->rows, LARGEST_SIDE);
    imp_scene *scene = calloc(1, sizeof *scene);
    if (scene == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the scene of %s", world->name);
    size_t texture_size;
    imp_texture_layout(scene->levels, &texture_size);
    texture_table table = {.count = 1};
    scene->texture_size = (int32_t)texture_size;
    scene->world = world;
    scene->columns = world->columns + 2;
    scene->rows = world->rows + 2;
    for (int kind = 0; kind < IMP_TILE_KIND_COUNT; kind++)
        scene->variants[kind] = variants_of(def, (imp_tile_kind)kind);
    if (allocate_cells(scene))
        lay_cells(scene, def, &table);
    if (scene->looks == NULL || !allocate_texels(scene, &table)) {
        imp_scene_destroy(scene);
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the scene of %s", world->name);
    }
    paint_textures(scene, def, &table);
    imp_status status = imp_props_create(&scene->objects, world, def->assets, err);
    if (status != IMP_OK) {
        imp_scene_destroy(scene);
        return status;
    }
    set_light(scene, def);
    *out = scene;
    return IMP_OK;
}

void imp_scene_destroy(imp_scene *scene)
{
    if (scene == NULL)
        return;
    free(scene->cells);
    free(scene->looks);
    free(scene->texels);
    imp_props_free(&scene->objects);
    free(scene);
}
