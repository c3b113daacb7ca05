"""The blocks of the documents: what is fenced, and what is indented."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*).*?$")


class Block(NamedTuple):
    """A block of a page: fenced, with its language, or indented, as "indented"."""

    page: str
    line: int
    kind: str
    text: str


def pages() -> Iterator[str]:
    yield from ("README.md", "CONTRIBUTING.md")
    for path in sorted((TOP / "docs").rglob("*.md")):
        yield str(path.relative_to(TOP / "docs"))


def blocks(page: str) -> Iterator[Block]:
    """Fenced blocks, and blocks that are indented behind an empty line outside of lists."""
    folder = TOP if page in ("README.md", "CONTRIBUTING.md") else TOP / "docs"
    lines = [*(folder / page).read_text(encoding="utf-8").split("\n"), ""]
    at = 0
    while at < len(lines):
        fence, begin = FENCE.match(lines[at]), at + 1
        if fence:
            end = begin + next(k for k, line in enumerate(lines[begin:]) if line.startswith("```"))
            yield Block(page, begin + 1, fence[1] or "plain", "\n".join(lines[begin:end]))
            at = end
        elif lines[at].startswith("    ") and re.match(r"#|\s*$", lines[at - 1] if at else ""):
            end = at
            while lines[end].startswith("    "):
                end += 1
            text = "\n".join(line.strip() for line in lines[at:end])
            if not re.match(r"([-*]|\d+\.) ", text):
                yield Block(page, at + 1, "indented", text)
            at = end
        at += 1
