/// imprint/map_generator.h: procedurally generated maps: map files made from a seed. The result is
/// text in the format of all other map files; it can be parsed, drawn, edited or saved.
#ifndef IMPRINT_MAP_GENERATOR_H
#define IMPRINT_MAP_GENERATOR_H

#include "imprint/world.h"

IMP_API_BEGIN

/// Kinds of generated maps: X(enumerator, name, description).
#define IMP_MAP_GENERATOR_KINDS(X)                                                                 \
    X(IMP_MAP_GENERATOR_LOOP, "loop", "one closed road with left and right curves")                \
    X(IMP_MAP_GENERATOR_GRID, "grid",                                                              \
      "straight streets that meet in crossings and T intersections")                               \
    X(IMP_MAP_GENERATOR_RANDOM, "random", "curved roads, T intersections and crossings")

typedef enum imp_map_generator_kind {
#define IMP_MAP_GENERATOR_ENUM(name, word, text) name,
    IMP_MAP_GENERATOR_KINDS(IMP_MAP_GENERATOR_ENUM)
#undef IMP_MAP_GENERATOR_ENUM
        IMP_MAP_GENERATOR_KIND_COUNT
} imp_map_generator_kind;

const char *imp_map_generator_kind_name(imp_map_generator_kind kind); ///< static; or "unknown"

enum {
    IMP_MAP_GENERATOR_SIDE_MAX = 64, ///< tiles on a side
    IMP_MAP_GENERATOR_OBJECTS_MAX = 256,
};

/// What to generate. Obtain with imp_default_map_generator_def(), then change fields.
///
/// Pedestrians, cars, parked cars, obstacles and duckies each need a straight tile of their own. If
/// the roads have too few, fewer are placed.
typedef struct imp_map_generator_def {
    imp_map_generator_kind kind; ///< IMP_MAP_GENERATOR_RANDOM
    int columns, rows; ///< of the whole map [tiles], up to IMP_MAP_GENERATOR_SIDE_MAX; 9 x 9
    double tile_size;  ///< [m], 0.3..2; 0.585
    bool border;       ///< surround the roads with a ring of tiles without roads; true
    bool objects;      ///< houses, trees, vehicles, signs, traffic lights off the road; false
    int pedestrians;   ///< duckies that walk across the road and back; 0
    int cars;          ///< Duckiebots that drive; 0
    int parked;        ///< parked Duckiebots beside the road; 0..IMP_MAP_GENERATOR_OBJECTS_MAX
    int obstacles; ///< cones, barriers, duckies beside the road; 0..IMP_MAP_GENERATOR_OBJECTS_MAX
    /// Duckies that stand in a lane, 4 to 10 cm to the right of its centre, as in AI-DO's LFP
    /// challenge; 0..IMP_MAP_GENERATOR_OBJECTS_MAX
    int duckies;
    uint64_t seed;   ///< 123
    uint32_t number; ///< distinguishes maps with the same seed; 1
    int cookie;      ///< set by imp_default_map_generator_def()
} imp_map_generator_def;

imp_map_generator_def imp_default_map_generator_def(void);

/// Generates the text of a map file. The caller frees *out; *length does not count the terminating
/// 0. Equal definitions give equal bytes. Roads have no dead ends and are connected: every lane
/// leads into another. Neighbouring road tiles are always joined, and intersections are never
/// neighbours. A robot on the centre of its lane passes parked cars and obstacles with 3 cm to
/// spare. Fails with IMP_USAGE if a field is out of range or the map is too small for its kind, and
/// with IMP_NO_MEMORY.
imp_status imp_map_generate(char **out, size_t *length, const imp_map_generator_def *def,
                            imp_error *err);

IMP_API_END

#endif
