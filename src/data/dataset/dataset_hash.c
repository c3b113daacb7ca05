// Hashes of episodes and datasets. They depend on content only: not on shards, file names or time.
// The hash runs in four lanes of 64 bits, so that it is as fast as memory. Optional data are hashed
// only if they exist, so that hashes of older datasets stay the same.
#include "data/dataset/dataset_reader.h"
#include "data/dataset/episode_conditions.h"

#include <string.h>

// Mixes a word into a lane: multiply by an odd constant, then fold the high half back. It does not
// resist deliberate collisions.
static uint64_t mix_word_into_hash(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

// Four interleaved lanes over blocks of 32 bytes; the remaining bytes go to the first lane.
static uint64_t hash_data(uint64_t hash, const void *data, uint64_t length)
{
    const unsigned char *bytes = data;
    uint64_t lanes[4] = {hash, hash + 1, hash + 2, hash + 3}, at = 0, word;
    for (; at + 32 <= length; at += 32)
        for (int lane = 0; lane < 4; lane++) {
            memcpy(&word, bytes + at + 8 * (unsigned)lane, 8);
            lanes[lane] = mix_word_into_hash(lanes[lane], word);
        }
    for (; at < length; at++)
        lanes[0] = mix_word_into_hash(lanes[0], bytes[at]);
    // the length is part of the hash, so that concatenations differ
    hash = mix_word_into_hash(lanes[0], length);
    for (int lane = 1; lane < 4; lane++)
        hash = mix_word_into_hash(hash, lanes[lane]);
    return hash;
}

// Metadata that affect the episode, then all arrays.
uint64_t imp_episode_hash(const imp_dataset_info *info, const imp_episode *episode)
{
    uint64_t hash =
        mix_word_into_hash(mix_word_into_hash(0, (uint64_t)info->width), (uint64_t)info->height);
    hash = hash_data(hash, &info->time_step, sizeof info->time_step);
    hash = mix_word_into_hash(mix_word_into_hash(hash, episode->seed), episode->number);
    hash = mix_word_into_hash(hash, (uint64_t)episode->steps);
    // optional data only if they exist
    hash = hash_data(hash, episode->map, strlen(episode->map));
    if (episode->time_step > 0.0 && episode->time_step != info->time_step)
        hash = hash_data(hash, &episode->time_step, sizeof episode->time_step);
    const imp_conditions defaults = imp_dataset_default_conditions(info);
    for (int k = 0; k < IMP_CONDITION_COUNT; k++)
        if (imp_episode_has_condition(episode, &defaults, k)) {
            const char *name = imp_condition_get_info(k)->name;
            hash = hash_data(hash, name, strlen(name));
            hash = hash_data(hash, &episode->conditions.numbers[k], sizeof(double));
        }
    if (episode->randomization != NULL)
        hash = hash_data(hash, episode->randomization, strlen(episode->randomization));
    if (episode->map_text != NULL)
        hash = hash_data(hash, episode->map_text, episode->map_bytes);
    if (episode->drivers != NULL)
        hash = hash_data(hash, episode->drivers, (uint64_t)episode->steps);
    if (episode->commands != NULL)
        hash = hash_data(hash, episode->commands, (uint64_t)episode->steps);
    // all arrays in the order of the table
    for (int i = 0; i < IMP_FIELD_COUNT; i++)
        hash = hash_data(hash, imp_dataset_field_get_array(&imp_dataset_fields[i], episode),
                         imp_dataset_field_bytes(&imp_dataset_fields[i], info, episode->steps));
    return hash;
}

uint64_t imp_dataset_hash(const imp_dataset *dataset)
{
    // a chain: the order of episodes matters
    uint64_t hash = 0;
    for (int i = 0; i < dataset->totals.episodes; i++)
        hash = mix_word_into_hash(hash, imp_episode_hash(&dataset->info, &dataset->episodes[i]));
    return hash;
}

uint64_t imp_dataset_episode_stored_hash(const imp_dataset *dataset, int index)
{
    return dataset->hashes[index];
}

// Combines the stored hashes; the episodes' bytes are not read.
uint64_t imp_dataset_stored_hash(const imp_dataset *dataset)
{
    uint64_t hash = 0;
    for (int i = 0; i < dataset->totals.episodes; i++)
        hash = mix_word_into_hash(hash, dataset->hashes[i]);
    return hash;
}
