"""What the owner's page shows: every model by name with what it did, the latest battles, and the last reload. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from arena.players.watching.activity import Failure, Summary
from arena.service.moderation import ModeratorState
from arena.service.readiness import PlayerState
from arena.settings.changes import Change
from db.queries import BattleSummary, ModelActivity

ModelState = PlayerState | Literal["retired", "inactive"]
"""`retired` on the owner's page, or `inactive` by the file."""


@dataclass(frozen=True, slots=True)
class Window:
    """A model's battles and votes of a day or a week, and how many votes do not count, by reason."""

    battles: int = 0
    votes: int = 0
    excluded: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class OwnedModel:
    """A model of the file, as the owner sees it."""

    name: str
    state: ModelState
    n_running: int
    summary: Summary | None
    failure: Failure | None
    day: Window
    week: Window


@dataclass(frozen=True, slots=True)
class OwnedBattle:
    """A battle in the list of the latest; `outcome` and `reasons` are its vote's."""

    opened_at: float
    kind: str
    state: str
    model_a: str
    model_b: str | None
    outcome: str | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What reading the file again has led to; with an `error` nothing has changed."""

    at: float
    error: str | None = None
    at_once: tuple[Change, ...] = ()
    after_restart: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    models: tuple[OwnedModel, ...]
    battles: tuple[OwnedBattle, ...]
    n_votes: int
    n_counted: int
    reloaded: Reloaded | None
    now: float
    moderator: ModeratorState | None = None
    is_one_family: bool = False
    """Whether no battle can be drawn, because all models that are ready are of one family that is kept apart."""

    @property
    def n_ready(self) -> int:
        return sum(model.state == "ready" for model in self.models)

    @property
    def n_playing(self) -> int:
        return sum(model.state not in ("retired", "inactive") for model in self.models)

    @property
    def n_running(self) -> int:
        return sum(model.n_running for model in self.models)


def window(activity: ModelActivity | None) -> Window:
    if activity is None:
        return Window()
    excluded = {reason.label: n for reason, n in activity.excluded.items()}
    return Window(activity.battles, activity.votes, excluded)


def owned(battle: BattleSummary) -> OwnedBattle:
    assert battle.model_a is not None  # the owner knows all names
    return OwnedBattle(
        battle.opened_at,
        battle.kind.label,
        battle.state.label,
        battle.model_a,
        battle.model_b,
        None if battle.outcome is None else battle.outcome.label,
        tuple(reason.label for reason in battle.reasons),
    )
