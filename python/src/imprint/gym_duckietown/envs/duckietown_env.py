"""Environments whose actions are forward speed and turn rate."""

from typing import Any

import numpy as np

from imprint._arrays import checked
from imprint.gym_duckietown._gym import Box
from imprint.gym_duckietown.simulator import Simulator
from imprint.gym_duckietown.wrappers import Kinematics


class DuckietownEnv(Simulator):
    """A Simulator whose actions are (speed [m/s], turn rate [rad/s], positive to the left).

    gain, trim, radius [m], k [rad/s] and limit are those of the inverse kinematics that turn them
    into duty cycles; further settings are the Simulator's.
    """

    def __init__(
        self,
        gain: float = 1.0,
        trim: float = 0.0,
        radius: float = 0.0318,
        k: float = 27.0,
        limit: float = 1.0,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.action_space = Box(-1.0, 1.0, (2,), np.float32)
        self.gain, self.trim, self.radius, self.k, self.limit = gain, trim, radius, k, limit

    def step(self, action: Any) -> Any:
        """Applies (speed, turn rate); results are those of Simulator.step()."""
        speed, turn_rate = checked("action", action, np.empty(2)).tolist()
        kinematics = Kinematics(self.gain, self.trim, self.radius, self.k, self.limit)
        left, right = kinematics.wheel_speeds(speed, turn_rate, self.wheel_dist)
        result = super().step(kinematics.duty_cycles(left, right))
        result[-1]["DuckietownEnv"] = {
            "k": self.k,
            "gain": self.gain,
            "train": self.trim,
            "radius": self.radius,
            "omega_r": right,
            "omega_l": left,
        }
        return result


class DuckietownLF(DuckietownEnv):
    """Lane following: DuckietownEnv under another name."""


class DuckietownNav(DuckietownEnv):
    """Navigation: an episode ends with reward 1000 on `goal_tile`, drawn at each reset."""

    goal_tile: Any = None

    def reset(self, segment: bool = False, **settings: Any) -> Any:
        """Begins an episode with another goal than the tile it starts on."""
        result = super().reset(segment, **settings)
        start = self._get_tile(*self.get_grid_coords(self.cur_pos))
        goals = [tile for tile in self.drivable_tiles if tile is not start]
        self.goal_tile = goals[int(self.np_random.integers(len(goals)))] if goals else start
        return result

    def step(self, action: Any) -> Any:
        """As DuckietownEnv.step(); the info holds the goal."""
        observation, reward, ended, *rest = super().step(action)
        rest[-1]["goal_tile"] = self.goal_tile
        if self._get_tile(*self.get_grid_coords(self.cur_pos)) is self.goal_tile:
            reward, ended = 1000, True
        return (observation, reward, ended, *rest)
