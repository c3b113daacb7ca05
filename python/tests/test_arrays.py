"""Arrays that go into and come out of the library."""

import numpy as np
import pytest

from imprint import UsageError
from imprint._arrays import check_buffer, checked, pointer
from imprint._native import ffi


def test_a_pointer_is_the_arrays_memory():
    array = np.arange(6, dtype=np.float64).reshape(3, 2)
    actions = pointer(array, "imp_action")
    assert (actions[2].left, actions[2].right) == (4.0, 5.0)
    actions[0].left = 7.0
    assert array[0, 0] == 7.0
    assert pointer(None) == ffi.NULL
    with pytest.raises(UsageError, match="ascontiguousarray"):
        pointer(array[:, 0])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        ([1.0, 2.0], "out: a NumPy array of float64 with shape (2,) is needed, not list"),
        (np.zeros(2, np.float32), "not float32 with shape (2,)"),
        (np.zeros(3), "not float64 with shape (3,)"),
        (np.zeros(4)[::2], "contiguous in C order"),
    ],
)
def test_wrong_buffers_are_refused(array, message):
    with pytest.raises(UsageError) as caught:
        check_buffer("out", array, np.float64, (2,))
    assert message in str(caught.value)


def test_constant_buffers_are_refused():
    array = np.zeros(2)
    check_buffer("out", array, np.float64, (2,))
    array.flags.writeable = False
    with pytest.raises(UsageError, match="written to"):
        check_buffer("out", array, np.float64, (2,))


@pytest.mark.parametrize(
    "values",
    [
        [[1, 2], [3, 4]],
        np.array([[1, 2], [3, 4]], np.float32),
        np.array([[1, 9, 2, 9], [3, 9, 4, 9]], np.float64)[:, ::2],
        np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]),
    ],
)
def test_what_users_pass_is_converted(values):
    out = np.empty((2, 2))
    assert checked("actions", values, out) is out
    assert out.tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, 2.0], "actions: shape (2, 2) is needed, not (2,)"),
        (np.zeros((2, 3)), "actions: shape (2, 2) is needed, not (2, 3)"),
        ([[1.0], [1.0, 2.0]], "actions: shape (2, 2) is needed"),
        (np.zeros((2, 2), complex), "actions: numbers that fit float64 are needed, not complex128"),
        ([["a", "b"], ["c", "d"]], "actions: numbers that fit float64 are needed, not <U1"),
        ([[None, None], [None, None]], "actions: numbers that fit float64 are needed, not object"),
        ([[0.0, 1.0], [np.nan, 0.0]], "actions: nan at [1, 0]; finite numbers are needed"),
        ([[0.0, np.inf], [0.0, 0.0]], "actions: inf at [0, 1]; finite numbers are needed"),
    ],
)
def test_what_is_no_action_is_refused(values, message):
    with pytest.raises(UsageError) as caught:
        checked("actions", values, np.empty((2, 2)))
    assert message in str(caught.value)


def test_messages_hold_the_users_shape():
    out = np.empty((1, 2))
    checked("action", [1.0, 2.0], out, shape=(2,))
    assert out.tolist() == [[1.0, 2.0]]
    with pytest.raises(UsageError, match=r"nan at \[1\]"):
        checked("action", [1.0, np.nan], out, shape=(2,))
