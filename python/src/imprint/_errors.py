"""Exceptions of the library, and calls that raise them.

Every failure of the C library is a status, a message that says what to do, and sometimes a hint at
the setting to change. Each status has a class; the message is the exception's text.
"""

import enum
from collections.abc import Callable
from typing import Any

from imprint._native import ffi, lib


class Hint(enum.Enum):
    """What the caller can do about a failure; see `imp_error_hint` in imprint/base.h."""

    RESUME = lib.IMP_HINT_RESUME
    RESUME_DATASET = lib.IMP_HINT_RESUME_DATASET
    START_OVER = lib.IMP_HINT_START_OVER
    OUTPUT_EXISTS = lib.IMP_HINT_OUTPUT_EXISTS
    DATASET_EXISTS = lib.IMP_HINT_DATASET_EXISTS
    INITIAL_WEIGHTS = lib.IMP_HINT_INITIAL_WEIGHTS
    NEW_TRAINING = lib.IMP_HINT_NEW_TRAINING
    NETWORK = lib.IMP_HINT_NETWORK
    BUILD_PAGE = lib.IMP_HINT_BUILD_PAGE
    IMPORT_WEIGHTS = lib.IMP_HINT_IMPORT_WEIGHTS
    SEGMENTER = lib.IMP_HINT_SEGMENTER
    MAP = lib.IMP_HINT_MAP
    ROBOT = lib.IMP_HINT_ROBOT
    TOPICS = lib.IMP_HINT_TOPICS
    CALIBRATION = lib.IMP_HINT_CALIBRATION
    SETTING = lib.IMP_HINT_SETTING


class ImprintError(Exception):
    """A failure that the library reports. `hint` is what to change, where the library knows it."""

    def __init__(self, message: str, hint: Hint | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class CheckFailedError(ImprintError):
    """A check found something wrong (IMP_CHECK_FAILED)."""


class UsageError(ImprintError, ValueError):
    """A setting or an argument is wrong (IMP_USAGE)."""


class BadInputError(ImprintError, ValueError):
    """A file, map or model is not what it should be (IMP_BAD_INPUT)."""


class InputOutputError(ImprintError, OSError):
    """The system cannot read or write (IMP_IO)."""


class OutOfMemoryError(ImprintError, MemoryError):
    """The system has no memory left (IMP_NO_MEMORY)."""


class InternalError(ImprintError, RuntimeError):
    """A mistake of the library (IMP_INTERNAL)."""


class StoppedError(ImprintError):
    """A long task was stopped, cleanly (IMP_INTERRUPTED)."""


class ClosedError(ImprintError, ValueError):
    """An object is used after it was closed."""


class BusyError(ImprintError, RuntimeError):
    """Two threads use one object at the same time."""


_CLASSES: dict[int, type[ImprintError]] = {
    lib.IMP_CHECK_FAILED: CheckFailedError,
    lib.IMP_USAGE: UsageError,
    lib.IMP_BAD_INPUT: BadInputError,
    lib.IMP_IO: InputOutputError,
    lib.IMP_NO_MEMORY: OutOfMemoryError,
    lib.IMP_INTERNAL: InternalError,
    lib.IMP_INTERRUPTED: StoppedError,
}


def text(pointer: Any) -> str:
    """A C string; bytes that are no UTF-8, as in paths, become surrogates. NULL gives ""."""
    return ffi.string(pointer).decode(errors="surrogateescape") if pointer else ""


def error_of(status: int, err: Any) -> ImprintError:
    """The exception for a failed call that returned `status` and filled `err` (imp_error *)."""
    hint = Hint(err.hint) if err.hint != lib.IMP_HINT_NONE else None
    message = text(err.message) or text(lib.imp_status_text(status))
    return _CLASSES.get(status, InternalError)(message, hint)


def call(function: Callable[..., int], *arguments: Any) -> None:
    """Calls a function of the library whose last parameter is an imp_error *, without that.

    Raises the exception of the status that it returns. The GIL is released during the call.
    """
    err = ffi.new("imp_error *")
    status = function(*arguments, err)
    if status != lib.IMP_OK:
        raise error_of(status, err)
