"""Bags with odometry that the package rosbags writes, for ROS 1 and ROS 2."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import imprint

pytest.importorskip("rosbags")

from rosbags import rosbag1, rosbag2
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

WHEELS = "duckietown_msgs/msg/WheelsCmdStamped"
ENCODER = "duckietown_msgs/msg/WheelEncoderStamped"
DEFINITIONS = {
    WHEELS: "std_msgs/Header header\nfloat32 vel_left\nfloat32 vel_right\n",
    ENCODER: "std_msgs/Header header\nint32 data\nuint16 resolution\nuint8 type\n",
}


def program():
    root = Path(__file__).resolve().parents[2]
    for folder in (Path(imprint.__file__).parent / "bin", root / "build" / "release"):
        if (folder / "imprint").exists():
            return folder / "imprint"
    pytest.skip("no program")


class Bag:
    """A bag of either kind."""

    def __init__(self, path, ros):
        self.ros = ros
        self.types = get_typestore(Stores.ROS2_HUMBLE if ros == 2 else Stores.ROS1_NOETIC)
        for name, text in DEFINITIONS.items():
            self.types.register(get_types_from_msg(text, name))
        self.writer = rosbag1.Writer(path) if ros == 1 else rosbag2.Writer(path, version=9)
        self.connections = {}
        self.writer.open()

    def make(self, kind, **fields):
        return self.types.types[kind](**fields)

    def header(self, seconds):
        stamp = self.make(
            "builtin_interfaces/msg/Time", sec=int(seconds), nanosec=round(seconds % 1 * 1e9)
        )
        order = {"seq": 0} if self.ros == 1 else {}
        return self.make("std_msgs/msg/Header", stamp=stamp, frame_id="odom", **order)

    def write(self, topic, kind, seconds, **fields):
        if topic not in self.connections:
            self.connections[topic] = self.writer.add_connection(topic, kind, typestore=self.types)
        serialise = self.types.serialize_cdr if self.ros == 2 else self.types.serialize_ros1
        message = self.make(kind, header=self.header(seconds), **fields)
        self.writer.write(self.connections[topic], int(seconds * 1e9), serialise(message, kind))

    def write_odometry(self, topic, seconds, x, y, heading):
        make = self.make
        point = make("geometry_msgs/msg/Point", x=x, y=y, z=0.0)
        turn = make(
            "geometry_msgs/msg/Quaternion",
            x=0.0, y=0.0, z=np.sin(heading / 2), w=np.cos(heading / 2),
        )  # fmt: skip
        pose = make("geometry_msgs/msg/Pose", position=point, orientation=turn)
        none = make("geometry_msgs/msg/Vector3", x=0.0, y=0.0, z=0.0)
        twist = make("geometry_msgs/msg/Twist", linear=none, angular=none)
        zeros = np.zeros(36)
        self.write(
            topic,
            "nav_msgs/msg/Odometry",
            seconds,
            child_frame_id="base_link",
            pose=make("geometry_msgs/msg/PoseWithCovariance", pose=pose, covariance=zeros),
            twist=make("geometry_msgs/msg/TwistWithCovariance", twist=twist, covariance=zeros),
        )


@pytest.mark.parametrize("ros", [1, 2])
@pytest.mark.parametrize("source", ["odometry", "encoders"])
def test_poses_of_a_bag(ros, source, tmp_path):
    path = tmp_path / ("drive.bag" if ros == 1 else "drive")
    bag = Bag(path, ros)
    image = np.full(48, 90, np.uint8)
    for k in range(30):
        seconds = 1000.0 + k / 20
        bag.write("/bot/wheels_node/cmd", WHEELS, seconds, vel_left=0.3, vel_right=0.3)
        if source == "odometry":
            bag.write_odometry("/bot/odometry_node/odom", seconds, 0.01 * k, 0.02 * k, 0.5)
        else:
            for side, ticks in (("left", 9 * k), ("right", 9 * k)):
                topic = f"/bot/{side}_wheel_encoder_node/tick"
                bag.write(topic, ENCODER, seconds, data=ticks, resolution=135, type=1)
        bag.write(
            "/bot/camera_node/image",
            "sensor_msgs/msg/Image",
            seconds,
            height=4, width=4, encoding="rgb8", is_bigendian=0, step=12, data=image,
        )  # fmt: skip
    bag.writer.close()
    command = [program(), "import", "rosbag", path, "--out", tmp_path / "data", "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    notes = json.loads(done.stdout)["notes"]
    assert any("poses by /bot/" in note for note in notes)
    data = imprint.Dataset(tmp_path / "data", keys=("pose",))
    poses = np.stack([data[k]["pose"] for k in range(len(data))])
    step = np.arange(len(data))[:, None]
    way = 9 * 2 * np.pi / 135 * 0.0318
    expected = (0.01, -0.02, 0.0) if source == "odometry" else (way, 0.0, 0.0)
    start = (0.0, 0.0, 0.5) if source == "odometry" else (0.0, 0.0, 0.0)
    assert np.allclose(poses, np.array(start) + step * np.array(expected), atol=1e-6)
