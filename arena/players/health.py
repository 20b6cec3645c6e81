"""Which players can be drawn now: when one leaves the draw, and when it rejoins.

A player leaves the draw when it fails and rejoins when it answers again. Every stream reports how it ended. Each player
is also probed at an interval with a cheap request that asks for no token (`probe`); a server that hangs, drips or fails
in any other way affects that player only. A refusal may be caused by the prompt or by the model: a trial decides. It is
a short fixed prompt with a battle's real parameters, closed at the first event of the answer.

    how an answer ended                        what follows
    complete                                   in the draw at once; failures are forgotten
    no connection, 5xx, too late, broken off   out for a while, then until a probe is answered
    too long, or stopped by a filter           nothing: that is about the prompt
    refused for another reason (400, 422)      nothing; after five in a row, from any visitors, a trial
    403, or a 400 about credit                 a trial
    401, 402, 404 and the like, no credit      out until a trial succeeds
    full (429)                                 out for 2 s, doubled up to 128 s until an answer arrives

    n-th failure in a row                      1    2    3    4    5     6     7 and more
    out for at least (s)                       10   20   40   80   160   160   160
    next trial after (s)                       10   20   40   80   160   320   640

A trial that is refused takes the player out; then only a trial brings it back, never its list of models. A trial that
succeeds shows that prompts were refused and not the model. The trial after the next five refusals then waits a minute,
the one after that two, up to 64 minutes, so that no visitor can make the arena ask all day. The wait is one minute
again after a time without trials as long as the last wait.

A server that refuses to list its models, or has no list, may still chat: a trial decides if nothing better is known.
Players of the arena's own model server are out until it is ready; `native_server` watches whether it lives. A model
that this server could not load, or every model once it has failed, is neither drawn nor probed again.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal, Protocol

from arena.players.condition import REFUSALS_BEFORE_TRIAL, Condition
from arena.players.endpoint import Endpoint
from arena.players.events import Busy, EndpointError, Filtered, ModelStream, Refused, Request, Unreachable
from arena.players.probe import trial_request
from arena.players.roster import Player, Roster

logger = logging.getLogger(__name__)

PlayerState = Literal["ready", "loading", "down", "failed"]
ServerState = Literal["loading", "ready", "restarting", "failed"]

_TRIAL = trial_request(system_prompt="", temperature=1.0, top_p=1.0, max_tokens=64)
_PERHAPS_THE_PROMPT = (400, 403, 422)
_ADVICE = {
    401: "check the key that api_key_env names",
    402: "its account has no credit left",
    403: "check what its key may use",
    404: "check its base_url and model",
    405: "check its base_url",
    429: "its account has no credit left",
}
_OTHER_ADVICE = "its server does not accept what the arena sends: see omit, rename and max_tokens of its [[models]]"


class ModelServer(Protocol):
    """What health needs from the arena's own model server."""

    @property
    def state(self) -> ServerState: ...

    @property
    def failures(self) -> Mapping[str, str]: ...


class Health:
    """The condition of every active player of `roster`; `endpoints` has one endpoint for each.

    `trial` is the request that decides whether a refusal is about the model. `server` may be None if no player is
    native. `clock` returns seconds that never decrease.
    """

    def __init__(
        self,
        roster: Roster,
        endpoints: Mapping[str, Endpoint],
        *,
        trial: Request = _TRIAL,
        server: ModelServer | None = None,
        interval_s: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.roster = roster
        self._endpoints = {player.name: endpoints[player.name] for player in roster.active}
        self._trial = trial
        self._server = server
        self._interval_s = interval_s
        self._clock = clock
        self._conditions = {name: Condition() for name in self._endpoints}
        self._advised: set[str] = set()
        self._wakes = {name: asyncio.Event() for name in self._endpoints}
        self._tasks: list[asyncio.Task[None]] = []
        for name, endpoint in self._endpoints.items():
            endpoint.on_result = partial(self.record, name)

    def ready(self) -> tuple[Player, ...]:
        """Return the players that may be drawn now, in the roster's order."""
        return tuple(player for player in self.roster.active if self.state(player.name) == "ready")

    def states(self) -> Mapping[str, PlayerState]:
        """Return the state of every active player, for the log and the owner, never for a page of visitors."""
        return {name: self.state(name) for name in self._endpoints}

    def state(self, name: str) -> PlayerState:
        condition = self._conditions[name]
        if self._is_native(name):
            if self._server is None or self._server.state == "failed" or name in self._server.failures:
                return "failed"
            if self._server.state != "ready":
                return "loading"
        elif not condition.is_known:
            return "loading"
        return "down" if condition.is_away(self._clock()) else "ready"

    def endpoint(self, name: str) -> ModelStream:
        """Return the stream of a player. Raises KeyError for one that is retired or unknown."""
        return self._endpoints[name]

    def record(self, name: str, error: EndpointError | None) -> None:
        """Note how an answer of a player ended."""
        condition = self._conditions[name]
        condition.is_known = True
        if error is None:
            self._log_return(name, condition.is_out and not condition.needs_trial)
            condition.answered(self._clock())
        elif isinstance(error, Busy):
            condition.was_full(self._clock())
        elif isinstance(error, Unreachable) and self._is_native(name):
            pass  # the supervisor knows that the child has ended
        elif _is_about_the_prompt(error):
            pass
        elif isinstance(error, Refused):
            condition.n_refusals += 1
        elif not _is_final(error):
            self._leave(name, error)
        elif error.status in _PERHAPS_THE_PROMPT:
            condition.n_refusals += REFUSALS_BEFORE_TRIAL
        else:
            self._leave(name, error, needs_trial=True)
        if condition.wants_trial(self._clock()):
            self._wakes[name].set()

    async def check(self) -> None:
        """Probe or try every player that is due, concurrently."""
        await asyncio.gather(*(self._check(name) for name in self._endpoints))

    async def start(self) -> None:
        """Check in the background, each player on its own, until `aclose`."""
        self._tasks = [asyncio.create_task(self._watch(name), name=f"health of {name}") for name in self._endpoints]

    async def aclose(self) -> None:
        """Stop checking and close the endpoints."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for endpoint in self._endpoints.values():
            await endpoint.aclose()

    async def _watch(self, name: str) -> None:
        wake = self._wakes[name]
        while True:
            wake.clear()
            await self._check(name)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval_s):
                    await wake.wait()

    async def _check(self, name: str) -> None:
        condition = self._conditions[name]
        is_not_there = self._is_native(name) and self.state(name) in ("loading", "failed")
        if is_not_there or self._clock() < condition.out_until:
            return
        try:
            if condition.wants_trial(self._clock()):
                await self._try(name)
            elif condition.is_out or not self._is_native(name):
                await self._probe(name)
        except Exception as problem:  # whatever a server does to a probe, only this player fails
            logger.exception("player %r: a probe failed", name)
            condition.is_known = True
            self._leave(name, Unreachable(f"a probe raised {type(problem).__name__}"))

    async def _probe(self, name: str) -> None:
        """Ask for the list of models."""
        condition = self._conditions[name]
        n_failures = condition.n_failures
        error = await self._endpoints[name].probe()
        if condition.n_failures != n_failures:
            return  # an answer that failed meanwhile is stronger evidence
        if error is None:
            condition.is_known = condition.lists_models = True
            self._log_return(name, condition.is_out)
            condition.rejoin()
        elif self._is_native(name) or (error.can_pass and error.status is None):
            condition.is_known = True
            self._leave(name, error)
        elif condition.is_out or not condition.is_known:  # it answers, but without a list that has the model
            condition.lists_models = not await self._try(name)
        elif error.can_pass and condition.lists_models:
            self._leave(name, error)

    async def _try(self, name: str) -> bool:
        """Send the trial; return whether an answer began."""
        condition = self._conditions[name]
        n_failures = condition.n_failures
        error = await self._endpoints[name].trial(self._trial)
        condition.is_known = True
        if condition.n_failures > n_failures:
            return False  # an answer that failed meanwhile is stronger evidence
        if error is None:
            self._log_return(name, condition.is_out)
            condition.passed(self._clock())
            self._advised.discard(name)
        elif isinstance(error, Busy):
            condition.postpone(self._clock())
        else:
            self._leave(name, error, needs_trial=_is_final(error))
            if error.status == 404 and name not in self._advised:
                self._advised.add(name)
                await self._advise(name)
        return error is None

    async def _advise(self, name: str) -> None:
        """Log the models that a server lists if ours is not among them."""
        error = await self._endpoints[name].probe()
        if error is not None and error.status is None and not error.can_pass:
            logger.warning("player %r: %s", name, error)

    def _leave(self, name: str, error: EndpointError, *, needs_trial: bool = False) -> None:
        condition = self._conditions[name]
        is_logged = condition.needs_trial
        out_s = condition.leave(self._clock(), needs_trial=needs_trial)
        if is_logged:
            logger.info("player %r stays out for %g s: %s: %s", name, out_s, error.code, error)
        elif needs_trial:
            logger.error(
                "player %r leaves the draw until it is fixed: %s; %s. It returns by itself once its server answers a"
                " short trial request, sent after %g s and then less and less often",
                name,
                error,
                _ADVICE.get(error.status or 0, _OTHER_ADVICE),
                out_s,
            )
        else:
            logger.warning("player %r leaves the draw for %g s: %s: %s", name, out_s, error.code, error)

    def _log_return(self, name: str, is_returning: bool) -> None:
        if is_returning:
            logger.info("player %r rejoins the draw", name)

    def _is_native(self, name: str) -> bool:
        return self.roster.by_name[name].is_native


def _is_about_the_prompt(error: EndpointError) -> bool:
    return isinstance(error, Filtered) or (isinstance(error, Refused) and (error.is_too_long or error.is_filtered))


def _is_final(error: EndpointError) -> bool:
    """Whether a server refuses the model as such."""
    return isinstance(error, Refused) or (isinstance(error, Unreachable) and not error.can_pass)
