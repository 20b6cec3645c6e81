"""What a new settings file changes in a running arena: what applies at once, and what needs a restart.

    found = changes(running, read_again, loaded=native_players_of_the_start)
    found.settings      what holds from now on: the new settings, with the running ones where a restart is needed

At once: [battle], [matchmaking], [limits], models with a base_url, and what a model with a path does not need to be
loaded for (its weight, its organisation, leaving the draw). After a restart: every other section, and a model with a
path that the model server has not loaded, or has loaded from elsewhere. Pure; values that may contain keys are masked.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from arena.settings.models import FILE_KEYS
from arena.settings.sections import SECTIONS, Player, Settings

MASKED = "•••"
"""Written in place of a key or a password."""
_AT_ONCE = ("battle", "matchmaking", "limits")
_LISTS = ("links", "examples")
_LOADING = ("path", "hub", "demo", "max_len", "dtype", "template")
_REACHING = (
    *("base_urls", "model", "api_key_env", "max_tokens", "thinking_tokens"),
    *("headers", "query", "extra_body", "omit", "rename"),
)
_TABLES_WITH_KEYS = ("headers", "query", "extra_body")
_PREFIXES = {"hub": "hf", "demo": "demo"}
_PASSWORD = re.compile(r"(?<=://)[^/@\s]*@")


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs. `before` is empty for what is new, `after` for what is gone."""

    place: str
    """As in messages: "[battle] max_tokens", "[[models]] 'Wren Sol' weight", or "[[models]] 'Wren Sol'" for all of
    it."""
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between the running settings and the file."""

    settings: Settings
    at_once: tuple[Change, ...]
    after_restart: tuple[Change, ...]
    reconnected: frozenset[str]
    """Models that need a new endpoint: those that join, and those that are reached in another way."""


def changes(running: Settings, new: Settings, *, loaded: Mapping[str, Player]) -> Changes:
    """Compare the `running` settings with `new` ones of the same file. `loaded` are the models that the model server
    has loaded, by name, as they were when it started."""
    at_once: list[Change] = []
    after_restart: list[Change] = []
    sections: dict[str, Any] = {}
    for one in dataclasses.fields(Settings):
        if one.name in ("models", "secret", "file"):
            continue
        before, after = getattr(running, one.name), getattr(new, one.name)
        if one.name in _LISTS:
            sections[one.name] = before
            if before != after:
                after_restart.append(Change(f"[[{one.name}]]", f"{len(before)} of them", f"{len(after)} of them"))
            continue
        is_at_once = one.name in _AT_ONCE
        sections[one.name] = after if is_at_once else before
        (at_once if is_at_once else after_restart).extend(_in_section(one.name, before, after))
    players, reconnected = [], set()
    known = {player.name: player for player in running.models}
    for player in new.models:
        kept = _possible(player, known.get(player.name), loaded)
        now, later = _of_player(known.get(player.name), kept, player)
        at_once += now
        after_restart += later
        if kept is not None:
            players.append(kept)
            if _needs_endpoint(known.get(player.name), kept):
                reconnected.add(player.name)
    gone = known.keys() - {player.name for player in new.models}
    at_once += [Change(_place(player), "in the file", "") for player in running.models if player.name in gone]
    return Changes(
        replace(running, **sections, models=tuple(players)),
        tuple(at_once),
        tuple(after_restart),
        frozenset(reconnected),
    )


def masked(text: str) -> str:
    """Return the text without user names and passwords of addresses."""
    return _PASSWORD.sub(f"{MASKED}@", text)


def _in_section(name: str, before: Any, after: Any) -> Iterator[Change]:
    if name not in SECTIONS:
        if before != after:
            yield Change(name, _shown(before), _shown(after))
        return
    for key in (one.name for one in dataclasses.fields(before)):
        if (old := getattr(before, key)) != (new := getattr(after, key)):
            yield Change(f"[{name}] {key}", _shown(old), _shown(new))


def _possible(player: Player, running: Player | None, loaded: Mapping[str, Player]) -> Player | None:
    """Return what the arena can do about a model of the file without a restart; None if it cannot play before one."""
    if not player.is_native or not player.is_active:
        return player
    as_loaded = loaded.get(player.name)
    if as_loaded is not None and _keys(as_loaded, _LOADING) == _keys(player, _LOADING):
        return player
    if as_loaded is not None and running is not None and running.is_native:
        return replace(player, **_keys(as_loaded, _LOADING))
    return running if running is not None and not running.is_native else None


def _of_player(running: Player | None, kept: Player | None, player: Player) -> tuple[list[Change], list[Change]]:
    """Return what changes for a model at once, and what after a restart."""
    place = _place(player)
    if running is None:
        new = [Change(place, "", "in the file")]
        return (new, []) if kept is not None else ([], new)
    now = list(_between(place, running, kept)) if kept is not None else []
    later = list(_between(place, kept or running, player))
    return now, later


def _between(place: str, before: Player, after: Player) -> Iterator[Change]:
    for key in (one.name for one in dataclasses.fields(Player)):
        if key in _PREFIXES:  # written as path in the file
            continue
        if key in _TABLES_WITH_KEYS:
            yield from _in_table(f"{place} {key}", getattr(before, key), getattr(after, key))
            continue
        old, new = (_path(one) if key == "path" else getattr(one, key) for one in (before, after))
        if old != new:
            yield Change(f"{place} {FILE_KEYS.get(key, key)}", _shown(old), _shown(new))


def _in_table(place: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in [*old, *(name for name in new if name not in old)]:
        if old.get(name) != new.get(name):
            shown = [MASKED if name in table else "" for table in (old, new)]
            yield Change(f"{place} {name}", *shown)


def _needs_endpoint(running: Player | None, kept: Player) -> bool:
    if not kept.is_active:
        return False
    if running is None or not running.is_active or running.is_native != kept.is_native:
        return True
    return _keys(running, _REACHING) != _keys(kept, _REACHING)


def _keys(player: Player, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(player, name) for name in names}


def _place(player: Player) -> str:
    return f"[[models]] {player.name!r}"


def _path(player: Player) -> str | None:
    """Return the path as it is written in the file."""
    for key, prefix in _PREFIXES.items():
        if (name := getattr(player, key)) is not None:
            return f"{prefix}:{name}"
    return None if player.path is None else str(player.path)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(_shown(one) for one in value)
    return masked(str(value))
