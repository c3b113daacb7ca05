// What a real camera does to a picture, in the order in which it happens: light is smeared and
// blurred, the sensor counts it with noise while mains light flickers, tone and compression follow.
#include "render/degrade.h"

#include <math.h>
#include <stdlib.h>

#include "base/vector.h"

enum { DEGRADE_COOKIE = 0xDE62A, TONES = 1024 };

struct imp_degrader {
    int width, height;
    imp_pixel_flow *flow; // (height x width)
    uint64_t *words;      // (height x width) scratch
    float *values;        // scratch
    float *line;          // scratch of a row, with room on both sides
    // made for the settings of the last picture
    double gamma;
    uint8_t tones[TONES]; // of values in 1/4 of a byte
    int quality;
    imp_jpeg_steps steps;
};

imp_degrade_def imp_default_degrade_def(void)
{
    return (imp_degrade_def){.gamma = 1.0, .flicker_bands = 10.0 / 3.0, .cookie = DEGRADE_COOKIE};
}

imp_status imp_degrade_check(const imp_degrade_def *def, imp_error *err)
{
    const struct {
        const char *name;
        double value, low, high;
    } ranges[] = {
        {"motion_blur", def->motion_blur, 0.0, 0.1},
        {"defocus", def->defocus, 0.0, IMP_WIDEST_BLUR},
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
        return imp_fail(err, IMP_USAGE, "start what degrades from imp_default_degrade_def()");
    for (size_t k = 0; k < sizeof ranges / sizeof ranges[0]; k++)
        // the negation also catches what is not a number
        if (!(ranges[k].value >= ranges[k].low && ranges[k].value <= ranges[k].high))
            return imp_fail(err, IMP_USAGE, "%s lies within %g to %g, not at %g", ranges[k].name,
                            ranges[k].low, ranges[k].high, ranges[k].value);
    return IMP_OK;
}

imp_status imp_degrader_create(imp_degrader **out, const imp_camera_def *camera, imp_error *err)
{
    imp_camera through;
    imp_status status = imp_camera_init(&through, camera, err);
    if (status != IMP_OK)
        return status;
    const size_t pixels = (size_t)camera->width * (size_t)camera->height;
    const size_t jpeg = imp_jpeg_scratch(camera->width, camera->height);
    imp_degrader *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->width = camera->width;
        made->height = camera->height;
        made->flow = calloc(pixels, sizeof *made->flow);
        made->words = calloc(pixels, sizeof *made->words);
        made->values = calloc(jpeg > 3 * pixels ? jpeg : 3 * pixels, sizeof *made->values);
        made->line = calloc(3 * ((size_t)camera->width + 2 * IMP_BLUR_REACH), sizeof *made->line);
    }
    if (made == NULL || made->flow == NULL || made->words == NULL || made->values == NULL ||
        made->line == NULL) {
        imp_degrader_destroy(made);
        return imp_fail(err, IMP_NO_MEMORY, "no memory to degrade %d x %d pixels", camera->width,
                        camera->height);
    }
    imp_flow_find(&through, made->flow);
    *out = made;
    return IMP_OK;
}

void imp_degrader_destroy(imp_degrader *degrader)
{
    if (degrader == NULL)
        return;
    free(degrader->flow);
    free(degrader->words);
    free(degrader->values);
    free(degrader->line);
    free(degrader);
}

// How the values of a picture become tones.
typedef struct toning {
    const float *gains;   // of each byte of a row
    float floor, slope;   // variance of the noise: floor + slope * value [1/255]
    uint32_t key;         // of the noise
    const uint8_t *tones; // NULL: as they are
} toning;

// Noise of mean 0 and deviation 1, a pure function of its argument: the sum of a hash's four bytes
// is as good as normal up to three deviations.
IMP_ALWAYS float noise_at(uint32_t n)
{
    uint32_t h = n * 0x9e3779b1u;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 12) * 0x297a2d39u;
    h ^= h >> 15;
    const uint32_t pairs = (h & 0x00ff00ffu) + (h >> 8 & 0x00ff00ffu);
    // the deviation of four bytes' sum is sqrt(4 (256^2 - 1) / 12)
    return ((float)(int32_t)((pairs & 0xffff) + (pairs >> 16)) - 510.0f) * (1.0f / 147.8f);
}

IMP_ALWAYS void tone_row(const toning *t, int count, uint32_t first, float gain, float *line,
                         uint8_t *row)
{
    const float end = 255.0f;
    for (int k = 0; k < count; k++) {
        const float light = (float)row[k] * (t->gains[k] * gain);
        const float value =
            light + sqrtf(t->floor + t->slope * light) * noise_at((first + (uint32_t)k) ^ t->key);
        const float above = value > 0.0f ? value : 0.0f;
        line[k] = above < end ? above : end;
    }
    if (t->tones == NULL)
        for (int k = 0; k < count; k++)
            row[k] = (uint8_t)(line[k] + 0.5f);
    else
        for (int k = 0; k < count; k++)
            row[k] = t->tones[(int)(line[k] * 4.0f + 0.5f)];
}

typedef void tone_function(const toning *t, int count, uint32_t first, float gain, float *line,
                           uint8_t *row);

static void tone_plain(const toning *t, int count, uint32_t first, float gain, float *line,
                       uint8_t *row)
{
    tone_row(t, count, first, gain, line, row);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void tone_avx2(const toning *t, int count, uint32_t first,
                                                      float gain, float *line, uint8_t *row)
{
    tone_row(t, count, first, gain, line, row);
}
#endif

static tone_function *choose_tone(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        return tone_avx2;
#endif
    return tone_plain;
}

static void tone(imp_degrader *d, const imp_degrade_def *def, double phase, uint32_t key,
                 uint8_t *rgb)
{
    const int count = 3 * d->width;
    float *gains = d->values;
    const double balance = exp2(0.5 * def->white_balance), light = exp2(def->exposure);
    const double channel[3] = {light * balance, light, light / balance};
    for (int k = 0; k < count; k++)
        gains[k] = (float)channel[k % 3];
    const toning t = {
        .gains = gains,
        .floor = (float)(def->noise * def->noise * 255.0 * 255.0),
        .slope = (float)(def->shot_noise * def->shot_noise * 255.0),
        .key = key,
        .tones = def->gamma != 1.0 ? d->tones : NULL,
    };
    tone_function *const run = choose_tone();
    for (int row = 0; row < d->height; row++) {
        const double band = 2.0 * IMP_PI * def->flicker_bands * (row + 0.5) / d->height;
        const double gain = 1.0 - 0.5 * def->flicker * (1.0 - cos(band + phase));
        run(&t, count, (uint32_t)(row * count), (float)gain, d->line,
            rgb + (size_t)row * (size_t)count);
    }
}

static void find_tones(imp_degrader *d, double gamma)
{
    if (gamma == d->gamma)
        return;
    for (int k = 0; k < TONES; k++)
        d->tones[k] = (uint8_t)(255.0 * pow(fmin(k / 1020.0, 1.0), gamma) + 0.5);
    d->gamma = gamma;
}

void imp_degrade(imp_degrader *degrader, const imp_degrade_def *def, double speed, double turn_rate,
                 imp_random *random, uint8_t *rgb)
{
    imp_degrader *d = degrader;
    const int width = d->width, height = d->height;
    const double deviation = def->defocus * width / 640.0;
    const double phase = imp_random_uniform(random, 0.0, 2.0 * IMP_PI);
    const uint32_t key = imp_random_u32(random);
    if (def->motion_blur > 0.0)
        imp_flow_smear(d->flow, width, height, (float)(speed * def->motion_blur),
                       (float)(turn_rate * def->motion_blur), d->words, rgb);
    if (deviation > 0.0)
        imp_blur(width, height, fmin(deviation, IMP_WIDEST_BLUR), d->values, d->line, rgb);
    if (def->exposure != 0.0 || def->white_balance != 0.0 || def->gamma != 1.0 ||
        def->noise > 0.0 || def->shot_noise > 0.0 || def->flicker > 0.0) {
        find_tones(d, def->gamma);
        tone(d, def, phase, key, rgb);
    }
    if (def->jpeg_quality > 0) {
        if (def->jpeg_quality != d->quality) {
            d->steps = imp_jpeg_steps_of(def->jpeg_quality);
            d->quality = def->jpeg_quality;
        }
        imp_jpeg_spoil(&d->steps, width, height, d->values, rgb);
    }
}
