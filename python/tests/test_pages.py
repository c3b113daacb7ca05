"""The Python blocks of the documents run, in order, at small sizes."""

import importlib.util
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


def _blocks(page):
    spec = importlib.util.spec_from_file_location("run_page", TOP / "bench/run_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.blocks(TOP / page)


def _is_there(package):
    return importlib.util.find_spec(package) is not None


OPTIONAL = ("torch", "lerobot")
SMALL = {"episodes": 2, "steps": 12, "epochs": 1, "rounds": 1, "first_episodes": 2}
SMALL |= {"eval_episodes": 2, "eval_steps": 10}


@pytest.mark.filterwarnings("default")  # those of matplotlib
@pytest.mark.parametrize(
    ("page", "limits", "needs", "files"),
    [
        ("docs/first-hour.md", SMALL, ["matplotlib"], ["dagger/model.safetensors", "report"]),
        ("docs/python.md", {"episodes": 20, "steps": 100}, [], ["own-data", "data"]),
    ],
)
def test_the_blocks_of_a_page_run(page, limits, needs, files, limit_tasks, tmp_path, monkeypatch):
    for package in needs:
        pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    limit_tasks(limits)
    names, skipped = {}, []
    for line, source, code in _blocks(page):
        absent = [name for name in OPTIONAL if f"from {name}" in source and not _is_there(name)]
        if absent:
            skipped.append(f"line {line}: no {absent[0]}")
            continue
        exec(code, names)
    for file in files:
        assert (tmp_path / file).exists(), file
    if skipped:
        pytest.skip(f"{page}: {', '.join(skipped)}; the other blocks ran")
