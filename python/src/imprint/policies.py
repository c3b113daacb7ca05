"""Policies and experts: the user's functions, PyTorch modules, ONNX files, and our own.

evaluate(), collect() and dagger() take any of these as a policy:

- a name or path as on the command line: "expert", "pure-pursuit", a model, a plug-in;
- a function `f(observations, states)`, `f(observations)` or `f(states)` that returns actions;
- a torch.nn.Module, or a TorchPolicy that says more about it;
- the path of an ONNX file, or an OnnxPolicy;
- a Network that load_policy() returned.

observations: uint8 [N, H, W, 3], RGB. states: [N] of the structured type `imprint.STATE`.
actions: [N, 2], duty cycles of the left and the right wheel, in [-1, 1].
"""

import hashlib
import importlib
import inspect
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, cast, overload, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imprint._arrays import checked, pointer
from imprint._batch import SimBatch
from imprint._conditions import condition_numbers
from imprint._definitions import Definition
from imprint._errors import BusyError, UsageError, call, text
from imprint._native import ffi, lib
from imprint._old_names import EXPERT_FIELDS, present_policy, with_present_names

Actions = NDArray[np.float64]
PolicyFunction = Callable[..., ArrayLike]


@runtime_checkable
class SupportsCallback(Protocol):
    """A policy of Python's own: it says how it wants to be called."""

    def callback(self) -> "Callback":
        """The function and what it needs."""


@dataclass(frozen=True)
class Callback:
    """A function that drives, and what it needs. policy() makes one.

    function: gets the arrays that it needs, of all episodes of a batch: observations, then states.
    images, states: which of them it needs. Images are rendered only for policies that need them.
    segments: the images are painted by semantic class.
    batch: episodes that a thread drives in lock step, so that one call serves all, 1 to 128.
    name: in tables and files: at most 39 letters, digits, '-', '_' or '.'.
    identity: what its actions follow from, as a version or a hash of weights. Files that are
        resumed must have the same one.
    """

    function: PolicyFunction
    images: bool
    states: bool
    segments: bool = False
    batch: int = 8
    name: str = "callback"
    identity: str | None = None

    def __call__(self, *inputs: Any) -> ArrayLike:
        """Calls the function."""
        return self.function(*inputs)

    def callback(self) -> "Callback":
        """Itself."""
        return self


@overload
def policy(
    function: PolicyFunction,
    /,
    *,
    images: bool | None = None,
    states: bool | None = None,
    segments: bool = False,
    batch: int = 8,
    name: str | None = None,
    identity: str | None = None,
) -> Callback: ...
@overload
def policy(
    *,
    images: bool | None = None,
    states: bool | None = None,
    segments: bool = False,
    batch: int = 8,
    name: str | None = None,
    identity: str | None = None,
) -> Callable[[PolicyFunction], Callback]: ...
def policy(
    function: PolicyFunction | None = None,
    /,
    *,
    images: bool | None = None,
    states: bool | None = None,
    segments: bool = False,
    batch: int = 8,
    name: str | None = None,
    identity: str | None = None,
) -> Callback | Callable[[PolicyFunction], Callback]:
    """Says what a function that drives needs; a function or a decorator. See Callback.

        @imprint.policy(images=False, batch=64)
        def stay_in_lane(states): ...

    images, states: None: as the function's parameters tell: two are observations and states, one
        is states if it is called `states`, else observations.
    """
    if function is None:
        return lambda f: policy(
            f,
            images=images,
            states=states,
            segments=segments,
            batch=batch,
            name=name,
            identity=identity,
        )
    if not callable(function):
        raise UsageError(f"a policy must be a function, a model's path or a module: {function!r}")
    if images is None or states is None:
        wants_images, wants_states = _needs(function)
        images = wants_images if images is None else images
        states = wants_states if states is None else states
    return Callback(function, images, states, segments, batch, name or _name_of(function), identity)


def _needs(function: PolicyFunction) -> tuple[bool, bool]:
    """Whether a function takes images, and states, by its parameters."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return True, True
    required = [
        p
        for p in parameters
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty
    ]
    if any(p.kind == p.VAR_POSITIONAL for p in parameters) or len(required) == 2:
        return True, True
    if len(required) != 1:
        raise UsageError(
            f"{_name_of(function)}: a policy takes (observations, states), (observations) or "
            f"(states), not {len(required)} arguments"
        )
    only_states = required[0].name in ("state", "states")
    return not only_states, only_states


def _name_of(function: object) -> str:
    return _name_of_text(getattr(function, "__name__", type(function).__name__))


def _name_of_text(name: str) -> str:
    """A name that tables and files can hold."""
    name = "".join(c if c.isalnum() and c.isascii() else "-" for c in name).strip("-")
    return name[:39] or "callback"


class Network:
    """A model of `imprint train`: load_policy() opens it. Called with observations it drives.

    A network that goes by the past keeps a history for each row: row k of each call continues row
    k of the call before. reset() begins new episodes. For one thread at a time.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        out = ffi.new("imp_network **")
        call(lib.imp_network_load, out, os.fsencode(path))
        self._network = ffi.gc(out[0], lib.imp_network_destroy)
        info = lib.imp_network_info(self._network)
        if info.outputs != 2:
            raise UsageError(f"{path}: has {info.outputs} outputs, a policy needs 2")
        self.architecture = text(info.architecture)
        self.width, self.height = int(info.width), int(info.height)
        self.parameters = int(lib.imp_network_parameter_count(self._network))
        inputs = lib.imp_network_inputs(self._network)
        self.frames, self.past_actions = int(inputs.frames), int(inputs.actions)
        self.takes_commands = bool(inputs.takes[lib.IMP_INPUT_COMMAND])
        self.inputs = tuple(
            text(lib.imp_input_name(k)) for k in range(lib.IMP_INPUT_COUNT) if inputs.takes[k]
        )
        self._values = int(lib.imp_input_value_count(inputs))
        self._velocities = lib.imp_network_output_kind(self._network) == lib.IMP_OUTPUT_VELOCITIES
        self._inference: Any = None
        self._histories: list[Any] = []
        self._last = np.zeros((0, 2))  # actions of each row's latest call
        self._begun = np.zeros(0, bool)  # rows whose episode is under way
        self._busy = threading.Lock()

    def reset(self, rows: Sequence[int] | NDArray[np.bool_] | None = None) -> None:
        """Begins new episodes in these rows (numbers, or a mask); None: in all."""
        with self._alone():
            chosen = np.arange(len(self._begun)) if rows is None else np.asarray(rows)
            chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
            self._begun[chosen[chosen < len(self._begun)]] = False

    def __call__(
        self,
        observations: ArrayLike,
        executed: ArrayLike | None = None,
        commands: str | ArrayLike | None = None,
        conditions: Mapping[str, ArrayLike] | None = None,
    ) -> Actions:
        """Duty cycles [N, 2] for observations [N, H, W, 3], or [2] for one observation [H, W, 3].

        executed: [N, 2], what was executed since the call before, for networks that take past
            actions; None: what that call returned.
        commands: which way to take at the next intersection, for networks that take commands
            (takes_commands): "none", "left", "straight" or "right", or numbers, Command. One for
            all, or [N]; None: none.
        conditions: numbers of the other inputs by name, such as {"speed": 0.3, "time_step": 0.05},
            in their units: one for all, or a row for each. What is missing is usual, and what the
            network does not take has no effect. `inputs` names those that it takes.
        """
        images = np.asarray(observations)
        alone = images.ndim == 3
        if alone:
            images = images[np.newaxis]
        if images.shape[1:] != (self.height, self.width, 3) or images.dtype != np.uint8:
            raise UsageError(
                f"observations: uint8 with shape (N, {self.height}, {self.width}, 3) is needed, "
                f"not {images.dtype} with shape {images.shape}"
            )
        with self._alone():
            count = len(images)
            self._grow(count)
            if executed is not None:
                shape = (2,) if alone else (count, 2)
                checked("executed", executed, self._last[:count], shape)
            numbers = condition_numbers(commands, conditions, count)
            self._last[:count] = self._act(np.ascontiguousarray(images), numbers)
            self._begun[:count] = True
            actions = self._last[:count].copy()
        return actions[0] if alone else actions

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._busy.acquire(blocking=False):
            raise BusyError(f"{self.path}: another thread uses this network: load it for each")
        try:
            yield
        finally:
            self._busy.release()

    def _grow(self, count: int) -> None:
        """Makes room for so many rows."""
        before = len(self._histories)
        if count <= before:
            return
        inference = ffi.new("imp_inference **")
        call(lib.imp_inference_create, inference, self._network, count)
        self._inference = ffi.gc(inference[0], lib.imp_inference_destroy)
        for _ in range(before, count):
            history = ffi.new("imp_obs_history **")
            call(lib.imp_obs_history_create, history, self._network)
            self._histories.append(ffi.gc(history[0], lib.imp_obs_history_destroy))
        self._last = np.concatenate([self._last, np.zeros((count - before, 2))])
        self._begun = np.concatenate([self._begun, np.zeros(count - before, bool)])

    def _act(self, images: NDArray[np.uint8], numbers: NDArray[np.float64]) -> Actions:
        """The actions for images in C order. Each row's history takes its image and numbers."""
        count = len(images)
        frames = ffi.new("uint8_t *[]", count * self.frames)
        given = np.zeros((count, max(self._values, 1)), np.float32)
        outputs = np.empty((count, 2), np.float32)
        memory = pointer(images)
        size = images[0].nbytes if count else 0
        conditions = ffi.new("imp_conditions *")
        for k, history in enumerate(self._histories[:count]):
            if not self._begun[k]:
                lib.imp_obs_history_reset(history)
            elif self.past_actions:
                lib.imp_obs_history_push_action(history, *map(float, self._last[k]))
            lib.imp_obs_history_push_frame(history, memory + k * size)
            frames[k * self.frames : (k + 1) * self.frames] = lib.imp_obs_history_frames(history)[
                0 : self.frames
            ]
            ffi.memmove(conditions, pointer(numbers[k]), numbers[k].nbytes)
            lib.imp_obs_history_set_conditions(history, conditions)
            if self._values:
                ffi.memmove(
                    pointer(given[k]), lib.imp_obs_history_values(history), 4 * self._values
                )
        if count:
            lib.imp_inference_run_partial_batch(
                self._inference, count, frames, pointer(given), pointer(outputs)
            )
        actions = np.empty((count, 2))
        for k in range(count):
            action = lib.imp_action_from_network(pointer(outputs[k]), self._velocities)
            actions[k] = action.left, action.right
        return actions


class Expert:
    """An expert of the simulator: load_policy("expert") or load_policy("pure-pursuit"),
    which is gym-duckietown's.

    evaluate(), collect() and dagger() take it with its settings, the fields of imp_expert_def
    (imprint/policy.h), as speed=0.4. Called with an environment of this package, it acts for its
    present state.
    """

    def __init__(self, name: Literal["expert", "pure-pursuit"] = "expert", **settings: Any) -> None:
        name = cast(Literal["expert", "pure-pursuit"], present_policy(name))
        if name not in ("expert", "pure-pursuit"):
            raise UsageError(f"there is no expert '{name}'; there are: expert, pure-pursuit")
        if settings and name != "expert":
            raise UsageError(f"{name}: has no settings")
        self.name = name
        self.settings = with_present_names(settings, EXPERT_FIELDS)
        self._policies: list[Any] = []
        self._places: list[tuple[int, int]] = []  # episode and frame of each latest call
        self._batch: Any = None
        definition = self.definition()  # wrong settings fail here
        out = ffi.new("imp_policy_factory **")
        call(lib.imp_policy_factory_open, out, name.encode(), definition.pointer)
        self._factory = ffi.gc(out[0], lib.imp_policy_factory_close)

    def definition(self) -> Definition:
        """The settings as the library takes them."""
        definition = Definition("imp_expert_def", lib.imp_default_expert_def())
        definition.update(self.settings)
        return definition

    def __call__(self, env: Any) -> Actions:
        """Duty cycles for the state of an environment: [2], or [N, 2] of a vector environment."""
        batch = getattr(env.unwrapped, "_batch", None)
        if not isinstance(batch, SimBatch):
            raise UsageError(f"{self.name}: acts in environments of imprint, not in {env!r}")
        actions = np.empty((batch.count, 2))
        with batch.in_use() as sims:
            if batch is not self._batch:
                self._begin(batch)
            for k in range(batch.count):
                state = lib.imp_sim_env(sims[k])
                episode, frame = self._places[k]
                if state.episode != episode or state.frame < frame or state.frame == 0:
                    lib.imp_policy_reset(self._policies[k], state)
                self._places[k] = (int(state.episode), int(state.frame))
                action = lib.imp_policy_act(self._policies[k], state, ffi.NULL)
                actions[k] = action.left, action.right
        return actions if hasattr(env.unwrapped, "num_envs") else actions[0]

    def _begin(self, batch: SimBatch) -> None:
        """Makes a policy for each environment of a batch."""
        self._batch = batch
        self._policies, self._places = [], [(-1, 0)] * batch.count
        for _ in range(batch.count):
            out = ffi.new("imp_policy **")
            call(lib.imp_policy_factory_create, self._factory, out)
            self._policies.append(ffi.gc(out[0], lib.imp_policy_destroy))


class TorchPolicy:
    """A PyTorch module as a policy.

    module: gets what `preprocess` returns, and returns [N, 2]. It is set to evaluation when a task
        begins, and computes without gradients.
    preprocess: a function of the observations (uint8 [N, H, W, 3]), or of observations and states;
        it returns a tensor. None: float32 [N, 3, H, W] in [0, 1].
    device: where the module computes; None: where its parameters are.
    velocities: the module returns forward speed [m/s] and turn rate [rad/s, positive to the left]
        instead of duty cycles.
    batch, name, identity: see Callback.
    """

    def __init__(
        self,
        module: Any,
        *,
        preprocess: Callable[..., Any] | None = None,
        device: Any = None,
        velocities: bool = False,
        batch: int = 16,
        name: str | None = None,
        identity: str | None = None,
    ) -> None:
        self.module = module
        self._preprocess = preprocess
        parameter = next(iter(module.parameters()), None)
        self._device = device or (parameter.device if parameter is not None else "cpu")
        self._velocities = velocities
        self._batch, self._name, self._identity = batch, name or _name_of(module), identity

    def callback(self) -> Callback:
        """The module as a function of observations, and of states if `preprocess` takes them."""
        self.module.eval()
        images, states = (True, False) if self._preprocess is None else _needs(self._preprocess)
        return Callback(
            self.__call__,
            images,
            states,
            batch=self._batch,
            name=self._name,
            identity=self._identity,
        )

    def __call__(self, *inputs: NDArray[Any]) -> Actions:
        """Duty cycles [N, 2] for observations [N, H, W, 3] (and states)."""
        torch = importlib.import_module("torch")
        with torch.inference_mode():
            if self._preprocess is not None:
                batch = self._preprocess(*inputs)
            else:
                images = torch.tensor(inputs[0])
                batch = images.permute(0, 3, 1, 2).to(self._device, torch.float32) / 255.0
            answer = self.module(batch.to(self._device)).to("cpu", torch.float64).numpy()
        return from_velocities(answer) if self._velocities else cast(Actions, answer)


class OnnxPolicy:
    """An ONNX file as a policy, through onnxruntime.

    The first input gets the observations as it declares them: uint8 or float, [N, H, W, 3] or
    [N, 3, H, W]; floats are in [0, 1] unless `preprocess` says otherwise. The first output is
    [N, 2]. Files of `imprint export onnx` are such files, if they take one image.

    preprocess: a function of the observations that returns the array for the first input.
    providers: of onnxruntime; None: the CPU.
    velocities, batch, name: see TorchPolicy.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        preprocess: Callable[[NDArray[np.uint8]], NDArray[Any]] | None = None,
        providers: Sequence[str] | None = None,
        velocities: bool = False,
        batch: int = 16,
        name: str | None = None,
    ) -> None:
        try:
            onnxruntime = importlib.import_module("onnxruntime")
        except ImportError:
            raise UsageError(
                f"{os.fspath(path)}: onnxruntime is not installed: pip install onnxruntime"
            ) from None
        self.path = Path(path)
        model = self.path.read_bytes()
        self._session = onnxruntime.InferenceSession(
            model, providers=list(providers or ["CPUExecutionProvider"])
        )
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4:
            shapes = ", ".join(f"{i.name} {i.shape}" for i in inputs)
            raise UsageError(
                f"{path}: has the inputs {shapes}; one image is needed: for a history, call "
                f"onnxruntime in a function of your own, by the states' `slot`"
            )
        self._input = inputs[0]
        self._channels_first = self._input.shape[1] == 3
        self._preprocess = preprocess
        self._velocities = velocities
        self._batch, self._name = batch, name or _name_of_text(self.path.stem)
        self._identity = hashlib.sha256(model).hexdigest()

    def callback(self) -> Callback:
        """The file as a function of observations."""
        return Callback(
            self.__call__, True, False, batch=self._batch, name=self._name, identity=self._identity
        )

    def __call__(self, observations: NDArray[np.uint8]) -> Actions:
        """Duty cycles [N, 2] for observations [N, H, W, 3]."""
        batch: NDArray[Any] = observations
        if self._preprocess is not None:
            batch = self._preprocess(observations)
        else:
            if self._channels_first:
                batch = np.ascontiguousarray(batch.transpose(0, 3, 1, 2))
            if self._input.type != "tensor(uint8)":
                batch = batch.astype(np.float32) / np.float32(255.0)
        answer = np.asarray(self._session.run(None, {self._input.name: batch})[0], np.float64)
        return from_velocities(answer) if self._velocities else answer


def from_velocities(velocities: ArrayLike) -> Actions:
    """Duty cycles [N, 2] for speeds [m/s] and turn rates [rad/s, positive to the left], [N, 2],
    by gym-duckietown's inverse kinematics.
    """
    values = np.asarray(velocities, np.float64).reshape(-1, 2)
    actions = np.empty(values.shape)
    for k, (speed, turn_rate) in enumerate(values):
        action = lib.imp_action_from_velocity(speed, turn_rate)
        actions[k] = action.left, action.right
    return actions


AnyPolicy = str | os.PathLike[str] | PolicyFunction | SupportsCallback | Network | Expert
"""What evaluate(), collect() and dagger() take as a policy."""


@overload
def load_policy(path: Literal["expert", "pure-pursuit"], **settings: Any) -> Expert: ...
@overload
def load_policy(path: str | os.PathLike[str], **settings: Any) -> Network | OnnxPolicy | Expert: ...
def load_policy(path: str | os.PathLike[str], **settings: Any) -> Network | OnnxPolicy | Expert:
    """Opens a policy of ours as a callable: a model (a file, or a folder of `imprint train`), an
    ONNX file, or an expert, "expert" or "pure-pursuit", with settings.

        actions = imprint.load_policy("model.safetensors")(observations)
        action = imprint.load_policy("expert", speed=0.4)(env)
    """
    path = present_policy(path)
    if path in ("expert", "pure-pursuit"):
        return Expert(cast(Literal["expert", "pure-pursuit"], path), **settings)
    if os.fspath(path).endswith(".onnx"):
        return OnnxPolicy(path, **settings)
    if settings:
        raise UsageError(f"{os.fspath(path)}: a model has no settings")
    return Network(path)


def as_callback(what: AnyPolicy) -> Callback | None:
    """A policy as a callback; None for one that the library opens by its name or path."""
    if isinstance(what, (Network, Expert)):
        return None
    if isinstance(what, (str, os.PathLike)):
        return OnnxPolicy(what).callback() if os.fspath(what).endswith(".onnx") else None
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(what, torch.nn.Module):
        return TorchPolicy(what).callback()
    if isinstance(what, SupportsCallback):
        return what.callback()
    return policy(what)
