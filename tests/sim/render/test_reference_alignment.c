// Our pictures of recorded poses, with our own painted road, lie on the reference's to a quarter of
// a pixel on average: the difference over shifts to all sides is a bowl whose bottom is found
// between pixels. Single pictures are off by more, since our lines are not those of the
// photographs; test_assets_pictures.c compares with the same textures, one by one.
#include "sim/render/reference_images.h"
#include "testing.h"

enum { FARTHEST = 2, SHIFTS = 2 * FARTHEST + 1 };

// Mean absolute difference of two pictures, the second one shifted; borders left out.
static double shifted_difference(const uint8_t *one, const uint8_t *other, int dx, int dy)
{
    long sum = 0, count = 0;
    for (int y = 16; y < REC_HEIGHT - 16; y++)
        for (int x = 64; x < REC_WIDTH - 64; x++) {
            const uint8_t *a = one + (y * REC_WIDTH + x) * 3;
            const uint8_t *b = other + ((y + dy) * REC_WIDTH + x + dx) * 3;
            sum += abs(a[0] - b[0]) + abs(a[1] - b[1]) + abs(a[2] - b[2]);
            count += 3;
        }
    return (double)sum / (double)count;
}

// The bottom of the quadric a + b x + c y + d x^2 + e x y + f y^2 that fits the differences best.
// On a square grid around 0 each coefficient is a sum of its own.
static void fit_minimum(double sums[SHIFTS][SHIFTS], double at[2])
{
    double xx = 0, xxyy = 0, xxxx = 0, mean_xx = 0, b = 0, c = 0, d = 0, e = 0, f = 0;
    for (int y = -FARTHEST; y <= FARTHEST; y++)
        for (int x = -FARTHEST; x <= FARTHEST; x++)
            mean_xx += (double)(x * x) / (SHIFTS * SHIFTS);
    for (int y = -FARTHEST; y <= FARTHEST; y++)
        for (int x = -FARTHEST; x <= FARTHEST; x++) {
            const double value = sums[y + FARTHEST][x + FARTHEST];
            xx += x * x;
            xxyy += x * x * y * y;
            xxxx += (x * x - mean_xx) * (x * x - mean_xx);
            b += x * value;
            c += y * value;
            d += (x * x - mean_xx) * value;
            e += x * y * value;
            f += (y * y - mean_xx) * value;
        }
    b /= xx, c /= xx, d /= xxxx, e /= xxyy, f /= xxxx;
    assert_true(d > 0.0 && f > 0.0 && 4.0 * d * f > e * e);
    at[0] = (e * c - 2.0 * f * b) / (4.0 * d * f - e * e);
    at[1] = (e * b - 2.0 * d * c) / (4.0 * d * f - e * e);
}

static void check_alignment(bool lens)
{
    static recording r;
    imp_error err = {0};
    imp_camera_def camera = imp_default_camera_def();
    camera.width = REC_WIDTH;
    camera.height = REC_HEIGHT;
    if (!lens)
        camera.lens = imp_lens_none();
    double sums[SHIFTS][SHIFTS] = {{0}}, at[2];
    for (int k = 0; k < REC_COUNT; k++) {
        uint8_t *theirs = reference_image_load(REC_NAMES[k], lens), *ours = NULL;
        assert_non_null(theirs);
        assert_true(reference_pose_load(&r, REC_NAMES[k], &camera));
        assert_ok(reference_pose_render(&ours, &r, NULL, &camera, &err), err);
        for (int j = 0; j < SHIFTS; j++)
            for (int i = 0; i < SHIFTS; i++)
                sums[j][i] +=
                    shifted_difference(theirs, ours, i - FARTHEST, j - FARTHEST) / REC_COUNT;
        free(theirs);
        free(ours);
    }
    fit_minimum(sums, at);
    print_message("%s: fits best at (%.2f, %.2f) px, mean difference in place %.2f\n",
                  lens ? "lens" : "no lens", at[0], at[1], sums[FARTHEST][FARTHEST]);
    assert_close(at[0], 0.0, 0.25);
    assert_close(at[1], 0.0, 0.25);
    // most of it is their lawn and objects
    assert_true(sums[FARTHEST][FARTHEST] < 20.0);
}

// The bottom of a bowl is found where it is.
static void fit_minimum_finds_minimum(void **state)
{
    (void)state;
    double sums[SHIFTS][SHIFTS], at[2];
    for (int j = 0; j < SHIFTS; j++)
        for (int i = 0; i < SHIFTS; i++) {
            const double x = i - FARTHEST - 0.7, y = j - FARTHEST + 0.3;
            sums[j][i] = 5.0 + 2.0 * x * x + 0.5 * x * y + y * y;
        }
    fit_minimum(sums, at);
    assert_close(at[0], 0.7, 1e-12);
    assert_close(at[1], -0.3, 1e-12);
}

static void images_without_lens_align(void **state)
{
    (void)state;
    check_alignment(false);
}

static void images_with_lens_align(void **state)
{
    (void)state;
    check_alignment(true);
}

int main(int argc, char **argv)
{
    (void)argv;
    const struct CMUnitTest kept[] = {cmocka_unit_test(fit_minimum_finds_minimum)};
    const struct CMUnitTest shared[] = {
        cmocka_unit_test(images_without_lens_align),
        cmocka_unit_test(images_with_lens_align),
    };
    return argc > 1 ? run_shared("golden/images", shared, NULL, NULL)
                    : cmocka_run_group_tests(kept, NULL, NULL);
}
