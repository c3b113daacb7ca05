// Dealing of work. Rank 0 has two threads. The caller's does nothing but communicate, so that no
// other rank waits for long. The second one settles what has come, and works on a piece of its own
// while there is nothing to settle. Other ranks ask, work, send, and ask again. A lock guards who
// has which piece; what is kept of a piece belongs to one thread at a time.
#include "base/communicator/dealing.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/common/try.h"

// What rank 0 answers to a rank that asks for a piece when there is none any more.
enum { NO_PIECE = -1 };

// What a rank says when it asks for a piece: which one it has done, and whether that failed.
typedef struct request {
    int done; // NO_PIECE at the beginning
    imp_error error;
} request;

// A piece as rank 0 sees it.
typedef struct piece_state {
    bool kept;        // it is done, and what it made is there
    imp_error *error; // why it failed; NULL: it did not
} piece_state;

// Rank 0's view of all.
typedef struct dealer {
    const imp_dealing *dealing;
    imp_communicator *ranks;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    piece_state *states;   // (pieces)
    int dealt;             // pieces [0, dealt) are with somebody, or done
    int settled;           // pieces [0, settled) are settled
    int out;               // pieces that other ranks have
    bool stops;            // nothing more is dealt
    bool *waits;           // (ranks) asked, and had no answer yet
    int at_end;            // ranks
    imp_status status;     // of all
    imp_error error;       // why
    bool own_thread_ended; // all is settled that can be
} dealer;

// With the lock. The next piece, or NO_PIECE if there is none at present.
static int next_piece(dealer *d)
{
    const imp_dealing *dealing = d->dealing;
    if (d->stops || d->dealt == dealing->pieces ||
        (dealing->ahead > 0 && d->dealt >= d->settled + dealing->ahead))
        return NO_PIECE;
    return d->dealt++;
}

// With the lock. Whether no piece will be dealt any more.
static bool is_all_dealt(const dealer *d)
{
    return d->stops || d->dealt == d->dealing->pieces;
}

// With the lock. The first failure in the order of pieces, or of a message, ends the dealing.
static void stop_with_failure(dealer *d, imp_status status, const imp_error *error)
{
    if (d->status == IMP_OK) {
        d->status = status;
        d->error = *error;
    }
    d->stops = true;
}

// With the lock. Notes that a piece is done, or why it failed.
static void note_result(dealer *d, int piece, const imp_error *error)
{
    d->states[piece].kept = true;
    if (error->status == IMP_OK)
        return;
    d->stops = true;
    d->states[piece].error = malloc(sizeof *error);
    if (d->states[piece].error != NULL)
        *d->states[piece].error = *error;
    else
        stop_with_failure(d, error->status, error);
}

// With the lock, which it releases in between. Settles a piece that is there. After a failure
// nothing is settled any more.
static void settle_next_piece(dealer *d)
{
    const int piece = d->settled;
    imp_error error = {0};
    imp_status status = IMP_OK;
    if (d->states[piece].error != NULL) {
        error = *d->states[piece].error;
        status = error.status;
    } else {
        pthread_mutex_unlock(&d->lock);
        status = d->dealing->settle(d->dealing->context, piece, &error);
        pthread_mutex_lock(&d->lock);
    }
    if (status != IMP_OK)
        stop_with_failure(d, status, &error);
    else
        d->settled++;
}

// With the lock, which it releases in between. A piece of rank 0's own.
static void work_on_own_piece(dealer *d, int piece)
{
    imp_error error = {0};
    pthread_mutex_unlock(&d->lock);
    error.status = d->dealing->work(d->dealing->context, piece, &error);
    pthread_mutex_lock(&d->lock);
    note_result(d, piece, &error);
}

// Rank 0's second thread.
static void *settle_and_work(void *context)
{
    dealer *d = context;
    pthread_mutex_lock(&d->lock);
    for (;;) {
        int piece = NO_PIECE;
        const bool settles =
            d->status == IMP_OK && d->settled < d->dealing->pieces && d->states[d->settled].kept;
        if (settles)
            settle_next_piece(d);
        else
            piece = next_piece(d);
        if (piece != NO_PIECE)
            work_on_own_piece(d, piece);
        else if (!settles && is_all_dealt(d) && d->out == 0)
            break;
        else if (!settles)
            pthread_cond_wait(&d->changed, &d->lock);
    }
    d->own_thread_ended = true;
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

// Reads the request of a rank, and what it made.
static imp_status receive_request(dealer *d, int from, imp_error *err)
{
    request asks;
    IMP_TRY(imp_communicator_receive(d->ranks, from, &asks, sizeof asks, err));
    if (asks.done != NO_PIECE && asks.error.status == IMP_OK)
        IMP_TRY(d->dealing->receive(d->dealing->context, asks.done, from, err));
    pthread_mutex_lock(&d->lock);
    d->waits[from] = true;
    if (asks.done != NO_PIECE) {
        d->out--;
        note_result(d, asks.done, &asks.error);
    }
    pthread_cond_signal(&d->changed);
    pthread_mutex_unlock(&d->lock);
    return IMP_OK;
}

// Answers the ranks that wait, if there is an answer. Those that get no more piece are answered
// when all is done, because waiting for all others would keep their processors busy.
static imp_status answer_waiting_ranks(dealer *d, imp_error *err)
{
    imp_status status = IMP_OK;
    for (int rank = 1; rank < d->ranks->size && status == IMP_OK; rank++) {
        if (!d->waits[rank])
            continue;
        pthread_mutex_lock(&d->lock);
        const int piece = next_piece(d);
        const bool ends = piece == NO_PIECE && d->own_thread_ended;
        d->out += piece != NO_PIECE;
        pthread_mutex_unlock(&d->lock);
        if (piece == NO_PIECE && !ends)
            continue;
        d->waits[rank] = false;
        d->at_end += ends;
        status = imp_communicator_send(d->ranks, rank, &piece, sizeof piece, err);
    }
    return status;
}

// Rank 0's first thread: receives and answers until all ranks know that there is no more.
static imp_status serve_ranks(dealer *d, imp_error *err)
{
    const struct timespec pause = {.tv_nsec = 1000 * 1000};
    while (d->at_end < d->ranks->size - 1) {
        int from;
        IMP_TRY(imp_communicator_poll(d->ranks, &from, err));
        if (from >= 0)
            IMP_TRY(receive_request(d, from, err));
        IMP_TRY(answer_waiting_ranks(d, err));
        if (from < 0)
            nanosleep(&pause, NULL);
    }
    return IMP_OK;
}

// Lets the second thread end although ranks do not answer.
static void give_up(dealer *d, imp_status status, const imp_error *error)
{
    pthread_mutex_lock(&d->lock);
    stop_with_failure(d, status, error);
    d->out = 0;
    pthread_cond_signal(&d->changed);
    pthread_mutex_unlock(&d->lock);
}

static imp_status run_dealer(dealer *d, imp_error *err)
{
    const size_t stack = (size_t)8 << 20; // as the first thread has
    pthread_t thread;
    pthread_attr_t attributes;
    imp_error error = {0};
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack);
    const int code = pthread_create(&thread, &attributes, settle_and_work, d);
    pthread_attr_destroy(&attributes);
    if (code != 0)
        return imp_fail(err, IMP_NO_MEMORY, "no thread to work in: %s", strerror(code));
    const imp_status status = serve_ranks(d, &error);
    if (status != IMP_OK)
        give_up(d, status, &error);
    pthread_join(thread, NULL);
    if (d->status != IMP_OK)
        *err = d->error;
    return d->status;
}

static imp_status deal_from_rank_0(imp_communicator *ranks, const imp_dealing *dealing,
                                   imp_error *err)
{
    dealer d = {.dealing = dealing, .ranks = ranks};
    imp_status status = IMP_OK;
    d.states = calloc((size_t)dealing->pieces + 1, sizeof *d.states);
    d.waits = calloc((size_t)ranks->size, sizeof *d.waits);
    if (d.states == NULL || d.waits == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory to deal work");
    pthread_mutex_init(&d.lock, NULL);
    pthread_cond_init(&d.changed, NULL);
    if (status == IMP_OK)
        status = run_dealer(&d, err);
    pthread_cond_destroy(&d.changed);
    pthread_mutex_destroy(&d.lock);
    for (int k = 0; d.states != NULL && k < dealing->pieces; k++)
        free(d.states[k].error);
    free(d.states);
    free(d.waits);
    return status;
}

// Asks for pieces, works, and sends what it made.
static imp_status work_for_rank_0(imp_communicator *ranks, const imp_dealing *dealing,
                                  imp_error *err)
{
    request asks = {.done = NO_PIECE};
    for (;;) {
        IMP_TRY(imp_communicator_send(ranks, 0, &asks, sizeof asks, err));
        if (asks.done != NO_PIECE && asks.error.status == IMP_OK)
            IMP_TRY(dealing->send(dealing->context, asks.done, err));
        asks = (request){.done = NO_PIECE};
        IMP_TRY(imp_communicator_receive(ranks, 0, &asks.done, sizeof asks.done, err));
        if (asks.done == NO_PIECE)
            return IMP_OK;
        asks.error.status = dealing->work(dealing->context, asks.done, &asks.error);
    }
}

imp_status imp_deal(imp_communicator *communicator, const imp_dealing *dealing, imp_error *err)
{
    return communicator->rank == 0 ? deal_from_rank_0(communicator, dealing, err)
                                   : work_for_rank_0(communicator, dealing, err);
}
