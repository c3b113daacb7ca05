"""Gymnasium environments: one robot that follows lanes.

`gymnasium.make("imprint/LaneFollowing-v0", map="loop_empty", ...)` makes a LaneFollowingEnv. Its
settings are those of EnvSettings; docs/python.md describes observations, actions, rewards and info.
"""

from functools import cached_property
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from imprint._arrays import checked, pointer
from imprint._batch import ImageSize, Outputs, SimBatch, new_states
from imprint._definitions import Definition
from imprint._errors import UsageError
from imprint._native import ffi, lib
from imprint._settings import EnvSettings, Observation, definition_of, observations_of

try:
    import gymnasium as gym
    from gymnasium import spaces
except ImportError:
    raise ImportError("environments need gymnasium: pip install gymnasium") from None

Actions = NDArray[np.float32]


# members of an observation of kind "state": limits that no robot reaches, in the units of the info
_STATE_LIMITS: dict[str, tuple[float, ...]] = {
    "pose": (1e5, 1e5, np.pi),
    "speed": (100.0,),
    "turn_rate": (1000.0,),
    "lane_distance": (100.0,),
    "lane_angle": (np.pi,),
    "in_lane": (1.0,),
}

# depths in observations are at most this, also where a ray meets nothing [m]
DEPTH_LIMIT = 100.0


class ActionBox(spaces.Box):
    """A Box of bounded numbers that samples what a Box does, in a fifth of the time."""

    def sample(self, mask: None = None, probability: None = None) -> NDArray[Any]:
        """An action, or a row of actions, uniformly distributed."""
        if mask is not None or probability is not None:
            return super().sample(mask, probability)
        drawn = self.np_random.random(self.shape)
        low, width = self._line
        drawn *= width
        drawn += low
        return drawn.astype(self.dtype)

    @cached_property
    def _line(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        # the lowest numbers, and how far the highest are from them
        low = self.low.astype(np.float64)
        return low, self.high - low


def action_space_of(definition: Definition, count: int | None = None) -> ActionBox:
    """Duty cycles in [-1, 1], or the speeds and turn rates that they can express. count: of rows;
    None: the space of one action.
    """
    shape = (2,) if count is None else (count, 2)
    if definition.struct.actions == lib.IMP_ACTION_DUTY_CYCLES:
        return ActionBox(-1.0, 1.0, shape, np.float32)
    speed, turn_rate, unused = ffi.new("double *"), ffi.new("double *"), ffi.new("double *")
    lib.imp_velocity_from_action({"left": 1.0, "right": 1.0}, speed, unused)
    lib.imp_velocity_from_action({"left": -1.0, "right": 1.0}, unused, turn_rate)
    high = np.broadcast_to(np.array([speed[0], turn_rate[0]], np.float32), shape)
    return ActionBox(-high, high, dtype=np.float32)


class Observer:
    """The observation space of some settings, and the arrays of `count` observations.

    write() asks for them in Outputs, and read() makes observations of what came.
    """

    def __init__(self, settings: EnvSettings, definition: Definition, count: int) -> None:
        camera = definition.struct.camera
        self.kinds = observations_of(settings)
        self._count = count
        self._size = (camera.height, camera.width)
        self._channels_first = settings.get("channels_first", False)
        self._is_dict = not isinstance(settings.get("observation", "image"), str) or (
            self.kinds == ("state",)
        )
        spaces_of_members = {}
        for kind in self.kinds:
            spaces_of_members.update(self._spaces(kind))
        self.space: spaces.Space[Any] = (
            spaces.Dict(spaces_of_members) if self._is_dict else spaces_of_members[self.kinds[0]]
        )

    @property
    def has_images(self) -> bool:
        """Whether anything is drawn."""
        return self.kinds != ("state",)

    def _spaces(self, kind: Observation) -> dict[str, spaces.Space[Any]]:
        height, width = self._size
        if kind == "state":
            limits = {name: np.array(limit) for name, limit in _STATE_LIMITS.items()}
            boxes = {
                name: spaces.Box(-most, most, dtype=np.float64) for name, most in limits.items()
            }
            return {**boxes, "in_lane": spaces.Box(0, 1, (1,), np.uint8)}
        if kind == "mask":
            return {kind: spaces.Box(0, lib.IMP_SEMANTIC_COUNT - 1, self._size, np.uint8)}
        if kind == "depth":
            return {kind: spaces.Box(0.0, DEPTH_LIMIT, self._size, np.float32)}
        shape = (3, height, width) if self._channels_first else (height, width, 3)
        return {kind: spaces.Box(0, 255, shape, np.uint8)}

    def image_kinds(self) -> dict[str, tuple[tuple[int, ...], DTypeLike]]:
        """Shape and type of the images of all environments, in the layout of the library."""
        shape = (self._count, *self._size)
        layouts: dict[str, tuple[tuple[int, ...], DTypeLike]] = {
            "mask": (shape, np.uint8),
            "depth": (shape, np.float32),
        }
        rgb = ((*shape, 3), np.uint8)
        return {kind: layouts.get(kind, rgb) for kind in self.kinds if kind != "state"}

    def new_images(self) -> dict[str, NDArray[Any]]:
        """Arrays for the images of all environments, in the layout of the library."""
        return {kind: np.empty(*layout) for kind, layout in self.image_kinds().items()}

    def write(self, outputs: Outputs, images: dict[str, NDArray[Any]]) -> None:
        """Lets the library write images to these arrays."""
        for kind, array in images.items():
            outputs.set_result(kind, array)

    def read(self, images: dict[str, NDArray[Any]], states: dict[str, NDArray[Any]]) -> Any:
        """The observations of all environments: views of the images, and copies of the states."""
        if "depth" in images:
            np.minimum(images["depth"], np.float32(DEPTH_LIMIT), out=images["depth"])
        members = {kind: self._in_layout(kind, array) for kind, array in images.items()}
        if "state" in self.kinds:
            members.update(self._state_members(states))
        return members if self._is_dict else members[self.kinds[0]]

    def _in_layout(self, kind: str, array: NDArray[Any]) -> NDArray[Any]:
        if self._channels_first and kind in ("image", "segments"):
            return array.transpose(0, 3, 1, 2)
        return array

    def _state_members(self, states: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        in_lane = states["in_lane"]
        members = {}
        for name, limit in _STATE_LIMITS.items():
            array = states[name]
            if name == "in_lane":
                array = array.astype(np.uint8)
            elif name in ("lane_distance", "lane_angle"):  # numbers instead of NaN off the lanes
                array = np.where(in_lane, array, 0.0)
            else:
                array = array.copy()
            members[name] = array.reshape(self._count, len(limit))
        return members


def render_settings_of(settings: EnvSettings) -> tuple[str | None, str, ImageSize]:
    """Mode, view and size of render(), checked."""
    mode = settings.get("render_mode")
    view = settings.get("render_view", "top_down").replace("-", "_")
    width, height = settings.get("render_size", (640, 480))
    if mode not in (None, "rgb_array"):
        raise UsageError(f"render_mode: '{mode}' is neither 'rgb_array' nor None")
    if view not in ("top_down", "camera"):
        raise UsageError(f"render_view: '{view}' is neither 'top_down' nor 'camera'")
    if not (1 <= width <= 8192 and 1 <= height <= 8192):
        raise UsageError(f"render_size: {width} x {height} is not within 1 to 8192")
    return mode, view, ImageSize(width, height)


class LaneFollowingEnv(gym.Env[Any, Actions]):
    """One robot that follows lanes. Settings: EnvSettings.

    reset(options=...) takes {"episode_number": number}, and {"pose": (x, z, heading)} with
    "map_index". One thread at a time may use an environment.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012

    def __init__(self, **settings: Unpack[EnvSettings]) -> None:
        self.render_mode, self._view, self._render_size = render_settings_of(settings)
        definition = definition_of(settings, "disabled")
        self._batch = SimBatch(definition, 1)
        self._observer = Observer(settings, definition, 1)
        self.observation_space = self._observer.space
        self.action_space: spaces.Box[Any] = action_space_of(definition)
        self._actions = np.zeros((1, 2))
        self._states = new_states(1)
        self._rewards = np.zeros(1)
        self._terminated = np.zeros(1, np.bool_)
        self._truncated = np.zeros(1, np.bool_)
        self._expert = np.zeros((1, 2)) if definition.struct.expert_actions else None
        self._outputs = Outputs()
        self._outputs.set("rewards", self._rewards)
        self._outputs.set("terminated", self._terminated)
        self._outputs.set("truncated", self._truncated)
        self._outputs.set("expert_actions", self._expert, "imp_action")
        self._outputs.set_states("states", self._states)
        self._action_memory = pointer(self._actions, "imp_action")
        self._seeded = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begins an episode: episode 0 of a seed, else the next one.

        Without a seed in its first call, the environment draws one. Returns (observation, info).
        """
        super().reset(seed=seed)
        if seed is None and not self._seeded:
            seed = int(self.np_random.integers(2**63))
        if seed is not None:
            self._batch.reseed(checked_seed(seed))
            self._seeded = True
        images = self._new_images()
        self._begin(dict(options or {}))
        return self._result(images)

    def _begin(self, options: dict[str, Any]) -> None:
        episode = options.pop("episode_number", None)
        pose = options.pop("pose", None)
        map_index = options.pop("map_index", None)
        if options:
            known = "episode_number, pose, map_index"
            raise UsageError(f"options: there is no '{next(iter(options))}'; there are: {known}")
        self._batch.reset(
            self._outputs, episodes=numbers_of("episode_number", episode, np.uint32, ())
        )
        if pose is not None:
            poses = checked("options: pose", pose, np.empty((1, 3)), (3,))
            maps = numbers_of("map_index", map_index, np.int32, ())
            self._batch.place(self._outputs, poses, maps)

    def step(self, action: ArrayLike) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Applies an action (2). Returns (observation, reward, terminated, truncated, info)."""
        checked("action", action, self._actions, (2,))
        images = self._new_images()
        self._batch.step(self._action_memory, self._outputs)
        observation, info = self._result(images)
        terminated, truncated = bool(self._terminated[0]), bool(self._truncated[0])
        return observation, float(self._rewards[0]), terminated, truncated, info

    def _new_images(self) -> dict[str, NDArray[Any]]:
        images = self._observer.new_images()
        self._observer.write(self._outputs, images)
        return images

    def _result(self, images: dict[str, NDArray[Any]]) -> tuple[Any, dict[str, Any]]:
        observations = self._observer.read(images, self._states)
        if isinstance(observations, dict):
            observation: Any = {name: array[0] for name, array in observations.items()}
        else:
            observation = observations[0]
        info: dict[str, Any] = {name: array[0].copy() for name, array in self._states.items()}
        if self._expert is not None:
            info["expert_action"] = self._expert[0].copy()
        return observation, info

    def render(self) -> NDArray[np.uint8] | None:
        """An image (height, width, 3) of what `render_view` says; None without a render mode."""
        if self.render_mode is None:
            return None
        return self._batch.render(0, self._view, self._render_size)

    def randomization(self) -> str:
        """What was drawn for the present episode, as JSON; "{}" if nothing is randomised."""
        return self._batch.sample(0)

    def close(self) -> None:
        """Frees the simulator. May be called again."""
        self._batch.close()


def numbers_of(
    name: str, values: Any, kind: DTypeLike, shape: tuple[int, ...]
) -> NDArray[Any] | None:
    """Whole numbers of an option of reset(), as an array of one dimension; None stays None."""
    if values is None:
        return None
    size = int(np.prod(shape))
    numbers = checked(f"options: {name}", values, np.empty(size, np.int64), shape)
    most = np.iinfo(np.dtype(kind)).max
    if numbers.min() < 0 or numbers.max() > most:
        raise UsageError(f"options: {name}: numbers within 0 to {most} are needed")
    return numbers.astype(kind)


def checked_seed(seed: int) -> int:
    """A seed that fits the library."""
    if not 0 <= seed < 2**64:
        raise UsageError(f"seed: {seed} is not within 0 to 2^64 - 1")
    return int(seed)
