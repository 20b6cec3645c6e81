"""What the owner can do: retire a model and bring it back, try it out, and read the settings again.

Names and errors are shown here as nowhere else: `web.admin` lets in only the owner. A model that is retired here stays
retired, also after a restart, until it is brought back here; `active = false` in the file retires it whatever this
page says. The settings file is read again as a whole: with a mistake in it, nothing changes.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from arena.players.connect import Connector, patience_of
from arena.players.health import Health
from arena.players.inspection.masking import mask_for
from arena.players.inspection.trying import Tried, try_out, with_prompt
from arena.players.roster import Player, Roster
from arena.service.arena import Arena
from arena.service.owner.overview import ModelState, Overview, OwnedModel, Reloaded, owned, window
from arena.service.refusal import Refusal
from arena.service.storage.access import in_database
from arena.service.trials import trial_of, trials_of
from arena.settings import Settings
from arena.settings.changes import changes, masked
from db import queries
from db.errors import NoSuchModel
from db.queries import BattleSummary, ModelActivity
from db.session import Database

logger = logging.getLogger(__name__)

_DAY_S = 86_400.0
_N_BATTLES = 20


class Owner:
    """The use cases. Belongs to the event loop of the arena.

    `settings` and `roster` are those of the start. `read` reads file, environment and options again, and raises
    `SettingsError`. `on_change` is called with the settings that hold after a reload.
    """

    def __init__(
        self,
        settings: Settings,
        roster: Roster,
        *,
        arena: Arena,
        health: Health,
        database: Database,
        connector: Connector,
        read: Callable[[], Settings],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._arena = arena
        self._health = health
        self._database = database
        self._connector = connector
        self._read = read
        self._now = now
        self.on_change: Callable[[Settings], None] | None = None
        self._loaded = {player.name: player for player in roster.native}
        self._changing = asyncio.Lock()
        self._reloaded: Reloaded | None = None

    async def overview(self) -> Overview:
        """Raises Refusal: `not_stored`."""
        status = await self._arena.status()
        day, week, battles = await in_database(self._figures)
        return Overview(
            tuple(self._model(player, day, week) for player in self._health.roster),
            tuple(map(owned, battles)),
            status.n_votes,
            status.n_counted,
            self._reloaded,
            self._now(),
            None if self._arena.moderator is None else self._arena.moderator.state(),
            status.is_one_family,
        )

    def states(self) -> Mapping[str, ModelState]:
        """Return the state of every model of the file."""
        return {player.name: self._state(player) for player in self._health.roster}

    def running(self) -> Mapping[str, int]:
        """Return how many answers of every active model are being written."""
        return {player.name: self._health.activity(player.name).n_running for player in self._health.roster.active}

    async def retire(self, name: str) -> None:
        """Take a model out of the draw until it is brought back. Its battles go on, and its votes stay.

        Raises:
            Refusal: `no_model`, `not_stored`.
        """
        await self._set_retired(name, is_retired=True)

    async def bring_back(self, name: str) -> None:
        """Undo `retire`. Raises as `retire`."""
        await self._set_retired(name, is_retired=False)

    async def try_out(self, name: str, prompt: str) -> Tried:
        """Ask an active model one prompt, with a battle's settings; return what was sent and received.

        Raises:
            Refusal: `no_model`.
        """
        roster = self._health.roster
        player = next((one for one in roster.active if one.name == name), None)
        if player is None:
            raise Refusal("no_model")
        request = trial_of(player, self._settings.battle)
        env = self._connector.env
        mask = mask_for(player, roster.api_key(env, player), roster.headers(env, player))
        return await try_out(self._health.reached(name), with_prompt(request, prompt), mask)

    async def reload(self) -> Reloaded:
        """Read the settings file again, and change what can be changed without a restart."""
        async with self._changing:
            try:
                found = await self._reload()
            except (Refusal, ValueError, OSError) as error:  # SettingsError is a ValueError
                logger.error("the settings were read again and nothing was changed: %s", masked(str(error)))
                found = Reloaded(self._now(), error=masked(str(error)))
            self._reloaded = found
            return found

    async def _reload(self) -> Reloaded:
        new = await asyncio.to_thread(self._read)
        wanted = Roster(new.models, new.file)
        await asyncio.to_thread(wanted.check_folders)
        wanted.check_keys(self._connector.env)
        wanted.check_can_battle(same_family=new.matchmaking.same_family)
        found = changes(self._settings, new, loaded=self._loaded)
        settings = found.settings
        roster = Roster(settings.models, new.file, self._health.roster.retired)
        endpoints = self._connector.endpoints(roster, settings.battle, names=found.reconnected)
        try:
            await self._arena.apply(settings, roster)
        except BaseException:
            for endpoint in endpoints.values():
                await endpoint.aclose()
            raise
        await self._health.change(roster, endpoints, trials=trials_of(roster, settings.battle))
        for player in roster.active:
            self._health.reached(player.name).patience = patience_of(player, settings.battle)
        self._settings = settings
        if self.on_change is not None:
            self.on_change(settings)
        for now in found.at_once:
            logger.info("settings read again: %s: %r -> %r", now.place, now.before, now.after)
        for later in found.after_restart:
            logger.info("settings read again: %s: %r -> %r needs a restart", later.place, later.before, later.after)
        if not (found.at_once or found.after_restart):
            logger.info("settings read again: nothing is different")
        return Reloaded(self._now(), None, found.at_once, found.after_restart)

    async def _set_retired(self, name: str, *, is_retired: bool) -> None:
        async with self._changing:
            try:
                await in_database(partial(self._store_retired, name, is_retired=is_retired))
            except NoSuchModel as error:
                raise Refusal("no_model") from error
            old = self._health.roster
            retired = old.retired | {name} if is_retired else old.retired - {name}
            roster = replace(old, retired=retired)
            await self._health.change(roster, {})
            logger.info("the owner has %s model %r", "retired" if is_retired else "brought back", name)

    def _store_retired(self, name: str, *, is_retired: bool) -> None:
        with self._database.write() as tx:
            if is_retired:
                queries.retire_by_owner(tx, name, now=self._now())
            else:
                queries.bring_back(tx, name)

    def _figures(self) -> tuple[dict[str, ModelActivity], dict[str, ModelActivity], list[BattleSummary]]:
        now = self._now()
        with self._database.read() as tx:
            day, week = (queries.model_activity(tx, now - since_s) for since_s in (_DAY_S, 7 * _DAY_S))
            battles = queries.latest_battles(tx, _N_BATTLES)
        return {one.name: one for one in day}, {one.name: one for one in week}, battles

    def _model(self, player: Player, day: Mapping[str, ModelActivity], week: Mapping[str, ModelActivity]) -> OwnedModel:
        activity = self._health.activity(player.name) if player.is_active else None
        return OwnedModel(
            player.name,
            self._state(player),
            activity.n_running if activity else 0,
            activity.summary() if activity else None,
            activity.last_failure if activity else None,
            window(day.get(player.name)),
            window(week.get(player.name)),
        )

    def _state(self, player: Player) -> ModelState:
        if not player.is_active:
            return "inactive"
        return "retired" if player.name in self._health.roster.retired else self._health.state(player.name)


def retired_by_owner(database: Database) -> frozenset[str]:
    """Return the models that are retired on the owner's page. Raises `db.errors.DatabaseError`."""
    with database.read() as tx:
        return frozenset(one.info.name for one in queries.list_models(tx) if one.owner_retired_at is not None)
