"""Votes as boards under a filter, model pages and ratings over time need them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from db.codes import BattleKind, Reason
from db.records.votes import Cell, VoteTotals

Turns = Literal["one", "many"]


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """Which votes a board counts; None: any. In brackets: the option of `python -m elo recompute`, or the condition of
    its `--where`, that selects the same votes of an export.

    Votes of a campaign are included only if it is named (`campaign=NAME`; for votes of no campaign, `campaign=`).
    """

    kinds: frozenset[BattleKind] = frozenset({BattleKind.BATTLE})
    """(`--kind`)"""
    campaign: str | None = None
    """The name of a campaign; None: only votes of no campaign."""
    language: str | None = None
    """(`language=ko`)"""
    tag: str | None = None
    """(`tags=code`)"""
    turns: Turns | None = None
    """(`n_turns=1` or `n_turns>=2`)"""
    prompt_chars_low: int | None = None
    """At least (`prompt_chars>=200`)."""
    prompt_chars_high: int | None = None
    """At most (`prompt_chars<=199`)."""
    since: float | None = None
    """Cast then or later (`--since`)."""
    until: float | None = None
    """Cast before (`--until`)."""
    decisive_only: bool = False
    """Only votes for A or B (`winner!=tie` and `winner!=both_bad`)."""
    same_parameters_only: bool = False
    """Only votes where both endpoints got the same parameters (`same_sent=true`)."""
    visitor: str | None = None
    """(`visitor=...`)"""


@dataclass(frozen=True, slots=True)
class FilteredTally:
    """The votes under a filter at a revision of the ledger: those that count, by pair and outcome, and how many do not,
    by reason (a vote with two reasons is counted for both)."""

    revision: int
    cells: list[Cell]
    totals: VoteTotals
    exclusions: Mapping[Reason, int]


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What a board can be filtered by: each value that a vote has, with the number of votes, counted or not."""

    languages: Mapping[str, int]
    tags: Mapping[str, int]
    campaigns: tuple[str, ...]
    """By name, the newest first."""


@dataclass(frozen=True, slots=True)
class DayCells:
    """The counted votes up to the end of a day (UTC), by pair and outcome. `day` counts days since 1970-01-01."""

    day: int
    cells: list[Cell]

    @property
    def ends_at(self) -> float:
        """In seconds since 1970."""
        return (self.day + 1) * 86_400.0


@dataclass(frozen=True, slots=True)
class RivalRecord:
    """A model's counted votes against a rival, seen from the model."""

    rival: str
    wins: int = 0
    losses: int = 0
    ties: int = 0
    both_bad: int = 0

    @property
    def counted(self) -> int:
        return self.wins + self.losses + self.ties + self.both_bad


@dataclass(frozen=True, slots=True)
class TagVotes:
    """How often the voters of a model's battles gave it a reason for or against it, and in how many counted votes."""

    tags: Mapping[str, int]
    n_votes: int


@dataclass(frozen=True, slots=True)
class Score:
    """A model's result on a benchmark; `low` and `high` bound it, and `n` is the number of items."""

    model: str
    task: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    settings: Mapping[str, object] | None = None
