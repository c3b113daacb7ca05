// Maps as text and as JSON: a one-line summary, a drawing with box characters (one tile is one
// character cell with connections), and a table of objects. A tile's road is a set of four sides
// (south 1, east 2, north 4, west 8), which selects the box character. Rotating a tile by 90
// degrees rotates these bits.
#include "cli/map_commands/map_print.h"

#include <stdio.h>
#include <string.h>

#include "base/common/vector2.h"
#include "base/text/plural.h"
#include "cli/output/json_output.h"

// The kind's class name; all signs share one kind.
static const char *object_kind_name(imp_object_kind kind)
{
    return kind == IMP_OBJECT_SIGN ? "sign" : imp_object_class_get(kind)->name;
}

// Figures of a map: size, drivable tiles, lanes, and the number of objects of each kind.
json_t *imp_map_json(const imp_world *world)
{
    char description[256];
    json_t *objects = json_object();
    for (int k = 0; k < IMP_OBJECT_KIND_COUNT; k++) {
        const int count = imp_world_count_objects(world, (imp_object_kind)k);
        // kinds without objects are left out
        if (count > 0)
            imp_json_set(objects, object_kind_name((imp_object_kind)k), json_integer(count));
    }
    imp_map_get_first_comment(world, description, sizeof description);
    return json_pack("{s:s, s:s*, s:i, s:i, s:f, s:i, s:i, s:o}", "map", world->name, "description",
                     description, "columns", world->columns, "rows", world->rows, "tile_size_m",
                     world->tile_size, "drivable_tiles", world->drivable_count, "lanes",
                     world->curve_count, "objects", objects);
}

// Appends as much of a text as fits.
static void append_text(char *out, size_t size, const char *text)
{
    // a text that does not fit is cut off
    const size_t used = strlen(out);
    snprintf(out + used, size - used, "%s", text);
}

// Appends a number and a noun: "1 bus", "3 buses".
static void append_counted_noun(char *out, size_t size, int count, const char *word)
{
    append_text(out, size, IMP_PLURAL(count, word));
}

// "5 x 5 tiles of 0.61 m, 16 to drive on, 32 lanes, 3 objects (2 cones, 1 duckie)".
void imp_map_format_size_and_counts(const imp_world *world, char *out, size_t size)
{
    snprintf(out, size, "%d x %d %s of %.4g m, %d drivable, ", world->columns, world->rows,
             IMP_PLURAL_NOUN((int64_t)world->columns * world->rows, "tile"), world->tile_size,
             world->drivable_count);
    // the lanes are the curves that the robot can follow
    append_counted_noun(out, size, world->curve_count, "lane");
    if (world->object_count == 0)
        return;
    append_text(out, size, ", ");
    append_counted_noun(out, size, world->object_count, "object");
    // the number of objects of each kind that occurs
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

// The comment in the first line of the map's text, which describes it; "" if there is none.
void imp_map_get_first_comment(const imp_world *world, char *out, size_t size)
{
    const char *text = world->source;
    out[0] = '\0';
    if (text == NULL || text[0] != '#')
        return;
    // the description is the first line without its mark
    text += strspn(text, "# \t");
    const size_t length = strcspn(text, "\r\n");
    snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), text);
    // control characters of a stranger's file must not reach the terminal
    for (char *at = out; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
}

// The sides by which a tile's road leaves, as bits: south 1, east 2, north 4, west 8. Lanes of a
// 3way_right tile are those of 3way_left; the drawing shows the tile's own shape.
static unsigned road_sides_of_tile(const imp_tile *tile)
{
    static const unsigned sides[IMP_TILE_KIND_COUNT] = {
        [IMP_TILE_STRAIGHT] = 5,  [IMP_TILE_CURVE_LEFT] = 6,  [IMP_TILE_CURVE_RIGHT] = 12,
        [IMP_TILE_3WAY_LEFT] = 7, [IMP_TILE_3WAY_RIGHT] = 13, [IMP_TILE_4WAY] = 15,
    };
    // rotating to the left by `orientation` bits, within four bits
    const unsigned here = sides[tile->kind] << tile->orientation;
    return (here | here >> 4) & 15;
}

// Prints a tile as three characters: connection to the west, the tile, connection to the east.
static void print_tile_as_characters(const imp_tile *tile)
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

// Degrees rounded to tenths; adding 0.0 turns -0.0 into 0.0.
static double rounded_degrees(double angle)
{
    return round(angle * 1800.0 / IMP_PI) / 10.0 + 0.0;
}

// The table of objects, with marks for those that move, change or are optional.
static void print_objects(const imp_world *world)
{
    // the header is printed only if there are objects
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

// The drawing, with numbers of rows from both ends: `place` of an object counts them from the
// bottom, as duckietown-world does, and all else from the top.
static void print_drawing(const imp_world *world)
{
    printf("     ");
    for (int i = 0; i < world->columns; i++)
        printf("%3d", i);
    printf("   row of place\n");
    for (int j = 0; j < world->rows; j++) {
        printf("%4d ", j);
        for (int i = 0; i < world->columns; i++)
            print_tile_as_characters(&world->tiles[j * world->columns + i]);
        printf("%4d\n", world->rows - 1 - j);
    }
}

// Prints name and summary, the drawing, the start, and the objects.
void imp_map_print(const imp_world *world)
{
    char text[512];
    // the title, with the description if the map has one
    imp_map_get_first_comment(world, text, sizeof text);
    printf("%s%s%s\n", world->name, text[0] != '\0' ? ": " : "", text);
    imp_map_format_size_and_counts(world, text, sizeof text);
    printf("%s\n\n", text);
    print_drawing(world);
    // a map may fix the tile or the pose of the start
    if (world->has_start_tile)
        printf("\nstart on tile %d,%d%s\n", world->start_tile[0], world->start_tile[1],
               world->has_start_pose ? ", always at the same pose" : "");
    print_objects(world);
}
