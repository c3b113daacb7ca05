#include "arena/guest.h"

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

#include "agent/inbox.h"
#include "arena/sandbox.h"
#include "base/file.h"

enum {
    PATH_CAPACITY = 256,
    WORDS_KEPT = 160,      // of what it wrote to standard output and error
    REPLY_LIMIT = 1 << 20, // longest item that is read
    FOREIGN_LIMIT = 1000,  // items between messages that are no messages
    PIPE_BYTES = 1 << 20,  // so that a picture goes through at once
    LOOK_UP_MS = 50,
    NODE_VARIABLES = 3, // AIDONODE_NAME, AIDONODE_DATA_IN and AIDONODE_DATA_OUT
};

static const double GRACE_SECONDS = 1.0, PAUSE_SECONDS = 0.002;

struct imp_guest {
    pid_t process; // leader of its group; 0 once it has been waited for
    int ending;    // as wait() tells it, then
    const imp_monitor *monitor;
    int to, from, words; // streams, or -1
    int go;              // to the sandbox, until its command may begin; else -1
    char folder[PATH_CAPACITY], path_in[PATH_CAPACITY + 16], path_out[PATH_CAPACITY + 16];
    char said[WORDS_KEPT + 1];
    imp_inbox inbox;
};

static void close_stream(int *stream)
{
    if (*stream >= 0)
        close(*stream);
    *stream = -1;
}

static void pause_a_little(void)
{
    const struct timespec time = {.tv_nsec = (long)(PAUSE_SECONDS * 1e9)};
    nanosleep(&time, NULL);
}

// Keeps the last of what it writes for people.
static void listen_to_words(imp_guest *guest)
{
    enum { ROUNDS = 16 }; // and the rest later, so that a flood does not hold up anything
    char heard[WORDS_KEPT];
    ssize_t count = 1;
    for (int k = 0; k < ROUNDS && guest->words >= 0 && count > 0; k++) {
        count = read(guest->words, heard, sizeof heard);
        if (count <= 0)
            break;
        const size_t old = strlen(guest->said), more = (size_t)count;
        const size_t keep = old + more > WORDS_KEPT ? WORDS_KEPT - more : old;
        memmove(guest->said, guest->said + old - keep, keep);
        for (size_t c = 0; c < more; c++)
            guest->said[keep + c] = heard[c] >= ' ' && heard[c] < 0x7f ? heard[c] : ' ';
        guest->said[keep + more] = '\0';
    }
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
        close_stream(&guest->words);
}

static bool has_ended(imp_guest *guest)
{
    if (guest->process != 0 && waitpid(guest->process, &guest->ending, WNOHANG) == guest->process)
        guest->process = 0;
    return guest->process == 0;
}

// Fails with what happened, and what it said last.
static imp_status complain(imp_guest *guest, imp_error *err, const char *what)
{
    char how[64] = "";
    listen_to_words(guest);
    if (has_ended(guest) && WIFSIGNALED(guest->ending))
        snprintf(how, sizeof how, "; it was killed by signal %d", WTERMSIG(guest->ending));
    else if (guest->process == 0)
        snprintf(how, sizeof how, "; it ended with status %d", WEXITSTATUS(guest->ending));
    const char *words = guest->said + strspn(guest->said, " ");
    return imp_fail(err, IMP_CHECK_FAILED, "%s%s%s%s", what, how,
                    words[0] != '\0' ? "; its last words: " : "", words);
}

// Whether to go on waiting for something that has not happened.
static imp_status go_on(imp_guest *guest, const char *for_what, double until, imp_error *err)
{
    char what[128];
    listen_to_words(guest);
    if (imp_monitor_should_stop(guest->monitor))
        return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    if (has_ended(guest)) {
        snprintf(what, sizeof what, "the agent is gone while %s", for_what);
        return complain(guest, err, what);
    }
    if (imp_clock() < until)
        return IMP_OK;
    snprintf(what, sizeof what, "no answer in time while %s", for_what);
    return complain(guest, err, what);
}

// Waits until a stream can be used, or has ended.
static imp_status await(imp_guest *guest, int stream, short events, const char *for_what,
                        double until, imp_error *err)
{
    for (;;) {
        struct pollfd wanted[] = {{.fd = stream, .events = events},
                                  {.fd = guest->words, .events = POLLIN}};
        const double left = fmax(0.0, until - imp_clock());
        const int patience = left * 1000.0 < LOOK_UP_MS ? (int)(left * 1000.0) + 1 : LOOK_UP_MS;
        const int ready = poll(wanted, guest->words >= 0 ? 2 : 1, patience);
        if (ready < 0 && errno != EINTR)
            return imp_fail(err, IMP_IO, "waiting for an agent: %s", strerror(errno));
        if (ready > 0 && wanted[0].revents != 0)
            return IMP_OK;
        const imp_status status = go_on(guest, for_what, until, err);
        if (status != IMP_OK)
            return status;
    }
}

imp_status imp_guest_send(imp_guest *guest, const imp_cbor_out *message, double until,
                          imp_error *err)
{
    size_t sent = 0;
    while (sent < message->length) {
        const imp_status status =
            await(guest, guest->to, POLLOUT, "it is told something", until, err);
        if (status != IMP_OK)
            return status;
        const ssize_t count = write(guest->to, message->bytes + sent, message->length - sent);
        if (count >= 0)
            sent += (size_t)count;
        else if (errno != EAGAIN && errno != EINTR)
            return complain(guest, err, "the agent does not read any more");
    }
    return IMP_OK;
}

static imp_status read_more(imp_guest *guest, double until, imp_error *err)
{
    size_t room;
    const imp_status status = await(guest, guest->from, POLLIN, "its reply is awaited", until, err);
    if (status != IMP_OK)
        return status;
    uint8_t *target = imp_inbox_room(&guest->inbox, &room);
    if (target == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent's reply");
    const ssize_t count = read(guest->from, target, room);
    if (count == 0) {
        // why is known a moment later
        for (int k = 0; k < 50 && !has_ended(guest); k++)
            pause_a_little();
        return complain(guest, err, "the agent has ended its output");
    }
    if (count < 0 && errno != EAGAIN && errno != EINTR)
        return imp_fail(err, IMP_IO, "reading from an agent: %s", strerror(errno));
    imp_inbox_add(&guest->inbox, count > 0 ? (size_t)count : 0);
    return IMP_OK;
}

imp_status imp_guest_receive(imp_guest *guest, imp_message *out, double until, imp_error *err)
{
    imp_status status = IMP_OK;
    for (int foreign = 0; status == IMP_OK;) {
        char what[128];
        imp_cbor item;
        const char *why;
        const imp_cbor_state state = imp_inbox_take(&guest->inbox, &item, &why);
        if (state == IMP_CBOR_BAD) {
            snprintf(what, sizeof what, "the agent's output is no message: %s", why);
            return complain(guest, err, what);
        }
        if (state == IMP_CBOR_MORE) {
            status = read_more(guest, until, err);
            continue;
        }
        imp_message_read(out, item, false);
        if (out->kind == IMP_MESSAGE_UNREADABLE)
            return complain(guest, err,
                            "the agent wrote a message whose `control` or `topic` is no text");
        if (out->kind != IMP_MESSAGE_FOREIGN)
            return IMP_OK;
        if (++foreign == FOREIGN_LIMIT)
            return complain(guest, err, "the agent writes items without end that are no messages");
    }
    return status;
}

static imp_status make_fifos(imp_guest *guest, imp_error *err)
{
    const char *temporary = getenv("TMPDIR");
    const int length = snprintf(guest->folder, sizeof guest->folder, "%s/imprint-agent-XXXXXX",
                                temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp");
    if (length >= PATH_CAPACITY || mkdtemp(guest->folder) == NULL) {
        guest->folder[0] = '\0';
        return imp_fail(err, IMP_IO, "no folder for an agent's FIFOs: %s",
                        length >= PATH_CAPACITY ? "TMPDIR is too long" : strerror(errno));
    }
    snprintf(guest->path_in, sizeof guest->path_in, "%s/ego0-in", guest->folder);
    snprintf(guest->path_out, sizeof guest->path_out, "%s/ego0-out", guest->folder);
    if (mkfifo(guest->path_in, 0600) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", guest->path_in, strerror(errno));
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
static _Noreturn void become(const start *how)
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
            imp_sandbox_limit();
        execve(how->words[0], how->words, how->environment);
    }
    _exit(127);
}

static imp_status spawn(imp_guest *guest, start *how, imp_error *err)
{
    int words[2];
    if (pipe2(words, O_CLOEXEC | O_NONBLOCK) != 0)
        return imp_fail(err, IMP_IO, "no pipe for an agent: %s", strerror(errno));
    guest->words = words[0];
    // programs expect to wait when they write
    fcntl(words[1], F_SETFL, 0);
    how->output = words[1];
    const pid_t process = fork();
    if (process == 0)
        become(how);
    const int reason = errno;
    close(words[1]);
    if (process < 0)
        return imp_fail(err, IMP_IO, "cannot start an agent: %s", strerror(reason));
    // whichever of the two comes first
    setpgid(process, process);
    guest->process = process;
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

static imp_status start_bare(imp_guest *guest, const char *command, char *const variables[],
                             imp_error *err)
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
    const imp_status status = spawn(guest, &how, err);
    free(environment);
    return status;
}

static imp_status start_in_sandbox(imp_guest *guest, const char *command, char *const variables[],
                                   imp_error *err)
{
    char *environment[IMP_SANDBOX_VARIABLES + NODE_VARIABLES + 1] = {0};
    imp_sandbox *box = malloc(sizeof *box);
    if (box == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
    imp_status status = imp_sandbox_make(box, command, guest->folder, err);
    imp_sandbox_environment(environment, box);
    memcpy(environment + IMP_SANDBOX_VARIABLES, variables, NODE_VARIABLES * sizeof *environment);
    int input[2] = {-1, -1};
    if (status == IMP_OK && pipe2(input, O_CLOEXEC) != 0)
        status = imp_fail(err, IMP_IO, "no pipe for an agent: %s", strerror(errno));
    guest->go = input[1];
    start how = {
        .words = box->words, .environment = environment, .input = input[0], .limited = true};
    if (status == IMP_OK)
        status = spawn(guest, &how, err);
    close_stream(&input[0]);
    free(box);
    return status;
}

static imp_status start_process(imp_guest *guest, const char *command, bool sandbox, imp_error *err)
{
    char in[PATH_CAPACITY + 48], out[PATH_CAPACITY + 48], name[] = "AIDONODE_NAME=ego0";
    char *const variables[NODE_VARIABLES] = {name, in, out};
    snprintf(in, sizeof in, "AIDONODE_DATA_IN=%s", guest->path_in);
    snprintf(out, sizeof out, "AIDONODE_DATA_OUT=fifo:%s", guest->path_out);
    return sandbox ? start_in_sandbox(guest, command, variables, err)
                   : start_bare(guest, command, variables, err);
}

// Waits until the sandbox stands, and lets its command begin.
static imp_status let_go(imp_guest *guest, double until, imp_error *err)
{
    imp_status status = IMP_OK;
    while (status == IMP_OK && strstr(guest->said, IMP_SANDBOX_READY) == NULL) {
        pause_a_little();
        status = go_on(guest, "its sandbox is made", until, err);
    }
    guest->said[0] = '\0';
    if (status == IMP_OK && write(guest->go, "\n", 1) != 1)
        status = complain(guest, err, "the agent's sandbox is gone");
    close_stream(&guest->go);
    return status;
}

// Opens one of the FIFOs as soon as the agent has made it or opened its end.
static imp_status open_fifo(imp_guest *guest, int *out, const char *path, int flags, double until,
                            imp_error *err)
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
        pause_a_little();
        status = go_on(guest, "it opens its streams", until, err);
    }
    return status;
}

imp_status imp_guest_start(imp_guest **out, const imp_guest_def *def, double until, imp_error *err)
{
    imp_guest *guest = calloc(1, sizeof *guest);
    if (guest == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an agent");
    guest->to = guest->from = guest->words = guest->go = -1;
    guest->monitor = def->monitor;
    guest->inbox.limit = REPLY_LIMIT;
    imp_status status = make_fifos(guest, err);
    if (status == IMP_OK)
        status = start_process(guest, def->command, def->sandbox, err);
    if (status == IMP_OK && def->sandbox)
        status = let_go(guest, until, err);
    if (status == IMP_OK)
        status = open_fifo(guest, &guest->to, guest->path_in, O_WRONLY, until, err);
    if (status == IMP_OK)
        status = open_fifo(guest, &guest->from, guest->path_out, O_RDONLY, until, err);
    if (status != IMP_OK) {
        imp_guest_stop(guest, false);
        return status;
    }
    *out = guest;
    return IMP_OK;
}

void imp_guest_stop(imp_guest *guest, bool gently)
{
    if (guest == NULL)
        return;
    const pid_t group = guest->process;
    close_stream(&guest->go);
    close_stream(&guest->to);
    const double until = imp_clock() + GRACE_SECONDS;
    while (gently && !has_ended(guest) && imp_clock() < until) {
        listen_to_words(guest);
        pause_a_little();
    }
    // what it has started ends with it, as in a container
    if (group > 0)
        kill(-group, SIGKILL);
    if (guest->process != 0)
        while (waitpid(guest->process, &guest->ending, 0) < 0 && errno == EINTR)
            ;
    close_stream(&guest->from);
    close_stream(&guest->words);
    imp_inbox_free(&guest->inbox);
    if (guest->folder[0] != '\0') {
        unlink(guest->path_in);
        unlink(guest->path_out);
        rmdir(guest->folder);
    }
    free(guest);
}

// What a process has resident [bytes]; 0 if that cannot be told.
static int64_t resident(long process)
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
static int64_t resident_tree(long process, int depth)
{
    char path[64], *text;
    size_t length;
    int64_t bytes = resident(process);
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", process, process);
    if (depth == 0 || imp_file_read(&text, &length, path, 1 << 16, NULL) != IMP_OK)
        return bytes;
    char *at = text, *end;
    for (long child = strtol(at, &end, 10); end > at; child = strtol(at, &end, 10)) {
        bytes += resident_tree(child, depth - 1);
        at = end;
    }
    free(text);
    return bytes;
}

int64_t imp_guest_memory(const imp_guest *guest)
{
    enum { DEPTH = 8 };
    return guest->process > 0 ? resident_tree(guest->process, DEPTH) : 0;
}
