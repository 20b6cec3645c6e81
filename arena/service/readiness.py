"""Who can play, and how much of it may be told. Asking the models how they are is `arena.players.health`'s work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from arena.players.events import ModelStream
from arena.players.roster import Player

PlayerState = Literal["ready", "loading", "down", "failed"]
"""`down` may come back by itself; `failed` cannot, its files are damaged."""


class Players(Protocol):
    """What the arena needs of `arena.players.health.Health`."""

    def ready(self) -> Sequence[Player]: ...
    def states(self) -> Mapping[str, PlayerState]: ...
    def endpoint(self, name: str) -> ModelStream: ...


@dataclass(frozen=True, slots=True)
class Status:
    """How the arena stands, in numbers only: per-model health would tell who is in a battle.

    `n_models` active models in the roster, of which `n_ready` can play, `n_loading` are being loaded or restarted,
    `n_failed` will not play before somebody mends them; the rest do not answer at present. `n_votes`: every vote
    stored; `n_counted`: those of which the board is made.
    """

    n_models: int
    n_ready: int
    n_loading: int
    n_failed: int
    n_votes: int
    n_counted: int

    @property
    def can_battle(self) -> bool:
        """Whether two models or more are ready."""
        return self.n_ready >= 2

    @property
    def is_hopeless(self) -> bool:
        """Whether no two models will be ready by themselves, however long one waits."""
        return self.n_models - self.n_failed < 2
