// learn/collection/redrive.h: drives a demonstration again in a simulator, and keeps what a dataset
// holds of it.
#ifndef IMP_LEARN_COLLECTION_REDRIVE_H
#define IMP_LEARN_COLLECTION_REDRIVE_H

#include <stdatomic.h>

#include "imprint/collect.h"
#include "imprint/dataset.h"
#include "imprint/demonstration.h"
#include "imprint/sim.h"

// A drive, and the arrays of its episode; NULL where nothing is recorded.
typedef struct imp_redrive {
    imp_demonstration drive;
    uint8_t *observations, *terminations, *truncations;
    uint8_t *commands; // NULL if nobody gave any
    float *actions, *expert_actions, *rewards;
    double *poses, *lane;
    imp_conditions conditions;               // at its beginning
    char randomization[IMP_SAMPLE_JSON_MAX]; // "": nothing is randomised
    imp_error error;                         // IMP_OK: it came out the same
} imp_redrive;

// A simulator for one map; a thread has one, and makes it anew for another map or time step.
typedef struct imp_redriver {
    const imp_drive_import_def *def; // borrowed
    imp_sim *sim;
    uint64_t key;                // of what the simulator was made for
    imp_drive_def assumed_drive; // that the expert's labels assume
    bool records;                // images and labels are wanted
    atomic_llong *steps;         // counts what is driven
    atomic_bool *stop;           // asks to stop
} imp_redriver;

// Allocates the arrays of an episode. IMP_NO_MEMORY, and IMP_USAGE if its images would take more
// memory than an episode may.
imp_status imp_redrive_alloc(imp_redrive *redrive, const imp_drive_import_def *def, imp_error *err);
// Frees the arrays and the drive.
void imp_redrive_free(imp_redrive *redrive);

// Drives it. IMP_CHECK_FAILED, naming the step, if a state is not the recorded one.
imp_status imp_redriver_run(imp_redriver *redriver, imp_redrive *redrive, imp_error *err);
void imp_redriver_close(imp_redriver *redriver);

// Whether a group of randomisation changes how the robot or the objects move: a drive would not
// come out the same.
static inline bool imp_redrive_depends_on_group(int group)
{
    return group >= IMP_GROUP_GAIN || group == IMP_GROUP_OBJECTS;
}

// The episode of a drive, which borrows its arrays.
imp_episode imp_redrive_get_episode(const imp_redrive *redrive);

#endif
