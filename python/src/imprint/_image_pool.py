"""Arrays for images that are used again when nobody holds them any more.

New arrays of a megabyte cost a tenth of the time that drawing into them takes, because the system
has to hand over every page of them. An ImagePool hands out views of arrays that it keeps. A view,
and whatever is made of it, holds its array; so the number of references to an array tells whether
anybody can still see it.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from imprint._arrays import pointer

Images = dict[str, NDArray[Any]]

# more than a loop holds that keeps the observations of two steps
_KEPT_MAX = 4


def _counts_references() -> bool:
    """Whether reference counts can be relied on: not without the global lock."""
    has_lock: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return sys.implementation.name == "cpython" and has_lock()


@dataclass
class PooledImages:
    """A set of arrays. memory: theirs, by name. references: to each array when nobody sees it."""

    images: Images
    memory: dict[str, Any]
    references: list[int]

    def views(self) -> Images:
        """The arrays as they are handed out: what is done to a view leaves the array as it is."""
        return {name: array.view() for name, array in self.images.items()}

    def count(self) -> list[int]:
        """References to each array at present."""
        return [sys.getrefcount(array) for array in self.images.values()]


class ImagePool:
    """Sets of arrays, as `make` makes them."""

    def __init__(self, make: Callable[[], Images]) -> None:
        self._make = make
        self._kept: list[PooledImages] = []
        self._most = _KEPT_MAX if _counts_references() else 0

    def take(self) -> PooledImages:
        """Arrays that nobody else sees, with any contents."""
        for kept in self._kept:
            if kept.count() == kept.references:
                return kept
        images = self._make()
        taken = PooledImages(images, {k: pointer(array) for k, array in images.items()}, [])
        taken.references = taken.count()
        if self._most > 0:
            self._kept = [*self._kept[1 - self._most :], taken]
        return taken
