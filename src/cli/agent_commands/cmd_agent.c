// imprint agent: drives with a network as an AI-DO agent. It reads the challenge's CBOR messages
// from one stream and writes wheel commands to another; deploy/agent implements the protocol.
// The streams come from options, from the environment variables that AI-DO sets
// (AIDONODE_DATA_IN, AIDONODE_DATA_OUT), or are standard input and output. Standard output may
// carry messages, so everything meant for people goes to standard error.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/common/try.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "imprint/agent.h"

// Definition of the agent, and the paths of its streams.
typedef struct settings {
    imp_agent_def agent;
    const char *input, *output;
} settings;

// Standard output belongs to the protocol; warnings go to standard error.
static void print_to_stderr(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "imprint: %s\n", text);
}

// The path that AI-DO sets in the environment; "-" (a standard stream) where it sets none.
static const char *stream_path_from_env(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : "-";
}

// Streams are transient: they say nothing about how the agent drives.
static void add_agent_options(imp_options *options, settings *s)
{
    const imp_option table[] = {
        {"model", 'm', IMP_OPTION_TEXT, &s->agent.model, "MODEL",
         "model file, folder of `imprint train`, or robot, which comes with imprint", IMP_SETTING},
        {"segmenter", 0, IMP_OPTION_TEXT, &s->agent.segmenter, "MODEL",
         "model of imprint seg-train, for a model that was trained on masks", IMP_SETTING},
        {"lens", 0, IMP_OPTION_TEXT, &s->agent.lens, "LENS",
         "lens of the camera: duckiebot, none, or a robot's calibration (YAML)", IMP_SETTING},
        {"robot", 0, IMP_OPTION_TEXT, &s->agent.robot, "ROBOT",
         "the robot's own camera and wheels, for which images and commands are corrected: a file, "
         "or a folder of Duckietown's calibrations as /data/config/calibrations",
         IMP_SETTING},
        {"wanted-speed", 0, IMP_OPTION_REAL, &s->agent.wanted_speed, "M/S",
         "speed at which a model with the input speed is to drive; 0: none is wanted", IMP_SETTING},
        {"deadline", 0, IMP_OPTION_REAL, &s->agent.deadline, "S",
         "send zero commands if an inference takes longer", IMP_SETTING},
        {"slow-down-at", 0, IMP_OPTION_REAL, &s->agent.slow_down_at, "DOUBT",
         "drive more slowly from this doubt on, down to standing still at --stop-at; 0: never. For "
         "models of imprint doubt",
         IMP_SETTING},
        {"stop-at", 0, IMP_OPTION_REAL, &s->agent.stop_at, "DOUBT",
         "stand still from this doubt on; with --slow-down-at", IMP_SETTING},
        {"data-in", 0, IMP_OPTION_TEXT, &s->input, "PATH",
         "stream of incoming messages ($AIDONODE_DATA_IN, else standard input)", IMP_TRANSIENT},
        {"data-out", 0, IMP_OPTION_TEXT, &s->output, "PATH",
         "stream of replies; fifo:PATH creates a FIFO ($AIDONODE_DATA_OUT, else standard "
         "output)",
         IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// Opens the input, then the output, and answers messages until the input ends.
static imp_status open_streams_and_serve(const settings *s, imp_agent *agent,
                                         const imp_monitor *monitor, imp_error *err)
{
    int input = -1, output = -1;
    imp_status status = imp_agent_open_input(&input, s->input, monitor, err);
    if (status == IMP_OK)
        status = imp_agent_open_output(&output, s->output, monitor, err);
    if (status == IMP_OK)
        status = imp_agent_serve(agent, input, output, monitor, err);
    // a stream that was not opened has descriptor -1
    if (input >= 0)
        close(input);
    if (output >= 0)
        close(output);
    // a node is ended by a signal as a matter of course
    return status == IMP_INTERRUPTED ? IMP_OK : status;
}

// Loads the model before the streams are opened: the challenge measures the time of replies, not
// that of the start.
static imp_status run_agent_command(void *state, const imp_options *options, imp_error *err)
{
    const settings *s = state;
    imp_agent *agent;
    // `imprint agent MODEL` is a likely mistake
    if (options->operand_count > 0)
        return imp_fail(err, IMP_USAGE, "'%s': give the model with --model", options->operands[0]);
    const imp_monitor monitor = imp_console_create_monitor(options);
    IMP_TRY(imp_agent_create(&agent, &s->agent, err));
    const imp_status status = open_streams_and_serve(s, agent, &monitor, err);
    imp_agent_destroy(agent);
    return status;
}

// The environment gives the defaults of --data-in and --data-out; the options override it.
static void set_up_agent_command(void *state, imp_options *options)
{
    settings *s = state;
    s->agent = imp_default_agent_def();
    s->agent.model = "runs/model";
    s->agent.segmenter = "";
    s->agent.robot = "";
    s->agent.report_warning = print_to_stderr;
    s->input = stream_path_from_env("AIDONODE_DATA_IN");
    s->output = stream_path_from_env("AIDONODE_DATA_OUT");
    add_agent_options(options, s);
}

const imp_command imp_command_agent = {
    .name = "agent",
    .summary = "drive with a model in the AI Driving Olympics, or on a robot",
    .operands = "",
    .operand_option = "model",
    .details =
        "Answers the challenge's messages. They are CBOR on two streams (docs/agent.md), for "
        "example AIDONODE_DATA_IN=/fifos/ego0-in AIDONODE_DATA_OUT=fifo:/fifos/ego0-out. The "
        "model is loaded before the first message is read. The exit code is 0 after the end "
        "of the input, SIGTERM or SIGINT, and 1 after a message that violates the protocol. "
        "The program imprint-agent does the same.",
    .examples = "  imprint log --episodes 4 --steps 100 --out /tmp/imprint-agent-d --force &&\n"
                "  imprint train --data /tmp/imprint-agent-d --epochs 1 --out /tmp/imprint-agent-m "
                "--force &&\n"
                "  imprint agent --model /tmp/imprint-agent-m </dev/null",
    .state_size = sizeof(settings),
    .set_up = set_up_agent_command,
    .run = run_agent_command,
};
