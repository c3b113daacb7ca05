// learn/imitation/dagger_round.h: the parts of a round of DAgger.
#ifndef IMP_LEARN_IMITATION_DAGGER_ROUND_H
#define IMP_LEARN_IMITATION_DAGGER_ROUND_H

#include "base/io/file.h"
#include "evaluate/evaluation/evaluate.h"
#include "imprint/learn.h"

// The state of one call. Folders hold what lasts between calls.
typedef struct imp_dagger_run {
    const imp_dagger_def *def;
    imp_communicator *ranks; // that share the work; rank 0 alone writes to the folder
    const char *folder;
    int lock; // of the folder
    imp_dagger_result *out;
    int finished_rounds; // rounds that were done before this call
    char *definition;    // lines of what rounds follow from besides their driving
    const imp_monitor *monitor;
    char stages[2][48]; // names of the present stage of work and of the one before
    int stage;
} imp_dagger_run;

// DIR/<what>-<round>. `what` is "data" or "model".
imp_status imp_dagger_round_folder(char out[IMP_PATH_MAX], const imp_dagger_run *r,
                                   const char *what, int round, imp_error *err);

// Beta of a round. NaN stands for safe switching, where the state decides who drives.
double imp_dagger_round_beta(const imp_dagger_def *def, int round);

// What rank 0 sees in the folder, which it may be changing, is what all ranks go by.
imp_status imp_dagger_broadcast_answer(const imp_dagger_run *r, bool *answer, imp_error *err);

// Drives a round's episodes, or finds that they are there.
imp_status imp_dagger_collect_round(imp_dagger_run *r, int round, imp_error *err);
// Fills what a round's dataset tells: its frames, and how many of its episodes ended early.
imp_status imp_dagger_summarize_round_data(const imp_dagger_run *r, int round,
                                           imp_dagger_round *row, imp_error *err);
// Trains on the frames of all rounds.
imp_status imp_dagger_train_round(imp_dagger_run *r, int round, imp_dagger_round *row,
                                  imp_error *err);
// Evaluates a round's policy and fills its row.
imp_status imp_dagger_evaluate_round(imp_dagger_run *r, int round, imp_dagger_round *row,
                                     imp_error *err);
// How rounds are evaluated: all on the same starts.
imp_eval_def imp_dagger_round_eval_def(const imp_dagger_def *def);

#endif
