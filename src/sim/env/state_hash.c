// Hashes of an environment's state and of a map's text, by which a recorded drive and its
// repetition are compared (docs/formats.md, "Demonstration"). Every value counts by its bits as
// eight little-endian bytes, so that the hash is the same on every processor, and so that not even
// the last digit may differ.
#include "base/common/hash.h"
#include "imprint/env.h"

static uint64_t hash_word(uint64_t hash, uint64_t word)
{
    uint8_t bytes[8];
    for (int k = 0; k < 8; k++)
        bytes[k] = (uint8_t)(word >> 8 * k);
    return imp_hash_bytes(hash, bytes, sizeof bytes);
}

static uint64_t hash_number(uint64_t hash, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return hash_word(hash, bits);
}

// Where the robot is, and how it moves.
static uint64_t hash_robot(uint64_t hash, const imp_env *env)
{
    const double values[] = {
        env->pose.x,
        env->pose.z,
        env->pose.heading,
        env->drive.speed,
        env->drive.turn_rate,
        env->drive.applied.left,
        env->drive.applied.right,
        env->drive.time,
    };
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
        hash = hash_number(hash, values[k]);
    return hash;
}

uint64_t imp_env_state_hash(const imp_env *env)
{
    uint64_t hash = hash_robot(IMP_HASH_START, env);
    hash = hash_word(hash, (uint64_t)env->frame);
    if (env->def.commands != IMP_COMMANDS_NONE && env->def.commands != IMP_COMMANDS_GIVEN)
        hash = hash_word(hash, (uint64_t)env->navigation.command);
    for (int k = 0; k < env->world->moving_count; k++) {
        const imp_object_state *object = &env->moving[k];
        hash = hash_number(hash, object->position.x);
        hash = hash_number(hash, object->position.z);
        hash = hash_number(hash, object->heading);
        hash = hash_word(hash, (uint64_t)object->pattern);
    }
    return hash;
}

uint64_t imp_world_text_hash(const imp_world *world)
{
    return imp_hash_bytes(IMP_HASH_START, world->source, world->source_length);
}
