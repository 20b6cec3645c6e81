"""Which players can be drawn now.

Each player is watched on its own (`watch`): a server that hangs, drips or fails in any other way affects that player
only. While the arena runs, `change` takes a new roster: players join, leave, or are reached in another way. A player
that has left the roster is no longer drawn, and its battles go on; a stream of a replaced endpoint goes on to its end.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

from arena.metrics import Metrics
from arena.players.endpoint import Endpoint
from arena.players.events import EndpointError, ModelStream, Request
from arena.players.probe import trial_request
from arena.players.roster import Player, Roster
from arena.players.watching.activity import Activity, Measured
from arena.players.watching.watch import ModelServer, PlayerState, Watch

_TRIAL = trial_request(system_prompt="", temperature=1.0, top_p=1.0, max_tokens=64)


class Health:
    """The condition of every active player of `roster`; `endpoints` has one endpoint for each.

    `trials` are the requests that decide whether a refusal is about the model, by name. `server` may be None if no
    player is native. `clock` returns seconds that never decrease.
    """

    def __init__(
        self,
        roster: Roster,
        endpoints: Mapping[str, Endpoint],
        *,
        trials: Mapping[str, Request] | None = None,
        server: ModelServer | None = None,
        metrics: Metrics | None = None,
        interval_s: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.roster = roster
        self._trials = trials or {}
        self._server = server
        self._metrics = metrics
        self._interval_s = interval_s
        self._clock = clock
        self._is_started = False
        self._closing: set[asyncio.Task[None]] = set()
        self._watches = {player.name: self._watch(player, endpoints[player.name]) for player in roster.active}

    def playing(self) -> tuple[Player, ...]:
        """Return the players that may be drawn once they are ready, in the roster's order."""
        return tuple(self.roster.playing)

    def ready(self) -> tuple[Player, ...]:
        """Return the players that may be drawn now, in the roster's order."""
        return tuple(player for player in self.playing() if self.state(player.name) == "ready")

    def states(self) -> Mapping[str, PlayerState]:
        """Return the state of every player that may play, for the log and the owner, never for a page of visitors."""
        return {player.name: self.state(player.name) for player in self.roster.playing}

    def state(self, name: str) -> PlayerState:
        return self._watches[name].state

    def activity(self, name: str) -> Activity:
        """Return a summary of a player's answers. Raises KeyError for one that is not active, or unknown."""
        return self._watches[name].activity

    def endpoint(self, name: str) -> ModelStream:
        """Return the stream of a player, by whatever endpoint it has when it is asked. Raises KeyError for one that
        is not active, or unknown."""
        watch = self._watches[name]
        return Measured(lambda: self._watches[name].endpoint, watch.activity)

    def reached(self, name: str) -> Endpoint:
        """Return the endpoint of a player itself. Raises KeyError as `endpoint`."""
        return self._watches[name].endpoint

    def record(self, name: str, error: EndpointError | None) -> None:
        """Note how an answer of a player ended."""
        self._watches[name].record(error)

    async def check(self) -> None:
        """Probe or try every player that is due, concurrently."""
        await asyncio.gather(*(watch.check() for watch in self._watches.values()))

    async def start(self) -> None:
        """Check in the background, each player on its own, until `aclose`."""
        self._is_started = True
        for watch in self._watches.values():
            watch.start(self._interval_s)

    async def change(
        self, roster: Roster, endpoints: Mapping[str, Endpoint], *, trials: Mapping[str, Request] | None = None
    ) -> None:
        """Change to another roster. `endpoints` has those of the players that join or are reached in another way."""
        active = {player.name for player in roster.active}
        for name, watch in list(self._watches.items()):
            if name not in active or name in endpoints:
                await watch.stop()  # its endpoint stays, for the battles that the player is in
        self._trials = self._trials if trials is None else trials
        self.roster = roster
        for player in roster.active:
            if player.name not in endpoints:
                watch = self._watches[player.name]  # it was active before
                watch.player, watch.trial = player, self._trials.get(player.name, _TRIAL)
                continue
            old = self._watches.get(player.name)
            if old is not None:
                self._close_later(old.endpoint)
            new = self._watch(player, endpoints[player.name], old.activity if old is not None else None)
            self._watches[player.name] = new
            if self._is_started:
                new.start(self._interval_s)

    async def aclose(self) -> None:
        """Stop checking and close the endpoints."""
        for watch in self._watches.values():
            await watch.stop()
        for task in self._closing:
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        for watch in self._watches.values():
            await watch.endpoint.aclose()

    def _watch(self, player: Player, endpoint: Endpoint, activity: Activity | None = None) -> Watch:
        activity = activity or Activity(player.name, self._metrics)
        return Watch(
            player,
            endpoint,
            trial=self._trials.get(player.name, _TRIAL),
            server=self._server,
            activity=activity,
            clock=self._clock,
        )

    def _close_later(self, endpoint: Endpoint) -> None:
        """Close an endpoint once its last stream has ended."""
        task = asyncio.create_task(endpoint.drain(), name="close an old endpoint")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
