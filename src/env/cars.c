#include "base/vector.h"
#include "env/motion.h"
#include "env/obstacles.h"
#include "world/box.h"

static const double MOTOR_CONSTANT = 27.0; // [rad/s] per duty cycle
static const double SIGHT = 0.35;          // that a yielding car has along its lane [m]
static const double SPACING = 0.05;        // of the places that it looks at [m]
static const double CLEARANCE = 0.095;     // that it wants around them: half its width and 2 cm [m]

imp_car imp_car_nominal(void)
{
    return (imp_car){
        .follow_distance = 0.3,
        .speed = 0.1,
        .gain = 2.0,
        .wheel_radius = IMP_WHEEL_RADIUS,
        .wheel_distance = IMP_WHEEL_DISTANCE,
        .width = IMP_ROBOT_WIDTH,
        .length = IMP_ROBOT_LENGTH,
    };
}

// Unlike in the reference, whose trims of about 2 make its cars spin on the spot.
void imp_car_randomize(imp_car *car, imp_random *random)
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

static imp_pose pose_at(imp_vec2 position, double heading)
{
    return (imp_pose){position.x, position.z, heading};
}

// The place on the lanes that a car aims at; false off the lanes.
static bool find_target(const imp_world *world, const imp_car *car, imp_pose pose, imp_vec2 *target)
{
    enum { HALVINGS = 40 };
    imp_lane_position here, there;
    if (!imp_world_lane_position(world, pose, &here))
        return false;
    double distance = car->follow_distance;
    for (int k = 0; k < HALVINGS; k++) {
        imp_vec2 ahead = imp_vec2_add(here.point, imp_vec2_scale(here.tangent, distance));
        if (imp_world_lane_position(world, pose_at(ahead, pose.heading), &there)) {
            *target = there.point;
            return true;
        }
        distance *= 0.5;
    }
    return false;
}

static double limited(double duty)
{
    return fmax(-1.0, fmin(1.0, duty));
}

// Differential drive along the arc of both wheels, whose duty cycles the reference takes for
// speeds.
static imp_pose drive(const imp_car *car, imp_pose pose, double steering, double dt)
{
    double half = 0.5 * steering * car->wheel_distance;
    double right = limited((car->speed + half) / car->wheel_radius *
                           ((car->gain + car->trim) / MOTOR_CONSTANT));
    double left = limited((car->speed - half) / car->wheel_radius *
                          ((car->gain - car->trim) / MOTOR_CONSTANT));
    return imp_pose_advance(pose, 0.5 * (left + right), (right - left) / car->wheel_distance, dt);
}

// Whether anything stands, walks or drives near a place on a car's way.
static bool is_taken(const imp_env *env, int self, imp_vec2 place, const imp_box *robot)
{
    if (imp_box_distance(robot, place) < CLEARANCE)
        return true;
    for (int k = 0; k < env->world->moving_count; k++) {
        const imp_object *object = &env->world->objects[env->world->moving[k]];
        if (k != self && object->solid && imp_env_object_is_there(env, object) &&
            imp_box_distance(&env->moving[k].box, place) < CLEARANCE)
            return true;
    }
    imp_obstacles near = imp_obstacles_at(env, place.x, place.z);
    for (const imp_object *object; (object = imp_obstacles_next(&near)) != NULL;)
        if (imp_box_distance(&object->box, place) < CLEARANCE)
            return true;
    return false;
}

// Whether something is on the lane close ahead of a car. It looks along the lane as it drives: from
// each place to the closest point of the lane a little farther on.
static bool way_is_taken(const imp_env *env, int self, imp_pose pose)
{
    const imp_box robot = imp_robot_box(env->pose, IMP_CENTRE_FORWARD);
    for (double distance = SPACING; distance <= SIGHT + 1e-9; distance += SPACING) {
        imp_vec2 ahead = imp_vec2_scale(imp_forward(pose.heading), SPACING);
        pose = pose_at((imp_vec2){pose.x + ahead.x, pose.z + ahead.z}, pose.heading);
        imp_lane_position lane;
        if (!imp_world_lane_position(env->world, pose, &lane))
            return false;
        pose = pose_at(lane.point, atan2(-lane.tangent.z, lane.tangent.x));
        if (is_taken(env, self, lane.point, &robot))
            return true;
    }
    return false;
}

void imp_car_step(imp_env *env, int k)
{
    imp_object_state *state = &env->moving[k];
    imp_motion *motion = &env->motion[k];
    imp_car *car = &motion->car;
    imp_pose pose = pose_at(state->position, motion->angle);
    imp_vec2 target = state->position;
    car->lost = !find_target(env->world, car, pose, &target);
    car->waiting = !car->lost && env->def.cars_yield && way_is_taken(env, k, pose);
    if (car->lost || car->waiting)
        return;
    imp_vec2 towards = imp_vec2_unit(imp_vec2_subtract(target, state->position));
    imp_vec2 right = imp_vec2_right(imp_forward(pose.heading));
    pose = drive(car, pose, -car->gain * imp_vec2_dot(right, towards), env->def.drive.time_step);
    state->position = (imp_vec2){pose.x, pose.z};
    state->heading = motion->angle = pose.heading;
    state->box = imp_box_at(state->position, pose.heading, -0.5 * car->length, -0.5 * car->width,
                            0.5 * car->length, 0.5 * car->width);
}
