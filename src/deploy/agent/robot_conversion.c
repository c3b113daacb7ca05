// An agent on a robot whose camera and wheels are known. The network knows the camera that it was
// trained with: that of the robot in its metadata, or the simulator's with the lens that they name.
// If the robot's camera differs, its images are converted, so that the ground is where the network
// expects it. Duty cycles are those of the usual wheels until they are sent.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/common/try.h"
#include "deploy/agent/robot_conversion.h"
#include "imprint/robot_file.h"

static void report_warning(const imp_agent_def *def, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void report_warning(const imp_agent_def *def, const char *format, ...)
{
    char text[480];
    va_list arguments;
    if (def->report_warning == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    def->report_warning(def->context, text);
}

// The camera that a network was trained with. *known: whether its lens is known at all.
static imp_status find_trained_camera(imp_camera_def *camera, bool *known, const char *model,
                                      const imp_network *network, imp_error *err)
{
    const char *text = imp_network_metadata(network, "robot");
    const char *lens = imp_network_metadata(network, "lens");
    imp_robot_def trained = imp_default_robot_def();
    *known = true;
    if (text != NULL)
        IMP_TRY(imp_robot_parse(&trained, NULL, text, strlen(text), model, err));
    *camera = trained.camera;
    if (lens != NULL && strcmp(lens, imp_lens_name(IMP_LENS_NONE)) == 0)
        camera->lens = imp_lens_none();
    else if (lens == NULL || strcmp(lens, IMP_LENS_UNKNOWN) == 0)
        *known = false;
    else if (text == NULL && strcmp(lens, imp_lens_name(IMP_LENS_DUCKIEBOT)) != 0)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: the model was trained with a lens of its own ('%.16s'), and does not "
                        "say which: train it again for a robot",
                        model, lens);
    return IMP_OK;
}

static bool is_same_camera(const imp_camera_def *a, const imp_camera_def *b)
{
    return imp_lens_equals(&a->lens, &b->lens) && a->pitch == b->pitch &&
           a->mount_height == b->mount_height && a->mount_forward == b->mount_forward &&
           a->mount_right == b->mount_right;
}

static bool are_default_wheels(const imp_wheels *w)
{
    const imp_wheels usual = imp_default_wheels();
    return w->gain == usual.gain && w->trim == usual.trim && w->k == usual.k &&
           w->limit == usual.limit && w->radius == usual.radius && w->baseline == usual.baseline;
}

// Sets the conditions of a robot whose commands are corrected for its wheels, and whose images the
// network sees as those of `camera`.
static void set_robot_conditions(imp_agent *agent, const imp_robot_def *robot,
                                 const imp_camera_def *camera)
{
    imp_drive_def drive = imp_default_drive_def();
    imp_robot_set_camera_and_drive(robot, NULL, &drive);
    imp_conditions_set_robot(&agent->conditions, &drive, camera->pitch, camera->mount_height);
}

imp_status imp_agent_assume_robot(imp_agent *agent, const imp_agent_def *def,
                                  const imp_network *network, imp_error *err)
{
    const char *text = imp_network_metadata(network, "robot");
    imp_robot_def robot = imp_default_robot_def();
    if (!imp_network_inputs(network)->takes[IMP_INPUT_ROBOT])
        return IMP_OK;
    if (text != NULL)
        IMP_TRY(imp_robot_parse(&robot, NULL, text, strlen(text), def->model, err));
    set_robot_conditions(agent, &robot, &robot.camera);
    report_warning(
        def,
        "note: the model takes the numbers of the robot, and none was given: those of %s "
        "are assumed",
        text != NULL ? robot.name : "the usual one");
    return IMP_OK;
}

imp_status imp_agent_adapt_to_robot(imp_agent *agent, const imp_agent_def *def,
                                    const imp_network *network, imp_error *err)
{
    const imp_network_def *info = imp_network_info(network);
    imp_robot_def robot;
    imp_robot_remarks remarks;
    imp_camera_def trained;
    bool known;
    IMP_TRY(imp_robot_read(&robot, &remarks, def->robot, err));
    for (int k = 0; k < remarks.count; k++)
        report_warning(def, "%s: %s", remarks.list[k].fault ? "warning" : "note",
                       remarks.list[k].text);
    IMP_TRY(find_trained_camera(&trained, &known, def->model, network, err));
    // the network was trained with the usual wheels: its duty cycles are corrected
    agent->wheels = robot.wheels;
    agent->corrects_wheels = !are_default_wheels(&robot.wheels);
    if (agent->corrects_wheels)
        report_warning(
            def,
            "note: duty cycles are corrected for the wheels of %s: gain %.3g, trim %.3g, limit "
            "%.3g",
            robot.name, robot.wheels.gain, robot.wheels.trim, robot.wheels.limit);
    // images are converted if both cameras are known and differ
    const bool converts = known && !is_same_camera(&robot.camera, &trained);
    set_robot_conditions(agent, &robot, converts ? &trained : &robot.camera);
    if (converts) {
        report_warning(
            def,
            "note: images of the camera of %s are converted to those of the camera that the "
            "model was trained with",
            robot.name);
        return imp_image_preprocessor_create_between(&agent->preprocessor, info->width,
                                                     info->height, &robot.camera, &trained, err);
    }
    if (!known)
        report_warning(
            def, "note: the model does not say with which camera it was trained: images are used "
                 "as they are");
    return imp_image_preprocessor_create(&agent->preprocessor, info->width, info->height, NULL,
                                         err);
}
