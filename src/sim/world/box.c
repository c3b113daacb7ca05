// Oriented rectangles on the ground, and whether two of them overlap. Two convex shapes are
// disjoint exactly if their projections onto one of the axes are; for rectangles the four side
// directions suffice (Gottschalk, Lin and Manocha: OBBTree, 1996). A box stores both corners and
// axes, since tests need both.
#include "sim/world/box.h"

#include "base/common/vector2.h"

imp_box imp_box_from_pose(imp_vec2 position, double heading, double min_x, double min_z,
                          double max_x, double max_z)
{
    // the frame of the object in world coordinates
    const imp_vec2 ahead = imp_heading_direction(heading);
    const imp_vec2 right = imp_vec2_turn_right(ahead);
    const imp_vec2 rear = imp_vec2_add(position, imp_vec2_scale(ahead, min_x));
    const imp_vec2 front = imp_vec2_add(position, imp_vec2_scale(ahead, max_x));
    const imp_vec2 to_left = imp_vec2_scale(right, min_z), to_right = imp_vec2_scale(right, max_z);
    return (imp_box){
        .corner = {imp_vec2_add(rear, to_left), imp_vec2_add(front, to_left),
                   imp_vec2_add(front, to_right), imp_vec2_add(rear, to_right)},
        .axis = {ahead, right},
    };
}

// True if the projections of two rectangles onto an axis do not touch.
static bool are_boxes_apart_on_axis(imp_vec2 axis, const imp_box *a, const imp_box *b)
{
    // the interval that each rectangle covers on the axis
    double low_a = INFINITY, high_a = -INFINITY, low_b = INFINITY, high_b = -INFINITY;
    for (int k = 0; k < 4; k++) {
        const double on_a = imp_vec2_dot(axis, a->corner[k]);
        const double on_b = imp_vec2_dot(axis, b->corner[k]);
        low_a = on_a < low_a ? on_a : low_a;
        high_a = on_a > high_a ? on_a : high_a;
        low_b = on_b < low_b ? on_b : low_b;
        high_b = on_b > high_b ? on_b : high_b;
    }
    return high_a < low_b || high_b < low_a;
}

bool imp_boxes_overlap(const imp_box *a, const imp_box *b)
{
    return !are_boxes_apart_on_axis(a->axis[0], a, b) &&
           !are_boxes_apart_on_axis(a->axis[1], a, b) &&
           !are_boxes_apart_on_axis(b->axis[0], a, b) && !are_boxes_apart_on_axis(b->axis[1], a, b);
}
