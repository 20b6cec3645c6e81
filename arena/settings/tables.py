"""Read a table of the settings file into a frozen class.

A field's name is a key, its type decides which values are allowed, and its metadata has the bounds of a number.
pydantic checks the values; every error becomes a `SettingsError`, one line that names place, value and expectation.
Values from the environment and the command line arrive as text and are read as TOML would read them. This module does
not know which settings there are.
"""

import dataclasses
import difflib
import reprlib
import types
import typing
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import ConfigDict, Field, Strict, TypeAdapter, ValidationError

_MAX_INT = 2**63 - 1  # the largest integer that the database stores
_STRICT = ConfigDict(strict=True, allow_inf_nan=False)  # "9" is not 9, and 1 is not true
_SIGNS = {"ge": ">=", "gt": ">", "le": "<="}
_OUT_OF_RANGE = ("greater_than_equal", "greater_than", "less_than_equal")
_WORDS = {
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    bool: "true or false",
    Path: "a path in quotes",
}

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 120

SectionT = TypeVar("SectionT")


class SettingsError(ValueError):
    """A setting is unknown, missing or out of range. The message is one line for the person who runs the arena."""


@dataclass(frozen=True, slots=True)
class Override:
    """One value given as text, by the environment variable or command-line option named in `source`."""

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
    """Make an instance of the dataclass `cls` from a table of `file` and the `overrides` of this section, which win.

    `section` is the table's name in messages, such as "[battle]"; `file_keys` maps fields to keys where the file spells
    them differently. Raises `SettingsError`.
    """
    fields = {one.name: one for one in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(cls)
    check_known(table, fields, where=f"{file}, {section}", what="key")
    values = {}
    for key, value in table.items():
        values[key] = _checked(
            value, hints[key], bounds_of(fields[key]), f"{file}, {section} {file_keys.get(key, key)}"
        )
    for one in overrides:
        value = _parse(one.text, hints[one.key])
        values[one.key] = _checked(
            value, hints[one.key], bounds_of(fields[one.key]), f"{one.source} ({section} {one.key})"
        )
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
    """Write a value as Python does, a long one with its beginning and end only."""
    return _SHORT.repr(value)


def bounds_of(field: "dataclasses.Field[Any]") -> dict[str, float]:
    """Return the bounds of a number by pydantic's names: `ge`, `gt` and `le`."""
    return {name: field.metadata[name] for name in _SIGNS if field.metadata.get(name) is not None}


def bounds_in_words(bounds: Mapping[str, float]) -> str:
    """Write bounds as in ">= 1 and <= 65,535"."""
    return " and ".join(f"{sign} {_number(bounds[name])}" for name, sign in _SIGNS.items() if name in bounds)


def type_in_words(hint: Any) -> str:
    """Describe the values that a type allows, such as "a whole number"."""
    kind = _alternatives(hint)[0]
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(typing.get_args(kind))
    if typing.get_origin(kind) is Mapping:
        return "a table" if typing.get_args(kind)[1] is Any else "a table of texts"
    return _WORDS.get(kind, "a list of texts")


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:g}"


def _alternatives(hint: Any) -> tuple[Any, ...]:
    """Return the types in a hint: (float, None) for `float | None`."""
    is_union = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    return typing.get_args(hint) if is_union else (hint,)


def _parse(text: str, hint: Any) -> Any:
    """Read text from the environment as TOML would; return it unchanged if that fails."""
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


def _checked(value: Any, hint: Any, bounds: Mapping[str, float], place: str) -> Any:
    if isinstance(value, int) and not -_MAX_INT <= value <= _MAX_INT:
        raise SettingsError(f"{place}: a whole number of {value.bit_length()} bits; expected at most {_MAX_INT:,}")
    if Path in _alternatives(hint):
        return _path(value, place)
    if isinstance(value, str) and not _can_be_stored(value):
        raise SettingsError(f"{place}: {shown(value)}; expected text without NUL characters, in valid Unicode")
    try:
        return _adapter(hint, tuple(bounds.items())).validate_python(value)
    except ValidationError as error:
        if error.errors()[0]["type"] in _OUT_OF_RANGE:
            raise SettingsError(
                f"{place}: {value} is out of range; expected a number {bounds_in_words(bounds)}"
            ) from error
        raise SettingsError(f"{place}: {shown(value)} is not {type_in_words(hint)}") from error


def _can_be_stored(text: str) -> bool:
    """Whether PostgreSQL and JSON can hold a text. Settings such as system prompts are stored with each battle."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


@cache
def _adapter(hint: Any, bounds: tuple[tuple[str, float], ...]) -> TypeAdapter[Any]:
    if typing.get_origin(_alternatives(hint)[0]) is tuple:  # TOML has lists, not tuples; the class checks the texts
        return TypeAdapter(Annotated[tuple[str, ...], Strict(False)], config=_STRICT)
    return TypeAdapter(Annotated[hint, Field(**dict(bounds))], config=_STRICT)


def _path(value: Any, place: str) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise SettingsError(f"{place}: {shown(value)} is not {type_in_words(Path)}")
    try:
        return Path(value).expanduser()
    except RuntimeError as error:
        raise SettingsError(f"{place}: {shown(value)}: {error}; write the path without ~") from error
