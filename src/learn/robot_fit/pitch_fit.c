// The pitch of the camera from images and poses. Points of the ground ahead of the robot are looked
// up in the image of one moment, and in that of a moment when the robot is some centimetres
// further. With the true pitch both show the same. The error of a pair of images is the squared
// difference of their brightness, relative to its variance, so that a pitch that only looks at dull
// parts gains nothing. The pitch of the least error is refined by a parabola; the interval comes
// from resampling the pairs.
#include "learn/robot_fit/pitch_fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "learn/robot_fit/wheel_fit.h"

enum { PITCHES = 33, PAIRS_MAX = 240, PAIRS_MIN = 12, POINTS_MIN = 40, ROWS = 16, COLUMNS = 13 };
// Ground that is looked at [m], and how far the robot moves between the images of a pair.
static const double NEAR = 0.14, FAR = 0.6, SIDE = 0.24, MOVE = 0.06;

// Squared difference of the images of a pair and their variance, for each pitch.
typedef struct pair_error {
    double difference[PITCHES], variance[PITCHES];
} pair_error;

struct imp_pitch_fit {
    imp_robot_fit_def def;
    imp_camera camera;
    pair_error pairs[PAIRS_MAX];
    int count;
};

imp_status imp_pitch_fit_create(imp_pitch_fit **out, const imp_robot_fit_def *def, int width,
                                int height, imp_error *err)
{
    imp_camera_def camera = def->robot.camera;
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a fit");
    (*out)->def = *def;
    camera.width = width;
    camera.height = height;
    return imp_camera_init(&(*out)->camera, &camera, err);
}

void imp_pitch_fit_destroy(imp_pitch_fit *fit)
{
    free(fit);
}

// The k-th pitch of the range.
static double pitch_candidate(const imp_pitch_fit *fit, double k)
{
    return fit->def.robot.camera.pitch + fit->def.pitch_range * (2.0 * k / (PITCHES - 1) - 1.0);
}

// Brightness at a point of the ground, ahead and to the right of the robot [m]; NaN if unseen.
static double ground_brightness(const imp_camera *camera, imp_sine_cosine pitch, const uint8_t *rgb,
                                double ahead, double right)
{
    const imp_camera_def *def = &camera->def;
    // the point relative to the camera, in the camera's axes
    const double forward = ahead - def->mount_forward, aside = right - def->mount_right;
    const double depth = forward * pitch.cosine + def->mount_height * pitch.sine;
    double px, py;
    if (!(depth > 0.02) ||
        !imp_camera_ray_to_pixel(camera, aside / depth,
                                 (def->mount_height * pitch.cosine - forward * pitch.sine) / depth,
                                 &px, &py))
        return NAN;
    // pixel centres are at halves; the four pixels around the point must exist
    px -= 0.5;
    py -= 0.5;
    if (!(px >= 0.0 && py >= 0.0 && px < def->width - 1 && py < def->height - 1))
        return NAN;
    const int x = (int)px, y = (int)py;
    const double u = px - x, v = py - y;
    // bilinear interpolation of luma, green counting twice
    double sum = 0.0;
    for (int k = 0; k < 4; k++) {
        const uint8_t *p =
            rgb + 3 * ((size_t)(y + k / 2) * (size_t)def->width + (size_t)(x + k % 2));
        sum += (k % 2 == 1 ? u : 1.0 - u) * (k / 2 == 1 ? v : 1.0 - v) * (p[0] + 2 * p[1] + p[2]);
    }
    return 0.25 * sum;
}

// Compares two images with one pitch.
static void compare_with_one_pitch(const imp_pitch_fit *fit, const imp_episode *episode, int i,
                                   int j, int k, pair_error *out)
{
    const imp_camera *camera = &fit->camera;
    const size_t bytes = (size_t)camera->def.width * (size_t)camera->def.height * 3;
    const double *p = episode->poses + 3 * (size_t)i, *q = episode->poses + 3 * (size_t)j;
    const imp_sine_cosine a = imp_sincos(p[2]), b = imp_sincos(q[2]);
    const imp_sine_cosine pitch = imp_sincos(pitch_candidate(fit, k));
    double sum[2] = {0}, squares[2] = {0}, difference = 0.0;
    int points = 0;
    for (int n = 0; n < ROWS * COLUMNS; n++) {
        const double ahead = NEAR + (FAR - NEAR) * (n / COLUMNS) / (ROWS - 1);
        const double right = SIDE * (2.0 * (n % COLUMNS) / (COLUMNS - 1) - 1.0);
        // the same point seen from the second pose
        const double x = p[0] + ahead * a.cosine + right * a.sine - q[0];
        const double z = p[1] - ahead * a.sine + right * a.cosine - q[1];
        const double first = ground_brightness(
            camera, pitch, episode->observations + (size_t)i * bytes, ahead, right);
        const double second =
            ground_brightness(camera, pitch, episode->observations + (size_t)j * bytes,
                              x * b.cosine - z * b.sine, x * b.sine + z * b.cosine);
        if (!isfinite(first + second))
            continue;
        sum[0] += first;
        sum[1] += second;
        squares[0] += first * first;
        squares[1] += second * second;
        difference += (first - second) * (first - second);
        points++;
    }
    out->difference[k] = NAN;
    if (points < POINTS_MIN)
        return;
    out->difference[k] = difference / points;
    out->variance[k] =
        (squares[0] - sum[0] * sum[0] / points + squares[1] - sum[1] * sum[1] / points) / points;
}

// Compares two images with all pitches; false if one shows too few points.
static bool compare_with_all_pitches(const imp_pitch_fit *fit, const imp_episode *episode, int i,
                                     int j, pair_error *out)
{
    for (int k = 0; k < PITCHES; k++) {
        compare_with_one_pitch(fit, episode, i, j, k, out);
        if (!isfinite(out->difference[k]) || !(out->variance[k] > 4.0))
            return false;
    }
    return true;
}

void imp_pitch_fit_add(imp_pitch_fit *fit, const imp_episode *episode)
{
    int i = (int)(fit->def.skip / episode->time_step);
    for (int j = i + 1; j <= episode->steps && fit->count < PAIRS_MAX; j++) {
        const double *p = episode->poses + 3 * (size_t)i, *q = episode->poses + 3 * (size_t)j;
        const double moved = imp_hypot(q[0] - p[0], q[1] - p[1]);
        if (!isfinite(moved + p[2] + q[2])) {
            i = j;
            continue;
        }
        if (moved < MOVE)
            continue;
        fit->count += compare_with_all_pitches(fit, episode, i, j, &fit->pairs[fit->count]);
        // neighbouring pairs say little more: go on half a second later
        j += (int)(0.5 / episode->time_step);
        i = j;
    }
}

// The pitch of the least error among pairs that are given by their numbers, as a place in the
// range.
static double find_best_pitch(const imp_pitch_fit *fit, const int *chosen)
{
    double errors[PITCHES];
    int best = 0;
    for (int k = 0; k < PITCHES; k++) {
        double difference = 0.0, variance = 0.0;
        for (int n = 0; n < fit->count; n++) {
            difference += fit->pairs[chosen[n]].difference[k];
            variance += fit->pairs[chosen[n]].variance[k];
        }
        errors[k] = difference / variance;
        if (errors[k] < errors[best])
            best = k;
    }
    if (best == 0 || best == PITCHES - 1)
        return best;
    const double bend = errors[best - 1] - 2.0 * errors[best] + errors[best + 1];
    return bend > 0.0 ? best + 0.5 * (errors[best - 1] - errors[best + 1]) / bend : best;
}

void imp_pitch_fit_solve(const imp_pitch_fit *fit, imp_robot_fit *out)
{
    int chosen[PAIRS_MAX];
    double sample[IMP_FIT_RESAMPLES];
    out->image_pairs = fit->count;
    if (fit->count < PAIRS_MIN) {
        snprintf(out->reason, sizeof out->reason,
                 "the pitch: only %d pairs of images show enough of the ground, and %d are needed",
                 fit->count, (int)PAIRS_MIN);
        return;
    }
    // the estimate uses every pair once
    for (int n = 0; n < fit->count; n++)
        chosen[n] = n;
    const double place = find_best_pitch(fit, chosen);
    // a minimum at the edge of the range is none
    if (place <= 0.0 || place >= PITCHES - 1) {
        snprintf(out->reason, sizeof out->reason,
                 "the pitch: no pitch within the range makes the images agree");
        return;
    }
    // bootstrap: the spread over pairs drawn with replacement is the error
    imp_random random = imp_random_stream(fit->def.seed, 1, 0, IMP_PURPOSE_RANDOMIZATION);
    for (int k = 0; k < IMP_FIT_RESAMPLES; k++) {
        for (int n = 0; n < fit->count; n++)
            chosen[n] = (int)imp_random_uniform_int(&random, (uint32_t)fit->count);
        sample[k] = pitch_candidate(fit, find_best_pitch(fit, chosen));
    }
    out->pitch.value = pitch_candidate(fit, place);
    imp_fit_set_interval(&out->pitch, sample, IMP_FIT_RESAMPLES, fit->def.confidence);
}
