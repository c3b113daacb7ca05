#!/usr/bin/env python3
"""Counts lines of C in src and include: of code, without comments and empty lines, and of comments.

bench/code_lines.py            # total, and each room
bench/code_lines.py --depth 3  # each folder
"""

import argparse
import collections
import pathlib
import re

# Text in quotes comes first, so that what looks like a comment in it is none.
TOKEN = re.compile(
    r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.DOTALL
)


def count(text: str) -> tuple[int, int]:
    """Returns the lines that hold code, and those that hold a comment."""
    comment_lines: set[int] = set()

    def blank(match: re.Match[str]) -> str:
        token = match.group()
        if not token.startswith("/"):
            return token
        first = text.count("\n", 0, match.start())
        comment_lines.update(range(first, first + token.count("\n") + 1))
        return "\n" * token.count("\n")

    code = TOKEN.sub(blank, text)
    return sum(bool(line.strip()) for line in code.split("\n")), len(comment_lines)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--depth", type=int, default=2, help="parts of a path that name a row"
    )
    depth = parser.parse_args().depth
    root = pathlib.Path(__file__).resolve().parent.parent
    code: collections.Counter[str] = collections.Counter()
    comments: collections.Counter[str] = collections.Counter()
    for folder in ("src", "include"):
        for path in sorted((root / folder).rglob("*.[ch]")):
            parts = path.relative_to(root).parts[:-1]
            lines, remarks = count(path.read_text(encoding="utf-8"))
            for row in ("total", "/".join(parts[:depth])):
                code[row] += lines
                comments[row] += remarks
    print(f"{'code':>7}  {'comments':>8}")
    for row, lines in code.most_common():
        print(f"{lines:7}  {comments[row]:8}  {row}")


if __name__ == "__main__":
    main()
