"""docs/settings.md: every key of arena.toml, from the classes that read it."""

import dataclasses
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from arena.settings.sections import SECTIONS, Player
from docs.writers.source import field_docs

_HEADING = "\n".join(
    (
        "# Settings",
        "",
        "This page is generated from the code (`make generated`). Settings are read once, at start."
        " A later source wins: defaults, `arena.toml`, environment variables, the command line.",
        "",
        "- The environment variable of a key is `ARENA_`, its section and its name, such as `ARENA_BATTLE_MAX_TOKENS`;"
        " keys of `[arena]` are without their section, such as `ARENA_TITLE`. Models have no variables.",
        "- An unknown key or variable is an error that names the nearest known one.",
        "- Paths of models are relative to the folder of `arena.toml`; `data` is relative to the working directory.",
        "- The settings of `[elo]` are also options of `python -m elo recompute`, with the same names and defaults.",
        "",
    )
)
_OUTSIDE = "\n".join(
    (
        "## Outside the file",
        "",
        "| | |",
        "| --- | --- |",
        "| `ARENA_SECRET` | The key under which visitors and addresses are stored as HMAC, at least 16 characters."
        " Without it the arena makes one in `DATA/secret`. Processes that share a database need the same one. |",
        "| `DATA/replica` | The name of this data folder in the database, made once."
        " Do not copy it into the folder of a second arena. |",
        "",
    )
)
_FILE_KEYS = {"is_active": "active", "base_urls": "base_url"}
_IN_CODE = ("hub",)
"""Fields of a model that the file writes as `path`."""


def page() -> str:
    parts = [_HEADING]
    for name, cls in SECTIONS.items():
        parts.append(f"## [{name}]\n\n{_about(cls)}\n")
        parts.append(_table(cls))
    parts.append(f"## [[models]]\n\n{_about(Player)}\n")
    parts.append(_table(Player))
    parts.append(_OUTSIDE)
    return "\n".join(parts).rstrip() + "\n"


def _about(cls: type) -> str:
    """What the class says of itself, without the name of its section."""
    first = " ".join((cls.__doc__ or "").partition("\n\n")[0].split())
    text = first.rpartition("`: ")[2]
    return text[:1].upper() + text[1:]


def _table(cls: type) -> str:
    docs, hints = field_docs(cls), typing.get_type_hints(cls)
    rows = ["| key | default | |", "| --- | --- | --- |"]
    for field in dataclasses.fields(cls):
        if cls is Player and field.name in _IN_CODE:
            continue
        text = " ".join(docs.get(field.name, "").split())
        values = _values(hints[field.name], field.metadata)
        key = _FILE_KEYS.get(field.name, field.name)
        cells = (f"`{key}`", _default(field), f"{text} *{values}*".strip())
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _default(field: "dataclasses.Field[Any]") -> str:
    value = field.default
    if value is dataclasses.MISSING:
        value = field.default_factory() if field.default_factory is not dataclasses.MISSING else None
    return "" if value is None or value in ((), {}) else f"`{_toml(value)}`"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str | Path) else f"{value}"


def _values(hint: Any, bounds: Mapping[str, Any]) -> str:
    """The type in words, with the bounds of a number."""
    (kind, *_) = [one for one in typing.get_args(hint) if one is not type(None)] if _is_optional(hint) else [hint]
    if typing.get_origin(kind) is Literal:
        return ", ".join(f'`"{one}"`' for one in typing.get_args(kind))
    words = {int: "whole number", float: "number", str: "text", bool: "`true`, `false`", Path: "path"}
    word = words.get(kind) or ("table" if typing.get_origin(kind) is Mapping else "list")
    signs = (("low", "from"), ("above", "above"), ("high", "to"))
    parts = [f"{sign} {_number(bounds[name])}" for name, sign in signs if bounds.get(name) is not None]
    return " ".join([word, *parts])


def _number(value: float) -> str:
    """4,000 and 0.5."""
    return f"{int(value):,}" if value == int(value) else f"{value}"


def _is_optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)
