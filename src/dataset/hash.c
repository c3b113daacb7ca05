#include "dataset/reader.h"

#include <string.h>

// A hash in four lanes, so that it runs as fast as memory is read. Each lane multiplies by an odd
// constant and folds the high half back; not made to resist anyone who wants a collision.
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static uint64_t hash_bytes(uint64_t hash, const void *data, uint64_t length)
{
    const unsigned char *bytes = data;
    uint64_t lanes[4] = {hash, hash + 1, hash + 2, hash + 3}, at = 0, word;
    for (; at + 32 <= length; at += 32)
        for (int lane = 0; lane < 4; lane++) {
            memcpy(&word, bytes + at + 8 * (unsigned)lane, 8);
            lanes[lane] = mix(lanes[lane], word);
        }
    for (; at < length; at++)
        lanes[0] = mix(lanes[0], bytes[at]);
    hash = mix(lanes[0], length);
    for (int lane = 1; lane < 4; lane++)
        hash = mix(hash, lanes[lane]);
    return hash;
}

uint64_t imp_episode_hash(const imp_dataset_info *info, const imp_episode *episode)
{
    uint64_t hash = mix(mix(0, (uint64_t)info->width), (uint64_t)info->height);
    hash = hash_bytes(hash, &info->time_step, sizeof info->time_step);
    hash = mix(mix(hash, episode->seed), episode->number);
    hash = mix(hash, (uint64_t)episode->steps);
    hash = hash_bytes(hash, episode->map, strlen(episode->map));
    if (episode->time_step > 0.0 && episode->time_step != info->time_step)
        hash = hash_bytes(hash, &episode->time_step, sizeof episode->time_step);
    if (episode->randomization != NULL)
        hash = hash_bytes(hash, episode->randomization, strlen(episode->randomization));
    if (episode->map_text != NULL)
        hash = hash_bytes(hash, episode->map_text, episode->map_bytes);
    for (int i = 0; i < IMP_FIELD_COUNT; i++)
        hash = hash_bytes(hash, imp_field_get(&imp_fields[i], episode),
                          imp_field_bytes(&imp_fields[i], info, episode->steps));
    return hash;
}

uint64_t imp_dataset_hash(const imp_dataset *dataset)
{
    uint64_t hash = 0;
    for (int i = 0; i < dataset->totals.episodes; i++)
        hash = mix(hash, imp_episode_hash(&dataset->info, &dataset->episodes[i]));
    return hash;
}

uint64_t imp_dataset_written_hash(const imp_dataset *dataset)
{
    uint64_t hash = 0;
    for (int i = 0; i < dataset->totals.episodes; i++)
        hash = mix(hash, dataset->hashes[i]);
    return hash;
}
