// Inference on a worker thread. The caller submits images and waits for the action with a
// deadline. Each submitted image gets a number; `wanted` is the newest one and `done` the last
// one that was processed. The worker always takes the newest image, so a slow network skips
// images instead of falling behind. After a timeout the result of the old image is still
// computed, but never returned for a newer one. All shared fields are protected by one mutex,
// which is released during inference.
#include "deploy/agent/async_inference.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// The bytes of one JPEG. The capacity only grows, so submitting an image rarely allocates memory.
typedef struct image {
    uint8_t *bytes;
    size_t length, capacity;
} image;

struct imp_async_inference {
    // These fields are set before the thread starts and do not change.
    imp_async_function decide;
    void *context;
    pthread_t thread;
    pthread_mutex_t lock; // protects all fields below
    pthread_cond_t submitted, finished;
    bool quit;
    image next;                        // the newest image; the worker swaps it with its own buffer
    imp_action_history action_history; // since the last inference
    double time_step;                  // of images to come [s]; 0: not known
    double next_time_step;             // of the newest image
    uint64_t discarded_up_to;          // images up to this number belong to earlier episodes
    uint64_t wanted, done;             // numbers of the last image submitted and processed; 0: none
    imp_async_state state;             // of `done`
    imp_action action;                 // of `done`
    char why[IMP_ASYNC_ERROR_MAX];     // of `done`
};

// The worker: takes the newest image, runs inference without holding the lock, stores the result.
static void *run_inference_thread(void *context)
{
    imp_async_inference *inference = context;
    image own = {0};
    pthread_mutex_lock(&inference->lock);
    while (!inference->quit) {
        // Nothing new: wait for an image. pthread_cond_wait() releases the lock meanwhile.
        if (inference->done >= inference->wanted) {
            pthread_cond_wait(&inference->submitted, &inference->lock);
            continue;
        }
        // Take the image by swapping buffers, and take the history that belongs to it.
        // With two buffers, the caller can fill one while the network reads the other.
        const uint64_t number = inference->wanted;
        const image taken = inference->next;
        inference->next = own;
        own = taken;
        imp_action_history action_history = inference->action_history;
        action_history.time_step = inference->next_time_step;
        inference->action_history = (imp_action_history){.count = 0};
        pthread_mutex_unlock(&inference->lock);
        // From here to the next lock, only local variables and the worker's own buffer are used.
        imp_action action = {0};
        char why[IMP_ASYNC_ERROR_MAX] = "";
        const bool readable = inference->decide(inference->context, &action_history, own.bytes,
                                                own.length, &action, why, sizeof why);
        pthread_mutex_lock(&inference->lock);
        // Publish the result, even if a newer image has arrived meanwhile.
        // A waiting caller compares this number with `wanted`.
        inference->done = number;
        inference->state = readable ? IMP_ASYNC_READY : IMP_ASYNC_BAD_INPUT;
        inference->action = readable ? imp_action_clip(action) : (imp_action){0};
        memcpy(inference->why, why, sizeof why);
        pthread_cond_signal(&inference->finished);
    }
    pthread_mutex_unlock(&inference->lock);
    free(own.bytes);
    return NULL;
}

// Starts the worker with all signals blocked: they are handled by the thread that reads messages.
static int start_thread(imp_async_inference *inference)
{
    // A new thread inherits the mask of its creator, which is restored afterwards.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int code = pthread_create(&inference->thread, NULL, run_inference_thread, inference);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

// Creates the worker, which waits for the first image. The caller owns *out.
imp_status imp_async_inference_create(imp_async_inference **out, imp_async_function decide,
                                      void *context, imp_error *err)
{
    imp_async_inference *inference = calloc(1, sizeof *inference);
    if (inference == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for inference");
    inference->decide = decide;
    inference->context = context;
    // Deadlines use the monotonic clock, which changes of the wall clock do not affect.
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&inference->lock, NULL);
    pthread_cond_init(&inference->submitted, NULL);
    pthread_cond_init(&inference->finished, &clock);
    pthread_condattr_destroy(&clock);
    const int code = start_thread(inference);
    if (code != 0) {
        free(inference);
        return imp_fail(err, IMP_INTERNAL, "cannot start a thread: %s", strerror(code));
    }
    *out = inference;
    return IMP_OK;
}

void imp_async_inference_destroy(imp_async_inference *inference)
{
    if (inference == NULL)
        return;
    // Wake the worker if it waits for an image. An inference in progress is completed first.
    pthread_mutex_lock(&inference->lock);
    inference->quit = true;
    pthread_cond_signal(&inference->submitted);
    pthread_mutex_unlock(&inference->lock);
    pthread_join(inference->thread, NULL);
    pthread_cond_destroy(&inference->submitted);
    pthread_cond_destroy(&inference->finished);
    pthread_mutex_destroy(&inference->lock);
    free(inference->next.bytes);
    free(inference);
}

// Copies an image and enlarges the buffer if needed. The old content need not be kept.
static bool copy_image(image *to, const uint8_t *jpeg, size_t length)
{
    if (length > to->capacity) {
        // Allocate some more than needed: images of one camera have similar sizes.
        const size_t capacity = length + length / 2;
        uint8_t *bytes = realloc(to->bytes, capacity);
        if (bytes == NULL)
            return false;
        to->bytes = bytes;
        to->capacity = capacity;
    }
    if (length > 0)
        memcpy(to->bytes, jpeg, length);
    to->length = length;
    return true;
}

// Replaces an image that was not processed yet. False: out of memory; then nothing changed.
bool imp_async_inference_submit(imp_async_inference *inference, const uint8_t *jpeg, size_t length)
{
    pthread_mutex_lock(&inference->lock);
    const bool copied = copy_image(&inference->next, jpeg, length);
    if (copied) {
        inference->next_time_step = inference->time_step;
        inference->wanted++;
        pthread_cond_signal(&inference->submitted);
    }
    pthread_mutex_unlock(&inference->lock);
    return copied;
}

// Returns the time that lies so many seconds in the future, on the monotonic clock.
static struct timespec monotonic_deadline_after(double seconds)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    // The integer part goes to the seconds, the fraction to the nanoseconds, with a carry.
    const double whole = floor(seconds);
    time.tv_sec += (time_t)whole;
    time.tv_nsec += (long)((seconds - whole) * 1e9);
    if (time.tv_nsec >= 1000000000L) {
        time.tv_nsec -= 1000000000L;
        time.tv_sec++;
    }
    return time;
}

// Appends an answer to the history and drops the oldest if it is full.
static void append_dropping_oldest(imp_action_history *action_history, imp_action answer)
{
    if (action_history->count == IMP_ACTION_HISTORY_MAX)
        memmove(action_history->actions, action_history->actions + 1,
                (size_t)--action_history->count * sizeof *action_history->actions);
    action_history->actions[action_history->count++] = answer;
}

// Returns the action for the newest image, or the reason why there is none. `seconds` limits the
// wait. Without an action, *out is zero for both wheels.
imp_async_state imp_async_inference_await(imp_async_inference *inference, double seconds,
                                          imp_action *out, char *why)
{
    imp_async_state state = IMP_ASYNC_NO_INPUT;
    *out = (imp_action){0};
    pthread_mutex_lock(&inference->lock);
    const bool submitted = inference->wanted > inference->discarded_up_to;
    // Wait for the newest image, until the deadline.
    if (submitted && inference->done < inference->wanted) {
        const struct timespec until = monotonic_deadline_after(seconds);
        int code = 0;
        // A condition variable can wake up without a signal, so the condition is tested in a loop.
        while (inference->done < inference->wanted && code == 0)
            code = pthread_cond_timedwait(&inference->finished, &inference->lock, &until);
    }
    // Take the result, or report that it is late. Neither changes what the worker does.
    if (submitted && inference->done < inference->wanted) {
        state = IMP_ASYNC_TIMEOUT;
    } else if (submitted) {
        state = inference->state;
        *out = inference->action;
        if (why != NULL)
            memcpy(why, inference->why, IMP_ASYNC_ERROR_MAX);
    }
    // The robot executes what is answered, zeros included. So every answer enters the history.
    append_dropping_oldest(&inference->action_history, *out);
    pthread_mutex_unlock(&inference->lock);
    return state;
}

void imp_async_inference_set_time_step(imp_async_inference *inference, double seconds)
{
    pthread_mutex_lock(&inference->lock);
    inference->time_step = seconds;
    pthread_mutex_unlock(&inference->lock);
}

// Begins an episode: the network starts with an empty history and without an image.
void imp_async_inference_reset(imp_async_inference *inference)
{
    pthread_mutex_lock(&inference->lock);
    // An inference in progress is not stopped; its result belongs to a discarded image.
    inference->discarded_up_to = inference->wanted;
    inference->action_history = (imp_action_history){.begins = true};
    pthread_mutex_unlock(&inference->lock);
}
