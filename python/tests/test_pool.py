"""Thread pools, also in the children of a fork."""

import os
import warnings

import pytest

from imprint import UsageError
from imprint._native import ffi, lib
from imprint._pool import Pool


def test_pools_have_their_threads():
    pool = Pool(3)
    assert lib.imp_thread_pool_size(pool.pointer) == 3
    pool.close()
    pool.close()
    assert pool.pointer == ffi.NULL
    assert Pool(1).pointer == ffi.NULL


def test_a_negative_number_of_threads_is_refused():
    with pytest.raises(UsageError, match="threads"):
        Pool(-1)


def test_the_child_of_a_fork_has_a_pool_of_its_own():
    pool = Pool(2)
    before = pool.pointer
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of fork() with threads
        child = os.fork()
    if child == 0:
        good = pool.pointer != before and lib.imp_thread_pool_size(pool.pointer) == 2
        pool.close()
        os._exit(0 if good else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert pool.pointer == before
