"""Arrays for results that are used again when nobody holds them any more.

Copying results costs a tenth of a step without images, and new arrays of a megabyte a tenth of the
time that drawing into them takes, because the system has to hand over every page of them. An
ArrayPool hands out views of arrays that it keeps, to which the library writes. A view, and whatever
is made of it, holds its array; so the number of references to an array tells whether anybody can
still see it.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from imprint._batch import Outputs

Arrays = dict[str, NDArray[Any]]

# more than a loop holds that keeps the results of two steps
_KEPT_MAX = 4


def _counts_references() -> bool:
    """Whether reference counts can be relied on: not without the global lock."""
    has_lock: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return sys.implementation.name == "cpython" and has_lock()


@dataclass
class PooledArrays:
    """A set of arrays. outputs: lets the library write to them. references: to each array, in their
    order, when nobody sees it.
    """

    arrays: Arrays
    outputs: Outputs
    references: list[int]

    def views(self) -> Arrays:
        """The arrays as they are handed out: what is done to a view leaves the array as it is."""
        return {name: array.view() for name, array in self.arrays.items()}

    def count(self) -> list[int]:
        """References to each array at present."""
        return [sys.getrefcount(array) for array in self.arrays.values()]


class ArrayPool:
    """Sets of arrays of these shapes and types, by name. new_outputs makes what they are set in."""

    def __init__(
        self,
        kinds: Mapping[str, tuple[tuple[int, ...], DTypeLike]],
        new_outputs: Callable[[], Outputs],
    ) -> None:
        self._kinds = kinds
        self._new_outputs = new_outputs
        self._kept: list[PooledArrays] = []
        self._most = _KEPT_MAX if _counts_references() else 0

    def take(self) -> PooledArrays:
        """Arrays that nobody else sees, with any contents."""
        for kept in self._kept:
            if kept.count() == kept.references:
                return kept
        if len(self._kept) < self._most or self._most == 0:
            taken = PooledArrays({}, self._new_outputs(), [])
            self._renew(taken, list(self._kinds))
        else:  # somebody may see a few of many arrays
            taken = self._kept.pop(0)
            counted = zip(self._kinds, taken.count(), taken.references, strict=True)
            self._renew(taken, [name for name, now, alone in counted if now != alone])
        if self._most > 0:
            self._kept.append(taken)
        return taken

    def _renew(self, taken: PooledArrays, names: list[str]) -> None:
        for name in names:
            taken.arrays[name] = array = np.zeros(*self._kinds[name])
            taken.outputs.set_result(name, array)
            del array
        taken.references = taken.count()
