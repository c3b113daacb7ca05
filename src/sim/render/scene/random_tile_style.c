// Draws tile styles that differ from the new one: widths and colours of markings, other floors, and
// wear. All amplitudes scale with wear; the order of the draws is part of the results. With wear 0
// the result is the new style.

#include "base/common/math_functions.h"
#include "sim/render/scene/tile_painter.h"

// A uniform draw as a float.
static float random_between(imp_random *random, double low, double high)
{
    return (float)imp_random_uniform(random, low, high);
}

// With probability `share` a uniform value up to `most`, else 0. Draws twice in any case.
static float sample_uniform_or_zero(imp_random *random, double share, double most)
{
    const double drawn = imp_random_uniform(random, 0.0, 1.0);
    const double value = imp_random_uniform(random, 0.0, most);
    return drawn < share ? (float)value : 0.0f;
}

// Varies the brightness of a colour, and each channel a little.
static void vary_colour(float rgb[3], float wear, double darker, double brighter, double apart,
                        imp_random *random)
{
    const float all = 1.0f + wear * random_between(random, -darker, brighter);
    for (int c = 0; c < 3; c++)
        rgb[c] *= all * (1.0f + wear * random_between(random, -apart, apart));
}

// Surfaces of indoor floors.
static const imp_surface INDOOR_SURFACES[] = {
    {{70.0f, 98.0f, 35.0f}, 62.0f, 9.0f, IMP_PATTERN_LAWN},       // lawn
    {{105.0f, 88.0f, 52.0f}, 45.0f, 12.0f, IMP_PATTERN_LAWN},     // dry grass
    {{142.0f, 104.0f, 66.0f}, 7.0f, 5.0f, IMP_PATTERN_BOARDS},    // wood
    {{88.0f, 62.0f, 42.0f}, 6.0f, 5.0f, IMP_PATTERN_BOARDS},      // dark wood
    {{168.0f, 164.0f, 156.0f}, 5.0f, 5.0f, IMP_PATTERN_SLABS},    // tiles
    {{122.0f, 120.0f, 116.0f}, 9.0f, 12.0f, IMP_PATTERN_SPECKLE}, // concrete
    {{76.0f, 80.0f, 96.0f}, 20.0f, 6.0f, IMP_PATTERN_SPECKLE},    // carpet
    {{112.0f, 60.0f, 56.0f}, 18.0f, 6.0f, IMP_PATTERN_SPECKLE},   // red carpet
};
enum { INDOOR_SURFACE_COUNT = sizeof INDOOR_SURFACES / sizeof INDOOR_SURFACES[0] };

// The new surface, or with probability `wear` another one, in a varied colour.
static imp_surface sample_surface(const imp_surface *base, float wear, imp_random *random)
{
    imp_surface out = INDOOR_SURFACES[imp_random_uniform_int(random, INDOOR_SURFACE_COUNT)];
    if (imp_random_uniform(random, 0.0, 1.0) > wear)
        out = *base;
    vary_colour(out.rgb, wear, 0.4, 0.4, 0.12, random);
    out.fine *= 1.0f + wear * random_between(random, -0.6, 0.3);
    return out;
}

// Varies brightness and grain of the road.
static void vary_asphalt(imp_surface *out, float wear, imp_random *random)
{
    // from black mats to worn grey; logarithmic, so both directions are equally likely
    const float all = imp_expf(wear * random_between(random, -0.9, 0.75));
    for (int c = 0; c < 3; c++)
        out->rgb[c] *= all * (1.0f + wear * random_between(random, -0.08, 0.08));
    out->fine *= 1.0f + wear * random_between(random, -0.7, 1.0);
    out->coarse *= 1.0f + wear * random_between(random, -0.7, 2.0);
}

void imp_tile_style_lay_tape(imp_tile_style *style, float tape, imp_random *random)
{
    enum { PIECES_MIN = 3, PIECES_KINDS = 5 };
    const bool straight = imp_random_uniform(random, 0.0, 1.0) < 0.6 * (double)tape;
    const int pieces = PIECES_MIN + (int)imp_random_uniform_int(random, PIECES_KINDS);
    style->pieces = straight ? pieces : 0;
    style->yellow_offset = tape * random_between(random, -0.03, 0.03);
    style->yellow_width *= imp_expf(tape * random_between(random, -0.3, 0.5));
    style->other_white = imp_expf(tape * random_between(random, -0.35, 0.35));
    // from the usual red down to a third of it
    const float dark = 1.0f - tape * sample_uniform_or_zero(random, 0.6, 0.67);
    for (int c = 0; c < 3; c++)
        style->red[c] *= dark;
}

imp_tile_style imp_tile_style_sample(float wear, imp_random *random)
{
    imp_tile_style out = imp_tile_style_new;
    // markings: common and individual widths, colours
    const float lines = imp_expf(wear * random_between(random, -0.25, 0.2));
    out.white_width *= lines * imp_expf(wear * random_between(random, -0.1, 0.1));
    out.yellow_width *= lines * imp_expf(wear * random_between(random, -0.2, 0.2));
    out.red_width *= lines * imp_expf(wear * random_between(random, -0.2, 0.2));
    out.dash_share += wear * random_between(random, -0.14, 0.12);
    vary_colour(out.white, wear, 0.25, 0.4, 0.08, random);
    vary_colour(out.yellow, wear, 0.2, 0.35, 0.15, random);
    vary_colour(out.red, wear, 0.3, 0.25, 0.15, random);
    vary_asphalt(&out.asphalt, wear, random);
    out.lawn = sample_surface(&imp_tile_style_new.lawn, wear, random);
    out.floor = sample_surface(&imp_tile_style_new.floor, wear, random);
    // wear: each kind occurs in a part of the styles
    out.fade = wear * sample_uniform_or_zero(random, 0.6, 0.55);
    out.chips = wear * sample_uniform_or_zero(random, 0.6, 0.45);
    out.dirt = wear * sample_uniform_or_zero(random, 0.7, 0.6);
    for (int c = 0; c < 3; c++)
        out.dust[c] = random_between(random, 40.0, 120.0);
    // dust is mostly grey
    const float grey = (out.dust[0] + out.dust[1] + out.dust[2]) / 3.0f;
    for (int c = 0; c < 3; c++)
        out.dust[c] = 0.7f * grey + 0.3f * out.dust[c];
    out.tape = wear * sample_uniform_or_zero(random, 0.5, 0.8);
    out.wobble = wear * sample_uniform_or_zero(random, 0.5, 0.008);
    out.joint = wear * sample_uniform_or_zero(random, 0.7, 0.8);
    out.teeth_depth = wear * sample_uniform_or_zero(random, 0.6, 0.035);
    out.seed = imp_random_u32(random);
    return out;
}
