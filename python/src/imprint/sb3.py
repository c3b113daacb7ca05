"""Stable-Baselines3: many robots as its vector environment, and its models as policies of ours.

    from stable_baselines3 import PPO
    from imprint.sb3 import LaneFollowingVecEnv, policy_of

    env = LaneFollowingVecEnv(8, map="loop_empty", reward="progress")
    model = PPO("CnnPolicy", env).learn(200_000)
    print(imprint.evaluate(policy_of(model), map="loop_empty", episodes=100, steps=600))

Needs `pip install stable-baselines3`, which brings PyTorch.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from imprint._errors import UsageError
from imprint._settings import EnvSettings
from imprint.policies import Callback, policy


class LaneFollowingVecEnv(VecEnv):
    """`num_envs` robots as a VecEnv; settings: EnvSettings. Images are [3, height, width], as
    PyTorch wants them, unless channels_first=False.

    threads: how many threads step the environments; 0: one for each processor.

    Each step is one call of the library. Info holds what those of the environments hold
    (docs/python.md); where an episode ended, that of its last step, with its last observation as
    "terminal_observation" and "TimeLimit.truncated", as everywhere in Stable-Baselines3.
    """

    def __init__(self, num_envs: int, *, threads: int = 0, **settings: Unpack[EnvSettings]) -> None:
        # policy_of() does without, and with an older gymnasium
        from imprint.vector import LaneFollowingVectorEnv

        settings.setdefault("channels_first", True)
        self.envs = LaneFollowingVectorEnv(
            num_envs, autoreset_mode="same_step", threads=threads, **settings
        )
        self._actions = np.zeros((num_envs, 2))
        super().__init__(
            num_envs, self.envs.single_observation_space, self.envs.single_action_space
        )

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Sets what the next reset() begins with: environment k gets this seed and index k."""
        self._seeds = [seed] * self.num_envs
        return self._seeds

    def set_options(self, options: Any = None) -> None:
        """Has no options: reset `envs` for those."""
        if options:
            raise UsageError("options: LaneFollowingVecEnv has none: use its `envs`")

    def reset(self) -> Any:
        """Begins an episode in all environments; returns observations. Infos: `reset_infos`."""
        observations, infos = self.envs.reset(seed=self._seeds[0])
        self._reset_seeds()
        self.reset_infos = _rows_of(infos, self.num_envs)
        return observations

    def step_async(self, actions: NDArray[Any]) -> None:
        """Takes the actions (num_envs, 2) of step_wait()."""
        self._actions = actions

    def step_wait(self) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Steps. Returns observations, rewards (float32), which episodes ended, and infos."""
        observations, rewards, terminated, truncated, infos = self.envs.step(self._actions)
        over = terminated | truncated
        rows = _rows_of(infos, self.num_envs)
        for k in np.flatnonzero(over):
            rows[k] = {
                **_row_of(infos["final_info"], int(k)),
                "terminal_observation": infos["final_obs"][k],
                "TimeLimit.truncated": bool(truncated[k] and not terminated[k]),
            }
        return observations, rewards.astype(np.float32), over, rows

    def close(self) -> None:
        """Frees the simulators and ends the threads."""
        self.envs.close()

    def get_images(self) -> Sequence[NDArray[np.uint8] | None]:
        """An image (height, width, 3) of each environment; None without a render mode."""
        return self.envs.render() or [None] * self.num_envs

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of the vector environment, once for each of these environments."""
        return [getattr(self.envs, attr_name)] * self._count_of(indices)

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Cannot be done: environments share their settings, which stay as they were made."""
        del value, indices
        raise UsageError(f"{attr_name}: settings cannot be changed: make the environments again")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> Any:
        """Cannot be called: there are no single environments."""
        del args, kwargs, indices
        raise UsageError(f"{method_name}: there are no single environments: use `envs`")

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """False for each: there are no single environments to wrap."""
        del wrapper_class
        return [False] * self._count_of(indices)

    def _count_of(self, indices: int | Iterable[int] | None) -> int:
        return len(list(self._get_indices(indices)))


def _row_of(infos: dict[str, Any], k: int) -> dict[str, Any]:
    """The info of environment k, of a vector environment's."""
    return {
        name: array[k]
        for name, array in infos.items()
        if not name.startswith("_") and not name.startswith("final_")
    }


def _rows_of(infos: dict[str, Any], count: int) -> list[dict[str, Any]]:
    return [_row_of(infos, k) for k in range(count)]


def policy_of(model: Any, *, deterministic: bool = True, batch: int = 16) -> Callback:
    """A model of Stable-Baselines3 that learned from images, for evaluate() and the like.

    The wheels get its actions, so it must have learned with actions="duty_cycles". deterministic:
    the mean of its distribution, else a sample. batch: see Callback.
    """
    channels_first = model.observation_space.shape[0] == 3

    def drive(observations: NDArray[np.uint8]) -> NDArray[np.float32]:
        # a copy: PyTorch wants arrays that may be written to
        images = np.array(observations.transpose(0, 3, 1, 2) if channels_first else observations)
        actions: NDArray[np.float32] = model.predict(images, deterministic=deterministic)[0]
        return actions

    return policy(drive, batch=batch, name=type(model).__name__.lower())
