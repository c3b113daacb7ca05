#include "render/scene.h"

#include <stdlib.h>

enum {
    QUARTERS = 4,
    // so that a cell's index and a position's units fit into 32 bits
    LARGEST_SIDE = 8192,
};

// Where the texture of each kind and orientation starts, in textures; 0 is the clear one.
typedef struct texture_table {
    int index[IMP_TILE_KIND_COUNT][QUARTERS];
    int count;
} texture_table;

// Surfaces without markings look the same whichever way they lie.
static int texture_orientation(const imp_tile *tile)
{
    switch (tile->kind) {
    case IMP_TILE_ASPHALT:
    case IMP_TILE_GRASS:
    case IMP_TILE_FLOOR:
        return 0;
    default:
        return tile->orientation & (QUARTERS - 1);
    }
}

// Numbers the textures that a world needs.
static texture_table number_textures(const imp_world *world)
{
    texture_table table = {.count = 1};
    for (int k = 0; k < world->columns * world->rows; k++) {
        const imp_tile *tile = &world->tiles[k];
        int *index = &table.index[tile->kind][texture_orientation(tile)];
        if (tile->kind != IMP_TILE_EMPTY && *index == 0)
            *index = table.count++;
    }
    return table;
}

static void lay_cells(imp_scene *scene, const texture_table *table, size_t texture_size)
{
    const imp_world *world = scene->world;
    for (int j = 0; j < world->rows; j++)
        for (int i = 0; i < world->columns; i++) {
            const imp_tile *tile = &world->tiles[j * world->columns + i];
            int index = table->index[tile->kind][texture_orientation(tile)];
            scene->cells[(j + 1) * scene->columns + i + 1] =
                (int32_t)((size_t)index * texture_size);
        }
}

static void paint_textures(imp_scene *scene, const texture_table *table, size_t texture_size)
{
    for (int kind = 0; kind < IMP_TILE_KIND_COUNT; kind++)
        for (int turn = 0; turn < QUARTERS; turn++) {
            int index = table->index[kind][turn];
            if (index == 0)
                continue;
            uint32_t *texels = scene->texels + (size_t)index * texture_size;
            imp_road_paint(texels, &scene->levels[0], (imp_tile_kind)kind, turn);
            imp_texture_finish(texels, scene->levels);
        }
}

imp_status imp_scene_create(imp_scene **out, const imp_world *world, imp_error *err)
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
    const texture_table table = number_textures(world);
    scene->world = world;
    scene->columns = world->columns + 2;
    scene->rows = world->rows + 2;
    scene->cells = calloc((size_t)scene->columns * (size_t)scene->rows, sizeof *scene->cells);
    scene->texels = calloc((size_t)table.count * texture_size, sizeof *scene->texels);
    if (scene->cells == NULL || scene->texels == NULL) {
        imp_scene_destroy(scene);
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the scene of %s", world->name);
    }
    lay_cells(scene, &table, texture_size);
    paint_textures(scene, &table, texture_size);
    imp_status status = imp_props_create(&scene->objects, world, err);
    if (status != IMP_OK) {
        imp_scene_destroy(scene);
        return status;
    }
    *out = scene;
    return IMP_OK;
}

void imp_scene_destroy(imp_scene *scene)
{
    if (scene == NULL)
        return;
    free(scene->cells);
    free(scene->texels);
    imp_props_free(&scene->objects);
    free(scene);
}
