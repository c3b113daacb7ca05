// Recent frames and actions that a network needs as input. Frames lie in a ring buffer; the list of
// frame pointers is updated on every push, so that reading is free. Before frame 0 the first frame
// is repeated.
#include "nn/network/network.h"

#include <stdlib.h>
#include <string.h>

struct imp_obs_history {
    imp_input_spec inputs;
    size_t image;           // bytes
    int capacity;           // frames in the ring: (frames - 1) * every + 1
    int64_t frame_count;    // frames pushed in this episode
    uint8_t *images;        // (capacity) frame n of the episode at n % capacity
    const uint8_t **frames; // (inputs.frames) newest first
    float *values;          // actions (inputs.actions x 2), newest first; then the conditions
};

// The ring holds exactly the frames from the newest to the oldest that the network takes.
imp_status imp_obs_history_create(imp_obs_history **out, const imp_network *network, imp_error *err)
{
    imp_obs_history *history = calloc(1, sizeof *history);
    if (history == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an observation history");
    history->inputs = *imp_network_inputs(network);
    history->image = (size_t)network->def.width * (size_t)network->def.height * 3;
    history->capacity = (history->inputs.frames - 1) * history->inputs.frame_stride + 1;
    history->images = calloc((size_t)history->capacity, history->image);
    history->frames = calloc((size_t)history->inputs.frames, sizeof *history->frames);
    // one element more, because calloc() of 0 may return NULL
    history->values =
        calloc((size_t)imp_input_value_count(&history->inputs) + 1, sizeof *history->values);
    if (history->images == NULL || history->frames == NULL || history->values == NULL) {
        imp_obs_history_destroy(history);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an observation history");
    }
    imp_obs_history_reset(history);
    *out = history;
    return IMP_OK;
}

void imp_obs_history_destroy(imp_obs_history *history)
{
    if (history == NULL)
        return;
    free(history->images);
    free(history->frames);
    free(history->values);
    free(history);
}

// All frame pointers refer to the first slot until a frame is pushed.
void imp_obs_history_reset(imp_obs_history *history)
{
    history->frame_count = 0;
    memset(history->values, 0,
           (size_t)imp_input_value_count(&history->inputs) * sizeof *history->values);
    for (int k = 0; k < history->inputs.frames; k++)
        history->frames[k] = history->images;
}

// Stores the frame in its slot of the ring and updates the pointers.
void imp_obs_history_push_frame(imp_obs_history *history, const uint8_t *image)
{
    const int64_t now = history->frame_count++;
    memcpy(history->images + (size_t)(now % history->capacity) * history->image, image,
           history->image);
    for (int k = 0; k < history->inputs.frames; k++) {
        // frames before the episode's first one are that one
        const int64_t then = now - (int64_t)k * history->inputs.frame_stride;
        const size_t place = (size_t)((then > 0 ? then : 0) % history->capacity);
        history->frames[k] = history->images + place * history->image;
    }
}

// Shifts the actions by one; the newest is first.
void imp_obs_history_push_action(imp_obs_history *history, float left, float right)
{
    const size_t count = (size_t)history->inputs.actions;
    if (count == 0)
        return;
    memmove(history->values + 2, history->values, 2 * (count - 1) * sizeof *history->values);
    history->values[0] = left;
    history->values[1] = right;
}

void imp_obs_history_set_conditions(imp_obs_history *history, const imp_conditions *conditions)
{
    imp_conditions_normalise(conditions, history->inputs.takes,
                             history->values + 2 * history->inputs.actions);
}

const imp_input_spec *imp_obs_history_input_spec(const imp_obs_history *history)
{
    return &history->inputs;
}

const uint8_t *const *imp_obs_history_frames(const imp_obs_history *history)
{
    return history->frames;
}

const float *imp_obs_history_values(const imp_obs_history *history)
{
    return history->values;
}
