// Agents in the simulator: our own, and those that hang, flood, die and lie.
#include "base/folder.h"

#include <signal.h>
#include <string.h>

#include "base/file.h"
#include "imprint/arena.h"

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

static imp_contest contest;

// Drives two episodes of the smallest challenge.
static double drive(const char *agent, double timeout, int threads)
{
    imp_error err = {0};
    imp_guest_def guest = imp_default_guest_def();
    imp_contest_def def = imp_default_contest_def();
    imp_driver *driver;
    guest.command = agent;
    guest.sandbox = false;
    guest.start_timeout = timeout;
    guest.reply_timeout = timeout;
    def.challenge = IMP_CHALLENGE_LFI;
    def.camera.width = IMP_GUEST_CAMERA_WIDTH;
    def.camera.height = IMP_GUEST_CAMERA_HEIGHT;
    def.threads = threads;
    const double start = imp_clock();
    assert_ok(imp_guest_driver(&driver, &guest, &err), err);
    assert_ok(imp_run_contest(&contest, driver, &def, NULL, &err), err);
    imp_driver_close(driver);
    return imp_clock() - start;
}

// Both episodes end at once, with the reason.
static void check_failure(const char *name, const char *agent, const char *reason)
{
    // what is not about time must not fail for lack of it, however busy the machine
    const double seconds = drive(agent, strstr(reason, "in time") != NULL ? 2.0 : 40.0, 2);
    for (int e = 0; e < contest.episodes; e++) {
        const imp_contest_episode *r = &contest.results[e];
        if (r->ending != IMP_ENDING_GAVE_UP || strstr(r->reason, reason) == NULL)
            fail_msg("%s: %s: '%s'", name, imp_ending_name(r->ending), r->reason);
        assert_string_not_equal(r->reason, "");
    }
    imp_contest_free(&contest);
    if (seconds > 60.0)
        fail_msg("%s took %g s", name, seconds);
}

static void test_hostile_agents(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *reason;
    } agents[] = {
        {"does not start", "echo no such thing >&2; exit 7\n", "status 7; its last words: no such"},
        {"dies of a signal", "kill -9 $$\n", "killed by signal 9"},
        {"never opens its streams", "sleep 90\n", "no answer in time while it opens its streams"},
        {"hangs", "mkfifo $2; exec 3<$1 4>$2; sleep 90\n",
         "no answer in time while its reply is awaited"},
        {"ends", "mkfifo $2; exec 3<$1 4>$2; exit 3\n", "it ended with status 3"},
        {"floods", "mkfifo $2; exec 3<$1 4>$2; yes >&4\n", "without end"},
        {"floods with what is no message",
         "mkfifo $2; exec 3<$1 4>$2; while :; do printf '\\001\\002\\003'; done >&4\n",
         "without end"},
        {"floods its words", "mkfifo $2; exec 3<$1 4>$2; yes more >&2\n", "no answer in time"},
        {"garbage", "mkfifo $2; exec 3<$1 4>$2; printf '\\377\\377' >&4; sleep 5\n", "no message"},
        {"4 GB",
         "mkfifo $2; exec 3<$1 4>$2; printf '\\241\\141\\141\\132\\377\\377\\377\\377' >&4\n"
         "sleep 90\n",
         "longer than what is read"},
        {"aborts",
         "mkfifo $2; exec 3<$1 4>$2\n"
         "printf '\\242\\147control\\147aborted\\144data\\144oops' >&4; sleep 5\n",
         "'aborted': oops"},
        {"an ordinary file", "echo >$2; exec 3<$1; sleep 90\n", "no FIFO"},
        {"leaves others behind", "(trap '' TERM; sleep 60) & exit 0\n", "status 0"},
    };
    for (size_t k = 0; k < sizeof agents / sizeof agents[0]; k++)
        check_failure(agents[k].name, script(agents[k].text), agents[k].reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_agents),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
