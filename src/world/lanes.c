#include "world/lanes.h"

#include <math.h>

#include "base/vector.h"

// Control points for a tile of side 1 centred at the origin, orientation S, as (x, z) pairs.
typedef struct unit_curve {
    double x0, z0, x1, z1, x2, z2, x3, z3;
} unit_curve;

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

// one way in of the crossing; the other three are quarter turns of it
static const unit_curve FOUR_WAY[] = {
    {-0.20, -0.50, -0.20, 0.00, 0.00, 0.20, 0.50, 0.20},
    {-0.20, -0.50, -0.20, -0.25, -0.20, 0.25, -0.20, 0.50},
    {-0.20, -0.50, -0.20, -0.20, -0.30, -0.20, -0.50, -0.20},
};

static imp_vec2 turned(double x, double z, int quarter_turns)
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

static imp_curve placed(const unit_curve *unit, int quarter_turns, imp_vec2 centre, double scale)
{
    const double x[4] = {unit->x0, unit->x1, unit->x2, unit->x3};
    const double z[4] = {unit->z0, unit->z1, unit->z2, unit->z3};
    imp_curve curve;
    for (int k = 0; k < 4; k++) {
        imp_vec2 point = turned(x[k], z[k], quarter_turns);
        curve.p[k] = imp_vec2_add(centre, imp_vec2_scale(point, scale));
    }
    return curve;
}

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

int imp_lanes_of_tile(imp_tile_kind kind, int orientation, int i, int j, double tile_size,
                      imp_curve out[IMP_LANES_MAX])
{
    const unit_curve *table;
    int count, first_turn = orientation, turns = 1;
    switch (kind) {
    case IMP_TILE_STRAIGHT:
        table = STRAIGHT, count = COUNT(STRAIGHT);
        break;
    case IMP_TILE_CURVE_LEFT:
        table = CURVE_LEFT, count = COUNT(CURVE_LEFT);
        break;
    case IMP_TILE_CURVE_RIGHT:
        table = CURVE_RIGHT, count = COUNT(CURVE_RIGHT);
        break;
    case IMP_TILE_3WAY_LEFT:
    case IMP_TILE_3WAY_RIGHT: // the reference gives both the same lanes
        table = THREE_WAY, count = COUNT(THREE_WAY);
        break;
    case IMP_TILE_4WAY: // the same from every side, so its orientation does not matter
        table = FOUR_WAY, count = COUNT(FOUR_WAY);
        first_turn = 0, turns = 4;
        break;
    default:
        return 0;
    }
    imp_vec2 centre = {(i + 0.5) * tile_size, (j + 0.5) * tile_size};
    int total = 0;
    for (int turn = first_turn; turn < first_turn + turns; turn++)
        for (int k = 0; k < count; k++)
            out[total++] = placed(&table[k], turn, centre, tile_size);
    return total;
}
