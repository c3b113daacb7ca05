// The look of tiles, after the Duckietown appearance specification: white edge lines 4.8 cm wide, a
// dashed yellow centre line 2.4 cm wide, red stop lines 4.8 cm wide where a lane enters an
// intersection. Sizes are told in tiles, for a tile of 0.585 m, because lanes scale with the tile
// too. The colours are those that the reference's photographs have under its light.
#include <math.h>

#include "render/road.h"

const imp_road_style imp_road_new = {
    .white_width = 0.082f,
    .yellow_width = 0.042f,
    .red_width = 0.082f,
    .dash_share = 2.0f / 3.0f,
    .white = {178.0f, 176.0f, 173.0f},
    .yellow = {182.0f, 172.0f, 68.0f},
    .red = {188.0f, 46.0f, 55.0f},
    .asphalt = {{50.0f, 48.0f, 45.0f}, 7.0f, 3.0f, IMP_GRAIN_PLAIN},
    .lawn = {{70.0f, 98.0f, 35.0f}, 62.0f, 9.0f, IMP_GRAIN_LAWN},
    // the reference shows lawn for floor
    .floor = {{70.0f, 98.0f, 35.0f}, 62.0f, 9.0f, IMP_GRAIN_LAWN},
};

// between a stop line and the centre of the road
static const float RED_GAP = 0.03f;
// dashes and gaps together: 8 to a straight tile
enum { STRAIGHT_DASHES = 8, CURVE_DASHES = 6 };

static const float BLACK[3] = {8.0f, 8.0f, 8.0f};

// Share of a texel that lies where distance [tiles] is negative, its edge being smoothed over the
// texel.
static float inside(float distance)
{
    float share = 0.5f - distance * IMP_TEXTURE_SIDE;
    return share < 0.0f ? 0.0f : share > 1.0f ? 1.0f : share;
}

// Distance from a band around 0.
static float band(float distance, float width)
{
    return fabsf(distance) - 0.5f * width;
}

// Distance from the dashes, of a share of the period, at a place counted in periods of the given
// length [tiles]; 0 and 1 are in gaps.
static float dash(float place, float period, float share)
{
    float from_middle = fabsf(place - floorf(place) - 0.5f);
    return (from_middle - 0.5f * share) * period;
}

// Noise that varies smoothly over cells of 2^bits texels and repeats from tile to tile.
static float smooth_noise(int i, int j, int bits, uint32_t salt)
{
    const int side = 1 << bits, wrap = (IMP_TEXTURE_SIDE >> bits) - 1;
    float fx = ((float)(i & (side - 1)) + 0.5f) / (float)side;
    float fy = ((float)(j & (side - 1)) + 0.5f) / (float)side;
    const uint32_t x0 = (uint32_t)(i >> bits), y0 = (uint32_t)(j >> bits);
    const uint32_t x1 = (x0 + 1) & (uint32_t)wrap, y1 = (y0 + 1) & (uint32_t)wrap;
    fx = fx * fx * (3.0f - 2.0f * fx);
    fy = fy * fy * (3.0f - 2.0f * fy);
    float upper = imp_road_noise(x0, y0, salt) * (1.0f - fx) + imp_road_noise(x1, y0, salt) * fx;
    float lower = imp_road_noise(x0, y1, salt) * (1.0f - fx) + imp_road_noise(x1, y1, salt) * fx;
    return upper * (1.0f - fy) + lower * fy;
}

// Covers a texel with paint where distance is negative.
static void cover(imp_road_texel *texel, const float paint[3], float distance)
{
    const float share = inside(distance) * texel->keep;
    for (int c = 0; c < 3; c++)
        texel->rgb[c] += share * (paint[c] - texel->rgb[c]);
    if (texel->style->tape > 0.0f) {
        const float rim = inside(fabsf(distance) - 0.003f) * texel->style->tape * texel->keep;
        for (int c = 0; c < 3; c++)
            texel->rgb[c] *= 1.0f - 0.5f * rim;
    }
}

static void mark_straight(imp_road_texel *texel, float x, float z)
{
    const imp_road_style *style = texel->style;
    cover(texel, style->white, 0.5f - style->white_width - fabsf(x));
    float dashes = dash((z + 0.5f) * STRAIGHT_DASHES, 1.0f / STRAIGHT_DASHES, style->dash_share);
    cover(texel, style->yellow, fmaxf(band(x, style->yellow_width), dashes));
}

// Distance [tiles] from the line that leaves both sides of a corner at `radius` from it: to first
// order that of the curve a^2.5 + b^2.5 = radius^2.5, which stays midway between the two lanes of a
// curve tile where a circle would not. (a, b) is the place seen from the corner.
static float bend(float a, float b, float radius)
{
    float a15 = a * sqrtf(a), b15 = b * sqrtf(b);
    float slope = 2.5f * sqrtf(a15 * a15 + b15 * b15);
    float value = a15 * a + b15 * b - radius * radius * sqrtf(radius);
    return value / fmaxf(slope, 1e-3f);
}

// A curve round the corner (0.5, -0.5); mirrored in x for curves to the right.
static void mark_curve(imp_road_texel *texel, float x, float z)
{
    const imp_road_style *style = texel->style;
    const float a = 0.5f - x, b = z + 0.5f;
    const float white_radius = 1.0f - 0.5f * style->white_width;
    cover(texel, style->white, band(bend(a, b, white_radius), style->white_width));
    cover(texel, style->white, sqrtf(a * a + b * b) - style->white_width);
    const float quarter = 1.57079633f, length = 0.83f;
    float place = atan2f(b, a) / quarter * CURVE_DASHES;
    float dashes = dash(place, length / CURVE_DASHES, style->dash_share);
    cover(texel, style->yellow, fmaxf(band(bend(a, b, 0.5f), style->yellow_width), dashes));
}

// The arm of an intersection that lies at -z: the lane that enters there comes in at x = -0.2.
static void mark_arm(imp_road_texel *texel, float x, float z)
{
    const imp_road_style *style = texel->style;
    float along = z + 0.5f - 0.5f * style->red_width;
    float across = x + 0.5f * (0.5f - style->white_width + RED_GAP);
    float width = 0.5f - style->white_width - RED_GAP;
    cover(texel, style->red, fmaxf(band(along, style->red_width), band(across, width)));
    float side = 0.5f - fabsf(x), end = 0.5f + z;
    cover(texel, style->white, sqrtf(side * side + end * end) - style->white_width);
}

// An intersection with arms at both ends, at +x, and with closed false at -x too.
static void mark_intersection(imp_road_texel *texel, float x, float z, bool closed)
{
    mark_arm(texel, x, z);
    mark_arm(texel, -x, -z);
    mark_arm(texel, z, -x);
    if (closed)
        cover(texel, texel->style->white, x + 0.5f - texel->style->white_width);
    else
        mark_arm(texel, -z, x);
}

// The board that cameras are calibrated with: 6 x 8 squares on white.
static void mark_board(imp_road_texel *texel, float x, float z)
{
    const float square = 1.0f / 12.0f;
    cover(texel, texel->style->white, -1.0f);
    float column = floorf(x / square), row = floorf(z / square);
    bool on_board = fabsf(x) < 3.0f * square && fabsf(z) < 4.0f * square;
    if (on_board && fmodf(fabsf(column + row), 2.0f) < 0.5f)
        cover(texel, BLACK, -1.0f);
}

void imp_road_mark(imp_road_texel *texel, imp_tile_kind kind, float x, float z)
{
    switch (kind) {
    case IMP_TILE_STRAIGHT:
        mark_straight(texel, x, z);
        break;
    case IMP_TILE_CURVE_LEFT:
        mark_curve(texel, x, z);
        break;
    case IMP_TILE_CURVE_RIGHT:
        mark_curve(texel, -x, z);
        break;
    case IMP_TILE_3WAY_LEFT:
        mark_intersection(texel, x, z, true);
        break;
    case IMP_TILE_3WAY_RIGHT:
        // The reference's picture of this tile, which authors of maps go by, opens to the side that
        // its lanes do not lead to: half a turn away. (-x, -z) keeps traffic on the right.
        mark_intersection(texel, -x, -z, true);
        break;
    case IMP_TILE_4WAY:
        mark_intersection(texel, x, z, false);
        break;
    case IMP_TILE_CALIBRATION:
        mark_board(texel, x, z);
        break;
    default:
        break;
    }
}

// A place [tiles] of a tile, and its texel as it lies in the world.
typedef struct spot {
    float x, z; // from the tile's centre, before the tile was turned
    int i, j;
} spot;

static uint32_t paint_texel(imp_tile_kind kind, spot at)
{
    const bool lawn = kind == IMP_TILE_GRASS || kind == IMP_TILE_FLOOR;
    const imp_surface *base = lawn ? &imp_road_new.lawn : &imp_road_new.asphalt;
    const uint32_t salt = kind == IMP_TILE_FLOOR ? 2 : lawn ? 1 : 0;
    imp_road_texel under = {{base->rgb[0], base->rgb[1], base->rgb[2]}, 1.0f, &imp_road_new};
    imp_road_mark(&under, kind, at.x, at.z);
    float fine = imp_road_noise((uint32_t)at.i, (uint32_t)at.j, salt);
    float coarse = smooth_noise(at.i, at.j, 6, salt + 16);
    if (lawn)
        fine = 0.5f * fine + 0.5f * smooth_noise(at.i, at.j, 2, salt + 32);
    float shade = base->fine * fine + base->coarse * coarse;
    uint32_t texel = 0xff000000u;
    for (int c = 0; c < 3; c++) {
        // noise in proportion to the channel keeps the hue
        float tint = base->rgb[c] / base->rgb[1];
        texel |= imp_road_byte(under.rgb[c] + shade * tint) << (8 * c);
    }
    return texel;
}

// A place [tiles] of a tile as it lies, before the tile was turned.
static spot turn_back(float x, float z, int orientation)
{
    // lanes turn (x, z) to (z, -x) with every quarter: undo that
    for (int k = 0; k < (orientation & 3); k++) {
        float turned = -z;
        z = x;
        x = turned;
    }
    return (spot){.x = x, .z = z};
}

void imp_road_paint(uint32_t *texels, const imp_texture_level *level, imp_tile_kind kind,
                    int orientation)
{
    for (int j = 0; j < IMP_TEXTURE_SIDE; j++) {
        uint32_t *row = texels + level->offset + (j + 1) * level->stride + 1;
        for (int i = 0; i < IMP_TEXTURE_SIDE; i++) {
            spot at = turn_back(((float)i + 0.5f) / IMP_TEXTURE_SIDE - 0.5f,
                                ((float)j + 0.5f) / IMP_TEXTURE_SIDE - 0.5f, orientation);
            at.i = i;
            at.j = j;
            row[i] = paint_texel(kind, at);
        }
    }
}

void imp_road_turn(const uint32_t *tile, uint32_t *texels, const imp_texture_level *level,
                   int orientation)
{
    const int last = IMP_TEXTURE_SIDE - 1;
    for (int j = 0; j < IMP_TEXTURE_SIDE; j++) {
        uint32_t *row = texels + level->offset + (j + 1) * level->stride + 1;
        for (int i = 0; i < IMP_TEXTURE_SIDE; i++) {
            const int across[4] = {i, last - j, last - i, j};
            const int down[4] = {j, i, last - j, last - i};
            row[i] = tile[down[orientation & 3] * IMP_TEXTURE_SIDE + across[orientation & 3]];
        }
    }
}

imp_segment imp_road_segment(const imp_road_style *style, imp_tile_kind kind, int orientation,
                             float x, float z)
{
    static const imp_segment SEGMENTS[] = {IMP_SEGMENT_WHITE, IMP_SEGMENT_YELLOW, IMP_SEGMENT_RED};
    switch (kind) {
    case IMP_TILE_EMPTY:
        return IMP_SEGMENT_GROUND;
    case IMP_TILE_GRASS:
        return IMP_SEGMENT_GRASS;
    case IMP_TILE_FLOOR:
        return IMP_SEGMENT_FLOOR;
    case IMP_TILE_CALIBRATION:
        return IMP_SEGMENT_CALIBRATION;
    default:
        break;
    }
    // in the style's shapes, but each marking in a colour of its own
    imp_road_style plain = imp_road_new;
    plain.white_width = style->white_width;
    plain.yellow_width = style->yellow_width;
    plain.red_width = style->red_width;
    plain.dash_share = style->dash_share;
    const float *const marks[] = {plain.white, plain.yellow, plain.red};
    const float *road = plain.asphalt.rgb;
    const spot at = turn_back(x, z, orientation);
    imp_road_texel texel = {{road[0], road[1], road[2]}, 1.0f, &plain};
    imp_road_mark(&texel, kind, at.x, at.z);
    // the marking that covers more than half: what is painted is nearer to it than to asphalt
    for (int k = 0; k < 3; k++) {
        float from_mark = 0.0f, from_road = 0.0f;
        for (int c = 0; c < 3; c++) {
            const float mark = texel.rgb[c] - marks[k][c], ground = texel.rgb[c] - road[c];
            from_mark += mark * mark;
            from_road += ground * ground;
        }
        if (from_mark < from_road && from_mark < 4000.0f)
            return SEGMENTS[k];
    }
    return IMP_SEGMENT_ROAD;
}
