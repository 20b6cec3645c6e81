"""What a page may know of a battle, as frozen values.

These are the only things about a battle that leave `Arena`. Nothing in them identifies a model, but `Reveal`, and
that is set only when the vote is committed. Every sentence that a person reads is made by the pages from the keys
in here.
"""

from dataclasses import dataclass
from typing import Literal

from db.outcome import Outcome

Side = Literal["a", "b"]
Phase = Literal["waiting", "thinking", "writing"]
SideState = Literal["waiting", "thinking", "writing", "done", "stopped", "failed"]
BattleState = Literal["open", "votable", "voted", "void"]
SIDES: tuple[Side, Side] = ("a", "b")


@dataclass(frozen=True, slots=True)
class SideView:
    """One side of the current turn, as released so far.

    `waiting`: nothing is shown yet; `thinking`: the same, and a side thinks aloud; `writing`: more will come; `done`,
    `stopped` (by the visitor), `failed`: the end, as shown. Before the end both sides of a turn have the same state,
    and they end together; only beside a side that is asked again the other one keeps its end. `text` only grows within
    an attempt. `is_cut`: the answer ended at the token limit. `error`: key `side_failed` (the model did not answer or
    broke off), `side_no_answer` (it ended without any text) or `side_too_long` (the conversation does not fit this
    side), None unless `failed`.
    """

    state: SideState
    text: str
    can_retry: bool = False
    is_cut: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True)
class TurnView:
    """An earlier turn: what was asked and what each side answered."""

    prompt: str
    answer_a: str
    answer_b: str


@dataclass(frozen=True, slots=True)
class RevealSide:
    """Who a side was. Ratings are online Elo, None where a voted battle is shown again after a restart. The
    official board says that the model's true rank is from `rank` to `rank_worst`; None where the board does not
    have it yet.

    `n_tokens`, `ttft_ms` and `tokens_per_s` describe the last turn's answer; None where the endpoint did not say.
    `thoughts` are what the model thought aloud, one for each turn, empty where it did not. `not_sent` are parameters
    that its endpoint could not take, `sent_otherwise` those that it got with another value, by name, in the last turn.
    """

    model: str
    rating_before: float | None
    rating_after: float | None
    rank: int | None
    rank_worst: int | None
    n_tokens: int | None
    ttft_ms: float | None
    tokens_per_s: float | None
    thoughts: tuple[str, ...] = ()
    not_sent: tuple[str, ...] = ()
    sent_otherwise: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reveal:
    """The stored vote. `reasons` are keys of the closed list in `arena.rules.ledger`, empty exactly when `is_counted`.

    `can_withdraw_s` is the number of seconds for which the vote can still be withdrawn, 0 when it cannot.
    """

    outcome: Outcome
    a: RevealSide
    b: RevealSide
    is_counted: bool
    reasons: tuple[str, ...]
    can_withdraw_s: float


@dataclass(frozen=True, slots=True)
class BattleView:
    """A battle as its page shows it.

    `turns` are the earlier turns; `prompt`, `a` and `b` the current one. `open` while a side is being written,
    `votable` when both sides have ended, `voted` with `reveal`, `void` when it was abandoned, left, or could not be
    stored. `is_tie_only`: both sides answered the same, so a vote can call it a tie or find neither good. `notice` is a
    key of `arena.service.NOTICES` or None.
    """

    battle_id: str
    state: BattleState
    turns: tuple[TurnView, ...]
    prompt: str
    a: SideView
    b: SideView
    can_send: bool
    can_vote: bool
    can_stop: bool
    is_tie_only: bool = False
    notice: str | None = None
    reveal: Reveal | None = None
