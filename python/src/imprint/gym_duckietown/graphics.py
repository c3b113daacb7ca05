"""Curves and rotations in NumPy, for code that computes with the curves of tiles itself.

A curve is an array (4, 3) of control points [m], as in `tile["curves"]`.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def rotate_point(px: float, py: float, cx: float, cy: float, theta: float) -> tuple[float, float]:
    """A point (px, py) of the ground turned by theta [rad] about (cx, cy), counter-clockwise."""
    cosine, sine = math.cos(theta), math.sin(theta)
    dx, dy = px - cx, py - cy
    return cx + dx * cosine + dy * sine, cy + dy * cosine - dx * sine


def gen_rot_matrix(axis0: Any, angle: float) -> Floats:
    """The matrix (3, 3) that turns column vectors by `angle` [rad] about an axis, counter-clockwise
    (Rodrigues' formula).
    """
    x, y, z = np.asarray(axis0, np.float64) / np.linalg.norm(axis0)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turned: Floats = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * (cross @ cross)
    return turned


def bezier_point(cps: Any, t: float) -> Floats:
    """The point of a curve at t in [0, 1]."""
    s = 1 - t
    point: Floats = np.array([s**3, 3 * t * s**2, 3 * t**2 * s, t**3]) @ np.asarray(cps)
    return point


def bezier_tangent(cps: Any, t: float) -> Floats:
    """The unit direction of a curve at t in [0, 1]."""
    s = 1 - t
    weights = np.array([3 * s**2, 6 * s * t, 3 * t**2])
    direction: Floats = weights @ np.diff(np.asarray(cps), axis=0)
    return direction / np.linalg.norm(direction)


def bezier_closest(cps: Any, p: Any, t_bot: float = 0, t_top: float = 1, n: int = 8) -> float:
    """The place t of the point of a curve near p: n halvings keep the half whose end is nearer."""
    for _ in range(n):
        middle = (t_bot + t_top) * 0.5
        near = [float(np.linalg.norm(bezier_point(cps, t) - p)) for t in (t_bot, t_top)]
        t_bot, t_top = (t_bot, middle) if near[0] < near[1] else (middle, t_top)
    return (t_bot + t_top) * 0.5
