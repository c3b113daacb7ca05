"""What environments and wrappers are made of: bases that gym, Gymnasium and neither can check.

Environments and spaces are Gymnasium's. Where the package `gym` is installed, they are its, too, so
that its own wrappers take them. The wrappers work in both signatures: step() with four and with
five results, reset() with and without info.
"""

import warnings
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium import spaces


def installed_gym() -> Any:
    """The package `gym`, if it is installed and can be imported; else None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import gym  # type: ignore[import-not-found, unused-ignore]
        except Exception:
            return None
    return None if hasattr(gym, "is_imprint") else gym


_gym = installed_gym()

if TYPE_CHECKING or _gym is None:

    class Env(gymnasium.Env[Any, Any]):
        """An environment; see gymnasium.Env."""

    class Box(spaces.Box[Any]):
        """A box, the shape of which can be set, as older code does."""

else:

    class Env(gymnasium.Env, _gym.Env):
        """An environment of both packages."""

    class Box(spaces.Box, _gym.spaces.Box):
        """A box of both packages."""


def _set_shape(box: Box, shape: Any) -> None:
    box._shape = tuple(int(side) for side in shape)


Box.shape = property(lambda box: box._shape, _set_shape)  # type: ignore[assignment, method-assign]


def image_box(shape: Any, low: float = 0, high: float = 255, dtype: Any = np.uint8) -> Box:
    """The space of images of this shape."""
    return Box(low, high, tuple(shape), dtype)


class Wrapper(Env):
    """Passes everything on to an environment. Attributes that it lacks are the environment's."""

    def __init__(self, env: Any) -> None:
        self.env = env
        for name in ("action_space", "observation_space", "metadata", "reward_range", "spec"):
            if hasattr(env, name):
                setattr(self, name, getattr(env, name))
        self.render_mode = getattr(env, "render_mode", None)

    def __getattr__(self, name: str) -> Any:
        if name == "env" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.env, name)

    @property
    def unwrapped(self) -> Any:
        """The environment inside all wrappers."""
        return self.env.unwrapped

    @property
    def np_random(self) -> Any:
        """The environment's random numbers."""
        return self.env.np_random

    @np_random.setter
    def np_random(self, value: Any) -> None:
        self.env.np_random = value

    def reset(self, *arguments: Any, **settings: Any) -> Any:
        """Begins an episode."""
        return self.env.reset(*arguments, **settings)

    def step(self, action: Any) -> Any:
        """Applies an action."""
        return self.env.step(action)

    def render(self, *arguments: Any, **settings: Any) -> Any:
        """Draws the present state."""
        return self.env.render(*arguments, **settings)

    def seed(self, seed: int | None = None) -> Any:
        """Takes a seed for the episodes to come."""
        return self.env.seed(seed)

    def close(self) -> None:
        """Frees the environment."""
        self.env.close()


class ObservationWrapper(Wrapper):
    """Changes observations: observation() does it."""

    def reset(self, *arguments: Any, **settings: Any) -> Any:
        """Begins an episode."""
        result = self.env.reset(*arguments, **settings)
        if isinstance(result, tuple):
            return (self.observation(result[0]), *result[1:])
        return self.observation(result)

    def step(self, action: Any) -> Any:
        """Applies an action."""
        observation, *rest = self.env.step(action)
        return (self.observation(observation), *rest)

    def observation(self, observation: Any) -> Any:
        """The observation that the user sees."""
        raise NotImplementedError(f"{type(self).__name__} lacks the method observation()")


class ActionWrapper(Wrapper):
    """Changes actions: action() does it."""

    def step(self, action: Any) -> Any:
        """Applies an action."""
        return self.env.step(self.action(action))

    def action(self, action: Any) -> Any:
        """The action that the environment sees."""
        raise NotImplementedError(f"{type(self).__name__} lacks the method action()")


class RewardWrapper(Wrapper):
    """Changes rewards: reward() does it."""

    def step(self, action: Any) -> Any:
        """Applies an action."""
        observation, reward, *rest = self.env.step(action)
        return (observation, self.reward(reward), *rest)

    def reward(self, reward: Any) -> Any:
        """The reward that the user sees."""
        raise NotImplementedError(f"{type(self).__name__} lacks the method reward()")
