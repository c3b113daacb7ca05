// Recording a drive step by step, its checks, and the world that it took place in. Checks are
// hashes of states (sim/env/state_hash.c); the memory of a drive that is recorded grows by half.
#include "imprint/demonstration.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "base/text/plural.h"

void imp_demonstration_free(imp_demonstration *demonstration)
{
    if (demonstration == NULL)
        return;
    free(demonstration->map_text);
    free(demonstration->actions);
    free(demonstration->drivers);
    free(demonstration->checks);
    *demonstration = (imp_demonstration){0};
}

// Copies the text of a map that is not built in.
static imp_status copy_map_text(imp_demonstration *out, const imp_world *world, imp_error *err)
{
    if (imp_world_is_builtin(world))
        return IMP_OK;
    out->map_text = malloc(world->source_length + 1);
    if (out->map_text == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the text of a map");
    memcpy(out->map_text, world->source, world->source_length);
    out->map_text[world->source_length] = '\0';
    out->map_bytes = world->source_length;
    return IMP_OK;
}

imp_status imp_demonstration_begin(imp_demonstration *out, const imp_env *env, imp_error *err)
{
    imp_demonstration drive = {
        .map_hash = imp_world_text_hash(env->world),
        .env = env->def,
        .episode = env->episode,
        .check_every = IMP_DEMONSTRATION_CHECK_EVERY,
        .has_start_check = true,
        .start_check = imp_env_state_hash(env),
        .final_check = imp_env_state_hash(env),
    };
    snprintf(drive.program, sizeof drive.program, "imprint %s", imp_version());
    snprintf(drive.map, sizeof drive.map, "%s", env->world->name);
    drive.env.max_steps = INT_MAX;
    IMP_TRY(copy_map_text(&drive, env->world, err));
    *out = drive;
    return IMP_OK;
}

imp_action imp_demonstration_round_action(imp_action action)
{
    const imp_action clipped = imp_action_clip(action);
    return (imp_action){imp_round_to_single(clipped.left), imp_round_to_single(clipped.right)};
}

// Makes room for one more step and its check.
static imp_status reserve_step(imp_demonstration *drive, imp_error *err)
{
    if (drive->steps == IMP_DEMONSTRATION_STEPS_MAX)
        return imp_fail(err, IMP_USAGE, "a demonstration has at most %s",
                        IMP_PLURAL(IMP_DEMONSTRATION_STEPS_MAX, "step"));
    if (drive->steps < drive->capacity)
        return IMP_OK;
    const int capacity = drive->capacity + drive->capacity / 2 + 512;
    const size_t room = (size_t)capacity;
    // a pointer that grew is kept at once, so that the others stay valid after a failure
    float *actions = realloc(drive->actions, 2 * room * sizeof *actions);
    if (actions != NULL)
        drive->actions = actions;
    uint8_t *drivers = realloc(drive->drivers, room);
    if (drivers != NULL)
        drive->drivers = drivers;
    uint64_t *checks =
        realloc(drive->checks, (room / (size_t)drive->check_every + 1) * sizeof *checks);
    if (checks != NULL)
        drive->checks = checks;
    if (actions == NULL || drivers == NULL || checks == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(capacity, "step"));
    drive->capacity = capacity;
    return IMP_OK;
}

imp_status imp_demonstration_add(imp_demonstration *demonstration, imp_action action,
                                 imp_driver driver, const imp_env *env, imp_error *err)
{
    IMP_TRY(reserve_step(demonstration, err));
    const size_t step = (size_t)demonstration->steps++;
    demonstration->actions[2 * step] = (float)action.left;
    demonstration->actions[2 * step + 1] = (float)action.right;
    demonstration->drivers[step] = (uint8_t)driver;
    demonstration->final_check = imp_env_state_hash(env);
    if (demonstration->steps % demonstration->check_every == 0)
        demonstration->checks[demonstration->steps / demonstration->check_every - 1] =
            demonstration->final_check;
    return IMP_OK;
}

// A drive has hashes of some states only: every so many steps, and of the last.
imp_status imp_demonstration_check_state(const imp_demonstration *demonstration, int step,
                                         const imp_env *env, imp_error *err)
{
    const int every = demonstration->check_every;
    const bool last = step == demonstration->steps;
    // steps without a hash pass
    if (step == 0 && !demonstration->has_start_check)
        return IMP_OK;
    if (step > 0 && step % every != 0 && !last)
        return IMP_OK;
    const uint64_t hash = imp_env_state_hash(env);
    // the last step may have two: that of its place, and the final one
    const uint64_t wanted =
        step == 0 ? demonstration->start_check
                  : (step % every == 0 ? demonstration->checks[step / every - 1] : hash);
    if (hash == wanted && (!last || hash == demonstration->final_check))
        return IMP_OK;
    // the last step that was compared and equal
    const int before = step == 0 ? 0 : (step - 1) / every * every;
    if (step == 0)
        return imp_fail(err, IMP_CHECK_FAILED,
                        "the drive begins elsewhere here than where it was recorded: another "
                        "version of the program, or the file was changed");
    return imp_fail(err, IMP_CHECK_FAILED,
                    "the drive does not come out the same: the state after step %d is another "
                    "(that after step %d was equal): another version of the program, or the file "
                    "was changed",
                    step, before);
}

imp_status imp_demonstration_load_world(imp_world **out, const imp_demonstration *demonstration,
                                        imp_error *err)
{
    const imp_demonstration *d = demonstration;
    imp_world *world = NULL;
    // a name must never become a path
    if (d->map_text == NULL && !imp_map_is_builtin(d->map))
        return imp_fail(err, IMP_BAD_INPUT,
                        "the map '%s' is not built in, and the file does not have its text",
                        d->map);
    IMP_TRY(d->map_text == NULL ? imp_world_load(&world, d->map, err)
                                : imp_world_parse(&world, d->map_text, d->map_bytes, d->map, err));
    if (imp_world_text_hash(world) != d->map_hash) {
        imp_world_destroy(world);
        return imp_fail(err, IMP_BAD_INPUT,
                        "the map '%s' is another here than where the drive was recorded", d->map);
    }
    *out = world;
    return IMP_OK;
}
