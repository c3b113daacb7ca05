"""What drives a robot, whatever brings its images and moves its wheels.

A thread takes the latest image, asks the agent, and publishes duty cycles. It publishes zeros when
no image came for the watchdog's time, when the agent fails, and when it ends.
"""

import argparse
import signal
import socket
import sys
import threading
import time

from agent_process import Agent, AgentError


class WheelDriver:
    """Drives from `start()` to `close()`, or until the agent fails.

    agent: has drive(jpeg, timeout). publish: is called with the duty cycles (left, right).
    watchdog [s]: without an image for so long, the robot stops. period [s]: time between two
    actions; images that come sooner are left out. dry_run: the actions are reported only.
    """

    def __init__(self, agent, publish, watchdog=0.5, period=0.0, dry_run=False, report=print):
        self._agent, self._publish, self._report = agent, publish, report
        self._watchdog, self._period, self._dry_run = watchdog, period, dry_run
        self._changed = threading.Condition()
        self._jpeg = None  # the latest image, until it is used
        self._image_time = None  # when the latest image came
        self._due = 0.0  # when the next action is due
        self._is_stopped = None  # whether the last command was zeros, and was reported
        self._ended = False
        self._closing = threading.Lock()
        self._is_closed = False
        self.failure = None  # why it ended by itself
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def ended(self):
        """Whether it drives no more."""
        return self._ended

    def start(self):
        """Begins to drive."""
        self._thread.start()

    def on_image(self, jpeg):
        """Takes the camera's next image; from any thread."""
        with self._changed:
            now = time.monotonic()
            self._image_time = now
            # a little early is on time: cameras are not exact
            if now < self._due - 0.2 * self._period:
                return
            self._due = max(self._due + self._period, now)
            self._jpeg = jpeg
            self._changed.notify()

    def end(self):
        """Lets the thread end; also from signals and threads."""
        self._ended = True

    def close(self):
        """Ends, and stops the robot. The command is repeated, as one message may get lost."""
        self.end()
        with self._closing:  # others who close wait until the robot was stopped
            if self._is_closed:
                return
            self._is_closed = True
            if self._thread.is_alive():
                self._thread.join()
            for _ in range(3):
                self._publish(0.0, 0.0)
                time.sleep(0.05)

    def _run(self):
        try:
            while not self._ended:
                self._step()
        except AgentError as error:
            self.failure = str(error)
        except Exception as error:  # whatever happens, the robot must not drive on
            self.failure = f"{type(error).__name__}: {error}"
        if self.failure is not None:
            self._report(f"stops: {self.failure}")
        self._ended = True

    def _step(self):
        """Waits a moment for an image; drives by it, or stops if none came for too long."""
        with self._changed:
            if self._jpeg is None:
                self._changed.wait(0.02)
            jpeg, self._jpeg = self._jpeg, None
            came = self._image_time
        if jpeg is not None:
            self._drive(*self._agent.drive(jpeg, self._watchdog))
        elif came is None or time.monotonic() - came > self._watchdog:
            self._stop(came)

    def _drive(self, left, right):
        if self._ended:
            return
        self._is_stopped = False
        if self._dry_run:
            self._report(f"left {left:+.2f} right {right:+.2f}")
            left = right = 0.0
        self._publish(left, right)

    def _stop(self, came):
        if not self._is_stopped:
            self._is_stopped = True
            waits = "waits for the first image"
            self._report(waits if came is None else f"stops: no image for {self._watchdog:g} s")
        self._publish(0.0, 0.0)


def parse_options(description, arguments):
    """The options of a node."""
    parser = argparse.ArgumentParser(description=description)
    add = parser.add_argument
    add("--model", required=True, help="model file, or a folder of `imprint train`")
    add("--robot", help="the robot's file, or its folder of calibrations")
    add("--segmenter", help="model of `imprint seg-train`, for a model of masks")
    add("--name", default=socket.gethostname(), help="the robot's name in topics (host's name)")
    add("--camera", help="topic of images (/NAME/camera_node/image/compressed)")
    add("--wheels", help="topic of wheel commands (/NAME/wheels_driver_node/wheels_cmd)")
    add("--agent", default="imprint-agent", help="the agent's program (imprint-agent)")
    add("--watchdog", type=float, default=0.5, help="stop without an image for so long [s] (0.5)")
    add("--rate", type=float, default=0.0, help="actions per second (0: one for each image)")
    add("--dry-run", action="store_true", help="print actions, and let the wheels stand")
    options = parser.parse_args(arguments)
    if not options.watchdog > 0.0 or options.rate < 0.0:
        parser.error("--watchdog must be positive, and --rate not negative")
    options.camera = options.camera or f"/{options.name}/camera_node/image/compressed"
    options.wheels = options.wheels or f"/{options.name}/wheels_driver_node/wheels_cmd"
    return options


def start_agent(options):
    """The agent of a node's options. Its streams are pipes, whatever the environment says."""
    command = [options.agent, "--model", options.model, "--data-in", "-", "--data-out", "-"]
    for name in ("robot", "segmenter"):
        if getattr(options, name):
            command += ["--" + name, getattr(options, name)]
    try:
        return Agent(command)
    except AgentError as error:
        sys.exit(f"{options.agent}: {error}")


def driver_settings(options, report):
    """The settings of a WheelDriver from a node's options."""
    return {
        "watchdog": options.watchdog,
        "period": 1.0 / options.rate if options.rate > 0.0 else 0.0,
        "dry_run": options.dry_run,
        "report": report,
    }


def end_on_signals(driver):
    """Ctrl-C and SIGTERM end the drive, so that the node can stop the robot."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: driver.end())
