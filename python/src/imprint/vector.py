"""Gymnasium vector environments: any number of robots, stepped by one call of the library.

`gymnasium.make_vec("imprint/LaneFollowing-v0", num_envs=64, ...)` makes a LaneFollowingVectorEnv.
Environment k of a seed gives the same bytes whatever their number and the number of threads.
"""

from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imprint._array_pool import ArrayPool, Arrays, PooledArrays
from imprint._arrays import check_buffer, checked, copy_plain, pointer
from imprint._batch import STATES, Outputs, SimBatch, new_states
from imprint._errors import UsageError
from imprint._pool import Pool
from imprint._settings import EnvSettings, definition_of
from imprint.environments import (
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
        self._image_kinds = self._observer.image_kinds()
        # names of an info's arrays, each with that of its mask
        self._info_names = [(name, f"_{name}") for name in STATES]
        kinds = {name: ((count, *shape), kind) for name, (kind, shape) in STATES.items()}
        kinds |= dict.fromkeys(("terminated", "truncated"), ((count,), np.bool_))
        kinds |= {"reward": ((count,), np.float64), **self._image_kinds}
        if with_expert:
            kinds["expert_action"] = ((count, 2), np.float64)
            self._info_names.append(("expert_action", "_expert_action"))
        if self._saves_finals:
            self._final_states = new_states(count)
            self._final_images = self._observer.new_images()
        self._pool = ArrayPool(kinds, self._new_outputs)
        self._taken = self._pool.take()
        self._all = np.ones(count, np.bool_)
        self._all.flags.writeable = False

    def _new_outputs(self) -> Outputs:
        outputs = Outputs()
        if self._saves_finals:
            outputs.set_states("final_states", self._final_states)
            for kind, array in self._final_images.items():
                name = {"mask": "final_masks", "depth": "final_depths"}
                outputs.set(name.get(kind, "final_observations"), array)
        return outputs

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
        taken = self._take()
        if mask is not None:  # the other rows stay
            for name, array in taken.arrays.items():
                array[...] = self._taken.arrays[name]
        shape = (self.num_envs,)
        numbers = numbers_of("episode_number", episodes, np.uint32, shape)
        self._batch.reset(taken.outputs, mask, numbers)
        if pose is not None:
            poses = checked("options: pose", pose, np.empty((self.num_envs, 3)))
            maps = numbers_of("map_index", map_index, np.int32, shape)
            self._batch.place(taken.outputs, poses, maps, mask)
        self._taken = taken
        results = self._results()
        which = self._all if mask is None else mask.copy()
        return self._observations(results), self._infos(results, which)

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
        taken = self._take()
        self._batch.step(self._action_memory, taken.outputs)
        self._taken = taken
        results = self._results()
        terminated, truncated = results["terminated"], results["truncated"]
        infos = self._infos(results, self._all)
        if self._saves_finals:
            over = terminated | truncated
            if over.any():
                self._add_finals(infos, over)
        return self._observations(results), results["reward"], terminated, truncated, infos

    def _take(self) -> PooledArrays:
        """Where the library writes the results of the next call; they count when it succeeds."""
        return self._pool.take() if self._copy else self._taken

    def _results(self) -> Arrays:
        return self._taken.views() if self._copy else self._taken.arrays

    def _observations(self, results: Arrays) -> Any:
        return self._observer.read({kind: results[kind] for kind in self._image_kinds}, results)

    def _infos(self, results: Arrays, which: NDArray[np.bool_]) -> dict[str, Any]:
        infos: dict[str, Any] = {}
        for name, mask in self._info_names:
            infos[name] = results[name]
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
