/// imprint/map_set.h: maps that episodes are drawn from, with the scenes that they are drawn with,
/// and the fixed split of maps into training and test maps.
#ifndef IMPRINT_MAP_SET_H
#define IMPRINT_MAP_SET_H

#include "imprint/render.h"

IMP_API_BEGIN

/// Worlds and their scenes. Constant after loading, so threads can share it.
typedef struct imp_map_set {
    int count;
    imp_world **worlds; ///< (count)
    imp_scene **scenes; ///< (count)
} imp_map_set;

/// Loads maps. Each name is a built-in map, the path of a map file, or a folder, of which all
/// *.yaml files are loaded in the order of their names. The caller frees *out with
/// imp_map_set_free(). scene: what the maps are drawn with; nullable.
imp_status imp_map_set_load(imp_map_set *out, const char *const *names, int count,
                            const imp_scene_def *scene, imp_error *err);
/// The same of one map that is a text in memory: see imp_world_parse().
imp_status imp_map_set_parse(imp_map_set *out, const char *text, size_t length, const char *name,
                             const imp_scene_def *scene, imp_error *err);
void imp_map_set_free(imp_map_set *set); ///< nullable
/// The name of the only map, or "several".
const char *imp_map_set_common_name(const imp_map_set *set);

/// The split of maps: X(enumerator, name). Only a map's name decides its split, so a map is in the
/// same one in every collection of maps.
#define IMP_SPLIT_MAP(X)                                                                           \
    X(IMP_SPLIT_ALL, "all")                                                                        \
    X(IMP_SPLIT_TRAIN, "train") /* four in five */                                                 \
    X(IMP_SPLIT_TEST, "test")   /* one in five */

typedef enum imp_map_split {
#define IMP_SPLIT_ENUM(name, word) name,
    IMP_SPLIT_MAP(IMP_SPLIT_ENUM)
#undef IMP_SPLIT_ENUM
} imp_map_split;

/// The name of a split; NULL past the last.
const char *imp_map_split_name(int split);
/// Whether a map is a test map. The four roads of AI-DO's lane following are. For any other map the
/// 64-bit FNV-1a hash h of its name decides: it is a test map if h ^ h >> 32 is a multiple of 5. A
/// suffix such as _bordered, which only says how the same roads are furnished, is left out of the
/// hash.
bool imp_map_is_in_test_split(const char *name);
/// Keeps the maps of a split and frees the others. Fails with IMP_USAGE if none is left.
imp_status imp_map_set_keep_split(imp_map_set *set, imp_map_split split, imp_error *err);

IMP_API_END

#endif
