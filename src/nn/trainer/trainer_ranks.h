// nn/trainer/trainer_ranks.h: training in several processes, which share the shards of each batch.
#ifndef IMP_NN_TRAINER_TRAINER_RANKS_H
#define IMP_NN_TRAINER_TRAINER_RANKS_H

#include "imprint/communicator.h"
#include "imprint/nn.h"

// Lets a trainer compute this rank's shards only and get the others' from their ranks. All ranks
// then take the same steps. Nothing changes where the process is alone. Borrowed.
imp_status imp_trainer_set_communicator(imp_trainer *trainer, imp_communicator *communicator,
                                        imp_error *err);

// With `wish`, tells the others in the next step that this rank wants to stop. Returns whether any
// rank has said so in the last step, which all ranks answer alike; where the process is alone,
// `wish`.
bool imp_trainer_agree_to_stop(imp_trainer *trainer, bool wish);

// The samples of a batch of `count` that this rank computes: from *first up to, but without, *last.
// Sources need to make no others. communicator: nullable.
void imp_trainer_find_samples_of_rank(int *first, int *last, const imp_trainer_def *def,
                                      const imp_communicator *communicator, int count);

// For trainer_step.c. The shards that this rank computes: from *first up to, but without, *last.
void imp_trainer_find_shards_of_rank(const imp_trainer *trainer, int *first, int *last);
// Gives all ranks the losses of all shards, and with `steps` their gradients and statistics.
imp_status imp_trainer_exchange_gradients(imp_trainer *trainer, bool steps, imp_error *err);

#endif
