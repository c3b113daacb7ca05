"""Imitation learning from simulation for Duckiebots: the Python package of `imprint`.

The C library does the work; this package hands NumPy arrays to it. docs/python.md is the guide.
"""

import gymnasium as _gymnasium

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
from imprint._settings import EnvSettings, builtin_maps, generate_map
from imprint.environments import EndReason, LaneFollowingEnv
from imprint.vector import LaneFollowingVectorEnv

__version__: str = text(_lib.imp_version())

__all__ = [
    "BadInputError",
    "BusyError",
    "CheckFailedError",
    "ClosedError",
    "EndReason",
    "EnvSettings",
    "Hint",
    "ImprintError",
    "InputOutputError",
    "InternalError",
    "LaneFollowingEnv",
    "LaneFollowingVectorEnv",
    "OutOfMemoryError",
    "Progress",
    "ProgressCallback",
    "StoppedError",
    "UsageError",
    "__version__",
    "builtin_maps",
    "generate_map",
]

_gymnasium.register(
    id="imprint/LaneFollowing-v0",
    entry_point="imprint.environments:LaneFollowingEnv",
    vector_entry_point="imprint.vector:LaneFollowingVectorEnv",
)
