// Collecting: the same bytes whatever the threads and interruptions, and samples that say the
// truth.
#include "learn/learn_fixture.h"

#include "learn/data_loader/data_loader.h"

static void bytes_do_not_depend_on_threads(void **state)
{
    (void)state;
    // more than a shard of 16 episodes, some of which end early
    imp_collect_def def = small_collect(19, 40);
    def.sim.map = "small_loop";
    def.sim.env.accept_start_angle = 1.0;
    def.noise = 0.5;
    char *one = path_of("one");
    def.sim.threads = 1;
    collect(one, &def);
    static const int threads[] = {2, 5};
    for (int k = 0; k < 2; k++) {
        char *other = path_of(k == 0 ? "two" : "five");
        def.sim.threads = threads[k];
        collect(other, &def);
        assert_same_folders(one, other);
        free(other);
    }
    // the comparison is of something: another seed gives other bytes
    char *seeded = path_of("seeded");
    def.sim.env.seed++;
    collect(seeded, &def);
    assert_false(files_are_equal(one, seeded, "shard-00000.hdf5"));
    free(seeded);
    free(one);
}

// Collects with a stop at every n-th time of asking, again and again, until all is there. Returns
// how often it was stopped.
static int collect_with_stops(const char *to, imp_collect_def def, int stop_at)
{
    def.resume = true;
    for (int stops = 0; stops < 100; stops++) {
        stopper s = {.stop_at = stop_at};
        imp_monitor monitor = stopping_monitor(&s);
        imp_error err = {0};
        imp_collect_summary summary;
        imp_status status = imp_collect(&summary, to, &def, &monitor, &err);
        if (status == IMP_OK) {
            assert_int_equal(summary.resumed + summary.episodes, def.episodes);
            return stops;
        }
        assert_int_equal(status, IMP_INTERRUPTED);
        imp_dataset *dataset;
        int64_t findings;
        assert_ok(imp_dataset_open(&dataset, to, &err), err);
        assert_int_equal(imp_dataset_episode_count(dataset), summary.resumed + summary.episodes);
        assert_ok(imp_dataset_check(dataset, &findings, &err), err);
        imp_dataset_close(dataset);
    }
    fail_msg("no end after 100 interruptions");
    return -1;
}

static void resumed_dataset_equals_uninterrupted(void **state)
{
    (void)state;
    imp_collect_def def = small_collect(19, 40);
    def.noise = 0.2;
    char *whole = path_of("whole");
    collect(whole, &def);
    static const int stops[] = {110, 170, 300};
    for (int k = 0; k < 3; k++) {
        char name[16];
        snprintf(name, sizeof name, "stop-%d", stops[k]);
        char *stopped = path_of(name);
        def.sim.threads = 1 + k % 2;
        int times = collect_with_stops(stopped, def, stops[k]);
        // with more threads it is the machine that says how much of the work is ours
        assert_true(times >= 1 || def.sim.threads > 1);
        assert_same_folders(whole, stopped);
        // resuming what is finished changes nothing
        assert_int_equal(collect_with_stops(stopped, def, 1000000), 0);
        assert_same_folders(whole, stopped);
        free(stopped);
    }
    free(whole);
}

static void early_stop_leaves_valid_folder(void **state)
{
    (void)state;
    imp_collect_def def = small_collect(3, 200);
    char *whole = path_of("whole"), *stopped = path_of("stopped");
    collect(whole, &def);
    stopper s = {.stop_at = 1};
    imp_monitor monitor = stopping_monitor(&s);
    imp_error err = {0};
    imp_collect_summary summary;
    def.sim.threads = 1;
    assert_int_equal(imp_collect(&summary, stopped, &def, &monitor, &err), IMP_INTERRUPTED);
    assert_int_equal(summary.episodes, 0);
    assert_int_equal(collect_with_stops(stopped, def, 1000000), 0);
    assert_same_folders(whole, stopped);
    free(whole);
    free(stopped);
}

static void resuming_with_other_settings_is_refused(void **state)
{
    (void)state;
    imp_collect_def def = small_collect(4, 20);
    def.settings = "{\"seed\": 1}";
    char *folder_path = path_of("data");
    collect(folder_path, &def);
    imp_error err = {0};
    imp_collect_summary summary;
    assert_int_equal(imp_collect(&summary, folder_path, &def, NULL, &err), IMP_IO);
    def.resume = true;
    def.settings = "{\"seed\": 2}";
    assert_int_equal(imp_collect(&summary, folder_path, &def, NULL, &err), IMP_USAGE);
    def.settings = "{\"seed\": 1}";
    def.sim.camera.width++;
    assert_int_equal(imp_collect(&summary, folder_path, &def, NULL, &err), IMP_USAGE);
    free(folder_path);
}

// A dataset together with what made it.
typedef struct replay {
    imp_world *world;
    imp_scene *scene;
    imp_renderer *renderer;
    imp_dataset *dataset;
    imp_policy *expert;
    imp_env env;
} replay;

static replay replay_open(const char *folder_path, const imp_collect_def *def)
{
    imp_error err = {0};
    replay r;
    imp_env_def env = def->sim.env;
    env.max_steps = def->steps * env.frame_skip;
    assert_ok(imp_world_load(&r.world, def->sim.map, &err), err);
    assert_ok(imp_scene_create(&r.scene, r.world, &err), err);
    assert_ok(imp_renderer_create(&r.renderer, &def->sim.camera, IMP_RENDER_AUTO, &err), err);
    assert_ok(imp_dataset_open(&r.dataset, folder_path, &err), err);
    assert_ok(imp_expert_create(&r.expert, &def->sim.expert, &err), err);
    assert_ok(imp_env_init(&r.env, r.world, &env, &err), err);
    return r;
}

static void replay_close(replay *r)
{
    imp_policy_destroy(r->expert);
    imp_dataset_close(r->dataset);
    imp_renderer_destroy(r->renderer);
    imp_scene_destroy(r->scene);
    imp_world_destroy(r->world);
}

// Drives an episode again with the recorded actions. They were rounded to single precision, so that
// places agree to micrometres, and what the expert wants there to a little more.
static void check_driving(replay *r, const imp_episode *episode)
{
    imp_error err = {0};
    assert_ok(imp_env_reset(&r->env, episode->number, &err), err);
    imp_policy_reset(r->expert, &r->env);
    for (int k = 0; k < episode->steps; k++) {
        assert_close(episode->poses[3 * k], r->env.pose.x, k == 0 ? 0 : 1e-5);
        assert_close(episode->poses[3 * k + 1], r->env.pose.z, k == 0 ? 0 : 1e-5);
        assert_close(episode->poses[3 * k + 2], r->env.pose.heading, k == 0 ? 0 : 1e-5);
        imp_action wanted = imp_policy_act(r->expert, &r->env, NULL);
        assert_close((double)episode->expert_actions[2 * k], wanted.left, 1e-3);
        assert_close((double)episode->expert_actions[2 * k + 1], wanted.right, 1e-3);
        imp_action executed = {(double)episode->actions[2 * k],
                               (double)episode->actions[2 * k + 1]};
        imp_step step = imp_env_step(&r->env, executed);
        assert_close((double)episode->rewards[k], step.reward, 1e-3);
        assert_int_equal(episode->terminations[k], step.terminated);
        assert_int_equal(episode->truncations[k], step.truncated);
        assert_int_equal(step.terminated || step.truncated, k == episode->steps - 1);
    }
}

// Pictures and lanes are those of the recorded poses, to the last bit.
static void check_states(replay *r, const imp_episode *episode)
{
    const imp_camera_def *camera = imp_renderer_camera(r->renderer);
    const size_t picture = (size_t)camera->width * (size_t)camera->height * 3;
    uint8_t *rgb = malloc(picture);
    assert_non_null(rgb);
    for (int k = 0; k <= episode->steps; k++) {
        imp_view view = imp_default_view();
        imp_lane_position lane;
        view.pose =
            (imp_pose){episode->poses[3 * k], episode->poses[3 * k + 1], episode->poses[3 * k + 2]};
        imp_render(r->renderer, r->scene, &view, rgb);
        assert_memory_equal(episode->observations + (size_t)k * picture, rgb, picture);
        if (imp_world_lane_position(r->world, view.pose, &lane)) {
            assert_close(episode->lane[2 * k], lane.distance, 0);
            assert_close(episode->lane[2 * k + 1], lane.angle, 0);
        } else {
            assert_true(isnan(episode->lane[2 * k]) && isnan(episode->lane[2 * k + 1]));
        }
    }
    free(rgb);
}

static double rms_disturbance(const imp_dataset *dataset)
{
    imp_dataset_summary summary;
    imp_dataset_summarize(dataset, &summary);
    return summary.expert_difference;
}

static void recorded_samples_match_replay(void **state)
{
    (void)state;
    for (int skip = 1; skip <= 2; skip++) {
        imp_collect_def def = small_collect(6, 50);
        def.sim.map = "udem1_empty";
        def.sim.env.frame_skip = skip;
        char *clean = path_of(skip == 1 ? "clean" : "clean-2");
        collect(clean, &def);
        replay r = replay_open(clean, &def);
        assert_int_equal(imp_dataset_episode_count(r.dataset), 6);
        assert_close(imp_dataset_get_info(r.dataset)->time_step, skip / 30.0, 1e-12);
        for (int e = 0; e < 6; e++) {
            const imp_episode *episode = imp_dataset_episode(r.dataset, e);
            assert_int_equal(episode->number, e);
            assert_true(episode->seed == def.sim.env.seed);
            assert_string_equal(episode->map, def.sim.map);
            check_driving(&r, episode);
            check_states(&r, episode);
            assert_memory_equal(episode->actions, episode->expert_actions,
                                2 * (size_t)episode->steps * sizeof(float));
        }
        replay_close(&r);
        free(clean);
    }
}

static void noise_changes_actions_not_labels(void **state)
{
    (void)state;
    imp_collect_def def = small_collect(12, 60);
    char *clean = path_of("clean"), *noisy = path_of("noisy");
    collect(clean, &def);
    def.noise = 0.3;
    collect(noisy, &def);
    replay quiet = replay_open(clean, &def), r = replay_open(noisy, &def);
    for (int e = 0; e < def.episodes; e++) {
        const imp_episode *episode = imp_dataset_episode(r.dataset, e);
        check_driving(&r, episode);
        check_states(&r, episode);
        // the same start, therefore the same first lesson
        const imp_episode *same = imp_dataset_episode(quiet.dataset, e);
        assert_memory_equal(episode->poses, same->poses, 3 * sizeof(double));
        assert_memory_equal(episode->expert_actions, same->expert_actions, 2 * sizeof(float));
        assert_memory_not_equal(episode->actions, same->actions, 40 * sizeof(float));
    }
    assert_close(rms_disturbance(quiet.dataset), 0, 0);
    // both wheels together and against each other make sqrt(2) sigma; clipping takes from it
    assert_in_range((int)(1000 * rms_disturbance(r.dataset)), 200, 500);
    replay_close(&quiet);
    replay_close(&r);
    free(clean);
    free(noisy);
}

static void model_drives_and_expert_labels(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_collect_def def = small_collect(3, 30);
    char *data = path_of("data"), *model = path_of("model.safetensors");
    save_untrained_network(model, SMALL_WIDTH, SMALL_HEIGHT);
    def.policy = model;
    collect(data, &def);
    replay r = replay_open(data, &def);
    imp_network *network;
    imp_inference *inference;
    assert_ok(imp_network_load(&network, model, &err), err);
    assert_ok(imp_inference_create(&inference, network, 1, &err), err);
    const size_t picture = (size_t)SMALL_WIDTH * SMALL_HEIGHT * 3;
    for (int e = 0; e < 3; e++) {
        const imp_episode *episode = imp_dataset_episode(r.dataset, e);
        check_driving(&r, episode);
        check_states(&r, episode);
        for (int k = 0; k < episode->steps; k++) {
            float out[2];
            const uint8_t *frame = episode->observations + (size_t)k * picture;
            imp_inference_run(inference, &frame, NULL, out);
            for (int wheel = 0; wheel < 2; wheel++)
                assert_close((double)episode->actions[2 * k + wheel],
                             fmax(-1, fmin(1, (double)out[wheel])), 0);
        }
    }
    assert_true(rms_disturbance(r.dataset) > 0.01);
    imp_inference_destroy(inference);
    imp_network_destroy(network);
    replay_close(&r);
    free(data);
    free(model);
}

// A network that gives velocities drives with the duty cycles that they take.
static void model_may_output_velocities(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_collect_def def = small_collect(1, 20);
    char *data = path_of("data"), *model = path_of("model.safetensors");
    FILE *file = fopen(in_folder("fast.yaml"), "w");
    assert_non_null(file);
    fputs("head: velocities\nlayers:\n  - {name: flat, kind: flatten}\n"
          "  - {name: action, kind: dense, channels: outputs}\n",
          file);
    assert_int_equal(fclose(file), 0);
    save_untrained_network_of(in_folder("fast.yaml"), model, SMALL_WIDTH, SMALL_HEIGHT);
    def.policy = model;
    collect(data, &def);
    imp_dataset *dataset;
    imp_network *network;
    imp_inference *inference;
    assert_ok(imp_dataset_open(&dataset, data, &err), err);
    assert_ok(imp_network_load(&network, model, &err), err);
    assert_int_equal(imp_network_output_kind(network), IMP_OUTPUT_VELOCITIES);
    assert_ok(imp_inference_create(&inference, network, 1, &err), err);
    const imp_episode *episode = imp_dataset_episode(dataset, 0);
    for (int k = 0; k < episode->steps; k++) {
        const uint8_t *frame = episode->observations + (size_t)k * SMALL_WIDTH * SMALL_HEIGHT * 3;
        float out[2];
        imp_inference_run(inference, &frame, NULL, out);
        const imp_action wanted = imp_action_from_velocity((double)out[0], (double)out[1]);
        assert_close((double)episode->actions[2 * k], wanted.left, 1e-6);
        assert_close((double)episode->actions[2 * k + 1], wanted.right, 1e-6);
    }
    imp_inference_destroy(inference);
    imp_network_destroy(network);
    imp_dataset_close(dataset);
    free(data);
    free(model);
}

// What drives and what is recorded to be learned from know the same of the past: also where the
// expert drove a part of it.
static void model_sees_executed_actions(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_collect_def def = small_collect(4, 30);
    char *data = path_of("data"), *model = path_of("model.safetensors");
    save_untrained_network_of(history_network_path(), model, SMALL_WIDTH, SMALL_HEIGHT);
    def.policy = model;
    def.expert_share = 0.5;
    collect(data, &def);
    imp_dataset *dataset;
    imp_network *network;
    imp_inference *inference;
    imp_training_samples samples = {0}, none = {0};
    imp_validation_split holdout = {.seed = 1};
    imp_data_loader loader = {0};
    assert_ok(imp_dataset_open(&dataset, data, &err), err);
    assert_ok(imp_network_load(&network, model, &err), err);
    assert_ok(imp_inference_create(&inference, network, 1, &err), err);
    const imp_data_loader_def wanted = {.inputs = *imp_network_inputs(network), .batch = 1};
    assert_ok(imp_training_samples_add(&samples, &none, &holdout, dataset, &err), err);
    assert_ok(imp_data_loader_init(&loader, &samples, &wanted, &err), err);
    imp_data_loader_start_epoch(&loader, 1, 0);
    int by_network = 0, by_expert = 0;
    for (size_t i = 0; i < samples.count; i++) {
        const imp_batch batch = imp_data_loader_get_batch(&loader, i);
        const float *executed = samples.actions[i];
        float out[2];
        imp_inference_run(inference, batch.frames, batch.values, out);
        if (memcmp(executed, batch.labels, 2 * sizeof *executed) == 0) {
            by_expert++;
            continue;
        }
        by_network++;
        for (int wheel = 0; wheel < 2; wheel++)
            assert_close((double)executed[wheel], fmax(-1, fmin(1, (double)out[wheel])), 0);
    }
    assert_true(by_network > 20 && by_expert > 20);
    imp_data_loader_free(&loader);
    imp_training_samples_free(&samples);
    imp_training_samples_free(&none);
    imp_inference_destroy(inference);
    imp_network_destroy(network);
    imp_dataset_close(dataset);
    free(data);
    free(model);
}

// Starts lie across the lane as far as asked for, and not where they lay.
static void start_offset_spreads_starts(void **state)
{
    (void)state;
    imp_collect_def def = small_collect(40, 2);
    def.sim.env.accept_start_angle = 1.0;
    def.start_offset = 0.08;
    char *data = path_of("data");
    collect(data, &def);
    imp_dataset *dataset;
    imp_error err = {0};
    assert_ok(imp_dataset_open(&dataset, data, &err), err);
    double least = 1.0, most = -1.0, mean = 0.0;
    for (int e = 0; e < def.episodes; e++) {
        const double distance = imp_dataset_episode(dataset, e)->lane[0];
        // the reference's closest point is not quite the closest
        assert_true(fabs(distance) < def.start_offset + 0.005);
        least = fmin(least, distance);
        most = fmax(most, distance);
        mean += fabs(distance) / def.episodes;
    }
    assert_true(least < -0.06 && most > 0.06 && mean > 0.03 && mean < 0.05);
    imp_dataset_close(dataset);
    free(data);
}

// Another pace changes what is done, by the same share for an episode, and not what is taught.
static void speed_spread_keeps_labels(void **state)
{
    (void)state;
    imp_collect_def def = small_collect(8, 30);
    def.sim.expert.speed = 0.4; // so that nothing is clipped
    def.speed_spread = 0.25;
    char *data = path_of("data");
    collect(data, &def);
    replay r = replay_open(data, &def);
    double slowest = 2.0, fastest = 0.0;
    for (int e = 0; e < def.episodes; e++) {
        const imp_episode *episode = imp_dataset_episode(r.dataset, e);
        check_driving(&r, episode);
        const float *done = episode->actions, *wanted = episode->expert_actions;
        double share = 0.0; // of the first step that tells
        for (int k = 0; k < 2 * episode->steps; k += 2) {
            const double sum = (double)(wanted[k] + wanted[k + 1]);
            if (fmaxf(fabsf(done[k]), fabsf(done[k + 1])) >= 1.0F)
                continue; // clipped
            if (share == 0.0 && sum > 0.3)
                share = (double)(done[k] + done[k + 1]) / sum;
            if (share > 0.0)
                assert_close((double)(done[k] + done[k + 1]), share * sum, 1e-4);
            assert_close((double)(done[k + 1] - done[k]), (double)(wanted[k + 1] - wanted[k]),
                         1e-4);
        }
        slowest = fmin(slowest, share);
        fastest = fmax(fastest, share);
    }
    assert_true(slowest >= 0.75 && slowest < 0.95 && fastest > 1.05 && fastest <= 1.25);
    replay_close(&r);
    free(data);
}

// How many steps of a dataset the expert's own action was taken in, and how often that changed.
static int expert_steps(const imp_dataset *dataset, int *changes)
{
    int steps = 0;
    *changes = 0;
    for (int e = 0; e < imp_dataset_episode_count(dataset); e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        bool before = false;
        for (int k = 0; k < episode->steps; k++) {
            const float *done = &episode->actions[2 * k], *own = &episode->expert_actions[2 * k];
            const bool expert = done[0] == own[0] && done[1] == own[1];
            steps += expert;
            *changes += k > 0 && expert != before;
            before = expert;
        }
    }
    return steps;
}

static void expert_share_mixes_policies(void **state)
{
    (void)state;
    imp_collect_def def = small_collect(10, 40);
    char *model = path_of("model.safetensors");
    save_untrained_network(model, SMALL_WIDTH, SMALL_HEIGHT);
    def.policy = model;
    def.policy_name = "somebody";
    static const struct {
        double share;
        int mix_steps;
        bool safe;
        int steps[2], changes[2]; // wanted, of 400: at least, at most
    } mixes[] = {
        {0.0, 1, false, {0, 0}, {0, 0}},         {1.0, 1, false, {400, 400}, {0, 0}},
        {0.5, 1, false, {120, 280}, {100, 300}}, {0.5, 10, false, {80, 320}, {5, 30}},
        {0.5, 0, false, {40, 360}, {0, 0}},      {0.0, 1, true, {1, 399}, {1, 100}},
    };
    for (size_t k = 0; k < sizeof mixes / sizeof mixes[0]; k++) {
        char name[16];
        snprintf(name, sizeof name, "mix-%zu", k);
        char *data = path_of(name);
        def.expert_share = mixes[k].share;
        def.mix_steps = mixes[k].mix_steps;
        def.safe_switching = mixes[k].safe;
        def.start_offset = mixes[k].safe ? 0.2 : 0.0;
        collect(data, &def);
        replay r = replay_open(data, &def);
        assert_string_equal(imp_dataset_get_info(r.dataset)->policy, "somebody");
        int changes;
        const int steps = expert_steps(r.dataset, &changes);
        assert_in_range(steps, mixes[k].steps[0], mixes[k].steps[1]);
        assert_in_range(changes, mixes[k].changes[0], mixes[k].changes[1]);
        for (int e = 0; e < def.episodes && mixes[k].safe; e++) {
            const imp_episode *episode = imp_dataset_episode(r.dataset, e);
            for (int s = 0; s < episode->steps; s++)
                if (fabs(episode->lane[2 * s]) >= 0.12)
                    assert_memory_equal(&episode->actions[2 * s], &episode->expert_actions[2 * s],
                                        2 * sizeof(float));
        }
        replay_close(&r);
        free(data);
    }
    free(model);
}

static void bad_definitions_write_nothing(void **state)
{
    (void)state;
    imp_collect_def defs[11];
    for (int k = 0; k < 11; k++)
        defs[k] = small_collect(2, 10);
    defs[0].cookie = 0;
    defs[1].episodes = 0;
    defs[2].steps = -1;
    defs[3].noise = NAN;
    defs[4].sim.map = "no_such_map";
    defs[5].policy = "no_such_policy";
    defs[6].sim.camera.width = 0;
    defs[7].start_offset = -0.1;
    defs[8].speed_spread = 1.5;
    defs[9].expert_share = NAN;
    defs[10].hardest_of = 0;
    for (int k = 0; k < 11; k++) {
        imp_error err = {0};
        imp_collect_summary summary;
        imp_status status = imp_collect(&summary, in_folder("data"), &defs[k], NULL, &err);
        assert_int_equal(status, k == 4 || k == 5 ? IMP_BAD_INPUT : IMP_USAGE);
        assert_int_not_equal(strlen(err.message), 0);
        assert_int_not_equal(access(in_folder("data"), F_OK), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(bytes_do_not_depend_on_threads),
        FOLDER_TEST(resumed_dataset_equals_uninterrupted),
        FOLDER_TEST(early_stop_leaves_valid_folder),
        FOLDER_TEST(resuming_with_other_settings_is_refused),
        FOLDER_TEST(recorded_samples_match_replay),
        FOLDER_TEST(noise_changes_actions_not_labels),
        FOLDER_TEST(model_drives_and_expert_labels),
        FOLDER_TEST(model_may_output_velocities),
        FOLDER_TEST(model_sees_executed_actions),
        FOLDER_TEST(start_offset_spreads_starts),
        FOLDER_TEST(speed_spread_keeps_labels),
        FOLDER_TEST(expert_share_mixes_policies),
        FOLDER_TEST(bad_definitions_write_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
