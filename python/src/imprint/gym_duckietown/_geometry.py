"""Questions about poses on a map: tiles, lanes, validity, collisions, proximity.

Geometry is what gym-duckietown's Simulator answers without moving anything. The answers are the
library's. Positions are arrays (x, y, z) [m]; angles are in radians unless a name says degrees.
"""

import math
from collections import namedtuple
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imprint._arrays import checked
from imprint._native import lib
from imprint.gym_duckietown._gym import Env
from imprint.gym_duckietown._simulation import Simulation, Tile, pose_of, position_of
from imprint.gym_duckietown.collision import agent_boundbox
from imprint.gym_duckietown.exceptions import NotInLane
from imprint.gym_duckietown.objects import WorldObj

Floats = NDArray[np.float64]

CAMERA_FORWARD_DIST: float = lib.IMP_CAMERA_FORWARD
WHEEL_DIST: float = lib.IMP_WHEEL_DISTANCE
ROBOT_WIDTH: float = lib.IMP_ROBOT_WIDTH
ROBOT_LENGTH: float = lib.IMP_ROBOT_LENGTH
SAFETY_RAD_MULT = 1.8
AGENT_SAFETY_RAD = max(ROBOT_LENGTH, ROBOT_WIDTH) / 2 * SAFETY_RAD_MULT


class LanePosition(namedtuple("LanePosition", "dist dot_dir angle_deg angle_rad")):
    """A position in a lane: distance from its centre [m] and angle to it, positive to the right."""

    __slots__ = ()

    def as_json_dict(self) -> dict[str, float]:
        """The members by name."""
        return dict(self._asdict())


def get_dir_vec(cur_angle: float) -> Floats:
    """The unit vector (3) ahead of a robot with this heading [rad]."""
    return np.array([math.cos(cur_angle), 0.0, -math.sin(cur_angle)])


def get_right_vec(cur_angle: float) -> Floats:
    """The unit vector (3) to the right of a robot with this heading [rad]."""
    return np.array([math.sin(cur_angle), 0.0, math.cos(cur_angle)])


def _actual_center(pos: Any, angle: float) -> Floats:
    """The geometric centre of a robot whose wheels' middle is at pos."""
    centre: Floats = pos + lib.IMP_CENTRE_FORWARD * get_dir_vec(angle)
    return centre


def get_agent_corners(pos: Any, angle: float) -> Floats:
    """Corners (4, 2) of a robot's footprint: (x, z) [m]."""
    centre = _actual_center(pos, angle)
    return agent_boundbox(
        centre, ROBOT_WIDTH, ROBOT_LENGTH, get_dir_vec(angle), get_right_vec(angle)
    )


class Geometry(Env):
    """What can be asked about poses. Subclasses set the attributes."""

    _simulation: Simulation
    road_tile_size: float
    grid_width: int
    grid_height: int
    grid: list[Tile | None]
    objects: list[WorldObj]

    def get_grid_coords(self, abs_pos: Any) -> tuple[int, int]:
        """The tile (i, j) = (column, row) of a position, which may lie outside the map."""
        x, _, z = position_of(abs_pos)
        return math.floor(x / self.road_tile_size), math.floor(z / self.road_tile_size)

    def _get_tile(self, i: int, j: int) -> Tile | None:
        i, j = int(i), int(j)
        inside = 0 <= i < self.grid_width and 0 <= j < self.grid_height
        return self.grid[j * self.grid_width + i] if inside else None

    def _get_curve(self, i: int, j: int) -> Any:
        tile = self._get_tile(i, j)
        return None if tile is None else tile.get("curves")

    def _drivable_pos(self, pos: Any) -> bool:
        x, _, z = position_of(pos)
        return self._simulation.is_drivable(x, z)

    def closest_curve_point(self, pos: Any, angle: float) -> tuple[Floats | None, Floats | None]:
        """The point of the lane near a position, and the lane's unit direction there.

        The lane is the one of the tile that fits the heading best. (None, None) off the lanes.
        """
        lane = self._simulation.lane(pose_of(pos, angle))
        if lane is None:
            return None, None
        point, tangent = lane.point, lane.tangent
        return np.array([point.x, 0.0, point.z]), np.array([tangent.x, 0.0, tangent.z])

    def get_lane_pos2(self, pos: Any, angle: float) -> LanePosition:
        """The position in the lane. Fails with NotInLane off the lanes."""
        lane = self._simulation.lane(pose_of(pos, angle))
        if lane is None:
            raise NotInLane(f"there is no lane at {list(pos)}: it lies on no drivable tile")
        return LanePosition(lane.distance, lane.alignment, math.degrees(lane.angle), lane.angle)

    def get_lane_pos(self, pos: Any, angle: float) -> LanePosition:
        """The name of get_lane_pos2() in older code."""
        return self.get_lane_pos2(pos, angle)

    def proximity_penalty2(self, pos: Any, angle: float) -> float:
        """How deep the safety circles of robot and objects overlap, as a sum <= 0 [m]."""
        return self._simulation.proximity(pose_of(pos, angle))

    def _valid_pose(self, pos: Any, angle: float, safety_factor: float = 1.0) -> bool:
        return self._simulation.is_valid(pose_of(pos, angle), float(safety_factor))

    def valid_pose(self, pos: Any, angle: float, safety_factor: float = 1.0) -> bool:
        """Whether a robot may stand at a pose: on drivable tiles, and free of objects."""
        return self._valid_pose(pos, angle, safety_factor)

    def _collision(self, agent_corners: Any) -> bool:
        return any(thing.overlaps(agent_corners) for thing in self.objects)

    def _check_intersection_static_obstacles(self, pos: Any, angle: float) -> bool:
        corners = get_agent_corners(pos, angle)
        return any(thing.static and thing.overlaps(corners) for thing in self.objects)

    def _inconvenient_spawn(self, pos: Any) -> bool:
        at = np.array(position_of(pos))
        return any(
            thing.visible and float(np.linalg.norm(thing.pos - at)) < thing.spawn_distance
            for thing in self.objects
        )

    def _collidable(self) -> list[WorldObj]:
        return [thing for thing in self.objects if thing.static and thing.solid]

    @property
    def object_corners(self) -> list[Floats]:
        """Corners (4, 2) of the footprints of all objects [m]."""
        return [thing.obj_corners for thing in self.objects]

    @property
    def collidable_centers(self) -> Floats:
        """Positions (N, 3) of the static objects that the robot collides with [m]."""
        return np.array([thing.pos for thing in self._collidable()])

    @property
    def collidable_corners(self) -> Floats:
        """Corners (N, 2, 4) of their footprints [m]."""
        return np.array([thing.obj_corners.T for thing in self._collidable()])

    @property
    def collidable_norms(self) -> Floats:
        """Unit vectors (N, 2, 2) along the sides of their footprints."""
        return np.array([thing.obj_norm for thing in self._collidable()])

    @property
    def collidable_safety_radii(self) -> Floats:
        """Radii (N) of their safety circles [m]."""
        return np.array([thing.safety_radius for thing in self._collidable()])

    def cartesian_from_weird(self, pos: Any, angle: float) -> Floats:
        """The matrix (3, 3) of a pose with y upwards from the bottom edge of the map."""
        x, _, z = position_of(pos)
        cosine, sine = math.cos(angle), math.sin(angle)
        y = self.grid_height * self.road_tile_size - z
        return np.array([[cosine, -sine, x], [sine, cosine, y], [0.0, 0.0, 1.0]])

    def weird_from_cartesian(self, q: Any) -> tuple[list[float], float]:
        """Position and angle of such a matrix."""
        matrix = checked("q", q, np.empty((3, 3)))
        z = self.grid_height * self.road_tile_size - matrix[1, 2]
        return [float(matrix[0, 2]), 0.0, float(z)], math.atan2(matrix[1, 0], matrix[0, 0])
