// What a hostile agent can do to the machine that runs it in a sandbox: nothing.
#include "base/common/clock.h"
#include "temporary_folder.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/io/file.h"
#include "deploy/evaluator/agent_process.h"

// Runs a script as an agent that never opens its streams, and returns what it said last.
static const char *run_and_get_output(const char *script)
{
    static imp_error err;
    imp_agent_process_def def = imp_default_agent_process_def();
    imp_agent_process *process;
    def.command = script;
    err = (imp_error){0};
    assert_int_equal(imp_agent_process_start(&process, &def, imp_monotonic_seconds() + 20.0, &err),
                     IMP_CHECK_FAILED);
    const char *words = strstr(err.message, "its last output: ");
    return words != NULL ? words : err.message;
}

static void assert_output_contains(const char *script, const char *expected)
{
    const char *words = run_and_get_output(script);
    if (strstr(words, expected) == NULL)
        fail_msg("'%s' does not hold '%s'", words, expected);
}

static void writes_outside_are_blocked(void **state)
{
    (void)state;
    char script[1024], home[256] = "/";
    snprintf(script, sizeof script, "touch '%s' /imprint-was-here ~/imprint-was-here; echo $?",
             in_folder("stolen"));
    run_and_get_output(script);
    if (getenv("HOME") != NULL)
        snprintf(home, sizeof home, "%.200s/imprint-was-here", getenv("HOME"));
    assert_false(imp_path_exists(in_folder("stolen")));
    assert_false(imp_path_exists("/imprint-was-here"));
    assert_false(imp_path_exists(home));
}

static void root_cannot_make_files_writable(void **state)
{
    (void)state;
    run_and_get_output("mount -o remount,bind,rw /; touch /imprint-was-here");
    const bool wrote = imp_path_exists("/imprint-was-here");
    unlink("/imprint-was-here");
    assert_false(wrote);
    assert_output_contains("grep CapEff /proc/self/status", "CapEff: 0000000000000000");
}

// Its last words are whether it could write there.
static void memory_for_files_is_limited(void **state)
{
    (void)state;
    assert_output_contains("touch \"${AIDONODE_DATA_IN%/*}/more\"; echo $?", "output: touch: ");
    assert_output_contains("touch /dev/more; echo $?", "output: touch: ");
    assert_output_contains("df -k --output=size /dev/shm | tr -d '\\n'", "262144");
}

static void temporary_files_are_hidden(void **state)
{
    (void)state;
    char script[1024];
    imp_error err = {0};
    assert_ok(imp_file_write(in_folder("secret"), "secret", 6, &err), err);
    // the folder's name in pieces, so that the command does not name it
    snprintf(script, sizeof script, "cat /tm''p/%s/secret", strrchr(folder, '/') + 1);
    assert_output_contains(script, "No such file");
    // what the command names is there, to read
    snprintf(script, sizeof script, "cat %s && touch %s/x", in_folder("secret"), folder);
    assert_output_contains(script, "secret");
    assert_false(imp_path_exists(in_folder("x")));
}

static void environment_is_not_inherited(void **state)
{
    (void)state;
    setenv("IMPRINT_TEST_SECRET", "hunter2", 1);
    assert_output_contains("echo \"<$IMPRINT_TEST_SECRET> $AIDONODE_NAME $HOME\"", "<> ego0 /tmp");
    unsetenv("IMPRINT_TEST_SECRET");
}

static void network_is_unreachable(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    char script[128];
    snprintf(script, sizeof script, "bash -c 'echo hello >/dev/tcp/127.0.0.1/%d'; echo ended $?",
             ntohs(address.sin_port));
    run_and_get_output(script);
    struct pollfd wanted = {.fd = listener, .events = POLLIN};
    assert_int_equal(poll(&wanted, 1, 100), 0);
    close(listener);
}

// Whether any process's command line holds a word.
static bool is_running(const char *word)
{
    bool found = false;
    DIR *processes = opendir("/proc");
    assert_non_null(processes);
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        char path[300], line[4096] = "";
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        const int stream = open(path, O_RDONLY);
        const ssize_t count = stream >= 0 ? read(stream, line, sizeof line - 1) : 0;
        for (ssize_t k = 0; k < count; k++)
            line[k] = line[k] == '\0' ? ' ' : line[k];
        found = found || strstr(line, word) != NULL;
        if (stream >= 0)
            close(stream);
    }
    closedir(processes);
    return found;
}

// It may take a moment until the kernel has ended all of a sandbox.
static void assert_not_running(const char *word)
{
    for (int k = 0; k < 200 && is_running(word); k++)
        usleep(20000);
    assert_false(is_running(word));
}

static void detached_children_are_killed(void **state)
{
    (void)state;
    run_and_get_output("setsid sleep 4321 & sleep 0.2; exit 0");
    assert_not_running("sleep 4321");
}

static void killed_evaluator_leaves_no_process(void **state)
{
    (void)state;
    const pid_t child = fork();
    if (child == 0) {
        imp_agent_process_def def = imp_default_agent_process_def();
        imp_agent_process *process;
        def.command = "setsid sleep 4322 & sleep 4322";
        (void)imp_agent_process_start(&process, &def, imp_monotonic_seconds() + 60.0, NULL);
        _exit(0);
    }
    for (int k = 0; k < 500 && !is_running("sleep 4322"); k++)
        usleep(20000);
    assert_true(is_running("sleep 4322"));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_not_running("sleep 4322");
}

// What is said of a script that takes more than so much memory, or starts processes.
static void assert_fails_with(const char *script, int64_t memory, const char *reason)
{
    imp_error err = {0};
    imp_agent_process_def def = imp_default_agent_process_def();
    imp_agent_process *process;
    def.command = script;
    def.memory_limit = memory;
    assert_int_equal(imp_agent_process_start(&process, &def, imp_monotonic_seconds() + 40.0, &err),
                     IMP_CHECK_FAILED);
    if (strstr(err.message, reason) == NULL)
        fail_msg("'%s' does not hold '%s'", err.message, reason);
}

static void processes_together_are_limited(void **state)
{
    (void)state;
    // each takes 20 MB and more, and they are not children of the shell
    assert_fails_with("for k in 1 2 3 4 5 6; do (setsid sh -c \"a=\\$(head -c 20000000 /dev/zero | "
                      "tr '\\\\0' x); sleep 30\" &) done; sleep 30",
                      100 << 20, "takes more than 0.1 GiB of memory");
    assert_fails_with("k=0; while [ $k -lt 600 ]; do sleep 30 & k=$((k + 1)); done; sleep 30",
                      (int64_t)4 << 30, "too many processes");
}

static void resource_limits_hold(void **state)
{
    (void)state;
    assert_output_contains("ulimit -n; ulimit -c", "1024 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_outside_are_blocked),
        cmocka_unit_test(root_cannot_make_files_writable),
        cmocka_unit_test(memory_for_files_is_limited),
        cmocka_unit_test(temporary_files_are_hidden),
        cmocka_unit_test(environment_is_not_inherited),
        cmocka_unit_test(network_is_unreachable),
        cmocka_unit_test(detached_children_are_killed),
        cmocka_unit_test(killed_evaluator_leaves_no_process),
        cmocka_unit_test(processes_together_are_limited),
        cmocka_unit_test(resource_limits_hold),
    };
    imp_error err = {0};
    signal(SIGPIPE, SIG_IGN);
    if (imp_sandbox_check_available(&err) != IMP_OK)
        return skip_test(err.message);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
