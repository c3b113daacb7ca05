/// imprint/train_online.h: trains on driving that is collected during the training. Strings and
/// arrays in definitions are borrowed.
#ifndef IMPRINT_TRAIN_ONLINE_H
#define IMPRINT_TRAIN_ONLINE_H

#include "imprint/collect.h"
#include "imprint/train.h"

IMP_API_BEGIN

/// Settings of online training. Obtain with imp_default_online_def(), then change fields.
typedef struct imp_online_def {
    /// 32 episodes of 64 steps for every epoch, noise 0.08, the expert's share 0.25 in stretches of
    /// 30 steps. policy, driver, policy_name, hardest_of and resume are not
    /// looked at
    imp_collect_def collect;
    imp_train_def train; ///< 60 epochs, cosine; validation, window and patience are not looked at
    int replay_buffer;   ///< episodes learned from at a time, a multiple of collect.episodes; 256
    int cookie;
} imp_online_def;
imp_online_def imp_default_online_def(void);

/// Trains without a dataset: the expert fills a buffer; then, before every epoch, the network as it
/// is drives new episodes in place of the oldest, labelled by the expert and sharing the driving
/// with it. Writes what imp_train() does, the latest model as model.safetensors, and in drivers/
/// the networks that drove what is in the buffer: resuming drives it again, to the same bytes.
imp_status imp_train_online(imp_train_summary *summary, const char *folder,
                            const imp_online_def *def, const imp_monitor *monitor, imp_error *err);

IMP_API_END

#endif
