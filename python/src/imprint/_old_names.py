"""Settings that were renamed: their old names work for one version, with a DeprecationWarning."""

import os
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# fields of definition structs, and among them those of imp_expert_def
EXPERT_FIELDS = {
    "return_angle": "max_return_angle",
    "turn_rate": "max_turn_rate",
    "turning_rate": "turn_rate_gain",
}
FIELDS = EXPERT_FIELDS | {
    "average": "ema_decay",
    "buffer": "replay_buffer",
    "held_out": "validation_images",
    "keep": "plot_episodes",
    "weight_turns": "turn_weight",
    "window": "shuffle_buffer",
}
# words for enumerators
WORDS = {"wheels": "duty_cycles"}
# keyword arguments
ARGUMENTS = {"keep": "plot_episodes", "randomization": "randomize", "replace": "force"}
_POLICIES = {"reference": "pure-pursuit"}
_HERE = str(Path(__file__).parent)


def warn(old: str, new: str) -> None:
    """Warns at the caller's line, outside of this package."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        level, frame = level + 1, frame.f_back
    warnings.warn(
        f"{old} is now {new}; the old name will go in the next version",
        DeprecationWarning,
        stacklevel=level,
    )


def with_present_names(
    settings: Mapping[str, Any], names: Mapping[str, str] = ARGUMENTS
) -> dict[str, Any]:
    """Keyword arguments, or others that were renamed, under their present names."""
    present = {}
    for name, value in settings.items():
        new = names.get(name, name)
        if new != name:
            warn(name, new)
        present[new] = value
    return present


def present_policy(what: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """The present name of a policy of ours; paths as they are."""
    new = _POLICIES.get(what, what) if isinstance(what, str) else what
    if new != what:
        warn(f"the policy '{os.fspath(what)}'", f"'{os.fspath(new)}'")
    return new
