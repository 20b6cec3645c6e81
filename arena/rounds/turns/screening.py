"""The moderator's verdicts on the answers of a turn.

All sides are judged at one moment, in parallel, once all are complete. Where answers may be blocked, nothing of a turn
is shown before (`Turn.is_held`); a battle's pace is then `TogetherPace`, so that the wait is the same whichever side is
withheld. Otherwise the answers are judged while they are shown, and the turn ends after the verdicts. An answer of
which nothing arrived, or nothing was shown before a stop, is not judged. `Screen` returns in bounded time.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from arena.players.events import has_text
from arena.rounds.views import Side
from db.codes import Action
from db.codes import Side as SideCode
from db.queries import Check

logger = logging.getLogger(__name__)

WITHHELD = "withheld"
"""The error word of an answer that moderation blocked. Its text is not stored."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a moderator found in a text, and what follows."""

    category: str
    action: Action
    moderator: str

    @property
    def is_blocked(self) -> bool:
        return self.action is Action.BLOCKED

    @property
    def is_warning(self) -> bool:
        return self.action is Action.WARNED

    @classmethod
    def of(cls, check: Check) -> Self:
        """Return a stored finding."""
        return cls(check.category, check.action, check.moderator)

    def check(self, turn: int, side: Side | None) -> Check:
        """Return the finding as the database stores it; without a side it is about the prompt."""
        return Check(turn, None if side is None else SideCode.parse(side), self.category, self.action, self.moderator)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to judge: its text, and what its model thought, which is shown after the vote."""

    text: str
    reasoning: str


class Screen(Protocol):
    """Judges the answers of a battle."""

    @property
    def holds(self) -> bool:
        """Whether answers may be blocked, so that none may be shown before its verdict."""
        ...

    async def judge(self, answers: Mapping[Side, Answered]) -> Mapping[Side, Finding]:
        """Return a finding for each answer. Never fails, and takes a bounded time."""
        ...


class Judged(Protocol):
    """The part of `arena.rounds.turns.attempt.Attempt` that is used here."""

    text: str
    reasoning: str
    finding: Finding | None
    is_stored: bool

    @property
    def is_complete(self) -> bool: ...
    def note(self, finding: Finding) -> None: ...


class Screening:
    """The verdicts of one turn after another. Belongs to the event loop."""

    def __init__(self, screen: Screen | None) -> None:
        self._screen = screen
        self._task: asyncio.Task[Mapping[Side, Finding]] | None = None
        self._is_done = True

    @property
    def holds(self) -> bool:
        return self._screen is not None and self._screen.holds

    def begin(self) -> None:
        """Note that sides have been asked."""
        self.cancel()
        self._is_done = self._screen is None

    def step(self, attempts: Mapping[Side, Judged]) -> bool:
        """Ask for the verdicts once all attempts are complete; return whether they are in."""
        if self._is_done or not all(attempt.is_complete for attempt in attempts.values()):
            return self._is_done
        if self._task is None:
            self._task = self._ask(attempts)
        if self._task is None or self._task.done():
            self._take(attempts)
        return self._is_done

    async def finish(self, attempts: Mapping[Side, Judged]) -> None:
        """Wait for the verdicts on what was shown. All attempts have ended."""
        if not self.step(attempts) and self._task is not None:
            await asyncio.wait([self._task])
            self._take(attempts)

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _ask(self, attempts: Mapping[Side, Judged]) -> asyncio.Task[Mapping[Side, Finding]] | None:
        assert self._screen is not None
        answers = {
            side: Answered(one.text, one.reasoning)
            for side, one in attempts.items()
            if one.finding is None and not one.is_stored and (has_text(one.text) or has_text(one.reasoning))
        }
        return asyncio.create_task(self._screen.judge(answers)) if answers else None

    def _take(self, attempts: Mapping[Side, Judged]) -> None:
        found = self._task.result() if self._task is not None else {}
        for side, finding in found.items():
            attempts[side].note(finding)
        self._task, self._is_done = None, True
