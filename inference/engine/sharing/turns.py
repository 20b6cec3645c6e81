"""Which engine steps next on the one thread that they share. Times in, a name out.

1. Fair share: the engine that has used the least time goes next, so a large model beside a small one gets half of the
   time, not nearly all of it.
2. Bounded waiting: an engine that streams answers goes next once the others have used more time than one chunk of a
   prompt, of any model, plus one step without prompts of each engine. That turn reads no prompt.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class EngineClock:
    """Times of one engine. `waited_s` is the time that others have used since its last step; `prefill_s` and `decode_s`
    are the times of its last step with and without a chunk of a prompt, None before the first.
    """

    used_s: float = 0.0
    waited_s: float = 0.0
    prefill_s: float | None = None
    decode_s: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An engine with work. `is_prefilling`: its next step may contain a chunk of a prompt; `is_streaming`: answers wait
    for their next token.
    """

    clock: EngineClock
    is_prefilling: bool
    is_streaming: bool

    @property
    def expected_s(self) -> float | None:
        """The expected time of its next step, None where unknown."""
        return self.clock.prefill_s if self.is_prefilling else self.clock.decode_s


@dataclass(frozen=True, slots=True)
class Turn:
    """The engine that steps next, and whether its step may read prompts."""

    name: str
    prefills: bool


def next_turn(candidates: Mapping[str, Candidate]) -> Turn:
    """Choose among at least one engine with work. Ties go to the first by name."""
    first = min(candidates, key=lambda name: (candidates[name].clock.used_s, name))
    longest_s = max(candidate.expected_s or 0.0 for candidate in candidates.values())
    round_s = sum(candidate.clock.decode_s or 0.0 for candidate in candidates.values())
    expected_s = candidates[first].expected_s
    patience_s = round_s + longest_s - (longest_s if expected_s is None else expected_s)
    late = {
        name: candidate.clock.waited_s
        for name, candidate in candidates.items()
        if name != first and candidate.is_streaming and candidate.clock.waited_s > patience_s
    }
    if late:
        return Turn(max(late, key=lambda name: (late[name], name)), prefills=False)
    return Turn(first, prefills=True)
