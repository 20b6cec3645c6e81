"""The models of the settings file, with their display data and draw weights.

Which of them can be reached right now is for `health`. The roster checks that a folder of weights has the files that a
model needs, so that a wrong path is refused at once; the model server checks the files themselves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from arena.settings import Player, SettingsError
from arena.settings.remote import FROM_ENVIRONMENT

__all__ = ["Player", "Roster"]


_FILES = (  # one file of each line, by Mistral's names or Hugging Face's
    ("params.json", "config.json"),
    ("consolidated.safetensors", "model*.safetensors", "pytorch_model*.bin"),
    ("tokenizer.model", "tokenizer.json", "tekken.json"),
)


@dataclass(frozen=True, slots=True)
class Roster:
    """All players of `file`, retired ones too, in its order."""

    players: tuple[Player, ...]
    file: Path = Path("arena.toml")
    retired: frozenset[str] = frozenset()
    """Players that the owner has retired on the owner's page, by name."""
    by_name: Mapping[str, Player] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", MappingProxyType({player.name: player for player in self.players}))

    def __iter__(self) -> Iterator[Player]:
        return iter(self.players)

    def __len__(self) -> int:
        return len(self.players)

    @property
    def active(self) -> tuple[Player, ...]:
        """Players that the file does not retire."""
        return tuple(player for player in self.players if player.is_active)

    @property
    def playing(self) -> tuple[Player, ...]:
        """Players that may be drawn when they are ready."""
        return tuple(player for player in self.active if player.name not in self.retired)

    @property
    def native(self) -> tuple[Player, ...]:
        """Active players that the arena's own model server loads."""
        return tuple(player for player in self.active if player.is_native)

    def check_keys(self, env: Mapping[str, str]) -> None:
        """Raise `SettingsError` for the first key or header of an active player that the environment lacks."""
        for player in self.active:
            self.api_key(env, player)
            self.headers(env, player)

    def api_key(self, env: Mapping[str, str], player: Player) -> str | None:
        """Return a player's API key, None if it needs none.

        Raises `SettingsError` if the variable is not set or its value does not fit an HTTP header.
        """
        if player.api_key_env is None:
            return None
        return self._value_of(env, player.api_key_env, player, "api_key_env")

    def headers(self, env: Mapping[str, str], player: Player) -> Mapping[str, str]:
        """Return a player's headers, with values from the environment. Raises as `api_key`."""
        return {
            name: self._value_of(env, value.removeprefix(FROM_ENVIRONMENT), player, f"headers {name}")
            if value.startswith(FROM_ENVIRONMENT)
            else value
            for name, value in player.headers.items()
        }

    def _value_of(self, env: Mapping[str, str], variable: str, player: Player, key: str) -> str:
        value = env.get(variable, "")
        where = f"{self.file}, [[models]] {player.name!r} {key}"
        if not value:
            raise SettingsError(f"{where}: the environment has no {variable}; set it to the key")
        if not (value.isascii() and value.isprintable()) or value != value.strip():
            raise SettingsError(
                f"{where}: {variable} has a line break, a space at either end or a character beyond ASCII;"
                " expected a key that fits an HTTP header"
            )
        return value

    def check_can_battle(self, *, same_family: Literal["allow", "never"] = "allow") -> None:
        """Raise `SettingsError` if fewer than two players are active, or if all are of one family and that family is to
        be kept apart."""
        if len(self.active) < 2:
            came = f"only {self.active[0].name!r} is active" if self.active else "no active model"
            raise SettingsError(
                f"{self.file}, [[models]]: {came}; a battle needs two models:"
                " add [[models]] with a name and a path or base_url, or remove active = false"
            )
        if same_family == "never" and len({player.kin for player in self.active}) == 1:
            raise SettingsError(
                f'{self.file}, [matchmaking] same_family: "never", but all {len(self.active)} active models are of the'
                f' family {self.active[0].family!r}; add a model of another family, or set same_family to "allow"'
            )

    def check_folders(self) -> None:
        """Raise `SettingsError` for the first native player whose folder is missing or lacks a model's files."""
        for player in self.native:
            self.check_folder(player)

    def check_folder(self, player: Player) -> None:
        """Raise `SettingsError` if the folder of a native player is missing or lacks a model's files."""
        if player.path is None:
            return
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
