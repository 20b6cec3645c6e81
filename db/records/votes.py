"""Votes, verdicts and the ledger, as queries take and return them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from db.codes import BattleKind, Reason
from db.outcome import Outcome
from db.records.battles import TurnRecord
from db.side_sums import SUM_COLUMNS
from db.style import StyleCounts

_OUTCOMES = tuple(Outcome)


@dataclass(frozen=True, slots=True)
class OnlineElo:
    """The arithmetic of the online Elo, passed in because `db` has no formula.

    `update(rating_a, rating_b, outcome)` returns the two ratings after the battle; a model's first battle starts from
    `start`. `name` identifies the arithmetic, such as "elo base=10 scale=400 k=32 start=1000": a state that was made
    under another name is replayed before it is used.
    """

    name: str
    start: float
    update: Callable[[float, float, Outcome], tuple[float, float]]
    update_all: Callable[[list[float], Iterable[tuple[int, int, int]]], None] | None = None
    """The same for many votes (place of side A in the ratings, place of side B, outcome's code), which change the
    ratings in place and bit for bit as `update` does; None: `update` is called for each."""

    def extend(self, ratings: list[float], votes: Iterable[tuple[int, int, int]]) -> None:
        """Change the ratings by these votes, in order; see `update_all`."""
        if self.update_all is not None:
            self.update_all(ratings, votes)
            return
        for a, b, code in votes:
            ratings[a], ratings[b] = self.update(ratings[a], ratings[b], _OUTCOMES[code])


@dataclass(frozen=True, slots=True)
class EloChange:
    """One side's online rating before and after a vote; equal if the vote does not count."""

    model: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class CastVote:
    """The effect of a stored vote. `reasons` are the caller's, and `banned` if the visitor is banned. `a` and `b` are
    None while the online Elo is being replayed; that replay will include the vote."""

    revision: int
    reasons: tuple[Reason, ...]
    a: EloChange | None
    b: EloChange | None

    @property
    def counted(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class EloState:
    """A model's online rating after `games` counted votes."""

    rating: float
    games: int


@dataclass(frozen=True, slots=True)
class LedgerState:
    """`revision` counts the changes of what counts; the online-Elo state is up to date if `elo_revision` equals it."""

    revision: int
    elo_revision: int
    elo_name: str = field(default="", compare=False)
    """The name of the `OnlineElo` that made the state."""

    def has_right_state(self, elo: OnlineElo) -> bool:
        """Whether the online-Elo state is up to date."""
        return self.elo_revision == self.revision and self.elo_name == elo.name


@dataclass(frozen=True, slots=True)
class VoteTotals:
    """The number of votes that count and of those that do not."""

    counted: int
    excluded: int


class Cell(NamedTuple):
    """The number of counted votes with one outcome for an ordered pair (side A, side B)."""

    model_a: str
    model_b: str
    outcome: Outcome
    n: int


@dataclass(frozen=True, slots=True)
class PairTally:
    """The votes of an ordered pair (side A, side B): how many count, by outcome code, how many do not, and how many of
    those each reason excludes."""

    counted: tuple[int, ...]
    n_excluded: int
    reasons: Mapping[Reason, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """All votes of a kind, counted at a revision of the ledger, by the row numbers of the two models."""

    revision: int
    kind: BattleKind
    pairs: Mapping[tuple[int, int], PairTally]

    @property
    def totals(self) -> VoteTotals:
        pairs = self.pairs.values()
        return VoteTotals(sum(sum(pair.counted) for pair in pairs), sum(pair.n_excluded for pair in pairs))

    @property
    def exclusions(self) -> dict[Reason, int]:
        """How many votes each reason excludes, by code. A vote with two reasons is counted for both."""
        found: Counter[Reason] = Counter()
        for pair in self.pairs.values():
            found.update(pair.reasons)
        return dict(sorted(found.items()))

    def cells(self, names: Mapping[int, str]) -> list[Cell]:
        """The counted votes by pair and outcome, with the models' names by row number; no cell is empty."""
        return [
            Cell(names[a], names[b], outcome, pair.counted[outcome])
            for (a, b), pair in self.pairs.items()
            for outcome in Outcome
            if pair.counted[outcome]
        ]


class OrderedVote(NamedTuple):
    """A counted vote in a replay; unpacks as (model_a, model_b, outcome)."""

    model_a: str
    model_b: str
    outcome: Outcome


class PairCount(NamedTuple):
    """The number of counted votes for an unordered pair; `model_a` sorts before `model_b`."""

    model_a: str
    model_b: str
    n: int


class ShownAnswer(NamedTuple):
    """The answers of one side that a voter saw, summed up. None means not known, or a style that was not requested."""

    style: StyleCounts | None
    tokens: int | None
    duration_ms: float | None


BATTLE_COLUMNS = (
    "model_a",
    "model_b",
    "winner",
    "tstamp",
    "kind",
    "visitor",
    "revision",
    "battle",
    "draw_probability",
    "prepared_id",
    "policy",
    "language",
    "opened_at",
    "deck",
    "tags",
    "n_turns",
    "prompt_chars",
    "campaign",
    "same_sent",
    *SUM_COLUMNS,
)
"""What a vote can be selected and grouped by: keys of its line in an export and, of what is nested there, the deck of
a prepared prompt; `n_turns` is 1 for a prepared prompt, and `prompt_chars` are the characters of all prompts."""


class RatedVote(NamedTuple):
    """A counted vote with everything that ratings may use.

    `prepared_id` names the prepared pair of a quick battle. `answers_a` and `answers_b` each have one entry, with the
    sums over all turns, and are empty if they were not requested or nothing is known. `further` are the requested
    columns.
    """

    model_a: str
    model_b: str
    outcome: Outcome
    cast_at: float
    voter: str
    prepared_id: str | None
    draw_probability: float | None
    answers_a: tuple[ShownAnswer, ...]
    answers_b: tuple[ShownAnswer, ...]
    further: tuple[object, ...] = ()


class ExcludedVote(NamedTuple):
    """A vote that does not count, with its reasons by code and the requested columns."""

    reasons: tuple[Reason, ...]
    further: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Restated:
    """The effect of a ban, its removal or new verdicts: `n_changed` votes have other reasons, and `n_flipped` of these
    began or ceased to count. `revision` is the ledger's, which is unchanged if no vote has changed."""

    n_changed: int
    n_flipped: int
    revision: int


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A vote as it was last judged, identified by its revision. `turns` is empty unless it was requested."""

    revision: int
    facts: Mapping[str, object]
    reasons: tuple[Reason, ...]
    rules_version: int
    turns: tuple[TurnRecord, ...]


@dataclass(frozen=True, slots=True)
class NewVerdict:
    """The result of judging a vote again, with the facts that it was judged by."""

    revision: int
    reasons: tuple[Reason, ...]
    facts: Mapping[str, object]
