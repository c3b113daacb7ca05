"""What networks take beside images and past actions: the library's table of inputs, by name."""

import enum
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imprint._errors import UsageError, text
from imprint._native import lib


class Command(enum.IntEnum):
    """Navigation commands: which way to take at the next intersection."""

    NONE = lib.IMP_COMMAND_NONE
    LEFT = lib.IMP_COMMAND_LEFT
    STRAIGHT = lib.IMP_COMMAND_STRAIGHT
    RIGHT = lib.IMP_COMMAND_RIGHT


def _command_numbers(commands: str | ArrayLike | None, count: int) -> NDArray[np.int64]:
    """The numbers of one command for all rows, or of one for each."""
    given = np.asarray("none" if commands is None else commands)
    try:
        if given.dtype.kind in "US":
            names = [Command[str(name).upper()] for name in given.ravel()]
            given = np.array(names, np.int64).reshape(given.shape)
        elif given.dtype.kind not in "iu" or not np.isin(given, list(Command)).all():
            raise KeyError(commands)
    except KeyError:
        known = ", ".join(c.name.lower() for c in Command)
        raise UsageError(f"commands: {commands!r}: there are: {known}") from None
    if given.shape not in ((), (count,)):
        raise UsageError(f"commands: one, or {count}, are needed, not shape {given.shape}")
    return np.broadcast_to(given, (count,)).astype(np.int64)


def condition_numbers(
    commands: str | ArrayLike | None, conditions: Mapping[str, ArrayLike] | None, count: int
) -> NDArray[np.float64]:
    """[count, numbers]: the numbers of all inputs for each row, in the order of the table."""
    usual = lib.imp_usual_conditions()
    out = np.tile(np.array(list(usual.numbers), np.float64), (count, 1))
    places = {text(lib.imp_input_name(k)): k for k in range(lib.IMP_INPUT_COUNT)}
    del places["command"]
    for name, given in (conditions or {}).items():
        if name not in places:
            raise UsageError(f"conditions: no input '{name}': there are: {', '.join(places)}")
        first = lib.imp_input_first(places[name])
        size = lib.imp_input_size(places[name])
        values = np.asarray(given, np.float64)
        if size == 1 and values.ndim in (0, 1):
            values = values[..., np.newaxis]
        if values.shape not in ((size,), (count, size)) or not np.isfinite(values).all():
            raise UsageError(
                f"conditions: {name}: {size} finite numbers are needed, or {count} rows"
            )
        out[:, first : first + size] = values
    # 1 for the way that is commanded; "none", the first, has no number
    ways = len(Command) - 1
    out[:, :ways] = np.eye(ways + 1)[_command_numbers(commands, count), 1:]
    return out


def numbers_by_input(numbers: Sequence[float]) -> dict[str, NDArray[np.float64]]:
    """The numbers of each input that holds throughout an episode: all but the command."""
    names = [text(lib.imp_input_name(k)) for k in range(lib.IMP_INPUT_COUNT)]
    out = {}
    for k, name in enumerate(names):
        first, size = lib.imp_input_first(k), lib.imp_input_size(k)
        if k != lib.IMP_INPUT_COMMAND:
            out[name] = np.array([numbers[first + j] for j in range(size)], np.float64)
    return out
