"""The pure-pursuit expert of gym-duckietown's learning examples (Coulter, 1992)."""

from typing import Any

import numpy as np

from imprint.gym_duckietown.simulator import get_right_vec

REF_VELOCITY = 0.8
GAIN = 10
FOLLOWING_DISTANCE = 0.3
POSITION_THRESHOLD = 0.04


class PurePursuitExpert:
    """Steers towards a point of the lane `following_distance` [m] ahead, at speed `ref_velocity`.

    It is known to fail in curves: it was tuned before the motors had delay and inertia.
    """

    def __init__(
        self,
        env: Any,
        ref_velocity: float = REF_VELOCITY,
        position_threshold: float = POSITION_THRESHOLD,
        following_distance: float = FOLLOWING_DISTANCE,
        max_iterations: int = 1000,
    ) -> None:
        self.env = env.unwrapped
        self.ref_velocity, self.position_threshold = ref_velocity, position_threshold
        self.following_distance, self.max_iterations = following_distance, max_iterations

    def predict(self, observation: Any = None) -> tuple[float, float]:
        """Speed and steering for the present pose; (0, 0) off the lanes."""
        del observation
        pos, angle = self.env.cur_pos, self.env.cur_angle
        point, tangent = self.env.closest_curve_point(pos, angle)
        if point is None:
            return 0.0, 0.0
        # a point ahead, nearer until it lies on a lane
        distance = self.following_distance
        target = None
        for _ in range(self.max_iterations):
            target, _ = self.env.closest_curve_point(point + tangent * distance, angle)
            if target is not None:
                break
            distance *= 0.5
        if target is None:
            return 0.0, 0.0
        ahead = (target - pos) / np.linalg.norm(target - pos)
        return self.ref_velocity, GAIN * -float(np.dot(get_right_vec(angle), ahead))
