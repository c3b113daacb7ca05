// How well a segmenter does on the reference's recorded pictures, which come from another renderer
// with other textures, and how a policy behind it steers there, beside one that looks at the
// pictures itself. The truth is our geometry at the recorded poses; who is right about steering,
// our expert by sight. usage: ninja -C build/release recorded_segments &&
//        build/release/tests/recorded_segments SEGMENTER POLICY [PICTURE_POLICY [SHEET.png]]
#include "render/recorded.h"

#include "imprint/env.h"
#include "imprint/report.h"
#include "pipeline/segment_score.h"
#include "robot/eye.h"

enum { WIDTH = 80, HEIGHT = 60, CELLS = WIDTH * HEIGHT, POLICIES = 2, SHOWN = 16 };

typedef struct figures {
    int turning, agreeing; // pictures that the expert turns on, and turned on to the same side
    double error;          // sum of |duty cycle - expert's|, mean of both wheels
} figures;

typedef struct bench {
    imp_segmenter *segmenter;
    imp_driver *drivers[POLICIES], *expert;
    imp_confusion confusion;
    figures figures[POLICIES];
    uint8_t sheet[SHOWN][3][CELLS * 3];
    int shown, count;
} bench;

// What a driver does at a standstill in a recorded place.
static bool decide(imp_action *out, const imp_driver *driver, const imp_env *env,
                   const uint8_t *picture)
{
    imp_policy *policy;
    if (imp_driver_policy(driver, &policy, NULL) != IMP_OK)
        return false;
    imp_policy_begin(policy, env);
    *out = imp_policy_act(policy, env, picture);
    imp_policy_destroy(policy);
    return true;
}

static void judge(figures *f, imp_action action, imp_action wanted)
{
    const double turn = wanted.left - wanted.right;
    if (fabs(turn) > 0.1) {
        f->turning++;
        f->agreeing += turn * (action.left - action.right) > 0.0;
    }
    f->error += 0.5 * (fabs(action.left - wanted.left) + fabs(action.right - wanted.right));
}

static bool drive(bench *b, const imp_world *world, imp_pose pose, const uint8_t *picture)
{
    imp_env env;
    const imp_env_def def = imp_default_env_def();
    imp_action wanted, action;
    if (imp_env_init(&env, world, &def, NULL) != IMP_OK)
        return false;
    imp_env_reset_at(&env, 0, pose);
    bool good = decide(&wanted, b->expert, &env, picture);
    for (int p = 0; p < POLICIES && good; p++)
        if (b->drivers[p] != NULL && (good = decide(&action, b->drivers[p], &env, picture)))
            judge(&b->figures[p], action, wanted);
    b->count++;
    return good;
}

static void segment(bench *b, const imp_scene *scene, imp_labeller *labeller, const imp_view *view,
                    const uint8_t *picture)
{
    const float *truth = imp_labeller_look(labeller, scene, view);
    imp_confusion_add(&b->confusion, truth, imp_segmenter_look(b->segmenter, picture), CELLS);
    if (b->count % 2 == 1 || b->shown == SHOWN)
        return;
    memcpy(b->sheet[b->shown][0], picture, CELLS * 3);
    imp_classes_paint(truth, CELLS, b->sheet[b->shown][1]);
    imp_segmenter_paint(b->segmenter, picture, b->sheet[b->shown++][2]);
}

static bool look(bench *b, const char *name)
{
    static recording r;
    static uint8_t picture[CELLS * 3];
    const imp_camera_def camera = imp_default_camera_def();
    imp_world *world = NULL;
    imp_scene *scene = NULL;
    imp_labeller *labeller = NULL;
    imp_eye *eye = NULL;
    imp_object_state states[IMP_OBJECTS_MAX] = {0};
    imp_view view = imp_default_view();
    uint8_t *whole = rec_picture(name, true);
    bool good = whole != NULL && rec_load(&r, name, &camera) &&
                imp_world_load(&world, r.map, NULL) == IMP_OK &&
                imp_scene_create(&scene, world, NULL) == IMP_OK &&
                imp_labeller_create(&labeller, &camera, NULL) == IMP_OK &&
                imp_eye_create(&eye, WIDTH, HEIGHT, NULL, NULL) == IMP_OK &&
                imp_eye_look(eye, whole, REC_WIDTH, REC_HEIGHT, picture, NULL) == IMP_OK;
    if (good) {
        for (int k = 0; k < world->moving_count; k++) {
            const double *at = r.positions[world->moving[k]];
            states[k] = (imp_object_state){
                .position = {at[0], at[2]}, .y = at[1], .heading = r.headings[world->moving[k]]};
        }
        view.pose = r.pose;
        view.moving = states;
        segment(b, scene, labeller, &view, picture);
        good = drive(b, world, r.pose, picture);
    }
    imp_eye_destroy(eye);
    imp_labeller_destroy(labeller);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
    free(whole);
    return good;
}

static void print(const bench *b)
{
    static const char *const names[POLICIES] = {"behind the segmenter", "on pictures"};
    const imp_seg_score score = imp_confusion_score(&b->confusion);
    printf("%d recorded pictures\n", b->count);
    for (int c = 0; c < IMP_CLASS_COUNT; c++)
        printf("  %-12s %5.1f %%\n", imp_class_name(c), 100.0 * score.iou[c]);
    printf("  %-12s %5.1f %%, %.1f %% of all pixels are right\n", "mean", 100.0 * score.mean_iou,
           100.0 * score.accuracy);
    for (int p = 0; p < POLICIES; p++)
        if (b->drivers[p] != NULL)
            printf("  %-22s steers to the expert's side in %d of %d, |duty cycle - expert's| "
                   "%.3f\n",
                   names[p], b->figures[p].agreeing, b->figures[p].turning,
                   b->figures[p].error / b->count);
}

static bool open_all(bench *b, int argc, char **argv, imp_error *err)
{
    imp_network *network = NULL;
    imp_expert_def expert = imp_default_expert_def();
    expert.by_sight = true;
    expert.speed = 0.45;
    expert.tracking_rate = 1.4;
    expert.turning_rate = 5.0;
    const bool good =
        imp_segmenter_load(&network, argv[1], err) == IMP_OK &&
        imp_segmenter_create(&b->segmenter, network, err) == IMP_OK &&
        imp_driver_open(&b->expert, "expert", &expert, err) == IMP_OK &&
        imp_driver_open(&b->drivers[0], argv[2], &expert, err) == IMP_OK &&
        imp_driver_look_through(b->drivers[0], argv[1], err) == IMP_OK &&
        (argc < 4 || imp_driver_open(&b->drivers[1], argv[3], &expert, err) == IMP_OK);
    imp_network_destroy(network);
    return good;
}

int main(int argc, char **argv)
{
    static bench b;
    imp_error err = {0};
    if (argc < 3 || !rec_exists()) {
        fprintf(stderr, "usage: recorded_segments SEGMENTER POLICY [PICTURE_POLICY [SHEET.png]], "
                        "where recorded pictures stand beside the project\n");
        return 2;
    }
    bool good = open_all(&b, argc, argv, &err);
    for (int k = 0; k < REC_COUNT && good; k++)
        good = look(&b, REC_NAMES[k]);
    if (good)
        print(&b);
    else
        fprintf(stderr, "%s\n", err.message);
    const imp_strip strip = {&b.sheet[0][0][0], NULL, 3 * b.shown, WIDTH, HEIGHT, 6, 2};
    if (good && argc > 4 && imp_report_strip(argv[4], &strip, &err) != IMP_OK)
        fprintf(stderr, "%s\n", err.message);
    imp_segmenter_destroy(b.segmenter);
    imp_driver_close(b.expert);
    for (int p = 0; p < POLICIES; p++)
        imp_driver_close(b.drivers[p]);
    return good ? 0 : 1;
}
