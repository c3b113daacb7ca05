#!/usr/bin/env python3
"""What several processes under mpirun cost and bring beside one process with threads.

    bench/mpi.py [IMPRINT] [--launcher mpirun.openmpi] [--turns 5]

Build first: cmake --preset release -DIMPRINT_MPI=ON && cmake --build --preset release. All kinds
of a row are timed in turns, so that other work on the machine meets all of them. Wall times,
without the start (the time of an evaluation of one step in the same way is taken off). Ratios are
medians over turns of (one process's time) / (the processes' time): 1 is as fast, more is faster.
The machine needs two idle processors.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
LAUNCHERS = {
    "mpirun.openmpi": ["--oversubscribe", "--allow-run-as-root", "--bind-to", "none"],
    "mpirun.mpich": ["-bind-to", "none"],
}


class Bench:
    """Runs commands in a folder, as one process or as several."""

    def __init__(self, imprint: Path, launcher: str, folder: Path) -> None:
        self.imprint, self.launcher, self.folder = imprint, launcher, folder

    def run(self, command: str, ranks: int = 0) -> tuple[float, float]:
        """Wall time [s] and the largest memory of a process [MB]; 0 ranks: without mpirun."""
        line = [str(self.imprint), *command.split()]
        if ranks:
            line = [self.launcher, *LAUNCHERS[self.launcher], "-n", str(ranks), *line]
        begin = time.perf_counter()
        process = subprocess.Popen(
            line, cwd=self.folder, stdout=subprocess.DEVNULL
        )
        most = 0.0
        while process.poll() is None:
            most = max(most, self.memory_of_program())
            time.sleep(0.01)
        if process.returncode:
            sys.exit(f"{' '.join(line)}: ended with {process.returncode}")
        return time.perf_counter() - begin, most

    def memory_of_program(self) -> float:
        """The largest peak of resident memory among running processes of the program [MB]."""
        peaks = [0.0]
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                if (status.parent / "exe").resolve() == self.imprint:
                    found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())
                    peaks.append(int(found[1]) / 1000 if found else 0.0)
            except OSError:
                continue  # it has ended
        return max(peaks)


def compare(bench: Bench, name: str, command: str, turns: int) -> None:
    """Prints a row: one process of one and of two threads beside one and two ranks of one."""
    kinds = {
        "plain 1": (f"{command} --threads 1", 0),
        "rank 1": (f"{command} --threads 1", 1),
        "plain 2": (f"{command} --threads 2", 0),
        "rank 2": (f"{command} --threads 1", 2),
    }
    starts = {ranks: start(bench, ranks, turns) for ranks in (0, 1, 2)}
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    memory = dict.fromkeys(kinds, 0.0)
    for _ in range(turns):
        for kind, (line, ranks) in kinds.items():
            seconds, most = bench.run(line, ranks)
            times[kind].append(seconds - starts[ranks])
            memory[kind] = max(memory[kind], most)
    one = statistics.median(a / b for a, b in zip(times["plain 1"], times["rank 1"]))
    two = statistics.median(a / b for a, b in zip(times["plain 2"], times["rank 2"]))
    more = 100 * (memory["rank 2"] / memory["plain 1"] - 1)
    seconds = "  ".join(f"{kind} {statistics.median(times[kind]):.2f}" for kind in kinds)
    print(f"{name:6} N=1 {one:.3f}   N=2 {two:.3f}   memory of a rank {more:+.0f} %   [s] {seconds}", flush=True)


def start(bench: Bench, ranks: int, turns: int) -> float:
    """The time of hardly any work: that of starting the processes and connecting them [s]."""
    nothing = "eval -p expert --episodes 4 --steps 1 --out nothing --force --quiet"
    return statistics.median(bench.run(nothing, ranks)[0] for _ in range(turns))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("imprint", nargs="?", type=Path, default=SOURCE / "build/release/imprint")
    parser.add_argument("--launcher", choices=LAUNCHERS, default="mpirun.openmpi")
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(options.imprint.resolve(), options.launcher, Path(name))
        print(f"{options.launcher}, load {os.getloadavg()[0]:.1f}")
        bench.run("log --episodes 40 --steps 200 --noise 0.2 --out data --quiet")
        rows = {
            "log": "log --episodes 60 --steps 200 --randomize all --out written --force --quiet",
            "eval": "eval -p expert --episodes 200 --steps 300 --out result --force --quiet",
            "train": "train --data data --epochs 2 --shards 2 --out model --force --quiet",
        }
        for name, command in rows.items():
            compare(bench, name, command, options.turns)
        more = start(bench, 4, options.turns) - start(bench, 0, options.turns)
        print(f"start of 4 ranks: {more:.2f} s more than of one process without mpirun")


if __name__ == "__main__":
    main()
