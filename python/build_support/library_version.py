"""The package's version is the library's: from imprint/version.h, for scikit-build-core."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent


def dynamic_metadata(field: str, settings: Mapping[str, Any]) -> str:
    if field != "version" or settings:
        raise ValueError("only the version comes from here, and without settings")
    for root in (HERE / "library", HERE.parent):
        header = root / "include" / "imprint" / "version.h"
        if header.exists():
            found = re.search(r'IMPRINT_VERSION_STRING "([^"]+)"', header.read_text())
            if found is not None:
                return found.group(1)
    raise FileNotFoundError("include/imprint/version.h, neither in library nor in the checkout")
