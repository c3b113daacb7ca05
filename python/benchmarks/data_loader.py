"""How fast torch.utils.data.DataLoader reads a dataset, and whether its memory stays flat.

    python benchmarks/data_loader.py [--frames 200000] [--workers 2] [--batch 256] [--data FOLDER]

Reads an epoch of shuffled frames into torch tensors in three ways: frame by frame, as DataLoader
does by itself; in whole batches, with a BatchSampler; and that without workers. The dataset is
recorded first, unless FOLDER has one.

Memory is what all processes together occupy of their own after each fifth of the epoch; it must not
grow by more than 32 MiB from the second fifth on. Mapped files, which the system can take back at
any time, are printed beside it. Where other programs run, the processors' time that a frame takes
says more than frames a second. Needs torch.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path

import imprint

PARTS = 5
MEBIBYTE = 1 << 20
GROWTH = 32  # MiB of memory that count as flat
STEPS = 250  # of an episode


def memory():
    """Bytes that this process and its children occupy, and bytes of files that they have mapped.
    What they share counts once.
    """
    own = mapped = 0
    for process in (os.getpid(), *(child.pid for child in multiprocessing.active_children())):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in ("Pss_Anon", "Pss_Shmem"):
                own += 1024 * int(value.split()[0])
            elif name == "Pss_File":
                mapped += 1024 * int(value.split()[0])
    return own, mapped


def processor_time():
    """Seconds that this process and its children that ended have computed."""
    times = os.times()
    return sum(times[:4])


def loaders(data, batch, workers):
    """The ways, by name."""
    from torch.utils.data import BatchSampler, DataLoader, RandomSampler

    batches = BatchSampler(RandomSampler(data), batch, drop_last=False)
    return {
        "frame by frame": lambda: DataLoader(
            data, batch_size=batch, shuffle=True, num_workers=workers
        ),
        "whole batches": lambda: DataLoader(
            data, batch_size=None, sampler=batches, num_workers=workers
        ),
        "without workers": lambda: DataLoader(data, batch_size=None, sampler=batches),
    }


def epoch(loader):
    """Frames, seconds, seconds of all processors, and memory after each part."""
    frames, used = 0, []
    start, before = time.perf_counter(), processor_time()
    for k, batch in enumerate(loader):
        frames += len(batch["expert_action"])
        if (k + 1) * PARTS // len(loader) > len(used):
            used.append(memory())
    seconds = time.perf_counter() - start
    return frames, seconds, processor_time() - before, used


def main(arguments=None):
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--frames", type=int, default=200_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--data", type=Path, help="a folder to record to, or with a dataset")
    options = parser.parse_args(arguments)
    flat = True
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.data or Path(scratch) / "data"
        if not folder.exists():
            count = -(-options.frames // STEPS)
            imprint.collect(folder, episodes=count, steps=min(STEPS, options.frames), noise=0.05)
        data = imprint.Dataset(folder, keys=("observation", "expert_action"))
        print(f"{len(data):,} frames, {options.workers} workers, batches of {options.batch}")
        for name, make in loaders(data, options.batch, options.workers).items():
            frames, seconds, computed, used = epoch(make())
            own = [part[0] / MEBIBYTE for part in used]
            flat = flat and max(own[1:], default=0) - min(own[1:], default=0) <= GROWTH
            print(
                f"{name:15} {frames / seconds:8,.0f} frames/s, {1e6 * computed / frames:3.0f} us of"
                f" processors a frame, memory {' '.join(f'{part:.0f}' for part in own)} MiB, "
                f"mapped {max(part[1] for part in used) / MEBIBYTE:.0f} MiB",
                flush=True,
            )
    if not flat:
        sys.exit("memory is not flat")


if __name__ == "__main__":
    main()
