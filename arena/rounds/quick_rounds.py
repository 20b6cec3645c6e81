"""Quick rounds: which prepared pair is dealt next, when a round ends, and who stands on its podium.

Pure: prompts, answers, votes and random numbers are passed in. A round is not stored; it follows from the visitor's
votes on prepared pairs, in order: a new one begins where the last has ended.

The deal: first a prompt, every one alike, those in the visitor's language first; then an unordered pair {i, j} of the
models whose answers to it differ and that may meet, with a probability proportional to w_i * w_j; then a coin decides
the sides. Example: three models of weight 1, of which two gave the same answer, leave two pairs, and each ordered pair
has probability 1/4. The probability is that of the pair on its sides given the prompt, as for a battle.
"""

import math
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from arena.rounds.matchmaking import Pair
from db.outcome import Outcome


@dataclass(frozen=True, slots=True)
class PreparedPrompt:
    """A prompt of a deck. `answers` has each model with an answer that can be compared, and a value that two answers
    share if and only if they look the same."""

    key: str
    language: str | None
    answers: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Deal:
    prompt: str
    """Its key."""
    pair: Pair


class Contender(NamedTuple):
    """A model that plays: its weight, and its kin. Two of the same kin never meet."""

    weight: float
    kin: str


Playing = Mapping[str, Contender]
"""By name."""


def pairs_of(prompt: PreparedPrompt, playing: Playing) -> list[tuple[str, str]]:
    """Return the unordered pairs of playing models that may meet and whose answers differ, each and all of them sorted
    by name."""
    names = sorted(name for name in prompt.answers if name in playing)
    return [
        (a, b)
        for a, b in combinations(names, 2)
        if prompt.answers[a] != prompt.answers[b] and playing[a].kin != playing[b].kin
    ]


def is_dealable(prompt: PreparedPrompt, playing: Playing) -> bool:
    """Whether `pairs_of` has any. Two different answers and two kins are enough: of the models with either answer, one
    is of another kin than one of the others."""
    names = [name for name in prompt.answers if name in playing]
    return len({prompt.answers[name] for name in names}) > 1 and len({playing[name].kin for name in names}) > 1


def deal(
    prompts: Sequence[PreparedPrompt],
    playing: Playing,
    rng: random.Random,
    *,
    seen: Collection[str] = (),
    language: str | None = None,
) -> Deal | None:
    """Draw a prompt that is not in `seen`, a pair of the models in `playing`, and their sides. None if no
    prompt is left."""
    fresh = [prompt for prompt in prompts if prompt.key not in seen]
    first = [prompt for prompt in fresh if prompt.language in (None, language)]
    for group in (first, [prompt for prompt in fresh if prompt.language not in (None, language)]):
        rng.shuffle(group)
        for prompt in group:
            if is_dealable(prompt, playing):
                return Deal(prompt.key, _draw(pairs_of(prompt, playing), playing, rng))
    return None


def _draw(pairs: Sequence[tuple[str, str]], playing: Playing, rng: random.Random) -> Pair:
    shares = [playing[a].weight * playing[b].weight for a, b in pairs]
    (chosen,) = rng.choices(range(len(pairs)), shares)
    sides = list(pairs[chosen])
    rng.shuffle(sides)
    return Pair(sides[0], sides[1], shares[chosen] / math.fsum(shares) / 2, "uniform")


@dataclass(frozen=True, slots=True)
class Judged:
    """A vote on a prepared pair; its outcome is None if it was withdrawn."""

    model_a: str
    model_b: str
    outcome: Outcome | None

    @property
    def winner(self) -> str | None:
        if self.outcome is None:
            return None
        return {Outcome.A: self.model_a, Outcome.B: self.model_b}.get(self.outcome)


@dataclass(frozen=True, slots=True)
class Record:
    """A model's results in one round."""

    model: str
    wins: int = 0
    losses: int = 0
    ties: int = 0
    """Votes that called both good, or neither."""

    @property
    def n(self) -> int:
        return self.wins + self.losses + self.ties


@dataclass(frozen=True, slots=True)
class Round:
    """A round of at most `length` screens. It ends after the last one, or when a model has won half of them. A screen
    whose vote was withdrawn stays one of them, and nobody has won it."""

    length: int
    judged: tuple[Judged, ...] = ()

    @property
    def records(self) -> Mapping[str, Record]:
        """Every model that was met, by name. Votes that were withdrawn are left out."""
        found = {}
        votes = [one for one in self.judged if one.outcome is not None]
        for name in sorted({name for one in votes for name in (one.model_a, one.model_b)}):
            mine = [one for one in votes if name in (one.model_a, one.model_b)]
            wins = sum(one.winner == name for one in mine)
            ties = sum(one.winner is None for one in mine)
            found[name] = Record(name, wins, len(mine) - wins - ties, ties)
        return found

    @property
    def wins_to_end(self) -> int:
        return math.ceil(self.length / 2)

    @property
    def has_ended(self) -> bool:
        most = max((record.wins for record in self.records.values()), default=0)
        return len(self.judged) >= self.length or most >= self.wins_to_end


def latest_round(votes: Sequence[Judged], length: int) -> Round:
    """Return the round that the last of all `votes`, in order, belongs to; an empty one if there are none."""
    now = Round(length)
    for vote in votes:
        now = Round(length, (vote,) if now.has_ended else (*now.judged, vote))
    return now


@dataclass(frozen=True, slots=True)
class Place:
    """A model on the podium; models with as many wins and losses share a place."""

    place: int
    record: Record


def podium(ended: Round) -> tuple[Place, ...]:
    """Return every model of the round: most wins first, and with as many wins, fewest losses first."""
    order = sorted(ended.records.values(), key=lambda one: (-one.wins, one.losses, one.model))
    marks = [(one.wins, one.losses) for one in order]
    return tuple(Place(marks.index(mark) + 1, one) for mark, one in zip(marks, order, strict=True))
