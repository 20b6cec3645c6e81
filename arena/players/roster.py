"""The roster: who may play. Display data and draw weights, in the order of `arena.toml`.

It knows nothing of who can be reached right now: that is `health`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from arena.settings import Player, SettingsError

__all__ = ["Player", "Roster"]


_FILES = ("params.json", "consolidated.safetensors", "tokenizer.model")


@dataclass(frozen=True, slots=True)
class Roster:
    """All players of the file, retired ones too. `by_name` raises `KeyError` for a name that is not on it."""

    players: tuple[Player, ...]
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
        """The key of each active player that needs one, by name. `SettingsError` where the variable is not set."""
        keys = {}
        for player in self.active:
            if player.api_key_env is not None:
                key = env.get(player.api_key_env, "")
                if not key:
                    raise SettingsError(
                        f"arena.toml, [[models]] {player.name!r} api_key_env:"
                        f" the environment has no {player.api_key_env}; set it to the key"
                    )
                keys[player.name] = key
        return keys

    def check_can_battle(self) -> None:
        """Raise `SettingsError` where fewer than two players are active."""
        if len(self.active) < 2:
            came = f"{self.active[0].name!r} alone is active" if self.active else "no active model"
            raise SettingsError(
                f"arena.toml, [[models]]: {came}; a battle needs two models:"
                " add [[models]] with a name and a path or base_url, or take away active = false"
            )

    def check_folders(self) -> None:
        """Raise `SettingsError` for the first native player whose folder, or a file of it, does not exist."""
        for player in self.native:
            if player.path is None:
                continue
            missing = [name for name in _FILES if not (player.path / name).is_file()]
            if missing:
                came = f"no {' and no '.join(missing)} in" if player.path.is_dir() else "no folder"
                raise SettingsError(
                    f"arena.toml, [[models]] {player.name!r} path: {came} {player.path};"
                    f" expected a folder with {', '.join(_FILES)}"
                )
