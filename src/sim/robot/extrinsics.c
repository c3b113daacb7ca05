// Where a camera is mounted, from Duckietown's ground homography H. Its inverse, seen through the
// inverse of the rectified camera matrix, is (r1 r2 t) up to a factor: the ground's axes and its
// origin in camera coordinates. Measured axes are neither of unit length nor at right angles. The
// nearest pair of orthogonal unit vectors is found, and what had to be changed is reported.
#include <math.h>

#include "base/common/math_functions.h"
#include "imprint/robot_file.h"

typedef struct vector3 {
    double x, y, z;
} vector3;

static vector3 linear_combination(double a, vector3 p, double b, vector3 q)
{
    return (vector3){a * p.x + b * q.x, a * p.y + b * q.y, a * p.z + b * q.z};
}

static double dot(vector3 p, vector3 q)
{
    return p.x * q.x + p.y * q.y + p.z * q.z;
}

static vector3 cross(vector3 p, vector3 q)
{
    return (vector3){p.y * q.z - p.z * q.y, p.z * q.x - p.x * q.z, p.x * q.y - p.y * q.x};
}

// Inverts a row-major 3 x 3 matrix by its adjugate, up to a factor; false if it is singular.
static bool invert_up_to_scale(const double m[9], double out[9])
{
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            const int a = (j + 1) % 3, b = (j + 2) % 3, c = (i + 1) % 3, d = (i + 2) % 3;
            out[3 * i + j] = m[3 * a + c] * m[3 * b + d] - m[3 * a + d] * m[3 * b + c];
        }
    const double determinant = m[0] * out[0] + m[1] * out[3] + m[2] * out[6];
    return isfinite(determinant) && determinant != 0.0;
}

// A column of the inverse homography in camera coordinates.
static vector3 homography_column_in_camera(const double m[9], int column, const imp_pinhole *p)
{
    const double u = m[column], v = m[3 + column], w = m[6 + column];
    return (vector3){(u - p->cx * w) / p->fx, (v - p->cy * w) / p->fy, w};
}

static double arc_sine(double x)
{
    return imp_atan2(x, sqrt(fmax(0.0, 1.0 - x * x)));
}

// Writes the mounting from the ground's orthonormal axes and its origin, in camera coordinates.
static void set_camera_mounting(imp_robot_def *robot, vector3 ahead, vector3 left, vector3 up,
                                vector3 origin)
{
    robot->camera.mount_height = -dot(up, origin);
    robot->camera.mount_forward = -dot(ahead, origin);
    robot->camera.mount_right = dot(left, origin);
    // the camera's optical axis and its right side, in the ground's axes
    robot->camera.pitch = -arc_sine(up.z);
    robot->camera_yaw = imp_atan2(left.z, ahead.z);
    robot->camera_roll = -arc_sine(up.x);
}

bool imp_robot_set_homography(imp_robot_def *robot, const imp_pinhole *projection,
                              const double homography[9], double *distortion)
{
    double inverse[9];
    if (!invert_up_to_scale(homography, inverse))
        return false;
    vector3 ahead = homography_column_in_camera(inverse, 0, projection);
    vector3 left = homography_column_in_camera(inverse, 1, projection);
    vector3 origin = homography_column_in_camera(inverse, 2, projection);
    const double a = sqrt(dot(ahead, ahead)), b = sqrt(dot(left, left));
    if (!(a > 0.0 && b > 0.0 && isfinite(a) && isfinite(b) && isfinite(dot(origin, origin))))
        return false;
    // unit vectors; their sum and difference are at right angles, and halve the orthogonal pair
    ahead = linear_combination(1.0 / a, ahead, 0.0, ahead);
    left = linear_combination(1.0 / b, left, 0.0, left);
    const double skew = dot(ahead, left);
    if (distortion != NULL)
        *distortion = fmax(fabs(skew), fabs(a / b - 1.0));
    if (!(fabs(skew) < 0.999))
        return false;
    const vector3 sum = linear_combination(1.0, ahead, 1.0, left),
                  gap = linear_combination(1.0, ahead, -1.0, left);
    const double s = sqrt(0.5 / dot(sum, sum)), d = sqrt(0.5 / dot(gap, gap));
    ahead = linear_combination(s, sum, d, gap);
    left = linear_combination(s, sum, -d, gap);
    origin = linear_combination(1.0 / sqrt(a * b), origin, 0.0, origin);
    const vector3 up = cross(ahead, left);
    // a homography has no sign: the camera is above the ground
    const double sign = dot(up, origin) <= 0.0 ? 1.0 : -1.0;
    set_camera_mounting(robot, linear_combination(sign, ahead, 0.0, ahead),
                        linear_combination(sign, left, 0.0, left), up,
                        linear_combination(sign, origin, 0.0, origin));
    return robot->camera.mount_height > 1e-6;
}
