from bus import IMAGE as CompressedImage  # noqa: F401, N811
