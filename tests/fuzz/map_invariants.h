// fuzz/map_invariants.h: what holds of every world, whatever text it was read from.
#ifndef IMP_TESTS_FUZZ_MAP_INVARIANTS_H
#define IMP_TESTS_FUZZ_MAP_INVARIANTS_H

#include <math.h>
#include <string.h>

#include "imprint/world.h"

// Leaves the function with the condition in words where it does not hold.
#define INVARIANT(condition)                                                                       \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return #condition;                                                                     \
    } while (0)

static inline bool is_finite_vec2(imp_vec2 v)
{
    return isfinite(v.x) && isfinite(v.z);
}

static inline const char *broken_grid(const imp_world *world)
{
    INVARIANT(world->columns >= 1 && world->columns <= 1024);
    INVARIANT(world->rows >= 1 && world->rows <= 1024);
    INVARIANT(world->tile_size >= 0.01 && world->tile_size <= 100.0);
    const int count = world->columns * world->rows;
    int drivable = 0, curves = 0;
    for (int k = 0; k < count; k++) {
        const imp_tile *tile = &world->tiles[k];
        INVARIANT(tile->kind >= 0 && tile->kind < IMP_TILE_KIND_COUNT);
        INVARIANT(tile->orientation >= 0 && tile->orientation < 4);
        INVARIANT(tile->first_curve == curves);
        INVARIANT(tile->drivable == (tile->curve_count > 0));
        curves += tile->curve_count;
        if (tile->drivable)
            INVARIANT(drivable < world->drivable_count && world->drivable[drivable++] == k);
    }
    INVARIANT(drivable == world->drivable_count && curves == world->curve_count);
    for (int k = 0; k < curves; k++)
        for (int n = 0; n < 4; n++)
            INVARIANT(is_finite_vec2(world->curves[k].p[n]));
    if (world->has_start_tile) {
        const int i = world->start_tile[0], j = world->start_tile[1];
        INVARIANT(i >= 0 && i < world->columns && j >= 0 && j < world->rows);
        INVARIANT(world->has_start_pose || world->tiles[j * world->columns + i].drivable);
    }
    if (world->has_start_pose) {
        INVARIANT(fabs(world->start_pose.x) <= 1e4 && fabs(world->start_pose.z) <= 1e4);
        INVARIANT(fabs(world->start_pose.heading) <= 3.1416);
    }
    return NULL;
}

static inline const char *broken_object(const imp_world *world, int index)
{
    const imp_object *o = &world->objects[index];
    INVARIANT(o->kind >= 0 && o->kind < IMP_OBJECT_KIND_COUNT);
    INVARIANT(o->sign >= 0 && o->sign < IMP_SIGN_COUNT);
    INVARIANT(o->color >= IMP_COLOR_RED && o->color <= IMP_COLOR_GREY);
    INVARIANT(memchr(o->name, '\0', sizeof o->name) != NULL && strchr(o->name, '\n') == NULL);
    INVARIANT(fabs(o->position.x) <= 1e4 && fabs(o->position.z) <= 1e4);
    INVARIANT(fabs(o->heading) <= 3.1416);
    INVARIANT(o->scale > 0.0 && o->scale <= 1e4);
    INVARIANT(o->safety_radius >= 0.0 && o->safety_radius <= 1e6);
    INVARIANT(o->spawn_distance >= 0.25 && o->spawn_distance <= 1e6);
    INVARIANT(o->line >= 1);
    for (int k = 0; k < 4; k++)
        INVARIANT(is_finite_vec2(o->box.corner[k]));
    for (int k = 0; k < 2; k++)
        INVARIANT(fabs(hypot(o->box.axis[k].x, o->box.axis[k].z) - 1.0) < 1e-9);
    INVARIANT(o->moving >= -1 && o->moving < world->moving_count);
    INVARIANT(o->moving < 0 || world->moving[o->moving] == index);
    INVARIANT(imp_boxes_overlap(&o->box, &o->box));
    return NULL;
}

static inline const char *broken_objects(const imp_world *world)
{
    INVARIANT(world->object_count >= 0 && world->object_count <= IMP_OBJECTS_MAX);
    INVARIANT(world->moving_count >= 0 && world->moving_count <= world->object_count);
    for (int k = 0; k < world->object_count; k++) {
        const char *broken = broken_object(world, k);
        if (broken != NULL)
            return broken;
    }
    const int count = world->columns * world->rows;
    INVARIANT(world->nearby_start[0] == 0);
    for (int k = 0; k < count; k++)
        INVARIANT(world->nearby_start[k] <= world->nearby_start[k + 1]);
    for (int k = 0; k < world->nearby_start[count]; k++) {
        INVARIANT(world->nearby[k] >= 0 && world->nearby[k] < world->object_count);
        INVARIANT(world->objects[world->nearby[k]].solid);
        INVARIANT(world->objects[world->nearby[k]].moving < 0);
    }
    INVARIANT(world->warning_count >= 0 && world->warning_count <= 100);
    for (int k = 0; k < world->warning_count; k++) {
        INVARIANT(world->warnings[k].line >= (k > 0 ? world->warnings[k - 1].line : 1));
        INVARIANT(memchr(world->warnings[k].text, '\0', sizeof world->warnings[k].text) != NULL);
        INVARIANT(strchr(world->warnings[k].text, '\n') == NULL);
    }
    return NULL;
}

static inline const char *broken_pose(const imp_world *world, imp_pose pose)
{
    const imp_tile *tile = imp_world_tile_at(world, pose.x, pose.z);
    INVARIANT(tile == NULL || (tile >= world->tiles &&
                               tile < world->tiles + (size_t)(world->columns * world->rows)));
    INVARIANT(imp_world_is_drivable_at(world, pose.x, pose.z) == (tile != NULL && tile->drivable));
    imp_lane_position lane;
    if (!imp_world_lane_position(world, pose, &lane)) {
        INVARIANT(tile == NULL || !tile->drivable);
        return NULL;
    }
    INVARIANT(tile != NULL && tile->drivable);
    INVARIANT(isfinite(lane.distance) && isfinite(lane.angle));
    INVARIANT(fabs(lane.alignment) <= 1.0);
    INVARIANT(is_finite_vec2(lane.point) && is_finite_vec2(lane.tangent));
    INVARIANT(lane.curve >= tile->first_curve &&
              lane.curve < tile->first_curve + tile->curve_count);
    INVARIANT(fabs(lane.distance) < 2.0 * world->tile_size);
    return NULL;
}

// What does not hold of a world, tried at `poses` random places on and around it; or NULL.
static inline const char *broken_invariant(const imp_world *world, imp_random *random, int poses)
{
    const char *broken = broken_grid(world);
    if (broken == NULL)
        broken = broken_objects(world);
    const double width = world->columns * world->tile_size;
    const double height = world->rows * world->tile_size;
    for (int k = 0; k < poses && broken == NULL; k++)
        broken =
            broken_pose(world, (imp_pose){imp_random_uniform(random, -0.1 * width, 1.1 * width),
                                          imp_random_uniform(random, -0.1 * height, 1.1 * height),
                                          imp_random_uniform(random, -10.0, 10.0)});
    return broken;
}

#endif
