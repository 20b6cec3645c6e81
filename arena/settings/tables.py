"""How a table is read by its types: a mapping and a frozen class give an instance, or one sentence on what is wrong.

The class says all: a field's name is a key, its type what may stand there, its metadata the bounds of a number. Values
from the environment and the command line come as text and are read as the TOML value that they would have been. Nothing
here knows which settings there are.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import reprlib
import types
import typing
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

_MAX_INT = 2**63 - 1  # what the database stores

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 120

SectionT = TypeVar("SectionT")


class SettingsError(ValueError):
    """A setting is unknown, missing or out of range; the message is one line for the person who runs the arena."""


@dataclass(frozen=True, slots=True)
class Override:
    """One value given as text: by an environment variable or a command-line option, which `source` names."""

    section: str
    key: str
    text: str
    source: str


def read_table(
    cls: type[SectionT],
    table: Mapping[str, Any],
    *,
    file: Path,
    section: str,
    overrides: Sequence[Override] = (),
    file_keys: Mapping[str, str] = types.MappingProxyType({}),
) -> SectionT:
    """An instance of the dataclass `cls` from a table of `file`; `overrides`, which are all of this section, win.

    `section` is what messages call the table, such as "[battle]"; `file_keys` has the keys that the file spells
    otherwise than the class. Raises `SettingsError`.
    """
    fields = {one.name: one for one in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(cls)
    check_known(table, fields, where=f"{file}, {section}", what="key")
    values = {}
    for key, value in table.items():
        place = f"{file}, {section} {file_keys.get(key, key)}"
        values[key] = _in_range(_typed(value, hints[key], place), fields[key].metadata, place)
    for one in overrides:
        place = f"{one.source} ({section} {one.key})"
        value = _typed(_parse(one.text, hints[one.key]), hints[one.key], place)
        values[one.key] = _in_range(value, fields[one.key].metadata, place)
    try:
        return cls(**values)
    except ValueError as error:
        sources = " and ".join([str(file), *(one.source for one in overrides if one.key in str(error))])
        raise SettingsError(f"{sources}, {section}: {error}") from error


def check_known(given: Collection[str] | Mapping[str, Any], known: Collection[str], *, where: str, what: str) -> None:
    """Raise `SettingsError` for the first name that is not known, with the nearest one that is."""
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise SettingsError(f"{where}: unknown {what} {shown(name)}; did you mean {near[0]!r}?")


def shown(value: Any) -> str:
    """A value as Python writes it, in a message; of a long one the beginning and the end."""
    return _SHORT.repr(value)


def _alternatives(hint: Any) -> tuple[Any, ...]:
    """The types that a hint allows: (float, None) for `float | None`."""
    is_union = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    return typing.get_args(hint) if is_union else (hint,)


def _parse(text: str, hint: Any) -> Any:
    """Text of the environment as the value that TOML would have given; left as text where it cannot be."""
    for kind in _alternatives(hint):
        try:
            if kind is bool:
                return {"true": True, "1": True, "false": False, "0": False}[text.casefold()]
            if kind in (int, float):
                return kind(text)
        except (KeyError, ValueError):
            return text
        if typing.get_origin(kind) is tuple:
            return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _typed(value: Any, hint: Any, place: str) -> Any:
    for kind in _alternatives(hint):
        if typing.get_origin(kind) is Literal:
            if value in typing.get_args(kind):
                return value
        elif typing.get_origin(kind) is tuple:
            if isinstance(value, list) and all(isinstance(part, str) for part in value):
                return tuple(value)
        elif typing.get_origin(kind) is Mapping:
            is_text = typing.get_args(kind)[1] is str
            if isinstance(value, Mapping) and all(not is_text or isinstance(one, str) for one in value.values()):
                return dict(value)
        elif kind is Path:
            if isinstance(value, str) and value and "\0" not in value:
                return _path(value, place)
        elif kind is float:
            if isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value):
                return float(value)
        elif isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return value
    raise SettingsError(f"{place}: {shown(value)} is not {_in_words(hint)}")


def _path(text: str, place: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise SettingsError(f"{place}: {shown(text)}: {error}; write the path without ~") from error


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def _in_words(hint: Any) -> str:
    words = {
        int: "a whole number",
        float: "a number",
        str: "text in quotes",
        bool: "true or false",
        Path: "a path in quotes",
    }
    kind = _alternatives(hint)[0]
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(typing.get_args(kind))
    if typing.get_origin(kind) is Mapping:
        return "a table" if typing.get_args(kind)[1] is Any else "a table of texts"
    return words.get(kind, "a list of texts")


def _in_range(value: Any, bounds: Mapping[str, Any], place: str) -> Any:
    if isinstance(value, int) and not -_MAX_INT <= value <= _MAX_INT:
        raise SettingsError(f"{place}: a whole number of {value.bit_length()} bits; expected at most {_MAX_INT}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, above, high = bounds.get("low"), bounds.get("above"), bounds.get("high")
        parts = [f"{sign} {bound:g}" for sign, bound in ((">=", low), (">", above), ("<=", high)) if bound is not None]
        inside = (low is None or value >= low) and (above is None or value > above) and (high is None or value <= high)
        if not inside:
            raise SettingsError(f"{place}: {value} is out of range; expected a number {' and '.join(parts)}")
    return value
