"""What the stand-ins for rclpy and rospy share: topics that are files of serialised messages.

Images are read from $BUS_IMAGES, a pickle of serialised messages, and are delivered every
$BUS_INTERVAL seconds. What is published is appended to $BUS_LOG: a line with topic, time and bytes.
Message classes and serialisation are those of the package rosbags.
"""

import json
import os
import pickle
import threading
import time
from pathlib import Path

from rosbags.typesys import Stores, get_types_from_msg, get_typestore

ROS = int(os.environ.get("BUS_ROS", "2"))
WHEELS = "duckietown_msgs/msg/WheelsCmdStamped"
IMAGE = "sensor_msgs/msg/CompressedImage"
types = get_typestore(Stores.ROS2_HUMBLE if ROS == 2 else Stores.ROS1_NOETIC)
definition = "std_msgs/Header header\nfloat32 vel_left\nfloat32 vel_right\n"
types.register(get_types_from_msg(definition, WHEELS))


def stamp_of(seconds):
    return types.types["builtin_interfaces/msg/Time"](int(seconds), int(seconds % 1 * 1e9))


def header(seconds):
    order = {"seq": 0} if ROS == 1 else {}
    return types.types["std_msgs/msg/Header"](stamp=stamp_of(seconds), frame_id="", **order)


def serialise(message, kind):
    write = types.serialize_cdr if ROS == 2 else types.serialize_ros1
    return bytes(write(message, kind))


def deserialise(data, kind):
    return (types.deserialize_cdr if ROS == 2 else types.deserialize_ros1)(data, kind)


def make_wheels():
    return types.types[WHEELS](header=header(0.0), vel_left=0.0, vel_right=0.0)


def publish(topic, message):
    line = {"topic": topic, "time": time.time(), "bytes": serialise(message, WHEELS).hex()}
    with Path(os.environ["BUS_LOG"]).open("a") as log:
        log.write(json.dumps(line) + "\n")


def subscribe(topic, callback):
    """Delivers the images from a thread, as rospy does."""

    def run():
        for data in pickle.loads(Path(os.environ["BUS_IMAGES"]).read_bytes()):
            time.sleep(float(os.environ.get("BUS_INTERVAL", "0.05")))
            callback(deserialise(data, IMAGE))

    threading.Thread(target=run, daemon=True).start()
