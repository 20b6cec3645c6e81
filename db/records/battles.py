"""Battles with everything that belongs to them, as queries take and return them.

`battle_id` is the battle's uuid (32 hex digits) and `visitor` the pseudonym; row numbers never leave `db`. Models are
named by text, and times are seconds since 1970 (UTC).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from db.codes import Action, BattleKind, Policy, Reason, Side, State
from db.outcome import Outcome
from db.records.fields import STRICT, StoredInteger, StoredJson, StoredText


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """The parameters of both sides, as stored. `pace` is the arena's name for how text was released.

    `system_prompt` is the arena's own, sent to both sides. `own_prompt_a` and `own_prompt_b` are the models' own, sent
    after it to one side only.
    """

    __pydantic_config__ = STRICT

    system_prompt: StoredText | None
    temperature: float
    top_p: float
    max_tokens: StoredInteger
    pace: StoredText
    own_prompt_a: StoredText | None = None
    own_prompt_b: StoredText | None = None


@dataclass(frozen=True, slots=True)
class DeckPrompt:
    """A prepared prompt. Its key (16 hex digits) is made from deck and text, so it is the same in every database."""

    __pydantic_config__ = STRICT

    deck: StoredText
    text: StoredText
    tags: tuple[StoredText, ...] = ()
    language: StoredText | None = None


@dataclass(frozen=True, slots=True)
class DeckAnswer:
    """The prepared answer of one model to one prepared prompt."""

    __pydantic_config__ = STRICT

    model: StoredText
    text: StoredText
    seed: StoredInteger | None = None
    finish_reason: StoredText | None = None
    prompt_tokens: StoredInteger | None = None
    completion_tokens: StoredInteger | None = None
    fingerprint: StoredText | None = None


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """One attempt of one side at one turn. `error` is a word for log and verdict, None for a complete answer."""

    __pydantic_config__ = STRICT

    side: Side
    attempt: StoredInteger
    text: StoredText
    seed: StoredInteger | None = None
    finish_reason: StoredText | None = None
    prompt_tokens: StoredInteger | None = None
    completion_tokens: StoredInteger | None = None
    ttft_ms: float | None = None
    duration_ms: float | None = None
    fingerprint: StoredText | None = None
    error: StoredText | None = None
    reasoning: StoredText | None = None
    """The model's reasoning, apart from its text."""
    sent: StoredJson | None = None
    """The parameters that were really sent; None if they are the battle's settings."""


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """A prompt and its answers, by side and attempt; the last attempt of a side is the one that was shown."""

    __pydantic_config__ = STRICT

    n: StoredInteger
    prompt: StoredText
    answers: tuple[AnswerRecord, ...] = ()

    def shown(self, side: Side) -> AnswerRecord | None:
        """Return the last attempt of a side, or None."""
        return next((answer for answer in reversed(self.answers) if answer.side == side), None)


@dataclass(frozen=True, slots=True)
class VoteRecord:
    """A stored vote. It counts if `reasons`, sorted by code, is empty."""

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
    """A battle with everything that belongs to it. A quick battle has no turns, but a prompt in `deck_prompt` and two
    answers in `deck_answers`."""

    battle_id: str
    share_id: str
    kind: BattleKind
    visitor: str
    model_a: str
    model_b: str | None
    state: State
    opened_at: float
    closed_at: float | None
    policy: Policy | None
    draw_probability: float | None
    settings: StoredSettings | None
    language: str | None
    turns: tuple[TurnRecord, ...] = ()
    deck_prompt: DeckPrompt | None = None
    deck_answers: tuple[DeckAnswer, ...] = ()
    vote: VoteRecord | None = None


@dataclass(frozen=True, slots=True)
class NewBattle:
    """A battle about to begin. `draw_probability` is that of this ordered pair, None if nothing was drawn. `model_b` is
    None only for a chat; `deck_prompt` is the key of a quick battle's prepared prompt."""

    visitor: str
    model_a: str
    model_b: str | None
    settings: StoredSettings | None
    kind: BattleKind = BattleKind.BATTLE
    policy: Policy | None = None
    draw_probability: float | None = None
    language: str | None = None
    address: str | None = None
    deck_prompt: str | None = None
    replica: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A moderator's finding in the prompt of a turn (`side` None) or in one side's answer."""

    turn: int
    side: Side | None
    category: str
    action: Action
    moderator: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A battle that ended because its process did: the visitor, the prompt of the last turn, and the battle's kind."""

    visitor: str
    prompt: str
    kind: BattleKind = BattleKind.BATTLE
