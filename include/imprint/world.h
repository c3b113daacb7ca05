/// imprint/world.h: a map read into a world: tiles, lanes and where to start. A world is constant
/// after loading and may be shared by any number of environments and threads.
#ifndef IMPRINT_WORLD_H
#define IMPRINT_WORLD_H

#include "imprint/base.h"

/// Kinds of tile: X(enumerator, word in map files, drivable).
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

/// The word that map files use for a kind.
const char *imp_tile_kind_name(imp_tile_kind kind);

/// A cubic Bezier lane curve on the ground [m], driven from p[0] to p[3].
typedef struct imp_curve {
    imp_vec2 p[4];
} imp_curve;

typedef struct imp_tile {
    imp_tile_kind kind;
    int orientation; ///< quarter turns: S 0, E 1, N 2, W 3
    bool drivable;
    int first_curve; ///< index into imp_world.curves
    int curve_count; ///< 0 where not drivable
} imp_tile;

/// The world. Read-only to its users; row 0 is the first row of the map file.
typedef struct imp_world {
    char name[64];        ///< map name without folder and extension
    char *source;         ///< the YAML text that it was read from
    size_t source_length; ///< bytes
    double tile_size;     ///< side of a tile [m]
    int columns, rows;
    imp_tile *tiles; ///< (rows x columns), row by row; tile (i, j) is tiles[j * columns + i]
    imp_curve *curves;
    int curve_count;
    int *drivable; ///< indices of drivable tiles in the order that start tiles are drawn from
    int drivable_count;
    bool has_start_tile;
    int start_tile[2]; ///< (i, j); valid if has_start_tile
    bool has_start_pose;
    imp_pose start_pose; ///< offset within the start tile [m] and heading; valid if has_start_pose
} imp_world;

/// Loads a map by built-in name ("loop_empty") or by path to a YAML file. The caller frees *out
/// with imp_world_destroy(). Fails with IMP_BAD_INPUT and "file:line: what is wrong" on a malformed
/// map.
imp_status imp_world_load(imp_world **out, const char *name_or_path, imp_error *err);

/// Reads a map from text (not necessarily terminated); source_name is used in messages.
imp_status imp_world_parse(imp_world **out, const char *text, size_t length,
                           const char *source_name, imp_error *err);

void imp_world_destroy(imp_world *world); ///< nullable

/// Built-in maps, sorted by name. The strings live as long as the program.
int imp_builtin_map_count(void);
const char *imp_builtin_map_name(int index);

/// The tile under a point, or NULL off the grid.
const imp_tile *imp_world_tile_at(const imp_world *world, double x, double z);

/// True if the point lies on a drivable tile.
bool imp_world_drivable_at(const imp_world *world, double x, double z);

/// Where a pose lies relative to the lane that counts for it.
typedef struct imp_lane_position {
    double distance; ///< signed distance from the lane centre [m], positive to the right
    double angle; ///< heading relative to the lane [rad], positive when turned to the right of it
    double alignment; ///< cosine of that angle, in [-1, 1]
    imp_vec2 point;   ///< closest point on the lane centre
    imp_vec2 tangent; ///< unit direction of the lane there
    int curve;        ///< index into imp_world.curves
} imp_lane_position;

/// The lane position exactly as the reference simulator computes it (8 bisections; see
/// docs/conventions.md). Returns false, and leaves *out alone, off drivable tiles.
bool imp_world_lane_position(const imp_world *world, imp_pose pose, imp_lane_position *out);

/// Point and derivative of a lane curve at t in [0, 1].
imp_vec2 imp_curve_point(const imp_curve *curve, double t);
imp_vec2 imp_curve_derivative(const imp_curve *curve, double t);
/// Curvature [1/m] at t, positive when the curve turns left.
double imp_curve_curvature(const imp_curve *curve, double t);

#endif
