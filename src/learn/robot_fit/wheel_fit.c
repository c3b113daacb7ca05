// Gain, trim and delay from poses and commands. For a delay that is given, the drive model is a
// first-order filter of the commands, so the speed is G U and the turn rate A D + B S, where U, D
// and S are the filtered sum, difference and sum of the duty cycles. G, A and B follow by least
// squares. Sums of products are kept for parts of 2 s and for each delay of a grid; then the
// resampling that gives the confidence intervals only adds sums. The delay has the least squared
// error, refined by a parabola.
#include "learn/robot_fit/wheel_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "base/text/plural.h"

// Delays of the grid are k / DELAYS_PER_SECOND.
enum { DELAYS = 55, DELAYS_PER_SECOND = 120, STEPS_MIN = 60 };
static const double PART_SECONDS = 2.0;

// Sums of products over steps: of the speed v with U, of the turn rate w with D and S.
typedef struct moments {
    double uu, uv, vv, dd, ds, ss, dw, sw, ww, steps;
} moments;
enum { MOMENT_COUNT = sizeof(moments) / sizeof(double) };

struct imp_wheel_fit {
    imp_robot_fit_def def;
    moments *parts; // (part_count x DELAYS)
    int part_count, part_capacity;
};

imp_status imp_wheel_fit_create(imp_wheel_fit **out, const imp_robot_fit_def *def, imp_error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a fit");
    (*out)->def = *def;
    return IMP_OK;
}

void imp_wheel_fit_destroy(imp_wheel_fit *fit)
{
    if (fit == NULL)
        return;
    free(fit->parts);
    free(fit);
}

// A part has moments for every delay that is tried. Parts are what the bootstrap draws.
static imp_status append_bootstrap_part(imp_wheel_fit *fit, imp_error *err)
{
    if (fit->part_count == fit->part_capacity) {
        const int capacity = 2 * fit->part_capacity + 16;
        moments *grown = realloc(fit->parts, (size_t)capacity * DELAYS * sizeof *grown);
        if (grown == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "out of memory for a fit");
        fit->parts = grown;
        fit->part_capacity = capacity;
    }
    memset(fit->parts + (size_t)fit->part_count * DELAYS, 0, DELAYS * sizeof *fit->parts);
    fit->part_count++;
    return IMP_OK;
}

// Speed and turn rate of a step, from its two poses: along a circular arc.
static bool measure_step_velocity(const imp_episode *episode, int step, double *speed,
                                  double *turn_rate)
{
    const double *p = episode->poses + 3 * (size_t)step, *q = p + 3;
    if (!isfinite(p[0] + p[1] + p[2] + q[0] + q[1] + q[2]))
        return false;
    const double dx = q[0] - p[0], dz = q[1] - p[1], angle = imp_wrap_angle(q[2] - p[2]);
    const imp_sine_cosine middle = imp_sincos(p[2] + 0.5 * angle);
    const double chord = dx * middle.cosine - dz * middle.sine, half = 0.5 * angle;
    *speed = chord * (fabs(half) > 1e-6 ? half / imp_sincos(half).sine : 1.0) / episode->time_step;
    *turn_rate = angle / episode->time_step;
    return true;
}

// What the motors get in a substep that ends at `time`: between the two commands around the delay.
static imp_action command_at_motors(const imp_action *duty, int substeps, double width, int last,
                                    double time)
{
    const double at = time / width;
    if (at < 0.0)
        return (imp_action){0.0, 0.0};
    const int before = at < last ? (int)at : last, after = before < last ? before + 1 : last;
    const double share = fmin(1.0, at - before);
    const imp_action a = duty[before / substeps], b = duty[after / substeps];
    return (imp_action){(1.0 - share) * a.left + share * b.left,
                        (1.0 - share) * a.right + share * b.right};
}

// Adds an episode's steps with one delay, in parts that begin at `first_part`.
static void add_steps_with_delay(imp_wheel_fit *fit, const imp_episode *episode,
                                 const imp_action *duty, int first_part, int delay)
{
    // substeps of about 1/30 s, in which the simulator steps
    const double dt = episode->time_step;
    const int substeps = dt * 30.0 > 1.5 ? (int)(dt * 30.0 + 0.5) : 1;
    const double width = dt / substeps;
    double forward = 0.0, turn_by_difference = 0.0, turn_by_sum = 0.0;
    for (int t = 0; t < episode->steps; t++) {
        // means over the step of the responses to sum and difference of the commands
        double u = 0.0, d = 0.0, s = 0.0, speed, turn_rate;
        for (int k = 0; k < substeps; k++) {
            const int now = t * substeps + k;
            const imp_action c = command_at_motors(
                duty, substeps, width, now, (now + 1) * width - (double)delay / DELAYS_PER_SECOND);
            const double sum = c.right + c.left, difference = c.right - c.left;
            forward += width * (IMP_ACCELERATION_GAIN * sum - IMP_SPEED_DAMPING * forward);
            turn_by_difference += width * (IMP_TURN_ACCELERATION_GAIN * difference -
                                           IMP_TURN_DAMPING * turn_by_difference);
            turn_by_sum +=
                width * (IMP_TURN_ACCELERATION_GAIN * sum - IMP_TURN_DAMPING * turn_by_sum);
            u += forward / substeps;
            d += turn_by_difference / substeps;
            s += turn_by_sum / substeps;
        }
        // the response needs a while until it does not depend on its start
        if (t * dt < fit->def.skip || !measure_step_velocity(episode, t, &speed, &turn_rate))
            continue;
        // the sums that least squares need: responses against measured speed and turn rate
        const int part = first_part + (int)(t * dt / PART_SECONDS);
        moments *m = &fit->parts[(size_t)part * DELAYS + (size_t)delay];
        m->uu += u * u;
        m->uv += u * speed;
        m->vv += speed * speed;
        m->dd += d * d;
        m->ds += d * s;
        m->ss += s * s;
        m->dw += d * turn_rate;
        m->sw += s * turn_rate;
        m->ww += turn_rate * turn_rate;
        m->steps += 1.0;
    }
}

imp_status imp_wheel_fit_add(imp_wheel_fit *fit, const imp_episode *episode, const imp_action *duty,
                             imp_error *err)
{
    const int first = fit->part_count;
    const double seconds = episode->steps * episode->time_step;
    for (int k = 0; k <= (int)(seconds / PART_SECONDS); k++) {
        const imp_status status = append_bootstrap_part(fit, err);
        if (status != IMP_OK)
            return status;
    }
    for (int delay = 0; delay < DELAYS; delay++)
        add_steps_with_delay(fit, episode, duty, first, delay);
    return IMP_OK;
}

// Least squares for one delay: speed = g U, turn rate = a D + b S.
typedef struct solution {
    double g, a, b, speed_error, turn_error; // sums of squared residuals
} solution;

// Least squares: speed by the sum of the duty cycles, turn rate by their difference and sum.
static solution solve_moments(const moments *m, double turn_by_speed)
{
    solution s = {.g = m->uv / m->uu};
    s.speed_error = fmax(0.0, m->vv - s.g * m->uv) + 1e-9 * m->vv;
    const double determinant = m->dd * m->ss - m->ds * m->ds;
    if (determinant > 1e-4 * m->dd * m->ss && m->dd > 1e-4 * m->ss) {
        s.a = (m->dw * m->ss - m->sw * m->ds) / determinant;
        s.b = (m->sw * m->dd - m->dw * m->ds) / determinant;
    } else {
        // without turns only the trim shows; the turning gain follows from the baseline
        s.a = s.g * turn_by_speed;
        s.b = (m->sw - s.a * m->ds) / m->ss;
    }
    s.turn_error = fmax(0.0, m->ww - 2.0 * (s.a * m->dw + s.b * m->sw) + s.a * s.a * m->dd +
                                 2.0 * s.a * s.b * m->ds + s.b * s.b * m->ss) +
                   1e-9 * m->ww + 1e-12;
    return s;
}

// The delay of the least error in steps of the grid, with a fraction; and the solution beside it.
static double find_delay(const moments sums[DELAYS], double turn_by_speed, solution *out)
{
    double costs[DELAYS];
    int best = 0;
    for (int k = 0; k < DELAYS; k++) {
        const solution s = solve_moments(&sums[k], turn_by_speed);
        costs[k] = imp_log(s.speed_error) + imp_log(s.turn_error);
        if (costs[k] < costs[best])
            best = k;
    }
    *out = solve_moments(&sums[best], turn_by_speed);
    if (best == 0 || best == DELAYS - 1)
        return best;
    const double left = costs[best - 1], right = costs[best + 1];
    const double bend = left - 2.0 * costs[best] + right;
    return bend > 0.0 ? best + 0.5 * (left - right) / bend : best;
}

// What the solution says of the calibration.
typedef struct wheel_numbers {
    double gain, trim, baseline, delay;
} wheel_numbers;

// The robot's numbers of which the coefficients are products.
static wheel_numbers wheel_parameters_of_solution(const solution *s, double delay,
                                                  const imp_wheels *wheels)
{
    const imp_wheels usual = imp_default_wheels();
    const double imbalance = s->b / s->a; // of the motors
    const double strength = s->g * (usual.radius / wheels->radius);
    const double gain = wheels->k / usual.k / (strength * (1.0 - imbalance * imbalance));
    return (wheel_numbers){.gain = gain,
                           .trim = -imbalance * gain,
                           .baseline = usual.baseline * s->g / s->a,
                           .delay = delay / DELAYS_PER_SECOND};
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void imp_fit_set_interval(imp_fit_estimate *out, double *sample, int count, double confidence)
{
    qsort(sample, (size_t)count, sizeof *sample, compare_doubles);
    const int beyond = (int)(0.5 * (1.0 - confidence) * count);
    out->known = true;
    out->low = fmin(out->value, sample[beyond]);
    out->high = fmax(out->value, sample[count - 1 - beyond]);
}

// Adds the sums of a part.
static void add_moments_of_part(moments sums[DELAYS], const moments *part)
{
    double *to = (double *)sums;
    const double *from = (const double *)part;
    for (int k = 0; k < DELAYS * MOMENT_COUNT; k++)
        to[k] += from[k];
}

// Fits as many parts as there are, drawn with replacement, again and again.
static void fit_bootstrap_samples(const imp_wheel_fit *fit, double turn_by_speed,
                                  double (*sample)[4])
{
    imp_random random = imp_random_stream(fit->def.seed, 0, 0, IMP_PURPOSE_RANDOMIZATION);
    for (int k = 0; k < IMP_FIT_RESAMPLES; k++) {
        moments sums[DELAYS] = {0};
        solution s;
        for (int j = 0; j < fit->part_count; j++)
            add_moments_of_part(sums, fit->parts + (size_t)imp_random_uniform_int(
                                                       &random, (uint32_t)fit->part_count) *
                                                       DELAYS);
        const double delay = find_delay(sums, turn_by_speed, &s);
        const wheel_numbers n = wheel_parameters_of_solution(&s, delay, &fit->def.robot.wheels);
        memcpy(sample[k], (double[]){n.gain, n.trim, n.baseline, n.delay}, 4 * sizeof(double));
    }
}

imp_status imp_wheel_fit_solve(const imp_wheel_fit *fit, imp_robot_fit *out, imp_error *err)
{
    const imp_wheels *wheels = &fit->def.robot.wheels;
    const double turn_by_speed = IMP_WHEEL_DISTANCE / wheels->baseline;
    moments sums[DELAYS] = {0};
    for (int k = 0; k < fit->part_count; k++)
        add_moments_of_part(sums, fit->parts + (size_t)k * DELAYS);
    const double steps = sums[0].steps;
    if (steps < STEPS_MIN)
        return imp_fail(err, IMP_BAD_INPUT,
                        "there are only %s with poses after the first %g s of each episode, and %d "
                        "are needed: record longer drives",
                        IMP_PLURAL((int64_t)steps, "step"), fit->def.skip, (int)STEPS_MIN);
    // 1 cm/s on average
    if (!(sums[0].vv / steps > 1e-4) || !(sums[0].uu / steps > 1e-4))
        return imp_fail(err, IMP_BAD_INPUT,
                        "the robot hardly moved: record a drive with curves and changes of speed");
    solution s;
    const double delay = find_delay(sums, turn_by_speed, &s);
    const wheel_numbers n = wheel_parameters_of_solution(&s, delay, wheels);
    double(*sample)[4] = calloc(IMP_FIT_RESAMPLES, sizeof *sample), *column = NULL;
    column = calloc(IMP_FIT_RESAMPLES, sizeof *column);
    if (sample == NULL || column == NULL) {
        free(sample);
        free(column);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for confidence intervals");
    }
    fit_bootstrap_samples(fit, turn_by_speed, sample);
    imp_fit_estimate *const estimates[4] = {&out->gain, &out->trim, &out->baseline, &out->delay};
    const double values[4] = {n.gain, n.trim, n.baseline, n.delay};
    for (int q = 0; q < 4; q++) {
        for (int k = 0; k < IMP_FIT_RESAMPLES; k++)
            column[k] = sample[k][q];
        estimates[q]->value = values[q];
        imp_fit_set_interval(estimates[q], column, IMP_FIT_RESAMPLES, fit->def.confidence);
    }
    out->steps = (int64_t)steps;
    out->speed_error = sqrt(s.speed_error / steps);
    out->turn_error = sqrt(s.turn_error / steps);
    free(sample);
    free(column);
    return IMP_OK;
}
