"""A campaign's queue: in which order a voter judges its pairs, on which sides, and how far voters agree.

Order and sides differ from voter to voter and are the same whenever a voter comes back, because they follow from the
voter, the campaign and the pair alone. Both coins are bits of a hash that contains the voter's pseudonym, which nobody
outside the server knows. Pure.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from db.outcome import Outcome

DRAW_PROBABILITY = 0.5
"""Of a pair on its sides: the list fixes the pair, and a coin the sides."""


class Subject(NamedTuple):
    """A prepared prompt, by its key, and two models that have no order."""

    prompt: str
    model_x: str
    model_y: str


def queue(campaign: str, voter: str, subjects: Iterable[Subject]) -> list[Subject]:
    """Return the subjects in the order in which this voter judges them, with the model of side A as `model_x`."""
    drawn = [(_hash(campaign, voter, one), one) for one in subjects]
    return [_on_sides(digest, one) for digest, one in sorted(drawn)]


def _hash(campaign: str, voter: str, one: Subject) -> bytes:
    text = "\0".join((campaign, voter, one.prompt, *sorted((one.model_x, one.model_y))))
    return hashlib.sha256(text.encode()).digest()


def _on_sides(digest: bytes, one: Subject) -> Subject:
    a, b = sorted((one.model_x, one.model_y), reverse=bool(digest[-1] & 1))
    return Subject(one.prompt, a, b)


class Ballot(NamedTuple):
    """A voter's outcome for a subject; `a` is for `model_x`, whichever side it was on."""

    subject: Subject
    voter: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often other voters said the same as one voter: `n_same` of their `n_votes` votes on what this voter judged
    too, by `n_voters` others."""

    n_same: int
    n_votes: int
    n_voters: int

    @property
    def share(self) -> float | None:
        return self.n_same / self.n_votes if self.n_votes else None


def agreement(ballots: Sequence[Ballot], voter: str) -> Agreement:
    """Compare a voter with all others. Example: where three others said A, A and tie, and this voter A, two of three
    votes are the same."""
    own = {ballot.subject: ballot.outcome for ballot in ballots if ballot.voter == voter}
    others = [ballot for ballot in ballots if ballot.voter != voter and ballot.subject in own]
    n_same = sum(ballot.outcome is own[ballot.subject] for ballot in others)
    return Agreement(n_same, len(others), len({ballot.voter for ballot in others}))
