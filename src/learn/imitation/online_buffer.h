// learn/imitation/online_buffer.h: samples that are driven while one trains.
#ifndef IMP_LEARN_IMITATION_ONLINE_BUFFER_H
#define IMP_LEARN_IMITATION_ONLINE_BUFFER_H

#include <stdio.h>

#include "imprint/learn.h"
#include "learn/data_loader/training_samples.h"

// Episodes in memory, of which every epoch replaces the oldest: first the expert's, then those that
// the network in training drives.
typedef struct imp_online_buffer imp_online_buffer;

// folder: of the training; *facts: what the samples look like. def and monitor are borrowed. Freed
// with imp_online_buffer_close().
imp_status imp_online_buffer_open(imp_online_buffer **out, imp_dataset_info *info,
                                  const imp_online_def *def, const char *folder,
                                  const imp_monitor *monitor, imp_error *err);
void imp_online_buffer_close(imp_online_buffer *online); // nullable

// Writes lines of what the episodes follow from, apart from the network
// (learn/checkpoint/settings_tables.h).
void imp_online_buffer_write_identity(const imp_online_buffer *online, FILE *out);

// The maps that take part.
const imp_map_set *imp_online_buffer_maps(const imp_online_buffer *online);

// Whether the networks are there that drove what is in use in an epoch, or, if it begins, what is
// from those before. IMP_BAD_INPUT names the one that is missing.
imp_status imp_online_buffer_check_files(const imp_online_buffer *online, int epoch, bool begins,
                                         imp_error *err);

// Makes *samples those of an epoch, whatever is in the buffer now. The networks that drive are kept
// in the folder for as long as what they drove is in use. begins: the epoch has not begun, so the
// network that drives in it is `network` as it is; else it is the one that was kept.
imp_status imp_online_buffer_fill(imp_online_buffer *online, imp_training_samples *samples,
                                  int epoch, bool begins, const imp_network *network,
                                  imp_error *err);

#endif
