"""Dataset aggregation: dagger() with our networks, or with policies that the user trains."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

from imprint._callbacks import Bridge
from imprint._definitions import Definition
from imprint._errors import UsageError, call, text
from imprint._hdf5 import hdf5_lock
from imprint._monitor import Monitor, ProgressCallback
from imprint._native import ffi, lib
from imprint._settings import TaskSettings
from imprint._tasks import Driver, expert_of, native_name, set_expert, sim_definition
from imprint.policies import AnyPolicy, Network, as_callback


@dataclass
class Training:
    """What a `train` function of dagger() gets.

    round: number of the round, from 0. datasets: folders of what was driven in all rounds so far,
    with the expert's actions as labels. folder: of this round's policy, for files of your own.
    previous: the policy of the round before, None in round 0. It may set loss and validation_loss,
    which then stand in the table of rounds.
    """

    round: int
    datasets: tuple[Path, ...]
    folder: Path
    previous: AnyPolicy | None
    loss: float = math.nan
    validation_loss: float = math.nan


@dataclass(frozen=True)
class Round:
    """A round of DAgger; see imp_dagger_round in imprint/dagger.h.

    expert_share: of the driving. frames: that it added. terminated: of its episodes. loss,
    validation_loss: of the policy trained after it. survived, completed, stalled: of its
    evaluation.
    progress: of the expert's. net_distance, distance: for each episode [m]. lane_distance [m],
    speed [m/s].
    """

    expert_share: float
    frames: int
    terminated: int
    loss: float
    validation_loss: float
    survived: int
    completed: int
    stalled: int
    progress: float
    net_distance: float
    lane_distance: float
    distance: float
    speed: float


@dataclass(frozen=True)
class Dagger:
    """What dagger() did: the rounds, the number of the best, and its policy."""

    folder: Path
    rounds: list[Round]
    best: int
    policy: AnyPolicy
    stopped_early: bool
    frames: int
    seconds: float


TrainFunction = Callable[[Training], AnyPolicy]
LoadFunction = Callable[[Path], AnyPolicy]


def dagger(
    folder: str | os.PathLike[str],
    *,
    expert: AnyPolicy = "expert",
    train: TrainFunction | Mapping[str, Any] | None = None,
    load: LoadFunction | None = None,
    rounds: int = 4,
    episodes: int = 100,
    steps: int = 100,
    first_episodes: int = 0,
    seed: int = 123,
    noise: float = 0.0,
    mix_steps: int = 30,
    hardest_of: int = 1,
    beta: str = "exponential",
    beta_decay: float = 0.5,
    patience: int = 0,
    eval_episodes: int = 50,
    eval_steps: int = 500,
    resume: bool = False,
    threads: int = 0,
    progress: ProgressCallback | None = None,
    **settings: Unpack[TaskSettings],
) -> Dagger:
    """Dataset aggregation (Ross et al. 2011), as `imprint dagger` does it: in round 0 the expert
    drives, then the policy trained so far, together with the expert, which labels every frame.

    expert: labels, and drives round 0: a name, or a function, see imprint.policies.
    train: a function that gets a Training and returns a policy of any kind; or fields of
        imp_train_def (imprint/train.h) for our own networks, as {"network": "one-residual",
        "epochs": 5}.
    load: reads a policy again from its folder, where `train` wrote it. A run in another process is
        resumed with it.
    rounds: in which the policy drives. episodes, steps: of each round; first_episodes: of round 0
        (0: as many). noise: disturbs round 0. beta, beta_decay: how the expert's share falls:
        "linear", "exponential" or "switch". hardest_of, mix_steps: see collect(). patience: stop
        after so many rounds without a better policy; 0: never. eval_episodes, eval_steps: of the
        evaluation after each round.

    Writes into the folder what was driven (`data-000`, datasets), what `train` writes (`model-000`)
    and rounds.csv. After Ctrl-C, or an exception of a function, `resume=True` goes on.
    """
    sim = sim_definition(dagger, settings, seed, threads)
    set_expert(sim, expert)
    own = train if callable(train) else None
    definition = Definition("imp_dagger_def", lib.imp_default_dagger_def())
    definition.struct.collect.sim = sim.struct
    definition.struct.eval.sim = sim.struct
    definition.update(
        {
            "collect": {
                "episodes": episodes,
                "steps": steps,
                "noise": noise,
                "mix_steps": mix_steps,
                "hardest_of": hardest_of,
            },
            "eval": {"episodes": eval_episodes, "steps": eval_steps},
            "first_episodes": first_episodes,
            "rounds": rounds,
            "beta": beta,
            "beta_decay": beta_decay,
            "patience": patience,
            "resume": resume,
        }
    )
    if train is not None and own is None:
        _set_training(definition, train)
    out = ffi.gc(ffi.new("imp_dagger_result *"), lib.imp_dagger_result_free)
    with Monitor(progress) as monitor:
        labels = None
        if native_name(expert) is None:
            labels = Driver(expert, sim, monitor)
            definition.set("collect.labeller", labels.pointer)
        else:
            definition.set("collect.label_policy", native_name(expert))
        trainer = None if own is None else _Trainer(own, load, sim, monitor)
        if trainer is not None:
            definition.set("policy_trainer", trainer.pointer)
        with hdf5_lock:
            monitor.call(
                lib.imp_run_dagger, out, os.fsencode(folder), definition.pointer, monitor.pointer
            )
    return _result(Path(folder), out, trainer)


def _set_training(definition: Definition, train: Any) -> None:
    if not isinstance(train, Mapping):
        raise UsageError(f"train: a function or a dict of settings is needed, not {train!r}")
    settings = dict(train)
    if isinstance(settings.get("network"), (str, os.PathLike)):
        settings["network"] = {"architecture": settings["network"]}
    definition.update(settings, "train.")


def _result(folder: Path, out: Any, trainer: "_Trainer | None") -> Dagger:
    rounds = [
        Round(**{name: getattr(out.rounds[k], name) for name in Round.__dataclass_fields__})
        for k in range(out.count)
    ]
    policy: AnyPolicy
    if trainer is None:
        policy = Network(folder / "model.safetensors")
    else:
        policy = trainer.policy_of(folder / f"model-{out.best:03d}")
    return Dagger(folder, rounds, out.best, policy, out.stopped_early, out.frames, out.seconds)


@dataclass
class _Trainer:
    """The user's training as an `imp_dagger_trainer *`."""

    train_function: TrainFunction
    load_function: LoadFunction | None
    sim: Definition
    monitor: Monitor
    policies: dict[Path, AnyPolicy] = field(default_factory=dict)
    bridges: list[Bridge] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._handle = ffi.new_handle(self)
        self.pointer = ffi.new("imp_dagger_trainer *")
        self.pointer.context = self._handle
        self.pointer.train = lib.imp_python_train
        self.pointer.open = lib.imp_python_open

    def policy_of(self, folder: Path) -> AnyPolicy:
        """The policy of a round, which `load` reads if another process trained it."""
        if folder not in self.policies:
            if self.load_function is None:
                raise UsageError(
                    f"{folder}: was trained by another process: give load=..., a function that "
                    f"reads a policy from its folder"
                )
            self.policies[folder] = self.load_function(folder)
        return self.policies[folder]

    def train(self, training: Any, loss: Any, validation_loss: Any, err: Any) -> int:
        """Calls the user's function. Datasets may be used meanwhile."""
        del err
        try:
            with hdf5_lock.released():
                previous = text(training.previous)
                wanted = Training(
                    training.round,
                    tuple(Path(text(training.datasets[k])) for k in range(training.dataset_count)),
                    Path(text(training.folder)),
                    self.policy_of(Path(previous)) if previous else None,
                )
                policy = self.train_function(wanted)
                if policy is None:
                    raise UsageError("train: returned None; it must return a policy")
                self.policies[wanted.folder] = policy
                loss[0], validation_loss[0] = wanted.loss, wanted.validation_loss
        except BaseException as error:
            self.monitor.stop(error)
            return int(lib.IMP_INTERRUPTED)
        return int(lib.IMP_OK)

    def open(self, folder: Any, out: Any, err: Any) -> int:
        """Opens a round's policy for the library."""
        del err
        try:
            with hdf5_lock.released():
                policy = self.policy_of(Path(text(folder)))
            name = native_name(policy)
            callback = None if name is not None else as_callback(policy)
            if callback is None:
                expert = expert_of(policy, self.sim)
                call(lib.imp_policy_factory_open, out, name, expert.pointer)
            else:
                camera = self.sim.struct.camera
                bridge = Bridge(callback, camera.width, camera.height, self.monitor)
                self.bridges.append(bridge)
                bridge.open(out)
        except BaseException as error:
            self.monitor.stop(error)
            return int(lib.IMP_INTERRUPTED)
        return int(lib.IMP_OK)

    def stop(self, error: BaseException) -> None:
        """Ends the run with an exception that came between."""
        self.monitor.stop(error)
