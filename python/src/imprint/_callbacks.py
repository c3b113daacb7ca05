"""Functions of the user's that the library calls: policies, and trainers of DAgger.

A Bridge is what the library gets as a policy; it hands the batch to a Callback as NumPy arrays and
its answer back. What the function raises stops the whole task, and reaches the caller through the
task's Monitor. The library calls from all its threads; a lock lets one of them at a time into the
function, so that it needs none of its own.
"""

import threading
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imprint._arrays import checked, copy_plain
from imprint._definitions import Definition
from imprint._errors import call
from imprint._hdf5 import hdf5_lock
from imprint._monitor import Monitor
from imprint._native import ffi, lib
from imprint.policies import Callback


def _dtype(kind: Any) -> np.dtype[Any]:
    """The NumPy type of a C type that has no pointers."""
    if kind.kind == "array":
        return np.dtype((_dtype(kind.item), (kind.length,)))
    if kind.kind == "struct":
        names = [name for name, _ in kind.fields]
        fields = [field for _, field in kind.fields]
        return np.dtype(
            {
                "names": names,
                "formats": [_dtype(field.type) for field in fields],
                "offsets": [field.offset for field in fields],
                "itemsize": ffi.sizeof(kind),
            }
        )
    names_of_types = {"double": "f8", "uint64_t": "u8", "uint32_t": "u4", "int32_t": "i4"}
    return np.dtype(names_of_types[kind.cname])


STATE: np.dtype[Any] = _dtype(ffi.typeof("imp_policy_state"))
"""The type of states: the members of imp_policy_state (imprint/callback.h)."""


KNOWN_MAX = 256  # arrays over memory of the library that a bridge keeps


class Bridge:
    """A Callback as the library calls it, for one task.

    width, height: of the camera's images [px]. monitor: of the task; what the callback raises goes
    there.
    """

    def __init__(self, callback: Callback, width: int, height: int, monitor: Monitor) -> None:
        self._callback = callback
        self._monitor = monitor
        self._lock = threading.Lock()
        self._shape = (height, width, 3)
        self._handle = ffi.new_handle(self)
        self._known: dict[Any, tuple[list[NDArray[Any]], NDArray[np.float64]]] = {}
        definition = Definition("imp_callback_def", lib.imp_default_callback_def())
        definition.set("name", callback.name)
        definition.set("identity", callback.identity)
        definition.set("batch", callback.batch)
        definition.set("needs_observation", callback.images)
        definition.set("needs_state", callback.states)
        definition.set("width", width)
        definition.set("height", height)
        definition.struct.observation = (
            lib.IMP_OBSERVATION_SEGMENTATION if callback.segments else lib.IMP_OBSERVATION_IMAGE
        )
        self._policy = ffi.new("imp_python_policy *", {"bridge": self._handle})
        definition.struct.act = ffi.addressof(lib, "imp_python_act_in_turn")
        definition.struct.context = self._policy
        self._definition = definition

    def open(self, out: Any) -> None:
        """Makes the factory: *out, which must not outlive the bridge."""
        call(lib.imp_policy_factory_open_callback, out, self._definition.pointer)

    def act(self, batch: Any, actions: Any) -> int:
        """One call of the library: fills `actions`, or returns 1 after a failure."""
        with self._lock:
            if self._monitor.exception is not None:
                return 1
            hdf5_lock.policy_thread = threading.get_ident()
            try:
                inputs, out = self._arrays(batch, actions)
                answer = self._callback.function(*inputs)
                if not copy_plain(answer, out):
                    checked(f"actions of {self._callback.name}", answer, out)
            except BaseException as error:
                self._monitor.stop(error)
                return 1
            finally:
                hdf5_lock.policy_thread = 0
        return 0

    def _arrays(self, batch: Any, actions: Any) -> tuple[list[NDArray[Any]], NDArray[np.float64]]:
        """What the function gets, and where its answer goes. The library uses the same memory again
        and again, so that the arrays over it are kept.
        """
        count, observations, states = batch.count, batch.observations, batch.states
        key = (count, observations, states, actions)
        known = self._known.get(key)
        if known is None:
            inputs = []
            if self._callback.images:
                inputs.append(_view(observations, np.dtype(np.uint8), (count, *self._shape)))
            if self._callback.states:
                inputs.append(_view(states, STATE, (count,)))
            out = np.frombuffer(ffi.buffer(actions, count * 16), np.float64).reshape(count, 2)
            if len(self._known) == KNOWN_MAX:
                self._known.clear()
            known = self._known[key] = (inputs, out)
        return known

    def stop(self, error: BaseException) -> None:
        """Ends the task with an exception that came between, as KeyboardInterrupt may."""
        self._monitor.stop(error)


def _view(pointer: Any, kind: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Memory of the library as an array that cannot be written to, valid during the call."""
    size = kind.itemsize
    for side in shape:
        size *= side
    array = np.frombuffer(ffi.buffer(pointer, size), kind).reshape(shape)
    array.flags.writeable = False
    return array


def _act(context: Any, batch: Any, actions: Any) -> int:
    bridge: Bridge = ffi.from_handle(context)
    return bridge.act(batch, actions)


def _train(context: Any, training: Any, loss: Any, validation_loss: Any, err: Any) -> int:
    return int(ffi.from_handle(context).train(training, loss, validation_loss, err))


def _open(context: Any, folder: Any, out: Any, err: Any) -> int:
    return int(ffi.from_handle(context).open(folder, out, err))


def _stop_by_exception(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """For what is raised outside of the user's function: signals come at any time."""
    del kind
    if traceback is not None:
        ffi.from_handle(traceback.tb_frame.f_locals["context"]).stop(error)


ffi.def_extern("imp_python_act", error=1, onerror=_stop_by_exception)(_act)
ffi.def_extern("imp_python_train", error=lib.IMP_INTERRUPTED, onerror=_stop_by_exception)(_train)
ffi.def_extern("imp_python_open", error=lib.IMP_INTERRUPTED, onerror=_stop_by_exception)(_open)
