// Chooses a pose worth looking from: of places on all lanes, the one from which the road goes on
// straight ahead for longest, and which has most objects before it. The first of equal ones counts,
// so that a map always has the same pose.
#include "cli/render_commands/scenic_pose.h"

#include <math.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"

// How far one sees, and how near an object may be [m].
static const double VIEW_DISTANCE = 3.0, FREE_DISTANCE = 0.35;

// Counts the objects in view, up to four; -1 if one is too near.
static int count_visible_objects(const imp_world *world, imp_pose pose)
{
    enum { OBJECTS_MAX = 4 };
    const imp_sine_cosine heading = imp_sincos(pose.heading);
    int count = 0;
    for (int k = 0; k < world->object_count; k++) {
        const double dx = world->objects[k].position.x - pose.x;
        const double dz = world->objects[k].position.z - pose.z;
        const double ahead = dx * heading.cosine - dz * heading.sine;
        const double right = dx * heading.sine + dz * heading.cosine;
        if (imp_hypot(dx, dz) < FREE_DISTANCE)
            return -1;
        count += ahead > 0.0 && ahead < VIEW_DISTANCE && fabs(right) < 0.6 * ahead;
    }
    return count < OBJECTS_MAX ? count : OBJECTS_MAX;
}

// How many quarters of a tile the road goes on straight ahead, up to three tiles.
static int count_road_ahead(const imp_world *world, imp_pose pose)
{
    enum { QUARTERS = 12 };
    const imp_sine_cosine heading = imp_sincos(pose.heading);
    int count = 0;
    for (; count < QUARTERS; count++) {
        const double far = 0.25 * world->tile_size * (count + 1);
        const imp_tile *tile =
            imp_world_tile_at(world, pose.x + far * heading.cosine, pose.z - far * heading.sine);
        if (tile == NULL || !tile->drivable)
            break;
    }
    return count;
}

bool imp_scenic_pose_find_longest_view(imp_pose *out, const imp_world *world)
{
    static const double PLACES[] = {0.1, 0.5};
    int best = -1;
    for (int k = 0; k < world->curve_count; k++)
        for (size_t n = 0; n < sizeof PLACES / sizeof PLACES[0]; n++) {
            const imp_vec2 at = imp_curve_point(&world->curves[k], PLACES[n]);
            const imp_vec2 along = imp_curve_derivative(&world->curves[k], PLACES[n]);
            const imp_pose pose = {at.x, at.z, imp_atan2(-along.z, along.x)};
            const int objects = count_visible_objects(world, pose);
            const int score = objects < 0 ? -1 : 2 * objects + count_road_ahead(world, pose);
            if (score <= best)
                continue;
            best = score;
            *out = pose;
        }
    return best >= 0;
}
