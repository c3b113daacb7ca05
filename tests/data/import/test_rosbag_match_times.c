// Clocks that jump, stand still, differ or say nothing: no image is lost for that without a word,
// and every one gets the command of its own time.
#include "data/import/import_fixture.h"
#include "data/rosbag/bag_writer.h"

enum { WIDE = 16, HIGH = 12, STEPS = 20 };

#define MS UINT64_C(1000000)

static const uint64_t START = UINT64_C(1600000000) * 1000 * MS;

// When message k of a drive is sent and received [ms after the start].
typedef void clock_function(int k, int64_t *stamp, int64_t *received);

// Images every 50 ms, each just behind a command of the same number; topic by topic: first all
// images, then all commands.
typedef struct recorded_drive {
    clock_function *image, *command;
    bool by_topic;
} recorded_drive;

static uint64_t message_time_ns(int64_t ms)
{
    return START + (uint64_t)(ms * (int64_t)MS);
}

static void append_drive_image(byte_buffer *chunk, const recorded_drive *s, int k)
{
    int64_t stamp, received;
    s->image(k, &stamp, &received);
    put_image_at(chunk, 0, message_time_ns(received + 5),
                 stamp == INT64_MIN ? 0 : message_time_ns(stamp + 5), WIDE, HIGH, (uint8_t)(k + 1));
}

static void append_drive_command(byte_buffer *chunk, const recorded_drive *s, int k)
{
    int64_t stamp, received;
    s->command(k, &stamp, &received);
    put_command_at(chunk, 1, message_time_ns(received),
                   stamp == INT64_MIN ? 0 : message_time_ns(stamp), 0.01F * (float)(k + 1), 0.0F);
}

static void write_drive_bag(const char *path, const recorded_drive *s)
{
    byte_buffer *bag = byte_buffer_create(), *chunk = byte_buffer_create();
    put_start(bag, 0);
    put_connection(chunk, 0, "/a/camera_node/image_raw", "sensor_msgs/Image");
    put_connection(chunk, 1, "/a/wheels_driver_node/wheels_cmd",
                   "duckietown_msgs/WheelsCmdStamped");
    for (int k = 0; k < STEPS; k++) {
        if (!s->by_topic)
            append_drive_command(chunk, s, k);
        append_drive_image(chunk, s, k);
    }
    for (int k = 0; k < STEPS && s->by_topic; k++)
        append_drive_command(chunk, s, k);
    put_chunk(bag, chunk, "none");
    write_bag(path, bag);
    free(chunk);
    free(bag);
}

// Imports a drive; every image must have its own command, but for those that close episodes.
static void check_imported_drive(const char *scratch, const recorded_drive *s, int episodes,
                                 const char *told)
{
    char length[32];
    char path[PATH_MAX], folder[PATH_MAX];
    imp_import_summary summary;
    imp_import_def def = imp_default_import_def();
    in_folder(path, scratch, "x.bag");
    in_folder(folder, scratch, "data");
    write_drive_bag(path, s);
    def.width = WIDE;
    def.height = HIGH;
    imp_dataset *dataset = import_successfully(imp_import_rosbag, path, folder, &def, &summary);
    int images = 0;
    for (int e = 0; e < summary.episodes; e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        images += episode->steps + 1;
        for (int k = 0; k < episode->steps; k++) {
            const int number = episode->observations[(size_t)k * WIDE * HIGH * 3];
            if (fabs((double)episode->actions[2 * k] - 0.01 * number) > 1e-6)
                fail_msg("image %d has command %g", number,
                         100.0 * (double)episode->actions[2 * k]);
        }
    }
    int64_t left_out = 0;
    for (int k = 0; k < summary.reason_count; k++)
        left_out += summary.dropped[k].count;
    assert_int_equal(images + left_out, STEPS);
    assert_int_equal(summary.episodes, episodes);
    assert_int_equal(left_out, 0);
    assert_close(imp_dataset_get_info(dataset)->time_step, 0.05, 1e-9);
    if (told != NULL && !notes_contain(&summary, told))
        fail_msg("\"%s\" is not told: %s | %s", told, summary.notes[0], summary.notes[1]);
    if (told == NULL)
        assert_false(notes_contain(&summary, "receipt") || notes_contain(&summary, "new episode"));
    // jumps are no time that was driven
    snprintf(length, sizeof length, " %.1f s, ", 50.0 * (STEPS - episodes) / 1000.0);
    if (!notes_contain(&summary, length))
        fail_msg("the length is not \"%s\": %s | %s", length, summary.notes[0], summary.notes[1]);
    imp_dataset_close(dataset);
    remove_folder(folder);
}

static void check_both_message_orders(const char *scratch, recorded_drive s, int episodes,
                                      const char *told)
{
    for (int by_topic = 0; by_topic < 2; by_topic++) {
        s.by_topic = by_topic == 1;
        check_imported_drive(scratch, &s, episodes, told);
    }
}

static void steady_clocks(int k, int64_t *stamp, int64_t *received)
{
    *stamp = *received = 50 * k;
}

// Half way both clocks go back by three seconds, so that times come twice.
static void clocks_jump_back(int k, int64_t *stamp, int64_t *received)
{
    *stamp = *received = 50 * k - (k < STEPS / 2 ? 0 : 600);
}

static void clocks_jump_far_back(int k, int64_t *stamp, int64_t *received)
{
    *stamp = *received = 50 * k - (k < STEPS / 2 ? 0 : 86400000);
}

static void clocks_jump_twice(int k, int64_t *stamp, int64_t *received)
{
    *stamp = *received = 50 * k - 1000 * (k / 7);
}

static void clocks_jump_ahead(int k, int64_t *stamp, int64_t *received)
{
    *stamp = *received = 50 * k + (k < STEPS / 2 ? 0 : 7200000);
}

static void stamps_jump_back(int k, int64_t *stamp, int64_t *received)
{
    *received = 50 * k;
    *stamp = *received - (k < STEPS / 2 ? 0 : 5000);
}

static void stamps_jump_ahead(int k, int64_t *stamp, int64_t *received)
{
    *received = 50 * k;
    *stamp = *received + (k < STEPS / 2 ? 0 : 7200000);
}

static void receipt_jumps_back(int k, int64_t *stamp, int64_t *received)
{
    *stamp = 50 * k;
    *received = *stamp - (k < STEPS / 2 ? 0 : 3600000);
}

static void without_stamps(int k, int64_t *stamp, int64_t *received)
{
    *stamp = INT64_MIN;
    *received = 50 * k;
}

static void some_without_stamps(int k, int64_t *stamp, int64_t *received)
{
    *received = 50 * k;
    *stamp = k == 7 ? INT64_MIN : *received;
}

static void constant_stamps(int k, int64_t *stamp, int64_t *received)
{
    *received = 50 * k;
    *stamp = 0;
}

static void commands_use_another_clock(int k, int64_t *stamp, int64_t *received)
{
    *received = 50 * k;
    *stamp = *received - 86400000;
}

static void valid_stamps_are_used(void **state)
{
    check_both_message_orders(*state, (recorded_drive){steady_clocks, steady_clocks, false}, 1,
                              NULL);
    // a stamp says more than the receipt, also where the recorder's clock jumps
    check_both_message_orders(
        *state, (recorded_drive){receipt_jumps_back, receipt_jumps_back, false}, 1, NULL);
}

static void backward_jumps_end_episodes(void **state)
{
    static const char told[] = "jump back";
    check_both_message_orders(*state, (recorded_drive){clocks_jump_back, clocks_jump_back, false},
                              2, told);
    check_both_message_orders(
        *state, (recorded_drive){clocks_jump_far_back, clocks_jump_far_back, false}, 2, told);
    check_both_message_orders(*state, (recorded_drive){clocks_jump_twice, clocks_jump_twice, false},
                              3, told);
}

static void forward_jumps_end_episodes(void **state)
{
    check_both_message_orders(*state, (recorded_drive){clocks_jump_ahead, clocks_jump_ahead, false},
                              2, "the longest of 7200 s");
}

static void faulty_stamps_are_ignored(void **state)
{
    static const struct {
        clock_function *image, *command;
        const char *told;
    } cases[] = {
        {stamps_jump_back, stamps_jump_back, "jumps back"},
        {stamps_jump_back, steady_clocks, "jumps back"},
        {steady_clocks, stamps_jump_back, "wheels_cmd: the clock of its messages jumps back"},
        {stamps_jump_ahead, stamps_jump_ahead, "leaps ahead"},
        {without_stamps, without_stamps, "20 of its 20 messages have no time"},
        {without_stamps, commands_use_another_clock, "no time of their own"},
        {commands_use_another_clock, without_stamps, "no time of their own"},
        {some_without_stamps, steady_clocks, "1 of its 20 messages"},
        {constant_stamps, steady_clocks, "have the time of the one before"},
        {commands_use_another_clock, steady_clocks, "86400 s apart"},
        {steady_clocks, commands_use_another_clock, "86400 s apart"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const recorded_drive s = {cases[k].image, cases[k].command, false};
        check_both_message_orders(*state, s, 1, "goes by the times of receipt");
        check_both_message_orders(*state, s, 1, cases[k].told);
    }
}

// Only the images' clock goes back, and so do their times of receipt: then the order in the bag
// tells which belong together. Of the first ones behind the jump nothing is known.
static void message_order_pairs_commands(void **state)
{
    char path[PATH_MAX], folder[PATH_MAX];
    imp_import_summary summary;
    imp_import_def def = imp_default_import_def();
    const recorded_drive s = {clocks_jump_far_back, steady_clocks, false};
    in_folder(path, *state, "x.bag");
    in_folder(folder, *state, "data");
    write_drive_bag(path, &s);
    def.width = WIDE;
    def.height = HIGH;
    imp_dataset *dataset = import_successfully(imp_import_rosbag, path, folder, &def, &summary);
    assert_true(notes_contain(&summary, "the order in the bag"));
    assert_int_equal(summary.episodes, 2);
    assert_true(dropped(&summary, "images before the first command") <= 1);
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

// Single images out of their order, and one that comes twice, are left out and counted.
static void out_of_order_images_are_counted(void **state)
{
    static const int times[] = {0,   50,  100, 80,  150, 200, 200, 250, 300, 350, 400,  450,
                                500, 550, 600, 650, 700, 750, 800, 850, 900, 950, 1000, 1050};
    enum { COUNT = sizeof times / sizeof times[0] };
    char path[PATH_MAX], folder[PATH_MAX];
    imp_import_summary summary;
    imp_import_def def = imp_default_import_def();
    in_folder(path, *state, "x.bag");
    in_folder(folder, *state, "data");
    byte_buffer *bag = byte_buffer_create(), *chunk = byte_buffer_create();
    put_start(bag, 0);
    put_connection(chunk, 0, "/a/camera_node/image_raw", "sensor_msgs/Image");
    put_connection(chunk, 1, "/a/wheels_driver_node/wheels_cmd",
                   "duckietown_msgs/WheelsCmdStamped");
    put_command(chunk, 1, message_time_ns(0), 0.5F, 0.5F);
    put_command(chunk, 1, message_time_ns(500), 0.5F, 0.5F);
    for (int k = 0; k < COUNT; k++)
        put_image(chunk, 0, message_time_ns(times[k]), WIDE, HIGH, (uint8_t)(k + 1));
    put_chunk(bag, chunk, "none");
    write_bag(path, bag);
    free(chunk);
    free(bag);
    def.width = WIDE;
    def.height = HIGH;
    def.max_command_age = 0.6;
    imp_dataset *dataset = import_successfully(imp_import_rosbag, path, folder, &def, &summary);
    assert_int_equal(summary.episodes, 1);
    assert_int_equal(summary.steps, COUNT - 3);
    assert_int_equal(dropped(&summary, "images out of order"), 1);
    assert_int_equal(dropped(&summary, "images with the time of the one before"), 1);
    imp_dataset_close(dataset);
}

// Bags of cameras that are not equally fast keep their own time steps.
static void each_bag_has_its_time_step(void **state)
{
    char paths[2][PATH_MAX], folder[PATH_MAX];
    const char *const both[2] = {paths[0], paths[1]};
    imp_import_summary summary;
    imp_import_def def = imp_default_import_def();
    imp_error err = {0};
    imp_dataset *dataset;
    for (int b = 0; b < 2; b++) {
        byte_buffer *bag = byte_buffer_create(), *chunk = byte_buffer_create();
        in_folder(paths[b], *state, b == 0 ? "slow.bag" : "fast.bag");
        put_start(bag, 0);
        put_connection(chunk, 0, "/a/camera_node/image_raw", "sensor_msgs/Image");
        put_connection(chunk, 1, "/a/wheels_driver_node/wheels_cmd",
                       "duckietown_msgs/WheelsCmdStamped");
        put_command(chunk, 1, message_time_ns(0), 0.5F, 0.5F);
        for (int k = 0; k < 5; k++)
            put_image(chunk, 0, message_time_ns((b == 0 ? 100 : 40) * k), WIDE, HIGH, 3);
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
        SCRATCH_TEST(valid_stamps_are_used),        SCRATCH_TEST(backward_jumps_end_episodes),
        SCRATCH_TEST(forward_jumps_end_episodes),   SCRATCH_TEST(faulty_stamps_are_ignored),
        SCRATCH_TEST(message_order_pairs_commands), SCRATCH_TEST(out_of_order_images_are_counted),
        SCRATCH_TEST(each_bag_has_its_time_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
