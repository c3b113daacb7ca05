// An episode is sent as its buffer's plain members, which say how long it is, then its arrays, one
// message each. All ranks are the same program on the same kind of machine, so bytes are sent as
// they are. Of an episode that is not whole, only the members are sent, with the error.
#include "learn/collection/rank_episodes.h"

#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"

enum { ARRAYS = 9 };

typedef struct episode_array {
    void *bytes;
    size_t count;
} episode_array;

// The arrays of a rollout and their sizes in bytes, so that one loop sends or receives all.
static void list_rollout_arrays(episode_array out[ARRAYS], const imp_rollout_buffer *b,
                                const imp_collect_def *def)
{
    const size_t steps = (size_t)b->steps;
    const size_t image = (size_t)def->sim.camera.width * (size_t)def->sim.camera.height * 3;
    out[0] = (episode_array){b->observations, (steps + 1) * image};
    out[1] = (episode_array){b->actions, 2 * steps * sizeof *b->actions};
    out[2] = (episode_array){b->expert_actions, 2 * steps * sizeof *b->expert_actions};
    out[3] = (episode_array){b->rewards, steps * sizeof *b->rewards};
    out[4] = (episode_array){b->poses, 3 * (steps + 1) * sizeof *b->poses};
    out[5] = (episode_array){b->lane, 2 * (steps + 1) * sizeof *b->lane};
    out[6] = (episode_array){b->terminations, steps};
    out[7] = (episode_array){b->truncations, steps};
    out[8] = (episode_array){b->commands, b->commands != NULL ? steps : 0};
}

imp_status imp_rollout_send(imp_communicator *ranks, const imp_rollout_buffer *rollout,
                            const imp_collect_def *def, imp_error *err)
{
    episode_array arrays[ARRAYS];
    IMP_TRY(imp_communicator_send(ranks, 0, rollout, sizeof *rollout, err));
    if (rollout->error.status != IMP_OK)
        return IMP_OK;
    list_rollout_arrays(arrays, rollout, def);
    for (int k = 0; k < ARRAYS; k++)
        if (arrays[k].count > 0)
            IMP_TRY(imp_communicator_send(ranks, 0, arrays[k].bytes, arrays[k].count, err));
    return IMP_OK;
}

// Puts a rollout's own arrays back: the sender's pointers mean nothing here.
static void restore_rollout_arrays(imp_rollout_buffer *rollout, const imp_rollout_buffer *own)
{
    rollout->observations = own->observations;
    rollout->actions = own->actions;
    rollout->expert_actions = own->expert_actions;
    rollout->rewards = own->rewards;
    rollout->poses = own->poses;
    rollout->lane = own->lane;
    rollout->terminations = own->terminations;
    rollout->truncations = own->truncations;
    rollout->commands = own->commands;
}

// Gives a rollout arrays of its own, as long as it is. with_commands: it has commands.
static imp_status alloc_exact_arrays(imp_rollout_buffer *b, bool with_commands,
                                     const imp_collect_def *def, imp_error *err)
{
    episode_array arrays[ARRAYS];
    void *memory[ARRAYS];
    uint8_t commands;
    bool good = true;
    restore_rollout_arrays(b, &(imp_rollout_buffer){.commands = with_commands ? &commands : NULL});
    list_rollout_arrays(arrays, b, def);
    for (int k = 0; k < ARRAYS; k++) {
        memory[k] = arrays[k].count > 0 ? malloc(arrays[k].count) : NULL;
        good = good && (arrays[k].count == 0 || memory[k] != NULL);
    }
    b->observations = memory[0];
    b->actions = memory[1];
    b->expert_actions = memory[2];
    b->rewards = memory[3];
    b->poses = memory[4];
    b->lane = memory[5];
    b->terminations = memory[6];
    b->truncations = memory[7];
    b->commands = memory[8];
    return good ? IMP_OK
                : imp_fail(err, IMP_NO_MEMORY, "out of memory for an episode of %s",
                           IMP_PLURAL(b->steps, "step"));
}

imp_status imp_rollout_receive(imp_rollout_buffer *rollout, imp_communicator *ranks, int from,
                               const imp_collect_def *def, imp_error *err)
{
    episode_array arrays[ARRAYS];
    imp_rollout_buffer sent;
    IMP_TRY(imp_communicator_receive(ranks, from, &sent, sizeof sent, err));
    const bool with_commands = sent.commands != NULL; // an address of the sender
    *rollout = sent;
    restore_rollout_arrays(rollout, &(imp_rollout_buffer){0});
    if (rollout->error.status != IMP_OK)
        return IMP_OK;
    IMP_TRY(alloc_exact_arrays(rollout, with_commands, def, err));
    list_rollout_arrays(arrays, rollout, def);
    for (int k = 0; k < ARRAYS; k++)
        if (arrays[k].count > 0)
            IMP_TRY(imp_communicator_receive(ranks, from, arrays[k].bytes, arrays[k].count, err));
    return IMP_OK;
}

imp_status imp_rollout_copy(imp_rollout_buffer *rollout, const imp_rollout_buffer *from,
                            const imp_collect_def *def, imp_error *err)
{
    episode_array arrays[ARRAYS], given[ARRAYS];
    *rollout = *from;
    restore_rollout_arrays(rollout, &(imp_rollout_buffer){0});
    if (rollout->error.status != IMP_OK)
        return IMP_OK;
    IMP_TRY(alloc_exact_arrays(rollout, from->commands != NULL, def, err));
    list_rollout_arrays(arrays, rollout, def);
    list_rollout_arrays(given, from, def);
    for (int k = 0; k < ARRAYS; k++)
        if (arrays[k].count > 0)
            memcpy(arrays[k].bytes, given[k].bytes, arrays[k].count);
    return IMP_OK;
}

imp_status imp_rollout_broadcast(imp_communicator *ranks, int from, imp_rollout_buffer *rollout,
                                 const imp_collect_def *def, imp_error *err)
{
    const imp_rollout_buffer own = *rollout;
    episode_array arrays[ARRAYS];
    IMP_TRY(imp_communicator_broadcast_from(ranks, from, rollout, sizeof *rollout, err));
    restore_rollout_arrays(rollout, &own);
    if (rollout->error.status != IMP_OK)
        return IMP_OK;
    list_rollout_arrays(arrays, rollout, def);
    for (int k = 0; k < ARRAYS; k++)
        if (arrays[k].count > 0)
            IMP_TRY(imp_communicator_broadcast_from(ranks, from, arrays[k].bytes, arrays[k].count,
                                                    err));
    return IMP_OK;
}
