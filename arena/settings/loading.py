"""Load the settings from the file, the environment and the command line.

The later source wins.
"""

import dataclasses
import tomllib
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from arena.settings.entries import read_examples, read_links
from arena.settings.models import read_models
from arena.settings.moderation import check_moderation
from arena.settings.remote import environment_names
from arena.settings.sections import SECTIONS, Settings
from arena.settings.tables import Override, SettingsError, check_known, read_table, shown
from db.records.votes import BATTLE_COLUMNS
from elo.settings import Cluster, Control

_PREFIX = "ARENA_"
SECRET = "ARENA_SECRET"
_MIN_SECRET_CHARS = 16
_MIN_CONTEXT = 256  # tokens
_DEFAULT_FILE = Path("arena.toml")
_MAX_BYTES = 10_000_000
_MAX_DEPTH = 32


def read_file(path: Path) -> dict[str, Any]:
    """Read a TOML file as a mapping. Raises `SettingsError`."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise SettingsError(
                f"{path} has more than {_MAX_BYTES:,} bytes; name your settings file with --config FILE"
            )
        toml = tomllib.loads(content.decode("utf-8-sig"))
        if _is_deeper(toml, _MAX_DEPTH):
            raise RecursionError
    except FileNotFoundError as error:
        raise SettingsError(f"no file {path}; name your settings file with --config FILE") from error
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror}; name your settings file with --config FILE"
        ) from error
    except SettingsError:
        raise
    except ValueError as error:  # from TOML, UTF-8, or a number with thousands of digits
        raise SettingsError(f"{path}: not a TOML file: {error}") from error
    except RecursionError as error:
        raise SettingsError(
            f"{path}: nested too deeply; expected tables and lists of at most {_MAX_DEPTH} levels"
        ) from error
    return toml


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether tables and lists are nested more than `depth` levels deep."""
    level = [value]
    for _ in range(depth):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [item for items in inner for item in items]
    return any(isinstance(one, dict | list) for one in level)


def load(
    toml: Mapping[str, Any], env: Mapping[str, str], options: Sequence[Override] = (), *, file: Path = _DEFAULT_FILE
) -> Settings:
    """Combine the mapping read from `file`, the environment and the command line. Raises `SettingsError`.

    Paths of models are relative to the folder of `file`. Of the environment only names that begin with ARENA_ are read,
    except those that a model's `api_key_env` or headers name.
    """
    tables = [*SECTIONS, "models", "links", "examples"]
    _check_place([key for key, value in toml.items() if not _is_table(value)], where=str(file))
    check_known(toml, tables, where=str(file), what="section or key")
    models = read_models(toml.get("models", []), file=file)
    links = read_links(toml.get("links", []), file=file)
    examples = read_examples(toml.get("examples", []), file=file)
    reserved = {name for player in models for name in environment_names(player)} | _moderator_key(toml)
    overrides = [*_overrides_of(env, reserved), *options]
    sections: dict[str, Any] = {}
    for name, cls in SECTIONS.items():
        table = toml.get(name, {})
        if not isinstance(table, Mapping):
            raise SettingsError(f"{file}: {name} is {shown(table)}; expected a section [{name}] with keys")
        _check_place([key for key in table if key not in _keys_of(cls)], where=f"{file}, [{name}]")
        own = [one for one in overrides if one.section == name]
        sections[name] = read_table(cls, table, file=file, section=f"[{name}]", overrides=own)
    settings = Settings(**sections, models=models, links=links, examples=examples, secret=_read_secret(env), file=file)
    _check_lengths(settings)
    _check_columns(settings)
    check_moderation(settings)
    return settings


def _keys_of(section: type) -> set[str]:
    return {one.name for one in dataclasses.fields(section)}


def _is_table(value: Any) -> bool:
    """Whether it was written as [name] or [[name]]; then the name is a misspelt section, not a misplaced key."""
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(one, Mapping) for one in value))


def _check_place(keys: Sequence[str], *, where: str) -> None:
    """Raise `SettingsError` for the first key that belongs to other sections."""
    for key in keys:
        homes = [f"[{name}]" for name, cls in SECTIONS.items() if key in _keys_of(cls)]
        if homes:
            raise SettingsError(f"{where}: {shown(key)} is a key of {' and of '.join(homes)}; move it there")


def environment_name(section: str, key: str) -> str:
    """Return the variable that overrides a key: ARENA_BATTLE_MAX_TOKENS for `max_tokens` of `[battle]`."""
    return _PREFIX + (key if section == "arena" else f"{section}_{key}").upper()


def _overrides_of(env: Mapping[str, str], reserved: Collection[str]) -> list[Override]:
    known = {
        environment_name(section, one.name): (section, one.name)
        for section, cls in SECTIONS.items()
        for one in dataclasses.fields(cls)
    }
    given = [name for name in env if name.startswith(_PREFIX) and name not in reserved]
    check_known(given, [*known, SECRET], where="environment", what="variable")
    return [Override(*known[name], text=env[name], source=name) for name in given if name != SECRET]


def _moderator_key(toml: Mapping[str, Any]) -> set[str]:
    """Return the environment variable that has the moderator's key, as the file names it."""
    table = toml.get("moderation")
    name = table.get("api_key_env") if isinstance(table, Mapping) else None
    return {name} if isinstance(name, str) else set()


def _read_secret(env: Mapping[str, str]) -> str | None:
    secret = env.get(SECRET)
    if secret is not None and len(secret) < _MIN_SECRET_CHARS:
        raise SettingsError(f"{SECRET}: {len(secret)} characters; expected at least {_MIN_SECRET_CHARS} random ones")
    return secret


def _check_columns(settings: Settings) -> None:
    """Raise `SettingsError` for a column in [elo] that the database does not have."""
    used = [("cluster", settings.elo.cluster_column), *(("control", name) for name in settings.elo.control_columns)]
    for key, name in used:
        if name is not None and name not in BATTLE_COLUMNS:
            known = [*get_args(Cluster if key == "cluster" else Control), *BATTLE_COLUMNS]
            near = get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise SettingsError(
                f"{settings.file}, [elo] {key}: the database has no column {shown(name)}; did you mean {near!r}?"
            )


def _check_lengths(settings: Settings) -> None:
    """Raise `SettingsError` for a model whose context is too short for any answer."""
    max_tokens = settings.battle.max_tokens
    for player in settings.models:
        if player.max_len is not None and player.max_len <= min(max_tokens, _MIN_CONTEXT):
            raise SettingsError(
                f"{settings.file}, [[models]] {player.name!r} max_len: {player.max_len:,} tokens leave no room for"
                f" a prompt beside an answer of {max_tokens:,}, the max_tokens of [battle]; expected more, or a smaller"
                " max_tokens"
            )
