"""The Gymnasium environment of one robot."""

import gc
import json
import tempfile
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import imprint
from imprint._native import ffi, lib

KINDS = [
    {},
    {"observation": "state"},
    {"observation": "segments", "randomize": "all,no-road", "maps": ["loop_empty", "udem1"]},
    {"observation": "mask", "rules": "challenge", "reward": "progress"},
    {"observation": "depth", "frame_skip": 3, "expert": True, "render_mode": "rgb_array"},
    {
        "observation": ("image", "mask", "depth", "state"),
        "channels_first": True,
        "actions": "velocities",
        "width": 64,
        "height": 48,
    },
]


@pytest.fixture
def make():
    made = []

    def make_one(**settings):
        made.append(imprint.LaneFollowingEnv(**settings))
        return made[-1]

    yield make_one
    for env in made:
        env.close()


@pytest.mark.parametrize("settings", KINDS)
def test_gymnasiums_checks_pass(settings):
    env = gym.make("imprint/LaneFollowing-v0", **settings)
    with warnings.catch_warnings():
        # speeds and turn rates are in SI units
        warnings.filterwarnings("ignore", message=".*symmetric and normalized.*")
        check_env(env.unwrapped)
    observation, _ = env.reset(seed=3)
    assert env.observation_space.contains(observation)
    for _ in range(50):
        observation, _, terminated, truncated, _ = env.step(env.action_space.sample())
        assert env.observation_space.contains(observation)
        if terminated or truncated:
            env.reset()
    env.close()


def test_observations_have_their_shapes(make):
    observation, info = make(**KINDS[-1]).reset(seed=1)
    shapes = {name: (array.shape, array.dtype.name) for name, array in observation.items()}
    assert shapes == {
        "image": ((3, 48, 64), "uint8"),
        "mask": ((48, 64), "uint8"),
        "depth": ((48, 64), "float32"),
        "pose": ((3,), "float64"),
        "speed": ((1,), "float64"),
        "turn_rate": ((1,), "float64"),
        "lane_distance": ((1,), "float64"),
        "lane_angle": ((1,), "float64"),
        "in_lane": ((1,), "uint8"),
    }
    assert set(info) == {*imprint._batch.STATES}
    assert info["end_reason"] == imprint.EndReason.NONE


def test_an_environment_gives_what_the_library_gives(make):
    settings = {"map": "udem1", "expert": True, "randomize": "all,no-road"}
    env = make(**settings)
    definition = imprint._settings.definition_of(settings, "disabled")
    definition.set("env.seed", 77)
    out, err = ffi.new("imp_sim **"), ffi.new("imp_error *")
    assert lib.imp_sim_create(out, definition.pointer, err) == lib.IMP_OK
    sim = out[0]
    for episode in range(2):
        observation, info = env.reset(seed=77 if episode == 0 else None)
        assert lib.imp_sim_reset(sim, episode, err) == lib.IMP_OK
        assert info["episode_number"] == episode
        for _ in range(5):
            rgb = np.empty((60, 80, 3), np.uint8)
            lib.imp_sim_observe(sim, ffi.from_buffer(rgb))
            assert np.array_equal(observation, rgb)
            wanted = lib.imp_sim_expert_action(sim)
            assert info["expert_action"].tolist() == [wanted.left, wanted.right]
            step = lib.imp_sim_step(sim, wanted)
            observation, reward, terminated, truncated, info = env.step(info["expert_action"])
            assert (reward, terminated, truncated) == (
                step.reward,
                step.terminated,
                step.truncated,
            )
    lib.imp_sim_destroy(sim)


def test_episodes_follow_from_seed_and_number(make):
    env = make()
    first, _ = env.reset(seed=5)
    second, info = env.reset()
    assert info["episode_number"] == 1
    assert not np.array_equal(first, second)
    again, _ = env.reset(options={"episode_number": 0})
    assert np.array_equal(first, again)
    other, _ = make().reset(seed=6)
    assert not np.array_equal(first, other)


def test_without_a_seed_environments_differ(make):
    assert not np.array_equal(make().reset()[0], make().reset()[0])


def test_a_seed_renews_randomised_textures_too(make):
    used = make(randomize="all")
    used.reset(seed=1)
    fresh = make(randomize="all", settings={"env.seed": 2})
    assert np.array_equal(used.reset(seed=2)[0], fresh.reset(seed=2)[0])
    drawn = json.loads(used.randomization())
    assert drawn == json.loads(fresh.randomization())
    assert "exposure" in drawn
    assert make().randomization() == "{}"


def test_episodes_start_where_the_caller_says(make):
    env = make(maps=["loop_empty", "udem1"])
    observation, info = env.reset(seed=1, options={"pose": (3.2, 0.76, np.pi), "map_index": 1})
    assert info["pose"].tolist() == [3.2, 0.76, np.pi]
    assert info["map_index"] == 1
    other, info = env.reset(
        options={"pose": [3.2, 0.76, np.pi], "map_index": 0, "episode_number": 7}
    )
    assert info["episode_number"] == 7
    assert not np.array_equal(observation, other)


def test_rewards_and_actions_are_of_the_kinds_asked_for(make):
    env = make(actions="velocities", reward="progress")
    assert env.action_space.high == pytest.approx([0.8586, 16.835], rel=1e-4)
    env.reset(seed=1, options={"pose": (3.2, 0.7605, np.pi)})
    rewards = [env.step([0.8, 0.0])[1] for _ in range(30)]
    assert rewards[:4] == [0.0] * 4
    assert 0.9 < rewards[-1] < 1.0
    env = make()
    env.reset(seed=1, options={"pose": (3.2, 0.7605, np.pi)})
    assert env.step([0.0, 0.0])[1] == pytest.approx(1.2)


def test_ends_are_told_apart(make):
    env = make()
    env.reset(seed=1)
    terminated = False
    while not terminated:
        _, reward, terminated, truncated, info = env.step([1.0, 1.0])
    assert (reward, truncated) == (-1000.0, False)
    assert info["end_reason"] == imprint.EndReason.INVALID_POSE
    with pytest.raises(imprint.UsageError, match="its episode is over"):
        env.step([0.0, 0.0])
    env = make(max_steps=2)
    env.reset(seed=1)
    env.step([0.0, 0.0])
    assert env.step([0.0, 0.0])[2:4] == (False, True)


def test_maps_can_be_text_files_and_folders(make, tmp_path):
    town = imprint.generate_map(kind="loop", seed=7, columns=8, rows=7)
    (tmp_path / "town.yaml").write_text(town)
    settings = [{"map": town}, {"map": tmp_path / "town.yaml"}, {"map": tmp_path}]
    images = [make(**each).reset(seed=1)[0] for each in settings]
    assert all(np.array_equal(images[0], image) for image in images)
    many = make(maps=[town, imprint.generate_map(seed=8), "loop_empty"], randomize="road")
    indices = {int(many.reset(seed=1 if k == 0 else None)[1]["map_index"]) for k in range(20)}
    assert indices == {0, 1, 2}
    many.reset(seed=2)  # makes the simulators again


def test_files_of_map_text_go_with_the_environment(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    env = imprint.LaneFollowingEnv(map=imprint.generate_map(kind="loop"), width=8, height=6)
    assert len(list(tmp_path.iterdir())) == 1
    env.close()
    del env
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_every_builtin_map_can_be_driven(make):
    names = imprint.builtin_maps()
    assert "loop_empty" in names
    env = make(maps=names, width=16, height=12)
    env.reset(seed=1)
    driven = set()
    while len(driven) < len(names):
        driven.add(int(env.reset()[1]["map_index"]))
        env.step([0.1, 0.1])


def test_render_draws_the_map_or_the_camera(make):
    env = make(render_mode="rgb_array", render_size=(200, 150))
    observation, _ = env.reset(seed=1)
    above = env.render()
    assert above.shape == (150, 200, 3)
    assert above.std() > 10
    camera = make(render_mode="rgb_array", render_view="camera", render_size=(160, 120))
    camera.reset(seed=1)
    image = camera.render()
    assert image.shape == (120, 160, 3)
    small = image.reshape(60, 2, 80, 2, 3).mean((1, 3))
    assert np.abs(small - observation).mean() < 3.0
    same = make(render_mode="rgb_array", render_view="camera", render_size=(80, 60))
    assert np.array_equal(same.reset(seed=1)[0], same.render())
    assert make().render() is None


def test_lens_and_further_settings_are_applied(make, tmp_path):
    calibration = tmp_path / "camera.yaml"
    calibration.write_text(
        "image_width: 640\nimage_height: 480\n"
        "camera_matrix: {rows: 3, cols: 3, data: [300, 0, 320, 0, 300, 240, 0, 0, 1]}\n"
        "distortion_model: plumb_bob\n"
        "distortion_coefficients: {rows: 1, cols: 5, data: [-0.2, 0.02, 0, 0, 0]}\n"
    )
    settings = [
        {},
        {"lens": "none"},
        {"lens": calibration},
        {"settings": {"camera.pitch": 0.1}},
        {"settings": {"env.start_tile": (2, 1), "env.has_start_tile": True}},
    ]
    images = [make(**each).reset(seed=1)[0].tobytes() for each in settings]
    assert len(set(images)) == len(images)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"map": "no_such_map"}, "no_such_map"),
        ({"mpa": "loop_empty"}, "there is no setting 'mpa'; is 'map' meant?"),
        ({"xyz": 1}, "there is no setting 'xyz'; there are: map, maps"),
        ({"maps": []}, "maps: a sequence of maps is needed"),
        ({"maps": "loop_empty"}, "maps: a sequence of maps is needed"),
        ({"width": 0}, "not 0 x 60"),
        ({"width": 80.5}, "camera.width: 80.5 is no int"),
        ({"observation": "photo"}, "observation: there is no 'photo'"),
        ({"observation": ()}, "must name one or more kinds"),
        ({"observation": ("image", "segments")}, "exclude each other"),
        ({"actions": "velocity"}, "actions: there is no 'velocity'; is 'velocities' meant?"),
        ({"reward": "speed"}, "reward: there is no 'speed'"),
        ({"rules": "aido"}, "env.rules: there is no 'aido'"),
        ({"randomize": "lihgt"}, "lihgt"),
        ({"randomize": "missing.json"}, "missing.json"),
        ({"lens": "missing.yaml"}, "missing.yaml"),
        ({"assets": "missing"}, "missing"),
        ({"expert": {"sped": 1.0}}, "no setting 'expert.sped'; is 'speed' meant?"),
        ({"expert": {"speed": -1.0}}, "speed"),
        ({"settings": {"env.nothing": 1}}, "no setting 'env.nothing'"),
        ({"render_mode": "human"}, "render_mode: 'human'"),
        ({"render_view": "side"}, "render_view: 'side'"),
        ({"render_size": (0, 10)}, "render_size: 0 x 10"),
        ({"frame_skip": 0}, "frame"),
    ],
)
def test_wrong_settings_are_refused_with_a_word(settings, message):
    with pytest.raises(imprint.ImprintError) as caught:
        imprint.LaneFollowingEnv(**settings)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ([0.1], "action: shape (2,) is needed, not (1,)"),
        ([[0.1, 0.2]], "action: shape (2,) is needed, not (1, 2)"),
        (0.5, "action: shape (2,) is needed, not ()"),
        ([0.1, np.nan], "action: nan at [1]"),
        ([np.inf, 0.1], "action: inf at [0]"),
        (["a", "b"], "action: numbers that fit float64"),
        (np.zeros(2, complex), "action: numbers that fit float64"),
        (None, "action: shape (2,) is needed, not ()"),
    ],
)
def test_wrong_actions_are_refused_and_change_nothing(make, action, message):
    env = make()
    env.reset(seed=1)
    with pytest.raises(imprint.UsageError) as caught:
        env.step(action)
    assert message in str(caught.value)
    other = make()
    other.reset(seed=1)
    assert np.array_equal(env.step([0.1, 0.2])[0], other.step([0.1, 0.2])[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed: 18446744073709551616 is not within"),
        ({"options": {"episod": 1}}, "options: there is no 'episod'"),
        ({"options": {"episode_number": -1}}, "options: episode_number: numbers within 0"),
        ({"options": {"pose": (1.0, 2.0)}}, "options: pose: shape (3,) is needed, not (2,)"),
        ({"options": {"pose": (1.0, 2.0, np.nan)}}, "options: pose: nan at [2]"),
        ({"options": {"pose": (1.0, 2.0, 0.0), "map_index": 4}}, "there is no map 4"),
    ],
)
def test_wrong_resets_are_refused(make, arguments, message):
    with pytest.raises((imprint.UsageError, gym.error.Error)) as caught:
        make().reset(**arguments)
    assert message in str(caught.value).lower()


def test_steps_need_an_episode_and_an_open_environment(make):
    env = make()
    with pytest.raises(imprint.UsageError, match="never reset"):
        env.step([0.0, 0.0])
    env.reset(seed=1)
    env.close()
    env.close()
    for use in (lambda: env.step([0.0, 0.0]), env.reset, env.randomization):
        with pytest.raises(imprint.ClosedError, match="closed"):
            use()
