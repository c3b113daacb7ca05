// Draws the episodes that are held out. Repeated episodes are found by a hash of two of their
// pictures, and confirmed by comparing all of them, so that little is read of others. One that was
// recorded again with more steps, or fewer, is a repetition as well.
#include "data/dataset/validation_split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/text/plural.h"

enum { FIRST_CAPACITY = 64, LATER_STEP = 16 };

// The entry of an episode, or the free one where it belongs.
static imp_split_episode *find_known_episode(imp_split_episode *table, size_t capacity,
                                             const imp_split_episode *wanted)
{
    for (size_t k = (size_t)wanted->fingerprint;; k++) {
        imp_split_episode *entry = &table[k & (capacity - 1)];
        const size_t common = entry->bytes < wanted->bytes ? entry->bytes : wanted->bytes;
        if (entry->images == NULL || (entry->fingerprint == wanted->fingerprint &&
                                      memcmp(entry->images, wanted->images, common) == 0))
            return entry;
    }
}

// Makes room for so many more episodes, the table being half full at most.
static imp_status reserve_known_episodes(imp_validation_split *h, size_t more, imp_error *err)
{
    size_t capacity = h->capacity > 0 ? h->capacity : FIRST_CAPACITY;
    while (capacity < 2 * (h->count + more))
        capacity *= 2;
    if (capacity == h->capacity)
        return IMP_OK;
    imp_split_episode *table = calloc(capacity, sizeof *table);
    if (table == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL((int64_t)(h->count + more), "episode"));
    for (size_t k = 0; k < h->capacity; k++) {
        size_t place = (size_t)h->known[k].fingerprint;
        while (h->known[k].images != NULL && table[place & (capacity - 1)].images != NULL)
            place++;
        if (h->known[k].images != NULL)
            table[place & (capacity - 1)] = h->known[k];
    }
    free(h->known);
    h->known = table;
    h->capacity = capacity;
    return IMP_OK;
}

static imp_split_episode fingerprint_episode(const imp_dataset_info *info,
                                             const imp_episode *episode)
{
    const size_t image = (size_t)info->width * (size_t)info->height * 3;
    const size_t last = (size_t)episode->steps;
    // drives that begin in one place have parted by then
    const size_t later = last < LATER_STEP ? last : LATER_STEP;
    imp_split_episode e = {.images = episode->observations, .bytes = (last + 1) * image};
    e.fingerprint = imp_hash_bytes(IMP_HASH_START, episode->observations, image);
    e.fingerprint = imp_hash_bytes(e.fingerprint, episode->observations + later * image, image);
    return e;
}

// The side of an episode: that of an earlier one with the same pictures, else the one given.
static bool assign_side(imp_validation_split *h, const imp_dataset_info *info,
                        const imp_episode *episode, bool held_out)
{
    imp_split_episode wanted = fingerprint_episode(info, episode);
    imp_split_episode *entry = find_known_episode(h->known, h->capacity, &wanted);
    if (entry->images != NULL) {
        h->repeated++;
        return entry->held_out;
    }
    wanted.held_out = held_out;
    *entry = wanted;
    h->count++;
    return held_out;
}

imp_status imp_validation_split_add(imp_validation_split *h, const imp_dataset *dataset,
                                    uint32_t *order, bool *is_held_out, imp_error *err)
{
    const int episodes = imp_dataset_episode_count(dataset);
    imp_random random =
        imp_random_stream(h->seed, (uint32_t)h->datasets, 0, IMP_PURPOSE_VALIDATION_SPLIT);
    for (int k = 0; k < episodes; k++)
        order[k] = (uint32_t)k;
    imp_random_shuffle(&random, order, (size_t)episodes);
    int kept_apart = (int)lround(h->validation * episodes);
    kept_apart = kept_apart < episodes ? kept_apart : episodes - 1;
    for (int k = 0; k < episodes; k++)
        is_held_out[k] = k < kept_apart;
    h->datasets++;
    // where nothing is held out, nothing can be on both sides
    if (!(h->validation > 0.0))
        return IMP_OK;
    const imp_status status = reserve_known_episodes(h, (size_t)episodes, err);
    for (int k = 0; k < episodes && status == IMP_OK; k++)
        is_held_out[k] = assign_side(h, imp_dataset_get_info(dataset),
                                     imp_dataset_episode(dataset, (int)order[k]), is_held_out[k]);
    return status;
}

void imp_validation_split_free(imp_validation_split *h)
{
    free(h->known);
    h->known = NULL;
    h->count = h->capacity = 0;
}
