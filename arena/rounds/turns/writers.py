"""The tasks that read the models' streams into the attempts of a turn."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from arena.players.events import Broken, EndpointError, Message, ModelStream, Queued, Refused, Request, Thought, Token
from arena.rounds.turns.attempt import Attempt
from arena.rounds.turns.turn import Turn
from arena.rounds.views import Side

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Parameters:
    """What all sides of a battle are asked with."""

    temperature: float
    top_p: float
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Contestant:
    """One side of a battle. `system_prompt` is the arena's text joined with the model's own; may be empty."""

    stream: ModelStream
    system_prompt: str = ""


class Writers:
    """At most one task per side of a battle. Belongs to the event loop."""

    def __init__(self, battle_id: str, contestants: Mapping[Side, Contestant], parameters: Parameters) -> None:
        self._battle_id = battle_id
        self._contestants = contestants
        self._parameters = parameters
        self._tasks: dict[Side, asyncio.Task[None]] = {}

    def begin(self, side: Side, attempt: Attempt, past: Sequence[Turn], prompt: str) -> None:
        """Ask a side for the answer to `prompt`. Its history is its own answers to the `past` turns."""
        request = self._request(side, attempt.seed, past, prompt)
        self._tasks[side] = asyncio.create_task(self._write(side, attempt, request))

    def cancel(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    async def close(self) -> None:
        """Close all streams. A stream that does not close in `CLOSE_TIMEOUT_S` is abandoned."""
        self.cancel()
        _, stuck = await asyncio.wait(self._tasks.values(), timeout=CLOSE_TIMEOUT_S)
        if stuck:
            logger.warning("battle %s: %d streams did not close in %g s", self._battle_id, len(stuck), CLOSE_TIMEOUT_S)
        self._tasks.clear()

    def _request(self, side: Side, seed: int, past: Sequence[Turn], prompt: str) -> Request:
        parameters, system_prompt = self._parameters, self._contestants[side].system_prompt
        messages = [Message("system", system_prompt)] if system_prompt else []
        for turn in past:
            messages += [Message("user", turn.prompt), Message("assistant", turn.text(side))]
        messages.append(Message("user", prompt))
        return Request(
            messages=tuple(messages),
            temperature=parameters.temperature,
            top_p=parameters.top_p,
            max_tokens=parameters.max_tokens,
            seed=seed,
        )

    async def _write(self, side: Side, attempt: Attempt, request: Request) -> None:
        """Fill the attempt from the stream; a failure of any kind becomes its error."""
        try:
            async with aclosing(self._contestants[side].stream.stream(request)) as events:
                async for event in events:
                    if attempt.has_ended:  # stopped, while the endpoint still sends
                        return
                    if isinstance(event, Queued):
                        attempt.place = event.place
                        continue
                    attempt.place = 0
                    if isinstance(event, Token):
                        attempt.text += event.text
                    elif isinstance(event, Thought):
                        attempt.reasoning += event.text
                    else:
                        attempt.finish = event
            if attempt.finish is None:
                raise Broken("the stream ended without a finish")
        except EndpointError as error:
            logger.warning("battle %s, side %s, attempt %d: %s", self._battle_id, side, attempt.number, error)
            attempt.is_too_long = isinstance(error, Refused) and error.is_too_long
            attempt.finish, attempt.error = None, error.code
        except Exception:
            logger.exception("battle %s, side %s, attempt %d", self._battle_id, side, attempt.number)
            attempt.finish, attempt.error = None, EndpointError.code
