"""A small `gym` over Gymnasium, for scripts that import it where it is not installed.

It has what scripts around gym-duckietown use: Env, the wrappers, spaces, make(), register() and
seeding. Environments keep the signature that they have.
"""

import importlib.machinery
from types import ModuleType
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from imprint._errors import UsageError
from imprint.gym_duckietown import _gym

VERSION = "0.21.0"

_registered: dict[str, dict[str, Any]] = {}


def register(id: str, entry_point: Any, kwargs: Any = None, **settings: Any) -> None:
    """Names an environment for make()."""
    del settings
    _registered[id] = {"entry_point": entry_point, "kwargs": dict(kwargs or {})}


def make(id: str, **settings: Any) -> Any:
    """The environment with a name: of register(), or else one of Gymnasium's."""
    if id not in _registered:
        if id in gymnasium.registry:
            return gymnasium.make(id, **settings)
        raise UsageError(f"gym.make(): there is no environment '{id}'")
    entry, kwargs = _registered[id]["entry_point"], _registered[id]["kwargs"]
    if isinstance(entry, str):
        module, _, name = entry.partition(":")
        entry = getattr(importlib.import_module(module), name)
    return entry(**{**kwargs, **settings})


def np_random(seed: int | None = None) -> tuple[np.random.Generator, int]:
    """A generator and the seed that it was made with."""
    if seed is None:
        seed = int(np.random.default_rng().integers(2**63))
    return np.random.default_rng(seed), seed


def modules() -> dict[str, ModuleType]:
    """The modules by name: `gym` and those in it."""
    if _modules:
        return _modules
    own_spaces = _module("gym.spaces", {**_public(spaces), "Box": _gym.Box})
    seeding = _module("gym.utils.seeding", {"np_random": np_random})
    utils = _module("gym.utils", {"seeding": seeding})
    registration = _module(
        "gym.envs.registration", {"register": register, "make": make, "registry": _registered}
    )
    envs = _module("gym.envs", {"registration": registration})
    core = {
        name: getattr(_gym, name)
        for name in ("Env", "Wrapper", "ObservationWrapper", "ActionWrapper", "RewardWrapper")
    }
    wrappers = _module("gym.wrappers", {"TimeLimit": TimeLimit})
    members = {
        **core,
        "Space": spaces.Space,
        "core": _module("gym.core", core),
        "spaces": own_spaces,
        "utils": utils,
        "envs": envs,
        "wrappers": wrappers,
        "make": make,
        "register": register,
        "error": gymnasium.error,
        "logger": gymnasium.logger,
        "is_imprint": True,
        "__version__": VERSION,
    }
    top = _module("gym", members)
    for module in (top, members["core"], own_spaces, utils, seeding, envs, registration, wrappers):
        _modules[module.__name__] = module
    return _modules


_modules: dict[str, ModuleType] = {}


class TimeLimit(_gym.Wrapper):
    """Ends episodes after a number of steps."""

    def __init__(self, env: Any, max_episode_steps: int) -> None:
        super().__init__(env)
        self._max, self._steps = max_episode_steps, 0

    def reset(self, *arguments: Any, **settings: Any) -> Any:
        """Begins an episode."""
        self._steps = 0
        return self.env.reset(*arguments, **settings)

    def step(self, action: Any) -> Any:
        """Applies an action."""
        result = list(self.env.step(action))
        self._steps += 1
        if self._steps >= self._max:
            result[-2] = True
        return tuple(result)


def _module(name: str, members: dict[str, Any]) -> ModuleType:
    module = ModuleType(name, f"Stand-in for {name}, of imprint.gym_duckietown.")
    module.__dict__.update(members)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    module.__path__ = []
    return module


def _public(module: ModuleType) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}
