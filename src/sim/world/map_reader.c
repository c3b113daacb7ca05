// Reads gym-duckietown's map files ("MapFormat1"): YAML text to a world. The YAML tree is built
// first (base/yaml); then tiles, lanes, start pose and objects are read in this order, since later
// parts need the grid. Errors carry file and line. What is odd but usable becomes a warning. Sizes
// are limited before memory is allocated, since maps may come from anywhere.
#include "sim/world/map_reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "base/text/suggestion.h"
#include "sim/world/tile_lanes.h"

// CURVES_MAX allows 10 000 crossings (12 lanes each), or TILES_MAX tiles of road and grass.
enum { SIDE_MAX = 1024, TILES_MAX = 65536, CURVES_MAX = 131072, BYTES_MAX = 16 << 20 };

// Removes blanks at both ends, in place.
static char *trim_blanks(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t", text[length - 1]) != NULL)
        text[--length] = '\0';
    return text;
}

// Finds a tile kind by its name.
static bool parse_tile_kind(const char *word, imp_tile_kind *kind)
{
    for (int k = 0; k < IMP_TILE_KIND_COUNT; k++)
        if (strcmp(word, imp_tile_kind_name((imp_tile_kind)k)) == 0) {
            *kind = (imp_tile_kind)k;
            return true;
        }
    return false;
}

// Whether tiles of a kind carry lanes, in the order of the enumeration.
static const bool TILE_DRIVABLE[] = {
#define IMP_TILE_DRIVABLE(name, word, drivable) drivable,
    IMP_TILE_MAP(IMP_TILE_DRIVABLE)
#undef IMP_TILE_DRIVABLE
};

// Reads a tile: "kind/orientation" or "kind". As in gym-duckietown, the orientation defaults to E,
// and every word without a slash that contains a 4 is a crossing.
static imp_status read_tile(imp_map_reader *r, int node, imp_tile *tile)
{
    static const char orientations[] = "SENW";
    const char *text = imp_yaml_scalar_text(&r->yaml, node);
    char buffer[64];
    if (text == NULL || strlen(text) >= sizeof buffer)
        return imp_yaml_fail(&r->yaml, node,
                             "a tile must be a word such as 'straight/N' or 'floor'");
    // work on a copy that can be cut up
    strcpy(buffer, text);
    // split the word at the slash
    char *slash = strchr(buffer, '/');
    const char *orientation = "E";
    if (slash != NULL) {
        *slash = '\0';
        orientation = trim_blanks(slash + 1);
    }
    // the orientation is one letter
    const char *word = trim_blanks(buffer);
    const char *letter = strchr(orientations, orientation[0]);
    // the orientation must be one of the four letters
    if (strlen(orientation) != 1 || letter == NULL)
        return imp_yaml_fail(&r->yaml, node, "tile '%s': '%s' is not an orientation (S, E, N or W)",
                             text, orientation);
    if (slash == NULL && strchr(word, '4') != NULL)
        word = "4way";
    // an unknown kind gets a suggestion
    if (!parse_tile_kind(word, &tile->kind)) {
        char hint[IMP_SUGGESTION_TEXT_MAX];
        imp_suggestion suggestion = imp_suggestion_begin(word, strlen(word));
        for (int k = 0; k < IMP_TILE_KIND_COUNT; k++)
            imp_suggestion_add_candidate(&suggestion, imp_tile_kind_name((imp_tile_kind)k));
        return imp_yaml_fail(
            &r->yaml, node,
            "unknown tile '%s': use straight, curve_left, curve_right, 3way_left, 3way_right, "
            "4way, asphalt, grass, floor, calibration_tile or empty%s",
            word, imp_suggestion_format(&suggestion, hint));
    }
    // the index of the letter is the number of quarter turns
    tile->orientation = (int)(letter - orientations);
    tile->drivable = TILE_DRIVABLE[tile->kind];
    // the lanes of gym-duckietown do not match its texture
    if (tile->kind == IMP_TILE_3WAY_RIGHT)
        imp_map_add_warning(r, imp_yaml_line(&r->yaml, node),
                            "3way_right has the lanes of 3way_left, as in gym-duckietown");
    return IMP_OK;
}

// Checks that the rows are lists of one length, and that the grid is not too large.
static imp_status read_grid_size(const imp_map_reader *r, int tiles)
{
    const imp_yaml *yaml = &r->yaml;
    // tiles must be a list with at least one row
    char found[IMP_YAML_DESCRIBE_MAX];
    if (imp_yaml_node_kind(yaml, tiles) != IMP_YAML_LIST || imp_yaml_count(yaml, tiles) == 0)
        return imp_yaml_fail(yaml, tiles,
                             "tiles must be a list of rows such as [[4way, grass]], not %s",
                             imp_yaml_describe_node(yaml, tiles, found));
    // all rows must be as long as the first
    const int rows = imp_yaml_count(yaml, tiles);
    const int columns = imp_yaml_count(yaml, imp_yaml_resolve(yaml, imp_yaml_first(yaml, tiles)));
    int j = 1;
    for (int at = imp_yaml_first(yaml, tiles); at >= 0; at = imp_yaml_next(yaml, at), j++) {
        const int row = imp_yaml_resolve(yaml, at);
        if (imp_yaml_node_kind(yaml, row) != IMP_YAML_LIST || imp_yaml_count(yaml, row) == 0)
            return imp_yaml_fail(yaml, row, "row %d of tiles must be a list of tiles", j);
        const int length = imp_yaml_count(yaml, row);
        if (length != columns)
            return imp_yaml_fail(yaml, row, "row %d of tiles has %s, the first row has %d", j,
                                 IMP_PLURAL(length, "entry"), columns);
    }
    // limit the size before anything is allocated for it
    if (columns > SIDE_MAX || rows > SIDE_MAX || columns * rows > TILES_MAX)
        return imp_yaml_fail(yaml, tiles,
                             "%d x %d tiles are too many (at most %d, and %d on a side)", columns,
                             rows, TILES_MAX, SIDE_MAX);
    r->world->columns = columns;
    r->world->rows = rows;
    return IMP_OK;
}

// Computes the lanes of the tile with this index, and returns their number.
static int lanes_of_tile_index(const imp_world *world, int index,
                               imp_curve lanes[IMP_TILE_LANES_MAX])
{
    const imp_tile *tile = &world->tiles[index];
    return imp_tile_lane_curves(tile->kind, tile->orientation, index % world->columns,
                                index / world->columns, world->tile_size, lanes);
}

// Fills in the lane curves of all tiles, and the list of drivable tiles that starts are drawn from.
static imp_status build_lane_curves(imp_map_reader *r, int tiles)
{
    imp_world *world = r->world;
    const int count = world->columns * world->rows;
    imp_curve lanes[IMP_TILE_LANES_MAX];
    // the first pass counts lanes, the second copies them
    int total = 0;
    for (int index = 0; index < count; index++)
        total += lanes_of_tile_index(world, index, lanes);
    // limit the memory before it is allocated
    if (total > CURVES_MAX)
        return imp_yaml_fail(&r->yaml, tiles, "%d lanes are too many (at most %d)", total,
                             CURVES_MAX);
    // one curve more than needed, so that malloc() never gets 0
    world->curves = malloc((size_t)(total + 1) * sizeof *world->curves);
    world->drivable = malloc((size_t)count * sizeof *world->drivable);
    if (world->curves == NULL || world->drivable == NULL)
        return imp_fail(r->yaml.err, IMP_NO_MEMORY, "%s: out of memory", r->yaml.source);
    for (int index = 0; index < count; index++) {
        imp_tile *tile = &world->tiles[index];
        tile->first_curve = world->curve_count;
        tile->curve_count = lanes_of_tile_index(world, index, lanes);
        memcpy(&world->curves[world->curve_count], lanes,
               (size_t)tile->curve_count * sizeof lanes[0]);
        world->curve_count += tile->curve_count;
        if (tile->drivable)
            world->drivable[world->drivable_count++] = index;
    }
    if (world->drivable_count == 0)
        imp_map_add_warning(r, imp_yaml_line(&r->yaml, tiles),
                            "no tile is drivable: there is nowhere to start");
    return IMP_OK;
}

// Warns about lanes of a tile that lead onto a drivable tile where no lane continues them.
static imp_status warn_broken_lanes(imp_map_reader *r, int node, imp_tile *tile)
{
    const imp_world *world = r->world;
    for (int k = tile->first_curve; k < tile->first_curve + tile->curve_count; k++) {
        const imp_tile *next = imp_lane_missing_successor(world, tile, &world->curves[k]);
        // name both tiles as [column, row]
        if (next != NULL) {
            const int from = (int)(tile - world->tiles), to = (int)(next - world->tiles);
            imp_map_add_warning(
                r, imp_yaml_line(&r->yaml, node),
                "a lane leads from tile [%d, %d] onto [%d, %d], where no lane continues it",
                from % world->columns, from / world->columns, to % world->columns,
                to / world->columns);
        }
    }
    return IMP_OK;
}

// Calls read() for every tile, row by row, with the tile's YAML node.
static imp_status for_each_tile_node(imp_map_reader *r, int tiles,
                                     imp_status (*read)(imp_map_reader *, int node, imp_tile *))
{
    const imp_yaml *yaml = &r->yaml;
    imp_tile *tile = r->world->tiles;
    for (int row = imp_yaml_first(yaml, tiles); row >= 0; row = imp_yaml_next(yaml, row))
        for (int at = imp_yaml_first(yaml, imp_yaml_resolve(yaml, row)); at >= 0;
             at = imp_yaml_next(yaml, at)) {
            // aliases are resolved, so one node may stand for several tiles
            IMP_TRY(read(r, imp_yaml_resolve(yaml, at), tile++));
        }
    return IMP_OK;
}

// Reads the tiles, then their lanes, then checks that the lanes join.
static imp_status read_tiles(imp_map_reader *r, int tiles)
{
    const imp_yaml *yaml = &r->yaml;
    imp_world *world = r->world;
    IMP_TRY(read_grid_size(r, tiles));
    world->tiles = calloc((size_t)world->columns * (size_t)world->rows, sizeof *world->tiles);
    if (world->tiles == NULL)
        return imp_fail(yaml->err, IMP_NO_MEMORY, "%s: out of memory", yaml->source);
    // kinds first; lanes need them, and checking lanes needs all lanes
    IMP_TRY(for_each_tile_node(r, tiles, read_tile));
    IMP_TRY(build_lane_curves(r, tiles));
    return for_each_tile_node(r, tiles, warn_broken_lanes);
}

// Maps of 2018 have no tile_size; the simulator of that time used one fixed size.
static imp_status read_tile_size(imp_map_reader *r, int root)
{
    const imp_yaml *yaml = &r->yaml;
    const int node = imp_yaml_get(yaml, root, "tile_size");
    // without the key the size of 2018 is assumed, with a warning that is marked as such
    const double usual = 0.585;
    if (node < 0) {
        r->world->tile_size = usual;
        imp_map_add_warning(
            r, imp_yaml_line(yaml, root),
            "no tile_size, as in maps of 2018: %g m is assumed; add 'tile_size: %g'", usual, usual);
        r->world->warnings[r->world->warning_count - 1].assumed = true;
        return IMP_OK;
    }
    double size;
    IMP_TRY(imp_yaml_read_number(yaml, node, (imp_yaml_expected){"tile_size", "0.585", HUGE_VAL},
                                 &size));
    if (size < 0.01 || size > 100.0)
        return imp_yaml_fail(yaml, node, "tile_size: %g m is out of range (0.01 to 100)", size);
    r->world->tile_size = size;
    return IMP_OK;
}

// Reads [i, j]. As in gym-duckietown, a start tile outside the grid is ignored, and one that is not
// drivable is accepted if there is a start pose.
static imp_status read_start_tile(imp_map_reader *r, int node)
{
    const imp_yaml *yaml = &r->yaml;
    imp_world *world = r->world;
    double tile[2];
    IMP_TRY(imp_yaml_read_numbers(yaml, node, (imp_yaml_expected){"start_tile", "[1, 0]", HUGE_VAL},
                                  2, tile));
    // checks: whole numbers, on the grid, drivable
    const double i = tile[0], j = tile[1];
    const int line = imp_yaml_line(yaml, node);
    // tiles are counted in whole numbers
    if (i != floor(i) || j != floor(j))
        return imp_yaml_fail(yaml, node, "start_tile [%g, %g] must be two whole numbers", i, j);
    if (i < 0 || j < 0 || i >= world->columns || j >= world->rows) {
        imp_map_add_warning(
            r, line,
            "start_tile [%g, %g] is not on the grid of %d columns and %d rows and is "
            "ignored",
            i, j, world->columns, world->rows);
        return IMP_OK;
    }
    const imp_tile *start = &world->tiles[(int)j * world->columns + (int)i];
    if (!start->drivable) {
        if (!world->has_start_pose)
            return imp_yaml_fail(yaml, node,
                                 "start_tile [%g, %g] is not drivable (%s): take a tile with "
                                 "lanes, or add start_pose",
                                 i, j, imp_tile_kind_name(start->kind));
        imp_map_add_warning(r, line, "start_tile [%g, %g] is not drivable", i, j);
    }
    // keep the tile; the start pose is relative to it
    world->has_start_tile = true;
    world->start_tile[0] = (int)i;
    world->start_tile[1] = (int)j;
    return IMP_OK;
}

#define START_POSE "start_pose must be [[x, y, z], angle] such as [[0.2, 0, 0.4], 1.57]"

// Reads one number of the start pose. A value that is no number gets a message with the full form.
static imp_status read_pose_number(const imp_map_reader *r, int node, const char *name,
                                   double limit, double *out)
{
    const imp_yaml *yaml = &r->yaml;
    char found[IMP_YAML_DESCRIBE_MAX], what[32];
    // first without a limit, to tell non-numbers from large numbers
    snprintf(what, sizeof what, "start_pose: %s", name);
    if (imp_yaml_read_number(yaml, node, (imp_yaml_expected){what, "0", HUGE_VAL}, out) != IMP_OK)
        return imp_yaml_fail(yaml, node, START_POSE ": %s is %s, not a number", name,
                             imp_yaml_describe_node(yaml, node, found));
    return imp_yaml_read_number(yaml, node, (imp_yaml_expected){what, "0", limit}, out);
}

// Node of item k of a list that has more than k items.
static int yaml_list_item(const imp_yaml *yaml, int list, int k)
{
    int at = imp_yaml_first(yaml, list);
    while (k-- > 0)
        at = imp_yaml_next(yaml, at);
    return imp_yaml_resolve(yaml, at);
}

// Reads [[x, y, z], angle]. Like gym-duckietown, this uses x, z and the angle only.
static imp_status read_start_pose(imp_map_reader *r, int node)
{
    const imp_yaml *yaml = &r->yaml;
    char found[IMP_YAML_DESCRIBE_MAX];
    double x, z, angle;
    if (imp_yaml_node_kind(yaml, node) != IMP_YAML_LIST || imp_yaml_count(yaml, node) < 2)
        return imp_yaml_fail(yaml, node, START_POSE ", not %s",
                             imp_yaml_describe_node(yaml, node, found));
    // the position is a list of three numbers, of which the second is ignored
    const int place = yaml_list_item(yaml, node, 0);
    if (imp_yaml_node_kind(yaml, place) != IMP_YAML_LIST || imp_yaml_count(yaml, place) < 3)
        return imp_yaml_fail(yaml, place, START_POSE ": the position is %s, not [x, y, z]",
                             imp_yaml_describe_node(yaml, place, found));
    IMP_TRY(read_pose_number(r, yaml_list_item(yaml, place, 0), "x", IMP_MAP_POSITION_MAX, &x));
    IMP_TRY(read_pose_number(r, yaml_list_item(yaml, place, 2), "z", IMP_MAP_POSITION_MAX, &z));
    IMP_TRY(
        read_pose_number(r, yaml_list_item(yaml, node, 1), "the angle", IMP_MAP_ANGLE_MAX, &angle));
    // extra items do no harm
    if (imp_yaml_count(yaml, node) > 2 || imp_yaml_count(yaml, place) > 3)
        imp_map_add_warning(r, imp_yaml_line(yaml, node),
                            "start_pose holds more than [[x, y, z], angle]: the rest is ignored");
    r->world->has_start_pose = true;
    r->world->start_pose = (imp_pose){x, z, imp_wrap_angle(angle)};
    return IMP_OK;
}

// Whether a file is a layer of a lib-dt-maps map: tiles are a map by name there, or a layer is a
// key.
static bool is_dt_map_layer(const imp_yaml *yaml, int tiles)
{
    // names of layers in lib-dt-maps
    static const char *const layers[] = {"main",          "frames",      "tile_maps", "watchtowers",
                                         "traffic_signs", "ground_tags", "citizens",  "vehicles"};
    // a map of named tiles is a layer; a list of rows is an ordinary map
    if (tiles >= 0)
        return imp_yaml_node_kind(yaml, tiles) == IMP_YAML_MAP && imp_yaml_count(yaml, tiles) > 0 &&
               imp_yaml_node_kind(
                   yaml,
                   imp_yaml_resolve(yaml, imp_yaml_next(yaml, imp_yaml_first(yaml, tiles)))) ==
                   IMP_YAML_MAP;
    for (size_t k = 0; k < sizeof layers / sizeof layers[0]; k++) {
        const int layer = imp_yaml_get(yaml, yaml->root, layers[k]);
        if (imp_yaml_is_map(yaml, layer))
            return true;
    }
    return false;
}

// The value of a key, or -1 if it is missing or null.
static int get_non_null_key(const imp_yaml *yaml, int map, const char *key)
{
    const int node = imp_yaml_get(yaml, map, key);
    const char *text = node < 0 ? NULL : imp_yaml_scalar_text(yaml, node);
    // empty values and YAML's spellings of null
    const bool nothing =
        text != NULL && (*text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
    return nothing ? -1 : node;
}

// Reads the keys of the root. Order matters: the start tile may be off the road only with a start
// pose, and objects need the grid.
static imp_status read_map_root(imp_map_reader *r)
{
    static const char *const keys[] = {"tile_size",  "tiles",   "objects", "start_tile",
                                       "start_pose", "version", NULL};
    const imp_yaml *yaml = &r->yaml;
    const int root = yaml->root;
    if (!imp_yaml_is_map(yaml, root))
        return imp_fail(yaml->err, IMP_BAD_INPUT, "%s: not a map file: needs tile_size and tiles",
                        yaml->source);
    // reject other kinds of YAML files with a hint
    const int tiles = imp_yaml_get(yaml, root, "tiles");
    if (is_dt_map_layer(yaml, tiles))
        return imp_fail(yaml->err, IMP_BAD_INPUT,
                        "%s: a layer of a map in the format of lib-dt-maps (Duckiematrix): give "
                        "the folder that holds tiles.yaml, frames.yaml and tile_maps.yaml",
                        yaml->source);
    if (tiles < 0)
        return imp_fail(yaml->err, IMP_BAD_INPUT,
                        "%s: no tiles: not a map file, which needs tile_size and tiles",
                        yaml->source);
    // tile size and grid
    IMP_TRY(read_tile_size(r, root));
    imp_map_warn_unknown_keys(r, root, keys);
    // the grid comes first, since all other parts refer to it
    IMP_TRY(read_tiles(r, tiles));
    // the start
    const int pose = get_non_null_key(yaml, root, "start_pose");
    if (pose >= 0)
        IMP_TRY(read_start_pose(r, pose));
    const int tile = get_non_null_key(yaml, root, "start_tile");
    // warnings about the start refer to this line
    r->world->start_line = pose >= 0   ? imp_yaml_line(yaml, pose)
                           : tile >= 0 ? imp_yaml_line(yaml, tile)
                                       : 1;
    if (tile >= 0)
        IMP_TRY(read_start_tile(r, tile));
    // objects, and the index of those near each tile
    const int objects = imp_yaml_get(yaml, root, "objects");
    if (objects >= 0)
        IMP_TRY(imp_map_read_objects(r, objects));
    return imp_world_index_nearby_objects(r->world, yaml->source, yaml->err);
}

// The name of a world: the file's name without folder and extension.
static void set_world_name(imp_world *world, const char *source)
{
    // strip folder and extension, but keep names that begin with a dot
    const char *base = imp_path_base_name(source);
    const char *dot = strrchr(base, '.');
    int length = dot != NULL && dot != base ? (int)(dot - base) : (int)strlen(base);
    snprintf(world->name, sizeof world->name, "%.*s", length, base);
    imp_yaml_sanitize_text(world->name); // a long name may be cut in the middle of a character
}

// Sorts by line, then by text.
static int compare_warnings(const void *a, const void *b)
{
    const imp_map_warning *x = a, *y = b;
    return x->line != y->line ? (x->line > y->line) - (x->line < y->line)
                              : strcmp(x->text, y->text);
}

// A scenario file of AI-DO's challenges holds its map as a block of text under `environment`. That
// text replaces the document; the scenario's robots and duckies are ignored.
static imp_status extract_map_from_aido_scenario(imp_map_reader *r)
{
    imp_yaml *yaml = &r->yaml;
    // a scenario has no tiles, but an environment of several lines
    const int node = imp_yaml_get(yaml, yaml->root, "tiles") < 0
                         ? imp_yaml_get(yaml, yaml->root, "environment")
                         : -1;
    const char *text = node < 0 ? NULL : imp_yaml_scalar_text(yaml, node);
    if (text == NULL || strchr(text, '\n') == NULL)
        return IMP_OK;
    imp_map_add_warning(
        r, imp_yaml_line(yaml, node),
        "a scenario of AI-DO: its environment is the map; its robots and duckies are "
        "ignored. Lines below are the environment's");
    // the inner document takes the place of the outer one
    imp_yaml inner = {.source = yaml->source, .err = yaml->err};
    const imp_status status = imp_yaml_parse(&inner, text, strlen(text));
    imp_yaml_free(yaml);
    *yaml = inner;
    return status;
}

// Keeps a copy of the text, parses it and reads the world from it.
static imp_status read_map_text(imp_world *world, const char *text, size_t length,
                                const char *source, imp_error *err)
{
    if (length > BYTES_MAX)
        return imp_fail(err, IMP_BAD_INPUT, "%s: %zu bytes are too many for a map (at most %d)",
                        source, length, BYTES_MAX);
    // the world keeps its text: it is stored with datasets
    world->warnings = calloc(IMP_MAP_WARNINGS_MAX, sizeof *world->warnings);
    world->source = malloc(length + 1);
    if (world->warnings == NULL || world->source == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", source);
    if (length > 0)
        memcpy(world->source, text, length);
    world->source[length] = '\0';
    world->source_length = length;
    imp_map_reader r = {.yaml = {.source = source, .err = err}, .world = world};
    // parse, unwrap a scenario, read the keys
    imp_status status = imp_yaml_parse(&r.yaml, text, length);
    if (status == IMP_OK)
        status = extract_map_from_aido_scenario(&r);
    if (status == IMP_OK)
        status = read_map_root(&r);
    imp_yaml_free(&r.yaml);
    qsort(world->warnings, (size_t)world->warning_count, sizeof *world->warnings, compare_warnings);
    return status;
}

imp_status imp_world_parse(imp_world **out, const char *text, size_t length,
                           const char *source_name, imp_error *err)
{
    imp_world *world = calloc(1, sizeof *world);
    if (world == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", source_name);
    set_world_name(world, source_name);
    imp_status status = read_map_text(world, text, length, source_name, err);
    if (status != IMP_OK) {
        imp_world_destroy(world);
        return status;
    }
    *out = world;
    return IMP_OK;
}
