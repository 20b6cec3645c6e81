"""Health: which players can be drawn now. Endpoints leave the draw when they fail and rejoin when they answer again.

Every stream reports its end by itself. After a failure a player is out for a while that doubles with each further one,
and rejoins when a probe (one cheap request that asks for no token) finds it answering; a whole answer at any time
brings it back at once. A background task probes all players at an interval, so that a dead endpoint leaves before a
visitor meets it. A full server (429) is out for a moment only. A prompt over the context length says nothing about
health. Players of the arena's own model server are out until it is ready; whether it lives is for `native_server`. What
that server could not load, or all its players when it is given up, has failed for good: not drawn, not probed.

    n-th failure in a row     1    2    3    4     5 and more
    out for at least (s)      10   20   40   80    160
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from arena.players.endpoint import Busy, Endpoint, EndpointError, ModelStream, Refused, Unreachable
from arena.players.roster import Player, Roster

logger = logging.getLogger(__name__)

PlayerState = Literal["ready", "loading", "down", "failed"]
ServerState = Literal["loading", "ready", "restarting", "failed"]

_FIRST_OUT_S = 10.0
_MAX_DOUBLINGS = 4
_BUSY_OUT_S = 2.0


class ModelServer(Protocol):
    """What health must know of the arena's own model server."""

    @property
    def state(self) -> ServerState: ...

    @property
    def failures(self) -> Mapping[str, str]: ...


@dataclass(slots=True)
class _Condition:
    is_known: bool = False
    """Whether anything was ever heard from this endpoint."""
    n_failures: int = 0
    is_out: bool = False
    out_until: float = 0.0


class Health:
    """The condition of every active player of `roster`; `endpoints` has one endpoint for each of them.

    `server` may be None where no player is native. `clock` gives seconds that never go back.
    """

    def __init__(
        self,
        roster: Roster,
        endpoints: Mapping[str, Endpoint],
        *,
        server: ModelServer | None = None,
        interval_s: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.roster = roster
        self._endpoints = {player.name: endpoints[player.name] for player in roster.active}
        self._server = server
        self._interval_s = interval_s
        self._clock = clock
        self._conditions = {name: _Condition() for name in self._endpoints}
        self._task: asyncio.Task[None] | None = None
        for name, endpoint in self._endpoints.items():
            endpoint.on_result = partial(self.record, name)

    def ready(self) -> tuple[Player, ...]:
        """The players that may be drawn now, in the roster's order."""
        return tuple(player for player in self.roster.active if self.state(player.name) == "ready")

    def states(self) -> Mapping[str, PlayerState]:
        """The state of every active player: for the log and the people who run the arena, never for a page."""
        return {name: self.state(name) for name in self._endpoints}

    def state(self, name: str) -> PlayerState:
        condition = self._conditions[name]
        if self.roster.by_name[name].is_native:
            if self._server is None or self._server.state == "failed" or name in self._server.failures:
                return "failed"
            if self._server.state != "ready":
                return "loading"
        elif not condition.is_known:
            return "loading"
        if condition.is_out or self._clock() < condition.out_until:
            return "down"
        return "ready"

    def endpoint(self, name: str) -> ModelStream:
        """How to ask this player; `KeyError` for one that is retired or unknown."""
        return self._endpoints[name]

    def record(self, name: str, error: EndpointError | None) -> None:
        """Take note of how an answer of this player ended."""
        condition = self._conditions[name]
        condition.is_known = True
        if error is None:
            self._rejoin(name)
        elif isinstance(error, Busy):
            condition.out_until = self._clock() + _BUSY_OUT_S
        elif not self._says_nothing(name, error):
            self._leave(name, error)

    async def check(self) -> None:
        """Probe every player whose time out is over, all at once."""
        due = [
            name
            for name, condition in self._conditions.items()
            if self._clock() >= condition.out_until
            and (condition.is_out or not self.roster.by_name[name].is_native)
            and self.state(name) != "failed"
        ]
        await asyncio.gather(*(self._check(name) for name in due))

    async def start(self) -> None:
        """Go on probing in the background until `aclose`."""
        self._task = asyncio.create_task(self._run(), name="health")

    async def aclose(self) -> None:
        """Stop probing and close the endpoints."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for endpoint in self._endpoints.values():
            await endpoint.aclose()

    async def _run(self) -> None:
        while True:
            try:
                await self.check()
            except Exception:
                logger.exception("a round of probes failed; the next follows in %g s", self._interval_s)
            await asyncio.sleep(self._interval_s)

    async def _check(self, name: str) -> None:
        error = await self._endpoints[name].probe()
        self._conditions[name].is_known = True
        if error is not None:
            self._leave(name, error)
        elif self._conditions[name].is_out:
            self._rejoin(name, forgive=False)

    def _says_nothing(self, name: str, error: EndpointError) -> bool:
        """A prompt that is too long is nobody's fault; that the child is gone is known from its supervisor."""
        if isinstance(error, Refused):
            return error.is_too_long
        return isinstance(error, Unreachable) and self.roster.by_name[name].is_native

    def _leave(self, name: str, error: EndpointError) -> None:
        condition = self._conditions[name]
        out_s = _FIRST_OUT_S * 2 ** min(condition.n_failures, _MAX_DOUBLINGS)
        condition.n_failures += 1
        condition.is_out = True
        condition.out_until = self._clock() + out_s
        logger.warning("player %r leaves the draw for %g s: %s: %s", name, out_s, error.code, error)

    def _rejoin(self, name: str, *, forgive: bool = True) -> None:
        """Back into the draw. A probe forgives no failures: only an answer shows that the model can answer."""
        condition = self._conditions[name]
        if condition.is_out:
            logger.info("player %r rejoins the draw", name)
        condition.is_out = False
        condition.out_until = 0.0
        if forgive:
            condition.n_failures = 0
