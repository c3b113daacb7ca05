// An agent: a trained network that turns a camera's JPEG into wheel commands. Each step decodes
// the JPEG, undistorts it if the network was trained without a lens, and resizes it to the
// network's input. A model trained on semantic masks first gets the image through a segmentation
// network. Frames and executed actions enter a history, which networks with memory take as
// input.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "deploy/agent/agent.h"
#include "deploy/agent/robot_conversion.h"
#include "imprint/doubt.h"

// A definition whose cookie differs was not made by imp_default_agent_def().
enum { AGENT_COOKIE = 0xA6E27 };

imp_agent_def imp_default_agent_def(void)
{
    return (imp_agent_def){.lens = "duckiebot", .deadline = 0.5, .cookie = AGENT_COOKIE};
}

// Loads a model and checks that it has the two outputs of a policy.
static imp_status load_policy_network(imp_network **out, const char *model, imp_error *err)
{
    imp_status status = imp_network_load(out, model, err);
    if (status != IMP_OK || imp_network_info(*out)->outputs == 2)
        return status;
    status = imp_fail(err, IMP_BAD_INPUT, "%s: the model has %s, a policy needs 2", model,
                      IMP_PLURAL(imp_network_info(*out)->outputs, "output"));
    imp_network_destroy(*out);
    return status;
}

// Loads the segmentation network if one is given. A model trained on semantic masks needs one, and
// no other model may have one.
static imp_status load_segmenter(imp_network **segmenter, const imp_agent_def *def,
                                 const imp_network *network, imp_error *err)
{
    // Whether a segmenter is given must match what the model was trained on.
    const bool wants = imp_network_observation_kind(network) == IMP_OBSERVATION_SEGMENTATION;
    const bool given = def->segmenter != NULL && def->segmenter[0] != '\0';
    *segmenter = NULL;
    if (wants && !given)
        return imp_add_hint(err, IMP_HINT_SEGMENTER,
                            imp_fail(err, IMP_BAD_INPUT,
                                     "%s: the model was trained on semantic masks", def->model));
    if (!wants && given)
        return imp_fail(
            err, IMP_USAGE,
            "%s: the model was not trained on semantic masks, so it cannot use a segmenter",
            def->model);
    return given ? imp_segmenter_load(segmenter, def->segmenter, err) : IMP_OK;
}

// Creates the segmenter and checks that its masks have the size of the policy's input.
static imp_status create_agent_segmenter(imp_agent *agent, const imp_agent_def *def,
                                         const imp_network *segmenter,
                                         const imp_network_def *wanted, imp_error *err)
{
    IMP_TRY(imp_segmenter_create(&agent->segmenter, segmenter, err));
    const int width = imp_segmenter_width(agent->segmenter);
    const int height = imp_segmenter_height(agent->segmenter);
    if (width != wanted->width || height != wanted->height)
        return imp_fail(err, IMP_BAD_INPUT, "%s: its semantic masks are %d x %d, %s needs %d x %d",
                        def->segmenter, width, height, def->model, wanted->width, wanted->height);
    agent->segmentation = malloc((size_t)width * (size_t)height * 3);
    return agent->segmentation != NULL
               ? IMP_OK
               : imp_fail(err, IMP_NO_MEMORY, "out of memory for semantic masks");
}

// Compares the camera's lens with the one of the training data. *undistort: images must be
// undistorted before the network gets them. That is possible only if the network was trained
// without a lens; training on another lens is an error.
static imp_status read_camera_and_undistortion(const imp_agent_def *def, const imp_network *network,
                                               imp_calibration *camera, bool *undistort,
                                               imp_error *err)
{
    const char *trained = imp_network_metadata(network, "lens");
    // The camera: the standard Duckiebot, one without lens distortion, or a calibration file.
    *camera = imp_calibration_duckiebot();
    *undistort = false;
    imp_status status = IMP_OK;
    if (strcmp(def->lens, "none") == 0)
        camera->lens = imp_lens_none();
    else if (strcmp(def->lens, "duckiebot") != 0)
        status = imp_calibration_read(camera, def->lens, err);
    // A model without a recorded lens is assumed to fit the camera.
    if (status != IMP_OK || trained == NULL || strcmp(trained, IMP_LENS_UNKNOWN) == 0)
        return status;
    const char *is = imp_lens_name(camera->lens.kind);
    if (strcmp(trained, is) == 0)
        return IMP_OK;
    *undistort =
        strcmp(trained, imp_lens_name(IMP_LENS_NONE)) == 0 && camera->lens.kind != IMP_LENS_NONE;
    if (!*undistort)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: the model was trained with the lens '%s', this camera has '%s': train "
                        "it on images of that lens",
                        def->model, trained, is);
    return IMP_OK;
}

// Brings the history up to date with what was executed since the last image.
static void push_actions_to_history(imp_agent *agent, const imp_action_history *history)
{
    agent->doubt = -1.0;
    if (history->begins)
        imp_obs_history_reset(agent->recall);
    for (int k = 0; k < history->count; k++)
        imp_obs_history_push_action(agent->recall, (float)history->actions[k].left,
                                    (float)history->actions[k].right);
}

// Both wheels are slowed down alike, so that the robot stays on the same curve.
static imp_action slow_down_in_doubt(const imp_agent *agent, imp_action action)
{
    if (agent->stop_at <= 0.0 || agent->doubt < agent->slow_down_at)
        return action;
    const double factor =
        fmax(0.0, (agent->stop_at - agent->doubt) / (agent->stop_at - agent->slow_down_at));
    return (imp_action){factor * action.left, factor * action.right};
}

// Runs the networks on the observation that the preprocessor has written. time_step: by the clock
// [s]; 0: not known.
static imp_action infer_from_observation(imp_agent *agent, double time_step)
{
    float outputs[2];
    imp_conditions conditions = agent->conditions;
    if (time_step > 0.0)
        conditions.numbers[IMP_CONDITION_TIME_STEP] = time_step;
    // Replace the image by its semantic mask if the policy was trained on masks.
    const uint8_t *observation = agent->observation;
    if (agent->segmenter != NULL) {
        imp_segmenter_run_to_rgb(agent->segmenter, observation, agent->segmentation);
        observation = agent->segmentation;
    }
    // Run the network on recent frames and actions.
    imp_obs_history_push_frame(agent->recall, observation);
    imp_obs_history_set_conditions(agent->recall, &conditions);
    imp_inference_run(agent->inference, imp_obs_history_frames(agent->recall),
                      imp_obs_history_values(agent->recall), outputs);
    if (imp_inference_has_doubt(agent->inference))
        agent->doubt = imp_inference_doubt(agent->inference, 0);
    return slow_down_in_doubt(agent, imp_action_from_network(outputs, agent->velocities));
}

// The function that the worker thread of asynchronous inference calls for each image. False: the
// image is unreadable, and `why` says the reason.
bool imp_agent_infer(void *context, const imp_action_history *action_history, const uint8_t *jpeg,
                     size_t length, imp_action *out, char *why, size_t capacity)
{
    imp_agent *agent = context;
    imp_error err = {0};
    push_actions_to_history(agent, action_history);
    // Decode, undistort and resize. An unreadable image leaves the history without a frame.
    if (imp_image_preprocessor_run_jpeg(agent->preprocessor, jpeg, length, agent->observation,
                                        &err) != IMP_OK) {
        const size_t count = strnlen(err.message, capacity - 1);
        memcpy(why, err.message, count);
        why[count] = '\0';
        return false;
    }
    *out = infer_from_observation(agent, action_history->time_step);
    return true;
}

// The synchronous form, without a thread. The action that it returns is the next call's history.
// An unreadable image yields zeros, which stop the robot.
imp_status imp_agent_act(imp_agent *agent, const uint8_t *jpeg, size_t length, imp_action *out,
                         imp_error *err)
{
    char why[IMP_ASYNC_ERROR_MAX];
    imp_action action = {0};
    const bool readable =
        imp_agent_infer(agent, &agent->action_history, jpeg, length, &action, why, sizeof why);
    agent->action_history = (imp_action_history){.count = 1, .actions = {action}};
    *out = agent->corrects_wheels ? imp_wheels_correct_action(&agent->wheels, action) : action;
    return readable ? IMP_OK : imp_fail(err, IMP_BAD_INPUT, "%s", why);
}

imp_status imp_agent_act_on_image(imp_agent *agent, const uint8_t *rgb, int width, int height,
                                  imp_action *out, imp_error *err)
{
    imp_action action = {0};
    push_actions_to_history(agent, &agent->action_history);
    const imp_status status = imp_image_preprocessor_run(agent->preprocessor, rgb, width, height,
                                                         agent->observation, err);
    if (status == IMP_OK)
        action = infer_from_observation(agent, 0.0);
    agent->action_history = (imp_action_history){.count = 1, .actions = {action}};
    *out = agent->corrects_wheels ? imp_wheels_correct_action(&agent->wheels, action) : action;
    return status;
}

double imp_agent_doubt(const imp_agent *agent)
{
    return agent->doubt;
}

const uint8_t *imp_agent_observation(const imp_agent *agent, int *width, int *height)
{
    *width = agent->width;
    *height = agent->height;
    return agent->segmenter != NULL ? agent->segmentation : agent->observation;
}

imp_conditions imp_agent_conditions(const imp_agent *agent)
{
    return agent->conditions;
}

void imp_agent_set_conditions(imp_agent *agent, const imp_conditions *conditions)
{
    agent->conditions = *conditions;
}

void imp_agent_reset(imp_agent *agent)
{
    agent->action_history = (imp_action_history){.begins = true};
}

// Runs a few inferences on a grey image. The first ones are slow because libraries allocate memory
// and prepare their kernels then.
static imp_status warm_up_inference(imp_agent *agent, imp_error *err)
{
    // The image has the size and quality of the challenge's camera images.
    enum { WIDTH = 640, HEIGHT = 480, QUALITY = 95, ROUNDS = 3 };
    imp_jpeg_writer *writer = NULL;
    const uint8_t *jpeg;
    size_t length;
    // Encode a grey image of the usual size.
    uint8_t *grey = malloc((size_t)3 * WIDTH * HEIGHT);
    imp_status status = imp_jpeg_writer_create(&writer, WIDTH, HEIGHT, QUALITY, err);
    if (status == IMP_OK && grey == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for inference");
    if (status == IMP_OK) {
        memset(grey, 127, (size_t)3 * WIDTH * HEIGHT);
        status = imp_jpeg_writer_encode(writer, grey, &jpeg, &length, err);
    }
    // Use the same path as real images, then clear the history that this left behind.
    for (int k = 0; k < ROUNDS && status == IMP_OK; k++) {
        imp_action action;
        status = imp_agent_act(agent, jpeg, length, &action, err);
    }
    imp_obs_history_reset(agent->recall);
    imp_agent_reset(agent);
    imp_jpeg_writer_destroy(writer);
    free(grey);
    return status;
}

// Creates what makes a camera's image the network's input: by the robot's numbers if they are
// given, else by the name of the lens.
static imp_status create_preprocessor(imp_agent *agent, const imp_agent_def *def,
                                      const imp_network *network, imp_error *err)
{
    const imp_network_def *info = imp_network_info(network);
    imp_calibration camera;
    bool undistort = false;
    if (def->robot != NULL && def->robot[0] != '\0')
        return imp_agent_adapt_to_robot(agent, def, network, err);
    IMP_TRY(imp_agent_assume_robot(agent, def, network, err));
    IMP_TRY(read_camera_and_undistortion(def, network, &camera, &undistort, err));
    return imp_image_preprocessor_create(&agent->preprocessor, info->width, info->height,
                                         undistort ? &camera : NULL, err);
}

// Fills the conditions that hold until somebody sets others.
static imp_status set_first_conditions(imp_agent *agent, const imp_agent_def *def,
                                       const imp_network *network, imp_error *err)
{
    const char *trained = imp_network_metadata(network, "time_step");
    const double time_step = trained != NULL ? strtod(trained, NULL) : 0.0;
    agent->conditions = imp_usual_conditions();
    if (time_step > 0.0 && isfinite(time_step))
        agent->conditions.numbers[IMP_CONDITION_TIME_STEP] = time_step;
    agent->conditions.numbers[IMP_CONDITION_SPEED] = def->wanted_speed;
    if (def->wanted_speed != 0.0 && !imp_network_inputs(network)->takes[IMP_INPUT_SPEED])
        return imp_fail(err, IMP_USAGE,
                        "%s: the model takes no wanted speed: leave it out, or train a network "
                        "with 'speed: true'",
                        def->model);
    return IMP_OK;
}

// Loads the networks and creates what processes an image, from preprocessor to history. Fields that
// were created before a failure are freed by the caller.
static imp_status load_models(imp_agent *agent, const imp_agent_def *def, imp_error *err)
{
    imp_network *network, *segmenter = NULL;
    // Load the policy, and the segmentation network if there is one.
    IMP_TRY(load_policy_network(&network, def->model, err));
    imp_status status = load_segmenter(&segmenter, def, network, err);
    // The network that takes the camera's image determines its size and lens.
    const imp_network *image_network = segmenter != NULL ? segmenter : network;
    const imp_network_def *info = imp_network_info(image_network);
    if (status == IMP_OK)
        status = set_first_conditions(agent, def, network, err);
    if (status == IMP_OK && segmenter != NULL)
        status = create_agent_segmenter(agent, def, segmenter, imp_network_info(network), err);
    if (status == IMP_OK)
        status = create_preprocessor(agent, def, image_network, err);
    if (status == IMP_OK)
        status = imp_inference_create(&agent->inference, network, 1, err);
    if (status == IMP_OK)
        status = imp_obs_history_create(&agent->recall, network, err);
    // Properties of the policy that are needed after its network object is freed.
    agent->time_step = imp_network_required_time_step(network);
    agent->width = imp_network_info(network)->width;
    agent->height = imp_network_info(network)->height;
    agent->velocities = imp_network_output_kind(network) == IMP_OUTPUT_VELOCITIES;
    agent->observation = malloc((size_t)info->width * (size_t)info->height * 3);
    imp_network_destroy(segmenter);
    imp_network_destroy(network);
    if (status == IMP_OK && agent->observation == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for an observation");
    return status == IMP_OK ? warm_up_inference(agent, err) : status;
}

// The model is loaded here, so that a missing or unsuitable one fails before the first image.
imp_status imp_agent_create(imp_agent **out, const imp_agent_def *def, imp_error *err)
{
    // Check the settings.
    if (def->cookie != AGENT_COOKIE || def->model == NULL || def->lens == NULL)
        return imp_fail(err, IMP_USAGE,
                        "imp_agent_def was not made with imp_default_agent_def(), or has no model");
    if (!(def->wanted_speed >= 0.0 && def->wanted_speed <= 2.0))
        return imp_fail(err, IMP_USAGE, "a wanted speed of %g m/s is not within 0 to 2",
                        def->wanted_speed);
    if (!(def->deadline > 0.0 && def->deadline <= 3600.0))
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE, "deadline %g s is not within 0 to 3600", def->deadline));
    const bool slows = def->slow_down_at != 0.0 || def->stop_at != 0.0;
    if (slows &&
        !(def->slow_down_at > 0.0 && def->slow_down_at < def->stop_at && def->stop_at <= 1.0))
        return imp_fail(err, IMP_USAGE,
                        "doubts of %g to slow down and %g to stop at: they must rise from above 0 "
                        "to at most 1",
                        def->slow_down_at, def->stop_at);
    imp_agent *agent = calloc(1, sizeof *agent);
    if (agent == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
    agent->slow_down_at = def->slow_down_at;
    agent->stop_at = def->stop_at;
    // The deadline and the warnings are used by the protocol server, not by inference.
    agent->deadline = def->deadline;
    agent->report_warning = def->report_warning;
    agent->context = def->context;
    imp_status status = load_models(agent, def, err);
    if (status == IMP_OK && slows && !imp_inference_has_doubt(agent->inference))
        status = imp_fail(err, IMP_USAGE,
                          "%s: has no doubt by which to slow down: give it some with imprint doubt",
                          def->model);
    if (status != IMP_OK) {
        imp_agent_destroy(agent);
        return status;
    }
    *out = agent;
    return IMP_OK;
}

// Frees also a partly created agent.
void imp_agent_destroy(imp_agent *agent)
{
    if (agent == NULL)
        return;
    imp_inference_destroy(agent->inference);
    imp_segmenter_destroy(agent->segmenter);
    free(agent->segmentation);
    imp_obs_history_destroy(agent->recall);
    imp_image_preprocessor_destroy(agent->preprocessor);
    free(agent->observation);
    free(agent);
}
