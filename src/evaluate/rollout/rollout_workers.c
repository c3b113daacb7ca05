// What threads drive episodes with: a simulator, policies and an image for each episode that is
// driven at a time, over maps that all share. Every simulator is the same environment, so that an
// episode is the same in whichever slot it is driven. Only the calling thread reports progress and
// asks the monitor whether to stop; the others read a flag.
#include "evaluate/rollout/rollout_workers.h"

#include "base/text/plural.h"
#include <stdlib.h>

// A width of 0 means that any size will do.
imp_status imp_rollout_check_image_size(const imp_policy_factory *policy,
                                        const imp_camera_def *camera, imp_error *err)
{
    int width, height;
    imp_policy_factory_image_size(policy, &width, &height);
    if (width == 0 || (width == camera->width && height == camera->height))
        return IMP_OK;
    return imp_fail(
        err, IMP_BAD_INPUT, "%s: the %s needs observations of %d x %d, the camera gives %d x %d",
        imp_policy_factory_name(policy), imp_policy_factory_is_network(policy) ? "model" : "policy",
        width, height, camera->width, camera->height);
}

// Checks that observations have the size and kind that the policy was trained on.
static imp_status check_policy_input(const imp_rollout_workers_def *def, imp_error *err)
{
    imp_status status = imp_rollout_check_image_size(def->policy, &def->sim.camera, err);
    if (status == IMP_OK && def->label_expert != NULL)
        status = imp_rollout_check_image_size(def->label_expert, &def->sim.camera, err);
    int width, height;
    imp_policy_factory_image_size(def->policy, &width, &height);
    if (status != IMP_OK || width == 0)
        return status;
    const imp_observation_kind wanted = imp_policy_factory_observation(def->policy);
    if (wanted != def->sim.observation)
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s %s, here it would see %s",
                        imp_policy_factory_name(def->policy),
                        imp_policy_factory_is_network(def->policy) ? "the model was trained on"
                                                                   : "the policy needs",
                        imp_observation_kind_name((int)wanted),
                        imp_observation_kind_name((int)def->sim.observation));
    return IMP_OK;
}

// Masks are found in images of the camera's size, and take the place of rendered masks. Collecting
// checks that these are what is observed.
static imp_status check_segmenter_input(const imp_rollout_workers_def *def, imp_error *err)
{
    const imp_camera_def *camera = &def->sim.camera;
    const imp_network_def *input = imp_network_info(def->segmenter);
    if (input->width != camera->width || input->height != camera->height)
        return imp_fail(err, IMP_BAD_INPUT,
                        "the segmenter needs images of %d x %d, the camera gives %d x %d",
                        input->width, input->height, camera->width, camera->height);
    return IMP_OK;
}

// A segmenter for each thread.
static imp_status create_segmenters(imp_rollout_workers *workers,
                                    const imp_rollout_workers_def *def, imp_error *err)
{
    if (def->segmenter == NULL)
        return IMP_OK;
    workers->camera_images = malloc((size_t)workers->threads * workers->image_bytes);
    workers->segmenters = calloc((size_t)workers->threads, sizeof(imp_segmenter *));
    if (workers->camera_images == NULL || workers->segmenters == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a segmenter");
    imp_status status = IMP_OK;
    for (int k = 0; k < workers->threads && status == IMP_OK; k++)
        status = imp_segmenter_create(&workers->segmenters[k], def->segmenter, err);
    if (status != IMP_OK)
        return status;
    const int width = imp_segmenter_width(workers->segmenters[0]);
    const int height = imp_segmenter_height(workers->segmenters[0]);
    if ((size_t)width * (size_t)height * 3 != workers->image_bytes)
        return imp_fail(err, IMP_BAD_INPUT,
                        "the segmenter's masks are %d x %d, those of the camera would be %d x %d",
                        width, height, def->sim.camera.width, def->sim.camera.height);
    return IMP_OK;
}

void imp_rollout_workers_render_observation(const imp_rollout_workers *workers, int worker,
                                            imp_sim *sim, uint8_t *out)
{
    if (workers->segmenters == NULL) {
        imp_sim_observe(sim, out);
        return;
    }
    uint8_t *image = workers->camera_images + (size_t)worker * workers->image_bytes;
    imp_sim_observe(sim, image);
    imp_segmenter_run_to_rgb(workers->segmenters[worker], image, out);
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

// Creates a simulator for each slot. All are the same environment, so an episode does not depend on
// the slot.
static imp_status create_sims(imp_rollout_workers *workers, const imp_rollout_workers_def *def,
                              imp_error *err)
{
    const int slots = workers->threads * workers->batch;
    // Policies get what they need from the loop, so simulators compute no extras.
    imp_sim_def sim = def->sim;
    sim.same_index = true;
    sim.ground_truth = sim.expert_actions = false;
    if (def->segmenter != NULL)
        sim.observation = IMP_OBSERVATION_IMAGE;
    // Actions and rewards are what datasets and reports hold.
    sim.actions = IMP_ACTION_DUTY_CYCLES;
    sim.reward = IMP_REWARD_LANE;
    sim.threads = workers->threads;
    // Steps are the policy's; the simulator counts frames.
    if (def->steps > 0)
        sim.env.max_steps = def->steps * sim.env.frame_skip;
    imp_sim **sims = calloc((size_t)slots, sizeof(imp_sim *));
    if (sims == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(slots, "simulator"));
    const imp_status status = imp_sim_create_many(sims, slots, &sim, err);
    for (int k = 0; k < slots && status == IMP_OK; k++) {
        workers->slots[k].sim = sims[k];
        workers->slots[k].env = imp_sim_env(sims[k]);
    }
    if (status == IMP_OK)
        workers->maps = imp_sim_maps(sims[0]);
    free(sims);
    return status;
}

// The policies of a thread are made together, so that they can act together.
imp_status imp_rollout_workers_create_policies(imp_rollout_workers *workers,
                                               const imp_policy_factory *policy,
                                               const imp_policy_factory *label_expert,
                                               imp_error *err)
{
    imp_policy *made[IMP_POLICY_BATCH_MAX];
    imp_status status = IMP_OK;
    for (int first = 0; first < workers->threads * workers->batch; first += workers->batch) {
        imp_rollout_slot *slots = &workers->slots[first];
        status = imp_policy_factory_create_many(policy, made, workers->batch, err);
        for (int k = 0; k < workers->batch && status == IMP_OK; k++)
            slots[k].policy = made[k];
        if (status == IMP_OK && label_expert != NULL) {
            status = imp_policy_factory_create_many(label_expert, made, workers->batch, err);
            for (int k = 0; k < workers->batch && status == IMP_OK; k++)
                slots[k].label_expert = made[k];
        }
        if (status != IMP_OK)
            break;
    }
    return status;
}

void imp_rollout_workers_destroy_policies(imp_rollout_workers *workers)
{
    for (int k = 0; k < workers->threads * workers->batch; k++) {
        imp_rollout_slot *self = &workers->slots[k];
        imp_policy_destroy(self->policy);
        imp_policy_destroy(self->label_expert);
        self->policy = self->label_expert = NULL;
    }
}

// How many episodes a thread drives in lock step.
static int choose_batch_size(const imp_rollout_workers_def *def, int threads)
{
    int batch = imp_policy_factory_batch_size(def->policy);
    if (def->label_expert != NULL && imp_policy_factory_batch_size(def->label_expert) > batch)
        batch = imp_policy_factory_batch_size(def->label_expert);
    const int share = def->episodes > 0 ? (def->episodes + threads - 1) / threads : batch;
    batch = share < batch ? share : batch;
    return def->batch_max > 0 && def->batch_max < batch ? def->batch_max : batch;
}

// An image for each slot, and for each thread an expert that measures progress.
static imp_status alloc_images_and_progress_experts(imp_rollout_workers *workers,
                                                    const imp_rollout_workers_def *def,
                                                    imp_error *err)
{
    const size_t slots = (size_t)workers->threads * (size_t)workers->batch;
    const size_t image = workers->image_bytes;
    workers->observations = malloc(slots * image);
    workers->progress_experts = calloc((size_t)workers->threads, sizeof(imp_policy *));
    if (workers->observations == NULL || workers->progress_experts == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for observations");
    for (size_t k = 0; k < slots; k++)
        workers->slots[k].observation = workers->observations + k * image;
    imp_status status = IMP_OK;
    for (int k = 0; k < workers->threads && def->progress_expert != NULL && status == IMP_OK; k++)
        status =
            imp_policy_factory_create(def->progress_expert, &workers->progress_experts[k], err);
    return status;
}

// After a failure, imp_rollout_workers_destroy() frees what was created.
imp_status imp_rollout_workers_create(imp_rollout_workers *workers,
                                      const imp_rollout_workers_def *def, imp_error *err)
{
    *workers =
        (imp_rollout_workers){.monitor = def->monitor, .progress = {.unit = "frames", .total = -1}};
    imp_status status = check_policy_input(def, err);
    if (status == IMP_OK && def->segmenter != NULL)
        status = check_segmenter_input(def, err);
    if (status == IMP_OK)
        status = imp_thread_pool_create(&workers->pool, def->sim.threads, err);
    if (status != IMP_OK)
        return status;
    // The calling thread also reports while it waits for the last episodes.
    imp_thread_pool_set_idle_hook(workers->pool, report_and_poll_stop, workers);
    workers->threads = imp_thread_pool_size(workers->pool);
    workers->batch = choose_batch_size(def, workers->threads);
    workers->image_bytes = (size_t)def->sim.camera.width * (size_t)def->sim.camera.height * 3;
    workers->slots =
        calloc((size_t)workers->threads * (size_t)workers->batch, sizeof *workers->slots);
    if (workers->slots == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(workers->threads, "thread"));
    status = create_sims(workers, def, err);
    if (status == IMP_OK)
        status = alloc_images_and_progress_experts(workers, def, err);
    if (status == IMP_OK)
        status = create_segmenters(workers, def, err);
    return status == IMP_OK
               ? imp_rollout_workers_create_policies(workers, def->policy, def->label_expert, err)
               : status;
}

void imp_rollout_workers_destroy(imp_rollout_workers *workers)
{
    // Policies first: they may refer to the simulator's world.
    if (workers->slots != NULL)
        imp_rollout_workers_destroy_policies(workers);
    for (int k = 0; k < workers->threads && workers->progress_experts != NULL; k++)
        imp_policy_destroy(workers->progress_experts[k]);
    for (int k = 0; k < workers->threads * workers->batch && workers->slots != NULL; k++)
        imp_sim_destroy(workers->slots[k].sim);
    for (int k = 0; k < workers->threads && workers->segmenters != NULL; k++)
        imp_segmenter_destroy(workers->segmenters[k]);
    free(workers->segmenters);
    free(workers->camera_images);
    free(workers->slots);
    free(workers->progress_experts);
    free(workers->observations);
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

// Counts steps of any thread. Returns false if the rollout should end.
bool imp_rollout_workers_count_steps(imp_rollout_workers *workers, int worker, int steps)
{
    enum { FRAMES_BETWEEN_REPORTS = 64 };
    atomic_fetch_add(&workers->frames, steps);
    if (worker == 0)
        poll_stop_request(workers);
    // Worker 0 counts its own steps: the total may skip every multiple of 64 when threads run in
    // step.
    if (worker == 0 && (workers->unreported_steps += steps) >= FRAMES_BETWEEN_REPORTS) {
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
imp_status imp_rollout_slot_reset_sim(const imp_rollout_workers *workers, imp_rollout_slot *self,
                                      uint32_t episode, imp_error *err)
{
    if (workers->starts == NULL)
        return imp_sim_reset(self->sim, episode, err);
    return imp_sim_reset_at(self->sim, episode, workers->start_maps[episode],
                            workers->starts[episode].pose, err);
}
