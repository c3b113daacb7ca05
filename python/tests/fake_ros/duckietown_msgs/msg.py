from bus import make_wheels as WheelsCmdStamped  # noqa: N812, F401
