"""Writes the C source of the module imprint._native from the public headers.

Usage: generate.py --compiler CC --include DIR [--callbacks FILE...] [--code FILE...] --out FILE.c

The compiler's preprocessor turns `imprint/imprint.h` into plain declarations: attributes are taken
out, and the standard headers are empty, because cffi knows their types. Inline functions lose
their bodies, and what plug-ins define is left out. Macros that are numbers or texts become
constants. cffi reads the result, so there is no list of functions to keep: what a public header
declares is in `imprint._native.lib`.

Callback files hold declarations of functions that C calls and Python implements, in cffi's notation
(`extern "Python"`), and of the functions in code files, which are included.
"""

import argparse
import re
import subprocess
import tempfile
from pathlib import Path

from cffi import FFI

STANDARD_HEADERS = ("math", "stdarg", "stdbool", "stddef", "stdint", "stdio", "stdlib", "string")
ATTRIBUTE = r"imp_attribute \((?:[^()]|\([^()]*\))*\)"
EXPORTED = r'imp_attribute \(visibility\("default"\)\)[^;{]*;'
NUMBER = re.compile(r"^[\s()+\-*/<>0-9a-fA-FxX.uUlL]+$")


def preprocess(compiler: str, include: Path, options: list[str]) -> str:
    """Runs the preprocessor over all public headers, with empty standard headers."""
    with tempfile.TemporaryDirectory() as folder:
        for name in STANDARD_HEADERS:
            (Path(folder) / f"{name}.h").touch()
        command = [compiler, "-E", "-P", "-nostdinc", f"-I{folder}", f"-I{include}"]
        command += [
            "-D__attribute__(x)=imp_attribute x",
            *options,
            str(include / "imprint" / "imprint.h"),
        ]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def without_bodies(text: str) -> str:
    """Inline functions as declarations."""
    parts = []
    end = 0
    for match in re.finditer(r"static inline ([^{;]*\))\s*\{", text):
        if match.start() < end:
            continue
        depth, at = 1, match.end()
        while depth > 0:
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        parts += [text[end : match.start()], match.group(1), ";"]
        end = at
    return "".join(parts) + text[end:]


def constants(macros: str) -> str:
    """Declares the macros that are whole numbers, fractions or texts."""
    lines = []
    for match in re.finditer(r"^#define (IMP(?:RINT)?_\w+) (.+)$", macros, re.MULTILINE):
        name, body = match.groups()
        if re.fullmatch(r'"[^"]*"', body):
            lines.append(f"static char *const {name};")
        elif NUMBER.match(body):
            fraction = "." in body
            lines.append(f"static const double {name};" if fraction else f"#define {name} ...")
    return "\n".join(lines)


def declarations(compiler: str, include: Path) -> str:
    """All public declarations, in the part of C that cffi reads."""
    text = preprocess(compiler, include, [])
    text = re.sub(r"^\s*#\s*pragma.*$", "", text, flags=re.MULTILINE)
    text = re.sub(ATTRIBUTE, "", re.sub(EXPORTED, "", text))
    text = without_bodies(text).replace("(int)", "")
    return text + "\n" + constants(preprocess(compiler, include, ["-dM"]))


def with_valid_pointers(code: str) -> str:
    """Puts `const` where C wants it: cffi 1.15, as in Debian 12, writes `float(const * *x)[3]`."""
    return re.sub(r"^(  \{ \w+)\(const \* \*tmp\)", r"\1 const (* *tmp)", code, flags=re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include", required=True, type=Path)
    parser.add_argument("--callbacks", nargs="*", default=[], type=Path)
    parser.add_argument("--code", nargs="*", default=[], type=Path)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()

    ffi = FFI()
    ffi.cdef(declarations(arguments.compiler, arguments.include))
    for path in arguments.callbacks:
        ffi.cdef(path.read_text())
    includes = ["imprint/imprint.h", *arguments.code]
    code = "".join(f'#include "{path}"\n' for path in includes)
    ffi.set_source("imprint._native", code, py_limited_api=True)
    ffi.emit_c_code(arguments.out)
    out = Path(arguments.out)
    out.write_text(with_valid_pointers(out.read_text()))


if __name__ == "__main__":
    main()
