"""The rules for a [[models]] table that the types of its keys cannot express.

Its name is unique, and there is one way to reach the model.
"""

import dataclasses
import re
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from arena.settings.remote import ENDPOINT_KEYS, check_remote
from arena.settings.sections import Player
from arena.settings.tables import SettingsError, check_known, read_table, shown

FILE_KEYS = types.MappingProxyType({"is_active": "active", "base_urls": "base_url", "hub": "path", "demo": "path"})
"""Keys that the file spells differently from the fields of `Player`."""
_PREFIXES = types.MappingProxyType({"hf:": "hub", "demo:": "demo"})
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_MAX_CHARS = 100
"""Of a text that stands beside a model's name."""
_DEMO = re.compile(r"\w[\w-]*", re.ASCII)


def read_models(tables: Any, *, file: Path) -> tuple[Player, ...]:
    """Read the models of `file`; relative paths begin at its folder. Raises `SettingsError`."""
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise SettingsError(f"{file}: models is not a list of tables; write each model under its own [[models]]")
    players = tuple(_read_model(table, number, file) for number, table in enumerate(tables, 1))
    seen: set[str] = set()
    for player in players:
        if player.name.casefold() in seen:
            raise SettingsError(f"{file}, [[models]]: two models are called {player.name!r}; expected different names")
        seen.add(player.name.casefold())
    return players


def _read_model(table: Mapping[str, Any], number: int, file: Path) -> Player:
    name = table.get("name")
    if (
        not isinstance(name, str)
        or not name.strip()
        or name != name.strip()
        or len(name) > 80
        or not name.isprintable()
    ):
        raise SettingsError(
            f"{file}, [[models]] number {number}: name is {shown(name)}; expected 1 to 80 printable characters"
        )
    section = f"[[models]] {name!r}"
    where = f"{file}, {section}"
    known = {FILE_KEYS.get(one.name, one.name) for one in dataclasses.fields(Player)}
    check_known(table, sorted(known), where=where, what="key")
    if ("path" in table) == ("base_url" in table):
        raise SettingsError(
            f"{where}: expected path (a folder of weights) or base_url (an OpenAI-compatible address), and not both"
        )
    player = read_table(Player, _by_field(table), file=file, section=section, file_keys=FILE_KEYS)
    for key in ("family", "organisation", "licence"):
        text = getattr(player, key) or ""
        if len(text) > _MAX_CHARS or not text.isprintable():
            raise SettingsError(f"{where} {key}: {shown(text)}; expected at most {_MAX_CHARS} printable characters")
    if player.is_native:
        _check_native(player, table, where)
    else:
        check_remote(player, table, where)
    return dataclasses.replace(
        player,
        path=file.parent / player.path if player.path is not None else None,
        model=player.model or name,
        base_urls=tuple(url.rstrip("/") for url in player.base_urls),
    )


def _by_field(table: Mapping[str, Any]) -> dict[str, Any]:
    """Rename the keys of a table to the fields of `Player`."""
    values = dict(table)
    if "active" in values:
        values["is_active"] = values.pop("active")
    if "base_url" in values:
        urls = values.pop("base_url")
        values["base_urls"] = urls if isinstance(urls, list) else [urls]
    path = values.get("path")
    for prefix, field in _PREFIXES.items():
        if isinstance(path, str) and path.startswith(prefix):
            values[field] = values.pop("path").removeprefix(prefix)
    return values


def _check_native(player: Player, table: Mapping[str, Any], where: str) -> None:
    if "=" in player.name:
        raise SettingsError(f"{where}: the name contains =; expected a name without = for a model with a path")
    if player.hub is not None and not _REPOSITORY.fullmatch(player.hub):
        raise SettingsError(
            f"{where} path: {shown(table['path'])}; expected hf:ORG/NAME, a model of the Hugging Face hub"
        )
    if player.demo is not None and not _DEMO.fullmatch(player.demo):
        raise SettingsError(
            f"{where} path: {shown(table['path'])}; expected demo:NAME, a model that comes with the arena,"
            " such as demo:wren-sol"
        )
    for key in ENDPOINT_KEYS:
        if key in table:
            raise SettingsError(f"{where}: {key} belongs to a model with base_url; remove it from a model with path")
