"""An environment that changes its map at every reset."""

from typing import Any

import numpy as np

from imprint.gym_duckietown._gym import Env
from imprint.gym_duckietown.envs.duckietown_env import DuckietownEnv


class MultiMapEnv(Env):
    """DuckietownEnv on two maps in turns. Settings are its; map_names: other maps."""

    metadata = DuckietownEnv.metadata

    def __init__(self, map_names: Any = None, **settings: Any) -> None:
        names = map_names or ["loop_only_duckies", "small_loop_only_duckies"]
        self.env_list = [DuckietownEnv(map_name=name, **settings) for name in names]
        first = self.env_list[0]
        self.action_space, self.observation_space = first.action_space, first.observation_space
        self.reward_range, self.render_mode = first.reward_range, first.render_mode
        self.window: Any = None
        self.cur_env_idx = 0
        self.cur_reward_sum, self.cur_num_steps = 0.0, 0

    @property
    def cur_env(self) -> DuckietownEnv:
        """The environment of the present map."""
        return self.env_list[self.cur_env_idx]

    def seed(self, seed: int | None = None) -> list[int | None]:
        """Takes a seed for all maps."""
        for env in self.env_list:
            env.seed(seed)
        self._np_random = np.random.default_rng(seed)
        return [seed]

    def reset(self, *arguments: Any, seed: int | None = None, **settings: Any) -> Any:
        """Begins an episode on the next map."""
        if seed is not None:
            self.seed(seed)
        self.cur_env_idx = (self.cur_env_idx + 1) % len(self.env_list)
        self.cur_reward_sum, self.cur_num_steps = 0.0, 0
        return self.cur_env.reset(*arguments, **settings)

    def step(self, action: Any) -> Any:
        """As DuckietownEnv.step()."""
        result = self.cur_env.step(action)
        self.cur_reward_sum += result[1]
        self.cur_num_steps += 1
        return result

    def render(self, *arguments: Any, **settings: Any) -> Any:
        """As Simulator.render()."""
        return self.cur_env.render(*arguments, **settings)

    @property
    def step_count(self) -> int:
        """Frames since reset."""
        return self.cur_env.step_count

    def close(self) -> None:
        """Frees the simulators."""
        for env in self.env_list:
            env.close()
