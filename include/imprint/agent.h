/// imprint/agent.h: runs a trained network as a node of the AI Driving Olympics. It reads
/// observations from one stream and writes commands to another, as CBOR messages. docs/agent.md
/// describes the protocol.
#ifndef IMPRINT_AGENT_H
#define IMPRINT_AGENT_H

#include "imprint/base.h"
#include "imprint/conditions.h"
#include "imprint/robot.h"

IMP_API_BEGIN

/// Settings of an agent. Obtain with imp_default_agent_def(), then change fields. Strings are
/// borrowed.
typedef struct imp_agent_def {
    const char *model; ///< a model file, or a folder that holds model.safetensors
    /// The segmentation model (`imprint seg-train`) for a policy that was trained on semantic
    /// masks. Nullable.
    const char *segmenter;
    /// The camera's lens: "duckiebot", "none", or a robot's calibration file. Images are
    /// undistorted for a network that was trained without a lens. A network that was trained with
    /// another lens is refused. "duckiebot"
    const char *lens;
    /// The robot's file or folder (see imp_robot_read()): then its camera counts instead of `lens`,
    /// images are made to look as the network's camera would see them, and duty cycles are
    /// corrected for the robot's wheels. Nullable.
    const char *robot;
    /// For a network that takes the wanted speed: that speed [m/s]; 0: none is wanted, or no such
    /// network. Others refuse a speed. 0
    double wanted_speed;
    double deadline; ///< longest inference time before the answer is zeros [s]; 0.5
    /// Doubt (docs/doubt.md) from which the robot drives more slowly, the more doubt the slower,
    /// and from which it stands still: 0 < slow_down_at < stop_at <= 1. Between them the duty
    /// cycles are multiplied by a factor that falls from 1 to 0. Both 0, the default: doubt changes
    /// nothing. IMP_USAGE for a model without doubt
    double slow_down_at, stop_at;
    /// Nullable: called with one line about a problem that does not end the run.
    void (*report_warning)(void *context, const char *text);
    void *context; ///< for report_warning
    int cookie;
} imp_agent_def;

imp_agent_def imp_default_agent_def(void);

/// A loaded network with everything that it needs to process images.
typedef struct imp_agent imp_agent;

/// Creates an agent. Fails with IMP_BAD_INPUT, naming the file, if model or lens are invalid or do
/// not match. Free it with imp_agent_destroy().
imp_status imp_agent_create(imp_agent **out, const imp_agent_def *def, imp_error *err);
void imp_agent_destroy(imp_agent *agent); ///< nullable

/// Begins an episode: clears the history of frames and actions. Not while imp_agent_serve() runs.
void imp_agent_reset(imp_agent *agent);

/// What the network gets beside images and actions: at first the wanted speed of the definition,
/// the time step of its training, and no command. While imp_agent_serve() runs, the time step is
/// that of the requests.
imp_conditions imp_agent_conditions(const imp_agent *agent);
/// Sets that for images to come. Not while imp_agent_serve() runs.
void imp_agent_set_conditions(imp_agent *agent, const imp_conditions *conditions);

/// Computes the duty cycles for the camera's next image, a JPEG. They enter the history as
/// executed. IMP_BAD_INPUT, and zeros, if the JPEG is invalid. Not while imp_agent_serve() runs.
imp_status imp_agent_act(imp_agent *agent, const uint8_t *jpeg, size_t length, imp_action *out,
                         imp_error *err);

/// The same for an image of (height x width x 3) RGB bytes.
imp_status imp_agent_act_on_image(imp_agent *agent, const uint8_t *rgb, int width, int height,
                                  imp_action *out, imp_error *err);

/// Doubt of the last action, in [0, 1] (docs/doubt.md); -1 if the model has none, or the image was
/// unreadable.
double imp_agent_doubt(const imp_agent *agent);

/// What the network saw last: (height x width x 3) bytes, of an image or painted by semantic class.
/// Borrowed until the next image.
const uint8_t *imp_agent_observation(const imp_agent *agent, int *width, int *height);

/// Reads messages from one stream and answers on the other. Returns IMP_OK when the input ends, the
/// output has no reader any more, or the monitor stops it (checked five times a second). Fails with
/// IMP_CHECK_FAILED after a message that the protocol forbids, which is answered as such, with
/// IMP_BAD_INPUT after bytes that are not a message, and with IMP_IO. Neither stream is closed.
imp_status imp_agent_serve(imp_agent *agent, int input, int output, const imp_monitor *monitor,
                           imp_error *err);

/// Opens a stream to read from: a path, or "-" for standard input. Waits until the path exists; a
/// FIFO need not have a writer yet. IMP_INTERRUPTED if the monitor stops it.
imp_status imp_agent_open_input(int *out, const char *path, const imp_monitor *monitor,
                                imp_error *err);

/// Opens a stream to write to: a path, "-" for standard output, or "fifo:PATH", which creates a
/// FIFO and its folders. Waits until a FIFO has a reader. Call it after the input is open, because
/// hosts open the agent's input first.
imp_status imp_agent_open_output(int *out, const char *path, const imp_monitor *monitor,
                                 imp_error *err);

IMP_API_END

#endif
