// learn/imitation/episode_source.h: what sources of recorded episodes have in common, whether the
// episodes are in datasets or in memory: they are samples that a data loader shuffles.
#ifndef IMP_LEARN_IMITATION_EPISODE_SOURCE_H
#define IMP_LEARN_IMITATION_EPISODE_SOURCE_H

#include "imprint/train.h"
#include "learn/data_loader/data_loader.h"
#include "learn/training/sample_source.h"

typedef struct imp_episode_source {
    imp_sample_source base; // first, so that the one is a pointer to the other
    const imp_train_def *def;
    const imp_network *network;
    imp_dataset_info info; // of all episodes; a text in which they differ is "several"
    imp_training_samples training, held_out;
    imp_augmenter *augmenter; // NULL: images stay as they are
    imp_data_loader loader, held_out_loader;
    char *maps; // names of the episodes' maps, sorted, with spaces between
} imp_episode_source;

// Takes a network, and makes the augmenter if images are changed.
imp_status imp_episode_source_set_network(imp_episode_source *source, const imp_network *network,
                                          imp_error *err);
// Makes the loaders anew, after the samples have changed. window: imp_data_loader_def.window
imp_status imp_episode_source_create_loaders(imp_episode_source *source, int window,
                                             imp_error *err);
// Fills source->maps. Sorts the names.
imp_status imp_episode_source_set_maps(imp_episode_source *source, const char **names, size_t count,
                                       imp_error *err);
void imp_episode_source_free(imp_episode_source *source);

// For the tables of functions of both sources.
imp_status imp_episode_source_begin_epoch(imp_sample_source *source,
                                          const imp_training_position *at, imp_error *err);
imp_batch imp_episode_source_get_batch(imp_sample_source *source, int64_t first);
imp_batch imp_episode_source_get_held_out_batch(imp_sample_source *source, int64_t first);
const uint8_t *imp_episode_source_get_image(imp_sample_source *source, int k, int count);
// What models say: hash of all episodes, and hashes of the datasets with spaces between.
json_t *imp_episode_source_describe(const imp_episode_source *source, uint64_t hash,
                                    const char *hashes);

#endif
