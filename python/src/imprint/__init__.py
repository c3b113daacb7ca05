"""Imitation learning from simulation for Duckiebots: the Python package of `imprint`.

The C library does the work; this package hands NumPy arrays to it. docs/python.md is the guide.
"""

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

__version__: str = text(_lib.imp_version())

__all__ = [
    "BadInputError",
    "BusyError",
    "CheckFailedError",
    "ClosedError",
    "Hint",
    "ImprintError",
    "InputOutputError",
    "InternalError",
    "OutOfMemoryError",
    "Progress",
    "ProgressCallback",
    "StoppedError",
    "UsageError",
    "__version__",
]
