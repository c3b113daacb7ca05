// With the reference's own assets our pictures of its recorded poses are like the recorded ones,
// and lie on them to a fraction of a pixel. What is left is said in docs/assets.md.
#include "sim/render/reference_images.h"
#include "testing.h"

// Where the first picture finds itself in the second one, as the shift (x, y) in pixels that leaves
// the least difference: one step of Gauss-Newton on the luminance, with an offset for the light,
// and places that differ much counting little. Both are smoothed, so that they are linear over a
// pixel.
static void estimate_shift(const uint8_t *theirs, const uint8_t *ours, double shift[2])
{
    static float luminance[2][REC_PIXELS], ones[REC_PIXELS], scratch[REC_PIXELS];
    static float smooth[2][REC_PIXELS];
    double a[3][4] = {{0}};
    for (int k = 0; k < REC_PIXELS; k++) {
        const uint8_t *p = theirs + 3 * k, *q = ours + 3 * k;
        luminance[0][k] = 0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2];
        luminance[1][k] = 0.299f * q[0] + 0.587f * q[1] + 0.114f * q[2];
        ones[k] = 1.0f;
    }
    for (int n = 0; n < 2; n++)
        reference_blur(luminance[n], ones, scratch, smooth[n]);
    for (int y = 200; y < REC_HEIGHT - 16; y++)
        for (int x = 64; x < REC_WIDTH - 64; x++) {
            const float *at = smooth[1] + y * REC_WIDTH + x;
            const double error = (double)(smooth[0][y * REC_WIDTH + x] - *at);
            const double row[4] = {0.5 * (double)(at[1] - at[-1]),
                                   0.5 * (double)(at[REC_WIDTH] - at[-REC_WIDTH]), 1.0, error};
            const double weight = 1.0 / (1.0 + error * error / 100.0);
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 4; j++)
                    a[i][j] += weight * row[i] * row[j];
        }
    // elimination: the last unknown, the offset, first
    for (int n = 2; n > 0; n--)
        for (int i = 0; i < n; i++) {
            const double factor = a[i][n] / a[n][n];
            for (int j = 0; j < 4; j++)
                a[i][j] -= factor * a[n][j];
        }
    shift[0] = a[0][3] / a[0][0];
    shift[1] = (a[1][3] - a[1][0] * shift[0]) / a[1][1];
}

static void check_similarity(bool lens, double least_each, double least_mean)
{
    imp_error err = {0};
    imp_assets *assets;
    imp_camera_def camera = imp_default_camera_def();
    static recording r;
    double sum = 0.0, mean_shift[2] = {0.0, 0.0};
    camera.width = REC_WIDTH;
    camera.height = REC_HEIGHT;
    if (!lens)
        camera.lens = imp_lens_none();
    assert_ok(imp_assets_open(&assets, IMP_SHARED "/reference-assets", "photos", &err), err);
    for (int k = 0; k < REC_COUNT; k++) {
        uint8_t *ours = NULL, *theirs = reference_image_load(REC_NAMES[k], lens);
        assert_non_null(theirs);
        assert_true(reference_pose_load(&r, REC_NAMES[k], &camera));
        assert_ok(reference_pose_render(&ours, &r, assets, &camera, &err), err);
        const double alike = reference_similarity(theirs, ours, NULL);
        if (!(alike >= least_each))
            fail_msg("%s: similarity %.3f", REC_NAMES[k], alike);
        sum += alike;
        double shift[2];
        estimate_shift(theirs, ours, shift);
        for (int i = 0; i < 2; i++) {
            if (!(fabs(shift[i]) <= 0.2))
                fail_msg("%s: %.2f px off in %c", REC_NAMES[k], shift[i], "xy"[i]);
            mean_shift[i] += shift[i] / REC_COUNT;
        }
        free(ours);
        free(theirs);
    }
    print_message("%s: mean similarity %.3f, shift (%.3f, %.3f) px\n", lens ? "lens" : "plain",
                  sum / REC_COUNT, mean_shift[0], mean_shift[1]);
    assert_true(sum / REC_COUNT >= least_mean);
    assert_close(mean_shift[0], 0.0, 0.05);
    assert_close(mean_shift[1], 0.0, 0.05);
    imp_assets_close(assets);
}

static void images_without_lens_are_similar(void **state)
{
    (void)state;
    check_similarity(false, 0.91, 0.95);
}

static void images_with_lens_are_similar(void **state)
{
    (void)state;
    check_similarity(true, 0.85, 0.92);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_without_lens_are_similar),
        cmocka_unit_test(images_with_lens_are_similar),
    };
    return reference_images_exist()
               ? cmocka_run_group_tests(tests, NULL, NULL)
               : skip_test("no ../shared/golden/images or no ../shared/reference-assets");
}
