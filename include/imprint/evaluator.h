/// imprint/evaluator.h: runs other programs as agents in the simulator: programs that speak the AI
/// Driving Olympics' protocol (docs/agent.md), started and supervised without a container. Also
/// creates and checks submissions, the folders that the challenge's tools take.
#ifndef IMPRINT_EVALUATOR_H
#define IMPRINT_EVALUATOR_H

#include "imprint/evaluate.h"

IMP_API_BEGIN

/// Settings of an agent's process. Obtain with imp_default_agent_process_def(), then change
/// fields. Strings and monitor are borrowed.
typedef struct imp_agent_process_def {
    /// A shell command. Every thread starts one process, which serves one episode after the other.
    /// The variables AIDONODE_DATA_IN and AIDONODE_DATA_OUT name its streams.
    const char *command;
    /// Run it in a sandbox: no network, no environment, no processes but its own, all files
    /// read-only (docs/agent.md describes the limits of that). Needs bubblewrap, see
    /// imp_sandbox_check_available(); true
    bool sandbox;
    /// Memory of all processes in a sandbox [bytes], without mapped files; never more than three
    /// quarters of the machine's; 8 GiB. An agent that takes more fails.
    int64_t memory_limit;
    double start_timeout; ///< from its start to the end of the handshake [s]; 120, the challenge's
    double reply_timeout; ///< for every later reply [s]; 120
    int jpeg_quality;     ///< of the camera's images, 1..100; 95, OpenCV's default
    /// Nullable: the folder for a log of each episode, log_name-episodeN.cbor: every topic message
    /// of both sides, images included, and the robot's pose at each observation.
    const char *log;
    const char *log_name; ///< "agent"
    /// Nullable. should_stop is called from any thread that waits for an agent.
    const imp_monitor *monitor;
    int cookie;
} imp_agent_process_def;

imp_agent_process_def imp_default_agent_process_def(void);

/// Checks whether programs can run in a sandbox on this machine. IMP_CHECK_FAILED, with the reason,
/// if bubblewrap is missing or the system does not allow it. Takes some milliseconds.
imp_status imp_sandbox_check_available(imp_error *err);

/// Size of the challenge's camera images [px].
enum { IMP_AGENT_CAMERA_WIDTH = 640, IMP_AGENT_CAMERA_HEIGHT = 480 };

/// Opens a policy factory that runs such a program, for imp_evaluate_challenge() with a camera of
/// the challenge's size. If the program does not start, does not answer in time, exits, or breaks
/// the protocol, the episode ends (IMP_END_POLICY_FAILED, with the reason), and the program is
/// started again for the next one. def must outlive the factory. The calling process must ignore
/// SIGPIPE. Close it with imp_policy_factory_close().
imp_status imp_agent_process_factory_open(imp_policy_factory **out,
                                          const imp_agent_process_def *def, imp_error *err);

/// Results of imp_agent_benchmark_run().
typedef struct imp_agent_benchmark {
    int frames;
    double start; ///< from the command's start to the end of the handshake, median of 5 [s]
    double median, p999, worst; ///< from sending an image to receiving its commands [s]
    double floor; ///< p999 of a thread that computes as long as the agent's median [s]
    int64_t memory_early, memory_end; ///< resident memory after 1000 images and after all [bytes]
} imp_agent_benchmark;

/// Measures an agent's latency and memory through its protocol. Sends it views of a map (at the
/// camera's size, with its lens) in episodes of 1200 images and requests commands after each.
/// IMP_CHECK_FAILED, with the reason, if the agent fails.
imp_status imp_agent_benchmark_run(imp_agent_benchmark *out, const imp_agent_process_def *def,
                                   const char *map, int frames, imp_error *err);

/// Settings of a submission. Strings are borrowed.
typedef struct imp_submission_def {
    const char *model;   ///< a model file, or a folder that holds model.safetensors
    const char *program; ///< path of the program imprint-agent, which is copied
    const char *label;   ///< of the submission; "imprint"
} imp_submission_def;

/// Creates the folder of a submission: Dockerfile, submission.yaml, README.md, model.safetensors
/// and imprint-agent. Fails with IMP_IO if the folder exists and is not empty, and with
/// IMP_BAD_INPUT if the model is invalid.
imp_status imp_submission_create(const char *folder, const imp_submission_def *def, imp_error *err);

/// The shell command that starts a submission's agent as its Dockerfile says.
typedef struct imp_submission_command {
    char text[8192];
} imp_submission_command;

/// Checks the files of a submission without starting anything: they are there, and submission.yaml
/// has only keys that the challenge knows. *out becomes what starts the agent. Fails with
/// IMP_CHECK_FAILED or IMP_BAD_INPUT and a message that says what is wrong.
imp_status imp_submission_check_files(imp_submission_command *out, const char *folder,
                                      imp_error *err);

/// Starts the agent of a submission whose files were checked, and lets it drive for some seconds.
/// sandbox: run it in a sandbox. IMP_CHECK_FAILED, with a message that says what is wrong.
imp_status imp_submission_check_agent(const imp_submission_command *command, bool sandbox,
                                      const imp_monitor *monitor, imp_error *err);

IMP_API_END

#endif
