// Agents in the simulator: our own, and those that hang, flood, die and lie.
#include "base/common/clock.h"
#include "temporary_folder.h"

#include <signal.h>
#include <string.h>

#include "base/io/file.h"
#include "imprint/evaluator.h"

static char command[2048];

// Writes a script to the test's folder; $1 and $2 are the streams, once it is called with those.
static const char *script(const char *text)
{
    char path[600];
    imp_error err = {0};
    snprintf(path, sizeof path, "%s", in_folder("agent.sh"));
    assert_ok(imp_file_write(path, text, strlen(text), &err), err);
    snprintf(command, sizeof command,
             "exec sh '%s' \"$AIDONODE_DATA_IN\" \"${AIDONODE_DATA_OUT#fifo:}\"", path);
    return command;
}

static imp_challenge_result contest;

// Drives two episodes of the smallest challenge.
static double run_contest_seconds(const char *agent, double timeout, int threads)
{
    imp_error err = {0};
    imp_agent_process_def process_def = imp_default_agent_process_def();
    imp_challenge_eval_def def = imp_default_challenge_eval_def();
    imp_policy_factory *driver;
    process_def.command = agent;
    process_def.sandbox = false;
    process_def.start_timeout = timeout;
    process_def.reply_timeout = timeout;
    def.challenge = IMP_CHALLENGE_LFI;
    def.sim.camera.width = IMP_AGENT_CAMERA_WIDTH;
    def.sim.camera.height = IMP_AGENT_CAMERA_HEIGHT;
    def.sim.threads = threads;
    const double start = imp_monotonic_seconds();
    assert_ok(imp_agent_process_factory_open(&driver, &process_def, &err), err);
    assert_ok(imp_evaluate_challenge(&contest, driver, &def, NULL, &err), err);
    imp_policy_factory_close(driver);
    return imp_monotonic_seconds() - start;
}

// Both episodes end at once, with the reason.
static void check_agent_failure(const char *name, const char *agent, const char *reason)
{
    // what is not about time must not fail for lack of it, however busy the machine
    const double seconds =
        run_contest_seconds(agent, strstr(reason, "timed out") != NULL ? 2.0 : 40.0, 2);
    for (int e = 0; e < contest.episodes; e++) {
        const imp_challenge_episode *r = &contest.results[e];
        if (r->ending != IMP_END_POLICY_FAILED || strstr(r->reason, reason) == NULL)
            fail_msg("%s: %s: '%s'", name, imp_end_reason_name(r->ending), r->reason);
        assert_string_not_equal(r->reason, "");
    }
    imp_challenge_result_free(&contest);
    if (seconds > 60.0)
        fail_msg("%s took %g s", name, seconds);
}

static void test_misbehaving_agents(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *reason;
    } agents[] = {
        {"does not start", "echo no such thing >&2; exit 7\n",
         "status 7; its last output: no such"},
        {"dies of a signal", "kill -9 $$\n", "killed by signal 9"},
        {"never opens its streams", "sleep 90\n", "the agent timed out while opening its streams"},
        {"hangs", "mkfifo $2; exec 3<$1 4>$2; sleep 90\n",
         "the agent timed out while answering a message"},
        {"ends", "mkfifo $2; exec 3<$1 4>$2; exit 3\n", "it ended with status 3"},
        {"floods", "mkfifo $2; exec 3<$1 4>$2; yes >&4\n", "too many items"},
        {"floods with what is no message",
         "mkfifo $2; exec 3<$1 4>$2; while :; do printf '\\001\\002\\003'; done >&4\n",
         "too many items"},
        {"floods its words", "mkfifo $2; exec 3<$1 4>$2; yes more >&2\n", "the agent timed out"},
        {"garbage", "mkfifo $2; exec 3<$1 4>$2; printf '\\377\\377' >&4; sleep 5\n",
         "is not a message"},
        {"4 GB",
         "mkfifo $2; exec 3<$1 4>$2; printf '\\241\\141\\141\\132\\377\\377\\377\\377' >&4\n"
         "sleep 90\n",
         "longer than the limit"},
        {"aborts",
         "mkfifo $2; exec 3<$1 4>$2\n"
         "printf '\\242\\147control\\147aborted\\144data\\144oops' >&4; sleep 5\n",
         "'aborted': oops"},
        {"an ordinary file", "echo >$2; exec 3<$1; sleep 90\n", "is not a FIFO"},
        {"leaves others behind", "(trap '' TERM; sleep 60) & exit 0\n", "status 0"},
    };
    for (size_t k = 0; k < sizeof agents / sizeof agents[0]; k++)
        check_agent_failure(agents[k].name, script(agents[k].text), agents[k].reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_misbehaving_agents),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
