"""Failures of the library become exceptions."""

import pytest

import imprint
from imprint._errors import call, error_of, text
from imprint._native import ffi, lib


def test_the_message_and_class_are_the_librarys():
    world = ffi.new("imp_world **")
    with pytest.raises(imprint.BadInputError, match="no_such_map"):
        call(
            lib.imp_world_load,
            world,
            b"no_such_map",
        )
    assert world[0] == ffi.NULL


@pytest.mark.parametrize(
    ("status", "kind", "also"),
    [
        (lib.IMP_CHECK_FAILED, imprint.CheckFailedError, Exception),
        (lib.IMP_USAGE, imprint.UsageError, ValueError),
        (lib.IMP_BAD_INPUT, imprint.BadInputError, ValueError),
        (lib.IMP_IO, imprint.InputOutputError, OSError),
        (lib.IMP_NO_MEMORY, imprint.OutOfMemoryError, MemoryError),
        (lib.IMP_INTERNAL, imprint.InternalError, RuntimeError),
        (lib.IMP_INTERRUPTED, imprint.StoppedError, Exception),
    ],
)
def test_each_status_has_a_class(status, kind, also):
    err = ffi.new("imp_error *")
    error = error_of(status, err)
    assert type(error) is kind
    assert isinstance(error, also)
    assert isinstance(error, imprint.ImprintError)
    assert str(error) == text(lib.imp_status_text(status))
    assert error.hint is None


def test_every_status_is_an_exception():
    statuses = set(ffi.typeof("imp_status").relements.values()) - {lib.IMP_OK}
    err = ffi.new("imp_error *")
    kinds = {type(error_of(status, err)) for status in statuses}
    assert len(kinds) == len(statuses)


def test_every_hint_is_kept():
    hints = {int(number) for number in ffi.typeof("imp_error_hint").relements.values()}
    hints -= {lib.IMP_HINT_NONE, lib.IMP_HINT_COUNT}
    assert {hint.value for hint in imprint.Hint} == hints
    err = ffi.new("imp_error *", {"message": b"what to do", "hint": lib.IMP_HINT_MAP})
    error = error_of(lib.IMP_USAGE, err)
    assert error.hint is imprint.Hint.MAP
    assert str(error) == "what to do"


def test_texts_of_other_encodings_survive():
    assert text(ffi.new("char[]", b"m\xe4p")).encode(errors="surrogateescape") == b"m\xe4p"
    assert text(ffi.NULL) == ""
