// base/common/angle_reduction.h: angles as multiples of a quarter turn and a rest.
#ifndef IMP_BASE_COMMON_ANGLE_REDUCTION_H
#define IMP_BASE_COMMON_ANGLE_REDUCTION_H

#include "base/common/double_double.h"

// An angle modulo a whole turn: quarters * pi / 2 + rest, |rest| <= pi / 4 (nearly).
typedef struct imp_reduced_angle {
    imp_double_double rest;
    unsigned quarters; // only the lowest two bits count
} imp_reduced_angle;

// For any finite x of 2^-20 or more in size, in integer arithmetic: slow, to 100 bits.
imp_reduced_angle imp_reduce_any_angle(double x);

#endif
