"""Long calls report progress and can be interrupted."""

import os
import signal
import threading
import time

import pytest

import imprint
from imprint._definitions import Definition
from imprint._monitor import Monitor
from imprint._native import ffi, lib


def collect(folder, monitor, **settings):
    definition = Definition("imp_collect_def", lib.imp_default_collect_def())
    definition.update({"episodes": 2, "steps": 20, "sim": {"threads": 1}})
    definition.update(settings)
    summary = ffi.new("imp_collect_summary *")
    with monitor:
        monitor.call(
            lib.imp_collect,
            summary,
            os.fsencode(folder),
            definition.pointer,
            monitor.pointer,
        )
    return summary


class EnoughError(Exception):
    pass


def test_progress_reaches_the_callback(tmp_path):
    seen = []

    def watch(progress):
        seen.append(progress)
        if progress.done > 0:
            raise EnoughError

    with pytest.raises(EnoughError):
        collect(tmp_path / "data", Monitor(watch), episodes=10**6)
    assert seen[-1].task == "log"
    assert seen[-1].unit == "frames"
    assert 0 < seen[-1].done < seen[-1].total
    assert seen[-1].detail == ""


def test_a_short_task_gives_its_result(tmp_path):
    assert collect(tmp_path / "data", Monitor()).episodes == 2


def test_an_exception_of_the_callback_ends_the_task_and_reaches_the_caller(tmp_path):
    def fail(progress):
        raise LookupError(progress.task)

    with pytest.raises(LookupError, match="log") as caught:
        collect(tmp_path / "data", Monitor(fail), episodes=1000, steps=500)
    assert caught.traceback[-1].name == "fail"


@pytest.mark.parametrize("threads", [1, 2])
def test_control_c_ends_a_long_call_within_a_second(tmp_path, threads):
    sent = []

    def interrupt():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.3, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        collect(tmp_path / "data", Monitor(), episodes=10**6, steps=500, sim={"threads": threads})
    assert time.monotonic() - sent[0] < 1.0


def test_calls_inside_a_callback_have_their_own_monitor(tmp_path):
    inner = Monitor()

    def nested(progress):
        del progress
        with inner:  # a call that ends before it opens a dataset
            inner.stop(EnoughError("inner"))
            inner.call(lib.imp_world_load, ffi.new("imp_world **"), b"no_such_map")

    outer = Monitor(nested)
    with pytest.raises(EnoughError, match="inner"):
        collect(tmp_path / "outer", outer, episodes=10**6)
    assert isinstance(outer.exception, EnoughError)


def test_the_library_can_be_stopped_on_another_thread(tmp_path):
    monitor = Monitor()
    errors = []

    def work():
        try:
            collect(tmp_path / "data", monitor, episodes=10**6, steps=500)
        except imprint.ImprintError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    monitor.stop(imprint.StoppedError("enough"))
    thread.join(10.0)
    assert not thread.is_alive()
    assert [str(error) for error in errors] == ["enough"]
