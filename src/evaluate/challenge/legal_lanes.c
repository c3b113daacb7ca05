// The lanes of the challenge's rules (duckietown-world 6.4), which find the lanes that contain a
// pose. A pose is transformed to its tile's frame: unit tile, origin at the centre, x to the right,
// y up, turned to the orientation of the tables. Turns are multiples of 90 degrees, so they do not
// round. A lane is a sequence of control poses joined by geodesics of SE(2), which are arcs or
// lines. The closest point on it is found numerically, in the steps of the original.
#include <math.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "evaluate/challenge/brent_minimise.h"
#include "evaluate/challenge/legal_lanes.h"
#include "imprint/challenge.h"

// A pose in a tile's frame [tiles, rad]; positive angles are counter-clockwise.
typedef struct pose2 {
    double x, y, angle;
} pose2;

enum { SHAPE_POINTS_MAX = 3, TILE_LANES_MAX = 12 };

// A lane before it is turned: its control poses.
typedef struct lane_shape {
    int points;
    pose2 point[SHAPE_POINTS_MAX];
} lane_shape;

// Traffic keeps to the right: lanes enter at the left edge, 0.22 tiles below the centre.
static const lane_shape STRAIGHT = {2, {{-0.5, -0.22, 0.0}, {0.5, -0.22, 0.0}}};
static const lane_shape RIGHT = {
    3, {{-0.5, -0.22, 0.0}, {-0.3, -0.3, -IMP_PI / 4}, {-0.22, -0.5, -IMP_PI / 2}}};
static const lane_shape LEFT = {
    3, {{-0.5, -0.22, 0.0}, {0.0, 0.0, IMP_PI / 4}, {0.22, 0.5, IMP_PI / 2}}};

static const double LANE_HALF_WIDTH = 0.188; // [tiles]

// A shape, and how it is turned within its tile.
typedef struct tile_lane {
    const lane_shape *shape;
    int quarters; // quarter turns, counter-clockwise
} tile_lane;

// The lanes of a kind of tile.
typedef struct tile_lanes {
    int quarters; // additional quarter turns of the whole tile
    int count;
    tile_lane lane[TILE_LANES_MAX];
} tile_lanes;

// The tables of the kinds of tiles. Their order decides among lanes with equal heading.
static const tile_lanes NO_LANES = {0, 0, {{NULL, 0}}};
static const tile_lanes STRAIGHT_LANES = {0, 2, {{&STRAIGHT, 0}, {&STRAIGHT, 2}}};
static const tile_lanes CURVE_RIGHT_LANES = {0, 2, {{&RIGHT, 0}, {&LEFT, 1}}};
static const tile_lanes CURVE_LEFT_LANES = {3, 2, {{&RIGHT, 0}, {&LEFT, 1}}};
// Six ways across an intersection of three roads.
#define THREE_WAY                                                                                  \
    6,                                                                                             \
    {                                                                                              \
        {&STRAIGHT, 0}, {&LEFT, 0}, {&LEFT, 3}, {&RIGHT, 3}, {&RIGHT, 2},                          \
        {                                                                                          \
            &STRAIGHT, 2                                                                           \
        }                                                                                          \
    }
static const tile_lanes THREE_WAY_LEFT_LANES = {0, THREE_WAY};
static const tile_lanes THREE_WAY_RIGHT_LANES = {2, THREE_WAY};
// The three ways that enter from one side; k quarter turns give the side.
#define LANES_FROM(k)                                                                              \
    {&RIGHT, k}, {&LEFT, k},                                                                       \
    {                                                                                              \
        &STRAIGHT, k                                                                               \
    }
static const tile_lanes FOUR_WAY_LANES = {
    0, 12, {LANES_FROM(0), LANES_FROM(1), LANES_FROM(2), LANES_FROM(3)}};

// Lanes of a tile in its own orientation.
static const tile_lanes *lane_table_of_tile_kind(imp_tile_kind kind)
{
    switch (kind) {
    case IMP_TILE_STRAIGHT:
        return &STRAIGHT_LANES;
    case IMP_TILE_CURVE_LEFT:
        return &CURVE_LEFT_LANES;
    case IMP_TILE_CURVE_RIGHT:
        return &CURVE_RIGHT_LANES;
    case IMP_TILE_3WAY_LEFT:
        return &THREE_WAY_LEFT_LANES;
    case IMP_TILE_3WAY_RIGHT:
        return &THREE_WAY_RIGHT_LANES;
    case IMP_TILE_4WAY:
        return &FOUR_WAY_LANES;
    default:
        return &NO_LANES;
    }
}

// Rotates about the tile's centre, with exact sines and cosines.
// Sines and cosines of a library need not be exact at multiples of 90 degrees.
static pose2 rotate_pose_by_quarter_turns(pose2 pose, int quarters)
{
    static const double COS[] = {1, 0, -1, 0}, SIN[] = {0, 1, 0, -1};
    double c = COS[quarters & 3], s = SIN[quarters & 3];
    return (pose2){c * pose.x - s * pose.y, s * pose.x + c * pose.y,
                   pose.angle + quarters * (IMP_PI / 2)};
}

// A rigid transformation as the challenge stores it: cosine, sine and translation. Rounding makes
// (c, s) not exactly of unit length.
typedef struct frame {
    double c, s, x, y;
} frame;

static const frame IDENTITY = {1.0, 0.0, 0.0, 0.0};

// Rounds to single precision, in which the challenge stores frames. That shifts closest points by
// about 1e-7 m in a fixed direction, which is visible in the accumulated metrics.
static frame round_frame_to_single_precision(frame a)
{
    return (frame){imp_round_to_single(a.c), imp_round_to_single(a.s), imp_round_to_single(a.x),
                   imp_round_to_single(a.y)};
}

// The transformation that moves the origin to a pose.
static frame pose_to_frame(pose2 pose)
{
    const imp_sine_cosine at = imp_sincos(pose.angle);
    return (frame){at.cosine, at.sine, pose.x, pose.y};
}

// Returns the composition a * b.
static frame compose_frames(frame a, frame b)
{
    return (frame){a.c * b.c - a.s * b.s, a.s * b.c + a.c * b.s, a.x + a.c * b.x - a.s * b.y,
                   a.y + a.s * b.x + a.c * b.y};
}

// Returns b relative to a: inverse(a) * b, for (c, s) of any length.
static frame relative_frame(frame a, frame b)
{
    // k removes the squared length of (c, s).
    double k = 1.0 / (a.c * a.c + a.s * a.s), x = b.x - a.x, y = b.y - a.y;
    return (frame){k * (a.c * b.c + a.s * b.s), k * (a.c * b.s - a.s * b.c),
                   k * (a.c * x + a.s * y), k * (a.c * y - a.s * x)};
}

// Logarithm of SE(2): the twist v with exp(v) = end. exp(t v), t in [0, 1], is the geodesic from
// the origin.
static pose2 se2_log(frame end)
{
    // half / tan(half) tends to 1 for small angles.
    double angle = imp_atan2(end.s, end.c), half = angle / 2;
    double k = angle == 0.0 ? 1.0 : half / imp_tan(half);
    return (pose2){k * end.x + half * end.y, k * end.y - half * end.x, angle};
}

// Exponential of SE(2) at t v: an arc, or a line if the angle is 0.
static frame se2_exp(pose2 v, double t)
{
    const double angle = v.angle * t;
    const imp_sine_cosine at = imp_sincos(angle);
    const double c = at.cosine, s = at.sine;
    if (angle == 0.0)
        return (frame){1.0, 0.0, v.x * t, v.y * t};
    double along = s / v.angle, across = (1.0 - c) / v.angle;
    return (frame){c, s, along * v.x - across * v.y, across * v.x + along * v.y};
}

// A lane's centre line, with the point whose closest point on it is searched. Its parameter grows
// by 1 from one control pose to the next.
typedef struct centre_line {
    int pieces;
    frame point[SHAPE_POINTS_MAX];
    pose2 twist[SHAPE_POINTS_MAX - 1];
    double length[SHAPE_POINTS_MAX - 1]; // [tiles]
    double x, y;                         // the point whose closest point is searched
} centre_line;

// Computes the twist and length of every piece, rounded as in the original.
static centre_line make_centre_line(const lane_shape *shape)
{
    // First the control poses, then the twist from each to the next.
    centre_line line = {.pieces = shape->points - 1};
    for (int k = 0; k < shape->points; k++)
        line.point[k] = round_frame_to_single_precision(pose_to_frame(shape->point[k]));
    for (int k = 0; k < line.pieces; k++) {
        frame back = round_frame_to_single_precision(relative_frame(line.point[k], IDENTITY));
        line.twist[k] =
            se2_log(round_frame_to_single_precision(compose_frames(back, line.point[k + 1])));
        line.length[k] = imp_hypot(line.twist[k].x, line.twist[k].y);
    }
    return line;
}

// Returns the frame at parameter t. Outside [0, pieces] the line continues straight.
static frame centre_line_at(const centre_line *line, double t)
{
    // A tenth of a tile per unit of the parameter.
    const pose2 onwards = {0.1, 0.0, 0.0};
    int k = (int)floor(t);
    if (k < 0)
        return compose_frames(line->point[0], se2_exp(onwards, t));
    if (k >= line->pieces)
        return compose_frames(line->point[line->pieces], se2_exp(onwards, t - line->pieces));
    return compose_frames(line->point[k], se2_exp(line->twist[k], t - k));
}

// The function that is minimised: 0 where the point lies exactly beside the line at t. Takes the
// two points beside the line at the point's distance, left and right, and returns the distance to
// the nearer one.
static double perpendicular_error(const void *context, double t)
{
    const centre_line *line = context;
    const frame at = centre_line_at(line, t);
    double d = imp_hypot(line->x - at.x, line->y - at.y), across = d * at.s, along = d * at.c;
    return fmin(imp_hypot(at.x + across - line->x, at.y - along - line->y),
                imp_hypot(at.x - across - line->x, at.y + along - line->y));
}

// Returns the arc length at t. Before the beginning and after the end it is extended by the
// parameter itself, as in the original.
static double arc_length_at(const centre_line *line, double t)
{
    double begin = 0.0;
    int k = 0;
    for (; k < line->pieces && t >= k + 1; k++)
        begin += line->length[k];
    return k < line->pieces && t >= 0.0 ? begin + (t - k) * line->length[k] : begin + (t - k);
}

// Sum of the pieces' lengths [tiles].
static double centre_line_length(const centre_line *line)
{
    double length = 0.0;
    for (int k = 0; k < line->pieces; k++)
        length += line->length[k];
    return length;
}

// Coordinates of a pose relative to a lane, in the lane's frame [tiles, rad].
typedef struct lane_coordinates {
    // offset to the left, arc length, and angle to the lane's direction
    double lateral, along, heading;
    frame closest;
} lane_coordinates;

// Finds the closest point and returns whether the lane contains the pose. On a straight lane the
// closest point is known directly.
static bool locate_in_lane(const lane_shape *shape, pose2 pose, lane_coordinates *out)
{
    const double tolerance = 1e-6;
    centre_line line = make_centre_line(shape);
    // On a straight lane the parameter is the distance from the lane's start.
    double t = pose.x - shape->point[0].x;
    line.x = pose.x;
    line.y = pose.y;
    if (line.pieces > 1)
        t = imp_brent_minimise(perpendicular_error, &line, -1.0, line.pieces + 1.0, tolerance);
    out->closest = centre_line_at(&line, t);
    out->along = arc_length_at(&line, t);
    out->lateral = pose.y - shape->point[0].y;
    if (line.pieces > 1)
        out->lateral = relative_frame(out->closest, (frame){1.0, 0.0, pose.x, pose.y}).y;
    out->heading = imp_wrap_angle(pose.angle - imp_atan2(out->closest.s, out->closest.c));
    // Contained means: between both ends, within half a width, and not against the direction.
    return out->along >= 0.0 && out->along < centre_line_length(&line) &&
           fabs(out->lateral) <= LANE_HALF_WIDTH && fabs(out->heading) <= IMP_PI / 2;
}

// Inserts a lane into a list sorted by |heading|; lanes with equal values keep their order.
static void insert_lane_sorted_by_heading(imp_legal_lane *lanes, int count, imp_legal_lane lane)
{
    int at = count;
    while (at > 0 && fabs(lanes[at - 1].heading) > fabs(lane.heading))
        at--;
    memmove(lanes + at + 1, lanes + at, (size_t)(count - at) * sizeof *lanes);
    lanes[at] = lane;
}

// A tile's frame in the world and its inverse, in single precision like the other frames. The
// world's y axis points up from the map's lower edge [m].
typedef struct tile_frame {
    float size, x, y;              // side and centre
    float scale, shift_x, shift_y; // from metres to tiles
} tile_frame;

// Rows of a map count downwards, the frame's y upwards.
static tile_frame make_tile_frame(const imp_world *world, int i, int j)
{
    float size = (float)world->tile_size;
    float x = size * ((float)i + 0.5F), y = size * ((float)(world->rows - 1 - j) + 0.5F);
    return (tile_frame){size, x, y, 1.0F / size, -x / size, -y / size};
}

// Number of lanes of a tile, 0 if it is no road.
int imp_legal_lane_count(const imp_world *world, int tile)
{
    return lane_table_of_tile_kind(world->tiles[tile].kind)->count;
}

// Returns a lane of a tile with its total number of quarter turns in the world.
static tile_lane lane_of_tile_in_world(const imp_world *world, int tile, int lane)
{
    const tile_lanes *table = lane_table_of_tile_kind(world->tiles[tile].kind);
    // the tables hold for orientation E, which is 1
    int quarters = world->tiles[tile].orientation - 1 + table->quarters;
    return (tile_lane){table->lane[lane].shape, quarters + table->lane[lane].quarters};
}

// Converts a frame of a lane to a pose in the world.
static imp_pose lane_pose_to_world(const imp_world *world, const tile_frame *tile, int quarters,
                                   frame at)
{
    pose2 turned =
        rotate_pose_by_quarter_turns((pose2){at.x, at.y, imp_atan2(at.s, at.c)}, quarters);
    const double x = imp_round_to_single((double)tile->size * turned.x + (double)tile->x);
    const double y = imp_round_to_single((double)tile->size * turned.y + (double)tile->y);
    return (imp_pose){x, world->rows * world->tile_size - y, imp_wrap_angle(turned.angle)};
}

// Adds the lanes of tile (i, j) that contain the pose.
static int add_lanes_of_tile(const imp_world *world, int i, int j, imp_pose pose,
                             imp_legal_lane *lanes, int count)
{
    if (i < 0 || j < 0 || i >= world->columns || j >= world->rows)
        return count;
    const int index = j * world->columns + i;
    const tile_frame tile = make_tile_frame(world, i, j);
    const double y = world->rows * world->tile_size - pose.z;
    // Transform the pose to the tile's frame, then to the frame of each of its lanes.
    const pose2 centred = {pose.x * (double)tile.scale + (double)tile.shift_x,
                           y * (double)tile.scale + (double)tile.shift_y, pose.heading};
    for (int k = 0; k < imp_legal_lane_count(world, index); k++) {
        const tile_lane lane = lane_of_tile_in_world(world, index, k);
        lane_coordinates place;
        if (locate_in_lane(lane.shape, rotate_pose_by_quarter_turns(centred, -lane.quarters),
                           &place))
            insert_lane_sorted_by_heading(
                lanes, count++,
                (imp_legal_lane){index, k, place.lateral, place.along, place.heading,
                                 lane_pose_to_world(world, &tile, lane.quarters, place.closest)});
    }
    return count;
}

int imp_legal_lanes_at_pose(const imp_world *world, imp_pose pose,
                            imp_legal_lane lanes[IMP_LEGAL_LANES_MAX])
{
    // Outside the map there are no lanes.
    double x = pose.x / world->tile_size, z = pose.z / world->tile_size;
    if (!(x >= 0.0 && z >= 0.0 && x <= world->columns && z <= world->rows))
        return 0;
    int i = (int)x, j = (int)z, count = add_lanes_of_tile(world, i, j, pose, lanes, 0);
    // a point on a border belongs to the tiles on both sides
    if (x == i)
        count = add_lanes_of_tile(world, i - 1, j, pose, lanes, count);
    else if (z == j)
        count = add_lanes_of_tile(world, i, j - 1, pose, lanes, count);
    return count;
}

// Length in tiles, as the challenge measures positions along a lane.
double imp_legal_lane_length(const imp_world *world, int tile, int lane)
{
    centre_line line = make_centre_line(lane_of_tile_in_world(world, tile, lane).shape);
    return centre_line_length(&line);
}

imp_pose imp_legal_lane_pose(const imp_world *world, int tile, int lane, double along)
{
    const tile_lane located = lane_of_tile_in_world(world, tile, lane);
    const tile_frame frame_in =
        make_tile_frame(world, tile % world->columns, tile / world->columns);
    centre_line line = make_centre_line(located.shape);
    int k = 0;
    // Find the piece, then the parameter within it.
    for (; k + 1 < line.pieces && along >= line.length[k]; k++)
        along -= line.length[k];
    return lane_pose_to_world(world, &frame_in, located.quarters,
                              centre_line_at(&line, k + along / line.length[k]));
}
