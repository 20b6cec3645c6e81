"""Condition: what is known of one player, and for how long it is out. Pure: `now` is seconds that never go back.

`health` says what counts as which event; here is what follows in numbers. They are in the tables of `health`.
"""

from __future__ import annotations

from dataclasses import dataclass

REFUSALS_BEFORE_TRIAL = 5

_FIRST_OUT_S = 10.0
_MAX_DOUBLINGS = 4
_MAX_TRIAL_DOUBLINGS = 6
_BUSY_OUT_S = 2.0
_MAX_BUSY_DOUBLINGS = 6
_FIRST_TRUST_S = 60.0
_MAX_TRUST_DOUBLINGS = 6


@dataclass(slots=True)
class Condition:
    is_known: bool = False
    """Whether anything was ever heard from this endpoint."""
    is_out: bool = False
    out_until: float = 0.0
    n_failures: int = 0
    n_busy: int = 0
    needs_trial: bool = False
    """Out because its server said no to the model: only an answer shows that this has changed."""
    n_refusals: int = 0
    """In a row, of those that do not say that they are about the prompt."""
    trusted_until: float = 0.0
    """No trial for refusals before this time."""
    trust_s: float = 0.0
    """The last pause between two such trials; 0 where there was none."""
    lists_models: bool = True
    """False once its chat worked while it refused its list of models."""

    def is_away(self, now: float) -> bool:
        return self.is_out or now < self.out_until

    def wants_trial(self, now: float) -> bool:
        is_doubted = self.n_refusals >= REFUSALS_BEFORE_TRIAL and now >= self.trusted_until
        return now >= self.out_until and (self.needs_trial or is_doubted)

    def answered(self, now: float) -> None:
        """A whole answer came. One that began before the server said no is a reason to try at once, no more."""
        self.n_refusals = self.n_busy = 0
        if self.needs_trial:
            self.out_until = now
        else:
            self.n_failures = 0
            self.rejoin()

    def was_full(self, now: float) -> None:
        self.out_until = max(self.out_until, now + _doubled(_BUSY_OUT_S, self.n_busy, _MAX_BUSY_DOUBLINGS))
        self.n_busy += 1

    def leave(self, now: float, *, needs_trial: bool) -> float:
        """Out of the draw; for how many seconds at least."""
        self.needs_trial = self.needs_trial or needs_trial
        out_s = _doubled(_FIRST_OUT_S, self.n_failures, _MAX_TRIAL_DOUBLINGS if self.needs_trial else _MAX_DOUBLINGS)
        self.n_failures += 1
        self.n_refusals = 0
        self.is_out = True
        self.out_until = now + out_s
        return out_s

    def postpone(self, now: float) -> None:
        """A trial met a full server: nothing is learned, and it is asked again a little later."""
        self.out_until = now + _FIRST_OUT_S

    def rejoin(self) -> None:
        """Back into the draw. Failures are forgiven by an answer, not by a probe: only an answer shows that it can."""
        self.is_out = False
        self.out_until = 0.0

    def passed(self, now: float) -> None:
        """A trial succeeded: what was refused before were prompts. The next refusals wait longer for theirs, unless
        none had to wait for as long as the last pause was."""
        if self.n_refusals >= REFUSALS_BEFORE_TRIAL:
            is_quiet = now >= self.trusted_until + self.trust_s
            longest_s = _doubled(_FIRST_TRUST_S, _MAX_TRUST_DOUBLINGS, _MAX_TRUST_DOUBLINGS)
            self.trust_s = _FIRST_TRUST_S if is_quiet else min(2 * self.trust_s, longest_s)
            self.trusted_until = now + self.trust_s
        self.needs_trial = False
        self.n_refusals = self.n_failures = 0
        self.rejoin()


def _doubled(first_s: float, n: int, most: int) -> float:
    return first_s * float(2 ** min(n, most))
