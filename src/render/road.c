// The look of tiles, after the Duckietown appearance specification: white edge lines 4.8 cm wide, a
// dashed yellow centre line 2.4 cm wide, red stop lines 4.8 cm wide where a lane enters an
// intersection. Sizes are told in tiles, for a tile of 0.585 m, because lanes scale with the tile
// too. The colours are those that the reference's photographs have under its light.
#include <math.h>

#include "render/texture.h"

static const float WHITE_WIDTH = 0.082f;
static const float YELLOW_WIDTH = 0.042f;
static const float RED_WIDTH = 0.082f;
// between a stop line and the centre of the road
static const float RED_GAP = 0.03f;
// dashes of two thirds, gaps of one third of the period: 8 to a straight tile
static const float DASH_SHARE = 2.0f / 3.0f;
enum { STRAIGHT_DASHES = 8, CURVE_DASHES = 6 };

static const float WHITE[3] = {178.0f, 176.0f, 173.0f};
static const float YELLOW[3] = {182.0f, 172.0f, 68.0f};
static const float RED[3] = {188.0f, 46.0f, 55.0f};
static const float BLACK[3] = {8.0f, 8.0f, 8.0f};

// What lies below the markings: its colour, and how far noise takes it to both sides.
typedef struct surface {
    float rgb[3];
    float fine, coarse; // from texel to texel, and from patch to patch
} surface;

static const surface ASPHALT = {{50.0f, 48.0f, 45.0f}, 7.0f, 3.0f};
static const surface LAWN = {{70.0f, 98.0f, 35.0f}, 62.0f, 9.0f};

// A point of a tile and of its texture.
typedef struct spot {
    float x, z; // [tiles] from the tile's centre, before the tile was turned
    int i, j;   // texel
} spot;

// Share of a texel that lies where distance [tiles] is negative, its edge being smoothed over the
// texel.
static float inside(float distance)
{
    float share = 0.5f - distance * IMP_TEXTURE_SIDE;
    return share < 0.0f ? 0.0f : share > 1.0f ? 1.0f : share;
}

// Share of a band around 0.
static float band(float distance, float width)
{
    return inside(fabsf(distance) - 0.5f * width);
}

// Share of the dashes at a place counted in periods of the given length [tiles]; 0 and 1 are in
// gaps.
static float dash(float place, float period)
{
    float from_middle = fabsf(place - floorf(place) - 0.5f);
    return inside((from_middle - 0.5f * DASH_SHARE) * period);
}

// Noise in [-1, 1], a pure function of its arguments.
static float hash_noise(uint32_t x, uint32_t y, uint32_t salt)
{
    uint32_t h = x * 0x9e3779b1u ^ y * 0x85ebca77u ^ salt * 0xc2b2ae3du;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 12) * 0x297a2d39u;
    h ^= h >> 15;
    return (float)(h >> 8) * (2.0f / 16777215.0f) - 1.0f;
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
    float upper = hash_noise(x0, y0, salt) * (1.0f - fx) + hash_noise(x1, y0, salt) * fx;
    float lower = hash_noise(x0, y1, salt) * (1.0f - fx) + hash_noise(x1, y1, salt) * fx;
    return upper * (1.0f - fy) + lower * fy;
}

// Covers a colour with a share of another.
static void cover(float rgb[3], const float with[3], float share)
{
    for (int c = 0; c < 3; c++)
        rgb[c] += share * (with[c] - rgb[c]);
}

static void paint_straight(float rgb[3], spot at)
{
    cover(rgb, WHITE, inside(0.5f - WHITE_WIDTH - fabsf(at.x)));
    float dashes = dash((at.z + 0.5f) * STRAIGHT_DASHES, 1.0f / STRAIGHT_DASHES);
    cover(rgb, YELLOW, fminf(band(at.x, YELLOW_WIDTH), dashes));
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
static void paint_curve(float rgb[3], spot at)
{
    const float a = 0.5f - at.x, b = at.z + 0.5f;
    const float white_radius = 1.0f - 0.5f * WHITE_WIDTH;
    cover(rgb, WHITE, band(bend(a, b, white_radius), WHITE_WIDTH));
    cover(rgb, WHITE, inside(sqrtf(a * a + b * b) - WHITE_WIDTH));
    const float quarter = 1.57079633f, length = 0.83f;
    float place = atan2f(b, a) / quarter * CURVE_DASHES;
    float dashes = dash(place, length / CURVE_DASHES);
    cover(rgb, YELLOW, fminf(band(bend(a, b, 0.5f), YELLOW_WIDTH), dashes));
}

// The arm of an intersection that lies at -z: the lane that enters there comes in at x = -0.2.
static void paint_arm(float rgb[3], float x, float z)
{
    float along = z + 0.5f - 0.5f * RED_WIDTH;
    float across = x + 0.5f * (0.5f - WHITE_WIDTH + RED_GAP);
    float width = 0.5f - WHITE_WIDTH - RED_GAP;
    cover(rgb, RED, fminf(band(along, RED_WIDTH), band(across, width)));
    float side = 0.5f - fabsf(x), end = 0.5f + z;
    cover(rgb, WHITE, inside(sqrtf(side * side + end * end) - WHITE_WIDTH));
}

// An intersection with arms at both ends, at +x, and with closed false at -x too.
static void paint_intersection(float rgb[3], spot at, bool closed)
{
    paint_arm(rgb, at.x, at.z);
    paint_arm(rgb, -at.x, -at.z);
    paint_arm(rgb, at.z, -at.x);
    if (closed)
        cover(rgb, WHITE, inside(at.x + 0.5f - WHITE_WIDTH));
    else
        paint_arm(rgb, -at.z, at.x);
}

// The board that cameras are calibrated with: 6 x 8 squares on white.
static void paint_board(float rgb[3], spot at)
{
    const float square = 1.0f / 12.0f;
    cover(rgb, WHITE, 1.0f);
    float column = floorf(at.x / square), row = floorf(at.z / square);
    bool on_board = fabsf(at.x) < 3.0f * square && fabsf(at.z) < 4.0f * square;
    if (on_board && fmodf(fabsf(column + row), 2.0f) < 0.5f)
        cover(rgb, BLACK, 1.0f);
}

static void paint_markings(float rgb[3], imp_tile_kind kind, spot at)
{
    spot mirrored = at;
    mirrored.x = -at.x;
    switch (kind) {
    case IMP_TILE_STRAIGHT:
        paint_straight(rgb, at);
        break;
    case IMP_TILE_CURVE_LEFT:
        paint_curve(rgb, at);
        break;
    case IMP_TILE_CURVE_RIGHT:
        paint_curve(rgb, mirrored);
        break;
    case IMP_TILE_3WAY_LEFT:
        paint_intersection(rgb, at, true);
        break;
    case IMP_TILE_3WAY_RIGHT:
        // The reference's picture of this tile, which authors of maps go by, opens to the side that
        // its lanes do not lead to: half a turn away. (-x, -z) keeps traffic on the right.
        paint_intersection(rgb, (spot){-at.x, -at.z, at.i, at.j}, true);
        break;
    case IMP_TILE_4WAY:
        paint_intersection(rgb, at, false);
        break;
    case IMP_TILE_CALIBRATION:
        paint_board(rgb, at);
        break;
    default:
        break;
    }
}

static uint32_t to_byte(float value)
{
    return value < 0.0f ? 0u : value > 255.0f ? 255u : (uint32_t)(value + 0.5f);
}

static uint32_t paint_texel(imp_tile_kind kind, spot at)
{
    // the reference shows lawn for floor
    const bool lawn = kind == IMP_TILE_GRASS || kind == IMP_TILE_FLOOR;
    const surface *base = lawn ? &LAWN : &ASPHALT;
    const uint32_t salt = kind == IMP_TILE_FLOOR ? 2 : lawn ? 1 : 0;
    float rgb[3] = {base->rgb[0], base->rgb[1], base->rgb[2]};
    paint_markings(rgb, kind, at);
    float fine = hash_noise((uint32_t)at.i, (uint32_t)at.j, salt);
    float coarse = smooth_noise(at.i, at.j, 6, salt + 16);
    if (lawn)
        fine = 0.5f * fine + 0.5f * smooth_noise(at.i, at.j, 2, salt + 32);
    float shade = base->fine * fine + base->coarse * coarse;
    uint32_t texel = 0xff000000u;
    for (int c = 0; c < 3; c++) {
        // noise in proportion to the channel keeps the hue
        float tint = base->rgb[c] / base->rgb[1];
        texel |= to_byte(rgb[c] + shade * tint) << (8 * c);
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

imp_segment imp_road_segment(imp_tile_kind kind, int orientation, float x, float z)
{
    static const struct {
        const float *rgb;
        imp_segment segment;
    } MARKS[] = {{WHITE, IMP_SEGMENT_WHITE}, {YELLOW, IMP_SEGMENT_YELLOW}, {RED, IMP_SEGMENT_RED}};
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
    const spot at = turn_back(x, z, orientation);
    float rgb[3] = {ASPHALT.rgb[0], ASPHALT.rgb[1], ASPHALT.rgb[2]};
    paint_markings(rgb, kind, at);
    // the marking that covers more than half: what is painted is nearer to it than to asphalt
    for (size_t k = 0; k < sizeof MARKS / sizeof MARKS[0]; k++) {
        float from_mark = 0.0f, from_road = 0.0f;
        for (int c = 0; c < 3; c++) {
            const float mark = rgb[c] - MARKS[k].rgb[c], road = rgb[c] - ASPHALT.rgb[c];
            from_mark += mark * mark;
            from_road += road * road;
        }
        if (from_mark < from_road && from_mark < 4000.0f)
            return MARKS[k].segment;
    }
    return IMP_SEGMENT_ROAD;
}
