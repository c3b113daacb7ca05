// OpenCV's lens models: distortion, its inverse, and the rectified intrinsics derived from it. A
// point at squared radius q moves radially by a factor, plus a tangential shift (p1, p2). The
// factor is 1 + k1 q + k2 q^2 + k3 q^3 (plumb bob), that divided by 1 + k4 q + k5 q^2 + k6 q^3
// (rational), or a polynomial of the angle from the axis, divided by the radius (equidistant). It
// is invertible only up to the radius where it folds back, so the inversion is a Newton iteration
// that checks the derivative and halves steps that do not help. Everything is in double precision;
// kernels use tables made from it.
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "imprint/robot.h"

const char *imp_lens_name(imp_lens_kind kind)
{
    switch (kind) {
    case IMP_LENS_NONE:
        return "none";
    case IMP_LENS_DUCKIEBOT:
        return "duckiebot";
    case IMP_LENS_CUSTOM:
        return "custom";
    case IMP_LENS_CALIBRATED:
        return "calibrated";
    }
    return "unknown";
}

imp_lens imp_lens_none(void)
{
    return (imp_lens){.kind = IMP_LENS_NONE, .width = 640, .height = 480};
}

imp_lens imp_lens_duckiebot(void)
{
    return (imp_lens){
        .kind = IMP_LENS_DUCKIEBOT,
        .width = 640,
        .height = 480,
        .fx = 305.5718893575089,
        .fy = 308.8338858195428,
        .cx = 303.0797142544728,
        .cy = 231.8845403702499,
        .k1 = -0.2,
        .k2 = 0.0305,
        .p1 = 0.0005859930422629722,
        .p2 = -0.0006697840226199427,
        .k3 = 0.0,
    };
}

const char *imp_lens_model_name(int model)
{
    static const char *const names[] = {"plumb_bob", "rational_polynomial", "equidistant"};
    return model >= 0 && model < (int)(sizeof names / sizeof names[0]) ? names[model] : NULL;
}

bool imp_lens_equals(const imp_lens *a, const imp_lens *b)
{
    const double p[] = {a->fx, a->fy, a->cx, a->cy, a->k1, a->k2,
                        a->p1, a->p2, a->k3, a->k4, a->k5, a->k6};
    const double q[] = {b->fx, b->fy, b->cx, b->cy, b->k1, b->k2,
                        b->p1, b->p2, b->k3, b->k4, b->k5, b->k6};
    bool same = a->kind == b->kind && a->model == b->model && a->width == b->width &&
                a->height == b->height;
    for (size_t k = 0; k < sizeof p / sizeof p[0]; k++)
        same = same && p[k] == q[k];
    return same;
}

// Below this squared radius the equidistant factor is its Taylor series of order 1.
static const double NEAR_AXIS = 1e-10;

// The distorted angle of a ray at an angle from the axis, and its derivative.
static double equidistant_angle(const imp_lens *lens, double angle, double *derivative)
{
    const double q = angle * angle;
    *derivative = 1.0 + q * (3.0 * lens->k1 +
                             q * (5.0 * lens->k2 + q * (7.0 * lens->k3 + q * 9.0 * lens->k4)));
    return angle * (1.0 + q * (lens->k1 + q * (lens->k2 + q * (lens->k3 + q * lens->k4))));
}

// Radial factor at squared radius r2 of the models other than plumb bob, and its derivative by r2.
static double radial_factor_unless_plumb_bob(const imp_lens *lens, double r2, double *derivative)
{
    if (lens->model == IMP_LENS_EQUIDISTANT) {
        *derivative = lens->k1 - 1.0 / 3.0;
        if (r2 < NEAR_AXIS)
            return 1.0 + r2 * *derivative;
        const double r = sqrt(r2);
        double slope;
        const double distorted = equidistant_angle(lens, imp_atan2(r, 1.0), &slope);
        *derivative = (slope / (1.0 + r2) - distorted / r) / (2.0 * r2);
        return distorted / r;
    }
    const double above = 1.0 + r2 * (lens->k1 + r2 * (lens->k2 + r2 * lens->k3));
    const double below = 1.0 + r2 * (lens->k4 + r2 * (lens->k5 + r2 * lens->k6));
    const double above_slope = lens->k1 + r2 * (2.0 * lens->k2 + r2 * 3.0 * lens->k3);
    const double below_slope = lens->k4 + r2 * (2.0 * lens->k5 + r2 * 3.0 * lens->k6);
    *derivative = (above_slope * below - above * below_slope) / (below * below);
    return above / below;
}

// Radial factor at squared radius r2.
static double radial_factor(const imp_lens *lens, double r2)
{
    double derivative;
    if (lens->model != IMP_LENS_PLUMB_BOB)
        return radial_factor_unless_plumb_bob(lens, r2, &derivative);
    return 1.0 + r2 * (lens->k1 + r2 * (lens->k2 + r2 * lens->k3));
}

// Tangential shift of a point.
static void tangential_shift(const imp_lens *lens, double x, double y, double *dx, double *dy)
{
    double r2 = x * x + y * y;
    *dx = 2.0 * lens->p1 * x * y + lens->p2 * (r2 + 2.0 * x * x);
    *dy = lens->p1 * (r2 + 2.0 * y * y) + 2.0 * lens->p2 * x * y;
}

void imp_lens_distort(const imp_lens *lens, double x, double y, double *distorted_x,
                      double *distorted_y)
{
    double factor = radial_factor(lens, x * x + y * y);
    double dx, dy;
    tangential_shift(lens, x, y, &dx, &dy);
    *distorted_x = x * factor + dx;
    *distorted_y = y * factor + dy;
}

// The Jacobian of imp_lens_distort(): the matrix (xx xy; xy yy), which is symmetric.
static void distortion_derivatives(const imp_lens *lens, double x, double y, double *xx, double *xy,
                                   double *yy)
{
    double r2 = x * x + y * y;
    double factor = radial_factor(lens, r2);
    double slope = lens->k1 + r2 * (2.0 * lens->k2 + r2 * 3.0 * lens->k3);
    if (lens->model != IMP_LENS_PLUMB_BOB)
        factor = radial_factor_unless_plumb_bob(lens, r2, &slope);
    slope *= 2.0;
    *xx = factor + slope * x * x + 2.0 * lens->p1 * y + 6.0 * lens->p2 * x;
    *xy = slope * x * y + 2.0 * lens->p1 * x + 2.0 * lens->p2 * y;
    *yy = factor + slope * y * y + 6.0 * lens->p1 * y + 2.0 * lens->p2 * x;
}

// A candidate of the Newton iteration: its residual and the Jacobian there.
typedef struct newton_state {
    double u, v, residual_x, residual_y;
    double xx, xy, yy, determinant; // the Jacobian
} newton_state;

// The tangent of 87 degrees, squared: no camera of these models sees farther out.
static const double FARTHEST = 20.0 * 20.0;

// The same limit for the models other than plumb bob: the first place, in steps outwards, at which
// the distorted radius no longer grows.
static double scan_max_squared_radius(const imp_lens *lens)
{
    if (lens->model == IMP_LENS_EQUIDISTANT) {
        const double step = 3.0 * IMP_PI / 180.0;
        double slope;
        for (double angle = step; angle < 87.0 * IMP_PI / 180.0; angle += step) {
            equidistant_angle(lens, angle, &slope);
            if (!(slope > 0.0))
                return imp_tan(angle) * imp_tan(angle);
        }
        return FARTHEST;
    }
    double before = 0.0;
    for (double q = 0.01; q < FARTHEST; q *= 1.4) {
        const double factor = radial_factor(lens, q), distorted = q * factor * fabs(factor);
        if (!(distorted > before))
            return q;
        before = distorted;
    }
    return FARTHEST;
}

// The squared radius beyond which the lens has no rays. The distorted radius grows with slope 1 + 3
// k1 q + 5 k2 q^2 + 7 k3 q^3. Where the slope has a minimum below zero, the polynomial has folded
// before it. It may unfold farther out, but no light comes from there.
static double max_squared_radius(const imp_lens *lens)
{
    const double farthest = FARTHEST;
    if (lens->model != IMP_LENS_PLUMB_BOB)
        return scan_max_squared_radius(lens);
    // coefficients of the slope's derivative
    const double a = 21.0 * lens->k3, b = 10.0 * lens->k2, c = 3.0 * lens->k1;
    const double discriminant = b * b - 4.0 * a * c;
    if (discriminant < 0.0)
        return farthest;
    // the root of c + b q + a q^2 at which the slope has its minimum
    const double root = sqrt(discriminant);
    const double q = b > 0.0 ? -2.0 * c / (b + root) : (root - b) / (2.0 * a);
    const double slope = 1.0 + q * (3.0 * lens->k1 + q * (5.0 * lens->k2 + q * 7.0 * lens->k3));
    return q > 0.0 && q < farthest && slope <= 0.0 ? q : farthest;
}

// Evaluates a candidate; false where the polynomial has folded back or beyond the limit.
static bool evaluate_newton_candidate(const imp_lens *lens, double limit, double distorted_x,
                                      double distorted_y, newton_state *at)
{
    double x, y;
    imp_lens_distort(lens, at->u, at->v, &x, &y);
    at->residual_x = distorted_x - x;
    at->residual_y = distorted_y - y;
    distortion_derivatives(lens, at->u, at->v, &at->xx, &at->xy, &at->yy);
    at->determinant = at->xx * at->yy - at->xy * at->xy;
    // NaN fails these comparisons, too
    return at->determinant > 0.0 && at->xx > 0.0 && at->u * at->u + at->v * at->v < limit;
}

// Squared norm of the residual.
static double squared_residual(const newton_state *at)
{
    return at->residual_x * at->residual_x + at->residual_y * at->residual_y;
}

bool imp_lens_undistort(const imp_lens *lens, double distorted_x, double distorted_y, double *x,
                        double *y)
{
    enum { STEPS = 50 };
    const double tolerance = 1e-12, smallest = 1e-3;
    // start at the principal point, where the polynomial does not fold
    const double limit = max_squared_radius(lens);
    newton_state here = {0};
    if (!evaluate_newton_candidate(lens, limit, distorted_x, distorted_y, &here))
        return false;
    for (int k = 0; k < STEPS; k++) {
        if (fabs(here.residual_x) < tolerance && fabs(here.residual_y) < tolerance) {
            *x = here.u;
            *y = here.v;
            return true;
        }
        // a full Newton step: the inverse Jacobian times the residual
        const double du =
            (here.yy * here.residual_x - here.xy * here.residual_y) / here.determinant;
        const double dv =
            (here.xx * here.residual_y - here.xy * here.residual_x) / here.determinant;
        // strong lenses make full steps overshoot: halve the step until the residual shrinks
        double share = 1.0;
        newton_state ahead;
        for (;; share *= 0.5) {
            ahead = (newton_state){.u = here.u + share * du, .v = here.v + share * dv};
            if (share < smallest)
                return false;
            if (evaluate_newton_candidate(lens, limit, distorted_x, distorted_y, &ahead) &&
                squared_residual(&ahead) < squared_residual(&here))
                break;
        }
        here = ahead;
    }
    return false;
}

// OpenCV's undistortPoints(): five fixed-point steps, converged or not.
static void undistort_like_opencv(const imp_lens *lens, double px, double py, double *x, double *y)
{
    enum { STEPS = 5 };
    // the normalised coordinates of the distorted pixel
    double start_x = (px - lens->cx) / lens->fx, start_y = (py - lens->cy) / lens->fy;
    *x = start_x;
    *y = start_y;
    for (int k = 0; k < STEPS; k++) {
        double dx, dy;
        tangential_shift(lens, *x, *y, &dx, &dy);
        double factor = radial_factor(lens, *x * *x + *y * *y);
        *x = (start_x - dx) / factor;
        *y = (start_y - dy) / factor;
    }
}

// The exact inversion. A point without a ray is replaced by the last point that has one, on the
// line from the principal point, found by bisection.
static void undistort_or_clamp(const imp_lens *lens, double px, double py, double *x, double *y)
{
    enum { HALVINGS = 24 };
    const double to_x = (px - lens->cx) / lens->fx, to_y = (py - lens->cy) / lens->fy;
    if (imp_lens_undistort(lens, to_x, to_y, x, y))
        return;
    // bisection between the principal point, which is visible, and the point, which is not
    double seen = 0.0, dark = 1.0;
    *x = *y = 0.0;
    for (int k = 0; k < HALVINGS; k++) {
        const double share = 0.5 * (seen + dark);
        if (imp_lens_undistort(lens, share * to_x, share * to_y, x, y))
            seen = share;
        else
            dark = share;
    }
    imp_lens_undistort(lens, seen * to_x, seen * to_y, x, y);
}

typedef void inversion(const imp_lens *lens, double px, double py, double *x, double *y);

// The largest rectilinear image without empty corners: inverts points along the four borders and
// takes the innermost on each side.
static imp_pinhole fit_pinhole(const imp_lens *lens, inversion *invert)
{
    // OpenCV samples nine points along each border
    enum { POINTS = 9 };
    double left = -INFINITY, right = INFINITY, top = -INFINITY, bottom = INFINITY;
    for (int k = 0; k < POINTS; k++) {
        double along_x = lens->width * (double)k / (POINTS - 1);
        double along_y = lens->height * (double)k / (POINTS - 1);
        double x, y;
        invert(lens, 0.0, along_y, &x, &y);
        left = fmax(left, x);
        invert(lens, lens->width, along_y, &x, &y);
        right = fmin(right, x);
        invert(lens, along_x, 0.0, &x, &y);
        top = fmax(top, y);
        invert(lens, along_x, lens->height, &x, &y);
        bottom = fmin(bottom, y);
    }
    // intrinsics that map the inner rectangle to the whole image
    double fx = (lens->width - 1) / (right - left), fy = (lens->height - 1) / (bottom - top);
    return (imp_pinhole){fx, fy, -fx * left, -fy * top};
}

// Whether a pinhole has positive focal lengths and finite values.
static bool is_valid_pinhole(const imp_pinhole *p)
{
    // NaN fails the comparisons
    return p->fx > 0.0 && p->fy > 0.0 && isfinite(p->fx + p->fy) && isfinite(p->cx + p->cy);
}

// Whether two pinholes have about the same focal lengths and principal point.
static bool is_similar_pinhole(const imp_lens *lens, const imp_pinhole *p, const imp_pinhole *other)
{
    const double x = p->fx / other->fx, y = p->fy / other->fy;
    return is_valid_pinhole(p) && fmin(x, y) > 2.0 / 3.0 && fmax(x, y) < 1.5 &&
           fabs(p->cx - other->cx) < 0.25 * lens->width &&
           fabs(p->cy - other->cy) < 0.25 * lens->height;
}

imp_pinhole imp_lens_rectified_pinhole(const imp_lens *lens)
{
    // both inversions; OpenCV's result is preferred if it is plausible
    const imp_pinhole rough = fit_pinhole(lens, undistort_like_opencv);
    imp_pinhole exact = fit_pinhole(lens, undistort_or_clamp);
    if (!is_valid_pinhole(&exact))
        exact = (imp_pinhole){lens->fx, lens->fy, lens->cx, lens->cy};
    // if the polynomial folds inside the image, OpenCV's steps diverge
    return is_similar_pinhole(lens, &rough, &exact) ? rough : exact;
}
