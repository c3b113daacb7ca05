// Fits a robot to recorded drives: opens the datasets, gives their episodes to the fits of the
// wheels and of the camera's pitch, and puts what was found into the robot.
#include "imprint/robot_fit.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "imprint/observation.h"
#include "learn/robot_fit/pitch_fit.h"
#include "learn/robot_fit/wheel_fit.h"

enum { FIT_COOKIE = 0xF17 };

imp_robot_fit_def imp_default_robot_fit_def(void)
{
    return (imp_robot_fit_def){.robot = imp_default_robot_def(),
                               .confidence = 0.95,
                               .skip = 1.0,
                               .pitch_range = 8.0 * IMP_PI / 180.0,
                               .seed = 1,
                               .cookie = FIT_COOKIE};
}

// What a fit works with.
typedef struct fit_job {
    const imp_robot_fit_def *def;
    const imp_monitor *monitor;
    imp_wheel_fit *wheels;
    imp_pitch_fit *pitch; // NULL: images do not tell it
    int width, height;
    double age_sum, steps; // of the commands at their images, by steps of the datasets
    imp_robot_fit *out;
} fit_job;

// The duty cycles that were sent. A dataset that carries a robot holds them as the usual wheels
// would need them.
static imp_status convert_to_sent_duty_cycles(imp_action **out, const imp_dataset_info *info,
                                              const imp_episode *episode, imp_error *err)
{
    imp_robot_def robot = imp_default_robot_def();
    if (info->robot[0] != '\0')
        IMP_TRY(imp_robot_parse(&robot, NULL, info->robot, strlen(info->robot),
                                "the dataset's robot", err));
    *out = calloc((size_t)episode->steps, sizeof **out);
    if (*out == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for commands");
    for (int t = 0; t < episode->steps; t++) {
        const float *a = episode->actions + 2 * (size_t)t;
        const imp_action action = {(double)a[0], (double)a[1]};
        (*out)[t] =
            info->robot[0] != '\0' ? imp_wheels_correct_action(&robot.wheels, action) : action;
    }
    return IMP_OK;
}

// Images tell the pitch if they are images, of a camera whose lens is known, all of one size.
static imp_status create_pitch_fit_if_possible(fit_job *job, const imp_dataset_info *info,
                                               imp_error *err)
{
    imp_robot_fit *out = job->out;
    if (job->def->pitch_range <= 0.0)
        return IMP_OK;
    // one dataset that does not fit ends the fit of the pitch for all
    if (strcmp(info->observation, imp_observation_kind_name(IMP_OBSERVATION_IMAGE)) != 0 ||
        (job->pitch != NULL && (info->width != job->width || info->height != job->height))) {
        snprintf(out->reason, sizeof out->reason,
                 "the pitch: the observations are not images of one size");
        imp_pitch_fit_destroy(job->pitch);
        job->pitch = NULL;
        return IMP_OK;
    }
    if (job->pitch != NULL)
        return IMP_OK;
    // the lens: none, the robot's own, or that of the usual robot
    imp_robot_fit_def def = *job->def;
    if (strcmp(info->lens, imp_lens_name(IMP_LENS_NONE)) == 0)
        def.robot.camera.lens = imp_lens_none();
    else if ((def.robot.known & IMP_ROBOT_INTRINSIC) == 0 &&
             strcmp(info->lens, imp_lens_name(IMP_LENS_DUCKIEBOT)) != 0) {
        snprintf(out->reason, sizeof out->reason,
                 "the pitch: the lens is %.16s: give the robot's camera_intrinsic", info->lens);
        return IMP_OK;
    }
    job->width = info->width;
    job->height = info->height;
    return imp_pitch_fit_create(&job->pitch, &def, info->width, info->height, err);
}

// Bags hold commands of other times than their images: the mean age of a dataset's commands [s].
static double read_command_age(const imp_dataset *dataset)
{
    json_t *origin = json_loads(imp_dataset_origin(dataset), 0, NULL);
    const double age = json_number_value(json_object_get(origin, "command_age"));
    json_decref(origin);
    return fabs(age) < 10.0 ? age : 0.0;
}

// Adds all episodes of a dataset to the sums of both fits.
static imp_status add_dataset_to_fits(fit_job *job, const imp_dataset *dataset, imp_error *err)
{
    const imp_dataset_info *info = imp_dataset_get_info(dataset);
    const int count = imp_dataset_episode_count(dataset);
    IMP_TRY(create_pitch_fit_if_possible(job, info, err));
    // the mean age over all datasets is weighted by their steps
    job->age_sum += read_command_age(dataset) * (double)imp_dataset_step_count(dataset);
    job->steps += (double)imp_dataset_step_count(dataset);
    for (int k = 0; k < count; k++) {
        const imp_episode *episode = imp_dataset_episode(dataset, k);
        imp_action *duty;
        if (imp_monitor_should_stop(job->monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
        // wheels need poses and commands, the pitch needs poses and images
        IMP_TRY(convert_to_sent_duty_cycles(&duty, info, episode, err));
        const imp_status status = imp_wheel_fit_add(job->wheels, episode, duty, err);
        free(duty);
        IMP_TRY(status);
        if (job->pitch != NULL)
            imp_pitch_fit_add(job->pitch, episode);
        const imp_progress progress = {
            .task = "fit", .unit = "episodes", .done = k + 1.0, .total = count};
        imp_monitor_progress(job->monitor, &progress);
    }
    return IMP_OK;
}

// A command that was older than its image took longer by that.
static void add_command_age_to_delay(imp_fit_estimate *delay, double age)
{
    delay->value += age;
    delay->low += age;
    delay->high += age;
}

// The given robot with what was found.
static void apply_fit_to_robot(imp_robot_fit *out, const imp_robot_fit_def *def)
{
    out->robot = def->robot;
    out->robot.wheels.gain = out->gain.value;
    out->robot.wheels.trim = out->trim.value;
    out->robot.delay = fmax(0.0, out->delay.value);
    out->robot.known |= IMP_ROBOT_WHEELS | IMP_ROBOT_TIMING;
    if (out->pitch.known) {
        out->robot.camera.pitch = out->pitch.value;
        out->robot.known |= IMP_ROBOT_EXTRINSIC;
    }
}

imp_status imp_robot_fit_run(imp_robot_fit *out, const char *const *datasets, int count,
                             const imp_robot_fit_def *def, const imp_monitor *monitor,
                             imp_error *err)
{
    *out = (imp_robot_fit){0};
    if (def->cookie != FIT_COOKIE || !(def->confidence > 0.0 && def->confidence < 1.0) ||
        !(def->skip >= 0.0) || !(def->pitch_range >= 0.0 && def->pitch_range <= 0.5))
        return imp_fail(err, IMP_USAGE,
                        "imp_robot_fit_def was not made with imp_default_robot_fit_def(), or a "
                        "number is out of range");
    // collect the moments of all datasets first
    fit_job job = {.def = def, .monitor = monitor, .out = out};
    imp_status status = imp_wheel_fit_create(&job.wheels, def, err);
    for (int k = 0; k < count && status == IMP_OK; k++) {
        imp_dataset *dataset = NULL;
        status = imp_dataset_open(&dataset, datasets[k], err);
        if (status == IMP_OK)
            status = add_dataset_to_fits(&job, dataset, err);
        imp_dataset_close(dataset);
    }
    // then solve: wheels and delay, its correction, and the pitch
    if (status == IMP_OK)
        status = imp_wheel_fit_solve(job.wheels, out, err);
    if (status == IMP_OK)
        add_command_age_to_delay(&out->delay, job.age_sum / job.steps);
    if (status == IMP_OK && job.pitch != NULL)
        imp_pitch_fit_solve(job.pitch, out);
    if (status == IMP_OK)
        apply_fit_to_robot(out, def);
    imp_wheel_fit_destroy(job.wheels);
    imp_pitch_fit_destroy(job.pitch);
    return status;
}
