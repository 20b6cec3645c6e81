"""Settings: what `arena.toml` and the environment say, checked and frozen before anything starts.

`load` takes mappings, not files: `app.py` alone reads files, arguments and the environment. A later source wins:
the defaults below, then `arena.toml`, then environment variables, then command-line options. An environment variable is
named `ARENA_` + section + key (`ARENA_BATTLE_MAX_TOKENS`, `ARENA_WEB_PORT`); keys of the section `[arena]` go without
a section (`ARENA_TITLE`, `ARENA_DATA`). `ARENA_SECRET` has no key in the file, because files get copied. The roster
(`[[models]]`) is the file's alone, and API keys are never in it: `api_key_env` names the variable that holds one.

Every wrong value is a `SettingsError` that says where it stands, what came and what was expected; an unknown key names
the nearest known one. This module opens no file and no socket: `players.roster` asks whether a model's folder exists.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from elo.settings import Settings as EloSettings

_PREFIX = "ARENA_"
_SECRET = "ARENA_SECRET"
_MIN_SECRET_CHARS = 16
_MAX_INT = 2**63 - 1  # what the database stores
_FILE_KEYS = types.MappingProxyType({"is_active": "active", "base_urls": "base_url"})  # of [[models]], where not alike


class SettingsError(ValueError):
    """A setting is unknown, missing or out of range; the message is one line for the person who runs the arena."""


def _number(
    default: float | None, *, low: float | None = None, above: float | None = None, high: float | None = None
) -> Any:
    """A field whose number must be >= low, > above and <= high."""
    return field(default=default, metadata={"low": low, "above": above, "high": high})


@dataclass(frozen=True, slots=True)
class ArenaSettings:
    """`[arena]`: what it is called and where it keeps its data."""

    title: str = "Arena"
    data: Path = Path("data")
    """Folder of the database and the secret; relative to the working directory."""
    database: str | None = None
    """SQLAlchemy URL; without one, `arena.sqlite` in the data folder."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`[web]`: where the pages listen and what stands in front of them."""

    host: str = "127.0.0.1"
    port: int = _number(7860, low=1, high=65535)
    public_url: str | None = None
    """The address that visitors type when a proxy stands in front, such as https://arena.example.org."""
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)
    """Addresses whose X-Forwarded-For and X-Forwarded-Proto are believed."""


@dataclass(frozen=True, slots=True)
class BattleSettings:
    """`[battle]`: what both sides of every battle get, and how long anybody waits."""

    max_tokens: int = _number(256, low=1, high=32768)
    temperature: float = _number(0.7, low=0.0, high=2.0)
    top_p: float = _number(1.0, above=0.0, high=1.0)
    system_prompt: str = ""
    pace: Literal["equal", "free"] = "equal"
    """`equal` releases both answers at one pace, so that speed names no model; `free` shows tokens as they come."""
    max_prompt_chars: int = _number(4000, low=1, high=1_000_000)
    max_turns: int = _number(10, low=1, high=1000)
    first_token_timeout_s: float = _number(60.0, above=0.0, high=3600.0)
    stall_timeout_s: float = _number(20.0, above=0.0, high=3600.0)
    """Longest silence between two tokens."""
    retries: int = _number(2, low=0, high=10)
    """Further tries before the first token, each after a longer pause."""
    abandon_after_s: float = _number(60.0, low=0.0, high=86400.0)
    """A battle that no page has watched for so long is stopped."""


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """`[limits]`: how much one visitor may do."""

    battles_per_hour: int = _number(120, low=1)
    votes_per_hour: int = _number(60, low=1)
    """Votes beyond this are kept but do not count."""
    min_read_s: float = _number(0.0, low=0.0, high=3600.0)
    """Votes sooner after the answers' end are kept but do not count."""


@dataclass(frozen=True, slots=True)
class InferenceSettings:
    """`[inference]`: the model server that the arena starts for models with a `path`."""

    port: int = _number(0, low=0, high=65535)
    """Loopback port of the model server; 0 takes a free one."""
    cache_gb: float | None = _number(None, above=0.0)
    """Memory for the key-value caches; without a number the server decides."""
    threads: int | None = _number(None, low=1, high=1024)
    """Threads of the token loop; without a number the server decides."""


@dataclass(frozen=True, slots=True)
class Player:
    """One `[[models]]` table: a model that may play, and how it is reached (`path` or `base_urls`, never both)."""

    name: str
    path: Path | None = None
    base_urls: tuple[str, ...] = ()
    """OpenAI-compatible addresses that end where `/chat/completions` begins, such as http://127.0.0.1:8000/v1."""
    model: str = ""
    """What the endpoint calls the model; the name where the file says nothing."""
    api_key_env: str | None = None
    family: str | None = None
    organisation: str | None = None
    licence: str | None = None
    parameters: int | None = _number(None, low=1)
    max_len: int | None = _number(None, low=2)
    """Tokens of prompt and answer together, where the arena serves the model; without a number the checkpoint's own."""
    weight: float = _number(1.0, above=0.0)
    """How often the model is drawn, relative to the others."""
    is_active: bool = True
    """Retired models (`active = false`) are not drawn and keep their row on the leaderboard."""

    @property
    def is_native(self) -> bool:
        return self.path is not None


@dataclass(frozen=True, slots=True)
class Settings:
    arena: ArenaSettings = field(default_factory=ArenaSettings)
    web: WebSettings = field(default_factory=WebSettings)
    battle: BattleSettings = field(default_factory=BattleSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    elo: EloSettings = field(default_factory=EloSettings)
    inference: InferenceSettings = field(default_factory=InferenceSettings)
    models: tuple[Player, ...] = ()
    secret: str | None = field(default=None, repr=False)
    """Of ARENA_SECRET; without it `app.py` keeps one in the data folder."""

    @property
    def database_url(self) -> str:
        return self.arena.database or f"sqlite:///{self.arena.data / 'arena.sqlite'}"


@dataclass(frozen=True, slots=True)
class Override:
    """One value given as text: by an environment variable or a command-line option, which `source` names."""

    section: str
    key: str
    text: str
    source: str


SECTIONS: Mapping[str, type] = types.MappingProxyType(
    {
        "arena": ArenaSettings,
        "web": WebSettings,
        "battle": BattleSettings,
        "limits": LimitSettings,
        "elo": EloSettings,
        "inference": InferenceSettings,
    }
)


def load(
    toml: Mapping[str, Any], env: Mapping[str, str], options: Sequence[Override] = (), *, folder: Path = Path()
) -> Settings:
    """The settings that the file's mapping, the environment and the command line give together.

    Paths of models are relative to `folder`, that of the file.
    `env` may be the whole environment: only names that begin with ARENA_ are read, and those that the `api_key_env` of
    a model names are left alone. Raises `SettingsError`.
    """
    _check_known(toml, [*SECTIONS, "models"], where="arena.toml", what="section or key")
    models = _read_models(toml.get("models", []), folder)
    overrides = [*_overrides_of(env, {player.api_key_env for player in models if player.api_key_env}), *options]
    sections: dict[str, Any] = {}
    for name, cls in SECTIONS.items():
        table = toml.get(name, {})
        if not isinstance(table, Mapping):
            raise SettingsError(f"arena.toml: {name} is {table!r}; expected a section [{name}] with keys")
        sections[name] = _read_section(cls, table, f"[{name}]", [one for one in overrides if one.section == name])
    public_url = sections["web"].public_url
    if public_url is not None and not (_is_address(public_url) and urlsplit(public_url).path in ("", "/")):
        raise SettingsError(
            f"[web] public_url: {public_url!r}; expected scheme and host alone, such as https://arena.example.org"
        )
    max_tokens = sections["battle"].max_tokens
    for player in models:
        if player.max_len is not None and player.max_len <= max_tokens:
            raise SettingsError(
                f"arena.toml, [[models]] {player.name!r} max_len: {player.max_len} tokens hold no prompt beside"
                f" an answer of [battle] max_tokens, {max_tokens}; expected more, or a smaller max_tokens"
            )
    return Settings(**sections, models=models, secret=_read_secret(env))


def environment_name(section: str, key: str) -> str:
    """The variable that overrides a key: ARENA_BATTLE_MAX_TOKENS for `max_tokens` of `[battle]`."""
    return _PREFIX + (key if section == "arena" else f"{section}_{key}").upper()


def _overrides_of(env: Mapping[str, str], spoken_for: Collection[str]) -> list[Override]:
    known = {
        environment_name(section, one.name): (section, one.name)
        for section, cls in SECTIONS.items()
        for one in dataclasses.fields(cls)
    }
    given = [name for name in env if name.startswith(_PREFIX) and name not in spoken_for]
    _check_known(given, [*known, _SECRET], where="environment", what="variable")
    return [Override(*known[name], text=env[name], source=name) for name in given if name != _SECRET]


def _read_secret(env: Mapping[str, str]) -> str | None:
    secret = env.get(_SECRET)
    if secret is not None and len(secret) < _MIN_SECRET_CHARS:
        raise SettingsError(f"{_SECRET}: {len(secret)} characters; expected at least {_MIN_SECRET_CHARS} random ones")
    return secret


SectionT = TypeVar("SectionT")


def _read_section(cls: type[SectionT], table: Mapping[str, Any], where: str, overrides: Sequence[Override]) -> SectionT:
    fields = {one.name: one for one in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(cls)
    _check_known(table, fields, where=f"arena.toml, {where}", what="key")
    values = {}
    for key, value in table.items():
        place = f"arena.toml, {where} {_FILE_KEYS.get(key, key)}"
        values[key] = _in_range(_typed(value, hints[key], place), fields[key].metadata, place)
    for one in overrides:
        place = f"{one.source} ({where} {one.key})"
        value = _typed(_parse(one.text, hints[one.key]), hints[one.key], place)
        values[one.key] = _in_range(value, fields[one.key].metadata, place)
    try:
        return cls(**values)
    except ValueError as error:
        raise SettingsError(f"arena.toml, {where}: {error}") from error


def _read_models(tables: Any, folder: Path) -> tuple[Player, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise SettingsError("arena.toml: models is not a list of tables; write each model under its own [[models]]")
    players = tuple(_read_model(table, number, folder) for number, table in enumerate(tables, 1))
    seen: set[str] = set()
    for player in players:
        if player.name.casefold() in seen:
            raise SettingsError(
                f"arena.toml, [[models]]: two models are called {player.name!r}; every name must be its own"
            )
        seen.add(player.name.casefold())
    return players


def _read_model(table: Mapping[str, Any], number: int, folder: Path) -> Player:
    name = table.get("name")
    if (
        not isinstance(name, str)
        or not name.strip()
        or name != name.strip()
        or len(name) > 80
        or not name.isprintable()
    ):
        raise SettingsError(
            f"arena.toml, [[models]] number {number}: name is {name!r}; expected 1 to 80 printable characters"
        )
    where = f"[[models]] {name!r}"
    table = dict(table)
    known = [one.name for one in dataclasses.fields(Player) if one.name not in ("base_urls", "is_active")]
    _check_known(table, [*known, "base_url", "active"], where=f"arena.toml, {where}", what="key")
    if "active" in table:
        table["is_active"] = table.pop("active")
    if "base_url" in table:
        urls = table.pop("base_url")
        table["base_urls"] = urls if isinstance(urls, list) else [urls]
    if ("path" in table) == ("base_urls" in table):
        raise SettingsError(
            f"arena.toml, {where}: expected path (a folder of weights) or base_url (an OpenAI-compatible address)"
        )
    player = _read_section(Player, table, where, ())
    if player.is_native and "=" in name:
        raise SettingsError(f"arena.toml, {where}: a model with a path has no = in its name")
    if player.api_key_env is not None and not player.api_key_env.strip():
        raise SettingsError(
            f"arena.toml, {where} api_key_env: {player.api_key_env!r};"
            " expected the name of the environment variable that holds the key, or no api_key_env"
        )
    for key in ("api_key_env", "model"):
        if player.is_native and key in table:
            raise SettingsError(f"arena.toml, {where}: {key} goes with base_url; a model with a path needs none")
    if not player.is_native:
        if player.max_len is not None:
            raise SettingsError(
                f"arena.toml, {where}: max_len goes with path; the server at a base_url knows its own limit"
            )
        if not player.base_urls:
            raise SettingsError(f"arena.toml, {where} base_url: an empty list; expected at least one address")
        for url in player.base_urls:
            if not _is_address(url):
                raise SettingsError(
                    f"arena.toml, {where} base_url: {url!r}; expected an address such as http://127.0.0.1:8000/v1,"
                    " with no space, query or fragment"
                )
    urls = tuple(url.rstrip("/") for url in player.base_urls)
    path = folder / player.path if player.path is not None else None
    return dataclasses.replace(player, path=path, model=player.model or name, base_urls=urls)


def _is_address(url: str) -> bool:
    if not url.isprintable() or any(character in url for character in " ?#"):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_known(given: Collection[str] | Mapping[str, Any], known: Collection[str], *, where: str, what: str) -> None:
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise SettingsError(f"{where}: unknown {what} {name!r}; did you mean {near[0]!r}?")


def _alternatives(hint: Any) -> tuple[Any, ...]:
    """The types that a hint allows: (float, None) for `float | None`."""
    return typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)


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
        elif kind is Path:
            if isinstance(value, str) and value:
                return Path(value)
        elif kind is float:
            if isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value):
                return float(value)
        elif isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return value
    raise SettingsError(f"{place}: {value!r} is not {_in_words(hint)}")


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
