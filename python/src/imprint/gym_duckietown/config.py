"""Defaults that scripts read."""

from typing import Any

DEFAULTS: dict[str, Any] = {
    "map": "small_loop",
    "domain_rand": False,
    "max_steps": 500,
    "challenges": {"LF": "loop_obstacles", "LFV": "loop_pedestrians"},
}
