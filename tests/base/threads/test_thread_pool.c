#include "base/threads/thread_pool.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "testing.h"

enum { WORKERS_MAX = 16, COUNT_MAX = 1000 };

struct tally {
    atomic_int visits[COUNT_MAX];
    atomic_int inside[WORKERS_MAX]; // calls under way per worker number
    atomic_int wrong;
    int threads;
};

static void count_visit(void *context, int index, int worker)
{
    struct tally *tally = context;
    if (worker < 0 || worker >= tally->threads) {
        atomic_fetch_add(&tally->wrong, 1);
        return;
    }
    if (atomic_fetch_add(&tally->inside[worker], 1) != 0)
        atomic_fetch_add(&tally->wrong, 1);
    atomic_fetch_add(&tally->visits[index], 1);
    atomic_fetch_sub(&tally->inside[worker], 1);
}

static void run_once(imp_thread_pool *pool, int count)
{
    struct tally *tally = calloc(1, sizeof *tally);
    assert_non_null(tally);
    tally->threads = imp_thread_pool_size(pool);
    imp_thread_pool_run(pool, count, count_visit, tally);
    for (int i = 0; i < COUNT_MAX; i++)
        assert_int_equal(tally->visits[i], i < count);
    assert_int_equal(tally->wrong, 0);
    free(tally);
}

static void every_index_once(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 3, 8, WORKERS_MAX};
    static const int counts[] = {0, 1, 2, 7, 100, COUNT_MAX};
    imp_error err = {0};
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        imp_thread_pool *pool = NULL;
        assert_ok(imp_thread_pool_create(&pool, threads[t], &err), err);
        assert_int_equal(imp_thread_pool_size(pool), threads[t]);
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
            run_once(pool, counts[c]);
        imp_thread_pool_destroy(pool);
    }
}

static void add_values(void *context, int index, int worker)
{
    (void)worker;
    atomic_fetch_add((atomic_long *)context, index + 1);
}

// Short rounds are where a wake-up could be lost or a late worker could enter the wrong round.
static void many_short_rounds(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_thread_pool *pool = NULL;
    assert_ok(imp_thread_pool_create(&pool, 4, &err), err);
    for (int round = 0; round < 5000; round++) {
        atomic_long sum = 0;
        int count = round % 6;
        imp_thread_pool_run(pool, count, add_values, &sum);
        assert_int_equal(sum, count * (count + 1) / 2);
    }
    imp_thread_pool_destroy(pool);
}

static void write_plainly(void *context, int index, int worker)
{
    (void)worker;
    ((int *)context)[index] = index * index;
}

// What workers wrote without atomics is visible to the caller afterwards.
static void results_are_visible(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_thread_pool *pool = NULL;
    assert_ok(imp_thread_pool_create(&pool, 0, &err), err);
    assert_int_equal(imp_thread_pool_size(pool), imp_cpu_count());
    int squares[COUNT_MAX] = {0};
    imp_thread_pool_run(pool, COUNT_MAX, write_plainly, squares);
    for (int i = 0; i < COUNT_MAX; i++)
        assert_int_equal(squares[i], i * i);
    imp_thread_pool_destroy(pool);
    imp_thread_pool_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_index_once),
        cmocka_unit_test(many_short_rounds),
        cmocka_unit_test(results_are_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
