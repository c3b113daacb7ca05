/// imprint/agent.h: a trained network as a node of the AI Driving Olympics: it reads observations
/// and answers with commands, CBOR messages on two streams. docs/agent.md tells the protocol.
#ifndef IMPRINT_AGENT_H
#define IMPRINT_AGENT_H

#include "imprint/base.h"
#include "imprint/robot.h"

IMP_API_BEGIN

/// Settings of an agent. Obtain with imp_default_agent_def(), then change fields. Strings are
/// borrowed.
typedef struct imp_agent_def {
    const char *model; ///< a model file, or a folder that holds model.safetensors
    /// The model of `imprint seg-train` through which one looks that was trained on segments.
    /// Nullable.
    const char *segmenter;
    /// The lens that the camera's pictures have come through: "duckiebot", "none", or the file of a
    /// robot's calibration. A network that was trained without a lens gets them straightened; one
    /// that was trained through another lens is refused. "duckiebot"
    const char *lens;
    double deadline; ///< so long a decision may take before zeros are answered [s]; 0.5
    /// Nullable: told, in one line, what went wrong without ending the run.
    void (*report_warning)(void *context, const char *text);
    void *context; ///< for notice
    int cookie;
} imp_agent_def;

imp_agent_def imp_default_agent_def(void);

/// A network that is loaded, made ready and warmed up.
typedef struct imp_agent imp_agent;

/// Opens an agent. Fails with IMP_BAD_INPUT, naming the file, if model or lens are unsound or do
/// not fit each other. Freed with imp_agent_destroy().
imp_status imp_agent_create(imp_agent **out, const imp_agent_def *def, imp_error *err);
void imp_agent_destroy(imp_agent *agent); ///< nullable

/// An episode begins: networks that go by the past have none. Not while imp_agent_serve() runs.
void imp_agent_reset(imp_agent *agent);

/// The duty cycles for a camera's next picture, a JPEG; they are taken to be executed.
/// IMP_BAD_INPUT, and zeros, if it is none. Not while imp_agent_serve() runs.
imp_status imp_agent_act(imp_agent *agent, const uint8_t *jpeg, size_t length, imp_action *out,
                         imp_error *err);

/// Answers the messages that come on one stream on the other, until the first ends, nobody reads
/// the second any more, or the monitor stops it (looked at five times a second): IMP_OK. Fails with
/// IMP_CHECK_FAILED after a message that the protocol forbids, which is answered as such, with
/// IMP_BAD_INPUT after bytes that are no message, and with IMP_IO. Neither stream is closed.
imp_status imp_agent_serve(imp_agent *agent, int input, int output, const imp_monitor *monitor,
                           imp_error *err);

/// Opens a stream to read from: a path, waiting until it is there, or "-" for standard input. A
/// FIFO need not have a writer yet. IMP_INTERRUPTED if the monitor stops it.
imp_status imp_agent_open_input(int *out, const char *path, const imp_monitor *monitor,
                                imp_error *err);

/// Opens a stream to write to: a path, "-" for standard output, or "fifo:" and a path, where a FIFO
/// is made, folders included. Waits for somebody to read from a FIFO. To be called after the input
/// is open: hosts wait for that first.
imp_status imp_agent_open_output(int *out, const char *path, const imp_monitor *monitor,
                                 imp_error *err);

IMP_API_END

#endif
