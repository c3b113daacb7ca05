// Many simulators at once: results that depend on nothing but settings and actions, Gymnasium's
// three ways to reset, arrays that are left out, and what is refused.
#include "sim/simulator/sim_fixture.h"

#include <stdatomic.h>

#include "base/common/vector2.h"

// Allocations by all threads, where the C library lets a program count them and no sanitizer does.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 1
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#undef COUNTS_ALLOCATIONS
#endif
#endif
#endif

static atomic_long allocations;

#ifdef COUNTS_ALLOCATIONS
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_realloc(memory, size);
}
#endif

static imp_sim_def full_def(bool randomized)
{
    imp_error err = {0};
    static const char *const maps[] = {"udem1", "loop_pedestrians"};
    imp_sim_def def = small_def();
    def.maps = maps;
    def.map_count = 2;
    def.ground_truth = true;
    def.expert_actions = true;
    def.threads = 4;
    def.autoreset = IMP_AUTORESET_SAME_STEP;
    if (randomized)
        assert_ok(imp_randomization_parse_list(&def.randomization, "all", &err), err);
    return def;
}

enum { STEPS = 45, ROUNDS = STEPS + 1 };

// Drives environments first..first + count - 1 and keeps the arrays of the reset and of each step.
static arrays *drive(const imp_sim_def *from, int first, int count, int threads)
{
    imp_error err = {0};
    imp_sim *sims[N_MAX];
    imp_action actions[N_MAX];
    imp_thread_pool *pool = NULL;
    imp_sim_def def = *from;
    def.env.index += (uint32_t)first;
    arrays *all = calloc(ROUNDS, sizeof *all);
    assert_non_null(all);
    create_sims(sims, count, &def);
    if (threads > 0)
        assert_ok(imp_thread_pool_create(&pool, threads, &err), err);
    imp_sim_buffers buffers = all_buffers(&all[0]);
    assert_ok(imp_sim_reset_many(pool, sims, count, NULL, NULL, &buffers, &err), err);
    for (int k = 1; k < ROUNDS; k++) {
        buffers = all_buffers(&all[k]);
        choose_actions(actions, first, count, k);
        assert_ok(imp_sim_step_many(pool, sims, count, actions, &buffers, &err), err);
    }
    imp_thread_pool_destroy(pool);
    destroy_sims(sims, count);
    return all;
}

static void assert_same_states(const struct state_arrays *a, int i, const struct state_arrays *b,
                               int j)
{
    assert_memory_equal(a->pose[i], b->pose[j], sizeof a->pose[i]);
    assert_memory_equal(&a->speed[i], &b->speed[j], sizeof(double));
    assert_memory_equal(&a->turn_rate[i], &b->turn_rate[j], sizeof(double));
    assert_memory_equal(&a->lane_distance[i], &b->lane_distance[j], sizeof(double));
    assert_memory_equal(&a->lane_angle[i], &b->lane_angle[j], sizeof(double));
    assert_int_equal(a->in_lane[i], b->in_lane[j]);
    assert_int_equal(a->frame[i], b->frame[j]);
    assert_int_equal(a->map_index[i], b->map_index[j]);
    assert_int_equal(a->end_reason[i], b->end_reason[j]);
    assert_int_equal(a->episode[i], b->episode[j]);
}

// Row i of one batch is row j of another.
static void assert_same_row(const arrays *a, int i, const arrays *b, int j)
{
    assert_memory_equal(a->observations[i], b->observations[j], PIXELS * 3);
    assert_memory_equal(a->final_observations[i], b->final_observations[j], PIXELS * 3);
    assert_memory_equal(a->masks[i], b->masks[j], PIXELS);
    assert_memory_equal(a->depths[i], b->depths[j], PIXELS * sizeof(float));
    assert_memory_equal(&a->rewards[i], &b->rewards[j], sizeof(double));
    assert_memory_equal(&a->expert_actions[i], &b->expert_actions[j], sizeof(imp_action));
    assert_int_equal(a->terminated[i], b->terminated[j]);
    assert_int_equal(a->truncated[i], b->truncated[j]);
    assert_same_states(&a->states, i, &b->states, j);
    assert_same_states(&a->final_states, i, &b->final_states, j);
}

static void results_do_not_depend_on_threads_or_number(void **state)
{
    (void)state;
    for (int randomized = getenv("BRIEF") ? 1 : 0; randomized < 2; randomized++) {
        const imp_sim_def def = full_def(randomized != 0);
        arrays *one = drive(&def, 0, N_MAX, 0);
        int ended = 0;
        for (int k = 1; k < ROUNDS; k++)
            for (int i = 0; i < N_MAX; i++)
                ended += one[k].terminated[i] || one[k].truncated[i];
        assert_true(ended >= N_MAX);
        for (int threads = 2; threads <= 5; threads += 3) {
            arrays *many = drive(&def, 0, N_MAX, threads);
            for (int k = 0; k < ROUNDS; k++)
                for (int i = 0; i < N_MAX; i++)
                    assert_same_row(&one[k], i, &many[k], i);
            free(many);
        }
        for (int i = 0; i < N_MAX; i += 5) {
            arrays *alone = drive(&def, i, 1, 1);
            for (int k = 0; k < ROUNDS; k++)
                assert_same_row(&one[k], i, &alone[k], 0);
            free(alone);
        }
        free(one);
    }
}

// Steps environments until the first of them ends an episode; their rows before are in *before.
static int step_until_end(imp_sim **sims, int count, arrays *a, arrays *before)
{
    imp_error err = {0};
    imp_action actions[N_MAX];
    const imp_sim_buffers buffers = plain_buffers(a);
    for (int k = 0; k < 100; k++) {
        *before = *a;
        choose_actions(actions, 0, count, k);
        assert_ok(imp_sim_step_many(NULL, sims, count, actions, &buffers, &err), err);
        for (int i = 0; i < count; i++)
            if (a->terminated[i] || a->truncated[i])
                return i;
    }
    fail_msg("no episode ended");
    return -1;
}

// The first observation of an episode, of an environment of its own.
static void first_observation(const imp_sim_def *def, int index, uint32_t episode, uint8_t *rgb)
{
    imp_error err = {0};
    imp_sim *sim;
    imp_sim_def alone = *def;
    alone.env.index += (uint32_t)index;
    assert_ok(imp_sim_create(&sim, &alone, &err), err);
    assert_ok(imp_sim_reset(sim, episode, &err), err);
    imp_sim_observe(sim, rgb);
    imp_sim_destroy(sim);
}

static void start_four(imp_sim **sims, const imp_sim_def *def, arrays *a)
{
    imp_error err = {0};
    const imp_sim_buffers buffers = plain_buffers(a);
    create_sims(sims, 4, def);
    assert_ok(imp_sim_reset_many(NULL, sims, 4, NULL, NULL, &buffers, &err), err);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(a->states.episode[i], 0);
        assert_true(a->rewards[i] == 0.0 && !a->terminated[i] && !a->truncated[i]);
    }
}

static void next_step_resets_in_the_next_step(void **state)
{
    (void)state;
    static uint8_t first[PIXELS * 3];
    imp_error err = {0};
    imp_sim *sims[4];
    imp_action actions[4];
    arrays *a = new_arrays(), *before = new_arrays();
    const imp_sim_def def = small_def();
    start_four(sims, &def, a);
    const int i = step_until_end(sims, 4, a, before);
    // the step that ends shows the last state of the old episode
    assert_int_equal(a->states.episode[i], 0);
    assert_int_not_equal(a->states.end_reason[i], IMP_END_NONE);
    assert_true(imp_sim_needs_reset(sims[i]));
    // the next ignores the action, resets, and gives neither reward nor flags
    const imp_sim_buffers buffers = plain_buffers(a);
    choose_actions(actions, 0, 4, 0);
    assert_ok(imp_sim_step_many(NULL, sims, 4, actions, &buffers, &err), err);
    assert_true(a->rewards[i] == 0.0 && !a->terminated[i] && !a->truncated[i]);
    assert_int_equal(a->states.episode[i], 1);
    assert_int_equal(a->states.frame[i], 0);
    first_observation(&def, i, 1, first);
    assert_memory_equal(a->observations[i], first, sizeof first);
    // the others went on
    const int other = (i + 1) % 4;
    assert_true(a->states.frame[other] > 1 || a->states.episode[other] == 1);
    // final arrays belong to the other mode
    for (size_t k = 0; k < sizeof a->final_observations; k++)
        assert_int_equal(((const uint8_t *)a->final_observations)[k], 0);
    destroy_sims(sims, 4);
    free(before);
    free(a);
}

static void same_step_resets_in_the_step_that_ends(void **state)
{
    (void)state;
    static uint8_t first[PIXELS * 3];
    imp_sim *sims[4], *plain[4];
    arrays *a = new_arrays(), *before = new_arrays(), *b = new_arrays();
    imp_sim_def def = small_def();
    start_four(plain, &def, b);
    const int wanted = step_until_end(plain, 4, b, before);
    def.autoreset = IMP_AUTORESET_SAME_STEP;
    start_four(sims, &def, a);
    const int i = step_until_end(sims, 4, a, before);
    assert_int_equal(i, wanted);
    // reward and flags of the old episode, observation and state of the new one
    assert_true(a->rewards[i] == b->rewards[i]);
    assert_int_equal(a->terminated[i], b->terminated[i]);
    assert_int_equal(a->truncated[i], b->truncated[i]);
    assert_int_equal(a->states.episode[i], 1);
    assert_int_equal(a->states.frame[i], 0);
    first_observation(&def, i, 1, first);
    assert_memory_equal(a->observations[i], first, sizeof first);
    // the last of the old episode is put aside, in its row alone
    assert_memory_equal(a->final_observations[i], b->observations[i], sizeof first);
    assert_same_states(&a->final_states, i, &b->states, i);
    for (int k = 0; k < 4; k++)
        if (!a->terminated[k] && !a->truncated[k])
            assert_memory_equal(a->final_observations[k], before->final_observations[k],
                                sizeof first);
    destroy_sims(plain, 4);
    destroy_sims(sims, 4);
    free(b);
    free(before);
    free(a);
}

static void disabled_leaves_resets_to_the_caller(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_sim *sims[4];
    imp_action actions[4];
    arrays *a = new_arrays(), *before = new_arrays();
    imp_sim_def def = small_def();
    def.autoreset = IMP_AUTORESET_DISABLED;
    start_four(sims, &def, a);
    const int i = step_until_end(sims, 4, a, before);
    const imp_sim_buffers buffers = plain_buffers(a);
    choose_actions(actions, 0, 4, 0);
    *before = *a;
    assert_int_equal(imp_sim_step_many(NULL, sims, 4, actions, &buffers, &err), IMP_USAGE);
    // nothing was stepped or written
    assert_memory_equal(a, before, sizeof *a);
    assert_int_equal(imp_sim_get_state(sims[(i + 1) % 4]).frame, a->states.frame[(i + 1) % 4]);
    // a masked reset touches the masked rows alone
    bool mask[4] = {false, false, false, false};
    uint32_t episodes[4] = {0, 0, 0, 0};
    mask[i] = true;
    episodes[i] = 17;
    assert_ok(imp_sim_reset_many(NULL, sims, 4, mask, episodes, &buffers, &err), err);
    assert_int_equal(a->states.episode[i], 17);
    assert_true(a->rewards[i] == 0.0 && !a->terminated[i] && !a->truncated[i]);
    for (int k = 0; k < 4; k++)
        if (k != i)
            assert_same_row(a, k, before, k);
    for (int k = 0; k < 4; k++)
        if (a->terminated[k] || a->truncated[k])
            mask[k] = true;
    assert_ok(imp_sim_reset_many(NULL, sims, 4, mask, NULL, &buffers, &err), err);
    assert_int_equal(a->states.episode[i], 18);
    assert_ok(imp_sim_step_many(NULL, sims, 4, actions, &buffers, &err), err);
    destroy_sims(sims, 4);
    free(before);
    free(a);
}

// Arrays that are not given change nothing about the others.
static void null_buffers_are_skipped(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_sim *sims[4], *blind[4];
    imp_action actions[4];
    arrays *a = new_arrays(), *b = new_arrays();
    const imp_sim_def def = small_def();
    const imp_sim_buffers all = plain_buffers(a);
    const imp_sim_buffers few = {.rewards = b->rewards, .states.episode = b->states.episode};
    create_sims(sims, 4, &def);
    create_sims(blind, 4, &def);
    assert_ok(imp_sim_reset_many(NULL, sims, 4, NULL, NULL, &all, &err), err);
    assert_ok(imp_sim_reset_many(NULL, blind, 4, NULL, NULL, NULL, &err), err);
    for (int k = 0; k < 50; k++) {
        choose_actions(actions, 0, 4, k);
        assert_ok(imp_sim_step_many(NULL, sims, 4, actions, &all, &err), err);
        assert_ok(imp_sim_step_many(NULL, blind, 4, actions, &few, &err), err);
        assert_memory_equal(a->rewards, b->rewards, sizeof a->rewards);
        assert_memory_equal(a->states.episode, b->states.episode, sizeof a->states.episode);
    }
    assert_ok(imp_sim_step_many(NULL, blind, 4, actions, NULL, &err), err);
    destroy_sims(sims, 4);
    destroy_sims(blind, 4);
    free(b);
    free(a);
}

// What is observed of an episode that was begun one by one is what a batch's reset gives.
static void present_states_can_be_observed(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_sim *sims[4];
    arrays *a = new_arrays(), *b = new_arrays();
    imp_sim_def def = small_def();
    def.expert_actions = def.ground_truth = true;
    const imp_sim_buffers wanted = all_buffers(a), got = all_buffers(b);
    create_sims(sims, 4, &def);
    assert_int_equal(imp_sim_observe_many(NULL, sims, 4, &got, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "environment 0 has no episode"));
    assert_ok(imp_sim_reset_many(NULL, sims, 4, NULL, NULL, &wanted, &err), err);
    for (int k = 0; k < 4; k++)
        b->rewards[k] = 7.0;
    assert_ok(imp_sim_observe_many(NULL, sims, 4, &got, &err), err);
    for (int k = 0; k < 4; k++)
        assert_true(b->rewards[k] == 7.0);
    assert_memory_equal(a->observations, b->observations, sizeof a->observations);
    assert_memory_equal(a->masks, b->masks, sizeof a->masks);
    assert_memory_equal(a->depths, b->depths, sizeof a->depths);
    assert_memory_equal(a->expert_actions, b->expert_actions, sizeof a->expert_actions);
    assert_memory_equal(&a->states, &b->states, sizeof a->states);
    // another pose gives another state, in its row only
    const imp_pose pose = {3.2, 0.76, IMP_PI};
    assert_ok(imp_sim_reset_at(sims[2], 9, 0, pose, &err), err);
    assert_ok(imp_sim_observe_many(NULL, sims, 4, &got, &err), err);
    assert_memory_equal(b->states.pose[2], &pose, sizeof pose);
    assert_int_equal(b->states.episode[2], 9);
    assert_memory_not_equal(a->observations[2], b->observations[2], sizeof a->observations[2]);
    assert_memory_equal(a->observations[3], b->observations[3], sizeof a->observations[3]);
    destroy_sims(sims, 4);
    free(b);
    free(a);
}

static void bad_batches_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_sim *sims[3];
    const imp_action actions[3] = {{0}};
    arrays *a = new_arrays();
    imp_sim_def def = small_def();
    create_sims(sims, 2, &def);
    def.camera.width = WIDTH / 2;
    create_sims(sims + 2, 1, &def);
    const imp_sim_buffers plain = plain_buffers(a);
    imp_sim_buffers more = plain;
    assert_int_equal(imp_sim_step_many(NULL, sims, 2, actions, &plain, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "never reset"));
    assert_int_equal(imp_sim_reset_many(NULL, sims, 3, NULL, NULL, &plain, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "20 x 30"));
    assert_int_equal(imp_sim_step_many(NULL, sims, 2, NULL, &plain, &err), IMP_USAGE);
    assert_int_equal(imp_sim_reset_many(NULL, sims, 0, NULL, NULL, &plain, &err), IMP_USAGE);
    more.masks = a->masks[0];
    assert_int_equal(imp_sim_reset_many(NULL, sims, 2, NULL, NULL, &more, &err), IMP_USAGE);
    more = plain;
    more.expert_actions = a->expert_actions;
    assert_int_equal(imp_sim_reset_many(NULL, sims, 2, NULL, NULL, &more, &err), IMP_USAGE);
    assert_ok(imp_sim_reset_many(NULL, sims, 2, NULL, NULL, &plain, &err), err);
    destroy_sims(sims, 3);
    free(a);
}

static void steps_allocate_nothing(void **state)
{
    (void)state;
#ifndef COUNTS_ALLOCATIONS
    skip_because("allocations cannot be counted here");
#endif
    imp_error err = {0};
    imp_sim *sims[N_MAX];
    imp_action actions[N_MAX];
    imp_thread_pool *pool;
    arrays *a = new_arrays();
    for (int randomized = 0; randomized < 2; randomized++) {
        imp_sim_def def = full_def(randomized != 0);
        def.env.max_steps = 15;
        create_sims(sims, N_MAX, &def);
        assert_ok(imp_thread_pool_create(&pool, 4, &err), err);
        const imp_sim_buffers buffers = all_buffers(a);
        assert_ok(imp_sim_reset_many(pool, sims, N_MAX, NULL, NULL, &buffers, &err), err);
        long before = atomic_load(&allocations);
        assert_true(before > 0);
        for (int k = 0; k < 20; k++) {
            // with randomised cameras, resets may allocate
            if (k == 10 && randomized)
                break;
            choose_actions(actions, 0, N_MAX, k);
            assert_ok(imp_sim_step_many(pool, sims, N_MAX, actions, &buffers, &err), err);
        }
        assert_int_equal(atomic_load(&allocations) - before, 0);
        imp_thread_pool_destroy(pool);
        destroy_sims(sims, N_MAX);
    }
    free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_do_not_depend_on_threads_or_number),
        cmocka_unit_test(next_step_resets_in_the_next_step),
        cmocka_unit_test(same_step_resets_in_the_step_that_ends),
        cmocka_unit_test(disabled_leaves_resets_to_the_caller),
        cmocka_unit_test(null_buffers_are_skipped),
        cmocka_unit_test(present_states_can_be_observed),
        cmocka_unit_test(bad_batches_are_refused),
        cmocka_unit_test(steps_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
