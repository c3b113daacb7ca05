// How well a segmenter does on gym-duckietown's recorded images, which come from another renderer
// with other textures, and how a policy behind it steers there, beside one that looks at the
// images itself. The truth is our geometry at the recorded poses; who is right about steering,
// our pose-only expert. usage: ninja -C build/release recorded_segmentation &&
//        build/release/tests/recorded_segmentation SEGMENTER POLICY [PICTURE_POLICY [SHEET.png]]
#include "sim/render/reference_images.h"

#include "imprint/env.h"
#include "imprint/report.h"
#include "learn/segmentation_training/segmentation_score.h"
#include "sim/robot/image_preprocessor.h"

enum { WIDTH = 80, HEIGHT = 60, CELLS = WIDTH * HEIGHT, POLICIES = 2, SHOWN = 16 };

typedef struct stats {
    int turning, agreeing; // images that the expert turns on, and turned on to the same side
    double error;          // sum of |duty cycle - expert's|, mean of both wheels
} stats;

typedef struct bench {
    imp_segmenter *segmenter;
    imp_policy_factory *drivers[POLICIES], *expert;
    imp_confusion_matrix confusion;
    stats stats[POLICIES];
    uint8_t sheet[SHOWN][3][CELLS * 3];
    int shown, count;
} bench;

// What a driver does at a standstill in a recorded place.
static bool policy_action(imp_action *out, const imp_policy_factory *driver, const imp_env *env,
                          const uint8_t *image)
{
    imp_policy *policy;
    if (imp_policy_factory_create(driver, &policy, NULL) != IMP_OK)
        return false;
    imp_policy_reset(policy, env);
    *out = imp_policy_act(policy, env, image);
    imp_policy_destroy(policy);
    return true;
}

static void score_action(stats *f, imp_action action, imp_action wanted)
{
    const double turn = wanted.left - wanted.right;
    if (fabs(turn) > 0.1) {
        f->turning++;
        f->agreeing += turn * (action.left - action.right) > 0.0;
    }
    f->error += 0.5 * (fabs(action.left - wanted.left) + fabs(action.right - wanted.right));
}

static bool score_policies(bench *b, const imp_world *world, imp_pose pose, const uint8_t *image)
{
    imp_env env;
    const imp_env_def def = imp_default_env_def();
    imp_action wanted, action;
    if (imp_env_init(&env, world, &def, NULL) != IMP_OK)
        return false;
    imp_env_reset_at(&env, 0, pose);
    bool good = policy_action(&wanted, b->expert, &env, image);
    for (int p = 0; p < POLICIES && good; p++)
        if (b->drivers[p] != NULL && (good = policy_action(&action, b->drivers[p], &env, image)))
            score_action(&b->stats[p], action, wanted);
    b->count++;
    return good;
}

static void score_segmenter(bench *b, const imp_scene *scene, imp_label_renderer *label_renderer,
                            const imp_view *view, const uint8_t *image)
{
    const float *truth = imp_label_renderer_render(label_renderer, scene, view);
    imp_confusion_matrix_add(&b->confusion, truth, imp_segmenter_run(b->segmenter, image), CELLS);
    if (b->count % 2 == 1 || b->shown == SHOWN)
        return;
    memcpy(b->sheet[b->shown][0], image, CELLS * 3);
    imp_class_shares_to_rgb(truth, CELLS, b->sheet[b->shown][1]);
    imp_segmenter_run_to_rgb(b->segmenter, image, b->sheet[b->shown++][2]);
}

static bool score_recording(bench *b, const char *name)
{
    static recording r;
    static uint8_t image[CELLS * 3];
    const imp_camera_def camera = imp_default_camera_def();
    imp_world *world = NULL;
    imp_scene *scene = NULL;
    imp_label_renderer *label_renderer = NULL;
    imp_image_preprocessor *eye = NULL;
    imp_object_state states[IMP_OBJECTS_MAX] = {0};
    imp_view view = imp_default_view();
    uint8_t *whole = reference_image_load(name, true);
    bool good =
        whole != NULL && reference_pose_load(&r, name, &camera) &&
        imp_world_load(&world, r.map, NULL) == IMP_OK &&
        imp_scene_create(&scene, world, NULL) == IMP_OK &&
        imp_label_renderer_create(&label_renderer, &camera, NULL) == IMP_OK &&
        imp_image_preprocessor_create(&eye, WIDTH, HEIGHT, NULL, NULL) == IMP_OK &&
        imp_image_preprocessor_run(eye, whole, REC_WIDTH, REC_HEIGHT, image, NULL) == IMP_OK;
    if (good) {
        for (int k = 0; k < world->moving_count; k++) {
            const double *at = r.positions[world->moving[k]];
            states[k] = (imp_object_state){
                .position = {at[0], at[2]}, .y = at[1], .heading = r.headings[world->moving[k]]};
        }
        view.pose = r.pose;
        view.moving = states;
        score_segmenter(b, scene, label_renderer, &view, image);
        good = score_policies(b, world, r.pose, image);
    }
    imp_image_preprocessor_destroy(eye);
    imp_label_renderer_destroy(label_renderer);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
    free(whole);
    return good;
}

static void print_scores(const bench *b)
{
    static const char *const names[POLICIES] = {"behind the segmenter", "on images"};
    const imp_seg_score score = imp_confusion_matrix_score(&b->confusion);
    printf("%d recorded images\n", b->count);
    for (int c = 0; c < IMP_CLASS_COUNT; c++)
        printf("  %-12s %5.1f %%\n", imp_class_name(c), 100.0 * score.iou[c]);
    printf("  %-12s %5.1f %%, %.1f %% of all pixels are right\n", "mean", 100.0 * score.mean_iou,
           100.0 * score.accuracy);
    for (int p = 0; p < POLICIES; p++)
        if (b->drivers[p] != NULL)
            printf("  %-22s steers to the expert's side in %d of %d, |duty cycle - expert's| "
                   "%.3f\n",
                   names[p], b->stats[p].agreeing, b->stats[p].turning,
                   b->stats[p].error / b->count);
}

static bool open_models(bench *b, int argc, char **argv, imp_error *err)
{
    imp_network *network = NULL;
    imp_expert_def expert = imp_default_expert_def();
    expert.pose_only = true;
    expert.speed = 0.45;
    expert.tracking_rate = 1.4;
    expert.turn_rate_gain = 5.0;
    const bool good =
        imp_segmenter_load(&network, argv[1], err) == IMP_OK &&
        imp_segmenter_create(&b->segmenter, network, err) == IMP_OK &&
        imp_policy_factory_open(&b->expert, "expert", &expert, err) == IMP_OK &&
        imp_policy_factory_open(&b->drivers[0], argv[2], &expert, err) == IMP_OK &&
        imp_policy_factory_set_segmenter(b->drivers[0], argv[1], err) == IMP_OK &&
        (argc < 4 || imp_policy_factory_open(&b->drivers[1], argv[3], &expert, err) == IMP_OK);
    imp_network_destroy(network);
    return good;
}

int main(int argc, char **argv)
{
    static bench b;
    imp_error err = {0};
    if (argc < 3 || !reference_images_exist()) {
        fprintf(stderr,
                "usage: recorded_segmentation SEGMENTER POLICY [PICTURE_POLICY [SHEET.png]], "
                "where recorded images stand beside the project\n");
        return 2;
    }
    bool good = open_models(&b, argc, argv, &err);
    for (int k = 0; k < REC_COUNT && good; k++)
        good = score_recording(&b, REC_NAMES[k]);
    if (good)
        print_scores(&b);
    else
        fprintf(stderr, "%s\n", err.message);
    const imp_contact_sheet strip = {&b.sheet[0][0][0], NULL, 3 * b.shown, WIDTH, HEIGHT, 6, 2};
    if (good && argc > 4 && imp_contact_sheet_write(argv[4], &strip, &err) != IMP_OK)
        fprintf(stderr, "%s\n", err.message);
    imp_segmenter_destroy(b.segmenter);
    imp_policy_factory_close(b.expert);
    for (int p = 0; p < POLICIES; p++)
        imp_policy_factory_close(b.drivers[p]);
    return good ? 0 : 1;
}
