"""One turn of a battle: the prompt, an attempt of each side, and how much of each is shown.

Pure: writers fill the attempts, and the battle passes the time in. Before the end both sides look the same: pages show
"waiting", "thinking" or "writing" for both, and both end at one moment, when both are complete and entirely shown. Only
a side whose other side is asked again keeps its end. A chat has one side, `a`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from arena.rounds.pacing import Arrived, FreePace, Pace
from arena.rounds.turns.attempt import Attempt
from arena.rounds.turns.screening import Finding
from arena.rounds.views import Phase, Side, SideView
from db.queries import Check


@dataclass(slots=True)
class Turn:
    """`pace` decides what is shown. Attempts from the database have ended and need no pace."""

    prompt: str
    attempts: dict[Side, Attempt]
    pace: Pace = field(default_factory=FreePace)
    is_started: bool = False
    """Whether anything may be shown, an end included."""
    phase: Phase = "waiting"
    """What pages show for both sides until they end."""
    queue_place: int | None = None
    """The place of the side that waits longest for its model server, while nothing is shown; None if none waits."""
    asked_s: float = 0.0
    """When the sides that have not ended were asked, by the battle's clock."""
    finding: Finding | None = None
    """What the moderator found in the prompt."""
    is_held: bool = False
    """Whether nothing may be shown before the moderator's verdict."""

    @property
    def views(self) -> Mapping[Side, SideView]:
        return {side: attempt.view(self.phase) for side, attempt in self.attempts.items()}

    @property
    def prompt_warning(self) -> str | None:
        """The category that visitors are warned of in the prompt."""
        return self.finding.category if self.finding is not None and self.finding.is_warning else None

    @property
    def has_ended(self) -> bool:
        return all(attempt.has_ended for attempt in self.attempts.values())

    def text(self, side: Side) -> str:
        return self.attempts[side].text

    @property
    def has_failed_unseen(self) -> bool:
        """Whether a side broke before any text was shown. An empty answer is not a failure."""
        return not any(attempt.n_shown for attempt in self._sides) and any(one.has_broken for one in self._sides)

    def waited_s(self, now_s: float) -> float | None:
        """Return how long the sides that have not ended have been waited for, while nothing of them is shown."""
        unended = [attempt for attempt in self._sides if not attempt.has_ended]
        is_waiting = bool(unended) and not any(attempt.n_shown for attempt in unended)
        return max(0.0, now_s - self.asked_s) if is_waiting else None

    def recall(self, check: Check) -> None:
        """Note a stored finding again; of several in one answer the last one holds."""
        if check.side is None:
            self.finding = Finding.of(check)
        for side, attempt in self.attempts.items():
            if check.side is not None and check.side.label == side:
                attempt.finding = Finding.of(check)

    def ask_again(self, attempts: Mapping[Side, Attempt], pace: Pace, now_s: float) -> None:
        """Replace the attempts of these sides."""
        self.attempts.update(attempts)
        self.pace, self.is_started, self.phase, self.queue_place = pace, False, "waiting", None
        self.asked_s = now_s

    def release(self, now_s: float) -> bool:
        """Show what the pace allows at `now_s`; return whether a page changes."""
        before = self._visible()
        arrived = [Arrived(one.n_arrived, one.is_complete and not self.is_held) for one in self._sides]
        released = self.pace.release(now_s, arrived[0], arrived[-1])
        self.is_started = released.is_started and not self.is_held
        for attempt, n_chars in zip(self._sides, (released.a, released.b), strict=False):
            attempt.n_shown = max(attempt.n_shown, 0 if self.is_held else min(n_chars, len(attempt.text)))
        self.phase, self.queue_place = self._phase(), self._place()
        if all(attempt.has_ended or self._is_entirely_shown(attempt) for attempt in self._sides):
            for attempt in self._sides:
                attempt.has_ended = True
        return self._visible() != before

    def stop(self) -> None:
        """End the turn: a side that is complete and entirely shown is done; another keeps what was shown."""
        for attempt in self._sides:
            if self._is_entirely_shown(attempt):
                attempt.has_ended = True
            elif not attempt.has_ended:
                attempt.cut_to_shown()

    @property
    def _sides(self) -> tuple[Attempt, ...]:
        return tuple(self.attempts.values())

    def _phase(self) -> Phase:
        unended = [attempt for attempt in self._sides if not attempt.has_ended]
        if any(attempt.n_shown for attempt in unended):
            return "writing"
        return "thinking" if any(attempt.reasoning for attempt in unended) else "waiting"

    def _place(self) -> int | None:
        unended = [attempt for attempt in self._sides if not attempt.has_ended]
        if any(attempt.n_shown for attempt in unended):
            return None
        return max((attempt.place for attempt in unended), default=0) or None

    def _is_entirely_shown(self, attempt: Attempt) -> bool:
        return self.is_started and attempt.is_complete and attempt.n_shown >= len(attempt.text)

    def _visible(self) -> tuple[object, ...]:
        return (self.phase, self.queue_place, *((attempt.n_shown, attempt.has_ended) for attempt in self._sides))
