"""A stand-in for gym-duckietown: code that imports `gym_duckietown` drives on this simulator.

    import imprint.gym_duckietown as stand_in
    stand_in.install()

    from gym_duckietown.simulator import Simulator  # as before
    env = Simulator(map_name="loop_empty", domain_rand=False, seed=7)

Without touching a script: `python -m imprint.gym_duckietown script.py ARGUMENTS`. The classes can
be imported from here, too. docs/gym-duckietown.md says what is the same and what differs.
"""

from imprint.gym_duckietown._install import install, uninstall
from imprint.gym_duckietown.envs import (
    DuckiebotEnv,
    DuckietownEnv,
    DuckietownLF,
    DuckietownNav,
    MultiMapEnv,
)
from imprint.gym_duckietown.exceptions import (
    GymDuckietownException,
    InvalidMapException,
    NotInLane,
)
from imprint.gym_duckietown.simulator import Simulator

# the version that the numbers were recorded with
__version__ = "6.1.34"

__all__ = [
    "DuckiebotEnv",
    "DuckietownEnv",
    "DuckietownLF",
    "DuckietownNav",
    "GymDuckietownException",
    "InvalidMapException",
    "MultiMapEnv",
    "NotInLane",
    "Simulator",
    "install",
    "uninstall",
]
