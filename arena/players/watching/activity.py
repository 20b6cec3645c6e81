"""Success, speed and last error of one player's answers in this process, for the owner.

`Measured` is the stream that battles get: it counts what runs, and notes how an answer ended and how fast it was.
Nothing here decides whether a player is drawn; `watch` does.
"""

import statistics
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from arena.metrics import Metrics
from arena.players.events import (
    EndpointError,
    Finish,
    ModelStream,
    Queued,
    Request,
    Thought,
    Token,
    is_about_the_prompt,
)
from arena.players.inspection.causes import Cause, cause_of

KEPT = 1000
"""Answers that a summary is made of: the latest ones."""
COMPLETE = "complete"
CLOSED = "closed"
"""Result of a stream whose reader left before its end."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The last error of a player; `at` is a Unix time in seconds."""

    at: float
    cause: Cause
    message: str
    """For the log and the owner; it never quotes what a server wrote."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The last `KEPT` answers. Answers that a filter stopped, or whose prompt was too long, are not counted."""

    n_answers: int
    n_complete: int
    ttft_ms: float | None
    """Median of the complete answers."""
    tokens_per_s: float | None
    """Median of the complete answers with more than one token, from the first token to the end."""


@dataclass(frozen=True, slots=True)
class _Ended:
    is_complete: bool
    ttft_ms: float | None = None
    tokens_per_s: float | None = None


class Activity:
    """The answers of one player. With `metrics`, each is reported there as well."""

    def __init__(
        self, name: str, metrics: Metrics | None = None, *, wall_clock: Callable[[], float] = time.time
    ) -> None:
        self.n_running = 0
        self.last_failure: Failure | None = None
        self._name = name
        self._metrics = metrics
        self._now = wall_clock
        self._ended: deque[_Ended] = deque(maxlen=KEPT)

    def began(self) -> None:
        self.n_running += 1

    def ended(self, finish: Finish | None, error: EndpointError | None) -> None:
        """Note the end of an answer; neither a finish nor an error means that its reader left."""
        self.n_running -= 1
        ttft_s = speed = None
        if finish is not None:
            ttft_s, speed = finish.ttft_ms / 1000, _tokens_per_s(finish)
            self._ended.append(_Ended(True, finish.ttft_ms, speed))
        elif error is not None:
            self.failed(error)
            if not is_about_the_prompt(error):
                self._ended.append(_Ended(False))
        if self._metrics is not None:
            result = error.code if error is not None else CLOSED if finish is None else COMPLETE
            self._metrics.answer(self._name, result, ttft_s=ttft_s, tokens_per_s=speed)

    def failed(self, error: EndpointError) -> None:
        """Note an error, of an answer or of a probe."""
        self.last_failure = Failure(self._now(), cause_of(error), str(error))

    def summary(self) -> Summary:
        complete = [one for one in self._ended if one.is_complete]
        speeds = [one.tokens_per_s for one in complete if one.tokens_per_s is not None]
        waits = [one.ttft_ms for one in complete if one.ttft_ms is not None]
        return Summary(
            n_answers=len(self._ended),
            n_complete=len(complete),
            ttft_ms=statistics.median(waits) if waits else None,
            tokens_per_s=statistics.median(speeds) if speeds else None,
        )


class Measured:
    """Streams a player's answers from the endpoint that is `current` at each request, and notes how they ended."""

    def __init__(self, current: Callable[[], ModelStream], activity: Activity) -> None:
        self._current = current
        self._activity = activity

    async def stream(self, request: Request) -> AsyncGenerator[Queued | Token | Thought | Finish, None]:
        finish: Finish | None = None
        failure: EndpointError | None = None
        self._activity.began()
        try:
            async with aclosing(self._current().stream(request)) as events:
                async for event in events:
                    if isinstance(event, Finish):
                        finish = event
                    yield event
        except EndpointError as error:
            failure = error
            raise
        finally:
            self._activity.ended(finish, failure)


def _tokens_per_s(finish: Finish) -> float | None:
    writing_s = (finish.duration_ms - finish.ttft_ms) / 1000
    if finish.completion_tokens is None or finish.completion_tokens < 2 or writing_s <= 0:
        return None
    return (finish.completion_tokens - 1) / writing_s
