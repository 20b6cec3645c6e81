"""The roster: who may play. Display data and draw weights, in the order of the settings file.

It knows nothing of who can be reached right now: that is `health`. Of a folder of weights it knows which files make
one, so that a wrong path is refused at once; whether the files are sound, the model server finds out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from arena.settings import Player, SettingsError
from arena.settings.remote import FROM_ENVIRONMENT

__all__ = ["Player", "Roster"]


_FILES = (  # of each line one, in Mistral's names or Hugging Face's
    ("params.json", "config.json"),
    ("consolidated.safetensors", "model*.safetensors"),
    ("tokenizer.model", "tokenizer.json", "tekken.json"),
)


@dataclass(frozen=True, slots=True)
class Roster:
    """All players of `file`, retired ones too. `by_name` raises `KeyError` for a name that is not on it."""

    players: tuple[Player, ...]
    file: Path = Path("arena.toml")
    by_name: Mapping[str, Player] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", MappingProxyType({player.name: player for player in self.players}))

    def __iter__(self) -> Iterator[Player]:
        return iter(self.players)

    def __len__(self) -> int:
        return len(self.players)

    @property
    def active(self) -> tuple[Player, ...]:
        """Players that may be drawn when they are ready."""
        return tuple(player for player in self.players if player.is_active)

    @property
    def native(self) -> tuple[Player, ...]:
        """Active players that the arena's own model server must load."""
        return tuple(player for player in self.active if player.is_native)

    def api_keys(self, env: Mapping[str, str]) -> Mapping[str, str]:
        """The key of each active player that needs one, by name. `SettingsError` where the variable is not set, or
        holds what no HTTP header can."""
        return {
            player.name: self._value_of(env, player.api_key_env, player, "api_key_env")
            for player in self.active
            if player.api_key_env is not None
        }

    def headers(self, env: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
        """The headers of each active player, by name, with the values that the environment holds. `SettingsError` as
        for `api_keys`."""
        return {
            player.name: {
                name: self._value_of(env, value.removeprefix(FROM_ENVIRONMENT), player, f"headers {name}")
                if value.startswith(FROM_ENVIRONMENT)
                else value
                for name, value in player.headers.items()
            }
            for player in self.active
        }

    def _value_of(self, env: Mapping[str, str], variable: str, player: Player, key: str) -> str:
        value = env.get(variable, "")
        where = f"{self.file}, [[models]] {player.name!r} {key}"
        if not value:
            raise SettingsError(f"{where}: the environment has no {variable}; set it to the key")
        if not (value.isascii() and value.isprintable()) or value != value.strip():
            raise SettingsError(
                f"{where}: {variable} has a line break, a space at an end or a character beyond ASCII;"
                " expected a key that fits an HTTP header"
            )
        return value

    def check_can_battle(self) -> None:
        """Raise `SettingsError` where fewer than two players are active."""
        if len(self.active) < 2:
            came = f"{self.active[0].name!r} alone is active" if self.active else "no active model"
            raise SettingsError(
                f"{self.file}, [[models]]: {came}; a battle needs two models:"
                " add [[models]] with a name and a path or base_url, or take away active = false"
            )

    def check_folders(self) -> None:
        """Raise `SettingsError` for the first native player whose folder does not exist or is not one of weights."""
        for player in self.native:
            if player.path is None:
                continue
            try:
                missing = [" or ".join(names) for names in _FILES if not _has_one(player.path, names)]
            except OSError as error:
                raise SettingsError(
                    f"{self.file}, [[models]] {player.name!r} path: {player.path} cannot be read: {error.strerror};"
                    " expected a model's folder"
                ) from error
            if missing:
                came = f"no {' and no '.join(missing)} in" if player.path.is_dir() else "no folder"
                raise SettingsError(
                    f"{self.file}, [[models]] {player.name!r} path: {came} {player.path};"
                    " expected a model's folder: params.json, consolidated.safetensors and tokenizer.model,"
                    " or Hugging Face's files"
                )


def _has_one(folder: Path, names: tuple[str, ...]) -> bool:
    return any(path.is_file() for name in names for path in folder.glob(name))
