"""Images of other sizes, in NumPy: what OpenCV's and Pillow's filters give, within rounding."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def _triangle(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    # Keys' kernel (1981) with a = -0.75, which is OpenCV's
    a, x = -0.75, np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    inside: NDArray[np.float64] = np.where(x <= 1, near, np.where(x < 2, far, 0.0))
    return inside


def _weights(source: int, target: int, cubic: bool) -> Floats:
    """The matrix (target, source) that samples `source` pixels at `target` places. The triangle
    widens with the scale, as Pillow's; the cubic does not, as OpenCV's, and repeats the border.
    """
    scale = source / target
    centres = (np.arange(target) + 0.5) * scale - 0.5
    if not cubic:
        width = max(1.0, scale)
        matrix = _triangle((np.arange(source)[None] - centres[:, None]) / width)
        matrix /= matrix.sum(axis=1, keepdims=True)
        return matrix.astype(np.float32)
    matrix = np.zeros((target, source))
    rows = np.arange(target)
    for tap in range(-1, 3):
        place = np.floor(centres).astype(int) + tap
        np.add.at(matrix, (rows, np.clip(place, 0, source - 1)), _cubic(centres - place))
    return matrix.astype(np.float32)


_cache: dict[tuple[int, int, bool], Floats] = {}


def _matrix(source: int, target: int, cubic: bool) -> Floats:
    key = (source, target, cubic)
    if key not in _cache:
        _cache[key] = _weights(source, target, cubic)
    return _cache[key]


def resize(image: Any, height: int, width: int, *, cubic: bool = False) -> NDArray[np.uint8]:
    """An image (h, w, c) of bytes as (height, width, c): averaged over pixels, or sampled by a
    cubic filter without averaging.
    """
    array = np.ascontiguousarray(image, np.float32)
    source_height, source_width, channels = array.shape
    rows = _matrix(source_height, height, cubic) @ array.reshape(source_height, -1)
    columns = rows.reshape(height, source_width, channels).swapaxes(0, 1)
    both = _matrix(source_width, width, cubic) @ columns.reshape(source_width, -1)
    both = both.reshape(width, height, channels).swapaxes(0, 1)
    return np.clip(np.rint(both), 0, 255).astype(np.uint8)


def imresize(arr: Any, size: Any, interp: str = "bilinear", mode: Any = None) -> Any:
    """Older SciPy's function of this name, for bytes: `size` is (height, width, ...), a share, or a
    percentage.
    """
    del interp, mode
    array = np.asarray(arr)
    if isinstance(size, (int, float)):
        share = size / 100 if isinstance(size, int) else size
        size = (int(array.shape[0] * share), int(array.shape[1] * share))
    if array.ndim == 2:
        return resize(array[..., None], int(size[0]), int(size[1]))[..., 0]
    return resize(array, int(size[0]), int(size[1]))
