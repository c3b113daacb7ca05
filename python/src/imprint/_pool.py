"""Thread pools that survive fork().

A pool's threads exist in the process that started them only. The child of a fork gets a new pool
when it next needs one; the old one's memory is left alone there.
"""

import os
from typing import Any

from imprint._errors import UsageError, call
from imprint._native import ffi, lib

# how many forks lie between this process and the first
_generation = 0


def _count_fork() -> None:
    global _generation
    _generation += 1


os.register_at_fork(after_in_child=_count_fork)


class Pool:
    """A pool of threads that functions of the library run their work on; one call at a time.

    threads: how many, of which the calling thread is one; 0: one for each processor.
    """

    def __init__(self, threads: int = 0) -> None:
        if threads < 0:
            raise UsageError(f"threads: {threads}; 0 stands for one for each processor")
        self._threads = threads
        self._generation = _generation
        self._pool = self._start()

    def _start(self) -> Any:
        if self._threads == 1:
            return ffi.NULL
        out = ffi.new("imp_thread_pool **")
        call(lib.imp_thread_pool_create, out, self._threads)
        return ffi.gc(out[0], lib.imp_thread_pool_destroy)

    @property
    def pointer(self) -> Any:
        """The pool as `imp_thread_pool *`; NULL for one thread."""
        if self._generation != _generation:
            ffi.gc(self._pool, None)
            self._pool = self._start()
            self._generation = _generation
        return self._pool

    def close(self) -> None:
        """Ends the threads."""
        if self._generation != _generation:
            ffi.gc(self._pool, None)
        elif self._pool:
            ffi.release(self._pool)
        self._pool = ffi.NULL
