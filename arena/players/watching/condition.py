"""The failures and refusals of one player: when a trial follows, and how long it stays out.

`health` decides which event has happened; this module has what follows, in the numbers of the tables in `health`. Pure:
`now` is seconds that never decrease.
"""

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
    """The failures and pauses of one player."""

    is_known: bool = False
    """Whether this endpoint has ever answered or failed."""
    is_out: bool = False
    out_until: float = 0.0
    n_failures: int = 0
    n_busy: int = 0
    needs_trial: bool = False
    """Out because its server refuses the model: only an answer shows that this has changed."""
    n_refusals: int = 0
    """In a row, without refusals that are clearly about the prompt."""
    trusted_until: float = 0.0
    """No trial for refusals before this time."""
    trust_s: float = 0.0
    """The last pause between two such trials; 0 before the first."""
    lists_models: bool = True
    """False once its chat worked although it refused its list of models."""

    def is_away(self, now: float) -> bool:
        return self.is_out or now < self.out_until

    def wants_trial(self, now: float) -> bool:
        is_doubted = self.n_refusals >= REFUSALS_BEFORE_TRIAL and now >= self.trusted_until
        return now >= self.out_until and (self.needs_trial or is_doubted)

    def answered(self, now: float) -> None:
        """Note a complete answer. One that began before the server refused the model only calls for a trial now."""
        self.n_refusals = self.n_busy = 0
        if self.needs_trial:
            self.out_until = now
        else:
            self.n_failures = 0
            self.rejoin()

    def was_full(self, now: float) -> None:
        """Note that the server was full."""
        self.out_until = max(self.out_until, now + _doubled(_BUSY_OUT_S, self.n_busy, _MAX_BUSY_DOUBLINGS))
        self.n_busy += 1

    def leave(self, now: float, *, needs_trial: bool) -> float:
        """Leave the draw; return for how many seconds at least."""
        self.needs_trial = self.needs_trial or needs_trial
        out_s = _doubled(_FIRST_OUT_S, self.n_failures, _MAX_TRIAL_DOUBLINGS if self.needs_trial else _MAX_DOUBLINGS)
        self.n_failures += 1
        self.n_refusals = 0
        self.is_out = True
        self.out_until = now + out_s
        return out_s

    def postpone(self, now: float) -> None:
        """Put off a trial that met a full server, which shows nothing."""
        self.out_until = now + _FIRST_OUT_S

    def rejoin(self) -> None:
        """Return to the draw. Failures are forgotten after an answer, not after a probe."""
        self.is_out = False
        self.out_until = 0.0

    def passed(self, now: float) -> None:
        """Note a trial that succeeded: the refusals were about prompts.

        The trial after the next refusals waits longer, unless there was none for as long as the last pause.
        """
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
