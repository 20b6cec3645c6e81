"""Battles with everything that belongs to them, as queries take and return them.

`battle_id` is the battle's uuid (32 hex digits) and `visitor` the pseudonym; row numbers never leave `db`. Models are
named by text, and times are seconds since 1970 (UTC).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from db.codes import Action, BattleKind, Policy, Reason, Side, State
from db.outcome import Outcome
from db.records.feedback import NO_FEEDBACK, Feedback
from db.records.fields import STRICT, DeletableText, StoredCount, StoredInteger, StoredJson, StoredText
from db.side_sums import SideSums
from db.style import StyleCounts


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
    """A prepared prompt. Its key (16 hex digits) is made from deck and text, so it is the same in every database. An
    empty text was left out of the export that it came from."""

    __pydantic_config__ = STRICT

    deck: StoredText
    text: DeletableText
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
    duration_ms: float | None = None
    sent: StoredJson | None = None
    """The parameters that were really sent; None if they are the deck's settings."""

    @property
    def style(self) -> StyleCounts:
        return StyleCounts.of(self.text)


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """One attempt of one side at one turn. `error` is a word for log and verdict, None for a complete answer."""

    __pydantic_config__ = STRICT

    side: Side
    attempt: StoredInteger
    text: DeletableText
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
    n_chars: StoredCount | None = field(default=None, compare=False)
    """This and the next three are the counts of `db.style`. They are counted when the answer is stored (so leave them
    out) and stay when its text is deleted; None: unknown."""
    n_headings: StoredCount | None = field(default=None, compare=False)
    n_list_items: StoredCount | None = field(default=None, compare=False)
    n_bold: StoredCount | None = field(default=None, compare=False)

    @property
    def style(self) -> StyleCounts | None:
        """The counts, if all are known."""
        counts = (self.n_chars, self.n_headings, self.n_list_items, self.n_bold)
        known = [count for count in counts if count is not None]
        return StyleCounts(*known) if len(known) == len(counts) else None


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """A prompt and its answers, by side and attempt; the last attempt of a side is the one that was shown.

    Nobody can send an empty prompt: it was deleted, or left out of the export that it came from, and so were the texts
    and the reasoning of its answers. `asked_at` is None for prompts of older arenas.
    """

    __pydantic_config__ = STRICT

    n: StoredInteger
    prompt: DeletableText
    answers: tuple[AnswerRecord, ...] = ()
    asked_at: float | None = field(default=None, compare=False)

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
    sums_a: SideSums = field(default=SideSums(), compare=False)
    """Of the answers that the voter saw on side A."""
    sums_b: SideSums = field(default=SideSums(), compare=False)

    @property
    def counted(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class BattleRecord:
    """A battle with everything that belongs to it. A quick battle has no turns, but a prompt in `deck_prompt` and two
    answers in `deck_answers`.

    `n_turns` and `prompt_chars` (characters of all prompts) count a prepared prompt too and stay when texts are
    deleted. `tags` are those of the example or the prepared prompt, and of rules, as they were when it was asked.
    `has_consent`: the visitor agrees that the texts may be published. `replaced_by` is the battle that took over from
    this one, which is void.
    """

    battle_id: str
    share_id: str
    """Empty in an import; then one is drawn."""
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
    n_turns: int = field(default=0, compare=False)
    prompt_chars: int = field(default=0, compare=False)
    tags: tuple[str, ...] = ()
    shared_at: float | None = None
    consent_at: float | None = None
    """The visitor's present consent, for an export."""
    feedback: Feedback = NO_FEEDBACK
    replaced_by: str | None = None
    prompt_key: str | None = None
    """The prepared prompt's."""
    campaign: str | None = None
    """The name of the campaign to which a quick battle belongs."""
    same_sent: bool | None = None
    """Whether both endpoints got the same parameters, at every turn; None: unknown."""
    hides_names: bool = field(default=False, compare=False)
    """Whether the voter may not know the names, also after the vote: the campaign is open, and the voter has not
    judged all of it."""

    @property
    def has_texts(self) -> bool:
        """Whether the prompts and answers are still there."""
        return all(turn.prompt for turn in self.turns)

    @property
    def has_consent(self) -> bool:
        return is_covered(self.opened_at, self.consent_at)


def is_covered(opened_at: float, consent_at: float | None) -> bool:
    """Whether a visitor's consent covers a battle: it was given before the battle was opened, and not revoked since."""
    return consent_at is not None and opened_at >= consent_at


@dataclass(frozen=True, slots=True)
class NewBattle:
    """A battle about to begin. `draw_probability` is that of this ordered pair, None if nothing was drawn. `model_b` is
    None only for a chat; `deck_prompt` is the key of a quick battle's prepared prompt; `tags` are those of an example
    that the visitor chose, and of rules; a quick battle has its prompt's. `campaign` is the name of the campaign that a
    quick battle belongs to."""

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
    tags: tuple[str, ...] = ()
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A moderator's finding in the prompt of a turn (`side` None) or in one side's answer."""

    turn: int
    side: Side | None
    category: str
    action: Action
    moderator: str


@dataclass(frozen=True, slots=True)
class CheckCount:
    """How often a moderator found a category in prompts, or in answers, and the consequence."""

    moderator: str
    is_answer: bool
    category: str
    action: Action
    n: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A battle that ended because its process did: the visitor, the prompt of the last turn, the battle's kind, and
    when it was opened (Unix time in seconds)."""

    visitor: str
    prompt: str
    kind: BattleKind = BattleKind.BATTLE
    opened_at: float = 0.0
