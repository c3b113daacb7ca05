// A robot's images go with the same robot's commands, and with its own camera's calibration.
#include "data/import/import_fixture.h"
#include "data/rosbag/bag_writer.h"

#include "data/import/rosbag_scan.h"

enum { WIDE = 16, HIGH = 12, TOPICS = 8 };

#define MS UINT64_C(1000000)
#define IMAGE "sensor_msgs/Image"
#define COMPRESSED "sensor_msgs/CompressedImage"
#define WHEELS "duckietown_msgs/WheelsCmdStamped"
#define CAR "duckietown_msgs/Twist2DStamped"
#define INFO "sensor_msgs/CameraInfo"

static const uint64_t START = UINT64_C(1600000000) * 1000 * MS;

// A topic with so many messages, 50 ms apart. Images are full of its number, commands of a tenth
// of it, calibrations have it as a hundredth of their first coefficient.
typedef struct test_topic {
    const char *topic, *type;
    int count;
} test_topic;

static void append_messages(byte_buffer *chunk, uint32_t number, const test_topic *s, uint64_t ns)
{
    if (strcmp(s->type, IMAGE) == 0)
        put_image(chunk, number, ns, WIDE, HIGH, (uint8_t)(number + 1));
    else if (strcmp(s->type, INFO) == 0)
        put_camera_info(chunk, number, ns, -0.01 * (double)(number + 1));
    else if (strcmp(s->type, COMPRESSED) == 0)
        put_compressed(chunk, number, ns, "\xff\xd8 and no more", 15);
    else
        put_command(chunk, number, ns, 0.1F * (float)(number + 1), 0.0F);
}

static void write_topics_bag(const char *path, const test_topic *test_topics)
{
    byte_buffer *bag = byte_buffer_create(), *chunk = byte_buffer_create();
    put_start(bag, 0);
    for (uint32_t k = 0; k < TOPICS && test_topics[k].topic != NULL; k++)
        put_connection(chunk, k, test_topics[k].topic, test_topics[k].type);
    for (int at = 0; at < 20; at++)
        for (uint32_t k = 0; k < TOPICS && test_topics[k].topic != NULL; k++)
            if (at < test_topics[k].count)
                append_messages(chunk, k, &test_topics[k], START + (uint64_t)at * 50 * MS + k);
    put_chunk(bag, chunk, "none");
    write_bag(path, bag);
    free(chunk);
    free(bag);
}

// What is imported of a bag, or why it is refused.
typedef struct import_outcome {
    imp_status status;
    int image, command; // numbers of their topics, from 0; -1 if nothing was imported
    char lens[32];
    imp_import_summary summary;
    imp_error err;
} import_outcome;

static import_outcome import_topics(const char *scratch, const test_topic *test_topics,
                                    const char *robot, const char *camera, const char *commands)
{
    char path[PATH_MAX], folder[PATH_MAX];
    const char *paths[1] = {path};
    import_outcome o = {.image = -1, .command = -1};
    in_folder(path, scratch, "x.bag");
    in_folder(folder, scratch, "data");
    write_topics_bag(path, test_topics);
    imp_import_def def = imp_default_import_def();
    def.width = WIDE;
    def.height = HIGH;
    def.robot = robot;
    def.camera_topic = camera;
    def.command_topic = commands;
    o.status = imp_import_rosbag(&o.summary, paths, 1, folder, &def, NULL, &o.err);
    if (o.status != IMP_OK) {
        assert_no_dataset_left(folder);
        return o;
    }
    imp_dataset *dataset;
    assert_ok(imp_dataset_open(&dataset, folder, &o.err), o.err);
    const imp_episode *episode = imp_dataset_episode(dataset, 0);
    o.image = episode->observations[0] - 1;
    o.command = (int)lround(10.0 * (double)episode->actions[0]) - 1;
    snprintf(o.lens, sizeof o.lens, "%s", imp_dataset_get_info(dataset)->lens);
    imp_dataset_close(dataset);
    remove_folder(folder);
    return o;
}

static void assert_selected_topics(const import_outcome *o, int image, int command)
{
    if (o->status != IMP_OK)
        fail_msg("refused: %s", o->err.message);
    if (o->image != image || o->command != command)
        fail_msg("topics %d and %d, wanted %d and %d", o->image, o->command, image, command);
}

static void assert_refused(const import_outcome *o, const char *const *says, int count)
{
    assert_int_equal(o->status, IMP_BAD_INPUT);
    for (int k = 0; k < count; k++)
        if (strstr(o->err.message, says[k]) == NULL)
            fail_msg("\"%s\" does not tell \"%s\"", o->err.message, says[k]);
}

// One has most of the images, the other most of the commands.
static const test_topic TWO[TOPICS] = {{"/a/camera_node/image_raw", IMAGE, 12},
                                       {"/a/wheels_driver_node/wheels_cmd", WHEELS, 6},
                                       {"/b/camera_node/image_raw", IMAGE, 6},
                                       {"/b/wheels_driver_node/wheels_cmd", WHEELS, 12}};

static void robots_are_never_mixed(void **state)
{
    static const char *const told[] = {"a (12 images, 6 commands)", "b (6 images, 12 commands)"};
    import_outcome o = import_topics(*state, TWO, NULL, NULL, NULL);
    assert_refused(&o, told, 2);
    assert_int_equal(o.err.hint, IMP_HINT_ROBOT);
    o = import_topics(*state, TWO, "a", NULL, NULL);
    assert_selected_topics(&o, 0, 1);
    assert_true(notes_contain(&o.summary, "b (6 images, 12 commands) is not"));
    o = import_topics(*state, TWO, "/b", NULL, NULL);
    assert_selected_topics(&o, 2, 3);
    o = import_topics(*state, TWO, "c", NULL, NULL);
    assert_refused(&o, told, 2);
    // what one names decides for the other
    o = import_topics(*state, TWO, NULL, "/a/camera_node/image_raw", NULL);
    assert_selected_topics(&o, 0, 1);
    o = import_topics(*state, TWO, NULL, NULL, "/b/wheels_driver_node/wheels_cmd");
    assert_selected_topics(&o, 2, 3);
    // whoever names both gets both, and is told
    o = import_topics(*state, TWO, NULL, "/a/camera_node/image_raw",
                      "/b/wheels_driver_node/wheels_cmd");
    assert_selected_topics(&o, 0, 3);
    assert_true(notes_contain(&o.summary, "warning: the images are of robot a, the commands of "
                                          "robot b"));
    o = import_topics(*state, TWO, "a", "/b/camera_node/image_raw", NULL);
    assert_int_equal(o.status, IMP_USAGE);
}

static void incomplete_robots_are_refused(void **state)
{
    static const test_topic only_a[TOPICS] = {{"/b/camera_node/image_raw", IMAGE, 15},
                                              {"/a/camera_node/image_raw", IMAGE, 5},
                                              {"/a/wheels_driver_node/wheels_cmd", WHEELS, 5}};
    import_outcome o = import_topics(*state, only_a, NULL, NULL, NULL);
    assert_selected_topics(&o, 1, 2);
    assert_true(notes_contain(&o.summary, "b (15 images, 0 commands) is not"));
    static const char *const told[] = {"/b/camera_node/image_raw is of robot b", "no commands"};
    o = import_topics(*state, only_a, NULL, "/b/camera_node/image_raw", NULL);
    assert_refused(&o, told, 2);
    static const test_topic apart[TOPICS] = {{"/a/camera_node/image_raw", IMAGE, 5},
                                             {"/b/wheels_driver_node/wheels_cmd", WHEELS, 5}};
    static const char *const both[] = {"of no robot both", "a (5 images, 0 commands)",
                                       "b (0 images, 5 commands)"};
    o = import_topics(*state, apart, NULL, NULL, NULL);
    assert_refused(&o, both, 3);
}

// Names as other people's robots have them.
static void robots_are_found_by_topic_name(void **state)
{
    static const struct {
        test_topic test_topics[TOPICS];
        int image, command; // -1: refused
    } cases[] = {
        // no robot is named
        {{{"/camera/image", IMAGE, 5}, {"/wheels", WHEELS, 5}}, 0, 1},
        {{{"/image", IMAGE, 5}, {"/wheels_cmd", WHEELS, 5}}, 0, 1},
        {{{"/camera_node/image", IMAGE, 5}, {"/wheels_driver_node/wheels_cmd", WHEELS, 5}}, 0, 1},
        {{{"/usb_cam/image_raw", IMAGE, 5}, {"/joy/car_cmd", CAR, 5}}, 0, -2},
        // one is, by one of them
        {{{"/a/image", IMAGE, 5}, {"/wheels_cmd", WHEELS, 5}}, 0, 1},
        // short names
        {{{"/a/image", IMAGE, 5}, {"/b/wheels_cmd", WHEELS, 9}, {"/a/wheels_cmd", WHEELS, 5}},
         0,
         2},
        {{{"/a/image", IMAGE, 5}, {"/b/wheels_cmd", WHEELS, 5}}, -1, -1},
        // within a fleet
        {{{"/fleet/a/camera_node/image", IMAGE, 5},
          {"/fleet/b/wheels_driver_node/wheels_cmd", WHEELS, 5}},
         -1,
         -1},
        {{{"/fleet/a/camera_node/image", IMAGE, 5},
          {"/fleet/b/wheels_driver_node/wheels_cmd", WHEELS, 9},
          {"/fleet/a/wheels_driver_node/wheels_cmd", WHEELS, 5}},
         0,
         2},
        // a node without the word, of a robot that other nodes name
        {{{"/fleet/a/camera_node/image", IMAGE, 5},
          {"/fleet/b/camera_node/image", INFO, 1},
          {"/fleet/b/driver/wheels_cmd", WHEELS, 9},
          {"/fleet/a/driver/wheels_cmd", WHEELS, 5}},
         0,
         3},
        // a part of a robot
        {{{"/a/front/camera_node/image", IMAGE, 5},
          {"/a/wheels_driver_node/wheels_cmd", WHEELS, 5}},
         0,
         1},
        // a name that begins like another one
        {{{"/a/camera_node/image", IMAGE, 5},
          {"/ab/wheels_driver_node/wheels_cmd", WHEELS, 9},
          {"/a/wheels_driver_node/wheels_cmd", WHEELS, 5}},
         0,
         2},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const import_outcome o = import_topics(*state, cases[k].test_topics, NULL, NULL, NULL);
        const bool good = cases[k].image < 0
                              ? o.status == IMP_BAD_INPUT
                              : o.status == IMP_OK && o.image == cases[k].image &&
                                    (cases[k].command == -2 || o.command == cases[k].command);
        if (!good)
            fail_msg("case %zu: %d, topics %d and %d: %s", k, (int)o.status, o.image, o.command,
                     o.err.message);
    }
}

// Of several topics of one robot it is told which is used, and why.
static void topic_choice_is_noted(void **state)
{
    static const test_topic several[TOPICS] = {
        {"/a/left_camera_node/image_raw", IMAGE, 5},
        {"/a/right_camera_node/image_raw", IMAGE, 9},
        {"/a/car_cmd_switch_node/cmd", CAR, 19},
        {"/a/wheels_driver_node/wheels_cmd", WHEELS, 7},
        {"/a/wheels_driver_node/wheels_cmd_executed", WHEELS, 9},
    };
    import_outcome o = import_topics(*state, several, NULL, NULL, NULL);
    assert_selected_topics(&o, 1, 4);
    assert_true(notes_contain(&o.summary,
                              "of 2 topics of images, /a/right_camera_node/image_raw is "
                              "used: it has the most"));
    assert_true(notes_contain(&o.summary, "of 3 topics of commands"));
    o = import_topics(*state, several, NULL, NULL, "/a/car_cmd_switch_node/cmd");
    assert_false(notes_contain(&o.summary, "topics of commands"));
    assert_true(notes_contain(&o.summary, "by gain 1 and trim 0"));
    static const test_topic kinds[TOPICS] = {{"/a/camera_node/image_raw", IMAGE, 5},
                                             {"/a/car_cmd_switch_node/cmd", CAR, 19},
                                             {"/a/wheels_driver_node/wheels_cmd", WHEELS, 7}};
    o = import_topics(*state, kinds, NULL, NULL, NULL);
    assert_selected_topics(&o, 0, 2);
    assert_true(notes_contain(&o.summary, "it is of wheel commands"));
}

// The calibration that a survey finds, as the number of its topic; -1 for none.
static int find_calibration_topic(const char *scratch, const test_topic *test_topics)
{
    char path[PATH_MAX];
    size_t length;
    imp_error err = {0};
    imp_rosbag bag;
    imp_rosbag_scan scan;
    imp_import_summary summary = {0};
    const imp_import_def def = imp_default_import_def();
    in_folder(path, scratch, "x.bag");
    write_topics_bag(path, test_topics);
    char *bytes = read_whole_file(path, &length);
    assert_ok(imp_rosbag_open(&bag, (uint8_t *)bytes, length, path, &err), err);
    assert_ok(imp_rosbag_scan_create(&scan, &bag, &def, &summary, NULL, &err), err);
    const int found =
        scan.has_calibration ? (int)lround(-100.0 * scan.calibration.lens.k1) - 1 : -1;
    imp_rosbag_scan_free(&scan);
    imp_rosbag_close(&bag);
    free(bytes);
    return found;
}

static void calibration_matches_the_camera(void **state)
{
#define A                                                                                          \
    {"/a/camera_node/image_raw", IMAGE, 5},                                                        \
    {                                                                                              \
        "/a/wheels_driver_node/wheels_cmd", WHEELS, 5                                              \
    }
    static const struct {
        test_topic test_topics[TOPICS];
        int found;
    } cases[] = {
        {{A}, -1},
        {{A, {"/a/camera_node/camera_info", INFO, 1}}, 2},
        {{A, {"/b/camera_node/camera_info", INFO, 9}}, -1},
        {{A, {"/b/camera_node/camera_info", INFO, 9}, {"/a/camera_node/camera_info", INFO, 1}}, 3},
        {{A, {"/a/camera_info", INFO, 1}}, 2},
        {{A, {"/a/calibration_node/camera_info", INFO, 1}}, 2},
        {{A, {"/camera_info", INFO, 1}}, 2},
        // of the other of two cameras
        {{A, {"/a/rear_node/camera_info", INFO, 1}, {"/a/rear_node/image_raw", IMAGE, 3}}, -1},
        {{A,
          {"/a/rear_node/camera_info", INFO, 1},
          {"/a/rear_node/image_raw", IMAGE, 3},
          {"/a/camera_node/camera_info", INFO, 1}},
         4},
    };
#undef A
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const int found = find_calibration_topic(*state, cases[k].test_topics);
        if (found != cases[k].found)
            fail_msg("case %zu: calibration of topic %d, wanted %d", k, found, cases[k].found);
        const import_outcome o = import_topics(*state, cases[k].test_topics, NULL, NULL, NULL);
        assert_string_equal(o.lens, found < 0 ? "unknown" : "calibrated");
        assert_int_equal(notes_contain(&o.summary, "holds no calibration of this camera"),
                         found < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(robots_are_never_mixed),         SCRATCH_TEST(incomplete_robots_are_refused),
        SCRATCH_TEST(robots_are_found_by_topic_name), SCRATCH_TEST(topic_choice_is_noted),
        SCRATCH_TEST(calibration_matches_the_camera),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
