"""Long calls report progress and can be interrupted."""

import os
import signal
import threading
import time

import pytest

import imprint
from imprint._definitions import Definition
from imprint._errors import call
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


def evaluate(tmp_path, monitor):
    del tmp_path
    definition = Definition("imp_eval_def", lib.imp_default_eval_def())
    definition.update({"episodes": 10**5, "steps": 500})
    factory = ffi.new("imp_policy_factory **")
    expert = ffi.new("imp_expert_def *", lib.imp_default_expert_def())
    call(lib.imp_policy_factory_open, factory, b"reference", expert)
    try:
        with monitor:
            evaluation = ffi.new("imp_evaluation *")
            pointers = (definition.pointer, monitor.pointer)
            monitor.call(lib.imp_evaluate, evaluation, factory[0], *pointers)
    finally:
        lib.imp_policy_factory_close(factory[0])


def train(tmp_path, monitor):
    definition = Definition("imp_train_def", lib.imp_default_train_def())
    definition.set("epochs", 10**6)
    dataset = ffi.new("char[]", os.fsencode(tmp_path / "data"))  # an array keeps no pointee alive
    datasets = ffi.new("char *[]", [dataset])
    with monitor:
        monitor.call(
            lib.imp_train,
            ffi.new("imp_train_summary *"),
            os.fsencode(tmp_path / "model"),
            datasets,
            1,
            definition.pointer,
            monitor.pointer,
        )


LONG_CALLS = {
    "collect": lambda path, monitor: collect(path / "more", monitor, episodes=10**6, steps=500),
    "collect on two threads": lambda path, monitor: collect(
        path / "more", monitor, episodes=10**6, steps=500, sim={"threads": 2}
    ),
    "evaluate": evaluate,
    "train": train,
}


@pytest.mark.parametrize("work", LONG_CALLS.values(), ids=LONG_CALLS.keys())
def test_control_c_ends_a_long_call(tmp_path, work):
    collect(tmp_path / "data", Monitor())
    sent = []

    def interrupt():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.5, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        work(tmp_path, Monitor())
    # within a second on an idle machine
    assert time.monotonic() - sent[0] < 10.0


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
