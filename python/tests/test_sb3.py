"""imprint.sb3: the vector environment and the policies of Stable-Baselines3, where it is."""

import numpy as np
import pytest

import imprint

pytest.importorskip("stable_baselines3", exc_type=ImportError)
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv, VecMonitor

from imprint.sb3 import LaneFollowingVecEnv, policy_of

SMALL = {"map": "small_loop", "width": 40, "height": 36}


def test_it_steps_like_our_vector_environment():
    env = LaneFollowingVecEnv(3, max_steps=5, **SMALL)
    ours = imprint.LaneFollowingVectorEnv(3, autoreset_mode="same_step", max_steps=5, **SMALL)
    assert isinstance(env, VecEnv)
    env.seed(7)
    observations = env.reset()
    expected, _ = ours.reset(seed=7)
    for step in range(12):
        assert np.array_equal(observations, expected.transpose(0, 3, 1, 2))
        actions = np.full((3, 2), 0.1 * step, np.float32)
        observations, rewards, over, infos = env.step(actions)
        expected, wanted, terminated, truncated, our_infos = ours.step(actions)
        assert rewards.dtype == np.float32
        assert np.array_equal(rewards, wanted.astype(np.float32))
        assert np.array_equal(over, terminated | truncated)
        for k in range(3):
            if over[k]:
                assert infos[k]["TimeLimit.truncated"]
                final = our_infos["final_obs"][k].transpose(2, 0, 1)
                assert np.array_equal(infos[k]["terminal_observation"], final)
                assert infos[k]["frame"] == 5
            else:
                assert infos[k]["frame"] == our_infos["frame"][k]
    assert not env.env_is_wrapped(VecMonitor)[0]
    assert env.get_attr("num_envs", [0, 2]) == [3, 3]
    env.close()


def test_what_it_cannot_do_it_says():
    env = LaneFollowingVecEnv(1, **SMALL)
    with pytest.raises(imprint.UsageError, match="make the environments again"):
        env.set_attr("max_steps", 3)
    with pytest.raises(imprint.UsageError, match="no single environments"):
        env.env_method("render")
    with pytest.raises(imprint.UsageError, match="has none"):
        env.set_options({"pose": 1})
    env.close()


def test_a_model_learns_and_drives():
    env = VecMonitor(LaneFollowingVecEnv(2, max_steps=20, reward="progress", **SMALL))
    model = PPO("CnnPolicy", env, n_steps=16, batch_size=16, n_epochs=1, seed=1)
    model.learn(64)
    result = imprint.evaluate(policy_of(model), episodes=2, steps=10, **SMALL)
    assert result.statistics.episodes == 2
    env.close()
