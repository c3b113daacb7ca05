"""Rectangles on the ground, and whether they overlap: separating axes, by the library.

A rectangle is an array (4, 2) of its corners (x, z) [m], in order around it.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imprint._errors import UsageError
from imprint._native import ffi, lib
from imprint.gym_duckietown.graphics import rotate_point

Floats = NDArray[np.float64]


def agent_boundbox(true_pos: Any, width: float, length: float, f_vec: Any, r_vec: Any) -> Floats:
    """Corners (4, 2) of a robot around its geometric centre: rear left, rear right, front right,
    front left. f_vec and r_vec (3) are its unit vectors ahead and to the right.
    """
    ahead, aside = 0.5 * length * np.asarray(f_vec), 0.5 * width * np.asarray(r_vec)
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    corners = np.array([np.asarray(true_pos) + s * aside + f * ahead for s, f in signs])
    return corners[:, [0, 2]]


def generate_corners(
    pos: Any, min_coords: Any, max_coords: Any, theta: float, scale: float
) -> Floats:
    """Corners (4, 2) of an object with these extents, before scaling and turning it."""
    x, z = float(pos[0]), float(pos[-1])
    low, high = np.asarray(min_coords) * scale, np.asarray(max_coords) * scale
    places = ((low[0], low[-1]), (high[0], low[-1]), (high[0], high[-1]), (low[0], high[-1]))
    return np.array([rotate_point(dx + x, dz + z, x, z, theta) for dx, dz in places])


def generate_norm(corners: Any) -> Floats:
    """Two unit vectors (2, 2) along the sides of a rectangle."""
    sides = np.diff(np.asarray(corners, np.float64)[:3], axis=0)
    lengths = np.linalg.norm(sides, axis=1, keepdims=True)
    units: Floats = sides / lengths
    return units


def tile_corners(pos: Any, width: float) -> Floats:
    """Corners (4, 2) of a square of two tiles' size around the corner (i, j) of the grid."""
    at = np.array([pos[0], pos[-1]]) * width
    return at + width * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


def heading_vec(angle: float) -> Floats:
    """The unit vector (3) along a heading [rad]."""
    return np.array([math.cos(angle), 0.0, -math.sin(angle)])


def box_of(corners: Any) -> Any:
    """A rectangle (4, 2) or (2, 4) as the library's imp_box *."""
    array = np.asarray(corners, np.float64)
    if array.shape == (2, 4):
        array = array.T
    if array.shape != (4, 2) or not np.isfinite(array).all():
        raise UsageError(f"corners: four finite corners (x, z) are needed, not {corners!r}")
    axes = generate_norm(array)
    return ffi.new("imp_box *", {"corner": _vectors(array), "axis": _vectors(axes)})


def _vectors(rows: Floats) -> list[dict[str, float]]:
    return [{"x": float(x), "z": float(z)} for x, z in rows]


def intersects_single_obj(duckie: Any, obj: Any, duckie_norm: Any = None, norm: Any = None) -> bool:
    """Whether two rectangles touch or overlap. Their axes follow from the corners."""
    del duckie_norm, norm
    return bool(lib.imp_boxes_overlap(box_of(duckie), box_of(obj)))


def intersects(
    duckie: Any, objs_stacked: Any, duckie_norm: Any = None, norms_stacked: Any = None
) -> bool:
    """Whether a rectangle touches any of (N) others."""
    del duckie_norm, norms_stacked
    return any(intersects_single_obj(duckie, other) for other in objs_stacked)


def safety_circle_intersection(d: Any, r1: Any, r2: Any) -> bool:
    """Whether any circles of radius r2 at distance d meet one of radius r1, or lie within it."""
    return bool(np.any(np.asarray(d) <= np.asarray(r1) + r2))


def safety_circle_overlap(d: Any, r1: Any, r2: Any) -> float:
    """The summed depth to which circles overlap, as a number <= 0 [m]."""
    return float(np.minimum(np.asarray(d) - r1 - r2, 0.0).sum())
