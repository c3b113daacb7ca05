// Clocks that jump, stand still, differ or say nothing: no picture is lost for that without a word,
// and every one gets the command of its own time.
#include "logs/bag_writer.h"
#include "logs/fixture.h"

enum { WIDE = 16, HIGH = 12, STEPS = 20 };

#define MS UINT64_C(1000000)

static const uint64_t START = UINT64_C(1600000000) * 1000 * MS;

// When message k of a drive is sent and received [ms after the start].
typedef void clock_function(int k, int64_t *stamp, int64_t *received);

// Pictures every 50 ms, each just behind a command of the same number; topic by topic: first all
// pictures, then all commands.
typedef struct drive_script {
    clock_function *picture, *command;
    bool by_topic;
} drive_script;

static uint64_t at(int64_t ms)
{
    return START + (uint64_t)(ms * (int64_t)MS);
}

static void put_drive_picture(blob *chunk, const drive_script *s, int k)
{
    int64_t stamp, received;
    s->picture(k, &stamp, &received);
    put_image_at(chunk, 0, at(received + 5), stamp == INT64_MIN ? 0 : at(stamp + 5), WIDE, HIGH,
                 (uint8_t)(k + 1));
}

static void put_drive_command(blob *chunk, const drive_script *s, int k)
{
    int64_t stamp, received;
    s->command(k, &stamp, &received);
    put_command_at(chunk, 1, at(received), stamp == INT64_MIN ? 0 : at(stamp),
                   0.01F * (float)(k + 1), 0.0F);
}

static void write_drive(const char *path, const drive_script *s)
{
    blob *bag = blob_new(), *chunk = blob_new();
    put_start(bag, 0);
    put_connection(chunk, 0, "/a/camera_node/image_raw", "sensor_msgs/Image");
    put_connection(chunk, 1, "/a/wheels_driver_node/wheels_cmd",
                   "duckietown_msgs/WheelsCmdStamped");
    for (int k = 0; k < STEPS; k++) {
        if (!s->by_topic)
            put_drive_command(chunk, s, k);
        put_drive_picture(chunk, s, k);
    }
    for (int k = 0; k < STEPS && s->by_topic; k++)
        put_drive_command(chunk, s, k);
    put_chunk(bag, chunk, "none");
    write_bag(path, bag);
    free(chunk);
    free(bag);
}

// Imports a drive; every picture must have its own command, but for those that close episodes.
static void check_drive(const char *scratch, const drive_script *s, int episodes, const char *told)
{
    char length[32];
    char path[PATH_MAX], folder[PATH_MAX];
    imp_import_summary summary;
    imp_import_def def = imp_default_import_def();
    in_folder(path, scratch, "x.bag");
    in_folder(folder, scratch, "data");
    write_drive(path, s);
    def.width = WIDE;
    def.height = HIGH;
    imp_dataset *dataset = import_good(imp_import_rosbag, path, folder, &def, &summary);
    int pictures = 0;
    for (int e = 0; e < summary.episodes; e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        pictures += episode->steps + 1;
        for (int k = 0; k < episode->steps; k++) {
            const int number = episode->observations[(size_t)k * WIDE * HIGH * 3];
            if (fabs((double)episode->actions[2 * k] - 0.01 * number) > 1e-6)
                fail_msg("picture %d has command %g", number,
                         100.0 * (double)episode->actions[2 * k]);
        }
    }
    int64_t left_out = 0;
    for (int k = 0; k < summary.reason_count; k++)
        left_out += summary.dropped[k].count;
    assert_int_equal(pictures + left_out, STEPS);
    assert_int_equal(summary.episodes, episodes);
    assert_int_equal(left_out, 0);
    assert_close(imp_dataset_facts(dataset)->time_step, 0.05, 1e-9);
    if (told != NULL && !notes_tell(&summary, told))
        fail_msg("\"%s\" is not told: %s | %s", told, summary.notes[0], summary.notes[1]);
    if (told == NULL)
        assert_false(notes_tell(&summary, "receipt") || notes_tell(&summary, "new episode"));
    // jumps are no time that was driven
    snprintf(length, sizeof length, " %.1f s, ", 50.0 * (STEPS - episodes) / 1000.0);
    if (!notes_tell(&summary, length))
        fail_msg("the length is not \"%s\": %s | %s", length, summary.notes[0], summary.notes[1]);
    imp_dataset_close(dataset);
    remove_folder(folder);
}

static void check_both_orders(const char *scratch, drive_script s, int episodes, const char *told)
{
    for (int by_topic = 0; by_topic < 2; by_topic++) {
        s.by_topic = by_topic == 1;
        check_drive(scratch, &s, episodes, told);
    }
}

static void steady(int k, int64_t *stamp, int64_t *received)
{
    *stamp = *received = 50 * k;
}

// Half way both clocks go back by three seconds, so that times come twice.
static void both_back(int k, int64_t *stamp, int64_t *received)
{
    *stamp = *received = 50 * k - (k < STEPS / 2 ? 0 : 600);
}

static void both_far_back(int k, int64_t *stamp, int64_t *received)
{
    *stamp = *received = 50 * k - (k < STEPS / 2 ? 0 : 86400000);
}

static void both_twice(int k, int64_t *stamp, int64_t *received)
{
    *stamp = *received = 50 * k - 1000 * (k / 7);
}

static void both_ahead(int k, int64_t *stamp, int64_t *received)
{
    *stamp = *received = 50 * k + (k < STEPS / 2 ? 0 : 7200000);
}

static void stamp_back(int k, int64_t *stamp, int64_t *received)
{
    *received = 50 * k;
    *stamp = *received - (k < STEPS / 2 ? 0 : 5000);
}

static void stamp_ahead(int k, int64_t *stamp, int64_t *received)
{
    *received = 50 * k;
    *stamp = *received + (k < STEPS / 2 ? 0 : 7200000);
}

static void receipt_back(int k, int64_t *stamp, int64_t *received)
{
    *stamp = 50 * k;
    *received = *stamp - (k < STEPS / 2 ? 0 : 3600000);
}

static void without_stamps(int k, int64_t *stamp, int64_t *received)
{
    *stamp = INT64_MIN;
    *received = 50 * k;
}

static void some_without(int k, int64_t *stamp, int64_t *received)
{
    *received = 50 * k;
    *stamp = k == 7 ? INT64_MIN : *received;
}

static void stands_still(int k, int64_t *stamp, int64_t *received)
{
    *received = 50 * k;
    *stamp = 0;
}

static void another_clock(int k, int64_t *stamp, int64_t *received)
{
    *received = 50 * k;
    *stamp = *received - 86400000;
}

static void sound_clocks_are_left_alone(void **state)
{
    check_both_orders(*state, (drive_script){steady, steady, false}, 1, NULL);
    // a stamp says more than the receipt, also where the recorder's clock jumps
    check_both_orders(*state, (drive_script){receipt_back, receipt_back, false}, 1, NULL);
}

static void jumps_back_end_episodes(void **state)
{
    static const char told[] = "jump back";
    check_both_orders(*state, (drive_script){both_back, both_back, false}, 2, told);
    check_both_orders(*state, (drive_script){both_far_back, both_far_back, false}, 2, told);
    check_both_orders(*state, (drive_script){both_twice, both_twice, false}, 3, told);
}

static void leaps_ahead_end_episodes(void **state)
{
    check_both_orders(*state, (drive_script){both_ahead, both_ahead, false}, 2,
                      "the longest of 7200 s");
}

static void bad_stamps_are_not_used(void **state)
{
    static const struct {
        clock_function *picture, *command;
        const char *told;
    } cases[] = {
        {stamp_back, stamp_back, "jumps back"},
        {stamp_back, steady, "jumps back"},
        {steady, stamp_back, "wheels_cmd: the clock of its messages jumps back"},
        {stamp_ahead, stamp_ahead, "leaps ahead"},
        {without_stamps, without_stamps, "20 of its 20 messages have no time"},
        {without_stamps, another_clock, "no time of their own"},
        {another_clock, without_stamps, "no time of their own"},
        {some_without, steady, "1 of its 20 messages"},
        {stands_still, steady, "have the time of the one before"},
        {another_clock, steady, "86400 s apart"},
        {steady, another_clock, "86400 s apart"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const drive_script s = {cases[k].picture, cases[k].command, false};
        check_both_orders(*state, s, 1, "goes by the times of receipt");
        check_both_orders(*state, s, 1, cases[k].told);
    }
}

// Only the pictures' clock goes back, and so do their times of receipt: then the order in the bag
// tells which belong together. Of the first ones behind the jump nothing is known.
static void the_order_decides_where_clocks_part(void **state)
{
    char path[PATH_MAX], folder[PATH_MAX];
    imp_import_summary summary;
    imp_import_def def = imp_default_import_def();
    const drive_script s = {both_far_back, steady, false};
    in_folder(path, *state, "x.bag");
    in_folder(folder, *state, "data");
    write_drive(path, &s);
    def.width = WIDE;
    def.height = HIGH;
    imp_dataset *dataset = import_good(imp_import_rosbag, path, folder, &def, &summary);
    assert_true(notes_tell(&summary, "the order in the bag"));
    assert_int_equal(summary.episodes, 2);
    assert_true(dropped(&summary, "pictures before the first command") <= 1);
    for (int e = 0; e < 2; e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        for (int k = 0; k < episode->steps; k++) {
            const int number = episode->observations[(size_t)k * WIDE * HIGH * 3];
            const int command = (int)lround(100.0 * (double)episode->actions[2 * k]);
            assert_true(command == number || command == number + 1);
        }
    }
    imp_dataset_close(dataset);
}

// Single pictures out of their order, and one that comes twice, are left out and counted.
static void disorder_is_counted(void **state)
{
    static const int times[] = {0,   50,  100, 80,  150, 200, 200, 250, 300, 350, 400,  450,
                                500, 550, 600, 650, 700, 750, 800, 850, 900, 950, 1000, 1050};
    enum { COUNT = sizeof times / sizeof times[0] };
    char path[PATH_MAX], folder[PATH_MAX];
    imp_import_summary summary;
    imp_import_def def = imp_default_import_def();
    in_folder(path, *state, "x.bag");
    in_folder(folder, *state, "data");
    blob *bag = blob_new(), *chunk = blob_new();
    put_start(bag, 0);
    put_connection(chunk, 0, "/a/camera_node/image_raw", "sensor_msgs/Image");
    put_connection(chunk, 1, "/a/wheels_driver_node/wheels_cmd",
                   "duckietown_msgs/WheelsCmdStamped");
    put_command(chunk, 1, at(0), 0.5F, 0.5F);
    put_command(chunk, 1, at(500), 0.5F, 0.5F);
    for (int k = 0; k < COUNT; k++)
        put_image(chunk, 0, at(times[k]), WIDE, HIGH, (uint8_t)(k + 1));
    put_chunk(bag, chunk, "none");
    write_bag(path, bag);
    free(chunk);
    free(bag);
    def.width = WIDE;
    def.height = HIGH;
    def.command_age = 0.6;
    imp_dataset *dataset = import_good(imp_import_rosbag, path, folder, &def, &summary);
    assert_int_equal(summary.episodes, 1);
    assert_int_equal(summary.steps, COUNT - 3);
    assert_int_equal(dropped(&summary, "pictures out of order"), 1);
    assert_int_equal(dropped(&summary, "pictures with the time of the one before"), 1);
    imp_dataset_close(dataset);
}

// Bags of cameras that are not equally fast keep their own time steps.
static void every_bag_has_its_time_step(void **state)
{
    char paths[2][PATH_MAX], folder[PATH_MAX];
    const char *const both[2] = {paths[0], paths[1]};
    imp_import_summary summary;
    imp_import_def def = imp_default_import_def();
    imp_error err = {0};
    imp_dataset *dataset;
    for (int b = 0; b < 2; b++) {
        blob *bag = blob_new(), *chunk = blob_new();
        in_folder(paths[b], *state, b == 0 ? "slow.bag" : "fast.bag");
        put_start(bag, 0);
        put_connection(chunk, 0, "/a/camera_node/image_raw", "sensor_msgs/Image");
        put_connection(chunk, 1, "/a/wheels_driver_node/wheels_cmd",
                       "duckietown_msgs/WheelsCmdStamped");
        put_command(chunk, 1, at(0), 0.5F, 0.5F);
        for (int k = 0; k < 5; k++)
            put_image(chunk, 0, at((b == 0 ? 100 : 40) * k), WIDE, HIGH, 3);
        put_chunk(bag, chunk, "none");
        write_bag(paths[b], bag);
        free(chunk);
        free(bag);
    }
    in_folder(folder, *state, "data");
    def.width = WIDE;
    def.height = HIGH;
    assert_ok(imp_import_rosbag(&summary, both, 2, folder, &def, NULL, &err), err);
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    assert_close(imp_dataset_episode(dataset, 0)->time_step, 0.1, 1e-9);
    assert_close(imp_dataset_episode(dataset, 1)->time_step, 0.04, 1e-9);
    imp_dataset_close(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(sound_clocks_are_left_alone),
        SCRATCH_TEST(jumps_back_end_episodes),
        SCRATCH_TEST(leaps_ahead_end_episodes),
        SCRATCH_TEST(bad_stamps_are_not_used),
        SCRATCH_TEST(the_order_decides_where_clocks_part),
        SCRATCH_TEST(disorder_is_counted),
        SCRATCH_TEST(every_bag_has_its_time_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
