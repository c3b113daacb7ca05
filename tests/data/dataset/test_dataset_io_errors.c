// Reading a dataset while every read of HDF5's in turn fails: an error of the system, told as such.
#include "data/dataset/dataset_fixture.h"

#include "data/hdf5/hdf5_file.h"

#include <errno.h>
#include <sys/syscall.h>

// After a failed read HDF5 keeps memory of its own, of which the leak sanitizer is not to tell.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}

static int reads, failing; // calls so far, and the one that fails (0: none)

static ssize_t read_or_fail(int descriptor, void *bytes, size_t length, off_t offset)
{
    if (++reads != failing)
        return syscall(SYS_pread64, descriptor, bytes, length, offset);
    errno = EIO;
    return -1;
}

// These take the C library's place for HDF5 as well, so they must be visible to it.
#define VISIBLE __attribute__((visibility("default")))
VISIBLE ssize_t pread(int descriptor, void *bytes, size_t length, off_t offset)
{
    return read_or_fail(descriptor, bytes, length, offset);
}

VISIBLE ssize_t pread64(int descriptor, void *bytes, size_t length, off_t offset)
{
    return read_or_fail(descriptor, bytes, length, offset);
}

static void failing_reads_are_no_bad_input(void **state)
{
    const imp_dataset_info info = fixture_info(3, 2);
    imp_error err = {0};
    imp_dataset *dataset;
    char folder[PATH_MAX];
    in_folder(folder, *state, "data");
    write_dataset(folder, &info, 3);
    reads = failing = 0;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    imp_dataset_close(dataset);
    const int all = reads;
    assert_true(all > 10);
    for (int k = 1; k <= all; k++) {
        reads = 0;
        failing = k;
        err = (imp_error){0};
        if (imp_dataset_open(&dataset, folder, &err) != IMP_IO ||
            strstr(err.message, "Input/output error") == NULL)
            fail_msg("read %d of %d: status %d: %s", k, all, (int)err.status, err.message);
    }
    failing = 0;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    imp_dataset_close(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(failing_reads_are_no_bad_input),
    };
    // as the program does: after a failed read HDF5 cannot close everything
    H5dont_atexit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
