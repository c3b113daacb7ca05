// The baseline thread. A request is one byte on one pipe, the answer one byte on another, like
// the messages of an agent. In between the thread runs a fixed number of xorshift steps, which
// need no memory and make no system calls. That number is calibrated once for the wanted
// duration.
// One round trip costs two writes, two reads and two switches of threads.
#include "deploy/evaluator/latency_baseline.h"
#include "base/common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REQUESTS, REPLIES, READ_END = 0, WRITE_END = 1 };

struct imp_latency_baseline {
    pthread_t thread;
    // whether the thread was started and must be joined
    bool runs;
    // one pipe for requests and one for replies, each with two ends
    int pipes[2][2];
    // work per request, in steps of xorshift
    long steps;
    volatile uint64_t sink; // a visible result, so that the loop is not optimised away
};

// Computes so many xorshift steps.
static void busy_loop(imp_latency_baseline *baseline, long steps)
{
    // Starting from the last result makes each run depend on the one before.
    uint64_t x = baseline->sink + 1;
    for (long k = 0; k < steps; k++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    baseline->sink = x;
}

// Both return whether a byte was transferred; false once the other end is closed.
static bool read_byte(int stream)
{
    char byte;
    ssize_t got;
    // A signal may interrupt the call before the byte is transferred.
    while ((got = read(stream, &byte, 1)) < 0 && errno == EINTR)
        ;
    return got == 1;
}

// Writes one byte; its value does not matter.
static bool write_byte(int stream)
{
    ssize_t gone;
    while ((gone = write(stream, "", 1)) < 0 && errno == EINTR)
        ;
    return gone == 1;
}

// The thread: answers requests until their pipe is closed.
static void *answer_pipe_requests(void *context)
{
    imp_latency_baseline *baseline = context;
    while (read_byte(baseline->pipes[REQUESTS][READ_END])) {
        busy_loop(baseline, baseline->steps);
        if (!write_byte(baseline->pipes[REPLIES][WRITE_END]))
            break;
    }
    return NULL;
}

// Returns how many steps take so long [s]. The fastest of several runs counts, because delays only
// make a run slower.
static long busy_loop_steps_for(imp_latency_baseline *baseline, double seconds)
{
    enum { TRIES = 8, STEPS = 50000 };
    double best = 1.0;
    for (int k = 0; k < TRIES; k++) {
        const double start = imp_monotonic_seconds();
        busy_loop(baseline, STEPS);
        best = fmin(best, imp_monotonic_seconds() - start);
    }
    // Scale the measured time to the wanted one. The limit of 10 s prevents an overflow.
    return 1 + (long)(fmin(seconds, 10.0) / fmax(best, 1e-9) * STEPS);
}

// Creates the thread. `seconds` is the computing time that it spends on each request.
imp_status imp_latency_baseline_create(imp_latency_baseline **out, double seconds, imp_error *err)
{
    imp_latency_baseline *baseline = malloc(sizeof *baseline);
    if (baseline == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a benchmark");
    *baseline = (imp_latency_baseline){.pipes = {{-1, -1}, {-1, -1}}};
    int code = 0;
    for (int k = 0; k < 2 && code == 0; k++)
        if (pipe2(baseline->pipes[k], O_CLOEXEC) != 0)
            code = errno;
    // The calibration runs before the thread exists, so nothing disturbs it.
    baseline->steps = busy_loop_steps_for(baseline, seconds);
    if (code == 0)
        code = pthread_create(&baseline->thread, NULL, answer_pipe_requests, baseline);
    baseline->runs = code == 0;
    if (code != 0) {
        imp_latency_baseline_destroy(baseline);
        return imp_fail(err, IMP_INTERNAL, "cannot start a thread: %s", strerror(code));
    }
    *out = baseline;
    return IMP_OK;
}

// Frees also a partly created baseline, whose pipes are -1.
void imp_latency_baseline_destroy(imp_latency_baseline *baseline)
{
    if (baseline == NULL)
        return;
    // Closing the request pipe ends the thread. The other ends are closed after it (1 is the end
    // that is closed already).
    if (baseline->pipes[REQUESTS][WRITE_END] >= 0)
        close(baseline->pipes[REQUESTS][WRITE_END]);
    if (baseline->runs)
        pthread_join(baseline->thread, NULL);
    for (int k = 0; k < 4; k++)
        if (k != 1 && baseline->pipes[k / 2][k % 2] >= 0)
            close(baseline->pipes[k / 2][k % 2]);
    free(baseline);
}

// Returns the time of one round trip to the thread [s].
double imp_latency_baseline_measure(imp_latency_baseline *baseline)
{
    const double start = imp_monotonic_seconds();
    if (write_byte(baseline->pipes[REQUESTS][WRITE_END]))
        read_byte(baseline->pipes[REPLIES][READ_END]);
    return imp_monotonic_seconds() - start;
}
