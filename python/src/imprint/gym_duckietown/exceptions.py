"""Exceptions of gym-duckietown."""

from imprint._errors import BadInputError, UsageError

__all__ = ["GymDuckietownException", "InvalidMapException", "NotInLane"]


class GymDuckietownException(Exception):  # noqa: N818
    """What gym-duckietown raises."""


class InvalidMapException(GymDuckietownException, BadInputError):  # noqa: N818
    """A map cannot be used."""


class NotInLane(GymDuckietownException, UsageError):  # noqa: N818
    """There is no lane at a position: it lies on no drivable tile."""
