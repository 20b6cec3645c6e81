"""Every attempt of a battle, turn by turn: their seeds, which side may be asked again, and what is not stored yet.

No asyncio, and no decision about the battle's state: `battle` asks, and says when.
"""

import random
from collections.abc import Mapping, Sequence

from arena.rounds.pacing import Pace
from arena.rounds.turns.attempt import Attempt, resumed
from arena.rounds.turns.screening import Finding
from arena.rounds.turns.turn import Turn
from arena.rounds.views import Side, SideView, TurnView
from db.codes import Side as SideCode
from db.queries import AnswerRecord, BattleRecord, Check

_SEED_BOUND = 2**31


class Attempts:
    """The attempts of these sides. `turn` is the current turn, which has no attempts before the first prompt, and
    `past` are the turns before it."""

    def __init__(self, sides: Sequence[Side], *, max_attempts: int, rng: random.Random) -> None:
        self.past: list[Turn] = []
        self.turn = Turn("", {})
        self._sides = sides
        self._max_attempts = max_attempts
        self._rng = rng
        self._seeds: set[int] = set()
        self._failed: list[tuple[Side, Attempt]] = []

    @property
    def current(self) -> Mapping[Side, Attempt]:
        return self.turn.attempts

    @property
    def n_turns(self) -> int:
        return len(self.past) + bool(self.current)

    @property
    def first_prompt(self) -> str:
        return (self.past or [self.turn])[0].prompt

    @property
    def is_first(self) -> bool:
        """Whether the current attempts are the first ones at the first turn."""
        return not self.past and all(attempt.number == 1 for attempt in self.current.values())

    @property
    def shown(self) -> tuple[Mapping[Side, SideView], ...]:
        """The sides of every turn as shown so far, the current one last."""
        return tuple(turn.views for turn in [*self.past, self.turn])

    @property
    def shown_past(self) -> tuple[TurnView, ...]:
        return tuple(
            TurnView(past.prompt, past.text("a"), past.text("b") if "b" in past.attempts else None)
            for past in self.past
        )

    def resume(self, record: BattleRecord, checks: Sequence[Check]) -> None:
        """Continue from the record of an earlier process, and what was found in it."""
        turns = [
            Turn(turn.prompt, {side: resumed(turn.shown(SideCode.parse(side))) for side in self._sides})
            for turn in record.turns
        ]
        for check in checks:
            if 0 < check.turn <= len(turns):
                turns[check.turn - 1].recall(check)
        *self.past, self.turn = turns or [Turn("", {})]
        for turn in record.turns:
            self._seeds.update(answer.seed for answer in turn.answers if answer.seed is not None)

    def ask(self, prompt: str, pace: Pace, *, asked_s: float, finding: Finding | None) -> None:
        """Begin a turn."""
        if self.current:
            self.past.append(self.turn)
        attempts = {side: Attempt(1, self._new_seed()) for side in self._sides}
        self.turn = Turn(prompt, attempts, pace, finding=finding)
        self.turn.asked_s = asked_s

    def can_retry(self, side: Side) -> bool:
        attempt = self.current[side]
        is_for_good = attempt.is_too_long or attempt.is_withheld or attempt.number >= self._max_attempts
        return attempt.has_failed and not is_for_good

    def retry(self, side: Side, pace: Pace, now_s: float) -> None:
        """Replace the failed attempt of a side by a new one. The other side does not change."""
        failed = self.current[side]
        if not failed.is_stored:
            self._failed.append((side, failed))
        attempt = Attempt(failed.number + 1, self._new_seed())
        self.turn.ask_again({side: attempt}, pace, now_s)

    @property
    def can_regenerate(self) -> bool:
        attempts = self.current.values()
        return all(one.number < self._max_attempts and not one.is_too_long for one in attempts)

    def regenerate(self, pace: Pace, now_s: float) -> None:
        """Replace the attempts of all sides at the current turn."""
        attempts = {side: Attempt(one.number + 1, self._new_seed()) for side, one in self.current.items()}
        self.turn.ask_again(attempts, pace, now_s)

    def unseen_answers(self) -> list[AnswerRecord]:
        """Return the records of the current attempts, for a battle that another pair takes over."""
        return [attempt.unseen_record(side) for side, attempt in self.current.items()]

    def not_stored(self) -> list[tuple[Side, Attempt]]:
        """Return the attempts at the current turn that have not been stored, failed ones first."""
        return [*self._failed, *((side, one) for side, one in self.current.items() if not one.is_stored)]

    def checks(self, attempts: Sequence[tuple[Side, Attempt]]) -> list[Check]:
        """Return what was found in these attempts at the current turn."""
        return [one.finding.check(self.n_turns, side) for side, one in attempts if one.finding is not None]

    def note_stored(self, attempts: Sequence[tuple[Side, Attempt]]) -> None:
        for _, attempt in attempts:
            attempt.is_stored = True
        self._failed.clear()

    def _new_seed(self) -> int:
        while (seed := self._rng.randrange(1, _SEED_BOUND)) in self._seeds:
            pass
        self._seeds.add(seed)
        return seed
