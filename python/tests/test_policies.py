"""Policies and experts of the user's, and ours as callables."""

import json
import os
import signal
import threading
import time
import traceback

import gymnasium as gym
import numpy as np
import pytest

import imprint
from imprint import BadInputError, BusyError, UsageError
from imprint._hdf5 import hdf5_lock
from imprint._native import ffi, lib

SMALL = {"map": "small_loop", "width": 40, "height": 30, "start_angle": 0.1}


def follow_lane(states):
    turn = 2.0 * states["lane_distance"] + states["lane_angle"]
    turn = np.where(states["in_lane"] == 1, turn, 0.0)
    return np.stack([0.3 - 0.25 * turn, 0.3 + 0.25 * turn], axis=1)


def untrained(path, width=40, height=30, architecture="small"):
    network = ffi.new("imp_network **")
    definition = ffi.new("imp_network_def *", lib.imp_default_network_def())
    definition.architecture = architecture.encode()
    definition.width, definition.height = width, height
    assert lib.imp_network_create(network, definition, 3, ffi.NULL) == lib.IMP_OK
    assert lib.imp_network_save(network[0], os.fsencode(path), ffi.NULL, ffi.NULL) == lib.IMP_OK
    lib.imp_network_destroy(network[0])
    return path


def set_action_weights(path, weights):
    """All values of a model become 0, but for these of its last layer: (row, column) to weight."""
    data = bytearray(path.read_bytes())
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    values = np.frombuffer(data, np.float32, offset=begin)
    values[:] = 0.0
    tensor = header["action.weight"]
    first, last = (offset // 4 for offset in tensor["data_offsets"])
    for place, weight in weights.items():
        values[first:last].reshape(tensor["shape"])[place] = weight
    path.write_bytes(data)


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_function_drives_the_same_whatever_batch_and_threads():
    first = imprint.evaluate(imprint.policy(follow_lane, batch=1), episodes=9, steps=60, **SMALL)
    assert first.statistics.episodes == 9
    assert first.completed >= 7
    for batch, threads in ((4, 1), (4, 3), (128, 2)):
        other = imprint.evaluate(
            imprint.policy(follow_lane, batch=batch),
            episodes=9,
            steps=60,
            threads=threads,
            **SMALL,
        )
        assert first.episodes.tobytes() == other.episodes.tobytes()


def test_functions_get_what_their_parameters_name():
    seen = {}

    def both(observations, states):
        seen["both"] = (observations.shape[1:], observations.dtype, states.dtype)
        assert len(observations) == len(states)
        with pytest.raises(ValueError, match="read-only"):
            observations[0, 0, 0, 0] = 1
        return np.zeros((len(states), 2))

    def images(observations):
        seen["images"] = observations.shape[1:]
        return np.zeros((len(observations), 2), np.float32)

    def lists(state):
        seen["lists"] = sorted(int(slot) for slot in state["slot"])
        return [[0, 0]] * len(state)

    for function in (both, images, lists):
        result = imprint.evaluate(function, episodes=3, steps=4, threads=1, **SMALL)
        assert result.episodes["steps"].tolist() == [4, 4, 4]
    assert seen["both"] == ((30, 40, 3), np.uint8, imprint.STATE)
    assert seen["images"] == (30, 40, 3)
    assert seen["lists"] == [0, 1, 2]
    with pytest.raises(UsageError, match="not 3 arguments"):
        imprint.evaluate(lambda a, b, c: a, episodes=1, **SMALL)
    with pytest.raises(UsageError, match="must be a function"):
        imprint.evaluate(7, episodes=1, **SMALL)


def test_states_are_those_of_the_episodes():
    starts = {}

    @imprint.policy(images=False, batch=3)
    def expert(states):
        for state in states[states["frame"] == 0]:
            starts[int(state["episode"])] = (state["x"], state["z"], state["heading"])
            assert abs(np.hypot(*state["path"][0]) - abs(state["lane_distance"])) < 2e-3
            assert state["object_count"] == len(state["objects"][state["objects"]["radius"] > 0])
        return follow_lane(states)

    settings = {**SMALL, "map": "loop_obstacles"}
    result = imprint.evaluate(
        expert, episodes=7, steps=5, plot_episodes=7, ask_expert=True, **settings
    )
    assert [list(starts[k]) for k in range(7)] == result.episodes["start"].tolist()
    assert result.trajectories[2].poses.shape == (6, 3)
    assert result.trajectories[2].actions.shape == (5, 4)
    assert list(result.maps) == ["loop_obstacles"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda n: np.zeros((n, 3)), r"actions of wrong: shape \(\d, 2\) is needed"),
        (lambda n: np.full((n, 2), np.nan), "actions of wrong: nan at"),
        (lambda n: None, "actions of wrong: shape"),
        (lambda n: np.zeros((n, 2), complex), "numbers that fit float64"),
    ],
)
def test_wrong_actions_are_refused(answer, message):
    def wrong(states):
        return answer(len(states))

    with pytest.raises(UsageError, match=message):
        imprint.evaluate(wrong, episodes=4, steps=20, **SMALL)


class SurpriseError(Exception):
    pass


def test_an_exception_reaches_the_caller_and_what_was_recorded_is_kept(tmp_path):
    failing = True

    @imprint.policy(batch=2, name="moody")
    def expert(observations, states):
        if failing and states["episode"].max() >= 6:
            raise SurpriseError("no more")
        return follow_lane(states)

    def whole(folder, **settings):
        return imprint.collect(folder, expert=expert, episodes=10, steps=20, **SMALL, **settings)

    with pytest.raises(SurpriseError, match="no more") as caught:
        whole(tmp_path / "data", threads=2)
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "expert" in frames
    assert "whole" in frames
    failing = False
    result = whole(tmp_path / "data", resume=True, threads=1)
    assert 0 < result.resumed <= 6
    assert result.resumed + result.episodes == 10
    whole(tmp_path / "again")
    assert bytes_of(tmp_path / "data") == bytes_of(tmp_path / "again")


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_ends_an_evaluation_within_a_second(threads):
    def interrupt():
        time.sleep(0.5)
        interrupt.at = time.monotonic()
        os.kill(os.getpid(), signal.SIGINT)

    sender = threading.Thread(target=interrupt)
    sender.start()
    with pytest.raises(KeyboardInterrupt):
        imprint.evaluate(follow_lane, episodes=10**5, steps=1500, threads=threads, **SMALL)
    assert time.monotonic() - interrupt.at < 5.0  # within a second on an idle machine
    sender.join()


def test_datasets_cannot_be_used_by_a_policy_of_a_collection(tmp_path):
    def expert(states):
        with hdf5_lock:
            return follow_lane(states)

    with pytest.raises(BusyError, match="cannot use others"):
        imprint.collect(tmp_path / "data", expert=expert, episodes=4, steps=20, **SMALL)


def test_a_policy_drives_and_an_expert_labels(tmp_path):
    def still(observations):
        return np.zeros((len(observations), 2))

    for name, expert in (("own", follow_lane), ("ours", "expert"), ("theirs", "pure-pursuit")):
        result = imprint.collect(
            tmp_path / name,
            policy=still,
            expert=expert,
            episodes=3,
            steps=10,
            expert_share=0.5,
            **SMALL,
        )
        assert result.frames == 30
    assert len({path.read_bytes() for path in tmp_path.glob("*/shard-00000.hdf5")}) == 3
    with pytest.raises(UsageError, match="need a policy"):
        imprint.collect(tmp_path / "no", expert=follow_lane, expert_share=0.5, **SMALL)


def test_names_give_the_datasets_of_the_command_line(tmp_path):
    imprint.collect(tmp_path / "a", episodes=3, steps=20, **SMALL)
    imprint.collect(
        tmp_path / "b", expert=imprint.load_policy("expert"), episodes=3, steps=20, **SMALL
    )
    slow = imprint.load_policy("expert", speed=0.3)
    imprint.collect(tmp_path / "c", expert=slow, episodes=3, steps=20, **SMALL)
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    assert bytes_of(tmp_path / "a") != bytes_of(tmp_path / "c")
    with pytest.raises(UsageError, match="no setting 'sped'; is 'speed' meant"):
        imprint.load_policy("expert", sped=0.3)


def test_a_network_is_a_callable_and_drives_alike(tmp_path):
    path = untrained(tmp_path / "model.safetensors")
    network = imprint.load_policy(path)
    assert (network.width, network.height, network.frames) == (40, 30, 1)
    observations = np.random.default_rng(1).integers(0, 256, (5, 30, 40, 3), np.uint8)
    actions = network(observations)
    assert actions.shape == (5, 2)
    assert np.array_equal(network(observations[3]), actions[3])
    by_library = imprint.evaluate(network, episodes=4, steps=20, **SMALL)
    by_python = imprint.evaluate(lambda images: network(images), episodes=4, steps=20, **SMALL)
    assert by_library.episodes.tobytes() == by_python.episodes.tobytes()
    with pytest.raises(UsageError, match=r"shape \(N, 30, 40, 3\) is needed"):
        network(observations[:, :, :20])
    with pytest.raises(BadInputError):
        imprint.load_policy(tmp_path / "nothing.safetensors")


def test_the_model_that_comes_with_the_package_drives():
    result = imprint.evaluate("robot", episodes=2, steps=20, map="loop_empty")
    assert result.statistics.survived == 2
    network = imprint.load_policy("robot")
    assert network(np.zeros((3, 60, 80, 3), np.uint8)).shape == (3, 2)


def test_a_network_with_a_history_keeps_one_for_each_row(tmp_path):
    path = untrained(tmp_path / "model.safetensors", architecture="one-residual-actions")
    network = imprint.load_policy(path)
    assert network.past_actions > 0
    random = np.random.default_rng(1)
    for _ in range(200):  # until no action is clipped
        network.reset()
        blocks = random.integers(0, 256, (3, 2, 3, 4, 3), np.uint8)
        observations = blocks.repeat(10, axis=2).repeat(10, axis=3)
        if max(np.abs(network(frame)).max() for frame in observations) < 1.0:
            break
    network.reset()
    together = [network(frame) for frame in observations]
    network.reset()
    assert np.array_equal(network(observations[0]), together[0])
    network.reset(np.array([True, False]))
    mixed = network(np.stack([observations[0, 0], observations[1, 1]]))
    assert np.array_equal(mixed, [together[0][0], together[1][1]])
    assert not np.array_equal(network(observations[2], executed=np.ones((2, 2))), together[2])


def test_a_network_takes_commands(tmp_path):
    path = untrained(tmp_path / "model.safetensors", architecture="one-residual-command")
    network = imprint.load_policy(path)
    assert network.takes_commands
    image = np.random.default_rng(3).integers(0, 256, (30, 40, 3), np.uint8)

    def act(commands):
        network.reset()
        return network(np.stack([image, image]), commands=commands)

    none, left, mixed = act(None), act("left"), act(["right", "none"])
    assert np.array_equal(none, act(imprint.Command.NONE))
    assert np.array_equal(left[0], left[1])
    assert np.array_equal(left, act([imprint.Command.LEFT, imprint.Command.LEFT]))
    assert np.array_equal(mixed[1], none[1])
    assert len({tuple(row) for row in (none[0], left[0], mixed[0], act("straight")[0])}) == 4
    for wrong in ("back", [1, 2, 3], 4, 0.5):
        with pytest.raises(UsageError, match="commands: "):
            act(wrong)


def test_a_network_takes_conditions(tmp_path):
    architecture = tmp_path / "told.yaml"
    architecture.write_text(
        "speed: true\nrobot: true\nlayers:\n"
        "  - {name: flat, kind: flatten}\n  - {name: grey, kind: dense, channels: 1}\n"
        "  - {name: all, kind: concat, input: [grey, speed, robot]}\n"
        "  - {name: action, kind: dense, channels: outputs}\n"
    )
    path = untrained(tmp_path / "model.safetensors", architecture=str(architecture))
    # columns: the image, the speed, and the robot's numbers, of which the fifth is the delay
    set_action_weights(path, {(0, 1): 1.0, (1, 2 + 4): 0.1})
    network = imprint.load_policy(path)
    assert network.inputs == ("speed", "robot")
    images = np.zeros((2, 30, 40, 3), np.uint8)
    assert np.array_equal(network(images), np.zeros((2, 2)))
    robot = [1.0, 0.0, 0.0318, 0.102, 0.25, 0.33, 0.108]
    found = network(images, conditions={"speed": [0.3, 0.5], "robot": robot, "time_step": 0.1})
    assert np.allclose(found, [[0.3, 0.1], [0.5, 0.1]], atol=1e-6)
    assert np.allclose(network(images[0], conditions={"speed": 0.25}), [0.25, 0.0])
    for wrong in ({"pace": 1.0}, {"speed": [1.0, 2.0, 3.0]}, {"robot": 1.0}, {"speed": np.nan}):
        with pytest.raises(UsageError, match="conditions: "):
            network(images, conditions=wrong)


def test_the_expert_acts_in_environments():
    expert = imprint.load_policy("expert")
    envs = gym.make_vec("imprint/LaneFollowing-v0", num_envs=3, observation="state", expert=True)
    _, infos = envs.reset(seed=5)
    for _ in range(20):
        actions = expert(envs)
        assert np.allclose(actions, infos["expert_action"])
        _, _, _, _, infos = envs.step(actions)
    envs.close()
    env = gym.make("imprint/LaneFollowing-v0", observation="state")
    env.reset(seed=5)
    assert expert(env).shape == (2,)
    env.close()


def test_a_report_is_written(tmp_path):
    imprint.evaluate(follow_lane, episodes=3, steps=20, report=tmp_path / "report", **SMALL)
    assert "follow-lane" in (tmp_path / "report" / "report.html").read_text()


DAGGER = {"rounds": 1, "episodes": 3, "steps": 20, "eval_episodes": 3, "eval_steps": 20, **SMALL}


def test_dagger_trains_the_users_policy(tmp_path):
    seen = []

    def train(training):
        seen.append((training.round, [d.name for d in training.datasets], training.previous))
        with hdf5_lock:  # datasets can be used here
            pass
        assert imprint.evaluate(follow_lane, episodes=1, steps=5, **SMALL).completed == 1
        training.loss = 1.0 / (1 + training.round)
        (training.folder / "gain.txt").write_text("0.25")
        return follow_lane

    result = imprint.dagger(tmp_path / "run", expert=follow_lane, train=train, **DAGGER)
    assert [(k, data) for k, data, _ in seen] == [(0, ["data-000"]), (1, ["data-000", "data-001"])]
    assert seen[1][2] is follow_lane
    assert [r.loss for r in result.rounds] == [1.0, 0.5]
    assert result.policy is follow_lane
    with pytest.raises(UsageError, match="give load="):
        imprint.dagger(
            tmp_path / "run",
            expert=follow_lane,
            train=train,
            resume=True,
            **{**DAGGER, "rounds": 2},
        )
    loaded = []
    more = imprint.dagger(
        tmp_path / "run",
        expert=follow_lane,
        train=train,
        load=lambda folder: loaded.append(folder.name) or follow_lane,
        resume=True,
        **{**DAGGER, "rounds": 2},
    )
    assert len(more.rounds) == 3
    assert "model-001" in loaded


def test_dagger_passes_on_exceptions_of_train(tmp_path):
    def train(training):
        raise SurpriseError(str(training.round))

    with pytest.raises(SurpriseError, match="0"):
        imprint.dagger(tmp_path / "run", train=train, **DAGGER)
    with pytest.raises(UsageError, match="must return a policy"):
        imprint.dagger(tmp_path / "run2", train=lambda training: None, **DAGGER)
    with pytest.raises(UsageError, match="a function or a dict"):
        imprint.dagger(tmp_path / "run3", train=3, **DAGGER)


def test_dagger_trains_our_networks(tmp_path):
    settings = {"epochs": 1, "network": {"architecture": "small"}}
    result = imprint.dagger(tmp_path / "run", train=settings, expert=follow_lane, **DAGGER)
    assert len(result.rounds) == 2
    assert result.policy(np.zeros((1, 30, 40, 3), np.uint8)).shape == (1, 2)


def test_torch_modules_drive():
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 30 * 40, 2))
    module.train()
    plain = imprint.evaluate(module, episodes=3, steps=10, **SMALL)
    assert plain.statistics.episodes == 3
    assert not module.training
    by_hand = imprint.TorchPolicy(
        module,
        preprocess=lambda images: torch.tensor(images).permute(0, 3, 1, 2) / 255.0,
        identity="1",
    )
    assert np.allclose(
        imprint.evaluate(by_hand, episodes=3, steps=10, **SMALL).episodes["end"],
        plain.episodes["end"],
    )


def test_onnx_files_drive_like_the_models_that_they_were_made_of(tmp_path):
    pytest.importorskip("onnxruntime")
    path = untrained(tmp_path / "model.safetensors")
    network = imprint.load_policy(path)
    onnx = os.fsencode(tmp_path / "model.onnx")
    assert lib.imp_network_export_onnx(network._network, onnx, True, ffi.NULL) == lib.IMP_OK
    ours = imprint.evaluate(network, episodes=3, steps=10, **SMALL)
    theirs = imprint.evaluate(tmp_path / "model.onnx", episodes=3, steps=10, **SMALL)
    assert np.allclose(ours.episodes["end"], theirs.episodes["end"], atol=1e-3)
    observations = np.random.default_rng(1).integers(0, 256, (5, 30, 40, 3), np.uint8)
    policy = imprint.load_policy(tmp_path / "model.onnx")
    assert np.allclose(np.clip(policy(observations), -1, 1), network(observations), atol=1e-4)


def test_episodes_say_with_what_the_robot_collided():
    episodes = imprint.evaluate(
        "pure-pursuit", map="loop_obstacles", episodes=4, steps=100
    ).episodes
    assert episodes["collided_with"].tolist() == ["duckie", "duckie", "duckiebot", "duckiebot"]
    assert imprint.evaluate("expert", episodes=1, steps=5).episodes["collided_with"] == [""]


def test_evaluations_count_routes_intersections_and_wanted_speeds():
    asked = {
        "env.commands": "route",
        "env.route_intersections": 2,
        "env.wanted_speed_min": 0.3,
        "env.wanted_speed_max": 0.4,
    }
    result = imprint.evaluate("expert", map="udem1", episodes=3, steps=1500, settings=asked)
    episodes, s = result.episodes, result.statistics
    assert (s.routes, s.arrived, s.arrival.value) == (3, 3, 1.0)
    assert (s.commanded, s.followed, s.wrong_turns, s.obedience.value) == (6, 6, 0, 1.0)
    assert 0.9 < s.detour.value < 1.1
    assert s.speed_error.value < 0.02
    assert episodes["followed"].tolist() == [2, 2, 2]
    assert ((episodes["wanted_speed"] >= 0.3) & (episodes["wanted_speed"] <= 0.4)).all()
    assert (episodes["route_length"] > 1.0).all()
    # where nothing is asked for, nothing is counted
    plain = imprint.evaluate("expert", map="udem1", episodes=1, steps=20)
    assert plain.statistics.routes == plain.statistics.commanded == 0
    assert np.isnan(plain.statistics.speed_error.value)
    assert plain.episodes["route_length"] == 0.0
