"""Prints how much memory the environments lose over many steps, resets and makes: none.

After a warm-up, each loop's growth is printed: of memory that malloc() has given out; of Python's
own blocks; of objects that its collector sees; and of resident memory.

Two caches would look like leaks until they are full. Python keeps up to 4,096 names of attributes
that were looked up; Gymnasium makes some anew for each environment. That cache is emptied before
measuring. glibc keeps freed memory of each size for the next call; that is switched off.

glibc also keeps freed blocks for later calls. Which of them it can give back to the system, changes
from one make to the next by tens of megabytes, both ways. So resident memory is read after each
twentieth of a loop, and the highest of the second ten is compared with the highest of the first.

Exits with 1 if that grows by more than a megabyte, if one repetition in four leaves a block of
Python's or eight bytes of malloc()'s, or if objects are left.
"""

import argparse
import ctypes
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

import gymnasium as gym
import numpy as np

import imprint

MEGABYTE = 1 << 20
PARTS = 20


class MallocInfo(ctypes.Structure):
    """What glibc's mallinfo2() returns."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


# read by glibc when a process starts
TUNABLES = "glibc.malloc.tcache_count=0"

mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = MallocInfo


def resident() -> int:
    """Resident bytes of this process, all of Python's garbage collected."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def memory_in_use() -> tuple[int, int, int]:
    """Bytes of malloc(), blocks and objects of Python."""
    sys._clear_type_cache()
    gc.collect()
    info = mallinfo()
    malloc = info.uordblks + info.hblkhd
    return malloc, sys.getallocatedblocks(), len(gc.get_objects())


def loop_of_steps(count: int) -> Callable[[float], None]:
    """`count` steps of one environment, and as many in batches with images."""
    single = gym.make("imprint/LaneFollowing-v0", observation="state")
    settings = {"width": 16, "height": 12, "autoreset_mode": "same_step", "max_steps": 50}
    many = gym.make_vec("imprint/LaneFollowing-v0", num_envs=64, **settings)
    actions = np.random.default_rng(1).uniform(-1.0, 1.0, (256, 64, 2))

    def run(share: float) -> None:
        single.reset(seed=1)
        for k in range(int(count * share)):
            _, _, terminated, truncated, _ = single.step(actions[k % 256, 0])
            if terminated or truncated:
                single.reset()
        many.reset(seed=1)
        for k in range(int(count * share) // 64):
            many.step(actions[k % 256])

    return run


def loop_of_resets(count: int) -> Callable[[float], None]:
    env = gym.make("imprint/LaneFollowing-v0", randomize="all,no-road", width=16, height=12)

    def run(share: float) -> None:
        for k in range(int(count * share)):
            env.reset(seed=k)

    return run


def loop_of_makes(count: int) -> Callable[[float], None]:
    town = imprint.generate_map(kind="loop", columns=5, rows=5, seed=1)

    def run(share: float) -> None:
        for k in range(int(count * share)):
            # closed, and left to the collector
            env = gym.make("imprint/LaneFollowing-v0", map=town, observation="state")
            env.reset(seed=k)
            envs = gym.make_vec("imprint/LaneFollowing-v0", num_envs=4, map=town, width=8, height=6)
            envs.reset(seed=k)
            if k % 2 == 0:
                env.close()
                envs.close()

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the full numbers")
    share = parser.parse_args().share
    if os.environ.get("GLIBC_TUNABLES") != TUNABLES:
        os.environ["GLIBC_TUNABLES"] = TUNABLES
        os.execv(sys.executable, [sys.executable, *sys.argv])
    loops = [
        ("steps", 1_000_000, loop_of_steps(1_000_000)),
        ("resets", 10_000, loop_of_resets(10_000)),
        ("makes", 1_000, loop_of_makes(1_000)),
    ]
    lost = False
    for name, count, run in loops:
        repetitions = int(count * share)
        run(0.05 * share)
        peaks = [resident()] * 2
        for _ in range(2):  # measuring needs memory, too, when it is first done
            before = memory_in_use()
        for part in range(PARTS):
            run(share / PARTS)
            half = 2 * part // PARTS
            peaks[half] = max(peaks[half], resident())
        malloc, blocks, objects = np.subtract(memory_in_use(), before)
        growth = peaks[1] - peaks[0]
        lost = lost or growth > MEGABYTE or objects > 0
        lost = lost or malloc > 2 * repetitions or blocks > 0.25 * repetitions
        print(
            f"{repetitions:9,} {name:6s} {growth / 1024:6.0f} KiB resident of "
            f"{peaks[1] / MEGABYTE:.0f} MiB, {malloc} bytes of malloc(), "
            f"{blocks} blocks and {objects} objects of Python",
            flush=True,
        )
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
