"""The environment of gym-duckietown's learning examples."""

from typing import Any

from imprint.gym_duckietown import _gym_module
from imprint.gym_duckietown._install import environment_ids
from imprint.gym_duckietown.simulator import Simulator


def launch_env(id: str | None = None, **settings: Any) -> Any:
    """loop_empty through the lens, started along the lane; or the environment with a name.

    settings: other arguments of Simulator.
    """
    if id is None:
        defaults: dict[str, Any] = {
            "seed": 123,
            "map_name": "loop_empty",
            "max_steps": 500001,
            "domain_rand": False,
            "accept_start_angle_deg": 4,
            "full_transparency": True,
            "distortion": True,
        }
        return Simulator(**{**defaults, **settings})
    if id in environment_ids():
        made = environment_ids()[id]
        entry = f"imprint.gym_duckietown.envs:{made['entry']}"
        _gym_module.register(id=id, entry_point=entry, kwargs=made["kwargs"])
    return _gym_module.make(id, **settings)
