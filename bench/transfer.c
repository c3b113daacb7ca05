// How policies steer on gym-duckietown's recorded images, which nothing of ours drew: on how many
// of those where the expert clearly steers they steer to its side, and how far their duty cycles
// are from the expert's in that place.
// usage: ninja -C build/release transfer && build/release/tests/transfer MODEL...
// The expert has the settings of the expert that labelled the model's data, if the model has them.
#include "imprint/learn.h"
#include "sim/render/reference_images.h"

enum { WIDTH = 80, HEIGHT = 60, CUT = REC_WIDTH / WIDTH };

// The expert steers clearly where its duty cycles are farther apart.
static const double CLEAR = 0.1;

typedef struct figures {
    int images, clear, agree;
    double error; // sum over images of the mean of both wheels
} figures;

// A recorded image at the policies' size: every pixel is the mean over its area.
static bool load_downscaled_image(const char *name, uint8_t *rgb)
{
    uint8_t *large = reference_image_load(name, true);
    if (large == NULL)
        return false;
    for (int k = 0; k < WIDTH * HEIGHT * 3; k++) {
        const int row = k / 3 / WIDTH, column = k / 3 % WIDTH;
        int sum = 0;
        for (int n = 0; n < CUT * CUT; n++)
            sum += large[((row * CUT + n / CUT) * REC_WIDTH + column * CUT + n % CUT) * 3 + k % 3];
        rgb[k] = (uint8_t)((sum + CUT * CUT / 2) / (CUT * CUT));
    }
    free(large);
    return true;
}

static double setting_or_default(const json_t *settings, const char *key, double otherwise)
{
    const json_t *value = json_object_get(settings, key);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

// The expert that a model learned from: pose-only unless the model says otherwise.
static imp_expert_def expert_of_model(const imp_policy_factory *driver)
{
    imp_expert_def def = imp_default_expert_def();
    const char *text = imp_policy_factory_is_network(driver)
                           ? imp_network_metadata(imp_policy_factory_network(driver), "settings")
                           : NULL;
    json_t *settings = text != NULL ? json_loads(text, 0, NULL) : NULL;
    def.pose_only = !json_is_false(json_object_get(settings, "by-sight"));
    def.look_ahead = !json_is_false(json_object_get(settings, "trials"));
    def.speed = setting_or_default(settings, "speed", def.speed);
    def.tracking_rate = setting_or_default(settings, "tracking-rate", def.tracking_rate);
    def.turn_rate_gain = setting_or_default(settings, "turning-rate", def.turn_rate_gain);
    def.max_turn_rate = setting_or_default(settings, "turn-rate", def.max_turn_rate);
    json_decref(settings);
    return def;
}

// Adds what both do in the place of a image.
static imp_status score_recording(const char *name, imp_policy *policy, imp_policy *expert,
                                  figures *sums, imp_error *err)
{
    static recording r;
    static uint8_t rgb[WIDTH * HEIGHT * 3];
    const imp_camera_def camera = imp_default_camera_def();
    if (!reference_pose_load(&r, name, &camera) || !load_downscaled_image(name, rgb))
        return imp_fail(err, IMP_IO, "%s: cannot be read", name);
    imp_world *world = NULL;
    const imp_env_def def = imp_default_env_def();
    imp_env env;
    imp_status status = imp_world_load(&world, r.map, err);
    if (status == IMP_OK)
        status = imp_env_init(&env, world, &def, err);
    if (status == IMP_OK) {
        imp_env_reset_at(&env, 0, r.pose);
        imp_policy_reset(policy, &env);
        imp_policy_reset(expert, &env);
        const imp_action did = imp_policy_act(policy, &env, rgb);
        const imp_action wanted = imp_policy_act(expert, &env, NULL);
        const double turn = wanted.right - wanted.left;
        sums->images++;
        sums->error += 0.5 * (fabs(did.left - wanted.left) + fabs(did.right - wanted.right));
        sums->clear += fabs(turn) > CLEAR;
        sums->agree += fabs(turn) > CLEAR && turn * (did.right - did.left) > 0.0;
        if (getenv("IMPRINT_EACH") != NULL)
            printf("  %-20s lane %6.3f m %6.1f deg  expert %5.2f %5.2f  policy %5.2f %5.2f\n", name,
                   env.in_lane ? env.lane.distance : NAN,
                   env.in_lane ? env.lane.angle * 180.0 / IMP_PI : NAN, wanted.left, wanted.right,
                   did.left, did.right);
    }
    imp_world_destroy(world);
    return status;
}

static imp_status score_model(const char *model, imp_error *err)
{
    imp_policy_factory *driver = NULL;
    imp_policy *policy = NULL, *expert = NULL;
    figures sums = {0};
    const imp_expert_def usual = imp_default_expert_def();
    imp_status status = imp_policy_factory_open(&driver, model, &usual, err);
    if (status != IMP_OK)
        return status;
    const imp_expert_def trained_by = expert_of_model(driver);
    status = imp_policy_factory_create(driver, &policy, err);
    if (status == IMP_OK)
        status = imp_expert_create(&expert, &trained_by, err);
    for (int k = 0; k < REC_COUNT && status == IMP_OK; k++)
        status = score_recording(REC_NAMES[k], policy, expert, &sums, err);
    if (status == IMP_OK)
        printf("%-40s  %3d of %3d to the expert's side (%5.1f %%), mean |duty cycle - expert's| "
               "%.3f over %d images\n",
               model, sums.agree, sums.clear, 100.0 * sums.agree / fmax(sums.clear, 1),
               sums.error / sums.images, sums.images);
    imp_policy_destroy(expert);
    imp_policy_destroy(policy);
    imp_policy_factory_close(driver);
    return status;
}

int main(int argc, char **argv)
{
    imp_error err = {0};
    if (argc < 2 || !reference_images_exist()) {
        fprintf(stderr, argc < 2 ? "usage: transfer MODEL...\n"
                                 : "no recorded images beside the project\n");
        return 2;
    }
    for (int k = 1; k < argc; k++)
        if (score_model(argv[k], &err) != IMP_OK) {
            fprintf(stderr, "%s\n", err.message);
            return 1;
        }
    return 0;
}
