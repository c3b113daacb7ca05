/// imprint/evaluator.h: anybody's agents in the simulator: programs that speak the AI Driving
/// Olympics' protocol (docs/agent.md), started, driven and watched without a container. And
/// submissions: folders that the challenge's tools take.
#ifndef IMPRINT_EVALUATOR_H
#define IMPRINT_EVALUATOR_H

#include "imprint/evaluate.h"

IMP_API_BEGIN

/// Settings of an agent that takes part. Obtain with imp_default_agent_process_def(), then change
/// fields. Strings and monitor are borrowed.
typedef struct imp_agent_process_def {
    /// A shell's command. It is started for every thread that drives, serves one episode after the
    /// other, and finds its streams in AIDONODE_DATA_IN and AIDONODE_DATA_OUT.
    const char *command;
    /// Run it in a sandbox: no network, no environment, no processes but its own, all files
    /// read-only (docs/agent.md says what is contained and what is not). Needs bubblewrap, see
    /// imp_sandbox_check(); true
    bool sandbox;
    double start_timeout; ///< from its start to the end of the handshake [s]; 120, the challenge's
    double reply_timeout; ///< for every later reply [s]; 120
    int jpeg_quality;     ///< of the camera's pictures, 1..100; 95, OpenCV's
    /// Nullable: the folder for a log of each episode, log_name-episodeN.cbor: every topic message
    /// of both sides, pictures included, and the robot's pose at each observation.
    const char *log;
    const char *log_name; ///< "agent"
    /// Nullable. should_stop is called from any thread, while agents are waited for.
    const imp_monitor *monitor;
    int cookie;
} imp_agent_process_def;

imp_agent_process_def imp_default_agent_process_def(void);

/// Whether programs can be run in a sandbox on this machine: IMP_CHECK_FAILED, and why, if
/// bubblewrap is missing or the system does not let it work. Takes some milliseconds.
imp_status imp_sandbox_check(imp_error *err);

/// The size of the challenge's pictures [px].
enum { IMP_AGENT_CAMERA_WIDTH = 640, IMP_AGENT_CAMERA_HEIGHT = 480 };

/// A driver that is such a program, for imp_evaluate_challenge() with a camera of the challenge's
/// size; one that does not start, does not answer in time, ends, or says something wrong gives up
/// the episode (IMP_END_POLICY_FAILED, with the reason) and is started anew for the next one. def
/// must outlive the driver. The process must ignore SIGPIPE. Closed with
/// imp_policy_factory_close().
imp_status imp_agent_process_factory_open(imp_policy_factory **out,
                                          const imp_agent_process_def *def, imp_error *err);

/// What imp_agent_benchmark_run() finds.
typedef struct imp_agent_benchmark {
    int frames;
    double start; ///< from the command's start to the end of the handshake, median of 5 [s]
    double median, p999, worst; ///< from a picture's JPEG to the commands for it [s]
    double floor; ///< what p999 is for a thread that only counts, as long as the median [s]
    int64_t memory_early, memory_end; ///< resident after 1000 pictures and after all [bytes]
} imp_agent_benchmark;

/// Measures an agent from outside: shows it views of a map (the camera's size, through the lens),
/// one after the other in episodes of 1200, and asks for commands after each. IMP_CHECK_FAILED,
/// with the reason, if it cannot go on.
imp_status imp_agent_benchmark_run(imp_agent_benchmark *out, const imp_agent_process_def *def,
                                   const char *map, int frames, imp_error *err);

/// Settings of a submission. Strings are borrowed.
typedef struct imp_submission_def {
    const char *model;   ///< a model file, or a folder that holds model.safetensors
    const char *program; ///< the program imprint-agent to take along
    const char *label;   ///< of the submission; "imprint"
} imp_submission_def;

/// Makes the folder of a submission: Dockerfile, submission.yaml, README.md, model.safetensors and
/// imprint-agent. Fails with IMP_IO if the folder exists and is not empty, and with IMP_BAD_INPUT
/// if the model is unsound.
imp_status imp_submission_create(const char *folder, const imp_submission_def *def, imp_error *err);

/// Checks the files of a submission without starting anything. IMP_CHECK_FAILED or IMP_BAD_INPUT,
/// saying what is wrong.
imp_status imp_submission_check_files(const char *folder, imp_error *err);

/// Checks a submission: that its files are there and sound, that submission.yaml has only keys that
/// the challenge knows, and that the agent, started as its Dockerfile says, drives for some
/// seconds, in a sandbox if that is wanted. IMP_CHECK_FAILED, saying what is wrong.
imp_status imp_submission_check(const char *folder, bool sandbox, const imp_monitor *monitor,
                                imp_error *err);

IMP_API_END

#endif
