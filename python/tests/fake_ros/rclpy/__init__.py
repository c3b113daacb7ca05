"""As much of rclpy as the example needs. Callbacks are called by spin_once() alone."""

import queue
import time

import bus

_state = {"ok": False}


def init(args=None, signal_handler_options=None):
    assert signal_handler_options == "no"
    _state["ok"] = True


def ok():
    return _state["ok"]


def shutdown():
    _state["ok"] = False


def spin_once(node, timeout_sec):
    try:
        callback, message = node.waiting.get(timeout=timeout_sec)
    except queue.Empty:
        return
    callback(message)


def create_node(name):
    return Node()


class Publisher:
    def __init__(self, topic):
        self._topic = topic

    def publish(self, message):
        assert ok()
        bus.publish(self._topic, message)


class Node:
    def __init__(self):
        assert ok()
        self.waiting = queue.Queue()

    def create_publisher(self, kind, topic, depth):
        assert kind is bus.make_wheels
        assert depth == 1
        return Publisher(topic)

    def create_subscription(self, kind, topic, callback, quality):
        assert kind == bus.IMAGE
        assert quality == "sensor data"
        bus.subscribe(topic, lambda message: self.waiting.put((callback, message)))

    def get_logger(self):
        return self

    @staticmethod
    def info(text):
        print(text, flush=True)

    def get_clock(self):
        return self

    def now(self):
        return self

    @staticmethod
    def to_msg():
        return bus.stamp_of(time.time())

    def destroy_node(self):
        assert ok()
