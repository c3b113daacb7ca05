# The module that build_support/generate.py makes of the public headers. Its members are those of
# the headers, so that include/imprint documents them.
from typing import Any

ffi: Any
lib: Any
