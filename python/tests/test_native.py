"""The module imprint._native holds what the public headers declare."""

import re
from pathlib import Path

import pytest

import imprint
from imprint._native import ffi, lib

HEADERS = Path(__file__).parents[2] / "include" / "imprint"
# defined by plug-ins, not by the library
OF_PLUGINS = {"imp_plugin_get"}


def declared_functions() -> set[str]:
    names: set[str] = set()
    for header in HEADERS.glob("*.h"):
        text = re.sub(r"//.*|/\*.*?\*/", "", header.read_text())
        text = re.sub(r"^\s*#(?:.*\\\n)*.*$", "", text, flags=re.MULTILINE)
        text = re.sub(r"\{[^{}]*\}", "", re.sub(r"\{[^{}]*\}", "", text))
        # after a result type that starts a line; members and parameters are in braces or indented
        names |= set(re.findall(r"^[A-Za-z][\w ]*[ *]+(imp_\w+)\(", text, re.MULTILINE))
    return names


def test_every_public_function_is_there():
    names = declared_functions() - OF_PLUGINS
    assert len(names) > 300
    assert [name for name in sorted(names) if not hasattr(lib, name)] == []


def test_numbers_and_texts_of_macros_are_there():
    assert pytest.approx(0.102) == lib.IMP_WHEEL_DISTANCE
    assert lib.IMP_CENTRE_FORWARD == 0.066 - 0.09
    assert lib.IMP_MAX_DELAY_STEPS == 15
    assert ffi.string(lib.IMP_LENS_UNKNOWN) == b"unknown"


def test_inline_functions_can_be_called():
    err = ffi.new("imp_error *")
    assert lib.imp_add_hint(err, lib.IMP_HINT_MAP, lib.IMP_USAGE) == lib.IMP_USAGE
    assert err.hint == lib.IMP_HINT_MAP


def test_the_version_is_the_librarys():
    text = (HEADERS / "version.h").read_text()
    assert f'"{imprint.__version__}"' in text
