// Wanted speeds, time steps and robots from end to end: recorded, kept by datasets, and told to
// networks in training and in driving. The networks give what they are told, so that the values are
// known.
#include "learn/learn_fixture.h"

#include "evaluate/rollout/network_policy.h"
#include "imprint/robot_file.h"
#include "learn/data_loader/data_loader.h"
#include "told_network.h"

enum { EPISODES = 3, STEPS = 20 };

static const told_output SPEED_AND_TIME[2] = {{IMP_CONDITION_SPEED, 1.0F},
                                              {IMP_CONDITION_TIME_STEP, 0.25F}};

static imp_collect_def collect_with_speeds(int frame_skip)
{
    imp_collect_def def = small_collect(EPISODES, STEPS);
    def.sim.env.wanted_speed_min = 0.2;
    def.sim.env.wanted_speed_max = 0.5;
    def.sim.env.frame_skip = frame_skip;
    return def;
}

static imp_dataset *open_dataset(const char *path)
{
    imp_error err = {0};
    imp_dataset *dataset;
    assert_ok(imp_dataset_open(&dataset, path, &err), err);
    return dataset;
}

// The speed of an episode is that of its environment, driven again.
static void recordings_hold_the_wanted_speeds(void **state)
{
    (void)state;
    imp_error err = {0};
    const imp_collect_def def = collect_with_speeds(2);
    char *data = path_of("data");
    collect(data, &def);
    imp_dataset *dataset = open_dataset(data);
    imp_sim *sim;
    assert_ok(imp_sim_create(&sim, &def.sim, &err), err);
    for (int e = 0; e < EPISODES; e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        assert_ok(imp_sim_reset(sim, episode->number, &err), err);
        const imp_conditions conditions = imp_episode_conditions(episode, STEPS / 2);
        const double speed = conditions.numbers[IMP_CONDITION_SPEED];
        assert_true(speed == imp_sim_env(sim)->wanted_speed && speed >= 0.2 && speed <= 0.5);
        assert_close(conditions.numbers[IMP_CONDITION_TIME_STEP], 2.0 / 30.0, 1e-12);
    }
    int64_t findings = -1;
    assert_ok(imp_dataset_check(dataset, &findings, &err), err);
    imp_sim_destroy(sim);
    imp_dataset_close(dataset);
    free(data);
}

// Nothing is stored of what is usual: such datasets are those of before.
static void usual_recordings_have_no_attributes(void **state)
{
    (void)state;
    const imp_collect_def plain = small_collect(EPISODES, STEPS), asked = collect_with_speeds(1);
    char *folders[2] = {path_of("plain"), path_of("asked")};
    collect(folders[0], &plain);
    collect(folders[1], &asked);
    for (int k = 0; k < 2; k++) {
        size_t length;
        char *bytes = read_bytes(folders[k], "shard-00000.hdf5", &length);
        assert_int_equal(memmem(bytes, length, "condition_speed", 15) != NULL, k);
        free(bytes);
        free(folders[k]);
    }
}

// A copy has the speeds of its source, and a number that is none is refused.
static void copies_keep_the_wanted_speeds(void **state)
{
    (void)state;
    imp_error err = {0};
    const imp_collect_def def = collect_with_speeds(1);
    char *data = path_of("data"), *copy_folder = path_of("copy");
    collect(data, &def);
    imp_dataset *dataset = open_dataset(data);
    imp_dataset_writer *writer;
    int written;
    assert_ok(imp_dataset_writer_create(&writer, copy_folder, imp_dataset_get_info(dataset), false,
                                        &written, &err),
              err);
    imp_episode episode = *imp_dataset_episode(dataset, 1);
    const double speed = episode.conditions.numbers[IMP_CONDITION_SPEED];
    episode.conditions.numbers[IMP_CONDITION_SPEED] = NAN;
    assert_int_equal(imp_dataset_writer_add(writer, &episode, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "the speed of an episode is not finite"));
    episode.conditions.numbers[IMP_CONDITION_SPEED] = speed;
    assert_ok(imp_dataset_writer_add(writer, &episode, &err), err);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    imp_dataset *copy = open_dataset(copy_folder);
    assert_true(imp_dataset_episode(copy, 0)->conditions.numbers[IMP_CONDITION_SPEED] == speed);
    assert_true(speed >= 0.2);
    imp_dataset_close(copy);
    imp_dataset_close(dataset);
    free(data);
    free(copy_folder);
}

// In training: what the network gives for samples of a dataset, and a loss of 0 where that is the
// label.
static void training_feeds_the_conditions(void **state)
{
    (void)state;
    imp_error err = {0};
    const imp_collect_def collection = collect_with_speeds(3);
    char *data = path_of("data");
    collect(data, &collection);
    imp_dataset *dataset = open_dataset(data);
    const imp_episode *episode = imp_dataset_episode(dataset, 1);
    imp_network *network = make_told_network(SMALL_WIDTH, SMALL_HEIGHT, SPEED_AND_TIME);
    imp_training_samples samples = {.image = 3 * SMALL_WIDTH * SMALL_HEIGHT};
    assert_ok(imp_training_samples_add_episode(&samples, episode, &err), err);
    imp_data_loader loader = {0};
    const imp_data_loader_def def = {.inputs = *imp_network_inputs(network), .batch = 4};
    assert_ok(imp_data_loader_init(&loader, &samples, &def, &err), err);
    imp_data_loader_start_epoch(&loader, 1, 0);
    imp_batch batch = imp_data_loader_get_batch(&loader, 8);
    const float speed = (float)episode->conditions.numbers[IMP_CONDITION_SPEED];
    float labels[4 * 2];
    for (int k = 0; k < 4; k++) {
        assert_true(batch.values[2 * k] == speed);
        assert_close(batch.values[2 * k + 1], 2.0, 1e-6); // 0.1 s
        labels[2 * k] = speed;
        labels[2 * k + 1] = 0.25F * batch.values[2 * k + 1];
    }
    batch.labels = labels;
    imp_trainer *trainer;
    imp_trainer_def training = imp_default_trainer_def();
    training.batch = 4;
    assert_ok(imp_trainer_create(&trainer, network, &training, &err), err);
    assert_true(imp_trainer_evaluate_loss(trainer, &batch) == 0.0);
    imp_trainer_destroy(trainer);
    imp_data_loader_free(&loader);
    imp_training_samples_free(&samples);
    imp_network_destroy(network);
    imp_dataset_close(dataset);
    free(data);
}

// In driving: the action is what the environment asks for.
static void network_policies_are_told_the_conditions(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *network = make_told_network(SMALL_WIDTH, SMALL_HEIGHT, SPEED_AND_TIME);
    imp_policy *policy;
    imp_world *world;
    static imp_env env;
    static const uint8_t image[3 * SMALL_WIDTH * SMALL_HEIGHT];
    imp_env_def def = imp_default_env_def();
    def.wanted_speed_min = def.wanted_speed_max = 0.35;
    def.frame_skip = 2;
    assert_ok(imp_network_policies_create(&policy, 1, network, &err), err);
    assert_ok(imp_world_load(&world, "loop_empty", &err), err);
    assert_ok(imp_env_init(&env, world, &def, &err), err);
    assert_ok(imp_env_reset(&env, 0, &err), err);
    imp_policy_reset(policy, &env);
    const imp_action action = imp_policy_act(policy, &env, image);
    assert_close(action.left, 0.35, 1e-7);
    assert_close(action.right, 0.25, 1e-6); // twice the usual time step is 1
    imp_policy_destroy(policy);
    imp_network_destroy(network);
    imp_world_destroy(world);
}

// What a drive and a camera are, and what is left where commands are corrected for wheels.
static void robots_are_told_as_networks_meet_them(void **state)
{
    (void)state;
    imp_conditions conditions = imp_usual_conditions();
    const imp_conditions usual = conditions;
    imp_robot_def robot = imp_default_robot_def();
    imp_camera_def camera = imp_default_camera_def();
    imp_drive_def drive = imp_default_drive_def();
    imp_conditions_set_robot(&conditions, &drive, camera.pitch, camera.mount_height);
    assert_memory_equal(&conditions, &usual, sizeof usual);
    drive.gain = 1.1;
    drive.trim = -0.05;
    drive.delay = 0.2;
    imp_conditions_set_robot(&conditions, &drive, 0.4, 0.1);
    float values[IMP_CONDITION_COUNT];
    imp_conditions_normalise(&conditions, NULL, values);
    const float *numbers = values + imp_input_first(IMP_INPUT_ROBOT);
    static const double wanted[7] = {0.5, -0.5, 0.0, 0.0, 0.5, 0.6577, -0.4};
    for (int k = 0; k < 7; k++)
        assert_close(numbers[k], wanted[k], 1e-4);
    // the calibration hides the wheels, but not what was drawn on top of them
    robot.wheels = (imp_wheels){0.8, 0.03, 27.0, 1.0, 0.0325, 0.104};
    robot.delay = 0.2;
    robot.camera.pitch = 0.4;
    imp_robot_set_camera_and_drive(&robot, &camera, &drive);
    imp_conditions_set_robot(&conditions, &drive, camera.pitch, camera.mount_height);
    for (int k = IMP_CONDITION_GAIN; k <= IMP_CONDITION_WHEEL_DISTANCE; k++)
        assert_true(conditions.numbers[k] == usual.numbers[k]);
    assert_true(conditions.numbers[IMP_CONDITION_DELAY] == 0.2);
    assert_true(conditions.numbers[IMP_CONDITION_CAMERA_PITCH] == 0.4);
    drive.gain *= 1.2;
    drive.wheel_radius *= 0.9;
    imp_conditions_set_robot(&conditions, &drive, camera.pitch, camera.mount_height);
    assert_close(conditions.numbers[IMP_CONDITION_GAIN], 1.2, 1e-12);
    assert_close(conditions.numbers[IMP_CONDITION_WHEEL_RADIUS], 0.9 * 0.0318, 1e-12);
}

// Randomised robots: episodes hold what was drawn, and a network is told the same as it drives.
static void recordings_hold_the_robots_that_were_drawn(void **state)
{
    (void)state;
    static const told_output outputs[2] = {{IMP_CONDITION_GAIN, 0.2F},
                                           {IMP_CONDITION_CAMERA_PITCH, 0.1F}};
    imp_error err = {0};
    imp_collect_def def = small_collect(EPISODES, STEPS);
    assert_ok(imp_randomization_parse_list(&def.sim.randomization, "all", &err), err);
    char *data = path_of("data");
    collect(data, &def);
    imp_dataset *dataset = open_dataset(data);
    imp_network *network = make_told_network(SMALL_WIDTH, SMALL_HEIGHT, outputs);
    imp_policy *policy;
    imp_sim *sim;
    uint8_t image[3 * SMALL_WIDTH * SMALL_HEIGHT] = {0};
    assert_ok(imp_network_policies_create(&policy, 1, network, &err), err);
    assert_ok(imp_sim_create(&sim, &def.sim, &err), err);
    double gains = 0.0, pitches = 0.0;
    for (int e = 0; e < EPISODES; e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        const double *numbers = episode->conditions.numbers;
        assert_ok(imp_sim_reset(sim, episode->number, &err), err);
        const imp_env *env = imp_sim_env(sim);
        assert_true(numbers[IMP_CONDITION_GAIN] == env->def.drive.gain);
        assert_true(numbers[IMP_CONDITION_CAMERA_PITCH] == imp_sim_camera(sim)->pitch);
        assert_true(numbers[IMP_CONDITION_CAMERA_HEIGHT] == imp_sim_camera(sim)->mount_height);
        imp_policy_reset(policy, env);
        const imp_action action = imp_policy_act(policy, env, image);
        assert_close(action.left, numbers[IMP_CONDITION_GAIN] - 1.0, 1e-6);
        assert_close(action.right, numbers[IMP_CONDITION_CAMERA_PITCH] - IMP_USUAL_PITCH, 1e-6);
        gains += fabs(action.left);
        pitches += fabs(action.right);
    }
    assert_true(gains > 0.01 && pitches > 0.01);
    int64_t findings = -1;
    assert_ok(imp_dataset_check(dataset, &findings, &err), err);
    imp_sim_destroy(sim);
    imp_policy_destroy(policy);
    imp_network_destroy(network);
    imp_dataset_close(dataset);
    free(data);
}

// A robot of the whole dataset is in its attribute, as in datasets of before; episodes add nothing.
static void the_robot_of_a_dataset_is_that_of_its_episodes(void **state)
{
    (void)state;
    imp_collect_def def = small_collect(1, STEPS);
    imp_robot_def robot = imp_default_robot_def();
    char text[IMP_ROBOT_TEXT_MAX], *data = path_of("data");
    robot.wheels = (imp_wheels){0.8, 0.03, 27.0, 1.0, 0.0325, 0.104};
    robot.delay = 0.12;
    robot.camera.pitch = 0.4;
    robot.known = IMP_ROBOT_WHEELS | IMP_ROBOT_TIMING | IMP_ROBOT_EXTRINSIC;
    imp_robot_set_camera_and_drive(&robot, &def.sim.camera, &def.sim.env.drive);
    def.sim.robot = imp_robot_format(&robot, text);
    collect(data, &def);
    size_t length;
    char *bytes = read_bytes(data, "shard-00000.hdf5", &length);
    assert_null(memmem(bytes, length, "condition_", 10));
    free(bytes);
    imp_dataset *dataset = open_dataset(data);
    const imp_conditions conditions = imp_episode_conditions(imp_dataset_episode(dataset, 0), 0);
    assert_true(conditions.numbers[IMP_CONDITION_DELAY] == 0.12);
    assert_true(conditions.numbers[IMP_CONDITION_CAMERA_PITCH] == 0.4);
    assert_true(conditions.numbers[IMP_CONDITION_GAIN] == 1.0);
    imp_dataset_close(dataset);
    free(data);
}

// Data of several time steps mix only for a network that is told the time step.
static void time_steps_mix_where_the_network_is_told(void **state)
{
    (void)state;
    imp_error err = {0};
    char *folders[2] = {path_of("slow"), path_of("fast")}, *model = path_of("model");
    for (int k = 0; k < 2; k++) {
        const imp_collect_def def = collect_with_speeds(1 + k);
        collect(folders[k], &def);
    }
    imp_train_def def = imp_default_train_def();
    imp_train_summary summary;
    def.epochs = 1;
    imp_network_destroy(make_told_network(SMALL_WIDTH, SMALL_HEIGHT, SPEED_AND_TIME));
    const char *const paths[] = {folders[0], folders[1]};
    assert_int_equal(imp_train(&summary, in_folder("no"), paths, 2, &def, NULL, &err),
                     IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "they do not mix"));
    strcpy(def.network.architecture, in_folder("told.yaml"));
    assert_ok(imp_train(&summary, model, paths, 2, &def, NULL, &err), err);
    imp_network *network;
    assert_ok(imp_network_load(&network, model, &err), err);
    assert_string_equal(imp_network_metadata(network, "speed"), "speed");
    assert_string_equal(imp_network_metadata(network, "time_step_input"), "time_step");
    assert_true(imp_network_required_time_step(network) == 0.0);
    imp_network_destroy(network);
    free(folders[0]);
    free(folders[1]);
    free(model);
}

// Clones the expert with a small network that is told the speed or not, and returns its mean
// |speed - wanted| [m/s] on other episodes.
static double clone_and_measure_speed_error(const char *data, bool told)
{
    imp_error err = {0};
    char *model = path_of(told ? "told" : "untold");
    imp_train_def train = imp_default_train_def();
    imp_train_summary summary;
    strcpy(train.network.architecture, in_folder("clone.yaml"));
    FILE *file = fopen(train.network.architecture, "w");
    assert_non_null(file);
    fprintf(file,
            "speed: %s\nlayers:\n"
            "  - {name: conv1, kind: convolution, channels: 8, kernel: 5, stride: 3}\n"
            "  - {name: relu1, kind: relu}\n"
            "  - {name: flat, kind: flatten}\n"
            "  - {name: seen, kind: dense, channels: 15}\n"
            "  - {name: relu, kind: relu}\n"
            "  - {name: all, kind: concat, input: [relu, %s]}\n"
            "  - {name: hidden, kind: dense, channels: 32}\n"
            "  - {name: relu2, kind: relu}\n"
            "  - {name: action, kind: dense, channels: outputs}\n",
            told ? "true" : "false", told ? "speed" : "relu");
    assert_int_equal(fclose(file), 0);
    train.epochs = 30;
    train.trainer.batch = 32;
    train.trainer.learning_rate = 2e-3;
    assert_ok(imp_train(&summary, model, &data, 1, &train, NULL, &err), err);
    imp_eval_def eval = imp_default_eval_def();
    imp_policy_factory *factory;
    imp_evaluation found;
    const imp_expert_def expert = imp_default_expert_def();
    const imp_collect_def like = collect_with_speeds(1);
    eval.sim = like.sim;
    eval.sim.env.index = 7;
    eval.episodes = 10;
    eval.steps = 100;
    eval.settle_steps = 30;
    assert_ok(imp_policy_factory_open(&factory, model, &expert, &err), err);
    assert_ok(imp_evaluate(&found, factory, &eval, NULL, &err), err);
    imp_policy_factory_close(factory);
    const double error = found.stats.speed_error.value;
    imp_evaluation_free(&found);
    free(model);
    return error;
}

// What the input is for: who is told the wanted speed keeps it, others drive at the mean.
static void told_networks_keep_the_wanted_speed(void **state)
{
    (void)state;
    imp_collect_def def = collect_with_speeds(1);
    char *data = path_of("data");
    def.episodes = 40;
    def.noise = 0.1;
    def.steps = 100;
    collect(data, &def);
    const double told = clone_and_measure_speed_error(data, true);
    const double untold = clone_and_measure_speed_error(data, false);
    print_message("|speed - wanted|: told %.4f m/s, untold %.4f m/s\n", told, untold);
    assert_true(told < 0.5 * untold);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(recordings_hold_the_wanted_speeds),
        FOLDER_TEST(usual_recordings_have_no_attributes),
        FOLDER_TEST(copies_keep_the_wanted_speeds),
        FOLDER_TEST(training_feeds_the_conditions),
        FOLDER_TEST(network_policies_are_told_the_conditions),
        FOLDER_TEST(time_steps_mix_where_the_network_is_told),
        cmocka_unit_test(robots_are_told_as_networks_meet_them),
        FOLDER_TEST(recordings_hold_the_robots_that_were_drawn),
        FOLDER_TEST(the_robot_of_a_dataset_is_that_of_its_episodes),
        FOLDER_TEST(told_networks_keep_the_wanted_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
