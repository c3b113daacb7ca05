// With the reference's own assets our pictures of its recorded poses are like the recorded ones.
// What is left is said in docs/assets.md. Skipped where the recordings are absent.
#include "render/recorded.h"
#include "testing.h"

static void check(bool lens, double least_each, double least_mean)
{
    if (!rec_exists()) {
        print_message("no recorded pictures and assets beside the project\n");
        skip();
    }
    imp_error err = {0};
    imp_assets *assets;
    imp_camera_def camera = imp_default_camera_def();
    static recording r;
    double sum = 0.0;
    camera.width = REC_WIDTH;
    camera.height = REC_HEIGHT;
    if (!lens)
        camera.lens = imp_lens_none();
    assert_ok(imp_assets_open(&assets, IMP_SHARED "/reference-assets", "photos", &err), err);
    for (int k = 0; k < REC_COUNT; k++) {
        uint8_t *ours = NULL, *theirs = rec_picture(REC_NAMES[k], lens);
        assert_non_null(theirs);
        assert_true(rec_load(&r, REC_NAMES[k], &camera));
        assert_ok(rec_draw(&ours, &r, assets, &camera, &err), err);
        const double alike = rec_similarity(theirs, ours, NULL);
        if (!(alike >= least_each))
            fail_msg("%s: similarity %.3f", REC_NAMES[k], alike);
        sum += alike;
        free(ours);
        free(theirs);
    }
    print_message("%s: mean similarity %.3f\n", lens ? "lens" : "plain", sum / REC_COUNT);
    assert_true(sum / REC_COUNT >= least_mean);
    imp_assets_close(assets);
}

static void plain_pictures_are_alike(void **state)
{
    (void)state;
    check(false, 0.91, 0.95);
}

static void pictures_through_the_lens_are_alike(void **state)
{
    (void)state;
    check(true, 0.85, 0.92);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_pictures_are_alike),
        cmocka_unit_test(pictures_through_the_lens_are_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
