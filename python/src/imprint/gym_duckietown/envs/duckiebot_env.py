"""A real robot as an environment: gym-duckietown's protocol over ZeroMQ.

A program on the robot, or beside it, answers each message with a camera image: JSON with its type
and shape, then its bytes, BGR and upside down. The messages are {"command": "reset"} and
{"command": "action", "values": [left, right]}.
"""

import importlib
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imprint._arrays import checked
from imprint._errors import InputOutputError, UsageError
from imprint.gym_duckietown import _options
from imprint.gym_duckietown._gym import Box, Env, image_box
from imprint.gym_duckietown._resize import resize

CAMERA_WIDTH, CAMERA_HEIGHT = 160, 120
SERVER_PORT = 7777


class DuckiebotEnv(Env):
    """A robot behind a server. Actions are duty cycles (left, right) in [-1, 1]; observations are
    its camera's images, uint8 (120, 160, 3), RGB. Rewards are 0, and no episode ends. Needs pyzmq.

    serverAddr, serverPort: where the server is. api: as of Simulator. timeout: how long an image
        may take [s].
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render.modes": ["human", "rgb_array", "app"],
        "render_modes": ["human", "rgb_array"],
        "video.frames_per_second": 30,
        "render_fps": 30,
    }

    def __init__(
        self,
        serverAddr: str = "akira.local",  # noqa: N803
        serverPort: int = SERVER_PORT,  # noqa: N803
        *,
        api: str | None = None,
        timeout: float = 10.0,
        render_mode: str | None = None,
    ) -> None:
        self.api = _options.checked_api(api)
        self.render_mode = render_mode
        self.action_space = Box(-1.0, 1.0, (2,), np.float32)
        self.observation_space = image_box((CAMERA_HEIGHT, CAMERA_WIDTH, 3))
        self.reward_range = (-10, 1000)
        self.max_steps = math.inf
        self.step_count = 0
        self.window: Any = None
        self.img: NDArray[np.uint8] = np.zeros((CAMERA_HEIGHT, CAMERA_WIDTH, 3), np.uint8)
        if not 0.0 < timeout < 1e6:
            raise UsageError(f"timeout: {timeout} seconds is not within 0 to 1e6")
        self._timeout = timeout
        self._address = f"tcp://{serverAddr}:{serverPort}"
        self._socket: Any = None
        self._connect()
        self.seed()
        try:
            self._ask({"command": "reset"})
        except BaseException:
            self._disconnect(linger=0)
            raise

    def _connect(self) -> None:
        try:
            zmq: Any = importlib.import_module("zmq")
        except ImportError:
            raise UsageError("DuckiebotEnv needs pyzmq: pip install pyzmq") from None
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PAIR)
        self._socket.setsockopt(zmq.SNDTIMEO, int(1000 * self._timeout))
        self._socket.setsockopt(zmq.RCVTIMEO, int(1000 * self._timeout))
        self._unanswered = zmq.Again
        try:
            self._socket.connect(self._address)
        except zmq.ZMQError as error:
            self._disconnect(linger=0)
            raise UsageError(f"serverAddr: {self._address}: {error}") from None

    def _disconnect(self, linger: int) -> None:
        """Ends the connection. linger: how long messages may still leave [ms]."""
        self._socket.close(linger)
        self._context.term()
        self._socket = None

    def _ask(self, message: dict[str, Any]) -> NDArray[np.uint8]:
        """Sends a message and takes the image that answers it."""
        if self._socket is None:
            raise UsageError("the environment is closed")
        try:
            self._socket.send_json(message)
            about, data = self._socket.recv_json(), self._socket.recv()
        except self._unanswered:
            late = f"no image within {self._timeout:g} s: does the robot's server run?"
            raise InputOutputError(f"{self._address}: {late}") from None
        self.img = self._image(about, data)
        return self.img

    def _image(self, about: Any, data: bytes) -> NDArray[np.uint8]:
        """An answer as an image of the environment's size, RGB and upright."""
        try:
            image = np.frombuffer(data, about["dtype"]).reshape(about["shape"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputOutputError(f"{self._address}: sends no image: {error}") from None
        if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
            raise InputOutputError(f"{self._address}: sends an image of shape {image.shape}")
        return resize(image[::-1, :, ::-1], CAMERA_HEIGHT, CAMERA_WIDTH)

    def seed(self, seed: int | None = None) -> list[int | None]:
        """Takes a seed, which moves no robot."""
        self._np_random = np.random.default_rng(seed)
        return [seed]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Asks the server to begin, and returns an image; with "gymnasium", and the info."""
        del options
        if seed is not None:
            self.seed(seed)
        self.step_count = 0
        image = self._ask({"command": "reset"})
        return (image, {}) if self.api == "gymnasium" else image

    def step(self, action: Any) -> Any:
        """Sends duty cycles. Returns (observation, 0, False, {}), or five with "gymnasium"."""
        left, right = np.clip(checked("action", action, np.empty(2)), -1.0, 1.0).tolist()
        self.step_count += 1
        image = self._ask({"command": "action", "values": [left, right]})
        if self.api == "gymnasium":
            return image, 0.0, False, False, {}
        return image, 0, False, {}

    def render(self, mode: str | None = None, close: bool = False) -> Any:
        """The last image. No window opens."""
        del mode
        return None if close else self.img

    def close(self) -> None:
        """Stops the motors and ends the connection. May be called again."""
        if self._socket is None:
            return
        try:
            self._socket.send_json({"command": "action", "values": [0.0, 0.0]})
        except self._unanswered:
            pass
        finally:
            self._disconnect(linger=1000)
