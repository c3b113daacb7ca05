"""Imitation learning from simulation for Duckiebots: the Python package of `imprint`.

The C library does the work; this package hands NumPy arrays to it. docs/python.md is the guide.
"""

import gymnasium as _gymnasium

from imprint._callbacks import STATE
from imprint._dataset_files import DatasetInfo, Episode
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
from imprint.environments import EndReason, LaneFollowingEnv
from imprint.evaluation import Estimate, Evaluation, Statistics, Trajectory, evaluate
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
    "Dagger",
    "Dataset",
    "DatasetInfo",
    "DatasetStatistics",
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

_gymnasium.register(
    id="imprint/LaneFollowing-v0",
    entry_point="imprint.environments:LaneFollowingEnv",
    vector_entry_point="imprint.vector:LaneFollowingVectorEnv",
)
