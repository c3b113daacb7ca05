// Selects the episodes that are held out for validation. Repeated episodes are found by a hash of
// two of their images and confirmed by comparing all of them, so that little is read of other
// episodes. The same drive recorded with more or fewer steps is a repetition too. Known episodes
// are kept in a hash table with linear probing.
#include "data/dataset/validation_split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/common/try.h"
#include "base/text/plural.h"

enum { FIRST_CAPACITY = 64, LATER_STEP = 16 };

// The entry of a known episode, or the free entry where it belongs. Of two lengths the common part
// is compared.
static imp_split_episode *find_split_table_entry(imp_split_episode *table, size_t capacity,
                                                 const imp_split_episode *wanted)
{
    // linear probing from the hash's slot
    for (size_t k = (size_t)wanted->fingerprint;; k++) {
        imp_split_episode *entry = &table[k & (capacity - 1)];
        const size_t common = entry->bytes < wanted->bytes ? entry->bytes : wanted->bytes;
        if (entry->images == NULL || (entry->fingerprint == wanted->fingerprint &&
                                      memcmp(entry->images, wanted->images, common) == 0))
            return entry;
    }
}

// Grows the table so that it is at most half full after `more` episodes.
static imp_status reserve_known_episodes(imp_validation_split *h, size_t more, imp_error *err)
{
    size_t capacity = h->capacity > 0 ? h->capacity : FIRST_CAPACITY;
    // capacities are powers of two
    while (capacity < 2 * (h->count + more))
        capacity *= 2;
    if (capacity == h->capacity)
        return IMP_OK;
    imp_split_episode *table = calloc(capacity, sizeof *table);
    if (table == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL((int64_t)(h->count + more), "episode"));
    // insert all entries again
    for (size_t k = 0; k < h->capacity; k++) {
        size_t place = (size_t)h->known[k].fingerprint;
        while (h->known[k].images != NULL && table[place & (capacity - 1)].images != NULL)
            place++;
        // moving an entry keeps its side
        if (h->known[k].images != NULL)
            table[place & (capacity - 1)] = h->known[k];
    }
    free(h->known);
    h->known = table;
    h->capacity = capacity;
    return IMP_OK;
}

// Hashes the first image and a later one.
static imp_split_episode fingerprint_episode(const imp_dataset_info *info,
                                             const imp_episode *episode)
{
    const size_t image = (size_t)info->width * (size_t)info->height * 3;
    const size_t last = (size_t)episode->steps;
    // Different drives from the same start have diverged by then.
    const size_t later = last < LATER_STEP ? last : LATER_STEP;
    // bytes of all images, for the final comparison
    imp_split_episode e = {.images = episode->observations, .bytes = (last + 1) * image};
    e.fingerprint = imp_hash_bytes(IMP_HASH_START, episode->observations, image);
    e.fingerprint = imp_hash_bytes(e.fingerprint, episode->observations + later * image, image);
    return e;
}

// The side of an episode: that of an earlier one with the same images, else the given side.
static bool is_held_out_like_earlier_repeat(imp_validation_split *h, const imp_dataset_info *info,
                                            const imp_episode *episode, bool held_out)
{
    imp_split_episode wanted = fingerprint_episode(info, episode);
    imp_split_episode *entry = find_split_table_entry(h->known, h->capacity, &wanted);
    // a repetition keeps the side of the first occurrence
    if (entry->images != NULL) {
        h->repeated++;
        return entry->held_out;
    }
    wanted.held_out = held_out;
    *entry = wanted;
    h->count++;
    return held_out;
}

// Shuffles the episodes and holds out the first ones, then corrects repeated episodes.
imp_status imp_validation_split_add_dataset(imp_validation_split *h, const imp_dataset *dataset,
                                            uint32_t *order, bool *is_held_out, imp_error *err)
{
    const int episodes = imp_dataset_episode_count(dataset);
    imp_random random =
        imp_random_stream(h->seed, (uint32_t)h->datasets, 0, IMP_PURPOSE_VALIDATION_SPLIT);
    // a permutation of the episodes
    for (int k = 0; k < episodes; k++)
        order[k] = (uint32_t)k;
    imp_random_shuffle(&random, order, (size_t)episodes);
    // at least one episode remains for training
    int kept_apart = (int)lround(h->validation * episodes);
    kept_apart = kept_apart < episodes ? kept_apart : episodes - 1;
    for (int k = 0; k < episodes; k++)
        is_held_out[k] = k < kept_apart;
    h->datasets++;
    // Without validation, no episode can be on both sides.
    if (!(h->validation > 0.0))
        return IMP_OK;
    // the table may grow, so it is prepared before the loop
    IMP_TRY(reserve_known_episodes(h, (size_t)episodes, err));
    for (int k = 0; k < episodes; k++)
        is_held_out[k] = is_held_out_like_earlier_repeat(
            h, imp_dataset_get_info(dataset), imp_dataset_episode(dataset, (int)order[k]),
            is_held_out[k]);
    return IMP_OK;
}

void imp_validation_split_free(imp_validation_split *h)
{
    free(h->known);
    h->known = NULL;
    h->count = h->capacity = 0;
}

imp_status imp_dataset_split(bool *is_held_out, const imp_dataset *const *datasets, int count,
                             double validation, uint64_t seed, imp_error *err)
{
    imp_validation_split split = {.validation = validation, .seed = seed};
    imp_status status = IMP_OK;
    // the condition also rejects NaN
    if (!(validation >= 0.0 && validation < 1.0))
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE, "validation %g: must be at least 0 and below 1", validation));
    for (int d = 0; d < count && status == IMP_OK; d++) {
        const size_t episodes = (size_t)imp_dataset_episode_count(datasets[d]);
        // one more, as an empty dataset is valid
        uint32_t *order = calloc(episodes + 1, sizeof *order);
        bool *is_held_out_in_order = calloc(episodes + 1, sizeof *is_held_out_in_order);
        if (order == NULL || is_held_out_in_order == NULL)
            status = imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                              IMP_PLURAL((int64_t)episodes, "episode"));
        else
            status = imp_validation_split_add_dataset(&split, datasets[d], order,
                                                      is_held_out_in_order, err);
        for (size_t k = 0; k < episodes && status == IMP_OK; k++)
            is_held_out[order[k]] = is_held_out_in_order[k];
        is_held_out += episodes;
        free(order);
        free(is_held_out_in_order);
    }
    imp_validation_split_free(&split);
    return status;
}
