"""The vector environment: many robots, one call."""

import threading

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AsyncVectorEnv, AutoresetMode

import imprint

ID = "imprint/LaneFollowing-v0"
SMALL = {"width": 24, "height": 18}


@pytest.fixture
def make():
    made = []

    def make_one(count, **settings):
        made.append(gym.make_vec(ID, num_envs=count, **{**SMALL, **settings}))
        return made[-1]

    yield make_one
    for env in made:
        env.close()


def actions_of(count, step):
    """Some stay on the road for a while, others leave it."""
    k = np.arange(count)
    return np.stack([0.4 + 0.05 * (k % 5), 0.4 + 0.02 * ((k + step) % 9)], 1)


def drive(env, steps, seed=7):
    """All that an environment returns, as bytes for each step."""
    observation, infos = env.reset(seed=seed)
    results = [(observation, infos)]
    for k in range(steps):
        results.append(env.step(actions_of(env.num_envs, k)))
    return results


def same(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a.dtype == b.dtype and (
        all(map(same_or_none, a, b))
        if a.dtype == object
        else np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    )


def same_or_none(a, b):
    return (a is None and b is None) or same(a, b)


def test_make_vec_gives_the_library_s_own_environment(make):
    env = make(3)
    assert isinstance(env, imprint.LaneFollowingVectorEnv)
    assert env.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert env.observation_space.shape == (3, 18, 24, 3)
    assert env.action_space.shape == (3, 2)
    assert env.single_action_space.shape == (2,)
    observation, rewards, terminated, truncated, _ = drive(env, 1)[-1]
    assert env.observation_space.contains(observation)
    assert (rewards.dtype, terminated.dtype, truncated.dtype) == (float, bool, bool)


@pytest.mark.parametrize("mode", ["next_step", "same_step"])
def test_results_do_not_depend_on_threads_or_copying(make, mode):
    settings = {
        "autoreset_mode": mode,
        "max_steps": 20,
        "observation": ("image", "mask", "depth", "state"),
        "expert": True,
    }
    wanted = drive(make(5, threads=1, **settings), 50)
    assert all(map(same, wanted, drive(make(5, threads=3, **settings), 50)))
    reused = make(5, copy=False, **settings)
    observation, infos = reused.reset(seed=7)
    assert same((observation, infos), wanted[0])
    for k in range(50):
        assert same(reused.step(actions_of(5, k)), wanted[k + 1])


@pytest.mark.parametrize("settings", [{}, {"randomize": "all,no-road"}])
def test_environments_give_what_single_ones_give(make, settings):
    env = make(3, autoreset_mode="disabled", **settings)
    observations, infos = env.reset(seed=7)
    for k in range(3):
        single = imprint.LaneFollowingEnv(**SMALL, **settings, settings={"env.index": k})
        observation, info = single.reset(seed=7)
        assert np.array_equal(observation, observations[k])
        assert all(np.array_equal(info[name], infos[name][k]) for name in info)
        single.close()


def test_a_list_of_seeds_gives_what_single_environments_give(make):
    env = make(3)
    observations, _ = env.reset(seed=[5, 9, 5])
    single = imprint.LaneFollowingEnv(**SMALL)
    assert np.array_equal(observations[1], single.reset(seed=9)[0])
    assert np.array_equal(observations[0], observations[2])
    again, infos = env.reset(seed=[None, 9, None])
    assert infos["episode_number"].tolist() == [1, 0, 1]
    assert np.array_equal(again[1], observations[1])
    single.close()


def steps_of_each(env, steps):
    """For each environment the steps of its episodes, as (frame, reward, flags, episode)."""
    rows = [[] for _ in range(env.num_envs)]
    for k in range(steps):
        _, rewards, terminated, truncated, infos = env.step(actions_of(env.num_envs, k))
        for row, cells in enumerate(
            zip(
                infos["frame"], rewards, terminated, truncated, infos["episode_number"], strict=True
            )
        ):
            rows[row].append(tuple(cell.item() for cell in cells))
    return rows


def test_next_step_resets_in_the_step_after_the_end(make):
    env = make(4, max_steps=5)
    env.reset(seed=1)
    for row in steps_of_each(env, 12):
        if row[4][2]:
            continue
        assert [cells[0] for cells in row] == [1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0]
        assert row[4][3]
        assert row[5][1:4] == (0.0, False, False)
        assert [cells[4] for cells in row] == [0] * 5 + [1] * 6 + [2]


def test_same_step_resets_in_the_step_that_ends(make):
    env = make(4, max_steps=5, autoreset_mode=AutoresetMode.SAME_STEP)
    plain = make(4, max_steps=5, autoreset_mode="disabled")
    env.reset(seed=1)
    plain.reset(seed=1)
    for k in range(5):
        wanted = plain.step(actions_of(4, k))
        got = env.step(actions_of(4, k))
        over = wanted[2] | wanted[3]
        assert same(got[1:4], wanted[1:4])
        if over.any():
            break
        assert "final_obs" not in got[4]
    observations, _, _, _, infos = got
    assert np.array_equal(infos["_final_obs"], over)
    assert np.array_equal(infos["_final_info"], over)
    for row in np.flatnonzero(over):
        assert np.array_equal(infos["final_obs"][row], wanted[0][row])
        assert infos["final_info"]["frame"][row] == 5
        assert infos["frame"][row] == 0
        assert infos["episode_number"][row] == 1
        assert not np.array_equal(observations[row], wanted[0][row])


def test_disabled_leaves_resets_to_the_caller(make):
    env = make(3, max_steps=3, autoreset_mode="disabled", copy=True)
    env.reset(seed=1)
    for k in range(3):
        observations, _, _, truncated, _ = env.step(actions_of(3, k))
    assert truncated.all()
    with pytest.raises(imprint.UsageError, match="environment 0: its episode is over"):
        env.step(actions_of(3, 0))
    mask = np.array([True, False, True])
    renewed, infos = env.reset(options={"reset_mask": mask})
    assert infos["frame"].tolist() == [0, 3, 0]
    assert infos["_frame"].tolist() == mask.tolist()
    assert np.array_equal(renewed[1], observations[1])
    assert not np.array_equal(renewed[0], observations[0])
    with pytest.raises(imprint.UsageError, match="environment 1: its episode is over"):
        env.step(actions_of(3, 0))


def test_episodes_and_poses_can_be_chosen(make):
    env = make(3, maps=["loop_empty", "udem1"])
    pose = np.array([[3.2, 0.76, np.pi]] * 3)
    options = {"pose": pose, "map_index": [0, 1, 0], "episode_number": [4, 4, 9]}
    observations, infos = env.reset(seed=1, options=options)
    assert infos["pose"].tolist() == pose.tolist()
    assert infos["map_index"].tolist() == [0, 1, 0]
    assert infos["episode_number"].tolist() == [4, 4, 9]
    assert not np.array_equal(observations[0], observations[1])
    env.step(actions_of(3, 0))


def test_copies_stay_and_reused_arrays_change(make):
    for copy in (True, False):
        env = make(2, copy=copy)
        first, infos = env.reset(seed=1)
        kept, frames = first.copy(), infos["frame"]
        for k in range(20):
            env.step(actions_of(2, k))
        assert np.array_equal(first, kept) is copy
        assert frames.tolist() == ([0, 0] if copy else [20, 20])


def test_states_have_numbers_off_the_lanes_too(make):
    env = make(2, observation="state", autoreset_mode="disabled")
    off = np.array([[0.1, 0.1, 0.0], [3.2, 0.76, np.pi]])
    observation, infos = env.reset(seed=1, options={"pose": off})
    assert observation["in_lane"].tolist() == [[0], [1]]
    assert observation["lane_distance"][0] == 0.0
    assert np.isnan(infos["lane_distance"][0])
    assert env.observation_space.contains(observation)


@pytest.mark.parametrize("mode", ["next_step", "same_step"])
def test_gymnasiums_wrappers_fit(make, mode):
    env = make(3, max_steps=4, autoreset_mode=mode)
    recording = gym.wrappers.vector.RecordEpisodeStatistics(env)
    listing = gym.wrappers.vector.DictInfoToList(recording)
    listing.reset(seed=1)
    episodes = []
    for k in range(5):
        *_, infos = listing.step(actions_of(3, k))
        assert [set(info) >= {"pose", "frame"} for info in infos] == [True] * 3
        episodes += [info["episode"] for info in infos if "episode" in info]
    assert len(episodes) >= 3
    assert all(episode["l"] <= 4 for episode in episodes)


def test_render_draws_each_environment(make):
    env = make(2, render_mode="rgb_array", render_size=(64, 48))
    env.reset(seed=1)
    images = env.render()
    assert [image.shape for image in images] == [(48, 64, 3)] * 2
    assert not np.array_equal(*images)
    assert make(1).render() is None
    assert make(1, randomize="light").randomization()[0] == "{}"


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (np.zeros((2, 2)), "actions: shape (3, 2) is needed, not (2, 2)"),
        (np.zeros(6), "actions: shape (3, 2) is needed, not (6,)"),
        (np.full((3, 2), np.nan), "actions: nan at [0, 0]"),
        (np.zeros((3, 2), object), "actions: numbers that fit float64 are needed, not object"),
    ],
)
def test_wrong_actions_are_refused(make, actions, message):
    env = make(3)
    env.reset(seed=1)
    with pytest.raises(imprint.UsageError) as caught:
        env.step(actions)
    assert message in str(caught.value)


def test_any_layout_of_actions_is_read(make):
    wanted = drive(make(3), 1)[-1]
    for convert in (
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a.tolist(),
    ):
        env = make(3)
        env.reset(seed=7)
        assert same(env.step(convert(actions_of(3, 0))), wanted)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": [1, -1, 2]}, "seed: -1 is not within"),
        ({"seed": [1, 2]}, "seed: 3 seeds are needed, not 2"),
        ({"options": {"reset_mask": [True] * 3}}, "options: reset_mask: a NumPy array of bool"),
        ({"options": {"reset_mask": np.zeros(3, bool)}}, "at least one environment"),
        ({"options": {"pose": np.zeros((2, 3))}}, "options: pose: shape (3, 3) is needed"),
        ({"options": {"episode_number": [1]}}, "options: episode_number: shape (3,) is needed"),
        ({"options": {"poses": 1}}, "options: there is no 'poses'"),
    ],
)
def test_wrong_resets_are_refused(make, arguments, message):
    with pytest.raises(imprint.UsageError) as caught:
        make(3).reset(**arguments)
    assert message in str(caught.value)


def test_wrong_settings_are_refused():
    for settings, message in [
        ({"num_envs": 0}, "num_envs: 0 is below 1"),
        ({"autoreset_mode": "never"}, "autoreset_mode: there is no 'never'"),
        ({"threads": -1}, "threads: -1"),
        ({"copies": True}, "no setting 'copies'"),
    ]:
        with pytest.raises(imprint.UsageError) as caught:
            imprint.LaneFollowingVectorEnv(**settings)
        assert message in str(caught.value)


def test_a_closed_environment_says_so(make):
    env = make(2)
    env.reset(seed=1)
    env.close()
    env.close()
    with pytest.raises(imprint.ClosedError):
        env.step(actions_of(2, 0))
    with pytest.raises(imprint.ClosedError):
        env.reset()


def test_two_threads_cannot_step_one_environment(make):
    env = make(64, width=160, height=120)
    env.reset(seed=1)
    errors, done = [], threading.Event()

    def step_on():
        while not done.is_set():
            try:
                env.step(actions_of(64, 0))
            except imprint.BusyError as error:
                errors.append(error)

    threads = [threading.Thread(target=step_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    while not errors:
        threads[0].join(0.01)
    done.set()
    for thread in threads:
        thread.join()
    assert "give each thread its own" in str(errors[0])


def test_threads_step_environments_of_their_own(make):
    wanted = drive(make(4), 30)
    environments = [make(4) for _ in range(4)]
    results = [None] * 4

    def work(k):
        results[k] = drive(environments[k], 30)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(all(map(same, wanted, result)) for result in results)


def make_single():
    return gym.make(ID, **SMALL)


@pytest.mark.parametrize("context", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_workers_of_other_processes_give_the_same(context):
    env = AsyncVectorEnv([make_single, make_single], context=context)
    observations, _ = env.reset(seed=[3, 4])
    single = make_single()
    assert np.array_equal(observations[1], single.reset(seed=4)[0])
    got = env.step(actions_of(2, 0).astype(np.float32))
    assert np.array_equal(got[0][1], single.step(actions_of(2, 0)[1].astype(np.float32))[0])
    env.close()
    single.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_an_environment_goes_on_in_the_child_of_a_fork(make):
    import multiprocessing

    env = make(4, threads=3)
    env.reset(seed=7)
    wanted = drive(make(4), 1)[-1]
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(env.step(actions_of(4, 0))))
    child.start()
    assert receiver.poll(30)
    assert same(receiver.recv(), wanted)
    child.join()
    assert child.exitcode == 0
    assert same(env.step(actions_of(4, 0)), wanted)
