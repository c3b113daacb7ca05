"""Definition structs of the library, filled from keyword arguments.

The library's settings are structs with defaults (`imp_default_sim_def()`). A Definition holds one,
sets its fields by name and keeps alive what they point to:

    definition = Definition("imp_sim_def", lib.imp_default_sim_def())
    definition.set("map", "loop_empty")
    definition.set("env.seed", 7)
    definition.update({"camera": {"width": 64, "height": 64}, "autoreset": "same_step"})

Words stand for enumerators: "same_step" for IMP_AUTORESET_SAME_STEP. Paths may be `os.PathLike`.
"""

import difflib
import itertools
import operator
import os
from collections.abc import Mapping, Sequence
from typing import Any

from imprint._errors import UsageError, text
from imprint._native import ffi
from imprint._old_names import FIELDS, WORDS, warn


class Definition:
    """A struct of the library that owns the texts and arrays that it points to.

    `pointer` is what functions take as `const imp_..._def *`, and `struct` reads and writes
    fields directly: `definition.struct.env.seed = 7`.
    """

    def __init__(self, kind: str, defaults: Any) -> None:
        self.pointer = ffi.new(f"{kind} *", defaults)
        self.struct = self.pointer[0]
        self._kept: dict[str, Any] = {}

    def update(self, settings: Mapping[str, Any], prefix: str = "") -> None:
        """Sets many fields; a mapping sets fields of a struct in the struct."""
        for name, value in settings.items():
            if isinstance(value, Mapping):
                self.update(value, f"{prefix}{name}.")
            else:
                self.set(f"{prefix}{name}", value)

    def set(self, path: str, value: Any) -> None:
        """Sets one field, named by a path with dots. Fails with UsageError on an unknown name,
        which it compares with the known ones, and on a value of another kind.
        """
        *outer, name = path.split(".")
        struct = self.struct
        for part in outer:
            _field(struct, part, path)
            struct = getattr(struct, part)
        name = _present_name(struct, name)
        setattr(struct, name, self._converted(path, _field(struct, name, path), value))

    def _converted(self, path: str, field: Any, value: Any) -> Any:
        """A value as cffi assigns it to a field of this type."""
        kind = field.type
        try:
            if kind.kind == "enum":
                return _enumerator(path, kind, value)
            if kind.cname == "_Bool":
                if value not in (False, True):
                    raise UsageError(f"{path}: True or False is needed, not {value!r}")
                return bool(value)
            if kind.kind == "primitive":
                return ffi.cast(kind, value) if isinstance(value, bool) else _number(kind, value)
            if kind.kind == "pointer":
                return self._pointed(path, kind, value)
            if kind.kind == "array" and kind.item.cname == "char":
                return _characters(path, kind, value)
            if kind.kind == "array":
                return [_number(kind.item, item) for item in value]
        except (TypeError, ValueError, OverflowError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError(f"{path}: {value!r} is no {kind.cname}: {error}") from None
        raise UsageError(f"{path} is a struct: set its fields")

    def _pointed(self, path: str, kind: Any, value: Any) -> Any:
        """Memory for what a pointer points to: a text, texts, or an array of the caller."""
        if value is None:
            self._kept.pop(path, None)
            return ffi.NULL
        if isinstance(value, ffi.CData):
            self._kept[path] = value
            return value
        if kind.cname == "char *" and isinstance(value, (str, bytes, os.PathLike)):
            kept = ffi.new("char[]", os.fsencode(value))
        elif kind.cname == "char * *" and not isinstance(value, (str, bytes, os.PathLike)):
            texts = [ffi.new("char[]", os.fsencode(item)) for item in value]
            kept = ffi.new("char *[]", texts)
            self._kept[f"{path}[]"] = texts
        else:
            raise UsageError(f"{path}: {value!r} cannot be passed as {kind.cname}")
        self._kept[path] = kept
        return kept


def as_dict(struct: Any) -> dict[str, Any]:
    """A struct of the library as Python values: nested dicts, words for enumerators, texts, lists.

    Pointers other than texts are left out.
    """
    return {
        name: _plain(field.type, getattr(struct, name))
        for name, field in ffi.typeof(struct).fields
        if field.type.kind != "pointer" or field.type.cname == "char *"
    }


def _plain(kind: Any, value: Any) -> Any:
    if kind.kind in ("struct", "union"):
        return as_dict(value)
    if kind.kind == "pointer":
        return text(value)
    if kind.kind == "array":
        if kind.item.cname == "char":
            return text(value)
        return [_plain(kind.item, item) for item in value]
    if kind.kind == "enum":
        return next((word for word, number in _words(kind).items() if number == value), value)
    return value


def enumerators(kind: str) -> dict[str, int]:
    """The words of an enumeration, as "same_step" of `imp_autoreset_mode`, with their numbers."""
    return _words(ffi.typeof(kind))


def _words(kind: Any) -> dict[str, int]:
    first, last = min(kind.relements), max(kind.relements)
    same = sum(
        1
        for _ in itertools.takewhile(
            lambda pair: pair[0] == pair[1], zip(first, last, strict=False)
        )
    )
    prefix = first[: first[:same].rfind("_") + 1]
    numbers = sorted(kind.relements.items(), key=lambda entry: int(entry[1]))
    words = {name.removeprefix(prefix).lower(): int(number) for name, number in numbers}
    words.pop("count", None)
    return words


def _enumerator(path: str, kind: Any, value: Any) -> int:
    words = _words(kind)
    if isinstance(value, str):
        word = value.lower().replace("-", "_")
        if WORDS.get(word) in words:
            warn(f"{path}: '{word}'", f"'{WORDS[word]}'")
            word = WORDS[word]
        if word not in words:
            raise UsageError(f"{path}: there is no '{value}'{similar(word, list(words))}")
        return words[word]
    if value not in words.values():
        raise UsageError(f"{path}: {value!r} is none of {', '.join(words)}")
    return int(value)


def _characters(path: str, kind: Any, value: Any) -> bytes:
    """A text or path for an array of characters."""
    if not isinstance(value, (str, os.PathLike)):
        raise UsageError(f"{path}: a text is needed, not {value!r}")
    encoded = os.fsencode(value)
    if len(encoded) >= kind.length:
        raise UsageError(f"{path}: {value!r} is longer than {kind.length - 1} bytes")
    return encoded


def _number(kind: Any, value: Any) -> Any:
    """Whole numbers may come as NumPy's; fractions are not cut."""
    if kind.cname in ("double", "float"):
        return float(value)
    number = operator.index(value)
    ffi.new(f"{kind.cname} *", number)  # fails where it does not fit
    return number


def _present_name(struct: Any, name: str) -> str:
    """The name of a field that is given by this or by an earlier name."""
    new = FIELDS.get(name)
    kind = ffi.typeof(struct)
    if new is None or kind.kind != "struct" or new not in dict(kind.fields):
        return name
    warn(name, new)
    return new


def _field(struct: Any, name: str, path: str) -> Any:
    kind = ffi.typeof(struct)
    if kind.kind not in ("struct", "union"):
        raise UsageError(f"there is no setting '{path}': what is before '{name}' has no fields")
    fields = dict(kind.fields)
    if name not in fields or name == "cookie":
        known = [known for known in fields if known != "cookie"]
        raise UsageError(f"there is no setting '{path}'{similar(name, known)}")
    return fields[name]


def similar(word: str, known: Sequence[str]) -> str:
    """What goes on a message about a word that is unknown: the nearest known one, or all."""
    close = difflib.get_close_matches(word, known, 1)
    return f"; is '{close[0]}' meant?" if close else f"; there are: {', '.join(known)}"
