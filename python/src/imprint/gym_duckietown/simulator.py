"""gym-duckietown's Simulator over the library: the same constructor, attributes and numbers.

Poses, lane positions, validity, proximity and rewards are the library's, which equal recordings of
gym-duckietown; the order of a step is its, too. Subclasses may override any method, as there.
Positions are arrays (x, y, z) [m]; angles are in radians unless their name says degrees.
"""

import contextlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from imprint._arrays import checked
from imprint._errors import UsageError
from imprint._settings import EnvSettings
from imprint.environments import checked_seed
from imprint.gym_duckietown import _options
from imprint.gym_duckietown._camera import Look
from imprint.gym_duckietown._dynamics import DriveState, se2_from_linear_angular
from imprint.gym_duckietown._geometry import AGENT_SAFETY_RAD as AGENT_SAFETY_RAD
from imprint.gym_duckietown._geometry import CAMERA_FORWARD_DIST as CAMERA_FORWARD_DIST
from imprint.gym_duckietown._geometry import ROBOT_LENGTH as ROBOT_LENGTH
from imprint.gym_duckietown._geometry import ROBOT_WIDTH as ROBOT_WIDTH
from imprint.gym_duckietown._geometry import SAFETY_RAD_MULT as SAFETY_RAD_MULT
from imprint.gym_duckietown._geometry import WHEEL_DIST as WHEEL_DIST
from imprint.gym_duckietown._geometry import Geometry
from imprint.gym_duckietown._geometry import LanePosition as LanePosition
from imprint.gym_duckietown._geometry import _actual_center as _actual_center
from imprint.gym_duckietown._geometry import get_agent_corners as get_agent_corners
from imprint.gym_duckietown._geometry import get_dir_vec as get_dir_vec
from imprint.gym_duckietown._geometry import get_right_vec as get_right_vec
from imprint.gym_duckietown._gym import Box, image_box
from imprint.gym_duckietown._simulation import (
    Simulation,
    Tile,
    drivable_maps,
    find_map,
    pose_of,
)
from imprint.gym_duckietown.exceptions import InvalidMapException, NotInLane
from imprint.gym_duckietown.objects import WorldObj
from imprint.gym_duckietown.randomization import Randomizer

WINDOW_WIDTH, WINDOW_HEIGHT = 800, 600
DEFAULT_CAMERA_WIDTH, DEFAULT_CAMERA_HEIGHT = 640, 480
BLUE_SKY = np.array([0.45, 0.82, 1.0])
WALL_COLOR = np.array([0.64, 0.71, 0.28])
CAMERA_ANGLE, CAMERA_FOV_Y = 19.15, 75
CAMERA_FLOOR_DIST = 0.108
ROBOT_HEIGHT = 0.12
MIN_SPAWN_OBJ_DIST = 0.25
DEFAULT_ROBOT_SPEED = 1.20
DEFAULT_FRAMERATE = 30
DEFAULT_MAX_STEPS = 1500
DEFAULT_MAP_NAME = "udem1"
DEFAULT_FRAME_SKIP = 1
DEFAULT_ACCEPT_START_ANGLE_DEG = 60
REWARD_INVALID_POSE = -1000
MAX_SPAWN_ATTEMPTS = 5000


@dataclass
class DoneRewardInfo:
    """Whether an episode is over, why, and the reward of the step that led there."""

    done: bool
    done_why: str
    done_code: str
    reward: float


class Simulator(Geometry):
    """One robot on a map. The first arguments are gym-duckietown's, in its order.

    api: "gym" (reset() gives an observation, step() four results) or "gymnasium" (reset() gives
        observation and info, step() five results); None: install()'s, else "gym".
    render_mode: what render() does without a mode.
    assets: folder with gym-duckietown's textures and meshes; None: our own drawings.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render.modes": ["human", "rgb_array", "app"],
        "render_modes": ["human", "rgb_array", "top_down", "free_cam"],
        "video.frames_per_second": 30,
        "render_fps": 30,
    }

    def __init__(
        self,
        map_name: str = DEFAULT_MAP_NAME,
        max_steps: float = DEFAULT_MAX_STEPS,
        draw_curve: bool = False,
        draw_bbox: bool = False,
        domain_rand: bool = True,
        frame_rate: float = DEFAULT_FRAMERATE,
        frame_skip: int = DEFAULT_FRAME_SKIP,
        camera_width: int = DEFAULT_CAMERA_WIDTH,
        camera_height: int = DEFAULT_CAMERA_HEIGHT,
        robot_speed: float = DEFAULT_ROBOT_SPEED,
        accept_start_angle_deg: float = DEFAULT_ACCEPT_START_ANGLE_DEG,
        full_transparency: bool = False,
        user_tile_start: Sequence[int] | None = None,
        seed: int | None = None,
        distortion: bool = False,
        dynamics_rand: bool = False,
        camera_rand: bool = False,
        randomize_maps_on_reset: bool = False,
        num_tris_distractors: int = 12,
        color_ground: Sequence[float] = (0.15, 0.15, 0.15),
        color_sky: Sequence[float] = (0.45, 0.82, 1.0),
        style: str = "photos",
        enable_leds: bool = False,
        *,
        api: str | None = None,
        render_mode: str | None = None,
        assets: str | None = None,
    ) -> None:
        self.api = _options.checked_api(api)
        self.render_mode = render_mode
        self.max_steps, self.frame_skip, self.frame_rate = max_steps, frame_skip, frame_rate
        self.draw_curve, self.draw_bbox, self.enable_leds = draw_curve, draw_bbox, enable_leds
        self.domain_rand, self.dynamics_rand = bool(domain_rand), bool(dynamics_rand)
        self.distortion, self.undistort = bool(distortion) and not draw_bbox, False
        self.camera_rand = self.distortion and bool(camera_rand)
        self.camera_width, self.camera_height = camera_width, camera_height
        self.robot_speed = robot_speed
        self.accept_start_angle_deg = accept_start_angle_deg
        self.full_transparency = full_transparency
        self.user_tile_start = user_tile_start
        self.randomize_maps_on_reset = randomize_maps_on_reset
        self.num_tris_distractors = num_tris_distractors
        self.color_ground, self.color_sky = color_ground, color_sky
        self.style, self._assets = style, assets
        self.window: Any = None
        self.graphics = True
        self.check_rates()
        self.delta_time = 1.0 / frame_rate
        self.action_space = Box(-1.0, 1.0, (2,), np.float32)
        self.observation_space = image_box((camera_height, camera_width, 3))
        self.reward_range = (-1000, 1000)
        self.seed_value = seed
        self.seed(seed)
        self.randomizer = Randomizer()
        self._load_map(map_name)
        self.last_action = np.zeros(2)
        self.wheelVels = np.zeros(2)
        Simulator.reset(self)

    def check_rates(self) -> None:
        """Fails on a frame rate, a number of frames or a size that cannot be."""
        if not 10.0 <= float(self.frame_rate) <= 100.0:
            raise UsageError(f"frame_rate: {self.frame_rate} is not within 10 to 100 per second")
        if int(self.frame_skip) != self.frame_skip or self.frame_skip < 1:
            raise UsageError(f"frame_skip: {self.frame_skip!r}: a whole number from 1 on is needed")
        if not self.max_steps > 0:
            raise UsageError(f"max_steps: {self.max_steps!r} must be more than 0")
        if not (1 <= self.camera_width <= 8192 and 1 <= self.camera_height <= 8192):
            size = f"{self.camera_width} x {self.camera_height}"
            raise UsageError(f"camera_width, camera_height: {size} is not within 1 to 8192")

    def _load_map(self, map_name: Any) -> None:
        """Takes another map; call reset() then."""
        self.map_file_path, self.map_name = find_map(map_name)
        if self.randomize_maps_on_reset:
            self.map_names = drivable_maps()
        self._open(self.map_names if self.randomize_maps_on_reset else [self.map_file_path])

    def _interpret_map(self, map_data: Any) -> None:
        """Takes a map as a dict, with the keys of map files; call reset() then."""
        try:
            source = json.dumps(map_data)
        except TypeError as error:
            raise InvalidMapException(f"the map data cannot be written as text: {error}") from None
        self._open([f"# map of a dict\n{source}\n"])

    def _open(self, maps: list[str]) -> None:
        words = [
            word for word in ("domain_rand", "camera_rand", "dynamics_rand") if getattr(self, word)
        ]
        settings: EnvSettings = {
            "lens": "duckiebot" if self.distortion else "none",
            "randomize": ",".join(words) or None,
            "assets": self._assets,
            "style": self.style,
        }
        older = getattr(self, "_simulation", None)
        self._maps, self._ranges = maps, self._randomizer_ranges()
        self._simulation = Simulation(maps, settings, self._ranges)
        self._take_over_map()
        if older is not None:
            older.close()

    def _randomizer_ranges(self) -> str | None:
        return self.randomizer.ranges(
            domain=self.domain_rand, camera=self.camera_rand, dynamics=self.dynamics_rand
        )

    def _take_over_map(self) -> None:
        sim = self._simulation
        self.road_tile_size: float = sim.tile_size
        self.grid_width: int = sim.columns
        self.grid_height: int = sim.rows
        self.grid: list[Tile | None] = sim.tiles
        self.drivable_tiles: list[Any] = sim.drivable
        self.objects: list[WorldObj] = sim.objects
        self.start_tile: Tile | None = sim.start_tile
        self.start_pose: Any = sim.start_pose if sim.has_start_pose else None
        self._map_start_pose = self.start_pose
        self._map_source = sim.source

    def _follow_randomizer(self) -> None:
        """Makes the simulator again if the randomizer's tables have changed."""
        if self._randomizer_ranges() == self._ranges:
            return
        tile, pose, pose_of_map = self.start_tile, self.start_pose, self._map_start_pose
        self._open(self._maps)
        if pose is not pose_of_map:
            self.start_tile, self.start_pose = tile, pose

    @property
    def map_data(self) -> Any:
        """The map file's content; needs PyYAML."""
        import yaml  # type: ignore[import-untyped, unused-ignore]

        return yaml.safe_load(self._simulation.source)

    def seed(self, seed: int | None = None) -> list[int | None]:
        """Takes a seed (None: one by chance); the next reset() begins its episode 0."""
        if seed is not None and not isinstance(seed, (int, np.integer)):
            raise UsageError(f"seed: {seed!r} is no whole number")
        if seed is None:
            seed_used = int(np.random.default_rng().integers(2**63))
        else:
            seed_used = checked_seed(int(seed))
        self._np_random = np.random.default_rng(seed_used)
        self._np_random_seed = self._seed = seed_used
        self._episode = 0
        return [seed]

    def reset(
        self,
        segment: bool = False,
        *,
        seed: int | None = None,
        options: dict[str, Any] | None = None,
    ) -> Any:
        """Begins the next episode. Returns the first observation; with "gymnasium", and the info.

        segment: draw semantic classes.
        """
        del options
        if seed is not None:
            self.seed(seed)
        self.step_count, self.timestamp, self.speed = 0, 0.0, 0.0
        self._follow_randomizer()
        sim = self._simulation
        sim.reset(self._seed, self._episode, self._start_settings())
        self._episode += 1
        if sim.tiles is not self.grid:
            self._take_over_map()
            self.map_name = sim.name
        self.wheel_dist = sim.wheel_distance() if self.domain_rand else WHEEL_DIST
        self.cam_height, pitch, self.cam_fov_y = sim.camera.mounting()
        self.cam_angle = [pitch, 0.0, 0.0]
        self.cam_offset = np.zeros(3)
        self.horizon_color, self.ground_color = self.color_sky, self.color_ground
        sim.camera.scatter(self.num_tris_distractors, self._seed)
        self._pull_pose()
        observation = self.render_obs(segment=segment)
        if self.api == "gymnasium":
            return observation, self.get_agent_info()
        return observation

    def _start_settings(self) -> dict[str, Any]:
        """Where the next episode starts, as fields of imp_env_def."""
        angle = math.radians(float(self.accept_start_angle_deg))
        settings: dict[str, Any] = {"accept_start_angle": min(angle, math.pi)}
        tile = self._user_tile()
        settings["has_start_tile"] = tile is not None
        if tile is not None:
            settings["start_tile"] = tile
        chosen = self.start_pose is not None and self.start_pose is not self._map_start_pose
        settings["has_start_pose"] = chosen
        if chosen:
            # an offset in the tile that the episode starts on
            tile = tile or (self.start_tile or self._any_tile())["coords"]
            offset, heading = self.start_pose
            x, z = (tile[k] * self.road_tile_size + offset[2 * k] for k in (0, 1))
            settings["start_pose"] = pose_of([x, 0.0, z], heading)
        return settings

    def _user_tile(self) -> tuple[int, int] | None:
        if not self.user_tile_start:
            return None
        try:
            i, j = (int(place) for place in self.user_tile_start)
        except (TypeError, ValueError):
            wanted = "a pair (column, row) is needed"
            raise UsageError(f"user_tile_start: {self.user_tile_start!r}: {wanted}") from None
        if self._get_tile(i, j) is None:
            size = f"{self.grid_width} x {self.grid_height}"
            raise UsageError(f"user_tile_start: the map of {size} has no tile ({i}, {j})")
        return i, j

    def _any_tile(self) -> Tile:
        tile: Tile = self.drivable_tiles[int(self.np_random.integers(len(self.drivable_tiles)))]
        return tile

    def update_physics(self, action: Any, delta_time: float | None = None) -> None:
        """Moves robot and objects by one frame of `delta_time` attribute's length [s]."""
        self._push_pose()
        left, right = (float(duty) for duty in action)
        before = self.cur_pos
        self._simulation.advance(left, right, self.delta_time)
        self._pull_pose()
        seconds = self.delta_time if delta_time is None else delta_time
        self.step_count += 1
        self.timestamp += seconds
        self.last_action = np.asarray(action)
        self.wheelVels = self.last_action * self.robot_speed
        self.speed = float(np.linalg.norm(self.cur_pos - before)) / seconds

    def step(self, action: Any) -> Any:
        """Applies duty cycles (left, right) for `frame_skip` frames.

        Returns (observation, reward, done, info), or with "gymnasium" (observation, reward,
        terminated, truncated, info). It goes on after the end of an episode.
        """
        duties = np.clip(checked("action", action, np.empty(2)), -1.0, 1.0)
        for _ in range(self.frame_skip):
            self.update_physics(duties)
        observation = self.render_obs()
        info = self.get_agent_info()
        end = self._compute_done_reward()
        info["Simulator"]["msg"] = end.done_why
        if self.api == "gymnasium":
            truncated = end.done and end.done_code == "max-steps-reached"
            return observation, float(end.reward), end.done and not truncated, truncated, info
        return observation, end.reward, end.done, info

    def _compute_done_reward(self) -> DoneRewardInfo:
        if not self._valid_pose(self.cur_pos, self.cur_angle):
            why = "The robot left the road or hit an object."
            return DoneRewardInfo(True, why, "invalid-pose", REWARD_INVALID_POSE)
        if self.step_count >= self.max_steps:
            why = f"The episode reached max_steps = {self.max_steps}."
            return DoneRewardInfo(True, why, "max-steps-reached", 0)
        reward = self.compute_reward(self.cur_pos, self.cur_angle, self.robot_speed)
        return DoneRewardInfo(False, "", "in-progress", reward)

    def compute_reward(self, pos: Any, angle: float, speed: float) -> float:
        """Speed * alignment - 10 * |distance| + 40 * proximity; off the lanes the latter only."""
        return self._simulation.reward(pose_of(pos, angle), float(speed))

    def get_agent_info(self) -> dict[str, Any]:
        """What step() returns as info; all of it with `full_transparency`."""
        info: dict[str, Any] = {"action": list(self.last_action)}
        if not self.full_transparency:
            return {"Simulator": info}
        pos, angle = self.cur_pos, self.cur_angle
        with contextlib.suppress(NotInLane):
            info["lane_position"] = self.get_lane_pos2(pos, angle).as_json_dict()
        info["robot_speed"] = self.speed
        info["proximity_penalty"] = self.proximity_penalty2(pos, angle)
        info["cur_pos"] = [float(x) for x in pos]
        info["cur_angle"] = float(angle)
        info["wheel_velocities"] = [self.wheelVels[0], self.wheelVels[1]]
        info["timestamp"] = self.timestamp
        info["tile_coords"] = list(self.get_grid_coords(pos))
        return {"Simulator": info}

    @property
    def state(self) -> DriveState:
        """Pose and velocity of the robot, and its motors.

        A state that is set, as `get_DB18_nominal().initialize()` makes them, puts the robot there
        at rest and begins the objects' motion again. Set it after reset().
        """
        self._push_pose()
        speed, turn_rate, delay, trim = self._simulation.motion()
        pose = self.cartesian_from_weird(self.cur_pos, self.cur_angle)
        return DriveState(pose, se2_from_linear_angular([speed, 0.0], turn_rate), delay, trim)

    @state.setter
    def state(self, state: Any) -> None:
        try:
            pose, velocity = state.TSE2_from_state()
        except (AttributeError, TypeError, ValueError):
            raise UsageError(f"state: {state!r} has no pose: make it with initialize()") from None
        if np.any(np.asarray(velocity)):
            raise UsageError("state: the robot can only be set at rest: use velocities of 0")
        pos, angle = self.weird_from_cartesian(pose)
        delay, trim = getattr(state, "delay", 0.15), getattr(state, "trim", 0.0)
        self._simulation.restart(pose_of(pos, angle), delay, trim)
        self._pull_pose()

    def _pull_pose(self) -> None:
        """The attributes follow the simulator."""
        x, z, heading = self._simulation.pose()
        self.cur_pos = np.array([x, 0.0, z])
        self.cur_angle = heading
        self._pose = (x, z, heading)

    def _push_pose(self) -> None:
        """The simulator follows the attributes, where the user has set them."""
        at = (float(self.cur_pos[0]), float(self.cur_pos[2]), float(self.cur_angle))
        if at != self._pose:
            self._simulation.set_pose(pose_of(self.cur_pos, self.cur_angle))
            self._pose = at

    def render_obs(self, segment: bool = False) -> Any:
        """What the robot's camera sees: uint8 (camera_height, camera_width, 3), RGB."""
        return self._draw(self.camera_width, self.camera_height, segment)

    def render(self, mode: str | None = None, close: bool = False, segment: bool = False) -> Any:
        """An image of 800 x 600 pixels: uint8 (600, 800, 3), RGB. No window opens.

        mode: "top_down" shows the map from above; "human", "rgb_array" and "free_cam" what the
        camera sees, the last without its lens. None: the environment's render_mode, else "human".
        """
        mode = mode or self.render_mode or "human"
        if mode not in ("human", "top_down", "free_cam", "rgb_array"):
            known = "'human', 'rgb_array', 'top_down' or 'free_cam'"
            raise UsageError(f"mode: '{mode}' is not {known}")
        if close:
            return None
        self._push_pose()
        if mode == "top_down" and not segment:
            return self._simulation.camera.draw_from_above(WINDOW_WIDTH, WINDOW_HEIGHT)
        return self._draw(WINDOW_WIDTH, WINDOW_HEIGHT, segment, lens=mode != "free_cam")

    def _draw(self, width: int, height: int, segment: bool, lens: bool = True) -> Any:
        if not self.graphics:
            return np.zeros((height, width, 3), np.uint8)
        self._push_pose()
        camera = self._simulation.camera
        camera.sky, camera.ground = self.horizon_color, self.ground_color
        x, y, z = (float(part) for part in self.cam_offset)
        pitch, yaw, roll = (float(angle) for angle in self.cam_angle)
        look = Look(
            width=int(width),
            height=int(height),
            mount_height=float(self.cam_height),
            angles=(pitch, yaw, roll),
            fov_y=float(self.cam_fov_y),
            offset=(x, y + float(self.cur_pos[1]), z),
            lens=lens and self.distortion and not self.undistort,
            segment=bool(segment),
            curves=bool(self.draw_curve),
            boxes=bool(self.draw_bbox),
            leds=bool(self.enable_leds),
        )
        return camera.draw(look)

    @property
    def randomization_settings(self) -> dict[str, Any]:
        """What was drawn for the present episode; empty if nothing is randomised."""
        drawn: dict[str, Any] = json.loads(self._simulation.drawn())
        return drawn

    def close(self) -> None:
        """Frees the simulator. May be called again."""
        self._simulation.close()
