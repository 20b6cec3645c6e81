"""Every use case of the arena that a page calls: send a prompt, follow a battle, stop, retry, vote, withdraw, read the board.

`Arena` joins `rounds` (what a battle is) and `rules` (what counts) with the database and the players. It alone calls `ledger` and
`identity`. It knows no page: what it returns are frozen views, what it refuses are keys with numbers, and the pages make the sentences.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from arena.rounds.views import BattleView, Reveal, RevealSide, Side, SideView, TurnView
from arena.standings import Board, ModelCard
from db.outcome import Outcome

__all__ = [
    "Arena",
    "BattleView",
    "Board",
    "ModelCard",
    "Outcome",
    "Refusal",
    "Reveal",
    "RevealSide",
    "Side",
    "SideView",
    "Status",
    "TurnView",
]

NOTICES = (
    "wont_count_failed_side",  # a side failed: the battle may be voted on, the vote won't count
    "wont_count_stopped",  # stopped before 100 characters of an unfinished side were shown: the same
    "abandoned",  # void: nobody was looking for abandon_after_s
    "left",  # void: the visitor went on to the next battle without a vote
    "interrupted",  # void: the arena was stopped while this battle was being written
    "not_stored",  # void: the answers could not be written to the database
)


class Refusal(Exception):
    """Something that a visitor asked for and cannot have: `key` names the sentence, `numbers` fill it in.

    Keys: `prompt_empty`; `prompt_too_long` (length, limit); `models_loading` (n_ready, n_models); `too_few_models` (n_models);
    `rate_limited` (limit, window_s, retry_after_s); `busy` (n_running, limit); `too_many_turns` (limit); `not_yet` (a turn is still being written, or this
    side cannot be retried or the battle not stopped now); `battle_not_found` (also: somebody else's); `battle_void`; `already_voted`;
    `too_late` (limit_s: withdrawal); `not_stored` (the database refused: nothing changed, try again).
    """

    def __init__(self, key: str, **numbers: float) -> None:
        super().__init__(f"{key} {numbers}" if numbers else key)
        self.key = key
        self.numbers = numbers


@dataclass(frozen=True, slots=True)
class Status:
    """How the arena stands, in numbers only: per-model health would tell who is in a battle.

    `n_models` active models in the roster, of which `n_ready` can play, `n_loading` are being loaded or restarted, the rest do not
    answer. `n_votes`: every vote stored. `can_battle`: two models or more are ready.
    """

    n_models: int
    n_ready: int
    n_loading: int
    n_votes: int

    @property
    def can_battle(self) -> bool:
        return self.n_ready >= 2


class Arena:
    """The use cases. One per process; every method belongs to the event loop on which `start` ran.

    `visitor` is everywhere the pseudonym that `arena.web.visitor` makes of the cookie.
    """

    async def start(self) -> None:
        """Register the roster's models, and void what an earlier process of this replica left open."""
        raise NotImplementedError

    async def close(self) -> None:
        """End every running battle (its row becomes void) and close the endpoints."""
        raise NotImplementedError

    async def status(self) -> Status:
        raise NotImplementedError

    async def send(self, visitor: str, battle_id: str | None, text: str) -> str:
        """Begin a battle (`battle_id` None: the pair is drawn) or its next turn; returns the battle's id. Follow it to see the answers.

        Raises:
            Refusal: `prompt_empty`, `prompt_too_long`, `rate_limited`, `busy`, `models_loading`, `too_few_models`, and for a further turn
                `battle_not_found`, `battle_void`, `already_voted`, `not_yet`, `too_many_turns`; `not_stored`.
        """
        raise NotImplementedError

    def follow(self, visitor: str, battle_id: str) -> AsyncIterator[BattleView]:
        """Subscribe: yields the present view at once, then at most every 100 ms, and once a second where nothing changes (so that a closed
        page is noticed). Ends after the view in which nothing is going on any more. Any number of pages may follow one battle.

        Raises:
            Refusal: `battle_not_found`.
        """
        raise NotImplementedError

    async def view(self, visitor: str, battle_id: str) -> BattleView:
        """The battle as it stands, also after a restart of the process.

        Raises:
            Refusal: `battle_not_found`.
        """
        raise NotImplementedError

    async def current(self, visitor: str) -> str | None:
        """The visitor's latest battle that is being written, waits for a vote, or can still be withdrawn: what a reload shows again."""
        raise NotImplementedError

    async def stop(self, visitor: str, battle_id: str) -> None:
        """End the writing: both sides keep what has been shown.

        Raises:
            Refusal: `battle_not_found`, `not_yet` (nothing is being written).
        """
        raise NotImplementedError

    async def retry(self, visitor: str, battle_id: str, side: Side) -> None:
        """Ask a failed side again, with a new seed. Follow the battle again to see it.

        Raises:
            Refusal: `battle_not_found`, `battle_void`, `already_voted`, `not_yet` (the side has not failed, or was asked too often).
        """
        raise NotImplementedError

    async def leave(self, visitor: str, battle_id: str) -> None:
        """The visitor goes on to the next battle: one without a vote becomes void, and `current` no longer names this one."""
        raise NotImplementedError

    async def vote(self, visitor: str, battle_id: str, outcome: Outcome) -> Reveal:
        """Store the vote with its verdict; only when that is committed do the names leave. The same vote again returns the stored one.

        Raises:
            Refusal: `battle_not_found`, `battle_void`, `not_yet` (not both sides have ended), `already_voted` (with another outcome),
                `not_stored` (nothing changed; the vote can be cast again).
        """
        raise NotImplementedError

    async def leaderboard(self) -> Board:
        """The official board, at most one computation at a time; fresh with the first read after a vote."""
        raise NotImplementedError

    async def withdraw(self, visitor: str, battle_id: str) -> Reveal:
        """Take the vote back within 60 s: it stays in the ledger and no longer counts.

        Raises:
            Refusal: `battle_not_found`, `not_yet` (there is no vote), `too_late` (limit_s).
        """
        raise NotImplementedError
