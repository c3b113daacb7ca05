// sim/expert/road_obstacles.h: what takes up the road ahead, in the frame of the route.
#ifndef IMP_SIM_EXPERT_ROAD_OBSTACLES_H
#define IMP_SIM_EXPERT_ROAD_OBSTACLES_H

#include "sim/expert/route.h"

enum {
    IMP_ROUTE_SAMPLES_AHEAD = 56, // places of the route ahead
    IMP_ROUTE_SAMPLES_BEHIND = 9, // and straight back from the robot
};

#define IMP_ROUTE_SAMPLE_SPACING 0.03 // of the places [m]
#define IMP_ROBOT_FRONT 0.066         // of the robot, ahead of its centre of rotation [m]
#define IMP_ROBOT_HALF_WIDTH 0.075    // [m]
#define IMP_ROBOT_REAR 0.138          // behind it, where the simulator puts its rear [m]

// The route as places at even distances, the first few behind the robot.
typedef struct imp_sampled_route {
    imp_route_point points[IMP_ROUTE_SAMPLES_BEHIND + IMP_ROUTE_SAMPLES_AHEAD];
    int count;
} imp_sampled_route;

// What something takes up of the road: along the route from the robot, and across it.
typedef struct imp_road_obstacle {
    double near, far;   // [m] ahead of the robot's centre of rotation
    double left, right; // [m], positive to the right of the route
    double along;       // its speed along the route [m/s]
    // how far the robot reaches to its sides when it passes, without margin [m]
    double reach_left, reach_right;
    bool pedestrian; // a strip to be kept free for somebody who walks across
    bool car;        // a duckiebot that drives or will drive on
} imp_road_obstacle;

// How far ahead of the robot a place of a path is [m].
static inline double imp_route_sample_distance(int index)
{
    return (index - IMP_ROUTE_SAMPLES_BEHIND) * IMP_ROUTE_SAMPLE_SPACING;
}

void imp_sampled_route_init(imp_sampled_route *path, const imp_route *route);

// The direction of the route at a distance ahead of the robot [m].
imp_vec2 imp_sampled_route_tangent(const imp_sampled_route *path, double along);

// What a rectangle takes up of a path; false if it does not touch the road there.
bool imp_road_obstacle_from_box(const imp_sampled_route *path, const imp_box *box,
                                imp_road_obstacle *out);

// Whether a robot at an offset from the route would come nearer to a block than a margin.
bool imp_road_obstacle_overlaps(const imp_road_obstacle *block, double offset, double margin);

#endif
