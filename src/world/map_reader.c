// Reads the reference's map files ("MapFormat1") from YAML text.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/vector.h"
#include "imprint/world.h"
#include "world/lanes.h"

enum { SIDE_MAX = 1024, TILES_MAX = 65536, DEPTH_MAX = 32 };

// What the reader carries along: the document, and where messages say that it came from.
typedef struct reader {
    yaml_document_t *document;
    const char *source;
    imp_world *world;
    imp_error *err;
} reader;

static int line_of(const yaml_node_t *node)
{
    return (int)node->start_mark.line + 1;
}

static const char *text_of(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

static yaml_node_t *item_at(const reader *r, const yaml_node_t *sequence, int index)
{
    return yaml_document_get_node(r->document, sequence->data.sequence.items.start[index]);
}

static int length_of(const yaml_node_t *sequence)
{
    return (int)(sequence->data.sequence.items.top - sequence->data.sequence.items.start);
}

// The value of a key of a mapping, or NULL.
static yaml_node_t *value_of(const reader *r, const yaml_node_t *mapping, const char *key)
{
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(r->document, pair->key);
        if (name->type == YAML_SCALAR_NODE && strcmp(text_of(name), key) == 0)
            return yaml_document_get_node(r->document, pair->value);
    }
    return NULL;
}

static imp_status read_number(const reader *r, const yaml_node_t *node, const char *what,
                              double *out)
{
    if (node->type == YAML_SCALAR_NODE) {
        char *end;
        double value = strtod(text_of(node), &end);
        if (end != text_of(node) && *end == '\0' && isfinite(value)) {
            *out = value;
            return IMP_OK;
        }
        return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: %s: '%.40s' is not a finite number",
                        r->source, line_of(node), what, text_of(node));
    }
    return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: %s must be a number", r->source, line_of(node),
                    what);
}

static imp_status read_numbers(const reader *r, const yaml_node_t *node, const char *what,
                               int count, double *out)
{
    if (node->type != YAML_SEQUENCE_NODE || length_of(node) != count)
        return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: %s must be a list of %d numbers", r->source,
                        line_of(node), what, count);
    for (int k = 0; k < count; k++) {
        imp_status status = read_number(r, item_at(r, node, k), what, &out[k]);
        if (status != IMP_OK)
            return status;
    }
    return IMP_OK;
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t", text[length - 1]) != NULL)
        text[--length] = '\0';
    return text;
}

static bool kind_of_word(const char *word, imp_tile_kind *kind)
{
    for (int k = 0; k < IMP_TILE_KIND_COUNT; k++)
        if (strcmp(word, imp_tile_kind_name((imp_tile_kind)k)) == 0) {
            *kind = (imp_tile_kind)k;
            return true;
        }
    return false;
}

static const bool TILE_DRIVABLE[] = {
#define IMP_TILE_DRIVABLE(name, word, drivable) drivable,
    IMP_TILE_MAP(IMP_TILE_DRIVABLE)
#undef IMP_TILE_DRIVABLE
};

// "kind/orientation" or "kind"; without an orientation it is E, and any such word with a 4 in it is
// a crossing.
static imp_status read_tile(const reader *r, const yaml_node_t *node, imp_tile *tile)
{
    static const char orientations[] = "SENW";
    char buffer[64];
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.length >= sizeof buffer)
        return imp_fail(r->err, IMP_BAD_INPUT,
                        "%s:%d: a tile must be a word such as 'straight/N' or 'floor'", r->source,
                        line_of(node));
    strcpy(buffer, text_of(node));
    char *slash = strchr(buffer, '/');
    const char *orientation = "E";
    if (slash != NULL) {
        *slash = '\0';
        orientation = trim(slash + 1);
    }
    const char *word = trim(buffer);
    const char *letter = strchr(orientations, orientation[0]);
    if (strlen(orientation) != 1 || letter == NULL)
        return imp_fail(r->err, IMP_BAD_INPUT,
                        "%s:%d: tile '%s': '%s' is no orientation (S, E, N or W)", r->source,
                        line_of(node), text_of(node), orientation);
    if (slash == NULL && strchr(word, '4') != NULL)
        word = "4way";
    if (!kind_of_word(word, &tile->kind))
        return imp_fail(
            r->err, IMP_BAD_INPUT,
            "%s:%d: unknown tile '%s': use straight, curve_left, curve_right, 3way_left, "
            "3way_right, 4way, asphalt, grass, floor, calibration_tile or empty",
            r->source, line_of(node), word);
    tile->orientation = (int)(letter - orientations);
    tile->drivable = TILE_DRIVABLE[tile->kind];
    return IMP_OK;
}

// Checks that the rows are lists of one length and that the grid has a size we take.
static imp_status read_grid_size(const reader *r, const yaml_node_t *tiles)
{
    imp_world *world = r->world;
    if (tiles->type != YAML_SEQUENCE_NODE || length_of(tiles) == 0)
        return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: tiles must be a list of rows", r->source,
                        line_of(tiles));
    for (int j = 0; j < length_of(tiles); j++) {
        const yaml_node_t *row = item_at(r, tiles, j);
        if (row->type != YAML_SEQUENCE_NODE || length_of(row) == 0)
            return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: row %d of tiles must be a list of tiles",
                            r->source, line_of(row), j + 1);
        if (j == 0)
            world->columns = length_of(row);
        if (length_of(row) != world->columns)
            return imp_fail(r->err, IMP_BAD_INPUT,
                            "%s:%d: row %d of tiles has %d entries, the first row has %d",
                            r->source, line_of(row), j + 1, length_of(row), world->columns);
    }
    world->rows = length_of(tiles);
    if (world->columns > SIDE_MAX || world->rows > SIDE_MAX ||
        world->columns * world->rows > TILES_MAX)
        return imp_fail(r->err, IMP_BAD_INPUT,
                        "%s:%d: %d x %d tiles are too many (at most %d, and %d on a side)",
                        r->source, line_of(tiles), world->columns, world->rows, TILES_MAX,
                        SIDE_MAX);
    return IMP_OK;
}

// Gives a drivable tile its lanes and a place among the start tiles.
static void add_lanes(imp_world *world, int index)
{
    imp_tile *tile = &world->tiles[index];
    imp_curve lanes[IMP_LANES_MAX];
    tile->first_curve = world->curve_count;
    tile->curve_count = imp_lanes_of_tile(tile->kind, tile->orientation, index % world->columns,
                                          index / world->columns, world->tile_size, lanes);
    memcpy(&world->curves[world->curve_count], lanes, (size_t)tile->curve_count * sizeof lanes[0]);
    world->curve_count += tile->curve_count;
    if (tile->drivable)
        world->drivable[world->drivable_count++] = index;
}

static imp_status read_tiles(const reader *r, const yaml_node_t *tiles)
{
    imp_world *world = r->world;
    imp_status status = read_grid_size(r, tiles);
    if (status != IMP_OK)
        return status;
    size_t count = (size_t)world->columns * (size_t)world->rows;
    world->tiles = calloc(count, sizeof *world->tiles);
    world->curves = calloc(count * IMP_LANES_MAX, sizeof *world->curves);
    world->drivable = calloc(count, sizeof *world->drivable);
    if (world->tiles == NULL || world->curves == NULL || world->drivable == NULL)
        return imp_fail(r->err, IMP_NO_MEMORY, "%s: out of memory", r->source);
    for (size_t index = 0; index < count; index++) {
        const yaml_node_t *row = item_at(r, tiles, (int)index / world->columns);
        const yaml_node_t *node = item_at(r, row, (int)index % world->columns);
        status = read_tile(r, node, &world->tiles[index]);
        if (status != IMP_OK)
            return status;
        add_lanes(world, (int)index);
    }
    imp_curve *fitted =
        realloc(world->curves, (size_t)(world->curve_count + 1) * sizeof *world->curves);
    if (fitted != NULL)
        world->curves = fitted;
    return IMP_OK;
}

static imp_status read_tile_size(const reader *r, const yaml_node_t *root)
{
    const yaml_node_t *node = value_of(r, root, "tile_size");
    if (node == NULL)
        return imp_fail(r->err, IMP_BAD_INPUT, "%s: no tile_size (metres, 0.585 in most maps)",
                        r->source);
    imp_status status = read_number(r, node, "tile_size", &r->world->tile_size);
    if (status != IMP_OK)
        return status;
    if (r->world->tile_size < 0.01 || r->world->tile_size > 100.0)
        return imp_fail(r->err, IMP_BAD_INPUT,
                        "%s:%d: tile_size: %g m is out of range (0.01 to 100)", r->source,
                        line_of(node), r->world->tile_size);
    return IMP_OK;
}

static imp_status read_start_tile(const reader *r, const yaml_node_t *node)
{
    imp_world *world = r->world;
    double tile[2] = {0};
    imp_status status = read_numbers(r, node, "start_tile", 2, tile);
    if (status != IMP_OK)
        return status;
    double i = floor(tile[0]), j = floor(tile[1]);
    if (i != tile[0] || j != tile[1] || i < 0 || j < 0 || i >= world->columns || j >= world->rows)
        return imp_fail(r->err, IMP_BAD_INPUT,
                        "%s:%d: start_tile [%g, %g] is not on the grid of %d columns and %d rows",
                        r->source, line_of(node), tile[0], tile[1], world->columns, world->rows);
    if (!world->tiles[(int)j * world->columns + (int)i].drivable)
        return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: start_tile [%g, %g] is not drivable",
                        r->source, line_of(node), i, j);
    world->has_start_tile = true;
    world->start_tile[0] = (int)i;
    world->start_tile[1] = (int)j;
    return IMP_OK;
}

// [[x, y, z], angle]
static imp_status read_start_pose(const reader *r, const yaml_node_t *node)
{
    double position[3], angle;
    if (node->type != YAML_SEQUENCE_NODE || length_of(node) != 2)
        return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: start_pose must be [[x, y, z], angle]",
                        r->source, line_of(node));
    imp_status status = read_numbers(r, item_at(r, node, 0), "start_pose", 3, position);
    if (status == IMP_OK)
        status = read_number(r, item_at(r, node, 1), "start_pose", &angle);
    if (status != IMP_OK)
        return status;
    r->world->has_start_pose = true;
    r->world->start_pose = (imp_pose){position[0], position[2], imp_wrap_angle(angle)};
    return IMP_OK;
}

static imp_status read_root(const reader *r)
{
    const yaml_node_t *root = yaml_document_get_root_node(r->document);
    if (root == NULL || root->type != YAML_MAPPING_NODE)
        return imp_fail(r->err, IMP_BAD_INPUT, "%s: not a map file: wants tile_size and tiles",
                        r->source);
    imp_status status = read_tile_size(r, root);
    if (status != IMP_OK)
        return status;
    const yaml_node_t *tiles = value_of(r, root, "tiles");
    if (tiles == NULL)
        return imp_fail(r->err, IMP_BAD_INPUT, "%s: no tiles", r->source);
    status = read_tiles(r, tiles);
    const yaml_node_t *start_tile = value_of(r, root, "start_tile");
    if (status == IMP_OK && start_tile != NULL)
        status = read_start_tile(r, start_tile);
    const yaml_node_t *start_pose = value_of(r, root, "start_pose");
    if (status == IMP_OK && start_pose != NULL)
        status = read_start_pose(r, start_pose);
    return status;
}

static void name_world(imp_world *world, const char *source)
{
    const char *slash = strrchr(source, '/');
    const char *base = slash == NULL ? source : slash + 1;
    const char *dot = strrchr(base, '.');
    int length = dot != NULL && dot != base ? (int)(dot - base) : (int)strlen(base);
    snprintf(world->name, sizeof world->name, "%.*s", length, base);
}

static imp_status not_yaml(const reader *r, const yaml_parser_t *parser)
{
    return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: not YAML: %s", r->source,
                    (int)parser->problem_mark.line + 1,
                    parser->problem != NULL ? parser->problem : "unreadable");
}

// The time that libyaml takes grows with the square of the depth of nesting, so that a small file
// could keep it busy for hours; no map is deep.
static imp_status check_depth(const reader *r, yaml_parser_t *parser)
{
    int depth = 0;
    for (bool more = true; more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return not_yaml(r, parser);
        yaml_event_type_t type = event.type;
        int line = (int)event.start_mark.line + 1;
        yaml_event_delete(&event);
        depth += type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
        depth -= type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
        if (depth > DEPTH_MAX)
            return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: nested more than %d deep", r->source,
                            line, DEPTH_MAX);
        // the first document is all that counts
        more = type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT;
    }
    return IMP_OK;
}

static imp_status load_document(reader *r, yaml_parser_t *parser)
{
    yaml_document_t document;
    if (!yaml_parser_load(parser, &document))
        return not_yaml(r, parser);
    r->document = &document;
    imp_status status = read_root(r);
    yaml_document_delete(&document);
    r->document = NULL;
    return status;
}

static imp_status parse_document(reader *r, const char *text, size_t length)
{
    imp_status status = IMP_OK;
    // one pass for the depth, one for the document
    for (int pass = 0; pass < 2 && status == IMP_OK; pass++) {
        yaml_parser_t parser;
        if (!yaml_parser_initialize(&parser))
            return imp_fail(r->err, IMP_NO_MEMORY, "%s: out of memory", r->source);
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
        status = pass == 0 ? check_depth(r, &parser) : load_document(r, &parser);
        yaml_parser_delete(&parser);
    }
    return status;
}

imp_status imp_world_parse(imp_world **out, const char *text, size_t length,
                           const char *source_name, imp_error *err)
{
    imp_world *world = calloc(1, sizeof *world);
    if (world == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", source_name);
    name_world(world, source_name);
    reader r = {.source = source_name, .world = world, .err = err};
    imp_status status = parse_document(&r, text, length);
    if (status == IMP_OK) {
        world->source = malloc(length + 1);
        if (world->source == NULL)
            status = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", source_name);
    }
    if (status != IMP_OK) {
        imp_world_destroy(world);
        return status;
    }
    memcpy(world->source, text, length);
    world->source[length] = '\0';
    world->source_length = length;
    *out = world;
    return IMP_OK;
}
