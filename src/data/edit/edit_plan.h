// data/edit/edit_plan.h: what a new dataset is made of: pieces of episodes of other datasets, in
// order. Every command that makes datasets of datasets fills a plan, which is then written.
#ifndef IMP_DATA_EDIT_EDIT_PLAN_H
#define IMP_DATA_EDIT_EDIT_PLAN_H

#include <jansson.h>

#include "data/dataset/dataset_format.h"
#include "imprint/dataset_edit.h"

// Frames first to last of an episode, both included; last > first.
typedef struct imp_edit_piece {
    int source, episode, first, last;
} imp_edit_piece;

typedef struct imp_edit_plan {
    imp_dataset **sources; // (source_count) open datasets
    const char *const *paths;
    int source_count;
    imp_edit_piece *pieces; // (piece_count)
    size_t piece_count, capacity;
    imp_dataset_info info; // of the new dataset
    const imp_monitor *monitor;
    double done, total; // steps, for the progress
} imp_edit_plan;

// Opens the sources, checks that they fit and share no episode, and fills info. Starts as {0}, and
// is freed with imp_edit_plan_free(), also after a failure.
imp_status imp_edit_plan_open(imp_edit_plan *plan, const char *const *paths, int count,
                              const imp_monitor *monitor, imp_error *err);
void imp_edit_plan_free(imp_edit_plan *plan);

imp_status imp_edit_plan_add(imp_edit_plan *plan, const imp_edit_piece *piece, imp_error *err);
// Adds all episodes of a source.
imp_status imp_edit_plan_add_source(imp_edit_plan *plan, int source, imp_error *err);

// Counts sources and results.
void imp_edit_plan_summarize(const imp_edit_plan *plan, imp_dataset_edit_summary *summary);

// Sets info.definition to a hash of the sources and the pieces, so that equal plans have equal
// ones, and no other dataset has it.
void imp_edit_plan_set_definition_hash(imp_edit_plan *plan);

// Writes the origin of the new dataset: which command made it, what of, and why episodes were left
// out. dropped: (IMP_DROP_REASON_COUNT) or NULL.
imp_status imp_edit_plan_format_origin(const imp_edit_plan *plan, char out[IMP_DATASET_ORIGIN_MAX],
                                       const char *command, const int *dropped, imp_error *err);

// Adds the pieces to a dataset, and finishes it.
imp_status imp_edit_plan_copy_episodes(imp_edit_plan *plan, imp_dataset_writer *writer,
                                       const char *origin, imp_error *err);

// Writes the plan as a new dataset, which gets its name when it is complete.
imp_status imp_edit_plan_write(imp_edit_plan *plan, const char *folder, const char *origin,
                               imp_error *err);

#endif
