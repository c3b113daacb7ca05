"""What gym-duckietown's folder `learning/utils` holds: environment, wrappers and expert."""

from imprint.gym_duckietown.learning.env import launch_env
from imprint.gym_duckietown.learning.expert import PurePursuitExpert
from imprint.gym_duckietown.learning.wrappers import (
    ActionWrapper,
    DtRewardWrapper,
    ImgWrapper,
    MotionBlurWrapper,
    NormalizeWrapper,
    ResizeWrapper,
)

__all__ = [
    "ActionWrapper",
    "DtRewardWrapper",
    "ImgWrapper",
    "MotionBlurWrapper",
    "NormalizeWrapper",
    "PurePursuitExpert",
    "ResizeWrapper",
    "launch_env",
]
