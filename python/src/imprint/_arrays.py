"""NumPy arrays that the library reads and writes in place, and their checks.

The library works on caller-owned arrays in C order. pointer() hands over the memory of a NumPy
array without copying. checked() copies what a user passes into an array of the kind that the
library reads.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from imprint._errors import UsageError
from imprint._native import ffi

_ITEMS = {
    np.dtype(np.bool_): "bool[]",
    np.dtype(np.uint8): "uint8_t[]",
    np.dtype(np.int32): "int32_t[]",
    np.dtype(np.uint32): "uint32_t[]",
    np.dtype(np.int64): "int64_t[]",
    np.dtype(np.float32): "float[]",
    np.dtype(np.float64): "double[]",
}


def pointer(array: NDArray[Any] | None, kind: str | None = None) -> Any:
    """The memory of an array in C order, which the result keeps alive; None gives NULL.

    kind: the C type of its items if the array's dtype does not tell it, as "imp_action".
    """
    if array is None:
        return ffi.NULL
    try:
        return ffi.from_buffer(f"{kind}[]" if kind else _ITEMS[array.dtype], array)
    except (ValueError, BufferError):
        raise UsageError(
            "the array is not contiguous in C order: use numpy.ascontiguousarray()"
        ) from None


def check_buffer(
    name: str, array: object, dtype: DTypeLike, shape: Sequence[int], *, writable: bool = True
) -> None:
    """Fails unless `array` is what the library can use in place: right in dtype and shape, in C
    order, and writable unless the library only reads it.
    """
    dtype = np.dtype(dtype)
    wanted = f"{name}: a NumPy array of {dtype} with shape {tuple(shape)} is needed"
    if not isinstance(array, np.ndarray):
        raise UsageError(f"{wanted}, not {type(array).__name__}")
    if array.dtype != dtype or array.shape != tuple(shape):
        raise UsageError(f"{wanted}, not {array.dtype} with shape {array.shape}")
    if not array.flags.c_contiguous:
        raise UsageError(f"{wanted}, contiguous in C order: use numpy.ascontiguousarray()")
    if writable and not array.flags.writeable:
        raise UsageError(f"{wanted} that can be written to")


def copy_plain(values: object, out: NDArray[Any]) -> bool:
    """Copies finite numbers of the usual kinds to `out`, and says whether they were such. It is
    faster than checked(), which takes all others, and says what is wrong with them.
    """
    if (
        type(values) is not np.ndarray
        or values.shape != out.shape
        or values.dtype.char not in "df"
        or not math.isfinite(np.maximum.reduce(values, axis=None))
        or not math.isfinite(np.minimum.reduce(values, axis=None))
    ):
        return False
    out[...] = values
    return True


def checked(
    name: str, values: ArrayLike, out: NDArray[Any], shape: Sequence[int] | None = None
) -> NDArray[Any]:
    """Copies what a user passed into `out` and returns that. Any layout is read; numbers are
    converted where that loses no kind (float32 to float64, but not complex to float).

    Fails on another shape than `out` has (in messages, and before a reshape: `shape`), on values
    that are no numbers, and on NaN and infinity.
    """
    wanted = out.shape if shape is None else tuple(shape)
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise UsageError(f"{name}: shape {wanted} is needed: {error}") from None
    if array.shape != wanted:
        raise UsageError(f"{name}: shape {wanted} is needed, not {array.shape}")
    if not np.can_cast(array.dtype, out.dtype, "same_kind"):
        raise UsageError(f"{name}: numbers that fit {out.dtype} are needed, not {array.dtype}")
    np.copyto(out, array.reshape(out.shape), casting="same_kind")
    if out.dtype.kind == "f" and not np.isfinite(out).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise UsageError(f"{name}: {array[place]} at {list(place)}; finite numbers are needed")
    return out
