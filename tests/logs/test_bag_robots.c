// A robot's pictures go with the same robot's commands, and with its own camera's calibration.
#include "logs/bag_writer.h"
#include "logs/fixture.h"

#include "logs/bag_survey.h"

enum { WIDE = 16, HIGH = 12, TOPICS = 8 };

#define MS UINT64_C(1000000)
#define IMAGE "sensor_msgs/Image"
#define COMPRESSED "sensor_msgs/CompressedImage"
#define WHEELS "duckietown_msgs/WheelsCmdStamped"
#define CAR "duckietown_msgs/Twist2DStamped"
#define INFO "sensor_msgs/CameraInfo"

static const uint64_t START = UINT64_C(1600000000) * 1000 * MS;

// A topic with so many messages, 50 ms apart. Pictures are full of its number, commands of a tenth
// of it, calibrations have it as a hundredth of their first coefficient.
typedef struct speaker {
    const char *topic, *type;
    int count;
} speaker;

static void say(blob *chunk, uint32_t number, const speaker *s, uint64_t ns)
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

static void write_speakers(const char *path, const speaker *speakers)
{
    blob *bag = blob_new(), *chunk = blob_new();
    put_start(bag, 0);
    for (uint32_t k = 0; k < TOPICS && speakers[k].topic != NULL; k++)
        put_connection(chunk, k, speakers[k].topic, speakers[k].type);
    for (int at = 0; at < 20; at++)
        for (uint32_t k = 0; k < TOPICS && speakers[k].topic != NULL; k++)
            if (at < speakers[k].count)
                say(chunk, k, &speakers[k], START + (uint64_t)at * 50 * MS + k);
    put_chunk(bag, chunk, "none");
    write_bag(path, bag);
    free(chunk);
    free(bag);
}

// What is imported of a bag, or why it is refused.
typedef struct outcome {
    imp_status status;
    int picture, command; // numbers of their topics, from 0; -1 if nothing was imported
    char lens[32];
    imp_import_summary summary;
    imp_error err;
} outcome;

static outcome import(const char *scratch, const speaker *speakers, const char *robot,
                      const char *camera, const char *commands)
{
    char path[PATH_MAX], folder[PATH_MAX];
    const char *paths[1] = {path};
    outcome o = {.picture = -1, .command = -1};
    in_folder(path, scratch, "x.bag");
    in_folder(folder, scratch, "data");
    write_speakers(path, speakers);
    imp_import_def def = imp_default_import_def();
    def.width = WIDE;
    def.height = HIGH;
    def.robot = robot;
    def.camera_topic = camera;
    def.command_topic = commands;
    o.status = imp_import_rosbag(&o.summary, paths, 1, folder, &def, NULL, &o.err);
    if (o.status != IMP_OK) {
        assert_nothing(folder);
        return o;
    }
    imp_dataset *dataset;
    assert_ok(imp_dataset_open(&dataset, folder, &o.err), o.err);
    const imp_episode *episode = imp_dataset_episode(dataset, 0);
    o.picture = episode->observations[0] - 1;
    o.command = (int)lround(10.0 * (double)episode->actions[0]) - 1;
    snprintf(o.lens, sizeof o.lens, "%s", imp_dataset_facts(dataset)->lens);
    imp_dataset_close(dataset);
    remove_folder(folder);
    return o;
}

static void assert_pair(const outcome *o, int picture, int command)
{
    if (o->status != IMP_OK)
        fail_msg("refused: %s", o->err.message);
    if (o->picture != picture || o->command != command)
        fail_msg("topics %d and %d, wanted %d and %d", o->picture, o->command, picture, command);
}

static void assert_refused(const outcome *o, const char *const *says, int count)
{
    assert_int_equal(o->status, IMP_BAD_INPUT);
    for (int k = 0; k < count; k++)
        if (strstr(o->err.message, says[k]) == NULL)
            fail_msg("\"%s\" does not tell \"%s\"", o->err.message, says[k]);
}

// One has most of the pictures, the other most of the commands.
static const speaker TWO[TOPICS] = {{"/a/camera_node/image_raw", IMAGE, 12},
                                    {"/a/wheels_driver_node/wheels_cmd", WHEELS, 6},
                                    {"/b/camera_node/image_raw", IMAGE, 6},
                                    {"/b/wheels_driver_node/wheels_cmd", WHEELS, 12}};

static void two_robots_are_never_mixed(void **state)
{
    static const char *const told[] = {"a (12 pictures, 6 commands)", "b (6 pictures, 12 commands)",
                                       "--robot"};
    outcome o = import(*state, TWO, NULL, NULL, NULL);
    assert_refused(&o, told, 3);
    o = import(*state, TWO, "a", NULL, NULL);
    assert_pair(&o, 0, 1);
    assert_true(notes_tell(&o.summary, "b (6 pictures, 12 commands) is not"));
    o = import(*state, TWO, "/b", NULL, NULL);
    assert_pair(&o, 2, 3);
    o = import(*state, TWO, "c", NULL, NULL);
    assert_refused(&o, told, 2);
    // what one names decides for the other
    o = import(*state, TWO, NULL, "/a/camera_node/image_raw", NULL);
    assert_pair(&o, 0, 1);
    o = import(*state, TWO, NULL, NULL, "/b/wheels_driver_node/wheels_cmd");
    assert_pair(&o, 2, 3);
    // whoever names both gets both, and is told
    o = import(*state, TWO, NULL, "/a/camera_node/image_raw", "/b/wheels_driver_node/wheels_cmd");
    assert_pair(&o, 0, 3);
    assert_true(notes_tell(&o.summary, "warning: the pictures are of robot a, the commands of "
                                       "robot b"));
    o = import(*state, TWO, "a", "/b/camera_node/image_raw", NULL);
    assert_int_equal(o.status, IMP_USAGE);
}

static void a_robot_that_lacks_something(void **state)
{
    static const speaker only_a[TOPICS] = {{"/b/camera_node/image_raw", IMAGE, 15},
                                           {"/a/camera_node/image_raw", IMAGE, 5},
                                           {"/a/wheels_driver_node/wheels_cmd", WHEELS, 5}};
    outcome o = import(*state, only_a, NULL, NULL, NULL);
    assert_pair(&o, 1, 2);
    assert_true(notes_tell(&o.summary, "b (15 pictures, 0 commands) is not"));
    static const char *const told[] = {"/b/camera_node/image_raw is of robot b", "no commands"};
    o = import(*state, only_a, NULL, "/b/camera_node/image_raw", NULL);
    assert_refused(&o, told, 2);
    static const speaker apart[TOPICS] = {{"/a/camera_node/image_raw", IMAGE, 5},
                                          {"/b/wheels_driver_node/wheels_cmd", WHEELS, 5}};
    static const char *const both[] = {"of no robot both", "a (5 pictures, 0 commands)",
                                       "b (0 pictures, 5 commands)"};
    o = import(*state, apart, NULL, NULL, NULL);
    assert_refused(&o, both, 3);
}

// Names as other people's robots have them.
static void whose_a_topic_is(void **state)
{
    static const struct {
        speaker speakers[TOPICS];
        int picture, command; // -1: refused
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
        const outcome o = import(*state, cases[k].speakers, NULL, NULL, NULL);
        const bool good = cases[k].picture < 0
                              ? o.status == IMP_BAD_INPUT
                              : o.status == IMP_OK && o.picture == cases[k].picture &&
                                    (cases[k].command == -2 || o.command == cases[k].command);
        if (!good)
            fail_msg("case %zu: %d, topics %d and %d: %s", k, (int)o.status, o.picture, o.command,
                     o.err.message);
    }
}

// Of several topics of one robot it is told which is used, and why.
static void the_choice_is_told(void **state)
{
    static const speaker several[TOPICS] = {
        {"/a/left_camera_node/image_raw", IMAGE, 5},
        {"/a/right_camera_node/image_raw", IMAGE, 9},
        {"/a/car_cmd_switch_node/cmd", CAR, 19},
        {"/a/wheels_driver_node/wheels_cmd", WHEELS, 7},
        {"/a/wheels_driver_node/wheels_cmd_executed", WHEELS, 9},
    };
    outcome o = import(*state, several, NULL, NULL, NULL);
    assert_pair(&o, 1, 4);
    assert_true(notes_tell(&o.summary, "of 2 topics of pictures, /a/right_camera_node/image_raw is "
                                       "used: it has the most"));
    assert_true(notes_tell(&o.summary, "of 3 topics of commands"));
    o = import(*state, several, NULL, NULL, "/a/car_cmd_switch_node/cmd");
    assert_false(notes_tell(&o.summary, "topics of commands"));
    assert_true(notes_tell(&o.summary, "by gain 1 and trim 0"));
    static const speaker kinds[TOPICS] = {{"/a/camera_node/image_raw", IMAGE, 5},
                                          {"/a/car_cmd_switch_node/cmd", CAR, 19},
                                          {"/a/wheels_driver_node/wheels_cmd", WHEELS, 7}};
    o = import(*state, kinds, NULL, NULL, NULL);
    assert_pair(&o, 0, 2);
    assert_true(notes_tell(&o.summary, "it is of wheel commands"));
}

// The calibration that a survey finds, as the number of its topic; -1 for none.
static int find_calibration(const char *scratch, const speaker *speakers)
{
    char path[PATH_MAX];
    size_t length;
    imp_error err = {0};
    imp_bag bag;
    imp_bag_survey survey;
    imp_import_summary summary = {0};
    const imp_import_def def = imp_default_import_def();
    in_folder(path, scratch, "x.bag");
    write_speakers(path, speakers);
    char *bytes = slurp(path, &length);
    assert_ok(imp_bag_open(&bag, (uint8_t *)bytes, length, path, &err), err);
    assert_ok(imp_bag_survey_make(&survey, &bag, &def, &summary, NULL, &err), err);
    const int found =
        survey.has_calibration ? (int)lround(-100.0 * survey.calibration.lens.k1) - 1 : -1;
    imp_bag_survey_free(&survey);
    imp_bag_close(&bag);
    free(bytes);
    return found;
}

static void calibrations_are_of_the_same_camera(void **state)
{
#define A                                                                                          \
    {"/a/camera_node/image_raw", IMAGE, 5},                                                        \
    {                                                                                              \
        "/a/wheels_driver_node/wheels_cmd", WHEELS, 5                                              \
    }
    static const struct {
        speaker speakers[TOPICS];
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
        const int found = find_calibration(*state, cases[k].speakers);
        if (found != cases[k].found)
            fail_msg("case %zu: calibration of topic %d, wanted %d", k, found, cases[k].found);
        const outcome o = import(*state, cases[k].speakers, NULL, NULL, NULL);
        assert_string_equal(o.lens, found < 0 ? "unknown" : "calibrated");
        assert_int_equal(notes_tell(&o.summary, "holds no calibration of this camera"), found < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(two_robots_are_never_mixed),
        SCRATCH_TEST(a_robot_that_lacks_something),
        SCRATCH_TEST(whose_a_topic_is),
        SCRATCH_TEST(the_choice_is_told),
        SCRATCH_TEST(calibrations_are_of_the_same_camera),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
