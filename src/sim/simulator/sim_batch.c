// Steps many simulators at once. Each row of the caller's arrays belongs to one simulator.
//
// A call has two passes over the rows, each on all threads. The first steps or resets all
// environments and writes their states; the second draws all images. Consecutive steps are faster
// than steps between images, because an image runs through a megabyte of tables and evicts
// everything else from the caches. Errors are kept in the simulators and reported in row order, so
// the result does not depend on which thread came first. Many simulators do not fit into a cache:
// what is checked before the passes is checked in one loop.
#include <stdatomic.h>
#include <stddef.h>

#include "base/common/try.h"
#include "base/threads/thread_pool.h"
#include "sim/simulator/simulator.h"

// The arguments of a call, shared by all threads.
typedef struct batch {
    imp_sim *const *sims;
    const imp_sim_buffers *buffers;
    const bool *mask;         // rows to reset; NULL: all
    const uint32_t *episodes; // episodes to reset to; NULL: the next ones
    const imp_action *actions;
    int count;
    int block;          // rows per unit of work
    bool observe;       // neither reset nor step
    size_t pixels;      // pixels per image
    atomic_bool failed; // a row has an error
} batch;

// Rows per unit of work, because a step takes less than a microsecond: 1/BLOCKS of all within these
// limits, so that threads seldom meet and end together.
enum { BLOCKS = 32, BLOCK_MIN = 8, BLOCK_MAX = 64 };

// Writes a state to row `row` of the arrays; NULL arrays are skipped.
static void write_state_to_arrays(const imp_sim_state_arrays *to, int row, const imp_sim *sim)
{
    const imp_sim_state s = imp_sim_get_state(sim);
    // the pose is (count x 3), all others are (count)
    if (to->pose != NULL) {
        double *pose = to->pose + 3 * (size_t)row;
        pose[0] = s.pose.x;
        pose[1] = s.pose.z;
        pose[2] = s.pose.heading;
    }
    if (to->speed != NULL)
        to->speed[row] = s.speed;
    if (to->turn_rate != NULL)
        to->turn_rate[row] = s.turn_rate;
    if (to->lane_distance != NULL)
        to->lane_distance[row] = s.lane_distance;
    if (to->lane_angle != NULL)
        to->lane_angle[row] = s.lane_angle;
    if (to->in_lane != NULL)
        to->in_lane[row] = s.in_lane;
    if (to->frame != NULL)
        to->frame[row] = s.frame;
    if (to->map_index != NULL)
        to->map_index[row] = s.map_index;
    if (to->end_reason != NULL)
        to->end_reason[row] = (int32_t)s.end_reason;
    if (to->episode != NULL)
        to->episode[row] = s.episode;
}

// Writes the present state of a row, and what the expert does there.
static void write_present_state_to_arrays(const batch *b, int row)
{
    const imp_sim_buffers *to = b->buffers;
    if (to->expert_actions != NULL)
        to->expert_actions[row] = imp_sim_expert_action(b->sims[row]);
    write_state_to_arrays(&to->states, row, b->sims[row]);
}

// Writes the result of a step and the state after it.
static void write_step_to_arrays(const batch *b, int row, imp_step step)
{
    const imp_sim_buffers *to = b->buffers;
    if (to->rewards != NULL)
        to->rewards[row] = step.reward;
    if (to->terminated != NULL)
        to->terminated[row] = step.terminated;
    if (to->truncated != NULL)
        to->truncated[row] = step.truncated;
    write_present_state_to_arrays(b, row);
}

// Resets a simulator; its result is a step without reward.
static void reset_sim_of_row(batch *b, int row)
{
    imp_sim *sim = b->sims[row];
    const uint32_t episode = b->episodes != NULL ? b->episodes[row] : sim->next_episode;
    if (imp_sim_reset(sim, episode, &sim->error) == IMP_OK)
        write_step_to_arrays(b, row, (imp_step){0});
    else
        atomic_store(&b->failed, true);
}

// Steps a simulator and applies the autoreset mode.
static void step_sim_of_row(batch *b, int row)
{
    imp_sim *sim = b->sims[row];
    // NEXT_STEP: after an episode's end, the action is ignored and a new episode begins
    if (imp_sim_needs_reset(sim)) {
        reset_sim_of_row(b, row);
        return;
    }
    const imp_step step = imp_sim_step(sim, b->actions[row]);
    // SAME_STEP: save the last state and observation before the new episode begins
    if (imp_sim_needs_reset(sim) && sim->shared->def.autoreset == IMP_AUTORESET_SAME_STEP) {
        const imp_sim_buffers *to = b->buffers;
        write_state_to_arrays(&to->final_states, row, sim);
        const size_t first = (size_t)row * b->pixels;
        if (to->final_observations != NULL)
            imp_sim_observe(sim, to->final_observations + 3 * first);
        imp_sim_observe_ground_truth(sim, to->final_masks != NULL ? to->final_masks + first : NULL,
                                     to->final_depths != NULL ? to->final_depths + first : NULL);
        if (imp_sim_reset(sim, sim->next_episode, &sim->error) != IMP_OK) {
            atomic_store(&b->failed, true);
            return;
        }
    }
    write_step_to_arrays(b, row, step);
}

// Whether a reset concerns a row.
static bool is_row_in_reset_mask(const batch *b, int row)
{
    return b->mask == NULL || b->mask[row];
}

// Reads a simulator's memory into the caches, while another one is stepped.
static void prefetch_sim(const imp_sim *sim)
{
    enum { CACHE_LINE = 64, HEAD = 2 * CACHE_LINE };
    const char *head = (const char *)sim, *env = (const char *)&sim->env;
    for (size_t k = 0; k < HEAD; k += CACHE_LINE)
        __builtin_prefetch(head + k, 1);
    for (size_t k = 0; k < offsetof(imp_env, moving); k += CACHE_LINE)
        __builtin_prefetch(env + k, 1);
}

// First pass: steps or resets a block of rows. Without actions it is a reset, or neither.
static void step_or_reset_block_of_rows(void *context, int block, int worker)
{
    batch *b = context;
    const int first = block * b->block;
    const int end = first + b->block < b->count ? first + b->block : b->count;
    (void)worker;
    for (int row = first; row < end; row++) {
        if (row + 1 < end)
            prefetch_sim(b->sims[row + 1]);
        b->sims[row]->error.status = IMP_OK;
        if (b->actions != NULL)
            step_sim_of_row(b, row);
        else if (b->observe)
            write_present_state_to_arrays(b, row);
        else if (is_row_in_reset_mask(b, row))
            reset_sim_of_row(b, row);
    }
}

// Second pass: draws the images of a row.
static void render_images_of_row(void *context, int row, int worker)
{
    const batch *b = context;
    const imp_sim_buffers *to = b->buffers;
    imp_sim *sim = b->sims[row];
    const size_t first = (size_t)row * b->pixels;
    (void)worker;
    if (!is_row_in_reset_mask(b, row) || sim->error.status != IMP_OK)
        return;
    if (to->observations != NULL)
        imp_sim_observe(sim, to->observations + 3 * first);
    imp_sim_observe_ground_truth(sim, to->masks != NULL ? to->masks + first : NULL,
                                 to->depths != NULL ? to->depths + first : NULL);
}

// Runs work(0..count-1) on the pool, or on this thread without one.
static void run_on_pool_or_this_thread(imp_thread_pool *pool, batch *b, int count,
                                       void (*work)(void *context, int index, int worker))
{
    if (pool != NULL)
        imp_thread_pool_run(pool, count, work, b);
    for (int k = 0; pool == NULL && k < count; k++)
        work(b, k, 0);
}

// Runs both passes and reports the first error in row order.
static imp_status step_and_render_batch(imp_thread_pool *pool, batch *b, imp_error *err)
{
    const imp_sim_buffers *to = b->buffers;
    const int share = b->count / BLOCKS;
    b->block = share < BLOCK_MIN ? BLOCK_MIN : share < BLOCK_MAX ? share : BLOCK_MAX;
    run_on_pool_or_this_thread(pool, b, (b->count + b->block - 1) / b->block,
                               step_or_reset_block_of_rows);
    if (to->observations != NULL || to->masks != NULL || to->depths != NULL)
        run_on_pool_or_this_thread(pool, b, b->count, render_images_of_row);
    for (int k = 0; k < b->count && atomic_load(&b->failed); k++)
        if (b->sims[k]->error.status != IMP_OK)
            return imp_fail(err, b->sims[k]->error.status, "environment %d: %s", k,
                            b->sims[k]->error.message);
    return IMP_OK;
}

// All images must have one size, since they share arrays.
static imp_status check_same_image_size(const batch *b, int row, imp_error *err)
{
    const imp_camera_def *first = &b->sims[0]->shared->def.camera;
    const imp_camera_def *other = &b->sims[row]->shared->def.camera;
    if (other->width == first->width && other->height == first->height)
        return IMP_OK;
    return imp_fail(err, IMP_USAGE,
                    "environment %d has images of %d x %d pixels, the first of %d x %d", row,
                    other->width, other->height, first->width, first->height);
}

// Rejects buffers for results that an environment does not compute; they would stay unwritten.
static imp_status refuse_buffers_not_computed(const batch *b, int row, imp_error *err)
{
    const imp_sim_buffers *to = b->buffers;
    const imp_sim_def *def = &b->sims[row]->shared->def;
    const bool ground_truth = to->masks != NULL || to->depths != NULL || to->final_masks != NULL ||
                              to->final_depths != NULL;
    if (ground_truth && !def->ground_truth)
        return imp_fail(err, IMP_USAGE,
                        "environment %d was created without ground_truth: there are no masks and "
                        "depths",
                        row);
    if (to->expert_actions != NULL && !def->expert_actions)
        return imp_fail(err, IMP_USAGE, "environment %d was created without expert_actions", row);
    return IMP_OK;
}

// What can be stepped or observed has an episode, which goes on or is followed by another.
static imp_status check_episode_is_running(const batch *b, int row, imp_error *err)
{
    const imp_sim *sim = b->sims[row];
    if (b->observe && !sim->begun)
        return imp_fail(err, IMP_USAGE, "environment %d has no episode: reset it", row);
    if (b->actions == NULL)
        return IMP_OK;
    if (sim->next_episode == 0 && !sim->begun)
        return imp_fail(err, IMP_USAGE, "environment %d was never reset", row);
    if (sim->shared->def.autoreset == IMP_AUTORESET_DISABLED && imp_sim_needs_reset(sim))
        return imp_fail(err, IMP_USAGE,
                        "environment %d: its episode is over, and autoreset is disabled", row);
    return IMP_OK;
}

// Checks all rows before any of them is stepped. Simulators that were made together share what the
// first two checks look at.
static imp_status check_all_rows(batch *b, imp_error *err)
{
    if (b->count < 1)
        return imp_fail(err, IMP_USAGE, "%d environments: must be at least 1", b->count);
    const imp_sim_shared *checked = NULL;
    for (int k = 0; k < b->count; k++) {
        if (b->sims[k]->shared != checked) {
            IMP_TRY(check_same_image_size(b, k, err));
            IMP_TRY(refuse_buffers_not_computed(b, k, err));
            checked = b->sims[k]->shared;
        }
        IMP_TRY(check_episode_is_running(b, k, err));
    }
    b->pixels = (size_t)checked->def.camera.width * (size_t)checked->def.camera.height;
    return IMP_OK;
}

imp_status imp_sim_reset_many(imp_thread_pool *pool, imp_sim *const *sims, int count,
                              const bool *mask, const uint32_t *episodes,
                              const imp_sim_buffers *buffers, imp_error *err)
{
    const imp_sim_buffers none = {0};
    batch b = {.sims = sims,
               .count = count,
               .buffers = buffers != NULL ? buffers : &none,
               .mask = mask,
               .episodes = episodes};
    IMP_TRY(check_all_rows(&b, err));
    return step_and_render_batch(pool, &b, err);
}

imp_status imp_sim_observe_many(imp_thread_pool *pool, imp_sim *const *sims, int count,
                                const imp_sim_buffers *buffers, imp_error *err)
{
    const imp_sim_buffers none = {0};
    batch b = {.sims = sims,
               .count = count,
               .buffers = buffers != NULL ? buffers : &none,
               .observe = true};
    IMP_TRY(check_all_rows(&b, err));
    return step_and_render_batch(pool, &b, err);
}

imp_status imp_sim_step_many(imp_thread_pool *pool, imp_sim *const *sims, int count,
                             const imp_action *actions, const imp_sim_buffers *buffers,
                             imp_error *err)
{
    const imp_sim_buffers none = {0};
    batch b = {.sims = sims,
               .count = count,
               .buffers = buffers != NULL ? buffers : &none,
               .actions = actions};
    if (actions == NULL)
        return imp_fail(err, IMP_USAGE, "there are no actions");
    IMP_TRY(check_all_rows(&b, err));
    return step_and_render_batch(pool, &b, err);
}
