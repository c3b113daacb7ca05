"""What pages show of the program's output comes out: of first-hour.md, tutorial/expert.md and
evaluation.md at full size, for nothing is trained there. And blocks that need an own treatment: of
formats.md, gym-duckietown.md and networks.md.
"""

import importlib.util
import subprocess
import sys

import pytest
from page_blocks import Block, blocks
from test_course import PROGRAM


def block_that_begins(page: str, begin: str) -> Block:
    return next(b for b in blocks(page) if b.text.startswith(begin))


def words(text: str) -> list[list[str]]:
    """The words of each line: columns may be wider elsewhere."""
    return [line.split() for line in text.splitlines() if line.strip()]


def assert_shows(printed: str, block: Block) -> None:
    lines = words(printed)
    missing = [line for line in words(block.text) if line not in lines]
    assert missing == [], f"{block.page} line {block.line}: {printed}"


@pytest.mark.parametrize(
    ("page", "begin"), [("tutorial/expert.md", "policy"), ("evaluation.md", "Why 57")]
)
def test_commands_print_what_their_page_shows(page, begin, tmp_path, monkeypatch):
    if not PROGRAM.exists():
        pytest.skip(f"no {PROGRAM}")
    monkeypatch.setenv("PATH", str(PROGRAM.parent), prepend=":")
    monkeypatch.setenv("COLUMNS", "80")
    shown = block_that_begins(page, begin)
    command = [b for b in blocks(page) if b.line < shown.line][-1]
    run = subprocess.run(
        ["sh", "-ec", command.text], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert_shows(run.stdout, shown)


def test_first_hour_prints_what_it_shows(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    names: dict[str, object] = {}
    for block in blocks("first-hour.md"):
        if block.kind == "python":
            exec(compile("\n" * block.line + block.text, block.page, "exec"), names)
        elif block.kind == "text":
            assert_shows(capsys.readouterr().out.replace("\r", "\n"), block)
            # the next output needs frames, and what follows is trained
            if block.text == "10000 frames":
                return
    raise AssertionError("first-hour.md shows no '10000 frames'")


def test_the_reader_of_formats(tmp_path, monkeypatch):
    pytest.importorskip("h5py")
    monkeypatch.chdir(tmp_path)
    import imprint

    imprint.collect("dataset", episodes=2, steps=5)
    text = block_that_begins("formats.md", "import h5py").text
    if importlib.util.find_spec("minari") is None:
        text = text.partition("import minari")[0]
    names: dict[str, object] = {}
    exec(text, names)
    assert names["image"].shape == (60, 80, 3)


def test_the_program_of_gym_duckietown(tmp_path):
    # in a process of its own, for it installs a stand-in for gym
    text = block_that_begins("gym-duckietown.md", "import imprint").text
    run = subprocess.run(
        [sys.executable, "-c", text], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert run.stdout == "100 False udem1\n"


def test_the_network_with_a_history(tmp_path):
    if not PROGRAM.exists():
        pytest.skip(f"no {PROGRAM}")
    text = block_that_begins("networks.md", "actions: 16").text
    inner = "  - {name: conv, kind: convolution, channels: 8, kernel: 5, stride: 4, padding: same}"
    text = text.replace("  ...", inner) + "\n  - {name: out, kind: dense, channels: outputs}\n"
    (tmp_path / "net.yaml").write_text(text, encoding="utf-8")
    run = subprocess.run(
        [PROGRAM, "model", "show", tmp_path / "net.yaml"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "concat" in run.stdout
