"""The examples in examples/python, in a short mode. What needs packages that are not there is
skipped.
"""

import importlib
import os
import sys
from pathlib import Path

import pytest

import imprint
from imprint._native import ffi, lib

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "python"


@pytest.fixture
def example(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])

    def run(name, *arguments, needs=()):
        for package in needs:
            pytest.importorskip(package)
        importlib.import_module(name).main([str(argument) for argument in arguments])

    return run


@pytest.mark.filterwarnings("default")  # those of matplotlib
def test_quickstart(example, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    example("quickstart", "--steps", 20, "--out", tmp_path / "plot.png", needs=("matplotlib",))
    assert "20 steps" in capsys.readouterr().out
    assert (tmp_path / "plot.png").stat().st_size > 1000


def test_own_expert(example, tmp_path, capsys):
    arguments = ("--episodes", 3, "--steps", 40, "--out", tmp_path)
    example("own_expert", *arguments)
    out = capsys.readouterr().out
    assert "own expert: completed 3 of 3" in out
    assert "data: 3 episodes" in out


def test_behaviour_cloning_in_pytorch(example, tmp_path, capsys):
    arguments = ("--episodes", 2, "--epochs", 1, "--out", tmp_path)
    example("behaviour_cloning_torch", *arguments, needs=("torch",))
    assert "epoch 0: loss" in capsys.readouterr().out
    program = (FOLDER / "behaviour_cloning_torch.py").read_text()
    assert len(program.splitlines()) <= 62


def test_dagger_in_pytorch(example, tmp_path, capsys):
    arguments = ("--rounds", 1, "--episodes", 2, "--out", tmp_path / "run")
    example("dagger_torch", *arguments, needs=("torch",))
    assert "round 1: " in capsys.readouterr().out
    example("dagger_torch", "--rounds", 2, "--resume", *arguments[2:])
    assert "round 2: " in capsys.readouterr().out


def test_ppo_of_stable_baselines3(example, tmp_path, capsys):
    arguments = ("--steps", 2048, "--episodes", 2, "--out", tmp_path)
    example("ppo_sb3", *arguments, needs=("stable_baselines3",))
    out = capsys.readouterr().out
    assert "PPO: survived " in out
    assert "our expert: survived 2 of 2" in out


@pytest.mark.filterwarnings("default")  # those of gym, which it imports
def test_behaviour_cloning_of_imitation(example, tmp_path, capsys):
    arguments = ("--episodes", 2, "--epochs", 1, "--out", tmp_path)
    example("behaviour_cloning_imitation", *arguments, needs=("imitation",))
    out = capsys.readouterr().out
    assert "400 frames" in out
    assert "completed" in out


def test_evaluate_onnx(example, tmp_path, capsys):
    network = ffi.new("imp_network **")
    definition = ffi.new("imp_network_def *", lib.imp_default_network_def())
    assert lib.imp_network_create(network, definition, 3, ffi.NULL) == lib.IMP_OK
    file = os.fsencode(tmp_path / "model.onnx")
    assert lib.imp_network_export_onnx(network[0], file, True, ffi.NULL) == lib.IMP_OK
    lib.imp_network_destroy(network[0])
    arguments = (tmp_path / "model.onnx", "--episodes", 2, "--steps", 20)
    example("evaluate_onnx", *arguments, needs=("onnxruntime",))
    assert "model.onnx: completed" in capsys.readouterr().out


def test_reading_a_dataset(example, tmp_path, capsys):
    example("reading_a_dataset", "--episodes", 6, "--steps", 60, "--out", tmp_path)
    out = capsys.readouterr().out
    assert "6 episodes, 360 frames" in out
    assert "better than the mean" in out


def test_lerobot_export(example, tmp_path, capsys):
    needs = ("pyarrow", "av")
    example("lerobot_export", "--episodes", 2, "--steps", 20, "--out", tmp_path, needs=needs)
    assert "2 episodes, 40 frames at 30 frames a second" in capsys.readouterr().out


def test_the_benchmark_of_data_loaders_prints_the_rate(monkeypatch, tmp_path, capsys):
    pytest.importorskip("torch")
    monkeypatch.setattr(sys, "path", [str(FOLDER.parents[1] / "python/benchmarks"), *sys.path])
    benchmark = importlib.import_module("data_loader")
    benchmark.main(["--frames", "500", "--batch", "20", "--data", str(tmp_path / "data")])
    assert "500 frames, 2 workers, batches of 20" in capsys.readouterr().out


def test_the_benchmark_of_callbacks_prints_the_overhead(monkeypatch, capsys):
    monkeypatch.setattr(sys, "path", [str(FOLDER.parents[1] / "python/benchmarks"), *sys.path])
    benchmark = importlib.import_module("callback_overhead")
    benchmark.main(["--episodes", "3", "--steps", "20", "--repeats", "1"])
    assert "overhead of Python on 3 x 20" in capsys.readouterr().out
    assert imprint.policy(benchmark.follow_lane).images
