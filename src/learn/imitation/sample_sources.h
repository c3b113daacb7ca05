// learn/imitation/sample_sources.h: samples of recorded driving for the training loop. Definitions
// and monitors are borrowed. Freed with source->vtable->destroy(), only after success.
#ifndef IMP_LEARN_IMITATION_SAMPLE_SOURCES_H
#define IMP_LEARN_IMITATION_SAMPLE_SOURCES_H

#include "imprint/train_online.h"
#include "learn/imitation/episode_source.h"

// *repeated_episodes: with the images of an earlier one.
imp_status imp_dataset_source_open(imp_sample_source **out, int *repeated_episodes,
                                   const char *const *paths, int count, const imp_train_def *def,
                                   imp_error *err);

// Episodes in memory, of which every epoch replaces the oldest: first the expert's, then those that
// the network in training drives. folder: of the training; the networks that drive are kept in it
// for as long as what they drove is in use.
imp_status imp_online_source_open(imp_sample_source **out, const imp_online_def *def,
                                  const char *folder, const imp_monitor *monitor, imp_error *err);

#endif
