// The option --robot: a robot's numbers become camera and drive of a simulation. And the camera
// that a model was trained with: the model carries the robot's numbers, or at least the name of its
// lens.
#include <stdio.h>
#include <string.h>

#include "base/common/try.h"
#include "cli/options/sim_options.h"

void imp_print_robot_remarks(const imp_robot_remarks *remarks)
{
    for (int k = 0; k < remarks->count; k++)
        fprintf(stderr, "imprint: %s: %s\n", remarks->list[k].fault ? "warning" : "note",
                remarks->list[k].text);
}

imp_status imp_sim_options_apply_robot(const imp_options *options, imp_sim_options *sim,
                                       imp_error *err)
{
    imp_sim_def *def = sim->def;
    imp_robot_def robot;
    imp_robot_remarks remarks;
    if (sim->robot[0] == '\0')
        return IMP_OK;
    if (imp_option_is_given(options, &sim->lens))
        return imp_fail(err, IMP_USAGE, "--robot has a lens of its own: leave out --lens");
    IMP_TRY(imp_robot_read(&robot, &remarks, sim->robot, err));
    if (!options->quiet)
        imp_print_robot_remarks(&remarks);
    imp_robot_set_camera_and_drive(&robot, &def->camera, &def->env.drive);
    if (!imp_option_is_given(options, &def->env.frame_skip))
        def->env.frame_skip = imp_robot_frame_skip(&robot, def->env.drive.time_step);
    def->robot = imp_robot_format(&robot, sim->robot_text);
    return IMP_OK;
}

// The robot that a network was trained with; false if it does not say.
static imp_status read_robot_of_model(imp_robot_def *robot, const imp_policy_factory *driver,
                                      bool *known, imp_error *err)
{
    const imp_network *network = imp_policy_factory_network(driver);
    const char *text = network != NULL ? imp_network_metadata(network, "robot") : NULL;
    *known = text != NULL;
    return text == NULL ? IMP_OK
                        : imp_robot_parse(robot, NULL, text, strlen(text),
                                          imp_policy_factory_name(driver), err);
}

// A model was trained with one camera; here it looks through another.
static imp_status warn_if_camera_differs_from_model(const imp_sim_options *sim,
                                                    const imp_policy_factory *driver)
{
    imp_robot_def robot = imp_default_robot_def();
    bool known;
    const imp_camera_def *now = &sim->def->camera, *then = &robot.camera;
    if (read_robot_of_model(&robot, driver, &known, NULL) != IMP_OK)
        return IMP_OK;
    if (!imp_lens_equals(&now->lens, &then->lens) || now->pitch != then->pitch ||
        now->mount_height != then->mount_height)
        fprintf(
            stderr,
            "imprint: note: %s was trained with the camera of the robot '%s'; here it sees this "
            "robot's camera as it is (imprint agent --robot converts images)\n",
            imp_policy_factory_name(driver), robot.name);
    return IMP_OK;
}

// The camera of the robot that a model carries, unless the user asks for a lens.
static imp_status set_camera_from_robot_in_model(const imp_options *options,
                                                 const imp_sim_options *sim,
                                                 const imp_policy_factory *driver,
                                                 imp_camera_def *camera, bool *known,
                                                 imp_error *err)
{
    imp_robot_def robot;
    if (imp_option_is_given(options, &sim->lens))
        return IMP_OK;
    IMP_TRY(read_robot_of_model(&robot, driver, known, err));
    if (*known)
        imp_robot_set_camera_and_drive(&robot, camera, NULL);
    return IMP_OK;
}

// Only networks have a size and a lens of their own.
imp_status imp_sim_options_fit_camera_to_policy(const imp_options *options,
                                                const imp_sim_options *sim,
                                                const imp_policy_factory *driver,
                                                imp_camera_def *camera, imp_error *err)
{
    bool known = false;
    // experts and plug-ins take images of any size
    if (!imp_policy_factory_is_network(driver))
        return IMP_OK;
    if (!imp_option_is_given(options, &sim->def->camera.width))
        imp_policy_factory_image_size(driver, &camera->width, &camera->height);
    if (imp_option_is_given(options, &sim->robot))
        return warn_if_camera_differs_from_model(sim, driver);
    IMP_TRY(set_camera_from_robot_in_model(options, sim, driver, camera, &known, err));
    if (known)
        return IMP_OK;
    // a model may lack the name of its lens
    const char *lens = imp_network_metadata(imp_policy_factory_network(driver), "lens");
    if (lens == NULL)
        return IMP_OK;
    // the user's lens wins, with a warning where it contradicts the model's
    if (imp_option_is_given(options, &sim->lens)) {
        if (strcmp(lens, IMP_LENS_UNKNOWN) == 0)
            fprintf(
                stderr,
                "imprint: warning: %s was trained with an unknown lens, which may differ from this "
                "one\n",
                imp_policy_factory_name(driver));
        else if (strcmp(lens, imp_lens_name(camera->lens.kind)) != 0)
            fprintf(stderr,
                    "imprint: warning: %s was trained with the lens %.16s, not with this one\n",
                    imp_policy_factory_name(driver), lens);
        return IMP_OK;
    }
    // the model stores only the kind of its lens, which says too little about these two
    if (strcmp(lens, imp_lens_name(IMP_LENS_CALIBRATED)) == 0)
        return imp_fail(
            err, IMP_USAGE,
            "the model was trained with a robot's own lens: give the robot with --robot, or its "
            "calibration with --lens FILE");
    if (strcmp(lens, IMP_LENS_UNKNOWN) == 0)
        return imp_fail(
            err, IMP_USAGE,
            "the lens of the model's training images is unknown: choose one with --lens");
    camera->lens =
        strcmp(lens, imp_lens_name(IMP_LENS_NONE)) == 0 ? imp_lens_none() : imp_lens_duckiebot();
    return IMP_OK;
}
