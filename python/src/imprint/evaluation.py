"""Evaluating policies: evaluate() and its results."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Unpack, cast

import numpy as np
from numpy.typing import NDArray

from imprint._definitions import Definition, enumerators
from imprint._errors import text
from imprint._monitor import Monitor, ProgressCallback
from imprint._native import ffi, lib
from imprint._old_names import with_present_names
from imprint._settings import TaskSettings
from imprint._tasks import Driver, set_expert, sim_definition
from imprint.policies import AnyPolicy, Expert


class Estimate(NamedTuple):
    """A figure and its 95 % confidence interval; NaN if there are too few episodes."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Statistics:
    """Figures over episodes; imp_eval_stats of imprint/evaluate.h.

    completed: episodes that reached their last step without a stall. survived: that reached it.
    stalled: that got nowhere for ten seconds with nothing to wait for.
    completion, survival: as shares. progress: net distance, relative to our expert's from the same
    starts. net_distance, distance: along the lanes, for each episode [m]. reward: for each episode.
    speed: [m/s]. lane_distance: mean |distance from the lane's centre| [m]. action_error: mean
    |duty cycle - the expert's|; NaN without ask_expert.

    With navigation commands: crossed: intersections with a choice; commanded: of these, with a
    command; followed and wrong_turns: of these; obedience: followed as a share of commanded.
    With wanted speeds: speed_error: mean |speed - wanted| [m/s]. With routes: episodes that had
    one, and that arrived; arrival: as a share; detour: distance driven over the planned.
    """

    episodes: int
    completed: int
    survived: int
    stalled: int
    completion: Estimate
    progress: Estimate
    net_distance: Estimate
    survival: Estimate
    reward: Estimate
    distance: Estimate
    speed: Estimate
    lane_distance: Estimate
    action_error: Estimate
    crossed: int
    commanded: int
    followed: int
    wrong_turns: int
    obedience: Estimate
    speed_error: Estimate
    routes: int
    arrived: int
    arrival: Estimate
    detour: Estimate


@dataclass(frozen=True)
class Doubt:
    """How well a policy's doubt predicts its failures; imp_doubt_stats of imprint/evaluate.h.

    decisions: that count; failing: of these, those with the end of their episode within 2 s.
    episodes, failed_episodes: with decisions of either kind. auroc: probability that doubt is
    larger at a failing decision than at another; NaN without failures. mean: of doubt.
    calibration_error: mean |doubt - share that fails| of ten groups of decisions.
    """

    decisions: int
    failing: int
    episodes: int
    failed_episodes: int
    auroc: Estimate
    mean: float
    calibration_error: float


EPISODE: np.dtype[Any] = np.dtype(
    [
        ("ending", "i4"),
        ("map_index", "i4"),
        ("steps", "i4"),
        ("completed", "?"),
        ("stalled", "?"),
        ("reward", "f8"),
        ("distance", "f8"),
        ("net_distance", "f8"),
        ("expert_net_distance", "f8"),
        ("progress", "f8"),
        ("speed", "f8"),
        ("lane_distance", "f8"),
        ("action_error", "f8"),
        ("start", "f8", (3,)),
        ("end", "f8", (3,)),
        ("collided_with", "U16"),
        ("crossed", "i4"),
        ("commanded", "i4"),
        ("followed", "i4"),
        ("wrong_turns", "i4"),
        ("wanted_speed", "f8"),
        ("speed_error", "f8"),
        ("route_length", "f8"),
    ]
)
"""The type of Evaluation.episodes. `ending` is of imprint.EndReason; `start` and `end` are poses:
x, z [m], heading [rad]; `collided_with` is the kind of object of a collision, such as "cone", or
"". `wanted_speed` [m/s] and `route_length` [m] are 0 where nothing was asked for. The others are
figures of Statistics, for one episode."""


@dataclass(frozen=True)
class Trajectory:
    """One episode: poses [steps + 1, 3]; lane_distances [steps], in metres, NaN off the lanes;
    actions [steps, 4], the policy's duty cycles and the expert's, or None without ask_expert.
    """

    poses: NDArray[np.float64]
    lane_distances: NDArray[np.float32]
    actions: NDArray[np.float32] | None


@dataclass(frozen=True)
class Evaluation:
    """Results of evaluate().

    statistics: over all episodes; maps: over those of each map. lane_distance_p95: 95th percentile
    of |lane distance| [m]. doubt: None if the policy has none. worst: numbers of the worst
    episodes. episodes: [episodes] of the type EPISODE. trajectories: of the first `keep` episodes.
    seconds: that it took.
    """

    statistics: Statistics
    maps: dict[str, Statistics]
    lane_distance_p95: float
    doubt: Doubt | None
    worst: tuple[int, ...]
    episodes: NDArray[Any]
    trajectories: list[Trajectory]
    seconds: float

    @property
    def completed(self) -> int:
        """Episodes that reached their last step without a stall."""
        return self.statistics.completed

    def __str__(self) -> str:
        s = self.statistics
        return (
            f"completed {s.completed} of {s.episodes}, {s.speed.value:.2f} m/s, "
            f"{100.0 * s.lane_distance.value:.1f} cm from the lane's centre, "
            f"{100.0 * s.progress.value:.0f} % of the expert's progress"
        )


def evaluate(
    policy: AnyPolicy,
    *,
    episodes: int = 10,
    steps: int = 65,
    settle_steps: int = 0,
    seed: int = 123,
    plot_episodes: int = 0,
    ask_expert: bool = False,
    expert: Expert | None = None,
    report: str | os.PathLike[str] | None = None,
    threads: int = 0,
    progress: ProgressCallback | None = None,
    **settings: Unpack[TaskSettings],
) -> Evaluation:
    """Drives episodes with a policy (see imprint.policies) and measures how well it drives.

    Equal settings and seed give the same starts to every policy, and the results of
    `imprint eval`. Our expert drives from each start, too, to compare progress with.

    episodes, steps: how many, and how long at most. settle_steps: first steps that figures of
    speed and lane leave out. plot_episodes: first episodes whose trajectories are kept. ask_expert:
    also compare with the expert's action in every state. expert: our expert with other settings.
    report: a folder for report.html with plots, trajectories and the worst episodes. threads: 0:
    one for each processor. settings: where and how is driven, see TaskSettings.

    Ctrl-C and exceptions of the policy end it within a second, and reach the caller.
    """
    present = with_present_names(settings)
    plot_episodes = present.pop("plot_episodes", plot_episodes)
    sim = sim_definition(evaluate, cast(TaskSettings, present), seed, threads)
    if expert is not None:
        set_expert(sim, expert)
    sim.set("env.index", 1)  # keeps starts apart from those of collected data
    definition = Definition("imp_eval_def", lib.imp_default_eval_def())
    definition.struct.sim = sim.struct
    definition.update(
        {
            "episodes": episodes,
            "steps": steps,
            "settle_steps": settle_steps,
            "plot_episodes": max(plot_episodes, episodes) if report is not None else plot_episodes,
            "ask_expert": ask_expert or report is not None,
        }
    )
    out = ffi.gc(ffi.new("imp_evaluation *"), lib.imp_evaluation_free)
    with Monitor(progress) as monitor:
        driver = Driver(policy, sim, monitor)
        monitor.call(lib.imp_evaluate, out, driver.pointer, definition.pointer, monitor.pointer)
        if report is not None:
            _write_report(Path(report), driver, definition, out, monitor)
    return _evaluation(out, plot_episodes, ask_expert)


def _write_report(
    folder: Path, driver: Driver, definition: Definition, evaluation: Any, monitor: Monitor
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    report = Definition("imp_eval_report_def", ffi.new("imp_eval_report_def *")[0])
    names = ffi.new("char *[]", [lib.imp_policy_factory_name(driver.pointer)])
    drivers = ffi.new("imp_policy_factory *[]", [driver.pointer])
    report.set("folder", folder)
    report.set("count", 1)
    report.set("names", names)
    report.set("drivers", drivers)
    report.set("defs", definition.pointer)
    report.set("evaluations", evaluation)
    monitor.call(lib.imp_eval_report_write, report.pointer, monitor.pointer)


def statistics_of(stats: Any) -> Statistics:
    """An imp_eval_stats as Python values."""
    values: dict[str, Any] = {}
    for name in Statistics.__dataclass_fields__:
        value = getattr(stats, name)
        values[name] = (
            int(value) if isinstance(value, int) else Estimate(value.value, value.low, value.high)
        )
    return Statistics(**values)


def _doubt(stats: Any) -> Doubt:
    area = stats.auroc
    return Doubt(
        decisions=stats.decisions,
        failing=stats.failing,
        episodes=stats.episodes,
        failed_episodes=stats.failed_episodes,
        auroc=Estimate(area.value, area.low, area.high),
        mean=stats.mean,
        calibration_error=stats.calibration_error,
    )


def _evaluation(out: Any, keep: int, ask_expert: bool) -> Evaluation:
    episodes = np.zeros(out.episodes, EPISODE)
    trajectories = []
    last_step = enumerators("imp_end_reason")["max_steps"]
    for k in range(out.episodes):
        result = out.results[k]
        episodes[k] = (
            result.ending,
            result.map_index,
            result.steps,
            result.ending == last_step and not result.stalled,
            result.stalled,
            result.reward,
            result.distance,
            result.net_distance,
            result.expert_net_distance,
            result.progress,
            result.speed_mean,
            result.lane_distance_mean,
            result.action_error,
            (result.start.x, result.start.z, result.start.heading),
            (result.end.x, result.end.z, result.end.heading),
            ffi.string(lib.imp_episode_collided_with(ffi.addressof(result))).decode(),
            result.crossed,
            result.commanded,
            result.followed,
            result.wrong_turns,
            result.wanted_speed,
            result.speed_error,
            result.route_length,
        )
        if k < keep:
            trajectories.append(_trajectory(result, ask_expert))
    return Evaluation(
        statistics=statistics_of(out.stats),
        maps={text(m.name): statistics_of(m.stats) for m in out.maps[0 : out.map_count]},
        lane_distance_p95=out.lane_distance_p95,
        doubt=_doubt(out.doubt) if out.doubt.decisions > 0 else None,
        worst=tuple(out.worst[k] for k in range(out.worst_count)),
        episodes=episodes,
        trajectories=trajectories,
        seconds=out.seconds,
    )


def _trajectory(result: Any, ask_expert: bool) -> Trajectory:
    steps = result.steps
    actions = _copy(result.actions, 16 * steps, np.float32).reshape(-1, 4) if ask_expert else None
    return Trajectory(
        poses=_copy(result.poses, 24 * (steps + 1), np.float64).reshape(-1, 3),
        lane_distances=_copy(result.lane_distances, 4 * steps, np.float32),
        actions=actions,
    )


def _copy(memory: Any, size: int, kind: type[np.generic]) -> NDArray[Any]:
    return np.frombuffer(ffi.buffer(memory, size), kind).copy()
