"""Input of every layout, type and from everywhere: what is read, what is refused, and how."""

import multiprocessing
import sys
import sysconfig
import threading
import traceback

import gymnasium as gym
import numpy as np
import pytest

import imprint
import imprint.gym_duckietown as stand_in

SMALL = {"map": "loop_empty", "width": 16, "height": 12, "threads": 1}
ID = "imprint/LaneFollowing-v0"
ACTIONS = np.array([[0.5, 0.25], [-0.5, 0.75], [0.125, -1.0]])
FORK = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def envs():
    made = imprint.LaneFollowingVectorEnv(num_envs=3, map="loop_empty", width=16, height=12)
    yield made
    made.close()


def poses_after(envs, actions):
    envs.reset(seed=7)
    return envs.step(actions)[-1]["pose"]


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "convert",
    [
        lambda a: a.astype(np.float32),
        lambda a: a.astype(np.float16),
        lambda a: a.astype(">f8"),
        lambda a: a.astype(np.longdouble),
        lambda a: a[::-1].copy()[::-1],
        lambda a: np.asfortranarray(a),
        lambda a: np.lib.stride_tricks.as_strided(np.repeat(a, 2), (3, 2), (32, 16)),
        read_only,
        lambda a: a.tolist(),
        memoryview,
    ],
)
def test_actions_of_every_layout_and_type_are_the_same(envs, convert):
    assert np.array_equal(poses_after(envs, convert(ACTIONS)), poses_after(envs, ACTIONS))
    env = gym.make(ID, map="loop_empty", width=16, height=12)
    poses = []
    for action in (ACTIONS[1], np.asarray(convert(ACTIONS))[1]):
        env.reset(seed=7)
        poses.append(env.step(action)[-1]["pose"])
    assert np.array_equal(*poses)
    env.close()


def test_whole_numbers_and_values_beyond_the_bounds_are_clipped(envs):
    wanted = poses_after(envs, np.ones((3, 2)))
    for actions in (np.ones((3, 2), int), np.ones((3, 2), bool), np.full((3, 2), 1e300)):
        assert np.array_equal(poses_after(envs, actions), wanted)


@pytest.mark.parametrize(
    "actions",
    [
        np.where(ACTIONS < 0, -np.inf, np.inf),
        np.array([[0.1, 0.2], [np.inf, -np.inf], [0.1, 0.2]]),
        np.full((3, 2), np.nan, np.float32),
        ACTIONS.astype(str),
        ACTIONS.astype(complex),
        np.zeros((3, 2), "M8[s]"),
        np.ma.masked_array(ACTIONS.astype(object)),
        [[0.1, 0.2], [0.3]],
        ACTIONS.T,
        ACTIONS[:0],
        None,
    ],
)
def test_refused_actions_change_nothing(envs, actions):
    envs.reset(seed=7)
    with pytest.raises(imprint.UsageError, match="actions"):
        envs.step(actions)
    assert np.array_equal(envs.step(ACTIONS)[-1]["pose"], poses_after(envs, ACTIONS))


def test_nothing_works_on_what_is_closed():
    env = gym.make(ID, map="loop_empty", width=16, height=12, render_mode="rgb_array")
    env.reset(seed=1)
    env.close()
    for use in (env.unwrapped.render, env.unwrapped.reset, lambda: env.unwrapped.step([0, 0])):
        with pytest.raises(imprint.ClosedError):
            use()
    old = stand_in.Simulator(map_name="loop_empty", camera_width=16, camera_height=12)
    old.close()
    old.close()
    for use in (old.reset, old.render, lambda: old.step([0.0, 0.0])):
        with pytest.raises(imprint.ClosedError):
            use()


@pytest.mark.parametrize(
    ("observations", "message"),
    [
        (np.zeros((2, 60, 80, 3), np.float32), "not float32"),
        (np.zeros((2, 3, 60, 80), np.uint8), r"with shape \(2, 3, 60, 80\)"),
        (np.zeros((60, 80), np.uint8), r"with shape \(60, 80\)"),
        ([], "not float64"),
        (None, "not object"),
    ],
)
def test_a_network_refuses_other_images(observations, message):
    network = imprint.load_policy("robot")
    with pytest.raises(imprint.UsageError, match=f"observations: uint8.*{message}"):
        network(observations)


def test_a_network_reads_images_of_every_layout():
    network = imprint.load_policy("robot")
    images = np.random.default_rng(1).integers(0, 256, (2, 60, 80, 3)).astype(np.uint8)
    wanted = network(images)
    for same in (np.asfortranarray(images), np.repeat(images, 2, axis=2)[:, :, ::2]):
        network.reset()
        assert np.array_equal(network(same), wanted)
    assert network(images[:0]).shape == (0, 2)
    with pytest.raises(imprint.UsageError, match="executed"):
        network(images, np.full((2, 2), np.nan))
    with pytest.raises(imprint.UsageError, match="executed: shape"):
        network(images, np.zeros((3, 2)))


@pytest.mark.parametrize(
    "convert",
    [
        lambda a: np.asfortranarray(a),
        lambda a: a.astype(np.float32),
        lambda a: np.repeat(a, 2, axis=0)[::2],
        lambda a: a.tolist(),
    ],
)
def test_functions_may_return_any_layout(convert):
    def policy(states):
        return convert(np.tile([0.5, 0.25], (len(states), 1)))

    def plain(states):
        return np.tile([0.5, 0.25], (len(states), 1))

    settings = {"episodes": 4, "steps": 5, **SMALL}
    got = imprint.evaluate(policy, **settings).episodes
    wanted = imprint.evaluate(plain, **settings).episodes
    assert got["reward"].tolist() == wanted["reward"].tolist()


def test_what_functions_get_cannot_be_written_to():
    def policy(observations, states):
        for array in (observations, states["x"]):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0
        return np.zeros((len(states), 2))

    imprint.evaluate(policy, episodes=2, steps=3, **SMALL)


class SurpriseError(Exception):
    pass


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exception_of_a_driver_or_of_progress_leaves_what_was_recorded(tmp_path, threads):
    @imprint.policy(batch=2)
    def driver(states):
        if states["episode"].max() >= 12:
            raise SurpriseError("no more")
        return np.tile([0.3, 0.3], (len(states), 1))

    def progress(_):
        raise SurpriseError("seen enough")

    settings = {**SMALL, "threads": threads, "steps": 10}
    with pytest.raises(SurpriseError, match="no more") as caught:
        imprint.collect(tmp_path / "a", policy=driver, expert="expert", episodes=20, **settings)
    assert "driver" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    data = imprint.Dataset(tmp_path / "a")
    assert not data.finished
    assert 1 <= len(data.episodes) < 20
    with pytest.raises(SurpriseError, match="seen enough"):
        imprint.collect(
            tmp_path / "b", expert="expert", episodes=2000, progress=progress, **settings
        )
    # the library goes on as if nothing had been
    assert len(imprint.evaluate("expert", episodes=2, **settings).episodes) == 2


def rewards_of(policy, sender):
    result = imprint.evaluate(policy, episodes=4, steps=10, **{**SMALL, "threads": 2})
    network = imprint.load_policy("robot")
    image = np.full((60, 80, 3), 90, np.uint8)
    sender.send((result.episodes["reward"].tolist(), network(image).tolist()))


@FORK
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes_evaluate_alike(method):
    context = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    rewards_of("expert", sender)  # before the fork, so that there is something to inherit
    wanted = receiver.recv()
    child = context.Process(target=rewards_of, args=("expert", sender))
    child.start()
    assert receiver.poll(60)
    assert receiver.recv() == wanted
    child.join(30)
    assert child.exitcode == 0


@FORK
def test_a_network_goes_on_in_the_child_of_a_fork():
    network = imprint.load_policy("robot")
    image = np.full((60, 80, 3), 90, np.uint8)
    wanted = network(image).tolist()
    network.reset()
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(network(image).tolist()))
    child.start()
    assert receiver.poll(60)
    assert receiver.recv() == wanted
    child.join(30)
    assert child.exitcode == 0


def run_in_threads(count, work):
    """Results of work(k), and the exceptions."""
    results, errors = [None] * count, []
    ready = threading.Barrier(count)

    def run(k):
        ready.wait()
        try:
            results[k] = work(k)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, errors


def test_threads_evaluate_and_collect_side_by_side(tmp_path):
    def work(k):
        def mine(states):
            return np.tile([0.3, 0.25], (len(states), 1))

        result = imprint.evaluate(mine, episodes=4, steps=20, **SMALL)
        imprint.collect(tmp_path / str(k), expert=mine, episodes=2, steps=5, **SMALL)
        data = imprint.Dataset(tmp_path / str(k))
        return result.episodes["reward"].tolist(), data[:]["observation"].tobytes()

    results, errors = run_in_threads(4, work)
    assert errors == []
    assert all(result == results[0] for result in results)


def test_two_threads_cannot_use_one_network():
    network = imprint.load_policy("robot")
    images = np.zeros((32, 60, 80, 3), np.uint8)
    wanted = network(images)
    done = threading.Event()

    def work(_):
        try:
            while not done.is_set():
                network.reset()
                network(images)
        finally:
            done.set()

    _, errors = run_in_threads(2, work)
    assert {type(error) for error in errors} == {imprint.BusyError}
    assert "load it for each" in str(errors[0])
    network.reset()
    assert np.array_equal(network(images), wanted)


def test_the_lock_of_the_interpreter_stays_as_it_was():
    """A module that does not allow it would switch the lock of free-threaded Python on again."""
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        assert imprint._native.__file__.endswith(".abi3.so")
        return
    assert not imprint._native.__file__.endswith(".abi3.so")
    if sys.version_info >= (3, 14):
        assert not sys._is_gil_enabled()
