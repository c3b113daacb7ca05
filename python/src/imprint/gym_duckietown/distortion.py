"""The lens of gym-duckietown as a function of images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imprint._errors import UsageError, call
from imprint._native import ffi, lib


class Distortion:
    """Bends rectilinear images of 640 x 480 pixels as the Duckiebot's lens, nearest neighbour.

    Environments made with distortion=True draw through the lens themselves, and need no such thing.
    """

    def __init__(self, camera_rand: bool = False) -> None:
        if camera_rand:
            raise UsageError("camera_rand: make the environment with distortion and camera_rand")
        self._maps: dict[tuple[int, int], tuple[Any, Any]] = {}

    def distort(self, observation: Any, interpolation: Any = None) -> Any:
        """The image (height, width, 3) as seen through the lens."""
        del interpolation
        height, width = np.asarray(observation).shape[:2]
        if (width, height) not in self._maps:
            self._maps[width, height] = _lookup(width, height)
        rows, columns = self._maps[width, height]
        return np.asarray(observation)[rows, columns]


def _lookup(width: int, height: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which pixel of the rectilinear image each pixel shows: rows and columns."""
    definition = ffi.new("imp_camera_def *", lib.imp_default_camera_def())
    definition.width, definition.height = width, height
    bent, plain = ffi.new("imp_camera *"), ffi.new("imp_camera *")
    call(lib.imp_camera_init, bent, definition)
    definition.lens = lib.imp_lens_none()
    call(lib.imp_camera_init, plain, definition)
    rows = np.zeros((height, width), np.intp)
    columns = np.zeros((height, width), np.intp)
    x, y, px, py = (ffi.new("double *") for _ in range(4))
    for row in range(height):
        for column in range(width):
            if lib.imp_camera_pixel_to_ray(bent, column + 0.5, row + 0.5, x, y):
                lib.imp_camera_ray_to_pixel(plain, x[0], y[0], px, py)
                rows[row, column] = min(max(int(py[0]), 0), height - 1)
                columns[row, column] = min(max(int(px[0]), 0), width - 1)
    return rows, columns
