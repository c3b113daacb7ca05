// The split of maps into training and test maps. It is a function of a map's name alone: a hash of
// the name, without suffixes that only say how the same roads are furnished. So a map is in the
// same split on all machines and in all versions, whatever other maps are used with it.
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/text/plural.h"
#include "imprint/map_set.h"

const char *imp_map_split_name(int split)
{
    static const char *const words[] = {
#define SPLIT_NAME(name, word) [name] = (word),
        IMP_SPLIT_MAP(SPLIT_NAME)
#undef SPLIT_NAME
    };
    const int count = sizeof words / sizeof words[0];
    return split >= 0 && split < count ? words[split] : NULL;
}

// Length of the name without a suffix that says how a map is furnished. Maps of the same roads must
// not be divided among splits.
static size_t name_length_without_object_suffix(const char *name)
{
    // suffixes of gym-duckietown's maps
    static const char *const furnishings[] = {"_bordered", "_empty", "_obstacles", "_pedestrians",
                                              "_dyn_duckiebots"};
    const size_t length = strlen(name);
    for (size_t k = 0; k < sizeof furnishings / sizeof furnishings[0]; k++) {
        const size_t tail = strlen(furnishings[k]);
        if (length > tail && strcmp(name + length - tail, furnishings[k]) == 0)
            return length - tail;
    }
    return length;
}

bool imp_map_is_in_test_split(const char *name)
{
    static const char *const challenges[] = {"ETHZ_autolab_technical_track", "ETHZ_loop",
                                             "ETH_small_loop_2", "zigzag_dists"};
    const size_t length = name_length_without_object_suffix(name);
    for (size_t k = 0; k < sizeof challenges / sizeof challenges[0]; k++)
        if (strlen(challenges[k]) == length && memcmp(challenges[k], name, length) == 0)
            return true;
    // maps of AI-DO's challenges are always test maps; of the others, one in five
    const uint64_t hash = imp_hash_bytes(IMP_HASH_START, name, length);
    return (hash ^ hash >> 32) % 5 == 0;
}

imp_status imp_map_set_keep_split(imp_map_set *set, imp_map_split split, imp_error *err)
{
    if (split == IMP_SPLIT_ALL)
        return IMP_OK;
    if (imp_map_split_name((int)split) == NULL)
        return imp_fail(err, IMP_USAGE, "unknown split %d", (int)split);
    // count first, so that the set is unchanged after a failure
    int kept = 0;
    for (int k = 0; k < set->count; k++)
        kept += imp_map_is_in_test_split(set->worlds[k]->name) == (split == IMP_SPLIT_TEST);
    if (kept == 0)
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE,
                     "split: none of %s is in the split '%s': a map's name decides its split "
                     "(docs/evaluation.md)",
                     IMP_PLURAL(set->count, "map"), imp_map_split_name((int)split)));
    // keep those of the split at the front of the arrays
    kept = 0;
    for (int k = 0; k < set->count; k++) {
        if (imp_map_is_in_test_split(set->worlds[k]->name) == (split == IMP_SPLIT_TEST)) {
            set->worlds[kept] = set->worlds[k];
            set->scenes[kept++] = set->scenes[k];
        } else {
            imp_scene_destroy(set->scenes[k]);
            imp_world_destroy(set->worlds[k]);
        }
    }
    set->count = kept;
    return IMP_OK;
}
