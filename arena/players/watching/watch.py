"""One player: whether it can be drawn now, when it leaves the draw, and when it rejoins.

A player leaves the draw when it fails and rejoins when it answers again. Every stream reports how it ended. A player is
also probed at an interval with a cheap request that asks for no token (`probe`). A refusal may be caused by the prompt
or by the model: a trial decides. It is a short fixed prompt with a battle's real parameters, closed at the first event
of the answer.

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
Players of the arena's own model server are out until it is ready; `native.server` watches whether it lives. A model
that this server could not load, or every model once it has failed, is neither drawn nor probed again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from arena.players.endpoint import Endpoint
from arena.players.events import Busy, EndpointError, Refused, Request, Unreachable, is_about_the_prompt
from arena.players.roster import Player
from arena.players.watching.activity import Activity
from arena.players.watching.condition import REFUSALS_BEFORE_TRIAL, Condition

logger = logging.getLogger(__name__)

PlayerState = Literal["ready", "loading", "down", "failed"]
ServerState = Literal["loading", "ready", "restarting", "failed"]

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


class Watch:
    """The condition of one player, whose `endpoint` reports how its answers end. `clock` returns seconds that never
    decrease."""

    def __init__(
        self,
        player: Player,
        endpoint: Endpoint,
        *,
        trial: Request,
        server: ModelServer | None,
        activity: Activity,
        clock: Callable[[], float],
    ) -> None:
        self.player = player
        self.endpoint = endpoint
        self.trial = trial
        self.activity = activity
        self._name = player.name
        self._server = server
        self._clock = clock
        self._condition = Condition()
        self._is_advised = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        endpoint.on_result = self.record

    @property
    def state(self) -> PlayerState:
        if self.player.is_native:
            if self._server is None or self._server.state == "failed" or self._name in self._server.failures:
                return "failed"
            if self._server.state != "ready":
                return "loading"
        elif not self._condition.is_known:
            return "loading"
        return "down" if self._condition.is_away(self._clock()) else "ready"

    def record(self, error: EndpointError | None) -> None:
        """Note how an answer ended."""
        condition = self._condition
        condition.is_known = True
        if error is None:
            self._log_return(condition.is_out and not condition.needs_trial)
            condition.answered(self._clock())
        elif isinstance(error, Busy):
            condition.was_full(self._clock())
        elif isinstance(error, Unreachable) and self.player.is_native:
            pass  # the supervisor knows that the child has ended
        elif is_about_the_prompt(error):
            pass
        elif isinstance(error, Refused):
            condition.n_refusals += 1
        elif not _is_final(error):
            self._leave(error)
        elif error.status in _PERHAPS_THE_PROMPT:
            condition.n_refusals += REFUSALS_BEFORE_TRIAL
        else:
            self._leave(error, needs_trial=True)
        if condition.wants_trial(self._clock()):
            self._wake.set()

    def start(self, interval_s: float) -> None:
        """Check in the background until `stop`."""
        self._task = asyncio.create_task(self._go_on(interval_s), name=f"health of {self._name}")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def check(self) -> None:
        """Probe or try the player, if that is due."""
        condition = self._condition
        is_not_there = self.player.is_native and self.state in ("loading", "failed")
        if is_not_there or self._clock() < condition.out_until:
            return
        try:
            if condition.wants_trial(self._clock()):
                await self._try()
            elif condition.is_out or not self.player.is_native:
                await self._probe()
        except Exception as problem:  # whatever a server does to a probe, only this player fails
            logger.exception("player %r: a probe failed", self._name)
            condition.is_known = True
            self._leave(Unreachable(f"a probe raised {type(problem).__name__}"))

    async def _go_on(self, interval_s: float) -> None:
        while True:
            self._wake.clear()
            await self.check()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(interval_s):
                    await self._wake.wait()

    async def _probe(self) -> None:
        """Ask for the list of models."""
        condition = self._condition
        n_failures = condition.n_failures
        error = await self.endpoint.probe()
        if condition.n_failures != n_failures:
            return  # an answer that failed meanwhile is stronger evidence
        if error is None:
            condition.is_known = condition.lists_models = True
            self._log_return(condition.is_out)
            condition.rejoin()
        elif self.player.is_native or (error.can_pass and error.status is None):
            condition.is_known = True
            self._leave(error)
        elif condition.is_out or not condition.is_known:  # it answers, but without a list that has the model
            condition.lists_models = not await self._try()
        elif error.can_pass and condition.lists_models:
            self._leave(error)

    async def _try(self) -> bool:
        """Send the trial; return whether an answer began."""
        condition = self._condition
        n_failures = condition.n_failures
        error = await self.endpoint.trial(self.trial)
        condition.is_known = True
        if condition.n_failures > n_failures:
            return False  # an answer that failed meanwhile is stronger evidence
        if error is None:
            self._log_return(condition.is_out)
            condition.passed(self._clock())
            self._is_advised = False
        elif isinstance(error, Busy):
            condition.postpone(self._clock())
        else:
            self._leave(error, needs_trial=_is_final(error))
            if error.status == 404 and not self._is_advised:
                self._is_advised = True
                await self._advise()
        return error is None

    async def _advise(self) -> None:
        """Log the models that a server lists if ours is not among them."""
        error = await self.endpoint.probe()
        if error is not None and error.status is None and not error.can_pass:
            logger.warning("player %r: %s", self._name, error)

    def _leave(self, error: EndpointError, *, needs_trial: bool = False) -> None:
        condition = self._condition
        is_logged = condition.needs_trial
        out_s = condition.leave(self._clock(), needs_trial=needs_trial)
        self.activity.failed(error)
        if is_logged:
            logger.info("player %r stays out for %g s: %s: %s", self._name, out_s, error.code, error)
        elif needs_trial:
            logger.error(
                "player %r leaves the draw until it is fixed: %s; %s. It returns by itself once its server answers a"
                " short trial request, sent after %g s and then less and less often",
                self._name,
                error,
                _ADVICE.get(error.status or 0, _OTHER_ADVICE),
                out_s,
            )
        else:
            logger.warning("player %r leaves the draw for %g s: %s: %s", self._name, out_s, error.code, error)

    def _log_return(self, is_returning: bool) -> None:
        if is_returning:
            logger.info("player %r rejoins the draw", self._name)


def _is_final(error: EndpointError) -> bool:
    """Whether a server refuses the model as such."""
    return isinstance(error, Refused) or (isinstance(error, Unreachable) and not error.can_pass)
