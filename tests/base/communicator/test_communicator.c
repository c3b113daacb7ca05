// Communicators: how plug-ins are loaded and refused, what is passed to them, what becomes of their
// failures, and what ranks agree on.
#include "testing.h"

#include <dlfcn.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/communicator/fake_plugin.h"

// A communicator of the fake plug-in.
typedef struct fixture {
    imp_communicator ranks;
    void *handle;
    fake_record *fake; // in the plug-in
} fixture;

// The plug-in's state, reset; it stays loaded until the fixture is closed.
static fixture load_fake(int rank, int size)
{
    fixture f = {.handle = dlopen(IMP_TEST_FAKE, RTLD_NOW | RTLD_GLOBAL)};
    assert_non_null(f.handle);
    f.fake = dlsym(f.handle, "fake_state");
    assert_non_null(f.fake);
    *f.fake = (fake_record){.rank = rank, .size = size};
    return f;
}

static fixture open_fixture(int rank, int size)
{
    imp_error err = {0};
    fixture f = load_fake(rank, size);
    assert_ok(imp_communicator_open(&f.ranks, IMP_TEST_FAKE, &err), err);
    return f;
}

static void close_fixture(fixture *f)
{
    imp_communicator_close(&f->ranks);
    assert_int_equal(f->fake->closed, 1);
    dlclose(f->handle);
}

static void a_process_alone_needs_nobody(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_communicator alone = imp_communicator_single_process();
    char bytes[4] = "abc";
    const size_t counts[] = {4};
    assert_int_equal(alone.rank, 0);
    assert_int_equal(alone.size, 1);
    assert_ok(imp_communicator_send(&alone, 0, bytes, 4, &err), err);
    assert_ok(imp_communicator_receive(&alone, 0, bytes, 4, &err), err);
    int from = 0;
    assert_ok(imp_communicator_poll(&alone, &from, &err), err);
    assert_int_equal(from, -1);
    assert_ok(imp_communicator_broadcast(&alone, bytes, 4, &err), err);
    assert_ok(imp_communicator_all_gather(&alone, bytes, counts, &err), err);
    assert_ok(imp_communicator_broadcast_from(&alone, 0, bytes, 4, &err), err);
    assert_ok(imp_communicator_check_same_text(&alone, "text", "settings", &err), err);
    assert_string_equal(bytes, "abc");
    // its own failure is that of all
    imp_fail(&err, IMP_IO, "the disk is full");
    assert_int_equal(imp_communicator_agree_on_status(&alone, IMP_IO, &err), IMP_IO);
    assert_string_equal(err.message, "the disk is full");
    assert_int_equal(imp_communicator_agree_on_status(&alone, IMP_OK, NULL), IMP_OK);
    imp_communicator_abort(&alone, 3);
    assert_true(alone.seconds == 0.0);
    imp_communicator_close(&alone);
    imp_communicator_close(NULL);
}

static void what_is_no_plugin_is_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_communicator ranks = {.rank = 7};
    assert_int_equal(imp_communicator_open(&ranks, "/no/such.so", &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "/no/such.so: cannot be loaded as a shared object"));
    // a plug-in, but for policies
    assert_int_equal(imp_communicator_open(&ranks, IMP_TEST_PLUGIN, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "is no plug-in for communication"));
    assert_int_equal(imp_communicator_open(&ranks, IMP_TEST_FAKE_OTHER, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "is of version 999 of the interface, wanted is 2"));
    fixture f = load_fake(0, 2);
    f.fake->opening = IMP_BAD_INPUT;
    assert_int_equal(imp_communicator_open(&ranks, IMP_TEST_FAKE, &err), IMP_IO);
    assert_non_null(strstr(err.message, "fake_plugin.so: nobody answers"));
    // a failure leaves the result alone
    assert_int_equal(ranks.rank, 7);
    dlclose(f.handle);
}

static void messages_reach_the_plugin(void **state)
{
    (void)state;
    imp_error err = {0};
    fixture f = open_fixture(1, 3);
    char bytes[12] = "";
    const size_t counts[] = {2, 3, 4};
    assert_int_equal(f.ranks.rank, 1);
    assert_int_equal(f.ranks.size, 3);
    assert_ok(imp_communicator_send(&f.ranks, 2, "to two", 7, &err), err);
    assert_int_equal(f.fake->peer, 2);
    assert_int_equal(f.fake->count, 7);
    assert_string_equal((char *)f.fake->bytes, "to two");
    memcpy(f.fake->others, "from zero", 10);
    assert_ok(imp_communicator_receive(&f.ranks, 0, bytes, 10, &err), err);
    assert_int_equal(f.fake->peer, 0);
    assert_string_equal(bytes, "from zero");
    int from;
    f.fake->peer = 2;
    assert_ok(imp_communicator_poll(&f.ranks, &from, &err), err);
    assert_int_equal(from, 2);
    memcpy(f.fake->others, "to all", 7);
    assert_ok(imp_communicator_broadcast(&f.ranks, bytes, 7, &err), err);
    assert_string_equal(bytes, "to all");
    // each part at its place: this rank's is kept, the others' arrive
    memcpy(f.fake->others, "00---2222", 10);
    memcpy(bytes, "??111????", 10);
    assert_ok(imp_communicator_all_gather(&f.ranks, bytes, counts, &err), err);
    assert_string_equal(bytes, "001112222");
    assert_int_equal(f.fake->count, 3);
    assert_memory_equal(f.fake->bytes, "111", 3);
    // of one to all: the others have no part
    memcpy(f.fake->others, "by two", 7);
    assert_ok(imp_communicator_broadcast_from(&f.ranks, 2, bytes, 7, &err), err);
    assert_string_equal(bytes, "by two");
    assert_int_equal(f.fake->count, 0);
    assert_ok(imp_communicator_broadcast_from(&f.ranks, 1, bytes, 7, &err), err);
    assert_int_equal(f.fake->count, 7);
    assert_memory_equal(f.fake->bytes, "by two", 7);
    assert_int_equal(f.fake->calls, 7);
    assert_true(f.ranks.seconds > 0.0);
    imp_communicator_abort(&f.ranks, 5);
    assert_int_equal(f.fake->aborted, 5);
    close_fixture(&f);
    // it is alone afterwards
    assert_int_equal(f.ranks.size, 1);
    assert_ok(imp_communicator_send(&f.ranks, 2, "nobody", 7, &err), err);
}

static void failures_name_the_rank_and_the_plugin(void **state)
{
    (void)state;
    static const char WANTED[] = "rank 2 of 4: fake: the cable is cut";
    fixture f = open_fixture(2, 4);
    char bytes[4] = "";
    const size_t counts[] = {1, 1, 1, 1};
    f.fake->status = IMP_IO;
    int from;
    imp_error err[7] = {0};
    assert_int_equal(imp_communicator_send(&f.ranks, 0, bytes, 1, &err[0]), IMP_IO);
    assert_int_equal(imp_communicator_receive(&f.ranks, 0, bytes, 1, &err[1]), IMP_IO);
    assert_int_equal(imp_communicator_broadcast(&f.ranks, bytes, 1, &err[2]), IMP_IO);
    assert_int_equal(imp_communicator_all_gather(&f.ranks, bytes, counts, &err[3]), IMP_IO);
    assert_int_equal(imp_communicator_agree_on_status(&f.ranks, IMP_OK, &err[4]), IMP_IO);
    assert_int_equal(imp_communicator_check_same_text(&f.ranks, "a", "settings", &err[5]), IMP_IO);
    assert_int_equal(imp_communicator_poll(&f.ranks, &from, &err[6]), IMP_IO);
    for (int k = 0; k < 7; k++)
        assert_string_equal(err[k].message, WANTED);
    assert_int_equal(imp_communicator_agree_on_status(&f.ranks, IMP_OK, NULL), IMP_IO);
    f.fake->status = IMP_OK;
    close_fixture(&f);
}

// What rank k of all says in imp_communicator_agree_on_status().
static void set_error(fixture *f, int k, imp_status status, const char *message)
{
    imp_error said = {0};
    imp_fail(&said, status, "%s", message);
    memcpy(f->fake->others + (size_t)k * sizeof said, &said, sizeof said);
}

static void the_first_failure_is_that_of_all(void **state)
{
    (void)state;
    imp_error err = {0};
    fixture f = open_fixture(1, 4);
    assert_int_equal(imp_communicator_agree_on_status(&f.ranks, IMP_OK, &err), IMP_OK);
    // one of another
    set_error(&f, 3, IMP_INTERRUPTED, "stopped");
    assert_int_equal(imp_communicator_agree_on_status(&f.ranks, IMP_OK, &err), IMP_INTERRUPTED);
    assert_string_equal(err.message, "stopped");
    // this rank's comes before
    imp_fail(&err, IMP_NO_MEMORY, "no memory here");
    assert_int_equal(imp_communicator_agree_on_status(&f.ranks, IMP_NO_MEMORY, &err),
                     IMP_NO_MEMORY);
    assert_string_equal(err.message, "no memory here");
    // and that of rank 0 before both
    set_error(&f, 0, IMP_IO, "the disk is full");
    assert_int_equal(imp_communicator_agree_on_status(&f.ranks, IMP_NO_MEMORY, &err), IMP_IO);
    assert_string_equal(err.message, "the disk is full");
    // without a place for messages, the status is told
    assert_int_equal(imp_communicator_agree_on_status(&f.ranks, IMP_OK, NULL), IMP_IO);
    close_fixture(&f);
}

static void texts_that_differ_are_found(void **state)
{
    (void)state;
    imp_error err = {0};
    fixture f = open_fixture(0, 3);
    f.fake->others_say_the_same = true;
    assert_ok(imp_communicator_check_same_text(&f.ranks, "seed: 1", "settings", &err), err);
    f.fake->others_say_the_same = false;
    const uint64_t same = imp_hash_text(IMP_HASH_START, "seed: 1");
    const uint64_t other = imp_hash_text(IMP_HASH_START, "seed: 2");
    const uint64_t said[] = {0, same, other};
    memcpy(f.fake->others, said, sizeof said);
    assert_int_equal(imp_communicator_check_same_text(&f.ranks, "seed: 1", "settings", &err),
                     IMP_USAGE);
    assert_string_equal(err.message,
                        "settings of rank 0 and rank 2 differ: give all the same options and "
                        "files");
    // the first that differs is named
    memcpy(f.fake->others + sizeof same, &other, sizeof other);
    assert_int_equal(imp_communicator_check_same_text(&f.ranks, "seed: 1", "settings", &err),
                     IMP_USAGE);
    assert_non_null(strstr(err.message, "settings of rank 0 and rank 1 differ"));
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_alone_needs_nobody),
        cmocka_unit_test(what_is_no_plugin_is_refused),
        cmocka_unit_test(messages_reach_the_plugin),
        cmocka_unit_test(failures_name_the_rank_and_the_plugin),
        cmocka_unit_test(the_first_failure_is_that_of_all),
        cmocka_unit_test(texts_that_differ_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
