// Bags become datasets in which each image has the command that held when it was taken.
#include "data/import/import_fixture.h"
#include "data/rosbag/bag_writer.h"

#include "base/common/vector2.h"
#include "base/image/image.h"
#include "base/image/jpeg_codec.h"
#include "sim/robot/image_preprocessor.h"

enum { WIDE = 16, HIGH = 12 };

#define MS UINT64_C(1000000)

static const uint64_t START = UINT64_C(1600000000) * 1000 * MS;

static imp_import_def small_images_def(void)
{
    imp_import_def def = imp_default_import_def();
    def.width = WIDE;
    def.height = HIGH;
    return def;
}

// Bags that Python's rosbags wrote, packed with the libraries that ROS packs with.
static void recorded_bag_is_imported(void **state)
{
    static const char *const names[] = {"none", "bz2", "lz4"};
    imp_import_def def = small_images_def();
    for (size_t n = 0; n < 3; n++) {
        char path[PATH_MAX], folder[PATH_MAX];
        imp_import_summary summary;
        snprintf(path, sizeof path, LOGS "bag-%s.bag", names[n]);
        in_folder(folder, *state, names[n]);
        imp_dataset *dataset = import_successfully(imp_import_rosbag, path, folder, &def, &summary);
        const imp_episode *episode = imp_dataset_episode(dataset, 0);
        assert_int_equal(summary.images, 12);
        assert_int_equal(dropped(&summary, "images before the first command"), 2);
        assert_int_equal(summary.episodes, 1);
        assert_int_equal(episode->steps, 9);
        assert_close(imp_dataset_get_info(dataset)->time_step, 0.05, 1e-9);
        assert_string_equal(imp_dataset_get_info(dataset)->lens, "calibrated");
        for (int k = 0; k < 10; k++) {
            const uint8_t *image = episode->observations + (size_t)k * WIDE * HIGH * 3;
            const uint8_t wanted[3] = {(uint8_t)(12 + k), (uint8_t)(22 + k), (uint8_t)(32 + k)};
            assert_memory_equal(image, wanted, 3);
            assert_memory_equal(image + (WIDE * HIGH - 1) * 3, wanted, 3);
            if (k == 9)
                break;
            assert_close(episode->actions[2 * k], (k + 2) / 20.0, 1e-6);
            assert_close(episode->expert_actions[2 * k + 1], -(k + 2) / 20.0, 1e-6);
            assert_true(isnan(episode->rewards[k]));
        }
        imp_dataset_close(dataset);
    }
    // straightened by the calibration that is in it
    char folder[PATH_MAX];
    imp_import_summary summary;
    in_folder(folder, *state, "straight");
    def.undistort = true;
    imp_dataset *dataset =
        import_successfully(imp_import_rosbag, LOGS "bag-lz4.bag", folder, &def, &summary);
    assert_string_equal(imp_dataset_get_info(dataset)->lens, "none");
    assert_int_equal(imp_dataset_episode(dataset, 0)->observations[3 * (6 * WIDE + 8)], 12);
    imp_dataset_close(dataset);
}

// Times of images and commands [ms], the latter with numbers of their own.
typedef struct bag_script {
    int images[16], image_count;
    int commands[16], command_count;
    const char *type;
} bag_script;

static void write_script_bag(const char *path, const bag_script *s)
{
    byte_buffer *bag = byte_buffer_create(), *chunk = byte_buffer_create();
    put_start(bag, 0);
    put_connection(chunk, 0, "/camera/image", "sensor_msgs/Image");
    put_connection(chunk, 1, "/wheels", s->type);
    for (int k = 0; k < s->image_count; k++)
        put_image(chunk, 0, START + (uint64_t)s->images[k] * MS, WIDE, HIGH, (uint8_t)(k + 1));
    // written later, because the recorder heard of them later
    for (int k = 0; k < s->command_count; k++)
        put_command(chunk, 1, START + (uint64_t)s->commands[k] * MS, 0.1F * (float)(k + 1), 0.25F);
    put_chunk(bag, chunk, "none");
    write_bag(path, bag);
    free(chunk);
    free(bag);
}

static imp_dataset *import_script(const bag_script *s, const imp_import_def *def,
                                  const char *scratch, imp_import_summary *summary)
{
    static int number;
    char path[PATH_MAX], folder[PATH_MAX], name[32];
    snprintf(name, sizeof name, "%d.bag", number);
    in_folder(path, scratch, name);
    snprintf(name, sizeof name, "data%d", number++);
    in_folder(folder, scratch, name);
    write_script_bag(path, s);
    return import_successfully(imp_import_rosbag, path, folder, def, summary);
}

// Holds the commands of an episode's images, counted from 1, against those wanted, which end with
// -1. The last image has none.
static void assert_commands(const imp_dataset *dataset, int number, const int *images,
                            const int *commands)
{
    const imp_episode *episode = imp_dataset_episode(dataset, number);
    for (int k = 0; k <= episode->steps; k++) {
        assert_int_equal(episode->observations[(size_t)k * WIDE * HIGH * 3], images[k]);
        if (k < episode->steps)
            assert_close(episode->actions[2 * k], 0.1 * commands[k], 1e-6);
    }
    assert_int_equal(images[episode->steps + 1], -1);
}

static const bag_script DRIVE = {.images = {0, 100, 200, 300, 400, 900, 1600, 1700, 1800},
                                 .image_count = 9,
                                 .commands = {190, 100, 301, 1650, 1500},
                                 .command_count = 5,
                                 .type = "duckietown_msgs/WheelsCmdStamped"};

static void images_get_the_latest_command(void **state)
{
    imp_import_def def = small_images_def();
    imp_import_summary summary;
    // at 100 the command of 100, at 300 that of 190, at 900 none younger than 0.5 s
    imp_dataset *dataset = import_script(&DRIVE, &def, *state, &summary);
    assert_int_equal(summary.episodes, 2);
    assert_int_equal(dropped(&summary, "images before the first command"), 1);
    assert_int_equal(dropped(&summary, "images without a recent command"), 1);
    assert_commands(dataset, 0, (const int[]){2, 3, 4, 5, -1}, (const int[]){2, 1, 1});
    assert_commands(dataset, 1, (const int[]){7, 8, 9, -1}, (const int[]){5, 4});
    imp_dataset_close(dataset);
    // a robot that acts 5 ms after it saw
    def.delay = 0.005;
    dataset = import_script(&DRIVE, &def, *state, &summary);
    assert_commands(dataset, 0, (const int[]){2, 3, 4, 5, -1}, (const int[]){2, 1, 3});
    imp_dataset_close(dataset);
    // an older command is good enough, so that the long pause decides alone
    def.delay = 0.0;
    def.max_command_age = 1.0;
    dataset = import_script(&DRIVE, &def, *state, &summary);
    assert_commands(dataset, 0, (const int[]){2, 3, 4, 5, 6, -1}, (const int[]){2, 1, 1, 3});
    imp_dataset_close(dataset);
    def.gap = 0.3;
    dataset = import_script(&DRIVE, &def, *state, &summary);
    assert_int_equal(summary.episodes, 2);
    assert_int_equal(dropped(&summary, "single images between gaps"), 1);
    imp_dataset_close(dataset);
}

static void twist_commands_use_kinematics(void **state)
{
    imp_import_def def = small_images_def();
    imp_import_summary summary;
    bag_script by_car = DRIVE;
    by_car.type = "duckietown_msgs/Twist2DStamped";
    def.gain = 0.8;
    def.trim = 0.1;
    imp_dataset *dataset = import_script(&by_car, &def, *state, &summary);
    const imp_action plain = imp_action_from_velocity((double)(0.1F * 2), 0.25);
    const float *action = imp_dataset_episode(dataset, 0)->actions;
    assert_close(action[0], plain.left * 0.7, 1e-6);
    assert_close(action[1], plain.right * 0.9, 1e-6);
    imp_dataset_close(dataset);
}

// A bag of the images given, with commands that hold for all of them.
static void write_image_bag(const char *path, const uint8_t *const *images, const size_t *lengths,
                            int count)
{
    byte_buffer *bag = byte_buffer_create(), *chunk = byte_buffer_create();
    put_start(bag, 0);
    put_connection(chunk, 0, "/camera/image/compressed", "sensor_msgs/CompressedImage");
    put_connection(chunk, 1, "/wheels", "duckietown_msgs/WheelsCmdStamped");
    for (int k = 0; k < count; k++) {
        const uint64_t ns = START + (uint64_t)k * 50 * MS;
        put_command(chunk, 1, ns, 2.0F, -0.5F);
        put_compressed(chunk, 0, ns, images[k], lengths[k]);
    }
    put_chunk(bag, chunk, "lz4");
    write_bag(path, bag);
    free(chunk);
    free(bag);
}

static void images_equal_agent_observations(void **state)
{
    enum { W = 640, H = 480 };
    imp_error err = {0};
    imp_jpeg_writer *writer;
    imp_image_preprocessor *eye;
    const uint8_t *jpeg;
    uint8_t *png, *rgb = malloc((size_t)W * H * 3), *black = calloc(64 * 48, 3);
    size_t jpeg_length, png_length, black_length;
    assert_true(rgb != NULL && black != NULL);
    for (size_t k = 0; k < (size_t)W * H * 3; k++)
        rgb[k] = (uint8_t)(k / 1920 / 2 + k % 3 * 40);
    assert_ok(imp_jpeg_writer_create(&writer, W, H, 60, &err), err);
    assert_ok(imp_jpeg_writer_encode(writer, rgb, &jpeg, &jpeg_length, &err), err);
    assert_ok(imp_png_encode(&png, &png_length, 64, 48, rgb, &err), err);
    uint8_t *dark;
    assert_ok(imp_png_encode(&dark, &black_length, 64, 48, black, &err), err);
    const uint8_t *const images[] = {jpeg, jpeg, jpeg, dark, (const uint8_t *)"nothing", png};
    const size_t lengths[] = {jpeg_length, jpeg_length / 2, jpeg_length, black_length,
                              7,           png_length};
    char path[PATH_MAX], folder[PATH_MAX];
    in_folder(path, *state, "x.bag");
    in_folder(folder, *state, "data");
    write_image_bag(path, images, lengths, 6);

    imp_import_def def = imp_default_import_def();
    const imp_calibration calibration = imp_calibration_duckiebot();
    for (int straight = 0; straight < 2; straight++) {
        imp_import_summary summary;
        in_folder(folder, *state, straight ? "straight" : "bent");
        def.undistort = straight == 1;
        def.calibration = &calibration;
        imp_dataset *dataset = import_successfully(imp_import_rosbag, path, folder, &def, &summary);
        const imp_episode *episode = imp_dataset_episode(dataset, 0);
        assert_int_equal(episode->steps, 2);
        assert_int_equal(dropped(&summary, "images that cannot be read"), 2);
        assert_int_equal(dropped(&summary, "images that are black"), 1);
        uint8_t seen[80 * 60 * 3];
        assert_ok(imp_image_preprocessor_create(&eye, 80, 60, straight ? &calibration : NULL, &err),
                  err);
        assert_ok(imp_image_preprocessor_run_jpeg(eye, jpeg, jpeg_length, seen, &err), err);
        assert_memory_equal(episode->observations, seen, sizeof seen);
        assert_ok(imp_image_preprocessor_run(eye, rgb, 64, 48, seen, &err), err);
        assert_memory_equal(episode->observations + 2 * sizeof seen, seen, sizeof seen);
        imp_image_preprocessor_destroy(eye);
        assert_close(episode->actions[0], 1.0, 0);
        imp_dataset_close(dataset);
    }
    imp_jpeg_writer_destroy(writer);
    free(dark);
    free(png);
    free(black);
    free(rgb);
}

static void incomplete_bags_are_refused(void **state)
{
    imp_import_def def = small_images_def();
    imp_import_summary summary;
    imp_error err = {0};
    char path[PATH_MAX], folder[PATH_MAX];
    const char *paths[1] = {path};
    in_folder(path, *state, "x.bag");
    in_folder(folder, *state, "data");
    bag_script s = DRIVE;
    s.command_count = 0;
    write_script_bag(path, &s);
    assert_int_equal(imp_import_rosbag(&summary, paths, 1, folder, &def, NULL, &err),
                     IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "holds no commands"));
    s = DRIVE;
    s.image_count = 0;
    write_script_bag(path, &s);
    assert_int_equal(imp_import_rosbag(&summary, paths, 1, folder, &def, NULL, &err),
                     IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "holds no images"));
    s.image_count = 1;
    write_script_bag(path, &s);
    assert_int_equal(imp_import_rosbag(&summary, paths, 1, folder, &def, NULL, &err),
                     IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "images before the first command (1)"));
    def.undistort = true;
    assert_int_equal(imp_import_rosbag(&summary, paths, 1, folder, &def, NULL, &err),
                     IMP_BAD_INPUT);
    assert_int_equal(err.hint, IMP_HINT_CALIBRATION);
    def.undistort = false;
    def.camera_topic = "/nobody";
    assert_int_equal(imp_import_rosbag(&summary, paths, 1, folder, &def, NULL, &err),
                     IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "no images of /nobody"));
    assert_no_dataset_left(folder);
}

static void invalid_calibrations_are_refused(void **state)
{
    imp_import_def def = small_images_def();
    imp_import_summary summary;
    imp_error err = {0};
    char path[PATH_MAX], folder[PATH_MAX];
    const char *paths[1] = {path};
    in_folder(path, *state, "x.bag");
    in_folder(folder, *state, "data");
    def.undistort = true;
    for (int bad = 0; bad < 2; bad++) {
        byte_buffer *bag = byte_buffer_create(), *chunk = byte_buffer_create();
        put_start(bag, 0);
        put_connection(chunk, 0, "/camera/image", "sensor_msgs/Image");
        put_connection(chunk, 1, "/wheels", "duckietown_msgs/WheelsCmdStamped");
        put_connection(chunk, 2, "/camera/camera_info", "sensor_msgs/CameraInfo");
        put_camera_info(chunk, 2, START, bad ? -1e9 : -0.2);
        put_command(chunk, 1, START, 0.5F, 0.5F);
        for (int k = 0; k < 3; k++)
            put_image(chunk, 0, START + (uint64_t)k * 50 * MS, WIDE, HIGH, 9);
        put_chunk(bag, chunk, "bz2");
        write_bag(path, bag);
        free(chunk);
        free(bag);
        if (!bad) {
            imp_dataset_close(import_successfully(imp_import_rosbag, path, folder, &def, &summary));
            in_folder(folder, *state, "bad");
            continue;
        }
        assert_int_equal(imp_import_rosbag(&summary, paths, 1, folder, &def, NULL, &err),
                         IMP_BAD_INPUT);
        assert_non_null(strstr(err.message, "x.bag: "));
        assert_no_dataset_left(folder);
    }
}

static void stopped_import_leaves_nothing(void **state)
{
    const imp_import_def def = small_images_def();
    imp_import_summary summary;
    imp_error err = {0};
    char folder[PATH_MAX];
    const char *paths[1] = {LOGS "bag-bz2.bag"};
    in_folder(folder, *state, "data");
    // the first calls look through the bag, later ones import
    for (int calls = 1; calls < 200; calls += 13) {
        int left = calls;
        const imp_monitor monitor = {.should_stop = stop_after_countdown, .context = &left};
        const imp_status status =
            imp_import_rosbag(&summary, paths, 1, folder, &def, &monitor, &err);
        if (status == IMP_OK) {
            assert_true(calls > 50);
            return;
        }
        assert_int_equal(status, IMP_INTERRUPTED);
        assert_no_dataset_left(folder);
    }
    fail_msg("the import never came to its end");
}

// A bag of two robots, of which one has images: its poses every 100 ms, 50 ms before the images.
static void write_bag_with_odometry(const char *path, bool odometry, bool encoders)
{
    byte_buffer *bag = byte_buffer_create(), *chunk = byte_buffer_create();
    put_start(bag, 0);
    put_connection(chunk, 0, "/a/camera_node/image", "sensor_msgs/Image");
    put_connection(chunk, 1, "/a/wheels_node/cmd", "duckietown_msgs/WheelsCmdStamped");
    put_connection(chunk, 2, "/a/odometry_node/odom", "nav_msgs/Odometry");
    put_connection(chunk, 3, "/b/odometry_node/odom", "nav_msgs/Odometry");
    put_connection(chunk, 4, "/a/left_encoder_node/tick", "duckietown_msgs/WheelEncoderStamped");
    put_connection(chunk, 5, "/a/right_encoder_node/tick", "duckietown_msgs/WheelEncoderStamped");
    for (int k = 0; k < 10; k++) {
        const uint64_t now = START + (uint64_t)k * 100 * MS;
        put_command(chunk, 1, now, 0.2F, 0.3F);
        put_odometry(chunk, 3, now, 7.0, 7.0, 0.0);
        if (odometry)
            put_odometry(chunk, 2, now, 0.1 * k, 0.2 * k, 3.0 + 0.1 * k);
        if (encoders) {
            put_ticks(chunk, 4, now,
                      (int32_t)(UINT32_C(2147483640) + 3 * (uint32_t)k)); // overflows
            put_ticks(chunk, 5, now + 10 * MS, -5 + 6 * k);
        }
        put_image(chunk, 0, now + 50 * MS, WIDE, HIGH, (uint8_t)(k + 1));
    }
    put_chunk(bag, chunk, "none");
    write_bag(path, bag);
    free(chunk);
    free(bag);
}

static void assert_pose(const imp_episode *episode, int step, double x, double z, double heading)
{
    const double *pose = episode->poses + 3 * (size_t)step;
    assert_close(pose[0], x, 1e-9);
    assert_close(pose[1], z, 1e-9);
    assert_close(pose[2], heading, 1e-9);
}

static void images_get_poses_by_odometry(void **state)
{
    char path[PATH_MAX], folder[PATH_MAX];
    imp_import_def def = small_images_def();
    imp_import_summary summary;
    imp_error err = {0};
    const char *const paths[] = {path};
    in_folder(path, *state, "odometry.bag");
    write_bag_with_odometry(path, true, true);
    in_folder(folder, *state, "odometry");
    imp_dataset *dataset = import_successfully(imp_import_rosbag, path, folder, &def, &summary);
    assert_true(notes_contain(&summary, "poses by /a/odometry_node/odom"));
    assert_close(summary.command_age, 0.05, 1e-6);
    // between the poses around it, z to the right, headings wrapped
    assert_pose(imp_dataset_episode(dataset, 0), 2, 0.25, -0.5, 3.25 - 2.0 * IMP_PI);
    // the last image has no pose, which ends the episode
    assert_int_equal(imp_dataset_episode(dataset, 0)->steps, 8);
    assert_int_equal(dropped(&summary, "single images between gaps"), 1);
    imp_dataset_close(dataset);
    // none, or one that is not there
    def.odometry_topic = "none";
    in_folder(folder, *state, "without");
    dataset = import_successfully(imp_import_rosbag, path, folder, &def, &summary);
    assert_true(isnan(imp_dataset_episode(dataset, 0)->poses[6]));
    imp_dataset_close(dataset);
    def.odometry_topic = "/b/odometry_node/odom";
    in_folder(folder, *state, "absent");
    assert_int_equal(imp_import_rosbag(&summary, paths, 1, folder, &def, NULL, &err),
                     IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "no odometry of /b/odometry_node/odom"));
    // encoders: 3 and 6 ticks of 135 in 100 ms, the right ones 10 ms later
    def.odometry_topic = "/a/left_encoder_node/tick";
    in_folder(folder, *state, "encoders");
    dataset = import_successfully(imp_import_rosbag, path, folder, &def, &summary);
    const imp_episode *episode = imp_dataset_episode(dataset, 0);
    const double tick = 2.0 * IMP_PI / 135.0 * 0.0318;
    assert_close(episode->poses[3 * 5 + 2] - episode->poses[3 * 4 + 2], 3.0 * tick / 0.102, 1e-9);
    const double *from = episode->poses + 3 * (size_t)4, *to = from + 3;
    const double dx = to[0] - from[0], dz = to[1] - from[1];
    assert_close(sqrt(dx * dx + dz * dz), 4.5 * tick, 1e-5);
    assert_true(dx > 0.0 && dz < 0.0);
    imp_dataset_close(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(recorded_bag_is_imported),
        SCRATCH_TEST(images_get_the_latest_command),
        SCRATCH_TEST(twist_commands_use_kinematics),
        SCRATCH_TEST(images_equal_agent_observations),
        SCRATCH_TEST(images_get_poses_by_odometry),
        SCRATCH_TEST(incomplete_bags_are_refused),
        SCRATCH_TEST(invalid_calibrations_are_refused),
        SCRATCH_TEST(stopped_import_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
