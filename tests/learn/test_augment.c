// Pictures that are changed while they are learned from: what is seen from beside, what the expert
// would do there, and that nothing but seed, epoch and place decides.
#include "learn/learn_fixture.h"

#include <math.h>

#include "learn/data_loader/data_loader.h"

enum { WIDTH = 80, HEIGHT = 60, BYTES = 3 * WIDTH * HEIGHT };

typedef struct fixture {
    imp_world *world;
    imp_scene *scene;
    imp_renderer *renderer;
    imp_env env;
    imp_pose pose; // on a straight lane, along it
    imp_dataset *dataset;
    imp_augmenter *augmenter;
    imp_augment_workspace *workspace;
} fixture;

static void make_fixture(fixture *r, const char *augment, const char *lens)
{
    imp_error err = {0};
    imp_collect_def def = imp_default_collect_def();
    const imp_env_def env = imp_default_env_def();
    imp_augment wanted;
    bool any;
    char *data = path_of("data");
    def.episodes = 2;
    def.steps = 8;
    if (strcmp(lens, "none") == 0)
        def.sim.camera.lens = imp_lens_none();
    collect(data, &def);
    assert_ok(imp_dataset_open(&r->dataset, data, &err), err);
    assert_ok(imp_augment_parse(&wanted, augment, &err), err);
    assert_ok(imp_augment_check(&wanted, &any, &err), err);
    assert_ok(imp_augmenter_create(&r->augmenter, &wanted, imp_dataset_get_info(r->dataset), &err),
              err);
    assert_ok(imp_augment_workspace_create(&r->workspace, r->augmenter, &err), err);
    assert_ok(imp_world_load(&r->world, "straight_road", &err), err);
    assert_ok(imp_scene_create(&r->scene, r->world, &err), err);
    assert_ok(imp_renderer_create(&r->renderer, &def.sim.camera, IMP_RENDER_AUTO, &err), err);
    assert_ok(imp_env_init(&r->env, r->world, &env, &err), err);
    assert_ok(imp_env_reset(&r->env, 0, &err), err);
    const imp_lane_position lane = r->env.lane;
    r->pose = (imp_pose){lane.point.x, lane.point.z, atan2(-lane.tangent.z, lane.tangent.x)};
    free(data);
}

static void free_fixture(fixture *r)
{
    imp_augment_workspace_destroy(r->workspace);
    imp_augmenter_destroy(r->augmenter);
    imp_renderer_destroy(r->renderer);
    imp_scene_destroy(r->scene);
    imp_world_destroy(r->world);
    imp_dataset_close(r->dataset);
}

static imp_pose moved(imp_pose pose, double shift, double turn)
{
    return (imp_pose){pose.x + shift * sin(pose.heading), pose.z + shift * cos(pose.heading),
                      pose.heading - turn};
}

static void render_at(fixture *r, imp_pose pose, uint8_t *rgb)
{
    imp_view view = imp_default_view();
    view.pose = pose;
    imp_render(r->renderer, r->scene, &view, rgb);
}

// Of what both show: the sides come from beyond the picture.
static double difference(const uint8_t *a, const uint8_t *b)
{
    enum { SIDE = 12 };
    double sum = 0.0;
    for (int row = 0; row < HEIGHT; row++)
        for (int k = 3 * SIDE; k < 3 * (WIDTH - SIDE); k++)
            sum += abs(a[row * 3 * WIDTH + k] - b[row * 3 * WIDTH + k]);
    return sum / (HEIGHT * 3.0 * (WIDTH - 2 * SIDE));
}

static const imp_augment_params NO_CHANGE = {.slope = {1.0F, 1.0F, 1.0F}};

static void shifted_image_matches_rendering(void **state)
{
    (void)state;
    static const double ways[][2] = {
        {0.03, 0.0}, {-0.03, 0.0}, {0.0, 0.08}, {0.0, -0.08}, {0.02, 0.05}};
    static const char *const lenses[] = {"duckiebot", "none"};
    for (int l = 0; l < 2; l++) {
        fixture r;
        make_fixture(&r, "shift,turn", lenses[l]);
        static uint8_t here[BYTES], there[BYTES], out[BYTES];
        render_at(&r, r.pose, here);
        imp_augment_image(r.augmenter, &NO_CHANGE, r.workspace, here, out);
        assert_memory_equal(out, here, BYTES);
        for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++) {
            imp_augment_params draw = NO_CHANGE;
            draw.shift = (float)ways[k][0];
            draw.turn = (float)ways[k][1];
            render_at(&r, moved(r.pose, ways[k][0], ways[k][1]), there);
            imp_augment_image(r.augmenter, &draw, r.workspace, here, out);
            print_message("%s, %g m, %g rad: %.2f apart, %.2f unmoved\n", lenses[l], ways[k][0],
                          ways[k][1], difference(out, there), difference(here, there));
            assert_true(difference(out, there) < 0.4 * difference(here, there));
        }
        free_fixture(&r);
        remove_folder(NULL);
        make_folder(NULL);
    }
}

static void label_correction_matches_expert(void **state)
{
    (void)state;
    imp_error err = {0};
    fixture r;
    make_fixture(&r, "shift,turn", "duckiebot");
    imp_expert_def def = imp_default_expert_def();
    def.pose_only = true; // what place alone makes of it
    imp_policy *expert;
    assert_ok(imp_expert_create(&expert, &def, &err), err);
    static const double ways[][2] = {
        {0.01, 0.0}, {-0.02, 0.0}, {0.0, 0.03}, {0.0, -0.04}, {0.01, 0.02}};
    imp_env_reset_at(&r.env, 0, r.pose);
    imp_policy_reset(expert, &r.env);
    const imp_action straight = imp_policy_act(expert, &r.env, NULL);
    for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++) {
        imp_env_reset_at(&r.env, 0, moved(r.pose, ways[k][0], ways[k][1]));
        imp_policy_reset(expert, &r.env);
        const imp_action wanted = imp_policy_act(expert, &r.env, NULL);
        imp_augment_params draw = NO_CHANGE;
        draw.shift = (float)ways[k][0];
        draw.turn = (float)ways[k][1];
        float duty[2] = {0.5F, 0.5F};
        imp_augment_correct_label(r.augmenter, &draw, duty);
        const double steer = wanted.right - wanted.left - (straight.right - straight.left);
        const double ours = (double)duty[1] - (double)duty[0];
        print_message("%g m, %g rad: %.3f, the expert %.3f\n", ways[k][0], ways[k][1], ours, steer);
        assert_close(ours, steer, 0.25 * fabs(steer));
    }
    imp_policy_destroy(expert);
    free_fixture(&r);
}

static void every_augmentation_has_an_effect(void **state)
{
    (void)state;
    fixture r;
    make_fixture(&r, "all", "duckiebot");
    static uint8_t here[BYTES], out[2][BYTES];
    render_at(&r, r.pose, here);
    imp_augment_params one, draws[2];
    imp_random random = imp_random_stream(1, 2, 3, IMP_PURPOSE_AUGMENTATION), again = random;
    imp_augment_sample_params(&draws[0], r.augmenter, &random);
    imp_augment_sample_params(&draws[1], r.augmenter, &again);
    for (int k = 0; k < 2; k++)
        imp_augment_image(r.augmenter, &draws[k], r.workspace, here, out[k]);
    assert_memory_equal(out[0], out[1], BYTES);
    one = NO_CHANGE;
    one.noise = 0.25F; // standard deviation 8
    imp_augment_image(r.augmenter, &one, r.workspace, here, out[0]);
    double squares = 0.0;
    for (int k = 0; k < BYTES; k++)
        squares += pow(out[0][k] - here[k], 2.0) / BYTES;
    assert_in_range((int)(10.0 * sqrt(squares)), 70, 85);
    one = NO_CHANGE;
    one.curvature[0] = -2.0F * 0.2F / 255.0F; // red of 102 becomes 102 * (1.4 - 0.16)
    one.slope[0] = 1.4F;
    memset(here, 102, BYTES);
    imp_augment_image(r.augmenter, &one, r.workspace, here, out[0]);
    assert_in_range(out[0][0], 126, 127);
    assert_int_equal(out[0][1], 102);
    one = NO_CHANGE;
    one.blur = 256;
    memset(here, 0, BYTES);
    here[3 * (30 * WIDTH + 40)] = 160;
    imp_augment_image(r.augmenter, &one, r.workspace, here, out[0]);
    assert_int_equal(out[0][3 * (30 * WIDTH + 40)], 40);
    assert_int_equal(out[0][3 * (30 * WIDTH + 41)], 20);
    assert_int_equal(out[0][3 * (31 * WIDTH + 41)], 10);
    one = NO_CHANGE;
    one.left = 3;
    one.top = 4;
    one.right = 5;
    one.bottom = 6;
    one.fill_value = 99;
    imp_augment_image(r.augmenter, &one, r.workspace, here, out[0]);
    int filled = 0;
    for (int k = 0; k < BYTES; k++)
        filled += out[0][k] == 99;
    assert_int_equal(filled, 3 * 2 * 2);
    free_fixture(&r);
}

static void augment_text_is_parsed(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_augment def;
    char text[200];
    assert_ok(imp_augment_parse(&def, "none", &err), err);
    imp_augment_format(&def, text, sizeof text);
    assert_string_equal(text, "");
    assert_ok(imp_augment_parse(&def, "all,noise:0,turn:0.01", &err), err);
    imp_augment_format(&def, text, sizeof text);
    assert_string_equal(text, "brightness:0.2,contrast:0.3,colour:0.2,blur:1,shift:0.02,"
                              "turn:0.01,cut-out:0.3");
    static const char *const wrong[] = {"fog", "noise:", "noise:x", "turn:1", "blur:-1", "al"};
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++)
        assert_int_equal(imp_augment_parse(&def, wrong[k], &err), IMP_USAGE);
}

// Threads, checkpoints and interruptions leave no trace, with everything that a batch may need.
static void augmented_training_resumes_bit_exact(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_collect_def small = small_collect(4, 30), other = small_collect(2, 20);
    char *data[2] = {path_of("one"), path_of("two")}, *whole = path_of("whole"),
         *cut = path_of("cut");
    other.sim.env.seed = 9;
    collect(data[0], &small);
    collect(data[1], &other);
    const double weights[2] = {1.0, 3.0};
    imp_train_def def = imp_default_train_def();
    assert_ok(imp_augment_parse(&def.augment, "all", &err), err);
    assert_true(strlen(history_network_path()) < sizeof def.network.architecture);
    strcpy(def.network.architecture, history_network_path());
    def.data_weights = weights;
    def.turn_weight = 1.0;
    def.shuffle_buffer = 48;
    def.epochs = 3;
    def.checkpoint_steps = 2;
    def.trainer.batch = 8;
    def.trainer.threads = 1;
    def.tensorboard = false;
    imp_train_summary summary;
    const char *const folders[2] = {data[0], data[1]};
    assert_ok(imp_train(&summary, whole, folders, 2, &def, NULL, &err), err);
    assert_int_equal(summary.samples, 160);
    def.trainer.threads = 2;
    def.resume = true;
    int stops = 0;
    for (imp_status status = IMP_INTERRUPTED; status == IMP_INTERRUPTED; stops++) {
        stopper s = {.stop_at = 5};
        imp_monitor monitor = stopping_monitor(&s);
        status = imp_train(&summary, cut, folders, 2, &def, &monitor, &err);
        assert_true(status == IMP_OK || status == IMP_INTERRUPTED);
    }
    assert_true(stops > 5);
    assert_same_folders(whole, cut);
    def.augment.noise = 3.0;
    assert_int_equal(imp_train(&summary, cut, folders, 2, &def, NULL, &err), IMP_BAD_INPUT);
    for (int k = 0; k < 2; k++)
        free(data[k]);
    free(whole);
    free(cut);
}

// An epoch takes of each dataset what its weight says: some of it, or all of it several times.
static void data_weights_set_dataset_shares(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_collect_def small = small_collect(4, 100), other = small_collect(1, 40);
    char *data[2] = {path_of("one"), path_of("two")};
    collect(data[0], &small);
    collect(data[1], &other);
    imp_dataset *datasets[2];
    imp_training_samples samples = {0}, none = {0};
    imp_validation_split holdout = {.seed = 1};
    for (int k = 0; k < 2; k++) {
        assert_ok(imp_dataset_open(&datasets[k], data[k], &err), err);
        assert_ok(imp_training_samples_add(&samples, &none, &holdout, datasets[k], &err), err);
    }
    samples.parts[0].weight = 0.3;
    samples.parts[1].weight = 0.7;
    for (int windows = 0; windows < 2; windows++) {
        imp_data_loader loader = {0};
        const imp_data_loader_def def = {.inputs = {.frames = 1, .frame_stride = 1},
                                         .window = windows == 1 ? 50 : 0,
                                         .batch = 16,
                                         .shuffle = true};
        assert_ok(imp_data_loader_init(&loader, &samples, &def, &err), err);
        int seen[440] = {0}, first = 0;
        imp_data_loader_start_epoch(&loader, 1, 0);
        for (size_t at = 0; at < loader.count; at += 16) {
            const imp_batch batch = imp_data_loader_get_batch(&loader, at);
            for (int k = 0; k < batch.count; k++)
                for (size_t i = 0; i < samples.count; i++)
                    seen[i] += batch.frames[k] == samples.frames[i];
        }
        for (int i = 0; i < 400; i++) {
            assert_in_range(seen[i], 0, 1);
            first += seen[i];
        }
        assert_int_equal(first, 132);
        for (int i = 400; i < 440; i++)
            assert_in_range(seen[i], 7, 8); // 308 of 40
        imp_data_loader_free(&loader);
    }
    imp_training_samples_free(&samples);
    imp_training_samples_free(&none);
    for (int k = 0; k < 2; k++) {
        imp_dataset_close(datasets[k]);
        free(data[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(shifted_image_matches_rendering),
        FOLDER_TEST(label_correction_matches_expert),
        FOLDER_TEST(every_augmentation_has_an_effect),
        FOLDER_TEST(augment_text_is_parsed),
        FOLDER_TEST(augmented_training_resumes_bit_exact),
        FOLDER_TEST(data_weights_set_dataset_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
