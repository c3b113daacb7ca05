// Paints tiles by the Duckietown appearance specification: white edge lines 4.8 cm wide, a dashed
// yellow centre line of 2.4 cm, red stop lines of 4.8 cm at intersections. Markings are signed
// distance functions, anti-aliased over one texel. Lengths are in tiles of 0.585 m, because lanes
// scale with the tile, too. Colours are those of gym-duckietown's photographs under its light.
//
// Most of the time that a scene takes to make is spent here: noise is computed by rows, and what is
// far from a marking is left at once.
#include <math.h>

#include "sim/render/scene/tile_painter.h"

#include "base/common/math_functions.h"

const imp_tile_style imp_tile_style_new = {
    .white_width = 0.082f,
    .yellow_width = 0.042f,
    .red_width = 0.082f,
    .dash_share = 2.0f / 3.0f,
    .white = {178.0f, 176.0f, 173.0f},
    .yellow = {182.0f, 172.0f, 68.0f},
    .red = {188.0f, 46.0f, 55.0f},
    .other_white = 1.0f,
    .asphalt = {{50.0f, 48.0f, 45.0f}, 7.0f, 3.0f, IMP_PATTERN_SPECKLE},
    .lawn = {{70.0f, 98.0f, 35.0f}, 62.0f, 9.0f, IMP_PATTERN_LAWN},
    // gym-duckietown shows lawn for floor
    .floor = {{70.0f, 98.0f, 35.0f}, 62.0f, 9.0f, IMP_PATTERN_LAWN},
};

// gap between a stop line and the centre of the road
static const float STOP_LINE_GAP = 0.03f;
// periods of the centre line per tile
enum { STRAIGHT_DASHES = 8, CURVE_DASHES = 6 };

static const float BLACK[3] = {8.0f, 8.0f, 8.0f};

// a marking changes no texel that is farther from it [tiles]: its edge and the rim of its tape end
static const float REACH = 0.005f;

// The larger of two; b where a is not a number.
static float larger_of(float a, float b)
{
    return a > b ? a : b;
}

// Share of a texel where a signed distance [tiles] is negative; smooth over one texel.
static float edge_coverage(float distance)
{
    float share = 0.5f - distance * IMP_TEXTURE_SIDE;
    return share < 0.0f ? 0.0f : share > 1.0f ? 1.0f : share;
}

// Signed distance from a band around 0.
static float signed_distance_to_band(float distance, float width)
{
    return fabsf(distance) - 0.5f * width;
}

// Signed distance [tiles] from the dashes of a line, at a position in periods; whole numbers are in
// gaps.
static float dash_distance(float place, float period, float share)
{
    float from_middle = fabsf(place - floorf(place) - 0.5f);
    return (from_middle - 0.5f * share) * period;
}

// Paints a texel where a signed distance is negative, and darkens the line's edge.
static void paint_texel_inside_shape(imp_tile_texel *texel, const float paint[3], float distance)
{
    if (distance > REACH)
        return;
    // mix by coverage and remaining paint
    const float share = edge_coverage(distance) * texel->paint_share;
    for (int c = 0; c < 3; c++)
        texel->rgb[c] += share * (paint[c] - texel->rgb[c]);
    if (texel->style->tape > 0.0f) {
        const float rim =
            edge_coverage(fabsf(distance) - 0.003f) * texel->style->tape * texel->paint_share;
        for (int c = 0; c < 3; c++)
            texel->rgb[c] *= 1.0f - 0.5f * rim;
    }
}

// The white line of a side, which may be of another tape than the other side's.
static void paint_white(imp_tile_texel *texel, bool other, float distance)
{
    const imp_tile_style *style = texel->style;
    const float factor = other ? style->other_white : 1.0f;
    const float white[3] = {style->white[0] * factor, style->white[1] * factor,
                            style->white[2] * factor};
    paint_texel_inside_shape(texel, white, distance);
}

// White lines at both sides, dashes in the middle.
static void paint_straight_markings(imp_tile_texel *texel, float x, float z)
{
    const imp_tile_style *style = texel->style;
    paint_white(texel, x > 0.0f, 0.5f - style->white_width - fabsf(x));
    float dashes =
        dash_distance((z + 0.5f) * STRAIGHT_DASHES, 1.0f / STRAIGHT_DASHES, style->dash_share);
    paint_texel_inside_shape(
        texel, style->yellow,
        larger_of(signed_distance_to_band(x - style->yellow_offset, style->yellow_width), dashes));
}

// A point of a curve tile, for lines that meet both sides of its corner at some radius: the curves
// a^2.5 + b^2.5 = radius^2.5. Such a line stays midway between the lanes, where a circle would not.
typedef struct curve_point {
    float power, slope; // a^2.5 + b^2.5, and the length of its gradient
} curve_point;

// (a, b) is relative to the corner.
static curve_point curve_point_from_corner(float a, float b)
{
    float a15 = a * sqrtf(a), b15 = b * sqrtf(b);
    float slope = 2.5f * sqrtf(a15 * a15 + b15 * b15);
    return (curve_point){.power = a15 * a + b15 * b, .slope = larger_of(slope, 1e-3f)};
}

// Signed distance [tiles] from the line of a radius, to first order.
static float curve_distance(curve_point at, float radius)
{
    return (at.power - radius * radius * sqrtf(radius)) / at.slope;
}

// Distance of the line of a radius from the corner, in a direction [rad].
static float curve_radius(float angle, float radius)
{
    const imp_sine_cosine at = imp_sincos((double)angle);
    const float a = fabsf((float)at.cosine), b = fabsf((float)at.sine);
    const curve_point place = curve_point_from_corner(a, b);
    // power is homogeneous of degree 2.5
    return radius / imp_expf(0.4f * (float)imp_log((double)place.power));
}

// Signed distance from the line of a radius that is laid in straight pieces, from the corner (0,
// 0).
static float distance_to_tape_pieces(float a, float b, float radius, int pieces)
{
    const float quarter = 1.57079633f, step = quarter / (float)pieces;
    float piece = floorf(imp_atan2f(b, a) / step);
    piece = piece < 0.0f ? 0.0f : piece > (float)(pieces - 1) ? (float)(pieces - 1) : piece;
    const float angles[2] = {piece * step, (piece + 1.0f) * step};
    float ends[2][2];
    for (int k = 0; k < 2; k++) {
        const imp_sine_cosine at = imp_sincos((double)angles[k]);
        const float way = curve_radius(angles[k], radius);
        ends[k][0] = way * (float)at.cosine;
        ends[k][1] = way * (float)at.sine;
    }
    const float along[2] = {ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]};
    return ((a - ends[0][0]) * along[1] - (b - ends[0][1]) * along[0]) /
           sqrtf(along[0] * along[0] + along[1] * along[1]);
}

// Signed distance of a point at (a, b) from the corner, round or in pieces.
static float distance_to_taped_curve(const imp_tile_style *style, curve_point at, float a, float b,
                                     float radius)
{
    return style->pieces > 0 ? distance_to_tape_pieces(a, b, radius, style->pieces)
                             : curve_distance(at, radius);
}

// Markings of a curve around the corner (0.5, -0.5); right curves are mirrored in x.
static void paint_curve_markings(imp_tile_texel *texel, float x, float z)
{
    const imp_tile_style *style = texel->style;
    const float a = 0.5f - x, b = z + 0.5f;
    const float white_radius = 1.0f - 0.5f * style->white_width;
    const curve_point at = curve_point_from_corner(a, b);
    paint_white(texel, false,
                signed_distance_to_band(distance_to_taped_curve(style, at, a, b, white_radius),
                                        style->white_width));
    paint_white(texel, true, sqrtf(a * a + b * b) - style->white_width);
    const float band = signed_distance_to_band(
        distance_to_taped_curve(style, at, a, b, 0.5f - style->yellow_offset), style->yellow_width);
    if (band > REACH)
        return;
    // dashes along the angle around the corner
    const float quarter = 1.57079633f, length = 0.83f;
    float place = imp_atan2f(b, a) / quarter * CURVE_DASHES;
    float dashes = dash_distance(place, length / CURVE_DASHES, style->dash_share);
    paint_texel_inside_shape(texel, style->yellow, larger_of(band, dashes));
}

// Stop line and corners of the arm at -z; traffic enters it at x = -0.2.
static void paint_intersection_arm(imp_tile_texel *texel, float x, float z)
{
    const imp_tile_style *style = texel->style;
    // the stop line spans the right half of the road
    float along = z + 0.5f - 0.5f * style->red_width;
    float across = x + 0.5f * (0.5f - style->white_width + STOP_LINE_GAP);
    float width = 0.5f - style->white_width - STOP_LINE_GAP;
    paint_texel_inside_shape(texel, style->red,
                             larger_of(signed_distance_to_band(along, style->red_width),
                                       signed_distance_to_band(across, width)));
    float side = 0.5f - fabsf(x), end = 0.5f + z;
    paint_texel_inside_shape(texel, style->white,
                             sqrtf(side * side + end * end) - style->white_width);
}

// An intersection with arms at both ends and at +x, and at -x unless closed.
static void paint_intersection(imp_tile_texel *texel, float x, float z, bool closed)
{
    paint_intersection_arm(texel, x, z);
    paint_intersection_arm(texel, -x, -z);
    paint_intersection_arm(texel, z, -x);
    if (closed)
        paint_texel_inside_shape(texel, texel->style->white, x + 0.5f - texel->style->white_width);
    else
        paint_intersection_arm(texel, -z, x);
}

// The calibration board for cameras: 6 x 8 squares on white.
static void paint_calibration_board(imp_tile_texel *texel, float x, float z)
{
    const float square = 1.0f / 12.0f;
    paint_texel_inside_shape(texel, texel->style->white, -1.0f);
    float column = floorf(x / square), row = floorf(z / square);
    bool on_board = fabsf(x) < 3.0f * square && fabsf(z) < 4.0f * square;
    if (on_board && fmodf(fabsf(column + row), 2.0f) < 0.5f)
        paint_texel_inside_shape(texel, BLACK, -1.0f);
}

void imp_tile_paint_markings(imp_tile_texel *texel, imp_tile_kind kind, float x, float z)
{
    switch (kind) {
    case IMP_TILE_STRAIGHT:
        paint_straight_markings(texel, x, z);
        break;
    case IMP_TILE_CURVE_LEFT:
        paint_curve_markings(texel, x, z);
        break;
    case IMP_TILE_CURVE_RIGHT:
        paint_curve_markings(texel, -x, z);
        break;
    case IMP_TILE_3WAY_LEFT:
        paint_intersection(texel, x, z, true);
        break;
    case IMP_TILE_3WAY_RIGHT:
        // gym-duckietown's texture of this tile, which map authors go by, opens to the side that
        // its lanes do not lead to: half a turn away. (-x, -z) keeps traffic on the right.
        paint_intersection(texel, -x, -z, true);
        break;
    case IMP_TILE_4WAY:
        paint_intersection(texel, x, z, false);
        break;
    case IMP_TILE_CALIBRATION:
        paint_calibration_board(texel, x, z);
        break;
    default:
        break;
    }
}

// A point of a tile [tiles], from its centre.
typedef struct tile_point {
    float x, z;
} tile_point;

// Rotates a point from the world's orientation back to that before rotation.
static tile_point undo_tile_rotation(float x, float z, int orientation)
{
    // lanes rotate (x, z) to (z, -x) per quarter turn: undo that
    for (int k = 0; k < (orientation & 3); k++) {
        float turned = -z;
        z = x;
        x = turned;
    }
    return (tile_point){.x = x, .z = z};
}

// Adds a row of value noise over cells of 2^bits texels, `weight` times. It repeats from tile to
// tile.
static void add_smooth_noise(float row[IMP_TEXTURE_SIDE], int j, int bits, uint32_t seed,
                             float weight)
{
    const int side = 1 << bits;
    const uint32_t cells = (uint32_t)(IMP_TEXTURE_SIDE >> bits);
    const uint32_t y0 = (uint32_t)(j >> bits), y1 = (y0 + 1) % cells;
    float fy = ((float)(j & (side - 1)) + 0.5f) / (float)side;
    fy = fy * fy * (3.0f - 2.0f * fy);
    for (uint32_t x0 = 0; x0 < cells; x0++) {
        const uint32_t x1 = (x0 + 1) % cells;
        // smooth interpolation between the cell's corners
        const float corners[4] = {imp_hash_noise(x0, y0, seed), imp_hash_noise(x1, y0, seed),
                                  imp_hash_noise(x0, y1, seed), imp_hash_noise(x1, y1, seed)};
        float *out = row + ((size_t)x0 << bits);
        for (int k = 0; k < side; k++) {
            float fx = ((float)k + 0.5f) / (float)side;
            fx = fx * fx * (3.0f - 2.0f * fx);
            const float upper = corners[0] * (1.0f - fx) + corners[1] * fx;
            const float lower = corners[2] * (1.0f - fx) + corners[3] * fx;
            out[k] += weight * (upper * (1.0f - fy) + lower * fy);
        }
    }
}

// A new tile that is painted.
typedef struct new_tile {
    imp_tile_kind kind;
    int orientation;
    const imp_surface *base; // below the markings
    uint32_t seed;           // of its noise
} new_tile;

// The noise of a row of texels of a new tile: at two scales; lawn also has tufts.
static void fill_new_tile_noise(float row[IMP_TEXTURE_SIDE], const new_tile *tile, int j)
{
    const imp_surface *base = tile->base;
    const bool lawn = base->pattern == IMP_PATTERN_LAWN;
    const float speckle = lawn ? 0.5f : 1.0f;
    for (int i = 0; i < IMP_TEXTURE_SIDE; i++)
        row[i] = speckle * imp_hash_noise((uint32_t)i, (uint32_t)j, tile->seed);
    if (lawn)
        add_smooth_noise(row, j, 2, tile->seed + 32, 0.5f);
    for (int i = 0; i < IMP_TEXTURE_SIDE; i++)
        row[i] *= base->fine;
    add_smooth_noise(row, j, 6, tile->seed + 16, base->coarse);
}

// Paints a row of a new tile: surface, markings, and noise.
static void paint_new_tile_row(uint32_t *row, const new_tile *tile, int j)
{
    const float *rgb = tile->base->rgb;
    // noise in proportion to the channel keeps the hue
    const float tint[3] = {rgb[0] / rgb[1], 1.0f, rgb[2] / rgb[1]};
    float noise[IMP_TEXTURE_SIDE];
    fill_new_tile_noise(noise, tile, j);
    for (int i = 0; i < IMP_TEXTURE_SIDE; i++) {
        const tile_point at =
            undo_tile_rotation(((float)i + 0.5f) / IMP_TEXTURE_SIDE - 0.5f,
                               ((float)j + 0.5f) / IMP_TEXTURE_SIDE - 0.5f, tile->orientation);
        imp_tile_texel under = {{rgb[0], rgb[1], rgb[2]}, 1.0f, &imp_tile_style_new};
        imp_tile_paint_markings(&under, tile->kind, at.x, at.z);
        uint32_t texel = 0xff000000u;
        for (int c = 0; c < 3; c++)
            texel |= imp_colour_to_byte(under.rgb[c] + noise[i] * tint[c]) << (8 * c);
        row[i] = texel;
    }
}

void imp_tile_paint(uint32_t *texels, const imp_texture_level *level, imp_tile_kind kind,
                    int orientation)
{
    const bool lawn = kind == IMP_TILE_GRASS || kind == IMP_TILE_FLOOR;
    const new_tile tile = {
        .kind = kind,
        .orientation = orientation,
        .base = lawn ? &imp_tile_style_new.lawn : &imp_tile_style_new.asphalt,
        .seed = kind == IMP_TILE_FLOOR ? 2
                : lawn                 ? 1
                                       : 0,
    };
    for (int j = 0; j < IMP_TEXTURE_SIDE; j++)
        paint_new_tile_row(texels + level->offset + (j + 1) * level->stride + 1, &tile, j);
}

void imp_tile_rotate(const uint32_t *tile, uint32_t *texels, const imp_texture_level *level,
                     int orientation)
{
    const int last = IMP_TEXTURE_SIDE - 1;
    for (int j = 0; j < IMP_TEXTURE_SIDE; j++) {
        uint32_t *row = texels + level->offset + (j + 1) * level->stride + 1;
        for (int i = 0; i < IMP_TEXTURE_SIDE; i++) {
            // the source texel for each number of quarter turns
            const int across[4] = {i, last - j, last - i, j};
            const int down[4] = {j, i, last - j, last - i};
            row[i] = tile[down[orientation & 3] * IMP_TEXTURE_SIDE + across[orientation & 3]];
        }
    }
}

imp_semantic_class imp_tile_semantic_class(const imp_tile_style *style, imp_tile_kind kind,
                                           int orientation, float x, float z)
{
    static const imp_semantic_class SEGMENTS[] = {IMP_SEMANTIC_WHITE_LINE, IMP_SEMANTIC_YELLOW_LINE,
                                                  IMP_SEMANTIC_RED_LINE};
    switch (kind) {
    case IMP_TILE_EMPTY:
        return IMP_SEMANTIC_GROUND;
    case IMP_TILE_GRASS:
        return IMP_SEMANTIC_GRASS;
    case IMP_TILE_FLOOR:
        return IMP_SEMANTIC_FLOOR;
    case IMP_TILE_CALIBRATION:
        return IMP_SEMANTIC_CALIBRATION;
    default:
        break;
    }
    // the style's shapes, but each marking in its own colour
    imp_tile_style plain = imp_tile_style_new;
    plain.white_width = style->white_width;
    plain.yellow_width = style->yellow_width;
    plain.red_width = style->red_width;
    plain.dash_share = style->dash_share;
    plain.yellow_offset = style->yellow_offset;
    plain.pieces = style->pieces;
    const float *const marks[] = {plain.white, plain.yellow, plain.red};
    const float *road = plain.asphalt.rgb;
    const tile_point at = undo_tile_rotation(x, z, orientation);
    imp_tile_texel texel = {{road[0], road[1], road[2]}, 1.0f, &plain};
    imp_tile_paint_markings(&texel, kind, at.x, at.z);
    // the marking that covers more than half of the texel: the colour is closer to it than to
    // asphalt
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
    return IMP_SEMANTIC_ROAD;
}
