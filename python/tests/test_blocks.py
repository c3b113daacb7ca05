"""Every code block of the pages is run by a test, or has a reason here why none runs it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from test_course import HOW_TO, PROGRAM, TOP, TUTORIAL, run_shell

# pages of which this test runs commands, what they need, and which blocks: all that begin so
SETTINGS = {
    "challenge.md": ("model", ["imprint eval --protocol"]),
}
# pages whose Python and shell blocks other tests run
ELSEWHERE = {
    "first-hour.md": "python",
    "python.md": "python",
    **dict.fromkeys([*TUTORIAL, *HOW_TO], "sh python yaml"),
}
# the beginnings of the other blocks, and why nothing runs them
ROBOT, MACHINES = "needs a robot", "needs several machines"
OUTPUT, PART = "is what a command printed", "is a part of a file, not all of it"
BUILD = "builds or installs the project: .ci/run and cmake/debian-root.sh do"
COVERED = "tests/scripts run these commands at small sizes"
REASONS = {
    "README.md": {"./run": BUILD},
    "CONTRIBUTING.md": {"cmake --preset": BUILD},
    "agent.md": {"imprint submission new": COVERED, "apt-get install": BUILD},
    "architecture.md": {"map generator": "is a drawing"},
    "assets.md": {"imprint render": "needs the textures of duckietown-world"},
    "c-api.md": {"#include": "examples/*.c have it, which tests/scripts/examples.sh compiles"},
    "camera.md": {"imprint render": "needs ffmpeg: tests/scripts/cli_films.sh"},
    "conventions.md": {"u' =": "is a formula"},
    "dagger.md": {
        "imprint dagger --network": COVERED,
        "imprint dagger --out": "needs drives of a person: cli_drive.sh",
    },
    "datasets.md": {"imprint": COVERED},
    "engine.md": {"for each": "is a drawing"},
    "evaluation.md": {"x,z,heading": PART, "Why 57": OUTPUT, "imprint": COVERED},
    "gym-duckietown.md": {"import imprint": "python/tests/test_gym_duckietown.py covers it"},
    "first-hour.md": {"./run": BUILD, "": OUTPUT},
    "formats.md": {"main_data": "is a drawing", "import h5py": "needs minari", '{"format"': PART},
    "how-to/cluster.md": {
        "for k in": MACHINES,
        "parallel": MACHINES,
        "mpirun": MACHINES,
        "#!/bin/bash": MACHINES,
        "sbatch": MACHINES,
        "imprint sweep": COVERED,
        "imprint runs": COVERED,
    },
    "how-to/on-the-robot.md": {"python3": ROBOT, "imprint predict": ROBOT},
    "how-to/own-robot.md": {"imprint render": COVERED},
    "import.md": {"imprint": COVERED},
    "index.md": {"./run": BUILD},
    "install.md": {
        "apt-get": BUILD,
        "pip install": BUILD,
        "./run": BUILD,
        "podman": "needs a registry of images",
        "imprint completion": COVERED,
    },
    "library.md": {"cc ": "tests/scripts/install.sh does", "find_package": PART},
    "maps.md": {"tile_size": PART},
    "models.md": {"imprint eval --policy robot": COVERED},
    "networks.md": {"name: tiny": PART, "actions": PART, "imprint dagger --network": COVERED},
    "page.md": {"imprint page": "needs a build with the page: tests/scripts/page_browser.sh"},
    "plugins.md": {"#include": "tests/scripts/plugin.sh does", "cc ": "tests/scripts/plugin.sh"},
    "python.md": {"pip install": BUILD},
    "randomisation.md": {
        "imprint render": COVERED,
        "imprint looks": "needs images of a robot",
        "{": PART,
    },
    "robots.md": {"scp": ROBOT, "name: mybot": PART, "imprint": ROBOT},
    "segmentation.md": {"imprint seg-train": COVERED},
    "towns.md": {"imprint map new": COVERED},
    "training.md": {"imprint train --online": COVERED, "tensorboard": "is of another program"},
    "tutorial/behaviour-cloning.md": {"policy": OUTPUT, "imprint page": "needs the page"},
    "tutorial/challenge.md": {"imprint import rosbag": ROBOT},
    "tutorial/dagger.md": {"policy": OUTPUT},
    "tutorial/expert.md": {"policy": OUTPUT},
    "tutorial/other-worlds.md": {"policy": OUTPUT},
    "tutorial/index.md": {"imprint log": COVERED},
}
FENCE = re.compile(r"^```(\w*).*?$")


class Block(NamedTuple):
    """A block of a page: fenced, with its language, or indented, as "indented"."""

    page: str
    line: int
    kind: str
    text: str


def pages() -> Iterator[tuple[str, Path]]:
    yield "README.md", TOP / "README.md"
    yield "CONTRIBUTING.md", TOP / "CONTRIBUTING.md"
    for path in sorted((TOP / "docs").rglob("*.md")):
        yield str(path.relative_to(TOP / "docs")), path


def blocks(page: str, path: Path) -> Iterator[Block]:
    """Fenced blocks, and blocks that are indented behind an empty line outside of lists."""
    lines = [*path.read_text(encoding="utf-8").split("\n"), ""]
    at = 0
    while at < len(lines):
        fence, begin = FENCE.match(lines[at]), at + 1
        if fence:
            end = begin + next(k for k, line in enumerate(lines[begin:]) if line.startswith("```"))
            yield Block(page, begin + 1, fence[1] or "plain", "\n".join(lines[begin:end]))
            at = end
        elif lines[at].startswith("    ") and (at == 0 or not lines[at - 1].strip()):
            end = at
            while lines[end].startswith("    "):
                end += 1
            text = "\n".join(line.strip() for line in lines[at:end])
            if not re.match(r"([-*]|\d+\.) ", text):
                yield Block(page, at + 1, "indented", text)
            at = end
        at += 1


def is_run(block: Block) -> bool:
    if block.kind in ELSEWHERE.get(block.page, "").split():
        return True
    return any(block.text.startswith(begin) for begin in SETTINGS.get(block.page, ("", []))[1])


def test_every_block_is_run_or_has_a_reason() -> None:
    unknown, used = [], set()
    for page, path in pages():
        for block in blocks(page, path):
            if is_run(block):
                continue
            reasons = REASONS.get(page, {})
            begins = [begin for begin in reasons if block.text.startswith(begin)]
            used |= {(page, begin) for begin in begins}
            if not begins:
                first = block.text.split("\n")[0]
                unknown.append(f"{page} line {block.line}: no test runs this {block.kind}: {first}")
    known = {(page, begin) for page, reasons in REASONS.items() for begin in reasons}
    unknown += [f"no block of {page} begins with {begin!r}" for page, begin in known - used]
    assert unknown == []


@pytest.mark.parametrize("page", SETTINGS)
def test_the_commands_of_a_page_run(page, tmp_path, monkeypatch) -> None:
    if not PROGRAM.exists():
        pytest.skip(f"no {PROGRAM}")
    monkeypatch.chdir(tmp_path)
    needs = SETTINGS[page][0]
    if needs:
        run_shell(
            "imprint log --out runs/data\nimprint train --data runs/data --out runs/model", tmp_path
        )
    ran = 0
    for block in blocks(page, TOP / "docs" / page):
        if not any(block.text.startswith(begin) for begin in SETTINGS[page][1]):
            continue
        ran += 1
        run_shell(block.text.replace("\\\n", ""), tmp_path)
    assert ran > 0
