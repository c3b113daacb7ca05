#include "arena/floor.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { ASKS, ANSWERS, READS = 0, WRITES = 1 };

struct imp_floor {
    pthread_t thread;
    bool runs;
    int pipes[2][2];
    long steps;
    volatile uint64_t counted; // so that counting is not left out
};

static void count(imp_floor *floor, long steps)
{
    uint64_t x = floor->counted + 1;
    for (long k = 0; k < steps; k++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    floor->counted = x;
}

// Whether a byte came or went; a closed pipe ends the matter.
static bool take(int stream)
{
    char byte;
    ssize_t got;
    while ((got = read(stream, &byte, 1)) < 0 && errno == EINTR)
        ;
    return got == 1;
}

static bool give(int stream)
{
    ssize_t gone;
    while ((gone = write(stream, "", 1)) < 0 && errno == EINTR)
        ;
    return gone == 1;
}

static void *answer(void *context)
{
    imp_floor *floor = context;
    while (take(floor->pipes[ASKS][READS])) {
        count(floor, floor->steps);
        if (!give(floor->pipes[ANSWERS][WRITES]))
            break;
    }
    return NULL;
}

// How many steps take so long, by the best of a few tries.
static long steps_of(imp_floor *floor, double seconds)
{
    enum { TRIES = 8, STEPS = 50000 };
    double best = 1.0;
    for (int k = 0; k < TRIES; k++) {
        const double start = imp_clock();
        count(floor, STEPS);
        best = fmin(best, imp_clock() - start);
    }
    return 1 + (long)(fmin(seconds, 10.0) / fmax(best, 1e-9) * STEPS);
}

imp_status imp_floor_create(imp_floor **out, double seconds, imp_error *err)
{
    imp_floor *floor = malloc(sizeof *floor);
    if (floor == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a benchmark");
    *floor = (imp_floor){.pipes = {{-1, -1}, {-1, -1}}};
    int code = 0;
    for (int k = 0; k < 2 && code == 0; k++)
        if (pipe2(floor->pipes[k], O_CLOEXEC) != 0)
            code = errno;
    floor->steps = steps_of(floor, seconds);
    if (code == 0)
        code = pthread_create(&floor->thread, NULL, answer, floor);
    floor->runs = code == 0;
    if (code != 0) {
        imp_floor_destroy(floor);
        return imp_fail(err, IMP_INTERNAL, "cannot start a thread: %s", strerror(code));
    }
    *out = floor;
    return IMP_OK;
}

void imp_floor_destroy(imp_floor *floor)
{
    if (floor == NULL)
        return;
    if (floor->pipes[ASKS][WRITES] >= 0)
        close(floor->pipes[ASKS][WRITES]);
    if (floor->runs)
        pthread_join(floor->thread, NULL);
    for (int k = 0; k < 4; k++)
        if (k != 1 && floor->pipes[k / 2][k % 2] >= 0)
            close(floor->pipes[k / 2][k % 2]);
    free(floor);
}

double imp_floor_ask(imp_floor *floor)
{
    const double start = imp_clock();
    if (give(floor->pipes[ASKS][WRITES]))
        take(floor->pipes[ANSWERS][READS]);
    return imp_clock() - start;
}
