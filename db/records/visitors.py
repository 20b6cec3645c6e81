"""Visitors and what they have done, as queries return it.

A visitor is a pseudonym. Times are seconds since 1970 (UTC).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from db.codes import BattleKind, Reason, State
from db.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Visitor:
    pseudonym: str
    created_at: float
    consent_at: float | None
    banned_at: float | None
    ban_reason: str | None


@dataclass(frozen=True, slots=True)
class Recent:
    """What a visitor has done since a time, and how many battles began from the address since then."""

    battles: int
    votes: int
    address_battles: int


@dataclass(frozen=True, slots=True)
class Withdrawals:
    """How many of a visitor's votes were withdrawn since a time and in total, and how many votes there are."""

    recent: int
    total: int
    votes: int


@dataclass(frozen=True, slots=True)
class OwnTotals:
    """How many battles and votes a visitor has, and how many battles are shared; of the votes on blind battles, how
    many count (those of the visitor's own board), how many do not, and why (a vote may have several reasons)."""

    n_battles: int
    n_shared: int
    n_votes: int
    n_counted: int
    n_excluded: int
    exclusions: Mapping[Reason, int]
    n_counting: int = 0
    """Of all votes, also those on prepared answers."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is kept under a fresh pseudonym."""

    n_battles: int
    n_votes: int


@dataclass(frozen=True, slots=True)
class BattleSummary:
    """A battle in a list. `prompt` is the first one, None if it was deleted.

    In a visitor's own list the models are None as long as the visitor may not know them: before the vote of a battle
    without names, and in an open campaign until the visitor has judged all of it. `outcome`, `cast_at` and
    `withdrawn_at` are the vote's; it counts if it has no reasons.
    """

    battle_id: str
    share_id: str
    kind: BattleKind
    state: State
    model_a: str | None
    model_b: str | None
    opened_at: float
    n_turns: int
    language: str | None
    prompt: str | None
    shared_at: float | None
    outcome: Outcome | None
    cast_at: float | None
    withdrawn_at: float | None
    reasons: tuple[Reason, ...]
    campaign: str | None = None
    """The name of the campaign that a quick battle belongs to."""

    @property
    def counted(self) -> bool | None:
        """Whether the vote counts; None without a vote."""
        return None if self.outcome is None else not self.reasons
