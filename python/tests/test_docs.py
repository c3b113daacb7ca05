"""The examples of docs/python.md about datasets run as they are."""

import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "python.md"


def blocks(heading):
    """The Python examples of a section."""
    text = GUIDE.read_text()
    section = text[text.index(f"## {heading}\n") :].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def test_reading_datasets(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    reading, with_torch = blocks("Reading datasets")
    names = {}
    exec(reading, names)
    assert names["frame"]["observation"].shape == (3, 60, 80, 3)
    assert "20 episodes, 2000 frames" in capsys.readouterr().out
    pytest.importorskip("torch")
    exec(with_torch, names)
    assert names["batch"]["observation"].shape[1:] == (3, 60, 80)


def test_exports(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ours, lerobot, reading = blocks("Exports")
    names = {}
    exec(ours, names)
    assert (tmp_path / "drive/data/main_data.hdf5").exists()
    pytest.importorskip("pyarrow")
    pytest.importorskip("av")
    exec(lerobot, names)
    assert (tmp_path / "lerobot-training/meta/info.json").exists()
    pytest.importorskip("lerobot")
    exec(reading, names)
    assert names["frame"]["action"].shape == (2,)
