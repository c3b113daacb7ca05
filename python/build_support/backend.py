"""The build backend: scikit-build-core, and source distributions that hold the C library.

The library's sources lie outside this folder, so that they are copied to `library` while a source
distribution is made.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from scikit_build_core.build import *
from scikit_build_core.build import build_sdist as build_plain_sdist

HERE = Path(__file__).parent.parent
COPIED = (
    "CMakeLists.txt",
    "LICENSE",
    "NOTICE",
    "cmake",
    "docs/Doxyfile.in",  # which the library's install rules configure
    "include",
    "maps",
    "models",
    "networks",
    "src",
)


def build_sdist(
    sdist_directory: str,
    config_settings: Mapping[str, list[str] | str] | None = None,
) -> str:
    library = HERE / "library"
    if (HERE.parent / "CMakeLists.txt").exists():
        shutil.rmtree(library, ignore_errors=True)
        library.mkdir()
        for name in COPIED:
            source = HERE.parent / name
            (library / name).parent.mkdir(exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, library / name)
            else:
                shutil.copy2(source, library / name)
        try:
            return build_plain_sdist(sdist_directory, config_settings)
        finally:
            shutil.rmtree(library)
    return build_plain_sdist(sdist_directory, config_settings)
