// learn/collection/rank_episodes.h: episodes on their way from the rank that drove them to the one
// that writes them.
#ifndef IMP_LEARN_COLLECTION_RANK_EPISODES_H
#define IMP_LEARN_COLLECTION_RANK_EPISODES_H

#include "imprint/communicator.h"
#include "learn/collection/collector.h"

// Sends an episode to rank 0, or why it is not whole (its error).
imp_status imp_rollout_send(imp_communicator *ranks, const imp_rollout_buffer *rollout,
                            const imp_collect_def *def, imp_error *err);
// Receives one into arrays of its own, which it needs: *rollout is freed with
// imp_rollout_buffer_free(), after a failure too.
imp_status imp_rollout_receive(imp_rollout_buffer *rollout, imp_communicator *ranks, int from,
                               const imp_collect_def *def, imp_error *err);
// The same for a rollout of this process.
imp_status imp_rollout_copy(imp_rollout_buffer *rollout, const imp_rollout_buffer *from,
                            const imp_collect_def *def, imp_error *err);

// All: gives all ranks a whole rollout of the rank `from`; the others have room for it.
imp_status imp_rollout_broadcast(imp_communicator *ranks, int from, imp_rollout_buffer *rollout,
                                 const imp_collect_def *def, imp_error *err);

#endif
