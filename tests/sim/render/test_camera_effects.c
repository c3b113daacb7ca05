// What a real camera does to pictures: each step against what it stands for, measured.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "sim/render/camera_effects/effect_steps.h"
#include "testing.h"

enum { WIDTH = 80, HEIGHT = 60, SIZE = WIDTH * HEIGHT * 3 };

static imp_camera_effects *create_effects(int width, int height)
{
    imp_error err = {0};
    imp_camera_def camera = imp_default_camera_def();
    camera.width = width;
    camera.height = height;
    imp_camera_effects *out;
    assert_ok(imp_camera_effects_create(&out, &camera, &err), err);
    return out;
}

static imp_random random_of_frame(uint32_t frame)
{
    return imp_random_stream(5, 0, frame, IMP_PURPOSE_CAMERA);
}

// Degrades a picture of the usual size once.
static void apply_once(const imp_camera_effects_def *def, double speed, double turn_rate,
                       uint32_t frame, uint8_t rgb[SIZE])
{
    imp_error err = {0};
    assert_ok(imp_camera_effects_check(def, &err), err);
    imp_camera_effects *effects = create_effects(WIDTH, HEIGHT);
    imp_random random = random_of_frame(frame);
    imp_camera_effects_apply(effects, def, speed, turn_rate, &random, rgb);
    imp_camera_effects_destroy(effects);
}

static void make_noise(uint8_t *rgb, size_t size)
{
    imp_random random = imp_random_stream(6, 0, 0, IMP_PURPOSE_TEST);
    for (size_t k = 0; k < size; k++)
        rgb[k] = (uint8_t)imp_random_uniform_int(&random, 256);
}

// Every setting, one at a time.
enum { SETTINGS = 9 };
static imp_camera_effects_def one_effect(int which)
{
    imp_camera_effects_def def = imp_default_camera_effects_def();
    double *const fields[] = {&def.motion_blur, &def.defocus, &def.exposure,   &def.white_balance,
                              &def.gamma,       &def.noise,   &def.shot_noise, &def.flicker};
    const double values[] = {0.02, 4.0, 0.5, 0.4, 1.5, 0.05, 0.05, 0.3};
    if (which < SETTINGS - 1)
        *fields[which] = values[which];
    else
        def.jpeg_quality = 40;
    return def;
}

static void default_effects_change_nothing(void **state)
{
    (void)state;
    uint8_t before[SIZE], after[SIZE];
    make_noise(before, SIZE);
    memcpy(after, before, SIZE);
    const imp_camera_effects_def def = imp_default_camera_effects_def();
    apply_once(&def, 0.6, 3.0, 0, after);
    assert_memory_equal(before, after, SIZE);
}

static void same_seed_same_bytes(void **state)
{
    (void)state;
    uint8_t first[SIZE], second[SIZE], other[SIZE], before[SIZE];
    make_noise(before, SIZE);
    for (int k = 0; k < SETTINGS; k++) {
        const imp_camera_effects_def def = one_effect(k);
        memcpy(first, before, SIZE);
        memcpy(second, before, SIZE);
        memcpy(other, before, SIZE);
        apply_once(&def, 0.5, 1.0, 0, first);
        apply_once(&def, 0.5, 1.0, 0, second);
        apply_once(&def, 0.5, 1.0, 1, other);
        assert_memory_equal(first, second, SIZE);
        assert_memory_not_equal(first, before, SIZE);
        // noise and the phase of flicker are drawn, all else is not
        const bool drawn = k >= 5 && k <= 7;
        assert_int_equal(memcmp(first, other, SIZE) != 0, drawn);
    }
}

// A degrader keeps tables of its last settings: going to and fro between settings changes nothing.
static void effects_keep_no_state(void **state)
{
    (void)state;
    uint8_t before[SIZE], alone[SIZE], after[SIZE];
    make_noise(before, SIZE);
    imp_camera_effects *effects = create_effects(WIDTH, HEIGHT);
    for (int k = 0; k < 4 * SETTINGS; k++) {
        const imp_camera_effects_def def = one_effect(k * 4 % SETTINGS);
        memcpy(alone, before, SIZE);
        memcpy(after, before, SIZE);
        apply_once(&def, 0.5, 1.0, 3, alone);
        imp_random random = random_of_frame(3);
        imp_camera_effects_apply(effects, &def, 0.5, 1.0, &random, after);
        assert_memory_equal(alone, after, SIZE);
    }
    imp_camera_effects_destroy(effects);
}

static void invalid_settings_are_rejected(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_camera_effects_def def = {0};
    assert_int_equal(imp_camera_effects_check(&def, &err), IMP_USAGE);
    def = imp_default_camera_effects_def();
    def.noise = NAN;
    assert_int_equal(imp_camera_effects_check(&def, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "noise"));
    def = imp_default_camera_effects_def();
    def.jpeg_quality = 101;
    assert_int_equal(imp_camera_effects_check(&def, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "jpeg_quality"));
}

typedef struct moments {
    double mean, deviation;
} moments;

static moments moments_of(const uint8_t *rgb, int channel)
{
    double sum = 0.0, squares = 0.0;
    for (int k = channel; k < SIZE; k += 3) {
        sum += rgb[k];
        squares += (double)rgb[k] * rgb[k];
    }
    const double mean = sum * 3 / SIZE;
    return (moments){mean, sqrt(squares * 3 / SIZE - mean * mean)};
}

static moments effect_on_flat_image(const imp_camera_effects_def *def, int value, int channel)
{
    uint8_t rgb[SIZE];
    memset(rgb, value, SIZE);
    apply_once(def, 0.0, 0.0, 0, rgb);
    return moments_of(rgb, channel);
}

static void noise_has_its_strength(void **state)
{
    (void)state;
    imp_camera_effects_def def = imp_default_camera_effects_def();
    def.noise = 0.05;
    // rounding adds a deviation of 0.29
    const double even = hypot(0.05 * 255.0, 0.29);
    for (int value = 80; value <= 160; value += 40) {
        const moments m = effect_on_flat_image(&def, value, 1);
        assert_close(m.mean, value, 0.6);
        assert_close(m.deviation, even, 0.03 * even);
    }
    def.noise = 0.0;
    def.shot_noise = 0.04;
    for (int value = 60; value <= 180; value += 60) {
        const moments m = effect_on_flat_image(&def, value, 2);
        const double wanted = hypot(0.04 * 255.0 * sqrt(value / 255.0), 0.29);
        assert_close(m.deviation, wanted, 0.04 * wanted);
    }
    assert_close(effect_on_flat_image(&def, 0, 0).deviation, 0.0, 0.0);
}

// Vectors and plain C, byte by byte, whatever the light, the gain and the noise.
static void vectors_make_the_same_noise(void **state)
{
    (void)state;
#if defined(__x86_64__)
    if (!imp_cpu_has_avx2())
        skip_because("no AVX2");
    enum { COUNT = 1003 };
    static int8_t noise[IMP_NOISE_COUNT + IMP_NOISE_RUN];
    imp_noise_table_fill(noise);
    imp_random random = random_of_frame(9);
    uint8_t wider[COUNT], plain[COUNT], wide[COUNT];
    uint16_t gains[COUNT];
    const double strengths[][2] = {{0.0, 0.0}, {0.04, 0.06}, {1.0, 1.0}, {0.0, 1.0}};
    for (int n = 0; n < 4; n++)
        for (int most = 4; most <= 16; most++) {
            imp_noise_levels noise_levels;
            imp_noise_levels_set(&noise_levels, strengths[n][0], strengths[n][1]);
            for (int k = 0; k < COUNT; k++) {
                plain[k] = wide[k] = (uint8_t)imp_random_uniform_int(&random, 256);
                gains[k] = (uint16_t)imp_random_uniform_int(&random, 1u << most);
            }
            const int8_t *from = noise + imp_random_uniform_int(&random, IMP_NOISE_COUNT);
            imp_apply_gain_noise_portable(&noise_levels, gains, from, COUNT, plain);
            memcpy(wider, wide, COUNT);
            imp_apply_gain_noise_avx2(&noise_levels, gains, from, COUNT, wide);
            assert_memory_equal(plain, wide, COUNT);
            if (!imp_cpu_has_avx512())
                continue;
            imp_apply_gain_noise_avx512(&noise_levels, gains, from, COUNT, wider);
            assert_memory_equal(plain, wider, COUNT);
        }
#else
    skip_because("no AVX2");
#endif
}

// Tones are looked up, in red, green and blue.
static void tone_tables_apply_per_channel(void **state)
{
    (void)state;
    enum { COUNT = 3 * 211 };
    uint8_t tones[3][256], before[COUNT], after[COUNT];
    make_noise(&tones[0][0], sizeof tones);
    for (int k = 0; k < COUNT; k++)
        before[k] = after[k] = (uint8_t)(k * 7);
    imp_tone_table_apply((const uint8_t(*)[256])tones, COUNT, after);
    for (int k = 0; k < COUNT; k++)
        assert_int_equal(after[k], tones[k % 3][before[k]]);
}

static void noise_is_without_pattern(void **state)
{
    (void)state;
    imp_camera_effects_def def = imp_default_camera_effects_def();
    def.noise = 0.1;
    uint8_t rgb[SIZE];
    memset(rgb, 128, SIZE);
    apply_once(&def, 0.0, 0.0, 0, rgb);
    const int steps[] = {1, 2, 3, 6, 3 * WIDTH, 3 * WIDTH + 3, 2 * 3 * WIDTH};
    for (int n = 0; n < 7; n++) {
        double product = 0.0, square = 0.0;
        for (int k = 0; k + steps[n] < SIZE; k++) {
            product += (rgb[k] - 128.0) * (rgb[k + steps[n]] - 128.0);
            square += (rgb[k] - 128.0) * (rgb[k] - 128.0);
        }
        // four deviations of what chance gives
        assert_close(product / square, 0.0, 4.0 / sqrt(SIZE));
    }
}

static void exposure_and_white_balance_scale(void **state)
{
    (void)state;
    imp_camera_effects_def def = imp_default_camera_effects_def();
    def.exposure = 1.0;
    assert_close(effect_on_flat_image(&def, 100, 0).mean, 200.0, 0.0);
    assert_close(effect_on_flat_image(&def, 200, 0).mean, 255.0, 0.0);
    def.exposure = 0.0;
    def.white_balance = 1.0;
    assert_close(effect_on_flat_image(&def, 100, 0).mean, 141.0, 0.5);
    assert_close(effect_on_flat_image(&def, 100, 1).mean, 100.0, 0.0);
    assert_close(effect_on_flat_image(&def, 100, 2).mean, 71.0, 0.5);
    def.white_balance = 0.0;
    def.gamma = 2.0;
    assert_close(effect_on_flat_image(&def, 128, 0).mean, 64.0, 0.5);
    assert_close(effect_on_flat_image(&def, 255, 0).mean, 255.0, 0.0);
}

static void flicker_makes_bands(void **state)
{
    (void)state;
    imp_camera_effects_def def = imp_default_camera_effects_def();
    def.flicker = 0.4;
    def.flicker_bands = 3.0;
    uint8_t rgb[SIZE];
    memset(rgb, 200, SIZE);
    apply_once(&def, 0.0, 0.0, 0, rgb);
    int least = 255, most = 0, crossings = 0;
    for (int row = 0; row < HEIGHT; row++) {
        const int value = rgb[row * WIDTH * 3], next = rgb[(row + 1) % HEIGHT * WIDTH * 3];
        least = value < least ? value : least;
        most = value > most ? value : most;
        crossings += (value < 160) != (next < 160);
        for (int k = 0; k < WIDTH * 3; k++)
            assert_int_equal(rgb[row * WIDTH * 3 + k], value);
    }
    assert_in_range(most, 198, 200);
    assert_in_range(least, 119, 122);
    assert_int_equal(crossings, 6);
}

static void blur_spreads_a_point(void **state)
{
    (void)state;
    imp_camera_effects_def def = imp_default_camera_effects_def();
    def.defocus = 16.0; // 2 px of 80
    uint8_t rgb[SIZE] = {0};
    // a bar, so that bytes do not run out
    for (int row = 28; row < 32; row++)
        for (int column = 38; column < 42; column++)
            memset(rgb + (row * WIDTH + column) * 3, 255, 3);
    apply_once(&def, 0.0, 0.0, 0, rgb);
    double sum = 0.0, across = 0.0, down = 0.0;
    for (int row = 0; row < HEIGHT; row++)
        for (int column = 0; column < WIDTH; column++) {
            const double value = rgb[(row * WIDTH + column) * 3];
            sum += value;
            across += value * (column - 39.5) * (column - 39.5);
            down += value * (row - 29.5) * (row - 29.5);
        }
    // a bar of four has a variance of 15 / 12; the kernel ends at 2.5 deviations
    assert_close(sum, 16 * 255.0, 60.0);
    assert_close(sqrt(across / sum - 1.25), 2.0, 0.15);
    assert_close(sqrt(down / sum - 1.25), 2.0, 0.15);
    memset(rgb, 90, SIZE);
    apply_once(&def, 0.0, 0.0, 0, rgb);
    for (int k = 0; k < SIZE; k++)
        assert_int_equal(rgb[k], 90);
}

static double mean_difference(const uint8_t *a, const uint8_t *b, int first, int end)
{
    double sum = 0.0;
    for (int k = first; k < end; k++)
        sum += abs(a[k] - b[k]);
    return sum / (end - first);
}

// The filter gives what one gets from many pictures while the robot moves.
static void check_motion(double speed, double turn_rate, double share)
{
    enum { FRAMES = 33 };
    const double time = 0.03;
    imp_error err = {0};
    imp_world *world;
    imp_scene *scene;
    imp_renderer *renderer;
    const imp_camera_def camera = imp_default_camera_def();
    assert_ok(imp_world_load(&world, "udem1_empty", &err), err);
    assert_ok(imp_scene_create(&scene, world, &err), err);
    assert_ok(imp_renderer_create(&renderer, &camera, IMP_RENDER_AUTO, &err), err);
    imp_camera_effects_def def = imp_default_camera_effects_def();
    def.motion_blur = time;
    double still = 0.0, smeared = 0.0;
    for (int place = 0; place < 4; place++) {
        static const imp_pose PLACES[] = {
            {0.70, 2.0, -1.5}, {1.3, 2.2, 0.3}, {2.0, 0.9, 3.0}, {0.75, 1.3, 1.6}};
        uint8_t sharp[SIZE], frame[SIZE], mean[SIZE];
        double sum[SIZE] = {0};
        imp_view view = imp_default_view();
        for (int n = 0; n < FRAMES; n++) {
            const double when = ((n + 0.5) / FRAMES - 0.5) * time;
            view.pose = imp_pose_integrate(PLACES[place], speed, turn_rate, when);
            imp_render(renderer, scene, &view, frame);
            for (int k = 0; k < SIZE; k++)
                sum[k] += frame[k];
        }
        for (int k = 0; k < SIZE; k++)
            mean[k] = (uint8_t)(sum[k] / FRAMES + 0.5);
        view.pose = PLACES[place];
        imp_render(renderer, scene, &view, sharp);
        memcpy(frame, sharp, SIZE);
        apply_once(&def, speed, turn_rate, 0, frame);
        still += mean_difference(sharp, mean, 0, SIZE);
        smeared += mean_difference(frame, mean, 0, SIZE);
    }
    print_message("motion of %g m/s and %g rad/s: off by %.2f, without a filter %.2f\n", speed,
                  turn_rate, smeared / 4, still / 4);
    assert_true(smeared < share * still);
    imp_renderer_destroy(renderer);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
}

static void motion_blur_matches_many_frames(void **state)
{
    (void)state;
    check_motion(0.6, 0.0, 0.75);
    check_motion(0.0, 4.0, 0.45);
    check_motion(0.0, -4.0, 0.45);
    check_motion(0.5, 2.0, 0.6);
}

// The same picture through libjpeg, in memory.
static void libjpeg_round_trip(uint8_t *rgb, int width, int height, int quality)
{
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct to = {.err = jpeg_std_error(&errors)};
    unsigned char *bytes = NULL;
    unsigned long length = 0;
    jpeg_create_compress(&to);
    jpeg_mem_dest(&to, &bytes, &length);
    to.image_width = (JDIMENSION)width;
    to.image_height = (JDIMENSION)height;
    to.input_components = 3;
    to.in_color_space = JCS_RGB;
    jpeg_set_defaults(&to);
    jpeg_set_quality(&to, quality, TRUE);
    jpeg_start_compress(&to, TRUE);
    while (to.next_scanline < to.image_height) {
        JSAMPROW row = rgb + (size_t)to.next_scanline * (size_t)width * 3;
        jpeg_write_scanlines(&to, &row, 1);
    }
    jpeg_finish_compress(&to);
    jpeg_destroy_compress(&to);
    struct jpeg_decompress_struct from = {.err = jpeg_std_error(&errors)};
    jpeg_create_decompress(&from);
    jpeg_mem_src(&from, bytes, length);
    jpeg_read_header(&from, TRUE);
    from.do_fancy_upsampling = FALSE;
    jpeg_start_decompress(&from);
    while (from.output_scanline < from.output_height) {
        JSAMPROW row = rgb + (size_t)from.output_scanline * (size_t)width * 3;
        jpeg_read_scanlines(&from, &row, 1);
    }
    jpeg_finish_decompress(&from);
    jpeg_destroy_decompress(&from);
    free(bytes);
}

// A picture with smooth parts, edges and noise, of a size that blocks do not divide.
static void paint_test_image(uint8_t *rgb, int width, int height)
{
    imp_random random = imp_random_stream(7, 0, 0, IMP_PURPOSE_TEST);
    for (int k = 0; k < width * height; k++) {
        const int x = k % width, y = k / width;
        const bool edge = x > y && x < y + 20;
        const int noise = (int)imp_random_uniform_int(&random, 4);
        rgb[3 * k] = (uint8_t)(edge ? 200 : 40 + x * 2 % 150 + noise);
        rgb[3 * k + 1] = (uint8_t)(edge ? 180 : 60 + y + noise);
        rgb[3 * k + 2] = (uint8_t)(edge ? 60 : 90 + noise);
    }
}

static void jpeg_loses_what_libjpeg_loses(void **state)
{
    (void)state;
    enum { W = 75, H = 53, BYTES = W * H * 3 };
    uint8_t clean[BYTES], ours[BYTES], theirs[BYTES];
    paint_test_image(clean, W, H);
    imp_camera_effects *effects = create_effects(W, H);
    double before = 0.0;
    for (int quality = 90; quality > 0; quality -= 20) {
        imp_camera_effects_def def = imp_default_camera_effects_def();
        def.jpeg_quality = quality;
        imp_random random = random_of_frame(0);
        memcpy(ours, clean, BYTES);
        memcpy(theirs, clean, BYTES);
        imp_camera_effects_apply(effects, &def, 0.0, 0.0, &random, ours);
        libjpeg_round_trip(theirs, W, H, quality);
        const double lost = mean_difference(clean, theirs, 0, BYTES);
        const double apart = mean_difference(ours, theirs, 0, BYTES);
        print_message("jpeg %d: lost %.2f, apart %.2f\n", quality, lost, apart);
        assert_true(apart < 0.15 * lost + 0.8);
        assert_true(lost > before);
        before = lost;
    }
    imp_camera_effects_destroy(effects);
}

// Sizes that neither vectors nor blocks divide, down to a single pixel; sanitizers see the rest.
static void any_image_size_works(void **state)
{
    (void)state;
    const int sizes[][2] = {{1, 1}, {1, 40}, {40, 1}, {13, 7}, {333, 17}};
    imp_camera_effects_def def = imp_default_camera_effects_def();
    for (int k = 0; k < SETTINGS; k++) {
        const imp_camera_effects_def one = one_effect(k);
        def.motion_blur += one.motion_blur;
        def.defocus += one.defocus * 5.0;
        def.exposure += one.exposure;
        def.noise += one.noise;
        def.shot_noise += one.shot_noise;
        def.flicker += one.flicker;
        def.jpeg_quality += one.jpeg_quality;
    }
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        const size_t size = (size_t)sizes[k][0] * (size_t)sizes[k][1] * 3;
        imp_camera_effects *effects = create_effects(sizes[k][0], sizes[k][1]);
        uint8_t *rgb = malloc(size);
        assert_non_null(rgb);
        make_noise(rgb, size);
        imp_random random = random_of_frame(0);
        imp_camera_effects_apply(effects, &def, 0.6, 8.0, &random, rgb);
        imp_camera_effects_apply(effects, &def, NAN, INFINITY, &random, rgb);
        imp_camera_effects_apply(effects, &def, 1e9, -1e9, &random, rgb);
        free(rgb);
        imp_camera_effects_destroy(effects);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_effects_change_nothing),
        cmocka_unit_test(same_seed_same_bytes),
        cmocka_unit_test(effects_keep_no_state),
        cmocka_unit_test(invalid_settings_are_rejected),
        cmocka_unit_test(noise_has_its_strength),
        cmocka_unit_test(noise_is_without_pattern),
        cmocka_unit_test(exposure_and_white_balance_scale),
        cmocka_unit_test(flicker_makes_bands),
        cmocka_unit_test(blur_spreads_a_point),
        cmocka_unit_test(motion_blur_matches_many_frames),
        cmocka_unit_test(jpeg_loses_what_libjpeg_loses),
        cmocka_unit_test(any_image_size_works),
        cmocka_unit_test(vectors_make_the_same_noise),
        cmocka_unit_test(tone_tables_apply_per_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
