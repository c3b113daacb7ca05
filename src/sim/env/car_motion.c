// Moving duckiebots: pure pursuit of a point ahead on the lane, with gym-duckietown's constants and
// its drive model without delay (objects.py: DuckiebotObj). As an extension, cars may yield: they
// stop while something stands on the lane ahead. Cars do not react to traffic lights or
// intersections.
#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/env/collision.h"
#include "sim/env/object_motion.h"
#include "sim/world/box.h"

static const double MOTOR_CONSTANT = 27.0; // [rad/s] per duty cycle
static const double YIELD_DISTANCE = 0.35; // a yielding car checks its lane this far ahead [m]
static const double YIELD_SPACING = 0.05;  // distance between the points that it checks [m]
// free radius around each point: half a car's width and 2 cm [m]
static const double CLEARANCE = 0.095;

imp_car_motion imp_car_motion_default(void)
{
    return (imp_car_motion){
        .follow_distance = 0.3,
        .speed = 0.1,
        .gain = 2.0,
        .wheel_radius = IMP_WHEEL_RADIUS,
        .wheel_distance = IMP_WHEEL_DISTANCE,
        .width = IMP_ROBOT_WIDTH,
        .length = IMP_ROBOT_LENGTH,
    };
}

// Draws parameters around the defaults. gym-duckietown draws trims of about 2, which make its cars
// spin on the spot; here they are within 0.1.
void imp_car_motion_randomize(imp_car_motion *car, imp_random *random)
{
    car->follow_distance = imp_random_uniform(random, 0.3, 0.4);
    car->speed = imp_random_uniform(random, 0.05, 0.15);
    car->gain += imp_random_uniform(random, -0.3, 0.3);
    car->trim += imp_random_uniform(random, -0.1, 0.1);
    car->wheel_radius += imp_random_uniform(random, -0.0002, 0.0002);
    car->wheel_distance += imp_random_uniform(random, -0.01, 0.01);
    car->width += imp_random_uniform(random, -0.01, 0.01);
    car->length += imp_random_uniform(random, -0.01, 0.01);
}

// A pose from a position and a heading.
static imp_pose make_pose(imp_vec2 position, double heading)
{
    return (imp_pose){position.x, position.z, heading};
}

// Finds the point on the lane that a car steers for. If the point ahead is off the lanes, the
// distance is halved until it is not. False if the car itself is off the lanes.
static bool find_pursuit_target(const imp_world *world, const imp_car_motion *car, imp_pose pose,
                                imp_vec2 *target)
{
    enum { HALVINGS = 40 };
    imp_lane_position here, there;
    if (!imp_world_lane_position(world, pose, &here))
        return false;
    double distance = car->follow_distance;
    for (int k = 0; k < HALVINGS; k++) {
        imp_vec2 ahead = imp_vec2_add(here.point, imp_vec2_scale(here.tangent, distance));
        if (imp_world_lane_position(world, make_pose(ahead, pose.heading), &there)) {
            *target = there.point;
            return true;
        }
        distance *= 0.5;
    }
    return false;
}

// Duty cycles are limited to full throttle.
static double clip_duty_cycle(double duty)
{
    return fmax(-1.0, fmin(1.0, duty));
}

// Moves a car along the arc of its two wheels. As in gym-duckietown, duty cycles are used as wheel
// speeds [m/s].
static imp_pose move_car_along_arc(const imp_car_motion *car, imp_pose pose, double steering,
                                   double dt)
{
    double half = 0.5 * steering * car->wheel_distance;
    double right = clip_duty_cycle((car->speed + half) / car->wheel_radius *
                                   ((car->gain + car->trim) / MOTOR_CONSTANT));
    double left = clip_duty_cycle((car->speed - half) / car->wheel_radius *
                                  ((car->gain - car->trim) / MOTOR_CONSTANT));
    return imp_pose_integrate(pose, 0.5 * (left + right), (right - left) / car->wheel_distance, dt);
}

// Whether the robot or an object, other than the car itself, is near a point of a car's path.
static bool is_point_near_robot_or_object(const imp_env *env, int self, imp_vec2 place,
                                          const imp_box *robot)
{
    if (imp_box_point_distance(robot, place) < CLEARANCE)
        return true;
    // moving objects at their present place
    for (int k = 0; k < env->world->moving_count; k++) {
        const imp_object *object = &env->world->objects[env->world->moving[k]];
        if (k != self && object->solid && imp_env_is_object_present(env, object) &&
            imp_box_point_distance(&env->moving[k].box, place) < CLEARANCE)
            return true;
    }
    // then static ones, by tile
    imp_obstacle_iterator near = imp_obstacle_iterator_at(env, place.x, place.z);
    for (const imp_object *object; (object = imp_obstacle_iterator_next(&near)) != NULL;)
        if (imp_box_point_distance(&object->box, place) < CLEARANCE)
            return true;
    return false;
}

// Whether something is on the lane close ahead of a car. The check follows the lane: step ahead,
// move to the closest point of the lane, take over its direction, repeat.
static bool is_lane_blocked(const imp_env *env, int self, imp_pose pose)
{
    const imp_box robot = imp_robot_footprint(env->pose, IMP_CENTRE_FORWARD);
    for (double distance = YIELD_SPACING; distance <= YIELD_DISTANCE + 1e-9;
         distance += YIELD_SPACING) {
        imp_vec2 ahead = imp_vec2_scale(imp_heading_direction(pose.heading), YIELD_SPACING);
        pose = make_pose((imp_vec2){pose.x + ahead.x, pose.z + ahead.z}, pose.heading);
        imp_lane_position lane;
        if (!imp_world_lane_position(env->world, pose, &lane))
            return false;
        pose = make_pose(lane.point, imp_atan2(-lane.tangent.z, lane.tangent.x));
        if (is_point_near_robot_or_object(env, self, lane.point, &robot))
            return true;
    }
    return false;
}

void imp_car_motion_step(imp_env *env, int k)
{
    imp_object_state *state = &env->moving[k];
    imp_object_motion *motion = &env->motion[k];
    imp_car_motion *car = &motion->car;
    imp_pose pose = make_pose(state->position, motion->angle);
    imp_vec2 target = state->position;
    // a car without a lane, or with an obstacle ahead, stands still
    car->lost = !find_pursuit_target(env->world, car, pose, &target);
    car->waiting = !car->lost && env->def.cars_yield && is_lane_blocked(env, k, pose);
    if (car->lost || car->waiting)
        return;
    // steer in proportion to the lateral offset of the target, then move footprint and pose
    imp_vec2 towards = imp_vec2_normalize(imp_vec2_subtract(target, state->position));
    imp_vec2 right = imp_vec2_turn_right(imp_heading_direction(pose.heading));
    pose = move_car_along_arc(car, pose, -car->gain * imp_vec2_dot(right, towards),
                              env->def.drive.time_step);
    state->position = (imp_vec2){pose.x, pose.z};
    state->heading = motion->angle = pose.heading;
    state->box = imp_box_from_pose(state->position, pose.heading, -0.5 * car->length,
                                   -0.5 * car->width, 0.5 * car->length, 0.5 * car->width);
}
