// Records the drive of an episode. Files hold actions in single precision. Every action is rounded
// to that before it is given, so that the file drives again to the same states.
#include "evaluate/rollout/drive_recorder.h"

#include <stdio.h>
#include <string.h>

#include "base/common/try.h"

// The hook of the episode loop.
static imp_action round_action(void *context, const imp_env *env, imp_action chosen,
                               imp_action expert)
{
    imp_drive_recorder *recorder = context;
    (void)env;
    (void)expert;
    recorder->given = imp_demonstration_round_action(chosen);
    return recorder->given;
}

imp_status imp_drive_recorder_begin(imp_drive_recorder *recorder, imp_episode_loop_def *loop,
                                    imp_demonstration *drive, const imp_env *env, bool keep_pose,
                                    imp_error *err)
{
    *recorder = (imp_drive_recorder){.drive = drive};
    loop->explore = round_action;
    loop->explore_context = recorder;
    if (drive == NULL)
        return IMP_OK;
    IMP_TRY(imp_demonstration_begin(drive, env, err));
    if (keep_pose) {
        drive->env.has_start_pose = true;
        drive->env.start_pose = env->pose;
    }
    return IMP_OK;
}

void imp_drive_recorder_add(imp_drive_recorder *recorder, const imp_env *env)
{
    if (recorder->drive != NULL && recorder->error.status == IMP_OK)
        (void)imp_demonstration_add(recorder->drive, recorder->given, IMP_DRIVER_POLICY, env,
                                    &recorder->error);
}

imp_driver imp_drive_describe_policy(char name[64], char hash[32], const imp_policy_factory *policy)
{
    // an identity ends with a hash, except those of our experts
    char identity[IMP_POLICY_IDENTITY_MAX];
    imp_policy_factory_identity(policy, identity);
    const char *dash = strrchr(identity, '-');
    const bool is_hashed = dash != NULL && strlen(dash + 1) == 16;
    snprintf(name, 64, "%.*s", is_hashed ? (int)(dash - identity) : (int)strlen(identity),
             identity);
    snprintf(hash, 32, "%s", is_hashed ? dash + 1 : "");
    return is_hashed ? IMP_DRIVER_POLICY : IMP_DRIVER_EXPERT;
}

void imp_drive_set_author(imp_demonstration *drive, const imp_policy_factory *policy)
{
    const imp_driver driver = imp_drive_describe_policy(drive->policy, drive->policy_hash, policy);
    if (drive->steps > 0)
        memset(drive->drivers, driver, (size_t)drive->steps);
}
