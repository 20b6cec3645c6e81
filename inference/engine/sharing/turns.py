"""Whose turn it is among the engines that share one thread. Times in, a name out.

Two rules. Time is shared evenly: the engine that has used least goes next, so a large model beside a small one gets
half of the time, not nearly all of it. And no answer waits long: before the others together would keep an engine's
answers waiting for longer than one piece of a prompt, whichever model's, and a round of short steps, it takes a step
for their next tokens alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Standing:
    """One engine on the clock. `waited_s` is what others have used since its last step, `reading_s` and `decoding_s`
    how long its last step with and without a piece of a prompt took; None before the first.
    """

    used_s: float = 0.0
    waited_s: float = 0.0
    reading_s: float | None = None
    decoding_s: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An engine with work. `is_reading`: its next step may hold a piece of a prompt; `is_streaming`: answers wait."""

    standing: Standing
    is_reading: bool
    is_streaming: bool

    @property
    def expected_s(self) -> float | None:
        """How long its next step takes, as far as one knows."""
        return self.standing.reading_s if self.is_reading else self.standing.decoding_s


@dataclass(frozen=True, slots=True)
class Turn:
    """Who goes next, and whether prompts are read in its step."""

    name: str
    reads: bool


def next_turn(candidates: Mapping[str, Candidate]) -> Turn:
    """The turn among at least one engine with work; of equals the first by name."""
    first = min(candidates, key=lambda name: (candidates[name].standing.used_s, name))
    longest_s = max(candidate.expected_s or 0.0 for candidate in candidates.values())
    round_s = sum(candidate.standing.decoding_s or 0.0 for candidate in candidates.values())
    expected_s = candidates[first].expected_s
    patience_s = round_s + longest_s - (longest_s if expected_s is None else expected_s)
    late = {
        name: candidate.standing.waited_s
        for name, candidate in candidates.items()
        if name != first and candidate.is_streaming and candidate.standing.waited_s > patience_s
    }
    if late:
        return Turn(max(late, key=lambda name: (late[name], name)), reads=False)
    return Turn(first, reads=True)
