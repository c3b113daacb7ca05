// Policies, experts and trainers of the caller's: what they are told, and that evaluations,
// datasets and DAgger with them are the same whatever the batches, threads and interruptions.
#include "evaluate/evaluation_fixture.h"

#include <math.h>
#include <stdatomic.h>

#include "evaluate/rollout/rollout_workers.h"

// What a callback notes about its calls.
typedef struct call_log {
    double gain;
    int fails_at; // frame of episode 3 in which it fails; 0: never
    atomic_int calls, largest_batch, largest_slot;
    atomic_bool wrong;
} call_log;

static void keep_largest(atomic_int *largest, int value)
{
    for (int before = atomic_load(largest); value > before;)
        if (atomic_compare_exchange_weak(largest, &before, value))
            break;
}

// Follows the lane by its state.
static imp_action follow_lane(const imp_policy_state *state, double gain)
{
    const double turn = state->in_lane ? 2.0 * state->lane_distance + state->lane_angle : 0.0;
    return (imp_action){0.5 + gain * turn, 0.5 - gain * turn};
}

// The same policy as a callback; with images it also depends on a pixel.
static int32_t follow_lanes(void *context, const imp_policy_batch *batch, imp_action *actions)
{
    call_log *log = context;
    atomic_fetch_add(&log->calls, 1);
    keep_largest(&log->largest_batch, batch->count);
    for (int k = 0; k < batch->count; k++) {
        const imp_policy_state *state = &batch->states[k];
        keep_largest(&log->largest_slot, state->slot);
        actions[k] = follow_lane(state, log->gain);
        if (batch->observations != NULL)
            actions[k].left +=
                1e-4 * batch->observations[3 * (size_t)(k * batch->width * batch->height) + 2900];
        if (state->episode == 3 && log->fails_at > 0 && state->frame >= log->fails_at)
            return 7;
    }
    return 0;
}

static imp_policy_factory *open_callback(call_log *log, int batch, bool looks)
{
    imp_error err = {0};
    imp_policy_factory *factory;
    imp_callback_def def = imp_default_callback_def();
    *log = (call_log){.gain = -1.0};
    def.name = "lanes";
    def.act = follow_lanes;
    def.context = log;
    def.batch = batch;
    def.needs_observation = looks;
    def.width = SMALL_WIDTH;
    def.height = SMALL_HEIGHT;
    assert_ok(imp_policy_factory_open_callback(&factory, &def, &err), err);
    return factory;
}

// A policy of one environment that does the same.
static imp_action act_alone(imp_policy *policy, const imp_env *env, const uint8_t *observation)
{
    (void)policy;
    (void)observation;
    const imp_policy_state state = {.in_lane = env->in_lane,
                                    .lane_distance = env->lane.distance,
                                    .lane_angle = env->lane.angle};
    return imp_action_clip(follow_lane(&state, -1.0));
}

static void reset_alone(imp_policy *policy, const imp_env *env)
{
    (void)policy;
    (void)env;
}

static void destroy_alone(imp_policy *policy)
{
    free(policy);
}

static imp_status create_alone(const void *context, imp_policy **out, imp_error *err)
{
    static const imp_policy_vtable vtable = {
        .name = "alone", .reset = reset_alone, .act = act_alone, .destroy = destroy_alone};
    (void)context;
    (void)err;
    *out = calloc(1, sizeof **out);
    (*out)->vtable = &vtable;
    return IMP_OK;
}

static void evaluates_like_a_policy_of_one_environment(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_evaluation alone, together;
    call_log log;
    imp_eval_def def = small_eval(14, 120);
    def.sim.map = "udem1_empty";
    imp_policy_factory *one, *many = open_callback(&log, 5, false);
    assert_ok(imp_policy_factory_open_custom(&one, "alone", create_alone, NULL, &err), err);
    assert_ok(imp_evaluate(&alone, one, &def, NULL, &err), err);
    assert_ok(imp_evaluate(&together, many, &def, NULL, &err), err);
    assert_same(&alone, &together);
    assert_int_equal(log.largest_batch, 4); // of 14 episodes two threads take 4, 4, then 3, 3
    assert_true(log.largest_slot >= 3 && log.largest_slot <= 8);
    imp_evaluation_free(&together);
    // numbers of slots begin at 0 again
    assert_ok(imp_evaluate(&together, many, &def, NULL, &err), err);
    assert_true(log.largest_slot <= 8);
    imp_evaluation_free(&together);
    imp_evaluation_free(&alone);
    imp_policy_factory_close(one);
    imp_policy_factory_close(many);
}

static void images_do_not_depend_on_the_company(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_evaluation one, other;
    call_log log;
    imp_eval_def def = small_eval(11, 100);
    def.sim.map = "udem1";
    imp_policy_factory *driver = open_callback(&log, 1, true);
    log.gain = 0.2; // steers the wrong way: episodes end early, so that batches have gaps
    assert_ok(imp_evaluate(&one, driver, &def, NULL, &err), err);
    assert_int_equal(log.largest_batch, 1);
    assert_ok(imp_policy_factory_set_batch(driver, 6, &err), err);
    assert_ok(imp_evaluate(&other, driver, &def, NULL, &err), err);
    assert_true(log.largest_batch == 6);
    assert_same(&one, &other);
    assert_true(one.survived < 11);
    imp_evaluation_free(&one);
    imp_evaluation_free(&other);
    imp_policy_factory_close(driver);
}

// Keeps the states of the first call.
static int32_t keep_states(void *context, const imp_policy_batch *batch, imp_action *actions)
{
    imp_policy_state *kept = context;
    (void)actions;
    if (kept[0].time_step == 0.0)
        memcpy(kept, batch->states, (size_t)batch->count * sizeof *kept);
    return 0;
}

static void states_tell_pose_lane_path_and_objects(void **state)
{
    (void)state;
    enum { EPISODES = 6 };
    imp_error err = {0};
    imp_evaluation evaluation;
    imp_policy_factory *driver;
    imp_policy_state states[EPISODES] = {0};
    imp_callback_def def = imp_default_callback_def();
    imp_eval_def eval = small_eval(EPISODES, 5);
    eval.sim.threads = 1;
    eval.sim.map = "loop_obstacles";
    def.act = keep_states;
    def.context = states;
    def.batch = EPISODES;
    def.needs_observation = false;
    assert_ok(imp_policy_factory_open_callback(&driver, &def, &err), err);
    assert_ok(imp_evaluate(&evaluation, driver, &eval, NULL, &err), err);
    for (int k = 0; k < EPISODES; k++) {
        const imp_policy_state *s = &states[k];
        const imp_pose start = evaluation.results[k].start;
        assert_true(s->x == start.x && s->z == start.z && s->heading == start.heading);
        assert_int_equal(s->episode, k);
        assert_int_equal(s->environment, 1);
        assert_int_equal(s->slot, k);
        assert_int_equal(s->frame, 0);
        assert_true(s->in_lane && fabs(s->lane_angle) < 0.08 && fabs(s->lane_distance) < 0.3);
        assert_float_equal(s->time_step, 1.0 / 30.0, 1e-12);
        // the path begins beside the robot, where the lane is, and goes ahead
        assert_float_equal(hypot(s->path[0][0], s->path[0][1]), fabs(s->lane_distance), 2e-3);
        assert_true(s->path[3][0] > 0.2 && s->path[3][0] < 0.35);
        for (int i = 0; i < IMP_STATE_PATH_POINTS; i++)
            assert_true(fabs(s->curvature[i]) < 20.0);
        // the nearest objects come first
        assert_int_equal(s->object_count, 7);
        for (int i = 1; i < s->object_count; i++)
            assert_true(hypot(s->objects[i - 1].ahead, s->objects[i - 1].right) <=
                        hypot(s->objects[i].ahead, s->objects[i].right));
        assert_true(s->objects[0].radius > 0.01);
    }
    imp_evaluation_free(&evaluation);
    imp_policy_factory_close(driver);
}

static void failed_callback_ends_its_episodes(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_evaluation evaluation;
    call_log log;
    imp_eval_def def = small_eval(4, 30);
    def.sim.threads = 1;
    imp_policy_factory *driver = open_callback(&log, 1, false);
    log.fails_at = 10;
    assert_ok(imp_evaluate(&evaluation, driver, &def, NULL, &err), err);
    for (int k = 0; k < 4; k++) {
        assert_int_equal(evaluation.results[k].ending,
                         k == 3 ? IMP_END_POLICY_FAILED : IMP_END_MAX_STEPS);
        assert_int_equal(evaluation.results[k].steps, k == 3 ? 10 : 30);
    }
    imp_evaluation_free(&evaluation);
    imp_policy_factory_close(driver);
}

static int32_t give_nonsense(void *context, const imp_policy_batch *batch, imp_action *actions)
{
    (void)context;
    for (int k = 0; k < batch->count; k++)
        actions[k] = (imp_action){NAN, 99.0};
    return 0;
}

static void actions_are_clipped(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_evaluation evaluation;
    imp_policy_factory *driver;
    imp_callback_def def = imp_default_callback_def();
    imp_eval_def eval = small_eval(2, 8);
    def.act = give_nonsense;
    def.needs_observation = def.needs_state = false;
    assert_ok(imp_policy_factory_open_callback(&driver, &def, &err), err);
    assert_ok(imp_evaluate(&evaluation, driver, &eval, NULL, &err), err);
    eval.ask_expert = true;
    imp_evaluation_free(&evaluation);
    assert_ok(imp_evaluate(&evaluation, driver, &eval, NULL, &err), err);
    assert_true(evaluation.results[0].actions[5].left == 0.0F);
    assert_true(evaluation.results[0].actions[5].right == 1.0F);
    imp_evaluation_free(&evaluation);
    imp_policy_factory_close(driver);
}

static void bad_callbacks_are_refused(void **state)
{
    (void)state;
    imp_callback_def defs[6];
    for (int k = 0; k < 6; k++) {
        defs[k] = imp_default_callback_def();
        defs[k].act = give_nonsense;
    }
    defs[0].cookie = 0;
    defs[1].act = NULL;
    defs[2].name = NULL;
    defs[3].width = 0;
    defs[4].batch = IMP_POLICY_BATCH_MAX + 1;
    defs[5].observation = (imp_observation_kind)99;
    for (int k = 0; k < 6; k++) {
        imp_error err = {0};
        imp_policy_factory *driver = NULL;
        assert_int_equal(imp_policy_factory_open_callback(&driver, &defs[k], &err), IMP_USAGE);
        assert_null(driver);
        assert_int_not_equal(strlen(err.message), 0);
    }
}

static void wrong_observations_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_evaluation evaluation;
    call_log log;
    imp_eval_def def = small_eval(2, 5);
    imp_policy_factory *driver = open_callback(&log, 2, true);
    def.sim.camera.width++;
    assert_int_equal(imp_evaluate(&evaluation, driver, &def, NULL, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "40 x 30"));
    imp_policy_factory_close(driver);
}

static void identity_names_what_actions_follow_from(void **state)
{
    (void)state;
    imp_error err = {0};
    char names[3][IMP_POLICY_IDENTITY_MAX];
    static const char *const identities[] = {NULL, "version 1", "version 2"};
    for (int k = 0; k < 3; k++) {
        imp_policy_factory *driver;
        imp_callback_def def = imp_default_callback_def();
        def.act = give_nonsense;
        def.identity = identities[k];
        assert_ok(imp_policy_factory_open_callback(&driver, &def, &err), err);
        imp_policy_factory_identity(driver, names[k]);
        imp_policy_factory_close(driver);
    }
    assert_string_equal(names[0], "callback");
    assert_string_not_equal(names[1], names[2]);
    assert_memory_equal(names[1], "callback-", 9);
}

static void datasets_do_not_depend_on_batches(void **state)
{
    (void)state;
    imp_error err = {0};
    call_log driver_log, label_log;
    imp_collect_def def = small_collect(9, 40);
    def.sim.map = "udem1";
    def.noise = 0.1;
    def.speed_spread = 0.2;
    def.expert_share = 0.3;
    def.mix_steps = 7;
    assert_ok(imp_randomization_parse_list(&def.sim.randomization, "all", &err), err);
    static const int settings[][4] = {
        // batches of driver and labels, threads, hardest_of
        {1, 1, 1, 1}, {4, 1, 2, 1}, {1, 16, 1, 1}, {1, 1, 2, 3}, {5, 5, 2, 3},
    };
    for (int k = 0; k < 5; k++) {
        char name[16];
        snprintf(name, sizeof name, "data-%d", k);
        char *to = path_of(name), *first = path_of(k < 3 ? "data-0" : "data-3");
        imp_policy_factory *driver = open_callback(&driver_log, settings[k][0], true);
        imp_policy_factory *labeller = open_callback(&label_log, settings[k][1], false);
        label_log.gain = -0.5;
        def.driver = driver;
        def.labeller = labeller;
        def.sim.threads = settings[k][2];
        def.hardest_of = settings[k][3];
        collect(to, &def);
        assert_same_folders(first, to);
        imp_policy_factory_close(driver);
        imp_policy_factory_close(labeller);
        free(to);
        free(first);
    }
}

static void interrupted_collection_resumes(void **state)
{
    (void)state;
    call_log log;
    imp_policy_factory *driver = open_callback(&log, 4, true);
    imp_collect_def def = small_collect(11, 30);
    char *whole = path_of("whole");
    def.driver = driver;
    collect(whole, &def);
    for (int stop_at = 5; stop_at < 80; stop_at += 13) {
        char name[16];
        snprintf(name, sizeof name, "stop-%d", stop_at);
        char *to = path_of(name);
        def.resume = false;
        for (int stops = 0;; stops++) {
            assert_true(stops < 40);
            stopper s = {.stop_at = stop_at + stops};
            imp_monitor monitor = stopping_monitor(&s);
            imp_error err = {0};
            imp_collect_summary summary;
            const imp_status status = imp_collect(&summary, to, &def, &monitor, &err);
            if (status == IMP_OK)
                break;
            assert_int_equal(status, IMP_INTERRUPTED);
            def.resume = true;
        }
        assert_same_folders(whole, to);
        free(to);
    }
    imp_policy_factory_close(driver);
    free(whole);
}

static void failed_callback_keeps_what_was_recorded(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_collect_summary summary;
    call_log log;
    imp_policy_factory *driver = open_callback(&log, 1, false);
    imp_collect_def def = small_collect(8, 20);
    char *to = path_of("data");
    def.driver = driver;
    log.fails_at = 5;
    assert_int_equal(imp_collect(&summary, to, &def, NULL, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "lanes: failed in episode 3: the callback returned 7"));
    assert_int_equal(summary.episodes, 3);
    log.fails_at = 0;
    def.resume = true;
    assert_ok(imp_collect(&summary, to, &def, NULL, &err), err);
    assert_int_equal(summary.resumed, 3);
    assert_int_equal(summary.episodes, 5);
    imp_policy_factory_close(driver);
    free(to);
}

static void labels_are_whose_the_caller_says(void **state)
{
    (void)state;
    imp_error err = {0};
    call_log log;
    imp_policy_factory *driver = open_callback(&log, 3, false);
    for (int k = 0; k < 2; k++) { // its own, then our expert's
        imp_collect_def def = small_collect(2, 20);
        imp_dataset *dataset;
        char *to = path_of(k == 0 ? "own" : "ours");
        def.driver = driver;
        def.label_policy = k == 0 ? NULL : "expert";
        collect(to, &def);
        assert_ok(imp_dataset_open(&dataset, to, &err), err);
        const imp_episode *episode = imp_dataset_episode(dataset, 0);
        const size_t bytes = 2 * (size_t)episode->steps * sizeof(float);
        assert_int_equal(memcmp(episode->actions, episode->expert_actions, bytes) != 0, k);
        imp_dataset_close(dataset);
        free(to);
    }
    imp_policy_factory_close(driver);
}

// A trainer whose policies are a number in a file: the gain grows with the rounds.
typedef struct gain_trainer {
    int trained, opened, most_data;
    call_log logs[64]; // of the opened policies
} gain_trainer;

static imp_status train_gain(void *context, const imp_dagger_training *training, double *loss,
                             double *validation_loss, imp_error *err)
{
    gain_trainer *t = context;
    char path[PATH_MAX];
    (void)validation_loss;
    assert_true((training->previous == NULL) == (training->round == 0));
    assert_int_equal(training->dataset_count, training->round + 1);
    if (imp_monitor_should_stop(training->monitor))
        return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    join(path, training->folder, "gain.txt");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "%g\n", -0.25 * (1 + training->round)) > 0);
    assert_int_equal(fclose(file), 0);
    *loss = 1.0 / (1 + training->round);
    t->trained++;
    return IMP_OK;
}

static imp_status open_gain(void *context, const char *from, imp_policy_factory **out,
                            imp_error *err)
{
    gain_trainer *t = context;
    char path[PATH_MAX];
    (void)err;
    join(path, from, "gain.txt");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    call_log *log = &t->logs[t->opened++ % 64];
    *out = open_callback(log, 3, true);
    assert_int_equal(fscanf(file, "%lf", &log->gain), 1);
    assert_int_equal(fclose(file), 0);
    return IMP_OK;
}

static void dagger_trains_policies_of_the_caller(void **state)
{
    (void)state;
    enum { ROUNDS = 2 };
    gain_trainer trainer = {0};
    call_log expert_log;
    imp_policy_factory *expert = open_callback(&expert_log, 4, false);
    const imp_dagger_trainer callbacks = {&trainer, train_gain, open_gain};
    imp_dagger_def def = imp_default_dagger_def();
    def.collect = small_collect(3, 30);
    def.collect.labeller = expert;
    def.eval.sim.camera = def.collect.sim.camera;
    def.eval.episodes = 3;
    def.eval.steps = 40;
    def.rounds = ROUNDS;
    def.policy_trainer = &callbacks;
    for (int stop_at = 100000; stop_at > 0; stop_at = stop_at > 300 ? 300 : 0) {
        char name[24];
        snprintf(name, sizeof name, "stop-%d", stop_at);
        char *to = path_of(name), *whole = path_of("stop-100000");
        def.resume = false;
        for (int stops = 0;; stops++) {
            assert_true(stops < 60);
            stopper s = {.stop_at = stop_at + 20 * stops};
            imp_monitor monitor = stopping_monitor(&s);
            imp_error err = {0};
            imp_dagger_result out;
            const imp_status status = imp_run_dagger(&out, to, &def, &monitor, &err);
            const int count = out.count;
            imp_dagger_result_free(&out);
            if (status == IMP_OK) {
                assert_int_equal(count, ROUNDS + 1);
                break;
            }
            if (status != IMP_INTERRUPTED)
                fail_msg("%s", err.message);
            def.resume = true;
        }
        assert_true(files_are_equal(whole, to, "rounds.csv"));
        for (int k = 0; k <= ROUNDS; k++) {
            char a[PATH_MAX], b[PATH_MAX];
            snprintf(name, sizeof name, "data-%03d", k);
            join(a, whole, name);
            join(b, to, name);
            assert_same_folders(a, b);
        }
        free(to);
        free(whole);
    }
    assert_true(trainer.trained > ROUNDS);
    imp_policy_factory_close(expert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluates_like_a_policy_of_one_environment),
        cmocka_unit_test(images_do_not_depend_on_the_company),
        cmocka_unit_test(states_tell_pose_lane_path_and_objects),
        cmocka_unit_test(failed_callback_ends_its_episodes),
        cmocka_unit_test(actions_are_clipped),
        cmocka_unit_test(bad_callbacks_are_refused),
        cmocka_unit_test(wrong_observations_are_refused),
        cmocka_unit_test(identity_names_what_actions_follow_from),
        FOLDER_TEST(datasets_do_not_depend_on_batches),
        FOLDER_TEST(interrupted_collection_resumes),
        FOLDER_TEST(failed_callback_keeps_what_was_recorded),
        FOLDER_TEST(labels_are_whose_the_caller_says),
        FOLDER_TEST(dagger_trains_policies_of_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
