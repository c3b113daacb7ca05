"""Collecting datasets: collect() lets an expert or a policy drive and records it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Unpack

from imprint._definitions import Definition
from imprint._errors import UsageError
from imprint._hdf5 import hdf5_lock
from imprint._monitor import Monitor, ProgressCallback
from imprint._native import ffi, lib
from imprint._settings import TaskSettings
from imprint._tasks import Driver, native_name, set_expert, sim_definition
from imprint.policies import AnyPolicy


@dataclass(frozen=True)
class Collection:
    """What collect() did.

    episodes: written in this call; resumed: there before. frames: written. reward: mean for each
    episode. left_road, collided: how many episodes ended so. seconds: that it took.
    """

    folder: Path
    episodes: int
    resumed: int
    frames: int
    reward: float
    left_road: int
    collided: int
    seconds: float


def collect(
    folder: str | os.PathLike[str],
    *,
    expert: AnyPolicy = "expert",
    policy: AnyPolicy | None = None,
    episodes: int = 10,
    steps: int = 512,
    seed: int = 123,
    noise: float = 0.0,
    noise_time: float = 0.5,
    start_offset: float = 0.0,
    speed_spread: float = 0.0,
    expert_share: float = 0.0,
    mix_steps: int = 1,
    safe_switching: bool = False,
    hardest_of: int = 1,
    observation: Literal["image", "segments"] = "image",
    resume: bool = False,
    threads: int = 0,
    progress: ProgressCallback | None = None,
    **settings: Unpack[TaskSettings],
) -> Collection:
    """Drives episodes and writes them to a new dataset folder, as `imprint log` does.

    The expert drives, and its actions are the labels; with `policy`, that drives and the expert
    labels what it does. Both may be functions: see imprint.policies.

    episodes, steps: how many, and how long at most. noise, noise_time: standard deviation of a
    disturbance of executed duty cycles, and how long one lasts [s]. start_offset: start within this
    of the lane's centre [m]. speed_spread: episodes are driven faster or slower by this share.
    expert_share, mix_steps: with `policy`, the share of steps that the expert drives, and how many
    in a row. safe_switching: the expert takes over near the road's edge. hardest_of: of so many
    drives one is recorded. observation: what is recorded, and what `policy` sees. settings: where
    and how is driven, see TaskSettings.

    Ctrl-C and exceptions of a function end it within a second. Whole episodes recorded until then
    are kept, and the exception reaches the caller: `resume=True` goes on behind them. It needs the
    same settings, and functions whose name and `identity` are the same.
    """
    sim = sim_definition(collect, settings, seed, threads, observation)
    set_expert(sim, expert)
    definition = Definition("imp_collect_def", lib.imp_default_collect_def())
    definition.struct.sim = sim.struct
    definition.update(
        {
            "episodes": episodes,
            "steps": steps,
            "noise": noise,
            "noise_time": noise_time,
            "start_offset": start_offset,
            "speed_spread": speed_spread,
            "expert_share": expert_share,
            "mix_steps": mix_steps,
            "safe_switching": safe_switching,
            "hardest_of": hardest_of,
            "resume": resume,
        }
    )
    summary = ffi.new("imp_collect_summary *")
    with Monitor(progress) as monitor:
        drivers = set_drivers(definition, sim, monitor, expert, policy)
        with hdf5_lock:
            monitor.call(
                lib.imp_collect, summary, os.fsencode(folder), definition.pointer, monitor.pointer
            )
        del drivers
    return Collection(
        Path(folder),
        summary.episodes,
        summary.resumed,
        summary.frames,
        summary.reward_mean,
        summary.left_road,
        summary.collided,
        summary.seconds,
    )


def set_drivers(
    definition: Definition,
    sim: Definition,
    monitor: Monitor,
    expert: AnyPolicy,
    policy: AnyPolicy | None,
) -> list[Driver]:
    """Sets who drives and who labels in an imp_collect_def. The result must outlive the call."""
    name = native_name(expert)
    drivers = []
    if name is None:
        labels = Driver(expert, sim, monitor)
        drivers.append(labels)
        definition.set("labeller" if policy is not None else "driver", labels.pointer)
    elif policy is None:
        definition.set("policy", name)
    else:
        definition.set("label_policy", name)
    if policy is not None:
        driver = Driver(policy, sim, monitor)
        drivers.append(driver)
        definition.set("driver", driver.pointer)
    elif definition.struct.expert_share or definition.struct.hardest_of > 1:
        raise UsageError("expert_share and hardest_of need a policy that drives: give policy=...")
    return drivers
