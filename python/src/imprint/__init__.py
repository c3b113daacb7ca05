"""Imitation learning from simulation for Duckiebots: the Python package of `imprint`.

The C library does the work; this package hands NumPy arrays to it. docs/python.md is the guide.
"""

import importlib as _importlib
from typing import TYPE_CHECKING, Any

from imprint._batch import EndReason
from imprint._callbacks import STATE
from imprint._conditions import Command
from imprint._dataset_files import DatasetInfo, Driver, Episode
from imprint._errors import (
    BadInputError,
    BusyError,
    CheckFailedError,
    ClosedError,
    Hint,
    ImprintError,
    InputOutputError,
    InternalError,
    OutOfMemoryError,
    StoppedError,
    UsageError,
    text,
)
from imprint._monitor import Progress, ProgressCallback
from imprint._native import lib as _lib
from imprint._settings import EnvSettings, TaskSettings, builtin_maps, generate_map
from imprint._statistics import ColumnStatistics
from imprint.aggregation import Dagger, Round, Training, dagger
from imprint.collection import Collection, collect
from imprint.datasets import Dataset, DatasetStatistics
from imprint.evaluation import Doubt, Estimate, Evaluation, Statistics, Trajectory, evaluate
from imprint.exports import RobomimicExport, export_minari, export_robomimic, export_trainlog
from imprint.lerobot import LeRobotExport, export_lerobot
from imprint.policies import (
    Callback,
    Expert,
    Network,
    OnnxPolicy,
    TorchPolicy,
    load_policy,
    policy,
)
from imprint.training import Trained, train

if TYPE_CHECKING:
    from imprint.environments import LaneFollowingEnv
    from imprint.vector import LaneFollowingVectorEnv

__version__: str = text(_lib.imp_version())

__all__ = [
    "STATE",
    "BadInputError",
    "BusyError",
    "Callback",
    "CheckFailedError",
    "ClosedError",
    "Collection",
    "ColumnStatistics",
    "Command",
    "Dagger",
    "Dataset",
    "DatasetInfo",
    "DatasetStatistics",
    "Doubt",
    "Driver",
    "EndReason",
    "EnvSettings",
    "Episode",
    "Estimate",
    "Evaluation",
    "Expert",
    "Hint",
    "ImprintError",
    "InputOutputError",
    "InternalError",
    "LaneFollowingEnv",
    "LaneFollowingVectorEnv",
    "LeRobotExport",
    "Network",
    "OnnxPolicy",
    "OutOfMemoryError",
    "Progress",
    "ProgressCallback",
    "RobomimicExport",
    "Round",
    "Statistics",
    "StoppedError",
    "TaskSettings",
    "TorchPolicy",
    "Trained",
    "Training",
    "Trajectory",
    "UsageError",
    "__version__",
    "builtin_maps",
    "collect",
    "dagger",
    "evaluate",
    "export_lerobot",
    "export_minari",
    "export_robomimic",
    "export_trainlog",
    "generate_map",
    "load_policy",
    "policy",
    "train",
]

# what needs gymnasium, which everything else does without
_ENVIRONMENTS = {
    "LaneFollowingEnv": "imprint.environments",
    "LaneFollowingVectorEnv": "imprint.vector",
}


def __getattr__(name: str) -> Any:
    if name not in _ENVIRONMENTS:
        raise AttributeError(f"module 'imprint' has no attribute '{name}'")
    return getattr(_importlib.import_module(_ENVIRONMENTS[name]), name)


def _register() -> None:
    """Tells gymnasium of the environments, where it is installed."""
    try:
        import gymnasium
    except ImportError:
        return
    gymnasium.register(
        id="imprint/LaneFollowing-v0",
        entry_point="imprint.environments:LaneFollowingEnv",
        vector_entry_point="imprint.vector:LaneFollowingVectorEnv",
    )


_register()
