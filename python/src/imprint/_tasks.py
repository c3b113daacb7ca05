"""What evaluate(), collect() and dagger() have in common: where is driven, and by whom."""

import inspect
import os
from collections.abc import Callable
from typing import Any

from imprint._callbacks import Bridge
from imprint._definitions import Definition
from imprint._errors import call
from imprint._monitor import Monitor
from imprint._native import ffi, lib
from imprint._old_names import present_policy
from imprint._settings import EnvSettings, TaskSettings, definition_of
from imprint.policies import AnyPolicy, Expert, Network, as_callback


def sim_definition(
    task: Callable[..., Any],
    settings: TaskSettings,
    seed: int,
    threads: int,
    observation: str = "image",
) -> Definition:
    """The simulators of a task. It must live as long as what its struct is copied to.

    task: the function that takes `settings`, whose other parameters a misspelt one may have meant.
    """
    known: EnvSettings = {**settings, "observation": observation}  # type: ignore[typeddict-item]
    definition = definition_of(known, "next_step", list(inspect.signature(task).parameters))
    definition.set("env.seed", seed)
    definition.set("threads", threads)
    return definition


class Driver:
    """A policy opened for one task.

    native: the name or path that the library opens, or None. `pointer` is its factory.
    """

    def __init__(self, what: AnyPolicy, sim: Definition, monitor: Monitor) -> None:
        self.native = native_name(what)
        self._bridge: Bridge | None = None
        out = ffi.new("imp_policy_factory **")
        callback = None if self.native is not None else as_callback(what)
        if callback is not None:
            camera = sim.struct.camera
            self._bridge = Bridge(callback, camera.width, camera.height, monitor)
            self._bridge.open(out)
        else:
            expert = expert_of(what, sim)
            call(lib.imp_policy_factory_open, out, self.native, expert.pointer)
        self.pointer = ffi.gc(out[0], lib.imp_policy_factory_close)

    @property
    def is_network(self) -> bool:
        """Whether it is a model of ours."""
        return bool(lib.imp_policy_factory_is_network(self.pointer))


def native_name(what: AnyPolicy) -> bytes | None:
    """The name or path by which the library opens a policy; None for callbacks."""
    if isinstance(what, Network):
        return os.fsencode(what.path)
    if isinstance(what, Expert):
        return what.name.encode()
    if isinstance(what, (str, os.PathLike)) and not os.fspath(what).endswith(".onnx"):
        return os.fsencode(present_policy(what))
    return None


def expert_of(what: AnyPolicy, sim: Definition) -> Definition:
    """The settings of our expert: those of an Expert, or those of the task."""
    if isinstance(what, Expert):
        return what.definition()
    return Definition("imp_expert_def", sim.struct.expert)


def set_expert(sim: Definition, what: AnyPolicy) -> None:
    """Lets a task use the settings of an Expert."""
    if isinstance(what, Expert):
        sim.update(what.settings, "expert.")
