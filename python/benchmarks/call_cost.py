"""Prints what calls from Python into the library cost.

A call through cffi is compared with the call of a function that CPython itself holds in C, which is
what a hand-written extension would cost at best.
"""

import timeit
from collections.abc import Callable

import numpy as np

from imprint._arrays import pointer
from imprint._native import ffi, lib


def nanoseconds(function: Callable[[], object]) -> float:
    timer = timeit.Timer(function)
    count, _ = timer.autorange()
    return min(timer.repeat(7, count)) / count * 1e9


def main() -> None:
    array = np.zeros((64, 2))
    random = ffi.new("imp_random *", lib.imp_random_stream(1, 0, 0, lib.IMP_PURPOSE_TEST))
    action = ffi.new("imp_action *")[0]
    rows: list[tuple[str, Callable[[], object]]] = [
        ("an empty Python function", lambda: None),
        ("id(x), a function of CPython in C", lambda: id(array)),
        ("lib.imp_random_u32(pointer)", lambda: lib.imp_random_u32(random)),
        ("lib.imp_random_uniform(pointer, 0, 1)", lambda: lib.imp_random_uniform(random, 0.0, 1.0)),
        ("lib.imp_action_clip(struct) -> struct", lambda: lib.imp_action_clip(action)),
        ("pointer(array)", lambda: pointer(array)),
        ("ffi.from_buffer(array)", lambda: ffi.from_buffer("double[]", array)),
    ]
    for name, function in rows:
        print(f"{name:40s} {nanoseconds(function):6.0f} ns")


if __name__ == "__main__":
    main()
