"""Wrappers of gym-duckietown. They work with both signatures of step() and reset()."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from imprint._arrays import checked, pointer
from imprint._errors import UsageError, call
from imprint._native import ffi, lib
from imprint.gym_duckietown._gym import ActionWrapper, ObservationWrapper, image_box
from imprint.gym_duckietown._resize import resize

Floats = NDArray[np.float64]


@dataclass
class Kinematics:
    """Inverse kinematics of a Duckiebot: see docs/conventions.md. radius [m], k [rad/s]."""

    gain: float = 1.0
    trim: float = 0.0
    radius: float = 0.0318
    k: float = 27.0
    limit: float = 1.0

    def wheel_speeds(self, speed: float, turn_rate: float, distance: float) -> tuple[float, float]:
        """Angular velocities of the left and the right wheel [rad/s]."""
        half = 0.5 * turn_rate * distance
        return (speed - half) / self.radius, (speed + half) / self.radius

    def duty_cycles(self, left: float, right: float) -> Floats:
        """Duty cycles (left, right) that give these angular velocities, within the limit."""
        wheels = [
            left * ((self.gain - self.trim) / self.k),
            right * ((self.gain + self.trim) / self.k),
        ]
        return np.clip(wheels, -self.limit, self.limit)


class DiscreteWrapper(ActionWrapper):
    """Three actions: 0 turns left, 1 right, 2 drives straight on (speed and turn rate)."""

    MOTIONS = ((0.6, 1.0), (0.6, -1.0), (0.7, 0.0))

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.action_space = spaces.Discrete(3)

    def action(self, action: Any) -> Floats:
        """Speed and turn rate of an action."""
        if action not in (0, 1, 2):
            raise UsageError(f"action: {action!r} is none of 0 (left), 1 (right), 2 (straight on)")
        return np.array(self.MOTIONS[int(action)])


class SteeringToWheelVelWrapper(ActionWrapper):
    """Turns actions (speed [m/s], turn rate [rad/s]) into duty cycles. See Kinematics."""

    def __init__(
        self,
        env: Any,
        gain: float = 1.0,
        trim: float = 0.0,
        radius: float = 0.0318,
        k: float = 27.0,
        limit: float = 1.0,
    ) -> None:
        super().__init__(env)
        self.gain, self.trim, self.radius, self.k, self.limit = gain, trim, radius, k, limit

    def action(self, action: Any) -> Floats:
        """Duty cycles (left, right) of a speed and turn rate."""
        speed, turn_rate = checked("action", action, np.empty(2)).tolist()
        kinematics = Kinematics(self.gain, self.trim, self.radius, self.k, self.limit)
        wheels = kinematics.wheel_speeds(speed, turn_rate, self.unwrapped.wheel_dist)
        return kinematics.duty_cycles(*wheels)


class PyTorchObsWrapper(ObservationWrapper):
    """Images as (channels, width, height): note the order of the sides, which is the original's."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        height, width, channels = _image_shape(env)
        self.observation_space = image_box((channels, width, height))

    def observation(self, observation: Any) -> Any:
        """A view of the same memory."""
        return observation.transpose(2, 1, 0)


class ResizeWrapper(ObservationWrapper):
    """Resizes images with a cubic filter, without averaging. Behind PyTorchObsWrapper, whose order
    it keeps, as the original; images (height, width, 3) are resized as such.
    """

    def __init__(self, env: Any, resize_w: int = 80, resize_h: int = 80) -> None:
        super().__init__(env)
        self.resize_w, self.resize_h = resize_w, resize_h
        shape = env.observation_space.shape
        self._channels_first = shape[0] in (1, 3) and shape[2] not in (1, 3)
        sides = (resize_h, resize_w)
        if self._channels_first:
            self.observation_space = image_box((shape[0], resize_w, resize_h))
        else:
            self.observation_space = image_box((*sides, shape[2]))

    def observation(self, observation: Any) -> Any:
        """The resized image."""
        if not self._channels_first:
            return resize(observation, self.resize_h, self.resize_w, cubic=True)
        image = observation.swapaxes(0, 2)
        return resize(image, self.resize_h, self.resize_w, cubic=True).swapaxes(0, 2)


class UndistortWrapper(ObservationWrapper):
    """Rectifies images with the Duckiebot's default calibration.

    As the original, it makes the simulator leave out the lens first.
    """

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        if not env.unwrapped.distortion:
            raise UsageError("UndistortWrapper needs an environment made with distortion=True")
        env.unwrapped.undistort = True
        self._tables: dict[tuple[int, int], Any] = {}

    def observation(self, observation: Any) -> Any:
        """The rectified image (height, width, 3)."""
        return self._undistort(observation)

    def _undistort(self, observation: Any) -> Any:
        image = np.ascontiguousarray(observation, np.uint8)
        height, width, _ = image.shape
        if (width, height) not in self._tables:
            calibration = ffi.new("imp_calibration *", lib.imp_calibration_duckiebot())
            out = ffi.new("imp_undistorter **")
            call(lib.imp_undistorter_create, out, calibration, width, height)
            self._tables[width, height] = ffi.gc(out[0], lib.imp_undistorter_destroy)
        rectified = np.empty_like(image)
        table = self._tables[width, height]
        lib.imp_undistorter_apply(table, pointer(image), pointer(rectified))
        return rectified


def _image_shape(env: Any) -> tuple[int, int, int]:
    shape = env.observation_space.shape
    if shape is None or len(shape) != 3:
        raise UsageError(f"images (height, width, channels) are needed, not shape {shape}")
    return shape[0], shape[1], shape[2]
