"""One question to an endpoint, with its answer and everything that was sent and received."""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, replace

from arena.players.endpoint import Endpoint
from arena.players.events import Broken, EndpointError, Finish, Request, Thought, TimedOut, Token, has_text
from arena.players.inspection.masking import Mask
from arena.players.inspection.transcript import Exchanged, Transcript

logger = logging.getLogger(__name__)

TRY_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or as much as arrived before `error`."""

    text: str
    reasoning: str
    finish: Finish | None
    error: EndpointError | None

    @property
    def is_complete(self) -> bool:
        """Whether it ended well and has text."""
        return self.error is None and has_text(self.text)


@dataclass(frozen=True, slots=True)
class Tried:
    answer: Answer
    exchanges: tuple[Exchanged, ...]
    learned: tuple[str, ...]
    """Lines of its [[models]] table that would have made refused requests unnecessary."""


async def try_out(endpoint: Endpoint, request: Request, mask: Mask, *, timeout_s: float = TRY_TIMEOUT_S) -> Tried:
    """Ask once, as a battle does, over connections of its own. Draw and figures do not change."""
    transcript = Transcript(mask)
    twin = endpoint.twin(transcript.hooks)
    try:
        answer = await ask(twin, request, timeout_s=timeout_s)
    finally:
        await twin.aclose()
    hidden = replace(answer, text=mask.text(answer.text), reasoning=mask.text(answer.reasoning))
    return Tried(hidden, transcript.exchanges(), twin.learned())


async def ask(endpoint: Endpoint, request: Request, *, timeout_s: float = TRY_TIMEOUT_S) -> Answer:
    """Ask and read the whole answer. Whatever the server does, this returns."""
    text = reasoning = ""
    finish: Finish | None = None
    error: EndpointError | None = None
    try:
        async with asyncio.timeout(timeout_s), aclosing(endpoint.stream(request)) as events:
            async for event in events:
                if isinstance(event, Token):
                    text += event.text
                elif isinstance(event, Thought):
                    reasoning += event.text
                elif isinstance(event, Finish):
                    finish = event
    except EndpointError as problem:
        error = problem
    except TimeoutError:
        error = TimedOut(f"not complete after {timeout_s:g} s")
    except Exception as problem:  # of whatever a server sent
        logger.exception("a trial failed")
        error = Broken(f"a trial raised {type(problem).__name__}")
    return Answer(text, reasoning, finish, error)


def with_prompt(request: Request, prompt: str) -> Request:
    """Return a request with another prompt."""
    return replace(request, messages=(*request.messages[:-1], replace(request.messages[-1], content=prompt)))
