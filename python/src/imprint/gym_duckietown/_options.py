"""Which signature of step() and reset() environments have that do not say it themselves."""

from imprint._errors import UsageError

APIS = ("gym", "gymnasium")

_default = "gym"


def set_default_api(api: str) -> None:
    """Sets it for environments made from now on."""
    global _default
    _default = checked_api(api)


def checked_api(api: str | None) -> str:
    """A signature's name; None gives the default."""
    if api is None:
        return _default
    if api not in APIS:
        raise UsageError(f"api: '{api}' is neither 'gym' nor 'gymnasium'")
    return api
