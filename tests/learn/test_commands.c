// Navigation commands from end to end: recorded, kept by datasets made of datasets, fed to networks
// in training and in driving, and counted by evaluations.
#include "learn/learn_fixture.h"

#include "evaluate/rollout/network_policy.h"
#include "imprint/dataset_edit.h"
#include "learn/data_loader/data_loader.h"

enum { EPISODES = 4, STEPS = 400 };

static const char COMMAND_NETWORK[] =
    "actions: 2\ncommand: true\nlayers:\n"
    "  - {name: conv, kind: convolution, channels: 4, kernel: 5, stride: 5}\n"
    "  - {name: flat, kind: flatten}\n"
    "  - {name: all, kind: concat, input: [flat, actions, command]}\n"
    "  - {name: action, kind: dense, channels: outputs}\n";

static imp_network *make_command_network(void)
{
    imp_error err = {0};
    imp_network *network;
    imp_network_def def = imp_default_network_def();
    FILE *file = fopen(in_folder("command.yaml"), "w");
    assert_non_null(file);
    assert_true(fputs(COMMAND_NETWORK, file) >= 0);
    assert_int_equal(fclose(file), 0);
    strcpy(def.architecture, in_folder("command.yaml"));
    def.width = SMALL_WIDTH;
    def.height = SMALL_HEIGHT;
    assert_ok(imp_network_create(&network, &def, 3, &err), err);
    return network;
}

static imp_collect_def commanded_collect(void)
{
    imp_collect_def def = small_collect(EPISODES, STEPS);
    def.sim.map = "4way_bordered";
    def.sim.env.commands = IMP_COMMANDS_RANDOM;
    return def;
}

static imp_dataset *open_dataset(const char *path)
{
    imp_error err = {0};
    imp_dataset *dataset;
    assert_ok(imp_dataset_open(&dataset, path, &err), err);
    return dataset;
}

// The commands of an episode are those of its environment, driven again.
static void recordings_hold_the_commands_of_their_drives(void **state)
{
    (void)state;
    imp_error err = {0};
    const imp_collect_def def = commanded_collect();
    char *data = path_of("data");
    collect(data, &def);
    imp_dataset *dataset = open_dataset(data);
    imp_sim *sim;
    assert_ok(imp_sim_create(&sim, &def.sim, &err), err);
    imp_dataset_summary summary;
    imp_dataset_summarize(dataset, &summary);
    for (int e = 0; e < EPISODES; e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        assert_non_null(episode->commands);
        const imp_pose start = {episode->poses[0], episode->poses[1], episode->poses[2]};
        assert_ok(imp_sim_reset_at(sim, episode->number, 0, start, &err), err);
        for (int k = 0; k < episode->steps; k++) {
            assert_int_equal(episode->commands[k], imp_sim_env(sim)->navigation.command);
            imp_sim_step(sim, (imp_action){(double)episode->actions[2 * k],
                                           (double)episode->actions[2 * k + 1]});
        }
    }
    for (int way = IMP_COMMAND_NONE; way < IMP_COMMAND_COUNT; way++)
        assert_true(summary.commands[way] > summary.steps / 20);
    int64_t findings = -1;
    assert_ok(imp_dataset_check(dataset, &findings, &err), err);
    imp_sim_destroy(sim);
    imp_dataset_close(dataset);
    free(data);
}

// Without a source of commands, nothing is stored, and the images are the same.
static void recordings_without_commands_have_none(void **state)
{
    (void)state;
    imp_collect_def def = commanded_collect();
    char *data = path_of("quiet");
    def.sim.env.commands = IMP_COMMANDS_NONE;
    collect(data, &def);
    imp_dataset *dataset = open_dataset(data);
    imp_dataset_summary summary;
    imp_dataset_summarize(dataset, &summary);
    for (int e = 0; e < EPISODES; e++)
        assert_null(imp_dataset_episode(dataset, e)->commands);
    assert_int_equal(summary.commands[IMP_COMMAND_NONE], summary.steps);
    imp_dataset_close(dataset);
    free(data);
}

// A wrong number is found, and part of an episode has the commands of its steps.
static void datasets_check_and_copy_commands(void **state)
{
    (void)state;
    imp_error err = {0};
    const imp_collect_def def = commanded_collect();
    char *data = path_of("data"), *copy_folder = path_of("copy");
    collect(data, &def);
    imp_dataset *dataset = open_dataset(data);
    imp_dataset_info info = *imp_dataset_get_info(dataset);
    imp_dataset_writer *writer;
    int written;
    assert_ok(imp_dataset_writer_create(&writer, copy_folder, &info, false, &written, &err), err);
    imp_episode episode = *imp_dataset_episode(dataset, 0);
    uint8_t *commands = malloc((size_t)episode.steps);
    assert_non_null(commands);
    memcpy(commands, episode.commands, (size_t)episode.steps);
    commands[7] = IMP_COMMAND_COUNT;
    episode.commands = commands;
    assert_int_equal(imp_dataset_writer_add(writer, &episode, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "infos/commands: step 7 names no command"));
    commands[7] = imp_dataset_episode(dataset, 0)->commands[7];
    assert_ok(imp_dataset_writer_add(writer, &episode, &err), err);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    imp_dataset *copy = open_dataset(copy_folder);
    assert_memory_equal(imp_dataset_episode(copy, 0)->commands, commands, (size_t)episode.steps);
    imp_dataset_close(copy);
    imp_dataset_close(dataset);
    free(commands);
    free(data);
    free(copy_folder);
}

// What training feeds is what driving feeds.
static void samples_hold_the_commands_of_their_steps(void **state)
{
    (void)state;
    imp_error err = {0};
    const imp_collect_def collection = commanded_collect();
    char *data = path_of("data");
    collect(data, &collection);
    imp_dataset *dataset = open_dataset(data);
    imp_network *network = make_command_network();
    imp_obs_history *history;
    assert_ok(imp_obs_history_create(&history, network, &err), err);
    const imp_episode *episode = imp_dataset_episode(dataset, 1);
    imp_training_samples samples = {.image = 3 * SMALL_WIDTH * SMALL_HEIGHT};
    assert_ok(imp_training_samples_add_episode(&samples, episode, &err), err);
    imp_data_loader loader = {0};
    const imp_data_loader_def def = {.inputs = *imp_network_inputs(network), .batch = 3};
    assert_ok(imp_data_loader_init(&loader, &samples, &def, &err), err);
    imp_data_loader_start_epoch(&loader, 1, 0);
    float seen[3] = {0};
    for (int k = 0; k < episode->steps; k++) {
        const imp_batch batch = imp_data_loader_get_batch(&loader, (size_t)k);
        imp_obs_history_push_frame(history, batch.frames[0]);
        const imp_conditions conditions = imp_episode_conditions(episode, k);
        imp_obs_history_set_conditions(history, &conditions);
        assert_memory_equal(batch.values, imp_obs_history_values(history), 7 * sizeof(float));
        for (int way = 0; way < 3; way++) {
            assert_true(batch.values[4 + way] == (float)(episode->commands[k] == way + 1));
            seen[way] += batch.values[4 + way];
        }
        imp_obs_history_push_action(history, episode->actions[2 * k], episode->actions[2 * k + 1]);
    }
    assert_true(seen[0] + seen[1] + seen[2] > 10.0F);
    // an episode begins without
    imp_obs_history_reset(history);
    assert_memory_equal(imp_obs_history_values(history), (float[7]){0}, 7 * sizeof(float));
    imp_data_loader_free(&loader);
    imp_training_samples_free(&samples);
    imp_obs_history_destroy(history);
    imp_network_destroy(network);
    imp_dataset_close(dataset);
    free(data);
}

// The same image and another command give another action.
static void network_policies_hear_the_command(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *network = make_command_network();
    imp_policy *policy;
    imp_world *world;
    static imp_env env;
    const imp_env_def def = imp_default_env_def();
    static uint8_t image[3 * SMALL_WIDTH * SMALL_HEIGHT];
    for (size_t k = 0; k < sizeof image; k++)
        image[k] = (uint8_t)(k * k % 251);
    assert_ok(imp_network_policies_create(&policy, 1, network, &err), err);
    assert_ok(imp_world_load(&world, "loop_empty", &err), err);
    assert_ok(imp_env_init(&env, world, &def, &err), err);
    imp_action actions[IMP_COMMAND_COUNT];
    for (int way = 0; way < IMP_COMMAND_COUNT; way++) {
        assert_ok(imp_env_reset(&env, 0, &err), err);
        env.navigation.command = (imp_navigation_command)way;
        imp_policy_reset(policy, &env);
        actions[way] = imp_policy_act(policy, &env, image);
        for (int other = 0; other < way; other++)
            assert_memory_not_equal(&actions[way], &actions[other], sizeof *actions);
    }
    imp_policy_destroy(policy);
    imp_network_destroy(network);
    imp_world_destroy(world);
}

static imp_evaluation evaluate(const char *policy, const imp_eval_def *def)
{
    imp_error err = {0};
    imp_evaluation out;
    imp_policy_factory *factory;
    const imp_expert_def expert = imp_default_expert_def();
    assert_ok(imp_policy_factory_open(&factory, policy, &expert, &err), err);
    assert_ok(imp_evaluate(&out, factory, def, NULL, &err), err);
    imp_policy_factory_close(factory);
    return out;
}

static void evaluations_count_commands(void **state)
{
    (void)state;
    imp_eval_def def = imp_default_eval_def();
    def.episodes = 6;
    def.steps = 900;
    def.sim.map = "4way_bordered";
    def.sim.camera.width = SMALL_WIDTH;
    def.sim.camera.height = SMALL_HEIGHT;
    def.sim.env.commands = IMP_COMMANDS_RANDOM;
    imp_evaluation expert = evaluate("expert", &def), deaf = evaluate("pure-pursuit", &def);
    assert_true(expert.stats.commanded >= 15);
    assert_int_equal(expert.stats.followed, expert.stats.commanded);
    assert_int_equal(expert.stats.wrong_turns, 0);
    assert_true(expert.stats.obedience.value == 1.0);
    assert_true(expert.stats.crossed > expert.stats.commanded);
    // pure pursuit goes its own way, and leaves the road sooner or later
    assert_true(deaf.stats.commanded > deaf.stats.followed);
    assert_true(deaf.stats.wrong_turns <= deaf.stats.commanded - deaf.stats.followed);
    imp_evaluation_free(&expert);
    imp_evaluation_free(&deaf);
    def.sim.env.commands = IMP_COMMANDS_NONE;
    imp_evaluation quiet = evaluate("expert", &def);
    assert_int_equal(quiet.stats.crossed, 0);
    assert_true(isnan(quiet.stats.obedience.value));
    imp_evaluation_free(&quiet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(recordings_hold_the_commands_of_their_drives),
        FOLDER_TEST(recordings_without_commands_have_none),
        FOLDER_TEST(datasets_check_and_copy_commands),
        FOLDER_TEST(samples_hold_the_commands_of_their_steps),
        FOLDER_TEST(network_policies_hear_the_command),
        cmocka_unit_test(evaluations_count_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
