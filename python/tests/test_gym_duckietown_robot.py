"""The stand-in's randomizer, and its environment of a real robot, which a thread plays here."""

import contextlib
import json
import subprocess
import sys
import textwrap
import threading
import warnings

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import imprint
from imprint.gym_duckietown import DuckiebotEnv, MultiMapEnv, Simulator
from imprint.gym_duckietown.randomization import Randomizer

SMALL = {"camera_width": 32, "camera_height": 24, "seed": 7}


@pytest.fixture
def env():
    made = Simulator(map_name="loop_empty", dynamics_rand=True, **SMALL)
    yield made
    made.close()


def trims(env, count):
    drawn = []
    for _ in range(count):
        env.reset()
        drawn.append(env.state.trim)
    return np.array(drawn)


def test_a_randomizer_draws_from_its_tables(tmp_path):
    made = Randomizer()
    assert made.keys == sorted(made.randomization_config)
    drawn = [made.randomize(rng=np.random.default_rng(k)) for k in range(200)]
    heights = np.array([d["camera_height"] for d in drawn])
    assert (heights.shape, heights.min() >= 0.92, heights.max() <= 1.08) == ((200, 1), True, True)
    lights = np.array([d["light_pos"] for d in drawn])
    assert (lights.shape, lights[:, 1].min() >= 170, lights[:, 1].max() <= 220) == (
        (200, 3),
        True,
        True,
    )
    assert np.std([d["trim"] for d in drawn]) == pytest.approx(0.02, rel=0.2)
    assert {int(d["horz_mode"][0]) for d in drawn} == {0, 1, 2, 3}
    # an older generator; without a distribution there is a default
    del made.randomization_config["trim"], made.randomization_config["camera_angle"]
    drawn = made.randomize(np.random.RandomState(1))
    assert (drawn["trim"], drawn["camera_angle"], len(drawn["horz_mode"])) == (0, None, 1)
    assert Randomizer().randomization_config["trim"]["scale"] == 0.02
    path = tmp_path / "mine.json"
    path.write_text('{"trim": {"type": "int", "low": 3, "high": 4, "size": 2}}')
    own = Randomizer(str(path))
    assert own.randomize(np.random.default_rng(1))["trim"].tolist() == [3, 3]
    own.randomization_config["trim"]["type"] = "triangular"
    with pytest.raises(imprint.UsageError, match="trim: type 'triangular' is not 'int'"):
        own.randomize(np.random.default_rng(1))
    own.randomization_config["trim"] = {"type": "normal", "loc": 0}
    with pytest.raises(imprint.UsageError, match="trim: 'scale' is missing"):
        own.randomize(np.random.default_rng(1))
    with pytest.raises(imprint.UsageError, match=r"there is no file 'none.json'"):
        Randomizer("none.json")


def test_changed_tables_act_from_the_next_reset_on(env):
    before = trims(env, 20)
    assert np.abs(before).max() < 0.08
    assert len(set(before)) == 20
    env.randomizer.randomization_config["trim"] = {"type": "uniform", "low": 0.3, "high": 0.4}
    simulation = env._simulation
    after = trims(env, 20)
    assert (after.min() >= 0.3, after.max() <= 0.4, len(set(after))) == (True, True, 20)
    # the simulator is made again once
    assert env._simulation is not simulation
    simulation = env._simulation
    env.reset()
    assert env._simulation is simulation
    env.randomizer.randomization_config.update({"camera_fov_y": {"default": 1.0}})
    env.reset()
    assert env.cam_fov_y == pytest.approx(75.0)
    env.randomizer.randomization_config["trim"] = {"type": "triangular"}
    with pytest.raises(imprint.BadInputError, match="randomization_config"):
        env.reset()


def test_what_is_switched_off_stays_off():
    env = Simulator(map_name="loop_empty", domain_rand=False, dynamics_rand=True, **SMALL)
    env.randomizer.randomization_config["trim"]["scale"] = 0.1
    env.reset()
    assert set(env.randomization_settings) == {"trim"}
    plain = Simulator(map_name="loop_empty", domain_rand=False, **SMALL)
    plain.randomizer.randomization_config["trim"]["loc"] = 0.5
    plain.reset()
    assert (plain.randomization_settings, plain.state.trim) == ({}, 0.0)
    both = MultiMapEnv(domain_rand=False, **SMALL)
    assert all(e.unwrapped.randomizer.keys for e in both.env_list)
    for made in (env, plain, both):
        made.close()


def test_a_chosen_start_outlives_a_change(env):
    env.start_pose = [[0.1, 0.0, 0.2], 0.5]
    env.reset()
    position = env.cur_pos.copy()
    env.randomizer.randomization_config["camera_fov_y"]["low"] = 0.9
    env.reset()
    assert env.cur_angle == pytest.approx(0.5)
    assert (env.cur_pos % env.road_tile_size)[[0, 2]] == pytest.approx([0.1, 0.2])
    assert position.shape == (3,)


class Robot(threading.Thread):
    """A robot's server: answers each message with an image whose pixels tell the number of the
    message, and keeps the messages.
    """

    LAST = {"command": "action", "values": [0.0, 0.0]}  # noqa: RUF012

    def __init__(self, zmq, change=lambda about, data: (about, data)):
        super().__init__(daemon=True)
        self.change, self.messages, self.late = change, [], zmq.Again
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.PAIR)
        self.socket.setsockopt(zmq.RCVTIMEO, 1000)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.start()

    def stop(self):
        self.join(20)
        assert not self.is_alive()

    def run(self):
        with contextlib.suppress(self.late):
            self.serve()
        self.socket.close()
        self.context.term()

    def serve(self):
        while True:
            message = self.socket.recv_json()
            self.messages.append(message)
            if message == self.LAST:
                break
            image = np.zeros((240, 320, 3), np.uint8)
            # the bottom half blue in BGR, which is the upper half of an upright image
            image[120:, :, 0] = 200
            image[:, :, 1] = len(self.messages)
            about, data = self.change(
                {"dtype": str(image.dtype), "shape": image.shape}, image.tobytes()
            )
            self.socket.send_json(about)
            self.socket.send(data)


def test_a_robot_gets_actions_and_sends_images():
    zmq = pytest.importorskip("zmq")
    robot = Robot(zmq)
    env = DuckiebotEnv("127.0.0.1", robot.port, api="gymnasium")
    image, info = env.reset(seed=1)
    assert (image.shape, image.dtype, info) == ((120, 160, 3), np.uint8, {})
    assert image[5, 80].tolist() == [0, 2, 200]
    assert image[-5, 80].tolist() == [0, 2, 0]
    image, reward, terminated, truncated, info = env.step([0.5, -3.0])
    assert (image[0, 0, 1], reward, terminated, truncated, info) == (3, 0.0, False, False, {})
    assert (env.render() == image).all()
    assert env.step_count == 1
    for wrong in ([0.1, np.nan], [0.1, 0.2, 0.3]):
        with pytest.raises(imprint.UsageError, match="action"):
            env.step(wrong)
    env.close()
    env.close()
    robot.stop()
    assert robot.messages == [
        {"command": "reset"},
        {"command": "reset"},
        {"command": "action", "values": [0.5, -1.0]},
        {"command": "action", "values": [0.0, 0.0]},
    ]
    with pytest.raises(imprint.UsageError, match="closed"):
        env.step([0.1, 0.1])


def test_a_robot_passes_gymnasiums_check():
    zmq = pytest.importorskip("zmq")
    robot = Robot(zmq, lambda about, data: (about, bytes(len(data))))
    env = DuckiebotEnv("127.0.0.1", robot.port, api="gymnasium")
    with warnings.catch_warnings():
        # the older signature has seed(), too
        warnings.filterwarnings("ignore", message=".*the `seed` function.*")
        check_env(env, skip_render_check=True)
    env.close()
    robot.stop()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda about, data: ({}, data), "sends no image"),
        (lambda about, data: (about, data[1:]), "sends no image"),
        (lambda about, data: ({**about, "shape": [240 * 320 * 3]}, data), "an image of shape"),
    ],
)
def test_answers_that_are_no_images(change, message):
    zmq = pytest.importorskip("zmq")
    robot = Robot(zmq, change)
    with pytest.raises(imprint.InputOutputError, match=message):
        DuckiebotEnv("127.0.0.1", robot.port)
    robot.stop()
    assert robot.messages[0] == {"command": "reset"}


def test_a_robot_that_is_not_there():
    pytest.importorskip("zmq")
    with pytest.raises(imprint.InputOutputError, match=r"no image within 0.2 s"):
        DuckiebotEnv("127.0.0.1", 9, timeout=0.2)
    with pytest.raises(imprint.UsageError, match="timeout"):
        DuckiebotEnv(timeout=0.0)
    with pytest.raises(imprint.UsageError, match="serverAddr"):
        DuckiebotEnv("no host", timeout=0.2)


def test_without_pyzmq_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "zmq", None)
    with pytest.raises(imprint.UsageError, match="pip install pyzmq"):
        DuckiebotEnv()


def test_scripts_find_both_under_their_names():
    script = """
        import imprint.gym_duckietown as s; s.install(gym="own")
        import gym, json
        from gym_duckietown.envs import DuckiebotEnv
        from gym_duckietown.envs.duckiebot_env import SERVER_PORT
        from gym_duckietown.randomization import Randomizer
        env = gym.make("Duckietown-loop_empty-v0", camera_width=32, camera_height=24)
        assert isinstance(env.unwrapped.randomizer, Randomizer)
        try:
            gym.make("Duckiebot-v0", serverAddr="127.0.0.1", serverPort=9, timeout=0.2)
        except Exception as error:
            print(json.dumps([type(error).__name__, SERVER_PORT]))
        """
    code = textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert json.loads(done.stdout)[1] == 7777, done.stderr
