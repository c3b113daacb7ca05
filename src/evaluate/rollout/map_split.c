// Which maps are for training and which for testing.
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/text/plural.h"
#include "imprint/rollout.h"

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

// How long the name is without what only says how a map is furnished: maps of the same roads must
// not be divided.
static size_t road_name_length(const char *name)
{
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
    const size_t length = road_name_length(name);
    for (size_t k = 0; k < sizeof challenges / sizeof challenges[0]; k++)
        if (strlen(challenges[k]) == length && memcmp(challenges[k], name, length) == 0)
            return true;
    const uint64_t hash = imp_hash_bytes(IMP_HASH_START, name, length);
    return (hash ^ hash >> 32) % 5 == 0;
}

imp_status imp_map_set_filter(imp_map_set *set, imp_map_split split, imp_error *err)
{
    if (split == IMP_SPLIT_ALL)
        return IMP_OK;
    if (imp_map_split_name((int)split) == NULL)
        return imp_fail(err, IMP_USAGE, "there is no split %d", (int)split);
    int kept = 0;
    for (int k = 0; k < set->count; k++)
        kept += imp_map_is_in_test_split(set->worlds[k]->name) == (split == IMP_SPLIT_TEST);
    if (kept == 0)
        return imp_fail(err, IMP_USAGE,
                        "--split %s: of %s none is for that, their names decide "
                        "(docs/evaluation.md)",
                        imp_map_split_name((int)split), IMP_PLURAL(set->count, "map"));
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

bool imp_policy_factory_trained_on(const imp_policy_factory *factory, const char *map)
{
    if (!imp_policy_factory_is_network(factory))
        return false;
    const char *names = imp_network_metadata(imp_policy_factory_network(factory), "maps");
    const size_t length = strlen(map);
    for (const char *at = names; at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, map, length) == 0 && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}
