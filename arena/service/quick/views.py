"""What the pages of quick rounds and campaigns may know.

As in `arena.rounds.views`: before the vote nothing here identifies a model, and in a campaign nothing does before its
voter has finished.
"""

from dataclasses import dataclass
from typing import Literal

from arena.rounds.quick_rounds import Round
from arena.rounds.review_queue import Agreement
from arena.rounds.views import SideView, Withdrawal
from db.outcome import Outcome


@dataclass(frozen=True, slots=True)
class ScreenReveal:
    """The vote on a screen. `names` are the models of sides A and B; `reasons` are those of `arena.rules.ledger` why it
    does not count. `withdrawal` is None once the minute for it is over, and in a campaign."""

    outcome: Outcome
    names: tuple[str, str]
    reasons: tuple[str, ...]
    withdrawal: Withdrawal | None = None


@dataclass(frozen=True, slots=True)
class Screen:
    """A prepared prompt with two prepared answers. `is_tie_only`: the answers are the same. `reveal` is None before the
    vote."""

    battle_id: str
    prompt: str
    a: SideView
    b: SideView
    is_tie_only: bool = False
    reveal: ScreenReveal | None = None


@dataclass(frozen=True, slots=True)
class Lack:
    """Why nobody can be dealt anything: the decks have `n_prompts` prompts, and of the models that play here `n_models`
    have answered some; on none do two differ that may meet."""

    n_prompts: int
    n_models: int


@dataclass(frozen=True, slots=True)
class RoundView:
    """A visitor's quick rounds.

    `screen` waits for its vote, or has the last one; None before the first. `round` are the votes of the round that
    the screen belongs to. `n_left` is how many more prompts can be dealt, `n_seen` how many were. `lack` says why there
    are none for anybody.
    """

    screen: Screen | None
    round: Round
    n_left: int
    n_seen: int
    lack: Lack | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether the screen waits for its vote."""
        return self.screen is not None and self.screen.reveal is None

    @property
    def number(self) -> int:
        """The number of the screen in its round, from 1."""
        return len(self.round.judged) + self.is_waiting

    @property
    def is_over(self) -> bool:
        """Whether the round has ended, if only because no prompt is left."""
        return not self.is_waiting and bool(self.round.judged) and (self.round.has_ended or self.n_left == 0)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A voter's own vote in a finished campaign: the pair, and which was better (None: both alike). `n_same` of the
    `n_others` votes of other people were the same."""

    prompt: str
    models: tuple[str, str]
    outcome: Outcome
    n_same: int
    n_others: int

    @property
    def winner(self) -> str | None:
        return {Outcome.A: self.models[0], Outcome.B: self.models[1]}.get(self.outcome)


ReviewState = Literal["start", "judging", "paused", "finished", "closed", "full"]


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A voter's place in a campaign.

    `start`: not begun; `judging`: `screen` waits for its vote; `paused`: begun, and the next screen can be asked for;
    `finished`: everything is judged, and `judgements` and `agreement` say how; `closed`: the owner has ended it before
    the voter finished; `full`: as many other people as the owner allows have begun.
    """

    name: str
    state: ReviewState
    n_done: int
    n_pairs: int
    screen: Screen | None = None
    judgements: tuple[Judgement, ...] = ()
    agreement: Agreement | None = None
