/// imprint/world.h: a map file read into a world: tiles, lanes, objects and the start pose. A world
/// is constant after loading, so any number of environments and threads may share it. Axes and
/// units: docs/conventions.md.
#ifndef IMPRINT_WORLD_H
#define IMPRINT_WORLD_H

#include "imprint/base.h"

IMP_API_BEGIN

/// Kinds of tile: X(enumerator, name in map files, drivable).
#define IMP_TILE_MAP(X)                                                                            \
    X(IMP_TILE_EMPTY, "empty", false)                                                              \
    X(IMP_TILE_STRAIGHT, "straight", true)                                                         \
    X(IMP_TILE_CURVE_LEFT, "curve_left", true)                                                     \
    X(IMP_TILE_CURVE_RIGHT, "curve_right", true)                                                   \
    X(IMP_TILE_3WAY_LEFT, "3way_left", true)                                                       \
    X(IMP_TILE_3WAY_RIGHT, "3way_right", true)                                                     \
    X(IMP_TILE_4WAY, "4way", true)                                                                 \
    X(IMP_TILE_ASPHALT, "asphalt", false)                                                          \
    X(IMP_TILE_GRASS, "grass", false)                                                              \
    X(IMP_TILE_FLOOR, "floor", false)                                                              \
    X(IMP_TILE_CALIBRATION, "calibration_tile", false)

typedef enum imp_tile_kind {
#define IMP_TILE_ENUM(name, word, drivable) name,
    IMP_TILE_MAP(IMP_TILE_ENUM)
#undef IMP_TILE_ENUM
        IMP_TILE_KIND_COUNT
} imp_tile_kind;

/// The name of a tile kind in map files, or "unknown". The string is static.
const char *imp_tile_kind_name(imp_tile_kind kind);

/// A cubic Bezier lane curve on the ground [m], driven from p[0] to p[3].
typedef struct imp_curve {
    imp_vec2 p[4];
} imp_curve;

/// One square of the grid.
typedef struct imp_tile {
    imp_tile_kind kind;
    int orientation; ///< quarter turns: S 0, E 1, N 2, W 3
    bool drivable;   ///< whether it carries lanes
    int first_curve; ///< index into imp_world.curves
    int curve_count; ///< 0 where not drivable
} imp_tile;

/// Kinds of object: X(enumerator, name in map files, min x, min z, max x, max z, height). The
/// extents are those of gym-duckietown's meshes before scaling, in single precision as there. At
/// heading 0 an object faces along x, and z points to its right. (Recorded from gym-duckietown 6.1;
/// the tree's from its mesh file; the sign's are an approximation.)
#define IMP_OBJECT_MAP(X)                                                                          \
    X(IMP_OBJECT_DUCKIE, "duckie", -0.8244785070419312, -0.562171995639801, 0.8303055167198181,    \
      0.588129997253418, 1.5184210538864136)                                                       \
    X(IMP_OBJECT_DUCKIEBOT, "duckiebot", -0.10046499967575073, -0.07359150052070618,               \
      0.10046499967575073, 0.07359150052070618, 0.13470099866390228)                               \
    X(IMP_OBJECT_CONE, "cone", -10.0, -10.0, 10.0, 10.0, 31.522899627685547)                       \
    X(IMP_OBJECT_BARRIER, "barrier", -2.0327839851379395, -0.40639999508857727,                    \
      2.0327839851379395, 0.40639999508857727, 1.1430000066757202)                                 \
    X(IMP_OBJECT_BUILDING, "building", -1.840000033378601, -1.2200000286102295, 1.840000033378601, \
      1.2200000286102295, 3.450000047683716)                                                       \
    X(IMP_OBJECT_HOUSE, "house", -3.2575764656066895, -4.237040996551514, 3.2575764656066895,      \
      4.237040996551514, 4.817893981933594)                                                        \
    X(IMP_OBJECT_BUS, "bus", -8.071548461914062, -2.5183067321777344, 8.071533203125,              \
      2.518310546875, 4.411619186401367)                                                           \
    X(IMP_OBJECT_TRUCK, "truck", -4.699832916259766, -2.0184497833251953, 4.699832916259766,       \
      2.0184497833251953, 5.187868118286133)                                                       \
    X(IMP_OBJECT_TREE, "tree", -0.9854840040206909, -0.7077900171279907, 1.0128569602966309,       \
      1.29025399684906, 3.56453800201416)                                                          \
    X(IMP_OBJECT_TRAFFIC_LIGHT, "trafficlight", -0.05648600310087204, -0.29170849919319153,        \
      0.056487999856472015, 0.2917095124721527, 0.3654579818248749)                                \
    X(IMP_OBJECT_CHECKERBOARD, "checkerboard", -10.059999465942383, -10.059999465942383,           \
      10.059999465942383, 10.059999465942383, 20.119998931884766)                                  \
    X(IMP_OBJECT_SIGN, "sign_*", -0.02539999969303608, -0.032499998807907104, 0.02539999969303608, \
      0.032499998807907104, 0.23010000586509705)

typedef enum imp_object_kind {
#define IMP_OBJECT_ENUM(name, word, min_x, min_z, max_x, max_z, height) name,
    IMP_OBJECT_MAP(IMP_OBJECT_ENUM)
#undef IMP_OBJECT_ENUM
        IMP_OBJECT_KIND_COUNT
} imp_object_kind;

/// Properties that all objects of a kind share.
typedef struct imp_object_class {
    const char *name;                  ///< in map files; "sign_*" for all signs
    double min_x, min_z, max_x, max_z; ///< extents before scaling
    double height;
} imp_object_class;

const imp_object_class *imp_object_class_get(imp_object_kind kind);

/// Signs: X(enumerator, name in map files).
#define IMP_SIGN_MAP(X)                                                                            \
    X(IMP_SIGN_BLANK, "sign_blank")                                                                \
    X(IMP_SIGN_STOP, "sign_stop")                                                                  \
    X(IMP_SIGN_YIELD, "sign_yield")                                                                \
    X(IMP_SIGN_NO_RIGHT_TURN, "sign_no_right_turn")                                                \
    X(IMP_SIGN_NO_LEFT_TURN, "sign_no_left_turn")                                                  \
    X(IMP_SIGN_ONEWAY_RIGHT, "sign_oneway_right")                                                  \
    X(IMP_SIGN_ONEWAY_LEFT, "sign_oneway_left")                                                    \
    X(IMP_SIGN_4_WAY_INTERSECT, "sign_4_way_intersect")                                            \
    X(IMP_SIGN_RIGHT_T_INTERSECT, "sign_right_T_intersect")                                        \
    X(IMP_SIGN_LEFT_T_INTERSECT, "sign_left_T_intersect")                                          \
    X(IMP_SIGN_T_INTERSECT, "sign_T_intersect")                                                    \
    X(IMP_SIGN_DO_NOT_ENTER, "sign_do_not_enter")                                                  \
    X(IMP_SIGN_PEDESTRIAN, "sign_pedestrian")                                                      \
    X(IMP_SIGN_T_LIGHT_AHEAD, "sign_t_light_ahead")                                                \
    X(IMP_SIGN_DUCK_CROSSING, "sign_duck_crossing")                                                \
    X(IMP_SIGN_PARKING, "sign_parking")

typedef enum imp_sign {
#define IMP_SIGN_ENUM(name, word) name,
    IMP_SIGN_MAP(IMP_SIGN_ENUM)
#undef IMP_SIGN_ENUM
        IMP_SIGN_COUNT
} imp_sign;

const char *imp_sign_name(imp_sign sign); ///< its name in map files; static

typedef enum imp_object_color {
    IMP_COLOR_RED,
    IMP_COLOR_GREEN,
    IMP_COLOR_BLUE,
    IMP_COLOR_GREY
} imp_object_color;

/// An oriented rectangle on the ground: the footprint of an object or of the robot.
typedef struct imp_box {
    imp_vec2 corner[4]; ///< rear left, front left, front right, rear right [m]
    imp_vec2 axis[2];   ///< unit vectors along its sides
} imp_box;

/// True if two rectangles touch or overlap, by the separating axis test (Gottschalk, Lin and
/// Manocha, 1996).
bool imp_boxes_overlap(const imp_box *a, const imp_box *b);

enum { IMP_OBJECTS_MAX = 1024 }; ///< objects in one world

/// An object as the map places it.
typedef struct imp_object {
    char name[32]; ///< key of the map file's entry, or kind and number
    imp_object_kind kind;
    imp_sign sign;          ///< valid for signs
    imp_object_color color; ///< of a duckiebot; default red
    imp_vec2 position;      ///< [m]
    double heading;         ///< [rad]
    double scale;           ///< metres per unit of the class's extents
    bool optional;          ///< may be absent under randomisation
    int moving;             ///< index among the world's moving objects, or -1
    bool solid;             ///< whether the robot collides with it; traffic lights are not
    imp_box box;            ///< footprint where the map places it
    double safety_radius;   ///< of the proximity penalty [m]
    double spawn_distance;  ///< least distance of a start pose from its position [m]
    int line;               ///< in the map file, from 1
} imp_object;

/// The present state of an object that moves or changes. Owned by an environment.
typedef struct imp_object_state {
    imp_vec2 position; ///< [m]
    double y;          ///< height above the ground [m]
    double heading;    ///< as it is drawn [rad]
    int pattern;       ///< of a traffic light: 0 or 1, see imp_traffic_light_is_green()
    imp_box box;       ///< footprint there
} imp_object_state;

/// Whether a traffic light shows green to a robot that drives towards `heading` [rad]. The lights
/// of a crossing form two pairs that change together; the pairs show opposite colours.
/// (gym-duckietown's rule for lights at 45, 135, 225 or 315 degrees, extended to all headings.)
bool imp_traffic_light_is_green(const imp_object_state *light, double heading);

/// A warning about a map. The map can be used nevertheless.
typedef struct imp_map_warning {
    int line;     ///< in the map file, from 1
    bool assumed; ///< a value is missing in the map and a default was used
    char text[160];
} imp_map_warning;

/// The world. Users only read it; imp_world_destroy() frees everything in it. Row 0 is the first
/// row of the map file.
typedef struct imp_world {
    char name[64];        ///< map name without folder and extension
    char *source;         ///< the YAML text of the map
    size_t source_length; ///< bytes
    double tile_size;     ///< side of a tile [m]
    int columns, rows;
    imp_tile *tiles; ///< (rows x columns), row by row; tile (i, j) is tiles[j * columns + i]
    imp_curve *curves;
    int curve_count;
    int *drivable; ///< indices of drivable tiles in the order that start tiles are drawn from
    int drivable_count;
    imp_object *objects; ///< in the order of the map file, floor tags left out
    int object_count;
    int moving[IMP_OBJECTS_MAX]; ///< the objects that move or change
    int moving_count;
    /// Indices of the solid, static objects that a robot on a tile can touch or come close to.
    /// Those of tile t are nearby[nearby_start[t]] to nearby[nearby_start[t + 1] - 1].
    int *nearby, *nearby_start;
    imp_map_warning *warnings; ///< sorted by line; at most 100
    int warning_count;
    int start_line; ///< line of start_pose or start_tile in the map file; else 1
    bool has_start_tile;
    int start_tile[2]; ///< (i, j), drivable unless there is a start pose; valid if has_start_tile
    bool has_start_pose;
    imp_pose start_pose; ///< offset within the start tile [m] and heading; valid if has_start_pose
} imp_world;

/// Loads a map by the name of a built-in map ("loop_empty"), by the path of a YAML file, or by the
/// path of a layer folder (see imp_map_is_layer_folder()). The caller frees *out with
/// imp_world_destroy(). Fails with IMP_BAD_INPUT and "file:line: reason" on a malformed map or an
/// unknown name, and with IMP_IO or IMP_NO_MEMORY.
imp_status imp_world_load(imp_world **out, const char *name_or_path, imp_error *err);

/// Whether a folder holds one map as the layers of lib-dt-maps (tiles.yaml, frames.yaml), and not a
/// collection of map files. imp_world_load() accepts its path.
bool imp_map_is_layer_folder(const char *path);

/// Reads a map from `length` bytes of YAML text (at most 16 MiB, no terminating 0 needed).
/// source_name appears in messages and gives the world its name. Whatever the text, this needs less
/// memory than 64 times its length plus 16 MiB. Fails like imp_world_load().
imp_status imp_world_parse(imp_world **out, const char *text, size_t length,
                           const char *source_name, imp_error *err);

void imp_world_destroy(imp_world *world); ///< nullable

/// Whether a world has both the name and the text of a built-in map.
bool imp_world_is_builtin(const imp_world *world);

/// A 64-bit hash of the bytes of a world's YAML text.
uint64_t imp_world_text_hash(const imp_world *world);

/// Number and names of the built-in maps, sorted by name. The strings are static; NULL out of
/// range.
int imp_builtin_map_count(void);
const char *imp_builtin_map_name(int index);
/// Whether a built-in map has this name.
bool imp_map_is_builtin(const char *name);
/// How many objects of a kind a map has.
int imp_world_count_objects(const imp_world *world, imp_object_kind kind);

/// The tile under the point (x, z) [m], or NULL outside the grid. The world owns it.
const imp_tile *imp_world_tile_at(const imp_world *world, double x, double z);

/// True for tiles where roads meet; false for NULL.
bool imp_tile_is_intersection(const imp_tile *tile);

/// True if the point lies on a drivable tile.
bool imp_world_is_drivable_at(const imp_world *world, double x, double z);

/// A pose relative to its lane: the lane of its tile that fits its heading best.
typedef struct imp_lane_position {
    double distance; ///< signed distance from the lane centre [m], positive to the right
    double angle; ///< heading relative to the lane [rad], positive when turned to the right of it
    double alignment; ///< cosine of that angle, in [-1, 1]
    imp_vec2 point;   ///< closest point on the lane centre
    imp_vec2 tangent; ///< unit direction of the lane there
    int curve;        ///< index into imp_world.curves
} imp_lane_position;

/// Computes the lane position of a pose exactly as gym-duckietown does: the lane whose chord points
/// most along the heading, and its closest point by 8 bisections (docs/conventions.md). Returns
/// false and leaves *out unchanged if the pose is not on a drivable tile.
bool imp_world_lane_position(const imp_world *world, imp_pose pose, imp_lane_position *out);

/// Point and derivative of a lane curve at t in [0, 1].
imp_vec2 imp_curve_point(const imp_curve *curve, double t);
imp_vec2 imp_curve_derivative(const imp_curve *curve, double t);
/// Curvature [1/m] at t, positive when the curve turns left.
double imp_curve_curvature(const imp_curve *curve, double t);

IMP_API_END

#endif
