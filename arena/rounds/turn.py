"""One turn of a battle: the prompt, both attempts, and how much of each is shown.

Pure: writers fill the attempts, and the battle passes the time in. Before the end both sides look the same: pages show
"waiting", "thinking" or "writing" for both, and both end at one moment, when both are complete and entirely shown. Only
a side whose other side is asked again keeps its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from arena.rounds.attempt import Attempt
from arena.rounds.pacing import Arrived, FreePace, Pace
from arena.rounds.views import Phase, Side, SideView


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

    @property
    def views(self) -> Mapping[Side, SideView]:
        return {side: attempt.view(self.phase) for side, attempt in self.attempts.items()}

    @property
    def has_ended(self) -> bool:
        return all(attempt.has_ended for attempt in self.attempts.values())

    def text(self, side: Side) -> str:
        return self.attempts[side].text

    def ask_again(self, side: Side, attempt: Attempt, pace: Pace) -> None:
        """Replace the attempt of a side."""
        self.attempts[side] = attempt
        self.pace, self.is_started, self.phase = pace, False, "waiting"

    def release(self, now_s: float) -> bool:
        """Show what the pace allows at `now_s`; return whether a page changes."""
        before = self._visible()
        a, b = (Arrived(len(attempt.text), attempt.is_complete) for attempt in self._sides)
        released = self.pace.release(now_s, a, b)
        self.is_started = released.is_started
        for attempt, n_chars in zip(self._sides, (released.a, released.b), strict=True):
            attempt.n_shown = max(attempt.n_shown, n_chars)
        self.phase = self._phase()
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
    def _sides(self) -> tuple[Attempt, Attempt]:
        return self.attempts["a"], self.attempts["b"]

    def _phase(self) -> Phase:
        unended = [attempt for attempt in self._sides if not attempt.has_ended]
        if any(attempt.n_shown for attempt in unended):
            return "writing"
        return "thinking" if any(attempt.reasoning for attempt in unended) else "waiting"

    def _is_entirely_shown(self, attempt: Attempt) -> bool:
        return self.is_started and attempt.is_complete and attempt.n_shown >= len(attempt.text)

    def _visible(self) -> tuple[object, ...]:
        return (self.phase, *((attempt.n_shown, attempt.has_ended) for attempt in self._sides))
