"""The environments that gym-duckietown registers."""

from imprint.gym_duckietown.envs.duckiebot_env import DuckiebotEnv
from imprint.gym_duckietown.envs.duckietown_env import DuckietownEnv, DuckietownLF, DuckietownNav
from imprint.gym_duckietown.envs.multimap_env import MultiMapEnv
from imprint.gym_duckietown.wrappers import DiscreteWrapper

__all__ = [
    "DiscreteWrapper",
    "DuckiebotEnv",
    "DuckietownEnv",
    "DuckietownLF",
    "DuckietownNav",
    "MultiMapEnv",
]
