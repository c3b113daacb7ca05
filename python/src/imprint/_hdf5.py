"""The lock of HDF5, which the library reads and writes datasets with.

HDF5 is not safe for threads. Hold `hdf5_lock` in every call that opens, reads or writes datasets:
imp_dataset_*, imp_collect(), imp_train(), imp_dagger(), imports and exports. What
imp_dataset_episode() points to may be read without it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from imprint._errors import BusyError


class _Hdf5Lock:
    """One thread at a time. A thread that holds it already, as in the progress callback of a
    collection, gets BusyError instead of waiting for itself; and so does a policy, which other
    threads call for the one that holds it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = 0
        self.policy_thread = 0  # that runs a policy of the call that holds the lock

    def __enter__(self) -> None:
        if threading.get_ident() in (self._owner, self.policy_thread):
            raise BusyError(
                "a callback of a call that uses datasets cannot use others: do so after the call"
            )
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._owner = 0
        self._lock.release()

    @contextmanager
    def released(self) -> Iterator[None]:
        """For a callback that may use datasets, because the call that holds the lock uses none
        meanwhile.
        """
        held = self._owner == threading.get_ident()
        if held:
            self.__exit__(None, None, None)
        try:
            yield
        finally:
            if held:
                self.__enter__()


hdf5_lock = _Hdf5Lock()
