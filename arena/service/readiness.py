"""Who can play, and how much of it may be told. Asking the models how they are is `arena.players.health`'s work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from arena.players.endpoint import ModelStream
from arena.players.roster import Player


class Players(Protocol):
    """What the arena needs of `arena.players.health.Health`."""

    def ready(self) -> Sequence[Player]: ...
    def states(self) -> Mapping[str, Literal["ready", "loading", "down"]]: ...
    def endpoint(self, name: str) -> ModelStream: ...


@dataclass(frozen=True, slots=True)
class Status:
    """How the arena stands, in numbers only: per-model health would tell who is in a battle.

    `n_models` active models in the roster, of which `n_ready` can play, `n_loading` are being loaded or restarted,
    the rest do not answer. `n_votes`: every vote stored. `can_battle`: two models or more are ready.
    """

    n_models: int
    n_ready: int
    n_loading: int
    n_votes: int

    @property
    def can_battle(self) -> bool:
        return self.n_ready >= 2
