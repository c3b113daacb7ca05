"""Paths of files, as gym-duckietown finds them."""

import os
from pathlib import Path


def get_subdir_path(sub_dir: str) -> str:
    """A folder of this package, as "maps"."""
    return str(Path(__file__).resolve().parent / sub_dir)


def get_file_path(sub_dir: str, file_name: str, default_ext: str) -> str:
    """A file that exists, or else one in a folder of this package."""
    if os.path.exists(file_name):
        return file_name
    suffix = "" if "." in file_name else f".{default_ext}"
    return os.path.join(get_subdir_path(sub_dir), file_name + suffix)
