// Loads, frees and queries worlds. A map comes from a built-in name, a YAML file or a layer folder
// of lib-dt-maps (converted to YAML text first); map_reader.c reads the text. Queries of single
// points take constant time and accept points outside the grid, NaN included.
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/text/suggestion.h"
#include "imprint/world.h"
#include "sim/world/builtin.h"
#include "sim/world/dt_map_converter.h"
#include "sim/world/map_reader.h"

enum { MAP_BYTES_MAX = 16 << 20 };

const char *imp_tile_kind_name(imp_tile_kind kind)
{
    static const char *const names[] = {
#define IMP_TILE_KIND_NAME(name, word, drivable) word,
        IMP_TILE_MAP(IMP_TILE_KIND_NAME)
#undef IMP_TILE_KIND_NAME
    };
    return kind >= 0 && kind < IMP_TILE_KIND_COUNT ? names[kind] : "unknown";
}

int imp_builtin_map_count(void)
{
    return imp_builtin_maps_count;
}

const char *imp_builtin_map_name(int index)
{
    return index >= 0 && index < imp_builtin_maps_count ? imp_builtin_maps[index].name : NULL;
}

// Linear search; there are few built-in maps.
bool imp_map_is_builtin(const char *name)
{
    for (int k = 0; k < imp_builtin_maps_count; k++)
        if (strcmp(imp_builtin_maps[k].name, name) == 0)
            return true;
    return false;
}

int imp_world_count_objects(const imp_world *world, imp_object_kind kind)
{
    int count = 0;
    for (int k = 0; k < world->object_count; k++)
        count += world->objects[k].kind == kind;
    return count;
}

bool imp_world_is_builtin(const imp_world *world)
{
    for (int i = 0; i < imp_builtin_maps_count; i++) {
        const imp_builtin_map *map = &imp_builtin_maps[i];
        if (strcmp(map->name, world->name) == 0)
            return map->length == world->source_length &&
                   memcmp(map->text, world->source, map->length) == 0;
    }
    return false;
}

// Built-in names contain neither slash nor dot.
static bool looks_like_path(const char *text)
{
    return strchr(text, '/') != NULL || strchr(text, '.') != NULL;
}

// Fails with the most similar built-in name, or with where to find names.
static imp_status fail_unknown_map(const char *name, imp_error *err)
{
    // suggest the most similar name
    char hint[IMP_SUGGESTION_TEXT_MAX];
    imp_suggestion suggestion = imp_suggestion_begin(name, strlen(name));
    for (int i = 0; i < imp_builtin_maps_count; i++)
        imp_suggestion_add_candidate(&suggestion, imp_builtin_maps[i].name);
    imp_suggestion_format(&suggestion, hint);
    return imp_fail(err, IMP_BAD_INPUT, "unknown map '%.200s'%s", name,
                    hint[0] != '\0' ? hint
                                    : ": `imprint map list` shows the built-in ones; a map of your "
                                      "own is given by its path");
}

bool imp_map_is_layer_folder(const char *path)
{
    char tiles[IMP_PATH_MAX], frames[IMP_PATH_MAX];
    return imp_path_join(tiles, path, "tiles.yaml", NULL) == IMP_OK &&
           imp_path_join(frames, path, "frames.yaml", NULL) == IMP_OK && imp_path_exists(tiles) &&
           imp_path_exists(frames);
}

// Converts the folder to YAML text and parses that. The name is the folder's.
static imp_status load_layer_folder(imp_world **out, const char *folder, imp_error *err)
{
    char name[IMP_PATH_MAX], ignored_layers[128], *text;
    // drop trailing slashes, which would leave the name empty
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    // the folder's name becomes the name of the world
    snprintf(name, sizeof name, "%.*s", (int)length, folder);
    IMP_TRY(imp_dt_map_to_yaml(name, &text, &length, ignored_layers, err));
    const imp_status status = imp_world_parse(out, text, length, name, err);
    free(text);
    // report layers that the conversion leaves out
    if (status == IMP_OK && ignored_layers[0] != '\0' &&
        (*out)->warning_count < IMP_MAP_WARNINGS_MAX) {
        imp_map_warning *warning = &(*out)->warnings[(*out)->warning_count++];
        warning->line = 1;
        snprintf(warning->text, sizeof warning->text, "ignored layers: %s", ignored_layers);
    }
    return status;
}

imp_status imp_world_load(imp_world **out, const char *name_or_path, imp_error *err)
{
    for (int i = 0; i < imp_builtin_maps_count; i++) {
        const imp_builtin_map *map = &imp_builtin_maps[i];
        if (strcmp(map->name, name_or_path) == 0)
            return imp_world_parse(out, (const char *)map->text, map->length, map->name, err);
    }
    // neither a built-in map nor a file: a misspelt name
    if (!looks_like_path(name_or_path) && !imp_path_exists(name_or_path))
        return fail_unknown_map(name_or_path, err);
    // a path: a layer folder or a YAML file
    if (imp_map_is_layer_folder(name_or_path))
        return load_layer_folder(out, name_or_path, err);
    char *text;
    size_t length;
    // images and archives get a message of their own before they are parsed
    IMP_TRY(imp_file_type_expect_text(name_or_path, "a map is a YAML file", err));
    IMP_TRY(imp_file_read(&text, &length, name_or_path, MAP_BYTES_MAX, err));
    const imp_status status = imp_world_parse(out, text, length, name_or_path, err);
    free(text);
    return status;
}

// Also frees worlds that were read in part.
void imp_world_destroy(imp_world *world)
{
    if (world == NULL)
        return;
    free(world->source);
    free(world->tiles);
    free(world->curves);
    free(world->drivable);
    free(world->objects);
    free(world->nearby);
    free(world->nearby_start);
    free(world->warnings);
    free(world);
}

const imp_tile *imp_world_tile_at(const imp_world *world, double x, double z)
{
    // row and column, as doubles since they may be out of an int's range
    double column = floor(x / world->tile_size), row = floor(z / world->tile_size);
    // written so that NaN is outside
    if (!(column >= 0.0 && column < world->columns && row >= 0.0 && row < world->rows))
        return NULL;
    return &world->tiles[(int)row * world->columns + (int)column];
}

// Three- and four-way crossings.
bool imp_tile_is_intersection(const imp_tile *tile)
{
    return tile != NULL && (tile->kind == IMP_TILE_4WAY || tile->kind == IMP_TILE_3WAY_LEFT ||
                            tile->kind == IMP_TILE_3WAY_RIGHT);
}

bool imp_world_is_drivable_at(const imp_world *world, double x, double z)
{
    const imp_tile *tile = imp_world_tile_at(world, x, z);
    return tile != NULL && tile->drivable;
}
