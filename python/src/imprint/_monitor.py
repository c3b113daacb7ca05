"""Progress of long calls, and their interruption.

The library asks a monitor many times a second whether it should stop, from the thread that called
it; a hundred times a second Python hears of it and runs its signal handlers, so that Ctrl-C ends
every long call:

    with Monitor(progress) as monitor:
        monitor.call(lib.imp_train, summary, definition, monitor.pointer)

What a handler or the progress callback raises stops the task cleanly, and reaches the caller.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from imprint._errors import call, text
from imprint._native import ffi, lib


@dataclass(frozen=True)
class Progress:
    """How far a long task is. Unknown numbers are negative."""

    task: str
    unit: str
    done: float
    total: float
    detail: str


ProgressCallback = Callable[[Progress], object]

# the monitors of each thread whose calls are under way, the innermost last
_active = threading.local()


class Monitor:
    """Watches one long call of the library. `pointer` is its `const imp_monitor *`."""

    def __init__(self, progress: ProgressCallback | None = None) -> None:
        self._progress = progress
        self.exception: BaseException | None = None
        self._state = ffi.new("imp_python_monitor *")
        self.pointer = ffi.new("imp_monitor *")
        self.pointer.context = self._state
        self.pointer.should_stop = ffi.addressof(lib, "imp_python_poll")
        if progress is not None:
            self.pointer.progress = lib.imp_python_progress

    def __enter__(self) -> Self:
        _stack().append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _stack().pop()

    def stop(self, exception: BaseException) -> None:
        """Ends the task at its next question. The first exception counts."""
        if self.exception is None:
            self.exception = exception
            self._state.stop = True

    def call(self, function: Callable[..., int], *arguments: Any) -> None:
        """Like imprint._errors.call(); raises what stopped the task instead of its status."""
        try:
            call(function, *arguments)
        finally:
            if self.exception is not None:
                raise self.exception from None

    def show(self, progress: Any) -> None:
        """Hands an `imp_progress` to the callback."""
        if self._progress is not None and self.exception is None:
            self._progress(
                Progress(
                    text(progress.task),
                    text(progress.unit),
                    progress.done,
                    progress.total,
                    text(progress.detail),
                )
            )


def _stack() -> list[Monitor]:
    stack: list[Monitor] | None = getattr(_active, "stack", None)
    if stack is None:
        stack = _active.stack = []
    return stack


def _stop_by_exception(
    kind: type[BaseException], error: BaseException, traceback: TracebackType
) -> None:
    del kind
    _stack()[-1].stop(error.with_traceback(traceback))


def _show_progress(context: Any, progress: Any) -> None:
    del context
    _stack()[-1].show(progress)


def _should_stop(context: Any) -> bool:
    del context
    return _stack()[-1].exception is not None


ffi.def_extern("imp_python_progress", onerror=_stop_by_exception)(_show_progress)
ffi.def_extern("imp_python_should_stop", error=True, onerror=_stop_by_exception)(_should_stop)
