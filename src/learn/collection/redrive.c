// Drives a demonstration again, bit for bit: the environment has the recorded settings and streams,
// each recorded action is given in turn, and the states are compared with the recorded hashes. The
// camera, the appearance of the world and the expert are those of the import, because they change
// nothing of the states.
#include "learn/collection/redrive.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/common/try.h"
#include "base/text/plural.h"
#include "sim/simulator/simulator.h"

imp_status imp_redrive_alloc(imp_redrive *redrive, const imp_drive_import_def *def, imp_error *err)
{
    const double bytes_max = 4e9; // of the images of an episode
    const size_t steps = (size_t)redrive->drive.steps;
    const size_t image = (size_t)def->sim.camera.width * (size_t)def->sim.camera.height * 3;
    if ((double)image * (double)(steps + 1) > bytes_max)
        return imp_fail(err, IMP_USAGE,
                        "the images of %s of %d x %d pixels take more than 4 GB: choose a smaller "
                        "size",
                        IMP_PLURAL(redrive->drive.steps, "step"), def->sim.camera.width,
                        def->sim.camera.height);
    redrive->observations = malloc((steps + 1) * image);
    redrive->actions = calloc(2 * steps, sizeof *redrive->actions);
    redrive->expert_actions = calloc(2 * steps, sizeof *redrive->expert_actions);
    redrive->rewards = calloc(steps, sizeof *redrive->rewards);
    redrive->poses = calloc(3 * (steps + 1), sizeof *redrive->poses);
    redrive->lane = calloc(2 * (steps + 1), sizeof *redrive->lane);
    redrive->terminations = calloc(steps, 1);
    redrive->truncations = calloc(steps, 1);
    const bool has_commands = redrive->drive.env.commands != IMP_COMMANDS_NONE;
    redrive->commands = has_commands ? calloc(steps, 1) : NULL;
    const bool all = redrive->observations != NULL && redrive->actions != NULL &&
                     redrive->expert_actions != NULL && redrive->rewards != NULL &&
                     redrive->poses != NULL && redrive->lane != NULL &&
                     redrive->terminations != NULL && redrive->truncations != NULL &&
                     (redrive->commands != NULL || !has_commands);
    return all ? IMP_OK
               : imp_fail(err, IMP_NO_MEMORY, "out of memory for a drive of %s",
                          IMP_PLURAL(redrive->drive.steps, "step"));
}

void imp_redrive_free(imp_redrive *redrive)
{
    free(redrive->observations);
    free(redrive->actions);
    free(redrive->expert_actions);
    free(redrive->rewards);
    free(redrive->poses);
    free(redrive->lane);
    free(redrive->terminations);
    free(redrive->truncations);
    free(redrive->commands);
    imp_demonstration_free(&redrive->drive);
    *redrive = (imp_redrive){0};
}

void imp_redriver_close(imp_redriver *redriver)
{
    imp_sim_destroy(redriver->sim);
    redriver->sim = NULL;
}

// What a simulator is made for: the map, and the time step that the expert assumes.
static uint64_t hash_simulator_settings(const imp_demonstration *drive)
{
    uint64_t key = imp_hash_text(drive->map_hash, drive->map);
    key = imp_hash_bytes(key, &drive->env.drive.time_step, sizeof(double));
    key = imp_hash_bytes(key, &drive->env.drive.substeps, sizeof(int));
    return imp_hash_bytes(key, drive->map_text != NULL ? "text" : "name", 4);
}

// Checks the map of a drive by its hash.
static imp_status check_map_hash(const imp_demonstration *drive, imp_error *err)
{
    imp_world *world = NULL;
    IMP_TRY(imp_demonstration_load_world(&world, drive, err));
    imp_world_destroy(world);
    return IMP_OK;
}

// Makes a simulator for the map of a drive, unless the present one is for it.
static imp_status create_sim_if_other_drive(imp_redriver *r, const imp_demonstration *drive,
                                            imp_error *err)
{
    const uint64_t key = hash_simulator_settings(drive);
    if (r->sim != NULL && r->key == key)
        return IMP_OK;
    imp_redriver_close(r);
    IMP_TRY(check_map_hash(drive, err));
    imp_sim_def def = r->def->sim;
    def.map = drive->map;
    def.maps = NULL;
    def.map_count = 0;
    def.map_text = drive->map_text;
    def.map_text_bytes = drive->map_bytes;
    def.split = IMP_SPLIT_ALL;
    def.ground_truth = false;
    def.actions = IMP_ACTION_DUTY_CYCLES;
    def.reward = IMP_REWARD_LANE;
    def.autoreset = IMP_AUTORESET_DISABLED;
    def.threads = 1;
    // settings of the first drive, but the seed of the import, which textures follow from
    def.env = drive->env;
    def.env.seed = r->def->sim.env.seed;
    // labels must not depend on a drive that an image does not show
    r->assumed_drive = imp_default_drive_def();
    r->assumed_drive.time_step = drive->env.drive.time_step;
    r->assumed_drive.substeps = drive->env.drive.substeps;
    def.expert_actions = r->records && r->def->labels == IMP_LABELS_EXPERT;
    def.expert.assumed_drive = &r->assumed_drive;
    IMP_TRY(imp_sim_create(&r->sim, &def, err));
    r->key = key;
    return IMP_OK;
}

// Records the state before step k, or the last one, with its image.
static void record_state(const imp_redriver *r, imp_redrive *out, int k)
{
    const imp_env *env = imp_sim_env(r->sim);
    const size_t image = (size_t)r->def->sim.camera.width * (size_t)r->def->sim.camera.height * 3;
    memcpy(&out->poses[3 * (size_t)k], (double[]){env->pose.x, env->pose.z, env->pose.heading},
           3 * sizeof(double));
    out->lane[2 * (size_t)k] = env->in_lane ? env->lane.distance : NAN;
    out->lane[2 * (size_t)k + 1] = env->in_lane ? env->lane.angle : NAN;
    if (out->commands != NULL && k < out->drive.steps)
        out->commands[k] = (uint8_t)env->navigation.command;
    imp_sim_observe(r->sim, out->observations + (size_t)k * image);
}

// Records the label of step k: the expert's action, or the person's own.
static void record_label(const imp_redriver *r, imp_redrive *out, int k, imp_action expert)
{
    const imp_demonstration *drive = &out->drive;
    float *label = &out->expert_actions[2 * (size_t)k];
    if (r->def->labels == IMP_LABELS_EXPERT) {
        label[0] = (float)expert.left;
        label[1] = (float)expert.right;
    } else if (drive->drivers[k] == IMP_DRIVER_PERSON) {
        memcpy(label, &drive->actions[2 * (size_t)k], 2 * sizeof *label);
    } else {
        label[0] = label[1] = NAN;
    }
}

// Records what step k did.
static void record_step(const imp_redriver *r, imp_redrive *out, int k, imp_step result)
{
    const imp_action executed = imp_sim_env(r->sim)->action;
    out->actions[2 * (size_t)k] = (float)executed.left;
    out->actions[2 * (size_t)k + 1] = (float)executed.right;
    out->rewards[k] = (float)result.reward;
    out->terminations[k] = result.terminated;
    // a drive that did not end was cut off
    out->truncations[k] = !result.terminated && k + 1 == out->drive.steps;
}

// Steps through the whole drive and compares the states.
static imp_status drive_all_steps(imp_redriver *r, imp_redrive *redrive, imp_error *err)
{
    enum { STEPS_BETWEEN_STOPS = 256 };
    const imp_demonstration *drive = &redrive->drive;
    const imp_env *env = imp_sim_env(r->sim);
    // a start that differs makes the rest meaningless
    IMP_TRY(imp_demonstration_check_state(drive, 0, env, err));
    for (int k = 0; k < drive->steps; k++) {
        // an episode that ends earlier than in the file is another one
        if (imp_sim_needs_reset(r->sim))
            return imp_fail(err, IMP_CHECK_FAILED,
                            "the drive does not come out the same: here it ends by %s after step "
                            "%d of %d",
                            imp_end_reason_name(env->ending), k, drive->steps);
        if (r->records) {
            // image, pose and label belong to the state before the step
            record_state(r, redrive, k);
            record_label(r, redrive, k, imp_sim_expert_action(r->sim));
        }
        const imp_action action = {(double)drive->actions[2 * (size_t)k],
                                   (double)drive->actions[2 * (size_t)k + 1]};
        const imp_step result = imp_sim_step(r->sim, action);
        if (r->records)
            record_step(r, redrive, k, result);
        IMP_TRY(imp_demonstration_check_state(drive, k + 1, env, err));
        if ((k + 1) % STEPS_BETWEEN_STOPS == 0 && atomic_load(r->stop))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
    // the state after the last step, which has no label
    if (r->records)
        record_state(r, redrive, drive->steps);
    return IMP_OK;
}

imp_status imp_redriver_run(imp_redriver *redriver, imp_redrive *redrive, imp_error *err)
{
    const imp_demonstration *drive = &redrive->drive;
    imp_redriver *r = redriver;
    IMP_TRY(create_sim_if_other_drive(r, drive, err));
    IMP_TRY(imp_sim_set_env_def(r->sim, &drive->env, err));
    IMP_TRY(imp_sim_reset(r->sim, drive->episode, err));
    redrive->conditions = imp_env_conditions(imp_sim_env(r->sim));
    redrive->randomization[0] = '\0';
    if (imp_sim_randomization_sample(r->sim) != NULL)
        imp_randomization_sample_json(imp_sim_randomization_sample(r->sim), redrive->randomization);
    IMP_TRY(drive_all_steps(r, redrive, err));
    atomic_fetch_add(r->steps, drive->steps);
    return IMP_OK;
}

imp_episode imp_redrive_get_episode(const imp_redrive *redrive)
{
    const imp_demonstration *drive = &redrive->drive;
    // arrays are borrowed from the redrive, which must outlive the episode
    imp_episode episode = {
        .steps = drive->steps,
        .observations = redrive->observations,
        .actions = redrive->actions,
        .expert_actions = redrive->expert_actions,
        .poses = redrive->poses,
        .lane = redrive->lane,
        .rewards = redrive->rewards,
        .terminations = redrive->terminations,
        .truncations = redrive->truncations,
        .commands = redrive->commands,
        .seed = drive->env.seed,
        .number = drive->episode,
        .time_step = drive->env.drive.time_step * drive->env.frame_skip,
        .conditions = redrive->conditions,
        .has_conditions = true,
        .randomization = redrive->randomization[0] != '\0' ? redrive->randomization : NULL,
        .map_text = drive->map_text,
        .map_bytes = drive->map_bytes,
        .drivers = drive->drivers,
    };
    snprintf(episode.map, sizeof episode.map, "%s", drive->map);
    return episode;
}
