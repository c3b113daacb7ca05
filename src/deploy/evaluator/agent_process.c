// Runs an agent as a child process and exchanges messages with it over two FIFOs in a temporary
// folder. Every wait uses poll() with short time-outs and checks deadline, exit of the process
// and the monitor in turn. Standard output and error are drained meanwhile, so that the agent
// never blocks on them; their end becomes part of error messages. The child leads a process
// group, so that kill() reaches everything that it has started. In a sandbox, the command begins
// only after the parent has confirmed that it is still there.
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
#include "base/common/try.h"
#include "base/io/file.h"
#include "deploy/evaluator/process_tree.h"
#include "deploy/evaluator/sandbox.h"
#include "deploy/protocol/message_reader.h"

// Limits protect the evaluator from an agent that writes endlessly or never answers.
enum {
    PATH_CAPACITY = 256,
    OUTPUT_KEPT = 160,     // last bytes of standard output and error that are kept
    REPLY_LIMIT = 1 << 20, // longest item that is accepted
    IGNORED_LIMIT = 1000,  // foreign items accepted between two messages
    PIPE_BYTES = 1 << 20,  // so that one write can take a whole image
    POLL_INTERVAL_MS = 50,
    THREADS_LIMIT = 4096, // of all processes in a sandbox
    NODE_VARIABLES = 3,   // AIDONODE_NAME, AIDONODE_DATA_IN and AIDONODE_DATA_OUT
};

// Time that an agent has to exit by itself, and time between two checks [s].
static const double GRACE_SECONDS = 1.0, PAUSE_SECONDS = 0.002;

// Time between two looks at what the processes in a sandbox hold [s].
static const double LOOK_SECONDS = 0.1;

struct imp_agent_process {
    pid_t process;        // leader of its group; 0 once it has been waited for
    int exit_status;      // as wait() reports it, then
    int64_t memory_limit; // of all processes in the sandbox [bytes]; 0 without a sandbox
    double next_look;     // when they are looked at again [imp_monotonic_seconds()]
    const imp_monitor *monitor;
    int to, from, words; // input FIFO, output FIFO, standard output and error; or -1
    int go;              // pipe that lets the sandbox start its command; else -1
    char folder[PATH_CAPACITY], path_in[PATH_CAPACITY + 16], path_out[PATH_CAPACITY + 16];
    // The end of the output is kept as printable text, for error messages.
    char recent_output[OUTPUT_KEPT + 1];
    // Splits the bytes that arrive on `from` into CBOR items.
    imp_message_reader reader;
};

// Closes a stream and marks it as closed. Streams that were never opened are -1.
static void close_if_open(int *stream)
{
    if (*stream >= 0)
        close(*stream);
    *stream = -1;
}

// Waits 2 ms, between two checks of something that poll() cannot report.
static void sleep_briefly(void)
{
    const struct timespec time = {.tv_nsec = (long)(PAUSE_SECONDS * 1e9)};
    nanosleep(&time, NULL);
}

// Drains standard output and error and keeps the end, with unprintable bytes as spaces.
static void read_process_output(imp_agent_process *agent)
{
    enum { ROUNDS = 16 }; // the rest is read later, so that endless output does not block
    char heard[OUTPUT_KEPT];
    ssize_t count = 1;
    // Read until the pipe is empty. The newest bytes push out the oldest.
    for (int k = 0; k < ROUNDS && agent->words >= 0 && count > 0; k++) {
        count = read(agent->words, heard, sizeof heard);
        if (count <= 0)
            break;
        // Keep as much of the old text as fits before the new one.
        const size_t old = strlen(agent->recent_output), more = (size_t)count;
        const size_t keep = old + more > OUTPUT_KEPT ? OUTPUT_KEPT - more : old;
        memmove(agent->recent_output, agent->recent_output + old - keep, keep);
        for (size_t c = 0; c < more; c++)
            agent->recent_output[keep + c] = heard[c] >= ' ' && heard[c] < 0x7f ? heard[c] : ' ';
        agent->recent_output[keep + more] = '\0';
    }
    // The end of the output and errors are treated alike: nothing more will come.
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
        close_if_open(&agent->words);
}

// Returns whether the process has exited, and collects its status the first time.
static bool has_exited(imp_agent_process *agent)
{
    if (agent->process != 0 &&
        waitpid(agent->process, &agent->exit_status, WNOHANG) == agent->process)
        agent->process = 0;
    return agent->process == 0;
}

// Fails with a description, how the process ended if it did, and the end of its output.
static imp_status fail_with_agent_output(imp_agent_process *agent, imp_error *err, const char *what)
{
    char how[64] = "";
    // Collect the last output first, because it often says why the process ended.
    read_process_output(agent);
    if (has_exited(agent) && WIFSIGNALED(agent->exit_status))
        snprintf(how, sizeof how, "; it was killed by signal %d", WTERMSIG(agent->exit_status));
    else if (agent->process == 0)
        snprintf(how, sizeof how, "; it ended with status %d", WEXITSTATUS(agent->exit_status));
    const char *words = agent->recent_output + strspn(agent->recent_output, " ");
    return imp_fail(err, IMP_CHECK_FAILED, "%s%s%s%s", what, how,
                    words[0] != '\0' ? "; its last output: " : "", words);
}

// Fails if the processes in a sandbox hold too much. Limits of the kernel are for each process, or
// do not bind root.
static imp_status check_processes(imp_agent_process *agent, imp_error *err)
{
    imp_process_tree tree;
    const double now = imp_monotonic_seconds();
    if (agent->memory_limit == 0 || now < agent->next_look || has_exited(agent))
        return IMP_OK;
    imp_process_tree_measure(&tree, agent->process);
    agent->next_look = now + LOOK_SECONDS;
    if (!tree.complete || tree.threads > THREADS_LIMIT)
        return fail_with_agent_output(agent, err, "the agent runs too many processes or threads");
    if (tree.own > agent->memory_limit) {
        char what[96];
        snprintf(what, sizeof what, "the agent takes more than %.1f GiB of memory",
                 (double)agent->memory_limit / (1 << 30));
        return fail_with_agent_output(agent, err, what);
    }
    return IMP_OK;
}

// Checks whether waiting still makes sense: not interrupted, process alive, time left.
static imp_status check_agent_alive_and_in_time(imp_agent_process *agent, const char *for_what,
                                                double until, imp_error *err)
{
    char what[128];
    read_process_output(agent);
    // An interruption by the user comes before any fault of the agent.
    if (imp_monitor_should_stop(agent->monitor))
        return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    if (has_exited(agent)) {
        snprintf(what, sizeof what, "the agent exited while %s", for_what);
        return fail_with_agent_output(agent, err, what);
    }
    if (imp_monotonic_seconds() < until)
        return IMP_OK;
    snprintf(what, sizeof what, "the agent timed out while %s", for_what);
    return fail_with_agent_output(agent, err, what);
}

// Waits until a stream is ready or has ended. New output of the process ends poll() early, and is
// drained.
static imp_status wait_for_stream(imp_agent_process *agent, int stream, short events,
                                  const char *for_what, double until, imp_error *err)
{
    for (;;) {
        IMP_TRY(check_processes(agent, err));
        // Wait for the stream or for output, but wake up regularly for the checks below.
        struct pollfd wanted[] = {{.fd = stream, .events = events},
                                  {.fd = agent->words, .events = POLLIN}};
        const double left = fmax(0.0, until - imp_monotonic_seconds());
        // The last wait may be shorter, so that the deadline is met to a millisecond.
        const int patience =
            left * 1000.0 < POLL_INTERVAL_MS ? (int)(left * 1000.0) + 1 : POLL_INTERVAL_MS;
        const int ready = poll(wanted, agent->words >= 0 ? 2 : 1, patience);
        if (ready < 0 && errno != EINTR)
            return imp_fail(err, IMP_IO, "waiting for an agent: %s", strerror(errno));
        if (ready > 0 && wanted[0].revents != 0)
            return IMP_OK;
        IMP_TRY(check_agent_alive_and_in_time(agent, for_what, until, err));
    }
}

// Sends one message. `until` is a time of imp_monotonic_seconds(), as in all functions below.
imp_status imp_agent_process_send(imp_agent_process *agent, const imp_cbor_writer *message,
                                  double until, imp_error *err)
{
    size_t sent = 0;
    while (sent < message->length) {
        IMP_TRY(wait_for_stream(agent, agent->to, POLLOUT, "receiving a message", until, err));
        // Write as much as the FIFO takes; the loop sends the rest.
        const ssize_t count = write(agent->to, message->bytes + sent, message->length - sent);
        if (count >= 0)
            sent += (size_t)count;
        else if (errno != EAGAIN && errno != EINTR)
            return fail_with_agent_output(agent, err, "the agent has closed its input");
    }
    return IMP_OK;
}

// Reads what has arrived of the next message.
static imp_status receive_bytes(imp_agent_process *agent, double until, imp_error *err)
{
    size_t room;
    IMP_TRY(wait_for_stream(agent, agent->from, POLLIN, "answering a message", until, err));
    // The reader provides the memory, at least as much as one read delivers.
    uint8_t *target = imp_message_reader_reserve_space(&agent->reader, &room);
    if (target == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent's reply");
    const ssize_t count = read(agent->from, target, room);
    if (count == 0) {
        // The exit status may become known a moment later: wait up to 0.1 s for it.
        for (int k = 0; k < 50 && !has_exited(agent); k++)
            sleep_briefly();
        return fail_with_agent_output(agent, err, "the agent has closed its output");
    }
    if (count < 0 && errno != EAGAIN && errno != EINTR)
        return imp_fail(err, IMP_IO, "reading from an agent: %s", strerror(errno));
    imp_message_reader_add_received(&agent->reader, count > 0 ? (size_t)count : 0);
    return IMP_OK;
}

// Receives the next message. It borrows the reader's buffer until the next call.
imp_status imp_agent_process_receive(imp_agent_process *agent, imp_protocol_message *out,
                                     double until, imp_error *err)
{
    imp_status status = IMP_OK;
    for (int foreign = 0; status == IMP_OK;) {
        char what[128];
        imp_cbor_cursor item;
        const char *why;
        // Take a whole item, or read on.
        const imp_cbor_scan_result state = imp_message_reader_next(&agent->reader, &item, &why);
        if (state == IMP_CBOR_MALFORMED) {
            snprintf(what, sizeof what, "the agent's output is not a message: %s", why);
            return fail_with_agent_output(agent, err, what);
        }
        if (state == IMP_CBOR_INCOMPLETE) {
            status = receive_bytes(agent, until, err);
            continue;
        }
        // Ignore items that are not messages, as the challenge does, but not without end.
        imp_protocol_parse_message(out, item, false);
        if (out->kind == IMP_PROTOCOL_MALFORMED)
            return fail_with_agent_output(
                agent, err, "the agent wrote a message whose `control` or `topic` is not a text");
        if (out->kind != IMP_PROTOCOL_IGNORED)
            return IMP_OK;
        if (++foreign == IGNORED_LIMIT)
            return fail_with_agent_output(agent, err,
                                          "the agent writes too many items that are not messages");
    }
    return status;
}

// Creates a temporary folder and the agent's input FIFO. The agent creates its output itself,
// except in a sandbox, where it cannot create files in this folder.
static imp_status create_fifos(imp_agent_process *agent, bool sandbox, imp_error *err)
{
    // The folder has a random name and is accessible only to this user.
    // TMPDIR is the usual variable for the folder of temporary files.
    const char *temporary = getenv("TMPDIR");
    const int length = snprintf(agent->folder, sizeof agent->folder, "%s/imprint-agent-XXXXXX",
                                temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp");
    if (length >= PATH_CAPACITY || mkdtemp(agent->folder) == NULL) {
        agent->folder[0] = '\0';
        return imp_fail(err, IMP_IO, "cannot create a folder for an agent's FIFOs: %s",
                        length >= PATH_CAPACITY ? "TMPDIR is too long" : strerror(errno));
    }
    // The names are those that the challenge's infrastructure gives to the robot's streams.
    snprintf(agent->path_in, sizeof agent->path_in, "%s/ego0-in", agent->folder);
    snprintf(agent->path_out, sizeof agent->path_out, "%s/ego0-out", agent->folder);
    if (mkfifo(agent->path_in, 0600) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", agent->path_in, strerror(errno));
    if (sandbox && mkfifo(agent->path_out, 0600) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", agent->path_out, strerror(errno));
    return IMP_OK;
}

// How to start a process. Texts are borrowed.
typedef struct start {
    char *const *words;
    char **environment;
    int input, output; // standard input (-1: empty); standard output and error
    // whether limits of memory, files and time are set, as in a sandbox
    bool limited;
} start;

// Runs in the child between fork() and exec(), so it calls only async-signal-safe functions. Resets
// signals, moves to a new process group, connects the streams, and starts the program.
static _Noreturn void exec_child(const start *how)
{
    // Restore the default action of all signals, which exec() would otherwise keep as ignored.
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    // The program reads an empty input unless a pipe is given.
    const int input = how->input >= 0 ? how->input : open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input >= 0 && dup2(input, STDIN_FILENO) >= 0 && dup2(how->output, STDOUT_FILENO) >= 0 &&
        dup2(how->output, STDERR_FILENO) >= 0) {
        if (how->limited)
            imp_sandbox_set_limits();
        execve(how->words[0], how->words, how->environment);
    }
    // The status 127 is what shells return for a program that cannot be started.
    _exit(127);
}

// Starts a process whose output goes to a new pipe.
static imp_status fork_process(imp_agent_process *agent, start *how, imp_error *err)
{
    // One pipe collects standard output and error. Reading from it never blocks.
    int words[2];
    if (pipe2(words, O_CLOEXEC | O_NONBLOCK) != 0)
        return imp_fail(err, IMP_IO, "cannot create a pipe for an agent: %s", strerror(errno));
    agent->words = words[0];
    // The child's end must block, as programs expect.
    fcntl(words[1], F_SETFL, 0);
    how->output = words[1];
    const pid_t process = fork();
    if (process == 0)
        exec_child(how);
    // close() may change errno, so keep the reason of a failed fork().
    const int reason = errno;
    close(words[1]);
    if (process < 0)
        return imp_fail(err, IMP_IO, "cannot start an agent: %s", strerror(reason));
    // Parent and child both set the group, because either may run first.
    setpgid(process, process);
    agent->process = process;
    return IMP_OK;
}

// Returns the current environment without the variables of a node, with room for `more`. The caller
// frees the array; its texts are borrowed.
static char **copy_environment(size_t more)
{
    // The variables of another node in the environment would name the wrong streams.
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

// Starts the command with a shell, in the current environment plus the node's variables.
static imp_status start_unsandboxed(imp_agent_process *agent, const char *command,
                                    char *const variables[], imp_error *err)
{
    // The node's variables are appended to the environment.
    // The shell splits the command into words and expands variables, as in a terminal.
    char shell[] = "/bin/sh", option[] = "-c";
    // The cast only removes const: execve() does not write to its arguments.
    char *words[] = {shell, option, (char *)(uintptr_t)command, NULL};
    char **environment = copy_environment(NODE_VARIABLES);
    if (environment == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
    size_t count = 0;
    // Find the end of the array; calloc() has left it terminated by NULL.
    while (environment[count] != NULL)
        count++;
    memcpy(environment + count, variables, NODE_VARIABLES * sizeof *environment);
    start how = {.words = words, .environment = environment, .input = -1};
    const imp_status status = fork_process(agent, &how, err);
    free(environment);
    return status;
}

// Starts the command with bubblewrap, in a minimal environment. The pipe `go` is its standard
// input: it delays the command until wait_and_release_sandbox().
static imp_status start_in_sandbox(imp_agent_process *agent, const char *command,
                                   char *const variables[], imp_error *err)
{
    char *environment[IMP_SANDBOX_VARIABLES + NODE_VARIABLES + 1] = {0};
    imp_sandbox *box = malloc(sizeof *box);
    if (box == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
    // Build command line and environment. The box holds their texts until fork_process() returns.
    imp_status status = imp_sandbox_build_command(box, command, agent->folder, err);
    imp_sandbox_environment(environment, box);
    memcpy(environment + IMP_SANDBOX_VARIABLES, variables, NODE_VARIABLES * sizeof *environment);
    int input[2] = {-1, -1};
    if (status == IMP_OK && pipe2(input, O_CLOEXEC) != 0)
        status = imp_fail(err, IMP_IO, "cannot create a pipe for an agent: %s", strerror(errno));
    // The parent keeps the writing end of the pipe; closing it without a line ends the sandbox.
    agent->go = input[1];
    start how = {
        .words = box->words, .environment = environment, .input = input[0], .limited = true};
    if (status == IMP_OK)
        status = fork_process(agent, &how, err);
    close_if_open(&input[0]);
    free(box);
    return status;
}

// Sets the node's variables, which name its streams, and starts the command.
static imp_status start_process(imp_agent_process *agent, const char *command, bool sandbox,
                                imp_error *err)
{
    char in[PATH_CAPACITY + 48], out[PATH_CAPACITY + 48], name[] = "AIDONODE_NAME=ego0";
    // AI-DO passes the names of the streams in environment variables.
    char *const variables[NODE_VARIABLES] = {name, in, out};
    snprintf(in, sizeof in, "AIDONODE_DATA_IN=%s", agent->path_in);
    snprintf(out, sizeof out, "AIDONODE_DATA_OUT=fifo:%s", agent->path_out);
    return sandbox ? start_in_sandbox(agent, command, variables, err)
                   : start_unsandboxed(agent, command, variables, err);
}

// Waits until the sandbox reports that it is set up, then lets its command begin.
static imp_status wait_and_release_sandbox(imp_agent_process *agent, double until, imp_error *err)
{
    imp_status status = IMP_OK;
    // The script in the sandbox prints a line when it runs. Its output is drained by the check.
    while (status == IMP_OK && strstr(agent->recent_output, IMP_SANDBOX_READY) == NULL) {
        sleep_briefly();
        status = check_agent_alive_and_in_time(agent, "starting its sandbox", until, err);
    }
    // The line is not output of the agent, so error messages must not show it.
    agent->recent_output[0] = '\0';
    if (status == IMP_OK && write(agent->go, "\n", 1) != 1)
        status = fail_with_agent_output(agent, err, "the agent's sandbox has exited");
    close_if_open(&agent->go);
    return status;
}

// Opens one of the FIFOs, repeatedly until the agent has created it or opened its end.
static imp_status open_agent_fifo(imp_agent_process *agent, int *out, const char *path, int flags,
                                  double until, imp_error *err)
{
    struct stat info;
    imp_status status = IMP_OK;
    while (status == IMP_OK) {
        // Without O_NONBLOCK, open() would wait for the agent without a time limit.
        const int stream = open(path, flags | O_NONBLOCK | O_CLOEXEC);
        // Refuse ordinary files: they would not block, and could be links to other places.
        if (stream >= 0 && fstat(stream, &info) == 0 && S_ISFIFO(info.st_mode)) {
            fcntl(stream, F_SETPIPE_SZ, PIPE_BYTES);
            *out = stream;
            return IMP_OK;
        }
        if (stream >= 0) {
            close(stream);
            return imp_fail(err, IMP_CHECK_FAILED, "the agent's output is not a FIFO");
        }
        // ENOENT: the agent has not created its output yet. ENXIO: it has not opened its input
        // yet.
        if (errno != ENOENT && errno != ENXIO && errno != EINTR)
            return imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
        sleep_briefly();
        status = check_agent_alive_and_in_time(agent, "opening its streams", until, err);
        if (status == IMP_OK)
            status = check_processes(agent, err);
    }
    return status;
}

// Returns the smaller one of a limit and three quarters of the machine's memory [bytes].
static int64_t limit_memory(int64_t limit)
{
    const int64_t machine = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    return machine > 0 && machine / 4 * 3 < limit ? machine / 4 * 3 : limit;
}

// Starts an agent and connects its streams. After a failure nothing remains of it.
imp_status imp_agent_process_start(imp_agent_process **out, const imp_agent_process_def *def,
                                   double until, imp_error *err)
{
    imp_agent_process *agent = calloc(1, sizeof *agent);
    if (agent == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
    // All streams are closed at first, so that stop() can be called at any point.
    agent->to = agent->from = agent->words = agent->go = -1;
    agent->monitor = def->monitor;
    agent->reader.limit = REPLY_LIMIT;
    agent->memory_limit = def->sandbox ? limit_memory(def->memory_limit) : 0;
    imp_status status = create_fifos(agent, def->sandbox, err);
    if (status == IMP_OK)
        status = start_process(agent, def->command, def->sandbox, err);
    // The agent opens its input first, then its output, as hosts expect.
    if (status == IMP_OK && def->sandbox)
        status = wait_and_release_sandbox(agent, until, err);
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

// Ends the process and frees everything. `gently`: let it exit by itself for up to 1 s.
void imp_agent_process_stop(imp_agent_process *agent, bool gently)
{
    if (agent == NULL)
        return;
    const pid_t group = agent->process;
    close_if_open(&agent->go);
    close_if_open(&agent->to);
    // The end of its input tells an agent to exit.
    const double until = imp_monotonic_seconds() + GRACE_SECONDS;
    while (gently && !has_exited(agent) && imp_monotonic_seconds() < until) {
        read_process_output(agent);
        sleep_briefly();
    }
    // Kill everything that the agent has started, as the end of a container does.
    if (group > 0)
        kill(-group, SIGKILL);
    if (agent->process != 0)
        while (waitpid(agent->process, &agent->exit_status, 0) < 0 && errno == EINTR)
            ;
    // Release everything else, which is possible also after an incomplete start.
    close_if_open(&agent->from);
    close_if_open(&agent->words);
    imp_message_reader_free(&agent->reader);
    // The folder is empty then, unless the agent has left files; those are not removed.
    if (agent->folder[0] != '\0') {
        unlink(agent->path_in);
        unlink(agent->path_out);
        rmdir(agent->folder);
    }
    free(agent);
}

// Sums the memory of all processes of the agent [bytes]; 0 after its end.
int64_t imp_agent_process_memory(const imp_agent_process *agent)
{
    imp_process_tree tree = {0};
    if (agent->process > 0)
        imp_process_tree_measure(&tree, agent->process);
    return tree.resident;
}
