// Benchmark of the agent: the time from sending a camera image (JPEG in a CBOR message) to
// receiving the wheel commands, measured from outside in a second process. Sender and agent are
// pinned to one core, as on a robot with nothing to spare, so the figure includes both and no
// migration between cores. Besides the median it reports the slowest reply, the 99.9th
// percentile, and the latency floor: the same percentile of a thread that only counts, which
// shows what the machine itself contributes. Without --model the agent gets a network with
// random weights, which is as fast as a trained one.
#include "cli/bench_commands/bench_agent.h"

#include <errno.h>
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "cli/bench_commands/bench_result.h"
#include "cli/options/sandbox_option.h"
#include "cli/output/console.h"
#include "imprint/evaluator.h"
#include "imprint/nn.h"

// Writes a network with random weights into a new temporary folder. Its speed is that of a trained
// one.
static imp_status write_random_model(char folder[64], char path[IMP_PATH_MAX], imp_error *err)
{
    imp_network *network;
    const imp_network_def def = imp_default_network_def();
    snprintf(folder, 64, "/tmp/imprint-bench-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        folder[0] = '\0';
        return imp_fail(err, IMP_IO, "cannot create a folder for a model: %s", strerror(errno));
    }
    IMP_TRY(imp_path_join(path, folder, "model.safetensors", err));
    IMP_TRY(imp_network_create(&network, &def, 1, err));
    const imp_status status = imp_network_save(network, path, NULL, err);
    imp_network_destroy(network);
    return status;
}

// One result per figure, times in milliseconds.
static void add_agent_results(json_t *results, bool print, const imp_agent_benchmark *speed)
{
    // memory is reported in units of 10^6 bytes
    enum { MEGA = 1000000 };
    char median[96];
    snprintf(median, sizeof median,
             "ms from a JPEG of %d x %d to its commands, median of %d, one core",
             IMP_AGENT_CAMERA_WIDTH, IMP_AGENT_CAMERA_HEIGHT, speed->frames);
    imp_bench_result_add(results, print, "agent", speed->median * 1e3, 2, median);
    imp_bench_result_add(results, print, "agent-99.9%", speed->p999 * 1e3, 2,
                         "ms, 99.9th percentile");
    imp_bench_result_add(
        results, print, "agent-floor", speed->floor * 1e3, 2,
        "ms, 99.9th percentile of a thread that only counts, for as long as the median");
    imp_bench_result_add(results, print, "agent-worst", speed->worst * 1e3, 2, "ms, the slowest");
    imp_bench_result_add(results, print, "agent-start", speed->start * 1e3, 2,
                         "ms from start to ready");
    imp_bench_result_add(results, print, "agent-memory", (double)speed->memory_end / MEGA, 2,
                         "MB resident at the end");
    imp_bench_result_add(results, print, "agent-growth",
                         (double)(speed->memory_end - speed->memory_early) / MEGA, 2,
                         "MB of these since the first 1000 images");
}

// Prepares the agent's command, measures, and removes the temporary model.
imp_status imp_bench_agent(const imp_bench_agent_settings *s, json_t *results, bool print,
                           const imp_monitor *monitor, imp_error *err)
{
    char folder[64] = "", path[IMP_PATH_MAX] = "", program[IMP_PATH_MAX];
    char command[2 * IMP_PATH_MAX + 64];
    imp_agent_process_def agent = imp_default_agent_process_def();
    imp_agent_benchmark speed;
    cpu_set_t before, one;
    imp_status status = IMP_OK;
    if (s->command == NULL && s->model == NULL)
        status = write_random_model(folder, path, err);
    // the agent: the user's command, or imprint-agent beside this program with a model
    imp_sibling_program_path(program, "imprint-agent");
    snprintf(command, sizeof command, "exec '%s' --model '%s'", program,
             s->model != NULL ? s->model : path);
    agent.command = s->command != NULL ? s->command : command;
    // our own agent needs no sandbox
    agent.monitor = monitor;
    agent.sandbox = s->command != NULL && imp_sandbox_option_resolve(s->sandbox);
    // sender and agent share a core; the child process inherits the affinity
    const bool pinned = sched_getaffinity(0, sizeof before, &before) == 0;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu() < 0 ? 0 : sched_getcpu(), &one);
    if (pinned)
        sched_setaffinity(0, sizeof one, &one);
    if (status == IMP_OK)
        status = imp_agent_benchmark_run(&speed, &agent, s->map, s->frames, err);
    if (pinned)
        sched_setaffinity(0, sizeof before, &before);
    if (status == IMP_OK)
        add_agent_results(results, print, &speed);
    // remove the temporary model
    if (path[0] != '\0')
        unlink(path);
    if (folder[0] != '\0')
        rmdir(folder);
    return status;
}
