"""As much of rospy as the example needs."""

import os
import threading
import time

import bus

_over, _closed = threading.Event(), threading.Event()
_hooks = []


def myargv(arguments):
    return arguments


def init_node(name, disable_signals=False):
    assert disable_signals
    if "BUS_KILL" in os.environ:  # as `rosnode kill` does, after so many seconds
        timer = threading.Timer(float(os.environ["BUS_KILL"]), signal_shutdown, ["killed"])
        timer.daemon = True
        timer.start()


def on_shutdown(hook):
    _hooks.append(hook)


def is_shutdown():
    return _over.is_set()


def signal_shutdown(reason):
    _over.set()
    for hook in _hooks:
        hook()
    _closed.set()


def loginfo(text):
    print(text, flush=True)


class Time:
    @staticmethod
    def now():
        return bus.stamp_of(time.time())


class Publisher:
    def __init__(self, topic, kind, queue_size):
        assert kind is bus.make_wheels
        assert queue_size == 1
        self._topic = topic

    def publish(self, message):
        assert not _closed.is_set()
        bus.publish(self._topic, message)


class Subscriber:
    def __init__(self, topic, kind, callback, queue_size, buff_size):
        assert kind == bus.IMAGE
        assert queue_size == 1
        assert buff_size > 1 << 20
        bus.subscribe(topic, callback)
