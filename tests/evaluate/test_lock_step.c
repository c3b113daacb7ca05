// Episodes in lock step: the same results, byte for byte, as one at a time, whatever the threads.
#include "evaluate/evaluation_fixture.h"

#include "evaluate/rollout/episode_batch.h"

// Evaluates with a policy that asks for so many episodes in lock step.
static imp_evaluation evaluate_in_lock_step(const char *policy, int batch, const imp_eval_def *def)
{
    imp_error err = {0};
    imp_evaluation evaluation;
    imp_policy_factory *driver = open_policy_factory(policy);
    assert_ok(imp_policy_factory_set_batch(driver, batch, &err), err);
    assert_ok(imp_evaluate(&evaluation, driver, def, NULL, &err), err);
    imp_policy_factory_close(driver);
    return evaluation;
}

static void evaluations_are_the_same(void **state)
{
    (void)state;
    char *model = path_of("model.safetensors");
    save_untrained_network_of(history_network_path(), model, SMALL_WIDTH, SMALL_HEIGHT);
    const char *policies[] = {"expert", "reference", model};
    for (int p = 0; p < 3; p++) {
        imp_eval_def def = small_eval(13, 90);
        def.sim.map = p == 0 ? "loop_pedestrians" : "udem1_empty";
        def.ask_expert = p > 0;
        def.sim.threads = 1;
        imp_evaluation one = evaluate_in_lock_step(policies[p], 1, &def);
        static const int batches[][2] = {{3, 1}, {4, 2}, {32, 1}, {IMP_POLICY_BATCH_MAX, 3}};
        for (int k = 0; k < 4; k++) {
            def.sim.threads = batches[k][1];
            imp_evaluation other = evaluate_in_lock_step(policies[p], batches[k][0], &def);
            assert_same(&one, &other);
            imp_evaluation_free(&other);
        }
        imp_evaluation_free(&one);
    }
    free(model);
}

static void randomised_evaluations_are_the_same(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_eval_def def = small_eval(9, 40);
    def.sim.map = "udem1";
    assert_ok(imp_randomization_parse_list(&def.sim.randomization, "all", &err), err);
    char *model = path_of("model.safetensors");
    save_untrained_network(model, SMALL_WIDTH, SMALL_HEIGHT);
    imp_evaluation one = evaluate_in_lock_step(model, 1, &def);
    imp_evaluation other = evaluate_in_lock_step(model, 4, &def);
    assert_same(&one, &other);
    imp_evaluation_free(&one);
    imp_evaluation_free(&other);
    free(model);
}

static void challenges_are_the_same(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_challenge_result one, other;
    imp_policy_factory *driver = open_policy_factory("reference");
    imp_challenge_eval_def def = imp_default_challenge_eval_def();
    def.challenge = IMP_CHALLENGE_LFV;
    def.episodes = 5;
    def.sim.threads = 2;
    assert_ok(imp_evaluate_challenge(&one, driver, &def, NULL, &err), err);
    assert_ok(imp_policy_factory_set_batch(driver, 3, &err), err);
    assert_ok(imp_evaluate_challenge(&other, driver, &def, NULL, &err), err);
    for (int k = 0; k < def.episodes; k++) {
        const imp_challenge_episode *a = &one.results[k], *b = &other.results[k];
        assert_string_equal(a->name, b->name);
        assert_int_equal(a->ending, b->ending);
        assert_int_equal(a->samples, b->samples);
        assert_memory_equal(a->poses, b->poses, (size_t)a->samples * sizeof *a->poses);
        assert_memory_equal(&a->metrics, &b->metrics, sizeof a->metrics);
        assert_true(a->expert_net_distance == b->expert_net_distance);
    }
    imp_challenge_result_free(&one);
    imp_challenge_result_free(&other);
    imp_policy_factory_close(driver);
}

static void replays_are_the_same(void **state)
{
    (void)state;
    enum { COUNT = 3, FRAMES = 4 };
    imp_error err = {0};
    char *model = path_of("model.safetensors");
    save_untrained_network_of(history_network_path(), model, SMALL_WIDTH, SMALL_HEIGHT);
    imp_policy_factory *driver = open_policy_factory(model);
    const imp_eval_def def = small_eval(6, 40);
    const imp_replay_def which[COUNT] = {{0, 1, 2, FRAMES}, {3, 0, 1, FRAMES}, {5, 2, 3, FRAMES}};
    imp_replay one[COUNT], other[COUNT];
    assert_ok(imp_replay_episodes(one, which, COUNT, driver, &def, NULL, &err), err);
    assert_ok(imp_policy_factory_set_batch(driver, 3, &err), err);
    assert_ok(imp_replay_episodes(other, which, COUNT, driver, &def, NULL, &err), err);
    for (int k = 0; k < COUNT; k++) {
        const size_t image = (size_t)one[k].width * (size_t)one[k].height * 3;
        assert_int_equal(one[k].count, FRAMES);
        assert_int_equal(other[k].count, FRAMES);
        assert_memory_equal(one[k].frames, other[k].frames, image * FRAMES);
        assert_memory_equal(one[k].actions, other[k].actions, 2 * FRAMES * sizeof(float));
        assert_memory_equal(one[k].input_frames, other[k].input_frames, image * FRAMES * 3);
        imp_replay_free(&one[k]);
        imp_replay_free(&other[k]);
    }
    imp_policy_factory_close(driver);
    free(model);
}

static void lock_step_can_be_interrupted(void **state)
{
    (void)state;
    for (int stop_at = 1; stop_at < 6; stop_at++) {
        stopper s = {.stop_at = stop_at};
        imp_monitor monitor = stopping_monitor(&s);
        imp_error err = {0};
        imp_evaluation evaluation;
        imp_eval_def def = small_eval(10, 500);
        def.sim.threads = 1 + stop_at % 2;
        imp_policy_factory *driver = open_policy_factory("expert");
        assert_ok(imp_policy_factory_set_batch(driver, 4, &err), err);
        assert_int_equal(imp_evaluate(&evaluation, driver, &def, &monitor, &err), IMP_INTERRUPTED);
        imp_policy_factory_close(driver);
    }
}

// A task that only counts: which slots are used at a time, and whether all episodes come.
enum { EPISODES = 23, BATCH = 4, THREADS = 2 };

typedef struct count_task {
    imp_rollout_workers workers;
    int begun[EPISODES], finished[EPISODES];
    atomic_int in_slot[BATCH * THREADS];
    atomic_int most; // slots that were ever in use at a time
    atomic_int used;
} count_task;

static imp_status begin_counted(void *context, int index, int slot, imp_episode_loop_def *out,
                                imp_error *err)
{
    count_task *t = context;
    t->begun[index]++;
    assert_int_equal(atomic_fetch_add(&t->in_slot[slot], 1), 0);
    const int used = atomic_fetch_add(&t->used, 1) + 1;
    for (int most = atomic_load(&t->most); used > most;)
        if (atomic_compare_exchange_weak(&t->most, &most, used))
            break;
    if (index == 5)
        return imp_fail(err, IMP_BAD_INPUT, "not this one");
    *out = imp_episode_loop_def_of_slot(&t->workers, slot);
    out->ending = index == 7 ? IMP_END_COLLISION : IMP_END_NONE;
    return imp_rollout_slot_reset_sim(&t->workers, &t->workers.slots[slot], (uint32_t)index, err);
}

static void finish_counted(void *context, int index, int slot, const imp_error *error)
{
    count_task *t = context;
    t->finished[index]++;
    assert_int_equal(atomic_fetch_sub(&t->in_slot[slot], 1), 1);
    atomic_fetch_sub(&t->used, 1);
    assert_int_equal(error->status, index == 5 ? IMP_BAD_INPUT : IMP_OK);
}

static void every_episode_is_begun_and_finished_once(void **state)
{
    (void)state;
    imp_error err = {0};
    count_task task = {0};
    imp_policy_factory *driver = open_policy_factory("reference");
    imp_rollout_workers_def def = {.sim = imp_default_sim_def(), .steps = 30, .policy = driver};
    def.sim.threads = THREADS;
    assert_ok(imp_policy_factory_set_batch(driver, BATCH, &err), err);
    assert_ok(imp_rollout_workers_create(&task.workers, &def, &err), err);
    imp_run_episodes(&task.workers, EPISODES,
                     &(imp_episode_task){&task, begin_counted, finish_counted});
    for (int k = 0; k < EPISODES; k++) {
        assert_int_equal(task.begun[k], 1);
        assert_int_equal(task.finished[k], 1);
    }
    assert_true(task.most >= BATCH && task.most <= BATCH * THREADS);
    imp_rollout_workers_destroy(&task.workers);
    imp_policy_factory_close(driver);
}

static void batches_out_of_range_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_policy_factory *driver = open_policy_factory("expert");
    assert_int_equal(imp_policy_factory_batch_size(driver), 1);
    assert_int_equal(imp_policy_factory_set_batch(driver, 0, &err), IMP_USAGE);
    assert_int_equal(imp_policy_factory_set_batch(driver, IMP_POLICY_BATCH_MAX + 1, &err),
                     IMP_USAGE);
    assert_int_equal(imp_policy_factory_batch_size(driver), 1);
    imp_policy_factory_close(driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(evaluations_are_the_same),
        FOLDER_TEST(randomised_evaluations_are_the_same),
        cmocka_unit_test(challenges_are_the_same),
        FOLDER_TEST(replays_are_the_same),
        cmocka_unit_test(lock_step_can_be_interrupted),
        cmocka_unit_test(every_episode_is_begun_and_finished_once),
        cmocka_unit_test(batches_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
