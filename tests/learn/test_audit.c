// Audits of datasets that are made so that it is known how far their labels follow from what.
#include "learn/learn_fixture.h"

#include <math.h>

#include "imprint/audit.h"

enum { WIDTH = 16, HEIGHT = 12, STEPS = 60, EPISODES = 60 };

// What the steering follows from.
typedef struct label_rule {
    double image, command, past, noise; // factors of numbers with variance 1
    bool commands;                      // whether the dataset holds commands
    int episodes;
    int width;
} label_rule;

// The arrays of an episode.
typedef struct episode_arrays {
    uint8_t images[(STEPS + 1) * HEIGHT * WIDTH * 2 * 3];
    float actions[STEPS][2], labels[STEPS][2], rewards[STEPS];
    double poses[STEPS + 1][3], lane[STEPS + 1][2];
    uint8_t terminations[STEPS], truncations[STEPS], commands[STEPS];
} episode_arrays;

// An image whose brightness tells a number from -1 to 1, and whose left half another one.
static void draw_image(uint8_t *out, int width, double told, double other)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < width; x++)
            for (int k = 0; k < 3; k++)
                *out++ = (uint8_t)lrint(128.0 + 80.0 * told + (x < width / 2 ? 30.0 * other : 0.0));
}

static double draw_unit(imp_random *random) // variance 1
{
    return imp_random_uniform(random, -sqrt(3.0), sqrt(3.0));
}

// Fills an episode whose labels follow the rule; positions are one straight way.
static imp_episode make_episode(episode_arrays *a, const label_rule *rule, int number)
{
    imp_random random = imp_random_stream(7, 0, (uint32_t)number, IMP_PURPOSE_TEST);
    memset(a, 0, sizeof *a);
    for (int t = 0; t <= STEPS; t++) {
        const double told = draw_unit(&random), other = draw_unit(&random);
        draw_image(a->images + (size_t)t * HEIGHT * (size_t)rule->width * 3, rule->width,
                   told / sqrt(3.0), other / sqrt(3.0));
        a->poses[t][0] = 0.3 + 0.01 * t;
        a->poses[t][1] = 0.3;
        a->lane[t][0] = 0.01;
        if (t == STEPS)
            break;
        const int turn = (int)imp_random_uniform_int(&random, 2); // left or right
        a->commands[t] = (uint8_t)(turn == 0 ? IMP_COMMAND_LEFT : IMP_COMMAND_RIGHT);
        // executed actions are chance; the label may follow the last one
        a->actions[t][0] = (float)(0.2 * draw_unit(&random));
        const double before = t > 0 ? (double)a->actions[t - 1][0] / 0.2 : 0.0;
        const double steering = rule->image * told + rule->command * (turn == 0 ? 1.0 : -1.0) +
                                rule->past * before + rule->noise * draw_unit(&random);
        a->labels[t][0] = (float)(0.4 - 0.05 * steering);
        a->labels[t][1] = (float)(0.4 + 0.05 * steering);
    }
    a->truncations[STEPS - 1] = 1;
    return (imp_episode){.steps = STEPS,
                         .observations = a->images,
                         .actions = a->actions[0],
                         .expert_actions = a->labels[0],
                         .poses = a->poses[0],
                         .lane = a->lane[0],
                         .rewards = a->rewards,
                         .terminations = a->terminations,
                         .truncations = a->truncations,
                         .seed = 7,
                         .number = (uint32_t)number,
                         .map = "loop_empty",
                         .commands = rule->commands ? a->commands : NULL};
}

// Writes a dataset by a rule and opens it.
static imp_dataset *open_dataset(const char *name, const label_rule *rule)
{
    imp_error err = {0};
    imp_dataset_writer *writer;
    imp_dataset *dataset;
    int written;
    char *path = path_of(name);
    episode_arrays *arrays = malloc(sizeof *arrays);
    assert_non_null(arrays);
    imp_dataset_info info = {.width = rule->width, .height = HEIGHT, .time_step = 1.0 / 30.0};
    strcpy(info.map, "loop_empty");
    strcpy(info.lens, "none");
    strcpy(info.policy, "expert");
    strcpy(info.settings, "{}");
    assert_ok(imp_dataset_writer_create(&writer, path, &info, false, &written, &err), err);
    for (int e = 0; e < rule->episodes; e++) {
        const imp_episode episode = make_episode(arrays, rule, e);
        assert_ok(imp_dataset_writer_add(writer, &episode, &err), err);
    }
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    free(arrays);
    assert_ok(imp_dataset_open(&dataset, path, &err), err);
    free(path);
    return dataset;
}

static imp_audit audit_rule(const char *name, label_rule rule, int threads)
{
    imp_error err = {0};
    imp_audit audit;
    imp_audit_def def = imp_default_audit_def();
    def.frames = 2000;
    def.queries = 600;
    def.threads = threads;
    rule.episodes = EPISODES;
    rule.width = WIDTH;
    imp_dataset *dataset = open_dataset(name, &rule);
    assert_ok(imp_audit_run(&audit, &dataset, 1, &def, NULL, &err), err);
    imp_dataset_close(dataset);
    return audit;
}

static double open_share(const imp_audit *audit, int input)
{
    assert_true(audit->rows[input].known);
    return audit->rows[input].unexplained[IMP_AUDIT_STEERING].value;
}

static void assert_within(double value, double low, double high)
{
    if (!(value >= low && value <= high))
        fail_msg("%g is not within %g to %g", value, low, high);
}

// The image tells nine tenths of the variance: one tenth stays open, whatever else is known.
static void images_tell_their_part(void **state)
{
    (void)state;
    imp_audit audit = audit_rule("image", (label_rule){.image = 3.0, .noise = 1.0}, 2);
    assert_within(open_share(&audit, IMP_AUDIT_IMAGE), 0.08, 0.13);
    assert_within(open_share(&audit, IMP_AUDIT_ACTIONS), 0.08, 0.16);
    assert_false(audit.rows[IMP_AUDIT_COMMAND].known);
    assert_false(audit.rows[IMP_AUDIT_COMMAND_ACTIONS].known);
    // the interval of an honest estimate holds the truth
    const imp_estimate share = audit.rows[IMP_AUDIT_IMAGE].unexplained[IMP_AUDIT_STEERING];
    assert_true(share.low < 0.11 && share.high > 0.09);
    // 0.05 times the root of 10, and of the 1 that is left
    assert_within(audit.deviation[IMP_AUDIT_ANYWHERE][IMP_AUDIT_STEERING], 0.15, 0.166);
    assert_within(audit.rows[IMP_AUDIT_IMAGE].spread[IMP_AUDIT_ANYWHERE][IMP_AUDIT_STEERING], 0.045,
                  0.058);
    // the drive is constant: there is no variance to explain
    assert_true(isnan(audit.rows[IMP_AUDIT_IMAGE].unexplained[IMP_AUDIT_DRIVE].value));
    assert_int_equal(audit.frames, 2000);
    assert_int_equal(audit.queries, 600);
    imp_audit_free(&audit);
}

// Labels of pure chance stay open.
static void chance_stays_open(void **state)
{
    (void)state;
    imp_audit audit = audit_rule("chance", (label_rule){.noise = 1.0}, 2);
    assert_within(open_share(&audit, IMP_AUDIT_IMAGE), 0.9, 1.1);
    assert_within(open_share(&audit, IMP_AUDIT_EVERYTHING), 0.9, 1.1);
    imp_audit_free(&audit);
}

// A command tells four fifths, the image one fifth.
static void commands_tell_their_part(void **state)
{
    (void)state;
    imp_audit audit =
        audit_rule("command", (label_rule){.image = 1.0, .command = 2.0, .commands = true}, 2);
    assert_within(open_share(&audit, IMP_AUDIT_IMAGE), 0.75, 0.9);
    assert_within(open_share(&audit, IMP_AUDIT_COMMAND), 0.0, 0.05);
    assert_within(open_share(&audit, IMP_AUDIT_EARLIER_300), 0.75, 1.0);
    assert_int_equal(audit.situation_queries[IMP_AUDIT_COMMANDED], audit.queries);
    imp_audit_free(&audit);
}

// The last action tells everything.
static void past_actions_tell_their_part(void **state)
{
    (void)state;
    imp_audit audit = audit_rule("past", (label_rule){.past = 1.0}, 2);
    assert_within(open_share(&audit, IMP_AUDIT_IMAGE), 0.9, 1.1);
    assert_within(open_share(&audit, IMP_AUDIT_ACTIONS), 0.0, 0.1);
    imp_audit_free(&audit);
}

// Frames that look alike and differ are from different episodes, the worst first, one an episode.
static void pairs_are_alike_and_differ(void **state)
{
    (void)state;
    imp_audit audit = audit_rule("pairs", (label_rule){.command = 1.0, .commands = true}, 2);
    assert_int_equal(audit.pair_count, IMP_AUDIT_PAIRS_MAX);
    for (int k = 0; k < audit.pair_count; k++) {
        const imp_audit_pair *pair = &audit.pairs[k];
        assert_int_not_equal(pair->episode[0], pair->episode[1]);
        // left against right: 0.05 against -0.05
        assert_within(pair->difference, 0.0999, 0.1001);
        for (int n = 0; n < k; n++)
            assert_int_not_equal(audit.pairs[n].episode[0], pair->episode[0]);
    }
    imp_audit_free(&audit);
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    const label_rule rule = {.image = 1.0, .command = 1.0, .noise = 1.0, .commands = true};
    imp_audit one = audit_rule("one", rule, 1), three = audit_rule("three", rule, 3);
    assert_memory_equal(one.rows, three.rows, sizeof one.rows);
    assert_memory_equal(one.pairs, three.pairs, sizeof one.pairs);
    imp_audit_free(&one);
    imp_audit_free(&three);
}

static void what_cannot_be_audited_is_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_audit audit;
    imp_audit_def def = imp_default_audit_def();
    label_rule rule = {.image = 1.0, .episodes = 5, .width = WIDTH};
    imp_dataset *few = open_dataset("few", &rule);
    assert_int_equal(imp_audit_run(&audit, &few, 1, &def, NULL, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "5 of 5 episodes can be compared"));
    // images of two sizes
    rule.width = 2 * WIDTH;
    imp_dataset *both[2] = {few, open_dataset("wide", &rule)};
    assert_int_equal(imp_audit_run(&audit, both, 2, &def, NULL, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "16x12 and of 32x12"));
    // numbers out of range
    def.neighbours = 1;
    assert_int_equal(imp_audit_run(&audit, &few, 1, &def, NULL, &err), IMP_USAGE);
    def = imp_default_audit_def();
    def.queries = def.frames + 1;
    assert_int_equal(imp_audit_run(&audit, &few, 1, &def, NULL, &err), IMP_USAGE);
    // interrupted
    stopper stop = {.stop_at = 1};
    const imp_monitor monitor = stopping_monitor(&stop);
    def = imp_default_audit_def();
    rule.episodes = 6;
    imp_dataset *enough = open_dataset("enough", &rule);
    assert_int_equal(imp_audit_run(&audit, &enough, 1, &def, &monitor, &err), IMP_INTERRUPTED);
    assert_null(audit.places);
    imp_dataset_close(few);
    imp_dataset_close(both[1]);
    imp_dataset_close(enough);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(images_tell_their_part, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(chance_stays_open, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(commands_tell_their_part, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(past_actions_tell_their_part, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(pairs_are_alike_and_differ, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(threads_do_not_matter, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_audited_is_refused, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
