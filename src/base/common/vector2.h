// base/common/vector2.h: small vectors on the ground plane, by value.
#ifndef IMP_BASE_COMMON_VECTOR2_H
#define IMP_BASE_COMMON_VECTOR2_H

#include <math.h>

#include "base/common/math_functions.h"
#include "imprint/base.h"

#define IMP_PI 3.14159265358979323846

static inline imp_vec2 imp_vec2_add(imp_vec2 a, imp_vec2 b)
{
    return (imp_vec2){a.x + b.x, a.z + b.z};
}

static inline imp_vec2 imp_vec2_subtract(imp_vec2 a, imp_vec2 b)
{
    return (imp_vec2){a.x - b.x, a.z - b.z};
}

static inline imp_vec2 imp_vec2_scale(imp_vec2 a, double factor)
{
    return (imp_vec2){a.x * factor, a.z * factor};
}

static inline double imp_vec2_dot(imp_vec2 a, imp_vec2 b)
{
    return a.x * b.x + a.z * b.z;
}

static inline double imp_vec2_length(imp_vec2 a)
{
    return sqrt(imp_vec2_dot(a, a));
}

// The unit vector along a; a itself if it has no length.
static inline imp_vec2 imp_vec2_normalize(imp_vec2 a)
{
    double length = imp_vec2_length(a);
    return length > 0.0 ? imp_vec2_scale(a, 1.0 / length) : a;
}

// The vector a quarter turn to the right of a, seen from above.
static inline imp_vec2 imp_vec2_turn_right(imp_vec2 a)
{
    return (imp_vec2){-a.z, a.x};
}

// The unit vector that a heading [rad] points along; see imp_pose for the convention.
static inline imp_vec2 imp_heading_direction(double heading)
{
    const imp_sine_cosine at = imp_sincos(heading);
    return (imp_vec2){at.cosine, -at.sine};
}

// The angle in [-pi, pi) that differs from a by whole turns.
static inline double imp_wrap_angle(double a)
{
    return a - 2.0 * IMP_PI * floor((a + IMP_PI) / (2.0 * IMP_PI));
}

#endif
