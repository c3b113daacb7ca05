// Generates maps: checks the definition, lays out roads (road_layout.c), places objects on and
// beside them (map_objects.c) and writes the result as the text of a map file. All draws come from
// streams of (seed, number, kind of decision), so a map depends on its definition only. Numbers are
// written with fixed precision, so that equal definitions give equal bytes.
#include "imprint/map_generator.h"
#include "base/common/try.h"
#include "base/text/plural.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/vector2.h"
#include "base/text/text_stream.h"
#include "sim/map_generator/map_objects.h"
#include "sim/map_generator/random_streams.h"
#include "sim/map_generator/road_layout.h"

enum { COOKIE = 0x746f776e };

const char *imp_map_generator_kind_name(imp_map_generator_kind kind)
{
    static const char *const names[] = {
#define IMP_MAP_GENERATOR_NAME(name, word, text) word,
        IMP_MAP_GENERATOR_KINDS(IMP_MAP_GENERATOR_NAME)
#undef IMP_MAP_GENERATOR_NAME
    };
    return kind >= 0 && kind < IMP_MAP_GENERATOR_KIND_COUNT ? names[kind] : "unknown";
}

// A map of 9 x 9 tiles without objects; the cookie marks definitions made here.
imp_map_generator_def imp_default_map_generator_def(void)
{
    return (imp_map_generator_def){
        .kind = IMP_MAP_GENERATOR_RANDOM,
        .columns = 9,
        .rows = 9,
        .tile_size = 0.585,
        .border = true,
        .seed = 123,
        .number = 1,
        .cookie = COOKIE,
    };
}

// Checks the size. A loop needs 3 x 3 tiles; an intersection needs 5 in one direction.
static imp_status check_map_size(const imp_map_generator_def *def, imp_error *err)
{
    const int frame = def->border ? 2 : 0, least = 3 + frame;
    const int longer_least = (def->kind == IMP_MAP_GENERATOR_LOOP ? 3 : 5) + frame;
    const int longer = def->columns > def->rows ? def->columns : def->rows;
    const int shorter = def->columns + def->rows - longer;
    // the longer side must have room for an intersection, the shorter one for a road and back
    if (shorter < least || longer < longer_least)
        return imp_fail(err, IMP_USAGE,
                        "%d x %d tiles are too few for a %s map%s: at least %d x %d are needed",
                        def->columns, def->rows, imp_map_generator_kind_name(def->kind),
                        def->border ? " with a border" : "", longer_least, least);
    if (longer > IMP_MAP_GENERATOR_SIDE_MAX)
        return imp_fail(err, IMP_USAGE, "%d x %d tiles are too many for a map: at most %d a side",
                        def->columns, def->rows, IMP_MAP_GENERATOR_SIDE_MAX);
    return IMP_OK;
}

// Checks all fields of a definition.
static imp_status check_definition(const imp_map_generator_def *def, imp_error *err)
{
    if (def->cookie != COOKIE)
        return imp_fail(err, IMP_USAGE, "begin with imp_default_map_generator_def()");
    if (def->kind < 0 || def->kind >= IMP_MAP_GENERATOR_KIND_COUNT)
        return imp_fail(err, IMP_USAGE, "unknown kind of map %d", (int)def->kind);
    if (!(def->tile_size >= 0.3 && def->tile_size <= 2.0))
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE, "tile_size %g m is not within 0.3 to 2 m", def->tile_size));
    // the numbers of objects share one range
    const int counts[] = {def->pedestrians, def->cars, def->parked, def->obstacles, def->duckies};
    static const char *const names[] = {"pedestrian", "car", "parked car", "obstacle", "duckie"};
    for (int k = 0; k < 5; k++)
        if (counts[k] < 0 || counts[k] > IMP_MAP_GENERATOR_OBJECTS_MAX)
            return imp_fail(err, IMP_USAGE, "%s: 0 to %d are possible",
                            IMP_PLURAL(counts[k], names[k]), IMP_MAP_GENERATOR_OBJECTS_MAX);
    return check_map_size(def, err);
}

// Writes the grid, one row per line, padded so that columns align.
static void write_tiles(FILE *out, const imp_road_layout *layout)
{
    char words[IMP_MAP_GENERATOR_SIDE_MAX][24];
    int width[IMP_MAP_GENERATOR_SIDE_MAX] = {0};
    // the first pass measures the columns, the second writes
    for (int pass = 0; pass < 2; pass++)
        for (int j = 0; j < layout->rows; j++) {
            for (int i = 0; i < layout->columns; i++) {
                // the word of a tile: kind, and orientation if it matters
                const imp_tile *tile = &layout->tiles[j * layout->columns + i];
                snprintf(words[i], sizeof words[i], "%s", imp_tile_kind_name(tile->kind));
                const size_t length = strlen(words[i]);
                // crossings and tiles without a road have no orientation
                if (tile->drivable && tile->kind != IMP_TILE_4WAY)
                    snprintf(words[i] + length, sizeof words[i] - length, "/%c",
                             "SENW"[tile->orientation]);
                const int now = (int)strlen(words[i]);
                width[i] = now > width[i] ? now : width[i];
            }
            for (int i = 0; pass == 1 && i < layout->columns; i++) {
                const bool last = i + 1 == layout->columns;
                fprintf(out, "%s%-*s%s", i == 0 ? "  - [" : "", last ? 0 : width[i], words[i],
                        last ? "]\n" : ", ");
            }
        }
}

// Rounds to tenths of a millimetre; adding 0 turns -0 into 0.
static double round_to_tenth_mm(double value)
{
    return round(value * 1e4) / 1e4 + 0.0;
}

// The heading in degrees, rounded to hundredths, in (-180, 180].
static double heading_in_degrees(double angle)
{
    const double value = round(imp_wrap_angle(angle) * 18000.0 / IMP_PI) / 100.0 + 0.0;
    return value > -180.0 ? value : 180.0;
}

// Writes the objects, one per line.
static void write_objects(FILE *out, const imp_map_generator_def *def,
                          const imp_map_objects *objects)
{
    // a map without objects has no key for them
    if (objects->count > 0)
        fprintf(out, "objects:\n");
    for (int k = 0; k < objects->count; k++) {
        const imp_map_object *object = &objects->items[k];
        // a pose counts from the bottom left corner of the map, y upwards
        fprintf(out, "  - {kind: %s, pose: {~SE2Transform: {p: [%.9g, %.9g], theta_deg: %.9g}}",
                object->kind, round_to_tenth_mm(object->pose.x),
                round_to_tenth_mm(def->rows * def->tile_size - object->pose.z),
                heading_in_degrees(object->pose.heading));
        // the flags of map files: optional objects may be absent, static: false ones move
        fprintf(out, ", height: %.9g", object->height);
        if (object->color != NULL)
            fprintf(out, ", color: %s", object->color);
        fprintf(out, "%s%s}\n", object->optional ? ", optional: true" : "",
                object->moves && strcmp(object->kind, "trafficlight") != 0 ? ", static: false"
                                                                           : "");
    }
}

// The comment line, tile size, tiles, and objects.
static void write_map(FILE *out, const imp_map_generator_def *def, const imp_road_layout *layout,
                      const imp_map_objects *objects)
{
    static const char *const texts[] = {
#define IMP_MAP_GENERATOR_TEXT(name, word, text) text,
        IMP_MAP_GENERATOR_KINDS(IMP_MAP_GENERATOR_TEXT)
#undef IMP_MAP_GENERATOR_TEXT
    };
    fprintf(out, "# A town that nobody drew: %s (seed %llu, number %u).\n", texts[def->kind],
            (unsigned long long)def->seed, (unsigned)def->number);
    fprintf(out, "tile_size: %.9g\ntiles:\n", def->tile_size);
    write_tiles(out, layout);
    write_objects(out, def, objects);
}

// Writes to memory, with decimal points whatever the locale.
// Writes a map to a growing buffer, which the caller owns on success.
static imp_status write_map_to_memory(char **out, size_t *length, const imp_map_generator_def *def,
                                      const imp_road_layout *layout, const imp_map_objects *objects,
                                      imp_error *err)
{
    imp_text_stream text;
    IMP_TRY(imp_text_stream_open(&text, "a map", err));
    write_map(text.out, def, layout, objects);
    const imp_status status = imp_text_stream_close(&text, "a map", err);
    // the caller owns the text
    if (status == IMP_OK) {
        *out = text.bytes;
        *length = text.length;
    }
    return status;
}

imp_status imp_map_generate(char **out, size_t *length, const imp_map_generator_def *def,
                            imp_error *err)
{
    imp_road_layout layout;
    IMP_TRY(check_definition(def, err));
    // roads first; objects depend on them, but not the reverse
    imp_random random = imp_map_generator_random(def, IMP_MAP_STREAM_LAYOUT);
    imp_status status = imp_road_layout_generate(&layout, def, &random, err);
    imp_map_objects *objects = status == IMP_OK ? malloc(sizeof *objects) : NULL;
    if (status == IMP_OK && objects == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a map");
    if (status == IMP_OK)
        status = imp_map_objects_place(objects, def, &layout, err);
    if (status == IMP_OK)
        status = write_map_to_memory(out, length, def, &layout, objects, err);
    free(objects);
    imp_road_layout_release(&layout);
    return status;
}
