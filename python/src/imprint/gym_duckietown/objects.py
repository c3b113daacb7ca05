"""The objects of a map, where they are now. All attributes are read from the simulator."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imprint._batch import SimBatch
from imprint._errors import text
from imprint._native import ffi, lib
from imprint.gym_duckietown.collision import box_of

Floats = NDArray[np.float64]


class WorldObj:
    """An object: kind, position (x, y, z) [m], angle [rad], extents, footprint.

    Attributes cannot be set. An object is that of its map: after a reset on another map, take the
    new ones from the environment.
    """

    def __init__(self, batch: SimBatch, world: Any, index: int) -> None:
        self._batch = batch
        self._world = world
        self._index = index
        placed = world.objects[index]
        kind = lib.imp_object_class_get(placed.kind)
        is_sign = placed.kind == lib.IMP_OBJECT_SIGN
        self.name = text(placed.name)
        self.kind = text(lib.imp_sign_name(placed.sign) if is_sign else kind.name)
        self.scale = placed.scale
        self.optional = bool(placed.optional)
        # the pattern of traffic lights changes, but they stand
        self.static = placed.moving < 0 or placed.kind == lib.IMP_OBJECT_TRAFFIC_LIGHT
        self.solid = bool(placed.solid)
        self.min_coords = np.array([kind.min_x, 0.0, kind.min_z])
        self.max_coords = np.array([kind.max_x, kind.height, kind.max_z])
        self.safety_radius = placed.safety_radius
        self.spawn_distance = placed.spawn_distance
        self.x_rot = self.z_rot = 0.0

    def _state(self) -> Any:
        """The imp_object_state of a moving object in the present episode; else None."""
        with self._batch.in_use() as sims:
            env = lib.imp_sim_env(sims[0])
            moving = self._world.objects[self._index].moving
            return env.moving[moving] if env.world == self._world and moving >= 0 else None

    def _motion(self) -> Any:
        with self._batch.in_use() as sims:
            return lib.imp_sim_env(sims[0]).motion[self._world.objects[self._index].moving]

    def _placed(self) -> Any:
        with self._batch.in_use():
            return self._world.objects[self._index]

    @property
    def pos(self) -> Floats:
        """Position (x, y, z) [m]."""
        state = self._state()
        if state is not None:
            return np.array([state.position.x, state.y, state.position.z])
        at = self._placed().position
        return np.array([at.x, 0.0, at.z])

    @property
    def angle(self) -> float:
        """Heading [rad]; of a walking duckie without its wiggle."""
        return float(self._placed().heading if self._state() is None else self._motion().angle)

    @property
    def y_rot(self) -> float:
        """Heading as it is drawn [degrees]."""
        state = self._state()
        return float(np.rad2deg(self._placed().heading if state is None else state.heading))

    @property
    def visible(self) -> bool:
        """Whether the object exists in the present episode."""
        with self._batch.in_use() as sims:
            env = lib.imp_sim_env(sims[0])
            bits = env.hidden[self._index // 64] if env.world == self._world else 0
            return not bits >> self._index % 64 & 1

    def box(self) -> Any:
        """The footprint, as imp_box of the library."""
        state = self._state()
        return self._placed().box if state is None else state.box

    @property
    def obj_corners(self) -> Floats:
        """Corners (4, 2) of the footprint: (x, z) [m]."""
        return _vectors(self.box().corner)

    @property
    def obj_norm(self) -> Floats:
        """Unit vectors (2, 2) along the footprint's sides."""
        return _vectors(self.box().axis)

    def check_collision(self, agent_corners: Any, agent_norm: Any = None) -> bool:
        """Whether a footprint (4, 2) overlaps a moving object; False for others."""
        del agent_norm
        return not self.static and self.overlaps(agent_corners)

    def overlaps(self, corners: Any) -> bool:
        """Whether a footprint (4, 2) overlaps this object, if it is solid and exists."""
        if not (self.solid and self.visible):
            return False
        box = ffi.new("imp_box *", self.box())
        return bool(lib.imp_boxes_overlap(box_of(corners), box))

    def proximity(self, agent_pos: Any, agent_safety_rad: float) -> float:
        """How deep a circle [m] around a position overlaps a moving object's, <= 0; else 0."""
        if self.static or not self.visible:
            return 0.0
        gap = float(np.linalg.norm(np.asarray(agent_pos) - self.pos))
        return min(0.0, gap - agent_safety_rad - float(self.safety_radius))

    def step(self, delta_time: float) -> None:
        """Nothing: the simulator moves its objects."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} at {self.pos.tolist()}>"


def _number(*path: str) -> Any:
    """A property that reads a number of the object's motion."""

    def read(self: WorldObj) -> float:
        value = self._motion()
        for name in path:
            value = getattr(value, name)
        return value  # type: ignore[no-any-return]

    return property(read)


class DuckiebotObj(WorldObj):
    """A Duckiebot that drives along its lane."""

    follow_dist = _number("car", "follow_distance")
    velocity = _number("car", "speed")
    gain = _number("car", "gain")
    trim = _number("car", "trim")
    radius = _number("car", "wheel_radius")
    wheel_dist = _number("car", "wheel_distance")
    robot_width = _number("car", "width")
    robot_length = _number("car", "length")
    time = _number("time")


class DuckieObj(WorldObj):
    """A duckie that walks to and fro."""

    pedestrian_wait_time = _number("walk", "wait")
    pedestrian_active = _number("walk", "active")
    vel = _number("walk", "stride")
    walk_distance = _number("walk", "distance")
    wiggle = _number("walk", "wiggle")
    time = _number("time")


class TrafficLightObj(WorldObj):
    """A traffic light."""

    freq = _number("period")
    time = _number("time")

    @property
    def pattern(self) -> int:
        """Which of its two patterns it shows: 0 or 1."""
        state = self._state()
        return 0 if state is None else int(state.pattern)

    def is_green(self, direction: str = "N") -> bool:
        """Whether it shows green to who drives "N" or "S", or else "E" or "W"."""
        heading = {"N": 0.5, "W": 1.0, "S": 1.5, "E": 0.0}[direction] * np.pi
        return bool(lib.imp_traffic_light_is_green(ffi.addressof(self._state()), heading))


class CheckerboardObj(WorldObj):
    """A checkerboard that shows itself to a camera that is calibrated."""

    steps = _number("board_step")
    time = _number("time")


_CLASSES: dict[int, type[WorldObj]] = {
    lib.IMP_OBJECT_DUCKIE: DuckieObj,
    lib.IMP_OBJECT_DUCKIEBOT: DuckiebotObj,
    lib.IMP_OBJECT_TRAFFIC_LIGHT: TrafficLightObj,
    lib.IMP_OBJECT_CHECKERBOARD: CheckerboardObj,
}


def object_of(batch: SimBatch, world: Any, index: int) -> WorldObj:
    """Object number `index` of a world."""
    placed = world.objects[index]
    kind = _CLASSES.get(placed.kind, WorldObj) if placed.moving >= 0 else WorldObj
    return kind(batch, world, index)


def _vectors(items: Any) -> Floats:
    return np.array([[item.x, item.z] for item in items])
