#!/usr/bin/env python3
"""Makes the small recordings in this folder. Needs numpy and rosbags; wants no arguments.

bag-*.bag   12 pictures of 16 x 12 pixels (raw, bgr8; picture k is red 10 + k, green 20 + k, blue
            30 + k), 50 ms apart; from the third on a wheel command (k / 20, -k / 20) 10 ms before
            each; a calibration; another topic that is none of our business
train-*.log two episodes of five entries, the second of which is done at its fourth entry; picture
            k of episode e is full of 50 e + k + 1 but for its first bytes, 0 to 11
steps-*.log one Episode of three Steps, without rewards
"""
import dataclasses
import pathlib
import pickle
import sys
import types

import numpy as np
from rosbags.rosbag1 import Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

HERE = pathlib.Path(__file__).parent
NS = 1_000_000_000


def make_bag(path, compression):
    store = get_typestore(Stores.ROS1_NOETIC)
    store.register(get_types_from_msg("Header header\nfloat32 vel_left\nfloat32 vel_right\n",
                                      "duckietown_msgs/msg/WheelsCmdStamped"))
    t = store.types
    path.unlink(missing_ok=True)
    writer = Writer(path)
    if compression:
        writer.set_compression(compression)

    def header(ns):
        time = t["builtin_interfaces/msg/Time"](sec=ns // NS, nanosec=ns % NS)
        return t["std_msgs/msg/Header"](seq=0, stamp=time, frame_id="robot")

    with writer:
        topics = {}

        def write(topic, ns, message):
            kind = message.__msgtype__
            if topic not in topics:
                topics[topic] = writer.add_connection(topic, kind, typestore=store)
            writer.write(topics[topic], ns, store.serialize_ros1(message, kind))

        roi = t["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
        for k in range(12):
            ns = 1_600_000_000 * NS + k * 50_000_000
            write("/rosout", ns, t["std_msgs/msg/String"](data=f"picture {k}"))
            if k >= 2:
                write("/robot/wheels_driver_node/wheels_cmd", ns - 9_000_000,
                      t["duckietown_msgs/msg/WheelsCmdStamped"](header(ns - 10_000_000), k / 20,
                                                                -k / 20))
            pixels = np.empty((12, 16, 3), np.uint8)
            pixels[:] = (30 + k, 20 + k, 10 + k)
            write("/robot/camera_node/image_raw", ns + 1_000_000, t["sensor_msgs/msg/Image"](
                header(ns), 12, 16, "bgr8", 0, 48, pixels.reshape(-1)))
            if k == 5:
                write("/robot/camera_node/camera_info", ns, t["sensor_msgs/msg/CameraInfo"](
                    header(ns), 12, 16, "plumb_bob", np.array([-0.2, 0.03, 0.0, 0.0, 0.0]),
                    np.array([7.5, 0, 7.5, 0, 7.5, 5.5, 0, 0, 1]), np.eye(3).reshape(-1),
                    np.array([6.0, 0, 7.5, 0, 0, 6, 5.5, 0, 0, 0, 1, 0]), 0, 0, roi))


@dataclasses.dataclass
class Step:
    obs: np.ndarray = None
    reward: float = None
    action: list = dataclasses.field(default_factory=list)
    done: bool = False


@dataclasses.dataclass
class Episode:
    steps: list = dataclasses.field(default_factory=list)
    metadata: dict = dataclasses.field(default_factory=dict)
    version: str = "1.0.0"


def picture(episode, k):
    pixels = np.full((6, 8, 3), 50 * episode + k + 1, np.uint8)
    pixels.reshape(-1)[:12] = range(12)
    return np.asfortranarray(pixels) if k == 2 else pixels


def entry(episode, k):
    done = episode == 1 and k >= 3
    reward = np.float64(-1000.0) if done else 0.5 + k
    info = {"Simulator": {"lane_position": {"dist": np.float64(0.01 * k), "angle_rad": -0.02 * k},
                          "cur_pos": [1.0, 0.0, 2.0], "wheel_velocities": np.array([1.0, 2.0])}}
    pose = (np.float64(1.0 + k), 0.0, 2.0, np.float32(0.25))
    return {"step": [picture(episode, k), np.array([0.1 * k, -0.2 * k])],
            "metadata": [pose, reward, done, info]}


def make_logs(protocol):
    with open(HERE / f"train-{protocol}.log", "wb") as file:
        for episode in range(2):
            pickle.dump([entry(episode, k) for k in range(5)], file, protocol=protocol)
    with open(HERE / f"steps-{protocol}.log", "wb") as file:
        steps = [Step(picture(0, k), None, [0.2, 0.1 * k], k == 2) for k in range(3)]
        pickle.dump(Episode(steps), file, protocol=protocol)


def main():
    module = types.ModuleType("log_schema")
    sys.modules["log_schema"] = module
    for kind in (Step, Episode):
        kind.__module__ = "log_schema"
        setattr(module, kind.__name__, kind)
    make_bag(HERE / "bag-none.bag", None)
    make_bag(HERE / "bag-bz2.bag", Writer.CompressionFormat.BZ2)
    make_bag(HERE / "bag-lz4.bag", Writer.CompressionFormat.LZ4)
    for protocol in (2, 3, 4, 5):
        make_logs(protocol)


if __name__ == "__main__":
    main()
