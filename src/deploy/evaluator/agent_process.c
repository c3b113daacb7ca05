#include "deploy/evaluator/agent_process.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/common/clock.h"
#include "base/io/file.h"
#include "deploy/evaluator/sandbox.h"
#include "deploy/protocol/message_reader.h"

enum {
    PATH_CAPACITY = 256,
    OUTPUT_KEPT = 160,     // of what it wrote to standard output and error
    REPLY_LIMIT = 1 << 20, // longest item that is read
    IGNORED_LIMIT = 1000,  // items between messages that are no messages
    PIPE_BYTES = 1 << 20,  // so that a picture goes through at once
    POLL_INTERVAL_MS = 50,
    NODE_VARIABLES = 3, // AIDONODE_NAME, AIDONODE_DATA_IN and AIDONODE_DATA_OUT
};

static const double GRACE_SECONDS = 1.0, PAUSE_SECONDS = 0.002;

struct imp_agent_process {
    pid_t process;   // leader of its group; 0 once it has been waited for
    int exit_status; // as wait() tells it, then
    const imp_monitor *monitor;
    int to, from, words; // streams, or -1
    int go;              // to the sandbox, until its command may begin; else -1
    char folder[PATH_CAPACITY], path_in[PATH_CAPACITY + 16], path_out[PATH_CAPACITY + 16];
    char recent_output[OUTPUT_KEPT + 1];
    imp_message_reader reader;
};

static void close_stream(int *stream)
{
    if (*stream >= 0)
        close(*stream);
    *stream = -1;
}

static void sleep_briefly(void)
{
    const struct timespec time = {.tv_nsec = (long)(PAUSE_SECONDS * 1e9)};
    nanosleep(&time, NULL);
}

// Keeps the last of what it writes for people.
static void read_process_output(imp_agent_process *agent)
{
    enum { ROUNDS = 16 }; // and the rest later, so that a flood does not hold up anything
    char heard[OUTPUT_KEPT];
    ssize_t count = 1;
    for (int k = 0; k < ROUNDS && agent->words >= 0 && count > 0; k++) {
        count = read(agent->words, heard, sizeof heard);
        if (count <= 0)
            break;
        const size_t old = strlen(agent->recent_output), more = (size_t)count;
        const size_t keep = old + more > OUTPUT_KEPT ? OUTPUT_KEPT - more : old;
        memmove(agent->recent_output, agent->recent_output + old - keep, keep);
        for (size_t c = 0; c < more; c++)
            agent->recent_output[keep + c] = heard[c] >= ' ' && heard[c] < 0x7f ? heard[c] : ' ';
        agent->recent_output[keep + more] = '\0';
    }
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
        close_stream(&agent->words);
}

static bool has_exited(imp_agent_process *agent)
{
    if (agent->process != 0 &&
        waitpid(agent->process, &agent->exit_status, WNOHANG) == agent->process)
        agent->process = 0;
    return agent->process == 0;
}

// Fails with what happened, and what it said last.
static imp_status fail_with_output(imp_agent_process *agent, imp_error *err, const char *what)
{
    char how[64] = "";
    read_process_output(agent);
    if (has_exited(agent) && WIFSIGNALED(agent->exit_status))
        snprintf(how, sizeof how, "; it was killed by signal %d", WTERMSIG(agent->exit_status));
    else if (agent->process == 0)
        snprintf(how, sizeof how, "; it ended with status %d", WEXITSTATUS(agent->exit_status));
    const char *words = agent->recent_output + strspn(agent->recent_output, " ");
    return imp_fail(err, IMP_CHECK_FAILED, "%s%s%s%s", what, how,
                    words[0] != '\0' ? "; its last words: " : "", words);
}

// Whether to go on waiting for something that has not happened.
static imp_status check_still_waiting(imp_agent_process *agent, const char *for_what, double until,
                                      imp_error *err)
{
    char what[128];
    read_process_output(agent);
    if (imp_monitor_should_stop(agent->monitor))
        return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    if (has_exited(agent)) {
        snprintf(what, sizeof what, "the agent is gone while %s", for_what);
        return fail_with_output(agent, err, what);
    }
    if (imp_monotonic_seconds() < until)
        return IMP_OK;
    snprintf(what, sizeof what, "no answer in time while %s", for_what);
    return fail_with_output(agent, err, what);
}

// Waits until a stream can be used, or has ended.
static imp_status wait_for_stream(imp_agent_process *agent, int stream, short events,
                                  const char *for_what, double until, imp_error *err)
{
    for (;;) {
        struct pollfd wanted[] = {{.fd = stream, .events = events},
                                  {.fd = agent->words, .events = POLLIN}};
        const double left = fmax(0.0, until - imp_monotonic_seconds());
        const int patience =
            left * 1000.0 < POLL_INTERVAL_MS ? (int)(left * 1000.0) + 1 : POLL_INTERVAL_MS;
        const int ready = poll(wanted, agent->words >= 0 ? 2 : 1, patience);
        if (ready < 0 && errno != EINTR)
            return imp_fail(err, IMP_IO, "waiting for an agent: %s", strerror(errno));
        if (ready > 0 && wanted[0].revents != 0)
            return IMP_OK;
        const imp_status status = check_still_waiting(agent, for_what, until, err);
        if (status != IMP_OK)
            return status;
    }
}

imp_status imp_agent_process_send(imp_agent_process *agent, const imp_cbor_writer *message,
                                  double until, imp_error *err)
{
    size_t sent = 0;
    while (sent < message->length) {
        const imp_status status =
            wait_for_stream(agent, agent->to, POLLOUT, "it is told something", until, err);
        if (status != IMP_OK)
            return status;
        const ssize_t count = write(agent->to, message->bytes + sent, message->length - sent);
        if (count >= 0)
            sent += (size_t)count;
        else if (errno != EAGAIN && errno != EINTR)
            return fail_with_output(agent, err, "the agent does not read any more");
    }
    return IMP_OK;
}

static imp_status receive_bytes(imp_agent_process *agent, double until, imp_error *err)
{
    size_t room;
    const imp_status status =
        wait_for_stream(agent, agent->from, POLLIN, "its reply is awaited", until, err);
    if (status != IMP_OK)
        return status;
    uint8_t *target = imp_message_reader_reserve(&agent->reader, &room);
    if (target == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent's reply");
    const ssize_t count = read(agent->from, target, room);
    if (count == 0) {
        // why is known a moment later
        for (int k = 0; k < 50 && !has_exited(agent); k++)
            sleep_briefly();
        return fail_with_output(agent, err, "the agent has ended its output");
    }
    if (count < 0 && errno != EAGAIN && errno != EINTR)
        return imp_fail(err, IMP_IO, "reading from an agent: %s", strerror(errno));
    imp_message_reader_commit(&agent->reader, count > 0 ? (size_t)count : 0);
    return IMP_OK;
}

imp_status imp_agent_process_receive(imp_agent_process *agent, imp_protocol_message *out,
                                     double until, imp_error *err)
{
    imp_status status = IMP_OK;
    for (int foreign = 0; status == IMP_OK;) {
        char what[128];
        imp_cbor_cursor item;
        const char *why;
        const imp_cbor_scan_result state = imp_message_reader_next(&agent->reader, &item, &why);
        if (state == IMP_CBOR_MALFORMED) {
            snprintf(what, sizeof what, "the agent's output is no message: %s", why);
            return fail_with_output(agent, err, what);
        }
        if (state == IMP_CBOR_INCOMPLETE) {
            status = receive_bytes(agent, until, err);
            continue;
        }
        imp_protocol_parse_message(out, item, false);
        if (out->kind == IMP_PROTOCOL_MALFORMED)
            return fail_with_output(
                agent, err, "the agent wrote a message whose `control` or `topic` is no text");
        if (out->kind != IMP_PROTOCOL_IGNORED)
            return IMP_OK;
        if (++foreign == IGNORED_LIMIT)
            return fail_with_output(agent, err,
                                    "the agent writes items without end that are no messages");
    }
    return status;
}

static imp_status create_fifos(imp_agent_process *agent, imp_error *err)
{
    const char *temporary = getenv("TMPDIR");
    const int length = snprintf(agent->folder, sizeof agent->folder, "%s/imprint-agent-XXXXXX",
                                temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp");
    if (length >= PATH_CAPACITY || mkdtemp(agent->folder) == NULL) {
        agent->folder[0] = '\0';
        return imp_fail(err, IMP_IO, "no folder for an agent's FIFOs: %s",
                        length >= PATH_CAPACITY ? "TMPDIR is too long" : strerror(errno));
    }
    snprintf(agent->path_in, sizeof agent->path_in, "%s/ego0-in", agent->folder);
    snprintf(agent->path_out, sizeof agent->path_out, "%s/ego0-out", agent->folder);
    if (mkfifo(agent->path_in, 0600) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", agent->path_in, strerror(errno));
    return IMP_OK;
}

// What a new process is to be. Texts are borrowed.
typedef struct start {
    char *const *words;
    char **environment;
    int input, output; // its standard input (-1: nothing), and its standard output and error
    bool limited;
} start;

// The child's side between fork() and exec(): only what is safe there.
static _Noreturn void exec_child(const start *how)
{
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    const int input = how->input >= 0 ? how->input : open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input >= 0 && dup2(input, STDIN_FILENO) >= 0 && dup2(how->output, STDOUT_FILENO) >= 0 &&
        dup2(how->output, STDERR_FILENO) >= 0) {
        if (how->limited)
            imp_sandbox_set_limits();
        execve(how->words[0], how->words, how->environment);
    }
    _exit(127);
}

static imp_status fork_process(imp_agent_process *agent, start *how, imp_error *err)
{
    int words[2];
    if (pipe2(words, O_CLOEXEC | O_NONBLOCK) != 0)
        return imp_fail(err, IMP_IO, "no pipe for an agent: %s", strerror(errno));
    agent->words = words[0];
    // programs expect to wait when they write
    fcntl(words[1], F_SETFL, 0);
    how->output = words[1];
    const pid_t process = fork();
    if (process == 0)
        exec_child(how);
    const int reason = errno;
    close(words[1]);
    if (process < 0)
        return imp_fail(err, IMP_IO, "cannot start an agent: %s", strerror(reason));
    // whichever of the two comes first
    setpgid(process, process);
    agent->process = process;
    return IMP_OK;
}

// The present environment without a node's variables. The caller frees the array; its texts are
// borrowed, and there is room for so many more.
static char **copy_environment(size_t more)
{
    static const char prefix[] = "AIDONODE_";
    size_t count = 0, kept = 0;
    while (environ[count] != NULL)
        count++;
    char **made = calloc(count + more + 1, sizeof *made);
    for (size_t k = 0; made != NULL && k < count; k++)
        if (strncmp(environ[k], prefix, strlen(prefix)) != 0)
            made[kept++] = environ[k];
    return made;
}

static imp_status start_unsandboxed(imp_agent_process *agent, const char *command,
                                    char *const variables[], imp_error *err)
{
    char shell[] = "/bin/sh", option[] = "-c";
    // execve() does not write to it
    char *words[] = {shell, option, (char *)(uintptr_t)command, NULL};
    char **environment = copy_environment(NODE_VARIABLES);
    if (environment == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
    size_t count = 0;
    while (environment[count] != NULL)
        count++;
    memcpy(environment + count, variables, NODE_VARIABLES * sizeof *environment);
    start how = {.words = words, .environment = environment, .input = -1};
    const imp_status status = fork_process(agent, &how, err);
    free(environment);
    return status;
}

static imp_status start_in_sandbox(imp_agent_process *agent, const char *command,
                                   char *const variables[], imp_error *err)
{
    char *environment[IMP_SANDBOX_VARIABLES + NODE_VARIABLES + 1] = {0};
    imp_sandbox *box = malloc(sizeof *box);
    if (box == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
    imp_status status = imp_sandbox_build_command(box, command, agent->folder, err);
    imp_sandbox_environment(environment, box);
    memcpy(environment + IMP_SANDBOX_VARIABLES, variables, NODE_VARIABLES * sizeof *environment);
    int input[2] = {-1, -1};
    if (status == IMP_OK && pipe2(input, O_CLOEXEC) != 0)
        status = imp_fail(err, IMP_IO, "no pipe for an agent: %s", strerror(errno));
    agent->go = input[1];
    start how = {
        .words = box->words, .environment = environment, .input = input[0], .limited = true};
    if (status == IMP_OK)
        status = fork_process(agent, &how, err);
    close_stream(&input[0]);
    free(box);
    return status;
}

static imp_status start_process(imp_agent_process *agent, const char *command, bool sandbox,
                                imp_error *err)
{
    char in[PATH_CAPACITY + 48], out[PATH_CAPACITY + 48], name[] = "AIDONODE_NAME=ego0";
    char *const variables[NODE_VARIABLES] = {name, in, out};
    snprintf(in, sizeof in, "AIDONODE_DATA_IN=%s", agent->path_in);
    snprintf(out, sizeof out, "AIDONODE_DATA_OUT=fifo:%s", agent->path_out);
    return sandbox ? start_in_sandbox(agent, command, variables, err)
                   : start_unsandboxed(agent, command, variables, err);
}

// Waits until the sandbox stands, and lets its command begin.
static imp_status release_sandbox(imp_agent_process *agent, double until, imp_error *err)
{
    imp_status status = IMP_OK;
    while (status == IMP_OK && strstr(agent->recent_output, IMP_SANDBOX_READY) == NULL) {
        sleep_briefly();
        status = check_still_waiting(agent, "its sandbox is made", until, err);
    }
    agent->recent_output[0] = '\0';
    if (status == IMP_OK && write(agent->go, "\n", 1) != 1)
        status = fail_with_output(agent, err, "the agent's sandbox is gone");
    close_stream(&agent->go);
    return status;
}

// Opens one of the FIFOs as soon as the agent has made it or opened its end.
static imp_status open_agent_fifo(imp_agent_process *agent, int *out, const char *path, int flags,
                                  double until, imp_error *err)
{
    struct stat info;
    imp_status status = IMP_OK;
    while (status == IMP_OK) {
        const int stream = open(path, flags | O_NONBLOCK | O_CLOEXEC);
        if (stream >= 0 && fstat(stream, &info) == 0 && S_ISFIFO(info.st_mode)) {
            fcntl(stream, F_SETPIPE_SZ, PIPE_BYTES);
            *out = stream;
            return IMP_OK;
        }
        if (stream >= 0) {
            close(stream);
            return imp_fail(err, IMP_CHECK_FAILED, "the agent's output is no FIFO");
        }
        if (errno != ENOENT && errno != ENXIO && errno != EINTR)
            return imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
        sleep_briefly();
        status = check_still_waiting(agent, "it opens its streams", until, err);
    }
    return status;
}

imp_status imp_agent_process_start(imp_agent_process **out, const imp_agent_process_def *def,
                                   double until, imp_error *err)
{
    imp_agent_process *agent = calloc(1, sizeof *agent);
    if (agent == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
    agent->to = agent->from = agent->words = agent->go = -1;
    agent->monitor = def->monitor;
    agent->reader.limit = REPLY_LIMIT;
    imp_status status = create_fifos(agent, err);
    if (status == IMP_OK)
        status = start_process(agent, def->command, def->sandbox, err);
    if (status == IMP_OK && def->sandbox)
        status = release_sandbox(agent, until, err);
    if (status == IMP_OK)
        status = open_agent_fifo(agent, &agent->to, agent->path_in, O_WRONLY, until, err);
    if (status == IMP_OK)
        status = open_agent_fifo(agent, &agent->from, agent->path_out, O_RDONLY, until, err);
    if (status != IMP_OK) {
        imp_agent_process_stop(agent, false);
        return status;
    }
    *out = agent;
    return IMP_OK;
}

void imp_agent_process_stop(imp_agent_process *agent, bool gently)
{
    if (agent == NULL)
        return;
    const pid_t group = agent->process;
    close_stream(&agent->go);
    close_stream(&agent->to);
    const double until = imp_monotonic_seconds() + GRACE_SECONDS;
    while (gently && !has_exited(agent) && imp_monotonic_seconds() < until) {
        read_process_output(agent);
        sleep_briefly();
    }
    // what it has started ends with it, as in a container
    if (group > 0)
        kill(-group, SIGKILL);
    if (agent->process != 0)
        while (waitpid(agent->process, &agent->exit_status, 0) < 0 && errno == EINTR)
            ;
    close_stream(&agent->from);
    close_stream(&agent->words);
    imp_message_reader_free(&agent->reader);
    if (agent->folder[0] != '\0') {
        unlink(agent->path_in);
        unlink(agent->path_out);
        rmdir(agent->folder);
    }
    free(agent);
}

// What a process has resident [bytes]; 0 if that cannot be told.
static int64_t resident_bytes(long process)
{
    char path[64], *text;
    size_t length;
    int64_t bytes = 0;
    snprintf(path, sizeof path, "/proc/%ld/status", process);
    if (imp_file_read(&text, &length, path, 1 << 16, NULL) != IMP_OK)
        return 0;
    const char *line = strstr(text, "VmRSS:");
    if (line != NULL)
        bytes = strtoll(line + strlen("VmRSS:"), NULL, 10) * 1024;
    free(text);
    return bytes;
}

// The same of a process and all that it has started, so many generations deep. A sandbox is two
// processes around the agent's.
static int64_t resident_bytes_of_tree(long process, int depth)
{
    char path[64], *text;
    size_t length;
    int64_t bytes = resident_bytes(process);
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", process, process);
    if (depth == 0 || imp_file_read(&text, &length, path, 1 << 16, NULL) != IMP_OK)
        return bytes;
    char *at = text, *end;
    for (long child = strtol(at, &end, 10); end > at; child = strtol(at, &end, 10)) {
        bytes += resident_bytes_of_tree(child, depth - 1);
        at = end;
    }
    free(text);
    return bytes;
}

int64_t imp_agent_process_memory(const imp_agent_process *agent)
{
    enum { DEPTH = 8 };
    return agent->process > 0 ? resident_bytes_of_tree(agent->process, DEPTH) : 0;
}
