#!/usr/bin/env python3
"""How fast we train, beside PyTorch on the same network, batch, data and cores, and beside what the
processor can do at most: all in one run.

    bench/train_vs_torch.py [--imprint build/release/imprint] [--repeats 100] [--no-stream]

Wants an idle machine. Every figure is the best of its repeats, which take turns, so that a slow
moment hits all alike. PyTorch comes from python's own path, or else from a virtual environment that
is made in build/bench-venv (set PIP_INDEX_URL to where the CPU build is, which is smaller).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BATCH, WIDTH, HEIGHT = 32, 80, 60
SECONDS = 0.01  # that one repeat lasts: short ones find a quiet moment, as those of the peak do
MORE_EPOCHS = 2  # that a streamed training is timed over
LIMIT_SHARE = 4  # the streamed dataset is so many times larger than the memory
GROUPS = [Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")]

# one-residual: pixels out, channels out, kernel, channels in
LAYERS = [
    (30 * 40, 32, 5, 3),
    (7 * 10, 32, 3, 32),
    (7 * 10, 32, 3, 32),
    (7 * 10, 32, 1, 32),
    (1, 64, 1, 2240),
    (1, 32, 1, 64),
    (1, 2, 1, 32),
]


def flops() -> tuple[float, float]:
    """Of one image: forward, and forward and backward. The first layer passes nothing back."""
    forward = [2.0 * pixels * out * kernel**2 * into for pixels, out, kernel, into in LAYERS]
    return sum(forward), 3.0 * sum(forward) - forward[0]


def with_torch() -> None:
    """Goes on in a python that has PyTorch."""
    venv = ROOT / "build" / "bench-venv"
    python = venv / "bin" / "python"
    if subprocess.run([sys.executable, "-c", "import torch"], stderr=subprocess.DEVNULL).returncode:
        if Path(sys.prefix) == venv:
            sys.exit("the virtual environment has no torch")
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        if subprocess.run([python, "-c", "import torch"], stderr=subprocess.DEVNULL).returncode:
            subprocess.run([python, "-m", "pip", "install", "-q", "numpy", "torch"], check=True)
        os.execv(python, [str(python), *sys.argv])


def torch_candidates(threads: int) -> dict[str, Callable[[], float]]:
    """Ways to train with PyTorch, each measured in samples/s."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Net(nn.Module):
        """one-residual; symmetric padding, which costs the same as TensorFlow's and less than both
        kinds in two steps."""

        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(3, 32, 5, 2, 2)
            self.norm1 = nn.BatchNorm2d(32, 1e-3)
            self.conv2 = nn.Conv2d(32, 32, 3, 2, 1)
            self.norm2 = nn.BatchNorm2d(32, 1e-3)
            self.conv3 = nn.Conv2d(32, 32, 3, 1, 1)
            self.shortcut = nn.Conv2d(32, 32, 1, 2)
            self.dense1 = nn.Linear(LAYERS[4][3], 64)
            self.dense2 = nn.Linear(64, 32)
            self.action = nn.Linear(32, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            pooled = functional.max_pool2d(self.conv1(x), 3, 2)
            x = self.conv2(functional.relu(self.norm1(pooled)))
            x = self.conv3(functional.relu(self.norm2(x))) + self.shortcut(pooled)
            x = functional.relu(self.dense1(torch.flatten(x, 1)))
            return self.action(functional.relu(self.dense2(x)))

    def candidate(
        layout: torch.memory_format, compiled: bool, half: bool = False
    ) -> Callable[[], float]:
        torch.manual_seed(1)
        net = Net().to(memory_format=layout).train()
        net.norm1.eval()  # frozen, as the baseline's and our default
        net.norm2.eval()
        optimiser = torch.optim.Adam(net.parameters(), 1e-3, fused=True)
        # standardised beforehand, while our figure has the bytes standardised in every step
        images = torch.randn(BATCH, 3, HEIGHT, WIDTH).to(memory_format=layout)
        labels = torch.rand(BATCH, 2)
        run = torch.compile(net) if compiled else net

        def step() -> None:
            optimiser.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                output = run(images)
            functional.mse_loss(output.float(), labels).backward()
            optimiser.step()

        def measure() -> float:
            torch.set_num_threads(threads)
            for _ in range(3):
                step()
            steps, start = 0, time.perf_counter()
            while time.perf_counter() - start < SECONDS:
                step()
                steps += 1
            return steps * BATCH / (time.perf_counter() - start)

        return measure

    torch.set_num_threads(threads)
    return {
        f"PyTorch {torch.__version__}": candidate(torch.contiguous_format, False),
        "PyTorch, channels last": candidate(torch.channels_last, False),
        "PyTorch, compiled": candidate(torch.contiguous_format, True),
        "PyTorch, compiled, channels last": candidate(torch.channels_last, True),
        "PyTorch, bfloat16, channels last": candidate(torch.channels_last, False, True),
    }


def ours(imprint: Path, what: str, threads: int) -> float:
    command: list[str | Path] = [
        imprint,
        "bench",
        what,
        "--threads",
        str(threads),
        "--batch",
        str(BATCH),
    ]
    command += ["--seconds", str(SECONDS), "--json"]
    found = subprocess.run(command, check=True, capture_output=True)
    return float(json.loads(found.stdout)["results"][what]["value"])


def peak(program: Path, threads: int, kind: str = "f32") -> float:
    """What multiply-adds alone reach [GFLOP/s]; 0 if the processor does not know the kind."""
    command = [program, str(threads), kind]
    return float(subprocess.run(command, check=True, capture_output=True).stdout)


def best_of(candidates: dict[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """The best of each; one that cannot run (no compiler for torch.compile) drops out."""
    best: dict[str, float] = {}
    for _ in range(repeats):
        for name, measure in list(candidates.items()):
            try:
                best[name] = max(best.get(name, 0.0), measure())
            except Exception as problem:  # pylint: disable=broad-except
                print(f"# {name}: left out: {str(problem).splitlines()[0]}", file=sys.stderr)
                del candidates[name]
    return best


def training_table(imprint: Path, program: Path, repeats: int) -> None:
    cores = sorted(os.sched_getaffinity(0))
    forward, whole = flops()
    print(f"one-residual, {WIDTH} x {HEIGHT}, batch {BATCH}: {whole / 1e6:.2f} MFLOP per sample\n")
    print("| f32 training | samples/s | of the FMA peak | ours is |\n|---|---|---|---|")
    for threads in range(1, min(2, len(cores)) + 1):
        os.sched_setaffinity(0, cores[:threads])
        candidates = torch_candidates(threads)
        candidates["ours"] = lambda n=threads: ours(imprint, "train", n)  # type: ignore[misc]
        candidates["peak"] = lambda n=threads: peak(program, n)  # type: ignore[misc]
        candidates["bf16"] = lambda n=threads: peak(program, n, "bf16")  # type: ignore[misc]
        best = best_of(candidates, repeats)
        limit = best.pop("peak") * 1e9 / whole
        print(
            f"| **{threads} core(s)**: peak {limit * whole / 1e9:.0f} GFLOP/s | {limit:.0f} | | |"
        )
        half = best.pop("bf16")
        if half > 0.0:
            best[f"bfloat16 at its peak, {half:.0f} GFLOP/s"] = half * 1e9 / whole
        for name, rate in sorted(best.items(), key=lambda item: -item[1]):
            ratio = f"{best['ours'] / rate:.2f} x" if name != "ours" else ""
            print(f"| {name} | {rate:.0f} | {100.0 * rate / limit:.0f} % | {ratio} |", flush=True)
    os.sched_setaffinity(0, cores[:1])
    decision = min(ours(imprint, "decide", 1) for _ in range(repeats))
    floor = 1e6 * forward / (1e9 * max(peak(program, 1) for _ in range(repeats)))
    os.sched_setaffinity(0, cores)
    print(f"\none decision, one core: {decision:.0f} us; at the FMA peak {floor:.0f} us, ", end="")
    print(f"{decision / floor:.2f} x", flush=True)


def run_training(command: list[str | Path], group: Path | None = None) -> tuple[dict, float]:
    """The JSON of a training, and the most memory that it used [MB]."""
    # a new process starts with its parent's greatest size; VmHWM begins anew with the program
    join = f'echo $$ >"{group}/cgroup.procs" && ' if group is not None else ""
    shell = ["sh", "-c", join + 'exec "$@"', "sh", *map(str, command)]
    used = 0
    with subprocess.Popen(shell, stdout=subprocess.PIPE) as child:
        while child.poll() is None:
            status = Path(f"/proc/{child.pid}/status").read_text()
            if "\nVmHWM:" in status:
                used = int(status.split("\nVmHWM:")[1].split()[0])
            time.sleep(0.02)
        out = child.stdout.read() if child.stdout is not None else b""
    if child.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed")
    return json.loads(out), used / 1024.0


def record(imprint: Path, folder: Path, episodes: int, steps: int) -> float:
    """Records a dataset; returns its size [MB]."""
    command: list[str | Path] = [imprint, "log", "--episodes", str(episodes), "--steps", str(steps)]
    subprocess.run([*command, "--out", folder, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return sum(path.stat().st_size for path in folder.iterdir()) / 2**20


def end_to_end(imprint: Path, folder: Path, repeats: int) -> None:
    size = record(imprint, folder / "data", 80, 64)
    best, memory = 1e9, 0.0
    for _ in range(repeats):
        start = time.perf_counter()
        command: list[str | Path] = [
            imprint,
            "train",
            "--data",
            folder / "data",
            "--out",
            folder / "model",
        ]
        command += ["--epochs", "10", "--validation", "0", "--force", "--json"]
        _, used = run_training(command)
        best, memory = min(best, time.perf_counter() - start), max(memory, used)
    print(f"\nimprint train, 5,120 frames x 10 epochs: {best:.1f} s, ", end="")
    print(
        f"memory {memory:.0f} MB: the data ({size:.0f} MB) and {memory - size:.0f} MB", flush=True
    )


def make_group(megabytes: int) -> Path | None:
    """A control group with so much memory, pages of files included; None where that cannot be."""
    for root in GROUPS:
        group = root / f"imprint-bench-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        for name in ("memory.max", "memory.limit_in_bytes"):
            if (group / name).exists():
                (group / name).write_text(str(megabytes << 20))
                return group
        group.rmdir()
    return None


def forget(folder: Path) -> None:
    """Takes files out of the system's cache, where they would count for nobody's memory."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def streaming(imprint: Path, folder: Path, repeats: int) -> None:
    size = record(imprint, folder / "large", 750, 100)
    limit = int(size / LIMIT_SHARE)
    group = make_group(limit)
    if group is None:
        print("\nstreaming: no control group with a memory limit can be made here: left out")
        return
    seconds: dict[tuple[str, int], float] = {}
    samples = 0
    try:
        for _ in range(repeats):
            for name in ("in memory", "streaming"):  # the former fills the cache again
                for epochs in (1, 1 + MORE_EPOCHS):
                    command: list[str | Path] = [
                        imprint,
                        "train",
                        "--data",
                        folder / "large",
                        "--out",
                        folder / "model",
                    ]
                    command += ["--epochs", str(epochs), "--force", "--json", "--shuffle-buffer"]
                    command += ["2048" if name == "streaming" else "0"]
                    if name == "streaming":
                        forget(folder / "large")
                    found, _ = run_training(command, group if name == "streaming" else None)
                    key = (name, epochs)
                    seconds[key] = min(seconds.get(key, 1e9), found["seconds"])
                    samples = found["samples"]
    finally:
        group.rmdir()
    # what an epoch takes; before the first one the whole dataset is hashed
    memory, disk = (
        MORE_EPOCHS * samples / (seconds[name, 1 + MORE_EPOCHS] - seconds[name, 1])
        for name in ("in memory", "streaming")
    )
    whole = seconds["in memory", 1 + MORE_EPOCHS] / seconds["streaming", 1 + MORE_EPOCHS]
    print(f"\nstreaming {size:.0f} MB within {limit} MB: {disk:.0f} samples/s, ", end="")
    print(f"in memory {memory:.0f}: {100.0 * disk / memory:.0f} %; ", end="")
    print(f"{100.0 * whole:.0f} % with the start and {1 + MORE_EPOCHS} epochs", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares our training with PyTorch's.")
    parser.add_argument("--imprint", type=Path, default=ROOT / "build/release/imprint")
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--no-stream", action="store_true", help="leave out the large dataset")
    parser.add_argument("--no-torch", action="store_true", help="leave out what needs PyTorch")
    arguments = parser.parse_args()
    imprint = arguments.imprint.resolve()
    if not arguments.no_torch:
        with_torch()
    with tempfile.TemporaryDirectory(prefix="imprint-bench-") as name:
        folder = Path(name)
        program = folder / "fma_peak"
        flags = ["-O3", "-march=native", "-ffp-contract=fast", "-pthread"]
        source = ROOT / "bench" / "fma_peak.c"
        subprocess.run(["cc", *flags, source, "-o", program], check=True)
        print(f"load before: {os.getloadavg()[0]:.2f} on {len(os.sched_getaffinity(0))} cores\n")
        if not arguments.no_torch:
            training_table(imprint, program, arguments.repeats)
        end_to_end(imprint, folder, min(3, arguments.repeats))
        if not arguments.no_stream:
            streaming(imprint, folder, min(2, arguments.repeats))
        print(f"\nload after: {os.getloadavg()[0]:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
