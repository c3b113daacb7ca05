"""The nodes of examples/robot, with stand-ins for rclpy and rospy that pass real, serialised
messages, and the agent itself.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import imprint
from imprint._native import ffi, lib

pytest.importorskip("rosbags")
ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "robot"
FAKE = Path(__file__).parent / "fake_ros"
RECORDED = ROOT / "tests" / "fixtures" / "golden" / "aido-node" / "whole-run.in.cbor"
TOPIC = "/mybot/wheels_driver_node/wheels_cmd"
STOP = (0.0, 0.0)


@pytest.fixture(params=[1, 2])
def ros(request, monkeypatch):
    monkeypatch.setenv("BUS_ROS", str(request.param))
    monkeypatch.setattr(sys, "path", [str(FAKE), str(FOLDER), *sys.path])
    for name in ("bus", "agent_process", "wheel_driver"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return request.param


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """An untrained network: its commands are small, but not zero."""
    file = tmp_path_factory.mktemp("model") / "model.safetensors"
    network = ffi.new("imp_network **")
    definition = ffi.new("imp_network_def *", lib.imp_default_network_def())
    assert lib.imp_network_create(network, definition, 3, ffi.NULL) == lib.IMP_OK
    assert lib.imp_network_save(network[0], os.fsencode(file), ffi.NULL, ffi.NULL) == lib.IMP_OK
    lib.imp_network_destroy(network[0])
    return file


def agent_program():
    for folder in (Path(imprint.__file__).parent / "bin", ROOT / "build" / "release"):
        if (folder / "imprint-agent").exists():
            return str(folder / "imprint-agent")
    pytest.skip("no imprint-agent")


def recorded_images():
    """The JPEGs of a recorded run of the challenge's host, distinct ones."""
    import agent_process

    data, at, found = RECORDED.read_bytes(), 0, []
    while at < len(data):
        message, at = agent_process.decode(data, at)
        if message.get("topic") == "observations":
            jpeg = message["data"]["camera"]["jpg_data"]
            if not found or found[-1] != jpeg:
                found.append(jpeg)
    assert found
    return found


def make_message(jpeg, seconds):
    import bus

    data = np.frombuffer(jpeg, np.uint8)
    make = bus.types.types[bus.IMAGE]
    return bus.serialise(make(header=bus.header(seconds), format="jpeg", data=data), bus.IMAGE)


class Drive:
    """A node that runs, and what it published."""

    def __init__(self, ros, folder, model, images, arguments=()):
        self.images, self.log = folder / "images", folder / "log"
        self.images.write_bytes(pickle.dumps(images))
        environment = dict(os.environ, BUS_IMAGES=str(self.images), BUS_LOG=str(self.log))
        environment["PYTHONPATH"] = str(FAKE)
        node = [sys.executable, str(FOLDER / f"ros{ros}_node.py"), "--name", "mybot"]
        node += ["--model", str(model), "--agent", agent_program(), *arguments]
        self.process = subprocess.Popen(
            node,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def commands(self):
        import bus

        lines = self.log.read_text().splitlines() if self.log.exists() else []
        lines = [json.loads(line) for line in lines]
        assert all(line["topic"] == TOPIC for line in lines)
        sent = [bus.deserialise(bytes.fromhex(line["bytes"]), bus.WHEELS) for line in lines]
        return [(m.vel_left, m.vel_right) for m in sent], [line["time"] for line in lines]

    def wait_for(self, condition):
        """Waits until the commands fulfil the condition."""
        deadline = time.monotonic() + 60.0
        while not condition(self.commands()[0]):
            assert time.monotonic() < deadline, self.end()
            time.sleep(0.05)

    def end(self, number=signal.SIGTERM):
        """(exit code, what was printed)."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=30)
        return self.process.returncode, out


def is_moving(command):
    return command != STOP


def count_moving(commands):
    return sum(map(is_moving, commands))


def expected_commands(model, images):
    """What the agent says when it is asked directly."""
    import agent_process

    command = [agent_program(), "--model", str(model), "--data-in", "-", "--data-out", "-"]
    agent = agent_process.Agent(command)
    answers = [agent.drive(jpeg, 5.0) for jpeg in images]
    agent.close()
    return answers


def test_a_node_drives_by_its_images_and_stops_without(ros, tmp_path, model):
    images = [recorded_images()[0]] * 12
    wanted = expected_commands(model, images)
    assert all(map(is_moving, wanted))
    drive = Drive(ros, tmp_path, model, [make_message(j, k / 20) for k, j in enumerate(images)])
    drive.wait_for(lambda c: count_moving(c) > 0 and c[-1] == STOP)
    assert drive.end() == (0, drive_output(ros))
    commands, times = drive.commands()
    moving = [k for k, c in enumerate(commands) if is_moving(c)]
    # images may be left out where the machine is slow; no command comes from nowhere
    assert len(moving) >= 8
    for k in moving:
        assert min(np.abs(np.subtract(commands[k], w)).max() for w in wanted) < 1e-6
    # it stands before the first image, and half a second after the last
    assert commands[moving[-1] + 1] == STOP
    assert 0.4 < times[moving[-1] + 1] - times[moving[-1]] < 1.5
    assert set(commands[moving[-1] + 1 :]) == {STOP}


def drive_output(ros):
    return (
        f"/mybot/camera_node/image/compressed -> {TOPIC}\n"
        "waits for the first image\nstops: no image for 0.5 s\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_node_that_is_ended_stops_the_robot(ros, tmp_path, model, number):
    image = recorded_images()[0]
    drive = Drive(ros, tmp_path, model, [make_message(image, 0.0)] * 400)
    drive.wait_for(lambda c: count_moving(c) > 3)
    code, out = drive.end(number)
    assert (code, "Traceback" in out) == (0, False)
    assert drive.commands()[0][-3:] == [STOP] * 3


def test_a_node_that_its_master_ends_stops_the_robot(ros, tmp_path, model, monkeypatch):
    if ros == 2:
        pytest.skip("there is no master")
    monkeypatch.setenv("BUS_KILL", "2")
    messages = [make_message(recorded_images()[0], 0.0)] * 400
    drive = Drive(ros, tmp_path, model, messages)
    out, _ = drive.process.communicate(timeout=60)
    assert (drive.process.returncode, "Traceback" in out) == (0, False)
    commands, _ = drive.commands()
    assert count_moving(commands) > 0
    assert commands[-3:] == [STOP] * 3


def test_a_node_whose_agent_ends_stops_the_robot(ros, tmp_path, model):
    image = recorded_images()[0]
    drive = Drive(ros, tmp_path, model, [make_message(image, 0.0)] * 400)
    drive.wait_for(lambda c: count_moving(c) > 3)
    children = Path(f"/proc/{drive.process.pid}/task/{drive.process.pid}/children")
    if not children.exists():
        drive.end()
        pytest.skip("the system does not name a process's children")
    os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
    out, _ = drive.process.communicate(timeout=30)
    assert drive.process.returncode == 1
    assert "stops: the agent has ended" in out
    assert drive.commands()[0][-1] == STOP


def test_dry_runs_move_nothing(ros, tmp_path, model):
    image = recorded_images()[0]
    messages = [make_message(image, 0.0)] * 400
    drive = Drive(ros, tmp_path, model, messages, ["--dry-run", "--rate", "10"])
    drive.wait_for(lambda c: len(c) > 10)
    _, out = drive.end()
    assert out.count("left ") >= 1
    assert set(drive.commands()[0]) == {STOP}


def test_a_missing_agent_is_named(ros, tmp_path, model):
    drive = Drive(ros, tmp_path, model, [], ["--agent", "no-such-agent"])
    out, _ = drive.process.communicate(timeout=30)
    assert drive.process.returncode == 1
    assert "no-such-agent: cannot run no-such-agent: No such file or directory" in out
    assert not drive.log.exists()


def test_rates_thin_out_images(ros):
    import wheel_driver

    class Agent:
        def drive(self, jpeg, timeout):
            taken.append(jpeg)
            return 0.1, 0.1

    taken = []
    driver = wheel_driver.WheelDriver(Agent(), lambda *_: None, period=0.1, report=lambda _: None)
    driver.start()
    for k in range(30):
        driver.on_image(k)
        time.sleep(0.02)
    driver.close()
    assert driver.failure is None
    assert 4 <= len(taken) <= 8


def test_a_drive_as_a_bag_is_imported(ros, tmp_path, model):
    """What the node sends is what `imprint import rosbag` reads."""
    import bus
    from rosbags.rosbag1 import Writer as Writer1
    from rosbags.rosbag2 import Writer as Writer2

    jpeg = recorded_images()[0]
    drive = Drive(ros, tmp_path, model, [make_message(jpeg, 0.0)] * 400)
    drive.wait_for(lambda c: count_moving(c) > 3)
    drive.end()
    command = next(c for c in drive.commands()[0] if is_moving(c))
    path = tmp_path / ("drive.bag" if ros == 1 else "drive")
    with Writer1(path) if ros == 1 else Writer2(path, version=9) as bag:
        camera = bag.add_connection(
            "/mybot/camera_node/image/compressed", bus.IMAGE, typestore=bus.types
        )
        wheels = bag.add_connection(TOPIC, bus.WHEELS, typestore=bus.types)
        for k in range(40):
            seconds = 1000.0 + k / 20
            message = bus.make_wheels()
            message.header = bus.header(seconds)
            message.vel_left, message.vel_right = command
            for where, data in (
                (wheels, bus.serialise(message, bus.WHEELS)),
                (camera, make_message(jpeg, seconds)),
            ):
                bag.write(where, int(seconds * 1e9), data)
    program = Path(agent_program()).with_name("imprint")
    subprocess.run(
        [program, "import", "rosbag", path, "--out", tmp_path / "data"],
        check=True,
        capture_output=True,
    )
    data = imprint.Dataset(tmp_path / "data")
    actions = np.stack([data[k]["action"] for k in range(len(data))])
    assert len(data) == 39  # the last image closes the episode
    assert np.allclose(actions, command, atol=1e-6)
