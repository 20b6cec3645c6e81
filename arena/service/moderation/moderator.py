"""Ask the moderator about a text: always a verdict, in bounded time.

A moderator that is down or hangs costs each text at most `timeout_s`. After `FAILURES_BEFORE_REST` failures in a row it
is not asked for `REST_S`: meanwhile texts go without a verdict, so that a moderator that is down does not slow the
arena. Then the next text is a new try. Everything is counted, for the owner's page and /metrics; no text is logged or
kept.
"""

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from arena.metrics import Metrics
from arena.players.choice import NONSENSE, Chooser, Chosen
from arena.players.events import Filtered, ModelStream, Refused
from arena.rounds.turns.screening import Finding
from arena.rules import moderation
from arena.rules.moderation import Policy, Subject, Verdict
from arena.settings import ModerationSettings
from db.codes import Action

logger = logging.getLogger(__name__)

FAILURES_BEFORE_REST = 3
REST_S = 30.0
RESTING = "resting"
"""The cause of no verdict while a moderator that has failed rests."""
TOO_LONG = "too_long"
"""The cause of no verdict for a text whose middle was not judged."""
_ABOUT_THE_TEXT = (NONSENSE, Filtered.code, Refused.code)  # a moderator that answers so is not down


@dataclass(frozen=True, slots=True)
class ModeratorState:
    """For the owner. `counts`: texts since the start, by subject, verdict and label of the action. `causes`: how often
    there was no verdict, by cause; `last_cause` is the latest, at the Unix time `last_at`."""

    name: str
    counts: Mapping[tuple[Subject, Verdict, str], int]
    causes: Mapping[str, int]
    last_cause: str | None
    last_at: float | None
    is_resting: bool


class Moderator:
    """Judges texts by asking `stream`. Belongs to the event loop.

    `clock` is monotonic, `now` a Unix time, both in seconds.
    """

    def __init__(
        self,
        name: str,
        stream: ModelStream,
        settings: ModerationSettings,
        *,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.policy = Policy(settings)
        self._chooser = Chooser(stream, timeout_s=settings.timeout_s)
        self._metrics = metrics or Metrics()
        self._clock = clock
        self._now = now
        self._n_failures = 0
        self._rests_until = 0.0
        self._counts: Counter[tuple[Subject, Verdict, str]] = Counter()
        self._causes: Counter[str] = Counter()
        self._last: tuple[str, float] | None = None

    async def judge(self, subject: Subject, *texts: str) -> Finding:
        """Judge texts that belong together, such as an answer and its reasoning. Never fails."""
        started = self._clock()
        cut = [moderation.pieces(text) for text in texts]
        asked = [piece for one in cut for piece in one.texts]
        found = await asyncio.gather(*(self._ask(subject, piece) for piece in asked))
        verdicts = {verdict for verdict, _ in found} or {"none"}
        causes = [cause for _, cause in found if cause]
        if not all(one.is_whole for one in cut):
            verdicts.add("no_verdict")
            causes.append(TOO_LONG)
        verdict = self.policy.strictest(subject, verdicts)
        action = self.policy.action(subject, verdict)
        self._count(subject, verdict, action, causes[0] if causes else "", self._clock() - started)
        return Finding(verdict, action, self.name)

    def state(self) -> ModeratorState:
        cause, at = self._last or (None, None)
        is_resting = self._clock() < self._rests_until
        return ModeratorState(self.name, dict(self._counts), dict(self._causes), cause, at, is_resting)

    async def _ask(self, subject: Subject, piece: str) -> tuple[Verdict, str]:
        """Return the verdict on one piece, and why there is none."""
        if self._clock() < self._rests_until:
            return "no_verdict", RESTING
        question = moderation.question(piece, subject, _mark)
        chosen = await self._chooser.choose(question, len(moderation.CATEGORIES))
        self._note(chosen)
        if chosen.option is None:
            return "no_verdict", chosen.cause
        return moderation.category_of(chosen.option), ""

    def _note(self, chosen: Chosen) -> None:
        """Count failures in a row, and rest after too many."""
        if chosen.option is not None or chosen.cause in _ABOUT_THE_TEXT:
            self._n_failures = 0
            return
        self._n_failures += 1
        if self._n_failures >= FAILURES_BEFORE_REST and self._clock() >= self._rests_until:
            self._rests_until = self._clock() + REST_S
            logger.warning("moderator %r: %s; no text is judged for %g s", self.name, chosen.cause, REST_S)

    def _count(self, subject: Subject, verdict: Verdict, action: Action, cause: str, seconds: float) -> None:
        self._counts[subject, verdict, action.label] += 1
        self._metrics.judged(subject, verdict, action.label, seconds)
        if verdict == "no_verdict":
            self._causes[cause] += 1
            self._last = cause, self._now()
            self._metrics.not_judged(cause)
            logger.info("moderator %r: no verdict on a text: %s", self.name, cause)


def _mark() -> str:
    return secrets.token_hex(8)
