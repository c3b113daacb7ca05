// Reads the objects of a map file. Each entry gives a kind, one of four placements (pos, pose,
// place, attach; their rules are gym-duckietown's), a size and flags. Placements use y upwards from
// the bottom left corner of the map; read_object_pose() converts them to the world's x and z.
// Entries that gym-duckietown accepts but ignores in part become warnings, so that its maps can be
// read.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/text/plural.h"
#include "base/text/suggestion.h"
#include "sim/world/map_reader.h"
#include "sim/world/objects.h"

// Floor tags are entries, too, so there may be more entries than objects.
enum { ENTRIES_MAX = 4096 };

#define SCALE_MAX 1e4
#define DEGREE (IMP_PI / 180.0)

static const imp_yaml_expected EXPECTED_TILE = {"tile", "[2, 1]", IMP_MAP_POSITION_MAX};

// A placement in the frame of map files: y points up from the bottom row [m], angle [rad].
typedef struct placement {
    double x, y, angle;
} placement;

// Any word that starts with "sign_" is a sign.
static bool parse_object_kind(const char *word, imp_object_kind *kind)
{
    // all kinds but signs have one name
    for (int k = 0; k < IMP_OBJECT_SIGN; k++)
        if (strcmp(word, imp_object_class_get((imp_object_kind)k)->name) == 0) {
            *kind = (imp_object_kind)k;
            return true;
        }
    *kind = IMP_OBJECT_SIGN;
    return strncmp(word, "sign_", 5) == 0;
}

// Sets kind and sign. Unknown kinds fail with a suggestion; unknown signs are left blank with a
// warning.
static imp_status read_kind(imp_map_reader *r, int node, const char *word, imp_object *object)
{
#define IMP_OBJECT_NAME(name, word, min_x, min_z, max_x, max_z, height) word ", "
    static const char known[] = IMP_OBJECT_MAP(IMP_OBJECT_NAME) "floor_tag";
#undef IMP_OBJECT_NAME
    if (!parse_object_kind(word, &object->kind)) {
        char hint[IMP_SUGGESTION_TEXT_MAX];
        // look for a similar kind or sign
        imp_suggestion suggestion = imp_suggestion_begin(word, strlen(word));
        for (int k = 0; k < IMP_OBJECT_SIGN; k++)
            imp_suggestion_add_candidate(&suggestion,
                                         imp_object_class_get((imp_object_kind)k)->name);
        for (int k = 0; k < IMP_SIGN_COUNT; k++)
            imp_suggestion_add_candidate(&suggestion, imp_sign_name((imp_sign)k));
        imp_suggestion_add_candidate(&suggestion, "floor_tag");
        imp_suggestion_format(&suggestion, hint);
        // the full list is long, so a suggestion replaces it
        return hint[0] != '\0'
                   ? imp_yaml_fail(&r->yaml, node, "unknown kind of object '%.40s'%s", word, hint)
                   : imp_yaml_fail(&r->yaml, node, "unknown kind of object '%.40s': use one of %s",
                                   word, known);
    }
    // signs: find which one
    if (object->kind != IMP_OBJECT_SIGN)
        return IMP_OK;
    for (int k = 0; k < IMP_SIGN_COUNT; k++)
        if (strcmp(word, imp_sign_name((imp_sign)k)) == 0) {
            object->sign = (imp_sign)k;
            return IMP_OK;
        }
    // an unknown sign: keep the post, leave the face blank
    object->sign = IMP_SIGN_BLANK;
    char hint[IMP_SUGGESTION_TEXT_MAX];
    imp_suggestion suggestion = imp_suggestion_begin(word, strlen(word));
    for (int k = 0; k < IMP_SIGN_COUNT; k++)
        imp_suggestion_add_candidate(&suggestion, imp_sign_name((imp_sign)k));
    imp_map_add_warning(r, imp_yaml_line(&r->yaml, node), "unknown sign '%.60s' is left blank%s",
                        word, imp_suggestion_format(&suggestion, hint));
    return IMP_OK;
}

// Reads {~SE2Transform: {p: [x, y], theta or theta_deg}}; missing values are 0.
static imp_status read_se2_transform(const imp_map_reader *r, int node, const char *what,
                                     placement *out)
{
    const imp_yaml *yaml = &r->yaml;
    const int inner = imp_yaml_get(yaml, node, "~SE2Transform");
    if (inner < 0)
        return imp_yaml_fail(yaml, node, "%s must be {~SE2Transform: {p: [x, y], theta_deg: a}}",
                             what);
    // missing values are 0, as in gym-duckietown
    *out = (placement){0.0, 0.0, 0.0};
    if (imp_yaml_node_kind(yaml, inner) != IMP_YAML_MAP) {
        const char *text = imp_yaml_scalar_text(yaml, inner);
        if (text == NULL || (*text != '\0' && strcmp(text, "null") != 0 && strcmp(text, "~") != 0))
            return imp_yaml_fail(yaml, inner, "~SE2Transform must be a map of p and theta_deg");
        return IMP_OK;
    }
    // position and angle; theta [rad] takes precedence over theta_deg
    const int p = imp_yaml_get(yaml, inner, "p"), theta = imp_yaml_get(yaml, inner, "theta");
    const int degrees = imp_yaml_get(yaml, inner, "theta_deg");
    double at[2] = {0.0, 0.0};
    imp_status status = IMP_OK;
    if (p >= 0)
        status = imp_yaml_read_numbers(
            yaml, p, (imp_yaml_expected){"p", "[0.9, 0.3]", IMP_MAP_POSITION_MAX}, 2, at);
    if (status == IMP_OK && theta >= 0)
        status = imp_yaml_read_number(
            yaml, theta, (imp_yaml_expected){"theta", "1.57", IMP_MAP_ANGLE_MAX}, &out->angle);
    else if (status == IMP_OK && degrees >= 0) {
        status = imp_yaml_read_number(
            yaml, degrees, (imp_yaml_expected){"theta_deg", "90", IMP_MAP_ANGLE_MAX}, &out->angle);
        out->angle *= DEGREE;
    }
    out->x = at[0];
    out->y = at[1];
    return status;
}

// Finds a required key of a map; `what` names the map in the message.
static imp_status find_required_key(const imp_map_reader *r, int node, const char *what,
                                    const char *key, int *out)
{
    *out = imp_yaml_get(&r->yaml, node, key);
    return *out >= 0 ? IMP_OK : imp_yaml_fail(&r->yaml, node, "%s has no %s", what, key);
}

// Reads pos: [u, v] in tiles, v downwards. gym-duckietown counts v from where the grid would end if
// it had one row less than columns.
static imp_status read_pos_placement(imp_map_reader *r, int node, double rotate, placement *out)
{
    const imp_world *world = r->world;
    double at[3];
    const int count =
        imp_yaml_node_kind(&r->yaml, node) == IMP_YAML_LIST && imp_yaml_count(&r->yaml, node) == 3
            ? 3
            : 2; // old files give a height as the third number
    IMP_TRY(imp_yaml_read_numbers(
        &r->yaml, node, (imp_yaml_expected){"pos", "[1.5, 0.5]", IMP_MAP_POSITION_MAX}, count, at));
    // map files count y upwards and turn counter-clockwise
    out->x = at[0] * world->tile_size;
    out->y = (world->columns - 1 - at[1]) * world->tile_size;
    out->angle = -rotate;
    // gym-duckietown's rule is off by this many rows unless the map is one row shorter than wide
    const int off = world->rows + 1 - world->columns;
    if (off != 0)
        imp_map_add_warning(r, imp_yaml_line(&r->yaml, node),
                            "pos on %d x %d tiles: as in gym-duckietown, objects land %s "
                            "%s where they are drawn; place or pose says where",
                            world->columns, world->rows, IMP_PLURAL(abs(off), "tile"),
                            off > 0 ? "below" : "above");
    return IMP_OK;
}

// Reads place: {tile: [i, j], relative: transform}, relative to the tile's centre, j upwards.
static imp_status read_place_placement(const imp_map_reader *r, int node, placement *out)
{
    double tile[2];
    int value;
    IMP_TRY(find_required_key(r, node, "place", "tile", &value));
    IMP_TRY(imp_yaml_read_numbers(&r->yaml, value, EXPECTED_TILE, 2, tile));
    // the transform is relative to the centre of the tile
    IMP_TRY(find_required_key(r, node, "place", "relative", &value));
    IMP_TRY(read_se2_transform(r, value, "relative", out));
    out->x += (tile[0] + 0.5) * r->world->tile_size;
    out->y += (tile[1] + 0.5) * r->world->tile_size;
    return IMP_OK;
}

// Reads attach: {tile: [i, j], slot: 0 to 7}, j upwards. gym-duckietown counts slots from the
// tile's corner.
static imp_status read_attach_placement(const imp_map_reader *r, int node, double rotate,
                                        placement *out)
{
    // offsets of the eight slots in tiles
    static const double slots[][2] = {
        {0.09, 0.035},   {0.035, 0.09},   {-0.035, 0.09}, {-0.09, 0.035},
        {-0.09, -0.035}, {-0.035, -0.09}, {0.035, -0.09}, {0.09, -0.035},
    };
    // tile and slot are both required
    double tile[2], slot;
    int value;
    IMP_TRY(find_required_key(r, node, "attach", "tile", &value));
    IMP_TRY(imp_yaml_read_numbers(&r->yaml, value, EXPECTED_TILE, 2, tile));
    IMP_TRY(find_required_key(r, node, "attach", "slot", &value));
    IMP_TRY(imp_yaml_read_number(&r->yaml, value,
                                 (imp_yaml_expected){"slot", "3", IMP_MAP_POSITION_MAX}, &slot));
    if (slot < 0.0 || slot > 7.0 || slot != floor(slot))
        return imp_yaml_fail(&r->yaml, value, "slot %g is not within 0 to 7", slot);
    out->x = (tile[0] + slots[(int)slot][0]) * r->world->tile_size;
    out->y = (tile[1] + slots[(int)slot][1]) * r->world->tile_size;
    out->angle = rotate;
    return IMP_OK;
}

// Reads the placement. Of several, gym-duckietown uses the first of pos, pose, place and attach.
static imp_status read_placement(imp_map_reader *r, int node, placement *out)
{
    const imp_yaml *yaml = &r->yaml;
    const int pos = imp_yaml_get(yaml, node, "pos"), pose = imp_yaml_get(yaml, node, "pose");
    const int place = imp_yaml_get(yaml, node, "place");
    const int attach = imp_yaml_get(yaml, node, "attach");
    const int turned = imp_yaml_get(yaml, node, "rotate");
    // rotate is used by two placements only
    const int line = imp_yaml_line(yaml, node);
    // rotate applies to pos and attach
    double rotate = 0.0;
    if (turned >= 0) {
        IMP_TRY(imp_yaml_read_number(
            yaml, turned, (imp_yaml_expected){"rotate", "90", IMP_MAP_ANGLE_MAX}, &rotate));
        if (rotate != 0.0 && pos < 0 && (pose >= 0 || place >= 0))
            imp_map_add_warning(r, imp_yaml_line(yaml, turned),
                                "rotate applies to pos and attach only, not with pose or place");
    }
    // the order of these tests is gym-duckietown's order of precedence
    if ((pos >= 0) + (pose >= 0) + (place >= 0) + (attach >= 0) > 1)
        imp_map_add_warning(r, line,
                            "several placements: the first of pos, pose, place, attach counts");
    if (pos >= 0)
        return read_pos_placement(r, pos, rotate * DEGREE, out);
    if (pose >= 0)
        return read_se2_transform(r, pose, "pose", out);
    if (place >= 0)
        return read_place_placement(r, place, out);
    if (attach >= 0)
        return read_attach_placement(r, attach, rotate * DEGREE, out);
    return imp_yaml_fail(yaml, node, "an object needs one of pos, pose, place and attach");
}

// Converts the placement to the world's frame, and warns about objects off the grid.
static imp_status read_object_pose(imp_map_reader *r, int node, imp_object *object)
{
    const imp_world *world = r->world;
    placement at = {0.0, 0.0, 0.0};
    IMP_TRY(read_placement(r, node, &at));
    // size of the map [m]
    const double width = world->columns * world->tile_size, height = world->rows * world->tile_size;
    // z points down from the top row
    object->position = (imp_vec2){at.x, height - at.y};
    object->heading = imp_wrap_angle(at.angle);
    if (fabs(object->position.x) > IMP_MAP_POSITION_MAX ||
        fabs(object->position.z) > IMP_MAP_POSITION_MAX)
        return imp_yaml_fail(&r->yaml, node, "'%s' stands at (%g, %g) m: too far away",
                             object->name, object->position.x, object->position.z);
    // no warning exactly on the edge: signs without a real placement stand there
    const double slack = 1e-9;
    if (at.x < -slack || at.x > width + slack || at.y < -slack || at.y > height + slack)
        imp_map_add_warning(r, object->line, "'%s' stands off the grid, at x = %.3f m, z = %.3f m",
                            object->name, object->position.x, object->position.z);
    return IMP_OK;
}

// Reads the size: height [m], or scale [m per unit of the mesh]; 1 without either.
static imp_status read_scale(const imp_map_reader *r, int node, imp_object *object)
{
    const imp_yaml *yaml = &r->yaml;
    const int height = imp_yaml_get(yaml, node, "height");
    const int scale = imp_yaml_get(yaml, node, "scale");
    // height divides by the height of the kind's mesh
    const int given = height >= 0 ? height : scale;
    const char *what = height >= 0 ? "height" : "scale";
    object->scale = 1.0;
    if (given < 0)
        return IMP_OK;
    if (height >= 0 && scale >= 0)
        return imp_yaml_fail(yaml, node, "'%s' has both height and scale: give one", object->name);
    double value;
    IMP_TRY(imp_yaml_read_number(
        yaml, given, (imp_yaml_expected){what, height >= 0 ? "0.08" : "1", HUGE_VAL}, &value));
    // from a height in metres to a scale of the mesh
    object->scale = height >= 0 ? value / imp_object_class_get(object->kind)->height : value;
    if (!(object->scale > 0.0) || object->scale > SCALE_MAX)
        return imp_yaml_fail(yaml, given, "%s %g is out of range: the scale must lie in (0, %g]",
                             what, value, SCALE_MAX);
    return IMP_OK;
}

// Reads the colour of a duckiebot; red if there is none.
static imp_status read_color(const imp_map_reader *r, int node, imp_object *object)
{
    static const char *const colors[] = {"red", "green", "blue", "grey"};
    const int value = imp_yaml_get(&r->yaml, node, "color");
    object->color = IMP_COLOR_RED;
    if (value < 0)
        return IMP_OK;
    // find the colour by its name
    const char *word;
    IMP_TRY(imp_yaml_read_string(&r->yaml, value, (imp_yaml_expected){"color", "red", 0.0}, &word));
    for (int k = 0; k < 4; k++)
        if (strcmp(word, colors[k]) == 0) {
            object->color = (imp_object_color)k;
            return IMP_OK;
        }
    return imp_yaml_fail(&r->yaml, value, "color '%.40s': use red, green, blue or grey", word);
}

// Reads optional and static, and derives whether the object is solid and moves. Only duckies,
// duckiebots and checkerboards may move; traffic lights always change.
static imp_status read_and_register_motion(const imp_map_reader *r, int node, imp_object *object)
{
    const imp_yaml *yaml = &r->yaml;
    const int is_optional = imp_yaml_get(yaml, node, "optional");
    const int is_static = imp_yaml_get(yaml, node, "static");
    const imp_object_kind kind = object->kind;
    imp_world *world = r->world;
    // static defaults to true
    bool stands = true;
    if (is_optional >= 0)
        IMP_TRY(imp_yaml_read_bool(yaml, is_optional, "optional", &object->optional));
    if (is_static >= 0)
        IMP_TRY(imp_yaml_read_bool(yaml, is_static, "static", &stands));
    // traffic lights are not solid, but change
    object->solid = kind != IMP_OBJECT_TRAFFIC_LIGHT;
    object->moving = -1;
    // traffic lights always change
    if (kind == IMP_OBJECT_TRAFFIC_LIGHT)
        stands = false;
    else if (!stands && kind != IMP_OBJECT_DUCKIE && kind != IMP_OBJECT_DUCKIEBOT &&
             kind != IMP_OBJECT_CHECKERBOARD)
        return imp_yaml_fail(yaml, is_static,
                             "static: false is for duckie, duckiebot and checkerboard");
    if (stands)
        return IMP_OK;
    // register it among the moving objects
    object->moving = world->moving_count;
    world->moving[world->moving_count++] = world->object_count;
    return IMP_OK;
}

// Reads one entry. In a list `name` is NULL, and kind and `number` (from 1) make its name.
static imp_status read_object(imp_map_reader *r, int node, int line, const char *name, int number)
{
    static const char *const keys[] = {"kind",   "pos",    "pose",  "place",    "attach",
                                       "rotate", "height", "scale", "optional", "static",
                                       "color",  "tag",    NULL};
    const imp_yaml *yaml = &r->yaml;
    imp_world *world = r->world;
    const char *kind;
    if (imp_yaml_node_kind(yaml, node) != IMP_YAML_MAP)
        return imp_yaml_fail(yaml, node, "an object must be a map with kind and pos or place");
    const int kind_node = imp_yaml_get(yaml, node, "kind");
    if (kind_node < 0)
        return imp_yaml_fail(yaml, node, "an object has no kind");
    imp_status status =
        imp_yaml_read_string(yaml, kind_node, (imp_yaml_expected){"kind", "duckie", 0.0}, &kind);
    // floor tags are not drawn and do not collide
    if (status != IMP_OK || strcmp(kind, "floor_tag") == 0)
        return status;
    if (world->object_count == IMP_OBJECTS_MAX)
        return imp_yaml_fail(yaml, node, "more than %d objects in a map", IMP_OBJECTS_MAX);
    // the new object counts only once all of it was read
    imp_object *object = &world->objects[world->object_count];
    *object = (imp_object){.line = line};
    // the key of a map, or kind and number in a list
    if (name != NULL)
        snprintf(object->name, sizeof object->name, "%.31s", name);
    else
        snprintf(object->name, sizeof object->name, "%.20s%d", kind, number);
    imp_yaml_sanitize_text(object->name);
    // kind first: size and flags depend on it
    status = read_kind(r, kind_node, kind, object);
    if (status == IMP_OK)
        imp_map_warn_unknown_keys(r, node, keys);
    if (status == IMP_OK)
        status = read_object_pose(r, node, object);
    if (status == IMP_OK)
        status = read_scale(r, node, object);
    if (status == IMP_OK)
        status = read_color(r, node, object);
    if (status == IMP_OK)
        status = read_and_register_motion(r, node, object);
    if (status != IMP_OK)
        return status;
    // complete: derive footprint and distances
    imp_object_set_box_and_radii(object);
    world->object_count++;
    return IMP_OK;
}

// Whether a later entry has the same name. As in Python's YAML, the last one counts.
static bool is_redefined_later(imp_map_reader *r, int entry)
{
    const imp_yaml *yaml = &r->yaml;
    const char *name = imp_yaml_scalar_text(yaml, imp_yaml_resolve(yaml, entry));
    imp_yaml_pair pair = imp_yaml_next_pair(yaml, imp_yaml_pair_at(yaml, entry));
    while (name != NULL && pair.key >= 0 &&
           !imp_yaml_scalar_equals(yaml, imp_yaml_resolve(yaml, pair.key), name))
        pair = imp_yaml_next_pair(yaml, pair);
    if (name == NULL || pair.key < 0)
        return false;
    imp_map_add_warning(r, imp_yaml_line(yaml, entry),
                        "'%.60s' is given again in line %d: that one counts", name,
                        imp_yaml_line(yaml, pair.key));
    return true;
}

// Reads all entries of a list, or of a map by name.
static imp_status read_entries(imp_map_reader *r, int node, bool is_map)
{
    const imp_yaml *yaml = &r->yaml;
    int number = 1;
    for (int at = imp_yaml_first(yaml, node); at >= 0; number++) {
        // children alternate between key and value in a map, not in a list
        const int place = is_map ? imp_yaml_next(yaml, at) : at;
        const char *name = is_map ? imp_yaml_scalar_text(yaml, imp_yaml_resolve(yaml, at)) : NULL;
        // a redefined entry is not read at all
        if (!is_map || !is_redefined_later(r, at))
            IMP_TRY(read_object(r, imp_yaml_resolve(yaml, place), imp_yaml_line(yaml, at), name,
                                number));
        at = imp_yaml_next(yaml, place);
    }
    return IMP_OK;
}

imp_status imp_map_read_objects(imp_map_reader *r, int node)
{
    const imp_yaml *yaml = &r->yaml;
    const imp_yaml_kind kind = imp_yaml_node_kind(yaml, node);
    if (kind == IMP_YAML_SCALAR) {
        // an empty value: all objects are commented out
        const char *text = imp_yaml_scalar_text(yaml, node);
        if (*text == '\0' || strcmp(text, "null") == 0 || strcmp(text, "~") == 0)
            return IMP_OK;
        return imp_yaml_fail(yaml, node, "objects must be a list, or a map from name to object");
    }
    const int count = imp_yaml_count(yaml, node);
    // the search for redefined keys is quadratic, so limit the entries
    if (count > ENTRIES_MAX)
        return imp_yaml_fail(yaml, node, "%d objects and floor tags are too many (at most %d)",
                             count, ENTRIES_MAX);
    // one slot more than needed, so that calloc() never gets 0
    const size_t room = count < IMP_OBJECTS_MAX ? (size_t)count : IMP_OBJECTS_MAX;
    r->world->objects = calloc(room + 1, sizeof *r->world->objects);
    if (r->world->objects == NULL)
        return imp_fail(yaml->err, IMP_NO_MEMORY, "%s: out of memory", yaml->source);
    return read_entries(r, node, kind == IMP_YAML_MAP);
}
