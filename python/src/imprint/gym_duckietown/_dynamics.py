"""The way in which scripts put the robot somewhere: the names that they take from `geometry` and
`duckietown_world` for it, and the value that they assign to `Simulator.state`.

    q = env.cartesian_from_weird(pos, angle)
    v = geometry.se2_from_linear_angular([0, 0], 0)
    env.state = get_DB18_nominal(delay=0.15).initialize(c0=(q, v), t0=0)

Poses are matrices (3, 3) with y upwards from the map's bottom edge; velocities are matrices of the
same group's algebra.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def SE2_from_translation_angle(t: Any, theta: float) -> Floats:  # noqa: N802
    """The matrix of a position (2) [m] and an angle [rad]."""
    cosine, sine = math.cos(theta), math.sin(theta)
    return np.array([[cosine, -sine, t[0]], [sine, cosine, t[1]], [0.0, 0.0, 1.0]])


def translation_angle_from_SE2(pose: Any) -> tuple[Floats, float]:  # noqa: N802
    """Position (2) and angle of a matrix."""
    return np.array(pose)[:2, 2], math.atan2(pose[1][0], pose[0][0])


def se2_from_linear_angular(linear: Any, angular: float) -> Floats:
    """The matrix of a velocity (2) [m/s] in the robot's frame and a turn rate [rad/s]."""
    return np.array([[0.0, -angular, linear[0]], [angular, 0.0, linear[1]], [0.0, 0.0, 0.0]])


def linear_angular_from_se2(vel: Any) -> tuple[Floats, float]:
    """Velocity (2) and turn rate of a matrix."""
    return np.array(vel)[:2, 2], float(vel[1][0])


@dataclass
class DriveState:
    """Pose and velocity of a robot whose motors have this delay [s] and trim."""

    q0: Any
    v0: Any
    delay: float = 0.15
    trim: float = 0.0

    def TSE2_from_state(self) -> tuple[Any, Any]:  # noqa: N802
        """Pose and velocity."""
        return self.q0, self.v0


@dataclass
class Drive:
    """Motors with this delay [s] and trim."""

    delay: float = 0.15
    trim: float = 0.0

    def initialize(self, c0: Any, t0: float = 0.0, seed: Any = None) -> DriveState:
        """The state at a pose and velocity."""
        del t0, seed
        return DriveState(c0[0], c0[1], self.delay, self.trim)


def get_DB18_nominal(delay: float = 0.15) -> Drive:  # noqa: N802
    """The motors of a Duckiebot."""
    return Drive(float(delay))


def get_DB18_uncalibrated(delay: float = 0.15, trim: float = 0.0) -> Drive:  # noqa: N802
    """The motors of a Duckiebot that pull to one side."""
    return Drive(float(delay), float(trim))
