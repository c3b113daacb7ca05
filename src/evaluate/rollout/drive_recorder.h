// evaluate/rollout/drive_recorder.h: episodes that a file can hold: actions are rounded before they
// are given, and recorded if that is wanted.
#ifndef IMP_EVALUATE_ROLLOUT_DRIVE_RECORDER_H
#define IMP_EVALUATE_ROLLOUT_DRIVE_RECORDER_H

#include "evaluate/rollout/episode_loop.h"
#include "imprint/demonstration.h"

// Of one episode. It must not move while the episode is driven.
typedef struct imp_drive_recorder {
    imp_demonstration *drive; // NULL: actions are rounded only
    imp_action given;         // in the present step
    imp_error error;          // of a step that could not be recorded
} imp_drive_recorder;

// Makes a loop round its actions as imp_demonstration_round_action() does. drive: nullable, empty,
// filled by imp_drive_recorder_add(); env was just reset. keep_pose: the start pose was given to
// that reset and is not drawn, so that it becomes a setting of the drive.
imp_status imp_drive_recorder_begin(imp_drive_recorder *recorder, imp_episode_loop_def *loop,
                                    imp_demonstration *drive, const imp_env *env, bool keep_pose,
                                    imp_error *err);
// Records the step that led to env.
void imp_drive_recorder_add(imp_drive_recorder *recorder, const imp_env *env);

// Says in a drive that this policy drove all of it.
void imp_drive_set_author(imp_demonstration *drive, const imp_policy_factory *policy);

// A policy's name and hash as drives have them, and the driver that it counts as.
imp_driver imp_drive_describe_policy(char name[64], char hash[32],
                                     const imp_policy_factory *policy);

#endif
