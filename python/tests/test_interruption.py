"""Ctrl-C in every long call: the task ends, and KeyboardInterrupt reaches the caller."""

import os
import signal
import time

import pytest

import imprint

SIZE = {"width": 16, "height": 12}
MANY = 10**5


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("interruption") / "data"
    imprint.collect(path, episodes=40, steps=50, **SIZE)
    return path


CALLS = {
    "collect": lambda data, out, watch: imprint.collect(out, episodes=MANY, progress=watch),
    "evaluate": lambda data, out, watch: imprint.evaluate(
        "pure-pursuit", episodes=MANY, steps=500, progress=watch
    ),
    "train": lambda data, out, watch: imprint.train(out, data, epochs=MANY, progress=watch),
    "dagger": lambda data, out, watch: imprint.dagger(
        out, train={"epochs": 1}, episodes=9, steps=100, progress=watch, **SIZE
    ),
    "export_minari": lambda data, out, watch: imprint.export_minari(data, out, progress=watch),
    "export_robomimic": lambda data, out, watch: imprint.export_robomimic(
        data, out, progress=watch
    ),
    "export_trainlog": lambda data, out, watch: imprint.export_trainlog(data, out, progress=watch),
    "export_lerobot": lambda data, out, watch: imprint.export_lerobot(
        data, out, video=False, progress=watch
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_control_c_ends_it(name, data, tmp_path):
    if name == "export_lerobot":
        pytest.importorskip("pyarrow")
    sent = []

    def interrupt(progress):
        if not sent:
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        CALLS[name](data, tmp_path / "out", interrupt)
    assert time.monotonic() - sent[0] < 5.0  # within a second on an idle machine


def step_until_interrupted(env):
    while True:
        env.step(env.action_space.sample())


def test_control_c_ends_a_loop_of_steps():
    env = imprint.LaneFollowingVectorEnv(64, observation="state")
    env.reset(seed=1)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        step_until_interrupted(env)
    signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < 5.0
    env.close()
