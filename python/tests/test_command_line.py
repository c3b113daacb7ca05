"""Environments give what the command line records."""

import os
import shutil
import subprocess
import sysconfig

import numpy as np
import pytest

import imprint
from imprint._errors import call
from imprint._hdf5 import hdf5_lock
from imprint._native import ffi, lib

PROGRAM = shutil.which("imprint", path=sysconfig.get_path("scripts"))


def test_the_program_comes_with_the_package():
    ran = subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True)
    assert imprint.__version__ in ran.stdout


def array(pointer, kind, *shape):
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    return np.frombuffer(ffi.buffer(pointer, size), kind).reshape(shape).copy()


def recorded_episodes(folder):
    """Observations, rewards and poses of a dataset's episodes."""
    with hdf5_lock:
        out = ffi.new("imp_dataset **")
        call(lib.imp_dataset_open, out, os.fsencode(folder))
        episodes = []
        for k in range(lib.imp_dataset_episode_count(out[0])):
            episode = lib.imp_dataset_episode(out[0], k)
            steps = episode.steps
            episodes.append(
                (
                    array(episode.observations, np.uint8, steps + 1, 60, 80, 3),
                    array(episode.rewards, np.float32, steps),
                    array(episode.poses, np.float64, steps + 1, 3),
                )
            )
        lib.imp_dataset_close(out[0])
    return episodes


@pytest.mark.parametrize("randomization", [None, "all,no-road"])
def test_the_same_seed_gives_the_bytes_that_imprint_log_records(tmp_path, randomization):
    folder = tmp_path / "data"
    command = [PROGRAM, "log", "--seed", "7", "--map", "udem1", "--episodes", "2", "--steps", "40"]
    command += ["--start-angle-deg", "60", "--quiet", "--out", str(folder)]
    if randomization is not None:
        command += ["--randomize", randomization]
    subprocess.run(command, check=True, capture_output=True)
    settings = {"map": "udem1", "randomize": randomization, "max_steps": 40}
    env = imprint.LaneFollowingEnv(**settings, expert=True)
    vector = imprint.LaneFollowingVectorEnv(2, **settings)
    assert np.array_equal(vector.reset(seed=7)[0][0], recorded_episodes(folder)[0][0][0])
    for number, (observations, rewards, poses) in enumerate(recorded_episodes(folder)):
        observation, info = env.reset(seed=7 if number == 0 else None)
        for k in range(len(rewards)):
            assert np.array_equal(observation, observations[k])
            assert np.array_equal(info["pose"], poses[k])
            observation, reward, *_, info = env.step(info["expert_action"])
            assert np.float32(reward) == rewards[k]
        assert np.array_equal(observation, observations[-1])
    env.close()
    vector.close()
