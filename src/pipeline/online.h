// pipeline/online.h: samples that are driven while one trains.
#ifndef IMP_PIPELINE_ONLINE_H
#define IMP_PIPELINE_ONLINE_H

#include <stdio.h>

#include "imprint/pipeline.h"
#include "pipeline/samples.h"

// Episodes in memory, of which every epoch replaces the oldest: first the expert's, then those that
// the network in training drives.
typedef struct imp_online imp_online;

// folder: of the training; *facts: what the samples look like. def and monitor are borrowed. Freed
// with imp_online_close().
imp_status imp_online_open(imp_online **out, imp_dataset_info *facts, const imp_online_def *def,
                           const char *folder, const imp_monitor *monitor, imp_error *err);
void imp_online_close(imp_online *online); // nullable

// Writes lines of what the episodes follow from, apart from the network (pipeline/settings.h).
void imp_online_describe(const imp_online *online, FILE *out);

// The maps that take part.
const imp_map_set *imp_online_maps(const imp_online *online);

// Whether the networks are there that drove what is in use in an epoch, or, if it begins, what is
// from those before. IMP_BAD_INPUT names the one that is missing.
imp_status imp_online_check(const imp_online *online, int epoch, bool begins, imp_error *err);

// Makes *samples those of an epoch, whatever is in the buffer now. The networks that drive are kept
// in the folder for as long as what they drove is in use. begins: the epoch has not begun, so the
// network that drives in it is `network` as it is; else it is the one that was kept.
imp_status imp_online_fill(imp_online *online, imp_samples *samples, int epoch, bool begins,
                           const imp_network *network, imp_error *err);

#endif
