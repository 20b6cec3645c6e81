"""What queries take and return: frozen dataclasses, names of models as text, times in seconds since 1970 (UTC).

`battle_id` is everywhere the battle's uuid (32 hex digits), `visitor` the pseudonym; row numbers never leave `db`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from db.codes import Action, Kind, Policy, Reason, Side, State
from db.outcome import Outcome


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as the roster names it; `parameters` counts weights, None where unknown."""

    name: str
    family: str | None = None
    organisation: str | None = None
    licence: str | None = None
    parameters: int | None = None


@dataclass(frozen=True, slots=True)
class StoredModel:
    info: ModelInfo
    added_at: float
    retired_at: float | None


@dataclass(frozen=True, slots=True)
class Visitor:
    pseudonym: str
    created_at: float
    consent_at: float | None
    banned_at: float | None
    ban_reason: str | None


@dataclass(frozen=True, slots=True)
class BattleSettings:
    """The parameters that both sides got. `pace` is the arena's word for how text was released."""

    system_prompt: str | None
    temperature: float
    top_p: float
    max_tokens: int
    pace: str


@dataclass(frozen=True, slots=True)
class DeckPrompt:
    """A prepared prompt. Its key (16 hex digits) is made from deck and text, so it is the same in every database."""

    deck: str
    text: str
    tags: tuple[str, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True)
class DeckAnswer:
    """The prepared answer of one model to one prepared prompt."""

    model: str
    text: str
    seed: int | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class NewBattle:
    """A battle about to begin. `draw_probability` is that of this ordered pair (None where nothing was drawn);
    `model_b` is None for a chat only; `deck_prompt` is the key of a prepared prompt, for a quick battle."""

    visitor: str
    model_a: str
    model_b: str | None
    settings: BattleSettings | None
    kind: Kind = Kind.BATTLE
    policy: Policy | None = None
    draw_probability: float | None = None
    language: str | None = None
    address: str | None = None
    deck_prompt: str | None = None
    replica: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """One attempt of one side at one turn. `error` is a word for the log and the verdict, None for a whole answer."""

    side: Side
    attempt: int
    text: str
    seed: int | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    ttft_ms: float | None = None
    duration_ms: float | None = None
    fingerprint: str | None = None
    error: str | None = None
    reasoning: str | None = None
    """What the model thought aloud, apart from its text."""
    sent: Mapping[str, object] | None = None
    """The parameters that the endpoint really got; None where they are the battle's settings."""


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """A prompt with the answers it got, by side and attempt; the last attempt of a side is the one that was shown."""

    n: int
    prompt: str
    answers: tuple[AnswerRecord, ...] = ()

    def shown(self, side: Side) -> AnswerRecord | None:
        """The last attempt of that side, None before there is one."""
        return next((answer for answer in reversed(self.answers) if answer.side == side), None)


@dataclass(frozen=True, slots=True)
class VoteRecord:
    """A vote as it stands. It counts when `reasons` is empty (they are sorted by code)."""

    outcome: Outcome
    cast_at: float
    revision: int
    reasons: tuple[Reason, ...]
    rules_version: int
    facts: Mapping[str, object] = field(default_factory=dict)
    changed_revision: int | None = None
    withdrawn_at: float | None = None
    withdraw_reason: str | None = None

    @property
    def counted(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class BattleRecord:
    """Everything that is known of a battle. A quick battle has no turns: it carries its prompt in `deck_prompt`, and
    its two answers in `deck_answers`."""

    battle_id: str
    share_id: str
    kind: Kind
    visitor: str
    model_a: str
    model_b: str | None
    state: State
    opened_at: float
    closed_at: float | None
    policy: Policy | None
    draw_probability: float | None
    settings: BattleSettings | None
    language: str | None
    turns: tuple[TurnRecord, ...] = ()
    deck_prompt: DeckPrompt | None = None
    deck_answers: tuple[DeckAnswer, ...] = ()
    vote: VoteRecord | None = None


@dataclass(frozen=True, slots=True)
class OnlineElo:
    """The arithmetic of the online Elo, handed in because `db` knows no formula.

    `update(rating_a, rating_b, outcome)` gives the two ratings after the battle; a model's first battle starts from
    `start`. `name` says which arithmetic it is, such as "elo base=10 scale=400 k=32 start=1000": a state that was made
    under another name is replayed before it is used.
    """

    name: str
    start: float
    update: Callable[[float, float, Outcome], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class EloChange:
    """One side's online rating before and after a vote; equal when the vote does not count."""

    model: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class CastVote:
    """What a stored vote did. `reasons` are the caller's, and `banned` where the visitor is."""

    revision: int
    reasons: tuple[Reason, ...]
    a: EloChange
    b: EloChange

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
    """`revision` counts the changes of what counts; the online-Elo state is right when `elo_revision` equals it."""

    revision: int
    elo_revision: int
    elo_name: str = field(default="", compare=False)
    """Of the `OnlineElo` that made the state."""


class Cell(NamedTuple):
    """How many counted votes of one outcome the ordered pair (side A, side B) has."""

    model_a: str
    model_b: str
    outcome: Outcome
    n: int


class OrderedVote(NamedTuple):
    """A counted vote on its way into a replay; unpacks as (model_a, model_b, outcome)."""

    model_a: str
    model_b: str
    outcome: Outcome


class ShownAnswer(NamedTuple):
    """An answer that a voter saw; None: not known, or a text that was not asked for."""

    text: str | None
    tokens: int | None
    duration_ms: float | None


class RatedVote(NamedTuple):
    """A counted vote with all that a rating may ask of it. `prepared_id` names the prepared pair of a quick battle; the
    answers are those of all turns, or none where they were not asked for."""

    model_a: str
    model_b: str
    outcome: Outcome
    cast_at: float
    voter: str
    prepared_id: str | None
    draw_probability: float | None
    answers_a: tuple[ShownAnswer, ...]
    answers_b: tuple[ShownAnswer, ...]


class PairCount(NamedTuple):
    """How many counted votes an unordered pair has; `model_a` sorts before `model_b`."""

    model_a: str
    model_b: str
    n: int


@dataclass(frozen=True, slots=True)
class Restated:
    """What a ban or its lifting did: the reasons of `n_changed` votes differ now, and `n_flipped` of these began or
    ceased to count. `revision` is the ledger's; it stays where no vote has changed."""

    n_changed: int
    n_flipped: int
    revision: int


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A vote as it was judged last; its revision names it. `turns` only where they were asked for."""

    revision: int
    facts: Mapping[str, object]
    reasons: tuple[Reason, ...]
    rules_version: int
    turns: tuple[TurnRecord, ...]


@dataclass(frozen=True, slots=True)
class NewVerdict:
    """What judging a vote again gave, and the facts from which it did."""

    revision: int
    reasons: tuple[Reason, ...]
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Check:
    """What a moderator found: in the prompt of a turn (`side` None) or in one side's answer."""

    turn: int
    side: Side | None
    category: str
    action: Action
    moderator: str


@dataclass(frozen=True, slots=True)
class Recent:
    """What a visitor has done since a moment, and how many battles came from the address since then."""

    battles: int
    votes: int
    address_battles: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Whose battle ended because the process that streamed it did, and the prompt of its last turn."""

    visitor: str
    prompt: str


@dataclass(frozen=True, slots=True)
class VoteTotals:
    """How many votes there are: those that count and those that do not."""

    counted: int
    excluded: int
