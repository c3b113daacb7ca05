"""The blocks of the tutorial and the how-to pages run: shell, Python and files, at small sizes."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

TOP = Path(__file__).resolve().parents[2]
PROGRAM = TOP / "build/release/imprint"
FENCE = re.compile(r"^```(sh|python|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LONG = "LONG" in os.environ  # .ci/long runs all, and at the sizes of the pages

TUTORIAL = [f"tutorial/{name}.md" for name in ("simulator", "expert", "behaviour-cloning")]
TUTORIAL += [f"tutorial/{name}.md" for name in ("dagger", "other-worlds", "challenge")]
HOW_TO = [f"how-to/{name}.md" for name in ("own-map", "own-expert", "own-network", "own-data")]
HOW_TO += [f"how-to/{name}.md" for name in ("own-robot", "videos", "cluster", "ci")]

# the largest values that options of commands get; without an option, it is added
DRIVES = {"--episodes": 2, "--steps": 20}
ROUNDS = {"--first-episodes": 3, "--rounds": 1, "--epochs": 1}
LIMITS = {
    "log": DRIVES | {"--episodes": 3},
    "train": {"--epochs": 1},
    "eval": DRIVES,
    "dagger": DRIVES | ROUNDS | {"--eval-episodes": 2, "--eval-steps": 10},
    "drive": DRIVES,
    "looks": {"--episodes": 2},
    "map new": {"--count": 3},
    "seg-train": {"--images": 16, "--validation-images": 8, "--epochs": 1},
    "sweep": DRIVES | {"--draws": 2, "--seeds": 2},
    "train --online": DRIVES | {"--epochs": 1, "--replay-buffer": 4},
}
# the challenge's episodes have their length
LIMITS["eval --protocol"] = {"--episodes": 1}
# options that are added to no command
GIVEN = {"--count", "--draws", "--seeds"}


class Block(NamedTuple):
    """A block of a page: its language, its text, and the words before it."""

    line: int
    language: str
    text: str
    before: str


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, but for those after the comment `long` where LONG is not set."""
    text = (TOP / "docs" / page).read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        before = text[: match.start()].rstrip().rsplit("\n\n", 1)[-1]
        if LONG or "<!-- long -->" not in before:
            line = text.count("\n", 0, match.start()) + 2
            yield Block(line, match.group(1), match.group(2), before)


def limited(line: str, option: str, most: int) -> str:
    """The line with at most this number as the option's value, or with the option added."""
    given = re.search(rf"{option} (\d+)", line)
    if given:
        return line.replace(given.group(), f"{option} {min(int(given.group(1)), most)}")
    return line if option in GIVEN else line.replace(" ", f" {option} {most} ", 1)


def within_limits(line: str) -> str:
    """A command line with smaller numbers. Other programs may stand before ours."""
    if LONG:
        return line
    other, ours, rest = line.partition("imprint ")
    if other and ours:
        return other + within_limits(ours + rest)
    if "--resume" in line:
        return re.sub(r"(--epochs) \d+", r"\1 2", line)
    words = line.split()
    names = [key for key in LIMITS if words[:1] == ["imprint"] and key.split()[0] in words[1:2]]
    names = [key for key in names if all(word in words for word in key.split())]
    for option, most in LIMITS[max(names, key=len)].items() if names else ():
        command, _, rest = line.removeprefix("imprint ").partition(" ")
        line = f"imprint {limited(command + ' ' + rest, option, most)}"
    return line


def run_shell(text: str, folder: Path, shell: str = "sh", *, small: bool = True) -> None:
    program = folder / "bin"
    if not program.exists():
        program.mkdir()
        (program / "imprint").symlink_to(PROGRAM)
    path = f"{program}:{PROGRAM.parent}:{os.environ['PATH']}"
    script = "\n".join(within_limits(line) if small else line for line in text.splitlines())
    result = subprocess.run(
        [shell, "-ec", script],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{script}\n{result.stdout[-600:]}\n{result.stderr[-600:]}"


def run_pages(pages: list[str], folder: Path) -> list[str]:
    """Runs the pages' blocks in order, in one folder. Returns what was left out, and why."""
    skipped: list[str] = []
    for page in pages:
        names: dict[str, object] = {}
        for block in blocks(page):
            if block.language == "yaml":
                named = re.findall(r"`([\w-]+\.yaml)`", block.before)
                if named:
                    (folder / named[-1]).write_text(block.text, encoding="utf-8")
            elif block.language == "sh":
                run_shell(block.text, folder)
            elif "torch" in block.text and not is_there("torch"):
                skipped.append(f"{page} line {block.line}: no torch")
            else:
                exec(compile("\n" * block.line + block.text, page, "exec"), names)
    return skipped


def is_there(package: str) -> bool:
    try:
        __import__(package)
    except ImportError:
        return False
    return True


@pytest.mark.parametrize("pages", [TUTORIAL, HOW_TO], ids=["tutorial", "how-to"])
def test_the_blocks_of_the_course_run(pages, limit_tasks, tmp_path, monkeypatch):
    if not PROGRAM.exists():
        pytest.skip(f"no {PROGRAM}")
    monkeypatch.chdir(tmp_path)
    if not LONG:
        limit_tasks({"episodes": 2, "steps": 20, "epochs": 1, "rounds": 1})
    if pages is HOW_TO:
        # what the tutorial leaves behind
        run_shell("imprint log --out runs/data\nimprint train --data runs/data", tmp_path)
    skipped = run_pages(pages, tmp_path)
    if skipped:
        pytest.skip(f"{', '.join(skipped)}; the other blocks ran")


def commands_of(page: Path) -> Iterator[str]:
    """The command lines of the program in a page's code."""
    text = page.read_text(encoding="utf-8")
    fenced = False
    for line in re.sub(r"\\\n *", "", text).split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        elif (fenced or line.startswith("    ")) and "imprint " in line:
            line = re.split(r"  +#|#", line.strip())[0]
            for part in re.split(r"&&|\|\||[|>]", line):
                if re.match(r"(build/release/)?imprint [a-z-]+", part.strip()):
                    yield part.strip()


def test_commands_in_all_pages_have_options_that_exist(tmp_path):
    if not PROGRAM.exists():
        pytest.skip(f"no {PROGRAM}")
    lines, script = [], []
    for page in [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]:
        for command in commands_of(page):
            if "..." in command or " [" in command:
                continue
            words = re.sub(r"^(build/release/)?imprint", str(PROGRAM), command)
            words = words.replace(" -- ", " --help -- ") if " -- " in words else words + " --help"
            lines.append(f"{page.name}: {command}")
            script.append(f"{words} >/dev/null 2>err || {{ echo {len(lines) - 1}; cat err; }}")
    assert len(lines) > 100
    result = subprocess.run(
        ["sh", "-c", "\n".join(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    output = re.sub(r"^(\d+)$", lambda m: lines[int(m.group(1))], result.stdout, flags=re.M)
    assert output == "", output
