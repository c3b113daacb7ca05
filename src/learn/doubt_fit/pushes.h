// learn/doubt_fit/pushes.h: drives that are disturbed now and then, and the hidden vectors of a
// network at decisions whose outcome is known.
#ifndef IMP_LEARN_DOUBT_FIT_PUSHES_H
#define IMP_LEARN_DOUBT_FIT_PUSHES_H

#include "evaluate/rollout/episode_batch.h"

// Decisions of one episode.
typedef struct imp_decision_list {
    int count, failing; // the last `failing` of them fail, the others are safe
    float *features;    // (count x features of the network)
} imp_decision_list;

// Drives `episodes` episodes of at most `steps` steps. out: (episodes), zeroed; the caller frees
// each with free(features), also after a failure. *features: of each decision. IMP_BAD_INPUT if the
// policy is no network with hidden vectors.
imp_status imp_drive_with_pushes(imp_decision_list *out, int episodes, int steps, int *features,
                                 imp_rollout_workers *workers, imp_error *err);

#endif
