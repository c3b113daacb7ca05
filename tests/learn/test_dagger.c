// DAgger: rounds that add up, the same bytes whatever the interruptions, and a policy that is kept.
#include "learn/learn_fixture.h"

#include <sys/stat.h>

#include "base/common/hash.h"
#include "learn/imitation/dagger_table.h"

static imp_dagger_def small_dagger(int rounds)
{
    imp_dagger_def def = imp_default_dagger_def();
    def.collect = small_collect(3, 30);
    def.collect.mix_steps = 5;
    def.collect.noise = 0.1;
    def.collect.hardest_of = 2;
    def.first_episodes = 5;
    def.eval.sim.camera = def.collect.sim.camera;
    def.eval.sim.threads = 2;
    def.eval.episodes = 4;
    def.eval.steps = 40;
    def.eval.settle_steps = 10;
    strcpy(def.train.network.architecture, "small");
    def.train.epochs = 2;
    def.train.checkpoint_steps = 3;
    def.rounds = rounds;
    return def;
}

// Runs it with a stop at the n-th time of asking, again and again, until it is done; each time one
// later, so that work of which nothing is kept ends, however slow the machine is. Returns how often
// it was stopped.
static int run_with_stops(const char *to, imp_dagger_def def, int stop_at)
{
    for (int stops = 0; stops < 200; stops++) {
        stopper s = {.stop_at = stop_at + stops};
        imp_monitor monitor = stopping_monitor(&s);
        imp_error err = {0};
        imp_dagger_result out;
        const imp_status status = imp_run_dagger(&out, to, &def, &monitor, &err);
        const int count = out.count;
        imp_dagger_result_free(&out);
        if (status == IMP_OK) {
            assert_int_equal(count, def.rounds + 1);
            return stops;
        }
        if (status != IMP_INTERRUPTED)
            fail_msg("%s", err.message);
        def.resume = true;
    }
    fail_msg("no end after 200 interruptions");
    return -1;
}

static void assert_same_runs(const char *a, const char *b, int rounds)
{
    static const char *const files[] = {"rounds.csv", "rounds.svg", "model.safetensors"};
    for (int k = 0; k < 3; k++)
        if (!files_are_equal(a, b, files[k]))
            fail_msg("%s differs between %s and %s", files[k], a, b);
    for (int k = 0; k < 2 * (rounds + 1); k++) {
        char name[16], folder_a[PATH_MAX], folder_b[PATH_MAX];
        snprintf(name, sizeof name, "%s-%03d", k % 2 == 0 ? "data" : "model", k / 2);
        join(folder_a, a, name);
        join(folder_b, b, name);
        assert_same_folders(folder_a, folder_b);
    }
}

static void resumed_dagger_equals_uninterrupted(void **state)
{
    (void)state;
    enum { ROUNDS = 2 };
    imp_dagger_def def = small_dagger(ROUNDS);
    char *whole = path_of("whole");
    assert_int_equal(run_with_stops(whole, def, 1000000), 0);
    // between two stops there must be room for an evaluation, which is not kept half done
    static const int stops[] = {190, 250, 330};
    for (int k = 0; k < 3; k++) {
        char name[16];
        snprintf(name, sizeof name, "stop-%d", stops[k]);
        char *stopped = path_of(name);
        def.collect.sim.threads = def.eval.sim.threads = def.train.trainer.threads = 1;
        assert_true(run_with_stops(stopped, def, stops[k]) >= 1);
        assert_same_runs(whole, stopped, ROUNDS);
        // what is done is left as it is
        def.resume = true;
        assert_int_equal(run_with_stops(stopped, def, 1000000), 0);
        assert_same_runs(whole, stopped, ROUNDS);
        def.resume = false;
        free(stopped);
    }
    free(whole);
}

static void more_rounds_can_follow(void **state)
{
    (void)state;
    imp_dagger_def def = small_dagger(2);
    char *at_once = path_of("at-once"), *later = path_of("later");
    assert_int_equal(run_with_stops(at_once, def, 1000000), 0);
    def.rounds = 1;
    assert_int_equal(run_with_stops(later, def, 1000000), 0);
    def.rounds = 2;
    def.resume = true;
    assert_int_equal(run_with_stops(later, def, 1000000), 0);
    assert_same_runs(at_once, later, 2);
    // but not with other settings
    imp_error err = {0};
    imp_dagger_result out;
    def.settings = "{\"seed\": 5}";
    assert_int_equal(imp_run_dagger(&out, later, &def, NULL, &err), IMP_USAGE);
    imp_dagger_result_free(&out);
    free(at_once);
    free(later);
}

static int count_lines(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    int lines = 0;
    for (int c; (c = fgetc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static bool file_appeared(void *context)
{
    return access(context, F_OK) == 0;
}

// A last round that was cut off while training ends as it was begun, when more are asked for.
static void unfinished_last_round_can_resume(void **state)
{
    (void)state;
    imp_dagger_def def = small_dagger(1);
    char *to = path_of("open"), begun[PATH_MAX], history[PATH_MAX];
    imp_error err = {0};
    imp_dagger_result out;
    join(begun, to, "model-001");
    def.last_epochs = 5;
    const imp_monitor monitor = {.should_stop = file_appeared, .context = begun};
    assert_int_equal(imp_run_dagger(&out, to, &def, &monitor, &err), IMP_INTERRUPTED);
    imp_dagger_result_free(&out);
    def.rounds = 2;
    def.resume = true;
    assert_int_equal(run_with_stops(to, def, 1000000), 0);
    join(history, to, "model-001/history.csv");
    assert_int_equal(count_lines(history), 1 + 5);
    // what is done cannot be asked to be less
    def.rounds = 1;
    assert_int_equal(imp_run_dagger(&out, to, &def, NULL, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "more rounds"));
    imp_dagger_result_free(&out);
    free(to);
}

// The rows say what is on the disk, and the policy that is kept is the best.
static void round_table_matches_data(void **state)
{
    (void)state;
    imp_dagger_def def = small_dagger(3);
    imp_error err = {0};
    imp_dagger_result out;
    char *to = path_of("rounds"), name[16], path[PATH_MAX];
    def.beta = IMP_BETA_LINEAR;
    def.beta_decay = 0.4;
    assert_ok(imp_run_dagger(&out, to, &def, NULL, &err), err);
    assert_int_equal(out.count, 4);
    static const double shares[] = {1.0, 0.6, 0.2, 0.0};
    int64_t frames = 0;
    for (int k = 0; k < 4; k++) {
        const imp_dagger_round *row = &out.rounds[k];
        imp_dataset *dataset;
        snprintf(name, sizeof name, "data-%03d", k);
        join(path, to, name);
        assert_ok(imp_dataset_open(&dataset, path, &err), err);
        assert_int_equal(imp_dataset_episode_count(dataset), k == 0 ? 5 : 3);
        assert_int_equal(imp_dataset_step_count(dataset), row->frames);
        frames += row->frames;
        imp_dataset_close(dataset);
        assert_close(row->expert_share, shares[k], 1e-12);
        snprintf(name, sizeof name, "model-%03d", k);
        join(path, to, name);
        if (k == out.best)
            assert_true(files_are_equal(to, path, "model.safetensors"));
    }
    assert_int_equal(out.frames, frames);
    assert_int_equal(out.best, imp_dagger_table_find_best_round(&out, def.eval.episodes));
    imp_dagger_result_free(&out);
    free(to);
}

// How hard an episode was for the network that drove it: worse than any difference if it ended
// badly.
static double hardness(const imp_episode *episode)
{
    double sum = 0.0;
    for (int k = 0; k < 2 * episode->steps; k++)
        sum += fabs((double)episode->actions[k] - (double)episode->expert_actions[k]);
    return sum / episode->steps + 10.0 * episode->terminations[episode->steps - 1];
}

static void the_hardest_episodes_are_recorded(void **state)
{
    (void)state;
    enum { EPISODES = 6, OF = 3 };
    imp_collect_def def = small_collect(EPISODES * OF, 25);
    imp_error err = {0};
    imp_dataset *all, *hard;
    char *model = path_of("model.safetensors");
    save_untrained_network(model, SMALL_WIDTH, SMALL_HEIGHT);
    def.policy = model;
    def.sim.env.accept_start_angle = 1.0;
    collect(in_folder("all"), &def);
    assert_ok(imp_dataset_open(&all, in_folder("all"), &err), err);
    def.episodes = EPISODES;
    def.hardest_of = OF;
    collect(in_folder("hard"), &def);
    assert_ok(imp_dataset_open(&hard, in_folder("hard"), &err), err);
    assert_int_equal(imp_dataset_episode_count(hard), EPISODES);
    for (int e = 0; e < EPISODES; e++) {
        const imp_episode *recorded = imp_dataset_episode(hard, e);
        assert_in_range(recorded->number, OF * e, OF * e + OF - 1);
        for (int k = 0; k < OF; k++)
            assert_true(hardness(recorded) >=
                        hardness(imp_dataset_episode(all, OF * e + k)) - 1e-6);
    }
    imp_dataset_close(all);
    imp_dataset_close(hard);
    free(model);
}

// One episode more or less is chance, which the way driven outweighs; ten are not.
static void best_round_is_significant(void **state)
{
    (void)state;
    imp_dagger_round rounds[] = {
        {.completed = 100, .distance = 5.0},
        {.completed = 99, .distance = 5.2}, // lost one, and came farther for all that
        {.completed = 100, .distance = 5.2},
        {.completed = 100, .distance = 5.21}, // lost none, and came farther
        {.completed = 90, .distance = 9.0},
    };
    imp_dagger_result dagger = {.rounds = rounds};
    static const int best[] = {0, 0, 1, 1, 3, 3};
    for (int count = 0; count <= 5; count++) {
        dagger.count = count;
        assert_int_equal(imp_dagger_table_find_best_round(&dagger, 100), best[count]);
    }
    rounds[0] = (imp_dagger_round){.completed = 90, .distance = 9.0};
    assert_int_equal(imp_dagger_table_find_best_round(&dagger, 100), 3);
}

// Who stands, or drives in circles, survives all starts, and is never better than who drives.
static void stalled_round_is_not_best(void **state)
{
    (void)state;
    const imp_dagger_round stands = {.survived = 100, .stalled = 100},
                           circles = {.survived = 100, .stalled = 100, .distance = 9.0},
                           drives = {.survived = 60,
                                     .completed = 60,
                                     .distance = 5.0,
                                     .net_distance = 5.0},
                           crashes = {.survived = 0, .distance = 2.0, .net_distance = 2.0};
    const imp_dagger_round pairs[][2] = {
        {stands, drives}, {stands, crashes}, {circles, drives}, {circles, crashes}};
    for (int k = 0; k < 4; k++)
        for (int order = 0; order < 2; order++) {
            imp_dagger_round rounds[2] = {pairs[k][order], pairs[k][1 - order]};
            const imp_dagger_result dagger = {.rounds = rounds, .count = 2};
            assert_int_equal(imp_dagger_table_find_best_round(&dagger, 100), 1 - order);
        }
}

// Tables of earlier releases are read on; they know of no stalls.
static void old_tables_of_rounds_are_read(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_dagger_round rounds[3];
    imp_dagger_result out = {.rounds = rounds};
    FILE *file = fopen(in_folder("rounds.csv"), "w");
    assert_non_null(file);
    fputs("round,expert_share,frames,ended_badly,loss,validation_loss,survived,lane_distance,"
          "distance,speed\n0,1,100,2,0.5,nan,40,0.01,5.5,0.4\n",
          file);
    fclose(file);
    assert_ok(imp_dagger_table_read(&out, folder, 2, &err), err);
    assert_int_equal(out.count, 1);
    assert_int_equal(rounds[0].completed, 40);
    assert_true(rounds[0].speed == 0.4 && isnan(rounds[0].progress) &&
                rounds[0].net_distance == 5.5);
    const imp_eval_def eval = imp_default_eval_def();
    assert_ok(imp_dagger_table_write(&out, folder, &eval, &err), err);
    out.count = 0;
    assert_ok(imp_dagger_table_read(&out, folder, 2, &err), err);
    assert_int_equal(rounds[0].completed, 40);
}

// A round starts from the weights of the one before, the first from those that are given: with a
// rate that changes nothing they stay.
static void round_continues_from_last_weights(void **state)
{
    (void)state;
    imp_dagger_def def = small_dagger(1);
    imp_error err = {0};
    imp_dagger_result out;
    char *to = path_of("warm"), *model = path_of("model.safetensors");
    save_untrained_network(model, SMALL_WIDTH, SMALL_HEIGHT);
    strcpy(def.train.network.architecture, "one-residual");
    def.train.initial = model;
    def.train.trainer.learning_rate = 1e-12;
    assert_ok(imp_run_dagger(&out, to, &def, NULL, &err), err);
    imp_dagger_result_free(&out);
    imp_network *given;
    assert_ok(imp_network_load(&given, model, &err), err);
    const imp_tensor *tensor = imp_network_tensor(given, 0);
    for (int k = 0; k < 2; k++) {
        char name[40], path[PATH_MAX];
        imp_network *trained;
        snprintf(name, sizeof name, "model-%03d/model.safetensors", k);
        join(path, to, name);
        assert_ok(imp_network_load(&trained, path, &err), err);
        for (int64_t i = 0; i < tensor->count; i++)
            assert_close((double)imp_network_tensor_values(trained, tensor)[i],
                         (double)imp_network_tensor_values(given, tensor)[i], 1e-6);
        imp_network_destroy(trained);
    }
    imp_network_destroy(given);
    free(model);
    free(to);
}

// The golden hash holds on every processor, with every compiler and C library: what is simulated,
// drawn, learnt and driven has the same bits.
static void weights_are_the_same_everywhere(void **state)
{
    (void)state;
    static const uint64_t GOLDEN = 0xee42234689c1b6d3;
    imp_dagger_def def = small_dagger(1);
    imp_error err = {0};
    imp_dagger_result out;
    char *to = path_of("golden"), path[PATH_MAX];
    assert_ok(imp_run_dagger(&out, to, &def, NULL, &err), err);
    imp_dagger_result_free(&out);
    imp_network *network;
    join(path, to, "model-001/model.safetensors");
    assert_ok(imp_network_load(&network, path, &err), err);
    uint64_t hash = IMP_HASH_START;
    for (int i = 0; imp_network_tensor(network, i) != NULL; i++) {
        const imp_tensor *tensor = imp_network_tensor(network, i);
        hash = imp_hash_bytes(hash, imp_network_tensor_values(network, tensor),
                              (size_t)tensor->count * sizeof(float));
    }
    print_message("weights after a round: 0x%016llx\n", (unsigned long long)hash);
    assert_true(hash == GOLDEN);
    imp_network_destroy(network);
    free(to);
}

static void patience_stops_dagger(void **state)
{
    (void)state;
    imp_dagger_def def = small_dagger(6);
    imp_error err = {0};
    imp_dagger_result out;
    char *to = path_of("patient");
    def.train.trainer.learning_rate = 1e-12; // so that nothing gets better
    def.patience = 1;
    assert_ok(imp_run_dagger(&out, to, &def, NULL, &err), err);
    assert_true(out.stopped_early && out.count < 7);
    assert_int_equal(out.count - 1 - out.best, 1);
    char name[16], path[PATH_MAX];
    snprintf(name, sizeof name, "model-%03d", out.best);
    join(path, to, name);
    assert_true(files_are_equal(to, path, "model.safetensors"));
    imp_dagger_result_free(&out);
    free(to);
}

static void bad_definitions_are_refused(void **state)
{
    (void)state;
    enum { COUNT = 9 };
    imp_dagger_def defs[COUNT];
    for (int k = 0; k < COUNT; k++)
        defs[k] = small_dagger(1);
    defs[0].cookie = 0;
    defs[1].rounds = -1;
    defs[2].beta_decay = NAN;
    defs[3].patience = -1;
    defs[4].beta = (imp_beta_schedule)7;
    strcpy(defs[5].train.network.architecture, "unheard-of");
    defs[6].eval.episodes = 0;
    defs[7].train.trainer.learning_rate = -1.0;
    defs[8].collect.episodes = 1000000000;
    defs[8].collect.hardest_of = 100;
    for (int k = 0; k < COUNT; k++) {
        imp_error err = {0};
        imp_dagger_result out;
        assert_int_equal(imp_run_dagger(&out, in_folder("bad"), &defs[k], NULL, &err), IMP_USAGE);
        assert_int_not_equal(strlen(err.message), 0);
        assert_int_not_equal(access(in_folder("bad"), F_OK), 0);
        imp_dagger_result_free(&out);
    }
}

// A round of take-overs learns the person's actions alone; an interruption or a later call changes
// nothing of it, and rounds in which the network drives can follow.
static void take_overs_are_a_round(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_dagger_result out;
    imp_drive_record_summary recorded;
    char *policy = path_of("policy"), *drives = path_of("drives"), *other = path_of("other");
    imp_dagger_def def = small_dagger(0);
    assert_ok(imp_run_dagger(&out, policy, &def, NULL, &err), err);
    imp_dagger_result_free(&out);
    imp_drive_record_def record = imp_default_drive_record_def();
    record.sim = def.collect.sim;
    record.policy = policy;
    record.episodes = 4;
    record.steps = 60;
    record.take_over = 0.03;
    record.hand_back = 0.02;
    assert_ok(imp_record_drives(&recorded, drives, &record, NULL, &err), err);
    assert_true(recorded.driven[IMP_DRIVER_PERSON] > 0);
    assert_true(recorded.driven[IMP_DRIVER_POLICY] > 0);
    record.sim.env.seed++;
    assert_ok(imp_record_drives(&recorded, other, &record, NULL, &err), err);
    // the round, with stops
    assert_int_equal(imp_dagger_count_rounds(&def.rounds, policy, NULL), IMP_OK);
    assert_int_equal(def.rounds, 1);
    def.resume = true;
    def.take_overs = (const char *const *)&drives;
    def.take_over_count = 1;
    assert_true(run_with_stops(policy, def, 9) > 0);
    int rounds;
    assert_int_equal(imp_dagger_count_rounds(&rounds, policy, NULL), IMP_OK);
    assert_int_equal(rounds, 2);
    // other drives are not those of the round
    def.take_overs = (const char *const *)&other;
    assert_int_equal(imp_run_dagger(&out, policy, &def, NULL, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "was made of other drives"));
    imp_dagger_result_free(&out);
    // and the network drives the next one
    def.take_over_count = 0;
    def.rounds = 2;
    assert_ok(imp_run_dagger(&out, policy, &def, NULL, &err), err);
    assert_int_equal(out.count, 3);
    assert_true(out.rounds[1].expert_share > 0.0 && out.rounds[1].expert_share < 1.0);
    imp_dagger_result_free(&out);
    free(policy);
    free(drives);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(resumed_dagger_equals_uninterrupted),
        FOLDER_TEST(more_rounds_can_follow),
        FOLDER_TEST(unfinished_last_round_can_resume),
        FOLDER_TEST(round_table_matches_data),
        FOLDER_TEST(the_hardest_episodes_are_recorded),
        cmocka_unit_test(best_round_is_significant),
        cmocka_unit_test(stalled_round_is_not_best),
        FOLDER_TEST(old_tables_of_rounds_are_read),
        FOLDER_TEST(round_continues_from_last_weights),
        FOLDER_TEST(weights_are_the_same_everywhere),
        FOLDER_TEST(patience_stops_dagger),
        FOLDER_TEST(bad_definitions_are_refused),
        FOLDER_TEST(take_overs_are_a_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
