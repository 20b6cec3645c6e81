"""Collect what the report needs from ballots: all votes, also those that do not count."""

import hashlib
import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from db.outcome import Outcome
from elo.battles import Votes
from elo.quality.agreement import Agreement, Judged, Judgement
from elo.quality.controls import Controls, would_count
from elo.quality.shares import Share

Result = Literal["won", "lost", "tie", "both_bad"]
"""An outcome, seen from one of the two models."""

_WITHDRAWN = frozenset({"withdrawn"})
_OF_VOTERS = frozenset({"banned", "unusual_voter"})
"""Reasons about the voter. Such votes are examined too, or an excluded voter could never be found honest, nor a flag be
understood."""
_RESULTS: dict[Outcome, tuple[Result, Result]] = {
    Outcome.A: ("won", "lost"),
    Outcome.B: ("lost", "won"),
    Outcome.TIE: ("tie", "tie"),
    Outcome.BOTH_BAD: ("both_bad", "both_bad"),
}


class Ballot(NamedTuple):
    """One vote, which counts if it has no reasons. `voter`, `prompt` (see `prompt_key`) and `time_s`, in seconds since
    1970, are None if unknown; `prepared`, the name of the pair of answers, and `campaign` if there is none."""

    model_a: str
    model_b: str
    outcome: Outcome
    voter: str | None = None
    reasons: tuple[str, ...] = ()
    prompt: str | None = None
    time_s: float | None = None
    prepared: str | None = None
    campaign: str | None = None
    is_control: bool = False
    """The same model was on both sides."""
    is_aside: bool = False
    """A control battle, where control battles were not asked for: it counts only in the part about them."""


def prompt_key(text: str) -> str:
    """16 hex digits, the same for prompts that differ only in case and white space."""
    plain = " ".join(text.casefold().split())
    return hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


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


@dataclass(slots=True)
class Gathered:
    """Numbers collected from ballots, never texts."""

    n_votes: int = 0
    exclusions: Counter[str] = field(default_factory=Counter)
    models: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    a: "array[int]" = field(default_factory=lambda: array("i"))
    b: "array[int]" = field(default_factory=lambda: array("i"))
    outcome: "array[int]" = field(default_factory=lambda: array("b"))
    voter: "array[int]" = field(default_factory=lambda: array("i"))
    time_s: "array[float]" = field(default_factory=lambda: array("d"))
    counted: "array[int]" = field(default_factory=lambda: array("b"))
    cast: Counter[tuple[str, str, Outcome]] = field(default_factory=Counter)
    """Votes that count, or would without their withdrawal."""
    withdrawn: Counter[tuple[str, str, Outcome]] = field(default_factory=Counter)
    """Of these, the withdrawn ones."""
    asked: Counter[str] = field(default_factory=Counter)
    asked_by: set[tuple[str, str]] = field(default_factory=set)
    n_by_same_voter: int = 0
    judged: dict[str, Judged] = field(default_factory=lambda: defaultdict(Judged))
    """Votes on prepared pairs by campaign, "" without one."""
    of_controls: list[tuple[Outcome, str | None]] = field(default_factory=list)
    """Outcomes and voters of the votes on control battles."""

    def add(self, ballot: Ballot) -> None:
        reasons = frozenset(ballot.reasons)
        if ballot.is_control and would_count(reasons):
            self.of_controls.append((ballot.outcome, ballot.voter))
        if ballot.is_aside:
            return
        self.n_votes += 1
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
            self.time_s.append(math.nan if ballot.time_s is None else ballot.time_s)
            self.counted.append(not reasons)
        if not reasons and ballot.prompt is not None:
            self.asked[ballot.prompt] += 1
            if ballot.voter is not None:
                asked = (ballot.prompt, ballot.voter)
                self.n_by_same_voter += asked in self.asked_by
                self.asked_by.add(asked)

        if not reasons and ballot.prepared is not None and ballot.voter is not None:
            one = Judgement(ballot.prepared, ballot.voter, *ballot[:3])
            self.judged[ballot.campaign or ""].add(one)

    def votes(self) -> Votes:
        """Those to examine: the votes that count, and those excluded only because of their voters."""
        a, b, voter = (np.frombuffer(column, dtype=np.int32) for column in (self.a, self.b, self.voter))
        outcome = np.frombuffer(self.outcome, dtype=np.int8)
        time_s = np.frombuffer(self.time_s, dtype=np.float64)
        return Votes(
            tuple(self.models), a=a, b=b, outcome=outcome, voter=voter, voters=tuple(self.people), time_s=time_s
        )

    def withdrawals(self) -> tuple[Withdrawals, ...]:
        cast, withdrawn = _by_model(self.cast), _by_model(self.withdrawn)
        found = [Withdrawals(*key, Share.of(n, cast[key])) for key, n in withdrawn.items()]
        return tuple(sorted(found, key=lambda one: (-one.withdrawn.hits, one.model, one.result)))

    def agreement(self, seed: int) -> dict[str, Agreement]:
        """By campaign, "" without one; only where some pair has two votes or more."""
        found = {name: judged.agreement(seed=seed) for name, judged in sorted(self.judged.items())}
        return {name: one for name, one in found.items() if one.n_pairs}

    def controls(self) -> Controls | None:
        people: dict[str, int] = {}
        voter = [-1 if one is None else people.setdefault(one, len(people)) for _, one in self.of_controls]
        outcome = [int(one) for one, _ in self.of_controls]
        return Controls.of(np.array(outcome, dtype=np.int64), np.array(voter, dtype=np.int64))

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
