"""Results of vector environments: what somebody holds stays as it is, other arrays are reused."""

import gymnasium as gym
import numpy as np
import pytest

import imprint
from imprint._array_pool import ArrayPool
from imprint._batch import Outputs

ACTIONS = np.full((4, 2), 0.4, np.float32)


@pytest.fixture
def env():
    env = gym.make_vec("imprint/LaneFollowing-v0", num_envs=4, width=16, height=12, threads=1)
    yield env
    env.close()


def test_observations_that_are_held_stay_as_they_were(env):
    first, _ = env.reset(seed=1)
    held, copies = [first], [first.copy()]
    for _ in range(10):
        observation = env.step(ACTIONS)[0]
        held.append(observation)
        copies.append(observation.copy())
    assert all(np.array_equal(a, b) for a, b in zip(held, copies, strict=True))
    assert len({array.ctypes.data for array in held}) == 11


def test_memory_that_nobody_sees_is_used_again(env):
    env.reset(seed=1)
    observation, places = None, set()
    for _ in range(10):
        observation = env.step(ACTIONS)[0]
        places.add(observation.ctypes.data)
    assert len(places) == 2


@pytest.mark.parametrize(
    "part",
    [lambda o: o[1], lambda o: o[:, ::2].T, memoryview, lambda o: np.frombuffer(o, np.uint8)],
    ids=["row", "view of a view", "memoryview", "buffer"],
)
def test_a_part_of_an_observation_holds_it(env, part):
    env.reset(seed=1)
    held = part(env.step(ACTIONS)[0])
    before = np.array(held)
    for _ in range(6):
        env.step(ACTIONS)
    assert np.array_equal(np.array(held), before)


@pytest.mark.filterwarnings("ignore:Setting the shape")  # NumPy 2.5 and later
def test_what_is_done_to_an_array_does_not_reach_the_next_one(env):
    env.reset(seed=1)
    for _ in range(6):
        observation = env.step(ACTIONS)[0]
        assert observation.shape == (4, 12, 16, 3)
        assert observation.flags.writeable
        observation.shape = (4, -1)
        observation.flags.writeable = False


def arrays_of(step):
    observation, reward, terminated, truncated, infos = step
    named = {"observation": observation, "reward": reward}
    flags = {"terminated": terminated, "truncated": truncated}
    return {**named, **flags, **{n: a for n, a in infos.items() if not n.startswith("_")}}


def test_all_results_that_are_held_stay_as_they_were():
    env = gym.make_vec("imprint/LaneFollowing-v0", num_envs=4, width=16, height=12, expert=True)
    env.reset(seed=1)
    held = [arrays_of(env.step(ACTIONS * k)) for k in range(10)]
    copies = [{name: array.copy() for name, array in arrays.items()} for arrays in held]
    for _ in range(10):
        env.step(-ACTIONS)
    for arrays, copied in zip(held, copies, strict=True):
        for name, array in arrays.items():
            assert np.array_equal(array, copied[name], equal_nan=True), name
    env.close()


@pytest.mark.parametrize("name", ["reward", "pose", "truncated"])
def test_one_result_that_is_held_does_not_hold_the_others(env, name):
    env.reset(seed=1)
    held, places = [], set()
    for _ in range(20):
        arrays = arrays_of(env.step(ACTIONS))
        held.append(arrays[name])
        places.add(arrays["observation"].ctypes.data)
    copies = [array.copy() for array in held]
    env.step(-ACTIONS)
    assert len({array.ctypes.data for array in held}) == 20
    assert len(places) <= 4
    assert all(np.array_equal(a, b) for a, b in zip(held, copies, strict=True))


def test_a_reset_of_some_keeps_the_rows_of_the_others(env):
    env.reset(seed=1)
    before = arrays_of(env.step(ACTIONS))
    copies = {name: array.copy() for name, array in before.items()}
    mask = np.array([True, False, True, False])
    observation, infos = env.reset(options={"reset_mask": mask})
    after = {"observation": observation, **infos}
    assert (after["frame"] == [0, 1, 0, 1]).all()
    for name, copied in copies.items():
        assert np.array_equal(before[name], copied, equal_nan=True), name
        if name in after:
            assert np.array_equal(after[name][~mask], copied[~mask], equal_nan=True), name


def test_every_kind_of_image_is_held():
    kinds = ("image", "mask", "depth")
    env = gym.make_vec(
        "imprint/LaneFollowing-v0", num_envs=4, observation=kinds, width=16, height=12, threads=1
    )
    held, _ = env.reset(seed=1)
    held = {kind: held[kind] for kind in kinds}
    copies = {kind: array.copy() for kind, array in held.items()}
    for kind in kinds:
        for _ in range(4):
            env.step(ACTIONS)
        assert all(np.array_equal(held[name], copies[name]) for name in held)
        del held[kind]


def test_without_reference_counts_all_arrays_are_new(monkeypatch):
    monkeypatch.setattr("imprint._array_pool._counts_references", lambda: False)
    pool = ArrayPool({"image": ((8,), np.uint8)}, Outputs)
    taken = [pool.take().arrays["image"] for _ in range(4)]
    assert len({id(array) for array in taken}) == 4


@pytest.mark.parametrize("kind", ["duty_cycles", "velocities"])
def test_actions_are_sampled_as_a_box_samples(kind):
    env = gym.make_vec("imprint/LaneFollowing-v0", num_envs=3, actions=kind, observation="state")
    assert isinstance(env, imprint.LaneFollowingVectorEnv)
    space = env.action_space
    box = gym.spaces.Box(space.low, space.high, dtype=np.float32)
    assert space == box == gym.vector.utils.batch_space(env.single_action_space, 3)
    space.seed(7)
    box.seed(7)
    for _ in range(3):
        assert np.allclose(space.sample(), box.sample(), rtol=0.0, atol=1e-6)
    assert space.contains(space.sample())
    with pytest.raises(gym.error.Error, match="mask"):
        space.sample(np.ones(3))
    env.close()
