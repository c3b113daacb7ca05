/// imprint/map_generator.h: procedurally generated maps: map files made from a seed. The result is
/// text in the format of all other map files; it can be parsed, drawn, edited or saved.
#ifndef IMPRINT_MAP_GENERATOR_H
#define IMPRINT_MAP_GENERATOR_H

#include "imprint/world.h"

IMP_API_BEGIN

/// Kinds of map: X(enumerator, word, what it is).
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

const char *imp_map_generator_kind_name(imp_map_generator_kind kind); ///< the word

enum {
    IMP_MAP_GENERATOR_SIDE_MAX = 64, ///< tiles on a side
    IMP_MAP_GENERATOR_OBJECTS_MAX = 256,
};

/// Which map to make. Obtain with imp_default_map_generator_def(), then change fields.
///
/// Pedestrians, cars, parked cars, obstacles and duckies each take a straight tile of their own, so
/// that a short road may not have room for all that are asked for; then there are fewer.
typedef struct imp_map_generator_def {
    imp_map_generator_kind kind; ///< IMP_MAP_GENERATOR_RANDOM
    int columns, rows; ///< of the whole map [tiles], up to IMP_MAP_GENERATOR_SIDE_MAX; 9 x 9
    double tile_size;  ///< [m], 0.3..2; 0.585
    bool border;       ///< a ring of tiles without a road around the map; true
    bool objects;      ///< houses, trees, cars and more off the road, signs, traffic lights; false
    int pedestrians;   ///< duckies that walk across the road and back; 0
    int cars;          ///< Duckiebots that drive; 0
    int parked;        ///< Duckiebots that stand at the kerb; 0..IMP_MAP_GENERATOR_OBJECTS_MAX
    int obstacles; ///< cones, barriers and duckies at the kerb; 0..IMP_MAP_GENERATOR_OBJECTS_MAX
    /// Duckies that stand in a lane, 4 to 10 cm to the right of its middle, as in AI-DO's LFP;
    /// 0..IMP_MAP_GENERATOR_OBJECTS_MAX
    int duckies;
    uint64_t seed;   ///< 123
    uint32_t number; ///< of the maps of this seed; 1
    int cookie;      ///< set by imp_default_map_generator_def()
} imp_map_generator_def;

imp_map_generator_def imp_default_map_generator_def(void);

/// Makes the map file of a map; *length does not count the final 0. The caller frees *out. The same
/// definition gives the same bytes. Roads have no ends and hang together: each lane leads into
/// another. Neighbouring tiles that both have a road are joined; intersections are never
/// neighbours. Whoever keeps to a lane's middle passes parked cars and obstacles with 3 cm to
/// spare. Fails with IMP_USAGE if the definition is out of range or too small for its kind of map.
imp_status imp_map_generate(char **out, size_t *length, const imp_map_generator_def *def,
                            imp_error *err);

IMP_API_END

#endif
