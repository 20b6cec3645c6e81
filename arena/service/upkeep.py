"""The arena's background work: registering models, counting their parameters, and cleaning up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from arena.players.roster import Player, Roster
from arena.rules import labels, limits
from arena.service.battles.memory import LiveBattles
from arena.service.refusal import Refusal
from arena.service.storage.access import in_database
from arena.service.storage.housekeeping import Housekeeping
from arena.standings import NoRatingsError, Standings
from arena.threads import in_thread
from db.errors import DatabaseError
from db.queries import Interrupted, ModelInfo

logger = logging.getLogger(__name__)

CountParameters = Callable[[], Awaitable[Mapping[str, int]]]
"""Returns, once models are loaded, how many parameters each has, by name."""


class Upkeep:
    """The background tasks of one process."""

    def __init__(
        self,
        roster: Roster,
        stored: Housekeeping,
        standings: Standings,
        battles: LiveBattles,
        warm_up: Callable[[], Awaitable[None]],
    ) -> None:
        """`warm_up` is called once, after the first board."""
        self._roster = roster
        self._stored = stored
        self._standings = standings
        self._battles = battles
        self._warm_up = warm_up
        standings.on_late = self.replay_soon
        self._tasks: list[asyncio.Task[None]] = []
        self._replay: asyncio.Task[None] | None = None

    async def start(self, parameters: CountParameters | None) -> tuple[Interrupted, ...]:
        """Register the models and start the tasks; return the battles that an earlier process left open, now void.

        Raises:
            db.errors.DatabaseError: the database refuses.
        """
        active = [_info(one) for one in self._roster.active]
        retired = [one.name for one in self._roster if not one.is_active]
        ended = await in_thread(partial(self._stored.register, active, retired=retired))
        if ended:
            logger.info("voided %d battles that an earlier process left open", len(ended))
        self._tasks.append(asyncio.create_task(self._prepare_boards(), name="first boards"))
        self._tasks.append(asyncio.create_task(self._keep_house(), name="housekeeping"))
        self._tasks.append(asyncio.create_task(in_thread(labels.warm_up), name="language of prompts"))
        if parameters is not None:
            self._tasks.append(asyncio.create_task(self._count_parameters(parameters), name="count parameters"))
        return ended

    async def apply(self, roster: Roster) -> None:
        """Register the models of another roster. Raises Refusal: `not_stored`."""
        active, retired = [_info(one) for one in roster.active], [one.name for one in roster if not one.is_active]
        await in_database(partial(self._stored.register_models, active, retired=retired))
        self._roster = roster
        self._standings.forget()

    def replay_soon(self) -> None:
        """Begin a replay of the online ratings in the background, unless one is running. Call it when a vote could not
        change them, and after a change of older votes."""
        if self._replay is None or self._replay.done():
            self._replay = asyncio.create_task(self._replay_online(), name="online ratings")

    async def close(self) -> None:
        tasks = [*self._tasks, *([self._replay] if self._replay else [])]
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                logger.error("a background task of the arena failed", exc_info=result)

    async def _count_parameters(self, parameters: CountParameters) -> None:
        """Store the counts of the models for which the roster has no number."""
        counts = await parameters()
        models = [
            replace(_info(one), parameters=counts[one.name])
            for one in self._roster.active
            if one.parameters is None and one.name in counts
        ]
        try:
            await in_database(partial(self._stored.store_models, models))
        except Refusal:
            logger.warning("the board does not show how large the models are: the database refused to store it")
        self._standings.forget()

    async def _prepare_boards(self) -> None:
        """Do what the first reader of the leaderboard would wait for."""
        await self._compute_board()
        await self._warm_up()

    async def _keep_house(self) -> None:
        while True:
            try:
                await in_thread(self._stored.tidy)
            except DatabaseError:
                logger.exception("housekeeping failed; the next run is in %g s", limits.HOUSEKEEPING_EVERY_S)
            self.replay_soon()
            await self._compute_board()
            self._battles.forget_idle()
            await asyncio.sleep(limits.HOUSEKEEPING_EVERY_S)

    async def _compute_board(self) -> None:
        """Have a board ready: a reveal shows the last one if the next takes too long."""
        try:
            await self._standings.board()
        except NoRatingsError:
            pass  # logged where it was raised
        except DatabaseError:
            logger.exception("the board could not be computed; the next try is in %g s", limits.HOUSEKEEPING_EVERY_S)

    async def _replay_online(self) -> None:
        try:
            if await in_thread(self._stored.replay) and await self._standings.forget_late():
                await self._compute_board()
        except DatabaseError:
            logger.exception(
                "the online ratings are out of date; the next try is within %g s", limits.HOUSEKEEPING_EVERY_S
            )


def _info(player: Player) -> ModelInfo:
    return ModelInfo(player.name, player.family, player.organisation, player.licence, player.parameters)
