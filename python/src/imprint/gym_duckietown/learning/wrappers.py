"""Wrappers of gym-duckietown's learning examples. They work with both signatures."""

from typing import Any

import numpy as np

from imprint.gym_duckietown._gym import ActionWrapper as _ActionWrapper
from imprint.gym_duckietown._gym import ObservationWrapper, RewardWrapper, Wrapper, image_box
from imprint.gym_duckietown._resize import resize


class MotionBlurWrapper(Wrapper):
    """Blurs images by motion: each step is three frames of a third, and the weighted mean of the
    four images at their ends, the first of which weighs most.
    """

    WEIGHTS = (0.8, 0.15, 0.04, 0.01)

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.frame_skip = 3
        env.unwrapped.delta_time = env.unwrapped.delta_time / self.frame_skip

    def step(self, action: Any) -> Any:
        """Applies duty cycles. The observation is of float64."""
        env = self.env.unwrapped
        duties = np.clip(np.asarray(action, np.float64), -1, 1)
        images = [env.render_obs()]
        for _ in range(self.frame_skip):
            env.update_physics(duties)
            images.append(env.render_obs())
        observation = np.average(images, axis=0, weights=self.WEIGHTS)
        info, end = env.get_agent_info(), env._compute_done_reward()
        info["Simulator"]["msg"] = end.done_why
        if env.api == "gymnasium":
            truncated = end.done_code == "max-steps-reached"
            return observation, end.reward, end.done and not truncated, truncated, info
        return observation, end.reward, end.done, info


class ResizeWrapper(ObservationWrapper):
    """Resizes images (height, width, 3), averaging over pixels."""

    def __init__(self, env: Any, shape: tuple[int, int, int] = (120, 160, 3)) -> None:
        super().__init__(env)
        self.shape = shape
        self.observation_space = image_box(shape)

    def observation(self, observation: Any) -> Any:
        """The resized image."""
        return resize(observation, self.shape[0], self.shape[1])


class NormalizeWrapper(ObservationWrapper):
    """Images as numbers from 0 to 1."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        space: Any = self.observation_space
        self.obs_lo, self.obs_hi = space.low.flat[0], space.high.flat[0]
        self.observation_space = image_box(space.shape, 0.0, 1.0, np.float32)

    def observation(self, observation: Any) -> Any:
        """The numbers, as float32."""
        if self.obs_lo == 0.0 and self.obs_hi == 1.0:
            return observation
        span = np.float32(self.obs_hi) - np.float32(self.obs_lo)
        return (np.asarray(observation, np.float32) - np.float32(self.obs_lo)) / span


class ImgWrapper(ObservationWrapper):
    """Images as (channels, height, width)."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        space: Any = self.observation_space
        height, width, channels = space.shape
        limits = space.low.flat[0], space.high.flat[0]
        self.observation_space = image_box((channels, height, width), *limits, space.dtype)

    def observation(self, observation: Any) -> Any:
        """A view of the same memory."""
        return observation.transpose(2, 0, 1)


class DtRewardWrapper(RewardWrapper):
    """Rewards that are rarely negative: -10 for the end, +10 or +4 for what is above or below 0."""

    def reward(self, reward: Any) -> Any:
        """The changed reward."""
        if reward == -1000:
            return -10
        return reward + (10 if reward > 0 else 4)


class ActionWrapper(_ActionWrapper):
    """The first number of an action times 0.8, so that the robot can still turn."""

    def action(self, action: Any) -> Any:
        """The changed action."""
        return [action[0] * 0.8, action[1]]
