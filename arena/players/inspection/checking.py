"""`arena check`: ask each model once before a start, and find out which settings its server needs.

The question is a battle's request with a short prompt. What a server refuses is learned as in a battle (`request`). It
is asked again only where the first answer shows what to change: a model that spent all tokens on reasoning gets tokens
for that, and a server that finds the answer too long is asked for a shorter one.
"""

from dataclasses import dataclass, replace

from arena.players.endpoint import Endpoint
from arena.players.events import EndpointError, Refused, Request
from arena.players.inspection.causes import Cause, cause_of
from arena.players.inspection.trying import Answer, ask

_MIN_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Checked:
    """The result for one model: it answers, or `cause` says why not."""

    cause: Cause | None
    detail: str = ""
    """Place, status and code of an error."""
    lines: tuple[str, ...] = ()
    """Lines for its [[models]] table."""
    ttft_ms: float | None = None
    is_reasoning: bool = False


async def check(endpoint: Endpoint, request: Request) -> Checked:
    """Ask an endpoint. It keeps what it learns; the caller closes it."""
    answer = await ask(endpoint, request)
    if answer.error is None and not answer.is_complete and answer.reasoning:
        answer = await ask(endpoint, request)  # again, with tokens for reasoning
    max_tokens = request.max_tokens
    while _is_too_long(answer.error) and max_tokens // 2 >= _MIN_TOKENS:
        max_tokens //= 2
        answer = await ask(endpoint, replace(request, max_tokens=max_tokens))
    lines = endpoint.learned()
    if max_tokens < request.max_tokens and not any(line.startswith("max_tokens ") for line in lines):
        lines = (*lines, f"max_tokens = {max_tokens}")
    return await _judged(endpoint, answer, lines)


async def _judged(endpoint: Endpoint, answer: Answer, lines: tuple[str, ...]) -> Checked:
    if answer.error is not None:
        return Checked(cause_of(answer.error), await _detail(endpoint, answer.error))
    assert answer.finish is not None  # an answer without an error has one
    is_reasoning = bool(answer.reasoning)
    if not answer.is_complete:
        after = ", after reasoning only" if is_reasoning else ""
        return Checked("no_text", f"finish reason {answer.finish.finish_reason}{after}")
    return Checked(None, "", lines, answer.finish.ttft_ms, is_reasoning)


async def _detail(endpoint: Endpoint, error: EndpointError) -> str:
    """Return the error's message; for an unknown model, a message with the models that its server lists."""
    if error.status == 404:
        listed = await endpoint.probe()
        if listed is not None and listed.status is None and not listed.can_pass:
            return str(listed)
    return str(error)


def _is_too_long(error: EndpointError | None) -> bool:
    return isinstance(error, Refused) and (error.is_too_long or error.is_answer_too_long)
