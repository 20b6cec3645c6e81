"""The battles in memory: made, found, brought back from the database, unveiled, forgotten when idle.

A battle of an earlier process, or one long idle, comes back as it was stored, if it waits for something or has ended.
What a visitor may do with a battle, and when, is `arena.service.arena`'s.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from arena.players.events import Finish, ModelStream, Request, Token, Unreachable
from arena.rounds.battle import Battle, Journal, Parameters, Timing
from arena.rounds.pacing import Paces
from arena.rounds.views import BattleState, BattleView, Reveal
from arena.service.notices import IDENTICAL_ANSWERS, warning
from arena.service.readiness import Players
from arena.service.refusal import Refusal
from arena.service.reveal import reveal, withdrawn
from arena.service.storage import Storage, in_database
from arena.standings import Board, NoRatingsError, Standings
from db.codes import Kind, Reason, State
from db.errors import DatabaseError, NoSuchBattle, NotAllowedNow
from db.queries import BattleRecord, BattleSettings, CastVote

logger = logging.getLogger(__name__)

WITHDRAW_WITHIN_S = 60.0
KEEP_IDLE_S = 3600.0
"""A battle that nothing has happened to for so long is read from the database again when somebody asks for it."""


REVEAL_WAIT_S = 2.0
"""How long a reveal waits for the ranks: with 100,000 votes and settings that need them one by one, a board takes
seconds."""


@dataclass(slots=True)
class Live:
    """A battle in memory with what only the arena may know of it. `lock` keeps its steps in order: send, retry,
    vote, withdraw, leave. Every `now` is a Unix time in seconds."""

    battle: Battle
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    reveal: Reveal | None = None
    voted_at: float = 0.0
    is_left: bool = False

    def refuse_unless(self, *states: BattleState) -> None:
        state = self.battle.state
        if state not in states:
            raise Refusal({"void": "battle_void", "voted": "already_voted"}.get(state, "not_yet"))

    def is_current(self, now: float) -> bool:
        """Whether it is being written, waits for a vote, or can still be withdrawn, and was not left."""
        is_fresh = self.battle.state == "voted" and self.can_withdraw_s(now) > 0
        return not self.is_left and (is_fresh or self.battle.state in ("open", "votable"))

    def can_withdraw_s(self, now: float) -> float:
        if self.reveal is None or Reason.WITHDRAWN.label in self.reveal.reasons:
            return 0.0
        return max(0.0, self.voted_at + WITHDRAW_WITHIN_S - now)

    def timed(self, shown: Reveal, now: float) -> Reveal:
        return replace(shown, can_withdraw_s=self.can_withdraw_s(now))

    def complete(self, view: BattleView, now: float) -> BattleView:
        """The battle's own view with what the rules say of it, and the reveal where there is a vote."""
        if view.state == "votable":
            notice = warning(self.battle)
            return replace(view, notice=notice, is_tie_only=notice == IDENTICAL_ANSWERS)
        if view.state == "voted" and self.reveal is not None:
            return replace(view, reveal=self.timed(self.reveal, now))
        return view


class LiveBattles:
    """All battles of this process, by id, in the order in which they came. Belongs to one event loop."""

    def __init__(
        self,
        storage: Storage,
        players: Players,
        standings: Standings,
        journal: Journal,
        *,
        timing: Timing,
        paces: Paces,
        max_turns: int,
        rng: random.Random,
    ) -> None:
        self._storage = storage
        self._players = players
        self._standings = standings
        self._journal = journal
        self._timing = timing
        self._paces = paces
        self._max_turns = max_turns
        self._rng = rng
        self._live: dict[str, Live] = {}
        self._asked: set[asyncio.Task[Board]] = set()

    def add(self, battle_id: str, visitor: str, model_a: str, model_b: str, settings: BattleSettings) -> Live:
        """A battle that has just been stored."""
        live = self._make(battle_id, visitor, model_a, model_b, settings)
        self._live[battle_id] = live
        return live

    async def find(self, visitor: str, battle_id: str) -> Live:
        """Raises Refusal: `battle_not_found` (also: somebody else's), `not_stored`."""
        live = self._live.get(battle_id)
        if live is None:
            live = await self._resume(battle_id)
        if live.battle.visitor != visitor:
            raise Refusal("battle_not_found")
        return live

    def of(self, visitor: str) -> Iterator[Live]:
        """The visitor's battles in memory, the latest first."""
        return (live for live in reversed(self._live.values()) if live.battle.visitor == visitor)

    async def change(self, live: Live, work: Callable[[], None]) -> None:
        """One write to a battle that another process may have ended meanwhile.

        Raises:
            Refusal: `already_voted`, `battle_void` (it was ended), `not_stored`.
        """
        try:
            await in_database(work)
        except NotAllowedNow as error:
            record = await in_database(partial(self._storage.read, live.battle.battle_id))
            live.battle.resume(record)
            await self.unveil(live, record, None)
            raise Refusal("already_voted" if record.vote else "battle_void") from error

    async def unveil(self, live: Live, record: BattleRecord, cast: CastVote | None) -> None:
        """Set the reveal of a committed vote; of one that an earlier process stored the rating change is not known
        any more."""
        if record.vote is None:
            return
        live.voted_at = record.vote.cast_at
        live.reveal = reveal(record, cast, None)
        live.reveal = reveal(record, cast, await self._board(record.battle_id))

    async def retract(self, live: Live, reasons: Sequence[Reason]) -> None:
        """Say in the reveal that the vote has been taken back, and where the models stand without it."""
        assert live.reveal is not None
        live.reveal = withdrawn(live.reveal, reasons, None)
        live.reveal = withdrawn(live.reveal, reasons, await self._board(live.battle.battle_id))

    def forget_idle(self) -> None:
        before = self._timing.clock() - KEEP_IDLE_S
        idle = [battle_id for battle_id, live in self._live.items() if live.battle.touched_s < before]
        for battle_id in idle:
            if not self._live[battle_id].lock.locked():
                del self._live[battle_id]

    async def interrupt(self) -> None:
        """End what is being written: its rows become void."""
        await asyncio.gather(*(live.battle.interrupt() for live in self._live.values()))

    async def _board(self, battle_id: str) -> Board | None:
        asked = asyncio.create_task(self._standings.board())
        self._asked.add(asked)  # else nobody would hold a task that goes on after the reveal
        asked.add_done_callback(self._asked.discard)
        done, _ = await asyncio.wait({asked}, timeout=REVEAL_WAIT_S)
        if not done:
            logger.info("battle %s: no ranks in its reveal, the board takes longer than %g s", battle_id, REVEAL_WAIT_S)
            asked.add_done_callback(lambda task: task.cancelled() or task.exception())
            return None
        try:
            return asked.result()
        except NoRatingsError:
            return None
        except DatabaseError:
            logger.exception("battle %s: no ranks in its reveal", battle_id)
            return None

    async def _resume(self, battle_id: str) -> Live:
        """A battle of the database that this process does not hold: of an earlier one, or long idle."""
        try:
            record = await in_database(partial(self._storage.read, battle_id))
        except NoSuchBattle as error:
            raise Refusal("battle_not_found") from error
        if record.kind is not Kind.BATTLE or record.state is State.OPEN:
            raise Refusal("battle_not_found")
        assert record.model_b is not None  # of every battle of this kind
        assert record.settings is not None
        live = self._make(battle_id, record.visitor, record.model_a, record.model_b, record.settings)
        live.battle.resume(record)
        await self.unveil(live, record, None)
        return self._live.setdefault(battle_id, live)

    def _make(self, battle_id: str, visitor: str, model_a: str, model_b: str, settings: BattleSettings) -> Live:
        battle = Battle(
            battle_id,
            visitor,
            {"a": self._stream(model_a), "b": self._stream(model_b)},
            Parameters(settings.system_prompt or "", settings.temperature, settings.top_p, settings.max_tokens),
            self._journal,
            make_pace=self._paces.of(settings.pace),
            make_retry_pace=self._paces.retry,
            timing=self._timing,
            max_turns=self._max_turns,
            rng=self._rng,
        )
        return Live(battle)

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
