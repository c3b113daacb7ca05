"""The stand-in under the names of gym-duckietown and gym, and its wrappers."""

import subprocess
import sys
import textwrap
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import imprint
import imprint.gym_duckietown as stand_in
from imprint.gym_duckietown import DuckietownEnv, Simulator, learning, wrappers
from imprint.gym_duckietown._resize import imresize, resize
from imprint.gym_duckietown.distortion import Distortion

SMALL = {"camera_width": 40, "camera_height": 30, "domain_rand": False, "seed": 3}


def run(script, *arguments, prelude="import imprint.gym_duckietown as s; s.install(gym='own')"):
    """What a script prints, in a process of its own."""
    code = f"{prelude}\n{textwrap.dedent(script)}"
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def env():
    made = Simulator(distortion=True, map_name="loop_empty", **SMALL)
    yield made
    made.close()


def test_scripts_import_it_under_its_name():
    printed = run("""
        import gym, gym_duckietown, numpy as np
        from gym import spaces
        from gym_duckietown.simulator import *
        from gym_duckietown import simulator
        from gym_duckietown.envs import DuckietownEnv, MultiMapEnv
        from gym_duckietown.envs.duckietown_env import DuckietownLF
        from gym_duckietown.wrappers import UndistortWrapper, SteeringToWheelVelWrapper
        from gym_duckietown.exceptions import InvalidMapException
        from gym_duckietown.objects import DuckiebotObj
        from gym_duckietown.collision import intersects
        from gym_duckietown.graphics import bezier_point
        from gym_duckietown.utils import get_file_path
        from duckietown_world import MapFormat1Constants, get_DB18_nominal
        from duckietown_world.resources import list_maps2
        import geometry
        assert {"udem1", "loop_only_duckies"} <= set(list_maps2())
        assert geometry.se2_from_linear_angular([0, 0], 0).shape == (3, 3)
        from scipy.misc import imresize
        assert simulator.Simulator is Simulator and MapFormat1Constants.KIND_DUCKIE == "duckie"
        simulator.REWARD_INVALID_POSE = -7

        class Bonus(gym.RewardWrapper):
            def reward(self, reward):
                return reward + 100

        class Grey(gym.ObservationWrapper):
            def __init__(self, env):
                super().__init__(env)
                self.observation_space.shape = (30, 40, 1)
                self.observation_space = spaces.Box(0, 255, (30, 40, 1), np.uint8)

            def observation(self, observation):
                return observation.mean(axis=2, keepdims=True).astype(np.uint8)

        env = gym.make("Duckietown-small_loop-v0", camera_width=40, camera_height=30, seed=1)
        assert isinstance(env, DuckietownEnv) and isinstance(env, gym.Env)
        env = gym.wrappers.TimeLimit(Bonus(Grey(env)), 3)
        assert env.observation_space.contains(env.reset())
        print([env.step([0.0, 0.0])[2] for _ in range(3)], env.unwrapped.map_name)
        env.unwrapped.cur_pos = np.array([-1.0, 0, 0.1])
        print(env.step([0.0, 0.0])[1], env.wheel_dist)
        """)
    assert printed.split("\n")[:2] == [
        "[False, False, True] small_loop",
        "93 " + printed.split()[-1],
    ]


def test_newer_signature_for_all_and_gymnasiums_names():
    printed = run(
        """
        import gymnasium
        from gym_duckietown.envs import MultiMapEnv
        env = MultiMapEnv(camera_width=40, camera_height=30)
        print(len(env.reset(seed=1)), len(env.step([0.1, 0.0])))
        env = gymnasium.make("MultiMap-v0", camera_width=40, camera_height=30)
        print(len(env.reset(seed=1)), len(env.step([0.1, 0.0])))
        small = {"camera_width": 40, "camera_height": 30, "vectorization_mode": "sync"}
        envs = gymnasium.make_vec("Duckietown-loop_empty-v0", num_envs=2, **small)
        print(envs.reset(seed=1)[0].shape)
        """,
        prelude="import imprint.gym_duckietown as s; s.install(api='gymnasium')",
    )
    assert printed == "2 5\n2 5\n(2, 30, 40, 3)\n"


def test_the_guides_example():
    guide = (Path(__file__).parents[2] / "docs" / "gym-duckietown.md").read_text()
    example = guide.split("```python\n")[1].split("```")[0]
    assert run(example, prelude="") == "100 False udem1\n"


def test_install_is_taken_back_and_refuses_what_is_wrong():
    printed = run(
        """
        import sys, types
        import imprint.gym_duckietown as s
        s.install(gym="own"); s.install(gym="own")
        assert "gym_duckietown.simulator" in sys.modules and sys.modules["gym"].is_imprint
        s.uninstall()
        assert "gym_duckietown" not in sys.modules and "gym" not in sys.modules
        for settings in ({"api": "new"}, {"gym": "mine"}):
            try:
                s.install(**settings)
            except ValueError as error:
                print(error)
        sys.modules["gym_duckietown"] = types.ModuleType("gym_duckietown")
        try:
            s.install()
        except ValueError as error:
            print(error)
        """,
        prelude="",
    )
    lines = printed.splitlines()
    assert lines[0] == "api: 'new' is neither 'gym' nor 'gymnasium'"
    assert lines[1] == "gym: 'mine' is none of 'auto', 'own' and 'installed'"
    assert lines[2].startswith("gym_duckietown is imported already: call")


def test_scripts_run_unchanged(tmp_path):
    script = tmp_path / "drive.py"
    script.write_text(
        "import sys, gym_duckietown\n"
        "from gym_duckietown.simulator import Simulator\n"
        "env = Simulator(map_name='loop_empty', camera_width=40, camera_height=30)\n"
        "print(__name__, sys.argv[1:], env.step([0.1, 0.1])[2])\n"
    )
    command = [sys.executable, "-m", "imprint.gym_duckietown"]
    for arguments in ([str(script), "--mine", "1"], ["-m", "drive", "--mine", "1"]):
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, cwd=tmp_path, timeout=120
        )
        assert done.stdout == "__main__ ['--mine', '1'] False\n", done.stderr
    missing = subprocess.run([*command, "nowhere.py"], capture_output=True, text=True, timeout=120)
    assert (missing.returncode, "there is no file 'nowhere.py'" in missing.stderr) == (2, True)


def test_wrappers_of_observations(env):
    chw = wrappers.PyTorchObsWrapper(env)
    assert chw.observation_space.contains(chw.reset())
    for resized in (wrappers.ResizeWrapper(chw, 20, 12), wrappers.ResizeWrapper(env, 20, 12)):
        observation = resized.reset()
        assert resized.observation_space.contains(observation)
        assert resized.step([0, 0])[0].shape == observation.shape
    assert wrappers.ResizeWrapper(chw, 20, 12).reset().shape == (3, 20, 12)
    small = learning.ResizeWrapper(env, (15, 20, 3))
    observation = small.reset()
    assert observation.shape == (15, 20, 3)
    assert observation.mean() == pytest.approx(env.render_obs().mean(), abs=1.0)
    unit = learning.ImgWrapper(learning.NormalizeWrapper(small))
    observation = unit.reset()
    assert (observation.shape, observation.dtype) == ((3, 15, 20), np.float32)
    assert unit.observation_space.contains(observation)
    assert observation.max() <= 1.0
    blurred = learning.MotionBlurWrapper(env)
    assert env.delta_time == pytest.approx(1 / 90)
    observation, _, done, info = blurred.step([0.5, 0.5])
    assert (observation.dtype, env.step_count, done) == (np.float64, 3, False)
    assert info["Simulator"]["action"] == [0.5, 0.5]


def test_wrappers_of_actions_and_rewards():
    env = DuckietownEnv(map_name="loop_empty", **SMALL)
    turns = wrappers.DiscreteWrapper(env)
    assert [turns.action(k).tolist() for k in range(3)] == [[0.6, 1.0], [0.6, -1.0], [0.7, 0.0]]
    with pytest.raises(imprint.UsageError, match="none of 0"):
        turns.step(3)
    plain = Simulator(map_name="loop_empty", **SMALL)
    steering = wrappers.SteeringToWheelVelWrapper(plain)
    expected = [(0.4 - 0.051 * 2) / 0.0318 / 27, (0.4 + 0.051 * 2) / 0.0318 / 27]
    assert steering.action([0.4, 2.0]) == pytest.approx(expected, abs=1e-12)
    # the environment with velocities drives as the one with wheels
    for _ in range(10):
        info = env.step([0.4, 2.0])[3]["DuckietownEnv"]
        steering.step([0.4, 2.0])
    assert env.cur_pos.tolist() == plain.cur_pos.tolist()
    assert info["omega_r"] == pytest.approx((0.4 + 0.102) / 0.0318)
    rewards = learning.DtRewardWrapper(plain)
    assert [rewards.reward(r) for r in (-1000, 0.5, -0.5)] == [-10, 10.5, 3.5]
    assert learning.ActionWrapper(plain).action([1.0, 0.5]) == [0.8, 0.5]
    assert isinstance(learning.ActionWrapper(plain), gymnasium.Env)
    assert learning.ActionWrapper(plain).unwrapped is plain


def test_undistortion(env):
    rectified = wrappers.UndistortWrapper(env)
    assert env.undistort
    observation = rectified.reset()
    assert (observation.shape, observation.dtype) == ((30, 40, 3), np.uint8)
    assert (observation != env.render_obs()).any()
    plain = Simulator(map_name="loop_empty", **SMALL)
    with pytest.raises(imprint.UsageError, match="distortion=True"):
        wrappers.UndistortWrapper(plain)
    # the lens as a function bends what the simulator draws without it, up to the filter
    env.undistort = False
    bent = Distortion().distort(env.render("free_cam")[::8, ::8])
    assert bent.shape == (75, 100, 3)
    with pytest.raises(imprint.UsageError, match="camera_rand"):
        Distortion(camera_rand=True)


def test_resizing():
    ramp = np.tile(np.arange(64, dtype=np.uint8)[None, :, None] * 4, (48, 1, 3))
    half = resize(ramp, 24, 32)
    assert np.abs(half[:, 2:-2, 0].astype(int) - (np.arange(32) * 8 + 2)[2:-2]).max() <= 1
    assert (resize(ramp, 48, 64, cubic=True) == ramp).all()
    assert (resize(ramp, 48, 64) == ramp).all()
    assert imresize(ramp, 0.5).shape == (24, 32, 3)
    assert imresize(ramp[..., 0], (12, 16)).shape == (12, 16)


def test_learning_environment():
    env = learning.launch_env(camera_width=40, camera_height=30)
    assert (env.map_name, env.distortion, env.max_steps) == ("loop_empty", True, 500001)
    speed, steering = learning.PurePursuitExpert(env).predict(None)
    assert (speed, abs(steering) < 10) == (0.8, True)
    env.cur_pos = np.array([0.1, 0.0, 0.1])
    assert learning.PurePursuitExpert(env).predict(None) == (0.0, 0.0)
    named = learning.launch_env("Duckietown-udem1-v0", **SMALL)
    assert isinstance(named, DuckietownEnv)
    with pytest.raises(imprint.UsageError, match="there is no environment 'Duck-v0'"):
        learning.launch_env("Duck-v0")
    assert stand_in.__version__ == "6.1.34"
