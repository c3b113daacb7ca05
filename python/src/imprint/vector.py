"""Gymnasium vector environments: any number of robots, stepped by one call of the library.

`gymnasium.make_vec("imprint/LaneFollowing-v0", num_envs=64, ...)` makes a LaneFollowingVectorEnv.
Environment k of a seed gives the same bytes whatever their number and the number of threads.
"""

from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imprint._arrays import check_buffer, checked, copy_plain, pointer
from imprint._batch import Outputs, SimBatch, new_states
from imprint._errors import UsageError
from imprint._image_pool import ImagePool
from imprint._pool import Pool
from imprint._settings import EnvSettings, definition_of
from imprint.environments import (
    MEMBERS,
    Actions,
    Observer,
    action_space_of,
    checked_seed,
    numbers_of,
    render_settings_of,
)

try:
    import gymnasium
    from gymnasium.vector import AutoresetMode, VectorEnv
    from gymnasium.vector.utils import batch_space
except ImportError:
    raise ImportError(
        f"vector environments need gymnasium 1.1 or later, not {gymnasium.__version__}, with "
        f"which single environments work: pip install 'gymnasium>=1.1'"
    ) from None

_MODES = {
    AutoresetMode.NEXT_STEP: "next_step",
    AutoresetMode.SAME_STEP: "same_step",
    AutoresetMode.DISABLED: "disabled",
}


class LaneFollowingVectorEnv(VectorEnv[Any, Actions, NDArray[Any]]):
    """`num_envs` robots, each in an environment of its own. Further settings: EnvSettings.

    autoreset_mode: what is done with an environment whose episode is over: AutoresetMode or its
        name, "next_step", "same_step" or "disabled"; NEXT_STEP.
    threads: how many threads step the environments; 0: one for each processor.
    copy: whether each step returns new arrays. False: the arrays of the last call are written
        again, which saves time; copy what you keep.

    Infos hold one array per quantity (docs/python.md). One thread at a time may use it.
    """

    def __init__(
        self,
        num_envs: int = 1,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        threads: int = 0,
        copy: bool = True,
        **settings: Unpack[EnvSettings],
    ) -> None:
        mode = _mode_of(autoreset_mode)
        if num_envs < 1:
            raise UsageError(f"num_envs: {num_envs} is below 1")
        self.render_mode, self._view, self._render_size = render_settings_of(settings)
        self.metadata = {
            "render_modes": ["rgb_array"],
            "render_fps": 30,
            "autoreset_mode": mode,
        }
        definition = definition_of(settings, _MODES[mode])
        definition.set("threads", threads)
        pool = Pool(threads)
        self._batch = SimBatch(definition, num_envs, pool)
        self._observer = Observer(settings, definition, num_envs)
        self.num_envs = num_envs
        self.single_observation_space = self._observer.space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.single_action_space = action_space_of(definition)
        self.action_space = action_space_of(definition, num_envs)
        self._copy = copy
        self._saves_finals = mode is AutoresetMode.SAME_STEP
        self._seeded = False
        self._allocate(bool(definition.struct.expert_actions))

    def _allocate(self, with_expert: bool) -> None:
        count = self.num_envs
        self._actions = np.zeros((count, 2))
        self._action_memory = pointer(self._actions, "imp_action")
        self._states = new_states(count)
        self._steps = {
            "rewards": np.zeros(count),
            "terminated": np.zeros(count, np.bool_),
            "truncated": np.zeros(count, np.bool_),
        }
        self._expert = np.zeros((count, 2)) if with_expert else None
        self._pool = ImagePool(self._observer.new_images)
        self._images = self._observer.new_images()
        self._outputs = Outputs()
        for name, array in self._steps.items():
            self._outputs.set(name, array)
        self._outputs.set_states("states", self._states)
        self._outputs.set("expert_actions", self._expert, "imp_action")
        self._observer.write(self._outputs, self._images)
        if self._saves_finals:
            self._final_states = new_states(count)
            self._outputs.set_states("final_states", self._final_states)
            self._final_images = self._new_final_images()
        # each array of an info, with its name and that of its mask
        self._info_arrays = [(name, f"_{name}", array) for name, array in self._states.items()]
        if self._expert is not None:
            self._info_arrays.append(("expert_action", "_expert_action", self._expert))
        self._all = np.ones(count, np.bool_)
        self._all.flags.writeable = False

    def _new_final_images(self) -> dict[str, NDArray[Any]]:
        images = self._observer.new_images()
        for kind, array in images.items():
            name = {"mask": "final_masks", "depth": "final_depths"}.get(kind, "final_observations")
            self._outputs.set(name, array)
        return images

    def reset(
        self,
        *,
        seed: int | list[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begins an episode in all environments: episode 0 of a seed, else each one's next.

        seed: environment k gets this seed and index k, so that they differ; or a list of seeds, one
            for each environment, with index 0, as single environments have them.
        options: {"reset_mask": bool (num_envs)} resets some; {"episode_number": int (num_envs)}
            says which episodes; {"pose": (num_envs, 3)} with "map_index" (num_envs) where they
            start.
        """
        chosen = dict(options or {})
        mask = self._mask_of(chosen.pop("reset_mask", None))
        self._take_seed(seed, mask)
        episodes = chosen.pop("episode_number", None)
        pose = chosen.pop("pose", None)
        map_index = chosen.pop("map_index", None)
        if chosen:
            known = "reset_mask, episode_number, pose, map_index"
            raise UsageError(f"options: there is no '{next(iter(chosen))}'; there are: {known}")
        if mask is None:
            self._renew_images()
        elif self._copy:  # the other rows stay
            self._images = {name: array.copy() for name, array in self._images.items()}
            self._observer.write(self._outputs, self._images)
        shape = (self.num_envs,)
        self._batch.reset(
            self._outputs, mask, numbers_of("episode_number", episodes, np.uint32, shape)
        )
        if pose is not None:
            poses = checked("options: pose", pose, np.empty((self.num_envs, 3)))
            maps = numbers_of("map_index", map_index, np.int32, shape)
            self._batch.place(self._outputs, poses, maps, mask)
        return self._observations(), self._infos(self._all if mask is None else mask.copy())

    def _mask_of(self, mask: Any) -> NDArray[np.bool_] | None:
        if mask is None:
            return None
        check_buffer("options: reset_mask", mask, np.bool_, (self.num_envs,), writable=False)
        if not mask.any():
            raise UsageError("options: reset_mask: at least one environment must be reset")
        return np.asarray(mask)

    def _take_seed(
        self, seed: int | list[int | None] | None, mask: NDArray[np.bool_] | None
    ) -> None:
        if isinstance(seed, (list, tuple)):
            if len(seed) != self.num_envs:
                raise UsageError(f"seed: {self.num_envs} seeds are needed, not {len(seed)}")
            if self._batch.textures_follow_from_seed:
                raise UsageError("seed: with worn roads one seed holds for all environments")
            self._batch.reseed([None if n is None else checked_seed(n) for n in seed])
            self._seeded = True
            return
        super().reset(seed=seed)
        if seed is None and not self._seeded:
            seed = int(self.np_random.integers(2**63))
        if seed is None:
            return
        if mask is not None and self._seeded:
            raise UsageError("seed: a seed holds for all environments: reset without reset_mask")
        self._batch.reseed(checked_seed(seed))
        self._seeded = True

    def step(
        self, actions: ArrayLike
    ) -> tuple[Any, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Applies actions (num_envs, 2). Returns observations, rewards (float64), terminations,
        truncations (bool) and infos, each with one row per environment.
        """
        if not copy_plain(actions, self._actions):
            checked("actions", actions, self._actions)
        self._renew_images()
        self._batch.step(self._action_memory, self._outputs)
        rewards, terminated, truncated = (self._kept(array) for array in self._steps.values())
        infos = self._infos(self._all)
        if self._saves_finals:
            over = terminated | truncated
            if over.any():
                self._add_finals(infos, over)
        return self._observations(), rewards, terminated, truncated, infos

    def _kept(self, array: NDArray[Any]) -> NDArray[Any]:
        return array.copy() if self._copy else array

    def _renew_images(self) -> None:
        # images are large: drawing into other arrays is faster than copying them
        if self._copy:
            taken = self._pool.take()
            for kind, memory in taken.memory.items():
                self._outputs.set_memory(MEMBERS.get(kind, "observations"), memory)
            self._images = taken.views()

    def _observations(self) -> Any:
        return self._observer.read(self._images, self._states)

    def _infos(self, which: NDArray[np.bool_]) -> dict[str, Any]:
        infos: dict[str, Any] = {}
        for name, mask, array in self._info_arrays:
            infos[name] = array.copy() if self._copy else array
            infos[mask] = which
        return infos

    def _add_finals(self, infos: dict[str, Any], over: NDArray[np.bool_]) -> None:
        """Adds what the episodes that ended in this step ended with, as Gymnasium does: arrays of
        objects for observations, arrays per quantity for infos; masks say for which environments.
        """
        observations = self._observer.read(self._final_images, self._final_states)
        final_obs = np.full(self.num_envs, None, dtype=object)
        for k in np.flatnonzero(over):
            if isinstance(observations, dict):
                final_obs[k] = {name: array[k].copy() for name, array in observations.items()}
            else:
                final_obs[k] = observations[k].copy()
        infos["final_obs"] = final_obs
        infos["_final_obs"] = over.copy()
        final_info: dict[str, Any] = {}
        for name, array in self._final_states.items():
            final_info[name] = array.copy()
            final_info[f"_{name}"] = over.copy()
        infos["final_info"] = final_info
        infos["_final_info"] = over.copy()

    def render(self) -> tuple[NDArray[np.uint8], ...] | None:
        """An image (height, width, 3) of each environment; None without a render mode."""
        if self.render_mode is None:
            return None
        return tuple(
            self._batch.render(k, self._view, self._render_size) for k in range(self.num_envs)
        )

    def randomization(self) -> list[str]:
        """What was drawn for each present episode, as JSON; "{}" if nothing is randomised."""
        return [self._batch.sample(k) for k in range(self.num_envs)]

    def close_extras(self, **kwargs: Any) -> None:
        """Frees the simulators and ends the threads."""
        del kwargs
        self._batch.close()


def _mode_of(mode: AutoresetMode | str) -> AutoresetMode:
    if isinstance(mode, AutoresetMode):
        return mode
    for known, word in _MODES.items():
        if mode.lower().replace("-", "_") in (word, known.value.lower()):
            return known
    words = ", ".join(_MODES.values())
    raise UsageError(f"autoreset_mode: there is no '{mode}'; there are: {words}")
