#!/usr/bin/env python3
"""Draws functions of src at random and prints their folders, files and names, without bodies.

For a test of names: somebody who has not seen the code says what each does and what it takes,
and only then reads it.

bench/sample_functions.py --seed 1              # 20 functions
bench/sample_functions.py --seed 1 --places     # with the line of each definition
bench/sample_functions.py --all                 # all of them
"""

import argparse
import pathlib
import random
import re

# A definition as clang-format writes it: its last line that begins in the first column, maybe
# indented lines of parameters, and a brace alone. Attributes have parentheses of their own.
DEFINITION = re.compile(r"^[A-Za-z_].*(?:\n[ \t].*)*\n\{$", re.MULTILINE)
ATTRIBUTE = re.compile(r"__attribute__\(\(.*?\)\)+ ")
# A name may stand in parentheses, so that a macro of that name is not expanded: (imp_fail)(...).
NAME = re.compile(r"^[\w\s*]+\((\w+)\)\(|(\w+)\(")


def definitions(root: pathlib.Path) -> list[tuple[str, int, str]]:
    """Returns path from src, line and name of all functions that .c files define."""
    found = []
    for path in sorted((root / "src").rglob("*.c")):
        text = path.read_text(encoding="utf-8")
        for match in DEFINITION.finditer(text):
            name = NAME.search(ATTRIBUTE.sub("", match.group()))
            if name:
                line = text.count("\n", 0, match.start()) + 1
                found.append((str(path.relative_to(root / "src")), line, name[1] or name[2]))
    return found


def main() -> None:
    """Prints the sample."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=20, help="functions to draw")
    parser.add_argument("--seed", type=int, default=1, help="another seed, others drawn")
    parser.add_argument("--all", action="store_true", help="print all, in order")
    parser.add_argument("--places", action="store_true", help="print the lines, too")
    options = parser.parse_args()
    found = definitions(pathlib.Path(__file__).resolve().parent.parent)
    if not options.all:
        found = random.Random(options.seed).sample(found, options.count)
    for path, line, name in found:
        print(f"{path}:{line}: {name}" if options.places else f"{path}: {name}")


if __name__ == "__main__":
    main()
