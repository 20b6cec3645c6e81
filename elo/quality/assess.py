"""A report on the quality of all votes.

It takes ballots, which are all votes, also those that do not count, each with its reasons. It excludes nothing;
`voters` explains what a voter's flag means.
"""

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from math import sqrt
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from db.outcome import Outcome
from elo import estimate
from elo.battles import Floats, Votes
from elo.board.fragility import Fragility, fragility
from elo.fit.pointwise import pointwise
from elo.quality.voters import Examination, examine
from elo.settings import Settings

Result = Literal["won", "lost", "tie", "both_bad"]
"""An outcome, seen from one of the two models."""

_Z = pointwise(0.95)
_WITHDRAWN = frozenset({"withdrawn"})
_OF_VOTERS = frozenset({"banned", "unusual_voter"})
"""Reasons about the voter. Such votes are examined too, or an excluded voter could never be found honest, nor a flag be
understood."""
_FEW_VOTERS = 20  # too few to estimate from them how voters differ
_RESULTS: dict[Outcome, tuple[Result, Result]] = {
    Outcome.A: ("won", "lost"),
    Outcome.B: ("lost", "won"),
    Outcome.TIE: ("tie", "tie"),
    Outcome.BOTH_BAD: ("both_bad", "both_bad"),
}


class Ballot(NamedTuple):
    """One vote, which counts if it has no reasons. `voter` and `prompt` (see `prompt_key`) are None if unknown."""

    model_a: str
    model_b: str
    outcome: Outcome
    voter: str | None = None
    reasons: tuple[str, ...] = ()
    prompt: str | None = None


def prompt_key(text: str) -> str:
    """16 hex digits, the same for prompts that differ only in case and white space."""
    plain = " ".join(text.casefold().split())
    return hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `n`, with a 95 % interval of the share; 0 to 1 if n is 0."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        return self.hits / self.n if self.n else None

    @classmethod
    def of(cls, hits: int, n: int) -> "Share":
        """For independent votes: Wilson's interval. 0 of 10: 0 to 0.28."""
        if not n:
            return cls(0, 0, 0.0, 1.0)
        square = _Z**2
        middle, reach = hits + square / 2, _Z * sqrt(hits * (n - hits) / n + square / 4)
        return cls(hits, n, max(0.0, (middle - reach) / (n + square)), min(1.0, (middle + reach) / (n + square)))

    @classmethod
    def by_voter(cls, hits: Floats, n: Floats) -> "Share":
        """For voters with different habits, (U,) each: the share of all votes, with an error from how voters differ
        (ratio estimator, one cluster for each voter). With fewer than 20 voters, as for independent votes. If all
        voters do the same, as for that many voters with one vote each (0 of 124: 0 to 0.03)."""
        total = cls.of(int(hits.sum()), int(n.sum()))
        U = int((n > 0).sum())
        if U < _FEW_VOTERS or total.share is None:
            return total
        if total.hits in (0, total.n):
            alike = cls.of(U * (total.hits > 0), U)
            return cls(total.hits, total.n, alike.low, alike.high)
        residuals = hits - total.share * n
        reach = _Z * sqrt(U / (U - 1) * float((residuals**2).sum())) / total.n
        return cls(total.hits, total.n, max(0.0, total.share - reach), min(1.0, total.share + reach))

    def to_json(self) -> dict[str, float | int | None]:
        return {"share": self.share, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Withdrawals:
    """The share of a model's votes with one result that were withdrawn."""

    model: str
    result: Result
    withdrawn: Share


@dataclass(frozen=True, slots=True)
class Prompts:
    """Votes with a known prompt, and repeated prompts: those with the same `prompt_key`."""

    votes: int
    distinct: int
    by_same_voter: int
    """Votes on a prompt that the same voter had voted on before."""
    most: int
    """Votes on the most frequent prompt."""

    @property
    def repeated(self) -> int:
        """Votes on a prompt that had a vote before."""
        return self.votes - self.distinct


@dataclass(frozen=True, slots=True)
class Quality:
    """The result of `assess`. Shares are of the votes that count."""

    n_votes: int
    n_counted: int
    exclusions: Mapping[str, int]
    """Votes by reason; a vote with two reasons is in both."""
    left: Share
    """Votes for side A among those with a winner. If sides are drawn at random, anything but a half is a habit."""
    ties: Share
    """Votes without a winner, including both-bad."""
    both_bad: Share
    withdrawals: tuple[Withdrawals, ...]
    """The most frequent first."""
    prompts: Prompts
    voters: Examination | None
    """None if no vote names its voter."""
    first_place: Fragility | None
    """How few votes decide who leads the official board; None as in `board.fragility`."""

    def to_json(self) -> dict[str, object]:
        return {
            "votes": self.n_votes,
            "counted": self.n_counted,
            "exclusions": dict(sorted(self.exclusions.items())),
            "left": self.left.to_json(),
            "ties": self.ties.to_json(),
            "both_bad": self.both_bad.to_json(),
            "withdrawals": [
                {"model": one.model, "result": one.result, **one.withdrawn.to_json()} for one in self.withdrawals
            ],
            "prompts": {**asdict(self.prompts), "repeated": self.prompts.repeated},
            "voters": None if self.voters is None else asdict(self.voters),
            "first_place": self.first_place and self.first_place.to_json(),
        }


def assess(ballots: Iterable[Ballot], *, level: float = 0.05, seed: int = 0) -> Quality:
    """Assess ballots in the order in which they were cast. `level` and `seed` are those of `voters.examine`.

    Voters are examined by the votes that count, and by those excluded only because of the voter (banned, unusual).
    Raises ValueError for a level that is not between 0 and 1.
    """
    gathered = _Gathered()
    for ballot in ballots:
        gathered.add(ballot)
    votes = gathered.votes()
    is_counted = np.frombuffer(gathered.counted, dtype=np.int8) == 1
    has_winner = is_counted & ((votes.outcome == Outcome.A) | (votes.outcome == Outcome.B))
    assert votes.voter is not None

    voter = votes.voter

    def share(hits: NDArray[np.bool_], of: NDArray[np.bool_]) -> Share:
        if (voter < 0).any():
            return Share.of(int((hits & of).sum()), int(of.sum()))
        return Share.by_voter(*(np.bincount(voter, which).astype(np.float64) for which in (hits & of, of)))

    return Quality(
        n_votes=gathered.n_votes,
        n_counted=int(is_counted.sum()),
        exclusions=dict(gathered.exclusions),
        left=share(votes.outcome == Outcome.A, has_winner),
        ties=share(votes.outcome >= Outcome.TIE, is_counted),
        both_bad=share(votes.outcome == Outcome.BOTH_BAD, is_counted),
        withdrawals=gathered.withdrawals(),
        prompts=gathered.prompts(),
        voters=examine(votes, level=level, seed=seed) if (votes.voter >= 0).any() else None,
        first_place=fragility(estimate.fit(votes.select(is_counted), Settings())) if is_counted.any() else None,
    )


@dataclass(slots=True)
class _Gathered:
    """Numbers collected from ballots, never texts."""

    n_votes: int = 0
    exclusions: Counter[str] = field(default_factory=Counter)
    models: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    a: "array[int]" = field(default_factory=lambda: array("i"))
    b: "array[int]" = field(default_factory=lambda: array("i"))
    outcome: "array[int]" = field(default_factory=lambda: array("b"))
    voter: "array[int]" = field(default_factory=lambda: array("i"))
    counted: "array[int]" = field(default_factory=lambda: array("b"))
    cast: Counter[tuple[str, str, Outcome]] = field(default_factory=Counter)
    """Votes that count, or would without their withdrawal."""
    withdrawn: Counter[tuple[str, str, Outcome]] = field(default_factory=Counter)
    """Of these, the withdrawn ones."""
    asked: Counter[str] = field(default_factory=Counter)
    asked_by: set[tuple[str, str]] = field(default_factory=set)
    n_by_same_voter: int = 0

    def add(self, ballot: Ballot) -> None:
        self.n_votes += 1
        reasons = frozenset(ballot.reasons)
        if reasons:
            self.exclusions.update(reasons)
        if reasons <= _WITHDRAWN:
            self.cast[ballot[:3]] += 1
            if reasons:
                self.withdrawn[ballot[:3]] += 1
        if reasons <= _OF_VOTERS:
            self.a.append(self.models.setdefault(ballot.model_a, len(self.models)))
            self.b.append(self.models.setdefault(ballot.model_b, len(self.models)))
            self.outcome.append(ballot.outcome)
            self.voter.append(-1 if ballot.voter is None else self.people.setdefault(ballot.voter, len(self.people)))
            self.counted.append(not reasons)
        if not reasons and ballot.prompt is not None:
            self.asked[ballot.prompt] += 1
            if ballot.voter is not None:
                asked = (ballot.prompt, ballot.voter)
                self.n_by_same_voter += asked in self.asked_by
                self.asked_by.add(asked)

    def votes(self) -> Votes:
        a, b, voter = (np.frombuffer(column, dtype=np.int32) for column in (self.a, self.b, self.voter))
        outcome = np.frombuffer(self.outcome, dtype=np.int8)
        return Votes(tuple(self.models), a=a, b=b, outcome=outcome, voter=voter, voters=tuple(self.people))

    def withdrawals(self) -> tuple[Withdrawals, ...]:
        cast, withdrawn = _by_model(self.cast), _by_model(self.withdrawn)
        found = [Withdrawals(*key, Share.of(n, cast[key])) for key, n in withdrawn.items()]
        return tuple(sorted(found, key=lambda one: (-one.withdrawn.hits, one.model, one.result)))

    def prompts(self) -> Prompts:
        return Prompts(
            votes=self.asked.total(),
            distinct=len(self.asked),
            by_same_voter=self.n_by_same_voter,
            most=max(self.asked.values(), default=0),
        )


def _by_model(votes: Mapping[tuple[str, str, Outcome], int]) -> Counter[tuple[str, Result]]:
    """The results of the two models of each vote."""
    results: Counter[tuple[str, Result]] = Counter()
    for (model_a, model_b, outcome), n in votes.items():
        for model, result in zip((model_a, model_b), _RESULTS[outcome], strict=True):
            results[model, result] += n
    return results
