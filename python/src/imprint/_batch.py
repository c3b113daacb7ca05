"""Simulators that are stepped together: what the Gymnasium environments stand on.

A SimBatch owns `count` simulators of one definition. reset() and step() are one call of the library
each, which writes into the arrays that the caller chose with Outputs. One thread at a time may use
a batch; another gets BusyError.
"""

import enum
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from imprint._arrays import pointer
from imprint._definitions import Definition
from imprint._errors import BusyError, ClosedError, call, error_of, text
from imprint._native import ffi, lib
from imprint._pool import Pool


class EndReason(enum.IntEnum):
    """Why an episode ended: `end_reason` of the info."""

    NONE = lib.IMP_END_NONE
    INVALID_POSE = lib.IMP_END_INVALID_POSE
    MAX_STEPS = lib.IMP_END_MAX_STEPS
    ARRIVED = lib.IMP_END_ARRIVED
    COLLISION = lib.IMP_END_COLLISION
    OUT_OF_TILE = lib.IMP_END_OUT_OF_TILE
    POLICY_FAILED = lib.IMP_END_POLICY_FAILED


# The members of imp_sim_state_arrays: type, and shape after the number of environments. Infos must
# not hold "episode": wrappers of Gymnasium and others put their statistics there.
STATES: dict[str, tuple[DTypeLike, tuple[int, ...]]] = {
    "pose": (np.float64, (3,)),
    "speed": (np.float64, ()),
    "turn_rate": (np.float64, ()),
    "lane_distance": (np.float64, ()),
    "lane_angle": (np.float64, ()),
    "in_lane": (np.bool_, ()),
    "frame": (np.int32, ()),
    "map_index": (np.int32, ()),
    "end_reason": (np.int32, ()),
    "episode_number": (np.uint32, ()),
}


# where results of other names than those of the states go: members of imp_sim_buffers
_MEMBERS = {
    "image": "observations",
    "segments": "observations",
    "mask": "masks",
    "depth": "depths",
    "reward": "rewards",
    "expert_action": "expert_actions",
}
# C types of items that are structs
_STRUCTS = {"expert_action": "imp_action"}


def new_states(count: int) -> dict[str, NDArray[Any]]:
    """Arrays for the states of `count` environments."""
    return {name: np.zeros((count, *shape), kind) for name, (kind, shape) in STATES.items()}


@dataclass(frozen=True)
class ImageSize:
    """Size of an image [px]."""

    width: int
    height: int


class Outputs:
    """Where a batch writes its results: an `imp_sim_buffers` and the arrays that it points to.

    What is not set is not computed.
    """

    def __init__(self) -> None:
        self.struct = ffi.new("imp_sim_buffers *")
        self._kept: dict[str, Any] = {}

    def set(self, name: str, array: NDArray[Any] | None, kind: str | None = None) -> None:
        """Sets one array, as "observations". kind: the C type of its items, if it is a struct."""
        memory = self._kept[name] = pointer(array, kind)
        setattr(self.struct, name, memory)

    def set_result(self, name: str, array: NDArray[Any]) -> None:
        """Sets one array by the name of what it holds: a kind of image, a member of the states, or
        "reward", "terminated", "truncated", "expert_action".
        """
        if name in STATES:
            self.set_states("states", {name: array})
        else:
            self.set(_MEMBERS.get(name, name), array, _STRUCTS.get(name))

    def set_states(self, name: str, states: dict[str, NDArray[Any]]) -> None:
        """Sets the arrays of "states" or "final_states"."""
        to = getattr(self.struct, name)
        for member, array in states.items():
            memory = self._kept[f"{name}.{member}"] = pointer(array)
            setattr(to, "episode" if member == "episode_number" else member, memory)


class SimBatch:
    """`count` simulators, and the pool of threads that steps them; without one, this thread does.

    Raises what imp_sim_create_many() fails with.
    """

    def __init__(self, definition: Definition, count: int, pool: Pool | None = None) -> None:
        self.definition = definition
        self.count = count
        self._pool = pool
        self._lock = threading.Lock()
        self._sims: Any = None
        self._err = ffi.new("imp_error *")
        self._create()

    def _create(self) -> None:
        sims = ffi.new(f"imp_sim *[{self.count}]")
        call(lib.imp_sim_create_many, sims, self.count, self.definition.pointer)
        self._sims = ffi.gc(sims, _destroyer(self.count))

    @property
    def textures_follow_from_seed(self) -> bool:
        """Whether what maps are drawn with depends on the seed: with worn roads."""
        return bool(self.definition.struct.randomization.strength[lib.IMP_GROUP_ROAD] > 0.0)

    @contextmanager
    def in_use(self) -> Iterator[Any]:
        """The simulators as `imp_sim **`, for this thread alone; else ClosedError or BusyError."""
        if not self._lock.acquire(blocking=False):
            raise BusyError("another thread uses this environment: give each thread its own")
        try:
            if self._sims is None:
                raise ClosedError("the environment is closed")
            yield self._sims
        finally:
            self._lock.release()

    def reseed(self, seeds: list[int | None] | int) -> None:
        """Takes another seed for all, or for each a seed of its own, with index 0; None: none.

        The next episode is 0. With worn roads the simulators are made again, because textures
        follow from the seed, too: then one seed must hold for all.
        """
        with self.in_use() as sims:
            if isinstance(seeds, int):
                if self.textures_follow_from_seed and seeds != self.definition.struct.env.seed:
                    self.definition.set("env.seed", seeds)
                    ffi.release(sims)
                    self._sims = None
                    self._create()
                    return
                self.definition.set("env.seed", seeds)
                first = self.definition.struct.env.index
                for k in range(self.count):
                    call(lib.imp_sim_set_seed, sims[k], seeds, first + k)
                return
            for k, seed in enumerate(seeds):
                if seed is not None:
                    call(lib.imp_sim_set_seed, sims[k], seed, 0)

    def reset(
        self,
        outputs: Outputs,
        mask: NDArray[np.bool_] | None = None,
        episodes: NDArray[np.uint32] | None = None,
    ) -> None:
        """Begins new episodes: in all environments, or where mask (count) is true; the next ones,
        or those with the numbers `episodes` (count).
        """
        with self.in_use() as sims:
            call(
                lib.imp_sim_reset_many,
                self._threads,
                sims,
                self.count,
                pointer(mask),
                pointer(episodes),
                outputs.struct,
            )

    def place(
        self,
        outputs: Outputs,
        poses: NDArray[np.float64],
        maps: NDArray[np.int32] | None = None,
        mask: NDArray[np.bool_] | None = None,
    ) -> None:
        """Begins the present episodes again at poses (count, 3), valid or not, on the maps with
        these indices (0), and writes what `outputs` asks for but rewards and flags.
        """
        with self.in_use() as sims:
            for k in range(self.count):
                if mask is None or mask[k]:
                    episode = lib.imp_sim_get_state(sims[k]).episode
                    map_index = 0 if maps is None else int(maps[k])
                    start = ffi.new("imp_pose *", poses[k].tolist())[0]
                    call(lib.imp_sim_reset_at, sims[k], episode, map_index, start)
            call(lib.imp_sim_observe_many, self._threads, sims, self.count, outputs.struct)

    def sample(self, k: int) -> str:
        """What was drawn for the present episode of environment k, as JSON."""
        with self.in_use() as sims:
            drawn = lib.imp_sim_randomization_sample(sims[k])
            if not drawn:
                return "{}"
            out = ffi.new("char[]", lib.IMP_SAMPLE_JSON_MAX)
            lib.imp_randomization_sample_json(drawn, out)
            return text(out)

    def step(self, actions: Any, outputs: Outputs) -> None:
        """Steps all by actions: the pointer to (count) imp_action."""
        if not self._lock.acquire(blocking=False):
            raise BusyError("another thread uses this environment: give each thread its own")
        try:
            if self._sims is None:
                raise ClosedError("the environment is closed")
            err = self._err
            status = lib.imp_sim_step_many(
                self._threads, self._sims, self.count, actions, outputs.struct, err
            )
            if status != lib.IMP_OK:
                raise error_of(status, err)
        finally:
            self._lock.release()

    @property
    def _threads(self) -> Any:
        return self._pool.pointer if self._pool is not None else ffi.NULL

    def render(self, k: int, view: str, size: ImageSize) -> NDArray[np.uint8]:
        """An image (height, width, 3) of environment k: its map from above ("top_down"), or what
        its camera shows at that size ("camera").
        """
        rgb = np.empty((size.height, size.width, 3), np.uint8)
        with self.in_use() as sims:
            if view == "top_down":
                lib.imp_sim_render_top_down(sims[k], size.width, size.height, pointer(rgb))
            else:
                self._render_camera(sims[k], size, rgb)
        return rgb

    def _render_camera(self, sim: Any, size: ImageSize, rgb: NDArray[np.uint8]) -> None:
        camera = ffi.new("imp_camera_def *", lib.imp_sim_camera(sim)[0])
        if (camera.width, camera.height) == (size.width, size.height):
            lib.imp_sim_observe(sim, pointer(rgb))
            return
        camera.width, camera.height = size.width, size.height
        out = ffi.new("imp_renderer **")
        call(lib.imp_renderer_create, out, camera, lib.IMP_RENDER_AUTO)
        renderer = ffi.gc(out[0], lib.imp_renderer_destroy)
        view = ffi.new("imp_view *", lib.imp_sim_camera_view(sim))
        lib.imp_render(renderer, lib.imp_sim_scene(sim), view, pointer(rgb))
        ffi.release(renderer)

    def close(self) -> None:
        """Frees the simulators and ends the threads. May be called again."""
        with self._lock:
            if self._sims is not None:
                ffi.release(self._sims)
                self._sims = None
                if self._pool is not None:
                    self._pool.close()


def _destroyer(count: int) -> Any:
    """What frees the simulators of an array; it must not hold the batch."""
    destroy = lib.imp_sim_destroy

    def free(sims: Any) -> None:
        for k in range(count):
            destroy(sims[k])

    return free
