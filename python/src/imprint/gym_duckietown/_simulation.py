"""The library's simulator behind the stand-in: one imp_sim, its maps as Python values, its camera.

A Simulation is made of the arguments of gym-duckietown's Simulator and answers questions about any
pose. Positions are arrays (x, y, z) [m], y upwards; angles are in radians.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imprint._batch import SimBatch
from imprint._definitions import Definition
from imprint._errors import UsageError, call, text
from imprint._native import ffi, lib
from imprint._settings import EnvSettings, builtin_maps, definition_of
from imprint.gym_duckietown._camera import Camera
from imprint.gym_duckietown.exceptions import InvalidMapException
from imprint.gym_duckietown.objects import WorldObj, object_of
from imprint.gym_duckietown.utils import get_subdir_path

Floats = NDArray[np.float64]
Tile = dict[str, Any]

# frames after which the library's own episodes end: never, since the stand-in ends them
_FRAMES = 2**31 - 1


def find_map(name: Any) -> tuple[str, str]:
    """A map as the library takes it, and its name: a file, a built-in map, or one of `maps`."""
    if not isinstance(name, (str, Path)):
        raise InvalidMapException(f"map_name: {name!r} is no name of a map")
    path, stem = Path(name), Path(str(name).removesuffix(".yaml")).name
    own = Path(get_subdir_path("maps")) / f"{stem}.yaml"
    if path.is_file():
        return str(path), stem
    if stem in builtin_maps():
        return stem, stem
    if own.is_file():
        return str(own), stem
    known = ", ".join(builtin_maps())
    raise InvalidMapException(f"map_name: there is no map '{name}'; a file, or one of: {known}")


def drivable_maps() -> list[str]:
    """The built-in maps that randomize_maps_on_reset draws from."""
    return [name for name in builtin_maps() if not name.startswith(("calibration", "regress"))]


def position_of(pos: Any) -> tuple[float, float, float]:
    """A position (x, y, z) as finite numbers."""
    try:
        x, y, z = (float(part) for part in pos)
    except (TypeError, ValueError):
        raise UsageError(f"pos: three numbers (x, y, z) are needed, not {pos!r}") from None
    if not math.isfinite(x + y + z):
        raise UsageError(f"pos: {pos!r}; finite numbers are needed")
    return x, y, z


def pose_of(pos: Any, angle: Any) -> Any:
    """A pose of the library, from a position (3) and an angle [rad], which must be finite."""
    x, _, z = position_of(pos)
    heading = float(angle)
    if not math.isfinite(heading):
        raise UsageError(f"angle: {angle!r} is not finite")
    return ffi.new("imp_pose *", (x, z, heading))[0]


class Simulation:
    """One simulator. `camera` draws; `tiles` and `objects` are those of the episode's map.

    ranges: what is randomised is drawn from these distributions; see Randomizer.ranges().
    """

    def __init__(self, maps: list[str], settings: EnvSettings, ranges: str | None = None) -> None:
        # one map alone keeps its random numbers, whatever their number
        chosen: EnvSettings = {"map": maps[0]} if len(maps) == 1 else {"maps": maps}
        definition = definition_of({**settings, **chosen, "max_steps": _FRAMES}, "disabled")
        if ranges is not None:
            _set_ranges(definition, ranges)
        self.batch = SimBatch(definition, 1)
        self.camera = Camera(self.batch)
        self._env_def = ffi.new("imp_env_def *", definition.struct.env)
        self._world: Any = None
        self._read_world()

    def reset(self, seed: int, episode: int, env: dict[str, Any]) -> None:
        """Begins an episode. env: fields of imp_env_def that differ from the last one."""
        settings = self._env_def
        settings.seed = seed
        for name, value in env.items():
            setattr(settings, name, value)
        with self.batch.in_use() as sims:
            call(lib.imp_sim_set_env_def, sims[0], settings)
            call(lib.imp_sim_reset, sims[0], episode)
        self.camera.begin_episode()
        self._read_world()

    def advance(self, left: float, right: float, seconds: float) -> None:
        """One frame with these duty cycles."""
        with self.batch.in_use() as sims:
            action = ffi.new("imp_action *", (left, right))[0]
            call(lib.imp_sim_advance_frame, sims[0], action, seconds)

    def pose(self) -> tuple[float, float, float]:
        """Where the robot is: x, z, heading."""
        with self.batch.in_use() as sims:
            pose = lib.imp_sim_env(sims[0]).pose
            return pose.x, pose.z, pose.heading

    def set_pose(self, pose: Any) -> None:
        """Moves the robot."""
        with self.batch.in_use() as sims:
            call(lib.imp_sim_set_pose, sims[0], pose)

    def restart(self, pose: Any, delay: float, trim: float) -> None:
        """Begins the present episode again at a pose, at rest, with these motors."""
        drive = self._env_def.drive
        kept = drive.delay, drive.trim
        with self.batch.in_use() as sims:
            state = lib.imp_sim_get_state(sims[0])
            drive.delay, drive.trim = delay, trim
            try:
                call(lib.imp_sim_set_env_def, sims[0], self._env_def)
                call(lib.imp_sim_reset_at, sims[0], state.episode, state.map_index, pose)
            finally:
                # the next episode has the usual ones
                drive.delay, drive.trim = kept

    def motion(self) -> tuple[float, float, float, float]:
        """Of the robot: speed [m/s], turn rate [rad/s], delay [s] and trim of its motors."""
        with self.batch.in_use() as sims:
            drive = lib.imp_sim_env(sims[0]).drive
            motors = getattr(drive, "def")
            return drive.speed, drive.turn_rate, motors.delay, motors.trim

    def lane(self, pose: Any) -> Any:
        """The imp_lane_position of a pose; None off the lanes."""
        out = ffi.new("imp_lane_position *")
        with self.batch.in_use():
            return out if lib.imp_world_lane_position(self._world, pose, out) else None

    def is_valid(self, pose: Any, safety: float) -> bool:
        """Whether the robot may stand at a pose."""
        with self.batch.in_use() as sims:
            return bool(lib.imp_env_is_valid_pose(lib.imp_sim_env(sims[0]), pose, safety))

    def is_drivable(self, x: float, z: float) -> bool:
        """Whether a point lies on a drivable tile."""
        with self.batch.in_use():
            return bool(lib.imp_world_is_drivable_at(self._world, x, z))

    def proximity(self, pose: Any) -> float:
        """The penalty for objects near a pose, <= 0."""
        with self.batch.in_use() as sims:
            return float(lib.imp_env_proximity_penalty(lib.imp_sim_env(sims[0]), pose))

    def reward(self, pose: Any, speed: float) -> float:
        """gym-duckietown's reward for a pose."""
        with self.batch.in_use() as sims:
            return float(lib.imp_env_reward_at(lib.imp_sim_env(sims[0]), pose, speed))

    def wheel_distance(self) -> float:
        """Of the present episode's robot [m]."""
        with self.batch.in_use() as sims:
            drive = lib.imp_sim_env(sims[0]).drive
            return float(getattr(drive, "def").wheel_distance)

    def drawn(self) -> str:
        """What was drawn for the present episode, as JSON."""
        return self.batch.sample(0)

    def close(self) -> None:
        """Frees the simulator. May be called again."""
        self.camera.close()
        self.batch.close()

    def _read_world(self) -> None:
        """Reads tiles and objects where the episode's map is another than the last."""
        with self.batch.in_use() as sims:
            world = lib.imp_sim_env(sims[0]).world
            if self._world == world:
                return
            self._world = world
            self.name = text(world.name)
            self.tile_size, self.columns, self.rows = world.tile_size, world.columns, world.rows
            self.source = bytes(ffi.buffer(world.source, world.source_length)).decode()
            self.tiles = _read_tiles(world)
            self.drivable = [self.tiles[world.drivable[k]] for k in range(world.drivable_count)]
            self.start_tile = self._map_start_tile(world)
            start = world.start_pose
            self.start_pose = [[start.x, 0.0, start.z], start.heading]
            self.has_start_pose = bool(world.has_start_pose)
            self.objects: list[WorldObj] = [
                object_of(self.batch, world, k) for k in range(world.object_count)
            ]

    def _map_start_tile(self, world: Any) -> Tile | None:
        if not world.has_start_tile:
            return None
        i, j = world.start_tile
        return self.tiles[int(j * world.columns + i)]


def _set_ranges(definition: Definition, ranges: str) -> None:
    """Changes what is randomised to these distributions, in gym-duckietown's format."""
    spec, encoded = ffi.addressof(definition.struct, "randomization"), ranges.encode()
    name = b"randomization_config"
    call(lib.imp_randomization_parse_json, spec, name, encoded, len(encoded), ffi.NULL)


def _read_tiles(world: Any) -> list[Tile | None]:
    """The tiles row by row, as gym-duckietown's dicts; None where there is none."""
    flat = np.frombuffer(ffi.buffer(world.curves, world.curve_count * ffi.sizeof("imp_curve")))
    curves = np.zeros((world.curve_count, 4, 3))
    curves[:, :, [0, 2]] = flat.reshape(-1, 4, 2)
    tiles: list[Tile | None] = []
    for index in range(world.columns * world.rows):
        tile = world.tiles[index]
        if tile.kind == lib.IMP_TILE_EMPTY:
            tiles.append(None)
            continue
        made: Tile = {
            "coords": (index % world.columns, index // world.columns),
            "kind": text(lib.imp_tile_kind_name(tile.kind)),
            "angle": tile.orientation,
            "drivable": bool(tile.drivable),
        }
        if tile.drivable:
            made["curves"] = curves[tile.first_curve : tile.first_curve + tile.curve_count]
        tiles.append(made)
    return tiles
