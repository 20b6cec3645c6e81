"""What pages may know about a battle.

Nothing else about a battle leaves `Arena`. Only `Reveal` and `names` identify models. In a blind battle they are set
after the vote is committed. Pages turn the keys into sentences.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from db.outcome import Outcome

Side = Literal["a", "b"]
Phase = Literal["waiting", "thinking", "writing"]
SideState = Literal["waiting", "thinking", "writing", "done", "stopped", "failed"]
BattleState = Literal["open", "votable", "voted", "void"]
Kind = Literal["battle", "named", "chat"]
"""A blind battle, two named models side by side, or a chat with one named model."""
SIDES: tuple[Side, Side] = ("a", "b")


@dataclass(frozen=True, slots=True)
class SideView:
    """One side of the current turn, as released so far.

    `waiting`: nothing is shown yet; `thinking`: nothing is shown, and a side reasons; `writing`: more will follow;
    `done`, `stopped` (by the visitor), `failed`: the end, as shown. Before the end both sides of a turn have the same
    state, and they end together; only while one side is asked again does the other keep its end. `text` only grows
    within an attempt. `is_cut`: the answer ended at the token limit. `error`: key `side_failed` (the model did not
    answer, or its answer broke off), `side_no_answer` (it ended without any text), `side_too_long` (the conversation
    is too long for this model) or `side_withheld` (moderation blocked it), None unless `failed`. `warning`: the
    category of `arena.rules.moderation` that visitors are warned of.
    """

    state: SideState
    text: str
    can_retry: bool = False
    is_cut: bool = False
    error: str | None = None
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class TurnView:
    """An earlier turn: the prompt and both answers. A chat has no side b."""

    prompt: str
    answer_a: str
    answer_b: str | None


@dataclass(frozen=True, slots=True)
class SharedSettings:
    """What all sides of a battle are asked with: the arena's own settings, which visitors may see before the vote.

    `system_prompt` is the whole text that the arena sends, the safety prompt included if `has_guardrails`; empty if
    there is none. A model's own system prompt is not part of it.
    """

    system_prompt: str
    has_guardrails: bool
    temperature: float
    top_p: float
    max_tokens: int
    pace: str


@dataclass(frozen=True, slots=True)
class RevealSide:
    """The model of a side. `rating_before` and `rating_after` are online Elo, None for a voted battle that is shown
    after a restart, and for a vote during a replay of many votes. On the official board the model has `rating`, with
    its interval from `low` to `high` if there is one, and its true rank is from `rank` to `rank_worst`; all are None if
    the board does not have the model yet. `parameters` is a count.

    `n_tokens`, `ttft_ms` and `tokens_per_s` describe the last turn's answer, None if the endpoint did not send them.
    `thoughts` is the model's reasoning, one text per turn, empty without any. `not_sent` are parameters of the last
    turn that its endpoint does not accept, `sent_otherwise` those that were sent with another value, by name.
    `own_system_prompt` is the text that this model alone was sent after the arena's system prompt; None without one.
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
    own_system_prompt: str | None = None
    organisation: str | None = None
    licence: str | None = None
    parameters: int | None = None
    rating: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Whether the vote can be withdrawn: for `within_s` seconds more, and if any of the visitor's withdrawals are left.

    `limit` names what leaves none: `day` (`n_day` were withdrawn within a day) or `total` (`n_total` were withdrawn,
    and the next is possible after `next_at` votes in total).
    """

    within_s: float
    n_left: int
    limit: Literal["day", "total"] | None = None
    n_day: int = 0
    n_total: int = 0
    next_at: int = 0

    @property
    def is_possible(self) -> bool:
        return self.within_s > 0 and self.n_left > 0


@dataclass(frozen=True, slots=True)
class Reveal:
    """The stored vote. `reasons` are keys of the closed list in `arena.rules.ledger`, empty if `is_counted`.

    `expected_a`: the points out of one that the online ratings before the vote gave side A, a tie being half a point;
    None if they are unknown. `can_withdraw_s` is the number of seconds for which the vote can still be withdrawn, 0
    when it cannot. `is_replaying`: the online ratings were out of date when the vote was cast, and are being computed
    from all votes, so no change of them is known. `has_board`: the ranks are known; with `is_board_older` they are
    those from before the vote. `share_id` names the battle's page, which everybody can read if it `is_shared`.
    """

    outcome: Outcome
    a: RevealSide
    b: RevealSide
    is_counted: bool
    reasons: tuple[str, ...]
    can_withdraw_s: float
    is_replaying: bool = False
    expected_a: float | None = None
    has_board: bool = True
    is_board_older: bool = False
    withdrawal: Withdrawal | None = None
    share_id: str = ""
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class BattleView:
    """A battle as its page shows it.

    `turns` are the earlier turns; `prompt`, `a` and `b` are the current one, and `b` is None in a chat. The state is
    `open` while a side is being written, `votable` when all sides have ended, `voted` with `reveal`, and `void` when
    the battle was abandoned, left or could not be stored. A chat becomes `votable` too, but has no vote: see
    `can_vote`. `is_tie_only`: both sides gave the same answer, so that only a tie or both-bad is possible. `notice` is
    a key of `arena.service.NOTICES` or None.

    `names` has the model of each side, in order; None before the vote of a blind battle. `waited_s` are the seconds
    since the sides were asked (after a retry: since that side was), while nothing of the new answers is shown; None
    otherwise. `queue_place` is the place in the model server's queue, 1 for the next; None if it is not known.
    `can_regenerate`: both sides of the newest turn can be asked again. `prompt_warning`: the category that visitors are
    warned of in the prompt.
    """

    battle_id: str
    state: BattleState
    turns: tuple[TurnView, ...]
    prompt: str
    a: SideView
    b: SideView | None
    can_send: bool
    can_vote: bool
    can_stop: bool
    is_tie_only: bool = False
    notice: str | None = None
    reveal: Reveal | None = None
    kind: Kind = "battle"
    names: tuple[str, ...] | None = None
    waited_s: float | None = None
    queue_place: int | None = None
    can_regenerate: bool = False
    settings: SharedSettings | None = None
    prompt_warning: str | None = None

    @property
    def sides(self) -> Mapping[Side, SideView]:
        """The sides that the battle has: both, or only `a` in a chat."""
        return {"a": self.a} if self.b is None else {"a": self.a, "b": self.b}
