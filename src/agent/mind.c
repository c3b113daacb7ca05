#include "agent/mind.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct picture {
    uint8_t *bytes;
    size_t length, capacity;
} picture;

struct imp_mind {
    imp_decide decide;
    void *context;
    pthread_t thread;
    pthread_mutex_t lock; // of what follows
    pthread_cond_t shown, decided;
    bool quit;
    picture next;           // the last one shown; the thread swaps it for its own
    imp_mind_news news;     // for it
    uint64_t forgotten;     // no question is about pictures up to this number
    uint64_t wanted, done;  // numbers of the last picture shown and decided; 0: none
    imp_mind_state state;   // of `done`
    imp_action action;      // of `done`
    char why[IMP_MIND_WHY]; // of `done`
};

static void *think(void *context)
{
    imp_mind *mind = context;
    picture own = {0};
    pthread_mutex_lock(&mind->lock);
    while (!mind->quit) {
        if (mind->done >= mind->wanted) {
            pthread_cond_wait(&mind->shown, &mind->lock);
            continue;
        }
        const uint64_t number = mind->wanted;
        const picture taken = mind->next;
        mind->next = own;
        own = taken;
        const imp_mind_news news = mind->news;
        mind->news = (imp_mind_news){.count = 0};
        pthread_mutex_unlock(&mind->lock);
        imp_action action = {0};
        char why[IMP_MIND_WHY] = "";
        const bool readable =
            mind->decide(mind->context, &news, own.bytes, own.length, &action, why, sizeof why);
        pthread_mutex_lock(&mind->lock);
        mind->done = number;
        mind->state = readable ? IMP_MIND_READY : IMP_MIND_UNREADABLE;
        mind->action = readable ? imp_action_clip(action) : (imp_action){0};
        memcpy(mind->why, why, sizeof why);
        pthread_cond_signal(&mind->decided);
    }
    pthread_mutex_unlock(&mind->lock);
    free(own.bytes);
    return NULL;
}

// Signals are for the thread that reads messages.
static int start_thread(imp_mind *mind)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int code = pthread_create(&mind->thread, NULL, think, mind);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

imp_status imp_mind_create(imp_mind **out, imp_decide decide, void *context, imp_error *err)
{
    imp_mind *mind = calloc(1, sizeof *mind);
    if (mind == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to decide");
    mind->decide = decide;
    mind->context = context;
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&mind->lock, NULL);
    pthread_cond_init(&mind->shown, NULL);
    pthread_cond_init(&mind->decided, &clock);
    pthread_condattr_destroy(&clock);
    const int code = start_thread(mind);
    if (code != 0) {
        free(mind);
        return imp_fail(err, IMP_INTERNAL, "cannot start a thread: %s", strerror(code));
    }
    *out = mind;
    return IMP_OK;
}

void imp_mind_destroy(imp_mind *mind)
{
    if (mind == NULL)
        return;
    pthread_mutex_lock(&mind->lock);
    mind->quit = true;
    pthread_cond_signal(&mind->shown);
    pthread_mutex_unlock(&mind->lock);
    pthread_join(mind->thread, NULL);
    pthread_cond_destroy(&mind->shown);
    pthread_cond_destroy(&mind->decided);
    pthread_mutex_destroy(&mind->lock);
    free(mind->next.bytes);
    free(mind);
}

static bool copy_picture(picture *to, const uint8_t *jpeg, size_t length)
{
    if (length > to->capacity) {
        // somewhat more, because pictures of one camera have about the same length
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

bool imp_mind_show(imp_mind *mind, const uint8_t *jpeg, size_t length)
{
    pthread_mutex_lock(&mind->lock);
    const bool copied = copy_picture(&mind->next, jpeg, length);
    if (copied) {
        mind->wanted++;
        pthread_cond_signal(&mind->shown);
    }
    pthread_mutex_unlock(&mind->lock);
    return copied;
}

static struct timespec time_from_now(double seconds)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    const double whole = floor(seconds);
    time.tv_sec += (time_t)whole;
    time.tv_nsec += (long)((seconds - whole) * 1e9);
    if (time.tv_nsec >= 1000000000L) {
        time.tv_nsec -= 1000000000L;
        time.tv_sec++;
    }
    return time;
}

static void note_answer(imp_mind_news *news, imp_action answer)
{
    if (news->count == IMP_MIND_ANSWERS)
        memmove(news->answers, news->answers + 1, (size_t)--news->count * sizeof *news->answers);
    news->answers[news->count++] = answer;
}

imp_mind_state imp_mind_ask(imp_mind *mind, double seconds, imp_action *out, char *why)
{
    imp_mind_state state = IMP_MIND_NOTHING;
    *out = (imp_action){0};
    pthread_mutex_lock(&mind->lock);
    const bool shown = mind->wanted > mind->forgotten;
    if (shown && mind->done < mind->wanted) {
        const struct timespec until = time_from_now(seconds);
        int code = 0;
        while (mind->done < mind->wanted && code == 0)
            code = pthread_cond_timedwait(&mind->decided, &mind->lock, &until);
    }
    if (shown && mind->done < mind->wanted) {
        state = IMP_MIND_LATE;
    } else if (shown) {
        state = mind->state;
        *out = mind->action;
        if (why != NULL)
            memcpy(why, mind->why, IMP_MIND_WHY);
    }
    note_answer(&mind->news, *out);
    pthread_mutex_unlock(&mind->lock);
    return state;
}

void imp_mind_forget(imp_mind *mind)
{
    pthread_mutex_lock(&mind->lock);
    mind->forgotten = mind->wanted;
    mind->news = (imp_mind_news){.begins = true};
    pthread_mutex_unlock(&mind->lock);
}
