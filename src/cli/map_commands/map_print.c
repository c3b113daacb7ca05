#include "cli/map_commands/map_print.h"

#include <stdio.h>
#include <string.h>

#include "base/common/vector2.h"
#include "base/text/plural.h"

static const char *object_kind_name(imp_object_kind kind)
{
    return kind == IMP_OBJECT_SIGN ? "sign" : imp_object_class_get(kind)->name;
}

json_t *imp_map_json(const imp_world *world)
{
    char description[256];
    json_t *objects = json_object();
    for (int k = 0; k < IMP_OBJECT_KIND_COUNT; k++) {
        const int count = imp_world_count_objects(world, (imp_object_kind)k);
        if (count > 0)
            json_object_set_new(objects, object_kind_name((imp_object_kind)k), json_integer(count));
    }
    imp_map_description(world, description, sizeof description);
    return json_pack("{s:s, s:s*, s:i, s:i, s:f, s:i, s:i, s:o}", "map", world->name, "description",
                     description, "columns", world->columns, "rows", world->rows, "tile_size_m",
                     world->tile_size, "drivable_tiles", world->drivable_count, "lanes",
                     world->curve_count, "objects", objects);
}

// Adds to the end of a text as much as there is room for.
static void append_text(char *out, size_t size, const char *text)
{
    const size_t used = strlen(out);
    snprintf(out + used, size - used, "%s", text);
}

// "1 bus", "3 buses"
static void append_counted_noun(char *out, size_t size, int count, const char *word)
{
    append_text(out, size, IMP_PLURAL(count, word));
}

void imp_map_summary(const imp_world *world, char *out, size_t size)
{
    snprintf(out, size, "%d x %d %s of %.4g m, %d to drive on, ", world->columns, world->rows,
             IMP_PLURAL_NOUN((int64_t)world->columns * world->rows, "tile"), world->tile_size,
             world->drivable_count);
    append_counted_noun(out, size, world->curve_count, "lane");
    if (world->object_count == 0)
        return;
    append_text(out, size, ", ");
    append_counted_noun(out, size, world->object_count, "object");
    const char *before = " (";
    for (int k = 0; k < IMP_OBJECT_KIND_COUNT; k++) {
        const int count = imp_world_count_objects(world, (imp_object_kind)k);
        if (count == 0)
            continue;
        append_text(out, size, before);
        append_counted_noun(out, size, count, object_kind_name((imp_object_kind)k));
        before = ", ";
    }
    append_text(out, size, ")");
}

void imp_map_description(const imp_world *world, char *out, size_t size)
{
    const char *text = world->source;
    out[0] = '\0';
    if (text == NULL || text[0] != '#')
        return;
    text += strspn(text, "# \t");
    const size_t length = strcspn(text, "\r\n");
    snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), text);
    // what a stranger's file says must not steer the terminal
    for (char *at = out; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
}

// Bits of the sides that a tile's road leaves by: south 1, east 2, north 4, west 8. (The lanes of
// 3way_right tiles are those of 3way_left; what is drawn is what the tile is.)
static unsigned road_sides_of_tile(const imp_tile *tile)
{
    static const unsigned sides[IMP_TILE_KIND_COUNT] = {
        [IMP_TILE_STRAIGHT] = 5,  [IMP_TILE_CURVE_LEFT] = 6,  [IMP_TILE_CURVE_RIGHT] = 12,
        [IMP_TILE_3WAY_LEFT] = 7, [IMP_TILE_3WAY_RIGHT] = 13, [IMP_TILE_4WAY] = 15,
    };
    const unsigned here = sides[tile->kind] << tile->orientation;
    return (here | here >> 4) & 15;
}

static void print_tile_lines(const imp_tile *tile)
{
    static const char *const lines[16] = {
        " ", " ", " ", "┌", " ", "│", "└", "├", //
        " ", "┐", "─", "┬", "┘", "┤", "┴", "┼",
    };
    const unsigned sides = road_sides_of_tile(tile);
    const char *middle = lines[sides];
    if (!tile->drivable)
        middle = tile->kind == IMP_TILE_GRASS ? "\"" : tile->kind == IMP_TILE_EMPTY ? " " : "·";
    printf("%s%s%s", sides & 8 ? "─" : " ", middle, sides & 2 ? "─" : " ");
}

// To tenths, and never "-0.0".
static double rounded_degrees(double angle)
{
    return round(angle * 1800.0 / IMP_PI) / 10.0 + 0.0;
}

static void print_objects(const imp_world *world)
{
    if (world->object_count > 0)
        printf("\n%-28s %-24s %7s %7s  %7s\n", "object", "kind", "x [m]", "z [m]", "heading");
    for (int k = 0; k < world->object_count; k++) {
        const imp_object *object = &world->objects[k];
        printf("%-28s %-24s %7.3f %7.3f  %6.1f°%s%s\n", object->name,
               object->kind == IMP_OBJECT_SIGN ? imp_sign_name(object->sign)
                                               : object_kind_name(object->kind),
               object->position.x, object->position.z, rounded_degrees(object->heading),
               object->moving >= 0
                   ? (object->kind == IMP_OBJECT_TRAFFIC_LIGHT ? "  changes" : "  moves")
                   : "",
               object->optional ? "  optional" : "");
    }
}

void imp_map_print(const imp_world *world)
{
    char text[512];
    imp_map_description(world, text, sizeof text);
    printf("%s%s%s\n", world->name, text[0] != '\0' ? ": " : "", text);
    imp_map_summary(world, text, sizeof text);
    printf("%s\n\n     ", text);
    for (int i = 0; i < world->columns; i++)
        printf("%3d", i);
    printf("\n");
    for (int j = 0; j < world->rows; j++) {
        printf("%4d ", j);
        for (int i = 0; i < world->columns; i++)
            print_tile_lines(&world->tiles[j * world->columns + i]);
        printf("\n");
    }
    if (world->has_start_tile)
        printf("\nstart on tile %d,%d%s\n", world->start_tile[0], world->start_tile[1],
               world->has_start_pose ? ", always in the same pose" : "");
    print_objects(world);
}
