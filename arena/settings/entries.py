"""The rules for [[links]] and [[examples]] that the types of their keys cannot express."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from arena.settings.sections import Example, Link
from arena.settings.tables import SettingsError, read_table, shown

EntryT = TypeVar("EntryT", Link, Example)
_MAX_LINK_CHARS = 60
_MAX_EXAMPLE_CHARS = 200
_MAX_TAG_CHARS = 40


def read_links(tables: Any, *, file: Path) -> tuple[Link, ...]:
    """Read the [[links]] tables of `file`. Raises `SettingsError`."""
    links = _read(Link, tables, "links", file)
    for number, link in enumerate(links, 1):
        where = f"{file}, [[links]] number {number}"
        _check_text(link.text, _MAX_LINK_CHARS, f"{where} text")
        if not _is_https(link.url):
            raise SettingsError(f"{where} url: {shown(link.url)}; expected an address that begins with https://")
    return links


def read_examples(tables: Any, *, file: Path) -> tuple[Example, ...]:
    """Read the [[examples]] tables of `file`. Raises `SettingsError`."""
    examples = _read(Example, tables, "examples", file)
    for number, example in enumerate(examples, 1):
        where = f"{file}, [[examples]] number {number}"
        _check_text(example.text, _MAX_EXAMPLE_CHARS, f"{where} text")
        for tag in example.tags:
            _check_text(tag, _MAX_TAG_CHARS, f"{where} tags")
    return examples


def _read(cls: type[EntryT], tables: Any, name: str, file: Path) -> tuple[EntryT, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise SettingsError(f"{file}: {name} is not a list of tables; write each one under its own [[{name}]]")
    required = ("text", "url") if cls is Link else ("text",)
    for number, table in enumerate(tables, 1):
        for key in required:
            if key not in table:
                raise SettingsError(f"{file}, [[{name}]] number {number}: no {key}; expected {' and '.join(required)}")
    return tuple(
        read_table(cls, table, file=file, section=f"[[{name}]] number {number}")
        for number, table in enumerate(tables, 1)
    )


def _check_text(text: str, most: int, where: str) -> None:
    if not text.strip() or len(text) > most or not text.isprintable():
        raise SettingsError(f"{where}: {shown(text)}; expected 1 to {most} printable characters")


def _is_https(url: str) -> bool:
    if not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False
