// deploy/agent/async_inference.h: decides about pictures on a thread of its own, so that whoever
// asks can stop waiting.
#ifndef IMP_DEPLOY_AGENT_ASYNC_INFERENCE_H
#define IMP_DEPLOY_AGENT_ASYNC_INFERENCE_H

#include "imprint/robot.h"

enum { IMP_ASYNC_ERROR_MAX = 256, IMP_ACTION_HISTORY_MAX = 64 };

// What happened since the picture that was decided about before.
typedef struct imp_action_history {
    bool begins; // an episode; what follows is of it
    int count;   // answers; of many the last ones
    imp_action actions[IMP_ACTION_HISTORY_MAX];
} imp_action_history;

// What a picture calls for; false if it cannot be read, and why (capacity bytes) says why.
typedef bool (*imp_async_function)(void *context, const imp_action_history *action_history,
                                   const uint8_t *jpeg, size_t length, imp_action *out, char *why,
                                   size_t capacity);

typedef enum imp_async_state {
    IMP_ASYNC_NO_INPUT, // it was not shown anything
    IMP_ASYNC_READY,
    IMP_ASYNC_BAD_INPUT,
    IMP_ASYNC_TIMEOUT,
} imp_async_state;

typedef struct imp_async_inference imp_async_inference;

// Starts the thread that calls decide(context, ...), never twice at once.
imp_status imp_async_inference_create(imp_async_inference **out, imp_async_function decide,
                                      void *context, imp_error *err);
// Waits for a decision under way.
void imp_async_inference_destroy(imp_async_inference *inference); // nullable

// Shows it a picture, which is copied; one that it has not begun with is forgotten. Allocates only
// for the largest pictures so far. False without memory.
bool imp_async_inference_submit(imp_async_inference *inference, const uint8_t *jpeg, size_t length);

// The action for the last picture shown, waiting at most so long [s] for it. Unless READY the
// action is zeros; why (nullable, IMP_ASYNC_ERROR_MAX bytes): of UNREADABLE.
imp_async_state imp_async_inference_await(imp_async_inference *inference, double seconds,
                                          imp_action *out, char *why);

// Forgets what it was shown: an episode begins.
void imp_async_inference_reset(imp_async_inference *inference);

#endif
