"""The battles in memory, by id, and how stored battles are read back.

A battle of an earlier process, or one long idle, is read back as it was stored, unless it was being written then.
`arena.service.arena` decides what a visitor may do with a battle, and when.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from arena.players.events import Finish, ModelStream, Request, Token, Unreachable
from arena.rounds.battle import Battle
from arena.rounds.journal import Journal, Redraw
from arena.rounds.pacing import FreePace, Paces
from arena.rounds.turns.screening import Screen
from arena.rounds.turns.writers import Contestant, Parameters
from arena.rounds.views import SIDES, Kind
from arena.rounds.watchers import Timing
from arena.rules import guardrails, limits
from arena.service.battles.live import KINDS, Live, shared_settings
from arena.service.readiness import Players
from arena.service.refusal import Refusal
from arena.service.reveals.ranks import Ranks, RanksOfReveals
from arena.service.reveals.reveal import ranked, reveal, withdrawn
from arena.service.storage.access import in_database
from arena.service.storage.battles import StoredBattles
from arena.service.storage.votes import StoredVotes
from arena.standings import Standings
from db.codes import Reason, State
from db.errors import NoSuchBattle, NotAllowedNow
from db.queries import BattleRecord, CastVote, NewBattle, StoredSettings
from elo.settings import Settings

logger = logging.getLogger(__name__)


class LiveBattles:
    """The battles of this process, by id, in the order of their arrival. Use it on one event loop."""

    def __init__(
        self,
        stored: StoredBattles,
        votes: StoredVotes,
        players: Players,
        standings: Standings,
        journal: Journal,
        *,
        timing: Timing,
        paces: Paces,
        max_turns: int,
        elo: Settings,
        rng: random.Random,
        screen: Screen | None = None,
    ) -> None:
        self._stored = stored
        self._votes = votes
        self._players = players
        self._ranks = RanksOfReveals(standings)
        self._elo = elo
        self._journal = journal
        self._timing = timing
        self._paces = paces
        self._max_turns = max_turns
        self._rng = rng
        self._screen = screen
        self._live: dict[str, Live] = {}

    def apply(self, timing: Timing, paces: Paces, max_turns: int) -> None:
        """Make battles with these from now on; those in memory keep theirs."""
        self._timing, self._paces, self._max_turns = timing, paces, max_turns

    def pace(self, name: str) -> str:
        """Return the pace of a battle for which this one is set: where answers may be blocked, both are shown together
        after the verdicts."""
        return "together" if self._screen is not None and self._screen.holds else name

    def add(self, battle_id: str, new: NewBattle, *, redraw: Redraw | None = None) -> Live:
        """Add a battle that has just been stored."""
        models = (new.model_a,) if new.model_b is None else (new.model_a, new.model_b)
        assert new.settings is not None
        live = self._make(battle_id, new.visitor, KINDS[new.kind], models, new.settings, redraw)
        self._live[battle_id] = live
        return live

    async def find(self, visitor: str, battle_id: str) -> Live:
        """Return the visitor's battle; where another pair took over after a failure, that pair's.

        Raises:
            Refusal: `battle_not_found` (also for one of another visitor), `not_stored`.
        """
        live = await self._find(battle_id)
        if live.battle.visitor != visitor:
            raise Refusal("battle_not_found")
        return live

    async def _find(self, battle_id: str) -> Live:
        live = self._live.get(battle_id)
        if live is None:
            return await self._resume(battle_id)
        return live if live.successor is None or not live.is_replaced else await self._find(live.successor)

    def of(self, visitor: str) -> Iterator[Live]:
        """Return the visitor's battles in memory, the latest first."""
        return (live for live in reversed(self._live.values()) if live.battle.visitor == visitor)

    def succeed(self, battle_id: str, successor: str) -> None:
        """Note that pages which follow one battle go on to another."""
        self._live[battle_id].successor = successor

    async def change(self, live: Live, work: Callable[[], None]) -> None:
        """Run one write to a battle that another process may have ended meanwhile.

        Raises:
            Refusal: `already_voted`, `battle_void` (another process ended it), `not_stored`.
        """
        try:
            await in_database(work)
        except NotAllowedNow as error:
            record = await in_database(partial(self._stored.read, live.battle.battle_id))
            live.battle.resume(record)
            await self.unveil(live, record, None)
            raise Refusal("already_voted" if record.vote else "battle_void") from error

    async def unveil(self, live: Live, record: BattleRecord, cast: CastVote | None) -> None:
        """Set the reveal of a committed vote. `cast` is None for a vote that an earlier process stored: its change of
        rating is unknown."""
        if record.vote is None:
            return
        live.voted_at = record.vote.cast_at
        live.withdrawals = await in_database(partial(self._votes.withdrawals, record.visitor))
        live.reveal = reveal(record, cast, await self._ranks.known(), self._elo)
        live.reveal = ranked(live.reveal, await self._ranks.now(record.battle_id, self._later(live)))

    async def retract(self, live: Live, reasons: Sequence[Reason]) -> None:
        """Mark the vote as withdrawn in the reveal, with the ranks without it."""
        assert live.reveal is not None
        live.reveal = withdrawn(live.reveal, reasons, await self._ranks.known())
        live.reveal = ranked(live.reveal, await self._ranks.now(live.battle.battle_id, self._later(live)))

    def _later(self, live: Live) -> Callable[[Ranks], None]:
        """Return a function that puts a late board into the reveal, unless the vote has been withdrawn by then."""
        assert live.reveal is not None
        reasons = live.reveal.reasons

        def show(ranks: Ranks) -> None:
            if live.reveal is not None and live.reveal.reasons == reasons:
                live.reveal = ranked(live.reveal, ranks)

        return show

    def note_sharing(self, battle_id: str, share_id: str, *, is_shared: bool) -> None:
        """Note in the reveal, if the battle is in memory, that it is shared or was taken back."""
        live = self._live.get(battle_id)
        if live is not None and live.reveal is not None:
            live.reveal = replace(live.reveal, share_id=share_id, is_shared=is_shared)

    async def drop(self, visitor: str) -> None:
        """End the visitor's battles, and forget them."""
        for live in list(self.of(visitor)):
            async with live.lock:
                await live.battle.void("left")
                self._live.pop(live.battle.battle_id, None)

    def forget_idle(self) -> None:
        before = self._timing.clock() - limits.KEEP_IDLE_S
        idle = [battle_id for battle_id, live in self._live.items() if live.battle.touched_s < before]
        for battle_id in idle:
            if not self._live[battle_id].lock.locked():
                del self._live[battle_id]

    async def interrupt(self) -> None:
        """End what is being written: its rows become void."""
        while running := [live.battle for live in self._live.values() if live.battle.is_being_written]:
            await asyncio.gather(*(battle.interrupt() for battle in running))

    async def _resume(self, battle_id: str) -> Live:
        """Read a battle back that is not in memory: one of an earlier process, or long idle."""
        try:
            record = await in_database(partial(self._stored.read, battle_id))
        except NoSuchBattle as error:
            raise Refusal("battle_not_found") from error
        if record.replaced_by is not None:
            return await self._find(record.replaced_by)
        if record.kind not in KINDS or record.state is State.OPEN or record.settings is None:
            raise Refusal("battle_not_found")
        models = (record.model_a,) if record.model_b is None else (record.model_a, record.model_b)
        live = self._make(battle_id, record.visitor, KINDS[record.kind], models, record.settings, None)
        live.battle.resume(record, await in_database(partial(self._stored.checks, battle_id)))
        await self.unveil(live, record, None)
        return self._live.setdefault(battle_id, live)

    def _make(
        self,
        battle_id: str,
        visitor: str,
        kind: Kind,
        models: tuple[str, ...],
        settings: StoredSettings,
        redraw: Redraw | None,
    ) -> Live:
        shared = shared_settings(settings)
        own_prompts = (settings.own_prompt_a, settings.own_prompt_b)
        battle = Battle(
            battle_id,
            visitor,
            {
                side: Contestant(self._stream(model), guardrails.joined(shared.system_prompt, own or ""))
                for side, model, own in zip(SIDES, models, own_prompts, strict=False)
            },
            Parameters(settings.temperature, settings.top_p, settings.max_tokens),
            self._journal,
            make_pace=self._paces.of(self.pace(settings.pace)),
            make_retry_pace=FreePace if kind == "chat" else self._paces.retry,
            timing=self._timing,
            max_turns=self._max_turns,
            max_attempts=limits.MAX_ATTEMPTS,
            rng=self._rng,
            redraw=redraw,
            screen=self._screen,
        )
        return Live(battle, kind, models, shared)

    def _stream(self, model: str) -> ModelStream:
        try:
            return self._players.endpoint(model)
        except KeyError:  # an old battle of a model that has left the roster
            return _Gone()


class _Gone:
    """The stream of a model that is no longer on the roster."""

    async def stream(self, request: Request) -> AsyncGenerator[Token | Finish, None]:
        raise Unreachable("the model is no longer on the roster")
        yield
