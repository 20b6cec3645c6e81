"""Models inside the test's process, which play scripts instead of calling an endpoint."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING

from arena.players.events import Finish, Request, Thought, Token
from arena.players.roster import Player, Roster

if TYPE_CHECKING:
    from arena.service.readiness import PlayerState


class ScriptedPlayer:
    """A model whose n-th answer follows the n-th script; the last script repeats.

    A script is a sequence of steps: text is one token, a number is a pause in seconds, an event is waited for, an
    exception is raised, a `Thought` is passed on, and a `Finish` ends the answer (the default end is "stop").
    `requests` are the received requests; `n_closed` counts the streams that were closed before their end.
    """

    def __init__(self, *scripts: Sequence[str | float | asyncio.Event | Exception | Thought | Finish]) -> None:
        self.scripts = scripts or (("Hello", " there."),)
        self.requests: list[Request] = []
        self.n_closed = 0

    async def stream(self, request: Request) -> AsyncGenerator[Token | Thought | Finish, None]:
        script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
        self.requests.append(request)
        n_tokens = 0
        has_ended = False
        try:
            for step in script:
                if isinstance(step, str):
                    n_tokens += 1
                    yield Token(step)
                elif isinstance(step, Thought):
                    yield step
                elif isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, Exception):
                    has_ended = True
                    raise step
                elif isinstance(step, Finish):
                    has_ended = True
                    yield step
                    return
                else:
                    await asyncio.sleep(step)
            has_ended = True
            yield Finish("stop", 7, n_tokens, "0123456789abcdef", ttft_ms=10.0, duration_ms=30.0)
        finally:
            self.n_closed += not has_ended


class ScriptedPlayers:
    """The arena's players: scripted ones by name, ready unless `state` differs."""

    def __init__(self, roster: Roster, streams: Mapping[str, ScriptedPlayer]) -> None:
        self.roster = roster
        self.streams = dict(streams)
        self.state: dict[str, PlayerState] = {player.name: "ready" for player in roster.active}

    def playing(self) -> tuple[Player, ...]:
        return tuple(self.roster.playing)

    def ready(self) -> tuple[Player, ...]:
        return tuple(player for player in self.roster.active if self.state[player.name] == "ready")

    def states(self) -> "Mapping[str, PlayerState]":
        return self.state

    def endpoint(self, name: str) -> ScriptedPlayer:
        return self.streams[name]
