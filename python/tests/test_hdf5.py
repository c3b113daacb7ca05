"""The lock of HDF5."""

import threading

import pytest

from imprint import BusyError
from imprint._hdf5 import hdf5_lock


def test_threads_wait_for_each_other():
    order = []
    inside = threading.Event()

    def work():
        inside.set()
        with hdf5_lock:
            order.append("second")

    thread = threading.Thread(target=work)
    with hdf5_lock:
        thread.start()
        inside.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_no_thread_waits_for_itself():
    with hdf5_lock, pytest.raises(BusyError, match="after the call"), hdf5_lock:
        pass
    with hdf5_lock:
        pass
