// deploy/agent/async_inference.h: runs inference on a thread of its own, so that the caller can
// stop waiting when a deadline has passed.
#ifndef IMP_DEPLOY_AGENT_ASYNC_INFERENCE_H
#define IMP_DEPLOY_AGENT_ASYNC_INFERENCE_H

#include "imprint/robot.h"

enum { IMP_ASYNC_ERROR_MAX = 256, IMP_ACTION_HISTORY_MAX = 64 };

// What happened since the previous inference.
typedef struct imp_action_history {
    bool begins;      // an episode began; the actions belong to it
    double time_step; // between decisions, by the clock [s]; 0: not known
    int count;        // answers given; only the most recent ones are kept
    imp_action actions[IMP_ACTION_HISTORY_MAX];
} imp_action_history;

// Computes the action for an image. Returns false if the image cannot be decoded; `why` (capacity
// bytes) then holds the reason.
typedef bool (*imp_async_function)(void *context, const imp_action_history *action_history,
                                   const uint8_t *jpeg, size_t length, imp_action *out, char *why,
                                   size_t capacity);

typedef enum imp_async_state {
    IMP_ASYNC_NO_INPUT, // no image was submitted in this episode
    IMP_ASYNC_READY,
    IMP_ASYNC_BAD_INPUT,
    IMP_ASYNC_TIMEOUT,
} imp_async_state;

typedef struct imp_async_inference imp_async_inference;

// Starts the thread. It calls decide(context, ...), never twice at the same time.
imp_status imp_async_inference_create(imp_async_inference **out, imp_async_function decide,
                                      void *context, imp_error *err);
// Waits for an inference in progress.
void imp_async_inference_destroy(imp_async_inference *inference); // nullable

// Submits an image, which is copied. It replaces an earlier one that inference has not started on.
// Allocates only if the image is larger than all before. False if memory is out.
bool imp_async_inference_submit(imp_async_inference *inference, const uint8_t *jpeg, size_t length);

// Returns the action for the last image, waiting at most `seconds` for it. In every other state
// than READY the action is zero. `why` (nullable, IMP_ASYNC_ERROR_MAX bytes) receives the reason
// for BAD_INPUT.
imp_async_state imp_async_inference_await(imp_async_inference *inference, double seconds,
                                          imp_action *out, char *why);

// Sets the time step that belongs to images to come; 0: not known, as at first.
void imp_async_inference_set_time_step(imp_async_inference *inference, double seconds);

// Discards the submitted images and the history: an episode begins.
void imp_async_inference_reset(imp_async_inference *inference);

#endif
