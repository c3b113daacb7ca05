// Effects of a real camera, in physical order: motion and defocus blur light, the sensor counts it
// with noise while mains light flickers, then tone curve and JPEG compression follow. Each step is
// skipped if it changes nothing. Tables are cached for the settings of the last image, since most
// sequences keep them.
#include <math.h>
#include <stdlib.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/render/camera_effects/rgbx_image.h"

enum { DEGRADE_COOKIE = 0xDE62A };

struct imp_camera_effects {
    int width, height;
    imp_flow_block *flow;
    imp_blur_context blur_context; // image size and scratch images
    float *values;                 // scratch
    uint16_t *gains;               // gain of each byte of a row
    int8_t *noise;
    int16_t *blur_values; // scratch
    int16_t *line;        // scratch of a row
    // tables for the settings of the last image
    double tone_settings[4]; // gains and exponent
    uint8_t tones[3][256];
    double noise_settings[2]; // noise and shot noise
    imp_noise_levels noise_levels;
    int quality;
    imp_jpeg_quantisation steps;
};

imp_camera_effects_def imp_default_camera_effects_def(void)
{
    return (imp_camera_effects_def){
        .gamma = 1.0, .flicker_bands = 10.0 / 3.0, .cookie = DEGRADE_COOKIE};
}

imp_status imp_camera_effects_check(const imp_camera_effects_def *def, imp_error *err)
{
    // range of every field
    const struct {
        const char *name;
        double value, low, high;
    } ranges[] = {
        {"motion_blur", def->motion_blur, 0.0, 0.1},
        {"defocus", def->defocus, 0.0, IMP_BLUR_DEVIATION_MAX},
        {"exposure", def->exposure, -8.0, 8.0},
        {"white_balance", def->white_balance, -1.0, 1.0},
        {"gamma", def->gamma, 0.1, 10.0},
        {"noise", def->noise, 0.0, 1.0},
        {"shot_noise", def->shot_noise, 0.0, 1.0},
        {"flicker", def->flicker, 0.0, 1.0},
        {"flicker_bands", def->flicker_bands, 0.0, 1000.0},
        {"jpeg_quality", def->jpeg_quality, 0.0, 100.0},
    };
    if (def->cookie != DEGRADE_COOKIE)
        return imp_fail(
            err, IMP_USAGE,
            "imp_camera_effects_def was not made with imp_default_camera_effects_def()");
    for (size_t k = 0; k < sizeof ranges / sizeof ranges[0]; k++)
        // the negation also rejects NaN
        if (!(ranges[k].value >= ranges[k].low && ranges[k].value <= ranges[k].high))
            return imp_fail(err, IMP_USAGE, "%s must be within %g to %g, not %g", ranges[k].name,
                            ranges[k].low, ranges[k].high, ranges[k].value);
    return IMP_OK;
}

imp_status imp_camera_effects_create(imp_camera_effects **out, const imp_camera_def *camera,
                                     imp_error *err)
{
    imp_camera through;
    imp_status status = imp_camera_init(&through, camera, err);
    if (status != IMP_OK)
        return status;
    const size_t rows = (size_t)camera->height, stride = imp_rgbx_stride(camera->width);
    const size_t jpeg = imp_jpeg_scratch_size(camera->width, camera->height);
    imp_camera_effects *made = calloc(1, sizeof *made);
    if (made != NULL) {
        // all scratch memory is allocated here, so that applying allocates nothing
        made->width = made->blur_context.width = camera->width;
        made->height = made->blur_context.height = camera->height;
        made->flow =
            calloc(imp_flow_block_count(camera->width, camera->height), sizeof *made->flow);
        made->blur_context.rgbx[0] = calloc(2 * rows * stride, sizeof *made->blur_context.rgbx[0]);
        made->values = calloc(jpeg, sizeof *made->values);
        made->gains = calloc(3 * stride, sizeof *made->gains);
        made->noise = malloc(IMP_NOISE_COUNT + IMP_NOISE_RUN);
        made->blur_values = calloc(4 * rows * stride, sizeof *made->blur_values);
        made->line = calloc(4 * stride, sizeof *made->line);
    }
    // one check for all allocations
    if (made == NULL || made->flow == NULL || made->blur_context.rgbx[0] == NULL ||
        made->values == NULL || made->gains == NULL || made->noise == NULL ||
        made->blur_values == NULL || made->line == NULL) {
        imp_camera_effects_destroy(made);
        return imp_fail(err, IMP_NO_MEMORY, "no memory for camera effects on %d x %d pixels",
                        camera->width, camera->height);
    }
    made->blur_context.rgbx[1] = made->blur_context.rgbx[0] + rows * stride;
    imp_camera_motion_flow_fill(&through, made->flow);
    imp_noise_table_fill(made->noise);
    *out = made;
    return IMP_OK;
}

void imp_camera_effects_destroy(imp_camera_effects *effects)
{
    if (effects == NULL)
        return;
    free(effects->flow);
    free(effects->blur_context.rgbx[0]);
    free(effects->values);
    free(effects->gains);
    free(effects->noise);
    free(effects->blur_values);
    free(effects->line);
    free(effects);
}

// Hashes consecutive numbers to independent ones.
static uint32_t hash_u32(uint32_t n)
{
    n = (n ^ n >> 16) * 0x7feb352du;
    n = (n ^ n >> 15) * 0x846ca68bu;
    return n ^ n >> 16;
}

// The fastest kernel of the processor.
static imp_gain_noise *select_gain_noise_kernel(void)
{
#if defined(__x86_64__)
    if (imp_cpu_has_avx512())
        return imp_apply_gain_noise_avx512;
    if (imp_cpu_has_avx2())
        return imp_apply_gain_noise_avx2;
#endif
    return imp_apply_gain_noise_portable;
}

// Tone table of gain and exponent.
static void fill_tone_tables(const double gain[3], double gamma, uint8_t tones[3][256])
{
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < 256; k++) {
            const double light = fmin(gain[c] * k / 255.0, 1.0);
            tones[c][k] = (uint8_t)(255.0 * (gamma != 1.0 ? imp_pow(light, gamma) : light) + 0.5);
        }
}

// Whether two arrays are equal.
static bool double_arrays_equal(const double *a, const double *b, int count)
{
    for (int k = 0; k < count; k++)
        if (a[k] != b[k])
            return false;
    return true;
}

// The tone tables for these settings, computed if they changed.
static const uint8_t (*update_cached_tone_tables(imp_camera_effects *d, const double gain[3],
                                                 double gamma))[256]
{
    const double wanted[4] = {gain[0], gain[1], gain[2], gamma};
    if (!double_arrays_equal(wanted, d->tone_settings, 4))
        fill_tone_tables(gain, gamma, d->tones);
    memcpy(d->tone_settings, wanted, sizeof wanted);
    return (const uint8_t(*)[256])d->tones;
}

// Repeats the gains of red, green and blue, twelve values at a time; up to eleven more than `count`
// are written.
static void repeat_rgb_gains(const uint16_t shares[3], int count, uint16_t *gains)
{
    // twelve gains of 16 bits fill three words
    const uint64_t red = shares[0], green = shares[1], blue = shares[2];
    const uint64_t twelve[3] = {red | green << 16 | blue << 32 | red << 48,
                                green | blue << 16 | red << 32 | green << 48,
                                blue | red << 16 | green << 32 | blue << 48};
    for (int k = 0; k < count; k += 12)
        memcpy(gains + k, twelve, sizeof twelve);
}

// The noise levels for these settings, computed if they changed.
static const imp_noise_levels *update_cached_noise_levels(imp_camera_effects *d,
                                                          const imp_camera_effects_def *def)
{
    const double wanted[2] = {def->noise, def->shot_noise};
    if (!double_arrays_equal(wanted, d->noise_settings, 2))
        imp_noise_levels_set(&d->noise_levels, def->noise, def->shot_noise);
    memcpy(d->noise_settings, wanted, sizeof wanted);
    return &d->noise_levels;
}

// Multiplies an image by gains, which flicker changes per row, and adds noise. Each run of bytes
// takes noise from a hashed position of the table.
static void apply_gain_and_noise(imp_camera_effects *d, const imp_camera_effects_def *def,
                                 const double gain[3], double phase, uint32_t key, uint8_t *rgb)
{
    const int count = 3 * d->width;
    imp_gain_noise *const run = select_gain_noise_kernel();
    const imp_noise_levels *noise_levels = update_cached_noise_levels(d, def);
    for (int row = 0; row < d->height; row++) {
        if (row == 0 || def->flicker > 0.0) {
            // brightness of the row: a raised cosine down the image
            const double band = 2.0 * IMP_PI * def->flicker_bands * (row + 0.5) / d->height;
            const double light =
                4096.0 * (1.0 - 0.5 * def->flicker * (1.0 - imp_cos(band + phase)));
            const uint16_t shares[3] = {(uint16_t)lrint(gain[0] * light),
                                        (uint16_t)lrint(gain[1] * light),
                                        (uint16_t)lrint(gain[2] * light)};
            repeat_rgb_gains(shares, count, d->gains);
        }
        uint8_t *bytes = rgb + (size_t)row * (size_t)count;
        for (int k = 0; k < count; k += IMP_NOISE_RUN) {
            const int part = count - k < IMP_NOISE_RUN ? count - k : IMP_NOISE_RUN;
            const uint32_t place = hash_u32(key + (uint32_t)(row * count + k));
            run(noise_levels, d->gains + k, d->noise + place % IMP_NOISE_COUNT, part, bytes + k);
        }
    }
}

// Applies exposure, white balance, noise, flicker and gamma. Without noise and flicker, gain and
// gamma are one table. With them, gains that the integer kernel cannot hold are applied first.
static void apply_light_and_tone(imp_camera_effects *d, const imp_camera_effects_def *def,
                                 double phase, uint32_t key, uint8_t *rgb)
{
    // largest gain that fits the kernel's 16 bits
    const double most = 15.0, none[3] = {1.0, 1.0, 1.0};
    const size_t size = (size_t)d->width * (size_t)d->height * 3;
    // white balance raises red and lowers blue by half a stop at most
    const double balance = imp_exp2(0.5 * def->white_balance), light = imp_exp2(def->exposure);
    const double gain[3] = {light * balance, light, light / balance};
    const bool rough = def->noise > 0.0 || def->shot_noise > 0.0 || def->flicker > 0.0;
    const bool bright = fmax(gain[0], gain[2]) > most;
    const bool changed = !double_arrays_equal(gain, none, 3);
    // tone table for gains, with gamma if nothing follows
    if (changed && (!rough || bright))
        imp_tone_table_apply(update_cached_tone_tables(d, gain, rough ? 1.0 : def->gamma), size,
                             rgb);
    if (rough)
        apply_gain_and_noise(d, def, bright ? none : gain, phase, key, rgb);
    // gamma last, unless the first table included it
    if (def->gamma != 1.0 && (rough || !changed))
        imp_tone_table_apply(update_cached_tone_tables(d, none, def->gamma), size, rgb);
}

void imp_camera_effects_apply(imp_camera_effects *effects, const imp_camera_effects_def *def,
                              double speed, double turn_rate, imp_random *random, uint8_t *rgb)
{
    imp_camera_effects *d = effects;
    const int width = d->width, height = d->height;
    const double deviation = def->defocus * width / 640.0;
    // both draws are made in any case, so that the stream does not depend on settings
    const double phase = imp_random_uniform(random, 0.0, 2.0 * IMP_PI);
    const uint32_t key = imp_random_u32(random);
    // light: motion and defocus
    if (def->motion_blur > 0.0) {
        d->blur_context.ahead = (float)(speed * def->motion_blur);
        d->blur_context.turn = (float)(turn_rate * def->motion_blur);
        imp_motion_blur(d->flow, &d->blur_context, rgb);
    }
    if (deviation > 0.0)
        imp_gaussian_blur(&d->blur_context, fmin(deviation, IMP_BLUR_DEVIATION_MAX), d->blur_values,
                          d->line, rgb);
    // sensor and tone
    if (def->exposure != 0.0 || def->white_balance != 0.0 || def->gamma != 1.0 ||
        def->noise > 0.0 || def->shot_noise > 0.0 || def->flicker > 0.0) {
        apply_light_and_tone(d, def, phase, key, rgb);
    }
    // compression; tables depend on quality only
    if (def->jpeg_quality > 0) {
        if (def->jpeg_quality != d->quality) {
            d->steps = imp_jpeg_quantisation_create(def->jpeg_quality);
            d->quality = def->jpeg_quality;
        }
        imp_jpeg_add_artifacts(&d->steps, width, height, d->values, rgb);
    }
}
