"""Puts the stand-in where scripts look for gym-duckietown, gym and what older code takes along.

install() fills `sys.modules`, so that `import gym_duckietown.simulator` finds this package's
modules, and registers the environments' names with Gymnasium and with `gym`.
"""

import contextlib
import importlib.machinery
import importlib.util
import sys
import warnings
from types import ModuleType, SimpleNamespace
from typing import Any

import gymnasium

from imprint._errors import UsageError
from imprint._settings import builtin_maps
from imprint.gym_duckietown import _dynamics, _gym_module, _options, _resize
from imprint.gym_duckietown._gym import installed_gym

_HERE = "imprint.gym_duckietown"
_SUBMODULES = (
    "collision",
    "config",
    "distortion",
    "envs",
    "envs.duckiebot_env",
    "envs.duckietown_env",
    "envs.multimap_env",
    "exceptions",
    "graphics",
    "objects",
    "randomization",
    "simulator",
    "utils",
    "wrappers",
)
_KINDS = "barrier building bus checkerboard cone duckie duckiebot house tree truck trafficlight"

_OWN_MAPS = ("loop_only_duckies", "small_loop_only_duckies")

# what install() put into sys.modules, and what stood there before
_replaced: dict[str, ModuleType | None] = {}


def install(*, api: str = "gym", gym: str = "auto") -> None:
    """Makes `import gym_duckietown` find this package, from now on and in this process.

    api: "gym" for step() with four results, or "gymnasium" for five, of environments that are made
        without saying so.
    gym: which `gym` scripts import: "own" for a small one over Gymnasium, "installed", or "auto":
        the installed one up to version 0.25, which has the older signature, else our own.

    Call it before anything imports gym_duckietown. Further calls change the settings.
    """
    _options.set_default_api(api)
    found = installed_gym()
    if gym not in ("auto", "own", "installed"):
        raise UsageError(f"gym: '{gym}' is none of 'auto', 'own' and 'installed'")
    if gym == "installed" and found is None:
        raise UsageError("gym: the package 'gym' is not installed; use 'own', or install it")
    other = sys.modules.get("gym_duckietown")
    if other is not None and other.__name__ != _HERE:
        raise UsageError(
            "gym_duckietown is imported already: call imprint.gym_duckietown.install() before that"
        )
    _put("gym_duckietown", importlib.import_module(_HERE))
    for name in _SUBMODULES:
        _put(f"gym_duckietown.{name}", importlib.import_module(f"{_HERE}.{name}"))
    use_found = gym == "installed" or (gym == "auto" and found is not None and _is_older(found))
    if not use_found:
        for name, module in _gym_module.modules().items():
            _put(name, module)
    _offer_duckietown_world()
    _offer("geometry", "Matrices of poses.", _public(_dynamics, "linear", "se2", "SE2", "trans"))
    _offer_imresize()
    _register(found if use_found else None)


def uninstall() -> None:
    """Takes back what install() put into `sys.modules`. Registered names stay."""
    for name, before in _replaced.items():
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before
    _replaced.clear()
    _options.set_default_api("gym")


def environment_ids() -> dict[str, dict[str, Any]]:
    """The registered names, as "Duckietown-udem1-v0": class and arguments of each."""
    ids: dict[str, dict[str, Any]] = {
        f"Duckietown-{name}-v0": {"entry": "DuckietownEnv", "kwargs": {"map_name": name}}
        for name in (*builtin_maps(), *_OWN_MAPS)
        if "regress" not in name
    }
    ids["MultiMap-v0"] = {"entry": "MultiMapEnv", "kwargs": {}}
    ids["Duckiebot-v0"] = {"entry": "DuckiebotEnv", "kwargs": {}}
    return ids


def _put(name: str, module: ModuleType) -> None:
    if sys.modules.get(name) is not module:
        _replaced.setdefault(name, sys.modules.get(name))
        sys.modules[name] = module


def _is_older(gym: Any) -> bool:
    """Whether its step() has four results."""
    numbers = str(getattr(gym, "__version__", "0")).split(".")
    return int(numbers[0]) == 0 and len(numbers) > 1 and int(numbers[1]) < 26


def _register(gym: Any) -> None:
    """Registers the names with Gymnasium, with our `gym`, and with an installed one."""
    for name, made in environment_ids().items():
        entry, kwargs = f"{_HERE}.envs:{made['entry']}", made["kwargs"]
        if name not in gymnasium.registry:
            new_api = {**kwargs, "api": "gymnasium"}
            gymnasium.register(id=name, entry_point=entry, reward_threshold=400.0, kwargs=new_api)
        _gym_module.register(id=name, entry_point=entry, kwargs=kwargs)
        if gym is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                # an earlier call may have registered it
                with contextlib.suppress(gym.error.Error):
                    gym.register(id=name, entry_point=entry, reward_threshold=400.0, kwargs=kwargs)


def _offer_duckietown_world() -> None:
    """Names of kinds of object and of maps, and the motors that a state is made with."""
    maps = {name: name for name in (*builtin_maps(), *_OWN_MAPS)}
    lists = {"list_maps": lambda: list(maps), "list_maps2": lambda: dict(maps)}
    kinds = {f"KIND_{kind.upper()}": kind for kind in _KINDS.split()}
    members = {"MapFormat1Constants": SimpleNamespace(**kinds), **_public(_dynamics, "get_")}
    _offer("duckietown_world", "Names of objects, motors.", members)
    _offer("duckietown_world.resources", "Names of maps.", lists)


def _offer(name: str, about: str, members: dict[str, Any]) -> None:
    """A module with these members, unless one of that name is installed."""
    if name in _replaced:
        return
    parent = name.partition(".")[0]
    if parent not in _replaced and importlib.util.find_spec(parent) is not None:
        return
    module = ModuleType(name, about)
    module.__dict__.update(members)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    module.__path__ = []
    _put(name, module)


def _public(module: ModuleType, *prefixes: str) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if name.startswith(prefixes)}


def _offer_imresize() -> None:
    """scipy.misc.imresize(), which newer SciPy lacks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            misc: Any = importlib.import_module("scipy.misc")
        except ImportError:
            misc = ModuleType("scipy.misc", "What older code takes from SciPy.")
            _put("scipy.misc", misc)
        if not hasattr(misc, "imresize"):
            misc.imresize = _resize.imresize
