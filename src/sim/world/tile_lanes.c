// Lane curves of tiles. Each kind of tile has a table of cubic Bezier curves in a unit tile, copied
// from gym-duckietown (simulator.py: _get_curve). They are rotated by the tile's orientation,
// scaled and moved to its centre. Also finds lanes that no lane of the next tile continues. The
// order of a tile's curves matters: of equally good lanes, gym-duckietown chooses the first.
#include "sim/world/tile_lanes.h"

#include <math.h>

#include "base/common/vector2.h"

// Control points for a tile of side 1 centred at the origin, orientation S, as (x, z) pairs.
typedef struct unit_curve {
    double x0, z0, x1, z1, x2, z2, x3, z3;
} unit_curve;

// Each table lists the lanes in gym-duckietown's order; x points right, z down. Traffic keeps
// right.
static const unit_curve STRAIGHT[] = {
    {-0.20, -0.50, -0.20, -0.25, -0.20, 0.25, -0.20, 0.50},
    {0.20, 0.50, 0.20, 0.25, 0.20, -0.25, 0.20, -0.50},
};

static const unit_curve CURVE_LEFT[] = {
    {-0.20, -0.50, -0.20, 0.00, 0.00, 0.20, 0.50, 0.20},
    {0.50, -0.20, 0.30, -0.20, 0.20, -0.30, 0.20, -0.50},
};

static const unit_curve CURVE_RIGHT[] = {
    {-0.20, -0.50, -0.20, -0.20, -0.30, -0.20, -0.50, -0.20},
    {-0.50, 0.20, -0.30, 0.20, 0.30, 0.00, 0.20, -0.50},
};

static const unit_curve THREE_WAY[] = {
    {-0.20, -0.50, -0.20, -0.25, -0.20, 0.25, -0.20, 0.50},
    {-0.20, -0.50, -0.20, 0.00, 0.00, 0.20, 0.50, 0.20},
    {0.20, 0.50, 0.20, 0.25, 0.20, -0.25, 0.20, -0.50},
    {0.50, -0.20, 0.30, -0.20, 0.20, -0.20, 0.20, -0.50},
    {0.20, 0.50, 0.20, 0.20, 0.30, 0.20, 0.50, 0.20},
    {0.50, -0.20, 0.30, -0.20, -0.20, 0.00, -0.20, 0.50},
};

// the lanes of one entry of the crossing; the other three are quarter turns of them
static const unit_curve FOUR_WAY[] = {
    {-0.20, -0.50, -0.20, 0.00, 0.00, 0.20, 0.50, 0.20},
    {-0.20, -0.50, -0.20, -0.25, -0.20, 0.25, -0.20, 0.50},
    {-0.20, -0.50, -0.20, -0.20, -0.30, -0.20, -0.50, -0.20},
};

// Rotates a point counter-clockwise (z points down) by exact quarter turns.
static imp_vec2 rotate_quarter_turns(double x, double z, int quarter_turns)
{
    switch (quarter_turns & 3) {
    case 0:
        return (imp_vec2){x, z};
    case 1:
        return (imp_vec2){z, -x};
    case 2:
        return (imp_vec2){-x, -z};
    default:
        return (imp_vec2){-z, x};
    }
}

// Rotates, scales and moves a curve of the unit tile.
static imp_curve place_unit_curve(const unit_curve *unit, int quarter_turns, imp_vec2 centre,
                                  double scale)
{
    const double x[4] = {unit->x0, unit->x1, unit->x2, unit->x3};
    const double z[4] = {unit->z0, unit->z1, unit->z2, unit->z3};
    imp_curve curve;
    for (int k = 0; k < 4; k++) {
        imp_vec2 point = rotate_quarter_turns(x[k], z[k], quarter_turns);
        curve.p[k] = imp_vec2_add(centre, imp_vec2_scale(point, scale));
    }
    return curve;
}

#define ARRAY_COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

int imp_tile_lane_curves(imp_tile_kind kind, int orientation, int i, int j, double tile_size,
                         imp_curve out[IMP_TILE_LANES_MAX])
{
    // choose the table and how many quarter turns of it the tile has
    const unit_curve *table;
    int count, first_turn = orientation, turns = 1;
    switch (kind) {
    case IMP_TILE_STRAIGHT:
        table = STRAIGHT, count = ARRAY_COUNT(STRAIGHT);
        break;
    case IMP_TILE_CURVE_LEFT:
        table = CURVE_LEFT, count = ARRAY_COUNT(CURVE_LEFT);
        break;
    case IMP_TILE_CURVE_RIGHT:
        table = CURVE_RIGHT, count = ARRAY_COUNT(CURVE_RIGHT);
        break;
    case IMP_TILE_3WAY_LEFT:
    case IMP_TILE_3WAY_RIGHT: // gym-duckietown gives both the same lanes
        table = THREE_WAY, count = ARRAY_COUNT(THREE_WAY);
        break;
    case IMP_TILE_4WAY: // symmetric: the orientation does not matter
        table = FOUR_WAY, count = ARRAY_COUNT(FOUR_WAY);
        first_turn = 0, turns = 4;
        break;
    default:
        return 0;
    }
    // place every curve of the table
    imp_vec2 centre = {(i + 0.5) * tile_size, (j + 0.5) * tile_size};
    int total = 0;
    for (int turn = first_turn; turn < first_turn + turns; turn++)
        for (int k = 0; k < count; k++)
            out[total++] = place_unit_curve(&table[k], turn, centre, tile_size);
    return total;
}

// Whether a lane of the tile starts at a point in about that direction. The tolerance is wide: the
// outer lane of curve_right ends with an error of 11 degrees.
static bool has_lane_starting_at(const imp_world *world, const imp_tile *tile, imp_vec2 at,
                                 imp_vec2 along)
{
    const double close = 1e-6 * world->tile_size;
    for (int k = tile->first_curve; k < tile->first_curve + tile->curve_count; k++) {
        const imp_vec2 *p = world->curves[k].p;
        const imp_vec2 ahead = imp_vec2_normalize(imp_vec2_subtract(p[1], p[0]));
        if (imp_vec2_length(imp_vec2_subtract(p[0], at)) < close &&
            imp_vec2_dot(ahead, along) > 0.9)
            return true;
    }
    return false;
}

const imp_tile *imp_lane_missing_successor(const imp_world *world, const imp_tile *tile,
                                           const imp_curve *lane)
{
    const imp_vec2 end = lane->p[3];
    const imp_vec2 along = imp_vec2_normalize(imp_vec2_subtract(end, lane->p[2]));
    // look a thousandth of a tile beyond the end of the lane
    const imp_vec2 beyond = imp_vec2_add(end, imp_vec2_scale(along, 1e-3 * world->tile_size));
    const imp_tile *next = imp_world_tile_at(world, beyond.x, beyond.z);
    // gym-duckietown's lanes of 3way_right join no neighbour, so they are not reported
    if (next == NULL || !next->drivable || next->kind == IMP_TILE_3WAY_RIGHT ||
        tile->kind == IMP_TILE_3WAY_RIGHT)
        return NULL;
    return has_lane_starting_at(world, next, end, along) ? NULL : next;
}
