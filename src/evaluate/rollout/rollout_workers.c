// What threads drive episodes with: a simulator, policies and an image for each thread, over maps
// that all share. Every worker's simulator is the same environment, so that an episode is the same
// on whichever thread it is driven. Only the calling thread reports progress and asks the monitor
// whether to stop; the others read a flag.
#include "evaluate/rollout/rollout_workers.h"

#include "base/text/plural.h"
#include <stdlib.h>

// Creates a worker's policies and its image.
// The caller destroys the worker after a failure, whatever part of it exists.
static imp_status create_worker(imp_rollout_worker *self, const imp_rollout_workers_def *def,
                                imp_error *err)
{
    imp_status status = imp_policy_factory_create(def->policy, &self->policy, err);
    if (status == IMP_OK && def->label_expert != NULL)
        status = imp_policy_factory_create(def->label_expert, &self->label_expert, err);
    if (status == IMP_OK && def->progress_expert != NULL)
        status = imp_policy_factory_create(def->progress_expert, &self->progress_expert, err);
    if (status != IMP_OK)
        return status;
    self->observation = malloc((size_t)def->sim.camera.width * (size_t)def->sim.camera.height * 3);
    if (self->observation == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for observations");
    return IMP_OK;
}

// A width of 0 means that any size will do.
imp_status imp_rollout_check_image_size(const imp_policy_factory *policy,
                                        const imp_camera_def *camera, imp_error *err)
{
    int width, height;
    imp_policy_factory_image_size(policy, &width, &height);
    if (width == 0 || (width == camera->width && height == camera->height))
        return IMP_OK;
    return imp_fail(err, IMP_BAD_INPUT,
                    "%s: the %s needs observations of %d x %d, the camera gives %d x %d",
                    imp_policy_factory_name(policy),
                    imp_policy_factory_is_network(policy) ? "model" : "plug-in", width, height,
                    camera->width, camera->height);
}

// Checks that observations have the size and kind that the policy was trained on.
static imp_status check_policy_input(const imp_rollout_workers_def *def, imp_error *err)
{
    imp_status status = imp_rollout_check_image_size(def->policy, &def->sim.camera, err);
    if (status == IMP_OK && def->label_expert != NULL)
        status = imp_rollout_check_image_size(def->label_expert, &def->sim.camera, err);
    if (status != IMP_OK || !imp_policy_factory_is_network(def->policy))
        return status;
    const imp_observation_kind wanted = imp_policy_factory_observation(def->policy);
    if (wanted != def->sim.observation)
        return imp_fail(err, IMP_BAD_INPUT, "%s: the model was trained on %s, here it would see %s",
                        imp_policy_factory_name(def->policy),
                        imp_observation_kind_name((int)wanted),
                        imp_observation_kind_name((int)def->sim.observation));
    return IMP_OK;
}

// Called on the calling thread only, as monitors need not be safe for threads.
static void report_progress(imp_rollout_workers *workers)
{
    workers->progress.done = (double)atomic_load(&workers->frames);
    imp_monitor_progress(workers->monitor, &workers->progress);
}

// Once set, the flag stays set until the workers are destroyed.
static void poll_stop_request(imp_rollout_workers *workers)
{
    if (imp_monitor_should_stop(workers->monitor))
        atomic_store(&workers->stop, true);
}

// Called while the calling thread waits for the others.
static void report_and_poll_stop(void *context)
{
    imp_rollout_workers *workers = context;
    report_progress(workers);
    poll_stop_request(workers);
}

// Creates a simulator for each worker. All are the same environment, so an episode does not depend
// on the thread.
static imp_status create_sims(imp_rollout_workers *workers, const imp_rollout_workers_def *def,
                              imp_error *err)
{
    // Policies get what they need from the loop, so simulators compute no extras.
    imp_sim_def sim = def->sim;
    sim.same_index = true;
    sim.ground_truth = sim.expert_actions = false;
    // Actions and rewards are what datasets and reports hold.
    sim.actions = IMP_ACTION_WHEELS;
    sim.reward = IMP_REWARD_LANE;
    sim.threads = workers->threads;
    // Steps are the policy's; the simulator counts frames.
    if (def->steps > 0)
        sim.env.max_steps = def->steps * sim.env.frame_skip;
    imp_sim **sims = calloc((size_t)workers->threads, sizeof(imp_sim *));
    if (sims == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(workers->threads, "thread"));
    const imp_status status = imp_sim_create_many(sims, workers->threads, &sim, err);
    for (int k = 0; k < workers->threads && status == IMP_OK; k++) {
        workers->items[k].sim = sims[k];
        workers->items[k].env = imp_sim_env(sims[k]);
    }
    if (status == IMP_OK)
        workers->maps = imp_sim_maps(sims[0]);
    free(sims);
    return status;
}

// After a failure, imp_rollout_workers_destroy() frees what was created.
imp_status imp_rollout_workers_create(imp_rollout_workers *workers,
                                      const imp_rollout_workers_def *def, imp_error *err)
{
    *workers =
        (imp_rollout_workers){.monitor = def->monitor, .progress = {.unit = "frames", .total = -1}};
    imp_status status = check_policy_input(def, err);
    if (status == IMP_OK)
        status = imp_thread_pool_create(&workers->pool, def->sim.threads, err);
    if (status != IMP_OK)
        return status;
    // The calling thread also reports while it waits for the last episodes.
    imp_thread_pool_set_idle_hook(workers->pool, report_and_poll_stop, workers);
    const int threads = imp_thread_pool_size(workers->pool);
    workers->items = calloc((size_t)threads, sizeof *workers->items);
    if (workers->items == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(threads, "thread"));
    workers->threads = threads;
    status = create_sims(workers, def, err);
    for (int k = 0; k < threads && status == IMP_OK; k++)
        status = create_worker(&workers->items[k], def, err);
    return status;
}

void imp_rollout_workers_destroy(imp_rollout_workers *workers)
{
    // Policies first: they may refer to the simulator's world.
    for (int k = 0; k < workers->threads; k++) {
        imp_policy_destroy(workers->items[k].policy);
        imp_policy_destroy(workers->items[k].label_expert);
        imp_policy_destroy(workers->items[k].progress_expert);
        imp_sim_destroy(workers->items[k].sim);
        free(workers->items[k].observation);
    }
    free(workers->items);
    free(workers->start_maps);
    imp_thread_pool_destroy(workers->pool);
    *workers = (imp_rollout_workers){0};
}

// The product of both must stay far below the range of int.
imp_status imp_rollout_check_length(int steps, int frame_skip, imp_error *err)
{
    enum { FRAMES_MAX = 1 << 24 };
    if (frame_skip < 1)
        return imp_fail(err, IMP_USAGE, "frame skip %d must be at least 1", frame_skip);
    if (steps > FRAMES_MAX / frame_skip)
        return imp_fail(err, IMP_USAGE, "%s of %s are more than %d frames",
                        IMP_PLURAL(steps, "step"), IMP_PLURAL(frame_skip, "frame"), FRAMES_MAX);
    return IMP_OK;
}

// Counts a step of any thread. Returns false if the rollout should end.
bool imp_rollout_workers_count_step(imp_rollout_workers *workers, int worker)
{
    enum { FRAMES_BETWEEN_REPORTS = 64 };
    atomic_fetch_add(&workers->frames, 1);
    if (worker == 0)
        poll_stop_request(workers);
    // Worker 0 counts its own steps: the total may skip every multiple of 64 when threads run in
    // step.
    if (worker == 0 && ++workers->unreported_steps == FRAMES_BETWEEN_REPORTS) {
        workers->unreported_steps = 0;
        report_progress(workers);
    }
    return !atomic_load(&workers->stop);
}

// The same without counting.
bool imp_rollout_workers_poll_stop(imp_rollout_workers *workers, int worker)
{
    if (worker == 0)
        poll_stop_request(workers);
    return !atomic_load(&workers->stop);
}

// Given starts replace the random ones; the rest of the episode is drawn as usual.
imp_status imp_rollout_worker_reset_sim(const imp_rollout_workers *workers,
                                        imp_rollout_worker *self, uint32_t episode, imp_error *err)
{
    if (workers->starts == NULL)
        return imp_sim_reset(self->sim, episode, err);
    return imp_sim_reset_at(self->sim, episode, workers->start_maps[episode],
                            workers->starts[episode].pose, err);
}
