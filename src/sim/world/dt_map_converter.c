// Converts maps of lib-dt-maps: a folder of layers in which tiles have a type and a frame, and
// frames have poses relative to one another (x to the right, y up, yaw counter-clockwise). The
// result is the text of a map file, which map_reader.c then reads like any other.
//
// Tools that write such maps disagree on yaw 0: a straight road runs along y in lib-dt-maps, and
// along x in what duckietown-world converts. The stem of a three-way crossing differs, too. So all
// four conventions are tried, and the one under which most roads join is used.
#include "sim/world/dt_map_converter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/io/file.h"
#include "base/text/text_stream.h"
#include "sim/world/map_reader.h"

enum { LAYER_BYTES_MAX = 4 << 20, TILES_MAX = 4096, SIDE_MAX = 256, FRAME_DEPTH_MAX = 16 };
enum { TILES, FRAMES, TILE_MAPS, SIGNS, CITIZENS, VEHICLES, LAYERS };

// The name of a layer is the name of its file and of the key that its entries are under.
static const char *const NAMES[LAYERS] = {"tiles",         "frames",   "tile_maps",
                                          "traffic_signs", "citizens", "vehicles"};

// A pose in the plane.
typedef struct se2 {
    double x, y, yaw;
} se2;

// A map folder while it is read.
typedef struct folder {
    const char *path;
    imp_error *err;
    char paths[LAYERS][IMP_PATH_MAX];
    imp_yaml layers[LAYERS];
    int maps[LAYERS]; // YAML node with the entries of a layer, or -1
    double tile_size;
    se2 origin; // pose of the tile map
} folder;

// The equivalent of a tile type in map files. Sides with a road are bits: south 1, east 2, north 4,
// west 8.
typedef struct tile_type {
    const char *type, *word;
    unsigned sides; // sides with a road at orientation S
    int turns;      // quarter turns from S to lib-dt-maps' yaw 0
} tile_type;

// Both three-way types become 3way_left, since gym-duckietown's lanes of 3way_right join no
// neighbour.
static const tile_type TYPES[] = {
    {"straight", "straight", 5, 0},
    {"curve", "curve_left", 6, 1},
    {"curve_left", "curve_left", 6, 1},
    {"3way", "3way_left", 7, 0},
    {"3way_left", "3way_left", 7, 0},
    {"3way_right", "3way_left", 7, 0},
    {"4way", "4way", 15, 0},
    {"asphalt", "asphalt", 0, 0},
    {"grass", "grass", 0, 0},
    {"floor", "floor", 0, 0},
};

// One cell of the grid.
typedef struct tile {
    const tile_type *type; // NULL: no tile
    int quarters;          // yaw in quarter turns
} tile;

// The bounding rectangle of all tiles, in tiles from the origin of the tile map.
typedef struct grid {
    int left, bottom, columns, rows;
    tile *tiles; // row by row from the bottom
} grid;

// A convention for yaw: quarter turns added to all roads, and more to three-way crossings.
typedef struct reading {
    int turns, stem;
} reading;

// True for a missing or empty scalar and for YAML's spellings of null.
static bool is_null_text(const char *text)
{
    return text == NULL || *text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

// Parses a layer file and finds its entries. Layers after TILE_MAPS are optional.
static imp_status read_layer(folder *f, int layer)
{
    char name[32], *text;
    size_t length;
    // read the file; an optional layer may be missing
    snprintf(name, sizeof name, "%s.yaml", NAMES[layer]);
    imp_status status = imp_path_join(f->paths[layer], f->path, name, f->err);
    if (status != IMP_OK || (layer > TILE_MAPS && !imp_path_exists(f->paths[layer])))
        return status;
    IMP_TRY(imp_file_read(&text, &length, f->paths[layer], LAYER_BYTES_MAX, f->err));
    // parse it
    imp_yaml *yaml = &f->layers[layer];
    yaml->source = f->paths[layer];
    yaml->err = f->err;
    status = imp_yaml_parse(yaml, text, length);
    free(text);
    if (status != IMP_OK)
        return status;
    // the root must be {LAYER: {name: entry, ...}}
    const int map = imp_yaml_get(yaml, yaml->root, NAMES[layer]);
    if (!imp_yaml_is_map(yaml, map))
        return imp_fail(f->err, IMP_BAD_INPUT,
                        "%s: needs the key '%s' with a map from names to entries, as lib-dt-maps "
                        "writes it",
                        f->paths[layer], NAMES[layer]);
    f->maps[layer] = map;
    return IMP_OK;
}

// Reads the number at a key of a map; a missing key is 0.
static imp_status read_optional_number(const imp_yaml *yaml, int map, const char *key, double *out)
{
    const int node = imp_yaml_get(yaml, map, key);
    *out = 0.0;
    if (node < 0)
        return IMP_OK;
    return imp_yaml_read_number(yaml, node,
                                (imp_yaml_expected){key, "0.2925", IMP_MAP_POSITION_MAX}, out);
}

// The pose of b in the world, b being given relative to a.
static se2 compose_poses(se2 a, se2 b)
{
    const double c = imp_cos(a.yaw), s = imp_sin(a.yaw);
    return (se2){a.x + c * b.x - s * b.y, a.y + s * b.x + c * b.y, a.yaw + b.yaw};
}

// The pose of b relative to a, both given in the world.
static se2 relative_pose(se2 a, se2 b)
{
    const double c = imp_cos(a.yaw), s = imp_sin(a.yaw), x = b.x - a.x, y = b.y - a.y;
    return (se2){c * x + s * y, c * y - s * x, b.yaw - a.yaw};
}

// Computes the pose of a frame by following its chain of parents recursively. *found says whether
// the frame exists. The depth limit also catches cycles.
static imp_status compute_pose_of_frame(const folder *f, const char *name, int depth, se2 *out,
                                        bool *found)
{
    const imp_yaml *yaml = &f->layers[FRAMES];
    const int node = imp_yaml_get(yaml, f->maps[FRAMES], name);
    *found = node >= 0;
    *out = (se2){0.0, 0.0, 0.0};
    if (node < 0)
        return IMP_OK;
    // a frame is a map with an optional pose and an optional parent
    if (imp_yaml_node_kind(yaml, node) != IMP_YAML_MAP)
        return imp_yaml_fail(yaml, node, "frame '%.60s' must be a map of relative_to and pose",
                             name);
    if (depth == FRAME_DEPTH_MAX)
        return imp_yaml_fail(yaml, node,
                             "frames refer to more than %d others in a row, or in a "
                             "circle",
                             FRAME_DEPTH_MAX);
    const int pose = imp_yaml_get(yaml, node, "pose");
    // the pose relative to the parent frame
    const int map = imp_yaml_is_map(yaml, pose) ? pose : -1;
    se2 own;
    IMP_TRY(read_optional_number(yaml, map, "x", &own.x));
    IMP_TRY(read_optional_number(yaml, map, "y", &own.y));
    IMP_TRY(read_optional_number(yaml, map, "yaw", &own.yaw));
    // files of early versions give positions in tiles, from the tile's corner
    const int unit = imp_yaml_get(yaml, node, "unit");
    const char *word = unit < 0 ? NULL : imp_yaml_scalar_text(yaml, unit);
    if (word != NULL && strcmp(word, "tiles") == 0) {
        own.x = (own.x + 0.5) * f->tile_size;
        own.y = (own.y + 0.5) * f->tile_size;
    }
    // then the chain of frames above it
    const int parent = imp_yaml_get(yaml, node, "relative_to");
    const char *to = parent < 0 ? NULL : imp_yaml_scalar_text(yaml, parent);
    se2 base = {0.0, 0.0, 0.0};
    bool there = true;
    if (!is_null_text(to))
        IMP_TRY(compute_pose_of_frame(f, to, depth + 1, &base, &there));
    if (!there)
        return imp_yaml_fail(
            yaml, parent, "frame '%.60s' is relative to '%.60s', which does not exist", name, to);
    *out = compose_poses(base, own);
    return IMP_OK;
}

// The pose of an entry, whose frame has the same name, relative to the tile map.
static imp_status read_entry_pose(const folder *f, int layer, int entry, se2 *out)
{
    const imp_yaml *yaml = &f->layers[layer];
    // the key of an entry is the name of its frame
    const char *name = imp_yaml_scalar_text(yaml, imp_yaml_resolve(yaml, entry));
    bool found = false;
    se2 pose = {0.0, 0.0, 0.0};
    IMP_TRY(name == NULL ? IMP_OK : compute_pose_of_frame(f, name, 0, &pose, &found));
    if (!found)
        return imp_yaml_fail(yaml, entry, "'%.60s' has no frame in frames.yaml",
                             name != NULL ? name : "a key");
    *out = relative_pose(f->origin, pose);
    return IMP_OK;
}

// Reads the tile size and the frame of the only tile map in the folder.
static imp_status read_tile_map(folder *f)
{
    const imp_yaml *yaml = &f->layers[TILE_MAPS];
    const int maps = f->maps[TILE_MAPS];
    // exactly one entry, which has a tile_size
    if (imp_yaml_count(yaml, maps) != 1)
        return imp_yaml_fail(yaml, maps, "%d tile maps: a folder with exactly one can be read",
                             imp_yaml_count(yaml, maps));
    const int key = imp_yaml_resolve(yaml, imp_yaml_first(yaml, maps));
    const int map = imp_yaml_resolve(yaml, imp_yaml_next(yaml, imp_yaml_first(yaml, maps)));
    const char *name = imp_yaml_scalar_text(yaml, key);
    const int size = imp_yaml_get(yaml, map, "tile_size");
    double x = 0.0, y = 0.0;
    if (name == NULL || size < 0 || imp_yaml_node_kind(yaml, size) != IMP_YAML_MAP)
        return imp_yaml_fail(yaml, map, "a tile map needs tile_size: {x: 0.585, y: 0.585}");
    IMP_TRY(read_optional_number(yaml, size, "x", &x));
    IMP_TRY(read_optional_number(yaml, size, "y", &y));
    // the simulator knows square tiles only
    if (!(x >= 0.01 && x <= 100.0 && fabs(x - y) < 1e-6))
        return imp_yaml_fail(yaml, size,
                             "tile_size: %g x %g m; tiles must be squares of 0.01 to 100 m", x, y);
    f->tile_size = x;
    bool found;
    return compute_pose_of_frame(f, name, 0, &f->origin, &found);
}

// The remainder in 0..3, also of negative numbers.
static int modulo4(int k)
{
    return (k % 4 + 4) % 4;
}

// Reads the type, column, row and yaw of a tile, and checks that it lies on the grid.
static imp_status read_tile(const folder *f, int key, int value, tile *out, int *i, int *j)
{
    const imp_yaml *yaml = &f->layers[TILES];
    se2 at;
    IMP_TRY(read_entry_pose(f, TILES, key, &at));
    // find the type among the known ones
    const int type = imp_yaml_get(yaml, value, "type");
    // the type is the only property that is used
    const char *word = type < 0 ? NULL : imp_yaml_scalar_text(yaml, type);
    for (size_t k = 0; word != NULL && k < sizeof TYPES / sizeof TYPES[0]; k++)
        if (strcmp(word, TYPES[k].type) == 0)
            out->type = &TYPES[k];
    if (out->type == NULL)
        return imp_yaml_fail(yaml, value,
                             "tile of type '%.40s': use straight, curve, 3way, 4way, floor, grass "
                             "or asphalt",
                             word != NULL ? word : "");
    // a tile's frame is its centre; allow a quarter of a tile and of a quarter turn
    const double u = at.x / f->tile_size - 0.5, v = at.y / f->tile_size - 0.5;
    const double quarters = at.yaw / (0.5 * IMP_PI);
    if (fabs(u - round(u)) > 0.25 || fabs(v - round(v)) > 0.25 || fabs(u) > 1e4 || fabs(v) > 1e4 ||
        fabs(quarters - round(quarters)) > 0.25)
        return imp_yaml_fail(yaml, key,
                             "a tile at (%.3f, %.3f) m with yaw %.3f is not on the grid of %g m "
                             "and quarter turns",
                             at.x, at.y, at.yaw, f->tile_size);
    *i = (int)round(u);
    *j = (int)round(v);
    out->quarters = modulo4((int)round(fmod(quarters, 4.0)));
    return IMP_OK;
}

// Reads all tiles. Without g->tiles it finds the size of the grid; with it, it fills in the tiles.
static imp_status read_all_tiles(const folder *f, grid *g)
{
    const imp_yaml *yaml = &f->layers[TILES];
    int right = -SIDE_MAX * SIDE_MAX, top = right, left = -right, bottom = -right;
    for (imp_yaml_pair pair = imp_yaml_first_pair(yaml, f->maps[TILES]); pair.key >= 0;
         pair = imp_yaml_next_pair(yaml, pair)) {
        int i, j;
        tile read = {NULL, 0};
        IMP_TRY(read_tile(f, pair.key, imp_yaml_resolve(yaml, pair.value), &read, &i, &j));
        // second pass: store the tile, unless its cell is taken
        if (g->tiles != NULL) {
            tile *to = &g->tiles[(j - g->bottom) * g->columns + i - g->left];
            if (to->type != NULL)
                return imp_yaml_fail(yaml, pair.key, "a second tile in column %d, row %d", i, j);
            *to = read;
        }
        // extend the bounding rectangle
        left = i < left ? i : left;
        right = i > right ? i : right;
        bottom = j < bottom ? j : bottom;
        top = j > top ? j : top;
    }
    g->left = left;
    g->bottom = bottom;
    g->columns = right - left + 1;
    g->rows = top - bottom + 1;
    return IMP_OK;
}

// Reads the grid in two passes: size first, then tiles.
static imp_status read_grid(const folder *f, grid *g)
{
    const imp_yaml *yaml = &f->layers[TILES];
    // first pass: the bounding rectangle
    const int count = imp_yaml_count(yaml, f->maps[TILES]);
    if (count < 1 || count > TILES_MAX)
        return imp_yaml_fail(yaml, f->maps[TILES], "%d tiles: 1 to %d can be read", count,
                             TILES_MAX);
    IMP_TRY(read_all_tiles(f, g));
    // few tiles may span a huge grid
    if (g->columns > SIDE_MAX || g->rows > SIDE_MAX)
        return imp_yaml_fail(yaml, f->maps[TILES], "%d x %d tiles are too many: at most %d a side",
                             g->columns, g->rows, SIDE_MAX);
    // second pass: the tiles
    g->tiles = calloc((size_t)g->columns * (size_t)g->rows, sizeof *g->tiles);
    if (g->tiles == NULL)
        return imp_fail(f->err, IMP_NO_MEMORY, "%s: out of memory", f->path);
    return read_all_tiles(f, g);
}

// The orientation of a tile in a map file under a yaw convention, in quarter turns from S.
static int tile_orientation(const tile *t, reading r)
{
    const int stem = t->type->sides == 7 ? r.stem : 0;
    return modulo4(t->quarters + t->type->turns + r.turns + stem);
}

// The sides of tile (i, j) that have a road, as bits; 0 outside the grid.
static unsigned road_sides_at(const grid *g, int i, int j, reading r)
{
    if (i < 0 || j < 0 || i >= g->columns || j >= g->rows)
        return 0;
    const tile *t = &g->tiles[j * g->columns + i];
    if (t->type == NULL)
        return 0;
    // rotate the four bits left by the orientation
    const unsigned turned = t->type->sides << tile_orientation(t, r);
    return (turned | turned >> 4) & 15;
}

// Scores a yaw convention: +1 for each border that a road crosses, -1 for each where a road ends.
static int score_yaw_convention(const grid *g, reading r)
{
    int score = 0;
    for (int j = -1; j < g->rows; j++)
        for (int i = -1; i < g->columns; i++) {
            // borders to the right of and above cell (i, j); 2: a road crosses, 1: it ends there
            const unsigned here = road_sides_at(g, i, j, r), right = road_sides_at(g, i + 1, j, r);
            const unsigned above = road_sides_at(g, i, j + 1, r);
            const int across = ((here & 2) != 0) + ((right & 8) != 0);
            const int up = ((here & 4) != 0) + ((above & 1) != 0);
            score += (across == 2) - (across == 1) + (up == 2) - (up == 1);
        }
    return score;
}

// The convention with the highest score; of equal ones the first.
static reading best_yaw_convention(const grid *g)
{
    static const reading readings[] = {{0, 0}, {3, 0}, {0, 2}, {3, 2}};
    reading best = readings[0];
    for (int k = 1; k < 4; k++)
        if (score_yaw_convention(g, readings[k]) > score_yaw_convention(g, best))
            best = readings[k];
    return best;
}

// Writes the tiles row by row, the top row first, as map files list them.
static void write_tiles(FILE *out, const folder *f, const grid *g)
{
    const reading r = best_yaw_convention(g);
    fprintf(out, "tile_size: %.10g\ntiles:\n", f->tile_size);
    for (int j = g->rows - 1; j >= 0; j--) {
        fprintf(out, "- [");
        for (int i = 0; i < g->columns; i++) {
            const tile *t = &g->tiles[j * g->columns + i];
            fprintf(out, "%s%s", i > 0 ? ", " : "", t->type == NULL ? "empty" : t->type->word);
            // tiles without a road and crossings have no orientation
            if (t->type != NULL && t->type->sides != 0 && t->type->sides != 15)
                fprintf(out, "/%c", "SENW"[tile_orientation(t, r)]);
        }
        fprintf(out, "]\n");
    }
}

// The name in map files for a type of traffic sign; a blank sign if there is none.
static const char *sign_name_for_type(const char *type)
{
    // types whose names differ from ours
    static const char *const others[][2] = {{"four_way_intersect", "sign_4_way_intersect"},
                                            {"t_intersection", "sign_T_intersect"},
                                            {"left_t_intersect", "sign_left_T_intersect"},
                                            {"right_t_intersect", "sign_right_T_intersect"}};
    for (int k = 0; type != NULL && k < 4; k++)
        if (strcmp(type, others[k][0]) == 0)
            return others[k][1];
    for (int k = 0; type != NULL && k < IMP_SIGN_COUNT; k++)
        if (strcmp(imp_sign_name((imp_sign)k) + strlen("sign_"), type) == 0)
            return imp_sign_name((imp_sign)k);
    return imp_sign_name(IMP_SIGN_BLANK);
}

// A colour of duckiebots in map files; red for others.
static const char *known_color_name(const char *color)
{
    static const char *const known[] = {"red", "green", "blue", "grey"};
    for (int k = 0; color != NULL && k < 4; k++)
        if (strcmp(color, known[k]) == 0)
            return known[k];
    return known[0];
}

// Writes the entries of one layer as objects. Their positions count from the grid's lower left
// corner.
static imp_status write_objects(FILE *out, const folder *f, const grid *g, int layer)
{
    const imp_yaml *yaml = &f->layers[layer];
    if (f->maps[layer] < 0)
        return IMP_OK;
    for (imp_yaml_pair pair = imp_yaml_first_pair(yaml, f->maps[layer]); pair.key >= 0;
         pair = imp_yaml_next_pair(yaml, pair)) {
        // signs carry a type, vehicles a colour
        const char *what = layer == SIGNS ? "type" : "color";
        const int node = imp_yaml_get(yaml, imp_yaml_resolve(yaml, pair.value), what);
        const char *word = node < 0 ? NULL : imp_yaml_scalar_text(yaml, node);
        se2 at;
        IMP_TRY(read_entry_pose(f, layer, pair.key, &at));
        // pose has its origin at the lower left corner of the grid, as in map files
        fprintf(out, "- {kind: %s, pose: {~SE2Transform: {p: [%.9g, %.9g], theta: %.9g}}, ",
                layer == SIGNS      ? sign_name_for_type(word)
                : layer == CITIZENS ? "duckie"
                                    : "duckiebot",
                at.x - g->left * f->tile_size, at.y - g->bottom * f->tile_size,
                imp_wrap_angle(at.yaw));
        if (layer == VEHICLES)
            fprintf(out, "color: %s, height: 0.12}\n", known_color_name(word));
        else
            fprintf(out, "height: %s}\n", layer == SIGNS ? "0.18" : "0.06");
    }
    return IMP_OK;
}

// Reads all layers, then writes the map file: tiles first, then objects.
static imp_status write_map_yaml(FILE *out, folder *f, grid *g)
{
    for (int layer = 0; layer < LAYERS; layer++)
        IMP_TRY(read_layer(f, layer));
    IMP_TRY(read_tile_map(f));
    IMP_TRY(read_grid(f, g));
    write_tiles(out, f, g);
    if (f->maps[SIGNS] >= 0 || f->maps[CITIZENS] >= 0 || f->maps[VEHICLES] >= 0)
        fprintf(out, "objects:\n");
    for (int layer = SIGNS; layer < LAYERS; layer++)
        IMP_TRY(write_objects(out, f, g, layer));
    return IMP_OK;
}

// Lists the layers of the folder that have no equivalent in map files.
static void list_ignored_layers(const char *path, char out[128])
{
    static const char *const others[] = {"watchtowers", "ground_tags", "decorations"};
    out[0] = '\0';
    for (int k = 0; k < 3; k++) {
        char name[32], at[IMP_PATH_MAX];
        snprintf(name, sizeof name, "%s.yaml", others[k]);
        const size_t used = strlen(out);
        if (imp_path_join(at, path, name, NULL) == IMP_OK && imp_path_exists(at))
            snprintf(out + used, 128 - used, "%s%s", used > 0 ? ", " : "", others[k]);
    }
}

imp_status imp_dt_map_to_yaml(const char *path, char **text, size_t *length,
                              char ignored_layers[128], imp_error *err)
{
    folder *f = calloc(1, sizeof *f);
    grid g = {0};
    *text = NULL;
    imp_text_stream out;
    if (f == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    imp_status status = imp_text_stream_open(&out, path, err);
    if (status == IMP_OK) {
        // -1 marks layers that are not there
        f->path = path;
        f->err = err;
        for (int layer = 0; layer < LAYERS; layer++)
            f->maps[layer] = -1;
        status = write_map_yaml(out.out, f, &g);
        for (int layer = 0; layer < LAYERS; layer++)
            imp_yaml_free(&f->layers[layer]);
        list_ignored_layers(path, ignored_layers);
        if (status == IMP_OK)
            status = imp_text_stream_close(&out, path, err);
        else
            imp_text_stream_discard(&out);
    }
    free(g.tiles);
    free(f);
    if (status == IMP_OK) {
        *text = out.bytes;
        *length = out.length;
    }
    return status;
}
