// Training in several processes: one to four ranks end with the bytes of one process, whatever the
// shards; all stop together; what fails changes nothing. Ranks are threads here.
#include "nn/trainer/toy_network.h"

#include "nn/trainer/trainer_ranks.h"
#include "thread_ranks.h"

// What a rank does, and what came of it.
typedef struct training_rank {
    pair p;
    int steps;
    int count;   // samples of a batch; 0: those of train()
    int stop_at; // the step after which it wants to stop; -1: never
    int stopped; // the step after which all knew of it; -1: none
    double loss, held_out;
    imp_status status;
    imp_error err;
} training_rank;

static void train_rank(imp_communicator *communicator, void *item)
{
    training_rank *self = item;
    (void)communicator;
    self->stopped = -1;
    for (int step = 0; step < self->steps && self->status == IMP_OK && self->stopped < 0; step++) {
        const int begin = step % 3 * BATCH;
        const int left = SAMPLES - begin < BATCH ? SAMPLES - begin : BATCH;
        const imp_batch batch = toy_batch(begin, self->count > 0 ? self->count : left);
        self->status = imp_trainer_step(self->p.trainer, &batch, &self->loss, &self->err);
        if (imp_trainer_agree_to_stop(self->p.trainer, step == self->stop_at))
            self->stopped = step;
    }
    const imp_batch batch = toy_batch(0, BATCH);
    self->held_out = imp_trainer_evaluate_loss(self->p.trainer, &batch);
}

// Trains on as many ranks as there are; def: for trainer k on k % 2 + 1 threads.
static void train_ranks(thread_ranks *all, training_rank *ranks, const training_rank *what,
                        bool rich, int shards)
{
    imp_error err = {0};
    for (int k = 0; k < all->size; k++) {
        ranks[k] = *what;
        ranks[k].p =
            rich ? make_rich(IMP_OPTIMISER_ADAM, shards, k % 2 + 1) : make(true, shards, k % 2 + 1);
        assert_ok(imp_trainer_set_communicator(ranks[k].p.trainer, &all->communicators[k], &err),
                  err);
    }
    thread_ranks_run(all, train_rank, ranks, sizeof *ranks);
}

static void clear_ranks(thread_ranks *all, training_rank *ranks)
{
    for (int k = 0; k < all->size; k++)
        clear(&ranks[k].p);
    thread_ranks_destroy(all);
}

static void test_ranks_do_not_matter(void **state)
{
    (void)state;
    // shards that ranks divide evenly and unevenly; batches of 2 and 3 leave shards empty
    static const struct {
        bool rich;
        int shards, count;
    } cases[] = {{true, 4, 0}, {false, 5, 0}, {false, 4, 2}, {false, 5, 3}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const training_rank what = {.steps = 9, .count = cases[c].count, .stop_at = -1};
        training_rank one[1];
        thread_ranks alone;
        thread_ranks_init(&alone, 1);
        train_ranks(&alone, one, &what, cases[c].rich, cases[c].shards);
        assert_ok(one->status, one->err);
        // one rank alone has no messages
        assert_null(one->p.trainer->messages);
        for (int size = 2; size <= THREAD_RANKS_MAX; size++) {
            training_rank ranks[THREAD_RANKS_MAX];
            thread_ranks all;
            thread_ranks_init(&all, size);
            train_ranks(&all, ranks, &what, cases[c].rich, cases[c].shards);
            for (int k = 0; k < size; k++) {
                assert_ok(ranks[k].status, ranks[k].err);
                assert_same(&one->p, &ranks[k].p);
                assert_true(ranks[k].loss == one->loss);
                assert_true(ranks[k].held_out == one->held_out);
                assert_true(all.communicators[k].seconds > 0.0);
            }
            clear_ranks(&all, ranks);
        }
        clear_ranks(&alone, one);
    }
}

// Each shard belongs to one rank, and ranks have as many as each other, or one more.
static void test_shards_are_shared(void **state)
{
    (void)state;
    imp_error err = {0};
    for (int size = 1; size <= THREAD_RANKS_MAX; size++) {
        int next = 0;
        thread_ranks all;
        thread_ranks_init(&all, size);
        for (int k = 0; k < size; k++) {
            int first, last;
            pair p = make(false, 7, 1);
            assert_ok(imp_trainer_set_communicator(p.trainer, &all.communicators[k], &err), err);
            imp_trainer_find_shards_of_rank(p.trainer, &first, &last);
            assert_int_equal(first, next);
            assert_in_range(last - first, 7 / size, (7 + size - 1) / size);
            next = last;
            clear(&p);
        }
        assert_int_equal(next, 7);
        thread_ranks_destroy(&all);
    }
}

// One rank wants to stop after its step 3. The others learn of it with the next one, and all stop
// after the same.
static void test_all_stop_together(void **state)
{
    (void)state;
    imp_error err = {0};
    for (int wishes = 0; wishes < 3; wishes++) {
        training_rank ranks[3];
        thread_ranks all;
        thread_ranks_init(&all, 3);
        for (int k = 0; k < 3; k++) {
            ranks[k] = (training_rank){
                .p = make(false, 4, 1), .steps = 9, .stop_at = k == wishes ? 3 : -1};
            assert_ok(imp_trainer_set_communicator(ranks[k].p.trainer, &all.communicators[k], &err),
                      err);
        }
        thread_ranks_run(&all, train_rank, ranks, sizeof *ranks);
        for (int k = 0; k < 3; k++)
            assert_int_equal(ranks[k].stopped, 4);
        assert_same(&ranks[0].p, &ranks[1].p);
        assert_same(&ranks[0].p, &ranks[2].p);
        clear_ranks(&all, ranks);
    }
    // a process alone decides for itself
    pair p = make(false, 2, 1);
    assert_true(imp_trainer_agree_to_stop(p.trainer, true));
    assert_false(imp_trainer_agree_to_stop(p.trainer, false));
    clear(&p);
}

static void test_more_ranks_than_shards_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    pair p = make(false, 2, 1);
    thread_ranks all;
    thread_ranks_init(&all, 3);
    assert_int_equal(imp_trainer_set_communicator(p.trainer, &all.communicators[0], &err),
                     IMP_USAGE);
    assert_non_null(strstr(err.message, "3 processes for batches of 2 shards: start at most"));
    assert_ok(imp_trainer_set_communicator(p.trainer, NULL, &err), err);
    assert_null(p.trainer->ranks);
    thread_ranks_destroy(&all);
    clear(&p);
}

static void test_a_failed_exchange_changes_nothing(void **state)
{
    (void)state;
    training_rank ranks[2];
    const training_rank what = {.steps = 1, .stop_at = -1};
    pair untouched = make(true, 2, 1);
    thread_ranks all;
    thread_ranks_init(&all, 2);
    all.fails = true;
    train_ranks(&all, ranks, &what, false, 2);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(ranks[k].status, IMP_IO);
        assert_non_null(strstr(ranks[k].err.message, "of 2: threads: the cable is cut"));
        assert_true(isnan(ranks[k].held_out));
        assert_same(&untouched, &ranks[k].p);
    }
    clear_ranks(&all, ranks);
    clear(&untouched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_do_not_matter),
        cmocka_unit_test(test_shards_are_shared),
        cmocka_unit_test(test_all_stop_together),
        cmocka_unit_test(test_more_ranks_than_shards_are_refused),
        cmocka_unit_test(test_a_failed_exchange_changes_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
