"""Decks, what can be dealt from them, and campaigns, as queries take and return them.

A prepared prompt is named by its key (16 hex digits), a campaign by its name, a model by its name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from db.outcome import Outcome
from db.records.battles import DeckPrompt, StoredSettings


@dataclass(frozen=True, slots=True)
class Deck:
    """`is_live`: quick rounds deal from it, and exports leave its texts out. `settings` are the parameters that every
    model was asked with; `asked` has a digest of each setting of a model's own, by model and key."""

    name: str
    is_live: bool
    settings: StoredSettings | None
    n_prompts: int
    n_answers: int
    asked: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredPrompt:
    """A prepared prompt, and the models that have answered it, by name."""

    key: str
    prompt: DeckPrompt
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dealable:
    """A prepared prompt that a visitor has not had. Models with the same digest gave equal answers."""

    key: str
    digests: Mapping[str, str]
    """By model, sorted by name."""

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield the unordered pairs with different answers."""
        for one, other in combinations(self.digests, 2):
            if self.digests[one] != self.digests[other]:
                yield one, other


class CampaignPair(NamedTuple):
    """A prepared pair that a campaign judges. `model_x` and `model_y` have no order."""

    key: str
    model_x: str
    model_y: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """`token` is its link. `max_people` None: any number."""

    token: str
    name: str
    deck: str
    max_people: int | None
    created_at: float
    closed_at: float | None
    n_pairs: int
    n_people: int
    """Visitors who have begun to judge it."""
    n_votes: int

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """How many of the pairs a visitor has judged, and whether the visitor may judge."""

    n_done: int
    n_pairs: int
    has_begun: bool
    can_judge: bool
    """The campaign is open, and the visitor has begun it or there is room for one more."""

    @property
    def is_finished(self) -> bool:
        return self.n_done >= self.n_pairs


class CampaignVote(NamedTuple):
    """A vote in a campaign. The outcome is seen from the pair's `model_x`."""

    pair: CampaignPair
    voter: str
    outcome: Outcome
    cast_at: float
    counted: bool


class AnswerDigest(NamedTuple):
    """A prepared answer without its text: equal answers to one prompt have the same digest."""

    key: str
    language: str | None
    """The prompt's."""
    model: str
    digest: str


class QuickVote(NamedTuple):
    """A visitor's vote on a quick battle of an open deck."""

    battle_id: str
    model_a: str
    model_b: str
    outcome: Outcome
    is_withdrawn: bool = False
