"""gym-duckietown's Randomizer: what is drawn for an episode, and from which distributions.

A Simulator has one, `randomizer`. Changes of its tables act from the next reset() on:

    env.randomizer.randomization_config["trim"] = {"type": "uniform", "low": -0.1, "high": 0.1}
"""

import json
import os
from collections.abc import Callable
from typing import Any

from imprint._errors import UsageError

# of gym-duckietown 6.1: factors of the camera's height, angles and field of view, positions [m]
_RANGES: dict[str, dict[str, Any]] = {
    "camera_angle": {"type": "uniform", "low": 0.8, "high": 1.2},
    "camera_fov_y": {"type": "uniform", "low": 0.8, "high": 1.2},
    "camera_height": {"type": "uniform", "low": 0.92, "high": 1.08},
    "camera_noise": {"type": "uniform", "low": -0.005, "high": 0.005, "size": 3},
    "horz_mode": {"type": "int", "low": 0, "high": 4},
    "light_pos": {
        "type": "uniform",
        "low": [-150, 170, -150],
        "high": [150, 220, 150],
        "size": 3,
    },
    "trim": {"type": "normal", "loc": 0, "scale": 0.02},
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "camera_noise": {"default": [0, 0, 0]},
    "horz_mode": {"default": 0},
    "light_pos": {"default": [-40, 200, 100]},
    "trim": {"default": 0},
}
_BUILT_IN = {"default_dr.json": _RANGES, "default.json": _DEFAULTS}
# names of arguments of each type of distribution
_ARGUMENTS = {"int": ("low", "high"), "uniform": ("low", "high"), "normal": ("loc", "scale")}


class Randomizer:
    """Draws values for an episode: randomize(). Arguments are JSON files; the default ones need no
    file.

    randomization_config: distributions by name, as {"type": "uniform", "low": 0, "high": 1, "size":
    3}, "int" or "normal" (with "loc" and "scale"). default_config: values of what has none, as
    {"default": 0}. keys: all names, sorted.
    """

    def __init__(
        self,
        randomization_config_fp: str = "default_dr.json",
        default_config_fp: str = "default.json",
    ) -> None:
        self.randomization_config = _table(randomization_config_fp)
        self.default_config = _table(default_config_fp)
        self.keys = sorted({*self.randomization_config, *self.default_config})

    def randomize(self, rng: Any) -> dict[str, Any]:
        """Values by name: arrays of `size` values for what is drawn, and defaults as they are.

        rng: NumPy's generator, an older or a newer one.
        """
        return {name: self._value(name, rng) for name in self.keys}

    def _value(self, name: str, rng: Any) -> Any:
        if name not in self.randomization_config:
            return self.default_config[name]["default"] if name in self.default_config else None
        made = self.randomization_config[name]
        kind = made.get("type")
        if kind not in _ARGUMENTS:
            known = "'int', 'uniform' or 'normal'"
            raise UsageError(f"randomization_config: {name}: type {kind!r} is not {known}")
        missing = [word for word in _ARGUMENTS[kind] if word not in made]
        if missing:
            raise UsageError(f"randomization_config: {name}: '{missing[0]}' is missing")
        draw: Callable[..., Any]
        if kind == "int":
            draw = rng.integers if hasattr(rng, "integers") else rng.randint
        else:
            draw = getattr(rng, kind)
        return draw(*(made[word] for word in _ARGUMENTS[kind]), size=made.get("size", 1))

    def ranges(self, *, domain: bool, camera: bool, dynamics: bool) -> str | None:
        """The tables as the library reads them, for what is switched on; None: as they were."""
        if self.randomization_config == _RANGES and self.default_config == _DEFAULTS:
            return None
        ranges = {
            name: made
            for name, made in {**self.default_config, **self.randomization_config}.items()
            if (dynamics if name == "trim" else domain or (camera and name.startswith("camera_")))
        }
        return json.dumps(ranges, default=float)


def _table(path: str) -> dict[str, dict[str, Any]]:
    """A file's content, or a copy of the built-in table of that name."""
    if not os.path.exists(path):
        if path not in _BUILT_IN:
            raise UsageError(f"Randomizer: there is no file '{path}'")
        table = _BUILT_IN[path]
        return {name: json.loads(json.dumps(made)) for name, made in table.items()}
    with open(path, encoding="utf-8") as file:
        read: dict[str, dict[str, Any]] = json.load(file)
    return read
