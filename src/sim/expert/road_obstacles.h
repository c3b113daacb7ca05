// sim/expert/road_obstacles.h: obstacles in the frame of the route: distance along it and lateral
// offset.
#ifndef IMP_SIM_EXPERT_ROAD_OBSTACLES_H
#define IMP_SIM_EXPERT_ROAD_OBSTACLES_H

#include "sim/expert/route.h"

enum {
    IMP_ROUTE_SAMPLES_AHEAD = 56, // samples of the route ahead
    IMP_ROUTE_SAMPLES_BEHIND = 9, // samples straight back from the robot
};

#define IMP_ROUTE_SAMPLE_SPACING 0.03 // distance between samples [m]
#define IMP_ROBOT_FRONT 0.066         // front of the robot, ahead of its centre of rotation [m]
#define IMP_ROBOT_HALF_WIDTH 0.075    // [m]
#define IMP_ROBOT_REAR 0.138          // rear behind it, where the simulator puts it [m]

// The route as points at equal distances; the first few lie behind the robot.
typedef struct imp_sampled_route {
    imp_route_point points[IMP_ROUTE_SAMPLES_BEHIND + IMP_ROUTE_SAMPLES_AHEAD];
    int count;
} imp_sampled_route;

// The part of the road that an obstacle covers.
typedef struct imp_road_obstacle {
    double near, far;   // [m] ahead of the robot's centre of rotation
    double left, right; // [m], positive to the right of the route
    double along;       // its speed along the route [m/s]
    // lateral extent of the robot while it passes, without margin [m]
    double reach_left, reach_right;
    bool pedestrian; // a strip to keep free for a duckie that walks across
    bool car;        // a duckiebot that drives or will continue to
} imp_road_obstacle;

// Distance of a sample ahead of the robot [m]; negative behind.
static inline double imp_route_sample_distance(int index)
{
    return (index - IMP_ROUTE_SAMPLES_BEHIND) * IMP_ROUTE_SAMPLE_SPACING;
}

// Samples a route from the robot on; fewer samples if the route ends.
void imp_sampled_route_init(imp_sampled_route *path, const imp_route *route);

// The direction of the route at a distance ahead of the robot [m].
imp_vec2 imp_sampled_route_tangent(const imp_sampled_route *path, double along);

// Converts a footprint to an obstacle; false if it does not touch the road at the samples.
bool imp_road_obstacle_from_box(const imp_sampled_route *path, const imp_box *box,
                                imp_road_obstacle *out);

// Whether a robot at a lateral offset would come closer to an obstacle than `margin` [m].
bool imp_road_obstacle_overlaps(const imp_road_obstacle *obstacle, double offset, double margin);

#endif
