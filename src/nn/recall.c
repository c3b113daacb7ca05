// What a network remembers of an episode: rings of pictures and of actions.
#include "nn/network.h"

#include <stdlib.h>
#include <string.h>

struct imp_recall {
    imp_inputs inputs;
    size_t picture;         // bytes
    int room;               // pictures that the ring holds
    int64_t seen;           // pictures so far in the episode
    uint8_t *pictures;      // (room) picture number n at n % room
    const uint8_t **frames; // (inputs.frames) the present one first
    float *actions;         // (inputs.actions x 2) the last one first
};

imp_status imp_recall_create(imp_recall **out, const imp_network *network, imp_error *err)
{
    imp_recall *recall = calloc(1, sizeof *recall);
    if (recall == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to remember");
    recall->inputs = *imp_network_inputs(network);
    recall->picture = (size_t)network->def.width * (size_t)network->def.height * 3;
    recall->room = (recall->inputs.frames - 1) * recall->inputs.every + 1;
    recall->pictures = calloc((size_t)recall->room, recall->picture);
    recall->frames = calloc((size_t)recall->inputs.frames, sizeof *recall->frames);
    recall->actions = calloc(2 * (size_t)recall->inputs.actions + 1, sizeof *recall->actions);
    if (recall->pictures == NULL || recall->frames == NULL || recall->actions == NULL) {
        imp_recall_destroy(recall);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to remember");
    }
    imp_recall_begin(recall);
    *out = recall;
    return IMP_OK;
}

void imp_recall_destroy(imp_recall *recall)
{
    if (recall == NULL)
        return;
    free(recall->pictures);
    free(recall->frames);
    free(recall->actions);
    free(recall);
}

void imp_recall_begin(imp_recall *recall)
{
    recall->seen = 0;
    memset(recall->actions, 0, 2 * (size_t)recall->inputs.actions * sizeof *recall->actions);
    for (int k = 0; k < recall->inputs.frames; k++)
        recall->frames[k] = recall->pictures;
}

void imp_recall_see(imp_recall *recall, const uint8_t *picture)
{
    const int64_t now = recall->seen++;
    memcpy(recall->pictures + (size_t)(now % recall->room) * recall->picture, picture,
           recall->picture);
    for (int k = 0; k < recall->inputs.frames; k++) {
        const int64_t then = now - (int64_t)k * recall->inputs.every;
        const size_t place = (size_t)((then > 0 ? then : 0) % recall->room);
        recall->frames[k] = recall->pictures + place * recall->picture;
    }
}

void imp_recall_do(imp_recall *recall, float left, float right)
{
    const size_t count = (size_t)recall->inputs.actions;
    if (count == 0)
        return;
    memmove(recall->actions + 2, recall->actions, 2 * (count - 1) * sizeof *recall->actions);
    recall->actions[0] = left;
    recall->actions[1] = right;
}

const imp_inputs *imp_recall_inputs(const imp_recall *recall)
{
    return &recall->inputs;
}

const uint8_t *const *imp_recall_frames(const imp_recall *recall)
{
    return recall->frames;
}

const float *imp_recall_actions(const imp_recall *recall)
{
    return recall->actions;
}
