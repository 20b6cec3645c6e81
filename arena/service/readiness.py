"""How many models can play now, without their names."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from arena.players.events import ModelStream
from arena.players.roster import Player
from arena.rounds.matchmaking import can_meet
from arena.settings import MatchmakingSettings

PlayerState = Literal["ready", "loading", "down", "failed"]
"""A model that is `down` may recover without help; one that has `failed` cannot, because its files are damaged."""


class Players(Protocol):
    """The part of `arena.players.health.Health` that the arena uses."""

    def playing(self) -> Sequence[Player]: ...
    def ready(self) -> Sequence[Player]: ...
    def states(self) -> Mapping[str, PlayerState]: ...
    def endpoint(self, name: str) -> ModelStream: ...


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the arena in numbers only: the health of single models would reveal which ones are in a battle.

    Of `n_models` active models in the roster, `n_ready` can play, `n_loading` are loading or restarting, and `n_failed`
    cannot play before their files are repaired; the others do not answer at present. `n_votes` votes are stored, and
    the board is made of `n_counted` of them. `is_one_family`: two or more are ready, but no two of them may meet.
    """

    n_models: int
    n_ready: int
    n_loading: int
    n_failed: int
    n_votes: int
    n_counted: int
    is_one_family: bool = False

    @property
    def can_battle(self) -> bool:
        """Whether two models are ready that may meet."""
        return self.n_ready >= 2 and not self.is_one_family

    @property
    def waits_for(self) -> Literal["models_loading", "too_few_models", "one_family"]:
        """Return why no battle can start now, although one may later: the key of the refusal."""
        if self.is_one_family:
            return "one_family"
        return "models_loading" if self.n_loading else "too_few_models"

    @property
    def is_hopeless(self) -> bool:
        """Whether fewer than two models will ever be ready without help."""
        return self.n_models - self.n_failed < 2


def status_of(players: Players, matchmaking: MatchmakingSettings, *, n_votes: int, n_counted: int) -> Status:
    now, ready = players.states(), players.ready()
    states = Counter(now.values())
    is_one_family = len(ready) > 1 and not can_meet(ready, matchmaking)
    return Status(len(now), states["ready"], states["loading"], states["failed"], n_votes, n_counted, is_one_family)
