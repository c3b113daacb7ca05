// Generates random panoramas: a background of waves, gradient and grain around a colour, and up to
// PATCHES_MAX rectangles that resemble furniture or houses. They teach networks to ignore what is
// above the horizon. The panorama is periodic around the robot and drawn once per episode.

#include "imprint/render.h"

#include "base/common/math_functions.h"

enum { WIDTH = IMP_HORIZON_WIDTH, HEIGHT = IMP_HORIZON_HEIGHT, PATCHES_MAX = 28, WAVES = 4 };

// A uniform draw as a float.
static float random_between(imp_random *random, double low, double high)
{
    return (float)imp_random_uniform(random, low, high);
}

// Clamps a colour (0..1) and packs it, red lowest.
static uint32_t pack_colour(const float rgb[3])
{
    uint32_t out = 0xff000000u;
    for (int c = 0; c < 3; c++) {
        const float value = 255.0f * (rgb[c] > 0.0f ? rgb[c] : 0.0f);
        out |= (uint32_t)((value < 255.0f ? value : 255.0f) + 0.5f) << (8 * c);
    }
    return out;
}

// Fills the background: a vertical gradient, a sum of waves around, and noise per texel.
static void fill_random_background(imp_horizon *out, const float colour[3], imp_random *random)
{
    float turns[WAVES], strengths[WAVES], around[WIDTH];
    const float upwards = random_between(random, -0.35, 0.35),
                grain = random_between(random, 0.0, 0.06);
    for (int n = 0; n < WAVES; n++) {
        turns[n] = random_between(random, 0.0, 6.2831853);
        strengths[n] = random_between(random, 0.0, 0.12);
    }
    // waves of whole periods, so that the panorama closes
    for (int i = 0; i < WIDTH; i++) {
        around[i] = 1.0f;
        for (int n = 0; n < WAVES; n++)
            around[i] +=
                strengths[n] * imp_sinf((float)((n + 1) * i) * 6.2831853f / WIDTH + turns[n]);
    }
    for (int j = 0; j < HEIGHT; j++)
        for (int i = 0; i < WIDTH; i++) {
            const float speckle = (float)(imp_random_u32(random) >> 8) * (2.0f / 16777215.0f);
            const float shade = around[i] * (1.0f + upwards * ((float)j / HEIGHT - 0.5f)) +
                                grain * (speckle - 1.0f);
            const float rgb[3] = {colour[0] * shade, colour[1] * shade, colour[2] * shade};
            out->texels[j][i] = pack_colour(rgb);
        }
}

// Draws a rectangle that stands on the horizon or hangs above it; some are striped. Its colour is
// between a random one and the background's.
static void paint_random_patch(imp_horizon *out, const float colour[3], imp_random *random)
{
    // small patches are more frequent than large ones
    const int left = (int)imp_random_uniform_int(random, WIDTH);
    const float breadth = random_between(random, 0.0, 1.0);
    const int wide = 2 + (int)(50.0f * (breadth * breadth));
    const int high = 2 + (int)(30.0f * imp_powf(random_between(random, 0.0, 1.0), 1.5f));
    const int low =
        random_between(random, 0.0, 1.0) < 0.65f ? 0 : (int)imp_random_uniform_int(random, 24);
    const int period = 2 + (int)imp_random_uniform_int(random, 12);
    const bool striped = random_between(random, 0.0, 1.0) < 0.3f,
               upright = random_between(random, 0.0, 1.0) < 0.5f;
    // a colour between its own and the background's; the second is for stripes
    const float near_wall = random_between(random, 0.0, 1.0);
    float rgb[2][3];
    for (int c = 0; c < 3; c++) {
        const float own = random_between(random, 0.02, 0.95);
        rgb[0][c] = own + near_wall * (colour[c] - own);
        rgb[1][c] = rgb[0][c] * 0.7f;
    }
    // columns wrap around
    for (int j = low; j < low + high && j < HEIGHT; j++)
        for (int i = left; i < left + wide; i++) {
            const int along = upright ? i - left : j - low;
            out->texels[j][i & (WIDTH - 1)] = pack_colour(rgb[striped && along / period % 2 == 1]);
        }
}

void imp_horizon_generate(imp_horizon *out, const float colour[3], imp_random *random)
{
    fill_random_background(out, colour, random);
    const int patches = (int)imp_random_uniform_int(random, PATCHES_MAX + 1);
    for (int n = 0; n < patches; n++)
        paint_random_patch(out, colour, random);
}
