// Dealing: every piece is done once and settled in order, whoever does it; a slow rank does fewer;
// the first failure is told; rank 0 keeps no more than it may. Ranks are threads.
#include "testing.h"
#include "thread_ranks.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/communicator/dealing.h"

enum { PIECES = 60 };

// What all ranks share in a test, and what each has.
typedef struct shared_record {
    int pieces, ahead;
    int slow;            // this rank takes long; -1: none
    int fails;           // this piece and those behind it fail, but the one behind first; -1: none
    int fails_to_settle; // this piece
    int done_by[PIECES]; // rank + 1
    int kept[PIECES];    // what a piece made, on rank 0
    int settled[PIECES]; // in this order
    atomic_bool slow_has_begun;
    atomic_int settled_count, done_count, most_ahead;
} shared_record;

typedef struct rank_record {
    shared_record *shared;
    imp_communicator *ranks;
    int made;
    imp_status status;
    imp_error err;
} rank_record;

static void wait_milliseconds(int milliseconds)
{
    const struct timespec pause = {.tv_nsec = milliseconds * 1000000L};
    nanosleep(&pause, NULL);
}

// The slow rank takes until all others have done what they can without its piece. Where that is
// rank 0, nothing is settled meanwhile.
static void wait_for_others(const shared_record *shared, int piece)
{
    const int from = shared->slow == 0 ? shared->settled_count : piece;
    const int end = shared->ahead > 0 && from + shared->ahead < shared->pieces
                        ? from + shared->ahead
                        : shared->pieces;
    while (shared->done_count < end - 1)
        wait_milliseconds(1);
}

static imp_status work(void *context, int piece, imp_error *err)
{
    rank_record *self = context;
    shared_record *shared = self->shared;
    const int ahead = piece - shared->settled_count;
    if (ahead > shared->most_ahead)
        shared->most_ahead = ahead;
    shared->slow_has_begun = shared->slow_has_begun || self->ranks->rank == shared->slow;
    if (self->ranks->rank == shared->slow)
        wait_for_others(shared, piece);
    // it gets one before the others have done all
    while (shared->slow >= 0 && !shared->slow_has_begun)
        wait_milliseconds(1);
    shared->done_count++;
    shared->done_by[piece] += self->ranks->rank + 1;
    self->made = 100 + piece;
    if (self->ranks->rank == 0)
        shared->kept[piece] = self->made;
    if (shared->fails >= 0 && piece == shared->fails)
        wait_milliseconds(10);
    if (shared->fails >= 0 && piece >= shared->fails)
        return imp_fail(err, IMP_BAD_INPUT, "piece %d is bad", piece);
    return IMP_OK;
}

static imp_status send_made(void *context, int piece, imp_error *err)
{
    const rank_record *self = context;
    (void)piece;
    return imp_communicator_send(self->ranks, 0, &self->made, sizeof self->made, err);
}

static imp_status receive_made(void *context, int piece, int from, imp_error *err)
{
    const rank_record *self = context;
    return imp_communicator_receive(self->ranks, from, &self->shared->kept[piece], sizeof(int),
                                    err);
}

static imp_status settle(void *context, int piece, imp_error *err)
{
    shared_record *shared = ((rank_record *)context)->shared;
    if (piece == shared->fails_to_settle)
        return imp_fail(err, IMP_IO, "the disk is full");
    shared->settled[shared->settled_count++] = shared->kept[piece];
    return IMP_OK;
}

static void deal_in_rank(imp_communicator *communicator, void *item)
{
    rank_record *self = item;
    self->ranks = communicator;
    const imp_dealing dealing = {
        .pieces = self->shared->pieces,
        .ahead = self->shared->ahead,
        .context = self,
        .work = work,
        .send = send_made,
        .receive = receive_made,
        .settle = settle,
    };
    self->status = imp_deal(communicator, &dealing, &self->err);
}

// Deals to so many ranks; returns the status of rank 0. Others do not fail.
static imp_status deal(shared_record *shared, int size, imp_error *err)
{
    rank_record records[THREAD_RANKS_MAX] = {0};
    thread_ranks all;
    thread_ranks_init(&all, size);
    for (int k = 0; k < size; k++)
        records[k].shared = shared;
    thread_ranks_run(&all, deal_in_rank, records, sizeof *records);
    for (int k = 1; k < size; k++)
        assert_ok(records[k].status, records[k].err);
    thread_ranks_destroy(&all);
    *err = records[0].err;
    return records[0].status;
}

static void assert_settled_in_order(const shared_record *shared, int count)
{
    assert_int_equal(shared->settled_count, count);
    for (int k = 0; k < count; k++)
        assert_int_equal(shared->settled[k], 100 + k);
}

static void pieces_are_done_once_and_settled_in_order(void **state)
{
    (void)state;
    imp_error err = {0};
    for (int size = 2; size <= THREAD_RANKS_MAX; size++)
        for (int slow = -1; slow < size; slow++) {
            shared_record shared = {
                .pieces = PIECES, .slow = slow, .fails = -1, .fails_to_settle = -1};
            int of_slow = 0;
            assert_ok(deal(&shared, size, &err), err);
            assert_settled_in_order(&shared, PIECES);
            for (int k = 0; k < PIECES; k++) {
                assert_in_range(shared.done_by[k], 1, size);
                of_slow += shared.done_by[k] == slow + 1;
            }
            // an equal split would give it PIECES / size, and never end
            if (slow >= 0)
                assert_int_equal(of_slow, 1);
        }
}

static void fewer_pieces_than_ranks_leave_some_idle(void **state)
{
    (void)state;
    imp_error err = {0};
    for (int pieces = 0; pieces < 3; pieces++) {
        shared_record shared = {.pieces = pieces, .slow = -1, .fails = -1, .fails_to_settle = -1};
        assert_ok(deal(&shared, 4, &err), err);
        assert_settled_in_order(&shared, pieces);
    }
}

static void no_more_is_kept_than_allowed(void **state)
{
    (void)state;
    imp_error err = {0};
    for (int slow = 0; slow < 3; slow++) {
        shared_record shared = {
            .pieces = PIECES, .ahead = 4, .slow = slow, .fails = -1, .fails_to_settle = -1};
        assert_ok(deal(&shared, 3, &err), err);
        assert_settled_in_order(&shared, PIECES);
        assert_int_equal(shared.most_ahead, shared.ahead - 1);
    }
}

static void the_first_failure_in_order_is_told(void **state)
{
    (void)state;
    imp_error err = {0};
    for (int size = 2; size <= THREAD_RANKS_MAX; size++) {
        shared_record shared = {.pieces = PIECES, .slow = -1, .fails = 20, .fails_to_settle = -1};
        assert_int_equal(deal(&shared, size, &err), IMP_BAD_INPUT);
        assert_string_equal(err.message, "piece 20 is bad");
        assert_settled_in_order(&shared, 20);
        // those that others had begun are done, and no more
        for (int k = 20 + 2 * size; k < PIECES; k++)
            assert_int_equal(shared.done_by[k], 0);
        shared = (shared_record){.pieces = PIECES, .slow = -1, .fails = -1, .fails_to_settle = 7};
        assert_int_equal(deal(&shared, size, &err), IMP_IO);
        assert_string_equal(err.message, "the disk is full");
        assert_settled_in_order(&shared, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_done_once_and_settled_in_order),
        cmocka_unit_test(fewer_pieces_than_ranks_leave_some_idle),
        cmocka_unit_test(no_more_is_kept_than_allowed),
        cmocka_unit_test(the_first_failure_in_order_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
